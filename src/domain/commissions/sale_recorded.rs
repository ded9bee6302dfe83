//! A sale was made: assessed, accrued and, where the partner collected it, owed by the partner (rules 6).

use super::Sale;
use super::assess::{AssessmentInput, assess, assessment_in};
use super::earning::{Earning, Pinned};
use super::posting::{accrue, collect, subject_of_agreement};
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::money::Money;
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::table::Row;
use crate::domain::{Context, EventType, Seen, Stamp, State};
use crate::proto::{self, Side};

/// A customer bought something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaleRecorded {
    sale: Id,
    lead: Option<Id>,
    agreement: Option<Id>,
    amount: Money,
    product: Box<str>,
    collected: bool,
}

impl EventType for SaleRecorded {
    type Message = proto::SaleRecorded;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        if message.lead_id.is_some() && message.agreement_id.is_some() {
            fields.bad("agreement_id", "does not go with lead_id: a lead's sale runs through the lead's own credit");
        }
        Self {
            sale: fields.id("sale_id", &message.sale_id),
            lead: fields.optional_id("lead_id", message.lead_id.as_deref()),
            agreement: fields.optional_id("agreement_id", message.agreement_id.as_deref()),
            amount: fields.amount("amount", message.amount.as_ref()),
            product: if message.product.is_empty() { Box::default() } else { fields.key("product", &message.product) },
            collected: fields.enum_or("collected_by", message.collected_by, Side::House) == Side::Partner,
        }
    }

    fn introduces(&self) -> Option<(IdKind, &Id)> {
        Some((IdKind::Sale, &self.sale))
    }

    fn refers_to(&self) -> Vec<(IdKind, &Id)> {
        let lead = self.lead.iter().map(|id| (IdKind::Lead, id));
        lead.chain(self.agreement.iter().map(|id| (IdKind::Agreement, id))).collect()
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let lead = self.lead.as_ref().map(|id| state.leads.known(id));
        let credit = self.credit(context.occurred_at, state);
        if self.collected && credit.is_none() {
            return Err(Rejection::NoCredit);
        }
        if self.lead.is_none() && self.agreement.is_none() {
            return Ok(Vec::new());
        }
        let assessed = AssessmentInput {
            sale: Some(&self.sale),
            lead,
            credit,
            amount: Some(self.amount),
            product: &self.product,
            at: context.occurred_at,
        };
        let assessment = assess(&assessed, state);
        let mut effects = Vec::with_capacity(3);
        effects.push(Effect::CommissionAssessed(Box::new(assessment.clone())));
        if let Some(credit) = credit {
            let subject = subject_of_agreement(credit, lead.map(|(row, _)| row), Some(&self.sale), state);
            accrue(&assessment, subject.clone(), context.occurred_at, state, &mut effects);
            if self.collected {
                collect(-self.amount.minor_units, self.amount, subject, context.occurred_at, state, &mut effects);
            }
        }
        Ok(effects)
    }

    fn evolve(&self, stamp: Stamp, effects: &[Effect], state: &mut State) {
        let lead = self.lead.as_ref().map(|id| state.leads.known(id).0);
        let assessment = assessment_in(effects);
        let credit = assessment.and_then(|assessment| state.agreements.by_id.find(assessment.agreement.as_ref()?));
        let (pinned, earned) = Pinned::of(stamp, Some(self.amount.currency), credit, self.collected, assessment, state);
        let earning = Earning::new(stamp, earned, state.commissions.pinned.intern(pinned));
        let sale = Sale::new(self.amount.minor_units, lead, earning);
        let row = state.commissions.sales.insert(self.sale.clone(), sale);
        if let Some(lead) = lead {
            state.add_sale(lead, row);
        }
        state.add_net_change(row, self.amount.minor_units);
    }
}

impl SaleRecorded {
    fn credit(&self, at: Time, state: &State) -> Option<Row> {
        match (&self.lead, &self.agreement) {
            (Some(lead), _) => state.leads.known(lead).1.credit_at(at, Seen::ALL, state),
            (None, Some(agreement)) => state.agreements.by_id.find(agreement),
            (None, None) => None,
        }
    }
}
