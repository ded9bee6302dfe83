//! What a sale or a qualification earned, and what stands of it. There are more of these rows than of anything else and most
//! never change, so they are kept small: equal parts are interned, fields that few use are boxed.

mod encoding;

use super::PinnedAssessment;
use super::holdings::{CommissionPart, Holding, Holdings, TakenFrom};
use super::part::SaleDetails;
use crate::domain::calendar::Time;
use crate::domain::effect::Assessment;
use crate::domain::money::{Currency, Money};
use crate::domain::stamp::CompactStamp;
use crate::domain::table::{OptionalRow, Row};
use crate::domain::{Stamp, State};
use chrono::TimeDelta;
use smallvec::SmallVec;
use std::sync::Arc;

/// What a sale, or a lead's first qualification, earned: pinned by its assessment (rules 6.8), one holder
/// has all of it unless the cold fields list the holdings.
#[derive(Clone, Debug)]
pub struct Earning {
    stamp: CompactStamp,
    minor_units: i64,
    pinned: Arc<Pinned>,
    /// Its first commission entry: account and place. If one holds all, it brought it there.
    entry: (OptionalRow, Row),
    warm: Option<Box<WarmFields>>,
}

/// What stands, holding by holding.
pub type Standing = SmallVec<[Stands; 2]>;

/// What stands of a holding; nothing of it is below zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stands {
    /// The entry that brought it, once it is posted: account and place.
    pub entry: Option<(Row, Row)>,
    /// Minor units that do not wait for the customer's payment.
    pub released: i64,
    /// Minor units that do (rules 17).
    pub awaiting: i64,
}

/// The part of an earning that sales of an agreement mostly have in common; interned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pinned {
    /// The agreement that has the credit.
    pub credit: Option<Row>,
    /// Of what was sold; none for a qualification.
    pub sold: Option<Currency>,
    /// Whether the partner collected the sale (rules 6.10).
    pub collected: bool,
    /// What was assessed, but for the amount in minor units.
    pub earned: Option<PinnedAssessment>,
    /// The partner that it was accrued to.
    pub holder: Option<Row>,
    /// How long after it happened it is available.
    pub wait: Option<TimeDelta>,
    /// Whether it waits for the customer's payment (rules 17).
    pub awaits: bool,
}

/// Fields of earnings that were refunded or have several entries.
#[derive(Clone, Debug, Default)]
struct WarmFields {
    /// Refunds less reinstatements, in minor units.
    refunded: i64,
    /// Of these, refunds for the house's fault that reversed nothing (rules 13).
    exempt: i64,
    /// What was taken of what it earned, while one holder has it.
    taken: i64,
    refunds: SmallVec<[Row; 2]>,
    /// Its commission entries after the first.
    entries: SmallVec<[(Row, Row); 1]>,
    cold: Option<Box<ColdFields>>,
}

/// Fields that few earnings use.
#[derive(Clone, Debug, Default)]
struct ColdFields {
    disputes: Vec<Row>,
    /// What few sales have; of the first part alone.
    details: Option<Box<SaleDetails>>,
    /// What stands of its commission, listed once it is not one holder's alone.
    holdings: Option<Holdings>,
}

impl Stands {
    /// What stands of a holding.
    pub fn of(holding: &Holding) -> Self {
        let (released, awaiting) = ((holding.amount - holding.awaiting).max(0), holding.awaiting.max(0));
        Self { entry: holding.entry, released, awaiting }
    }
}

