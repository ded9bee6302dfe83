//! Proofs for outsiders: what a partner or an auditor can check without trusting who runs the ledger. The whole of it:
//! [`README.md`](README.md) in this folder.
//!
//! Formats are C2SP's (<https://c2sp.org>), so that tools that are not ours can check them. Imports inside run one way: `audit`,
//! `checkpoints` → {`signer`, `witness`, `tiles`} → {`policy`, `proof_file`} → {`key`, `checkpoint`, `origin`} → {`note`, `tree`,
//! `files`}.

pub mod audit;
mod checkpoint;
mod checkpoints;
mod error;
mod files;
mod key;
mod note;
mod origin;
mod policy;
mod proof_file;
mod service;
mod signer;
pub mod tiles;
pub mod tree;
pub mod witness;

pub use checkpoint::Checkpoint;
pub use checkpoints::Published;
pub use error::{ProofError, Refused};
pub use key::{KeyKind, NotAKey, NotSigned, SecretKey, VerifierKey};
pub use note::{NotANote, Note, Signature, from_base64, to_base64};
pub use origin::{ORIGIN_FILE, OriginError};
pub use policy::{BadPolicy, Cosigned, Log, Policy, Unbelieved, Witness};
pub use proof_file::{MAX_BYTES as MAX_PROOF_FILE_BYTES, ProofFile, Unproved};
pub use service::{Included, OpenError, OpenProofs, ProofSettings, Proofs};
pub use signer::{KeyError, adopt, new_key, state_of};
