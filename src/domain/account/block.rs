//! A full block of an account's entries, delta-coded: each as its difference to the one before, with the sums over all of them.

mod encoding;

use super::{About, Entry, KINDS, Sums, Wanted};
use crate::domain::Seen;
use crate::domain::calendar::Time;
use crate::domain::table::Row;
use crate::encoding::{Packer, Unpacker};
use crate::proto::EntryKind;

/// Entries per block.
pub const BLOCK: usize = 64;

/// The first byte of an entry: its kind in the lower four bits, then what it is about, then when it is available.
const OF_SALE: u8 = 1 << 4;
const OF_LEAD: u8 = 2 << 4;
const OF_PART: u8 = 3 << 4;
const ABOUT: u8 = 3 << 4;
const AVAILABLE: u8 = 1 << 6;
/// It is available as long after it is effective as the last one with that time.
const SAME_WAIT: u8 = 1 << 7;
/// Without a time at which it is available: it waits for the customer's payment.
const AWAITS: u8 = 1 << 7;
const KIND: u8 = 0x0f;

/// A full block of entries, which never change.
#[derive(Debug)]
pub struct Block {
    settled_by: Time,
    /// From when the first of them counts, and the sums by the kinds that occur.
    summary: Box<[u8]>,
    entries: Box<[u8]>,
}

impl Block {
    /// Packs entries.
    pub fn of(entries: &[Entry]) -> Self {
        let (mut packer, mut previous) = (Packer::default(), Previous::default());
        entries.iter().for_each(|entry| previous.write(entry, &mut packer));
        let settled_by = entries.iter().map(Entry::settles_at).max().unwrap_or_default();
        Self { settled_by, summary: summary(entries), entries: packer.finish() }
    }

    /// The entries, in the order of recording.
    pub fn entries(&self) -> Entries<'_> {
        Entries::Packed(Unpacker::new(&self.entries), Previous::default())
    }

    /// The latest time at which one of them settles.
    pub fn settled_by(&self) -> Time {
        self.settled_by
    }

    /// Adds the sums over all of them.
    pub fn add_sums(&self, sums: &mut Sums) {
        let mut unpacker = Unpacker::new(&self.summary);
        unpacker.time();
        sums.transferred_in += unpacker.sum();
        while !unpacker.is_done() {
            let kind = unpacker.byte();
            sums.by_kind[usize::from(kind)] += unpacker.sum();
        }
    }

    /// Whether there may be entries that are wanted and seen.
    pub fn may_have(&self, wanted: &Wanted, seen: Seen) -> bool {
        let mut unpacker = Unpacker::new(&self.summary);
        let earliest = unpacker.time();
        if seen.time < earliest || !wanted.may_be_within(earliest, self.settled_by) {
            return false;
        }
        if wanted.has_all_kinds() {
            return true;
        }
        unpacker.sum();
        while !unpacker.is_done() {
            if wanted.has_kind(unpacker.byte()) {
                return true;
            }
            unpacker.sum();
        }
        false
    }
}

/// Packs from when the first of some entries counts, and their sums, without what is pending: that depends on the time of the
/// question. A kind that occurs has a sum, even if it is zero.
fn summary(entries: &[Entry]) -> Box<[u8]> {
    let (mut sums, mut occurs) = (Sums::default(), [false; KINDS]);
    for entry in entries {
        sums.add(entry);
        occurs[entry.kind as usize] = true;
    }
    let mut packer = Packer::default();
    packer.time(entries.iter().map(|entry| entry.effective_at).min().unwrap_or_default());
    packer.sum(sums.transferred_in);
    for ((kind, sum), _) in (0..).zip(sums.by_kind).zip(occurs).filter(|(_, occurs)| *occurs) {
        packer.byte(kind);
        packer.sum(sum);
    }
    packer.finish()
}

/// Reads entries in order.
pub enum Entries<'a> {
    /// Of a block.
    Packed(Unpacker<'a>, Previous),
    /// Of the entries that are in no block yet.
    Open(std::slice::Iter<'a, Entry>),
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        match self {
            Self::Packed(unpacker, previous) => (!unpacker.is_done()).then(|| previous.read(unpacker)),
            Self::Open(entries) => entries.next().copied(),
        }
    }
}

/// The entry before, which the next one is written as a difference to.
#[derive(Default)]
pub struct Previous {
    position: u64,
    effect: u32,
    /// How many seconds after it was effective the last one was available.
    wait: i64,
    about: Row,
}

