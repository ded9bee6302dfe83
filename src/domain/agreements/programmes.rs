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

    /// Whether any version has an exclusivity.
    pub fn has_exclusivity(&self) -> bool {
        self.versions.iter().any(|version| version.terms.exclusivity.is_some())
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

#[cfg(test)]
mod tests {
    use super::Programme;
    use crate::domain::agreements::{
        Version, amended::AgreementAmended, programme_amended::ProgrammeAmended, programme_defined::ProgrammeDefined,
        signed::AgreementSigned,
    };
    use crate::domain::calendar::Time;
    use crate::domain::ids::Id;
    use crate::domain::parse::{Fields, timestamp};
    use crate::domain::partners::registered::PartnerRegistered;
    use crate::domain::{EventType, Seen, Stamp, State};
    use crate::encoding::{Codec, Input, Output};
    use crate::proto;
    use proptest::prelude::*;

    fn at(hour: i64) -> Time {
        Time::default() + chrono::TimeDelta::hours(hour)
    }

    /// What is recorded after the programme is defined: when it occurs, and what.
    #[derive(Clone, Debug)]
    enum Step {
        /// The programme is amended: from when on, and whether for existing agreements.
        Programme(i64, bool),
        /// The agreement is amended: from when on.
        Own(i64),
    }

    fn tell<T: EventType>(state: &mut State, occurred: i64, message: &T::Message) {
        let stamp = Stamp { occurred_at: at(occurred), position: state.position + 1 };
        state.position = stamp.position;
        T::parse(message, stamp.occurred_at, &mut Fields::default()).evolve(stamp, &[], state);
    }

    fn record(state: &mut State, occurred: i64, step: &Step) {
        let (agreement_id, programme_id, terms) = ("a".to_owned(), "p".to_owned(), Some(Box::default()));
        match step {
            Step::Programme(from, existing) => {
                let effective_at = Some(timestamp(at(*from)));
                let message = proto::ProgrammeAmended { programme_id, terms, effective_at, existing: *existing };
                tell::<ProgrammeAmended>(state, occurred, &message);
            }
            Step::Own(from) => {
                let effective_at = Some(timestamp(at(*from)));
                tell::<AgreementAmended>(state, occurred, &proto::AgreementAmended { agreement_id, terms, effective_at });
            }
        }
    }

    /// A ledger with a programme, what comes before the signature, the signature, and what comes after it.
    fn ledger(takes_effect: i64, before: &[(i64, Step)], after: &[(i64, Step)]) -> State {
        let mut state = State::default();
        let (partner_id, programme_id) = ("acme".to_owned(), "p".to_owned());
        tell::<PartnerRegistered>(&mut state, 0, &proto::PartnerRegistered { partner_id: partner_id.clone(), ..Default::default() });
        let defined = proto::ProgrammeDefined { programme_id: programme_id.clone(), terms: Some(Box::default()) };
        tell::<ProgrammeDefined>(&mut state, 1, &defined);
        before.iter().for_each(|(occurred, step)| record(&mut state, *occurred, step));
        let (agreement_id, effective_at) = ("a".to_owned(), Some(timestamp(at(takes_effect))));
        let programme_id = Some(programme_id);
        let signed = proto::AgreementSigned { agreement_id, partner_id, programme_id, effective_at, ..Default::default() };
        tell::<AgreementSigned>(&mut state, 2, &signed);
        after.iter().for_each(|(occurred, step)| record(&mut state, *occurred, step));
        state
    }

    /// The versions by the words of rules 18.2: from when, and by which record.
    fn naive(takes_effect: i64, before: &[(i64, Step)], after: &[(i64, Step)], seen: Seen) -> Vec<(Time, u64)> {
        let signed = 3 + before.len() as u64;
        let records = (3..).zip(before).chain((signed + 1..).zip(after));
        let records: Vec<_> = records.filter(|(position, (at_hour, _))| sees(seen, *at_hour, *position)).collect();
        let own = records.iter().filter_map(|(position, (_, step))| match step {
            Step::Own(from) => Some((at(*from), *position)),
            Step::Programme(..) => None,
        });
        let mut versions: Vec<(Time, u64)> = own.collect();
        versions.sort_unstable();
        if !sees(seen, 2, signed) {
            return versions;
        }
        let first_own = versions.iter().map(|(from, _)| *from).min();
        let amendments = records.iter().filter_map(|(position, (_, step))| match step {
            Step::Programme(from, existing) => Some((at(*from), *position, *existing)),
            Step::Own(_) => None,
        });
        let amendments: Vec<_> = amendments.collect();
        let takes_effect = at(takes_effect);
        let definition = sees(seen, 1, 2).then_some((Time::MIN_UTC, 2));
        let known = amendments.iter().map(|(from, position, _)| (*from, *position)).chain(definition);
        let first = known.filter(|(from, _)| *from <= takes_effect).max();
        versions.extend(first.map(|(_, position)| (takes_effect, position)));
        let later = amendments.iter().filter(|(from, _, existing)| *existing && *from > takes_effect);
        versions.extend(later.filter(|(from, ..)| first_own.is_none_or(|own| *from < own)).map(|(from, position, _)| (*from, *position)));
        versions.sort_unstable();
        versions
    }

    fn sees(seen: Seen, hour: i64, position: u64) -> bool {
        seen.sees(Stamp { occurred_at: at(hour), position })
    }

    fn place(version: &Version<'_>) -> (Time, u64) {
        (version.effective_at, version.stamp.position)
    }

    fn programme_step() -> impl Strategy<Value = (i64, Step)> {
        (0_i64..12, (0_i64..12, any::<bool>())).prop_map(|(occurred, (from, existing))| (occurred, Step::Programme(from, existing)))
    }

    fn step() -> impl Strategy<Value = (i64, Step)> {
        prop_oneof![3 => programme_step(), 1 => (0_i64..12, 0_i64..14).prop_map(|(occurred, from)| (occurred, Step::Own(from)))]
    }

    #[test]
    fn a_programme_comes_back_from_bytes_and_what_is_taken_back_is_gone() {
        let mut state = ledger(3, &[(1, Step::Programme(2, false))], &[(1, Step::Programme(5, true))]);
        let told = |state: &State| {
            let programme = state.agreements.programmes.by_key(&Id::new("p").expect("an id")).expect("it is defined");
            let mut out = Output::default();
            programme.encode(&mut out);
            let back = Programme::decode(&mut Input::new(out.bytes())).expect("it was written");
            let told = |known: &Programme| {
                let versions: Vec<_> = known.versions(Seen::ALL).map(|version| (version.effective_at, version.existing)).collect();
                (versions, known.agreements().collect::<Vec<_>>())
            };
            assert_eq!(told(&back), told(programme));
            told(programme)
        };
        let before = told(&state);
        assert_eq!(before, (vec![(None, false), (Some(at(2)), false), (Some(at(5)), true)], vec![0]));
        state.savepoint();
        record(&mut state, 1, &Step::Programme(4, true));
        let (agreement_id, partner_id, programme_id) = ("b".to_owned(), "acme".to_owned(), Some("p".to_owned()));
        tell::<AgreementSigned>(&mut state, 2, &proto::AgreementSigned { agreement_id, partner_id, programme_id, ..Default::default() });
        assert_eq!((told(&state).0.len(), told(&state).1), (4, vec![0, 1]));
        state.rollback();
        assert_eq!(told(&state), before);
    }

    proptest! {
        #[test]
        fn versions_by_programme_are_those_of_the_rule(
            takes_effect in 0_i64..12,
            before in prop::collection::vec(programme_step(), 0..5),
            after in prop::collection::vec(step(), 0..8),
            position in 0_u64..18,
            time in 0_i64..16,
        ) {
            let state = ledger(takes_effect, &before, &after);
            let agreement = state.agreements.by_id.by_key(&Id::new("a").expect("an id")).expect("it is signed");
            for seen in [Seen::ALL, Seen { time: at(time), position }] {
                let expected = naive(takes_effect, &before, &after, seen);
                let versions: Vec<_> = agreement.versions(seen, &state).map(|version| place(&version)).collect();
                prop_assert_eq!(&versions, &expected);
                let backwards: Vec<_> = agreement.versions(seen, &state).rev().map(|version| place(&version)).collect();
                prop_assert!(backwards.iter().eq(expected.iter().rev()));
                let is_signed = sees(seen, 2, 3 + before.len() as u64);
                for hour in 0..16 {
                    let in_force = expected.iter().rev().find(|(from, _)| *from <= at(hour)).filter(|_| is_signed && takes_effect <= hour);
                    let found = agreement.terms_in_force(at(hour), seen, &state).map(|version| place(&version));
                    prop_assert_eq!(found, in_force.copied(), "at {}", hour);
                }
            }
            // What was decided by a version that a backdated amendment replaced is found all the same.
            for position in (2..=state.position).filter(|position| *position != 3 + before.len() as u64) {
                prop_assert_eq!(agreement.version_of(position, &state).map(|version| version.stamp.position), Some(position));
            }
        }
    }
}
