//! The composition root: chooses the store, opens the ledger, assembles the services, and owns listeners, threads and
//! signals. The command line parses and calls it.
//!
//! Imports inside run one way: `serve` → `threads` → {`assembly`, `connections`}; `serve` → {`open`, `data_dir`} → `store`; `serve` → `guard` → `tls`;
//! `serve` → `console` → {`assembly`, `guard`, `http`}; `serve` → `observation` → `observe` → {`access_log`, `disk`, `guard`, `http`};
//! `witness` → `http`; `http` → `tls`.

mod access_log;
mod assembly;
mod config;
mod connections;
mod console;
mod data_dir;
mod dev;
mod disk;
mod error;
mod guard;
mod health;
mod http;
mod observation;
mod observe;
mod open;
mod serve;
mod signals;
mod small_file;
mod store;
mod supervisor;
mod threads;
mod tls;
mod witness;

pub use access_log::{AccessLog, AccessLogSettings};
pub use assembly::{Assembly, Service, assemble};
pub use config::{ConsoleLogin, DatabaseConfig, ServeConfig};
pub use console::ConsoleListener;
pub use data_dir::has_ledger;
pub use dev::DevFiles;
pub use error::ServeError;
pub use guard::{Guard, Reloads, read_access};
pub use health::Health;
pub use observation::Observation;
pub use observe::{Observers, TraceSettings};
pub use open::{OpenLedger, open};
pub use serve::{Ready, serve};
pub use signals::Signals;
pub use store::{Inspection, OpenStore, PostgresAddress, Store, StoreOptions};
pub use tls::{Tls, TlsFiles};
pub use witness::{WitnessConfig, serve_witness};
