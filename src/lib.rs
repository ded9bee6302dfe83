//! A ledger of business partnerships: immutable events in, commissions owed and lead ownership out, by replay.

pub mod access;
pub mod backup;
pub mod clock;
pub mod console;
pub mod domain;
pub mod encoding;
pub mod feed;
pub mod grpc;
mod https;
pub mod journal;
pub mod language;
pub mod ledger;
pub mod measure;
mod priority;
pub mod projections;
pub mod proofs;
pub mod proto;
pub mod queries;
pub mod server;
pub mod snapshot;
pub mod wire;
pub mod workload;
