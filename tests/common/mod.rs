//! What the test programs share: the program and the servers that they start, the service in memory, the domain alone,
//! facts, events, journals and their directories.

#![allow(dead_code, reason = "each program uses its own part")]

pub mod directories;
pub mod events;
pub mod facts;
pub mod journals;
pub mod postgres;
pub mod program;
pub mod server;
pub mod service;
pub mod story;
