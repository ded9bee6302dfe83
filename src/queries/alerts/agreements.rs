//! Agreements that nobody looks after, that nobody has talked about for long, or that end soon.

use super::{AlertSubject, Found, Rows, Stretch, Walk, Wanted, Watch};
use crate::domain::agreements::{Agreement, End, Version};
use crate::domain::calendar::{Time, days_before};
use crate::domain::relationship::AgreementBlock;
use crate::domain::relationship::alerts::{AGREEMENT_END_DAYS, review_due};
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::proto::{EndCause, ReviewKind, Side};
use crate::queries::Reading;
use crate::queries::words::when;
use std::ops::RangeInclusive;

/// All agreements, or those of whom is asked for.
pub struct Agreements;

/// A side of an active agreement has named no manager.
pub struct MissingManager;
/// The next check-in is overdue.
pub struct CheckInOverdue;
/// The next quarterly business review is overdue.
pub struct ReviewOverdue;
/// An active agreement is about to expire.
pub struct ExpiryNear;
/// A notice is about to end an active agreement.
pub struct NoticeEnding;

/// An agreement that is active at the time asked, with since when and its terms in force.
pub fn active(state: &State, row: Row, seen: Seen) -> Option<(&Agreement, Time, Version<'_>)> {
    let agreement = state.agreements.by_id.get(row);
    let signature = agreement.signature_seen(seen)?;
    if !agreement.is_active(seen.time, seen) {
        return None;
    }
    Some((agreement, signature.effective_at, agreement.terms_in_force(seen.time, seen, state)?))
}

fn found(state: &State, row: Row, since: Time) -> Found {
    Found { since, subject: AlertSubject::agreement(state, row), row }
}

/// An agreement and its partner in words: `agreement a with acme`.
pub fn named(state: &State, row: Row) -> String {
    let partner = state.agreements.by_id.get(row).partner;
    format!("agreement {} with {}", state.agreements.by_id.key(row), state.partners.key(partner))
}

impl Walk for Agreements {
    fn rows(state: &State) -> usize {
        state.agreements.by_id.len()
    }

    fn rows_of<'a>(state: &'a State, wanted: &'a Wanted) -> Option<&'a [Row]> {
        wanted.agreements(state)
    }

    fn concerns(state: &State, row: Row, wanted: &Wanted) -> bool {
        wanted.takes(state, Some(row))
    }
}

/// The agreements to look at, unless some are asked for: those of blocks in which alerts of a kind can have begun.
pub(super) fn stretches(
    state: &State,
    wanted: &Wanted,
    since: impl Fn(&AgreementBlock) -> Option<RangeInclusive<i64>>,
) -> Option<Vec<Stretch>> {
    if wanted.agreements(state).is_some() {
        return None;
    }
    let blocks = state.relationship.watched.iter(state.agreements.by_id.len());
    Some(blocks.filter_map(|(rows, block)| Some(Stretch { since: since(block)?, rows: Rows::Together(rows) })).collect())
}

impl Watch for MissingManager {
    type Over = Agreements;

    fn stretches(view: &Reading<'_>, wanted: &Wanted, seen: Seen) -> Option<Vec<Stretch>> {
        stretches(view, wanted, |block| block.unmanaged_since(seen))
    }

    fn look(state: &State, row: Row, seen: Seen) -> Option<Found> {
        let (_, effective_at, _) = active(state, row, seen)?;
        (!unmanaged(state, row, seen).is_empty()).then(|| found(state, row, effective_at))
    }

    fn tell(state: &State, row: Row, seen: Seen) -> String {
        let what = match unmanaged(state, row, seen)[..] {
            [Side::House] => "the house has named no manager: assign one",
            [Side::Partner] => "the partner has named no manager: have one assigned",
            _ => "neither side has named a manager: assign one on each",
        };
        format!("In {} {what}", named(state, row))
    }
}

/// The sides that have named no manager.
pub(super) fn unmanaged(state: &State, row: Row, seen: Seen) -> Vec<Side> {
    let missing = |side: &Side| state.relationship.managers(row, *side, seen).next().is_none();
    [Side::House, Side::Partner].into_iter().filter(missing).collect()
}

/// Overdue is what is past the due instant, not what is at it (rules 13).
fn overdue(state: &State, row: Row, kind: ReviewKind, seen: Seen) -> Option<Found> {
    review_due(state, row, kind, seen).filter(|due| *due < seen.time).map(|due| found(state, row, due))
}

