//! Postings: an entry in a partner's account and the ones that balance it (rules 12), and what events read back from them.

use super::holdings::CommissionPart;
use crate::domain::State;
use crate::domain::account::AccountName;
use crate::domain::calendar::Time;
use crate::domain::effect::{Assessment, Effect, Posting, PostingSubject};
use crate::domain::ids::Id;
use crate::domain::money::Money;
use crate::domain::table::Row;
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

    fn posting(&self, account: AccountName, minor_units: i64) -> Effect {
        Effect::Posting(Posting {
            account,
            amount: Money::new(self.amount.currency, minor_units),
            effective_at: self.effective_at,
            available_at: self.available_at,
            kind: self.kind,
            subject: self.subject.clone(),
        })
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

/// Posts what was earned to the partner (rules 6.7, 12).
pub fn accrue(assessment: &Assessment, subject: PostingSubject, at: Time, state: &State, effects: &mut Vec<Effect>) {
    if let Some(amount) = assessment.amount {
        let entry = PartnerEntry {
            kind: EntryKind::Accrual,
            amount,
            effective_at: state.commissions.effective_at(at),
            available_at: assessment.available_at,
            subject,
        };
        entry.post_against(AccountName::HouseCommission, effects);
    }
}

/// Posts what the partner collected: below zero it owes more, above zero less (rules 6.10).
pub fn collect(minor_units: i64, amount: Money, subject: PostingSubject, at: Time, state: &State, effects: &mut Vec<Effect>) {
    let entry = PartnerEntry {
        kind: EntryKind::Collection,
        amount: Money::new(amount.currency, minor_units),
        effective_at: state.commissions.effective_at(at),
        available_at: None,
        subject,
    };
    entry.post_against(AccountName::HouseSalesClearing, effects);
}

/// Posts a change of commission with the accrual's availability.
#[expect(clippy::too_many_arguments, reason = "an entry has that many parts")]
pub(super) fn post_part(
    kind: EntryKind,
    minor_units: i64,
    part: &CommissionPart,
    like: Money,
    subject: PostingSubject,
    at: Time,
    state: &State,
    effects: &mut Vec<Effect>,
) {
    let entry = PartnerEntry {
        kind,
        amount: Money::new(like.currency, minor_units),
        effective_at: state.commissions.effective_at(at),
        available_at: part.available_at,
        subject,
    };
    entry.post_against(AccountName::HouseCommission, effects);
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
    }
}

/// The postings of a kind to partners' accounts among effects.
fn postings_to_partners(effects: &[Effect], kind: EntryKind) -> impl Iterator<Item = &Posting> {
    effects.iter().filter_map(move |effect| match effect {
        Effect::Posting(posting) if posting.kind == kind && matches!(posting.account, AccountName::Partner(_)) => Some(posting),
        _ => None,
    })
}
