//! The benches: `cargo bench`, or `cargo bench -- decide` for some. `cargo test` runs each of them once, on less, so that
//! they do not rot.

mod access;
mod append;
mod domain;
mod journal;
mod proofs;
mod query;
mod replay;
mod rpc;
mod serving;
mod snapshot;
mod workload;
mod worst_cases;

use criterion::{criterion_group, criterion_main};

criterion_group!(
    benches,
    domain::domain,
    worst_cases::worst_cases,
    journal::journal,
    append::append,
    rpc::rpc,
    access::access,
    replay::replay,
    query::query,
    proofs::proofs,
    snapshot::snapshot
);
criterion_main!(benches);
