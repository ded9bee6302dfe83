//! The command line, through the built program and a ledger that it serves.

mod append;
mod ask;
mod bench;
mod figures;
mod import;
mod language;
mod relationship;
mod run;
mod statement;
mod support;
