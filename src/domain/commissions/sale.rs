//! A sale, as small as can be: there are more of them than of anything else, and most are never touched again.

mod saved;

use super::Earned;
use super::holdings::{Holding, Holdings, Part};
use crate::domain::calendar::Time;
use crate::domain::money::{Currency, Money};
use crate::domain::packed::{PackedStamp, position_of};
use crate::domain::table::{OptionalRow, Row, undo_by_copy};
use crate::domain::{Seen, Stamp, State};
use crate::proto::CommissionOutcome;
use smallvec::SmallVec;

/// In place of a rate, a rule or a wait: none.
const NO_RATE: u16 = u16::MAX;
const NO_RULE: u16 = u16::MAX;
const NO_WAIT: u32 = u32::MAX;

/// What of a sale is true: the partner collected it, its assessment names an amount, the first commission entry brought
/// what stands.
const COLLECTED: u8 = 1;
const HAS_AMOUNT: u8 = 1 << 1;
const LINKED: u8 = 1 << 2;

/// A sale. What it earned is pinned by its assessment (rules 6.8), and stands with whom it was accrued to unless the rest
/// says otherwise.
#[derive(Clone, Debug)]
pub struct Sale {
    stamp: PackedStamp,
    minor_units: i64,
    lead: OptionalRow,
    credit: OptionalRow,
    next_of_lead: OptionalRow,
    terms_position: u32,
    earned_minor_units: i64,
    rate_bps: u16,
    rule: u16,
    currency: Currency,
    earned_currency: Currency,
    outcome: u8,
    flags: u8,
    /// Who holds what it earned; none if nobody does, or the rest says who.
    holder: OptionalRow,
    /// How many seconds after the sale that is available.
    wait: u32,
    /// Its first commission entry: account and place.
    entry: (OptionalRow, Row),
    rest: Option<Box<Rest>>,
}

/// What most sales do not have.
#[derive(Clone, Debug, Default)]
struct Rest {
    /// Refunds less reinstatements, in minor units.
    refunded: i64,
    /// Of these, refunds for the house's fault that reversed nothing (rules 13).
    exempt: i64,
    /// What was taken of what it earned, while one holder has it.
    taken: i64,
    refunds: SmallVec<[Row; 2]>,
    /// Its commission entries after the first.
    entries: SmallVec<[(Row, Row); 1]>,
    rare: Option<Box<Rare>>,
}

#[derive(Clone, Debug, Default)]
struct Rare {
    disputes: Vec<Row>,
    /// What stands of its commission, once that is said in no other way.
    holdings: Option<Holdings>,
}

undo_by_copy!(Sale);

impl Sale {
    /// A sale that nothing is known of but its record.
    pub(super) fn new(stamp: Stamp, amount: Money, lead: Option<Row>, credit: Option<Row>, collected: bool) -> Self {
        Self {
            stamp: stamp.into(),
            minor_units: amount.minor_units,
            lead: lead.into(),
            credit: credit.into(),
            next_of_lead: OptionalRow::NONE,
            terms_position: 0,
            earned_minor_units: 0,
            rate_bps: NO_RATE,
            rule: NO_RULE,
            currency: amount.currency,
            earned_currency: amount.currency,
            outcome: 0,
            flags: if collected { COLLECTED } else { 0 },
            holder: OptionalRow::NONE,
            wait: NO_WAIT,
            entry: (OptionalRow::NONE, 0),
            rest: None,
        }
    }

    /// The sale with what its assessment says that it earned.
    pub(super) fn earning(mut self, earned: &Earned) -> Self {
        self.outcome = u8::try_from(earned.outcome as i32).expect("outcomes are few");
        self.terms_position = position_of(earned.terms_position);
        self.rule = earned.rule.unwrap_or(NO_RULE);
        self.rate_bps = earned.rate_bps.map_or(NO_RATE, |rate| u16::try_from(rate).expect("a rate is at most the whole"));
        if let Some(amount) = earned.amount {
            (self.earned_currency, self.earned_minor_units) = (amount.currency, amount.minor_units);
            self.flags |= HAS_AMOUNT;
        }
        self
    }

    fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// When it happened, and by which record.
    pub fn stamp(&self) -> Stamp {
        self.stamp.into()
    }

    /// What was sold for.
    pub fn amount(&self) -> Money {
        Money::new(self.currency, self.minor_units)
    }

    /// The lead it names.
    pub fn lead(&self) -> Option<Row> {
        self.lead.get()
    }

    /// The agreement that has the credit, by the lead or by name.
    pub fn credit(&self) -> Option<Row> {
        self.credit.get()
    }

    /// The sale that was recorded next of those that name its lead.
    pub fn next_of_lead(&self) -> Option<Row> {
        self.next_of_lead.get()
    }

    pub(in crate::domain) fn set_next_of_lead(&mut self, next: Row) {
        self.next_of_lead = Some(next).into();
    }

    /// Whether the partner collected it (rules 6.10).
    pub fn collected(&self) -> bool {
        self.is(COLLECTED)
    }

    /// What it earned; none for the house's own.
    pub fn earned(&self) -> Option<Earned> {
        let outcome = CommissionOutcome::try_from(i32::from(self.outcome)).ok()?;
        Some(Earned {
            outcome: Some(outcome).filter(|outcome| *outcome != CommissionOutcome::Unspecified)?,
            terms_position: u64::from(self.terms_position),
            rule: Some(self.rule).filter(|rule| *rule != NO_RULE),
            rate_bps: Some(u32::from(self.rate_bps)).filter(|_| self.rate_bps != NO_RATE),
            amount: self.earned_amount(),
        })
    }

    fn earned_amount(&self) -> Option<Money> {
        self.is(HAS_AMOUNT).then(|| Money::new(self.earned_currency, self.earned_minor_units))
    }

    /// Refunds less reinstatements, in minor units.
    pub fn refunded(&self) -> i64 {
        self.rest.as_ref().map_or(0, |rest| rest.refunded)
    }

    /// Of these, refunds for the house's fault that reversed nothing (rules 13).
    pub fn exempt(&self) -> i64 {
        self.rest.as_ref().map_or(0, |rest| rest.exempt)
    }

    /// Its refunds, in the order of recording.
    pub fn refunds(&self) -> &[Row] {
        self.rest.as_ref().map_or(&[], |rest| &rest.refunds)
    }

    /// Disputes that name it.
    pub fn disputes(&self) -> &[Row] {
        self.rare().map_or(&[], |rare| &rare.disputes)
    }

    pub(super) fn add_dispute(&mut self, dispute: Row) {
        self.rare_mut().disputes.push(dispute);
    }

    /// Its commission entries, account and place, in the order of recording.
    pub fn entries(&self) -> impl Iterator<Item = (Row, Row)> {
        let first = self.entry.0.get().map(|account| (account, self.entry.1));
        first.into_iter().chain(self.rest.iter().flat_map(|rest| rest.entries.iter().copied()))
    }

    /// A commission entry of a record was posted to a partner.
    pub(super) fn add_entry(&mut self, partner: Row, position: u64, entry: (Row, Row)) {
        let is_first = self.entry.0.get().is_none();
        if is_first {
            self.entry = (Some(entry.0).into(), entry.1);
        } else {
            self.rest_mut().entries.push(entry);
        }
        let is_its_own = self.holder.get() == Some(partner) && position == self.stamp().position;
        match self.holdings_kept_mut() {
            Some(holdings) => holdings.link(partner, position, entry),
            None if is_its_own => {
                assert!(is_first, "what a sale earned is posted first");
                self.flags |= LINKED;
            }
            None => {}
        }
    }

    /// A refund of it was recorded, or its reinstatement (below zero).
    pub(super) fn add_refunded(&mut self, applied: i64, exempt: bool) {
        let rest = self.rest_mut();
        rest.refunded += applied;
        rest.exempt += if exempt { applied } else { 0 };
    }

