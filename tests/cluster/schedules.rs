//! Random schedules: servers are killed, stopped and told to end, the way to the database is cut, while clients append and remember what
//! they were told. `CLUSTER_ROUNDS` says how many, `CLUSTER_SEED` which; the longest times without an answer are printed.

use crate::common::postgres::{Postgres, Standby, url};
use crate::nodes::{Node, Told, agree, leader, leader_but, verify};
use crate::proxy::Proxy;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::sync::Arc;
use std::time::Duration;

/// How many rounds there are unless somebody says: each that ends without a hand-over takes as long as a lease.
const ROUNDS: u64 = 3;
/// Servers.
const NODES: usize = 3;
/// Clients.
const CLIENTS: u64 = 4;
/// How long it may take until somebody records again.
const TAKEOVER: Duration = Duration::from_secs(40);

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// What is done to the server that leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Kill,
    Stop,
    End,
    Cut,
    /// Its standby stops for a while: commits wait.
    Stall,
}

const FAULTS: [Fault; 5] = [Fault::Kill, Fault::Stop, Fault::End, Fault::Cut, Fault::Stall];

/// The longest times without an answer, in words.
fn distribution(times: &mut [Duration]) -> String {
    times.sort();
    let at = |part: usize| times.get((times.len() * part / 100).min(times.len().saturating_sub(1))).copied().unwrap_or_default();
    format!("{} times: half within {:.1?}, 95 % within {:.1?}, all within {:.1?}", times.len(), at(50), at(95), at(100))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_nothing_acknowledged_is_lost_and_there_is_one_history() {
    let Some(postgres) = Postgres::start(Standby::Synchronous) else { return };
    let (rounds, seed) = (number("CLUSTER_ROUNDS", ROUNDS), number("CLUSTER_SEED", rand::rng().random_range(0..1_000_000)));
    eprintln!("CLUSTER_SEED={seed} CLUSTER_ROUNDS={rounds}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut proxies = Vec::new();
    for _ in 0..NODES {
        proxies.push(Proxy::to(postgres.primary.port).await);
    }
    let urls: Vec<String> = proxies.iter().map(|proxy| url(&[proxy.port])).collect();
    let mut nodes: Vec<Node> = urls.iter().map(|url| Node::new(url, &[])).collect();
    let addresses: Vec<String> = nodes.iter().map(|node| node.address.clone()).collect();
    let told = Arc::new(Told::default());
    let clients = told.start(&addresses, CLIENTS);
    told.next_answer(TAKEOVER).await;
    let (mut outages, mut hand_overs) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        tokio::time::sleep(Duration::from_millis(random.random_range(50..500))).await;
        let led = leader(&nodes).await;
        told.next_answer(TAKEOVER).await;
        told.longest_silence().await;
        let fault = match round {
            0 => Fault::Kill,
            1 => Fault::End,
            _ => FAULTS[random.random_range(0..FAULTS.len())],
        };
        match fault {
            Fault::Kill => nodes[led].kill(),
            Fault::Stop => nodes[led].server().signal("-STOP"),
            Fault::End => nodes[led].server().signal("-TERM"),
            Fault::Cut => proxies[led].cut(true),
            Fault::Stall => postgres.standby().signal("-STOP"),
        }
        if fault == Fault::Stall {
            tokio::time::sleep(Duration::from_millis(random.random_range(100..3_000))).await;
            postgres.standby().signal("-CONT");
        } else {
            leader_but(&nodes, led).await;
        }
        told.next_answer(TAKEOVER).await;
        let took = told.longest_silence().await;
        eprintln!("round {round}: {fault:?}, {took:.2?} without an answer");
        match fault {
            Fault::Stall => {}
            Fault::End => hand_overs.push(took),
            _ => outages.push(took),
        }
        // It comes back: from its stop or the cut as what it was, and then as one that follows.
        match fault {
            Fault::Stop => nodes[led].server().signal("-CONT"),
            Fault::Cut => proxies[led].cut(false),
            _ => {}
        }
        if fault != Fault::Stall {
            tokio::time::sleep(Duration::from_millis(random.random_range(0..1_500))).await;
            nodes[led].restart(&urls[led], &[]);
        }
    }
    told.end(clients).await;
    agree(&nodes.iter().collect::<Vec<_>>(), &told).await;
    verify(&postgres);
    let acknowledged = told.acknowledged.lock().await.len();
    eprintln!("{acknowledged} events acknowledged, 0 lost, 1 history");
    eprintln!("after a kill, a stop or a cut: {}", distribution(&mut outages));
    eprintln!("after a hand-over: {}", distribution(&mut hand_overs));
}
