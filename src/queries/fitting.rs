//! Answers that stay readable: of a subject's lists, which grow without limit, the newest entries that fit are shown, and it
//! is said how many older ones are left out. Reading as of an earlier position shows those.

use crate::proto;
use prost::Message;

/// The most bytes of one subject in an answer, with room for the rest of the answer below the 4 MiB that clients take in. The
/// terms shown may go beyond it where they are of an earlier release, which did not bound them.
pub const MAX_SUBJECT_BYTES: usize = 3 << 20;
/// Bytes of an entry beside its message: its tag and its length.
const ENTRY_OVERHEAD: usize = 6;

/// A list of a subject: the positions and the sizes of its entries.
type Entries = Vec<(u64, usize)>;

/// Returns the entries of a list; `position` is that of an entry's record.
pub fn entries<T: Message>(list: &[T], position: impl Fn(&T) -> u64) -> Entries {
    list.iter().map(|entry| (position(entry), entry.encoded_len() + ENTRY_OVERHEAD)).collect()
}

/// Returns the position from which on entries fit into `room` bytes together; 0 if all do.
pub fn newest_from(mut entries: Entries, room: usize) -> u64 {
    if entries.iter().map(|(_, bytes)| bytes).sum::<usize>() <= room {
        return 0;
    }
    entries.sort_unstable_by_key(|(position, _)| std::cmp::Reverse(*position));
    let mut taken = 0;
    let left_out = entries.iter().find(|(_, bytes)| {
        taken += bytes;
        taken > room
    });
    left_out.map_or(0, |(position, _)| position + 1)
}

/// Keeps the last of some texts, which become known one after the other, that fit into `room` bytes; returns how many are
/// left out.
fn keep_last(texts: &mut Vec<String>, room: usize) -> u32 {
    let mut taken = 0;
    let kept = texts.iter().rev().take_while(|text| {
        taken += text.len() + ENTRY_OVERHEAD;
        taken <= room
    });
    let left_out = texts.len() - kept.count();
    texts.drain(..left_out);
    u32::try_from(left_out).unwrap_or(u32::MAX)
}

/// Keeps the entries of a list from a position on; returns how many are left out.
fn keep_from<T>(list: &mut Vec<T>, from: u64, position: impl Fn(&T) -> u64) -> u32 {
    let before = list.len();
    list.retain(|entry| position(entry) >= from);
    u32::try_from(before - list.len()).unwrap_or(u32::MAX)
}

/// A subject with lists that grow without limit.
pub trait Subject: Message + Sized {
    /// The entries of all its lists that have positions.
    fn entries(&self) -> Entries;

    /// Leaves out the entries before a position; returns how many.
    fn leave_out_before(&mut self, from: u64) -> u32;

    /// Leaves out what has no position and does not fit into so many bytes; returns how many.
    fn leave_out_texts(&mut self, _room: usize) -> u32 {
        0
    }

    /// Where it is said how many entries are left out.
    fn left_out(&mut self) -> &mut u32;

    /// Returns the subject with the newest entries that fit.
    #[must_use]
    fn fitted(mut self) -> Self {
        if self.encoded_len() <= MAX_SUBJECT_BYTES {
            return self;
        }
        let mut left_out = self.leave_out_texts(MAX_SUBJECT_BYTES / 4);
        let entries = self.entries();
        let beside = self.encoded_len() - entries.iter().map(|(_, bytes)| bytes).sum::<usize>().min(self.encoded_len());
        let from = newest_from(entries, MAX_SUBJECT_BYTES.saturating_sub(beside));
        left_out += self.leave_out_before(from);
        *self.left_out() += left_out;
        self
    }
}

impl Subject for proto::Agreement {
    fn entries(&self) -> Entries {
        let mut all = entries(&self.versions, |version| version.position);
        all.extend(entries(&self.reviews, |review| review.position));
        all.extend(entries(&self.brand_uses, |brand_use| brand_use.position));
        all.extend(entries(&self.breaches, |breach| breach.position));
        all
    }

    fn leave_out_before(&mut self, from: u64) -> u32 {
        keep_from(&mut self.versions, from, |version| version.position)
            + keep_from(&mut self.reviews, from, |review| review.position)
            + keep_from(&mut self.brand_uses, from, |brand_use| brand_use.position)
            + keep_from(&mut self.breaches, from, |breach| breach.position)
    }

    fn left_out(&mut self) -> &mut u32 {
        &mut self.entries_left_out
    }
}

impl Subject for proto::Programme {
    fn entries(&self) -> Entries {
        entries(&self.versions, |version| version.position)
    }

