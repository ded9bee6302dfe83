//! Scopes, as the writer asks them quickly, against the plain way: all rows that an event is about are gathered, id by id, and
//! then compared with the scope.

use crate::outside::workload::{NOW, workload};
use partnership_ledger::access::{AccessFile, Policy, Scope};
use partnership_ledger::domain::agreements::programmes::Programme;
use partnership_ledger::domain::calendar::LATEST;
use partnership_ledger::domain::effect::{Effect, Posting, PostingSubject};
use partnership_ledger::domain::ids::{Id, IdKind};
use partnership_ledger::domain::{Body, Event, Record, Seen, State, Subjects, parse};
use partnership_ledger::ledger::Permit;
use partnership_ledger::proto as pb;
use std::sync::Arc;

/// The stories that are told; others than those of other tests.
const SEEDS: std::ops::Range<u64> = 930_001..930_121;
/// Scopes by partners and by agreements: of one, of several, of both, of one that is yet to come, of nobody who is known.
const SCOPES: [(&[&str], &[&str]); 8] = [
    (&["p1"], &[]),
    (&["p2"], &[]),
    (&["p1", "p2"], &[]),
    (&[], &["a1"]),
    (&[], &["a2", "a3"]),
    (&["p2"], &["a1"]),
    (&["p1", "p2", "p3"], &["a1", "a2", "a3"]),
    (&["nobody"], &["nothing"]),
];

/// A scope, and what asks it as the writer does.
struct Scoped {
    scope: Arc<Scope>,
    permit: Arc<dyn Permit>,
}

impl Scoped {
    fn of(partners: &[&str], agreements: &[&str]) -> Self {
        let text = format!(
            "[[principal]]\nname = \"one\"\nroles = [\"admin\"]\nscope = {{ partners = {partners:?}, agreements = {agreements:?} }}\n\
             [[principal.key]]\nid = \"k\"\nsha256 = \"{}\"\n",
            "0".repeat(64)
        );
        let policy = Policy::new(&AccessFile::read(&text).unwrap_or_else(|faults| panic!("{faults:?}")), None);
        let one = policy.principal("one").expect("it is there");
        Self { scope: one.scope.clone().expect("a scope"), permit: one.permit.clone().expect("a permit") }
    }

    /// What an event lacks that it names.
    fn lacks_named(&self, body: &Body, state: &State) -> Option<String> {
        let programmes = &state.agreements.programmes;
        let is_exclusive = |id: &Id| programmes.by_key(id).is_some_and(Programme::has_exclusivity);
        let takes_exclusive = body.refers_to().iter().any(|(kind, id)| *kind == IdKind::Programme && is_exclusive(id));
        if takes_exclusive || body.terms().is_some_and(|terms| terms.exclusivity.is_some()) {
            return Some("exclusivity, which binds the house against others".to_owned());
        }
        let outside = |kind: IdKind, id: &Id| Some(format!("{} {id}", kind.field()));
        let introduced = body.introduces();
        match introduced {
            Some((kind @ IdKind::Partner, id)) if !self.scope.partners.contains(id) => return outside(kind, id),
            Some((kind @ IdKind::Agreement, id)) if !self.are_own(&state.concerned_by(kind, id), state) => return outside(kind, id),
            _ => {}
        }
        let mut is_about_somebody = matches!(introduced, Some((IdKind::Partner | IdKind::Agreement, _)));
        for (kind, id) in introduced.into_iter().chain(body.refers_to()) {
            if kind == IdKind::Campaign && matches!(body, Body::LeadReferred(_)) {
                continue;
            }
            let concerned = state.concerned_by(kind, id);
            if !self.are_own(&concerned, state) {
                return outside(kind, id);
            }
            is_about_somebody |= !concerned.partners.is_empty() || !concerned.leads.is_empty();
        }
        let names_unknown = body.refers_to().iter().any(|(kind, id)| state.introduced_at(*kind, id).is_none());
        (!is_about_somebody && !names_unknown).then(|| format!("{}, which is about everybody", body.name()))
    }

    /// What an event lacks that its effects move.
    fn lacks_moved(&self, body: &Body, effects: &[Effect], state: &State) -> Option<String> {
        let is_own = self.are_own(&state.moved_by(effects), state);
        (!is_own).then(|| format!("{}, which moves what is others'", body.name()))
    }

