//! What is kept of a partner's account beside its entries, so that no decision looks at all of them: what stands of commission
//! by block, what was paid by payout, what settles and what is held in order of time.

use super::block::BLOCK;
use super::running_sums::RunningSums;
use super::{Account, Entry, Sums};
use crate::domain::Seen;
use crate::domain::calendar::Time;
use crate::domain::few::Few;
use crate::domain::table::Row;
use crate::domain::timeline::{Point, Timeline};
use crate::encoding::codec;
use std::sync::Arc;

/// Sums of a partner's account.
#[derive(Clone, Default)]
pub struct PartnerSums {
    /// What stands of the commission that the entries of each block brought, in minor units.
    standing: RunningSums,
    /// The same of what waits for the customer's payment, and is not in `standing`; most accounts have nothing of it.
    awaiting: Option<Box<RunningSums>>,
    /// The payouts, in the order of recording.
    payouts: Few<Row, 64>,
    /// What each of them came to, less what came back.
    paid: RunningSums,
    /// What settles of the first blocks, and what disputes hold of all entries.
    timeline: Timeline,
    /// How many blocks the timeline has.
    blocks: usize,
    /// The last record that posted here.
    posted_at: u64,
    /// The last record that changed what disputes hold.
    held_at: u64,
    /// The latest time from which an entry counts.
    effective_by: Time,
    /// What is on its way, if anything ever was.
    transit: Option<Arc<Transit>>,
}

/// What payouts that were sent have on their way.
#[derive(Clone, Default)]
struct Transit {
    /// What was sent, and what settled or failed of it, when it counts.
    timeline: Timeline,
    /// The last record that changed it.
    changed_at: u64,
    /// The payouts that were sent, in the order of recording.
    payouts: Few<Row, 64>,
}

codec!(PartnerSums { standing, awaiting, payouts, paid, timeline, blocks, posted_at, held_at, effective_by, transit });
codec!(Transit { timeline, changed_at, payouts });

impl Account {
    /// Notes that the last entry was posted to a partner.
    pub fn note_posted(&mut self, last: &Entry) {
        let full = self.blocks.len();
        let sums = Arc::make_mut(self.partner.get_or_insert_default());
        sums.posted_at = last.position;
        sums.effective_by = sums.effective_by.max(last.effective_at);
        if full > sums.blocks {
            let entries = self.blocks.get(full - 1).into_iter().flat_map(|block| block.entries());
            let points = entries.filter(|entry| !entry.awaits).map(Point::from);
            sums.timeline.add(points.collect());
            sums.blocks = full;
        }
    }

    fn partner_mut(&mut self) -> &mut PartnerSums {
        Arc::make_mut(self.partner.get_or_insert_default())
    }

    /// Adds to what stands of the commission that the entry at a place brought.
    pub fn add_standing(&mut self, place: Row, minor_units: i64) {
        self.partner_mut().standing.add(place as usize / BLOCK, i128::from(minor_units));
    }

    /// Adds to what waits for the customer's payment of the commission that the entry at a place brought.
    pub fn add_awaiting(&mut self, place: Row, minor_units: i64) {
        self.partner_mut().awaiting.get_or_insert_default().add(place as usize / BLOCK, i128::from(minor_units));
    }

    /// What waits of the commission that the entries of the blocks before that of a place brought. Payments count against it
    /// after all that does not wait (rules 17.4).
    pub fn awaiting_before_block(&self, place: Row) -> i128 {
        let awaiting = self.partner.as_ref().and_then(|sums| sums.awaiting.as_ref());
        awaiting.map_or(0, |awaiting| awaiting.first(place as usize / BLOCK))
    }

    /// What stands of all commission that does not wait.
    pub fn standing_total(&self) -> i128 {
        self.partner.as_ref().map_or(0, |sums| sums.standing.first(usize::MAX))
    }

    /// Like `block_beyond`, of what waits.
    pub fn awaiting_block_beyond(&self, amount: i128) -> Option<(usize, i128)> {
        let awaiting = self.partner.as_ref()?.awaiting.as_ref()?;
        let (blocks, before) = awaiting.within(amount);
        (blocks < awaiting.len()).then_some((blocks * BLOCK, before))
    }

    /// What stands of the commission that the entries of the blocks before that of a place brought, and the first place of that
    /// block.
    pub fn standing_before_block(&self, place: Row) -> (i128, usize) {
        let block = place as usize / BLOCK;
        (self.partner.as_ref().map_or(0, |sums| sums.standing.first(block)), block * BLOCK)
    }

    /// The first place of the block with that what stands of commission comes to more than an amount, and what stands before it.
    /// `None` if all of it does not.
    pub fn block_beyond(&self, amount: i128) -> Option<(usize, i128)> {
        let standing = &self.partner.as_ref()?.standing;
        let (blocks, before) = standing.within(amount);
        (blocks < standing.len()).then_some((blocks * BLOCK, before))
    }

    /// Adds a payout: its row, which is above those before, and its gross.
    pub fn add_payout(&mut self, payout: Row, minor_units: i64) {
        let sums = self.partner_mut();
        sums.payouts.push(payout);
        sums.paid.push(i128::from(minor_units));
    }

    /// Adds a payout that was sent to settle later, and counts from a time on.
    pub fn add_sent(&mut self, payout: Row, effective_at: Time, minor_units: i64, position: u64) {
        self.note_transit(effective_at, minor_units, position);
        self.transit_mut().payouts.push(payout);
    }

    /// Adds to what is on its way from a time on, by a record.
    pub fn note_transit(&mut self, effective_at: Time, minor_units: i64, position: u64) {
        let transit = self.transit_mut();
        transit.timeline.add(vec![Point { at: effective_at, amount: i128::from(minor_units), held: 0 }]);
        transit.changed_at = position;
    }

