//! Agreements: their versions of terms, notices and ends; state as a function of time (rules 4).

pub mod amended;
mod encoding;
mod exclusive_names;
pub mod notice_given;
pub mod notice_withdrawn;
pub mod proposed;
pub mod renewed;
pub mod signed;
pub mod terminated;
pub mod terms;
mod terms_parsing;

use super::calendar::{Span, Time, Tz, add_days, add_span};
use super::ids::Id;
use super::rejection::Rejection;
use super::slice::{AppendOnlyList, slice};
use super::table::{Row, Table, undo_by_copy};
use super::{Seen, Stamp};
use crate::encoding::Section;
use crate::proto::{AgreementState, AgreementType, EndCause, Side};
use exclusive_names::{ExclusiveName, Rows};
use std::sync::Arc;
use terms::{Tail, Terms};

slice! {
    /// All agreements.
    pub struct Agreements {
        /// By id.
        pub by_id: Table<Id, Agreement> => Section::Agreements,
        /// Those that have, or had, an exclusivity that names a partner or a category.
        pub(super) exclusive: Table<ExclusiveName, Rows> => Section::ExclusiveNames,
        /// The partners that have, or had, a category.
        pub(super) partners_of: Table<Box<str>, Rows> => Section::PartnerCategories,
        pub(super) breaches: AppendOnlyList<ExclusivityBreach>,
    }
}

impl Agreements {
    /// The exclusivities that signatures have broken, in the order of recording, whatever their times.
    pub fn breaches(&self) -> &AppendOnlyList<ExclusivityBreach> {
        &self.breaches
    }

    /// Returns the agreement of an id that was checked to be known.
    pub fn known(&self, id: &Id) -> &Agreement {
        self.by_id.by_key(id).expect("decide found the agreement")
    }
}

/// An exclusivity that a signature has broken, as was acknowledged (rules 4.6).
#[derive(Clone, Copy, Debug)]
pub struct ExclusivityBreach {
    /// When it was signed, and by which record.
    pub stamp: Stamp,
    /// The agreement whose exclusivity is broken.
    pub agreement: Row,
    /// The one that breaks it.
    pub by: Row,
}

/// A version of terms (rules 4.3).
#[derive(Clone, Debug)]
pub struct Version {
    /// From when it is in force.
    pub effective_at: Time,
    /// Which record brought it, and when that happened.
    pub stamp: Stamp,
    /// The terms.
    pub terms: Arc<Terms>,
}

/// The signature (rules 4.1).
#[derive(Clone, Debug)]
pub struct Signature {
    /// When it was signed and recorded.
    pub stamp: Stamp,
    /// From when the agreement is active.
    pub effective_at: Time,
}

/// A notice of termination (rules 4.4).
#[derive(Clone, Debug)]
pub struct TerminationNotice {
    /// When it was given and recorded.
    pub given: Stamp,
    /// By whom.
    pub given_by: Side,
    /// When it ends the agreement.
    pub ends_at: Time,
    /// When it was taken back.
    pub withdrawn: Option<Stamp>,
}

/// A recorded end: an expiry or a termination (rules 4.2).
#[derive(Clone, Copy, Debug)]
pub struct RecordedEnd {
    stamp: Stamp,
    ends_at: Time,
    cause: EndCause,
}

/// The end of an agreement, as seen at some time and position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// When.
    pub at: Time,
    /// Why.
    pub cause: EndCause,
    /// The record that set it.
    pub position: u64,
}

/// An agreement between the house and a partner.
#[derive(Clone)]
pub struct Agreement {
    /// The partner.
    pub partner: Row,
    /// Its type.
    pub agreement_type: AgreementType,
    /// The proposal, if it began with one.
    pub proposal: Option<(Stamp, Arc<Terms>)>,
    signature: Option<Signature>,
    versions: Vec<Version>,
    notices: Vec<TerminationNotice>,
    terminations: Vec<RecordedEnd>,
    expiries: Vec<RecordedEnd>,
}

undo_by_copy!(Agreement);

impl Agreement {
    fn new(partner: Row, agreement_type: AgreementType) -> Self {
        Self {
            partner,
            agreement_type,
            proposal: None,
            signature: None,
            versions: Vec::new(),
            notices: Vec::new(),
            terminations: Vec::new(),
            expiries: Vec::new(),
        }
    }

