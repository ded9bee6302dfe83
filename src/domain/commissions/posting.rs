//! Postings: an entry in a partner's account and the ones that balance it (rules 12), and what events read back from them.

use super::holdings::CommissionPart;
use crate::domain::account::AccountName;
use crate::domain::calendar::{LATEST, Time};
use crate::domain::effect::{Assessment, Effect, Posting, PostingSubject};
use crate::domain::ids::Id;
use crate::domain::money::Money;
use crate::domain::table::Row;
use crate::domain::{Seen, Stamp, State};
use crate::proto::EntryKind;

/// An entry in a partner's account, from the partner's point of view.
pub struct PartnerEntry {
    /// What it is.
    pub kind: EntryKind,
    /// Above zero: the house owes more.
    pub amount: Money,
    /// From when it counts.
    pub effective_at: Time,
    /// From when commission is available.
    pub available_at: Option<Time>,
    /// What it is about; it names the partner.
    pub subject: PostingSubject,
    /// Whether it is pending until the customer pays (rules 17.1).
    pub awaits_customer_payment: bool,
    /// Of commission, which part of the sale it is of (rules 14.6).
    pub part: u32,
}

impl PartnerEntry {
    /// Adds its posting and those to the house's accounts that balance it; nothing for a zero amount.
    pub fn post(self, against: &[(AccountName, i64)], effects: &mut Vec<Effect>) {
        if self.amount.minor_units == 0 {
            return;
        }
        let partner = self.subject.partner.clone().expect("an entry in a partner's account names the partner");
        effects.push(self.posting(AccountName::Partner(partner), -self.amount.minor_units));
        for (account, minor_units) in against.iter().filter(|(_, minor_units)| *minor_units != 0) {
            effects.push(self.posting(account.clone(), *minor_units));
        }
    }

    /// Adds its posting against one account of the house.
    pub fn post_against(self, account: AccountName, effects: &mut Vec<Effect>) {
        let minor_units = self.amount.minor_units;
        self.post(&[(account, minor_units)], effects);
    }

    pub(super) fn posting(&self, account: AccountName, minor_units: i64) -> Effect {
        Effect::Posting(Posting {
            account,
            amount: Money::new(self.amount.currency, minor_units),
            effective_at: self.effective_at,
            available_at: self.available_at,
            kind: self.kind,
            subject: self.subject.clone(),
            awaits_customer_payment: self.awaits_customer_payment,
            part: self.part,
        })
    }
}

/// What a posting takes in a record at most, besides its ids: marks and lengths, an amount, two times or that it waits, its kind.
const MOST_BESIDES_IDS: usize = 66;
/// What the number of a part takes at most that is not the first.
const MOST_OF_PART: usize = 3;

impl Posting {
    /// How many bytes of its record it takes at most. It is less by a few bytes for each time and amount that is short.
    pub(in crate::domain) fn most_recorded_bytes(&self) -> usize {
        let account = match &self.account {
            AccountName::Partner(id) => "partner:".len() + id.as_str().len(),
            AccountName::HouseCommission => "house:commission".len(),
            other => other.to_string().len(),
        };
        let PostingSubject { partner, agreement, lead, sale, campaign } = &self.subject;
        let ids = [partner, agreement, lead, sale, campaign].into_iter().flatten();
        let part = if self.part == 0 { 0 } else { MOST_OF_PART };
        MOST_BESIDES_IDS + part + account + ids.map(|id| 2 + id.as_str().len()).sum::<usize>()
    }
}

/// Returns the ids that a commission entry of a part names.
pub fn subject_of_part(part: &CommissionPart, lead: Option<&Id>, sale: Option<&Id>, state: &State) -> PostingSubject {
    PostingSubject {
        partner: Some(state.partners.key(part.partner).clone()),
        agreement: Some(state.agreements.by_id.key(part.agreement).clone()),
        lead: lead.cloned(),
        sale: sale.cloned(),
        campaign: None,
    }
}

