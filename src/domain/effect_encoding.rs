//! Effects straight to the bytes of their messages. What sales, referrals and refunds do is written many thousand times a
//! second: it needs no messages in between. All else goes by its message; the bytes are the same.

use super::account::AccountName;
use super::calendar::Time;
use super::effect::{Assessment, Effect, Party, Posting};
use super::ids::Id;
use super::money::Money;
use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};

impl Effect {
    /// Appends the bytes of its message, as `to_message` encodes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Posting(posting) => nested(out, 1, |out| posting.encode(out)),
            Self::CommissionAssessed(assessment) => nested(out, 2, |out| assessment.encode(out)),
            Self::LeadOwnerSet { lead, owner, credit, rule, protected_until, terms_position } => nested(out, 3, |out| {
                text(out, 1, lead.as_str());
                nested(out, 2, |out| owner.encode(out));
                text(out, 3, credit.as_ref().map_or("", Id::as_str));
                enumerator(out, 4, *rule as i32);
                optional_time(out, 5, *protected_until);
                number(out, 6, *terms_position);
            }),
            Self::RefundApplied { refund, sale, amount, cut_off, taken_from_house: None, keeps_commission: false } => {
                nested(out, 9, |out| {
                    text(out, 1, refund.as_str());
                    text(out, 2, sale.as_str());
                    money(out, 3, Some(*amount));
                    money(out, 4, *cut_off);
                });
            }
            _ => self.to_message().encode(out).expect("a vector has room for any message"),
        }
    }
}

impl Party {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            // Part of a choice: said even where it is the default.
            Self::House => {
                encode_key(1, WireType::Varint, out);
                out.push(1);
            }
            Self::Partner(id) => said_text(out, 2, &[id.as_str()]),
        }
    }
}

impl Posting {
    fn encode(&self, out: &mut Vec<u8>) {
        account(out, 1, &self.account);
        money(out, 2, Some(self.amount));
        optional_time(out, 3, Some(self.effective_at));
        optional_time(out, 4, self.available_at);
        enumerator(out, 5, self.kind as i32);
        let subject = &self.subject;
        let ids = [&subject.partner, &subject.agreement, &subject.lead, &subject.sale, &subject.campaign];
        for (field, id) in (6..).zip(ids) {
            optional_id(out, field, id.as_ref());
        }
    }
}

impl Assessment {
    fn encode(&self, out: &mut Vec<u8>) {
        if self.tiers.is_some() {
            return self.to_message().encode(out).expect("a vector has room for any message");
        }
        optional_id(out, 1, self.sale.as_ref());
        optional_id(out, 2, self.lead.as_ref());
        text(out, 3, self.agreement.as_ref().map_or("", Id::as_str));
        number(out, 4, self.terms_position);
        text(out, 5, &self.rule);
        money(out, 6, self.base);
        if let Some(rate_bps) = self.rate_bps {
            encode_key(7, WireType::Varint, out);
            encode_varint(u64::from(rate_bps), out);
        }
        if let Some((start, end)) = self.window {
            nested(out, 8, |out| {
                optional_time(out, 1, Some(start));
                optional_time(out, 2, Some(end));
            });
        }
        money(out, 9, self.amount);
        optional_time(out, 10, self.available_at);
        enumerator(out, 11, self.outcome as i32);
        money(out, 12, self.cut_off);
    }
}

/// A nested message or text, whose length is put before it once it is known.
pub fn nested(out: &mut Vec<u8>, field: u32, write: impl FnOnce(&mut Vec<u8>)) {
    encode_key(field, WireType::LengthDelimited, out);
    let start = out.len();
    // Most are shorter than 128 bytes, or than 16 KiB: their length takes one byte, or two.
    out.push(0);
    write(out);
    let length = out.len() - start - 1;
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out[start] = short,
        _ => {
            let mut prefix = [0; 10];
            let mut left = &mut prefix[..];
            encode_varint(length as u64, &mut left);
            let unused = left.len();
            let prefix = &prefix[..prefix.len() - unused];
            out.splice(start..=start, prefix.iter().copied());
        }
    }
}

/// A text that is left out where it is empty.
pub fn text(out: &mut Vec<u8>, field: u32, text: &str) {
    if !text.is_empty() {
        said_text(out, field, &[text]);
    }
}

/// A text in parts, said also where it is empty.
fn said_text(out: &mut Vec<u8>, field: u32, parts: &[&str]) {
    encode_key(field, WireType::LengthDelimited, out);
    encode_varint(parts.iter().map(|part| part.len() as u64).sum(), out);
    parts.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
}

fn optional_id(out: &mut Vec<u8>, field: u32, id: Option<&Id>) {
    if let Some(id) = id {
        said_text(out, field, &[id.as_str()]);
    }
}

fn account(out: &mut Vec<u8>, field: u32, account: &AccountName) {
    match account {
        AccountName::Partner(id) => said_text(out, field, &["partner:", id.as_str()]),
        AccountName::HouseCommission => said_text(out, field, &["house:commission"]),
        other => said_text(out, field, &[&other.to_string()]),
    }
}

/// A number that is left out where it is 0.
pub fn number(out: &mut Vec<u8>, field: u32, number: u64) {
    if number != 0 {
        encode_key(field, WireType::Varint, out);
        encode_varint(number, out);
    }
}

/// Numbers below zero take ten bytes, as their 64 bits.
fn signed(out: &mut Vec<u8>, field: u32, value: i64) {
    number(out, field, value.cast_unsigned());
}

