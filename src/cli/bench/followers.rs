//! Subscribers that follow along while events are appended, each on a connection of its own.

use super::clients::{Address, connect};
use super::measure::{Latencies, Percentiles, per_second};
use super::wire::{FollowedPage, Raw};
use crate::cli::failure::Failure;
use partnership_ledger::proto::SubscribeRequest;
use prost::Message as _;
use prost::bytes::Bytes;
use serde::Serialize;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Request, Streaming};

const SUBSCRIBE: &str = "/partnership.ledger.v1.AuditService/Subscribe";
/// How long a subscriber may take to begin, and to get the rest once the load is over.
const PATIENCE: Duration = Duration::from_mins(1);

/// The outcome of following along.
#[derive(Clone, Debug, Serialize)]
pub struct Followed {
    pub subscribers: u32,
    /// Records that reached all of them together.
    pub records: u64,
    /// From the start of the load until the last of them had everything.
    pub seconds: f64,
    pub records_per_second: f64,
    pub pages: u64,
    /// From when the ledger took the first record of a page until a subscriber had the page, by this machine's clock: also the
    /// time that it took to make it durable.
    pub lag: Percentiles,
}

/// Subscribers that follow along.
pub struct Followers {
    count: u32,
    started: Instant,
    /// The position that they follow up to, once it is known.
    until: watch::Sender<Option<u64>>,
    tasks: JoinSet<Result<Seen, Failure>>,
}

/// What one of them has seen.
struct Seen {
    records: u64,
    pages: u64,
    position: u64,
    lag: Latencies,
}

impl Followers {
    /// Has so many follow what comes after a position; returns once they do.
    pub async fn start(address: &Address, count: u32, after: u64) -> Result<Self, Failure> {
        let (begun, mut beginning) = mpsc::channel(1);
        let mut followers = Self { count, started: Instant::now(), until: watch::Sender::new(None), tasks: JoinSet::new() };
        for _ in 0..count {
            let (address, until, begun) = (address.clone(), followers.until.subscribe(), begun.clone());
            followers.tasks.spawn(async move { follow(&address, after, until, begun).await });
        }
        drop(begun);
        let all = async {
            for _ in 0..count {
                beginning.recv().await?;
            }
            Some(())
        };
        let all = tokio::time::timeout(PATIENCE, all).await;
        if !matches!(all, Ok(Some(()))) {
            // Why one has ended is said by its task.
            followers.tasks.join_next().await.transpose().map_err(|error| Failure::check(error.to_string()))?.transpose()?;
            return Err(Failure::check("the subscribers do not begin"));
        }
        followers.started = Instant::now();
        Ok(followers)
    }

    /// Waits until all have what follows a position up to another one. Problems are those of who does not.
    pub async fn finish(mut self, after: u64, last: u64, problems: &mut Vec<String>) -> Followed {
        self.until.send_replace(Some(last));
        let (mut lag, mut records, mut pages) = (Latencies::new(), 0, 0);
        let deadline = Instant::now() + PATIENCE;
        while let Ok(Some(done)) = tokio::time::timeout_at(deadline.into(), self.tasks.join_next()).await {
            // A panic in a task is a defect of this program: it is passed on.
            match done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())) {
                Ok(seen) => {
                    if (seen.records, seen.position) != (last - after, last) {
                        let (records, position) = (seen.records, seen.position);
                        problems.push(format!("a subscriber has {records} records up to {position} of {} up to {last}", last - after));
                    }
                    lag.add(&seen.lag);
                    records += seen.records;
                    pages += seen.pages;
                }
                Err(failure) => problems.push(format!("a subscriber: {}", failure.text(crate::cli::language::Language::English))),
            }
        }
        if !self.tasks.is_empty() {
            problems.push(format!("{} subscribers do not come to the end", self.tasks.len()));
        }
        let seconds = self.started.elapsed().as_secs_f64();
        let records_per_second = per_second(records, seconds);
        Followed { subscribers: self.count, records, seconds, records_per_second, pages, lag: lag.summary() }
    }
}

/// Follows what comes after a position, until it has come to where it is told to end.
async fn follow(address: &Address, after: u64, mut until: watch::Receiver<Option<u64>>, begun: mpsc::Sender<()>) -> Result<Seen, Failure> {
    let mut stream = subscribe(address, after).await?;
    let mut seen = Seen { records: 0, pages: 0, position: after, lag: Latencies::new() };
    let mut begun = Some(begun);
    loop {
        if until.borrow_and_update().is_some_and(|until| seen.position >= until) {
            return Ok(seen);
        }
        let page = tokio::select! {
            page = stream.message() => page?,
            // Whoever tells the end is there until it was told.
            Ok(()) = until.changed() => continue,
        };
        let Some(page) = page else { return Ok(seen) };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        seen.position = page.position;
        if page.records > 0 {
            seen.records += page.records;
            seen.pages += 1;
            seen.lag.record(now.saturating_sub(page.first_recorded_at));
        }
        // The first that it is told: it has begun.
        if let Some(begun) = begun.take() {
            let _ = begun.send(()).await;
        }
    }
}

async fn subscribe(address: &Address, after_position: u64) -> Result<Streaming<FollowedPage>, Failure> {
    let mut grpc = connect(address).await?;
    let request: Bytes = SubscribeRequest { after_position, filter: None }.encode_to_vec().into();
    grpc.ready().await.map_err(|error| Failure::unavailable(error.to_string()))?;
    let path = PathAndQuery::from_static(SUBSCRIBE);
    Ok(grpc.server_streaming(Request::new(request), path, Raw::<FollowedPage>::new()).await?.into_inner())
}
