//! Records that stand in several lists of the index at once and occurred within a time: looked for by leaps, some at a time.

use super::positions::Cursor;
use super::{Index, List, TIMES};
use crate::domain::calendar::Time;
use std::ops::Range;

/// What is looked for: records that stand, for each part, in one of its lists at least, and may have occurred within the times.
#[derive(Clone, Debug, Default)]
pub struct Matching<'a> {
    /// The parts; a part without lists has no record.
    pub parts: Vec<Vec<List<'a>>>,
    /// At or after this.
    pub occurred_from: Option<Time>,
    /// At or before this.
    pub occurred_by: Option<Time>,
    /// Whether the highest position comes first.
    pub backwards: bool,
}

/// What was found of a range of positions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Positions, in the order that was asked for.
    pub positions: Vec<u64>,
    /// What of the range was not looked at.
    pub left: Range<u64>,
}

/// The lists of a part, each with the position that it stands at, if that is known.
struct Part<'a>(Vec<(Cursor<'a>, Stand)>);

/// Where a list stands.
#[derive(Clone, Copy)]
enum Stand {
    /// Nobody has looked yet.
    Unknown,
    /// At a position, or at the end.
    At(Option<u64>),
}

impl Part<'_> {
    /// The next position of any of the lists, from one on, which comes after those asked before. Each list that is moved is a
    /// step, and looking at the others costs little.
    fn next(&mut self, position: u64, backwards: bool, steps: &mut Steps) -> Option<u64> {
        steps.take(self.0.len() / UNMOVED_A_STEP);
        let found = self.0.iter_mut().filter_map(|(cursor, at)| match *at {
            Stand::At(at) if at.is_none_or(|at| if backwards { at <= position } else { at >= position }) => at,
            _ => {
                let next = if backwards { cursor.at_or_before(position) } else { cursor.at_or_after(position) };
                *at = Stand::At(next);
                steps.take(1);
                next
            }
        });
        if backwards { found.max() } else { found.min() }
    }
}

/// How many lists are looked at without being moved in the time of one step.
const UNMOVED_A_STEP: usize = 16;

/// Steps that are left.
struct Steps(usize);

impl Steps {
    fn take(&mut self, steps: usize) {
        self.0 = self.0.saturating_sub(steps);
    }
}

impl Index {
    /// Looks for records of a range of positions: at most `most` of them, in about `steps` steps, so that it takes no long time
    /// whatever is found and however many lists there are. It comes further by one position at least.
    pub fn find(&self, matching: &Matching<'_>, mut left: Range<u64>, most: usize, steps: usize) -> Found {
        let backwards = matching.backwards;
        let cursors =
            |lists: &Vec<List<'_>>| Part(lists.iter().filter_map(|list| Some((Cursor::new(self.list(*list)?), Stand::Unknown))).collect());
        let mut parts: Vec<Part<'_>> = matching.parts.iter().map(cursors).collect();
        let mut positions = Vec::new();
        let mut steps = Steps(steps.max(1));
        while steps.0 > 0 && !left.is_empty() && positions.len() < most {
            steps.take(1);
            let first = if backwards { left.end - 1 } else { left.start };
            let mut next = self.in_time(matching, first, &mut steps);
            for part in &mut parts {
                next = next.and_then(|position| part.next(position, backwards, &mut steps));
            }
            let Some(next) = next.filter(|next| left.contains(next)) else {
                left.end = left.start;
                break;
            };
            if next == first {
                positions.push(next);
            }
            // What was leapt over is not looked at again; a position that only some parts have reached is.
            let passed = next == first;
            if backwards {
                left.end = next + u64::from(!passed);
            } else {
                left.start = next + u64::from(passed);
            }
        }
        Found { positions, left }
    }

