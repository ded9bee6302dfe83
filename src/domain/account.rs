//! Accounts: every posting in order, with sums by blocks, so that a balance of any time and position costs little (rules 7.1, 12).

mod block;
mod encoding;
mod name;
mod partner_sums;
mod running_sums;
mod sums;
mod wanted;

use super::Seen;
use super::calendar::{LATEST, Time};
use super::pages::Pages;
use super::table::{Row, Undo};
use crate::proto::EntryKind;
use block::{BLOCK, Block, Entries};
use ecow::EcoVec;
pub use name::{AccountKey, AccountName};
use partner_sums::PartnerSums;
use std::ops::Range;
use std::sync::Arc;
pub use sums::{KINDS, Sums};
pub use wanted::Wanted;

/// Whether entries of a kind are commission.
pub fn is_commission(kind: EntryKind) -> bool {
    matches!(kind, EntryKind::Accrual | EntryKind::Reversal | EntryKind::Reinstatement | EntryKind::Transfer | EntryKind::Release)
}

/// What a commission entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// A sale: its first part (rules 14.6).
    Sale(Row),
    /// A further part of a sale.
    Part(Row),
    /// A lead's qualification.
    Lead(Row),
    /// Neither: no commission.
    Nothing,
}

/// One posting to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The record that posted it.
    pub position: u64,
    /// Its place among the record's effects.
    pub effect: u32,
    /// What it is.
    pub kind: EntryKind,
    /// Minor units, debit above zero.
    pub amount: i64,
    /// From when it counts (rules 7.7).
    pub effective_at: Time,
    /// From when commission is no longer pending (rules 6.7).
    pub available_at: Option<Time>,
    /// Whose commission it is.
    pub about: About,
    /// Whether it is pending until the customer pays (rules 17.1); it has no availability then.
    pub awaits: bool,
}

impl Entry {
    /// Whether it is commission, which can be pending and disputed.
    pub fn is_commission(&self) -> bool {
        is_commission(self.kind)
    }

    /// From when it counts and is no longer pending; the latest time there is if that waits for the customer's payment.
    pub fn settles_at(&self) -> Time {
        if self.awaits {
            return LATEST;
        }
        self.available_at.map_or(self.effective_at, |available| available.max(self.effective_at))
    }
}

/// An account in one currency: all its entries in the order of recording. Full blocks of them are packed, and never change.
#[derive(Clone, Default)]
pub struct Account {
    blocks: Pages<Arc<Block>, 32>,
    /// The entries after the last full block.
    open: Vec<Entry>,
    totals: Sums,
    /// The disputed leads and sales with commission here, in order.
    disputed: EcoVec<About>,
    /// What is kept besides of a partner's account.
    partner: Option<Arc<PartnerSums>>,
}

/// How long an account was, and what its sums were.
pub struct AccountMark {
    entries: usize,
    totals: Sums,
    disputed: EcoVec<About>,
    partner: Option<Arc<PartnerSums>>,
}

impl Undo for Account {
    type Mark = AccountMark;

    fn mark(&self) -> AccountMark {
        let (totals, disputed, partner) = (self.totals.clone(), self.disputed.clone(), self.partner.clone());
        AccountMark { entries: self.len(), totals, disputed, partner }
    }

    fn undo(&mut self, mark: AccountMark) {
        if let Some(block) = self.blocks.get(mark.entries / BLOCK) {
            self.open = block.entries().collect();
            self.blocks.truncate(mark.entries / BLOCK);
        }
        self.open.truncate(mark.entries % BLOCK);
        self.totals = mark.totals;
        self.disputed = mark.disputed;
        self.partner = mark.partner;
    }
}

impl Account {
    /// Adds an entry. Returns its place.
    pub fn post(&mut self, entry: Entry) -> Row {
        self.totals.add(&entry);
        self.open.push(entry);
        if self.open.len() == BLOCK {
            self.blocks.push(Arc::new(Block::of(&self.open)));
            self.open.clear();
        }
        Row::try_from(self.len() - 1).expect("an account holds fewer than 2^32 entries")
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.blocks.len() * BLOCK + self.open.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All entries, in the order of recording, whatever their time.
    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        self.entries_from(0)
    }

    /// The first `count` entries, in the order of recording.
    pub fn first_entries(&self, count: usize) -> impl Iterator<Item = Entry> {
        self.entries().take(count)
    }

    /// The entries from a place on, in the order of recording.
    pub fn entries_from(&self, place: usize) -> impl Iterator<Item = Entry> {
        (place / BLOCK..=self.blocks.len()).flat_map(|block| self.block(block)).skip(place % BLOCK)
    }

    /// The first `count` entries, the latest first.
    pub fn last_first(&self, count: usize) -> impl Iterator<Item = Entry> {
        let blocks = (0..count.div_ceil(BLOCK)).rev();
        blocks.flat_map(move |block| self.block(block).take(count - block * BLOCK).collect::<Vec<_>>().into_iter().rev())
    }

    /// The entry at a place.
    pub fn entry(&self, place: Row) -> Entry {
        let place = place as usize;
        self.block(place / BLOCK).nth(place % BLOCK).expect("entries are never removed while somebody knows their place")
    }

    /// The entries of the block that a place lies in.
    pub(super) fn block_at(&self, place: usize) -> impl Iterator<Item = Entry> {
        self.block(place / BLOCK)
    }