fn enumerator(out: &mut Vec<u8>, field: u32, value: i32) {
    signed(out, field, i64::from(value));
}

fn money(out: &mut Vec<u8>, field: u32, money: Option<Money>) {
    if let Some(money) = money {
        nested(out, field, |out| {
            text(out, 1, money.currency.code());
            signed(out, 2, money.minor_units);
        });
    }
}

/// A time, if there is one.
pub fn optional_time(out: &mut Vec<u8>, field: u32, time: Option<Time>) {
    if let Some(time) = time {
        nested(out, field, |out| {
            signed(out, 1, time.timestamp());
            number(out, 2, u64::from(time.timestamp_subsec_nanos()));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::effect::{PostingSubject, TierWorking};
    use super::*;
    use crate::domain::money::Currency;
    use crate::proto::{CommissionOutcome, EntryKind, OwnershipRule, TierMode, TierPeriod};
    use proptest::prelude::*;

    fn id() -> impl Strategy<Value = Id> {
        "[A-Za-z0-9._:-]{1,64}".prop_map(|text| Id::new(&text).expect("an id"))
    }

    fn any_time() -> impl Strategy<Value = Time> {
        (-2_000_000_000_i64..4_000_000_000, prop_oneof![Just(0_u32), 0_u32..1_000_000_000])
            .prop_map(|(seconds, nanos)| Time::from_timestamp(seconds, nanos).expect("a time"))
    }

    fn any_money() -> impl Strategy<Value = Money> {
        (prop_oneof![Just("USD"), Just("THB"), Just("JPY")], any::<i64>())
            .prop_map(|(code, minor_units)| Money::new(Currency::from_code(code).expect("listed"), minor_units))
    }

    fn account() -> impl Strategy<Value = AccountName> {
        prop_oneof![
            id().prop_map(AccountName::Partner),
            Just(AccountName::HouseCommission),
            Just(AccountName::HouseCash),
            id().prop_map(AccountName::CapitalHouse),
        ]
    }

    fn posting() -> impl Strategy<Value = Effect> {
        use prop::option::of;
        let subject = (of(id()), of(id()), of(id()), of(id()), of(id()));
        (account(), any_money(), any_time(), of(any_time()), subject).prop_map(
            |(account, amount, effective_at, available_at, (partner, agreement, lead, sale, campaign))| {
                let subject = PostingSubject { partner, agreement, lead, sale, campaign };
                Effect::Posting(Posting { account, amount, effective_at, available_at, kind: EntryKind::Accrual, subject })
            },
        )
    }

    fn assessment() -> impl Strategy<Value = Effect> {
        use prop::option::of;
        let amounts = (of(any_money()), of(any_money()), of(any_money()), of(0_u32..20_000));
        let times = (of((any_time(), any_time())), of(any_time()), 0_u64..1 << 40);
        ((of(id()), of(id()), of(id())), "[a-z]{0,200}", amounts, times, any::<bool>()).prop_map(
            |((sale, lead, agreement), rule, (base, amount, cut_off, rate_bps), (window, available_at, terms_position), is_tiered)| {
                let tiers = is_tiered.then_some(TierWorking {
                    mode: TierMode::Marginal,
                    period: TierPeriod::Month,
                    bounds: window,
                    net_before: 5,
                    net_after: -7,
                    earned_before: 0,
                    earned_after: 1,
                });
                let outcome = CommissionOutcome::Capped;
                Effect::CommissionAssessed(Box::new(Assessment {
                    sale,
                    lead,
                    agreement,
                    terms_position,
                    rule,
                    base,
                    rate_bps,
                    window,
                    amount,
                    cut_off,
                    available_at,
                    outcome,
                    tiers,
                }))
            },
        )
    }

    fn others() -> impl Strategy<Value = Effect> {
        use prop::option::of;
        let party = prop_oneof![Just(Party::House), id().prop_map(Party::Partner)];
        let set =
            (id(), party, of(id()), of(any_time()), 0_u64..1 << 40).prop_map(|(lead, owner, credit, protected_until, terms_position)| {
                Effect::LeadOwnerSet { lead, owner, credit, rule: OwnershipRule::FirstClaim, protected_until, terms_position }
            });
        let refund = (id(), id(), any_money(), of(any_money()), of(any_money()), any::<bool>()).prop_map(
            |(refund, sale, amount, cut_off, taken_from_house, keeps_commission)| Effect::RefundApplied {
                refund,
                sale,
                amount,
                cut_off,
                taken_from_house,
                keeps_commission,
            },
        );
        prop_oneof![set, refund, id().prop_map(|brand_use| Effect::BrandUseApproved { brand_use })]
    }

    proptest! {
        #[test]
        fn the_bytes_are_those_of_the_message(effect in prop_oneof![posting(), assessment(), others()]) {
            let mut bytes = b"what stands before".to_vec();
            effect.encode(&mut bytes);
            prop_assert_eq!(&bytes[18..], effect.to_message().encode_to_vec());
        }
    }

    #[test]
    fn lengths_of_one_two_and_three_bytes_stand_before_what_they_measure() {
        for length in [0, 1, 127, 128, 16_383, 16_384, 70_000] {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            nested(&mut ours, 4, |out| out.resize(out.len() + length, 7));
            prost::encoding::bytes::encode(4, &vec![7_u8; length], &mut theirs);
            assert_eq!(ours, theirs, "{length}");
        }
    }
}
