//! What a refund, or a void, takes back of the commission of a sale's parts (rules 6.8, 14.9, 15.3, 16.1).

use super::holdings::{CommissionPart, HOUSE};
use super::part::PartOf;
use super::posting::Change;
use super::releases::PartLeft;
use super::{PinnedAssessment, RefundOfPart};
use crate::domain::State;
use crate::domain::agreements::terms::{CommissionRule, Reward, Terms};
use crate::domain::calendar::period_around;
use crate::domain::effect::Effect;
use crate::domain::money::{Currency, base_left, share};
use crate::domain::table::Row;
use crate::proto::{OverrideBase, TierMode};

/// A part of a sale that is refunded or voided.
struct ChangedPart<'a> {
    part: PartOf<'a>,
    /// What is taken of its amount, in minor units.
    applied: i64,
    /// Whether nothing is reversed for that.
    is_exempt: bool,
    /// What decided, if it earned.
    decided: Option<DecidedBy<'a>>,
    /// What is to be reversed of its commission, in minor units.
    reversed: i128,
}

/// What decided on a part, as it was pinned.
#[derive(Clone, Copy)]
struct DecidedBy<'a> {
    credit: Row,
    earned: PinnedAssessment,
    terms: &'a Terms,
    rule: &'a CommissionRule,
}

impl<'a> DecidedBy<'a> {
    fn of(part: &PartOf<'_>, state: &'a State) -> Option<Self> {
        let credit = part.earning.credit()?;
        let earned = part.earning.assessment().filter(PinnedAssessment::counts)?;
        let (terms, rule) = earned.terms_and_rule(credit, state)?;
        Some(Self { credit, earned, terms, rule })
    }

    fn is_of(&self, other: &Self) -> bool {
        self.credit == other.credit && self.rule.name == other.rule.name
    }

    /// Whether the rule adds up all sales of a period.
    fn totals(&self) -> bool {
        matches!(&self.rule.reward, Reward::Tiers(tiers) if tiers.mode != TierMode::BySale)
    }
}

impl ChangedPart<'_> {
    /// What is left of its amount in the sense of its commission: refunds for the house's fault that reversed nothing count as not
    /// made (rules 13, 14.9). In minor units.
    fn left(&self) -> i64 {
        let taken = if self.is_exempt { 0 } else { self.applied };
        self.part.left() + self.part.earning.exempt() - taken
    }

    /// The base that is left with that.
    fn base_left(&self) -> i64 {
        base_left(self.part.share.base, self.left(), self.part.share.amount)
    }

    fn stands(&self) -> i128 {
        self.part.earning.holdings().total()
    }

    fn accrued(&self) -> i128 {
        self.decided.and_then(|decided| decided.earned.amount).map_or(0, |amount| i128::from(amount.minor_units))
    }
}

/// What a change of a sale does.
pub(super) struct Reversed<'a> {
    /// All parts, with what will stand of their commission.
    pub parts: Vec<PartLeft<'a>>,
    /// What is taken of each part's commission that the house had taken over, above zero: the part's number, the currency, minor
    /// units.
    pub from_house: Vec<(u32, Currency, i64)>,
}

impl State {
    /// Whether a refund for the house's fault takes nothing of a part's commission: its own terms say so.
    pub(super) fn keeps_on_house_fault(&self, part: &PartOf) -> bool {
        !DecidedBy::of(part, self).is_some_and(|decided| decided.terms.reverse_on_house_fault)
    }

    /// Posts what a refund takes back, part by part.
    pub(super) fn reverse_refund<'a>(&'a self, change: &Change, refunded: &[RefundOfPart], effects: &mut Vec<Effect>) -> Reversed<'a> {
        let mut parts: Vec<ChangedPart<'a>> = self.changed_parts(change.sale.0);
        for of_part in refunded {
            let part = &mut parts[of_part.number as usize];
            (part.applied, part.is_exempt) = (of_part.applied, of_part.exempt);
        }
        self.reverse_totals(&mut parts);
        let own = parts.iter().take_while(|part| part.part.share.is_own()).count();
        let left: Vec<i128> = (0..own).map(|place| commission_left(&parts, place)).collect();
        reverse_groups(&mut parts, 0..own, &left);
        let all = parts.len();
        let left: Vec<i128> = (own..all).map(|place| override_left(&parts, place)).collect();
        reverse_groups(&mut parts, own..all, &left);
        self.post_reversals(change, parts, effects)
    }

    /// Posts what a void takes back, part by part: all that stands, of tiers that add up all sales what they lose (rules 16.1).
    pub(super) fn reverse_void<'a>(&'a self, change: &Change, effects: &mut Vec<Effect>) -> Reversed<'a> {
        let mut parts: Vec<ChangedPart<'a>> = self.changed_parts(change.sale.0);
        for part in &mut parts {
            part.applied = part.part.left();
            part.reversed = part.stands();
        }
        self.reverse_totals(&mut parts);
        self.post_reversals(change, parts, effects)
    }

    fn changed_parts(&self, sale: Row) -> Vec<ChangedPart<'_>> {
        let unchanged = self.parts(sale).map(|part| {
            let decided = DecidedBy::of(&part, self);
            ChangedPart { part, applied: 0, is_exempt: false, decided, reversed: 0 }
        });
        unchanged.collect()
    }

    /// Of parts that tiers decided which add up all sales: what these earn less, part by part (rules 6.5, 14.9).
    fn reverse_totals(&self, parts: &mut [ChangedPart]) {
        let mut lost: Vec<(Row, &str, i128)> = Vec::new();
        for part in parts {
            let Some(decided) = part.decided.filter(|decided| decided.totals() && !part.is_exempt) else { continue };
            let Reward::Tiers(tiers) = &decided.rule.reward else { continue };
            let (sold_at, share) = (part.part.earning.stamp().occurred_at, part.part.share);
            let Some(currency) = tiers.currency else { continue };
            let bounds = period_around(sold_at, tiers.calendar_period(), decided.terms.zone);
            let recorded =
                self.commissions.sales_of_rule(decided.credit, &decided.rule.name).map_or(0, |sales| sales.net(currency, bounds));
            let place = lost.iter().position(|(credit, name, _)| (*credit, *name) == (decided.credit, &decided.rule.name));
            let place = place.unwrap_or_else(|| {
                lost.push((decided.credit, &decided.rule.name, 0));
                lost.len() - 1
            });
            let left = part.part.left();
            let less = base_left(share.base, left, share.amount) - base_left_after(share.base, left - part.applied, share.amount);
            let before = recorded - lost[place].2;
            part.reversed = tiers.earned(before) - tiers.earned(before - i128::from(less));
            lost[place].2 += i128::from(less);
        }
    }

    fn post_reversals<'a>(&'a self, change: &Change, parts: Vec<ChangedPart<'a>>, effects: &mut Vec<Effect>) -> Reversed<'a> {
        let mut reversed = Reversed { parts: Vec::with_capacity(parts.len()), from_house: Vec::new() };
        for ChangedPart { part, reversed: amount, .. } in parts {
            let mut holdings = part.earning.holdings();
            for taken in holdings.parts_of(amount) {
                let taken = CommissionPart { number: part.number, ..taken };
                holdings.take(&taken);
                if taken.partner == HOUSE {
                    reversed.add_from_house(part.number, taken.currency, taken.amount);
                } else {
                    change.post(-taken.amount, &taken, self, effects);
                }
            }
            reversed.parts.push(PartLeft { part, holdings });
        }
        reversed
    }
}

