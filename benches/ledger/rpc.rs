//! Appending over gRPC: one call after the other, and calls side by side on one connection.

use crate::serving::{Bench, PARTNERS};
use criterion::{BenchmarkId, Criterion, Throughput};
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::{AppendRequest, Event, Money, SaleRecorded};
use std::time::{Duration, Instant};
use tonic::transport::Channel;
use uuid::Uuid;

/// Calls at a time, and events per call.
const LOADS: [(usize, usize); 4] = [(1, 1), (1, 500), (64, 1), (8, 500)];

/// Appending by the number of calls at a time and of events per call.
pub fn rpc(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rpc");
    group.sample_size(20);
    for (calls, events) in LOADS {
        let bench = Bench::with(1_000);
        let client = LedgerServiceClient::new(bench.connect());
        group.throughput(Throughput::Elements((calls * events) as u64));
        group.bench_function(BenchmarkId::new(format!("{calls} calls"), format!("{events} events")), |bencher| {
            bencher.iter_custom(|rounds| (0..rounds).map(|_| round(&bench, &client, calls, events)).sum());
        });
    }
    group.finish();
}

/// Sends so many calls at once, and waits for all of them. Events are made before the clock starts; they are sales, of
/// which none depends on another, because calls that are under way together may overtake each other.
fn round(bench: &Bench, client: &LedgerServiceClient<Channel>, calls: usize, events: usize) -> Duration {
    let request = || AppendRequest { events: (0..events).map(|_| sale()).collect(), expected_last_position: None };
    let requests: Vec<_> = (0..calls).map(|_| request()).collect();
    bench.runtime.block_on(async {
        let started = Instant::now();
        let mut under_way = tokio::task::JoinSet::new();
        for request in requests {
            let mut client = client.clone();
            under_way.spawn(async move { client.append(request).await });
        }
        while let Some(answer) = under_way.join_next().await {
            answer.expect("no panic").expect("the workload follows the rules");
        }
        started.elapsed()
    })
}

fn sale() -> Event {
    let id = Uuid::new_v4();
    let sale = SaleRecorded {
        sale_id: id.to_string(),
        agreement_id: Some(format!("agreement-{}", id.as_u128() % u128::from(PARTNERS))),
        amount: Some(Money { currency_code: "USD".to_owned(), minor_units: 9_900 }),
        ..SaleRecorded::default()
    };
    let occurred_at = Some(prost_types::Timestamp { seconds: 1_750_000_000, nanos: 0 });
    Event { event_id: id.to_string(), occurred_at, metadata: [].into(), body: Some(Body::SaleRecorded(sale)) }
}
