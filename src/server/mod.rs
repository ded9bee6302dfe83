//! The composition root: opens journal and ledger, assembles the services, and owns listeners, threads and signals.

mod assembly;
mod config;
mod connections;
mod health;
mod serve;
mod signals;
mod threads;

pub use assembly::{Assembly, Service, assemble};
pub use config::ServeConfig;
pub use health::Health;
pub use serve::{ServeError, serve};
pub use signals::Signals;
