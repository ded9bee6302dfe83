//! What a sale or a qualification earns, or why nothing (rules 6.2–6.7).

use super::net_sales::RuleSales;
use crate::domain::agreements::terms::{CommissionRule, Reward, Tail, Terms, Tiers};
use crate::domain::agreements::{Agreement, Version};
use crate::domain::calendar::{Time, add_days, period_around};
use crate::domain::effect::{Assessment, Effect, TierWorking};
use crate::domain::ids::Id;
use crate::domain::leads::Lead;
use crate::domain::money::{Currency, Money, WHOLE_BPS, round_half_away, saturating_i64, share};
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::proto::{CommissionOutcome, CommissionTrigger, CustomerKind, TierMeasure, TierMode, WindowAnchor};

/// What an assessment is made from: a part of a sale, or a qualification.
pub struct AssessmentInput<'a> {
    /// The part of a sale; `None` for a qualification.
    pub part: Option<PartInput<'a>>,
    /// The lead, with its row.
    pub lead: Option<(Row, &'a Lead)>,
    /// The agreement that earns.
    pub credit: Option<Row>,
    /// When it happened.
    pub at: Time,
}

/// The part of a sale that is assessed (rules 14.6).
#[derive(Clone, Copy)]
pub struct PartInput<'a> {
    /// The sale's id.
    pub sale: &'a Id,
    /// The sale's whole amount.
    pub whole: Money,
    /// The sale's coupon; empty for none.
    pub coupon: &'a str,
    /// The line; `None` of a sale without lines.
    pub line: Option<&'a Id>,
    /// The line's product.
    pub product: &'a str,
    /// The line's amount, in minor units.
    pub line_amount: i64,
    /// The part's base, in minor units.
    pub base: i64,
    /// The earner's share in basis points; `None` of a sale without splits.
    pub share_bps: Option<u32>,
    /// Which part it is.
    pub number: u32,
    /// The parts of the sale before it that a rule decided.
    pub earlier: &'a [Decided<'a>],
}

/// A part of the sale at hand that a rule decided, and that is not recorded yet.
pub struct Decided<'a> {
    /// The agreement that earns.
    pub credit: Row,
    /// The rule.
    pub rule: &'a CommissionRule,
    /// What was accrued.
    pub accrued: Money,
    /// The part's base, in minor units.
    pub base: i64,
    /// Which part it is.
    pub number: u32,
}

impl PartInput<'_> {
    /// The parts before it that the rule of a name decided, of the same agreement (rules 6.6, 14.6).
    fn earlier_of(&self, credit: Row, rule: &CommissionRule) -> impl Iterator<Item = &Decided<'_>> {
        self.earlier.iter().filter(move |decided| decided.credit == credit && decided.rule.name == rule.name)
    }

    /// What they accrued in a currency, in minor units.
    pub(super) fn accrued_earlier(&self, credit: Row, rule: &CommissionRule, currency: Currency) -> i128 {
        let accrued = self.earlier_of(credit, rule).filter(|decided| decided.accrued.currency == currency);
        accrued.map(|decided| i128::from(decided.accrued.minor_units)).sum()
    }

    /// Whether products, coupons and the least amount of a rule match (rules 6.2, 14.10).
    pub(super) fn matches(&self, rule: &CommissionRule) -> bool {
        let product = rule.products.is_empty() || rule.products.iter().any(|product| **product == *self.product);
        let coupon = rule.coupons.is_empty() || rule.coupons.iter().any(|coupon| **coupon == *self.coupon);
        let minimum =
            rule.minimum_sale.is_none_or(|least| least.currency == self.whole.currency && least.minor_units <= self.whole.minor_units);
        product && coupon && minimum
    }
}

impl AssessmentInput<'_> {
    fn trigger(&self) -> CommissionTrigger {
        if self.part.is_some() { CommissionTrigger::Sale } else { CommissionTrigger::LeadQualified }
    }

    /// The assessment of which nothing is known yet.
    fn assessment(&self, state: &State) -> Assessment {
        let part = self.part.as_ref();
        Assessment {
            sale: part.map(|part| part.sale.clone()),
            lead: self.lead.filter(|_| part.is_none()).map(|(row, _)| state.leads.by_id.key(row).clone()),
            agreement: self.credit.map(|row| state.agreements.by_id.key(row).clone()),
            terms_position: 0,
            rule: String::new(),
            base: part.map(|part| Money::new(part.whole.currency, part.base)),
            rate_bps: None,
            window: None,
            amount: None,
            cut_off: None,
            available_at: None,
            outcome: CommissionOutcome::NoCredit,
            tiers: None,
            line: part.and_then(|part| part.line).cloned(),
            share_bps: part.and_then(|part| part.share_bps),
            above: None,
            part: part.map_or(0, |part| part.number),
            awaits_customer_payment: false,
        }
    }
}

