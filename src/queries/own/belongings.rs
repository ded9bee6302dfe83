//! What is a partner's own: its agreements, and the programmes whose terms they take; leads that it has ever had the credit of, or has claimed in vain; sales that
//! brought it commission; campaigns that it takes part in; and what is about these.

use crate::domain::agreements::Agreement;
use crate::domain::commissions::DisputeSubject;
use crate::domain::ids::{Id, IdKind};
use crate::domain::leads::Owner;
use crate::domain::table::Row;
use crate::domain::{Seen, State};

/// What is a partner's own, as seen.
#[derive(Clone, Copy)]
pub struct Own<'a> {
    /// The state that knows it.
    pub state: &'a State,
    /// The partner.
    pub partner: Row,
    /// What is seen.
    pub seen: Seen,
}

impl Own<'_> {
    /// Whether an id of a kind names something of the partner's own. What nobody has introduced is not.
    pub fn has(&self, kind: IdKind, id: &Id) -> bool {
        match self.row(kind, id) {
            Some(row) => self.has_row(kind, row),
            // What has no rows is whose it is about.
            None => {
                let about = self.state.about(kind, id);
                !is_of_rows(kind) && !about.is_empty() && about.iter().all(|(kind, id)| self.has(*kind, id))
            }
        }
    }

    /// Whether a row of a kind is the partner's own; never of a kind without rows.
    pub fn has_row(&self, kind: IdKind, row: Row) -> bool {
        let commissions = &self.state.commissions;
        match kind {
            IdKind::Partner => row == self.partner,
            IdKind::Agreement => self.state.agreements.by_id.get(row).partner == self.partner,
            IdKind::Programme => self.agreements_under(row).next().is_some(),
            IdKind::Lead => self.has_credit_of(row) || self.has_claimed(row),
            IdKind::Sale => self.has_sale(row),
            IdKind::Refund => self.has_sale(commissions.refunds.get(row).sale),
            IdKind::Payout => commissions.payouts.get(row).partner == self.partner,
            IdKind::Dispute => match commissions.disputes.get(row).subject {
                DisputeSubject::Lead(lead) => self.has_row(IdKind::Lead, lead),
                DisputeSubject::Sale(sale) => self.has_sale(sale),
                DisputeSubject::Payout(payout) => self.has_row(IdKind::Payout, payout),
            },
            IdKind::Campaign => {
                let participants = &self.state.campaigns.by_id.get(row).participants;
                participants.iter().any(|participant| self.is_under_own(participant.agreement))
            }
            _ => false,
        }
    }

    /// The partner's agreements that take a programme's terms.
    pub fn agreements_under(&self, programme: Row) -> impl Iterator<Item = &Agreement> {
        let agreements = self.state.partners.get(self.partner).agreements.iter().map(|row| self.state.agreements.by_id.get(*row));
        agreements.filter(move |known| known.programme() == Some(programme) && known.signature_seen(self.seen).is_some())
    }

    /// Whether a decision on a lead has ever given the partner the lead or its credit.
    pub fn has_credit_of(&self, lead: Row) -> bool {
        let mut decisions = self.state.leads.by_id.get(lead).decisions(self.seen);
        decisions.any(|decision| decision.owner == Owner::Partner(self.partner) || self.is_under_own(decision.credit))
    }

    /// Whether an id names something that is known, but not as the partner's own in any kind.
    pub fn is_of_others(&self, id: &Id) -> bool {
        let is_known = |kind: &&IdKind| self.state.introduced_at(**kind, id).is_some_and(|position| position <= self.seen.position);
        let mut kinds = MENTIONED.iter().filter(is_known).peekable();
        kinds.peek().is_some() && !kinds.any(|kind| self.has(*kind, id))
    }

    fn has_claimed(&self, lead: Row) -> bool {
        self.state.leads.by_id.get(lead).declined(self.seen).any(|claim| self.is_under_own(claim.agreement))
    }

    fn has_sale(&self, row: Row) -> bool {
        let is_posted = |about| {
            let mut posted = self.state.commission_seen(about, self.seen);
            posted.any(|(account, _, _)| self.state.partner_of(account) == Some(self.partner))
        };
        self.state.parts(row).any(|part| self.is_under_own(part.earning.credit()) || is_posted(part.about))
    }

    fn is_under_own(&self, agreement: Option<Row>) -> bool {
        agreement.is_some_and(|row| self.state.agreements.by_id.get(row).partner == self.partner)
    }

    fn row(&self, kind: IdKind, id: &Id) -> Option<Row> {
        let commissions = &self.state.commissions;
        match kind {
            IdKind::Partner => self.state.partners.find(id),
            IdKind::Agreement => self.state.agreements.by_id.find(id),
            IdKind::Programme => self.state.agreements.programmes.find(id),
            IdKind::Lead => self.state.leads.find(id),
            IdKind::Sale => commissions.sales.find(id),
            IdKind::Refund => commissions.refunds.find(id),
            IdKind::Payout => commissions.payouts.find(id),
            IdKind::Dispute => commissions.disputes.find(id),
            IdKind::Campaign => self.state.campaigns.by_id.find(id),
            _ => None,
        }
    }
}

/// Whether what a kind names has rows by which it is looked up here.
fn is_of_rows(kind: IdKind) -> bool {
    matches!(
        kind,
        IdKind::Partner
            | IdKind::Agreement
            | IdKind::Programme
            | IdKind::Lead
            | IdKind::Sale
            | IdKind::Refund
            | IdKind::Payout
            | IdKind::Dispute
            | IdKind::Campaign
    )
}

/// The kinds of what a text may mention: all but deliverables, whose ids mean something in their campaign alone.
const MENTIONED: [IdKind; 21] = [
    IdKind::Partner,
    IdKind::Agreement,
    IdKind::Lead,
    IdKind::Sale,
    IdKind::Refund,
    IdKind::Reinstatement,
    IdKind::Receipt,
    IdKind::Adjustment,
    IdKind::Payout,
    IdKind::PayoutReturn,
    IdKind::Payment,
    IdKind::Dispute,
    IdKind::Campaign,
    IdKind::Cost,
    IdKind::Contribution,
    IdKind::Distribution,
    IdKind::Review,
    IdKind::BrandUse,
    IdKind::Breach,
    IdKind::Programme,
    IdKind::Hold,
];
