//! Since when a partner's account has owed or been owed something without a break, as it is kept in order of time: entries that
//! are not in it yet come beside it, and what was recorded later than what is seen is taken off again.

use super::{Account, BLOCK, Entry, PartnerSums};
use crate::domain::Seen;
use crate::domain::calendar::Time;
use crate::domain::timeline::Point;
use crate::domain::timeline::since::Step;

impl Account {
    /// Whether what is kept of what disputes hold is what is seen.
    pub fn knows_held(&self, seen: Seen) -> bool {
        self.partner.as_ref().is_some_and(|sums| sums.held_at <= seen.position)
    }

    /// Since when, up to the time seen, the holder has owed something without a break; `None` if it does not.
    pub fn owing_since(&self, seen: Seen) -> Option<Time> {
        let sums = self.partner.as_deref()?;
        let point = |entry: Entry| Some(Point { at: entry.effective_at, amount: i128::from(entry.amount), held: 0 });
        let mut steps = self.beside(sums, seen, point);
        steps.sort_by_key(|step| step.at);
        sums.net.enough_since(seen.time, 1, &steps)
    }

    /// Since when, up to the time seen, what is payable has been enough without a break; `None` if it is not. One minor unit is
    /// enough before the first of `minimums`, which say how much is from when on, in order of time and none later than what is
    /// seen. `held` is how what disputes hold changed, in order of time, where that is not what is kept.
    pub fn payable_since(&self, seen: Seen, minimums: &[(Time, i128)], held: Option<&[(Time, i128)]>) -> Option<Time> {
        let sums = self.partner.as_deref()?;
        let mut steps = self.beside(sums, seen, not_waiting);
        if let Some(held) = held {
            let step = |at, held| Step { at, amount: 0, held, least: None };
            steps.extend(sums.timeline.held_changes(seen.time).into_iter().map(|(at, held)| step(at, -held)));
            steps.extend(held.iter().map(|(at, held)| step(*at, *held)));
        }
        steps.extend(minimums.iter().map(|(at, least)| Step { at: *at, amount: 0, held: 0, least: Some(*least) }));
        steps.sort_by_key(|step| step.at);
        sums.timeline.enough_since(seen.time, 1, &steps)
    }

    /// Returns an instant before which `payable_since` is not, whatever the minimums are and whatever disputes hold: one at which nothing
    /// was payable, if one is found by the sums alone, or the first at which anything settled. `None` if it may be any.
    pub fn payable_not_before(&self, seen: Seen) -> Option<Time> {
        let sums = self.partner.as_deref().filter(|sums| sums.posted_at <= seen.position)?;
        let steps = self.beside(sums, seen, not_waiting);
        let unpayable = sums.timeline.known_empty_at(seen.time, steps.iter().map(|step| step.amount.max(0)).sum());
        unpayable.or_else(|| steps.iter().map(|step| step.at).chain(sums.timeline.first()).min())
    }

    /// What is no longer pending of what the house owes, at the time seen, before what disputes hold of it; in minor units.
    pub fn settled(&self, seen: Seen) -> i128 {
        let Some(sums) = self.partner.as_deref() else { return 0 };
        let beside: i128 = self.beside(sums, seen, not_waiting).iter().map(|step| step.amount).sum();
        sums.timeline.between(None, Some(seen.time)).amount + beside
    }

    /// The entries that are seen and not in order of time yet, and those in it that are not seen, with the opposite amount.
    fn beside(&self, sums: &PartnerSums, seen: Seen, point: impl Fn(Entry) -> Option<Point>) -> Vec<Step> {
        let count = if sums.posted_at <= seen.position { self.len() } else { self.entries_until(seen.position) };
        let kept = sums.blocks * BLOCK;
        let sign = if count < kept { -1 } else { 1 };
        let entries = self.entries_from(kept.min(count)).take(kept.abs_diff(count)).filter_map(point);
        let seen_points = entries.filter(|point| point.at <= seen.time);
        seen_points.map(|point| Step { amount: sign * point.amount, ..point.into() }).collect()
    }
}

/// What waits for the customer's payment is pending for good: it is not in order of time.
fn not_waiting(entry: Entry) -> Option<Point> {
    (!entry.awaits).then(|| Point::from(entry))
}
