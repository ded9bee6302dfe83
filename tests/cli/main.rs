//! The command line, through the built program and a ledger that it serves; and the books that it exports.

mod append;
mod ask;
mod bench;
mod books;
#[path = "../common/mod.rs"]
mod common;
mod families;
mod figures;
mod import;
mod language;
mod payouts;
mod relationship;
mod run;
mod statement;
