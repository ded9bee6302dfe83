//! A witness: it cosigns a checkpoint if that goes on from the one it has cosigned before, and keeps it before it answers.

use super::{MAX_PROOF_LINES, origin_hash};
use crate::journal::{Hash, TreeHead};
use crate::proofs::checkpoint::{Checkpoint, decimal, hash_of};
use crate::proofs::files::{create_private, lock, read_text, replace};
use crate::proofs::key::{KeyKind, NotSigned, SecretKey, VerifierKey};
use crate::proofs::note::{Note, Signature};
use crate::proofs::policy::Policy;
use crate::proofs::signer::{KeyError, read_key};
use crate::proofs::tree::{empty_root, is_consistent};
use parking_lot::Mutex;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// The largest request that is read, in bytes.
pub const MAX_REQUEST_BYTES: usize = 128 << 10;

/// The most checkpoints of a log that are kept though it is not known whether they go on.
const MAX_UNPROVED: usize = 64;

const TEXT: &str = "text/plain; charset=utf-8";

/// Why a witness cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// Its key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Its directory cannot be used.
    #[error("{}: {source}", dir.display())]
    Directory {
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process has its directory.
    #[error("{} is in use by another process", dir.display())]
    InUse {
        /// The directory.
        dir: PathBuf,
    },
    /// Its policy names no log.
    #[error("the policy names no log whose checkpoints it would cosign: add a line `log VKEY`")]
    NoLogs,
}

/// What a witness answers, by HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The kind of its body.
    pub content_type: &'static str,
    /// Its body.
    pub body: String,
}

impl Answer {
    fn text(status: u16, body: impl Into<String>) -> Self {
        Self { status, content_type: TEXT, body: body.into() + "\n" }
    }
}

/// A witness.
pub struct Cosigner {
    key: SecretKey,
    policy: Policy,
    dir: PathBuf,
    /// Held while a checkpoint is compared with the last one and kept: both are one step.
    one_at_a_time: Mutex<()>,
    _lock: File,
}

/// Makes the key of a witness, in a new file.
///
/// # Errors
/// If it is there already, cannot be written, or the name cannot be one.
pub fn new_witness_key(path: &Path, name: &str) -> Result<VerifierKey, KeyError> {
    let file = |what: String| KeyError::File { path: path.to_owned(), what };
    let key = SecretKey::make(name, KeyKind::Cosigner).map_err(|error| file(error.to_string()))?;
    create_private(path, &(key.secret() + "\n")).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => KeyError::There { path: path.to_owned() },
        _ => file(error.to_string()),
    })?;
    Ok(key.verifier())
}

/// A request to cosign.
struct Request {
    old_size: u64,
    proof: Vec<Hash>,
    note: Note,
    checkpoint: Checkpoint,
}

impl Request {
    fn parse(body: &str) -> Option<Self> {
        let (head, note) = body.split_once("\n\n")?;
        let mut lines = head.split('\n');
        let old_size = decimal(lines.next()?.strip_prefix("old ")?)?;
        let proof: Vec<Hash> = lines.map(hash_of).collect::<Option<_>>()?;
        let note = Note::parse(note).ok()?;
        let checkpoint = Checkpoint::parse(&note.text).ok()?;
        (proof.len() <= MAX_PROOF_LINES).then_some(Self { old_size, proof, note, checkpoint })
    }
}

