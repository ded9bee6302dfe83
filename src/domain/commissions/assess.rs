//! What a sale or a qualification earns, or why nothing (rules 6.2–6.7).

use crate::domain::agreements::terms::{CommissionRule, Reward, Tail, Terms, Tiers};
use crate::domain::agreements::{Agreement, Version};
use crate::domain::calendar::{Time, add_days, period_around};
use crate::domain::commissions::net_sales::NetSalesKey;
use crate::domain::effect::{Assessment, Effect, TierWorking};
use crate::domain::ids::Id;
use crate::domain::leads::Lead;
use crate::domain::money::{Money, WHOLE_BPS, round_half_away, saturating_i64, share};
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::proto::{CommissionOutcome, CommissionTrigger, TierMode, WindowAnchor};

/// What an assessment is made from: a sale or a qualification.
pub struct AssessmentInput<'a> {
    /// The sale's id; none for a qualification.
    pub sale: Option<&'a Id>,
    /// The lead, with its row.
    pub lead: Option<(Row, &'a Lead)>,
    /// The agreement that has the credit.
    pub credit: Option<Row>,
    /// The sale's amount; none for a qualification.
    pub amount: Option<Money>,
    /// The sale's product.
    pub product: &'a str,
    /// When it happened.
    pub at: Time,
}

impl AssessmentInput<'_> {
    fn trigger(&self) -> CommissionTrigger {
        if self.amount.is_some() { CommissionTrigger::Sale } else { CommissionTrigger::LeadQualified }
    }
}

/// Returns the assessment of a sale or qualification, checked in the order of rules 6.2.
pub fn assess(input: &AssessmentInput, state: &State) -> Assessment {
    let mut result = Assessment {
        sale: input.sale.cloned(),
        lead: input.lead.filter(|_| input.sale.is_none()).map(|(row, _)| state.leads.by_id.key(row).clone()),
        agreement: input.credit.map(|row| state.agreements.by_id.key(row).clone()),
        terms_position: 0,
        rule: String::new(),
        base: input.amount,
        rate_bps: None,
        window: None,
        amount: None,
        cut_off: None,
        available_at: None,
        outcome: CommissionOutcome::NoCredit,
        tiers: None,
    };
    let Some(credit) = input.credit else { return result };
    let agreement = state.agreements.by_id.get(credit);
    let version = agreement.terms_applying(input.at, Seen::ALL, state);
    result.terms_position = version.map_or(0, |version| version.stamp.position);
    if has_ended(input, agreement, version) {
        result.outcome = CommissionOutcome::AgreementEnded;
        return result;
    }
    let Some((version, rule)) = version.and_then(|version| Some((version, rule_for(input, &version.terms)?))) else {
        result.outcome = CommissionOutcome::NoRule;
        return result;
    };
    result.rule.clone_from(&rule.name);
    if let Some(window) = window_of(input, (credit, agreement), &version.terms, rule, state) {
        result.window = Some(window);
        if !(window.0..window.1).contains(&input.at) {
            result.outcome = CommissionOutcome::OutsideWindow;
            return result;
        }
    }
    earn(input, credit, &version.terms, rule, state, &mut result);
    result
}

/// Whether the end of the agreement and its tail leave nothing to earn (rules 6.4).
fn has_ended(input: &AssessmentInput, agreement: &Agreement, version: Option<Version<'_>>) -> bool {
    let Some(end) = agreement.end(Seen::ALL).filter(|end| end.at <= input.at) else { return false };
    let acquired_before = input
        .lead
        .and_then(|(_, lead)| lead.decision_at(input.at, Seen::ALL))
        .is_some_and(|decision| decision.stamp().occurred_at < end.at);
    let Some(version) = version.filter(|_| acquired_before) else { return true };
    match version.terms.tail {
        Tail::None => true,
        Tail::Days(days) => input.at >= add_days(end.at, u64::from(days), version.terms.zone),
        Tail::RemainingWindow => false,
    }
}

/// The first rule that matches (rules 6.2, 13).
fn rule_for<'a>(input: &AssessmentInput, terms: &'a Terms) -> Option<&'a CommissionRule> {
    terms.rules.iter().find(|rule| {
        if rule.trigger != input.trigger() {
            return false;
        }
        let Some(amount) = input.amount else { return true };
        let product = rule.products.is_empty() || rule.products.iter().any(|product| **product == *input.product);
        let currency = !matches!(&rule.reward, Reward::Tiers(tiers) if tiers.currency != amount.currency);
        let sales = input.lead.map_or(0, |(_, lead)| lead.sales_count() + 1);
        let count = rule.max_sales_per_lead == 0 || sales <= rule.max_sales_per_lead;
        product && currency && count
    })
}

/// The window of a rule, if it limits what is assessed (rules 6.3, 13).
fn window_of(
    input: &AssessmentInput,
    (credit, agreement): (Row, &Agreement),
    terms: &Terms,
    rule: &CommissionRule,
    state: &State,
) -> Option<(Time, Time)> {
    let window = rule.window?;
    let anchor = match window.anchor {
        WindowAnchor::AgreementEffective => agreement.signature()?.effective_at,
        WindowAnchor::LeadReferred => {
            let (_, lead) = input.lead?;
            let decision = lead.decision_at(input.at, Seen::ALL)?;
            lead.referral_behind(decision)?.stamp().occurred_at
        }
        WindowAnchor::FirstSale => {
            let (_, lead) = input.lead.filter(|_| input.amount.is_some())?;
            let first = state.agreements.with_predecessors(credit).filter_map(|credit| lead.first_sale(credit, state)).min();
            first.map_or(input.at, |first| first.min(input.at))
        }
        WindowAnchor::Unspecified => return None,
    };
    Some(terms.window_from(anchor, window))
}

