//! Terms of an agreement: parsed once, then only read (rules 4–7).

use crate::domain::calendar::{Period, Span, Time, Tz};
use crate::domain::ids::Id;
use crate::domain::money::{Currency, Money};
use crate::proto::{
    self, Bound, BrandChannel, CampaignsAtEnd, CommissionTrigger, CustomerKind, LeadsAtEnd, OverrideBase, TierMeasure, TierMode,
    TierPeriod, WindowAnchor,
};
use std::sync::Arc;

/// The most bytes of terms that are recorded, as encoded (rules 2.3).
pub const MAX_TERMS_BYTES: usize = 256 << 10;
/// How long a claim is protected if the terms say nothing (rules 5.2).
pub(super) const DEFAULT_PROTECTION_DAYS: u32 = 90;
/// Days from one check-in to the next if the terms say nothing (rules 10.2).
pub(super) const DEFAULT_CHECK_IN_DAYS: u32 = 31;
/// Days from one quarterly business review to the next if the terms say nothing (rules 10.2).
pub(super) const DEFAULT_REVIEW_DAYS: u32 = 92;

/// A version of an agreement's terms.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// The time zone in which days and months count (rules 1.5).
    pub zone: Tz,
    /// Commission rules, in the order in which they are tried (rules 6.2).
    pub rules: Vec<CommissionRule>,
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
    /// An obligation not to work with others (rules 4.6).
    pub exclusivity: Option<Exclusivity>,
    /// Which uses of the brands need no approval, and which do (rules 10.1).
    pub brand_use: BrandUseTerms,
    /// Whether campaigns go on or stop with the agreement (rules 8.3).
    pub campaigns_at_end: CampaignsAtEnd,
    /// The shares of a joint venture; none if it is not one (rules 9).
    pub ownership: Option<VentureOwnership>,
    /// How often the partners talk (rules 10.2).
    pub cadence: Cadence,
    /// The least payouts proposed, one of a currency at most (rules 7.3, 19.5).
    pub minimum_payouts: Vec<Money>,
    /// Whether a refund for the house's fault takes commission back (rules 6.8).
    pub reverse_on_house_fault: bool,
    /// The terms as sent, for queries.
    pub message: Arc<proto::Terms>,
}

impl Eq for Terms {}

/// Where brands may be used (rules 10.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrandUseTerms {
    /// Where a use is allowed.
    pub allowed_channels: Vec<BrandChannel>,
    /// Where it needs an approval even if it is allowed.
    pub approval_channels: Vec<BrandChannel>,
}

/// Who owns a joint venture, in basis points that add up to 10 000 (rules 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VentureOwnership {
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
pub struct CommissionRule {
    /// Its name, unique in the terms.
    pub name: String,
    /// What it pays for.
    pub trigger: CommissionTrigger,
    /// For which products; empty for all.
    pub products: Vec<Box<str>>,
    /// For how many sales of a lead; 0 for all.
    pub max_sales_per_lead: u32,
    /// For sales with which coupons; empty for any (rules 14.10).
    pub coupons: Vec<Box<str>>,
    /// For which customers (rules 14.10).
    pub customer: CustomerKind,
    /// The least amount of the sale, in its currency (rules 14.10).
    pub minimum_sale: Option<Money>,
    /// What it pays.
    pub reward: Reward,
    /// For how long it pays (rules 6.3).
    pub window: Option<Window>,
    /// The most that one lead accrues (rules 6.6).
    pub cap_per_lead: Option<Money>,
    /// The most that all parts of one sale accrue (rules 14.11).
    pub max_per_sale: Option<Money>,
    /// Days until an accrual is available (rules 6.7).
    pub hold_days: u32,
    /// Whether an accrual waits for the customer's payment (rules 17.1).
    pub awaits_customer_payment: bool,
    /// Of `RECRUITED_SALE`, for sales of the agreement how many levels below, from 1 on; else 0 (rules 15.2).
    pub level: u32,
    /// Of `RECRUITED_SALE`, what the rate is a share of (rules 15.2).
    pub of: OverrideBase,
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

/// Tiers over what is sold in a period (rules 6.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tiers {
    /// How bands rate.
    pub mode: TierMode,
    /// The period over which sales are added up.
    pub period: TierPeriod,
    /// What is added up: net sales, or the number of sales (rules 14.12).
    pub measure: TierMeasure,
    /// The currency of the sales and bands; `None` with the number of sales, where any matches.
    pub currency: Option<Currency>,
    /// Bands with strictly rising thresholds.
    pub bands: Vec<Band>,
}

/// A band of tiers (rules 6.5, 14.13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// Where it starts: minor units, or a number of sales.
    pub from: i64,
    /// Its rate in basis points.
    pub rate_bps: u32,
    /// What reaching it earns once, in minor units.
    pub bonus: i64,
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

    /// Returns the rate, in basis points, of the band in which a total lies; a band starts at its threshold. 0 below the first.
    pub fn rate_at(&self, total: i128) -> u32 {
        self.bands.iter().rev().find(|band| i128::from(band.from) <= total).map_or(0, |band| band.rate_bps)
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
    /// Returns a window of these terms from an anchor, as [start, end).
    pub fn window_from(&self, anchor: Time, window: Window) -> (Time, Time) {
        (anchor, crate::domain::calendar::add_months(anchor, window.months, self.zone))
    }
}
