//! Backups: exact copies of a running ledger, added to, followed, restored elsewhere; damaged or wrong ones are refused.

#[path = "../common/mod.rs"]
mod common;
mod copies;
mod damage;
mod follow;
mod stream;
mod support;
