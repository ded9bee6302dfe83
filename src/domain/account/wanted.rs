//! Which entries of an account are wanted. What a block knows of all of its entries lets whole blocks be left out.

use super::{Account, BLOCK, Entry, KINDS};
use crate::domain::Seen;
use crate::domain::calendar::Time;
use crate::proto::EntryKind;

const _: () = assert!(KINDS <= u16::BITS as usize, "each kind has a bit");

/// What entries are wanted, of those that are seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// A bit for each kind; all kinds if it has none.
    kinds: u16,
    /// From when they count.
    from: Option<Time>,
    /// Before when they count.
    before: Option<Time>,
}

impl Wanted {
    /// Entries of some kinds, of all if there is none, that count from a time on, and before another.
    pub fn new(kinds: &[EntryKind], from: Option<Time>, before: Option<Time>) -> Self {
        Self { kinds: kinds.iter().fold(0, |bits, kind| bits | 1 << *kind as u16), from, before }
    }

    /// Whether an entry is wanted.
    pub fn has(&self, entry: &Entry) -> bool {
        self.has_kind(entry.kind as u8) && self.may_be_within(entry.effective_at, entry.effective_at)
    }

    /// Whether it is wanted whatever its kind.
    pub(super) fn has_all_kinds(&self) -> bool {
        self.kinds == 0
    }

    pub(super) fn has_kind(&self, kind: u8) -> bool {
        self.has_all_kinds() || self.kinds & 1 << kind != 0
    }

    /// Whether an entry may be wanted that counts from some time between two.
    pub(super) fn may_be_within(&self, earliest: Time, latest: Time) -> bool {
        self.from.is_none_or(|from| from <= latest) && self.before.is_none_or(|before| earliest < before)
    }
}

impl Account {
    /// The first place from one on, before `end`, in whose block there may be entries that are wanted and seen; `end` if there is
    /// none.
    pub fn next_wanted(&self, mut place: usize, end: usize, wanted: &Wanted, seen: Seen) -> usize {
        while place < end && self.blocks.get(place / BLOCK).is_some_and(|block| !block.may_have(wanted, seen)) {
            place = (place / BLOCK + 1) * BLOCK;
        }
        place.min(end)
    }

    /// The entries from a place on, to the end of the block that it lies in.
    pub fn rest_of_block(&self, place: usize) -> impl Iterator<Item = Entry> {
        self.block(place / BLOCK).skip(place % BLOCK)
    }

    /// Whether any of the first `count` entries is seen.
    pub fn is_any_seen(&self, count: usize, seen: Seen) -> bool {
        let first = |place| self.next_wanted(place, count, &Wanted::default(), seen);
        let mut blocks = std::iter::successors(Some(first(0)), |place| Some(first((place / BLOCK + 1) * BLOCK)));
        let of_block = |place| self.rest_of_block(place).take(count - place).any(|entry| entry.effective_at <= seen.time);
        blocks.find(|place| *place >= count || of_block(*place)).is_some_and(|place| place < count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::account::About;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Time {
        Time::from_timestamp(seconds, 0).expect("a time")
    }

    /// Entries in runs of a kind and about a time; some runs come to nothing.
    fn account(runs: &[(usize, i32, i64, bool)]) -> Account {
        let mut account = Account::default();
        for (length, kind, time, comes_to_nothing) in runs {
            for number in 0..*length {
                let amount = if *comes_to_nothing && number % 2 == 1 { -5 } else { 5 };
                let (position, kind) = (account.len() as u64 + 1, EntryKind::try_from(*kind).expect("a kind"));
                let effective_at = at(time + i64::try_from(number % 3).expect("few"));
                let available_at = (number % 2 == 0).then(|| effective_at + chrono::Duration::seconds(7));
                account.post(Entry { position, effect: 0, kind, amount, effective_at, available_at, about: About::Nothing, awaits: false });
            }
        }
        account
    }

    proptest! {
        #[test]
        fn no_entry_that_is_wanted_is_left_out(
            runs in prop::collection::vec((0..3 * BLOCK, 1..5_i32, 0_i64..100, any::<bool>()), 0..8), kinds in prop::collection::vec(1..6_i32, 0..3),
            from in prop::option::of(0_i64..110), before in prop::option::of(0_i64..110), time in 0_i64..110, ends in 0_usize..600,
        ) {
            let account = account(&runs);
            let kinds: Vec<_> = kinds.into_iter().map(|kind| EntryKind::try_from(kind).expect("a kind")).collect();
            let (wanted, seen) = (Wanted::new(&kinds, from.map(at), before.map(at)), Seen { time: at(time), position: u64::MAX });
            let end = ends.min(account.len());
            let is_wanted = |entry: &Entry| {
                entry.effective_at <= seen.time && (kinds.is_empty() || kinds.contains(&entry.kind))
                    && from.is_none_or(|from| at(from) <= entry.effective_at) && before.is_none_or(|before| entry.effective_at < at(before))
            };
            let naive: Vec<_> = account.first_entries(end).filter(is_wanted).collect();
            let (mut found, mut place) = (Vec::new(), account.next_wanted(0, end, &wanted, seen));
            while place < end {
                let some: Vec<_> = account.rest_of_block(place).take(end - place).collect();
                place = account.next_wanted(place + some.len(), end, &wanted, seen);
                found.extend(some.into_iter().filter(|entry| entry.effective_at <= seen.time && wanted.has(entry)));
            }
            prop_assert_eq!(found, naive);
            prop_assert_eq!(account.is_any_seen(end, seen), account.first_entries(end).any(|entry| entry.effective_at <= seen.time));
        }
    }

    #[test]
    fn blocks_without_a_kind_are_left_out_also_beside_one_that_comes_to_nothing() {
        let account = account(&[(BLOCK, 1, 0, false), (BLOCK, 2, 0, true), (BLOCK, 1, 50, false), (3, 1, 0, false)]);
        let seen = Seen { time: at(200), position: u64::MAX };
        let next = |wanted: Wanted, place| account.next_wanted(place, account.len(), &wanted, seen);
        let of_kind = |kind| Wanted::new(&[kind], None, None);
        assert_eq!((next(of_kind(EntryKind::Reversal), 0), next(of_kind(EntryKind::Accrual), 70)), (BLOCK, 2 * BLOCK));
        assert_eq!(next(of_kind(EntryKind::Payment), 0), 3 * BLOCK);
        let (late, early) = (Wanted::new(&[], Some(at(40)), None), Wanted::new(&[], None, Some(at(40))));
        assert_eq!((next(late, 0), next(early, 2 * BLOCK)), (2 * BLOCK, 3 * BLOCK));
    }
}
