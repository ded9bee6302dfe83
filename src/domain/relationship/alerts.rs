//! When something needs a person's attention (rules 10.2): what alerts count as near, long, overdue and unequal.

use crate::domain::calendar::{Time, add_days};
use crate::domain::campaigns::Campaign;
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::proto::ReviewKind;

/// Days before an agreement's end, by expiry or notice, from which on the end is near (rules 10.2).
pub const AGREEMENT_END_DAYS: u64 = 30;
/// Days before an exclusivity's end from which on the end is near (rules 10.2).
pub const EXCLUSIVITY_END_DAYS: u64 = 30;
/// Days before the end of an open lead's protection from which on the end is near (rules 10.2).
pub const PROTECTION_END_DAYS: u64 = 7;
/// Days for which a dispute may be open (rules 10.2).
pub const DISPUTE_OPEN_DAYS: u64 = 14;
/// Days for which payouts to a partner may be on hold (rules 19.2).
pub const HOLD_LONG_DAYS: u64 = 30;
/// Percentage points by which the delivered parts of two participants may differ (rules 10.2).
const EFFORT_GAP_POINTS: i128 = 20;

/// Returns when the next review of a kind is due under an agreement that is active: so many days after the last one, or after
/// the agreement took effect, as its terms say. A review is overdue after that instant, not at it (rules 13).
pub fn review_due(state: &State, row: Row, kind: ReviewKind, seen: Seen) -> Option<Time> {
    let agreement = state.agreements.by_id.get(row);
    let effective_at = agreement.signature_seen(seen)?.effective_at;
    if !agreement.is_active(seen.time, seen) {
        return None;
    }
    let terms = &agreement.terms_in_force(seen.time, seen, state)?.terms;
    let last = state.relationship.last_review(row, kind, seen);
    let days = if kind == ReviewKind::CheckIn { terms.cadence.check_in_days } else { terms.cadence.review_days };
    Some(add_days(last.map_or(effective_at, |last| last.max(effective_at)), u64::from(days), terms.zone))
}

/// The weight that a participant of a campaign owed by a time, and what of it was delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// Due by then.
    pub due: i128,
    /// Of that, delivered by then.
    pub delivered: i128,
}

/// Returns the participants, by their places, that delivered the least and the most of what they owed by a time, if the
/// parts differ too much. Fractions are compared without rounding.
pub fn unequal_effort(campaign: &Campaign, at: Time, seen: Seen) -> Option<[(usize, Effort); 2]> {
    let efforts = efforts(campaign, at, seen);
    let by_part = |a: &&(usize, Effort), b: &&(usize, Effort)| (a.1.delivered * b.1.due).cmp(&(b.1.delivered * a.1.due));
    let (least, most) = (*efforts.iter().min_by(by_part)?, *efforts.iter().max_by(by_part)?);
    let apart = most.1.delivered * least.1.due - least.1.delivered * most.1.due;
    (100 * apart > EFFORT_GAP_POINTS * least.1.due * most.1.due).then_some([least, most])
}

/// The efforts of the participants from whom something was due by a time, with their places.
fn efforts(campaign: &Campaign, at: Time, seen: Seen) -> Vec<(usize, Effort)> {
    let mut efforts = vec![Effort::default(); campaign.participants.len()];
    for (place, deliverable) in campaign.deliverables.iter().enumerate() {
        if campaign.due_at(deliverable).is_some_and(|due| due <= at) {
            let effort = &mut efforts[deliverable.owed_by];
            effort.due += i128::from(deliverable.weight);
            if campaign.delivered(place, seen).is_some_and(|delivered| delivered.occurred_at <= at) {
                effort.delivered += i128::from(deliverable.weight);
            }
        }
    }
    efforts.into_iter().enumerate().filter(|(_, effort)| effort.due > 0).collect()
}
