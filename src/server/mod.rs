//! The composition root: chooses the store, opens the ledger, assembles the services, and owns listeners, threads and
//! signals. The command line parses and calls it.
//!
//! Imports inside run one way: `serve` → `threads` → {`assembly`, `connections`}; `serve` → `open` → `store`.

mod assembly;
mod config;
mod connections;
mod error;
mod health;
mod open;
mod serve;
mod signals;
mod store;
mod threads;

pub use assembly::{Assembly, Service, assemble};
pub use config::ServeConfig;
pub use error::ServeError;
pub use health::Health;
pub use open::{OpenLedger, open};
pub use serve::serve;
pub use signals::Signals;
pub use store::{OpenStore, Store, StoreOptions};
