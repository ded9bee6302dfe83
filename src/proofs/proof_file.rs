//! Proofs as files that stand for themselves, as C2SP's tlog-proof has them: a record's index, its inclusion proof, and the signed
//! checkpoint that it leads to.

use super::checkpoint::{Checkpoint, decimal, hash_of};
use super::note::{Note, to_base64};
use super::policy::{Cosigned, Policy, Unbelieved};
use super::tree::root_of_inclusion;
use crate::journal::{Hash, leaf_hash};
use std::fmt;

/// The first line.
const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// The most hashes of a proof: trees have fewer than 2^64 leaves.
const MAX_HASHES: usize = 64;
/// The largest file that is read, in bytes.
pub const MAX_BYTES: usize = super::note::MAX_BYTES + (16 << 10);

/// A proof that a record is in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofFile {
    /// The record's leaf, from 0: its position less one.
    pub index: u64,
    /// The inclusion proof, the leaf's sibling first.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: Note,
}

/// Why a file proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproved {
    /// It is malformed.
    #[error("it is no proof: {0}")]
    Malformed(String),
    /// Its checkpoint is not believed.
    #[error("its checkpoint is not believed: {0}")]
    Checkpoint(#[from] Unbelieved),
    /// The record is not what stands there.
    #[error(
        "the record is not the one at position {position} of the checkpoint: the record or the proof was changed, or they do not belong together"
    )]
    NotIncluded {
        /// The position that the proof says.
        position: u64,
    },
}

impl ProofFile {
    /// Parses a proof.
    ///
    /// # Errors
    /// `Malformed` with what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Unproved> {
        let malformed = |what: &str| Unproved::Malformed(what.to_owned());
        if text.len() > MAX_BYTES {
            return Err(malformed("it is too large"));
        }
        let (head, checkpoint) = text.split_once("\n\n").ok_or_else(|| malformed("it has no empty line before its checkpoint"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(FIRST_LINE) {
            return Err(malformed("its first line is not c2sp.org/tlog-proof@v1"));
        }
        let mut next = lines.next();
        if next.is_some_and(|line| line.starts_with("extra ")) {
            next = lines.next();
        }
        let index = next.and_then(|line| decimal(line.strip_prefix("index ")?)).ok_or_else(|| malformed("it has no line `index N`"))?;
        let hashes: Option<Vec<Hash>> = lines.map(hash_of).collect();
        let hashes = hashes.filter(|hashes| hashes.len() <= MAX_HASHES).ok_or_else(|| malformed("a line of it is no hash in base64"))?;
        let checkpoint = Note::parse(checkpoint).map_err(|error| Unproved::Malformed(error.to_string()))?;
        Ok(Self { index, hashes, checkpoint })
    }

    /// Checks that a record, as the bytes that are stored, stands in a log that the policy believes. Returns what the checkpoint says
    /// and who has cosigned it.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, record: &[u8], policy: &Policy) -> Result<(Checkpoint, Cosigned), Unproved> {
        let (checkpoint, cosigned) = policy.believe(&self.checkpoint)?;
        let root = root_of_inclusion(&leaf_hash(record), self.index, checkpoint.head.size, &self.hashes);
        if root != Some(checkpoint.head.root) {
            return Err(Unproved::NotIncluded { position: self.index.saturating_add(1) });
        }
        Ok((checkpoint, cosigned))
    }
}

impl fmt::Display for ProofFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}\nindex {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{}", to_base64(hash)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Frontier;
    use crate::proofs::key::{KeyKind, SecretKey};

    fn proof() -> (ProofFile, Policy) {
        let mut frontier = Frontier::new();
        [b"one", b"two"].iter().for_each(|record| frontier.push(*record));
        let key = SecretKey::make("ledger.example", KeyKind::Log).expect("a key");
        let text = Checkpoint { origin: "ledger.example".to_owned(), head: frontier.head() }.text();
        let checkpoint = Note { signatures: vec![key.sign(&text, 0)], text };
        let policy = Policy::parse(&format!("log {}\nquorum none\n", key.verifier())).expect("a policy");
        (ProofFile { index: 1, hashes: vec![leaf_hash(b"one")], checkpoint }, policy)
    }

    #[test]
    fn proofs_are_read_as_they_are_written_and_hold_for_their_record_alone() {
        let (proof, policy) = proof();
        let read = ProofFile::parse(&proof.to_string()).expect("a proof");
        assert_eq!(read, proof);
        assert_eq!(read.check(b"two", &policy).expect("proved").0.head.size, 2);
        assert_eq!(read.check(b"one", &policy), Err(Unproved::NotIncluded { position: 2 }));
        let moved = ProofFile { index: 0, ..proof.clone() };
        assert_eq!(moved.check(b"two", &policy), Err(Unproved::NotIncluded { position: 1 }));
        let with_extra = proof.to_string().replace("\nindex", "\nextra AAAA\nindex");
        assert_eq!(ProofFile::parse(&with_extra).as_ref(), Ok(&proof));
        let other = Policy::parse("quorum none").expect("a policy");
        assert!(matches!(proof.check(b"two", &other), Err(Unproved::Checkpoint(Unbelieved::UnknownLog(_)))));
    }

    #[test]
    fn what_is_no_proof_is_refused() {
        let text = proof().0.to_string();
        for changed in [
            String::new(),
            text.replace("@v1", "@v2"),
            text.replace("index 1", "index 01"),
            text.replace("index 1\n", ""),
            text.replace("index 1", "index 1\nAAAA"),
            text.replace("\n\n", "\n"),
            text.replace("index 1\n", &format!("index 1\n{}", format!("{}\n", to_base64(&[0; 32])).repeat(65))),
        ] {
            assert!(matches!(ProofFile::parse(&changed), Err(Unproved::Malformed(_))), "{changed}");
        }
    }
}
