//! What is kept of each few agreements together: between which times alerts about them can have begun, so that those about which
//! there can be none are not looked at (rules 10.2).

use super::alerts::{AGREEMENT_END_DAYS, EXCLUSIVITY_END_DAYS};
use crate::domain::agreements::terms::Cadence;
use crate::domain::blocks::{BLOCK_ROWS, Blocks};
use crate::domain::calendar::Time;
use crate::domain::event::Body;
use crate::domain::ids::IdKind;
use crate::domain::table::{Row, row_of};
use crate::domain::{Seen, Stamp, State};
use crate::proto::{ReviewKind, Side};
use std::ops::RangeInclusive;

/// The most items of an agreement that are looked at whenever something of its block changes.
const FEW_ITEMS: usize = 64;
const SECONDS_OF_A_DAY: i64 = 86_400;
/// Days by which a number of local days may differ from as many of UTC: zone offsets and skipped days.
const MARGIN_DAYS: i64 = 2;

/// From the earliest to the latest of some times, in seconds of Unix time; `None` without any.
type Bounds = Option<RangeInclusive<i64>>;

/// What is kept of a block of agreements. It rules out only what is certain, whatever is seen.
#[derive(Clone, Debug, Default)]
pub struct AgreementBlock {
    /// When signed ones take effect.
    effective: Bounds,
    /// When agreements end, as far as is recorded.
    ends: Bounds,
    /// When exclusivities end on a day of their own.
    exclusivity_ends: Bounds,
    /// From when on check-ins and reviews can be due.
    check_ins_due: Option<i64>,
    reviews_due: Option<i64>,
    /// Whether a side of a signed one has no manager.
    has_unmanaged: bool,
    /// Whether one has so many items that they are not looked at here, or takes a programme's terms.
    is_unsure: bool,
    /// The last record that changed one of them, and the latest time at which one was changed.
    changed_at: u64,
    changed_by: Time,
}

fn include(bounds: &mut Bounds, time: Time) {
    let at = time.timestamp();
    *bounds = Some(bounds.take().map_or(at..=at, |known| at.min(*known.start())..=at.max(*known.end())));
}

/// From so many days before the earliest of some times to the latest of them, if one of them can be that near.
fn near(bounds: &Bounds, days: u64, seen: Seen) -> Bounds {
    let (now, ahead) = (seen.time.timestamp(), (days.cast_signed() + MARGIN_DAYS) * SECONDS_OF_A_DAY);
    let bounds = bounds.as_ref()?;
    (*bounds.start() <= now + ahead && now <= *bounds.end()).then(|| bounds.start() - ahead..=i64::MAX)
}

impl AgreementBlock {
    /// Between what alerts about a missing manager can have begun: when agreements took effect. `None` if there can be none.
    pub fn unmanaged_since(&self, seen: Seen) -> Bounds {
        self.effective.clone().filter(|_| self.has_unmanaged || !self.is_known(seen))
    }

    /// The same of overdue reviews of a kind.
    pub fn overdue_since(&self, kind: ReviewKind, seen: Seen) -> Bounds {
        let effective = *self.effective.as_ref()?.start();
        let due = if kind == ReviewKind::CheckIn { self.check_ins_due } else { self.reviews_due };
        let from = if self.is_known(seen) { due? } else { effective };
        (from <= seen.time.timestamp()).then_some(from..=i64::MAX)
    }

    /// The same of ends that are near.
    pub fn ending_since(&self, seen: Seen) -> Bounds {
        self.near_since(&self.ends, AGREEMENT_END_DAYS, seen)
    }

    /// The same of exclusivities whose end is near.
    pub fn exclusivity_ending_since(&self, seen: Seen) -> Bounds {
        self.near_since(&self.exclusivity_ends, EXCLUSIVITY_END_DAYS, seen)
    }

    fn near_since(&self, ends: &Bounds, days: u64, seen: Seen) -> Bounds {
        let effective = *self.effective.as_ref()?.start();
        // What is near was not before the agreement took effect.
        if !self.is_known(seen) {
            return Some(effective..=i64::MAX);
        }
        near(ends, days, seen).map(|since| effective.max(*since.start())..=i64::MAX)
    }

