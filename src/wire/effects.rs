//! Effects, written directly to the bytes of their messages. What sales, referrals and refunds do is written many thousand
//! times a second and needs no messages in between. All other effects go through their message; the bytes are the same.

use super::fields::{delimited, explicit_number, nested, number, optional_time, signed, text};
use crate::domain::account::AccountName;
use crate::domain::effect::{Assessment, Effect, Party, Posting, RefundApplied};
use crate::domain::ids::Id;
use crate::domain::money::Money;
use prost::Message as _;

/// The effects of a record as the bytes of their messages, one after the other in one buffer. Meant to be used again.
#[derive(Default)]
pub struct EncodedEffects {
    bytes: Vec<u8>,
    /// Where each effect ends.
    ends: Vec<usize>,
}

impl EncodedEffects {
    /// Replaces what it holds by these effects.
    pub fn set(&mut self, effects: &[Effect]) {
        self.bytes.clear();
        self.ends.clear();
        for effect in effects {
            write_effect(&mut self.bytes, effect);
            self.ends.push(self.bytes.len());
        }
    }

    /// The bytes of each effect, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.ends.iter().scan(0, |start, &end| {
            let effect = &self.bytes[*start..end];
            *start = end;
            Some(effect)
        })
    }
}

/// Appends the bytes of an effect's message.
fn write_effect(out: &mut Vec<u8>, effect: &Effect) {
    match effect {
        Effect::Posting(posting) => nested(out, 1, |out| write_posting(out, posting)),
        Effect::CommissionAssessed(assessment) => nested(out, 2, |out| write_assessment(out, assessment)),
        Effect::LeadOwnerSet { lead, owner, credit, rule, protected_until, terms_position } => nested(out, 3, |out| {
            text(out, 1, lead.as_str());
            nested(out, 2, |out| write_party(out, owner));
            text(out, 3, credit.as_ref().map_or("", Id::as_str));
            enumerator(out, 4, *rule as i32);
            optional_time(out, 5, *protected_until);
            number(out, 6, *terms_position);
        }),
        Effect::RefundApplied(applied) if is_plain(applied) => nested(out, 9, |out| {
            text(out, 1, applied.refund.as_str());
            text(out, 2, applied.sale.as_str());
            money(out, 3, Some(applied.amount));
            money(out, 4, applied.cut_off);
        }),
        _ => effect.to_message().encode(out).expect("a vector has room for any message"),
    }
}

/// Whether a refund has nothing but what most have.
fn is_plain(applied: &RefundApplied) -> bool {
    let has_parts = !applied.parts.is_empty() || !applied.lines.is_empty();
    !has_parts && applied.taken_from_house.is_none() && !applied.keeps_commission
}

fn write_party(out: &mut Vec<u8>, party: &Party) {
    match party {
        Party::House => explicit_number(out, 1, 1),
        Party::Partner(id) => delimited(out, 2, &[id.as_str().as_bytes()]),
    }
}

fn write_posting(out: &mut Vec<u8>, posting: &Posting) {
    account(out, 1, &posting.account);
    money(out, 2, Some(posting.amount));
    optional_time(out, 3, Some(posting.effective_at));
    optional_time(out, 4, posting.available_at);
    enumerator(out, 5, posting.kind as i32);
    let subject = &posting.subject;
    let ids = [&subject.partner, &subject.agreement, &subject.lead, &subject.sale, &subject.campaign];
    for (field, id) in (6..).zip(ids) {
        optional_id(out, field, id.as_ref());
    }
    number(out, 11, u64::from(posting.awaits_customer_payment));
    number(out, 12, u64::from(posting.part));
}

fn write_assessment(out: &mut Vec<u8>, assessment: &Assessment) {
    if assessment.tiers.is_some() {
        return assessment.to_message().encode(out).expect("a vector has room for any message");
    }
    optional_id(out, 1, assessment.sale.as_ref());
    optional_id(out, 2, assessment.lead.as_ref());
    text(out, 3, assessment.agreement.as_ref().map_or("", Id::as_str));
    number(out, 4, assessment.terms_position);
    text(out, 5, &assessment.rule);
    money(out, 6, assessment.base);
    if let Some(rate_bps) = assessment.rate_bps {
        explicit_number(out, 7, u64::from(rate_bps));
    }
    if let Some((start, end)) = assessment.window {
        nested(out, 8, |out| {
            optional_time(out, 1, Some(start));
            optional_time(out, 2, Some(end));
        });
    }
    money(out, 9, assessment.amount);
    optional_time(out, 10, assessment.available_at);
    enumerator(out, 11, assessment.outcome as i32);
    money(out, 12, assessment.cut_off);
    optional_id(out, 14, assessment.line.as_ref());
    if let Some(share_bps) = assessment.share_bps {
        explicit_number(out, 15, u64::from(share_bps));
    }
    if let Some((level, downline)) = &assessment.above {
        explicit_number(out, 16, u64::from(*level));
        optional_id(out, 17, Some(downline));
    }
    number(out, 18, u64::from(assessment.part));
    number(out, 19, u64::from(assessment.awaits_customer_payment));
}

