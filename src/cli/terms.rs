//! The terms of an agreement in words.

use super::table::Table;
use super::text::{amount, count, line, list, money, percent, word};
use partnership_ledger::proto::commission_rule::Reward;
use partnership_ledger::proto::{
    Bound, BrandChannel, CampaignsAtEnd, CommissionRule, CommissionTrigger, Exclusivity, LeadProtection, LeadsAtEnd, ProtectionAnchor,
    Side, TailMode, Terms, TierMode, TierPeriod, Tiers, WindowAnchor, lead_protection, notice,
};

/// What the terms say, a line each; what they leave to the default is said too where it decides over money or leads.
pub fn table(terms: &Terms) -> Table {
    let mut table = Table::facts();
    for rule in terms.commission.iter().flat_map(|commission| &commission.rules) {
        table.fact("commission", commission_rule(rule));
    }
    table.fact("lead protection", lead_protection(terms.lead_protection.as_ref()));
    if terms.credit_house_leads {
        table.fact("house leads", "sales of leads that the house acquires run through the agreement");
    }
    table.fact("leads at the end", leads_at_end(terms.leads_at_end()));
    table.fact("commission after the end", tail(terms));
    table.fact("notice", notice(terms));
    table.fact("exclusivity", terms.exclusivity.as_ref().map(exclusivity).unwrap_or_default());
    table.fact("minimum payout", money(terms.minimum_payout.as_ref()));
    table.fact("brand", brand(terms));
    if terms.campaigns_at_end() == CampaignsAtEnd::Stop {
        table.fact("campaigns at the end", "stop");
    }
    if let Some(ownership) = terms.ownership {
        table.fact("ownership", format!("house {}, partner {}", percent(ownership.house_bps), percent(ownership.partner_bps)));
    }
    if let Some(cadence) = terms.cadence {
        let (check_in, review) = (count(cadence.check_in_days, "day"), count(cadence.review_days, "day"));
        table.fact("cadence", format!("a check-in every {check_in}, a review every {review}"));
    }
    if terms.reverse_on_house_fault {
        table.fact("refunds", "reverse commission even where the house is at fault");
    }
    for obligation in terms.scope.iter().flat_map(|scope| &scope.obligations) {
        table.fact(&format!("the {} owes", word::<Side>(obligation.side)), line(&obligation.description));
    }
    table.fact("time zone", line(&terms.time_zone));
    table
}

fn commission_rule(rule: &CommissionRule) -> String {
    let per = match rule.trigger() {
        CommissionTrigger::LeadQualified => "qualified lead",
        _ => "sale",
    };
    let mut parts = vec![match &rule.reward {
        Some(Reward::RateBps(bps)) => format!("{} of each {per}", percent(*bps)),
        Some(Reward::Flat(flat)) => format!("{} for each {per}", money(Some(flat))),
        Some(Reward::Tiers(tiers)) => tiers_in_words(tiers),
        None => "nothing".to_owned(),
    }];
    if !rule.products.is_empty() {
        parts.push(format!("only for {}", list(&rule.products)));
    }
    if rule.max_sales_per_lead > 0 {
        parts.push(format!("for the first {} of a lead", count(rule.max_sales_per_lead, "sale")));
    }
    if let Some(window) = rule.window {
        parts.push(format!("for {} from {}", count(window.months, "month"), anchor(window.anchor())));
    }
    if let Some(cap) = &rule.cap_per_lead {
        parts.push(format!("at most {} per lead", money(Some(cap))));
    }
    if rule.hold_days > 0 {
        parts.push(format!("available after {}", count(rule.hold_days, "day")));
    }
    format!("{}: {}", line(&rule.name), parts.join(", "))
}

fn anchor(anchor: WindowAnchor) -> &'static str {
    match anchor {
        WindowAnchor::FirstSale => "the first sale",
        WindowAnchor::AgreementEffective => "the agreement's start",
        WindowAnchor::LeadReferred | WindowAnchor::Unspecified => "the referral",
    }
}

fn tiers_in_words(tiers: &Tiers) -> String {
    let bands =
        tiers.bands.iter().map(|band| format!("{} from {}", percent(band.rate_bps), amount(&tiers.currency_code, band.from_minor_units)));
    let how = match tiers.mode() {
        TierMode::Retroactive => "on the whole total",
        TierMode::BySale => "on each sale by the total before it",
        TierMode::Marginal | TierMode::Unspecified => "on each part of the total",
    };
    let period = match tiers.period() {
        TierPeriod::Lifetime => "over the whole time".to_owned(),
        period => format!("per {}", word::<TierPeriod>(period.into())),
    };
    format!("{} of net sales {period}, {how}", bands.collect::<Vec<_>>().join(", "))
}

fn lead_protection(protection: Option<&LeadProtection>) -> String {
    let from = match protection.map(LeadProtection::anchor) {
        Some(ProtectionAnchor::Approval) => "the approval",
        _ => "the referral",
    };
    match protection.and_then(|protection| protection.period) {
        Some(lead_protection::Period::Unlimited(_)) => "without limit".to_owned(),
        Some(lead_protection::Period::Days(days)) => format!("{} from {from}", count(days, "day")),
        None => format!("90 days from {from}"),
    }
}

fn leads_at_end(leads_at_end: LeadsAtEnd) -> &'static str {
    match leads_at_end {
        LeadsAtEnd::House => "pass to the house",
        LeadsAtEnd::Partner => "pass to the partner",
        LeadsAtEnd::AcquirerKeeps | LeadsAtEnd::Unspecified => "stay with their owners",
    }
}

fn tail(terms: &Terms) -> String {
    let tail = terms.tail.unwrap_or_default();
    match tail.mode() {
        TailMode::Days => format!("for {} on leads acquired before", count(tail.days, "day")),
        TailMode::RemainingWindow => "on leads acquired before, as long as the rule's window runs".to_owned(),
        TailMode::None | TailMode::Unspecified => "none".to_owned(),
    }
}

fn notice(terms: &Terms) -> String {
    match terms.notice.and_then(|notice| notice.period) {
        Some(notice::Period::Days(days)) => count(days, "day"),
        Some(notice::Period::Months(months)) => count(months, "month"),
        None => "none needed".to_owned(),
    }
}

fn exclusivity(exclusivity: &Exclusivity) -> String {
    let bound = match exclusivity.bound() {
        Bound::Both => "both sides".to_owned(),
        bound => format!("the {}", word::<Bound>(bound.into())),
    };
    let mut others = Vec::new();
    if !exclusivity.partner_ids.is_empty() {
        others.push(list(&exclusivity.partner_ids));
    }
    if !exclusivity.categories.is_empty() {
        others.push(format!("partners of category {}", list(&exclusivity.categories)));
    }
    let until = match exclusivity.months {
        Some(months) => format!("for {}", count(months, "month")),
        None => "until the agreement's end".to_owned(),
    };
    format!("{bound} may not work with {}, {until}", others.join(", nor with "))
}

fn brand(terms: &Terms) -> String {
    let Some(brand) = &terms.brand_use else { return String::new() };
    let channels = |channels: &[i32]| channels.iter().map(|channel| word::<BrandChannel>(*channel)).collect::<Vec<_>>().join(", ");
    let mut parts = Vec::new();
    if !brand.allowed_channels.is_empty() {
        parts.push(format!("allowed: {}", channels(&brand.allowed_channels)));
    }
    if !brand.approval_channels.is_empty() {
        parts.push(format!("to be approved: {}", channels(&brand.approval_channels)));
    }
    parts.join("; ")
}
