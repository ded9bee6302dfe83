//! Shares of amounts and tiers over net sales or numbers of sales. Rules 3.3, 6.5, 14.12, 14.13.

use partnership_ledger::proto::{self as pb, CommissionOutcome as Outcome, TierMeasure, TierMode, TierPeriod};

use super::calendar::{self, Instant};
use super::commission::same_rule;
use super::record::{Assessed, Known, Record, TierWorking};
use super::refunds::earned as rewarded;
use super::sales::{base_left, own_parts, price, sold};

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

/// E(total): what a total of net sales earns, the bonuses of the bands reached included. Not for BY_SALE.
pub fn earned(tiers: &pb::Tiers, total: i128) -> i128 {
    bonus(tiers, total)
        + match tiers.mode() {
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

/// The bonuses of all bands that a total has reached. Rules 14.13.
pub fn bonus(tiers: &pb::Tiers, total: i128) -> i128 {
    let reached = tiers.bands.iter().filter(|band| i128::from(band.from_minor_units) <= total);
    reached.map(|band| i128::from(band.bonus_minor_units)).sum()
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
    /// How the tiers rate a part of a new sale; `so_far` are the assessments of its earlier parts. Rules 6.5, 14.6.
    pub fn tier_working(&self, assessed: &Assessed, tiers: &pb::Tiers, at: Instant, so_far: &[Assessed]) -> TierWorking {
        let (_, base) = assessed.base.as_ref().expect("only sales have tiers");
        let period = period(tiers, at, assessed.zone);
        let mut working = TierWorking { period, before: 0, after: 0, earned_before: 0, earned_after: 0, sales_before: None, bonus: 0 };
        if tiers.measure() == TierMeasure::Sales {
            let before = self.count_of_sales(assessed, period);
            working.sales_before = Some(before);
            working.earned_after = share(*base, band_rate(tiers, before));
            return working;
        }
        working.before = self.net_sales(assessed, period);
        if tiers.mode() == TierMode::BySale {
            working.after = working.before + base;
            working.earned_after = share(*base, band_rate(tiers, working.before));
            return working;
        }
        let counts = |other: &&Assessed| rewarded(other) && same_rule(other, assessed);
        working.before += so_far.iter().filter(counts).filter_map(|other| other.base.as_ref()).map(|(_, base)| base).sum::<i128>();
        working.after = working.before + base;
        working.earned_before = earned(tiers, working.before);
        working.earned_after = earned(tiers, working.after);
        working.bonus = bonus(tiers, working.after) - bonus(tiers, working.before);
        working
    }

    /// The sales of a period that are still sales.
    fn sales_in(&self, period: Option<(Instant, Instant)>) -> Vec<&Record> {
        let is_in = |record: &Record| period.is_none_or(|(start, end)| start <= record.occurred && record.occurred < end);
        let sales = self.records.iter().copied().filter(|record| sold(record).is_some() && is_in(record));
        sales.filter(|record| !self.never_was(record)).collect()
    }

    /// Net sales that the rule of an assessment decided, in its currency, in a period: what is left of the bases of its
    /// parts. Rules 6.5, 13, 14.4, 14.9.
    pub fn net_sales(&self, assessed: &Assessed, period: Option<(Instant, Instant)>) -> i128 {
        let mut sum = 0;
        for record in self.sales_in(period) {
            for part in own_parts(record) {
                let in_currency = part.base.as_ref().map(|(currency, _)| currency) == assessed.base.as_ref().map(|(currency, _)| currency);
                if rewarded(part) && same_rule(part, assessed) && in_currency {
                    sum += base_left(part, self.left_of_part(record, part));
                }
            }
        }
        sum
    }

    /// How many sales the rule of an assessment decided in a period. Rules 14.12.
    fn count_of_sales(&self, assessed: &Assessed, period: Option<(Instant, Instant)>) -> i128 {
        let decided = |part: &&Assessed| matches!(part.outcome, Outcome::Accrued | Outcome::Capped) && same_rule(part, assessed);
        let is_something = |record: &Record| sold(record).is_some_and(|sale| price(sale).1 > 0) && self.left_of_sale(record) > 0;
        let counts = |record: &&Record| is_something(record) && own_parts(record).iter().any(decided);
        self.sales_in(period).iter().filter(|record| counts(record)).count() as i128
    }
}
