//! The command line, through the built program and a ledger that it serves.

mod append;
mod ask;
mod figures;
mod import;
mod run;
mod statement;
mod support;