/// What the rule pays, cut at the cap (rules 6.5–6.7).
fn earn(input: &AssessmentInput, credit: Row, terms: &Terms, rule: &CommissionRule, state: &State, result: &mut Assessment) {
    let earned = match (&rule.reward, input.amount) {
        (Reward::Flat(flat), _) => *flat,
        (Reward::Rate(bps), Some(amount)) => {
            result.rate_bps = Some(*bps);
            Money::new(amount.currency, share(amount.minor_units, *bps))
        }
        (Reward::Tiers(tiers), Some(amount)) => {
            let (earned, working) = earn_by_tiers(tiers, credit, rule, amount, input.at, terms, state);
            result.rate_bps = (tiers.mode == TierMode::BySale).then(|| tiers.rate_at(working.net_before));
            result.tiers = Some(working);
            earned
        }
        (Reward::Rate(_) | Reward::Tiers(_), None) => unreachable!("terms with a share of a qualification are malformed"),
    };
    let (amount, cut_off) = cap(input, credit, rule, earned, state);
    result.outcome = if cut_off.minor_units == 0 { CommissionOutcome::Accrued } else { CommissionOutcome::Capped };
    result.amount = Some(amount);
    result.cut_off = Some(cut_off).filter(|cut_off| cut_off.minor_units != 0);
    result.available_at = Some(add_days(input.at, u64::from(rule.hold_days), terms.zone));
}

/// Splits what was earned into what the cap leaves and what it cuts off (rules 6.6).
fn cap(input: &AssessmentInput, credit: Row, rule: &CommissionRule, earned: Money, state: &State) -> (Money, Money) {
    let nothing = Money::zero(earned.currency);
    let (Some(cap), Some((_, lead))) = (rule.cap_per_lead.filter(|cap| cap.currency == earned.currency), input.lead) else {
        return (earned, nothing);
    };
    let left = (i128::from(cap.minor_units) - lead.accrued_under(credit, &rule.name, cap.currency, state)).max(0);
    let amount = saturating_i64(i128::from(earned.minor_units).min(left));
    (Money::new(earned.currency, amount), Money::new(earned.currency, earned.minor_units - amount))
}

fn earn_by_tiers(
    tiers: &Tiers,
    credit: Row,
    rule: &CommissionRule,
    amount: Money,
    at: Time,
    terms: &Terms,
    state: &State,
) -> (Money, TierWorking) {
    let bounds = period_around(at, tiers.calendar_period(), terms.zone);
    let key: NetSalesKey = (credit, rule.name.as_str().into(), tiers.currency);
    let net_before = state.commissions.net_sales(&key, bounds);
    let net_after = net_before + i128::from(amount.minor_units);
    let (earned_before, earned_after) = match tiers.mode {
        TierMode::BySale => (0, i128::from(share(amount.minor_units, tiers.rate_at(net_before)))),
        TierMode::Marginal | TierMode::Retroactive | TierMode::Unspecified => (tiers.earned(net_before), tiers.earned(net_after)),
    };
    let working = TierWorking { mode: tiers.mode, period: tiers.period, bounds, net_before, net_after, earned_before, earned_after };
    (Money::new(amount.currency, saturating_i64(earned_after - earned_before)), working)
}

impl Tiers {
    /// E(x): the commission that a total earns, summed exactly and rounded once (rules 6.5).
    pub fn earned(&self, total: i128) -> i128 {
        if self.mode == TierMode::Retroactive {
            return round_half_away(total * i128::from(self.rate_at(total)), i128::from(WHOLE_BPS));
        }
        let ends = self.bands.iter().skip(1).map(|(from, _)| i128::from(*from)).chain(std::iter::once(i128::MAX));
        let slices = self.bands.iter().zip(ends).map(|((from, rate), end)| {
            let slice = total.min(end) - i128::from(*from);
            slice.max(0) * i128::from(*rate)
        });
        round_half_away(slices.sum(), i128::from(WHOLE_BPS))
    }
}

/// Returns the assessment among effects.
pub fn assessment_in(effects: &[Effect]) -> Option<&Assessment> {
    effects.iter().find_map(|effect| match effect {
        Effect::CommissionAssessed(assessment) => Some(&**assessment),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Currency;
    use crate::proto::TierPeriod;

    fn tiers(mode: TierMode) -> Tiers {
        let currency = Currency::from_code("USD").expect("listed");
        Tiers { mode, period: TierPeriod::Month, currency, bands: vec![(0, 1_000), (10_000, 1_500), (50_000, 2_000)] }
    }

    #[test]
    fn marginal_tiers_rate_each_slice_by_its_band() {
        let tiers = tiers(TierMode::Marginal);
        assert_eq!(tiers.earned(10_000), 1_000);
        assert_eq!(tiers.earned(60_000), 1_000 + 6_000 + 2_000);
        assert_eq!(tiers.earned(0), 0);
        assert_eq!(tiers.earned(5), 1, "0.5 rounds away from zero, once");
    }

    #[test]
    fn retroactive_tiers_rate_the_whole_total_by_the_band_reached() {
        let tiers = tiers(TierMode::Retroactive);
        assert_eq!(tiers.earned(9_999), 1_000);
        assert_eq!(tiers.earned(10_000), 1_500, "a band starts at its threshold");
        assert_eq!(tiers.earned(50_000), 10_000);
    }

    #[test]
    fn what_lies_below_the_first_band_earns_nothing() {
        let mut tiers = tiers(TierMode::Marginal);
        tiers.bands.remove(0);
        assert_eq!((tiers.rate_at(9_999), tiers.earned(10_000), tiers.earned(20_000)), (0, 0, 1_500));
    }
}
