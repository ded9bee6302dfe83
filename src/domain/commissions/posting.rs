//! How effects move money: which accounts an entry of a kind stands against (rules 12).

use super::holdings::CommissionPart;
use crate::domain::State;
use crate::domain::account::AccountName;
use crate::domain::calendar::Time;
use crate::domain::effect::{Effect, Posting, PostingSubject};
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

/// What a commission entry of a part is about.
pub fn subject_of_part(part: &CommissionPart, lead: Option<&Id>, sale: Option<&Id>, state: &State) -> PostingSubject {
    PostingSubject {
        partner: Some(state.partners.key(part.partner).clone()),
        agreement: Some(state.agreements.by_id.key(part.agreement).clone()),
        lead: lead.cloned(),
        sale: sale.cloned(),
        campaign: None,
    }
}

/// What entries of an agreement's partner are about.
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
