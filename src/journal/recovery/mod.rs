//! Opening a directory: the log, the store and the checkpoint are brought into agreement, and every repair is reported.
//! Also the offline check.

mod inspect;
mod layout;
mod lock;
mod log_end;
mod open;
mod rebuild_store;
mod repair_headers;
mod repair_image;
mod repair_log;
mod repair_segment;
mod repair_state;
mod store_copy;

pub use inspect::{Inspection, Problem, inspect, inspect_records};
pub(crate) use layout::{OPENED, OPENED_DIRS, STORE_DIR, SUSPECT_FILE, WAL_DIR};
pub(crate) use lock::DirLock;
pub use open::OpenReport;
pub(crate) use open::{Recovered, recover};
pub(crate) use repair_image::frames_of_store;