/// Returns the ids that an entry of an agreement's partner names.
pub fn subject_of_agreement(credit: Row, lead: Option<Row>, sale: Option<&Id>, state: &State) -> PostingSubject {
    let agreement = state.agreements.by_id.get(credit);
    PostingSubject {
        partner: Some(state.partners.key(agreement.partner).clone()),
        agreement: Some(state.agreements.by_id.key(credit).clone()),
        lead: lead.map(|row| state.leads.by_id.key(row).clone()),
        sale: sale.cloned(),
        campaign: None,
    }
}

/// Adds an assessment, and posts what was earned to the partner (rules 6.7, 12).
pub fn accrue(assessment: Assessment, subject: PostingSubject, at: Time, state: &State, effects: &mut Vec<Effect>) {
    let earned = assessment.amount.map(|amount| PartnerEntry {
        kind: EntryKind::Accrual,
        amount,
        effective_at: state.commissions.effective_at(at),
        available_at: assessment.available_at,
        subject,
        awaits_customer_payment: assessment.awaits_customer_payment,
        part: assessment.part,
    });
    effects.push(Effect::CommissionAssessed(Box::new(assessment)));
    earned.into_iter().for_each(|entry| entry.post_against(AccountName::HouseCommission, effects));
}

/// Posts what the partner collected: below zero it owes more, above zero less (rules 6.10).
pub fn collect(minor_units: i64, amount: Money, subject: PostingSubject, effective_at: Time, effects: &mut Vec<Effect>) {
    let entry = PartnerEntry {
        kind: EntryKind::Collection,
        amount: Money::new(amount.currency, minor_units),
        effective_at,
        available_at: None,
        subject,
        awaits_customer_payment: false,
        part: 0,
    };
    entry.post_against(AccountName::HouseSalesClearing, effects);
}

/// A change of commission that is posted: what takes it, or gives it back, happened at a time to a sale, or to a lead's
/// qualification.
pub(super) struct Change<'a> {
    /// What it is.
    pub kind: EntryKind,
    /// The sale, with its id.
    pub sale: (Row, &'a Id),
    /// When.
    pub at: Time,
}

impl Change<'_> {
    /// Posts it for a part, above zero where the partner gets more, with the accrual's availability and no earlier than the entry
    /// that brought the commission (rules 6.8, 20.1).
    pub fn post(&self, minor_units: i64, part: &CommissionPart, state: &State, effects: &mut Vec<Effect>) {
        let sale = state.commissions.sales.get(self.sale.0);
        let lead = sale.lead().map(|row| state.leads.by_id.key(row));
        // What accrued nothing has no entry; it counts as its sale does.
        let effective_at = match part.entry {
            Some(_) => state.effective_after(part, self.at),
            None => state.effective_after_sale(sale.stamp(), self.at),
        };
        let entry = PartnerEntry {
            kind: self.kind,
            amount: Money::new(part.currency, minor_units),
            effective_at,
            available_at: part.available_at,
            subject: subject_of_part(part, lead, Some(self.sale.1), state),
            awaits_customer_payment: part.awaits,
            part: part.number,
        };
        entry.post_against(AccountName::HouseCommission, effects);
    }
}

impl State {
    /// From when a change at a time counts of commission that an entry brought: not before that entry (rules 7.7, 20.1).
    pub(in crate::domain) fn effective_after(&self, part: &CommissionPart, at: Time) -> Time {
        let effective_at = self.commissions.effective_at(at);
        let brought = part.entry.map(|(account, place)| self.accounts.get(account).entry(place).effective_at);
        brought.map_or(effective_at, |brought| brought.max(effective_at))
    }

    /// From when a change at a time counts of what a sale posted: not before that (rules 7.7, 20.1).
    pub(super) fn effective_after_sale(&self, sale: Stamp, at: Time) -> Time {
        let before = Seen { time: LATEST, position: sale.position - 1 };
        let collected = self.commissions.closes(before).next_back().map_or(sale.occurred_at, |close| sale.occurred_at.max(close.through));
        self.commissions.effective_at(at).max(collected)
    }
}