impl Pinned {
    /// What is pinned of something, with what it earned in minor units.
    pub fn of(
        stamp: Stamp,
        sold: Option<Currency>,
        credit: Option<Row>,
        collected: bool,
        assessment: Option<&Assessment>,
        state: &State,
    ) -> (Self, i64) {
        let mut earned = assessment.map(|assessment| PinnedAssessment::of(assessment, credit, state));
        let amount = earned.as_mut().and_then(|earned| earned.amount.as_mut());
        // Also of nothing: what tiers take back by a refund is taken from whom the sale was credited to.
        let holder = credit.filter(|_| amount.is_some()).map(|credit| state.agreements.by_id.get(credit).partner);
        let minor_units = amount.map_or(0, |amount| std::mem::take(&mut amount.minor_units));
        let available_at = assessment.and_then(|assessment| assessment.available_at).filter(|_| holder.is_some());
        let wait = available_at.map(|available_at| available_at - stamp.occurred_at);
        let awaits = assessment.is_some_and(|assessment| assessment.awaits_customer_payment);
        (Self { credit, sold, collected, earned, holder, wait, awaits }, minor_units)
    }
}

impl Earning {
    /// What was pinned of something, with what it earned in minor units.
    pub fn new(stamp: Stamp, minor_units: i64, pinned: Arc<Pinned>) -> Self {
        Self { stamp: stamp.into(), minor_units, pinned, entry: (OptionalRow::NONE, 0), warm: None }
    }

    /// When it happened, and by which record.
    pub fn stamp(&self) -> Stamp {
        self.stamp.into()
    }

    /// The currency of what was sold.
    pub fn sold(&self) -> Option<Currency> {
        self.pinned.sold
    }

    /// The agreement that has the credit.
    pub fn credit(&self) -> Option<Row> {
        self.pinned.credit
    }

    /// Whether the partner collected the sale (rules 6.10).
    pub fn collected(&self) -> bool {
        self.pinned.collected
    }

    /// What it earned; none for the house's own.
    pub fn assessment(&self) -> Option<PinnedAssessment> {
        let mut earned = self.pinned.earned?;
        if let Some(amount) = &mut earned.amount {
            amount.minor_units = self.minor_units;
        }
        Some(earned)
    }

    /// Refunds less reinstatements, in minor units.
    pub fn refunded(&self) -> i64 {
        self.warm.as_ref().map_or(0, |warm| warm.refunded)
    }

    /// Of these, refunds for the house's fault that reversed nothing (rules 13).
    pub fn exempt(&self) -> i64 {
        self.warm.as_ref().map_or(0, |warm| warm.exempt)
    }

    /// Its refunds, in the order of recording.
    pub fn refunds(&self) -> &[Row] {
        self.warm.as_ref().map_or(&[], |warm| &warm.refunds)
    }

    /// What few sales have.
    pub(super) fn details(&self) -> Option<&SaleDetails> {
        self.cold()?.details.as_deref()
    }

    /// The same, to be changed; made from what `new` returns if there is nothing yet.
    pub(super) fn details_mut(&mut self, new: impl FnOnce() -> SaleDetails) -> &mut SaleDetails {
        self.cold_mut().details.get_or_insert_with(|| Box::new(new()))
    }

    /// Whether it waits for the customer's payment (rules 17).
    pub fn awaits(&self) -> bool {
        self.pinned.awaits
    }

    /// Disputes that name it.
    pub fn disputes(&self) -> &[Row] {
        self.cold().map_or(&[], |cold| &cold.disputes)
    }

    pub(super) fn add_dispute(&mut self, dispute: Row) {
        self.cold_mut().disputes.push(dispute);
    }

    /// Its commission entries, account and place, in the order of recording.
    pub fn entries(&self) -> impl Iterator<Item = (Row, Row)> {
        let first = self.entry.0.get().map(|account| (account, self.entry.1));
        first.into_iter().chain(self.warm.iter().flat_map(|warm| warm.entries.iter().copied()))
    }

    /// Adds a commission entry that a record posted to a partner: account and place.
    pub(in crate::domain) fn add_entry(&mut self, partner: Row, currency: Currency, position: u64, entry: (Row, Row)) {
        let is_first = self.entry.0.get().is_none();
        let is_its_own = self.pinned.holder == Some(partner) && position == self.stamp().position;
        if is_first && !is_its_own && self.pinned.holder.is_some() {
            // From now on the holdings are listed: the first entry is not the one that brought the first holding.
            self.holdings_mut();
        }
        if is_first {
            self.entry = (Some(entry.0).into(), entry.1);
        } else {
            self.warm_mut().entries.push(entry);
        }
        if let Some(holdings) = self.listed_holdings_mut() {
            holdings.link(partner, currency, position, entry);
        }
    }