impl Previous {
    fn write(&mut self, entry: &Entry, packer: &mut Packer) {
        let wait = entry.available_at.map(|available| wait_of(entry, available));
        let same_wait = wait == Some((self.wait, 0));
        let (about, row) = match entry.about {
            About::Nothing => (0, None),
            About::Sale(row) => (OF_SALE, Some(row)),
            About::Lead(row) => (OF_LEAD, Some(row)),
            About::Part(row) => (OF_PART, Some(row)),
        };
        let available = match wait {
            None if entry.awaits => AWAITS,
            None => 0,
            Some(_) => AVAILABLE | if same_wait { SAME_WAIT } else { 0 },
        };
        packer.byte(kind_byte(entry.kind) | about | available);
        // The lowest bit says whether the place among the effects follows.
        let other_effect = entry.effect != self.effect;
        packer.number((entry.position - self.position) << 1 | u64::from(other_effect));
        if other_effect {
            packer.number(u64::from(entry.effect));
        }
        packer.signed(entry.amount);
        packer.time(entry.effective_at);
        if let Some((seconds, nanoseconds)) = wait.filter(|_| !same_wait) {
            packer.signed(seconds);
            packer.signed(i64::from(nanoseconds));
            self.wait = seconds;
        }
        if let Some(row) = row {
            packer.signed(i64::from(row) - i64::from(self.about));
            self.about = row;
        }
        (self.position, self.effect) = (entry.position, entry.effect);
    }

    fn read(&mut self, unpacker: &mut Unpacker<'_>) -> Entry {
        let first = unpacker.byte();
        let position = unpacker.number();
        self.position += position >> 1;
        if position & 1 == 1 {
            self.effect = narrow(unpacker.number());
        }
        let amount = unpacker.signed();
        let effective_at = unpacker.time();
        let available_at = (first & AVAILABLE != 0).then(|| self.read_available(first, effective_at, unpacker));
        if first & ABOUT != 0 {
            self.about = narrow((i64::from(self.about) + unpacker.signed()).cast_unsigned());
        }
        let about = match first & ABOUT {
            OF_SALE => About::Sale(self.about),
            OF_LEAD => About::Lead(self.about),
            OF_PART => About::Part(self.about),
            _ => About::Nothing,
        };
        let kind = kind_of(first & KIND);
        let awaits = first & (AVAILABLE | AWAITS) == AWAITS;
        Entry { position: self.position, effect: self.effect, kind, amount, effective_at, available_at, about, awaits }
    }

    fn read_available(&mut self, first: u8, effective_at: Time, unpacker: &mut Unpacker<'_>) -> Time {
        let mut nanoseconds = 0;
        if first & SAME_WAIT == 0 {
            self.wait = unpacker.signed();
            nanoseconds = unpacker.signed();
        }
        effective_at + chrono::Duration::seconds(self.wait) + chrono::Duration::nanoseconds(nanoseconds)
    }
}

/// How long after it is effective an entry is available: whole seconds and nanoseconds.
fn wait_of(entry: &Entry, available: Time) -> (i64, i32) {
    let wait = available - entry.effective_at;
    (wait.num_seconds(), wait.subsec_nanos())
}

fn kind_byte(kind: EntryKind) -> u8 {
    u8::try_from(kind as i32).ok().filter(|kind| usize::from(*kind) < KINDS).expect("kinds fit four bits")
}

fn kind_of(byte: u8) -> EntryKind {
    EntryKind::try_from(i32::from(byte)).expect("a kind was written")
}

fn narrow(number: u64) -> u32 {
    u32::try_from(number).expect("a number of 32 bits was written")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::{EARLIEST, LATEST};
    use proptest::prelude::*;

    fn a_time() -> impl Strategy<Value = Time> {
        let seconds = prop_oneof![EARLIEST.timestamp()..=LATEST.timestamp(), 1_700_000_000_i64..1_700_100_000];
        let nanoseconds = prop_oneof![3 => Just(0_u32), 1 => 0..1_000_000_000_u32];
        (seconds, nanoseconds).prop_map(|(seconds, nanoseconds)| Time::from_timestamp(seconds, nanoseconds).expect("a time"))
    }

    fn an_about() -> impl Strategy<Value = About> {
        let rows = || any::<Row>();
        prop_oneof![Just(About::Nothing), rows().prop_map(About::Sale), rows().prop_map(About::Lead), rows().prop_map(About::Part)]
    }

    proptest! {
        #[test]
        fn a_block_gives_back_its_entries(
            rows in prop::collection::vec((0_u64..1 << 40, 0_u32..3, 1..KINDS, any::<i64>(), a_time(), prop::option::of(prop_oneof![a_time().prop_map(Ok), Just(Err(2_592_000))]), an_about()), 1..BLOCK),
        ) {
            let mut position = 0;
            let entries: Vec<Entry> = rows.into_iter().map(|(step, effect, kind, amount, effective_at, available, about)| {
                position += step;
                let kind = EntryKind::try_from(i32::try_from(kind).expect("few")).expect("a kind");
                let later = |seconds| (effective_at + chrono::Duration::seconds(seconds)).min(LATEST);
                let available_at = available.map(|available| available.unwrap_or_else(later));
                Entry { position, effect, kind, amount, effective_at, available_at, about, awaits: available_at.is_none() && amount % 2 == 0 }
            }).collect();
            let block = Block::of(&entries);
            prop_assert_eq!(block.entries().collect::<Vec<_>>(), entries.clone());
            let (mut sums, mut expected) = (Sums::default(), Sums::default());
            block.add_sums(&mut sums);
            entries.iter().for_each(|entry| expected.add(entry));
            // A block with what waits is never settled, so its summary is not asked for that.
            prop_assert_eq!(sums, Sums { awaiting: 0, ..expected });
        }
    }
}
