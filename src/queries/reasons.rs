//! What an assessment came to, in words: how much was earned and how, or why nothing (rules 6.2).

use super::words::{amount, percent, when};
use crate::domain::calendar::Time;
use crate::proto::{CommissionAssessed, CommissionOutcome, TierMeasure, TierMode, TierWorking};

/// What was earned and how, or why nothing: the end of a sentence.
pub fn outcome(assessed: &CommissionAssessed) -> String {
    match assessed.outcome() {
        CommissionOutcome::Accrued | CommissionOutcome::Capped => earned(assessed),
        CommissionOutcome::Included => format!("nothing more was earned: rule {} pays once per sale", assessed.rule_name),
        CommissionOutcome::NoCredit => "nothing was earned: no agreement has the credit of the lead".to_owned(),
        CommissionOutcome::AgreementEnded => {
            format!("nothing was earned: agreement {} had ended, and its tail does not cover the sale", assessed.agreement_id)
        }
        CommissionOutcome::NoRule if assessed.terms_position == 0 => {
            format!("nothing was earned: agreement {} had no terms in force", assessed.agreement_id)
        }
        CommissionOutcome::NoRule => "nothing was earned: no rule of the terms matches".to_owned(),
        CommissionOutcome::OutsideWindow => format!("nothing was earned: rule {} pays {}", assessed.rule_name, window(assessed)),
        CommissionOutcome::Unspecified => "the record does not say what was earned".to_owned(),
    }
}

fn earned(assessed: &CommissionAssessed) -> String {
    let earned = assessed.amount.as_ref().map(amount).unwrap_or_default();
    let cut = assessed.cut_off.as_ref().map(|cut| format!("; the cap cut off {}", amount(cut))).unwrap_or_default();
    let available = time(assessed.available_at.as_ref()).map(|time| format!("; available from {}", when(time))).unwrap_or_default();
    let awaits = if assessed.awaits_customer_payment { "; payable as the customer pays" } else { "" };
    format!("{earned} were earned by rule {}: {}{cut}{available}{awaits}", assessed.rule_name, working(assessed))
}

/// How the reward was worked out.
fn working(assessed: &CommissionAssessed) -> String {
    let base = assessed.base.as_ref();
    match (&assessed.tier_working, assessed.rate_bps, base) {
        (Some(tiers), rate, Some(base)) => working_of_tiers(tiers, rate, base),
        (None, Some(rate), Some(base)) => format!("{} of {}", percent(rate), amount(base)),
        _ => "a flat amount".to_owned(),
    }
}

fn working_of_tiers(tiers: &TierWorking, rate: Option<u32>, base: &crate::proto::Money) -> String {
    let money = |minor_units| amount(&crate::proto::Money { minor_units, ..base.clone() });
    let (before, after) = (money(tiers.net_sales_before), money(tiers.net_sales_after));
    match tiers.mode() {
        TierMode::BySale if tiers.measure() == TierMeasure::Sales => {
            let sales = if tiers.sales_before == 1 { "sale" } else { "sales" };
            format!("{} of {}, the rate after {} {sales}", percent(rate.unwrap_or(0)), amount(base), tiers.sales_before)
        }
        TierMode::BySale => format!("{} of {}, the rate at net sales of {before}", percent(rate.unwrap_or(0)), amount(base)),
        TierMode::Marginal | TierMode::Retroactive | TierMode::Unspecified => {
            let (earned_before, earned_after) = (money(tiers.earned_before), money(tiers.earned_after));
            let bonus = if tiers.bonus == 0 { String::new() } else { format!("; {} of that is bonus", money(tiers.bonus)) };
            format!("net sales rose from {before} to {after}, which earn {earned_after} in place of {earned_before}{bonus}")
        }
    }
}

fn window(assessed: &CommissionAssessed) -> String {
    let bounds = assessed.window.as_ref().and_then(|window| time(window.start.as_ref()).zip(time(window.end.as_ref())));
    bounds.map_or("at another time".to_owned(), |(start, end)| format!("from {} until {} only", when(start), when(end)))
}

fn time(value: Option<&prost_types::Timestamp>) -> Option<Time> {
    let value = value?;
    Time::from_timestamp(value.seconds, u32::try_from(value.nanos).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::parse::timestamp;
    use crate::proto::{Money, WindowInterval};

    fn usd(minor_units: i64) -> Money {
        Money { currency_code: "USD".to_owned(), minor_units }
    }

    fn assessed(outcome: CommissionOutcome) -> CommissionAssessed {
        CommissionAssessed {
            agreement_id: "a-1".to_owned(),
            rule_name: "base".to_owned(),
            terms_position: 2,
            base: Some(usd(10_000)),
            outcome: outcome as i32,
            ..CommissionAssessed::default()
        }
    }

    #[test]
    fn what_was_earned_says_how() {
        let mut share = assessed(CommissionOutcome::Capped);
        (share.rate_bps, share.amount, share.cut_off) = (Some(2_000), Some(usd(1_500)), Some(usd(500)));
        assert_eq!(outcome(&share), "15.00 USD were earned by rule base: 20 % of 100.00 USD; the cap cut off 5.00 USD");
        let mut tiers = assessed(CommissionOutcome::Accrued);
        let working = TierWorking { net_sales_after: 10_000, earned_after: 1_000, ..TierWorking::default() };
        (tiers.amount, tiers.tier_working) = (Some(usd(1_000)), Some(Box::new(working)));
        let words =
            "10.00 USD were earned by rule base: net sales rose from 0.00 USD to 100.00 USD, which earn 10.00 USD in place of 0.00 USD";
        assert_eq!(outcome(&tiers), words);
    }

    #[test]
    fn tiers_by_count_bonuses_and_what_waits_are_told() {
        let mut counted = assessed(CommissionOutcome::Accrued);
        let working =
            TierWorking { mode: TierMode::BySale as i32, measure: TierMeasure::Sales as i32, sales_before: 1, ..TierWorking::default() };
        (counted.rate_bps, counted.amount, counted.tier_working) = (Some(2_000), Some(usd(2_000)), Some(Box::new(working)));
        counted.awaits_customer_payment = true;
        let words = "20.00 USD were earned by rule base: 20 % of 100.00 USD, the rate after 1 sale; payable as the customer pays";
        assert_eq!(outcome(&counted), words);
        let mut bonus = assessed(CommissionOutcome::Accrued);
        let working = TierWorking { net_sales_after: 10_000, earned_after: 1_500, bonus: 500, ..TierWorking::default() };
        (bonus.amount, bonus.tier_working) = (Some(usd(1_500)), Some(Box::new(working)));
        assert!(outcome(&bonus).ends_with("which earn 15.00 USD in place of 0.00 USD; 5.00 USD of that is bonus"), "{}", outcome(&bonus));
    }

    #[test]
    fn what_earned_nothing_says_why() {
        let mut outside = assessed(CommissionOutcome::OutsideWindow);
        let day = |text: &str| Some(timestamp(text.parse().expect("a time")));
        outside.window = Some(WindowInterval { start: day("2025-01-01T00:00:00Z"), end: day("2026-01-01T00:00:00Z") });
        assert_eq!(outcome(&outside), "nothing was earned: rule base pays from 2025-01-01 until 2026-01-01 only");
        let ended = outcome(&assessed(CommissionOutcome::AgreementEnded));
        assert_eq!(ended, "nothing was earned: agreement a-1 had ended, and its tail does not cover the sale");
    }
}
