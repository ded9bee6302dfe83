//! Power cuts of the served program: several clients over gRPC, killed, restarted and told to end.

use super::cuts::{Plan, cut};
use super::history::History;
use super::{cuts, seed};
use crate::common::directories::random;
use crate::layer::served::{append, partners, serve};
use crate::layer::trace::Trace;
use crate::layer::{Layer, order};
use rand::RngExt as _;
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tonic::transport::Channel;

const CLIENTS: u64 = 4;
/// Appends of each client in the life of one process: enough to begin new segments of the usual size.
const APPENDS: u64 = 30;

/// Appends until it has said enough or the server is gone. Answers when what was acknowledged.
async fn append_as_client(channel: Channel, layer: Arc<Layer>, numbers: Arc<AtomicU64>, told: Arc<Mutex<Vec<(u64, u64)>>>) {
    for _ in 0..APPENDS {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        let size = random(number).random_range(1..50);
        let Ok(answer) = append(channel.clone(), partners(number, size)).await else {
            return;
        };
        let length = fs::metadata(layer.trace()).expect("the trace").len();
        let last = answer.results.last().expect("a result").position;
        told.lock().expect("told").push((length, last));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_cut_of_the_served_ledger_loses_nothing_acknowledged() {
    let seed = seed();
    let layer = Arc::new(Layer::new());
    let (numbers, told) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(Vec::new())));
    // Killed between writing and syncing; while the next segment takes its name; and told to end.
    let kills = [order("sync", "ledger/wal/0", 40, 1, "kill"), order("sync", "ledger/wal$", 3, 1, "kill"), String::new()];
    for kill in kills {
        layer.order(&[kill]);
        let mut server = serve(&layer, Layer::record).expect("it starts");
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            let (layer, numbers, told) = (Arc::clone(&layer), Arc::clone(&numbers), Arc::clone(&told));
            clients.push(tokio::spawn(append_as_client(server.connect().await, layer, numbers, told)));
        }
        for client in clients {
            client.await.expect("a client");
        }
        // One that was killed by order cannot be told to end.
        tokio::task::spawn_blocking(move || server.terminate()).await.expect("it ends");
    }
    let trace = Trace::read(&layer.trace());
    let acknowledged = std::mem::take(&mut *told.lock().expect("told"));
    assert!(acknowledged.len() > 50, "{} appends were acknowledged", acknowledged.len());
    let history = History::of_ledger(&layer.data(), acknowledged);
    let totals = cut(&trace, &history, Plan::new(cuts() / 8, seed));
    println!("{totals}");
    totals.assert_nothing_lost();
}
