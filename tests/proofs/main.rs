//! Proofs for outsiders: signed checkpoints, proofs as files, tiles, witnesses, audits – and who finds out what was tampered with.

mod calls;
#[path = "../common/mod.rs"]
mod common;
mod served;
mod support;
mod tampering;
mod witnesses;
