//! What is counted of calls: how long each took, what was appended, what was refused. Counting takes no lock unless something
//! was refused.

use crate::access::Rpc;
use crate::grpc::{Appended, CODES, Method};
use crate::measure::{Counted, Histogram};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tonic::Code;

/// The label of calls that the contract does not have.
const OTHER: &str = "_OTHER";

/// What became of events, as `appended_events_total` has it.
pub const OUTCOMES: [&str; 3] = ["recorded", "duplicate", "refused"];

/// Counts of calls.
#[derive(Debug)]
pub struct Calls {
    /// For each call of the contract and each code; the last row is for all else.
    durations: Vec<[OnceLock<Box<Histogram>>; CODES.len()]>,
    events: [AtomicU64; OUTCOMES.len()],
    rejections: Mutex<BTreeMap<String, u64>>,
    limited: Mutex<BTreeMap<Arc<str>, u64>>,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            durations: (0..=Rpc::ALL.len()).map(|_| [const { OnceLock::new() }; CODES.len()]).collect(),
            events: [const { AtomicU64::new(0) }; OUTCOMES.len()],
            rejections: Mutex::default(),
            limited: Mutex::default(),
        }
    }
}

impl Calls {
    /// A call has ended.
    pub fn ended(&self, method: &Method, code: Code, took: Duration) {
        let row = match method {
            Method::Known(rpc) => *rpc as usize,
            Method::Unknown(_) => Rpc::ALL.len(),
        };
        let histogram = self.durations.get(row).and_then(|codes| codes.get(code as usize));
        histogram.iter().for_each(|place| place.get_or_init(|| Box::new(Histogram::of_durations())).took(took));
    }

    /// A request to append was answered.
    pub fn appended(&self, appended: &Appended<'_>) {
        let add = |outcome: usize, events: u64| self.events[outcome].fetch_add(events, Ordering::Relaxed);
        match appended {
            Appended::Recorded { recorded, duplicates } => {
                add(0, *recorded);
                add(1, *duplicates);
            }
            Appended::Refused { events, reason } => {
                add(2, *events);
                let mut rejections = self.rejections.lock();
                match rejections.get_mut(*reason) {
                    Some(count) => *count += 1,
                    None => drop(rejections.insert((*reason).to_owned(), 1)),
                }
            }
        }
    }

    /// A principal asked for more than it may.
    pub fn limited(&self, principal: &Arc<str>) {
        *self.limited.lock().entry(Arc::clone(principal)).or_default() += 1;
    }

    /// How long calls took, by the call's full name and its code.
    pub fn durations(&self) -> impl Iterator<Item = (String, &'static str, Counted)> {
        let names = Rpc::ALL.iter().map(|rpc| format!("partnership.ledger.v1.{}", rpc.name())).chain([OTHER.to_owned()]);
        names.zip(&self.durations).flat_map(|(name, codes)| {
            let counted = CODES.iter().zip(codes).filter_map(|(code, histogram)| Some((*code, histogram.get()?.counted())));
            counted.map(move |(code, counted)| (name.clone(), code, counted)).collect::<Vec<_>>()
        })
    }

    /// Events, by what became of them.
    pub fn events(&self) -> impl Iterator<Item = (&'static str, u64)> {
        OUTCOMES.into_iter().zip(self.event_counts())
    }

    /// How many events were recorded, were recorded before, and were refused.
    pub fn event_counts(&self) -> [u64; OUTCOMES.len()] {
        self.events.each_ref().map(|count| count.load(Ordering::Relaxed))
    }

    /// Requests to append that were refused, by the reason.
    pub fn rejections(&self) -> BTreeMap<String, u64> {
        self.rejections.lock().clone()
    }

    /// How often each principal asked for more than it may.
    pub fn limits_reached(&self) -> BTreeMap<Arc<str>, u64> {
        self.limited.lock().clone()
    }
}
