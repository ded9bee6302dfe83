//! Shares of amounts and tiers over net sales. Rules 3.3, 6.5.

use partnership_ledger::proto::{self as pb, CommissionOutcome as Outcome, TierMode, TierPeriod, event::Body};

use super::calendar::{self, Instant};
use super::commission::same_rule;
use super::record::{Assessed, Known, Record, TierWorking};

/// `amount × bps / 10 000`, rounded half away from zero.
pub fn share(amount: i128, bps: u32) -> i128 {
    rounded(amount * i128::from(bps), 10_000)
}

/// A quotient rounded half away from zero; `divisor` is above zero.
pub fn rounded(dividend: i128, divisor: i128) -> i128 {
    let size = (2 * dividend.abs() + divisor) / (2 * divisor);
    size * dividend.signum()
}

/// The rate of the band in which a total lies; below the first band nothing.
pub fn band_rate(tiers: &pb::Tiers, total: i128) -> u32 {
    let reached = |band: &&pb::TierBand| i128::from(band.from_minor_units) <= total;
    tiers.bands.iter().rfind(reached).map_or(0, |band| band.rate_bps)
}

/// E(total): what a total of net sales earns. Not for BY_SALE.
pub fn earned(tiers: &pb::Tiers, total: i128) -> i128 {
    match tiers.mode() {
        TierMode::Retroactive => share(total, band_rate(tiers, total)),
        TierMode::Marginal => {
            let mut exact = 0;
            for (index, band) in tiers.bands.iter().enumerate() {
                let from = i128::from(band.from_minor_units);
                let next = tiers.bands.get(index + 1);
                let to = next.map_or(total, |next| total.min(i128::from(next.from_minor_units)));
                exact += (to - from).max(0) * i128::from(band.rate_bps);
            }
            rounded(exact, 10_000)
        }
        TierMode::BySale | TierMode::Unspecified => unreachable!("rates each sale by itself"),
    }
}

/// The period of the tiers around a sale; none for a lifetime.
pub fn period(tiers: &pb::Tiers, at: Instant, zone: chrono_tz::Tz) -> Option<(Instant, Instant)> {
    let months = match tiers.period() {
        TierPeriod::Month => 1,
        TierPeriod::Quarter => 3,
        TierPeriod::Year => 12,
        TierPeriod::Lifetime => return None,
        TierPeriod::Unspecified => unreachable!("malformed"),
    };
    Some(calendar::period_around(at, months, zone))
}

impl Known<'_> {
    /// How the tiers rate a new sale.
    pub fn tier_working(&self, assessed: &Assessed, rule: &pb::CommissionRule, tiers: &pb::Tiers, at: Instant) -> TierWorking {
        let (_, amount) = assessed.base.as_ref().expect("only sales have tiers");
        let mut decided = assessed.clone();
        decided.rule = Some(rule.clone());
        let period = period(tiers, at, assessed.zone);
        let before = self.net_sales(&decided, period);
        let after = before + amount;
        let (earned_before, earned_after) = if tiers.mode() == TierMode::BySale {
            (0, share(*amount, band_rate(tiers, before)))
        } else {
            (earned(tiers, before), earned(tiers, after))
        };
        TierWorking { period, before, after, earned_before, earned_after }
    }

    /// Net sales that the rule of an assessment decided, in its currency, in a period. Rules 6.5, 13.
    pub fn net_sales(&self, assessed: &Assessed, period: Option<(Instant, Instant)>) -> i128 {
        let counts = |record: &&&Record| {
            let Some(other) = &record.effects.assessed else {
                return false;
            };
            matches!(other.outcome, Outcome::Accrued | Outcome::Capped)
                && other.sale.is_some()
                && same_rule(other, assessed)
                && other.base.as_ref().map(|(currency, _)| currency) == assessed.currency.as_ref()
                && period.is_none_or(|(start, end)| start <= record.occurred && record.occurred < end)
        };
        let sales = self.records.iter().filter(counts);
        sales.map(|record| self.left_of_sale(record)).sum()
    }

    /// The amount of a sale less its refunds, reinstated ones not counted.
    pub fn left_of_sale(&self, record: &Record) -> i128 {
        let Body::SaleRecorded(sale) = record.body() else {
            unreachable!("asked for a sale");
        };
        let amount = sale.amount.as_ref().expect("accepted with an amount").minor_units;
        let refunded: i128 =
            self.standing_refunds(&sale.sale_id).iter().map(|refund| refund.effects.refund.expect("a refund has amounts").0).sum();
        i128::from(amount) - refunded
    }
}