fn optional_id(out: &mut Vec<u8>, field: u32, id: Option<&Id>) {
    if let Some(id) = id {
        delimited(out, field, &[id.as_str().as_bytes()]);
    }
}

fn account(out: &mut Vec<u8>, field: u32, account: &AccountName) {
    match account {
        AccountName::Partner(id) => delimited(out, field, &[b"partner:", id.as_str().as_bytes()]),
        AccountName::HouseCommission => delimited(out, field, &[b"house:commission"]),
        other => delimited(out, field, &[other.to_string().as_bytes()]),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::Time;
    use crate::domain::effect::{PostingSubject, RefundedPart, TierWorking};
    use crate::domain::money::Currency;
    use crate::proto::{CommissionOutcome, EntryKind, OwnershipRule, TierMeasure, TierMode, TierPeriod};
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
        let part = (any::<bool>(), prop_oneof![Just(0), any::<u32>()]);
        (account(), any_money(), any_time(), of(any_time()), subject, part).prop_map(
            |(account, amount, effective_at, available_at, (partner, agreement, lead, sale, campaign), (awaits_customer_payment, part))| {
                let subject = PostingSubject { partner, agreement, lead, sale, campaign };
                let kind = EntryKind::Accrual;
                Effect::Posting(Posting { account, amount, effective_at, available_at, kind, subject, awaits_customer_payment, part })
            },
        )
    }

    fn assessment() -> impl Strategy<Value = Effect> {
        use prop::option::of;
        let amounts = (of(any_money()), of(any_money()), of(any_money()), of(0_u32..20_000));
        let times = (of((any_time(), any_time())), of(any_time()), 0_u64..1 << 40);
        let part = (of(id()), of(0_u32..20_000), of((0_u32..9, id())), 0_u32..300, any::<bool>());
        ((of(id()), of(id()), of(id())), "[a-z]{0,200}", amounts, times, any::<bool>(), part).prop_map(
            |(
                (sale, lead, agreement),
                rule,
                (base, amount, cut_off, rate_bps),
                (window, available_at, terms_position),
                is_tiered,
                part,
            )| {
                let (line, share_bps, above, part, awaits_customer_payment) = part;
                let tiers = is_tiered.then_some(TierWorking {
                    mode: TierMode::Marginal,
                    period: TierPeriod::Month,
                    bounds: window,
                    net_before: 5,
                    net_after: -7,
                    earned_before: 0,
                    earned_after: 1,
                    measure: if part > 99 { TierMeasure::Sales } else { TierMeasure::NetSales },
                    sales_before: i64::from(part),
                    bonus: i128::from(part),
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
                    line,
                    share_bps,
                    above,
                    part,
                    awaits_customer_payment,
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
        let part =
            (of(id()), of(id()), any_money(), of(any_money()), 0_u32..300).prop_map(|(line, agreement, amount, taken_from_house, part)| {
                RefundedPart { part, line, agreement, amount, taken_from_house, keeps_commission: part > 99 }
            });
        let parts = (prop::collection::vec(part, 0..3), prop::collection::vec((id(), any_money()), 0..3));
        let refund = (id(), id(), any_money(), of(any_money()), of(any_money()), any::<bool>(), parts).prop_map(
            |(refund, sale, amount, cut_off, taken_from_house, keeps_commission, (parts, lines))| {
                let applied = RefundApplied { refund, sale, amount, cut_off, taken_from_house, keeps_commission, parts, lines };
                Effect::RefundApplied(Box::new(applied))
            },
        );
        prop_oneof![set, refund, id().prop_map(|brand_use| Effect::BrandUseApproved { brand_use })]
    }

    proptest! {
        #[test]
        fn the_bytes_are_those_of_the_message(effect in prop_oneof![posting(), assessment(), others()]) {
            let mut bytes = b"what stands before".to_vec();
            write_effect(&mut bytes, &effect);
            prop_assert_eq!(&bytes[18..], effect.to_message().encode_to_vec());
        }
    }
}
