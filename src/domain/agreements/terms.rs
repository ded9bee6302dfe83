//! Terms of an agreement: parsed once, then only read (rules 4–7).

use crate::domain::calendar::{Period, Span, Time, Tz};
use crate::domain::ids::Id;
use crate::domain::money::{Currency, MAX_AMOUNT, Money, WHOLE_BPS};
use crate::domain::parse::{Fields, MAX_ITEMS};
use crate::proto::{
    self, Bound, BrandChannel, CampaignsAtEnd, CommissionTrigger, LeadsAtEnd, TailMode, TierMode, TierPeriod, WindowAnchor,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How long a claim is protected if the terms say nothing (rules 5.2).
const DEFAULT_PROTECTION_DAYS: u32 = 90;
/// Days from one check-in to the next if the terms say nothing (rules 10.2).
const DEFAULT_CHECK_IN_DAYS: u32 = 31;
/// Days from one quarterly business review to the next if the terms say nothing (rules 10.2).
const DEFAULT_REVIEW_DAYS: u32 = 92;
/// The most commission rules and the most bands of a rule.
const MAX_RULES: usize = 100;

/// A version of an agreement's terms.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// Whose days and months count (rules 1.5).
    pub zone: Tz,
    /// Commission rules, in the order in which they are tried (rules 6.2).
    pub rules: Vec<Rule>,
    /// How long claims are protected (rules 5.2).
    pub protection: Protection,
    /// Whether leads of the house's run through this agreement (rules 5.1).
    pub credit_house_leads: bool,
    /// Who owns the leads after the end (rules 5.4).
    pub leads_at_end: LeadsAtEnd,
    /// What sales earn after the end (rules 6.4).
    pub tail: Tail,
    /// The notice period (rules 4.4).
    pub notice: Span,
    /// Who may not work with whom (rules 4.6).
    pub exclusivity: Option<Exclusivity>,
    /// Which uses of the brands need no approval, and which do (rules 10.1).
    pub brand_use: BrandUse,
    /// Whether campaigns go on or stop with the agreement (rules 8.3).
    pub campaigns_at_end: CampaignsAtEnd,
    /// The shares of a joint venture; none if it is not one (rules 9).
    pub ownership: Option<Ownership>,
    /// How often the partners talk (rules 10.2).
    pub cadence: Cadence,
    /// The least payout proposed (rules 7.3).
    pub minimum_payout: Option<Money>,
    /// Whether a refund for the house's fault takes commission back (rules 6.8).
    pub reverse_on_house_fault: bool,
    /// The terms as sent, for answers.
    pub message: Arc<proto::Terms>,
}

impl Eq for Terms {}

/// Where brands may be used (rules 10.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrandUse {
    /// Where a use is allowed.
    pub allowed_channels: Vec<BrandChannel>,
    /// Where it needs an approval all the same.
    pub approval_channels: Vec<BrandChannel>,
}

/// Who owns a joint venture, in basis points that add up to 10 000 (rules 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// The house's share.
    pub house_bps: u32,
    /// The partner's share.
    pub partner_bps: u32,
}

/// How often the partners talk, in days (rules 10.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadence {
    /// From one check-in to the next.
    pub check_in_days: u32,
    /// From one quarterly business review to the next.
    pub review_days: u32,
}

impl Default for Cadence {
    fn default() -> Self {
        Self { check_in_days: DEFAULT_CHECK_IN_DAYS, review_days: DEFAULT_REVIEW_DAYS }
    }
}

/// Protection of a claim (rules 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protection {
    /// Days from the anchor; `None` for no limit.
    pub days: Option<u32>,
    /// Whether it counts from the approval and not from the referral.
    pub from_approval: bool,
}

impl Protection {
    /// Without limit.
    pub const UNLIMITED: Self = Self { days: None, from_approval: false };
}

impl Default for Protection {
    fn default() -> Self {
        Self { days: Some(DEFAULT_PROTECTION_DAYS), from_approval: false }
    }
}