/// The parts that postings of a kind moved, above zero where the partner got more.
pub(super) fn parts_posted(effects: &[Effect], kind: EntryKind, state: &State) -> Vec<CommissionPart> {
    postings_to_partners(effects, kind).map(|posting| part_posted(posting, state)).collect()
}

/// The part that a posting of commission to a partner moved, above zero where the partner got more.
pub(in crate::domain) fn part_posted(posting: &Posting, state: &State) -> CommissionPart {
    let row_of = |id: &Option<Id>, find: &dyn Fn(&Id) -> Option<Row>| {
        id.as_ref().and_then(find).expect("commission entries name a known partner and agreement")
    };
    CommissionPart {
        partner: row_of(&posting.subject.partner, &|id| state.partners.find(id)),
        agreement: row_of(&posting.subject.agreement, &|id| state.agreements.by_id.find(id)),
        position: 0,
        currency: posting.amount.currency,
        amount: -posting.amount.minor_units,
        available_at: posting.available_at,
        awaits: posting.awaits_customer_payment,
        number: posting.part,
        entry: None,
    }
}

/// The postings of a kind to partners' accounts among effects.
fn postings_to_partners(effects: &[Effect], kind: EntryKind) -> impl Iterator<Item = &Posting> {
    effects.iter().filter_map(move |effect| match effect {
        Effect::Posting(posting) if posting.kind == kind && matches!(posting.account, AccountName::Partner(_)) => Some(posting),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::EARLIEST;
    use crate::domain::leads::reassigned::{MOST_BYTES, MOST_LOTS};
    use crate::domain::money::Currency;
    use crate::proto;
    use prost::Message as _;

    /// The postings that transfer a lot from one partner to another, all ids of one length.
    fn lot(id_bytes: usize, at: Time, minor_units: i64, part_number: u32) -> Vec<Effect> {
        let id = Id::new(&"x".repeat(id_bytes));
        let subject = PostingSubject { partner: id.clone(), agreement: id.clone(), lead: id.clone(), sale: id, campaign: None };
        let mut effects = Vec::new();
        for minor_units in [-minor_units, minor_units] {
            let amount = Money::new(Currency::from_code("USD").expect("listed"), minor_units);
            let (kind, subject) = (EntryKind::Transfer, subject.clone());
            let (awaits_customer_payment, part) = (false, part_number);
            let entry = PartnerEntry { kind, amount, effective_at: at, available_at: Some(at), subject, awaits_customer_payment, part };
            entry.post_against(AccountName::HouseCommission, &mut effects);
        }
        effects
    }

    fn bytes(effects: &[Effect]) -> usize {
        let postings = effects.iter().filter_map(|effect| if let Effect::Posting(posting) = effect { Some(posting) } else { None });
        postings.map(Posting::most_recorded_bytes).sum()
    }

    #[test]
    fn postings_take_no_more_than_is_counted() {
        let usual = Time::from_timestamp(1_800_000_000, 123_456_789).expect("a time");
        for at in [EARLIEST, usual, LATEST] {
            for id_bytes in [1, 36, 64] {
                for (minor_units, part) in [(1, 0), (10_000, 4_799), (i64::MAX, 4_799)] {
                    let effects = lot(id_bytes, at, minor_units, part);
                    let record = proto::Record { effects: effects.iter().map(Effect::to_message).collect(), ..Default::default() };
                    let (taken, counted) = (record.encoded_len(), bytes(&effects));
                    assert!(taken <= counted && counted <= taken + 4 * 45, "{id_bytes}, {at}, {minor_units}: {taken}, {counted}");
                }
            }
        }
    }

    #[test]
    fn so_many_parts_fit_unless_their_ids_are_long() {
        let at = Time::from_timestamp(1_800_000_000, 123_456_789).expect("a time");
        let most = |id_bytes| MOST_LOTS.min(MOST_BYTES / bytes(&lot(id_bytes, at, 10_000, 0)));
        assert_eq!((most(12), most(36)), (MOST_LOTS, MOST_LOTS), "ids as UUIDs are do not lessen it");
        assert!(most(64) >= 21_000, "{}", most(64));
    }
}
