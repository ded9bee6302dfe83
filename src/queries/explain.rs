//! How a sale's commission came about, and what became of it: a chain of records with sentences (rules 6.2).

use super::fitting::Subject as _;
use super::leads::because;
use super::reasons::outcome;
use super::{Query, Source, asked, sale_seen, words};
use crate::domain::account::About;
use crate::domain::commissions::Sale;
use crate::domain::effect::id_or_empty;
use crate::domain::ids::Id;
use crate::domain::money::{Currency, Money, saturating_i64};
use crate::domain::parse::{Fields, timestamp};
use crate::domain::rejection::Rejection;
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::ledger::Error;
use crate::proto::explain_step::Fact;
use crate::proto::{self, CommissionAssessed, EntryKind, Side, effect::Effect, event::Body};
use std::collections::BTreeMap;

/// `ExplainSale`.
pub struct ExplainSale {
    sale: Id,
}

impl Query for ExplainSale {
    type Request = proto::ExplainSaleRequest;
    type Answer = proto::ExplainSaleResponse;

    fn ask(source: &impl Source, request: &Self::Request) -> Result<Self::Answer, Error> {
        let (question, seen) = asked(source, request, Self::parse, |_| None)?;
        let position = question.position(&source.view(seen), seen)?;
        let record = source.record(position)?;
        Ok(question.answer(&source.view(seen), seen, &record)?)
    }
}

impl ExplainSale {
    /// The question of a request; bad fields go to `fields`.
    pub fn parse(request: &proto::ExplainSaleRequest, fields: &mut Fields) -> Self {
        Self { sale: fields.id("sale_id", &request.sale_id) }
    }

    /// Where the sale was recorded; that record is needed for the answer.
    ///
    /// # Errors
    /// `UnknownId` if no record seen has introduced the sale.
    pub fn position(&self, state: &State, seen: Seen) -> Result<u64, Rejection> {
        Ok(state.commissions.sales.get(sale_seen(state, &self.sale, seen)?).stamp().position)
    }

    /// The answer; `record` is that of the sale.
    ///
    /// # Errors
    /// As `position`.
    pub fn answer(&self, state: &State, seen: Seen, record: &proto::Record) -> Result<proto::ExplainSaleResponse, Rejection> {
        let row = sale_seen(state, &self.sale, seen)?;
        let sale = state.commissions.sales.get(row);
        let assessment = record.effects.iter().find_map(|effect| match &effect.effect {
            Some(Effect::CommissionAssessed(assessment)) => Some(assessment),
            _ => None,
        });
        let currency =
            assessment.and_then(|assessed| assessed.amount.as_ref()).and_then(|amount| Currency::from_code(&amount.currency_code));
        let mut chain =
            Chain { state, seen, row, sale, currency: currency.unwrap_or(sale.amount().currency), assessment, steps: Vec::new() };
        let paid = chain.tell();
        let left: i128 = state.commission_seen(About::Sale(row), seen).map(|(_, _, entry)| -i128::from(entry.amount)).sum();
        let answer = proto::ExplainSaleResponse {
            sale: Some(message(state, row, record, seen)),
            assessment: assessment.cloned(),
            terms: chain.version().map(|version| (*version.terms.message).clone()),
            commission_left: Some(chain.money(saturating_i64(left)).to_message()),
            paid: Some(chain.money(paid).to_message()),
            steps: chain.into_steps(),
            position: seen.position,
            steps_left_out: 0,
            ..proto::ExplainSaleResponse::default()
        };
        Ok(answer.fitted())
    }
}

fn message(state: &State, row: Row, record: &proto::Record, seen: Seen) -> proto::Sale {
    let sale = state.commissions.sales.get(row);
    let product = match record.event.as_ref().and_then(|event| event.body.as_ref()) {
        Some(Body::SaleRecorded(recorded)) => recorded.product.clone(),
        _ => String::new(),
    };
    proto::Sale {
        sale_id: state.commissions.sales.key(row).to_string(),
        lead_id: sale.lead().map(|row| state.leads.by_id.key(row).to_string()),
        agreement_id: sale.credit().map(|row| state.agreements.by_id.key(row).to_string()),
        amount: Some(sale.amount().to_message()),
        product,
        collected_by: (if sale.collected() { Side::Partner } else { Side::House }) as i32,
        occurred_at: Some(timestamp(sale.stamp().occurred_at)),
        position: sale.stamp().position,
        refunded: Some(Money::new(sale.amount().currency, sale.refunded_seen(seen, state)).to_message()),
        ..proto::Sale::default()
    }
}

/// The chain as it grows.
struct Chain<'a> {
    state: &'a State,
    seen: Seen,
    row: Row,
    sale: &'a Sale,
    /// That of the commission; a flat reward may have another one than the sale.
    currency: Currency,
    assessment: Option<&'a CommissionAssessed>,
    steps: Vec<proto::ExplainStep>,
}