    pub(super) fn add_refund(&mut self, refund: Row) {
        self.rest_mut().refunds.push(refund);
    }

    /// What stands of its commission.
    pub fn holdings(&self) -> Holdings {
        if let Some(kept) = self.rare().and_then(|rare| rare.holdings.as_ref()) {
            return kept.clone();
        }
        let mut holdings = Holdings::default();
        if let (Some(partner), Some(credit)) = (self.holder.get(), self.credit()) {
            let amount = self.earned_minor_units - self.rest.as_ref().map_or(0, |rest| rest.taken);
            let mut holding = Holding::new(partner, credit, self.stamp().position, amount, self.available_at());
            holding.entry = self.entry.0.get().filter(|_| self.is(LINKED)).map(|account| (account, self.entry.1));
            holdings.acquire(holding);
        }
        holdings
    }

    fn available_at(&self) -> Option<Time> {
        let wait = Some(self.wait).filter(|wait| *wait != NO_WAIT)?;
        Some(self.stamp().occurred_at + chrono::Duration::seconds(i64::from(wait)))
    }

    /// Commission was accrued or moved here.
    pub fn acquire(&mut self, holding: Holding) {
        let is_its_own = (Some(holding.agreement), holding.position) == (self.credit(), self.stamp().position)
            && self.earned_amount().is_some_and(|amount| amount.minor_units == holding.amount);
        let wait = holding
            .available_at
            .map(|available| available - self.stamp().occurred_at)
            .map(|wait| (u32::try_from(wait.num_seconds()), wait.subsec_nanos()));
        let wait = match wait {
            None => Some(NO_WAIT),
            Some((Ok(wait), 0)) => Some(wait).filter(|wait| *wait != NO_WAIT),
            Some(_) => None,
        };
        let is_free = self.holder.get().is_none() && self.rare().is_none_or(|rare| rare.holdings.is_none());
        match wait.filter(|_| is_free && is_its_own && holding.entry.is_none()) {
            Some(wait) => (self.holder, self.wait) = (Some(holding.partner).into(), wait),
            None => self.holdings_mut().acquire(holding),
        }
    }

    /// A part was taken from a partner: from its latest holding first, the rest from its first.
    pub fn take(&mut self, partner: Row, amount: i64) {
        let is_holder = self.holder.get() == Some(partner);
        match self.holdings_kept_mut() {
            Some(holdings) => holdings.take(partner, amount),
            None if is_holder => self.rest_mut().taken += amount,
            None => {}
        }
    }

    /// A part was given back to a partner: to its latest holding.
    pub fn give_back(&mut self, partner: Row, amount: i64) {
        let is_holder = self.holder.get() == Some(partner);
        match self.holdings_kept_mut() {
            Some(holdings) => holdings.give_back(partner, amount),
            None if is_holder => self.rest_mut().taken -= amount,
            None => {}
        }
    }

    /// From whom an amount is to be taken, see `Holdings::parts_of`.
    pub fn parts_of(&self, amount: i128) -> Vec<Part> {
        self.holdings().parts_of(amount)
    }

    /// The holdings one by one from now on.
    fn holdings_mut(&mut self) -> &mut Holdings {
        if self.rare().is_none_or(|rare| rare.holdings.is_none()) {
            let holdings = self.holdings();
            self.rare_mut().holdings = Some(holdings);
        }
        self.holdings_kept_mut().expect("they were just put there")
    }

    fn holdings_kept_mut(&mut self) -> Option<&mut Holdings> {
        self.rest.as_mut()?.rare.as_mut()?.holdings.as_mut()
    }

    fn rare(&self) -> Option<&Rare> {
        self.rest.as_ref()?.rare.as_deref()
    }

    fn rest_mut(&mut self) -> &mut Rest {
        self.rest.get_or_insert_default()
    }

