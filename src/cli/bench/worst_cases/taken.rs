//! Times that calls took, and small calls at a steady pace while something else goes on.

use super::world::World;
use crate::cli::bench::clients::{APPEND, Address, call, connect};
use crate::cli::bench::measure::{Latencies, Percentiles};
use crate::cli::bench::wire::{Ignored, append_request};
use crate::cli::client::Channel;
use crate::cli::failure::{Failure, Refusal};
use partnership_ledger::proto::{GetBalanceRequest, GetLeadRequest};
use prost::Message as _;
use prost::bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tonic::client::Grpc;

/// How long a call is waited for.
pub const PATIENCE: Duration = Duration::from_mins(1);

const GET_BALANCE: &str = "/partnership.ledger.v1.PartnershipService/GetBalance";
const GET_LEAD: &str = "/partnership.ledger.v1.PartnershipService/GetLead";

/// How long calls took, and what became of the others.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Calls that were answered.
    pub answered: u64,
    latencies: Latencies,
    /// Calls that were given up.
    pub given_up: u64,
    /// Refused calls by code.
    pub refused: BTreeMap<String, u64>,
}

impl Taken {
    pub fn new() -> Self {
        Self { answered: 0, latencies: Latencies::new(), given_up: 0, refused: BTreeMap::new() }
    }

    /// Waits for a call that was due at `due`. Returns whether it was answered, or refused in time.
    pub async fn wait_for<T>(&mut self, due: Instant, call: impl Future<Output = Result<T, Refusal>>) -> bool {
        let outcome = tokio::time::timeout(PATIENCE, call).await;
        self.latencies.record(due.elapsed());
        let is_in_time = outcome.is_ok();
        match outcome {
            Ok(Ok(_)) => self.answered += 1,
            Ok(Err(refusal)) => *self.refused.entry(refusal.reason).or_default() += 1,
            Err(_) => self.given_up += 1,
        }
        is_in_time
    }

    pub fn add(&mut self, other: &Self) {
        self.answered += other.answered;
        self.latencies.add(&other.latencies);
        self.given_up += other.given_up;
        other.refused.iter().for_each(|(code, count)| *self.refused.entry(code.clone()).or_default() += count);
    }

    /// Percentiles over all calls, whatever became of them.
    pub fn summary(&self) -> Percentiles {
        self.latencies.summary()
    }
}

/// The instant from which on no further call is sent; set once.
pub type End = Arc<OnceLock<Instant>>;

/// Whether something that is due at an instant is still wanted.
pub fn is_wanted(end: &End, due: Instant) -> bool {
    end.get().is_none_or(|end| due < *end)
}

/// Appends of one event, and point reads, each on a connection of its own.
pub struct Probes {
    end: End,
    appends: JoinHandle<Taken>,
    points: JoinHandle<Taken>,
}

impl Probes {
    /// Starts both, each with a call every `pace`. A call counts from when it is due, so that those are slow that wait behind a
    /// slow one.
    pub async fn start(address: &Address, world: &Arc<World>, pace: Duration) -> Result<Self, Failure> {
        let end = End::default();
        let appended = {
            let world = Arc::clone(world);
            move |_| (APPEND, append_request(vec![world.adjustment("probe")], false))
        };
        let asked = {
            let world = Arc::clone(world);
            move |number| point(&world, number)
        };
        let appends = tokio::spawn(paced(connect(address).await?, Arc::clone(&end), pace, appended));
        let points = tokio::spawn(paced(connect(address).await?, Arc::clone(&end), pace, asked));
        Ok(Self { end, appends, points })
    }

    /// Ends both, and returns the times of appends and of point reads.
    pub async fn stop(self) -> (Taken, Taken) {
        self.end.get_or_init(Instant::now);
        // A panic in a task is a defect of this program: it is passed on.
        let of =
            |outcome: Result<Taken, tokio::task::JoinError>| outcome.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        (of(self.appends.await), of(self.points.await))
    }
}

async fn paced(mut grpc: Grpc<Channel>, end: End, pace: Duration, mut request: impl FnMut(u64) -> (&'static str, Bytes)) -> Taken {
    let (mut taken, started) = (Taken::new(), Instant::now());
    for number in 0_u64.. {
        let due = started + pace.saturating_mul(u32::try_from(number).unwrap_or(u32::MAX));
        tokio::time::sleep_until(due.into()).await;
        if !is_wanted(&end, due) {
            break;
        }
        let (path, request) = request(number);
        if !taken.wait_for(due, call::<Ignored>(&mut grpc, path, request)).await {
            break;
        }
    }
    taken
}

/// A question about a balance, in turn an ordinary partner's and that of the large account, or about a lead.
fn point(world: &World, number: u64) -> (&'static str, Bytes) {
    let balance = |partner_id| (GET_BALANCE, GetBalanceRequest { partner_id, options: None }.encode_to_vec().into());
    match number % 3 {
        0 => balance(world.id(format_args!("partner-{}", number % world.sizes.partners))),
        1 => balance(world.id("large")),
        _ => {
            let lead_id = world.id(format_args!("large-lead-{}", number % world.sizes.large_leads));
            (GET_LEAD, GetLeadRequest { lead_id, options: None }.encode_to_vec().into())
        }
    }
}