/// What sales earn after an agreement's end (rules 6.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// Nothing.
    None,
    /// As before, until that many days after the end.
    Days(u32),
    /// As before, until the rule's window ends.
    RemainingWindow,
}

/// An obligation not to work with others (rules 4.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclusivity {
    /// Who is bound.
    pub bound: Bound,
    /// With which partners not, registered or not.
    pub partners: Vec<Id>,
    /// With partners of which categories not.
    pub categories: Vec<Box<str>>,
    /// For how many months from the agreement's start; `None` to its end.
    pub months: Option<u32>,
}

/// A commission rule (rules 6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, unique in the terms.
    pub name: String,
    /// What it pays for.
    pub trigger: CommissionTrigger,
    /// For which products; empty for all.
    pub products: Vec<Box<str>>,
    /// For how many sales of a lead; 0 for all.
    pub max_sales_per_lead: u32,
    /// What it pays.
    pub reward: Reward,
    /// For how long it pays (rules 6.3).
    pub window: Option<Window>,
    /// The most that one lead accrues (rules 6.6).
    pub cap_per_lead: Option<Money>,
    /// Days until an accrual is available (rules 6.7).
    pub hold_days: u32,
}

/// What a rule pays (rules 6.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reward {
    /// A share in basis points.
    Rate(u32),
    /// An amount per sale or qualified lead.
    Flat(Money),
    /// Tiers over net sales.
    Tiers(Tiers),
}

/// Tiers over net sales in a period (rules 6.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tiers {
    /// How bands rate.
    pub mode: TierMode,
    /// Over what sales are added up.
    pub period: TierPeriod,
    /// The currency of the sales and bands.
    pub currency: Currency,
    /// Thresholds in minor units, strictly rising, with their rates in basis points.
    pub bands: Vec<(i64, u32)>,
}

/// For how long a rule pays (rules 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// How many months.
    pub months: u32,
    /// From when.
    pub anchor: WindowAnchor,
}

impl Tiers {
    /// The period as the calendar knows it.
    pub fn calendar_period(&self) -> Period {
        match self.period {
            TierPeriod::Month => Period::Month,
            TierPeriod::Quarter => Period::Quarter,
            TierPeriod::Year => Period::Year,
            TierPeriod::Lifetime | TierPeriod::Unspecified => Period::Lifetime,
        }
    }

    /// The rate of the band in which a total lies; a band starts at its threshold; none before the first.
    pub fn rate_at(&self, total: i128) -> u32 {
        self.bands.iter().rev().find(|(from, _)| i128::from(*from) <= total).map_or(0, |(_, rate)| *rate)
    }
}

impl Exclusivity {
    /// Whether it names a partner, by id or by a category.
    pub fn names(&self, partner: &Id, categories: &[Box<str>]) -> bool {
        self.partners.contains(partner) || self.categories.iter().any(|category| categories.contains(category))
    }

    /// Whether the house is bound.
    pub fn binds_house(&self) -> bool {
        matches!(self.bound, Bound::House | Bound::Both)
    }
}

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
            leads_at_end: fields.chosen_or("leads_at_end", message.leads_at_end, LeadsAtEnd::AcquirerKeeps),
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
            campaigns_at_end: fields.chosen_or("campaigns_at_end", message.campaigns_at_end, CampaignsAtEnd::Continue),
            ownership: message.ownership.as_ref().map(|ownership| parse_ownership(ownership, fields)),
            cadence: message.cadence.as_ref().map(|cadence| parse_cadence(cadence, fields)).unwrap_or_default(),
            minimum_payout: fields.optional_amount("minimum_payout", message.minimum_payout.as_ref()),
            reverse_on_house_fault: message.reverse_on_house_fault,
            message: Arc::new(message.clone()),
        }
    }

    /// When a window of these terms starts and ends, from an anchor.
    pub fn window_from(&self, anchor: Time, window: Window) -> (Time, Time) {
        (anchor, crate::domain::calendar::add_months(anchor, window.months, self.zone))
    }
}

