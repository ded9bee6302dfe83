//! How a sale's commission came about, and what became of it: a chain of records with sentences (rules 6.2).

use super::fitting::Subject as _;
use super::leads::because;
use super::reasons::outcome;
use super::{Query, Source, asked, sale_seen, words};
use crate::domain::account::Entry;
use crate::domain::agreements::Version;
use crate::domain::calendar::LATEST;
use crate::domain::commissions::earning::Stands;
use crate::domain::commissions::part::{PartOf, PartShare};
use crate::domain::commissions::standing::PaidPortion;
use crate::domain::commissions::{Refund, Sale};
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
        let assessments: Vec<&CommissionAssessed> = record.effects.iter().filter_map(assessed).collect();
        let currency =
            assessments.first().and_then(|assessed| assessed.amount.as_ref()).and_then(|amount| Currency::from_code(&amount.currency_code));
        let currency = currency.unwrap_or(sale.amount().currency);
        let parts: Vec<ToldPart> = state.parts(row).map(|part| ToldPart::new(part, &assessments, currency, state, seen)).collect();
        let mut chain = Chain { state, seen, row, sale, currency, parts: &parts, steps: Vec::new() };
        chain.tell();
        let steps = chain.into_steps();
        let in_currency = || parts.iter().filter(|part| part.currency == currency);
        let total = |of: fn(&ToldPart) -> i128| Some(Money::new(currency, saturating_i64(in_currency().map(of).sum())).to_message());
        let answer = proto::ExplainSaleResponse {
            sale: Some(message(state, row, record, seen)),
            assessment: assessments.first().copied().cloned(),
            terms: parts.first().and_then(|part| part.terms(state, seen)),
            commission_left: total(|part| part.left),
            paid: total(|part| part.paid),
            steps,
            parts: parts.iter().filter_map(|part| part.message(state, seen)).collect(),
            position: seen.position,
            steps_left_out: 0,
        };
        Ok(answer.fitted())
    }
}

fn message(state: &State, row: Row, record: &proto::Record, seen: Seen) -> proto::Sale {
    let sale = state.commissions.sales.get(row);
    let recorded = match record.event.as_ref().and_then(|event| event.body.as_ref()) {
        Some(Body::SaleRecorded(recorded)) => recorded.clone(),
        _ => proto::SaleRecorded::default(),
    };
    let currency = sale.amount().currency;
    let details = sale.details();
    let voided = sale.voided().filter(|stamp| seen.sees(*stamp));
    let paid = details.and_then(|details| details.paid_seen(seen));
    let refunded = refunded_of_lines(state, row, seen);
    let lines = recorded.lines.into_iter().zip(refunded).map(|(line, refunded)| proto::SaleLineLeft {
        line_id: line.line_id,
        product: line.product,
        commissionable: line.commissionable.or_else(|| line.amount.clone()),
        amount: line.amount,
        refunded: Some(Money::new(currency, refunded).to_message()),
    });
    proto::Sale {
        sale_id: state.commissions.sales.key(row).to_string(),
        lead_id: sale.lead().map(|row| state.leads.by_id.key(row).to_string()),
        agreement_id: sale.credit().filter(|_| recorded.splits.is_empty()).map(|row| state.agreements.by_id.key(row).to_string()),
        amount: Some(sale.amount().to_message()),
        product: recorded.product,
        collected_by: (if sale.collected() { Side::Partner } else { Side::House }) as i32,
        occurred_at: Some(timestamp(sale.stamp().occurred_at)),
        position: sale.stamp().position,
        refunded: Some(Money::new(currency, sale.refunded_seen(seen, state)).to_message()),
        lines: lines.collect(),
        splits: recorded.splits,
        commissionable: recorded.commissionable,
        coupon: recorded.coupon,
        paid_by_customer: paid.map(|paid| Money::new(currency, paid).to_message()),
        voided_at: voided.map(|stamp| timestamp(stamp.occurred_at)),
        voided_position: voided.map(|stamp| stamp.position),
    }
}

fn assessed(effect: &proto::Effect) -> Option<&CommissionAssessed> {
    match &effect.effect {
        Some(Effect::CommissionAssessed(assessment)) => Some(assessment),
        _ => None,
    }
}

/// The refunds of a sale that are seen and were not undone by then.
fn standing_refunds(state: &State, row: Row, seen: Seen) -> impl Iterator<Item = &Refund> {
    let refunds = state.commissions.sales.get(row).refunds().iter().map(|row| state.commissions.refunds.get(*row));
    refunds.filter(move |refund| seen.sees(refund.stamp()) && !refund.reinstated().is_some_and(|stamp| seen.sees(stamp)))
}

