//! What a workload is made from: chance, time that moves on, and what the model knows by now.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use partnership_ledger::proto::{self as pb, event::Body};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use crate::outside::ledger::{instant, stamp};
use crate::outside::model::record::Known;
use crate::outside::model::{Model, calendar::Instant};

/// The present of all workloads, in seconds since 1970: 1 January 2026. Their facts are older.
pub const NOW: DateTime<Utc> = DateTime::from_timestamp(1_767_225_600, 0).unwrap();

/// Where stories begin: plain days, months' ends, and shortly before clocks change in Europe.
const BEGINNINGS: [&str; 5] =
    ["2021-01-04T09:00:00Z", "2021-01-31T00:00:00Z", "2021-03-26T23:30:00Z", "2021-10-29T22:15:00Z", "2022-02-28T17:30:00Z"];

/// A story as it goes on.
pub struct World {
    rng: StdRng,
    /// What is recorded.
    model: Model,
    /// The same, with the request that is being made.
    ahead: Model,
    clock: Instant,
    last: Instant,
    pub currencies: Vec<&'static str>,
    pub zone: &'static str,
    /// Without campaigns, ventures and the relationship.
    pub is_plain: bool,
    /// Most agreements are recruited by others.
    pub is_family: bool,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let clock: Instant = BEGINNINGS.choose(&mut rng).expect("some").parse().expect("a time");
        let currencies = [vec!["USD"], vec!["USD", "JPY"], vec!["EUR", "KWD", "JPY"]];
        let currencies = currencies.choose(&mut rng).expect("some").clone();
        let zone = ["", "Asia/Bangkok", "Europe/Berlin"].choose(&mut rng).expect("some");
        let is_plain = rng.random_bool(0.3);
        let is_family = rng.random_bool(0.4);
        let model = Model { now: Some(NOW), ..Model::default() };
        Self { is_plain, is_family, rng, ahead: model.clone(), model, clock, last: clock, currencies, zone }
    }

    /// Takes over what a request brought.
    pub fn keep(&mut self, request: &pb::AppendRequest) {
        // Whether it was refused is for the test to compare.
        let _ = self.model.record_all(request);
        self.ahead = self.model.clone();
    }

    /// Tries events ahead of their request; whether the model takes them.
    pub fn scratch(&mut self, events: &[pb::Event]) -> bool {
        let request = pb::AppendRequest { events: events.to_vec(), expected_last_position: None };
        self.ahead.record_all(&request).is_ok()
    }

    /// What is known, the request that is being made included.
    pub fn known(&self) -> Known<'_> {
        self.ahead.known()
    }

    pub fn position(&self) -> u64 {
        self.model.last_position()
    }

    pub fn accepted_events(&self) -> Vec<pb::Event> {
        self.ahead.records.iter().map(|record| record.event.clone()).collect()
    }

    /// An event at some time.
    pub fn event(&mut self, body: Body) -> pb::Event {
        // A signature in the future would end before it begins.
        let signs = matches!(body, Body::AgreementSigned(_));
        let occurred = if !signs && self.one_in(150) { NOW + TimeDelta::seconds(301) } else { self.occurred() };
        pb::Event {
            event_id: uuid::Builder::from_random_bytes(self.rng.random()).into_uuid().to_string(),
            occurred_at: Some(stamp(occurred)),
            metadata: std::collections::BTreeMap::new(),
            body: Some(body),
        }
    }

    /// When something happened: mostly a little later than before, often late, at the same time, or at a turn.
    pub fn occurred(&mut self) -> Instant {
        let at = match self.below(20) {
            0..3 => self.last,
            3..7 => self.turn(),
            7..10 => self.clock - self.span(60),
            _ => {
                let step = self.span(12);
                self.clock += step;
                self.clock
            }
        };
        self.last = at.min(NOW);
        self.last
    }

    /// A time at which something begins or ends, or hardly beside it.
    pub fn turn(&mut self) -> Instant {
        let horizon = self.clock + TimeDelta::days(30);
        let turns: Vec<Instant> = turns(&self.known()).into_iter().chain([self.clock]).filter(|turn| *turn <= horizon).collect();
        let turn = self.any(&turns);
        match self.below(6) {
            0 => turn - TimeDelta::nanoseconds(1),
            1 => turn - TimeDelta::seconds(1),
            2 => turn + TimeDelta::nanoseconds(1),
            _ => turn,
        }
    }

    /// Up to so many days; mostly whole days or minutes.
    pub fn span(&mut self, days: u64) -> TimeDelta {
        let seconds = self.below(days * 86_400);
        let whole = match self.below(3) {
            0 => 86_400,
            1 => 1_800,
            _ => 1,
        };
        TimeDelta::seconds(i64::try_from(seconds / whole * whole).expect("not that long"))
    }

    pub fn clock(&self) -> Instant {
        self.clock
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.rng.random_range(0..end)
    }

    pub fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    pub fn any<T: Clone>(&mut self, among: &[T]) -> T {
        among.choose(&mut self.rng).expect("something to choose from").clone()
    }

    /// Days up to a limit; zero and one are likely.
    pub fn days(&mut self, most: u64) -> u32 {
        let days = match self.below(8) {
            0 => 0,
            1 => 1,
            _ => self.below(most + 1),
        };
        u32::try_from(days).expect("small")
    }

    pub fn currency(&mut self) -> String {
        let currencies = self.currencies.clone();
        self.any(&currencies).to_owned()
    }

    /// A business id: mostly a new one, rarely one that is taken.
    pub fn new_id(&mut self, letter: char, taken: usize) -> String {
        let number = if taken > 0 && self.one_in(15) { self.below(taken as u64) } else { taken as u64 };
        format!("{letter}{number}")
    }

    /// One of the ids that are known; rarely, or if there is none, one that is not.
    pub fn known_id(&mut self, known: &[String]) -> String {
        if known.is_empty() || self.one_in(40) { "nobody".to_owned() } else { self.any(known) }
    }

    /// The ids that recorded events introduced.
    pub fn ids(&self, of: impl Fn(&Body) -> Option<&String>) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        for record in &self.known().records {
            if let Some(id) = of(record.body())
                && !ids.contains(id)
            {
                ids.push(id.clone());
            }
        }
        ids
    }
}

