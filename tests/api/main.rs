//! The service over a connection in memory: what it answers, refuses, survives and says about itself.

mod append;
mod audit;
mod errors;
mod read;
mod service;
mod stream;
mod support;
mod trouble;
