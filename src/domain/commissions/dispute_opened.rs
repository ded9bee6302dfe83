//! A dispute was opened; about a lead or a sale, it holds commission back (rules 7.5).

use super::{Dispute, DisputeSubject};
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Stamp, State};
use crate::proto::{self, Side, dispute_opened::Subject};
use smallvec::smallvec;

/// A side disputes a lead, a sale or a payout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeOpened {
    dispute: Id,
    opened_by: Side,
    subject: (IdKind, Id),
    claim: Box<str>,
}

impl EventType for DisputeOpened {
    type Message = proto::DisputeOpened;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        fields.text("claim", &message.claim);
        let subject = match &message.subject {
            Some(Subject::LeadId(id)) => (IdKind::Lead, fields.id("lead_id", id)),
            Some(Subject::SaleId(id)) => (IdKind::Sale, fields.id("sale_id", id)),
            Some(Subject::PayoutId(id)) => (IdKind::Payout, fields.id("payout_id", id)),
            None => {
                fields.bad("subject", "is required: lead_id, sale_id or payout_id");
                (IdKind::Lead, Id::default())
            }
        };
        Self {
            dispute: fields.id("dispute_id", &message.dispute_id),
            opened_by: fields.enum_value("opened_by", message.opened_by),
            subject,
            claim: message.claim.as_str().into(),
        }
    }

    fn introduces(&self) -> Option<(IdKind, &Id)> {
        Some((IdKind::Dispute, &self.dispute))
    }

    fn refers_to(&self) -> References<'_> {
        smallvec![(self.subject.0, &self.subject.1)]
    }

    fn decide(&self, _: &Context, _: &State) -> Result<Vec<Effect>, Rejection> {
        Ok(Vec::new())
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let (kind, id) = &self.subject;
        let subject = match kind {
            IdKind::Lead => DisputeSubject::Lead(state.leads.known(id).0),
            IdKind::Sale => DisputeSubject::Sale(state.commissions.known_sale(id).0),
            _ => DisputeSubject::Payout(state.commissions.payouts.find(id).expect("decide found the payout")),
        };
        let dispute = Dispute { opened: stamp, opened_by: self.opened_by, subject, claim: self.claim.clone(), resolved: None };
        let row = state.commissions.disputes.insert(self.dispute.clone(), dispute);
        let is_first = match subject {
            DisputeSubject::Lead(lead) => {
                let known = state.leads.by_id.get_mut(lead);
                known.add_dispute(row);
                known.disputes().len() == 1
            }
            DisputeSubject::Sale(sale) => {
                state.commissions.sales.get_mut(sale).add_dispute(row);
                false
            }
            DisputeSubject::Payout(_) => false,
        };
        state.note_opened(row, is_first);
        state.hold_for(row, stamp.position);
    }
}
