//! Agreements: their versions of terms, notices and ends; state as a function of time (rules 4).

pub mod amended;
mod encoding;
mod exclusive_names;
mod families;
pub mod notice_given;
pub mod notice_withdrawn;
pub mod programme_amended;
pub mod programme_defined;
pub mod programmes;
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
use super::table::{OptionalRow, Row, Table, undo_by_copy};
use super::{Seen, Stamp, State};
use crate::encoding::Section;
use crate::proto::{AgreementState, AgreementType, EndCause, Side};
use exclusive_names::{ExclusiveName, Rows};
pub use families::MAX_LEVELS;
use programmes::Programme;
use std::sync::Arc;
use terms::{Tail, Terms};

slice! {
    /// All agreements.
    pub struct Agreements {
        /// By id.
        pub by_id: Table<Id, Agreement> => Section::Agreements,
        /// Those that have, or had, an exclusivity that names a partner or a category.
        pub(super) exclusive: Table<ExclusiveName, Rows> => Section::ExclusiveNames,
        /// Programmes by id.
        pub programmes: Table<Id, Programme> => Section::Programmes,
        /// The programmes that have, or had, an exclusivity that names a partner or a category.
        pub(super) exclusive_programmes: Table<ExclusiveName, Rows> => Section::ExclusiveProgrammes,
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

/// A version of an agreement's terms: its own, or its programme's as it binds the agreement (rules 4.3, 18.2).
#[derive(Clone, Copy, Debug)]
pub struct Version<'a> {
    /// From when it is in force for the agreement.
    pub effective_at: Time,
    /// Which record brought it, and when that happened.
    pub stamp: Stamp,
    /// The terms.
    pub terms: &'a Arc<Terms>,
    /// The programme whose version it is.
    pub programme: Option<Row>,
}

/// A version of terms that was agreed for one agreement.
#[derive(Clone, Debug)]
struct OwnVersion {
    effective_at: Time,
    stamp: Stamp,
    terms: Arc<Terms>,
}

impl OwnVersion {
    fn as_version(&self) -> Version<'_> {
        Version { effective_at: self.effective_at, stamp: self.stamp, terms: &self.terms, programme: None }
    }
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
    /// The programme whose terms it takes.
    programme: OptionalRow,
    family: Family,
    versions: Vec<OwnVersion>,
    notices: Vec<TerminationNotice>,
    terminations: Vec<RecordedEnd>,
    expiries: Vec<RecordedEnd>,
}

/// What an agreement is to others (rules 15.1, 18.1).
#[derive(Clone, Copy, Debug)]
struct Family {
    /// The agreement that recruited it, or its predecessor.
    recruited_by: OptionalRow,
    /// Its predecessor.
    supersedes: OptionalRow,
    /// Its successor.
    superseded_by: OptionalRow,
}

impl Family {
    const NONE: Self = Self { recruited_by: OptionalRow::NONE, supersedes: OptionalRow::NONE, superseded_by: OptionalRow::NONE };
}

undo_by_copy!(Agreement);

