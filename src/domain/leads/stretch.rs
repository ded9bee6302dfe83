//! What is kept of each block of leads: when their protection can lapse, and in which states they can be. A list passes over
//! blocks in which no lead can be wanted.

use super::{Decision, Lead, Leads};
use crate::domain::blocks::{BLOCK_ROWS, Blocks};
use crate::domain::calendar::{LATEST, Time};
use crate::domain::table::Row;
use crate::domain::{Seen, Stamp};
use crate::proto::LeadState;
use std::ops::RangeInclusive;

/// The most items of a lead whose state is worked out whenever it changes.
const FEW_ITEMS: usize = 64;

/// What is kept of a block of leads. It rules out only what is certain, whatever is seen.
#[derive(Clone, Default)]
pub struct LeadBlock {
    lapses: Option<Lapses>,
    has_loss: bool,
    has_qualification: bool,
    /// How many leads are lost or qualified, of those that were claimed once.
    settled: usize,
    /// Whether there may be others that are not counted.
    is_unsure: bool,
    /// The last record that changed a lead's state, and the latest time at which one did.
    changed_at: u64,
    changed_by: Time,
}

/// When protections end by date, in seconds of Unix time, with a margin of days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lapses {
    /// Within which the ends lie.
    pub ends: RangeInclusive<i64>,
    /// The latest time at which one of the claims began.
    begun_by: i64,
}

impl Lapses {
    /// When alerts about ends that are so many seconds ahead can have begun, in seconds of Unix time: as long before the ends, but
    /// not before the claims.
    pub fn near(&self, ahead: i64) -> RangeInclusive<i64> {
        self.ends.start() - ahead..=self.begun_by.max(self.ends.end() - ahead)
    }
}

impl LeadBlock {
    /// When the protection of its leads can end; `None` if none ends by date.
    pub fn lapses(&self) -> Option<&Lapses> {
        self.lapses.as_ref()
    }

    /// Whether a lead of it may be in a state at the time seen; in any, if none is named.
    pub fn may_be(&self, state: LeadState, seen: Seen) -> bool {
        match state {
            LeadState::Unspecified => true,
            LeadState::Lost => self.has_loss,
            LeadState::Qualified => self.has_qualification,
            LeadState::Open => {
                let is_all_seen = self.changed_at <= seen.position && self.changed_by <= seen.time;
                !is_all_seen || self.is_unsure || self.settled < BLOCK_ROWS
            }
        }
    }

    fn add_lapse(&mut self, decision: &Decision) {
        let Some((least, most)) = decision.lapse_bounds() else { return };
        let begun = decision.stamp().occurred_at.timestamp();
        self.lapses = Some(match self.lapses.take() {
            None => Lapses { ends: least..=most, begun_by: begun },
            Some(known) => {
                Lapses { ends: least.min(*known.ends.start())..=most.max(*known.ends.end()), begun_by: begun.max(known.begun_by) }
            }
        });
    }

    fn add_change(&mut self, stamp: Stamp) {
        self.changed_at = self.changed_at.max(stamp.position);
        self.changed_by = self.changed_by.max(stamp.occurred_at);
    }
}

/// Whether a lead that was claimed once is lost or qualified; of others it is not known.
fn is_settled(lead: &Lead) -> Option<bool> {
    let is_simple = lead.items() <= FEW_ITEMS && lead.all_decisions().nth(1).is_none();
    is_simple.then(|| lead.state_at(LATEST, Seen::ALL) != LeadState::Open)
}

impl Leads {
    /// Notes the last decision on a lead.
    pub(super) fn note_decision(&mut self, row: Row) {
        let lead = self.by_id.get(row);
        let (decision, is_first) = (lead.last_decision(), lead.all_decisions().nth(1).is_none());
        self.blocks.change(row, |block| {
            block.add_lapse(decision);
            block.add_change(decision.stamp());
            // Once counted it stays so: a lead that is claimed again is as good as unknown.
            block.is_unsure |= !is_first;
        });
    }

    /// Changes the protection of the decision on a lead at a time, if there is one.
    pub(super) fn change_protection(&mut self, row: Row, at: Time, change: impl FnOnce(&mut Decision)) {
        if let Some(decision) = self.by_id.get_mut(row).decision_at_mut(at) {
            change(decision);
            self.blocks.change(row, |block| block.add_lapse(decision));
        }
    }

    /// Changes a lead by what may change its state.
    pub(super) fn change_state(&mut self, row: Row, stamp: Stamp, change: impl FnOnce(&mut Lead)) {
        let was_settled = is_settled(self.by_id.get(row));
        change(self.by_id.get_mut(row));
        let lead = self.by_id.get(row);
        let is_settled = is_settled(lead);
        self.blocks.change(row, |block| {
            block.add_change(stamp);
            block.has_loss |= !lead.losses().is_empty();
            block.has_qualification |= lead.all_qualifications().next().is_some();
            match (was_settled, is_settled) {
                (Some(false), Some(true)) => block.settled += 1,
                (Some(was), Some(is)) => block.is_unsure |= was != is,
                _ => block.is_unsure = true,
            }
        });
    }

    /// Makes what is kept of blocks of what the leads say: snapshots leave it out.
    pub(in crate::domain) fn note_all_blocks(&mut self) {
        let mut blocks: Blocks<LeadBlock> = Blocks::default();
        for (row, _, lead) in self.by_id.iter() {
            let settled = is_settled(lead);
            blocks.change(row, |block| {
                let stamps = lead.all_decisions().map(Decision::stamp).chain(lead.losses().iter().copied());
                stamps.chain(lead.all_qualifications().map(|known| known.stamp)).for_each(|stamp| block.add_change(stamp));
                lead.all_decisions().for_each(|decision| block.add_lapse(decision));
                block.has_loss |= !lead.losses().is_empty();
                block.has_qualification |= lead.all_qualifications().next().is_some();
                block.settled += usize::from(settled == Some(true));
                block.is_unsure |= settled.is_none();
            });
        }
        self.blocks = blocks;
    }
}