    fn are_own(&self, rows: &Subjects, state: &State) -> bool {
        let of_agreement = |row: u32| &state.agreements.by_id.get(row).partner;
        let is_own = |row: u32| {
            self.scope.agreements.contains(state.agreements.by_id.key(row))
                || self.scope.partners.contains(state.partners.key(*of_agreement(row)))
        };
        let is_partner = |row: u32| {
            self.scope.partners.contains(state.partners.key(row))
                || rows.agreements.iter().any(|agreement| *of_agreement(*agreement) == row)
        };
        let is_lead = |row: u32| {
            let credits: Vec<_> = state.leads.by_id.get(row).decisions(Seen::ALL).map(|decision| decision.credit).collect();
            // Who has the credit, or what takes its place.
            let is_own_line = |credit: u32| {
                is_own(credit) || state.agreements.successors(credit, LATEST, Seen::ALL).any(|(successor, _)| is_own(successor))
            };
            match credits.last() {
                Some(Some(credit)) => is_own_line(*credit),
                _ => credits.into_iter().flatten().any(is_own_line),
            }
        };
        rows.agreements.iter().all(|row| is_own(*row))
            && rows.partners.iter().all(|row| is_partner(*row))
            && rows.leads.iter().all(|row| is_lead(*row))
    }
}

/// What was decided of events by scopes.
#[derive(Debug, Default)]
struct Counted {
    permitted: u64,
    named_others: u64,
    moved_others: u64,
    mixed_permitted: u64,
    mixed_refused: u64,
}

/// Effects of a story so far, in mixtures that no event has: the rules let a posting's partner be its agreement's, a scope does not
/// rely on it.
#[derive(Default)]
struct Mixtures {
    known: Vec<Effect>,
    taken: usize,
}

impl Mixtures {
    fn add(&mut self, effects: &[Effect]) {
        for effect in effects {
            self.known.push(effect.clone());
            if let Effect::Posting(posting) = effect {
                let subject = PostingSubject { agreement: None, ..posting.subject.clone() };
                self.known.push(Effect::Posting(Posting { subject, ..posting.clone() }));
            }
        }
    }

    /// Up to three of them, others each time.
    fn next(&mut self) -> Vec<Effect> {
        self.taken += 1;
        let places = (0..self.taken % 4).map(|place| self.taken.wrapping_mul(7_919 + 104_729 * place));
        places.filter_map(|place| self.known.get(place % self.known.len().max(1)).cloned()).collect()
    }
}

impl Counted {
    /// Asks both ways about an event. Returns its effects, if the rules take it.
    fn ask(&mut self, scoped: &[Scoped], event: &Event, state: &State, mixtures: &mut Mixtures) -> Option<Vec<Effect>> {
        let effects = state.decide(event, NOW, 300).ok();
        for one in scoped {
            let named = one.permit.check_named(event, state);
            let lacks = one.lacks_named(&event.body, state);
            assert_eq!(named.as_ref().err().map(|denied| &denied.what), lacks.as_ref(), "{:?}: {event:?}", one.scope);
            let Ok(named) = named else {
                self.named_others += 1;
                continue;
            };
            let both_ways = |effects: &[Effect]| {
                let moved = one.permit.check_moved(event, &named, effects, state).err().map(|denied| denied.what);
                assert_eq!(moved, one.lacks_moved(&event.body, effects, state), "{:?}: {event:?}: {effects:?}", one.scope);
                moved.is_some()
            };
            *(if both_ways(&mixtures.next()) { &mut self.mixed_refused } else { &mut self.mixed_permitted }) += 1;
            let Some(effects) = &effects else { continue };
            *(if both_ways(effects) { &mut self.moved_others } else { &mut self.permitted }) += 1;
        }
        effects
    }
}

#[test]
fn a_scope_decides_as_if_all_rows_were_gathered_and_compared() {
    let scoped = SCOPES.map(|(partners, agreements)| Scoped::of(partners, agreements));
    let mut counted = Counted::default();
    for seed in SEEDS {
        let (mut state, mut mixtures) = (State::default(), Mixtures::default());
        for message in workload(seed).into_iter().flat_map(|request: pb::AppendRequest| request.events) {
            let Ok(mut events) = parse(std::slice::from_ref(&message)) else { continue };
            let event = events.remove(0);
            if let Some(effects) = counted.ask(&scoped, &event, &state, &mut mixtures) {
                mixtures.add(&effects);
                state.evolve(&Record { position: state.position + 1, recorded_at: NOW, event, effects });
            }
        }
    }
    let Counted { permitted, named_others, moved_others, mixed_permitted, mixed_refused } = counted;
    let least = permitted.min(named_others).min(mixed_permitted).min(mixed_refused);
    assert!(least > 5_000 && moved_others > 50, "the stories try little: {counted:?}");
}