/// Returns the assessment of a part of a sale, or of a qualification, checked in the order of rules 6.2, and the rule that decided
/// on what was earned.
pub fn assess<'a>(input: &AssessmentInput, state: &'a State) -> (Assessment, Option<&'a CommissionRule>) {
    let mut result = input.assessment(state);
    let Some(credit) = input.credit else { return (result, None) };
    let agreement = state.agreements.by_id.get(credit);
    let version = agreement.terms_applying(input.at, Seen::ALL, state);
    result.terms_position = version.map_or(0, |version| version.stamp.position);
    if has_ended(input, agreement, version) {
        result.outcome = CommissionOutcome::AgreementEnded;
        return (result, None);
    }
    let Some((version, rule)) = version.and_then(|version| Some((version, rule_for(input, version.terms)?))) else {
        result.outcome = CommissionOutcome::NoRule;
        return (result, None);
    };
    result.rule.clone_from(&rule.name);
    if let Some(window) = window_of(input, (credit, agreement), version.terms, rule, state) {
        result.window = Some(window);
        if !(window.0..window.1).contains(&input.at) {
            result.outcome = CommissionOutcome::OutsideWindow;
            return (result, None);
        }
    }
    earn(input, credit, version.terms, rule, state, &mut result);
    (result, Some(rule))
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

/// The first rule that matches (rules 6.2, 13, 14.5, 14.10).
fn rule_for<'a>(input: &AssessmentInput, terms: &'a Terms) -> Option<&'a CommissionRule> {
    terms.rules.iter().find(|rule| {
        if rule.trigger != input.trigger() {
            return false;
        }
        let Some(part) = &input.part else { return true };
        let rewards = match &rule.reward {
            Reward::Tiers(tiers) => tiers.currency.is_none_or(|currency| currency == part.whole.currency),
            // Nobody is paid an amount for a trial.
            Reward::Flat(_) => part.whole.minor_units != 0 && part.line_amount != 0,
            Reward::Rate(_) => true,
        };
        let before = input.lead.map(|(_, lead)| lead.sales_count());
        let sales = before.map_or(0, |before| before + u32::from(part.whole.minor_units > 0));
        let count = rule.max_sales_per_lead == 0 || sales <= rule.max_sales_per_lead;
        let customer = match rule.customer {
            CustomerKind::Unspecified => true,
            CustomerKind::New => before == Some(0),
            CustomerKind::Returning => before.is_some_and(|before| before > 0),
        };
        rewards && count && customer && part.matches(rule)
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
            let (_, lead) = input.lead.filter(|_| input.part.is_some())?;
            let first = state.agreements.with_predecessors(credit).filter_map(|credit| lead.first_sale(credit, state)).min();
            first.map_or(input.at, |first| first.min(input.at))
        }
        WindowAnchor::Unspecified => return None,
    };
    Some(terms.window_from(anchor, window))
}

/// What the rule pays, cut at the caps (rules 6.5–6.7, 14.8, 14.11).
fn earn(input: &AssessmentInput, credit: Row, terms: &Terms, rule: &CommissionRule, state: &State, result: &mut Assessment) {
    let earned = match (&rule.reward, &input.part) {
        (Reward::Flat(flat), Some(part)) if part.earlier_of(credit, rule).next().is_some() => {
            result.outcome = CommissionOutcome::Included;
            Money::zero(flat.currency)
        }
        (Reward::Flat(flat), part) => {
            let share_bps = part.and_then(|part| part.share_bps).unwrap_or(WHOLE_BPS);
            Money::new(flat.currency, share(flat.minor_units, share_bps))
        }
        (Reward::Rate(bps), Some(part)) => {
            result.rate_bps = Some(*bps);
            Money::new(part.whole.currency, share(part.base, *bps))
        }
        (Reward::Tiers(tiers), Some(part)) => {
            let (earned, rate_bps, working) = earn_by_tiers(tiers, (credit, rule), part, input.at, terms, state);
            result.rate_bps = rate_bps;
            result.tiers = Some(working);
            earned
        }
        (Reward::Rate(_) | Reward::Tiers(_), None) => unreachable!("terms with a share of a qualification are malformed"),
    };
    let is_included = result.outcome == CommissionOutcome::Included;
    let of_lead =
        rule.cap_per_lead.zip(input.lead).map(|(cap, (_, lead))| (cap, lead.accrued_under(credit, &rule.name, cap.currency, state)));
    pay(earned, of_lead, (credit, rule), input.part.as_ref(), result);
    if is_included {
        result.outcome = CommissionOutcome::Included;
    }
    wait(rule, input.at, terms, result);
}