/// Every time at which something that is recorded happens, begins or ends.
pub fn turns(known: &Known<'_>) -> BTreeSet<Instant> {
    let mut turns = BTreeSet::new();
    for record in &known.records {
        turns.insert(record.occurred);
        turns.extend(record.effects.end.map(|(end, _)| end));
        for posting in &record.effects.postings {
            turns.extend(posting.available);
            turns.insert(posting.effective);
        }
        if let Some(decision) = &record.effects.decision {
            turns.extend(known.protection(decision, record.occurred).until());
        }
        for assessed in &record.effects.assessed {
            turns.extend(assessed.window.map(|(_, end)| end));
            turns.extend(assessed.tiers.as_ref().and_then(|tiers| tiers.period).map(|(_, end)| end));
        }
        turns.extend(record.effects.hold.as_ref().map(|_| record.occurred + TimeDelta::days(30)));
        turns.extend(said_turns(record.body()));
    }
    turns
}

/// Times that an event names.
fn said_turns(body: &Body) -> Vec<Instant> {
    match body {
        Body::AgreementSigned(body) => body.effective_at.iter().map(instant).collect(),
        Body::ProgrammeAmended(body) => body.effective_at.iter().map(instant).collect(),
        Body::BreachReported(body) => body.cure_by.iter().map(instant).collect(),
        Body::CampaignPlanned(body) => {
            let due = body.deliverables.iter().filter_map(|deliverable| deliverable.due_at.as_ref());
            due.chain(&body.ends_at).map(instant).collect()
        }
        _ => Vec::new(),
    }
}
