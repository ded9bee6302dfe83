//! Why there is no proof, or no signed checkpoint.

use crate::ledger::Error;
use std::io;
use std::path::PathBuf;

/// Why there is no proof, or no signed checkpoint. The text says how it can be mended.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The ledger does not give what is needed.
    #[error(transparent)]
    Ledger(#[from] Error),
    /// A position or a size is beyond the last record.
    #[error("{field} {asked} is beyond the last position, {last}")]
    Beyond {
        /// The field of the request.
        field: &'static str,
        /// What was asked.
        asked: u64,
        /// The last position.
        last: u64,
    },
    /// A field of the request makes no sense.
    #[error("{field} {what}")]
    Malformed {
        /// The field of the request.
        field: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// The tiles of the tree are being made, which takes a while after they were lost.
    #[error("the tiles of the tree are being made, {done} of {of} records; try again a little later")]
    Building {
        /// How many records are in.
        done: u64,
        /// How many there are.
        of: u64,
    },
    /// The records do not have the root that the log says: they were changed.
    #[error("the {size} records of the ledger do not have the root that its log says: they were changed, see `verify`")]
    Records {
        /// How many records there are.
        size: u64,
    },
    /// Some records do not have the hash that the root says: they were changed.
    #[error("the records {first} to {last} do not have the hash that the root of the tree says: they were changed, see `verify`")]
    Range {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
    /// Tiles cannot be written.
    #[error("the tiles of the tree cannot be written: {0}")]
    Tiles(io::Error),
    /// The ledger has no key to sign checkpoints with.
    #[error("this ledger signs no checkpoints; start it with --checkpoint-key FILE (`checkpoint-key new FILE` makes one)")]
    NoKey,
    /// The ledger refuses to sign, for good.
    #[error("no checkpoint is signed: {0}")]
    Refused(#[from] Refused),
    /// Witnesses are required, and too few have cosigned any checkpoint yet.
    #[error("no checkpoint has the cosignatures that the policy asks for, and --witness-required is set: {missing}; try again later")]
    Witnesses {
        /// Which witnesses did not cosign, and why.
        missing: String,
    },
    /// The server is ending.
    #[error("the server is ending")]
    Ending,
}

/// Why a checkpoint is not signed: a signature would contradict what was signed before.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refused {
    /// The ledger has fewer records than what was signed last.
    #[error(
        "the ledger has {now} records, and its key has signed {signed} already ({}): it was restored from an older copy, or is another \
         one. Restore what is missing, or go on as another ledger, which others do not take for this one: back it up, restore that into a \
         new directory, and serve it there with a key that `checkpoint-key new` makes for a new origin",
        state.display()
    )]
    Shorter {
        /// How many records were signed last.
        signed: u64,
        /// How many there are.
        now: u64,
        /// The file that says so.
        state: PathBuf,
    },
    /// The ledger's first records are not those that were signed.
    #[error(
        "the first {signed} records are not those that the ledger's key has signed ({}): this is another history. Restore the right one, \
         or go on as another ledger: back it up, restore that into a new directory, and serve it there with a key of a new origin",
        state.display()
    )]
    Different {
        /// How many records were signed last.
        signed: u64,
        /// The file that says so.
        state: PathBuf,
    },
    /// A witness has seen more than the ledger has, or something else.
    #[error(
        "the witness {witness} has cosigned what this ledger does not have: {what}. Restore what is missing, or go on as another ledger: \
         back it up, restore that into a new directory, and serve it there with a key of a new origin. The witness is asked again each time"
    )]
    Witnessed {
        /// The witness.
        witness: String,
        /// What it says.
        what: String,
    },
    /// What was signed could not be written down before it went out.
    #[error("{} cannot be written, and nothing is signed that is not kept first: {why}", state.display())]
    NotKept {
        /// The file.
        state: PathBuf,
        /// Why.
        why: String,
    },
}
