//! How a server is seen from outside: metrics, health, traces, its log; the dashboard and the rules that go by them.

#[path = "../common/mod.rs"]
mod common;
mod metrics;
mod shipped;
mod traces;

use common::server::{ANY_PORT, Server};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

/// A server whose metrics are served, and where.
struct Observed {
    server: Server,
    address: String,
}

impl Observed {
    fn on(dir: &Path, options: &[&str]) -> Self {
        let mut server = Server::with_options(dir, &[&["--observe", ANY_PORT], options].concat());
        server.says();
        let said = server.says();
        let address = said.strip_prefix("metrics on http://").and_then(|rest| rest.strip_suffix("/metrics"));
        let address = address.unwrap_or_else(|| panic!("{said}")).to_owned();
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

fn get(address: &str, path: &str, accept: &str) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: ledger\r\nAccept: {accept}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| std::io::Error::other("no answer"))?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(|| std::io::Error::other("no status"))?;
    Ok((status, body.to_owned()))
}

/// The value of a metric, with its labels as they stand.
fn value(metrics: &str, name: &str) -> Option<f64> {
    metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}