/// What was refunded of each line, as seen, in minor units; nothing of a sale without lines.
fn refunded_of_lines(state: &State, row: Row, seen: Seen) -> Vec<i64> {
    let lines = state.commissions.sales.get(row).details().map_or(0, |details| details.lines.len());
    let mut refunded = vec![0; lines];
    let shares: Vec<PartShare> = state.own_parts(row).map(|part| part.share).collect();
    for of_part in standing_refunds(state, row, seen).flat_map(Refund::of_parts) {
        if let Some(refunded) = refunded.get_mut(shares[of_part.number as usize].line as usize) {
            *refunded += of_part.applied;
        }
    }
    refunded
}

/// A part as it is told.
struct ToldPart<'a> {
    part: PartOf<'a>,
    /// What was assessed; `None` where the sale names neither lead nor agreement.
    assessment: Option<&'a CommissionAssessed>,
    /// That of the commission; a flat reward may have another one than the sale.
    currency: Currency,
    /// What stands of the commission, in minor units.
    left: i128,
    /// What of that counts as paid, and by which payouts.
    paid: i128,
    payouts: BTreeMap<Row, i64>,
    /// What of it waits for the customer.
    awaiting: i128,
}

impl<'a> ToldPart<'a> {
    fn new(part: PartOf<'a>, assessments: &[&'a CommissionAssessed], usual: Currency, state: &State, seen: Seen) -> Self {
        let assessment = assessments.iter().copied().find(|assessed| assessed.part == part.number);
        let currency = assessment.and_then(|assessed| Currency::from_code(&assessed.amount.as_ref()?.currency_code)).unwrap_or(usual);
        let mut told = Self { part, assessment, currency, left: 0, paid: 0, payouts: BTreeMap::new(), awaiting: 0 };
        let mut left_with: BTreeMap<Row, i128> = BTreeMap::new();
        for (account, _, entry) in state.commission_seen(part.about, seen) {
            *left_with.entry(account).or_default() -= i128::from(entry.amount);
            told.awaiting -= if entry.awaits { i128::from(entry.amount) } else { 0 };
        }
        told.left = left_with.values().sum();
        for holding in state.holdings_seen(part.about, seen).iter() {
            let Some((account, place)) = holding.entry else { continue };
            for covered in state.paid_portions(account, place, &Stands::of(holding), seen) {
                // As of a time, a holder may have had more reversed than was released to it by then (rules 13).
                let left = left_with.entry(account).or_default();
                let paid = i128::from(covered.amount).min(*left).max(0);
                *left -= paid;
                told.paid += paid;
                let covered = PaidPortion { amount: saturating_i64(paid), ..covered };
                for (payout, amount) in state.payouts_covering(account, covered, seen) {
                    *told.payouts.entry(payout).or_default() += amount;
                }
            }
        }
        told
    }

    /// The version of the terms that was applied, if it is seen.
    fn version<'s>(&self, state: &'s State, seen: Seen) -> Option<Version<'s>> {
        let version = state.agreements.by_id.get(self.part.earning.credit()?).version_of(self.assessment?.terms_position, state)?;
        seen.sees(version.stamp).then_some(version)
    }

    fn terms(&self, state: &State, seen: Seen) -> Option<proto::Terms> {
        self.version(state, seen).map(|version| (*version.terms.message).clone())
    }

    /// The part in an answer; `None` if nobody earns on it.
    fn message(&self, state: &State, seen: Seen) -> Option<proto::ExplainPart> {
        let (credit, assessment) = (self.part.earning.credit()?, self.assessment?);
        let (sold, sale) = (self.part.earning.sold()?, state.sale_of(self.part.about)?.0);
        let of_part = |refund: &Refund| refund.of_parts().filter(|of| of.number == self.part.number).map(|of| of.applied).sum::<i64>();
        let refunded = standing_refunds(state, sale, seen).map(of_part).sum();
        let commission =
            |minor_units| assessment.amount.is_some().then(|| Money::new(self.currency, saturating_i64(minor_units)).to_message());
        Some(proto::ExplainPart {
            part: self.part.number,
            line_id: assessment.line_id.clone(),
            agreement_id: state.agreements.by_id.key(credit).to_string(),
            level: assessment.level,
            downline_agreement_id: assessment.downline_agreement_id.clone(),
            amount: Some(Money::new(sold, self.part.share.amount).to_message()),
            base: assessment.base.clone(),
            share_bps: assessment.share_bps,
            assessment: Some(assessment.clone()),
            terms: self.terms(state, seen),
            refunded: Some(Money::new(sold, refunded).to_message()),
            commission_left: commission(self.left),
            paid: commission(self.paid),
            awaiting: commission(self.awaiting),
        })
    }
}

