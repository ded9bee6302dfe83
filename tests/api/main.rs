//! The service over a connection in memory: what it answers, refuses, survives and says about itself; and its contract.

mod append;
mod audit;
#[path = "../common/mod.rs"]
mod common;
mod contract;
mod errors;
mod large;
mod parts;
mod payouts;
mod preview;
mod read;
mod reads;
mod service;
mod stream;
mod trouble;
