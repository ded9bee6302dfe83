//! Who gets in and who does not: principals by keys, tokens and certificates, roles, scopes, limits, and the files that say so.

#[path = "../common/mod.rs"]
mod common;
mod connections;
mod files;
mod kit;
mod log;
mod matrix;
mod reload;
mod scopes;
mod statement;
mod tls;
mod tokens;
