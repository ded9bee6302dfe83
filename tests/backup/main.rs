//! Backups: exact copies of a running ledger, added to, followed, restored elsewhere; damaged or wrong ones are refused.

#[allow(dead_code, reason = "the other tests of the program use the rest")]
#[path = "../cli/support.rs"]
mod cli;

mod copies;
mod damage;
mod follow;
mod stream;
mod support;