    /// How many items its lists have.
    pub fn items(&self) -> usize {
        self.versions.len() + self.notices.len() + self.terminations.len() + self.expiries.len()
    }

    /// The record that introduced it: the proposal or the signature.
    pub fn introduced(&self) -> Stamp {
        let proposed = self.proposal.as_ref().map(|(stamp, _)| *stamp);
        proposed
            .or(self.signature.as_ref().map(|signature| signature.stamp))
            .expect("an agreement is introduced by its proposal or its signature")
    }

    /// Whether something that introduces it is seen.
    pub fn is_seen(&self, seen: Seen) -> bool {
        self.proposal.as_ref().is_some_and(|(stamp, _)| seen.sees(*stamp)) || self.signature_seen(seen).is_some()
    }

    /// The signature, if it is recorded.
    pub fn signature(&self) -> Option<&Signature> {
        self.signature.as_ref()
    }

    /// The signature, if it is seen.
    pub fn signature_seen(&self, seen: Seen) -> Option<&Signature> {
        self.signature.as_ref().filter(|signature| seen.sees(signature.stamp))
    }

    /// The versions of the terms that are seen, by (`effective_at`, position).
    pub fn versions(&self, seen: Seen) -> impl DoubleEndedIterator<Item = &Version> {
        self.versions.iter().filter(move |version| seen.sees(version.stamp))
    }

    /// The version that a record brought.
    pub fn version_of(&self, position: u64) -> Option<&Version> {
        self.versions.iter().find(|version| version.stamp.position == position)
    }

    /// The notices that are seen, in the order of recording.
    pub fn notices(&self, seen: Seen) -> impl Iterator<Item = &TerminationNotice> {
        self.notices.iter().filter(move |notice| seen.sees(notice.given))
    }

    /// The terms in force at a time (rules 4.3).
    pub fn terms_in_force(&self, at: Time, seen: Seen) -> Option<&Version> {
        let signature = self.signature_seen(seen)?;
        if at < signature.effective_at {
            return None;
        }
        self.versions(seen).rev().find(|version| version.effective_at <= at)
    }

    /// The terms at the end: the version with the latest `effective_at` before it (rules 4.3).
    pub fn terms_at_end(&self, end: Time, seen: Seen) -> Option<&Version> {
        let signature = self.signature_seen(seen)?;
        self.versions(seen)
            .rev()
            .find(|version| version.effective_at < end)
            .filter(|version| version.effective_at >= signature.effective_at)
    }

    /// The terms that apply at a time: those in force, after the end those at the end (rules 6.2).
    pub fn terms_applying(&self, at: Time, seen: Seen) -> Option<&Version> {
        match self.end(seen) {
            Some(end) if end.at <= at => self.terms_at_end(end.at, seen),
            _ => self.terms_in_force(at, seen),
        }
    }

    /// Returns from when on nothing can be earned any more: the end, or the end of the tail. `None` if it has no end, or if its
    /// tail is as long as its windows (rules 6.4, 19.5).
    pub fn out_of_tail_at(&self, seen: Seen) -> Option<Time> {
        let end = self.end(seen)?;
        let version = self.terms_at_end(end.at, seen);
        match version.map(|version| (version.terms.tail, version.terms.zone)) {
            None | Some((Tail::None, _)) => Some(end.at),
            Some((Tail::Days(days), zone)) => Some(add_days(end.at, u64::from(days), zone)),
            Some((Tail::RemainingWindow, _)) => None,
        }
    }

    /// Returns the end as seen: the earliest of expiry, running notices and terminations; of equal ones the expiry comes last
    /// (rules 4.2).
    pub fn end(&self, seen: Seen) -> Option<End> {
        let notices = self.notices(seen).filter(|notice| !notice.withdrawn.is_some_and(|stamp| seen.sees(stamp)));
        let notices = notices.map(|notice| End { at: notice.ends_at, cause: EndCause::Notice, position: notice.given.position });
        let terminations = self.terminations.iter().filter(|end| seen.sees(end.stamp)).map(RecordedEnd::as_end);
        let expiry = self.expiry(seen).map(RecordedEnd::as_end);
        terminations.chain(notices).chain(expiry).min_by_key(|end| end.at)
    }

