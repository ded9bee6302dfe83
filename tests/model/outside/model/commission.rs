//! What a sale or qualification earns. Rules 6.1 to 6.7.

use partnership_ledger::proto::{
    self as pb, CommissionOutcome as Outcome, CommissionTrigger, TailMode, TierMode, WindowAnchor, commission_rule::Reward, event::Body,
};

use super::agreements::Version;
use super::calendar::{self, Instant};
use super::departures::{Departure, follows};
use super::record::{Assessed, Decision, Known, Record};
use super::tiers::share;

/// A sale or qualification that is to be assessed.
pub struct Deal<'a> {
    pub at: Instant,
    /// First id of the lead, if it has one.
    pub lead: Option<&'a str>,
    /// The agreement that a sale without a lead names.
    pub agreement: Option<&'a str>,
    /// The sale; absent for a qualification.
    pub sale: Option<&'a pb::SaleRecorded>,
}

impl Deal<'_> {
    fn base(&self) -> Option<(String, i128)> {
        let amount = self.sale?.amount.as_ref()?;
        Some((amount.currency_code.clone(), i128::from(amount.minor_units)))
    }
}

impl Known<'_> {
    /// The agreement through which a deal runs. Rules 6.1.
    pub fn credit(&self, deal: &Deal<'_>) -> Option<String> {
        match deal.lead {
            Some(lead) => self.decision_at(lead, deal.at)?.credit.clone(),
            None => deal.agreement.map(str::to_owned),
        }
    }

    /// The one assessment of a deal. Rules 6.2.
    pub fn assess(&self, deal: &Deal<'_>) -> Assessed {
        let mut assessed = blank(deal);
        let Some(credit) = self.credit(deal) else {
            return assessed;
        };
        assessed.agreement = Some(credit.clone());
        let version = self.terms_then(&credit, deal.at);
        assessed.terms_position = version.as_ref().map_or(0, |version| version.position);
        if self.has_ended(&credit, deal.at) && !self.in_tail(deal, &credit, version.as_ref()) {
            assessed.outcome = Outcome::AgreementEnded;
            return assessed;
        }
        assessed.outcome = Outcome::NoRule;
        let Some(version) = version else {
            return assessed;
        };
        assessed.zone = calendar::zone(&version.terms.time_zone);
        assessed.reverse_on_house_fault = version.terms.reverse_on_house_fault;
        let rules = version.terms.commission.iter().flat_map(|commission| &commission.rules);
        let Some(rule) = rules.into_iter().find(|rule| self.rule_matches(rule, deal)) else {
            return assessed;
        };
        assessed.rule = Some(rule.clone());
        assessed.window = self.window(rule, deal, &credit, assessed.zone);
        if let Some((start, end)) = assessed.window
            && (deal.at < start || deal.at >= end)
        {
            assessed.outcome = Outcome::OutsideWindow;
            return assessed;
        }
        self.reward(&mut assessed, rule, deal);
        self.cap(&mut assessed, rule, deal);
        assessed.available = Some(calendar::plus_days(deal.at, u64::from(rule.hold_days), assessed.zone));
        assessed
    }

    /// Whether a deal after the end still earns. Rules 6.4.
    fn in_tail(&self, deal: &Deal<'_>, credit: &str, version: Option<&Version<'_>>) -> bool {
        let end = self.end(credit).expect("asked after an end").at;
        let acquired = deal.lead.and_then(|lead| self.decision_at(lead, deal.at));
        let acquired_before = acquired.is_some_and(|decision| decision.occurred < end);
        let Some(version) = version.filter(|_| acquired_before) else {
            return false;
        };
        let zone = calendar::zone(&version.terms.time_zone);
        let tail = version.terms.tail.unwrap_or_default();
        match tail.mode() {
            TailMode::None | TailMode::Unspecified => false,
            TailMode::Days => deal.at < calendar::plus_days(end, u64::from(tail.days), zone),
            TailMode::RemainingWindow => true,
        }
    }

    /// Whether a rule decides a deal. Rules 6.2, 13.
    fn rule_matches(&self, rule: &pb::CommissionRule, deal: &Deal<'_>) -> bool {
        let Some(sale) = deal.sale else {
            return rule.trigger() == CommissionTrigger::LeadQualified;
        };
        let currency = &sale.amount.as_ref().expect("accepted with an amount").currency_code;
        let currency_fits = match rule.reward.as_ref().expect("accepted with a reward") {
            Reward::RateBps(_) => true,
            Reward::Flat(flat) => flat.currency_code == *currency || follows(Departure::FlatInAnyCurrency),
            Reward::Tiers(tiers) => tiers.currency_code == *currency,
        };
        let count_fits = deal.lead.is_none_or(|lead| {
            let with_this = self.sales_of_lead(lead).len() + 1;
            rule.max_sales_per_lead == 0 || with_this <= rule.max_sales_per_lead as usize
        });
        rule.trigger() == CommissionTrigger::Sale
            && (rule.products.is_empty() || rule.products.contains(&sale.product))
            && currency_fits
            && count_fits
    }

    /// The window to be tested; none where nothing limits. Rules 6.3.
    fn window(&self, rule: &pb::CommissionRule, deal: &Deal<'_>, credit: &str, zone: chrono_tz::Tz) -> Option<(Instant, Instant)> {
        let window = rule.window.as_ref()?;
        let start = match window.anchor() {
            WindowAnchor::LeadReferred => {
                let decision = self.decision_at(deal.lead?, deal.at)?;
                self.referral_behind(decision)?
            }
            WindowAnchor::FirstSale => {
                deal.sale?;
                let earlier = self.sales_of_lead(deal.lead?).into_iter().filter(|record| {
                    let assessed = record.effects.assessed.as_ref();
                    assessed.is_some_and(|a| a.agreement.as_deref() == Some(credit))
                });
                earlier.map(|record| record.occurred).chain([deal.at]).min()?
            }
            WindowAnchor::AgreementEffective => self.effective_at(credit)?,
            WindowAnchor::Unspecified => unreachable!("malformed"),
        };
        Some((start, calendar::plus_months(start, window.months, zone)))
    }

    /// When the referral occurred that gave the credit, or the last one recorded before a reassignment. Rules 6.3.
    fn referral_behind(&self, decision: &Decision) -> Option<Instant> {
        let decisions = self.decisions(&decision.lead);
        let mut up_to = decisions.into_iter().filter(|d| d.position <= decision.position);
        up_to.rfind(|d| d.is_claim).map(|d| d.occurred)
    }

    /// The sales of a lead recorded so far.
    pub fn sales_of_lead(&self, lead: &str) -> Vec<&Record> {
        let is_sale = |record: &&Record| matches!(record.body(), Body::SaleRecorded(_));
        self.of_lead(lead).into_iter().filter(is_sale).collect()
    }

    /// What the rule gives, the cap left aside. Rules 6.5.
    fn reward(&self, assessed: &mut Assessed, rule: &pb::CommissionRule, deal: &Deal<'_>) {
        assessed.outcome = Outcome::Accrued;
        let base = assessed.base.as_ref().map_or(0, |(_, amount)| *amount);
        match rule.reward.as_ref().expect("accepted with a reward") {
            Reward::RateBps(bps) => {
                assessed.rate = Some(*bps);
                assessed.amount = share(base, *bps);
            }
            Reward::Flat(flat) => {
                assessed.currency = Some(flat.currency_code.clone());
                assessed.amount = i128::from(flat.minor_units);
            }
            Reward::Tiers(tiers) => {
                let working = self.tier_working(assessed, rule, tiers, deal.at);
                if tiers.mode() == TierMode::BySale {
                    assessed.rate = Some(super::tiers::band_rate(tiers, working.before));
                }
                assessed.amount = working.earned_after - working.earned_before;
                assessed.tiers = Some(working);
            }
        }
    }

    /// Cuts off what goes beyond the cap. Rules 6.6.
    fn cap(&self, assessed: &mut Assessed, rule: &pb::CommissionRule, deal: &Deal<'_>) {
        let (Some(cap), Some(lead)) = (&rule.cap_per_lead, deal.lead) else {
            return;
        };
        if assessed.currency.as_ref() != Some(&cap.currency_code) {
            return;
        }
        let before: i128 = self
            .of_lead(lead)
            .into_iter()
            .filter_map(|record| record.effects.assessed.as_ref())
            .filter(|other| same_rule(other, assessed) && other.currency == assessed.currency)
            .map(|other| other.amount)
            .sum();
        let room = (i128::from(cap.minor_units) - before).max(0);
        if assessed.amount > room {
            assessed.cut_off = assessed.amount - room;
            assessed.amount = room;
            assessed.outcome = Outcome::Capped;
        }
    }
}

/// Whether two assessments were decided by the rule of one name of one agreement.
pub fn same_rule(one: &Assessed, other: &Assessed) -> bool {
    let name = |assessed: &Assessed| assessed.rule.as_ref().map(|rule| rule.name.clone());
    one.agreement == other.agreement && name(one).is_some() && name(one) == name(other)
}

/// An assessment that found no credit.
fn blank(deal: &Deal<'_>) -> Assessed {
    let base = deal.base();
    Assessed {
        sale: deal.sale.map(|sale| sale.sale_id.clone()),
        lead: deal.lead.map(str::to_owned),
        agreement: None,
        terms_position: 0,
        outcome: Outcome::NoCredit,
        rule: None,
        currency: base.as_ref().map(|(currency, _)| currency.clone()),
        base,
        rate: None,
        window: None,
        amount: 0,
        cut_off: 0,
        available: None,
        tiers: None,
        zone: chrono_tz::Tz::UTC,
        reverse_on_house_fault: false,
    }
}