impl Agreement {
    fn new(partner: Row, agreement_type: AgreementType) -> Self {
        Self {
            partner,
            agreement_type,
            proposal: None,
            signature: None,
            programme: OptionalRow::NONE,
            family: Family::NONE,
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

    /// The versions of its terms that are seen, by (`effective_at`, position). Of its programme they are the one in force when it
    /// takes effect, and later ones for existing agreements that take effect before its first own amendment (rules 18.2).
    pub fn versions<'a>(&'a self, seen: Seen, state: &'a State) -> impl DoubleEndedIterator<Item = Version<'a>> {
        let own = |versions: &'a [OwnVersion]| versions.iter().filter(move |version| seen.sees(version.stamp)).map(OwnVersion::as_version);
        let mut of_programme = self.versions_of_programme(seen, state);
        let first = of_programme.as_mut().and_then(Iterator::next);
        // Later ones take effect before all of its own.
        let before_first = first.map_or(0, |first| self.versions.partition_point(|own| own.as_version().place() < first.place()));
        let (before, after) = self.versions.split_at(before_first);
        own(before).chain(first).chain(of_programme.into_iter().flatten()).chain(own(after))
    }

    /// Its programme's versions as they bind it.
    fn versions_of_programme<'a>(&'a self, seen: Seen, state: &'a State) -> Option<impl DoubleEndedIterator<Item = Version<'a>>> {
        let row = self.programme.get()?;
        let takes_effect = self.signature_seen(seen)?.effective_at;
        let first_own = self.versions.iter().find(|version| seen.sees(version.stamp)).map(|version| version.effective_at);
        let versions = state.agreements.programmes.get(row).binding(takes_effect, first_own, seen);
        Some(versions.map(move |version| version.in_agreement(row, takes_effect)))
    }

    /// The version that a record brought, also one of its programme that no longer binds it, as decided with before a backdated
    /// amendment.
    pub fn version_of<'a>(&'a self, position: u64, state: &'a State) -> Option<Version<'a>> {
        let own = self.versions.iter().find(|version| version.stamp.position == position).map(OwnVersion::as_version);
        own.or_else(|| {
            let row = self.programme.get()?;
            let version = state.agreements.programmes.get(row).version_of(position)?;
            Some(version.in_agreement(row, self.signature()?.effective_at))
        })
    }

    /// The notices that are seen, in the order of recording.
    pub fn notices(&self, seen: Seen) -> impl Iterator<Item = &TerminationNotice> {
        self.notices.iter().filter(move |notice| seen.sees(notice.given))
    }

    /// The terms in force at a time (rules 4.3).
    pub fn terms_in_force<'a>(&'a self, at: Time, seen: Seen, state: &'a State) -> Option<Version<'a>> {
        let signature = self.signature_seen(seen)?;
        if at < signature.effective_at {
            return None;
        }
        self.versions(seen, state).rev().find(|version| version.effective_at <= at)
    }

    /// The terms at the end: the version with the latest `effective_at` before it (rules 4.3).
    pub fn terms_at_end<'a>(&'a self, end: Time, seen: Seen, state: &'a State) -> Option<Version<'a>> {
        if end <= self.signature_seen(seen)?.effective_at {
            return None;
        }
        self.versions(seen, state).rev().find(|version| version.effective_at < end)
    }

    /// The terms that apply at a time: those in force, after the end those at the end (rules 6.2).
    pub fn terms_applying<'a>(&'a self, at: Time, seen: Seen, state: &'a State) -> Option<Version<'a>> {
        match self.end(seen) {
            Some(end) if end.at <= at => self.terms_at_end(end.at, seen, state),
            _ => self.terms_in_force(at, seen, state),
        }
    }

    /// Returns from when on nothing can be earned any more: the end, or the end of the tail. `None` if it has no end, or if its
    /// tail is as long as its windows (rules 6.4, 19.5).
    pub fn out_of_tail_at(&self, seen: Seen, state: &State) -> Option<Time> {
        let end = self.end(seen)?;
        let version = self.terms_at_end(end.at, seen, state);
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
    fn earliest_end_of_notice(&self, given: Time, state: &State) -> Time {
        self.terms_in_force(given, Seen::ALL, state).map_or(given, |version| add_span(given, version.terms.notice, version.terms.zone))
    }

    /// When an exclusivity of a version ends; `None` if it lasts to the agreement's end (rules 4.6).
    pub fn exclusivity_ends(&self, version: Version<'_>) -> Option<Time> {
        let months = version.terms.exclusivity.as_ref()?.months?;
        let start = self.signature.as_ref()?.effective_at;
        Some(add_span(start, Span::Months(months), version.terms.zone))
    }

    fn add_version(&mut self, version: OwnVersion) {
        let place = self.versions.partition_point(|known| known.as_version().place() <= version.as_version().place());
        self.versions.insert(place, version);
    }

    /// Refuses what needs a signed agreement, whether it has ended or not.
    fn require_signed(&self, id: &Id, at: Time) -> Result<(), Rejection> {
        if self.signature.is_some() {
            return Ok(());
        }
        let why = "it is proposed, but not signed; record its signature first".to_owned();
        Err(Rejection::AgreementNotActive { agreement: id.clone(), at, why })
    }

    /// Refuses what needs a signed agreement that has not ended at a time (rules 4.5).
    pub fn require_not_ended(&self, id: &Id, at: Time) -> Result<(), Rejection> {
        self.require_signed(id, at)?;
        match self.end(Seen::ALL) {
            Some(end) if end.at <= at => {
                let why = format!("it ended at {}; sign a new agreement", end.at);
                Err(Rejection::AgreementNotActive { agreement: id.clone(), at, why })
            }
            _ => Ok(()),
        }
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
    pub fn zone(&self, at: Time, seen: Seen, state: &State) -> Tz {
        self.terms_applying(at, seen, state).map_or(Tz::UTC, |version| version.terms.zone)
    }
}

impl Version<'_> {
    /// Versions are in the order of it.
    fn place(&self) -> (Time, u64) {
        (self.effective_at, self.stamp.position)
    }
}

impl RecordedEnd {
    fn as_end(&self) -> End {
        End { at: self.ends_at, cause: self.cause, position: self.stamp.position }
    }
}
