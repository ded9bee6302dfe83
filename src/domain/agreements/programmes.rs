//! Programmes: terms that many agreements take, kept once for all of them (rules 18.2).

use super::Version;
use super::terms::Terms;
use crate::domain::calendar::Time;
use crate::domain::few::Few;
use crate::domain::table::{Row, Undo};
use crate::domain::{Seen, Stamp};
use crate::encoding::codec;
use std::sync::Arc;

/// A programme. Its amendments are kept here alone: how they bind an agreement is worked out when it is asked.
#[derive(Clone)]
pub struct Programme {
    /// The definition and the amendments, by (`effective_at`, position): the definition is the first.
    versions: Arc<Vec<ProgrammeVersion>>,
    agreements: Few<Row, 32>,
}

/// A version of a programme's terms.
#[derive(Clone, Debug)]
pub struct ProgrammeVersion {
    /// From when it is in force; the definition from the beginning of time.
    pub effective_at: Option<Time>,
    /// Which record brought it, and when that happened.
    pub stamp: Stamp,
    /// The terms.
    pub terms: Arc<Terms>,
    /// Whether it binds agreements that took effect before it.
    pub existing: bool,
}

codec!(Programme { versions, agreements });
codec!(ProgrammeVersion { effective_at, stamp, terms, existing });

impl ProgrammeVersion {
    /// The version as it binds an agreement of its programme.
    pub(super) fn in_agreement(&self, programme: Row, takes_effect: Time) -> Version<'_> {
        let effective_at = self.effective_at.map_or(takes_effect, |effective_at| effective_at.max(takes_effect));
        Version { effective_at, stamp: self.stamp, terms: &self.terms, programme: Some(programme) }
    }
}

impl Undo for Programme {
    type Mark = (Arc<Vec<ProgrammeVersion>>, usize);

    fn mark(&self) -> Self::Mark {
        (Arc::clone(&self.versions), self.agreements.len())
    }

    fn undo(&mut self, (versions, agreements): Self::Mark) {
        self.versions = versions;
        self.agreements.truncate(agreements);
    }
}

impl Programme {
    pub(super) fn new(stamp: Stamp, terms: Arc<Terms>) -> Self {
        let definition = ProgrammeVersion { effective_at: None, stamp, terms, existing: false };
        Self { versions: Arc::new(vec![definition]), agreements: Few::default() }
    }

    /// When it was defined, and by which record.
    pub fn defined(&self) -> Stamp {
        self.versions[0].stamp
    }

    /// How many versions it has.
    pub fn versions_count(&self) -> usize {
        self.versions.len()
    }

    /// Its versions that are seen, by (`effective_at`, position).
    pub fn versions(&self, seen: Seen) -> impl DoubleEndedIterator<Item = &ProgrammeVersion> {
        self.versions.iter().filter(move |version| seen.sees(version.stamp))
    }

    /// The version in force at a time: the latest by (`effective_at`, position).
    pub fn in_force(&self, at: Time, seen: Seen) -> Option<&ProgrammeVersion> {
        self.versions[..self.first_after(at)].iter().rev().find(|version| seen.sees(version.stamp))
    }

    /// The agreements that were signed under it, in the order of recording.
    pub fn agreements(&self) -> impl Iterator<Item = Row> {
        self.agreements.iter_from(0).copied()
    }

    /// The versions that bind an agreement, in their order: the one in force when it takes effect, and later ones for existing
    /// agreements that take effect before the first that was agreed with it alone.
    pub(super) fn binding(
        &self,
        takes_effect: Time,
        first_own: Option<Time>,
        seen: Seen,
    ) -> impl DoubleEndedIterator<Item = &ProgrammeVersion> {
        let from = self.first_after(takes_effect);
        let to = first_own.map_or(self.versions.len(), |own| self.versions.partition_point(|version| version.effective_at < Some(own)));
        let later = self.versions[from..to.max(from)].iter().filter(move |version| version.existing && seen.sees(version.stamp));
        self.in_force(takes_effect, seen).into_iter().chain(later)
    }

    /// The version that a record brought.
    pub(super) fn version_of(&self, position: u64) -> Option<&ProgrammeVersion> {
        self.versions.iter().find(|version| version.stamp.position == position)
    }

    pub(super) fn add_version(&mut self, version: ProgrammeVersion) {
        let key = |version: &ProgrammeVersion| (version.effective_at, version.stamp.position);
        let place = self.versions.partition_point(|known| key(known) <= key(&version));
        Arc::make_mut(&mut self.versions).insert(place, version);
    }

    pub(super) fn add_agreement(&mut self, row: Row) {
        self.agreements.push(row);
    }

    /// The place of the first version that takes effect after a time.
    fn first_after(&self, at: Time) -> usize {
        self.versions.partition_point(|version| version.effective_at <= Some(at))
    }
}