    /// The next position, from one on, in whose block something may have occurred within the times; the one that was come to, if
    /// the steps end before. Each block is a step.
    fn in_time(&self, matching: &Matching<'_>, position: u64, steps: &mut Steps) -> Option<u64> {
        if matching.occurred_from.is_none() && matching.occurred_by.is_none() {
            return Some(position);
        }
        let mut block = usize::try_from(position / TIMES).ok()?;
        let is_within = |block: usize| {
            let times = self.times.get(block)?;
            let is_before = matching.occurred_from.is_some_and(|from| times.latest < from);
            Some(!is_before && matching.occurred_by.is_none_or(|by| times.earliest <= by))
        };
        let mut at = position;
        while !is_within(block)? {
            if matching.backwards {
                at = (block as u64 * TIMES).checked_sub(1)?;
                block -= 1;
            } else {
                block += 1;
                at = block as u64 * TIMES;
            }
            steps.take(1);
            if steps.0 == 0 {
                break;
            }
        }
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Subjects;
    use proptest::prelude::*;
    use smallvec::smallvec;

    const TYPES: [&str; 3] = ["a", "b", "c"];

    fn at(seconds: i64) -> Time {
        Time::from_timestamp(seconds, 0).expect("a time")
    }

    fn index_of(position: u64) -> usize {
        usize::try_from(position).expect("it is small") - 1
    }

    /// All that is found, in several goes.
    fn all(index: &Index, matching: &Matching<'_>, range: Range<u64>, most: usize, steps: usize) -> Vec<u64> {
        let (mut positions, mut left) = (Vec::new(), range);
        loop {
            let found = index.find(matching, left.clone(), most, steps);
            assert!(found.positions.len() <= most && (found.left.is_empty() || found.left != left));
            positions.extend(found.positions);
            left = found.left;
            if left.is_empty() {
                return positions;
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_found_is_what_all_parts_have(
            records in prop::collection::vec((0_u32..4, prop::option::of(0_u32..2), 0_usize..3, -50_i64..50), 0..3_000),
            partners in prop::option::of(prop::collection::vec(0_u32..5, 0..3)), types in prop::option::of(prop::collection::vec(0_usize..3, 1..3)),
            agreement in prop::option::of(0_u32..3), times in (prop::option::of(0_i64..3_000), prop::option::of(0_i64..3_000)),
            range in (0_u64..3_100, 0_u64..3_100), backwards: bool, most in 1_usize..200, steps in 1_usize..2_000,
        ) {
            let mut index = Index::default();
            for (position, (partner, agreement, name, off)) in (1..).zip(&records) {
                let subjects = Subjects { partners: smallvec![*partner], agreements: agreement.iter().copied().collect(), leads: smallvec![] };
                index.add(position, &subjects, TYPES[*name], at(position.cast_signed() + off));
            }
            let mut matching = Matching { occurred_from: times.0.map(at), occurred_by: times.1.map(at), backwards, ..Matching::default() };
            matching.parts.extend(partners.iter().map(|rows| rows.iter().map(|row| List::Partner(*row)).collect()));
            matching.parts.extend(types.iter().map(|names| names.iter().map(|name| List::Type(TYPES[*name])).collect()));
            matching.parts.extend(agreement.map(|row| vec![List::Agreement(row)]));
            let range = range.0.max(1)..range.1.max(1).min(records.len() as u64 + 1);
            let found = all(&index, &matching, range.clone(), most, steps);
            let mut in_lists: Vec<u64> = range.filter(|position| {
                let (partner, of, name, _) = records[index_of(*position)];
                partners.as_ref().is_none_or(|rows| rows.contains(&partner))
                    && types.as_ref().is_none_or(|names| names.contains(&name))
                    && agreement.is_none_or(|row| of == Some(row))
            }).collect();
            let is_in_time = |position: &u64| {
                let occurred = position.cast_signed() + records[index_of(*position)].3;
                times.0.is_none_or(|from| from <= occurred) && times.1.is_none_or(|by| occurred <= by)
            };
            if backwards {
                in_lists.reverse();
            }
            // Times are known by blocks: what is found has all that occurred within them, and nothing that the lists do not have.
            let exact: Vec<u64> = found.iter().copied().filter(is_in_time).collect();
            prop_assert_eq!(exact, in_lists.iter().copied().filter(is_in_time).collect::<Vec<_>>());
            if times == (None, None) {
                prop_assert_eq!(found, in_lists);
            } else {
                prop_assert!(found.iter().all(|position| in_lists.contains(position)));
            }
        }
    }

    #[test]
    fn lists_that_are_moved_and_blocks_that_are_passed_count_as_steps() {
        let mut index = Index::default();
        for position in 1..=100_000_u64 {
            let partner = u32::try_from(position % 1_000).expect("it is small");
            index.add(position, &Subjects { partners: smallvec![partner], agreements: smallvec![], leads: smallvec![] }, "a", at(0));
        }
        let many = Matching { parts: vec![(0..1_000).map(List::Partner).collect()], ..Matching::default() };
        let found = index.find(&many, 1..100_001, usize::MAX, 16_384);
        assert!((100..1_000).contains(&found.positions.len()), "{}", found.positions.len());
        let later = Matching { occurred_from: Some(at(1)), ..Matching::default() };
        for (backwards, left) in [(false, 25_600 - 256 * 2..100_001), (true, 1..100_001 - 25_600 + 256 * 2)] {
            let found = index.find(&Matching { backwards, ..later.clone() }, 1..100_001, usize::MAX, 100);
            assert!(found.left.start >= left.start && found.left.end <= left.end, "{found:?}");
            assert!(!found.left.is_empty() && found.positions.len() <= 1, "{found:?}");
        }
        assert!(all(&index, &later, 1..100_001, usize::MAX, 100).len() < 10);
    }

    #[test]
    fn times_and_lists_without_a_record_in_common_are_found_out_in_few_steps() {
        let mut index = Index::default();
        for position in 1..=100_000_u64 {
            let subjects = Subjects { partners: smallvec![u32::from(position > 50_000)], agreements: smallvec![], leads: smallvec![] };
            index.add(position, &subjects, if position > 50_000 { "a" } else { "b" }, at(position.cast_signed()));
        }
        let none = Matching { parts: vec![vec![List::Partner(0)], vec![List::Type("a")]], ..Matching::default() };
        let found = index.find(&none, 1..100_001, 10, 6);
        assert!(found.positions.is_empty() && found.left.is_empty(), "{found:?}");
        let late = Matching { occurred_from: Some(at(99_990)), ..Matching::default() };
        let found = index.find(&late, 1..100_001, 1_000, 1_000);
        assert!(
            found.left.is_empty() && found.positions.len() <= 2 * usize::try_from(TIMES).expect("it is small"),
            "{}",
            found.positions.len()
        );
    }
}