impl<'a> Chain<'a> {
    /// Adds all steps; returns what counts as paid, in minor units.
    fn tell(&mut self) -> i64 {
        self.tell_partner();
        self.tell_agreement();
        self.tell_lead();
        self.tell_sale();
        self.tell_refunds();
        self.tell_transfers();
        self.tell_payments()
    }

    /// The steps by position.
    fn into_steps(mut self) -> Vec<proto::ExplainStep> {
        self.steps.sort_by_key(|step| step.position);
        self.steps
    }

    fn step(&mut self, position: u64, sentence: &str, fact: Fact) {
        self.steps.push(proto::ExplainStep { position, sentence: words::begun(sentence), fact: Some(fact) });
    }

    fn money(&self, minor_units: i64) -> Money {
        Money::new(self.currency, minor_units)
    }

    /// The version of the terms that was applied, if it is seen.
    fn version(&self) -> Option<crate::domain::agreements::Version<'a>> {
        let version = self.state.agreements.by_id.get(self.sale.credit()?).version_of(self.assessment?.terms_position, self.state)?;
        self.seen.sees(version.stamp).then_some(version)
    }

    fn tell_partner(&mut self) {
        let Some(credit) = self.sale.credit() else { return };
        let row = self.state.agreements.by_id.get(credit).partner;
        let partner = self.state.partners.get(row);
        if let Some(profile) = partner.profile(self.seen) {
            let sentence = format!("Partner {} ({}) was registered.", self.state.partners.key(row), profile.display_name);
            let fact =
                proto::ExplainPartner { partner_id: self.state.partners.key(row).to_string(), display_name: profile.display_name.clone() };
            self.step(partner.position(), &sentence, Fact::PartnerRegistered(fact));
        }
    }

    fn tell_agreement(&mut self) {
        let Some(credit) = self.sale.credit() else { return };
        let (id, agreement) = (self.state.agreements.by_id.key(credit), self.state.agreements.by_id.get(credit));
        let signature = agreement.signature_seen(self.seen).map(|signature| (signature.stamp.position, signature.effective_at));
        let applied = self.version().map(|version| (version.stamp.position, version.effective_at));
        let partner = self.state.partners.key(agreement.partner);
        let fact = |effective_at, applies| proto::ExplainAgreement {
            agreement_id: id.to_string(),
            partner_id: partner.to_string(),
            effective_at: Some(timestamp(effective_at)),
            applies,
        };
        if let Some((position, effective_at)) = signature {
            let applies = applied.is_some_and(|(applied, _)| applied == position);
            let terms = if applies { "; the terms that it brought apply" } else { "" };
            let sentence = format!("Agreement {id} with {partner} was signed, in effect from {}{terms}.", words::when(effective_at));
            self.step(position, &sentence, Fact::AgreementSigned(fact(effective_at, applies)));
        }
        if let Some((position, effective_at)) = applied.filter(|applied| signature.is_none_or(|(signed, _)| signed != applied.0)) {
            let sentence = format!("Agreement {id} was amended from {} on; these terms apply.", words::when(effective_at));
            self.step(position, &sentence, Fact::AgreementAmended(fact(effective_at, true)));
        }
    }

    /// The lead's first referral, and the decision whose credit the sale ran through, as known when it was recorded.
    fn tell_lead(&mut self) {
        let Some(row) = self.sale.lead() else { return };
        let (id, lead) = (self.state.leads.by_id.key(row), self.state.leads.by_id.get(row));
        let known = Seen { position: self.sale.stamp().position, ..self.seen };
        let ownership = lead.ownership(self.sale.stamp().occurred_at, known, self.state);
        if self.seen.sees(lead.introduced()) && ownership.is_none_or(|ownership| ownership.decided_at != lead.introduced().position) {
            self.step(lead.introduced().position, &format!("Lead {id} was referred."), Fact::LeadReferred(id.to_string()));
        }
        if let Some(ownership) = ownership {
            let owner = words::owner(ownership.owner, self.state);
            let (since, why) = (words::when(ownership.since), because(&ownership, self.state));
            let credit = ownership.credit.map(|row| self.state.agreements.by_id.key(row));
            let fact = proto::ExplainOwner {
                lead_id: id.to_string(),
                owner: Some(ownership.owner.to_party(self.state).to_message()),
                since: Some(timestamp(ownership.since)),
                rule: ownership.rule.into(),
                agreement_id: id_or_empty(credit),
            };
            let credit = credit.map_or("no agreement has the credit".to_owned(), |id| format!("agreement {id} has the credit"));
            let sentence = format!("{owner} owns lead {id} since {since} because {why}; {credit}.");
            self.step(ownership.decided_at, &sentence, Fact::LeadOwned(fact));
        }
    }

    fn tell_sale(&mut self) {
        let (id, at) = (self.state.commissions.sales.key(self.row), words::when(self.sale.stamp().occurred_at));
        let outcome = match self.assessment {
            Some(assessment) => outcome(assessment),
            None => "nothing was earned: it names neither lead nor agreement, and counts in totals only".to_owned(),
        };
        let collected = if self.sale.collected() {
            format!(" The partner collected it, and owes the house {}.", self.sale.amount())
        } else {
            String::new()
        };
        let sentence = format!("Sale {id} of {} was made on {at}; {outcome}.{collected}", self.sale.amount());
        self.step(self.sale.stamp().position, &sentence, Fact::SaleRecorded(id.to_string()));
    }

    fn tell_refunds(&mut self) {
        for row in self.sale.refunds() {
            let (id, refund) = (self.state.commissions.refunds.key(*row), self.state.commissions.refunds.get(*row));
            if !self.seen.sees(refund.stamp()) {
                continue;
            }
            let applied = Money::new(self.sale.amount().currency, refund.applied);
            let taken = refund.taken.iter().map(|part| -i128::from(part.amount)).sum();
            let taken = self.money(saturating_i64(taken));
            let reversed = match taken.minor_units {
                0 if refund.exempt => "no commission was taken back, for it was the house's fault".to_owned(),
                0 => "no commission was taken back".to_owned(),
                _ => format!("{taken} of commission were taken back"),
            };
            let fact = proto::ExplainRefund {
                refund_id: id.to_string(),
                applied: Some(applied.to_message()),
                commission: Some(taken.to_message()),
                exempt: refund.exempt,
            };
            let sentence = format!("Refund {id} took {applied} of the sale; {reversed}.");
            self.step(refund.stamp().position, &sentence, Fact::SaleRefunded(fact.clone()));
            if let Some(stamp) = refund.reinstated().filter(|stamp| self.seen.sees(*stamp)) {
                let given = if taken.minor_units == 0 { String::new() } else { format!("; {taken} of commission were given back") };
                self.step(stamp.position, &format!("Refund {id} was undone{given}."), Fact::SaleReinstated(fact));
            }
        }
    }

    fn tell_transfers(&mut self) {
        let mut moves: BTreeMap<u64, (Vec<&Id>, Vec<&Id>, i64)> = BTreeMap::new();
        for (account, _, entry) in self.state.commission_seen(About::Sale(self.row), self.seen) {
            let Some(partner) = self.state.partner_of(account).filter(|_| entry.kind == EntryKind::Transfer) else { continue };
            let (from, to, moved) = moves.entry(entry.position).or_default();
            let (side, amount) = if entry.amount > 0 { (from, entry.amount) } else { (to, 0) };
            let id = self.state.partners.key(partner);
            if !side.contains(&id) {
                side.push(id);
            }
            *moved += amount;
        }
        for (position, (from, to, moved)) in moves {
            let ids = |ids: &[&Id]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
            let list = |partners: &[&Id]| ids(partners).join(", ");
            let amount = self.money(moved);
            let fact = proto::ExplainTransfer { amount: Some(amount.to_message()), from_partner_ids: ids(&from), to_partner_ids: ids(&to) };
            let to = if to.is_empty() { "the house".to_owned() } else { list(&to) };
            let sentence = format!("The lead was reassigned; {amount} of unpaid commission moved from {} to {to}.", list(&from));
            self.step(position, &sentence, Fact::CommissionMoved(fact));
        }
    }

    /// The payouts that the standing commission counts as paid by.
    fn tell_payments(&mut self) -> i64 {
        let mut payouts: BTreeMap<Row, i64> = BTreeMap::new();
        let mut paid: i128 = 0;
        for holding in self.state.holdings_seen(About::Sale(self.row), self.seen).iter() {
            let Some((account, place)) = holding.entry else { continue };
            let covered = self.state.paid_portion(account, place, holding.amount, self.seen);
            paid += i128::from(covered.amount);
            for (payout, part) in self.state.payouts_covering(account, covered, self.seen) {
                *payouts.entry(payout).or_default() += part;
            }
        }
        for (row, part) in payouts {
            let (id, payout) = (self.state.commissions.payouts.key(row), self.state.commissions.payouts.get(row));
            let partner = self.state.partners.key(payout.partner);
            let part = self.money(part);
            let fact = proto::ExplainPayout { payout_id: id.to_string(), partner_id: partner.to_string(), amount: Some(part.to_message()) };
            let sentence = format!("Payout {id} to {partner} pays {part} of it.");
            self.step(payout.stamp().position, &sentence, Fact::CommissionPaid(fact));
        }
        saturating_i64(paid)
    }
}