impl Reversed<'_> {
    fn add_from_house(&mut self, number: u32, currency: Currency, minor_units: i64) {
        match self.from_house.iter_mut().find(|(known, _, _)| *known == number) {
            Some((_, _, sum)) => *sum += minor_units,
            None => self.from_house.push((number, currency, minor_units)),
        }
    }
}

/// The base that is left of a part, of which nothing is left if it has no amount and is voided.
fn base_left_after(base: i64, left: i64, amount: i64) -> i64 {
    if left == 0 { 0 } else { base_left(base, left, amount) }
}

/// The commission on what is left of an own part, in minor units (rules 6.8, 14.8, 14.9).
fn commission_left(parts: &[ChangedPart], place: usize) -> i128 {
    let part = &parts[place];
    let Some(decided) = part.decided else { return 0 };
    match &decided.rule.reward {
        Reward::Rate(bps) => share(part.base_left(), *bps).into(),
        Reward::Tiers(_) => share(part.base_left(), decided.earned.rate_bps.unwrap_or(0)).into(),
        Reward::Flat(_) => {
            // It stands while anything is left of a line that the rule decided.
            let same = parts.iter().filter(|other| other.part.share.is_own() && other.decided.is_some_and(|other| other.is_of(&decided)));
            let is_left =
                |line: u32| parts.iter().any(|other| other.part.share.is_own() && other.part.share.line == line && other.left() > 0);
            if same.map(|other| other.part.share.line).any(is_left) { part.accrued() } else { 0 }
        }
    }
}

/// The commission on what is left of the part below an override, in minor units (rules 15.3).
fn override_left(parts: &[ChangedPart], place: usize) -> i128 {
    let part = &parts[place];
    let Some((decided, below)) = part.decided.zip(part.part.share.over) else { return 0 };
    let below = &parts[below.part as usize];
    let Reward::Rate(bps) = decided.rule.reward else { return 0 };
    let base = match decided.rule.of {
        OverrideBase::Commission => crate::domain::money::saturating_i64((below.stands() - below.reversed).max(0)),
        OverrideBase::Sale | OverrideBase::Unspecified => below.base_left(),
    };
    share(base, bps).into()
}

/// Works out what is reversed of parts of which it is known what is left of their commission: together for those that the same rule
/// decided, at most what they accrued; part by part in order, of each at most what stands beyond its own (rules 14.9).
fn reverse_groups(parts: &mut [ChangedPart], range: std::ops::Range<usize>, left: &[i128]) {
    let start = range.start;
    let mut done = vec![false; range.len()];
    for first in range.clone() {
        let Some(decided) = parts[first].decided.filter(|decided| !done[first - start] && !decided.totals()) else { continue };
        let group: Vec<usize> =
            (first..range.end).filter(|place| parts[*place].decided.is_some_and(|other| other.is_of(&decided))).collect();
        group.iter().for_each(|place| done[place - start] = true);
        // A refund that keeps commission does so for all parts of an agreement: they have the same terms.
        if parts[first].part.share.is_own() && group.iter().all(|place| parts[*place].is_exempt) {
            continue;
        }
        let accrued: i128 = group.iter().map(|place| parts[*place].accrued()).sum();
        let stands: i128 = group.iter().map(|place| parts[*place].stands()).sum();
        let left_together: i128 = group.iter().map(|place| left[place - start]).sum();
        let mut reversed = (stands - left_together.min(accrued)).max(0);
        for place in group {
            let of_part = reversed.min((parts[place].stands() - left[place - start]).max(0));
            parts[place].reversed = of_part;
            reversed -= of_part;
        }
    }
}
