//! What answers to a partner leave out, because it is about others or about all, whatever names stand beside it.

use super::belongings::Own;
use super::records;
use crate::domain::ids::{Id, IdKind};
use crate::proto::explain_step::Fact;
use crate::proto::{self, ExplainStep};

fn is_own(own: &Own<'_>, kind: IdKind, id: &str) -> bool {
    Id::new(id).is_some_and(|id| own.has(kind, &id))
}

/// Of a lead that the partner has only claimed in vain, who its customer is stays with those who brought that.
pub fn of_lead(answer: &mut proto::GetLeadResponse, own: &Own<'_>) {
    answer.lead.iter_mut().for_each(|lead| without_keys(lead, own));
}

/// The same of each lead of a list.
pub fn without_leads_keys(answer: &mut proto::ListLeadsResponse, own: &Own<'_>) {
    answer.leads.iter_mut().for_each(|lead| without_keys(lead, own));
}

fn without_keys(lead: &mut proto::Lead, own: &Own<'_>) {
    let row = Id::new(&lead.lead_id).and_then(|id| own.state.leads.find(&id));
    if !row.is_some_and(|row| own.has_credit_of(row)) {
        lead.match_keys.clear();
    }
}

/// How many agreements take a programme's terms is told of the partner's own.
pub fn of_programme(answer: &mut proto::GetProgrammeResponse, own: &Own<'_>) {
    answer.programme.iter_mut().for_each(|programme| count_own(programme, own));
}

/// The same of each programme of a list.
pub fn of_programmes(answer: &mut proto::ListProgrammesResponse, own: &Own<'_>) {
    answer.programmes.iter_mut().for_each(|programme| count_own(programme, own));
}

fn count_own(programme: &mut proto::Programme, own: &Own<'_>) {
    let row = Id::new(&programme.programme_id).and_then(|id| own.state.agreements.programmes.find(&id));
    let count = row.map_or(0, |row| own.agreements_under(row).count());
    programme.agreement_count = i64::try_from(count).unwrap_or(i64::MAX);
}

/// What a dispute holds of others is theirs.
pub fn without_others_held(answer: &mut proto::ListDisputesResponse, own: &Own<'_>) {
    for dispute in &mut answer.disputes {
        dispute.held.retain(|held| is_own(own, IdKind::Partner, &held.partner_id));
    }
}

/// Figures that are made of everybody's: the part of all revenue, and the money of a campaign, which comes through all who
/// take part in it.
pub fn without_the_whole(answer: &mut proto::GetMetricsResponse, is_campaign: bool) {
    let Some(metrics) = &mut answer.metrics else { return };
    if is_campaign {
        metrics.by_currency.clear();
    }
    for money in &mut metrics.by_currency {
        money.share_of_all_revenue = None;
    }
}

/// How a sale's commission came about is told as far as it came about through the partner: the terms of others, what their
/// rules gave and what they were paid is not.
pub fn without_others_steps(answer: &mut proto::ExplainSaleResponse, own: &Own<'_>) {
    let is_own_agreement = |id: &str| is_own(own, IdKind::Agreement, id);
    answer.steps.retain(|step| is_told(step, own));
    let of_all = answer.parts.len();
    answer.parts.retain(|part| is_own_agreement(&part.agreement_id));
    if let Some(sale) = &mut answer.sale {
        sale.splits.retain(|split| is_own_agreement(&split.agreement_id));
    }
    let credit = answer.sale.as_ref().and_then(|sale| sale.agreement_id.as_deref());
    if answer.parts.len() == of_all && (of_all > 0 || credit.is_some_and(is_own_agreement)) {
        return;
    }
    // Of a sale that others earn on too, what the partner's own parts came to.
    let first = answer.parts.first();
    (answer.assessment, answer.terms) = first.map_or((None, None), |part| (part.assessment.clone(), part.terms.clone()));
    answer.commission_left = sum(answer.parts.iter().filter_map(|part| part.commission_left.as_ref()));
    answer.paid = sum(answer.parts.iter().filter_map(|part| part.paid.as_ref()));
    let are_own = |partners: &[String]| !partners.is_empty() && partners.iter().all(|id| is_own(own, IdKind::Partner, id));
    for step in &mut answer.steps {
        let sentence = match &mut step.fact {
            Some(Fact::SaleRecorded(_)) => "The sale was recorded.",
            Some(Fact::SaleRefunded(refund)) => {
                refund.commission = None;
                "The sale was refunded."
            }
            Some(Fact::SaleReinstated(refund)) => {
                refund.commission = None;
                "A refund was undone."
            }
            Some(Fact::SaleVoided(void)) => {
                void.commission = None;
                "The sale was voided."
            }
            // All that moved is the partner's own if it had all of it before, or has it since.
            Some(Fact::CommissionMoved(moved)) if !are_own(&moved.from_partner_ids) && !are_own(&moved.to_partner_ids) => {
                moved.amount = None;
                "The lead was reassigned, and unpaid commission moved."
            }
            Some(Fact::CustomerPaid(payment)) => {
                payment.released = None;
                "The customer paid, or a payment bounced."
            }
            _ => continue,
        };
        sentence.clone_into(&mut step.sentence);
    }
}

/// The sum of amounts, of those in the currency of the first.
fn sum<'a>(mut amounts: impl Iterator<Item = &'a proto::Money>) -> Option<proto::Money> {
    let mut sum = amounts.next()?.clone();
    for amount in amounts.filter(|amount| amount.currency_code == sum.currency_code).map(|amount| amount.minor_units).collect::<Vec<_>>() {
        sum.minor_units += amount;
    }
    Some(sum)
}

/// Whether a step is one that the partner is told of.
fn is_told(step: &ExplainStep, own: &Own<'_>) -> bool {
    match &step.fact {
        Some(Fact::PartnerRegistered(partner)) => is_own(own, IdKind::Partner, &partner.partner_id),
        Some(Fact::AgreementSigned(agreement) | Fact::AgreementAmended(agreement)) => {
            is_own(own, IdKind::Agreement, &agreement.agreement_id)
        }
        Some(Fact::CommissionPaid(payout)) => is_own(own, IdKind::Partner, &payout.partner_id),
        Some(
            Fact::LeadReferred(_)
            | Fact::LeadOwned(_)
            | Fact::SaleRecorded(_)
            | Fact::SaleRefunded(_)
            | Fact::SaleReinstated(_)
            | Fact::SaleVoided(_)
            | Fact::CustomerPaid(_),
        ) => true,
        Some(Fact::CommissionMoved(moved)) => {
            moved.from_partner_ids.iter().chain(&moved.to_partner_ids).any(|id| is_own(own, IdKind::Partner, id))
        }
        None => false,
    }
}

/// Whether the record of an answer is one that the partner is shown.
pub fn check_record(answer: &proto::GetRecordResponse, own: &Own<'_>) -> bool {
    answer.record.as_ref().is_some_and(|record| records::is_shown(record, own.state, own.partner))
}