fn tell_overdue(state: &State, row: Row, kind: ReviewKind, seen: Seen) -> String {
    let (what, hold) = if kind == ReviewKind::CheckIn {
        ("check-in", "talk about progress, roadblocks and next month's plan")
    } else {
        ("quarterly review", "look at the figures together and decide whether to continue, expand, renew, adjust or end")
    };
    let due = review_due(state, row, kind, seen).map(when).unwrap_or_default();
    let last = state
        .relationship
        .last_review(row, kind, seen)
        .map_or("none was held yet".to_owned(), |last| format!("the last was on {}", when(last)));
    format!("The {what} of {} was due on {due}, {last}: {hold}, and record the review", named(state, row))
}

impl Watch for CheckInOverdue {
    type Over = Agreements;

    fn stretches(view: &Reading<'_>, wanted: &Wanted, seen: Seen) -> Option<Vec<Stretch>> {
        stretches(view, wanted, |block| block.overdue_since(ReviewKind::CheckIn, seen))
    }

    fn look(state: &State, row: Row, seen: Seen) -> Option<Found> {
        overdue(state, row, ReviewKind::CheckIn, seen)
    }

    fn tell(state: &State, row: Row, seen: Seen) -> String {
        tell_overdue(state, row, ReviewKind::CheckIn, seen)
    }
}

impl Watch for ReviewOverdue {
    type Over = Agreements;

    fn stretches(view: &Reading<'_>, wanted: &Wanted, seen: Seen) -> Option<Vec<Stretch>> {
        stretches(view, wanted, |block| block.overdue_since(ReviewKind::QuarterlyReview, seen))
    }

    fn look(state: &State, row: Row, seen: Seen) -> Option<Found> {
        overdue(state, row, ReviewKind::QuarterlyReview, seen)
    }

    fn tell(state: &State, row: Row, seen: Seen) -> String {
        tell_overdue(state, row, ReviewKind::QuarterlyReview, seen)
    }
}

/// An end of a cause within so many days of the time asked; with since when it is that near.
fn ending(state: &State, row: Row, cause: EndCause, seen: Seen) -> Option<(End, Time)> {
    let agreement = state.agreements.by_id.get(row);
    let end = agreement.end(seen).filter(|end| end.cause == cause)?;
    let (_, effective_at, version) = active(state, row, seen)?;
    let near = days_before(end.at, AGREEMENT_END_DAYS, version.terms.zone).max(effective_at);
    (near <= seen.time).then_some((end, near))
}

impl Watch for ExpiryNear {
    type Over = Agreements;

    fn stretches(view: &Reading<'_>, wanted: &Wanted, seen: Seen) -> Option<Vec<Stretch>> {
        stretches(view, wanted, |block| block.ending_since(seen))
    }

    fn look(state: &State, row: Row, seen: Seen) -> Option<Found> {
        ending(state, row, EndCause::Expiry, seen).map(|(_, near)| found(state, row, near))
    }

    fn tell(state: &State, row: Row, seen: Seen) -> String {
        let ends = state.agreements.by_id.get(row).end(seen).map(|end| when(end.at)).unwrap_or_default();
        format!("{} expires on {ends}: renew it, or agree what becomes of its leads and campaigns", begun(state, row))
    }
}

impl Watch for NoticeEnding {
    type Over = Agreements;

    fn stretches(view: &Reading<'_>, wanted: &Wanted, seen: Seen) -> Option<Vec<Stretch>> {
        stretches(view, wanted, |block| block.ending_since(seen))
    }

    fn look(state: &State, row: Row, seen: Seen) -> Option<Found> {
        let (end, near) = ending(state, row, EndCause::Notice, seen)?;
        let given = given_at(state.agreements.by_id.get(row), end, seen);
        Some(found(state, row, given.map_or(near, |given| given.max(near))))
    }

    fn tell(state: &State, row: Row, seen: Seen) -> String {
        let agreement = state.agreements.by_id.get(row);
        let ends = agreement.end(seen).map(|end| when(end.at)).unwrap_or_default();
        format!(
            "{} ends on {ends} by notice: have the notice withdrawn, or settle leads, campaigns and payments until then",
            begun(state, row)
        )
    }
}

fn begun(state: &State, row: Row) -> String {
    named(state, row).replacen("agreement", "Agreement", 1)
}

/// When the notice was given that ends an agreement. One that was withdrawn ends it only where a termination had made it
/// stand (rules 13).
fn given_at(agreement: &Agreement, end: End, seen: Seen) -> Option<Time> {
    let stands = |withdrawn: bool| {
        let notices = agreement.notices(seen).filter(|notice| notice.ends_at == end.at);
        let notices = notices.filter(move |notice| withdrawn || !notice.withdrawn.is_some_and(|stamp| seen.sees(stamp)));
        notices.map(|notice| notice.given.occurred_at).min()
    };
    stands(false).or_else(|| stands(true))
}
