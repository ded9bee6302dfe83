//! Opens a ledger: its store, and the state, by snapshot and replay.

use super::config::ServeConfig;
use super::error::ServeError;
use super::store::{OpenStore, Store, StoreOptions};
use crate::clock::SystemClock;
use crate::ledger::{Ledger, ReplayReport, SnapshotSettings};
use std::sync::Arc;

/// A ledger that is open.
pub struct OpenLedger {
    /// The ledger.
    pub ledger: Ledger,
    /// What its state was loaded and replayed from.
    pub replayed: ReplayReport,
    /// What was repaired or is worth knowing of the store, a sentence each.
    pub notes: Vec<String>,
}

/// Opens the ledger that a configuration names, or creates it.
///
/// # Errors
/// `Journal` if the store cannot be opened; `Replay` if its records cannot be replayed.
pub fn open(config: &ServeConfig) -> Result<OpenLedger, ServeError> {
    let ServeConfig { cut_damaged_tail, check_everything, .. } = *config;
    let OpenStore { journal, notes } = Store::of(&config.data_dir).open(StoreOptions { cut_damaged_tail, check_everything })?;
    let (clock, limits) = (Arc::new(SystemClock), config.limits.clone());
    let (ledger, replayed) = match config.snapshot_records {
        0 => Ledger::open(journal, clock, limits)?,
        every_records => {
            let settings = SnapshotSettings { every_records, ..SnapshotSettings::new(config.data_dir.clone()) };
            Ledger::open_with_snapshots(journal, clock, limits, settings)?
        }
    };
    Ok(OpenLedger { ledger, replayed, notes })
}
