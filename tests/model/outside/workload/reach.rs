//! What workloads reach: so that a change of chance does not quietly test less.

use std::collections::BTreeSet;

use partnership_ledger::proto::{EntryKind, OverrideBase, commission_rule::Reward, event::Body, launch_step_completed::Subject};

use super::turns;
use crate::outside::model::campaigns::who_participates;
use crate::outside::model::commission::same_rule;
use crate::outside::model::record::{Allocated, Assessed, Effects, Party, Record};
use crate::outside::model::{Known, Model};

/// Names of all that happened in a story.
pub fn reached(model: &Model) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for record in &model.records {
        names.extend(of_effects(&record.effects));
        names.extend(of_record(record, model));
    }
    let known = model.known();
    names.extend(of_proposals(&known));
    let turns = turns(&known);
    for turn in &turns {
        names.extend(states(&known, *turn));
    }
    // Alerts take long to work out.
    for turn in turns.iter().step_by(10) {
        names.extend(known.alerts(&known, *turn).iter().map(|alert| alert.kind().as_str_name().to_owned()));
    }
    names
}

fn of_effects(effects: &Effects) -> Vec<String> {
    let mut names = Vec::new();
    names.extend(of_parts(effects));
    for assessed in &effects.assessed {
        let kind = if assessed.sale.is_some() { "sale" } else { "qualification" };
        names.push(format!("{kind} {}", assessed.outcome.as_str_name()));
        names.extend(assessed.window.map(|_| "window".to_owned()));
        if let Some(Reward::Tiers(tiers)) = assessed.rule.as_ref().and_then(|rule| rule.reward.as_ref()) {
            names.push(format!("{} {}", tiers.mode().as_str_name(), tiers.period().as_str_name()));
        }
    }
    names.extend(effects.decision.as_ref().map(|decision| decision.rule.as_str_name().to_owned()));
    names.extend(effects.declined.as_ref().map(|declined| format!("declined, earlier {}", declined.earlier_than_owner)));
    names.extend(effects.end.map(|(_, cause)| cause.as_str_name().to_owned()));
    names.extend(effects.breaches.iter().map(|_| "exclusivity breached".to_owned()));
    names.extend(effects.joint_to.as_ref().map(|to| format!("joint lead to {}", if to.who.is_some() { "a partner" } else { "the house" })));
    names.extend(effects.brand_use_approved.then(|| "brand use approved at once".to_owned()));
    names.extend(effects.refund.as_ref().filter(|refund| refund.cut_off > 0).map(|_| "refund clamped".to_owned()));
    names
}

/// What sales of several parts, and those above them, come to.
fn of_parts(effects: &Effects) -> Vec<String> {
    let mut names = Vec::new();
    let parts = &effects.assessed;
    let own = || parts.iter().filter(|part| part.level.is_none());
    names.extend((own().filter(|part| part.share_bps.is_some()).count() > 1).then(|| "split".to_owned()));
    names.extend((own().filter(|part| part.line_id.is_some()).count() > 1).then(|| "lines".to_owned()));
    let mut groups: Vec<&Assessed> = Vec::new();
    for part in parts.iter().filter(|part| part.amount != 0) {
        names.extend(groups.iter().any(|other| same_rule(other, part)).then(|| "parts of one rule".to_owned()));
        groups.push(part);
        names.extend(part.level.map(|level| format!("override of level {level}")));
        names.extend(part.tiers.as_ref().filter(|tiers| tiers.bonus != 0).map(|_| "bonus".to_owned()));
        names.extend(part.tiers.as_ref().and_then(|tiers| tiers.sales_before).map(|_| "tiers by count".to_owned()));
        names.extend(part.awaits.then(|| "awaits the customer".to_owned()));
        let of_commission = part.rule.as_ref().is_some_and(|rule| rule.of() == OverrideBase::Commission);
        names.extend(of_commission.then(|| "override of the commission".to_owned()));
    }
    let cut = |part: &Assessed| part.cut_off != 0 && part.rule.as_ref().is_some_and(|rule| rule.max_per_sale.is_some());
    names.extend(parts.iter().any(cut).then(|| "max per sale".to_owned()));
    if let Some(refund) = &effects.refund {
        let several = |amounts: &[i128]| amounts.iter().filter(|amount| **amount != 0).count() > 1;
        names.extend(several(&refund.parts).then(|| "refund of several parts".to_owned()));
        names.extend(several(&refund.lines).then(|| "refund of several lines".to_owned()));
    }
    names.extend(effects.customer_paid.as_ref().map(|(_, amount)| format!("customer {}", if *amount < 0 { "bounced" } else { "paid" })));
    names
}