    /// Whether what is kept is what is seen.
    fn is_known(&self, seen: Seen) -> bool {
        !self.is_unsure && self.changed_at <= seen.position && self.changed_by <= seen.time
    }

    /// Adds what an agreement says.
    fn add(&mut self, state: &State, row: Row) {
        let agreement = state.agreements.by_id.get(row);
        let Some(signature) = agreement.signature() else { return };
        include(&mut self.effective, signature.effective_at);
        // What a programme says may change without a word about the agreements that take it.
        if agreement.programme().is_some() || agreement.items() + state.relationship.agreement_items(row) > FEW_ITEMS {
            self.is_unsure = true;
            return;
        }
        agreement.end(Seen::ALL).into_iter().for_each(|end| include(&mut self.ends, end.at));
        let exclusivities = agreement.versions(Seen::ALL, state).filter_map(|version| agreement.exclusivity_ends(version));
        exclusivities.for_each(|end| include(&mut self.exclusivity_ends, end));
        let is_unmanaged = |side: Side| state.relationship.managers(row, side, Seen::ALL).next().is_none();
        self.has_unmanaged |= [Side::House, Side::Partner].into_iter().any(is_unmanaged);
        let due = |kind: ReviewKind, days: Option<u32>| {
            let last = state.relationship.last_review(row, kind, Seen::ALL);
            let from = last.map_or(signature.effective_at, |last| last.max(signature.effective_at)).timestamp();
            days.map(|days| from + (i64::from(days) - MARGIN_DAYS) * SECONDS_OF_A_DAY)
        };
        let least = |days: fn(&Cadence) -> u32| agreement.versions(Seen::ALL, state).map(|version| days(&version.terms.cadence)).min();
        let check_in = due(ReviewKind::CheckIn, least(|cadence| cadence.check_in_days));
        let review = due(ReviewKind::QuarterlyReview, least(|cadence| cadence.review_days));
        self.check_ins_due = self.check_ins_due.into_iter().chain(check_in).min();
        self.reviews_due = self.reviews_due.into_iter().chain(review).min();
    }
}

impl State {
    /// Notes an event that may change which alerts there are about an agreement.
    pub(in crate::domain) fn note_watched(&mut self, stamp: Stamp, body: &Body) {
        let is_new = match body {
            // What it adds can only be more.
            Body::AgreementSigned(_) | Body::AgreementAmended(_) => true,
            Body::AgreementRenewed(_)
            | Body::TerminationNoticeGiven(_)
            | Body::TerminationNoticeWithdrawn(_)
            | Body::AgreementTerminated(_)
            | Body::ManagerAssigned(_)
            | Body::ReviewHeld(_) => false,
            _ => return,
        };
        let named: Vec<Row> = body
            .introduces()
            .into_iter()
            .chain(body.refers_to())
            .filter(|(kind, _)| *kind == IdKind::Agreement)
            .filter_map(|(_, id)| self.agreements.by_id.find(id))
            .collect();
        for row in named {
            let known = self.relationship.watched.of(row).cloned().unwrap_or_default();
            let mut block = if is_new { known.clone() } else { self.watched_block(row) };
            if is_new {
                block.add(self, row);
            }
            block.changed_at = known.changed_at.max(stamp.position);
            block.changed_by = known.changed_by.max(stamp.occurred_at);
            self.relationship.watched.change(row, |known| *known = block);
        }
    }

    /// What all agreements of a row's block say.
    fn watched_block(&self, row: Row) -> AgreementBlock {
        let in_block = row_of(BLOCK_ROWS);
        let first = row - row % in_block;
        let mut block = AgreementBlock::default();
        (first..row_of(self.agreements.by_id.len()).min(first + in_block)).for_each(|row| block.add(self, row));
        block
    }

    /// Makes what is kept of blocks of what the agreements say: snapshots leave it out. When each was last changed is not known
    /// then: none was later than the last of all records.
    pub(in crate::domain) fn note_all_watched(&mut self) {
        self.relationship.watched = Blocks::default();
        for first in (0..row_of(self.agreements.by_id.len())).step_by(BLOCK_ROWS) {
            let mut block = self.watched_block(first);
            (block.changed_at, block.changed_by) = (self.position, self.occurred_by);
            self.relationship.watched.change(first, |known| *known = block);
        }
    }
}
