//! The audit of a ledger by somebody who trusts nobody: every record is hashed again, and what is signed must follow from what was
//! signed when the auditor looked last.
//!
//! Comparing roots is not enough: a server that shows the old root beside changed records would pass. So the roots are worked out from
//! the records that are shown, at the size of the last checkpoint and at that of the new one.

use super::checkpoint::Checkpoint;
use super::files::{create_private, lock, read_text, replace};
use super::key::NotSigned;
use super::note::{Note, to_base64};
use super::policy::{Cosigned, Policy, Unbelieved};
use super::tree::is_consistent;
use crate::journal::{Frontier, Hash, TreeHead};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The file with the checkpoint that was seen last.
const LAST_FILE: &str = "last.checkpoint";

/// Why an auditor's directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The system refuses it.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process uses it.
    #[error("{} is in use by another process", dir.display())]
    InUse {
        /// The directory.
        dir: PathBuf,
    },
    /// What is kept in it is not believed.
    #[error("{} is not believed by the policy: {why}. Give the policy that it was kept under, or begin anew in another directory", path.display())]
    Unbelieved {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
}

/// What an auditor keeps from one time to the next: a directory with the checkpoint that it has seen last.
pub struct Auditor {
    dir: PathBuf,
    last: Option<(Checkpoint, Note)>,
    _lock: File,
}

/// What an audit has found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// The signed checkpoint is not believed.
    #[error("the checkpoint is not believed: {0}")]
    Unbelieved(#[from] Unbelieved),
    /// It is of another log than the one before.
    #[error("the checkpoint is of {offered}, and the one seen last was of {seen}")]
    AnotherLog {
        /// The origin seen last.
        seen: String,
        /// The origin that is offered.
        offered: String,
    },
    /// The ledger has fewer records than it had signed.
    #[error("the ledger has signed {seen} records before, and now {offered}: records are gone")]
    Shorter {
        /// The size seen last.
        seen: u64,
        /// The size that is offered.
        offered: u64,
    },
    /// The ledger has signed two histories.
    #[error("the first {seen} records are not those that the ledger had signed before: it has signed two histories")]
    Forked {
        /// The size seen last.
        seen: u64,
    },
    /// Fewer records are shown than are signed.
    #[error("the checkpoint is of {signed} records, and {shown} are shown")]
    Missing {
        /// The size that is signed.
        signed: u64,
        /// How many records are shown.
        shown: u64,
    },
    /// The records that are shown do not have the root that is signed.
    #[error("the records that are shown do not have the root that is signed: records were changed, exchanged or left out")]
    Records,
    /// The records shown beyond the checkpoint do not have the root that is said with them.
    #[error("the records that are shown do not have the root that the ledger says of them")]
    Head,
    /// A record says another position than the one where it stands.
    #[error("the record at position {position} says that its position is {says}")]
    Position {
        /// Where it stands.
        position: u64,
        /// What it says.
        says: u64,
    },
    /// The consistency proof that the ledger gives is wrong, or it gives none, though the records are right.
    #[error("the ledger does not prove that its checkpoint goes on from the last one: {0}")]
    Proof(String),
}

impl Finding {
    /// Whether it is worth keeping: that witnesses were away proves nothing.
    #[must_use]
    pub fn is_evidence(&self) -> bool {
        !matches!(self, Self::Unbelieved(Unbelieved::Quorum(_)))
    }

    /// Whether the ledger's own signatures contradict each other: that convinces everybody.
    #[must_use]
    pub fn is_fork(&self) -> bool {
        matches!(self, Self::Forked { .. } | Self::Shorter { .. })
    }
}