    /// Adds a refund of it or, below zero, a reinstatement, in minor units.
    pub(super) fn add_refunded(&mut self, applied: i64, exempt: bool) {
        let warm = self.warm_mut();
        warm.refunded += applied;
        warm.exempt += if exempt { applied } else { 0 };
    }

    pub(super) fn add_refund(&mut self, refund: Row) {
        self.warm_mut().refunds.push(refund);
    }

    /// What stands of its commission.
    pub fn holdings(&self) -> Holdings {
        if let Some(kept) = self.cold().and_then(|cold| cold.holdings.as_ref()) {
            return kept.clone();
        }
        let mut holdings = Holdings::default();
        let accrued = self.pinned.earned.and_then(|earned| earned.amount);
        if let (Some(partner), Some(credit), Some(accrued)) = (self.pinned.holder, self.credit(), accrued) {
            let minor_units = self.minor_units - self.warm.as_ref().map_or(0, |warm| warm.taken);
            let available_at = self.pinned.wait.map(|wait| self.stamp().occurred_at + wait);
            let amount = Money::new(accrued.currency, minor_units);
            let mut holding = Holding::accrued(partner, credit, self.stamp().position, amount, available_at);
            if self.pinned.awaits {
                holding = holding.waiting();
            }
            holding.entry = self.entry.0.get().map(|account| (account, self.entry.1));
            holdings.acquire(holding);
        }
        holdings
    }

    /// What stands of its commission, holding by holding.
    pub fn standing(&self) -> Standing {
        if let Some(kept) = self.cold().and_then(|cold| cold.holdings.as_ref()) {
            return kept.iter().map(Stands::of).collect();
        }
        let earned = self.pinned.earned.and_then(|earned| earned.amount);
        let is_held = self.pinned.holder.is_some() && self.credit().is_some() && earned.is_some();
        let stands = (self.minor_units - self.warm.as_ref().map_or(0, |warm| warm.taken)).max(0);
        let (released, awaiting) = if self.pinned.awaits { (0, stands) } else { (stands, 0) };
        let entry = self.entry.0.get().map(|account| (account, self.entry.1));
        is_held.then_some(Stands { entry, released, awaiting }).into_iter().collect()
    }

    /// Adds commission that was transferred, or accrued later.
    pub fn acquire(&mut self, holding: Holding) {
        self.holdings_mut().acquire(holding);
    }

    /// Adds commission that was transferred, see `Holdings::acquire_moved`.
    pub fn acquire_moved(&mut self, moved: Holding, is_rest: bool) {
        self.holdings_mut().acquire_moved(moved, is_rest);
    }

    /// Takes a part from its holder, see `Holdings::take`.
    pub fn take(&mut self, part: &CommissionPart) -> Option<TakenFrom> {
        let position = self.stamp().position;
        let from = TakenFrom { position, source: position, entry: self.entry.0.get().map(|account| (account, self.entry.1)) };
        let is_holder = self.pinned.holder == Some(part.partner);
        match self.listed_holdings_mut() {
            Some(holdings) => holdings.take(part),
            None if is_holder => {
                self.warm_mut().taken += part.amount;
                Some(from)
            }
            None => None,
        }
    }

    /// Gives a part back to its holder, see `Holdings::give_back`.
    pub fn give_back(&mut self, part: &CommissionPart) {
        let is_holder = self.pinned.holder == Some(part.partner);
        match self.listed_holdings_mut() {
            Some(holdings) => holdings.give_back(part),
            None if is_holder => self.warm_mut().taken -= part.amount,
            None => {}
        }
    }

    /// Releases what waits, see `Holdings::release`.
    pub fn release(&mut self, place: usize, minor_units: i64, available_at: Time) {
        self.holdings_mut().release(place, minor_units, available_at);
    }

