//! What a part of a sale, or a qualification, earns. Rules 6.1 to 6.7, 14, 15.

use partnership_ledger::proto::{
    self as pb, CommissionOutcome as Outcome, CommissionTrigger, CustomerKind, OverrideBase, PayableOn, TailMode, TierMeasure, TierMode,
    WindowAnchor, commission_rule::Reward,
};

use super::agreements::Version;
use super::calendar::{self, Instant};
use super::record::{Assessed, Decision, Known};
use super::refunds::earned;
use super::sales::{Earner, Line, Portion, is_earner, lines, portions, price};
use super::tiers::{self, share};

/// A sale or qualification that is to be assessed.
pub struct Deal<'a> {
    pub at: Instant,
    /// First id of the lead, if it has one.
    pub lead: Option<&'a str>,
    /// The sale; absent for a qualification.
    pub sale: Option<&'a pb::SaleRecorded>,
}

/// A part of a deal: who earns on which line. A qualification is one without a line.
struct Piece<'d, 'a> {
    deal: &'d Deal<'a>,
    agreement: &'d str,
    share_bps: Option<u32>,
    line: Option<&'d Line<'a>>,
}

impl Known<'_> {
    /// The assessments of a sale: its own parts, then override parts. Rules 14.6, 15.2.
    pub fn assess_sale(&self, deal: &Deal<'_>, earners: &[Earner]) -> Vec<Assessed> {
        let sale = deal.sale.expect("asked for a sale");
        let names_somebody = deal.lead.is_some() || sale.agreement_id.is_some() || !sale.splits.is_empty();
        let mut parts: Vec<Assessed> = Vec::new();
        if !names_somebody {
            return parts;
        }
        let lines = lines(sale);
        if earners.is_empty() {
            let (currency, _) = price(sale);
            let mut none = blank(deal);
            none.base = Some((currency.to_owned(), lines.iter().map(|line| line.base).sum()));
            none.currency = Some(currency.to_owned());
            return vec![none];
        }
        for Portion { line, earner, amount, base } in portions(sale, earners) {
            let Earner { agreement, share_bps } = &earners[earner];
            let piece = Piece { deal, agreement, share_bps: *share_bps, line: Some(&lines[line]) };
            let mut part = blank(deal);
            part.part = u32::try_from(parts.len()).expect("few");
            part.line = line;
            part.line_id = lines[line].id.map(str::to_owned);
            part.share_bps = *share_bps;
            part.part_amount = amount;
            part.base = Some((price(sale).0.to_owned(), base));
            part.currency = Some(price(sale).0.to_owned());
            let part = self.assess(part, &piece, &parts);
            parts.push(part);
        }
        for own in parts.clone().iter().filter(|part| earned(part)) {
            self.overrides(own, deal, &lines[own.line], &mut parts);
        }
        parts
    }

    /// The assessment of a qualification. Rules 6.2.
    pub fn assess_qualification(&self, deal: &Deal<'_>) -> Assessed {
        let Some(credit) = deal.lead.and_then(|lead| self.credit_at(lead, deal.at)) else {
            return blank(deal);
        };
        self.assess(blank(deal), &Piece { deal, agreement: &credit, share_bps: None, line: None }, &[])
    }

    /// The one assessment of a part; `so_far` are those of the same sale before it. Rules 6.2.
    fn assess(&self, mut assessed: Assessed, piece: &Piece<'_, '_>, so_far: &[Assessed]) -> Assessed {
        let (deal, credit) = (piece.deal, piece.agreement);
        assessed.agreement = Some(credit.to_owned());
        let version = self.terms_then(credit, deal.at);
        assessed.terms_position = version.as_ref().map_or(0, |version| version.position);
        if self.has_ended(credit, deal.at) && !self.in_tail(deal, credit, version.as_ref()) {
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
        let Some(rule) = rules.into_iter().find(|rule| self.rule_matches(rule, piece)) else {
            return assessed;
        };
        assessed.rule = Some(rule.clone());
        assessed.window = self.window(rule, deal, credit, assessed.zone);
        if is_outside(&assessed, deal.at) {
            assessed.outcome = Outcome::OutsideWindow;
            return assessed;
        }
        self.reward(&mut assessed, rule, piece, so_far);
        if assessed.outcome != Outcome::Included {
            self.cap(&mut assessed, rule, deal, so_far);
        }
        hold(&mut assessed, rule, deal.at);
        assessed
    }

    /// What the agreements above that of a part earn on it. Rules 15.2.
    fn overrides(&self, own: &Assessed, deal: &Deal<'_>, line: &Line<'_>, parts: &mut Vec<Assessed>) {
        let downline = own.agreement.clone().expect("it earned");
        let sale = deal.sale.expect("only sales have overrides");
        for (level, upline) in (1..).zip(self.uplines(&downline, deal.at)) {
            if !self.is_active(&upline, deal.at) {
                continue;
            }
            let version = self.terms_at(&upline, deal.at).expect("active");
            let mut rules = version.terms.commission.iter().flat_map(|commission| &commission.rules);
            let matches = |rule: &&pb::CommissionRule| {
                rule.trigger() == CommissionTrigger::RecruitedSale && rule.level.max(1) == level && conditions_match(rule, sale, line)
            };
            let Some(rule) = rules.find(matches) else {
                continue;
            };
            let mut part = Assessed {
                part: u32::try_from(parts.len()).expect("few"),
                level: Some(level),
                of_part: Some(own.part),
                downline: Some(downline.clone()),
                agreement: Some(upline.clone()),
                terms_position: version.position,
                rule: Some(rule.clone()),
                zone: calendar::zone(&version.terms.time_zone),
                reverse_on_house_fault: own.reverse_on_house_fault,
                line: own.line,
                line_id: own.line_id.clone(),
                share_bps: own.share_bps,
                ..blank(deal)
            };
            part.base = match rule.of() {
                OverrideBase::Commission => own.currency.clone().map(|currency| (currency, own.amount.max(0))),
                _ => own.base.clone(),
            };
            part.currency = part.base.as_ref().map(|(currency, _)| currency.clone());
            let window = rule.window.as_ref().filter(|window| window.anchor() == WindowAnchor::AgreementEffective);
            part.window = window.zip(self.effective_at(&downline)).map(|(window, start)| {
                let end = calendar::plus_months(start, window.months, part.zone);
                (start, end)
            });
            if is_outside(&part, deal.at) {
                part.outcome = Outcome::OutsideWindow;
                parts.push(part);
                continue;
            }
            if let Some(Reward::RateBps(rate)) = rule.reward {
                part.outcome = Outcome::Accrued;
                part.rate = Some(rate);
                part.amount = share(part.base.as_ref().map_or(0, |(_, base)| *base), rate);
            }
            let room = max_per_sale_room(&part, rule, parts);
            cut(&mut part, room);
            hold(&mut part, rule, deal.at);
            parts.push(part);
        }
    }

    /// Whether a deal after the end still earns. Rules 6.4.
    fn in_tail(&self, deal: &Deal<'_>, credit: &str, version: Option<&Version<'_>>) -> bool {
        let end = self.end(credit).expect("asked after an end").at;
        let acquired = deal.lead.and_then(|lead| self.decision_at(lead, deal.at));
        let acquired_before = acquired.is_some_and(|decision| decision.occurred < end);
        version.is_some_and(|version| acquired_before && !is_out_of_tail(version.terms, end, deal.at))
    }

    /// Whether a rule decides a part of a deal. Rules 6.2, 13, 14.
    fn rule_matches(&self, rule: &pb::CommissionRule, piece: &Piece<'_, '_>) -> bool {
        let (Some(sale), Some(line)) = (piece.deal.sale, piece.line) else {
            return rule.trigger() == CommissionTrigger::LeadQualified;
        };
        let (currency, amount) = price(sale);
        let reward_fits = match rule.reward.as_ref().expect("accepted with a reward") {
            Reward::RateBps(_) => true,
            // A sale, or line, of nothing earns no flat reward. Rules 14.5.
            Reward::Flat(_) => amount > 0 && line.amount > 0,
            Reward::Tiers(tiers) => tiers.measure() == TierMeasure::Sales || tiers.currency_code == currency,
        };
        let before = piece.deal.lead.map(|lead| self.counting_sales(lead));
        let with_this = before.map(|before| before + usize::from(amount > 0));
        let count_fits = with_this.is_none_or(|count| rule.max_sales_per_lead == 0 || count <= rule.max_sales_per_lead as usize);
        let customer_fits = match rule.customer() {
            CustomerKind::Unspecified => true,
            CustomerKind::New => before == Some(0),
            CustomerKind::Returning => before.is_some_and(|before| before > 0),
        };
        rule.trigger() == CommissionTrigger::Sale && reward_fits && count_fits && customer_fits && conditions_match(rule, sale, line)
    }

    /// The window to be tested; none where nothing limits. Rules 6.3, 14.1, 18.1.
    fn window(&self, rule: &pb::CommissionRule, deal: &Deal<'_>, credit: &str, zone: chrono_tz::Tz) -> Option<(Instant, Instant)> {
        let window = rule.window.as_ref()?;
        let start = match window.anchor() {
            WindowAnchor::LeadReferred => {
                let decision = self.decision_at(deal.lead?, deal.at)?;
                self.referral_behind(decision)?
            }
            WindowAnchor::FirstSale => {
                deal.sale?;
                // A successor goes on with what its predecessors began.
                let line = self.line_of_succession(credit);
                let earned_by = |record: &&super::Record| line.iter().any(|agreement| is_earner(record, agreement));
                let earlier = self.sales_of_lead(deal.lead?).into_iter().filter(earned_by);
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

    /// What the rule gives, the cap left aside. Rules 6.5, 14.6, 14.8.
    fn reward(&self, assessed: &mut Assessed, rule: &pb::CommissionRule, piece: &Piece<'_, '_>, so_far: &[Assessed]) {
        assessed.outcome = Outcome::Accrued;
        let base = assessed.base.as_ref().map_or(0, |(_, amount)| *amount);
        match rule.reward.as_ref().expect("accepted with a reward") {
            Reward::RateBps(bps) => {
                assessed.rate = Some(*bps);
                assessed.amount = share(base, *bps);
            }
            Reward::Flat(flat) => {
                assessed.currency = Some(flat.currency_code.clone());
                if so_far.iter().any(|other| same_rule(other, assessed)) {
                    assessed.outcome = Outcome::Included;
                } else {
                    assessed.amount = share(i128::from(flat.minor_units), piece.share_bps.unwrap_or(10_000));
                }
            }
            Reward::Tiers(tiers) => {
                let working = self.tier_working(assessed, tiers, piece.deal.at, so_far);
                if tiers.mode() == TierMode::BySale {
                    assessed.rate = Some(tiers::band_rate(tiers, working.sales_before.unwrap_or(working.before)));
                }
                assessed.amount = working.earned_after - working.earned_before;
                assessed.tiers = Some(working);
            }
        }
    }

    /// Cuts off what goes beyond the caps. Rules 6.6, 14.11.
    fn cap(&self, assessed: &mut Assessed, rule: &pb::CommissionRule, deal: &Deal<'_>, so_far: &[Assessed]) {
        let same = |other: &&Assessed| same_rule(other, assessed) && other.currency == assessed.currency;
        let mut room = max_per_sale_room(assessed, rule, so_far);
        if let (Some(cap), Some(lead)) = (&rule.cap_per_lead, deal.lead)
            && assessed.currency.as_ref() == Some(&cap.currency_code)
        {
            // A void frees it. Rules 16.2.
            let records = self.of_lead(lead).into_iter().filter(|record| super::sales::sold(record).is_none() || !self.never_was(record));
            let before: i128 = records.flat_map(|record| &record.effects.assessed).filter(same).map(|other| other.amount).sum();
            let of_this: i128 = so_far.iter().filter(same).map(|other| other.amount).sum();
            let per_lead = (i128::from(cap.minor_units) - before - of_this).max(0);
            room = Some(room.map_or(per_lead, |room| room.min(per_lead)));
        }
        cut(assessed, room);
    }
}

/// Whether coupon, amount and product of a line are such as a rule asks for. Rules 6.2, 14.10.
fn conditions_match(rule: &pb::CommissionRule, sale: &pb::SaleRecorded, line: &Line<'_>) -> bool {
    let (currency, amount) = price(sale);
    (rule.products.is_empty() || rule.products.iter().any(|product| product == line.product))
        && (rule.coupons.is_empty() || rule.coupons.contains(&sale.coupon))
        && rule.minimum_sale.as_ref().is_none_or(|least| least.currency_code == currency && i128::from(least.minor_units) <= amount)
}

/// What `max_per_sale` leaves for a part, if it applies.
fn max_per_sale_room(part: &Assessed, rule: &pb::CommissionRule, so_far: &[Assessed]) -> Option<i128> {
    let most = rule.max_per_sale.as_ref().filter(|most| part.currency.as_ref() == Some(&most.currency_code))?;
    let same = so_far.iter().filter(|other| same_rule(other, part) && other.currency == part.currency);
    Some((i128::from(most.minor_units) - same.map(|other| other.amount).sum::<i128>()).max(0))
}

fn cut(assessed: &mut Assessed, room: Option<i128>) {
    if let Some(room) = room.filter(|room| assessed.amount > *room) {
        assessed.cut_off = assessed.amount - room;
        assessed.amount = room;
        assessed.outcome = Outcome::Capped;
    }
}

/// From when what was earned is available. Rules 6.7, 17.1.
fn hold(assessed: &mut Assessed, rule: &pb::CommissionRule, at: Instant) {
    assessed.awaits = rule.payable_on() == PayableOn::CustomerPayment;
    let available = calendar::plus_days(at, u64::from(rule.hold_days), assessed.zone);
    assessed.available = (!assessed.awaits).then_some(available);
}

fn is_outside(assessed: &Assessed, at: Instant) -> bool {
    assessed.window.is_some_and(|(start, end)| at < start || at >= end)
}

/// Whether nothing earns any more at a time after the end, whatever lead it is of. Rules 6.4.
pub fn is_out_of_tail(terms: &pb::Terms, end: Instant, at: Instant) -> bool {
    let zone = calendar::zone(&terms.time_zone);
    let tail = terms.tail.unwrap_or_default();
    match tail.mode() {
        TailMode::None | TailMode::Unspecified => true,
        TailMode::Days => at >= calendar::plus_days(end, u64::from(tail.days), zone),
        TailMode::RemainingWindow => false,
    }
}

/// Whether two assessments were decided by the rule of one name of one agreement.
pub fn same_rule(one: &Assessed, other: &Assessed) -> bool {
    let name = |assessed: &Assessed| assessed.rule.as_ref().map(|rule| rule.name.clone());
    one.agreement == other.agreement && name(one).is_some() && name(one) == name(other)
}

/// An assessment that found no credit.
fn blank(deal: &Deal<'_>) -> Assessed {
    Assessed {
        part: 0,
        line: 0,
        line_id: None,
        share_bps: None,
        part_amount: 0,
        level: None,
        of_part: None,
        downline: None,
        awaits: false,
        sale: deal.sale.map(|sale| sale.sale_id.clone()),
        lead: deal.lead.map(str::to_owned),
        agreement: None,
        terms_position: 0,
        outcome: Outcome::NoCredit,
        rule: None,
        currency: None,
        base: None,
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
