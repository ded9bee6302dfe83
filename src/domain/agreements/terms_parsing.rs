//! Terms, from messages to checked values (rules 2.3, 13).

use super::terms::{
    Band, BrandUseTerms, Cadence, CommissionRule, DEFAULT_CHECK_IN_DAYS, DEFAULT_PROTECTION_DAYS, DEFAULT_REVIEW_DAYS, Exclusivity,
    Protection, Reward, Tail, Terms, Tiers, VentureOwnership, Window,
};
use crate::domain::calendar::Span;
use crate::domain::money::{MAX_AMOUNT, Money, WHOLE_BPS};
use crate::domain::parse::{Fields, MAX_ITEMS};
use crate::proto::{
    self, CampaignsAtEnd, CommissionTrigger, CustomerKind, LeadsAtEnd, OverrideBase, PayableOn, TailMode, TierMeasure, TierMode,
    WindowAnchor,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The most commission rules and the most bands of a rule.
const MAX_RULES: usize = 100;
/// How many levels of recruiters earn on a sale (rules 15.1).
const MAX_LEVEL: u32 = 5;

impl Terms {
    /// Reads the terms of a message; absent terms are bad.
    pub fn parse(message: Option<&proto::Terms>, fields: &mut Fields) -> Arc<Self> {
        let absent = proto::Terms::default();
        if message.is_none() {
            fields.bad("terms", "is required; an empty message holds the defaults");
        }
        let message = message.unwrap_or(&absent);
        fields.within("terms", |fields| Arc::new(Self::parse_present(message, fields)))
    }

    fn parse_present(message: &proto::Terms, fields: &mut Fields) -> Self {
        check_scope(message, fields);
        Self {
            zone: fields.time_zone("time_zone", &message.time_zone),
            rules: message
                .commission
                .as_ref()
                .map(|commission| fields.within("commission", |fields| parse_rules(commission, fields)))
                .unwrap_or_default(),
            protection: fields.within("lead_protection", |fields| parse_protection(message.lead_protection.as_ref(), fields)),
            credit_house_leads: message.credit_house_leads,
            leads_at_end: fields.enum_or("leads_at_end", message.leads_at_end, LeadsAtEnd::AcquirerKeeps),
            tail: message.tail.as_ref().map_or(Tail::None, |tail| fields.within("tail", |fields| parse_tail(tail, fields))),
            notice: message.notice.as_ref().map_or(Span::Days(0), |notice| fields.within("notice", |fields| parse_notice(notice, fields))),
            exclusivity: message
                .exclusivity
                .as_ref()
                .map(|exclusivity| fields.within("exclusivity", |fields| parse_exclusivity(exclusivity, fields))),
            brand_use: message
                .brand_use
                .as_ref()
                .map(|brand_use| fields.within("brand_use", |fields| parse_brand_use(brand_use, fields)))
                .unwrap_or_default(),
            campaigns_at_end: fields.enum_or("campaigns_at_end", message.campaigns_at_end, CampaignsAtEnd::Continue),
            ownership: message.ownership.as_ref().map(|ownership| parse_ownership(ownership, fields)),
            cadence: message.cadence.as_ref().map(|cadence| parse_cadence(cadence, fields)).unwrap_or_default(),
            minimum_payouts: parse_minimums(message, fields),
            reverse_on_house_fault: message.reverse_on_house_fault,
            message: Arc::new(message.clone()),
        }
    }
}

/// Checks the obligations, which are kept as sent and in no other form.
fn check_scope(message: &proto::Terms, fields: &mut Fields) {
    if let Some(scope) = &message.scope {
        fields.within("scope", |fields| {
            fields.each("obligations", &scope.obligations, MAX_ITEMS, |fields, obligation| {
                fields.enum_value::<proto::Side>("side", obligation.side);
                fields.required_text("description", &obligation.description);
            })
        });
    }
}

/// The minimums of both fields; one of a currency at most (rules 19.5, 22).
fn parse_minimums(message: &proto::Terms, fields: &mut Fields) -> Vec<Money> {
    let mut minimums: Vec<Money> = fields.optional_amount("minimum_payout", message.minimum_payout.as_ref()).into_iter().collect();
    let mut currencies: BTreeSet<&str> = message.minimum_payout.iter().map(|minimum| minimum.currency_code.as_str()).collect();
    let others = fields.each("minimum_payouts", &message.minimum_payouts, MAX_ITEMS, |fields, minimum| fields.amount("", Some(minimum)));
    for (index, minimum) in message.minimum_payouts.iter().enumerate() {
        if !currencies.insert(&minimum.currency_code) {
            let field = format!("minimum_payouts[{index}].currency_code");
            fields.bad(&field, "is the currency of an earlier minimum; each currency has one");
        }
    }
    minimums.extend(others);
    minimums
}

fn parse_brand_use(message: &proto::BrandUseTerms, fields: &mut Fields) -> BrandUseTerms {
    let channel = |fields: &mut Fields, channel: &i32| fields.enum_value("", *channel);
    BrandUseTerms {
        allowed_channels: fields.each("allowed_channels", &message.allowed_channels, MAX_ITEMS, channel),
        approval_channels: fields.each("approval_channels", &message.approval_channels, MAX_ITEMS, channel),
    }
}

fn parse_ownership(message: &proto::Ownership, fields: &mut Fields) -> VentureOwnership {
    if u64::from(message.house_bps) + u64::from(message.partner_bps) != u64::from(WHOLE_BPS) {
        fields.bad("ownership", format!("house_bps and partner_bps must add up to {WHOLE_BPS}"));
    }
    VentureOwnership { house_bps: message.house_bps, partner_bps: message.partner_bps }
}

/// Zero days mean the default.
fn parse_cadence(message: &proto::Cadence, fields: &mut Fields) -> Cadence {
    let or = |days: u32, default| if days == 0 { default } else { days };
    fields.within("cadence", |fields| Cadence {
        check_in_days: or(fields.days("check_in_days", message.check_in_days), DEFAULT_CHECK_IN_DAYS),
        review_days: or(fields.days("review_days", message.review_days), DEFAULT_REVIEW_DAYS),
    })
}

fn parse_protection(message: Option<&proto::LeadProtection>, fields: &mut Fields) -> Protection {
    let Some(message) = message else {
        return Protection::default();
    };
    let days = match &message.period {
        Some(proto::lead_protection::Period::Days(days)) => Some(fields.days("days", *days)),
        Some(proto::lead_protection::Period::Unlimited(true)) => None,
        Some(proto::lead_protection::Period::Unlimited(false)) | None => Some(DEFAULT_PROTECTION_DAYS),
    };
    let anchor = fields.enum_or("anchor", message.anchor, proto::ProtectionAnchor::Referral);
    Protection { days, from_approval: anchor == proto::ProtectionAnchor::Approval }
}

fn parse_tail(message: &proto::Tail, fields: &mut Fields) -> Tail {
    let days = fields.days("days", message.days);
    match fields.enum_or("mode", message.mode, TailMode::None) {
        TailMode::Days => Tail::Days(days),
        TailMode::RemainingWindow => Tail::RemainingWindow,
        TailMode::None | TailMode::Unspecified => Tail::None,
    }
}

fn parse_notice(message: &proto::Notice, fields: &mut Fields) -> Span {
    match message.period {
        Some(proto::notice::Period::Days(days)) => Span::Days(fields.days("days", days)),
        Some(proto::notice::Period::Months(months)) => Span::Months(fields.months("months", months, 0)),
        None => Span::Days(0),
    }
}

fn parse_exclusivity(message: &proto::Exclusivity, fields: &mut Fields) -> Exclusivity {
    Exclusivity {
        bound: fields.enum_value("bound", message.bound),
        partners: fields.each("partner_ids", &message.partner_ids, MAX_ITEMS, |fields, id| fields.id("", id)),
        categories: fields.each("categories", &message.categories, MAX_ITEMS, |fields, category| fields.key("", category)),
        months: message.months.map(|months| fields.months("months", months, 1)),
    }
}

fn parse_rules(message: &proto::Commission, fields: &mut Fields) -> Vec<CommissionRule> {
    let mut names = BTreeSet::new();
    fields.each("rules", &message.rules, MAX_RULES, |fields, rule| {
        if !names.insert(rule.name.clone()) && !rule.name.is_empty() {
            fields.bad("name", "is the name of an earlier rule of these terms; names are unique");
        }
        parse_rule(rule, fields)
    })
}

fn parse_rule(message: &proto::CommissionRule, fields: &mut Fields) -> CommissionRule {
    fields.required_text("name", &message.name);
    let rule = CommissionRule {
        name: message.name.clone(),
        trigger: fields.enum_value("trigger", message.trigger),
        products: fields.each("products", &message.products, MAX_ITEMS, |fields, product| fields.key("", product)),
        max_sales_per_lead: message.max_sales_per_lead,
        coupons: fields.each("coupons", &message.coupons, MAX_ITEMS, |fields, coupon| fields.key("", coupon)),
        customer: fields.enum_or("customer", message.customer, CustomerKind::Unspecified),
        minimum_sale: fields.optional_amount("minimum_sale", message.minimum_sale.as_ref()),
        reward: parse_reward(message.reward.as_ref(), fields),
        window: message.window.as_ref().map(|window| {
            fields.within("window", |fields| Window {
                months: fields.months("months", window.months, 1),
                anchor: fields.enum_value("anchor", window.anchor),
            })
        }),
        cap_per_lead: fields.optional_amount("cap_per_lead", message.cap_per_lead.as_ref()),
        max_per_sale: fields.optional_amount("max_per_sale", message.max_per_sale.as_ref()),
        hold_days: fields.days("hold_days", message.hold_days),
        awaits_customer_payment: fields.enum_or("payable_on", message.payable_on, PayableOn::Sale) == PayableOn::CustomerPayment,
        level: message.level,
        of: fields.enum_or("of", message.of, OverrideBase::Sale),
    };
    check_override(message, &rule, fields);
    if rule.trigger == CommissionTrigger::LeadQualified && message.reward.is_some() && !matches!(rule.reward, Reward::Flat(_)) {
        fields.bad(
            if matches!(rule.reward, Reward::Rate(_)) { "rate_bps" } else { "tiers" },
            "does not go with LEAD_QUALIFIED, which has no amount to share; pay a flat amount",
        );
    }
    let totals = matches!(&rule.reward, Reward::Tiers(tiers) if tiers.mode != TierMode::BySale);
    if rule.cap_per_lead.is_some() && totals {
        fields.bad("cap_per_lead", "does not go with MARGINAL or RETROACTIVE tiers, which rate all leads together");
    }
    if rule.max_per_sale.is_some() && totals {
        fields.bad("max_per_sale", "does not go with MARGINAL or RETROACTIVE tiers, which rate all sales together");
    }
    if rule.awaits_customer_payment && (totals || rule.trigger == CommissionTrigger::LeadQualified) {
        fields.bad("payable_on", "CUSTOMER_PAYMENT does not go with MARGINAL or RETROACTIVE tiers, nor with LEAD_QUALIFIED");
    }
    if rule.trigger == CommissionTrigger::RecruitedSale && rule.level == 0 { CommissionRule { level: 1, ..rule } } else { rule }
}

/// Checks what goes with `RECRUITED_SALE` alone, and what does not go with it (rules 22).
fn check_override(message: &proto::CommissionRule, rule: &CommissionRule, fields: &mut Fields) {
    if rule.trigger != CommissionTrigger::RecruitedSale {
        if message.level != 0 {
            fields.bad("level", "goes with RECRUITED_SALE alone; leave it out");
        }
        if message.of != OverrideBase::Unspecified as i32 {
            fields.bad("of", "goes with RECRUITED_SALE alone; leave it out");
        }
        return;
    }
    if rule.level > MAX_LEVEL {
        fields.bad("level", format!("must be at most {MAX_LEVEL}"));
    }
    if message.reward.is_some() && !matches!(rule.reward, Reward::Rate(_)) {
        fields
            .bad(if matches!(rule.reward, Reward::Flat(_)) { "flat" } else { "tiers" }, "does not go with RECRUITED_SALE; pay a rate_bps");
    }
    let others = [
        ("max_sales_per_lead", rule.max_sales_per_lead != 0),
        ("customer", rule.customer != CustomerKind::Unspecified),
        ("cap_per_lead", rule.cap_per_lead.is_some()),
    ];
    for (name, _) in others.into_iter().filter(|(_, is_there)| *is_there) {
        fields.bad(name, "does not go with RECRUITED_SALE; leave it out");
    }
    if rule.window.is_some_and(|window| window.anchor != WindowAnchor::AgreementEffective && window.anchor != WindowAnchor::Unspecified) {
        fields.bad("window.anchor", "must be AGREEMENT_EFFECTIVE with RECRUITED_SALE");
    }
}

fn parse_reward(message: Option<&proto::commission_rule::Reward>, fields: &mut Fields) -> Reward {
    match message {
        Some(proto::commission_rule::Reward::RateBps(bps)) => Reward::Rate(fields.bps("rate_bps", *bps)),
        Some(proto::commission_rule::Reward::Flat(flat)) => Reward::Flat(fields.amount("flat", Some(flat))),
        Some(proto::commission_rule::Reward::Tiers(tiers)) => Reward::Tiers(fields.within("tiers", |fields| parse_tiers(tiers, fields))),
        None => {
            fields.bad("reward", "is required: rate_bps, flat or tiers");
            Reward::Rate(0)
        }
    }
}

fn parse_tiers(message: &proto::Tiers, fields: &mut Fields) -> Tiers {
    if message.bands.is_empty() {
        fields.bad("bands", "must hold at least one band");
    }
    let mut before = None;
    let bands = fields.each("bands", &message.bands, MAX_RULES, |fields, band| {
        if !(0..=MAX_AMOUNT).contains(&band.from_minor_units) || before.is_some_and(|before| band.from_minor_units <= before) {
            fields.bad("from_minor_units", format!("must be from 0 to {MAX_AMOUNT} and above the band before"));
        }
        before = Some(band.from_minor_units);
        if !(0..=MAX_AMOUNT).contains(&band.bonus_minor_units) {
            fields.bad("bonus_minor_units", format!("must be from 0 to {MAX_AMOUNT}"));
        }
        if band.bonus_minor_units != 0 && band.from_minor_units == 0 {
            fields.bad("bonus_minor_units", "does not go with a band at 0, which is always reached");
        }
        if band.bonus_minor_units != 0 && message.mode == TierMode::BySale as i32 {
            fields.bad("bonus_minor_units", "does not go with BY_SALE, which rates sale by sale");
        }
        Band { from: band.from_minor_units, rate_bps: fields.bps("rate_bps", band.rate_bps), bonus: band.bonus_minor_units }
    });
    let measure = fields.enum_or("measure", message.measure, TierMeasure::NetSales);
    let mode = fields.enum_value("mode", message.mode);
    if measure == TierMeasure::Sales && mode != TierMode::BySale {
        fields.bad("measure", "SALES goes with BY_SALE alone");
    }
    let currency = match measure {
        TierMeasure::Sales if message.currency_code.is_empty() => None,
        TierMeasure::Sales => {
            fields.bad("currency_code", "must be empty with the measure SALES, where any currency matches");
            None
        }
        TierMeasure::NetSales | TierMeasure::Unspecified => fields.currency("currency_code", &message.currency_code),
    };
    Tiers { mode, period: fields.enum_value("period", message.period), measure, currency, bands }
}