impl Cosigner {
    /// Opens the witness of a directory, which is created if it is not there. No other process can open it meanwhile.
    ///
    /// # Errors
    /// Why it cannot begin.
    pub fn open(dir: &Path, key: &Path, policy: Policy) -> Result<Self, WitnessError> {
        if policy.logs().is_empty() {
            return Err(WitnessError::NoLogs);
        }
        let key = read_key(key, KeyKind::Cosigner)?;
        let failed = |source| WitnessError::Directory { dir: dir.to_owned(), source };
        crate::journal::create_private_dir(dir).map_err(failed)?;
        let lock = lock(&dir.join("lock")).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => WitnessError::InUse { dir: dir.to_owned() },
            _ => failed(error),
        })?;
        Ok(Self { key, policy, dir: dir.to_owned(), one_at_a_time: Mutex::new(()), _lock: lock })
    }

    /// What its cosignatures are checked by.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        self.key.verifier()
    }

    fn kept_in(&self, origin_hash: &str) -> PathBuf {
        self.dir.join(format!("{origin_hash}.checkpoint"))
    }

    /// What it has cosigned last of a log; size 0 if nothing.
    fn last(&self, origin: &str) -> Result<Checkpoint, String> {
        let path = self.kept_in(&origin_hash(origin));
        let Some(text) = read_text(&path).map_err(|error| format!("{}: {error}", path.display()))? else {
            let head = TreeHead { size: 0, root: empty_root() };
            return Ok(Checkpoint { origin: origin.to_owned(), head });
        };
        let wrong = |why: String| format!("{} was changed: {why}", path.display());
        let note = Note::parse(&text).map_err(|error| wrong(error.to_string()))?;
        self.verifier().check(&note).map_err(|error| wrong(error.to_string()))?;
        let checkpoint = Checkpoint::parse(&note.text).map_err(|error| wrong(error.to_string()))?;
        if checkpoint.origin == origin { Ok(checkpoint) } else { Err(wrong("it is of another log".to_owned())) }
    }

    /// Answers a request to cosign, at a time in seconds since 1970.
    pub fn add_checkpoint(&self, body: &str, time: u64) -> Answer {
        let Some(request) = Request::parse(body) else { return Answer::text(400, "it is no request of c2sp.org/tlog-witness") };
        let Request { old_size, checkpoint: Checkpoint { origin, head }, note, .. } = &request;
        if let Err(refused) = self.check_log(origin, note) {
            return refused;
        }
        if *old_size > head.size {
            return Answer::text(400, "the old size is larger than the checkpoint's");
        }
        let _one = self.one_at_a_time.lock();
        let last = match self.last(origin) {
            Ok(last) => last,
            Err(why) => {
                tracing::error!(why, "what was cosigned last is not known, and nothing is cosigned");
                return Answer::text(500, "what was cosigned last is not known");
            }
        };
        if last.head.size != *old_size {
            // Whatever the old size says.
            if last.head.size == head.size {
                self.keep_evidence(origin, &last.head, head, note);
            }
            return Answer { status: 409, content_type: "text/x.tlog.size", body: format!("{}\n", last.head.size) };
        }
        if !is_consistent(last.head.size, &last.head.root, head.size, &head.root, &request.proof)
            || (head.size == 0 && head.root != empty_root())
        {
            self.keep_evidence(origin, &last.head, head, note);
            return Answer::text(422, "the checkpoint is not consistent with the one that was cosigned last");
        }
        let answer = self.cosign(origin, note, time);
        if answer.status == 200 {
            // Somebody else has submitted it before, with a wrong proof. That it stays is no harm.
            let _ = std::fs::remove_file(self.unproved_in(&origin_hash(origin), head));
        }
        answer
    }

    /// A checkpoint must be signed by a known key of its log.
    fn check_log(&self, origin: &str, note: &Note) -> Result<(), Answer> {
        let keys: Vec<_> = self.policy.logs().iter().filter(|log| log.key.name == *origin).map(|log| log.key.check(note)).collect();
        if keys.is_empty() {
            return Err(Answer::text(404, "the log is not known here"));
        }
        if keys.iter().any(|outcome| matches!(outcome, Err(NotSigned::Wrong(_)))) || keys.iter().all(Result::is_err) {
            return Err(Answer::text(403, "the checkpoint is not signed by a key of its log that is known here"));
        }
        Ok(())
    }

    fn cosign(&self, origin: &str, note: &Note, time: u64) -> Answer {
        let cosignature = self.key.sign(&note.text, time);
        let signatures = self.of_logs(note).into_iter().chain([cosignature.clone()]).collect();
        let kept = Note { text: note.text.clone(), signatures };
        if let Err(error) = replace(&self.kept_in(&origin_hash(origin)), &kept.to_string()) {
            tracing::error!(%error, "a checkpoint could not be kept, and is not cosigned");
            return Answer::text(500, "the checkpoint could not be kept");
        }
        Answer { status: 200, content_type: TEXT, body: cosignature.to_string() }
    }

    /// Keeps what a log has signed and does not go on from what was cosigned, beside that. Of the same size and with another root, both
    /// prove that there are two histories. Of a larger size they do not: whoever submits a checkpoint can submit a wrong proof with it, so
    /// such ones are kept by themselves, each once, for somebody to ask the log for the proof. Of a smaller size nothing can be said.
    fn keep_evidence(&self, origin: &str, seen: &TreeHead, offered: &TreeHead, note: &Note) {
        let of = origin_hash(origin);
        let path = if offered.size == seen.size && offered.root != seen.root {
            self.dir.join(format!("{of}.contradiction"))
        } else if offered.size > seen.size && seen.size > 0 {
            self.unproved_in(&of, offered)
        } else {
            return;
        };
        match self.keep_beside(&of, note, &path) {
            Ok(true) => tracing::error!(
                origin,
                evidence = %path.display(),
                "a log has signed what contradicts what was cosigned before, or what was not proved to go on from there"
            ),
            Ok(false) => {}
            Err(error) => tracing::error!(origin, %error, "a checkpoint that does not go on from what was cosigned could not be kept"),
        }
    }

    /// Where a checkpoint is kept that was not proved to go on.
    fn unproved_in(&self, of: &str, head: &TreeHead) -> PathBuf {
        let root = head.root.iter().take(8).fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"));
        self.dir.join(format!("{of}.unproved-{}-{root}", head.size))
    }

    /// Writes what was cosigned last and a checkpoint into a new file; returns whether there was none of its name.
    fn keep_beside(&self, of: &str, note: &Note, path: &Path) -> io::Result<bool> {
        let is_contradiction = path.extension().is_some_and(|extension| extension == "contradiction");
        if path.exists() {
            return Ok(false);
        }
        let begin = format!("{of}.unproved-");
        let is_unproved = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with(&begin);
        if !is_contradiction && std::fs::read_dir(&self.dir)?.flatten().filter(is_unproved).count() >= MAX_UNPROVED {
            return Err(io::Error::other(format!("there are {MAX_UNPROVED} files {begin}… already: look at them, and move them away")));
        }
        let seen = read_text(&self.kept_in(of))?.unwrap_or_default();
        let by_logs = Note { text: note.text.clone(), signatures: self.of_logs(note) };
        replace(path, &format!("{seen}\n{by_logs}"))?;
        Ok(true)
    }

    /// The signatures of a note by the logs of the policy.
    fn of_logs(&self, note: &Note) -> Vec<Signature> {
        let is_of_log = |signature: &&Signature| self.policy.logs().iter().any(|log| is_by(signature, &log.key));
        note.signatures.iter().filter(is_of_log).cloned().collect()
    }

    /// What it has cosigned last of the log whose origin has a hash, in 64 hexadecimal digits.
    pub fn checkpoint(&self, of: &str) -> Answer {
        let is_hash = of.len() == 64 && of.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let kept = if is_hash { read_text(&self.kept_in(of)) } else { Ok(None) };
        match kept {
            Ok(Some(body)) => Answer { status: 200, content_type: TEXT, body },
            Ok(None) => Answer::text(404, "nothing was cosigned of such a log"),
            Err(error) => Answer::text(500, error.to_string()),
        }
    }
}

fn is_by(signature: &Signature, key: &VerifierKey) -> bool {
    signature.name == key.name && signature.key_id == key.id()
}

#[cfg(test)]
mod tests;