/// What the sides promised is kept as sent.
fn check_scope(message: &proto::Terms, fields: &mut Fields) {
    if let Some(scope) = &message.scope {
        fields.within("scope", |fields| {
            fields.each("obligations", &scope.obligations, MAX_ITEMS, |fields, obligation| {
                fields.chosen::<proto::Side>("side", obligation.side);
                fields.required_text("description", &obligation.description);
            })
        });
    }
}

fn parse_brand_use(message: &proto::BrandUseTerms, fields: &mut Fields) -> BrandUse {
    let channel = |fields: &mut Fields, channel: &i32| fields.chosen("", *channel);
    BrandUse {
        allowed_channels: fields.each("allowed_channels", &message.allowed_channels, MAX_ITEMS, channel),
        approval_channels: fields.each("approval_channels", &message.approval_channels, MAX_ITEMS, channel),
    }
}

fn parse_ownership(message: &proto::Ownership, fields: &mut Fields) -> Ownership {
    if u64::from(message.house_bps) + u64::from(message.partner_bps) != u64::from(WHOLE_BPS) {
        fields.bad("ownership", format!("house_bps and partner_bps must add up to {WHOLE_BPS}"));
    }
    Ownership { house_bps: message.house_bps, partner_bps: message.partner_bps }
}

/// Zero stands for what is not said.
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
    let anchor = fields.chosen_or("anchor", message.anchor, proto::ProtectionAnchor::Referral);
    Protection { days, from_approval: anchor == proto::ProtectionAnchor::Approval }
}

fn parse_tail(message: &proto::Tail, fields: &mut Fields) -> Tail {
    let days = fields.days("days", message.days);
    match fields.chosen_or("mode", message.mode, TailMode::None) {
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
        bound: fields.chosen("bound", message.bound),
        partners: fields.each("partner_ids", &message.partner_ids, MAX_ITEMS, |fields, id| fields.id("", id)),
        categories: fields.each("categories", &message.categories, MAX_ITEMS, |fields, category| fields.key("", category)),
        months: message.months.map(|months| fields.months("months", months, 1)),
    }
}

fn parse_rules(message: &proto::Commission, fields: &mut Fields) -> Vec<Rule> {
    let mut names = BTreeSet::new();
    fields.each("rules", &message.rules, MAX_RULES, |fields, rule| {
        if !names.insert(rule.name.clone()) && !rule.name.is_empty() {
            fields.bad("name", "is the name of an earlier rule of these terms; names are unique");
        }
        parse_rule(rule, fields)
    })
}

fn parse_rule(message: &proto::CommissionRule, fields: &mut Fields) -> Rule {
    fields.required_text("name", &message.name);
    let rule = Rule {
        name: message.name.clone(),
        trigger: fields.chosen("trigger", message.trigger),
        products: fields.each("products", &message.products, MAX_ITEMS, |fields, product| fields.key("", product)),
        max_sales_per_lead: message.max_sales_per_lead,
        reward: parse_reward(message.reward.as_ref(), fields),
        window: message.window.as_ref().map(|window| {
            fields.within("window", |fields| Window {
                months: fields.months("months", window.months, 1),
                anchor: fields.chosen("anchor", window.anchor),
            })
        }),
        cap_per_lead: fields.optional_amount("cap_per_lead", message.cap_per_lead.as_ref()),
        hold_days: fields.days("hold_days", message.hold_days),
    };
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
    rule
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
        (band.from_minor_units, fields.bps("rate_bps", band.rate_bps))
    });
    Tiers {
        mode: fields.chosen("mode", message.mode),
        period: fields.chosen("period", message.period),
        currency: fields
            .currency("currency_code", &message.currency_code)
            .unwrap_or_else(|| Currency::from_code("USD").expect("USD is listed")),
        bands,
    }
}
