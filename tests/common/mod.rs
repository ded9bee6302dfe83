//! What the test programs share.

#![allow(dead_code, reason = "each program uses its own part")]

pub mod directories;
pub mod journey;
pub mod program;
pub mod service;