/// What payouts on their way and programmes come to.
fn of_ways(record: &Record, known: &Known<'_>) -> Vec<String> {
    let mut names = Vec::new();
    let effects = &record.effects;
    if let Some(arrival) = &effects.arrival {
        let closed = record.effects.postings.iter().any(|posting| posting.effective > record.occurred);
        let came = if arrival.failed { "failed" } else { "settled" };
        names.push(format!("payout {came}{}", if closed { " after a close" } else { "" }));
    }
    names.extend(effects.postings.iter().any(|posting| posting.account == "house:exchange").then(|| "another currency".to_owned()));
    names.extend(effects.postings.iter().any(|posting| posting.account == "house:input-tax").then(|| "tax on top".to_owned()));
    if let Body::SaleRecorded(sale) = record.body() {
        names.extend((sale.lead_id.is_some() && sale.agreement_id.is_some()).then(|| "lead and agreement".to_owned()));
        let price = sale.amount.as_ref().map_or(0, |amount| amount.minor_units);
        names.extend((price == 0).then(|| "sale of nothing".to_owned()));
        let errors = known.never_was(record) && known.void_of(&sale.sale_id).is_none();
        names.extend(errors.then(|| "refunded as an error altogether".to_owned()));
    }
    if let Body::SaleVoided(body) = record.body() {
        let was_refunded = !known.standing_refunds(&body.sale_id).is_empty();
        let was_paid = known.sale(&body.sale_id).is_some_and(|sale| known.paid_by_customer(sale) > 0);
        names.push("void".to_owned());
        names.extend(was_refunded.then(|| "void after a refund".to_owned()));
        names.extend(was_paid.then(|| "void after a payment".to_owned()));
    }
    if let Body::LeadReassigned(_) = record.body()
        && effects.postings.iter().any(|posting| posting.awaits)
    {
        names.push("transfer of what awaits".to_owned());
    }
    if let Body::AgreementSigned(body) = record.body() {
        let versions = known.versions(&body.agreement_id);
        let of_programme = versions.iter().filter(|version| version.programme.is_some()).count();
        names.extend((of_programme > 1).then(|| "programme binds an existing agreement".to_owned()));
        names.extend((of_programme > 0 && of_programme < versions.len()).then(|| "own amendment beside a programme".to_owned()));
    }
    names
}

fn of_record(record: &Record, model: &Model) -> Vec<String> {
    let postings = &record.effects.postings;
    let mut names: Vec<String> = postings.iter().map(|posting| posting.kind.as_str_name().to_owned()).collect();
    if postings.iter().any(|posting| posting.effective > record.occurred) {
        names.push("posted at the close".to_owned());
    }
    if postings.iter().any(|posting| posting.account == "house:tax-withheld" && posting.amount > 0) {
        names.push("tax restored".to_owned());
    }
    names.extend(of_campaigns(record));
    names.extend(of_ways(record, &model.known()));
    if let Some(Allocated { who: Some(agreement) }) = &record.effects.joint_to
        && model.known().has_ended(agreement, record.occurred)
    {
        names.push("joint lead to a partner after the end".to_owned());
    }
    let holders = |kind: EntryKind| {
        let legs = postings.iter().filter(|posting| posting.kind == kind);
        legs.filter_map(|posting| posting.lot.as_ref().map(|lot| format!("{:?}", lot.holder))).collect::<BTreeSet<_>>().len()
    };
    if holders(EntryKind::Reversal) > 1 {
        names.push("reversed from several holders".to_owned());
    }
    if holders(EntryKind::Transfer) > 2 {
        names.push("transferred from several holders".to_owned());
    }
    if let Body::LeadReassigned(_) = record.body()
        && model.records.last().is_some_and(|last| last.occurred > record.occurred)
        && record.effects.decision.as_ref().is_some_and(|decision| decision.owner == Party::House)
    {
        names.push("reassigned to the house".to_owned());
    }
    names
}

