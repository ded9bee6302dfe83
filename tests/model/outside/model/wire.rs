//! The model's effects as the contract's messages.

use partnership_ledger::proto::{self as pb, effect::Effect, event::Body};

use super::record::{Assessed, Decision, Declined, Party, Posting, Record, TierWorking};
use crate::outside::ledger::stamp;

/// All effects of a record.
pub fn effects(record: &Record) -> Vec<pb::Effect> {
    let effects = &record.effects;
    let booked = effects.postings.iter().filter(|posting| !posting.account.is_empty());
    let mut all: Vec<Effect> = booked.map(posting).collect();
    all.extend(effects.assessed.iter().map(|a| Effect::CommissionAssessed(assessed(a))));
    all.extend(effects.decision.as_ref().map(|d| Effect::LeadOwnerSet(owner_set(d))));
    let lead = effects.lead.clone().unwrap_or_default();
    all.extend(effects.declined.as_ref().map(|d| claim_declined(d, lead.clone())));
    for breach in &effects.breaches {
        all.push(Effect::ExclusivityBreached(pb::ExclusivityBreached {
            agreement_id: breach.broken.clone(),
            by_agreement_id: breach.by.clone(),
        }));
    }
    if let Some((at, cause)) = effects.end {
        all.push(Effect::AgreementEndSet(pb::AgreementEndSet {
            agreement_id: agreement_of(record.body()),
            ends_at: Some(stamp(at)),
            cause: cause.into(),
        }));
    }
    all.extend(effects.protection.map(|protection| {
        Effect::LeadProtectionSet(pb::LeadProtectionSet { lead_id: lead, protected_until: protection.until().map(stamp) })
    }));
    all.extend(refund_applied(record));
    all.extend(void_applied(record));
    if let Body::BrandUseRequested(body) = record.body()
        && effects.brand_use_approved
    {
        all.push(Effect::BrandUseApproved(pb::BrandUseApproved { brand_use_id: body.brand_use_id.clone() }));
    }
    let wrap = |effect| pb::Effect { effect: Some(effect) };
    all.into_iter().map(wrap).collect()
}

fn agreement_of(body: &Body) -> String {
    match body {
        Body::AgreementSigned(body) => body.agreement_id.clone(),
        Body::AgreementRenewed(body) => body.agreement_id.clone(),
        Body::TerminationNoticeGiven(body) => body.agreement_id.clone(),
        Body::AgreementTerminated(body) => body.agreement_id.clone(),
        other => unreachable!("sets no end: {other:?}"),
    }
}

fn refund_applied(record: &Record) -> Option<Effect> {
    let (Body::SaleRefunded(body), Some(refund)) = (record.body(), &record.effects.refund) else {
        return None;
    };
    let currency = &body.amount.as_ref()?.currency_code;
    let lines = refund.line_ids.iter().zip(&refund.lines).filter(|(_, amount)| **amount != 0);
    let parts = refund.parts_of.iter().zip(&refund.parts).filter(|(_, amount)| **amount != 0);
    Some(Effect::RefundApplied(pb::RefundApplied {
        refund_id: body.refund_id.clone(),
        sale_id: body.sale_id.clone(),
        amount: Some(money(currency, refund.applied)),
        cut_off: (refund.cut_off != 0).then(|| money(currency, refund.cut_off)),
        lines: lines
            .filter(|_| refund.lines.len() > 1)
            .map(|(line, amount)| pb::RefundLine { line_id: line.clone(), amount: Some(money(currency, *amount)) })
            .collect(),
        parts: parts
            .filter(|_| refund.parts.len() > 1)
            .map(|((part, line_id, agreement_id), amount)| pb::RefundedPart {
                part: *part,
                line_id: line_id.clone(),
                agreement_id: agreement_id.clone(),
                amount: Some(money(currency, *amount)),
                ..pb::RefundedPart::default()
            })
            .collect(),
        ..pb::RefundApplied::default()
    }))
}

fn void_applied(record: &Record) -> Option<Effect> {
    let (sale_id, currency, left) = record.effects.voided.clone()?;
    Some(Effect::SaleVoidApplied(pb::SaleVoidApplied { sale_id, amount: Some(money(&currency, left)), taken_from_house: None }))
}