    /// The entries at places, which rise. Each block is read once.
    pub fn entries_at(&self, places: impl Iterator<Item = Row>) -> impl Iterator<Item = Entry> {
        let mut block = None;
        places.map(move |place| {
            let place = place as usize;
            let (entries, next) = match &mut block {
                Some((index, entries, next)) if *index == place / BLOCK => (entries, next),
                _ => {
                    let (_, entries, next) = block.insert((place / BLOCK, self.block(place / BLOCK), 0));
                    (entries, next)
                }
            };
            let skipped = place % BLOCK - *next;
            *next = place % BLOCK + 1;
            entries.nth(skipped).expect("entries are never removed while somebody knows their place")
        })
    }

    fn block(&self, index: usize) -> Entries<'_> {
        self.blocks.get(index).map_or(Entries::Open(self.open.iter()), |block| block.entries())
    }

    /// The sums over everything recorded, whatever its time.
    pub fn totals(&self) -> &Sums {
        &self.totals
    }

    /// How many entries stand at or before a position.
    pub fn entries_until(&self, position: u64) -> usize {
        self.partition_point(|entry| entry.position <= position)
    }

    /// The first entry that does not match, of entries of which the first ones do and the others do not.
    pub fn partition_point(&self, matches: impl Fn(&Entry) -> bool) -> usize {
        if self.open.first().is_some_and(&matches) {
            return self.blocks.len() * BLOCK + self.open.partition_point(matches);
        }
        let block = self.blocks.partition_point(|block| block.entries().next().as_ref().is_some_and(&matches)).saturating_sub(1);
        block * BLOCK + self.block(block).take_while(matches).count()
    }

    /// The sums of what is seen, with what is pending then.
    pub fn sums(&self, seen: Seen) -> Sums {
        self.sums_of_first(self.entries_until(seen.position), seen)
    }

    /// The sums of what is seen of the first `count` entries.
    pub fn sums_of_first(&self, count: usize, seen: Seen) -> Sums {
        if count == self.len()
            && let Some(sums) = self.sums_of_all(seen)
        {
            return sums;
        }
        self.sums_between(0..count, seen)
    }

    /// The sums of what is seen of the entries at some places.
    pub fn sums_between(&self, places: Range<usize>, seen: Seen) -> Sums {
        let mut sums = Sums::default();
        for index in places.start / BLOCK..places.end.div_ceil(BLOCK) {
            let (skipped, end) = (places.start.saturating_sub(index * BLOCK), places.end - index * BLOCK);
            let is_settled = |block: &&Arc<Block>| block.settled_by() <= seen.time && block.settled_by() < LATEST;
            match self.blocks.get(index).filter(|block| skipped == 0 && BLOCK <= end && is_settled(block)) {
                Some(block) => block.add_sums(&mut sums),
                None => self.block(index).take(end).skip(skipped).for_each(|entry| sums.add_seen(&entry, seen)),
            }
        }
        sums
    }

    /// The disputed leads and sales with commission here, each once.
    pub fn disputed(&self) -> &[About] {
        &self.disputed
    }

    /// Notes that commission of a disputed lead or sale is here.
    pub fn add_disputed(&mut self, about: About) {
        if let Err(place) = self.disputed.binary_search(&about) {
            self.disputed.insert(place, about);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Time {
        Time::from_timestamp(seconds, 0).expect("a time")
    }

    proptest! {
        #[test]
        fn blocks_add_up_to_what_the_entries_say(
            entries in prop::collection::vec((1_i64..100, 0_i64..50, 0_i64..60, any::<bool>()), 0..400),
            time in 0_i64..120, position in 0_u64..420,
        ) {
            let mut account = Account::default();
            for (index, (amount, effective, hold, accrual)) in entries.iter().enumerate() {
                let kind = if *accrual { EntryKind::Accrual } else { EntryKind::Payment };
                let available_at = accrual.then(|| at(effective + hold));
                account.post(Entry { position: index as u64 + 1, effect: 0, kind, amount: *amount, effective_at: at(*effective), available_at, about: About::Nothing, awaits: false });
            }
            let sums = account.sums(Seen { time: at(time), position });
            let seen: Vec<_> = account.entries().filter(|e| e.position <= position && e.effective_at <= at(time)).collect();
            prop_assert_eq!(sums.balance(), seen.iter().map(|e| i128::from(e.amount)).sum::<i128>());
            let pending: i128 = seen.iter().filter(|e| e.available_at.is_some_and(|t| t > at(time))).map(|e| i128::from(e.amount)).sum();
            prop_assert_eq!(sums.pending(), -pending);
        }

        #[test]
        fn a_rollback_leaves_the_account_as_it_was(before in 0_usize..300, after in 0_usize..300) {
            let mut account = Account::default();
            let entry = |position| Entry { position, effect: 0, kind: EntryKind::Accrual, amount: 7, effective_at: at(1), available_at: None, about: About::Nothing, awaits: false };
            (0..before as u64).for_each(|position| { account.post(entry(position)); });
            let (mark, sums) = (account.mark(), account.sums(Seen { time: LATEST, position: u64::MAX }));
            (before as u64..(before + after) as u64).for_each(|position| { account.post(entry(position)); });
            account.undo(mark);
            prop_assert_eq!(account.sums(Seen { time: LATEST, position: u64::MAX }), sums.clone());
            prop_assert_eq!(account.totals(), &sums);
        }
    }
}