/// What campaigns, ventures and the relationship come to.
fn of_campaigns(record: &Record) -> Vec<String> {
    let postings = &record.effects.postings;
    let moves =
        |account: &str, kind: EntryKind| postings.iter().any(|posting| posting.account.starts_with(account) && posting.kind == kind);
    let partners = postings.iter().filter(|posting| posting.account.starts_with("partner:")).count();
    let mut names = Vec::new();
    if moves("partner:", EntryKind::CostShare) {
        let payer = if moves("house:cash", EntryKind::CostShare) { "the house" } else { "a partner" };
        names.push(format!("{payer} paid a cost of {} partners", if partners > 1 { "several" } else { "some" }));
    }
    if moves("capital:house", EntryKind::Distribution) && moves("capital:partner", EntryKind::Distribution) {
        let profit = if moves("venture:", EntryKind::Distribution) { "and profit" } else { "alone" };
        names.push(format!("capital {profit} distributed"));
    }
    names.extend(match record.body() {
        Body::BrandUseDecided(_) => Some("brand use decided".to_owned()),
        Body::BreachCured(_) => Some("breach cured".to_owned()),
        Body::DeliverableCompleted(_) => Some("deliverable completed".to_owned()),
        Body::LaunchStepCompleted(body) => body.subject.as_ref().map(|subject| match subject {
            Subject::AgreementId(_) => "launch step of an agreement".to_owned(),
            Subject::PartnerId(_) => "launch step of a partner".to_owned(),
        }),
        Body::PartnerAssessed(_) => Some("partner assessed".to_owned()),
        Body::ReviewHeld(body) => Some(body.kind().as_str_name().to_owned()),
        _ => None,
    });
    names
}

/// What takes part without a signature.
fn of_proposals(known: &Known<'_>) -> Vec<String> {
    let is_unsigned = |agreement: &String| known.signature(agreement).is_none();
    let participants = known.campaigns().into_iter().flat_map(|plan| plan.participants.iter().filter_map(who_participates));
    participants.filter(is_unsigned).map(|_| "participant without a signature".to_owned()).collect()
}

fn states(known: &Known<'_>, at: crate::outside::model::calendar::Instant) -> Vec<String> {
    let mut names = Vec::new();
    for agreement in known.signed_agreements() {
        names.push(known.agreement_state(agreement, at).as_str_name().to_owned());
    }
    for plan in known.campaigns() {
        names.push(known.campaign_state(plan, at).as_str_name().to_owned());
        let ends = plan.participants.iter().filter_map(|participant| known.end(&who_participates(participant)?));
        let stopping = ends.filter(|end| known.stop(plan) == Some(end.at));
        names.extend(stopping.map(|end| format!("campaign stopped by {}", end.cause.as_str_name())));
    }
    for lead in known.leads() {
        names.push(known.lead_state(lead, at).as_str_name().to_owned());
        names.extend(known.owner_at(lead, at).map(|owner| owner.rule.as_str_name().to_owned()));
    }
    for partner in ["p1", "p2"] {
        for balance in known.balances(partner, at) {
            names.extend((balance.disputed > 0).then(|| "disputed".to_owned()));
            names.extend((balance.pending < 0).then(|| "pending below zero".to_owned()));
            names.extend((balance.payable < 0).then(|| "payable below zero".to_owned()));
        }
    }
    names
}
