//! Witnesses, as C2SP's tlog-witness has them: somebody else who says what it has seen of a log, and never of two histories.
//!
//! `cosigner` is one, for partners and auditors to run; `asking` is how a ledger asks those of its policy.

mod asking;
mod cosigner;

pub use asking::{AskError, Asked};
pub use cosigner::{Answer, Cosigner, MAX_REQUEST_BYTES, WitnessError, new_witness_key};

/// The most lines of a consistency proof.
const MAX_PROOF_LINES: usize = 63;