    /// From whom an amount is to be taken, see `Holdings::parts_of`.
    pub fn parts_of(&self, amount: i128) -> Vec<CommissionPart> {
        self.holdings().parts_of(amount)
    }

    /// Returns the list of holdings, which is made if there is none yet.
    fn holdings_mut(&mut self) -> &mut Holdings {
        if self.cold().is_none_or(|cold| cold.holdings.is_none()) {
            let holdings = self.holdings();
            self.cold_mut().holdings = Some(holdings);
        }
        self.listed_holdings_mut().expect("they were just put there")
    }

    fn listed_holdings_mut(&mut self) -> Option<&mut Holdings> {
        self.warm.as_mut()?.cold.as_mut()?.holdings.as_mut()
    }

    fn cold(&self) -> Option<&ColdFields> {
        self.warm.as_ref()?.cold.as_deref()
    }

    fn warm_mut(&mut self) -> &mut WarmFields {
        self.warm.get_or_insert_default()
    }

    fn cold_mut(&mut self) -> &mut ColdFields {
        self.warm_mut().cold.get_or_insert_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::CommissionOutcome;
    use proptest::prelude::*;

    /// What is done to commission.
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

    fn part(partner: Row, amount: i64) -> CommissionPart {
        let currency = Currency::from_code("USD").expect("a currency");
        CommissionPart {
            partner,
            agreement: Row::MAX,
            position: 0,
            currency,
            amount,
            available_at: None,
            awaits: false,
            number: 0,
            entry: None,
        }
    }

    proptest! {
        #[test]
        fn its_commission_is_as_if_it_were_kept_holding_by_holding(
            earned in prop::option::of(0_i64..100), wait in prop::option::of(-10_i64..100), is_posted in any::<bool>(), steps in steps(),
        ) {
            let currency = Currency::from_code("USD").expect("a currency");
            let stamp = Stamp { occurred_at: at(1_000), position: 7 };
            let amount = earned.map(|_| Money::new(currency, 0));
            let pinned = Pinned {
                credit: Some(4),
                sold: Some(currency),
                collected: false,
                earned: Some(PinnedAssessment { outcome: CommissionOutcome::Accrued, terms_position: 2, rule: Some(0), rate_bps: Some(2_000), amount }),
                holder: earned.map(|_| 1),
                wait: earned.and(wait).map(TimeDelta::seconds),
                awaits: false,
            };
            let mut sale = Earning::new(stamp, earned.unwrap_or(0), Arc::new(pinned));
            let (mut holdings, mut entries) = (Holdings::default(), Vec::new());
            if let Some(amount) = earned {
                holdings.acquire(Holding::accrued(1, 4, 7, Money::new(currency, amount), wait.map(|wait| at(1_000 + wait))));
                if is_posted {
                    sale.add_entry(1, currency, 7, (9, 0));
                    holdings.link(1, currency, 7, (9, 0));
                    entries.push((9, 0));
                }
            }
            for (step, number) in steps.into_iter().zip(1..) {
                match step {
                    Step::Take(partner, amount) => {
                        let part = part(partner, amount);
                        prop_assert_eq!(sale.take(&part).is_some(), holdings.take(&part).is_some());
                    }
                    Step::GiveBack(partner, amount) => {
                        sale.give_back(&part(partner, amount));
                        holdings.give_back(&part(partner, amount));
                    }
                    Step::Acquire(partner, amount, wait) => {
                        let part = CommissionPart { available_at: wait.map(|wait| at(1_000 + wait)), ..part(partner, amount) };
                        let holding = Holding::moved(&part, 7 + u64::from(number), 7);
                        sale.acquire(holding.clone());
                        holdings.acquire(holding);
                    }
                    Step::Post(partner, is_last) => {
                        let position = 7 + u64::from(number) - u64::from(is_last);
                        if position > 7 {
                            sale.add_entry(partner, currency, position, (partner, number));
                            holdings.link(partner, currency, position, (partner, number));
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
    fn it_is_small() {
        assert_eq!(size_of::<Earning>(), 48);
    }
}
