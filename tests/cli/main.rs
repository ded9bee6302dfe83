//! The command line, through the built program and a ledger that it serves; and the books that it exports.

mod append;
mod ask;
mod bench;
mod books;
mod by_hand;
#[path = "../common/mod.rs"]
mod common;
mod config;
mod families;
mod figures;
mod import;
mod language;
mod payouts;
mod relationship;
mod run;
mod statement;
