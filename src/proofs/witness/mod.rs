//! Witnesses, as C2SP's tlog-witness has them: somebody else who says what it has seen of a log, and never of two histories.
//!
//! `cosigner` is one, for partners and auditors to run; `asking` is how a ledger asks those of its policy.

mod asking;
mod cosigner;

pub use asking::{AskError, Asked, Asking};
pub use cosigner::{Answer, Cosigner, MAX_REQUEST_BYTES, WitnessError, new_witness_key};

use crate::journal::Hash;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// The most lines of a consistency proof.
const MAX_PROOF_LINES: usize = 63;

/// The hash that a log's origin is found by.
fn origin_hash(origin: &str) -> String {
    let hash: Hash = Sha256::digest(origin.as_bytes()).into();
    hash.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}
