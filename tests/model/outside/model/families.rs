//! Agreements in families: who recruited whom, what came in whose place, and programmes. Rules 15.1, 18.

use partnership_ledger::proto as pb;

use super::agreements::Version;
use super::calendar::Instant;
use super::record::{Known, ProgrammeVersion, Record};

/// An agreement that came in the place of another.
#[derive(Clone, Debug)]
pub struct Successor<'a> {
    pub agreement: &'a str,
    pub from: Instant,
    /// Position of its signature.
    pub position: u64,
}

/// How many levels of recruiters earn. Rules 15.1.
const LEVELS: usize = 5;

impl<'a> Known<'a> {
    /// The agreement that supersedes another, whenever it takes effect. Rules 18.1.
    pub fn successor(&self, agreement: &str) -> Option<Successor<'a>> {
        let signed = self.signed_agreements();
        let supersedes = |signed: &&&'a str| {
            let (_, body) = self.signature(signed).expect("signed");
            body.supersedes_agreement_id.as_deref() == Some(agreement)
        };
        let agreement = signed.iter().find(supersedes)?;
        let (record, _) = self.signature(agreement)?;
        Some(Successor { agreement, from: self.effective_at(agreement)?, position: record.position })
    }

    /// The agreements that came in the place of one by `at`, in their order. Rules 18.1.
    pub fn successors(&self, agreement: &str, at: Instant) -> Vec<Successor<'a>> {
        let mut successors: Vec<Successor<'a>> = Vec::new();
        loop {
            let last = successors.last().map_or(agreement, |last| last.agreement);
            match self.successor(last).filter(|next| next.from <= at) {
                Some(next) => successors.push(next),
                None => return successors,
            }
        }
    }

    /// The agreement that stands in the place of one at `at`.
    pub fn in_place_of(&self, agreement: &str, at: Instant) -> String {
        self.successors(agreement, at).last().map_or(agreement, |last| last.agreement).to_owned()
    }

    /// The agreement that a signed one supersedes, if any.
    pub fn predecessor(&self, agreement: &str) -> Option<String> {
        self.signature(agreement)?.1.supersedes_agreement_id.clone()
    }

    /// An agreement and all that it came in the place of.
    pub fn line_of_succession(&self, agreement: &str) -> Vec<String> {
        let mut line = vec![agreement.to_owned()];
        while let Some(earlier) = self.predecessor(line.last().expect("one at least")) {
            line.push(earlier);
        }
        line
    }

    /// The agreement that recruited one, by its own signature or its predecessors'. Rules 15.1.
    pub fn recruiter(&self, agreement: &str) -> Option<String> {
        let line = self.line_of_succession(agreement);
        line.iter().find_map(|agreement| self.signature(agreement)?.1.recruited_by_agreement_id.clone())
    }

    /// The agreements above one that earn at `at`, level 1 first. Rules 15.1.
    pub fn uplines(&self, agreement: &str, at: Instant) -> Vec<String> {
        let mut uplines: Vec<String> = Vec::new();
        while uplines.len() < LEVELS {
            let last = uplines.last().map_or(agreement, String::as_str);
            match self.recruiter(last) {
                Some(recruiter) => uplines.push(self.in_place_of(&recruiter, at)),
                None => break,
            }
        }
        uplines
    }

    /// The record that defined a programme.
    pub fn programme(&self, programme: &str) -> Option<&'a Record> {
        let defines = |version: &ProgrammeVersion| version.programme == programme && version.effective.is_none();
        self.records.iter().find(|record| record.effects.programme.as_ref().is_some_and(defines)).copied()
    }

    /// All programmes, in the order they were defined.
    pub fn programmes(&self) -> Vec<&'a str> {
        let versions = self.records.iter().filter_map(|record| record.effects.programme.as_ref());
        versions.filter(|version| version.effective.is_none()).map(|version| version.programme.as_str()).collect()
    }

    /// The versions of a programme's terms with their positions, by when they are in force, then position: the definition
    /// first. Rules 18.2.
    pub fn programme_versions(&self, programme: &str) -> Vec<(u64, &'a ProgrammeVersion)> {
        let of = |record: &&'a Record| {
            let version = record.effects.programme.as_ref()?;
            (version.programme == programme).then_some((record.position, version))
        };
        let mut versions: Vec<_> = self.records.iter().filter_map(of).collect();
        versions.sort_by_key(|(position, version)| (version.effective, *position));
        versions
    }

    /// The version of a programme's terms in force at `at`.
    pub fn programme_at(&self, programme: &str, at: Instant) -> Option<(u64, &'a ProgrammeVersion)> {
        let versions = self.programme_versions(programme);
        versions.into_iter().rfind(|(_, version)| version.effective.is_none_or(|from| from <= at))
    }

    /// The versions of an agreement's terms that its programme brings; `own` are its own amendments. Rules 18.2.
    pub fn versions_of_programme(&self, programme: &str, start: Instant, own: &[Version<'a>]) -> Vec<Version<'a>> {
        let first_own = own.iter().map(|version| version.effective).min();
        let mut versions = Vec::new();
        let version = |effective: Instant, (position, version): (u64, &'a ProgrammeVersion)| Version {
            effective,
            position,
            terms: &version.terms,
            programme: Some(version.programme.as_str()),
        };
        versions.extend(self.programme_at(programme, start).map(|first| version(start, first)));
        for (position, later) in self.programme_versions(programme) {
            let binds = |from: &Instant| *from > start && later.existing && first_own.is_none_or(|own| *from < own);
            if let Some(from) = later.effective.filter(binds) {
                versions.push(version(from, (position, later)));
            }
        }
        versions
    }

    /// How a programme is answered about. Rules 18.2.
    pub fn programme_answer(&self, programme: &str, at: Instant) -> Option<pb::Programme> {
        let definition = self.programme(programme)?;
        let (terms_position, in_force) = self.programme_at(programme, at)?;
        let version = |(position, version): (u64, &ProgrammeVersion)| pb::ProgrammeVersion {
            effective_at: version.effective.map(crate::outside::ledger::stamp),
            position,
            terms: Some(version.terms.clone()),
            existing: version.existing,
        };
        let takes = |agreement: &&&str| self.signature(agreement).is_some_and(|(_, body)| body.programme_id.as_deref() == Some(programme));
        Some(pb::Programme {
            programme_id: programme.to_owned(),
            terms: Some(in_force.terms.clone()),
            terms_position,
            versions: self.programme_versions(programme).into_iter().map(version).collect(),
            agreement_count: i64::try_from(self.signed_agreements().iter().filter(takes).count()).expect("not that many"),
            defined_at: Some(crate::outside::ledger::stamp(definition.occurred)),
            position: definition.position,
            entries_left_out: 0,
        })
    }
}
