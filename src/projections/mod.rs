//! What is derived from the records beside the state, kept up to date while the ledger runs and saved in snapshots.

pub mod index;
pub mod metrics;