impl Auditor {
    /// Opens an auditor's directory, which is created if it is not there. What it keeps must be believed by the policy; cosignatures may
    /// be fewer than it asks for now.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn open(dir: &Path, policy: &Policy) -> Result<Self, StateError> {
        let io_error = |path: &Path| {
            let path = path.to_owned();
            move |source| StateError::Io { path, source }
        };
        crate::journal::create_private_dir(dir).map_err(io_error(dir))?;
        let lock = lock(&dir.join("lock")).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => StateError::InUse { dir: dir.to_owned() },
            _ => io_error(dir)(error),
        })?;
        let path = dir.join(LAST_FILE);
        let text = read_text(&path).map_err(io_error(&path))?;
        let unbelieved = |why: String| StateError::Unbelieved { path: path.clone(), why };
        let last = text.map(|text| -> Result<_, StateError> {
            let note = Note::parse(&text).map_err(|error| unbelieved(error.to_string()))?;
            match policy.believe(&note) {
                Ok((checkpoint, _)) => Ok((checkpoint, note)),
                Err(Unbelieved::Quorum(_)) => Ok((Checkpoint::parse(&note.text).map_err(|error| unbelieved(error.to_string()))?, note)),
                Err(error) => Err(unbelieved(error.to_string())),
            }
        });
        Ok(Self { dir: dir.to_owned(), last: last.transpose()?, _lock: lock })
    }

    /// The checkpoint that was seen last.
    #[must_use]
    pub fn last(&self) -> Option<&Checkpoint> {
        self.last.as_ref().map(|(checkpoint, _)| checkpoint)
    }

    /// Begins an audit of a ledger that offers a checkpoint.
    ///
    /// # Errors
    /// What is wrong with the checkpoint by itself, or beside the last one.
    pub fn begin(&self, offered: &Note, policy: &Policy) -> Result<Audit, Finding> {
        let (checkpoint, cosigned) = policy.believe(offered)?;
        if let Some((last, _)) = &self.last {
            if last.origin != checkpoint.origin {
                return Err(Finding::AnotherLog { seen: last.origin.clone(), offered: checkpoint.origin });
            }
            if checkpoint.head.size < last.head.size {
                return Err(Finding::Shorter { seen: last.head.size, offered: checkpoint.head.size });
            }
            if checkpoint.head.size == last.head.size && checkpoint.head.root != last.head.root {
                return Err(Finding::Forked { seen: last.head.size });
            }
        }
        let before = self.last().map(|last| last.head);
        let wanted = before.into_iter().chain([checkpoint.head]).map(|head| head.size).collect::<Vec<_>>();
        let mut audit = Audit { before, checkpoint, cosigned, frontier: Frontier::new(), wanted, roots: BTreeMap::new(), misplaced: None };
        audit.note_root();
        Ok(audit)
    }

    /// Keeps the checkpoint of an audit that found nothing; returns once that is durable.
    ///
    /// # Errors
    /// If it cannot be kept.
    pub fn keep(&mut self, note: &Note, checkpoint: Checkpoint) -> Result<(), StateError> {
        let path = self.dir.join(LAST_FILE);
        replace(&path, &note.to_string()).map_err(|source| StateError::Io { path, source })?;
        self.last = Some((checkpoint, note.clone()));
        Ok(())
    }

    /// Writes down what was found, with what proves it: both checkpoints, and the consistency proof that was offered. Returns the new
    /// directory that has it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn keep_evidence(&self, finding: &Finding, offered: &str, proof: &[Hash]) -> Result<PathBuf, StateError> {
        let io_error = |path: &Path| {
            let path = path.to_owned();
            move |source| StateError::Io { path, source }
        };
        let mut number = 1;
        let mut dir = self.dir.join("evidence-1");
        while dir.exists() {
            number += 1;
            dir = self.dir.join(format!("evidence-{number}"));
        }
        fs::create_dir(&dir).map_err(io_error(&dir))?;
        let lines = proof.iter().fold(String::new(), |lines, hash| lines + &to_base64(hash) + "\n");
        let seen = self.last.as_ref().map(|(_, note)| note.to_string());
        let files = [
            ("finding.txt", Some(format!("{finding}\n"))),
            ("seen.checkpoint", seen),
            ("offered.checkpoint", Some(offered.to_owned())),
            ("consistency-proof.txt", (!proof.is_empty()).then_some(lines)),
        ];
        for (name, text) in files {
            let path = dir.join(name);
            text.map_or(Ok(()), |text| create_private(&path, &text)).map_err(io_error(&path))?;
        }
        Ok(dir)
    }
}

/// An audit under way.
pub struct Audit {
    before: Option<TreeHead>,
    checkpoint: Checkpoint,
    cosigned: Cosigned,
    frontier: Frontier,
    /// The sizes whose roots are wanted.
    wanted: Vec<u64>,
    roots: BTreeMap<u64, Hash>,
    /// The first record that says another position than the one where it stands.
    misplaced: Option<(u64, u64)>,
}

impl Audit {
    /// What the checkpoint says.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Who has cosigned it.
    #[must_use]
    pub fn cosigned(&self) -> &Cosigned {
        &self.cosigned
    }

    /// The head that was seen last, if it has records.
    #[must_use]
    pub fn before(&self) -> Option<TreeHead> {
        self.before.filter(|head| head.size > 0)
    }

    /// Takes the next record, as the bytes that are stored, and the position that these say; the first one is at position 1.
    pub fn take(&mut self, record: &[u8], says: u64) {
        self.frontier.push(record);
        let position = self.frontier.size();
        if says != position {
            self.misplaced.get_or_insert((position, says));
        }
        self.note_root();
    }

    fn note_root(&mut self) {
        if self.wanted.contains(&self.frontier.size()) {
            self.roots.insert(self.frontier.size(), self.frontier.root());
        }
    }

    /// Says what is wrong with the records that were taken. `said` is the head that the ledger says of them, which may be later than the
    /// checkpoint's.
    ///
    /// # Errors
    /// The first thing that is wrong, the gravest first.
    pub fn check_records(&self, said: TreeHead) -> Result<(), Finding> {
        let signed = self.checkpoint.head;
        let Some(root) = self.roots.get(&signed.size) else {
            return Err(Finding::Missing { signed: signed.size, shown: self.frontier.size() });
        };
        let is_signed = *root == signed.root;
        let is_as_before = self.before.is_none_or(|before| self.roots.get(&before.size) == Some(&before.root));
        match (is_signed, is_as_before) {
            (false, _) => return Err(Finding::Records),
            // The records are those that are signed now, and not those that were signed before.
            (true, false) => return Err(Finding::Forked { seen: self.before.map_or(0, |before| before.size) }),
            (true, true) => {}
        }
        if self.frontier.head() != said {
            return Err(Finding::Head);
        }
        self.misplaced.map_or(Ok(()), |(position, says)| Err(Finding::Position { position, says }))
    }

    /// Checks the consistency proof that the ledger gives from the head that was seen last to the checkpoint.
    ///
    /// # Errors
    /// `Proof` if it is wrong.
    pub fn check_proof(&self, proof: &[Hash]) -> Result<(), Finding> {
        let (Some(before), now) = (self.before(), self.checkpoint.head) else { return Ok(()) };
        if is_consistent(before.size, &before.root, now.size, &now.root, proof) {
            return Ok(());
        }
        Err(Finding::Proof("the proof that it gives is wrong".to_owned()))
    }
}

impl From<NotSigned> for Finding {
    fn from(error: NotSigned) -> Self {
        Self::Unbelieved(error.into())
    }
}

#[cfg(test)]
mod tests;