    fn rare_mut(&mut self) -> &mut Rare {
        self.rest_mut().rare.get_or_insert_default()
    }

    /// What of it was refunded, as seen, in minor units.
    pub fn refunded_seen(&self, seen: Seen, state: &State) -> i64 {
        let refunds = self.refunds().iter().map(|row| state.commissions.refunds.get(*row)).filter(|refund| seen.sees(refund.stamp));
        refunds.filter(|refund| !refund.reinstated.is_some_and(|stamp| seen.sees(stamp))).map(|refund| refund.applied).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is done to a sale's commission.
    #[derive(Clone, Debug)]
    enum Step {
        Take(Row, i64),
        GiveBack(Row, i64),
        Acquire(Row, i64, Option<i64>),
        Post(Row, bool),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let partner = 0..3_u32;
        let step = prop_oneof![
            (partner.clone(), -90_i64..90).prop_map(|(partner, amount)| Step::Take(partner, amount)),
            (partner.clone(), 0_i64..90).prop_map(|(partner, amount)| Step::GiveBack(partner, amount)),
            (partner.clone(), 0_i64..90, prop::option::of(-5_i64..5))
                .prop_map(|(partner, amount, wait)| Step::Acquire(partner, amount, wait)),
            (partner, any::<bool>()).prop_map(|(partner, own)| Step::Post(partner, own)),
        ];
        prop::collection::vec(step, 0..8)
    }

    fn at(seconds: i64) -> Time {
        Time::from_timestamp(seconds, 0).expect("a time")
    }

    proptest! {
        #[test]
        fn its_commission_is_as_if_it_were_kept_holding_by_holding(
            earned in prop::option::of(0_i64..100), wait in prop::option::of(-10_i64..100), is_posted in any::<bool>(), steps in steps(),
        ) {
            let currency = Currency::from_code("USD").expect("a currency");
            let stamp = Stamp { occurred_at: at(1_000), position: 7 };
            let mut sale = Sale::new(stamp, Money::new(currency, 500), None, Some(4), false);
            let (mut holdings, mut entries) = (Holdings::default(), Vec::new());
            if let Some(amount) = earned {
                let (outcome, amount_earned) = (CommissionOutcome::Accrued, Some(Money::new(currency, amount)));
                sale = sale.earning(&Earned { outcome, terms_position: 2, rule: Some(0), rate_bps: Some(2_000), amount: amount_earned });
                let holding = Holding::new(1, 4, 7, amount, wait.map(|wait| at(1_000 + wait)));
                sale.acquire(holding.clone());
                holdings.acquire(holding);
                if is_posted {
                    sale.add_entry(1, 7, (9, 0));
                    holdings.link(1, 7, (9, 0));
                    entries.push((9, 0));
                }
            }
            for (step, number) in steps.into_iter().zip(1..) {
                match step {
                    Step::Take(partner, amount) => {
                        sale.take(partner, amount);
                        holdings.take(partner, amount);
                    }
                    Step::GiveBack(partner, amount) => {
                        sale.give_back(partner, amount);
                        holdings.give_back(partner, amount);
                    }
                    Step::Acquire(partner, amount, wait) => {
                        let holding = Holding::new(partner, 5, 7 + u64::from(number), amount, wait.map(|wait| at(1_000 + wait)));
                        sale.acquire(holding.clone());
                        holdings.acquire(holding);
                    }
                    Step::Post(partner, is_last) => {
                        let position = 7 + u64::from(number) - u64::from(is_last);
                        if position > 7 {
                            sale.add_entry(partner, position, (partner, number));
                            holdings.link(partner, position, (partner, number));
                            entries.push((partner, number));
                        }
                    }
                }
                prop_assert_eq!(sale.holdings(), holdings.clone());
                prop_assert_eq!(sale.entries().collect::<Vec<_>>(), entries.clone());
            }
        }
    }

    #[test]
    fn a_sale_is_small() {
        assert_eq!(size_of::<Sale>(), 80);
    }
}