    fn transit_mut(&mut self) -> &mut Transit {
        Arc::make_mut(self.partner_mut().transit.get_or_insert_default())
    }

    /// What is on its way at a time, if all that is recorded of it is seen; in minor units.
    pub fn in_transit(&self, seen: Seen) -> Option<i128> {
        match self.partner.as_ref().and_then(|sums| sums.transit.as_ref()) {
            None => Some(0),
            Some(transit) => (transit.changed_at <= seen.position).then(|| transit.timeline.between(None, Some(seen.time)).amount),
        }
    }

    /// The payouts that were sent to settle later, in the order of recording.
    pub fn sent_payouts(&self) -> impl Iterator<Item = Row> {
        let payouts = self.partner.as_ref().and_then(|sums| sums.transit.as_ref()).map(|transit| &transit.payouts);
        payouts.into_iter().flat_map(|payouts| payouts.iter_from(0).copied())
    }

    /// The payouts of the account, in the order of recording.
    pub fn payouts(&self) -> impl Iterator<Item = Row> {
        let payouts = self.partner.as_ref().map(|sums| &sums.payouts);
        payouts.into_iter().flat_map(|payouts| payouts.iter_from(0).copied())
    }

    /// Takes off a payout what came back of it.
    pub fn return_payout(&mut self, payout: Row, minor_units: i64) {
        let sums = self.partner_mut();
        let index = sums.payouts.partition_point(|known| *known < payout);
        sums.paid.add(index, -i128::from(minor_units));
    }

    /// The payouts from the one on that what was paid reaches beyond an amount with, each with what was paid before and with it.
    pub fn payouts_beyond(&self, amount: i128) -> impl Iterator<Item = (Row, i128, i128)> {
        let sums = self.partner.as_deref();
        let first = sums.map_or(0, |sums| sums.paid.within(amount).0);
        sums.into_iter().flat_map(move |sums| {
            let payouts = (first..sums.payouts.len()).filter_map(|index| Some((index, *sums.payouts.get(index)?)));
            payouts.map(|(index, payout)| (payout, sums.paid.first(index), sums.paid.first(index + 1)))
        })
    }

    /// Adds to what disputes hold, by a record.
    pub fn hold(&mut self, points: Vec<Point>, position: u64) {
        let sums = self.partner_mut();
        sums.timeline.add(points);
        sums.held_at = position;
    }

    /// Whether it is a partner's, and every entry counts as seen: the sums of what is recorded are then those of what is seen.
    pub fn is_all_seen(&self, seen: Seen) -> bool {
        self.partner.as_ref().is_some_and(|sums| sums.posted_at <= seen.position && sums.effective_by <= seen.time)
    }

    /// What disputes hold until a time and from when on, if all that is recorded of that is seen; in minor units.
    pub fn held_changes(&self, seen: Seen) -> Option<Vec<(Time, i128)>> {
        Some(self.held_sums(seen)?.timeline.held_changes(seen.time))
    }

    /// The sum of what disputes hold at a time, if all that is recorded of that is seen; in minor units, below zero where
    /// reversals are more than what was accrued.
    pub fn held(&self, seen: Seen) -> Option<i128> {
        Some(self.held_sums(seen)?.timeline.between(None, Some(seen.time)).held)
    }

    fn held_sums(&self, seen: Seen) -> Option<&PartnerSums> {
        self.partner.as_deref().filter(|sums| sums.posted_at.max(sums.held_at) <= seen.position)
    }

    /// The sums over all entries, with what is pending at a time, if all are seen.
    pub(super) fn sums_of_all(&self, seen: Seen) -> Option<Sums> {
        let partner = self.partner.as_ref().filter(|_| self.is_all_seen(seen))?;
        let later = self.untimed().filter(|point| point.at <= seen.time).map(|point| point.amount).sum::<i128>();
        let settled = partner.timeline.between(None, Some(seen.time)).amount + later;
        let mut sums = self.totals.clone();
        sums.pending = sums.balance() + settled;
        Some(sums)
    }

    /// The entries that the timeline does not have yet.
    fn untimed(&self) -> impl Iterator<Item = Point> {
        let first = self.partner.as_ref().map_or(0, |sums| sums.blocks * BLOCK);
        self.entries_from(first).filter(|entry| !entry.awaits).map(Point::from)
    }

    /// What is payable at its lowest from a time on, whatever was recorded when, and when it first is: what is settled by then
    /// less what disputes hold, which is not below zero (rules 7.1, 7.2).
    pub fn least_payable_from(&self, from: Time) -> (i128, Time) {
        let mut timeline = self.partner.as_ref().map(|sums| sums.timeline.clone()).unwrap_or_default();
        let (before, later): (Vec<Point>, Vec<Point>) = self.untimed().partition(|point| point.at <= from);
        timeline.add(later);
        let sums = timeline.between(None, Some(from));
        let amount = sums.amount + before.iter().map(|point| point.amount).sum::<i128>();
        let start = Point { at: from, amount, held: sums.held };
        timeline.between(Some(from), None).after(start).least().unwrap_or((0, from))
    }
}

impl From<Entry> for Point {
    fn from(entry: Entry) -> Self {
        Self { at: entry.settles_at(), amount: -i128::from(entry.amount), held: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Most partners have few entries, and an account for each currency.
    #[test]
    fn the_sums_of_a_small_account_are_small() {
        let mut account = Account::default();
        account.add_standing(0, 1);
        account.add_payout(0, 1);
        let sums = account.partner.expect("it was made");
        assert!(matches!(sums.payouts, Few::List(_)), "no page is taken for one payout");
    }
}
