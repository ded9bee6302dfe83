//! Single events that cost much: each alone, and appends of others meanwhile.

use super::figures::{Bound, Figure};
use super::taken::{Probes, Taken};
use super::world::World;
use super::{Case, crowd::APPEND_BOUND_MS};
use crate::cli::bench::clients::{APPEND, Address, call, connect};
use crate::cli::bench::wire::{Ignored, append_request};
use crate::cli::failure::Failure;
use partnership_ledger::proto;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Appends of others meanwhile come as often.
const PACE: Duration = Duration::from_millis(2);
/// How long they go on before and after the event.
const AROUND: Duration = Duration::from_millis(20);
/// The most that a call may take, in milliseconds.
const BOUND_MS: f64 = 20.0;
/// The same where an event moves much by its nature.
const LARGE_BOUND_MS: f64 = 500.0;
/// Events of a call where one by itself would be lost in the time of a call.
const TOGETHER: usize = 100;
/// Days of a payment that is told late.
const TWO_YEARS: i64 = 730;

/// An event that costs much.
struct Expensive {
    name: &'static str,
    /// How often it is sent at most.
    times: u64,
    /// The most that it, and an append of others meanwhile, may take, in milliseconds.
    bounds_ms: (f64, f64),
    /// Whether a refusal is an answer as well.
    may_be_refused: bool,
}

fn expensive(case: Case) -> Expensive {
    let of = |name, times| Expensive { name, times, bounds_ms: (BOUND_MS, APPEND_BOUND_MS), may_be_refused: false };
    match case {
        Case::TransferFew => of("transfer of 30 sales", 10),
        Case::TransferMany => {
            Expensive { bounds_ms: (LARGE_BOUND_MS, LARGE_BOUND_MS), may_be_refused: true, ..of("transfer of all sales", 1) }
        }
        Case::PaymentPending => of("payment", 10),
        Case::PaymentBackdated => of("payment of two years ago", 10),
        Case::Signatures => of("100 signatures", 5),
        _ => of("100 sales", 5),
    }
}

fn events(case: Case, world: &World, number: u64) -> Vec<proto::Event> {
    match case {
        Case::TransferFew => vec![world.reassignment(&format!("large-lead-{}", world.sizes.large_leads - 1 - number))],
        Case::TransferMany => vec![world.reassignment("half-lead-0")],
        Case::PaymentPending => vec![world.payment("pending", 0)],
        Case::PaymentBackdated => vec![world.payment("large", TWO_YEARS)],
        Case::Signatures => (0..TOGETHER).map(|_| world.signature()).collect(),
        _ => (0..TOGETHER).map(|_| world.capped_sale()).collect(),
    }
}

/// Measures a case, again and again for some time.
pub async fn measure(address: &Address, world: &Arc<World>, case: Case, time: Duration) -> Result<Vec<Figure>, Failure> {
    let Expensive { name, times, bounds_ms, may_be_refused } = expensive(case);
    let (mut event, mut meanwhile) = (Taken::new(), Taken::new());
    let started = Instant::now();
    for number in 0..times {
        let mut grpc = connect(address).await?;
        let request = append_request(events(case, world, number), false);
        let probes = Probes::start(address, world, PACE).await?;
        tokio::time::sleep(AROUND).await;
        let is_answered = event.wait_for(Instant::now(), call::<Ignored>(&mut grpc, APPEND, request)).await;
        tokio::time::sleep(AROUND).await;
        meanwhile.add(&probes.stop().await.0);
        if !is_answered || started.elapsed() > time {
            break;
        }
    }
    let mut event = Figure::latency(case.name(), name, &event, Bound::P99Ms(bounds_ms.0));
    if may_be_refused {
        event.excuse_refusals();
    }
    Ok(vec![event, Figure::latency(case.name(), "appends", &meanwhile, Bound::P99Ms(bounds_ms.1))])
}
