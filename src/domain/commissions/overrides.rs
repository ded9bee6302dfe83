//! What agreements above the one that earns get of a part of a sale (rules 15).

use super::assess::{Decided, PartInput, pay, wait};
use crate::domain::agreements::terms::{CommissionRule, Reward};
use crate::domain::calendar::Time;
use crate::domain::effect::Assessment;
use crate::domain::money::{Money, share};
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::proto::{CommissionOutcome, CommissionTrigger, OverrideBase};

impl State {
    /// Returns the assessment of an override of a part that was decided, by the agreement so many levels above the part's own, and
    /// the rule; `None` if that agreement is not active, or has no rule that matches. `part` is the part itself, with the number
    /// that the override gets and the overrides decided before it.
    pub(super) fn assess_override<'a>(
        &'a self,
        part: &PartInput,
        below: &Decided,
        (upline, level): (Row, u32),
        at: Time,
    ) -> Option<(Assessment, &'a CommissionRule)> {
        let agreement = self.agreements.by_id.get(upline);
        if !agreement.is_active(at, Seen::ALL) {
            return None;
        }
        let version = agreement.terms_in_force(at, Seen::ALL, self)?;
        let is_meant =
            |rule: &&CommissionRule| rule.trigger == CommissionTrigger::RecruitedSale && rule.level == level && part.matches(rule);
        let rule = version.terms.rules.iter().find(is_meant)?;
        let Reward::Rate(rate_bps) = rule.reward else { return None };
        let base = match rule.of {
            // Tiers that fall take more than the sale earned.
            OverrideBase::Commission => Money::new(below.accrued.currency, below.accrued.minor_units.max(0)),
            OverrideBase::Sale | OverrideBase::Unspecified => Money::new(part.whole.currency, part.base),
        };
        let downline = self.agreements.by_id.get(below.credit);
        let window = rule.window.and_then(|window| Some(version.terms.window_from(downline.signature()?.effective_at, window)));
        let mut result = Assessment {
            sale: Some(part.sale.clone()),
            lead: None,
            agreement: Some(self.agreements.by_id.key(upline).clone()),
            terms_position: version.stamp.position,
            rule: rule.name.clone(),
            base: Some(base),
            rate_bps: None,
            window,
            amount: None,
            cut_off: None,
            available_at: None,
            outcome: CommissionOutcome::OutsideWindow,
            tiers: None,
            line: part.line.cloned(),
            share_bps: part.share_bps,
            above: Some((level, self.agreements.by_id.key(below.credit).clone())),
            part: part.number,
            awaits_customer_payment: false,
        };
        if window.is_none_or(|(start, end)| (start..end).contains(&at)) {
            result.rate_bps = Some(rate_bps);
            pay(Money::new(base.currency, share(base.minor_units, rate_bps)), None, (upline, rule), Some(part), &mut result);
            wait(rule, at, version.terms, &mut result);
        }
        Some((result, rule))
    }
}
