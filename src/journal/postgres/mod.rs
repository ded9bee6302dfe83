//! The journal in a `PostgreSQL` database that several processes share: one leads and appends, the others follow.
//!
//! How it keeps what it promises is said in `README.md` of this folder. Imports run one way: `texts` → `journal`, `inspect` → `read` → `shared`
//! → `lease` → {`frames`, `settings`} → `link` → {`address`, `tables`}; `shared` → {`driver`, `kept_head`, `recent`}.

mod address;
mod driver;
mod frames;
mod inspect;
mod journal;
mod kept_head;
mod lease;
mod link;
mod read;
mod recent;
mod settings;
mod shared;
mod tables;
mod texts;

pub use address::PostgresAddress;
pub use inspect::inspect_database;
pub use journal::{PostgresJournal, PostgresOptions};