fn posting(posting: &Posting) -> Effect {
    Effect::Posting(pb::Posting {
        account: posting.account.clone(),
        amount: Some(money(&posting.currency, posting.amount)),
        effective_at: Some(stamp(posting.effective)),
        available_at: posting.available.map(stamp),
        kind: posting.kind.into(),
        partner_id: posting.account.strip_prefix("partner:").map(str::to_owned),
        agreement_id: posting.agreement.clone(),
        lead_id: posting.lead.clone(),
        sale_id: posting.sale.clone(),
        campaign_id: posting.campaign.clone(),
        awaits_customer_payment: posting.awaits,
        part: posting.part,
    })
}

/// What a sale or qualification earned.
pub fn assessed(assessed: &Assessed) -> pb::CommissionAssessed {
    let amount = |currency: &String| money(currency, assessed.amount);
    let cut_off = |currency: &String| money(currency, assessed.cut_off);
    let is_cut = assessed.cut_off != 0;
    pb::CommissionAssessed {
        sale_id: assessed.sale.clone(),
        lead_id: assessed.lead.clone().filter(|_| assessed.sale.is_none()),
        agreement_id: assessed.agreement.clone().unwrap_or_default(),
        terms_position: assessed.terms_position,
        rule_name: assessed.rule.as_ref().map_or(String::new(), |rule| rule.name.clone()),
        base: assessed.base.as_ref().map(|(currency, amount)| money(currency, *amount)),
        rate_bps: assessed.rate,
        window: assessed.window.map(|(start, end)| pb::WindowInterval { start: Some(stamp(start)), end: Some(stamp(end)) }),
        amount: assessed.currency.as_ref().map(amount),
        available_at: assessed.available.map(stamp),
        outcome: assessed.outcome.into(),
        cut_off: assessed.currency.as_ref().filter(|_| is_cut).map(cut_off),
        tier_working: assessed.tiers.as_ref().map(|tiers| Box::new(tier_working(tiers, assessed))),
        line_id: assessed.line_id.clone().filter(|_| assessed.agreement.is_some()),
        share_bps: assessed.share_bps,
        level: assessed.level,
        downline_agreement_id: assessed.downline.clone(),
        part: assessed.part,
        awaits_customer_payment: assessed.awaits,
    }
}

fn tier_working(working: &TierWorking, assessed: &Assessed) -> pb::TierWorking {
    use pb::commission_rule::Reward;
    let reward = assessed.rule.as_ref().and_then(|rule| rule.reward.as_ref());
    let Some(Reward::Tiers(tiers)) = reward else {
        unreachable!("worked out by tiers");
    };
    pb::TierWorking {
        mode: tiers.mode,
        period_start: working.period.map(|(start, _)| stamp(start)),
        period_end: working.period.map(|(_, end)| stamp(end)),
        net_sales_before: minor(working.before),
        net_sales_after: minor(working.after),
        earned_before: minor(working.earned_before),
        earned_after: minor(working.earned_after),
        period: tiers.period,
        measure: tiers.measure,
        sales_before: minor(working.sales_before.unwrap_or(0)),
        bonus: minor(working.bonus),
    }
}

fn owner_set(decision: &Decision) -> pb::LeadOwnerSet {
    let pinned = &decision.pinned;
    let awaits = pinned.from_approval && decision.is_claim;
    let until = pinned.days.filter(|_| !awaits).map(|days| stamp(super::calendar::plus_days(decision.occurred, days, pinned.zone)));
    pb::LeadOwnerSet {
        lead_id: decision.lead.clone(),
        owner: Some(party(&decision.owner)),
        agreement_id: decision.credit.clone().unwrap_or_default(),
        rule: decision.rule.into(),
        protected_until: until,
        terms_position: decision.terms_position,
    }
}

fn claim_declined(declined: &Declined, lead: String) -> Effect {
    Effect::LeadClaimDeclined(pb::LeadClaimDeclined {
        lead_id: lead,
        agreement_id: declined.agreement.clone().unwrap_or_default(),
        held_by: Some(party(&declined.held_by)),
        protected_until: declined.protected_until.map(stamp),
        earlier_than_owner: declined.earlier_than_owner,
    })
}

/// A party on the wire.
pub fn party(party: &Party) -> pb::Party {
    let party = match party {
        Party::House => pb::party::Party::House(true),
        Party::Partner(id) => pb::party::Party::PartnerId(id.clone()),
    };
    pb::Party { party: Some(party) }
}

/// An amount on the wire.
pub fn money(currency: &str, amount: i128) -> pb::Money {
    pb::Money { currency_code: currency.to_owned(), minor_units: minor(amount) }
}

/// Minor units on the wire.
pub fn minor(amount: i128) -> i64 {
    i64::try_from(amount).expect("within 64 bits")
}
