//! Opens a ledger: its store, and the state, by snapshot and replay.

use super::config::ServeConfig;
use super::error::ServeError;
use super::store::{OpenStore, Store, StoreOptions};
use crate::clock::SystemClock;
use crate::journal::postgres::PostgresOptions;
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

/// Opens the ledger that a configuration names, or creates it. `own_address` is where clients reach this server, for those who share the
/// ledger.
///
/// # Errors
/// `Journal` if the store cannot be opened; `Replay` if its records cannot be replayed.
pub fn open(config: &ServeConfig, own_address: &str) -> Result<OpenLedger, ServeError> {
    let ServeConfig { cut_damaged_tail, check_everything, .. } = *config;
    let OpenStore { journal, shared, notes } = store(config, own_address).open(StoreOptions { cut_damaged_tail, check_everything })?;
    let (clock, limits) = (Arc::new(SystemClock), config.limits.clone());
    let snapshots = (config.snapshot_records > 0)
        .then(|| SnapshotSettings { every_records: config.snapshot_records, ..SnapshotSettings::new(config.data_dir.clone()) });
    let (ledger, replayed) = match (shared, snapshots) {
        (Some(shared), snapshots) => {
            let may_lead = config.database.as_ref().is_some_and(|database| !database.only_follows);
            Ledger::open_shared(&shared, clock, limits, snapshots, may_lead)?
        }
        (None, None) => Ledger::open(journal, clock, limits)?,
        (None, Some(settings)) => Ledger::open_with_snapshots(journal, clock, limits, settings)?,
    };
    Ok(OpenLedger { ledger, replayed, notes })
}

/// The store that a configuration names.
fn store(config: &ServeConfig, own_address: &str) -> Store {
    let Some(database) = &config.database else { return Store::of(&config.data_dir) };
    let options = PostgresOptions {
        own_address: database.advertised.clone().unwrap_or_else(|| own_address.to_owned()),
        data_dir: Some(config.data_dir.clone()),
        accepts_unreplicated: database.accepts_unreplicated,
        accepts_shorter: database.accepts_shorter,
        must_exist: false,
    };
    Store::Database(database.address.clone(), Box::new(options))
}