/// The chain as it grows.
struct Chain<'a> {
    state: &'a State,
    seen: Seen,
    row: Row,
    sale: &'a Sale,
    /// That of the first part's commission; a flat reward may have another one than the sale.
    currency: Currency,
    parts: &'a [ToldPart<'a>],
    steps: Vec<proto::ExplainStep>,
}

impl Chain<'_> {
    /// Adds all steps.
    fn tell(&mut self) {
        let mut told: Vec<Row> = Vec::new();
        for part in self.parts {
            let Some(credit) = part.part.earning.credit().filter(|credit| !told.contains(credit)) else { continue };
            told.push(credit);
            self.tell_partner(credit);
            self.tell_agreement(credit, part.version(self.state, self.seen));
        }
        self.tell_lead();
        self.tell_sale();
        self.tell_refunds();
        self.tell_void();
        self.tell_customer_payments();
        self.tell_transfers();
        self.tell_payments();
    }

    /// The steps by position.
    fn into_steps(mut self) -> Vec<proto::ExplainStep> {
        self.steps.sort_by_key(|step| step.position);
        // A partner may have several agreements.
        self.steps.dedup();
        self.steps
    }

    fn step(&mut self, position: u64, sentence: &str, fact: Fact) {
        self.steps.push(proto::ExplainStep { position, sentence: words::begun(sentence), fact: Some(fact) });
    }

    fn money(&self, minor_units: i64) -> Money {
        Money::new(self.currency, minor_units)
    }

    fn tell_partner(&mut self, credit: Row) {
        let row = self.state.agreements.by_id.get(credit).partner;
        let partner = self.state.partners.get(row);
        if let Some(profile) = partner.profile(self.seen) {
            let sentence = format!("Partner {} ({}) was registered.", self.state.partners.key(row), profile.display_name);
            let fact =
                proto::ExplainPartner { partner_id: self.state.partners.key(row).to_string(), display_name: profile.display_name.clone() };
            self.step(partner.position(), &sentence, Fact::PartnerRegistered(fact));
        }
    }

    fn tell_agreement(&mut self, credit: Row, applied: Option<Version<'_>>) {
        let (id, agreement) = (self.state.agreements.by_id.key(credit), self.state.agreements.by_id.get(credit));
        let signature = agreement.signature_seen(self.seen).map(|signature| (signature.stamp.position, signature.effective_at));
        let programme = applied.and_then(|version| version.programme).map(|row| self.state.agreements.programmes.key(row));
        let applied = applied.map(|version| (version.stamp.position, version.effective_at));
        let partner = self.state.partners.key(agreement.partner);
        let fact = |effective_at, applies| proto::ExplainAgreement {
            agreement_id: id.to_string(),
            partner_id: partner.to_string(),
            effective_at: Some(timestamp(effective_at)),
            applies,
            programme_id: None,
        };
        if let Some((position, effective_at)) = signature {
            let applies = applied.is_some_and(|(applied, _)| applied == position);
            let terms = if applies { "; the terms that it brought apply" } else { "" };
            let sentence = format!("Agreement {id} with {partner} was signed, in effect from {}{terms}.", words::when(effective_at));
            self.step(position, &sentence, Fact::AgreementSigned(fact(effective_at, applies)));
        }
        if let Some((position, effective_at)) = applied.filter(|applied| signature.is_none_or(|(signed, _)| signed != applied.0)) {
            let from = words::when(effective_at);
            let sentence = match programme {
                Some(programme) => format!("Agreement {id} takes the terms of programme {programme} from {from} on; these terms apply."),
                None => format!("Agreement {id} was amended from {from} on; these terms apply."),
            };
            let programme_id = programme.map(ToString::to_string);
            let fact = proto::ExplainAgreement { programme_id, ..fact(effective_at, true) };
            self.step(position, &sentence, Fact::AgreementAmended(fact));
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
        let assessments: Vec<&CommissionAssessed> = self.parts.iter().filter_map(|part| part.assessment).collect();
        let outcome = match &assessments[..] {
            [] => "nothing was earned: it names neither lead nor agreement, and counts in totals only".to_owned(),
            [one] => outcome(one),
            parts => parts.iter().map(|part| format!("{}: {}", part_name(part), outcome(part))).collect::<Vec<_>>().join("; "),
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
            let taken = refund.taken.iter().filter(|part| part.currency == self.currency).map(|part| -i128::from(part.amount)).sum();
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

    fn tell_void(&mut self) {
        let Some(voided) = self.sale.voided().filter(|voided| self.seen.sees(*voided)) else { return };
        let before = Seen { position: voided.position - 1, time: LATEST };
        let left = self.sale.amount().minor_units - self.sale.refunded_seen(before, self.state);
        let amount = Money::new(self.sale.amount().currency, left);
        let taken = self.commission_at(voided.position, |entry| entry.kind == EntryKind::Reversal);
        let taken = self.money(saturating_i64(-taken));
        let fact = proto::ExplainVoid { amount: Some(amount.to_message()), commission: Some(taken.to_message()) };
        let sentence = format!("The sale was voided, with {amount} left of it; {taken} of commission were taken back.");
        self.step(voided.position, &sentence, Fact::SaleVoided(fact));
    }

    fn tell_customer_payments(&mut self) {
        let sale = self.sale;
        let payments = sale.details().map_or(&[][..], |details| &details.payments);
        let seen = self.seen;
        for payment in payments.iter().filter(|payment| seen.sees(payment.stamp.into())) {
            let position = crate::domain::Stamp::from(payment.stamp).position;
            let amount = Money::new(self.sale.amount().currency, payment.minor_units);
            let released = self.commission_at(position, |entry| entry.kind == EntryKind::Release && !entry.awaits);
            let released = self.money(saturating_i64(released));
            let what = match released.minor_units {
                0 => String::new(),
                below if below < 0 => format!("; {} of commission wait again", self.money(-below)),
                _ => format!("; {released} of commission no longer wait for it"),
            };
            let paid = if payment.minor_units < 0 { "A payment of the customer bounced" } else { "The customer paid" };
            let fact = proto::ExplainCustomerPayment {
                receipt_id: payment.receipt.to_string(),
                amount: Some(amount.to_message()),
                released: Some(released.to_message()),
            };
            self.step(position, &format!("{paid}: {amount} ({}){what}.", payment.receipt), Fact::CustomerPaid(fact));
        }
    }

    /// What entries of a record brought to the commission of all parts, in the currency of the first, in minor units.
    fn commission_at(&self, position: u64, is_meant: fn(&Entry) -> bool) -> i128 {
        let entries = self.parts.iter().filter(|part| part.currency == self.currency);
        let entries = entries.flat_map(|part| self.state.commission_seen(part.part.about, self.seen)).map(|(_, _, entry)| entry);
        entries.filter(|entry| entry.position == position && is_meant(entry)).map(|entry| -i128::from(entry.amount)).sum()
    }

    fn tell_transfers(&mut self) {
        let mut moves: BTreeMap<u64, (Vec<&Id>, Vec<&Id>, i64)> = BTreeMap::new();
        for (account, _, entry) in self.parts.iter().flat_map(|part| self.state.commission_seen(part.part.about, self.seen)) {
            let Some(partner) = self.state.partner_of(account).filter(|_| entry.kind == EntryKind::Transfer) else { continue };
            let (from, to, moved) = moves.entry(entry.position).or_default();
            let is_summed = entry.amount > 0 && self.state.accounts.key(account).1 == self.currency;
            let amount = if is_summed { entry.amount } else { 0 };
            let side = if entry.amount > 0 { from } else { to };
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
    fn tell_payments(&mut self) {
        let mut payouts: BTreeMap<Row, i64> = BTreeMap::new();
        for (payout, amount) in self.parts.iter().flat_map(|part| &part.payouts) {
            *payouts.entry(*payout).or_default() += amount;
        }
        for (row, part) in payouts {
            let (id, payout) = (self.state.commissions.payouts.key(row), self.state.commissions.payouts.get(row));
            let partner = self.state.partners.key(payout.partner);
            let part = Money::new(payout.amount.currency, part);
            let fact = proto::ExplainPayout { payout_id: id.to_string(), partner_id: partner.to_string(), amount: Some(part.to_message()) };
            let sentence = format!("Payout {id} to {partner} pays {part} of it.");
            self.step(payout.stamp().position, &sentence, Fact::CommissionPaid(fact));
        }
    }
}

/// What a part of a sale is called: by its line, its agreement and its share, or as an override.
fn part_name(assessed: &CommissionAssessed) -> String {
    let line = assessed.line_id.as_ref().map(|line| format!("line {line}, ")).unwrap_or_default();
    let share = assessed.share_bps.map(|share| format!(" ({})", words::percent(share))).unwrap_or_default();
    match (assessed.level, &assessed.downline_agreement_id) {
        (Some(level), Some(downline)) => format!("{line}agreement {}, {level} above {downline}", assessed.agreement_id),
        _ => format!("{line}agreement {}{share}", assessed.agreement_id),
    }
}