/// Accrues what was earned, as far as the caps have room: that of the lead, with what the lead has accrued, and that of the sale
/// (rules 6.6, 14.11).
pub(super) fn pay(
    earned: Money,
    of_lead: Option<(Money, i128)>,
    (credit, rule): (Row, &CommissionRule),
    part: Option<&PartInput>,
    result: &mut Assessment,
) {
    let earlier = |currency| part.map_or(0, |part| part.accrued_earlier(credit, rule, currency));
    let of_sale = rule.max_per_sale.filter(|_| part.is_some()).map(|cap| (cap, 0));
    let caps = of_lead.into_iter().chain(of_sale).filter(|(cap, _)| cap.currency == earned.currency);
    let room = caps.map(|(cap, accrued)| (i128::from(cap.minor_units) - accrued - earlier(cap.currency)).max(0)).min();
    let amount = room.map_or(earned.minor_units, |room| saturating_i64(room.min(earned.minor_units.into())));
    let cut_off = earned.minor_units - amount;
    result.outcome = if cut_off == 0 { CommissionOutcome::Accrued } else { CommissionOutcome::Capped };
    result.amount = Some(Money::new(earned.currency, amount));
    result.cut_off = Some(Money::new(earned.currency, cut_off)).filter(|cut_off| cut_off.minor_units != 0);
}

/// Says from when it is available, or that it waits for the customer's payment (rules 6.7, 17.1).
pub(super) fn wait(rule: &CommissionRule, at: Time, terms: &Terms, result: &mut Assessment) {
    result.awaits_customer_payment = rule.awaits_customer_payment;
    result.available_at = (!rule.awaits_customer_payment).then(|| add_days(at, u64::from(rule.hold_days), terms.zone));
}

/// What tiers earn, at which rate if it is one, and how (rules 6.5, 14.6, 14.12, 14.13).
fn earn_by_tiers(
    tiers: &Tiers,
    (credit, rule): (Row, &CommissionRule),
    part: &PartInput,
    at: Time,
    terms: &Terms,
    state: &State,
) -> (Money, Option<u32>, TierWorking) {
    let bounds = period_around(at, tiers.calendar_period(), terms.zone);
    let currency = part.whole.currency;
    let known = state.commissions.sales_of_rule(credit, &rule.name);
    let recorded = known.map_or(0, |known| known.net(currency, bounds));
    let is_by_sale = tiers.mode == TierMode::BySale;
    let is_counted = tiers.measure == TierMeasure::Sales;
    let sales_before = if is_counted { known.map_or(0, |known| RuleSales::count(known, bounds)) } else { 0 };
    // All parts of a sale are rated by what was before the sale.
    let of_sale = if is_by_sale { 0 } else { part.earlier_of(credit, rule).map(|decided| i128::from(decided.base)).sum() };
    let net_before = if is_counted { 0 } else { recorded + of_sale };
    let net_after = if is_counted { 0 } else { net_before + i128::from(part.base) };
    let rate_bps = is_by_sale.then(|| tiers.rate_at(if is_counted { sales_before } else { net_before }));
    let (earned_before, earned_after) = match rate_bps {
        Some(rate_bps) => (0, i128::from(share(part.base, rate_bps))),
        None => (tiers.earned(net_before), tiers.earned(net_after)),
    };
    let working = TierWorking {
        mode: tiers.mode,
        period: tiers.period,
        bounds,
        net_before,
        net_after,
        earned_before,
        earned_after,
        measure: tiers.measure,
        sales_before: saturating_i64(sales_before),
        bonus: tiers.bonus_at(net_after) - tiers.bonus_at(net_before),
    };
    (Money::new(currency, saturating_i64(earned_after - earned_before)), rate_bps, working)
}

impl Tiers {
    /// E(x): the commission that a total earns, summed exactly and rounded once, with the bonuses of the bands that it reaches
    /// (rules 6.5, 14.13).
    pub fn earned(&self, total: i128) -> i128 {
        let rated = if self.mode == TierMode::Retroactive {
            total * i128::from(self.rate_at(total))
        } else {
            let ends = self.bands.iter().skip(1).map(|band| i128::from(band.from)).chain(std::iter::once(i128::MAX));
            let slices = self.bands.iter().zip(ends).map(|(band, end)| {
                let slice = total.min(end) - i128::from(band.from);
                slice.max(0) * i128::from(band.rate_bps)
            });
            slices.sum()
        };
        round_half_away(rated, i128::from(WHOLE_BPS)) + self.bonus_at(total)
    }

    /// The bonuses of the bands that a total reaches, in minor units (rules 14.13).
    pub fn bonus_at(&self, total: i128) -> i128 {
        self.bands.iter().filter(|band| i128::from(band.from) <= total).map(|band| i128::from(band.bonus)).sum()
    }
}

/// Returns the assessments among effects.
pub fn assessments_in(effects: &[Effect]) -> impl Iterator<Item = &Assessment> {
    effects.iter().filter_map(|effect| match effect {
        Effect::CommissionAssessed(assessment) => Some(&**assessment),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agreements::terms::Band;
    use crate::proto::TierPeriod;

    fn tiers(mode: TierMode) -> Tiers {
        let bands = [(0, 1_000), (10_000, 1_500), (50_000, 2_000)].map(|(from, rate_bps)| Band { from, rate_bps, bonus: 0 });
        let currency = Currency::from_code("USD");
        Tiers { mode, period: TierPeriod::Month, measure: TierMeasure::NetSales, currency, bands: bands.into() }
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
