//! Records the events that make the ledger, in large batches on a few connections.

use super::feeds::{Feed, feeds, introductions};
use super::world::World;
use crate::cli::bench::clients::{APPEND, Address, call, connect};
use crate::cli::bench::wire::{Appended, append_request};
use crate::cli::failure::Failure;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tonic::Code;

/// Events of a call.
const TOGETHER: usize = 1_000;
/// Calls in flight.
const CONNECTIONS: usize = 4;
/// How long to wait before a call refused for overload is sent again.
const RETRY_AFTER: Duration = Duration::from_millis(100);

/// Records all events of a world. Returns how many they are.
pub async fn load(address: &Address, world: &Arc<World>) -> Result<u64, Failure> {
    let first: Feed = Box::new(introductions(world).into_iter());
    let introduced = record(address, first).await?;
    let feeds: Arc<Mutex<VecDeque<Feed>>> = Arc::new(Mutex::new(feeds(world).into()));
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (feeds, address) = (Arc::clone(&feeds), address.clone());
        tasks.spawn(async move {
            let next = || feeds.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let mut recorded = 0;
            while let Some(feed) = next() {
                recorded += record(&address, feed).await?;
            }
            Ok::<_, Failure>(recorded)
        });
    }
    let mut recorded = introduced;
    while let Some(done) = tasks.join_next().await {
        // A panic in a task is a defect of this program: it is passed on.
        recorded += done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;
    }
    Ok(recorded)
}

/// Records the events of a feed in their order. Returns how many they are.
async fn record(address: &Address, mut feed: Feed) -> Result<u64, Failure> {
    let mut grpc = connect(address).await?;
    let mut recorded = 0;
    loop {
        let events: Vec<_> = feed.by_ref().take(TOGETHER).collect();
        if events.is_empty() {
            return Ok(recorded);
        }
        let request = append_request(events, false);
        loop {
            match call::<Appended>(&mut grpc, APPEND, request.clone()).await {
                Ok(answer) => {
                    recorded += answer.results;
                    break;
                }
                Err(refusal) if refusal.code == Code::ResourceExhausted => tokio::time::sleep(RETRY_AFTER).await,
                Err(refusal) => return Err(Failure::from(refusal).at("the ledger cannot be filled: ")),
            }
        }
    }
}