    /// The expiry as seen: that of the last renewal, or of the signature.
    fn expiry(&self, seen: Seen) -> Option<&RecordedEnd> {
        self.expiries.iter().filter(|end| seen.sees(end.stamp)).max_by_key(|end| end.ends_at)
    }

    /// Whether a time lies at or after the end.
    pub fn has_ended(&self, at: Time, seen: Seen) -> bool {
        self.end(seen).is_some_and(|end| end.at <= at)
    }

    /// Whether it is active at a time (rules 4.2).
    pub fn is_active(&self, at: Time, seen: Seen) -> bool {
        self.signature_seen(seen).is_some_and(|signature| signature.effective_at <= at) && !self.has_ended(at, seen)
    }

    /// Its state at a time (rules 4.2).
    pub fn state_at(&self, at: Time, seen: Seen) -> AgreementState {
        if self.signature_seen(seen).is_none_or(|signature| signature.effective_at > at) {
            return AgreementState::Proposed;
        }
        match self.end(seen) {
            Some(end) if end.at <= at && end.cause == EndCause::Expiry => AgreementState::Expired,
            Some(end) if end.at <= at => AgreementState::Terminated,
            _ if self.running_notices(at, seen).next().is_some() => AgreementState::UnderNotice,
            _ => AgreementState::Active,
        }
    }

    /// The notices that run at a time: given, not ended, not taken back.
    pub fn running_notices(&self, at: Time, seen: Seen) -> impl Iterator<Item = &TerminationNotice> {
        let running = move |notice: &&TerminationNotice| {
            let withdrawn = notice.withdrawn.is_some_and(|stamp| seen.sees(stamp));
            notice.given.occurred_at <= at && at < notice.ends_at && !withdrawn
        };
        self.notices(seen).filter(running)
    }

    /// Returns the earliest instant that a notice given at a time may name as the end (rules 4.4, 13).
    fn earliest_end_of_notice(&self, given: Time) -> Time {
        self.terms_in_force(given, Seen::ALL).map_or(given, |version| add_span(given, version.terms.notice, version.terms.zone))
    }

    /// When an exclusivity of a version ends; `None` if it lasts to the agreement's end (rules 4.6).
    pub fn exclusivity_ends(&self, version: &Version) -> Option<Time> {
        let months = version.terms.exclusivity.as_ref()?.months?;
        let start = self.signature.as_ref()?.effective_at;
        Some(add_span(start, Span::Months(months), version.terms.zone))
    }

    fn add_version(&mut self, version: Version) {
        let place = self
            .versions
            .partition_point(|known| (known.effective_at, known.stamp.position) <= (version.effective_at, version.stamp.position));
        self.versions.insert(place, version);
    }

    /// Refuses what needs a signed agreement that has not ended at a time (rules 4.5).
    pub fn require_not_ended(&self, id: &Id, at: Time) -> Result<(), Rejection> {
        let why = if self.signature.is_none() {
            "it is proposed, but not signed; record its signature first".to_owned()
        } else {
            match self.end(Seen::ALL) {
                Some(end) if end.at <= at => format!("it ended at {}; sign a new agreement", end.at),
                _ => return Ok(()),
            }
        };
        Err(Rejection::AgreementNotActive { agreement: id.clone(), at, why })
    }

    /// Refuses what needs an agreement that is active at a time (rules 4.5).
    pub fn require_active(&self, id: &Id, at: Time) -> Result<(), Rejection> {
        self.require_not_ended(id, at)?;
        match &self.signature {
            Some(signature) if signature.effective_at > at => {
                let why = format!("it takes effect at {}", signature.effective_at);
                Err(Rejection::AgreementNotActive { agreement: id.clone(), at, why })
            }
            _ => Ok(()),
        }
    }

    /// The time zone that applies at a time; UTC without terms.
    pub fn zone(&self, at: Time, seen: Seen) -> Tz {
        self.terms_applying(at, seen).map_or(Tz::UTC, |version| version.terms.zone)
    }
}

impl RecordedEnd {
    fn as_end(&self) -> End {
        End { at: self.ends_at, cause: self.cause, position: self.stamp.position }
    }
}
