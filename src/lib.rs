//! A ledger of business partnerships: immutable events in, commissions owed and lead ownership out, by replay.

pub mod domain;
pub mod journal;
pub mod proto;
