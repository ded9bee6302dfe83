//! How a server is seen from outside: metrics, health, traces, its log; the dashboard and the rules that go by them.

#[path = "../common/mod.rs"]
mod common;
mod metrics;
mod shipped;
mod traces;

use common::server::{ANY_PORT, Server, get};
use std::path::Path;

/// A server whose metrics are served, and where.
struct Observed {
    server: Server,
    address: String,
}

impl Observed {
    fn on(dir: &Path, options: &[&str]) -> Self {
        let mut server = Server::with_options(dir, &[&["--observe", ANY_PORT], options].concat());
        let address = server.observed();
        Self { server, address }
    }

    /// The status of an answer, and its body.
    fn get(&self, path: &str, accept: &str) -> (u16, String) {
        get(&self.address, path, accept).expect("an answer")
    }

    fn metrics(&self) -> String {
        let (status, metrics) = self.get("/metrics", "text/plain");
        assert_eq!(status, 200);
        metrics
    }
}

/// The value of a metric, with its labels as they stand.
fn value(metrics: &str, name: &str) -> Option<f64> {
    metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}