    fn leave_out_before(&mut self, from: u64) -> u32 {
        keep_from(&mut self.versions, from, |version| version.position)
    }

    fn left_out(&mut self) -> &mut u32 {
        &mut self.entries_left_out
    }
}

impl Subject for proto::Lead {
    fn entries(&self) -> Entries {
        let mut all = entries(&self.timeline, |owned| owned.decided_at);
        all.extend(entries(&self.declined_claims, |claim| claim.position));
        all
    }

    fn leave_out_before(&mut self, from: u64) -> u32 {
        keep_from(&mut self.timeline, from, |owned| owned.decided_at) + keep_from(&mut self.declined_claims, from, |claim| claim.position)
    }

    fn leave_out_texts(&mut self, room: usize) -> u32 {
        keep_last(&mut self.aliases, room) + keep_last(&mut self.match_keys, room)
    }

    fn left_out(&mut self) -> &mut u32 {
        &mut self.entries_left_out
    }
}

impl Subject for proto::Campaign {
    fn entries(&self) -> Entries {
        entries(&self.costs, |cost| cost.position)
    }

    fn leave_out_before(&mut self, from: u64) -> u32 {
        keep_from(&mut self.costs, from, |cost| cost.position)
    }

    fn left_out(&mut self) -> &mut u32 {
        &mut self.entries_left_out
    }
}

impl Subject for proto::Payout {
    fn entries(&self) -> Entries {
        entries(&self.returns, |returned| returned.position)
    }

    fn leave_out_before(&mut self, from: u64) -> u32 {
        keep_from(&mut self.returns, from, |returned| returned.position)
    }

    fn left_out(&mut self) -> &mut u32 {
        &mut self.entries_left_out
    }
}

impl Subject for proto::Partner {
    fn entries(&self) -> Entries {
        entries(&self.holds, |hold| hold.position)
    }

    fn leave_out_before(&mut self, from: u64) -> u32 {
        keep_from(&mut self.holds, from, |hold| hold.position)
    }

    fn leave_out_texts(&mut self, room: usize) -> u32 {
        keep_last(&mut self.agreement_ids, 2 * room)
    }

    fn left_out(&mut self) -> &mut u32 {
        &mut self.entries_left_out
    }
}

impl Subject for proto::ExplainSaleResponse {
    fn entries(&self) -> Entries {
        entries(&self.steps, |step| step.position)
    }

    fn leave_out_before(&mut self, from: u64) -> u32 {
        keep_from(&mut self.steps, from, |step| step.position)
    }

    fn left_out(&mut self) -> &mut u32 {
        &mut self.steps_left_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review(position: u64, bytes: usize) -> proto::Review {
        proto::Review { position, summary: "x".repeat(bytes), ..proto::Review::default() }
    }

    #[test]
    fn a_subject_that_fits_is_left_as_it_is() {
        let agreement = proto::Agreement { reviews: vec![review(1, 1_000); 3], ..proto::Agreement::default() };
        assert_eq!(agreement.clone().fitted(), agreement);
    }

    #[test]
    fn the_newest_entries_of_all_lists_are_kept_and_the_others_counted() {
        let version = |position, bytes| proto::TermsVersion {
            position,
            terms: Some(proto::Terms { time_zone: "x".repeat(bytes), ..proto::Terms::default() }),
            ..proto::TermsVersion::default()
        };
        // By effective_at, which is not the order of position.
        let versions = vec![version(9, 1 << 20), version(3, 1 << 20), version(5, 1 << 20)];
        let reviews = vec![review(1, 500), review(4, 500), review(7, 1 << 20)];
        let fitted = proto::Agreement { versions, reviews, ..proto::Agreement::default() }.fitted();
        let kept = |positions: Vec<u64>| positions;
        assert_eq!(kept(fitted.versions.iter().map(|version| version.position).collect()), [9]);
        assert_eq!(kept(fitted.reviews.iter().map(|review| review.position).collect()), [7]);
        assert_eq!(fitted.entries_left_out, 4);
        assert!(fitted.encoded_len() <= MAX_SUBJECT_BYTES);
    }

    #[test]
    fn texts_without_positions_are_kept_from_the_end() {
        let aliases: Vec<_> = (0..40_000).map(|number| format!("{number:060}")).collect();
        let fitted = proto::Lead { aliases: aliases.clone(), match_keys: aliases.clone(), ..proto::Lead::default() }.fitted();
        assert!(fitted.encoded_len() <= MAX_SUBJECT_BYTES && aliases.ends_with(&fitted.aliases) && !fitted.aliases.is_empty());
        assert_eq!(fitted.entries_left_out as usize, 2 * (aliases.len() - fitted.aliases.len()));
    }
}
