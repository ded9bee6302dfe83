//! The journal alone: what every journal promises, crashes, damage, compression of segments, and the bytes on disk.

#[path = "../common/mod.rs"]
mod common;
mod contract;
mod crash;
mod damage;
mod golden;
mod sealing;
