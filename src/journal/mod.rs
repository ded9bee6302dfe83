//! The journal: immutable records, appended in commits, durable before they count. It knows nothing of the domain.
//!
//! `port` is what the ledger uses: the trait [`Journal`] with its values (`batch`, `error`, `merkle`). `memory`, `embedded` and
//! `postgres` carry it out; all pass the contract test, and so must every further one. There is no way to change or
//! remove a record, no retry of a failed sync, and no start on a ledger shorter than what is known to have been
//! acknowledged.
//!
//! Imports inside run one way: `embedded` → `recovery` → {`log`, `store`} → {`options`, `disk`, `panics`, `cache`, `recent_leaves`,
//! `frame`} → `port`; `postgres` → {`store`, for its compression, `cache`, `recent_leaves`, `frame`} → `port`.
//!
//! - `frame`: the bytes of a commit, as it lies in the log and in the store; `collect`: gathers the records of a read.
//! - `log/`: the write-ahead log, which makes a commit durable with one `fdatasync`: segments, appending, sealing.
//! - `store/`: sled, which gets the same frames off the commit's path and serves the reads; the checkpoint.
//! - `recovery/`: opening, repair and the offline check.
//! - `embedded/`: the journal over these, with its background threads.
//! - `postgres/`: the journal in a `PostgreSQL` database that several processes share: one leads, the others follow.

#![allow(clippy::cast_possible_truncation, reason = "a commit is smaller than 2^32 bytes, which is checked, and a usize has 64 bits")]

mod batch;
mod cache;
mod collect;
mod disk;
pub mod embedded;
mod error;
mod frame;
mod log;
mod memory;
mod merkle;
mod options;
mod panics;
mod port;
pub mod postgres;
mod recent_leaves;
mod recovery;
mod store;

pub use batch::Batch;
pub use disk::{check_regular_files, create_private_dir};
pub use error::JournalError;
pub use frame::{FrameHeader, MAX_COMMIT_BYTES, encode_frame};
pub use memory::MemoryJournal;
pub use merkle::{Frontier, Hash, LEAF_VERSION, TreeHead, leaf_hash, node_hash};
pub use port::{DiskBytes, Journal, Measured, SharedJournal, SharedTexts, Standing, StopListener, StoredRecord};
