//! The log's own signature, which never contradicts an earlier one: what was signed last is kept beside the key, durably, before it
//! goes out, and what is to be signed must begin with it.
//!
//! It is kept beside the key and not with the records, because it must not be restored with them: of a ledger that was restored from an
//! older copy, or taken over by another machine, the key says what others have seen.

use super::ProofError;
use super::checkpoint::Checkpoint;
use super::error::Refused;
use super::files::{create_private, lock, read_text, replace};
use super::key::{KeyKind, SecretKey, VerifierKey};
use super::note::Note;
use super::origin::{OriginError, is_origin};
use super::tree::empty_root;
use crate::journal::{Hash, TreeHead};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file is none of a key, or cannot be read.
    #[error("{}: {what}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// It is there already.
    #[error("{} is there already, and a key is never overwritten", path.display())]
    There {
        /// The file.
        path: PathBuf,
    },
    /// Another process signs with it.
    #[error("{} is in use by another process: two that sign with one key would contradict each other", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It is the key of another origin.
    #[error("{} is the key of {key}, and the ledger's origin is {origin}: use the key of that origin, or make one with `checkpoint-key new --origin {origin}`", path.display())]
    Origin {
        /// The file.
        path: PathBuf,
        /// The key's name.
        key: String,
        /// The ledger's origin.
        origin: String,
    },
    /// It is not known what it has signed.
    #[error(
        "{} is not there, so it is not known what the key has signed, and nothing is signed that might contradict it. Bring the file from where \
         the key was used, or give the last checkpoint that anybody has with `checkpoint-key adopt {} --checkpoint FILE`",
        state.display(), path.display()
    )]
    NoState {
        /// The key.
        path: PathBuf,
        /// What says what was signed last.
        state: PathBuf,
    },
}

impl KeyError {
    fn file(path: &Path) -> impl Fn(String) -> Self {
        let path = path.to_owned();
        move |what| Self::File { path: path.clone(), what }
    }
}

/// The file that says what a key has signed last: `KEY.signed`.
#[must_use]
pub fn state_of(key: &Path) -> PathBuf {
    let mut name = key.as_os_str().to_owned();
    name.push(".signed");
    PathBuf::from(name)
}

/// Makes a key for an origin, and writes down that it has signed nothing: a checkpoint of no records.
///
/// # Errors
/// `There` if one of the files is; `File` if they cannot be written, or the origin cannot be one.
pub fn new_key(path: &Path, origin: &str) -> Result<VerifierKey, KeyError> {
    if !is_origin(origin) {
        return Err(KeyError::file(path)(OriginError::Malformed(origin.to_owned()).to_string()));
    }
    let key = SecretKey::make(origin, KeyKind::Log).map_err(|error| KeyError::file(path)(error.to_string()))?;
    let text = Checkpoint { origin: origin.to_owned(), head: TreeHead { size: 0, root: empty_root() } }.text();
    let nothing = Note { signatures: vec![key.sign(&text, 0)], text };
    // In this order: a key that is there has its state.
    for (path, text) in [(&*state_of(path), nothing.to_string()), (path, key.secret() + "\n")] {
        create_private(path, &text).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => KeyError::There { path: path.to_owned() },
            _ => KeyError::file(path)(error.to_string()),
        })?;
    }
    Ok(key.verifier())
}

fn made_by(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Log => "; `checkpoint-key new` makes one",
        KeyKind::Cosigner => "; `witness new-key` makes one",
    }
}

/// Reads a key of a kind.
///
/// # Errors
/// `File` if it is none.
pub fn read_key(path: &Path, kind: KeyKind) -> Result<SecretKey, KeyError> {
    let wrong = KeyError::file(path);
    let text = read_text(path)
        .map_err(|error| wrong(error.to_string()))?
        .ok_or_else(|| wrong("there is no such file".to_owned() + made_by(kind)))?;
    let key = SecretKey::parse(&text).map_err(|error| wrong(error.to_string()))?;
    if key.verifier().kind == kind {
        return Ok(key);
    }
    Err(wrong(match kind {
        KeyKind::Log => "it is the key of a witness, and must be that of a ledger".to_owned(),
        KeyKind::Cosigner => "it is the key of a ledger, and must be that of a witness".to_owned(),
    }))
}

/// What is told of a file that does not say what was signed last, though it is there.
fn damaged(state: &Path) -> impl Fn(String) -> KeyError {
    let wrong = KeyError::file(state);
    move |what| wrong(format!("{what}. It was damaged: move it away, and say with `checkpoint-key adopt` what the key has signed last"))
}

/// Writes down that a key has signed the checkpoint of a file, where that is not known: on another machine, or after a restore.
///
/// # Errors
/// `File`, with the file that is wrong, if the checkpoint is not signed by the key, or something larger is written down already; `InUse`.
pub fn adopt(path: &Path, file: &Path) -> Result<Checkpoint, KeyError> {
    let (key, _lock) = (read_key(path, KeyKind::Log)?, lock_key(path)?);
    let (offered, state) = (KeyError::file(file), state_of(path));
    let wrong = KeyError::file(&state);
    let checkpoint =
        read_text(file).map_err(|error| offered(error.to_string()))?.ok_or_else(|| offered("there is no such file".to_owned()))?;
    let signed = signed_by(&key, &checkpoint).map_err(&offered)?;
    let before = read_text(&state).map_err(|error| wrong(error.to_string()))?;
    if let Some(before) = before.map(|text| signed_by(&key, &text)).transpose().map_err(damaged(&state))?
        && before.head.size >= signed.head.size
        && before != signed
    {
        return Err(wrong(format!("the key has signed a checkpoint of {} records, which is known already", before.head.size)));
    }
    replace(&state, &checkpoint).map_err(|error| wrong(error.to_string()))?;
    Ok(signed)
}

/// What a checkpoint says that a key has signed.
fn signed_by(key: &SecretKey, text: &str) -> Result<Checkpoint, String> {
    let note = Note::parse(text).map_err(|error| error.to_string())?;
    key.verifier().check(&note).map_err(|error| error.to_string())?;
    let checkpoint = Checkpoint::parse(&note.text).map_err(|error| error.to_string())?;
    if checkpoint.origin == key.verifier().name { Ok(checkpoint) } else { Err("its origin is not the key's name".to_owned()) }
}

fn lock_key(path: &Path) -> Result<File, KeyError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    lock(Path::new(&name)).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => KeyError::InUse { path: path.to_owned() },
        _ => KeyError::file(Path::new(&name))(error.to_string()),
    })
}

/// Signs checkpoints of one log, each consistent with the one before.
pub struct Signer {
    key: SecretKey,
    state: PathBuf,
    last: Checkpoint,
    note: Note,
    _lock: File,
}

impl Signer {
    /// The signer of a key, which goes on from what the key has signed last.
    ///
    /// # Errors
    /// `NoState` if that is not known; `Origin` if the key is of another log; `InUse`; `File`.
    pub fn open(path: &Path, origin: &str) -> Result<Self, KeyError> {
        let key = read_key(path, KeyKind::Log)?;
        if key.verifier().name != origin {
            return Err(KeyError::Origin { path: path.to_owned(), key: key.verifier().name, origin: origin.to_owned() });
        }
        let (lock, state) = (lock_key(path)?, state_of(path));
        let text = read_text(&state).map_err(|error| KeyError::file(&state)(error.to_string()))?;
        let text = text.ok_or_else(|| KeyError::NoState { path: path.to_owned(), state: state.clone() })?;
        let last = signed_by(&key, &text).map_err(damaged(&state))?;
        let note = Note::parse(&text).map_err(|error| KeyError::file(&state)(error.to_string()))?;
        Ok(Self { key, state, last, note, _lock: lock })
    }

    /// What its signatures are checked by.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        self.key.verifier()
    }

    /// What was signed last, with its signatures.
    #[must_use]
    pub fn last(&self) -> (TreeHead, &Note) {
        (self.last.head, &self.note)
    }

    /// Signs a head, if it begins with what was signed last, and returns once that is kept. `root_at` returns the root of the first so
    /// many records as the ledger has them.
    ///
    /// # Errors
    /// `Refused` if it would contradict an earlier signature, or cannot be kept; those of `root_at`.
    pub fn sign(&mut self, head: TreeHead, root_at: impl FnOnce(u64) -> Result<Hash, ProofError>) -> Result<&Note, ProofError> {
        let last = self.last.head;
        if head == last {
            return Ok(&self.note);
        }
        if head.size < last.size {
            return Err(Refused::Shorter { signed: last.size, now: head.size, state: self.state.clone() }.into());
        }
        if root_at(last.size)? != last.root {
            return Err(Refused::Different { signed: last.size, state: self.state.clone() }.into());
        }
        let checkpoint = Checkpoint { head, ..self.last.clone() };
        let text = checkpoint.text();
        let note = Note { signatures: vec![self.key.sign(&text, 0)], text };
        replace(&self.state, &note.to_string()).map_err(|error| Refused::NotKept { state: self.state.clone(), why: error.to_string() })?;
        (self.last, self.note) = (checkpoint, note);
        Ok(&self.note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Frontier;

    fn head(records: &[&str]) -> TreeHead {
        let mut frontier = Frontier::new();
        records.iter().for_each(|record| frontier.push(record.as_bytes()));
        frontier.head()
    }

    /// Signs the head of some records with the key of a directory, as a process would that begins.
    fn sign(dir: &Path, records: &[&str]) -> Result<String, String> {
        let mut signer = Signer::open(&dir.join("key"), "ledger.example").map_err(|error| error.to_string())?;
        let root_at = |size: u64| Ok(head(&records[..usize::try_from(size).expect("a size")]).root);
        signer.sign(head(records), root_at).map(ToString::to_string).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_signed_goes_on_from_what_was_signed() {
        let dir = tempfile::tempdir().expect("a directory");
        let verifier = new_key(&dir.path().join("key"), "ledger.example").expect("a key");
        for records in [&["a"][..], &["a"], &["a", "b", "c"], &["a", "b", "c", "d"]] {
            let note = Note::parse(&sign(dir.path(), records).expect("signed")).expect("a note");
            verifier.check(&note).expect("signed");
            assert_eq!(Checkpoint::parse(&note.text).expect("a checkpoint").head, head(records));
        }
        let shorter = sign(dir.path(), &["a", "b"]).expect_err("refused");
        assert!(shorter.contains("has 2 records") && shorter.contains("has signed 4"), "{shorter}");
        for different in [&["a", "b", "c", "x"][..], &["x", "b", "c", "d", "e"], &["b", "a", "c", "d", "e"]] {
            let refused = sign(dir.path(), different).expect_err("refused");
            assert!(refused.contains("another history"), "{refused}");
        }
        sign(dir.path(), &["a", "b", "c", "d", "e"]).expect("signed");
    }

    #[test]
    fn what_cannot_be_kept_is_not_signed() {
        let dir = tempfile::tempdir().expect("a directory");
        new_key(&dir.path().join("key"), "ledger.example").expect("a key");
        let before = std::fs::read_to_string(dir.path().join("key.signed")).expect("read");
        // In the way of the file that is written beside.
        std::fs::create_dir(dir.path().join("key.signed.new")).expect("a directory");
        assert!(sign(dir.path(), &["a"]).expect_err("refused").contains("cannot be written"));
        assert_eq!(std::fs::read_to_string(dir.path().join("key.signed")).expect("read"), before);
    }

    #[test]
    fn a_key_without_its_past_signs_nothing_until_it_is_told() {
        let (dir, other) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
        new_key(&dir.path().join("key"), "ledger.example").expect("a key");
        let note = sign(dir.path(), &["a", "b"]).expect("signed");
        std::fs::copy(dir.path().join("key"), other.path().join("key")).expect("copied");
        assert!(sign(other.path(), &["a", "b", "c"]).expect_err("refused").contains("checkpoint-key adopt"));
        let file = other.path().join("offered");
        let adopt = |text: &str| {
            std::fs::write(&file, text).expect("written");
            adopt(&other.path().join("key"), &file).map_err(|error| error.to_string())
        };
        for wrong in [note.replace("\n2\n", "\n3\n"), "nonsense".to_owned()] {
            let refused = adopt(&wrong).expect_err("it is not signed");
            assert!(refused.starts_with(&format!("{}: ", file.display())), "the file that is wrong is named: {refused}");
        }
        assert_eq!(adopt(&note).expect("adopted").head.size, 2);
        assert!(sign(other.path(), &["a"]).is_err());
        let later = sign(other.path(), &["a", "b", "c"]).expect("signed");
        assert!(adopt(&note).expect_err("older").contains("3 records"));
        adopt(&later).expect("the same");
        // What was damaged says how it is mended.
        let state = other.path().join("key.signed");
        std::fs::write(&state, "nonsense").expect("written");
        for refused in [adopt(&later).expect_err("damaged"), sign(other.path(), &["a", "b", "c"]).expect_err("damaged")] {
            assert!(refused.starts_with(&format!("{}: ", state.display())) && refused.contains("move it away"), "{refused}");
        }
        std::fs::remove_file(&state).expect("moved away");
        adopt(&later).expect("adopted");
    }

    #[test]
    fn a_key_is_made_once_used_once_and_for_its_origin() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("key");
        new_key(&path, "ledger.example").expect("a key");
        assert!(matches!(new_key(&path, "ledger.example"), Err(KeyError::There { .. })));
        let long = new_key(&dir.path().join("long"), &"x".repeat(256)).expect_err("no ledger can have it").to_string();
        assert!(long.contains("1 to 255 bytes") && !dir.path().join("long").exists(), "{long}");
        let signer = Signer::open(&path, "ledger.example").expect("a signer");
        assert!(matches!(Signer::open(&path, "ledger.example"), Err(KeyError::InUse { .. })));
        drop(signer);
        assert!(matches!(Signer::open(&path, "other.example"), Err(KeyError::Origin { .. })));
        assert!(read_key(&path, KeyKind::Cosigner).is_err() && read_key(&dir.path().join("none"), KeyKind::Log).is_err());
        std::fs::write(state_of(&path), "nonsense").expect("written");
        assert!(matches!(Signer::open(&path, "ledger.example"), Err(KeyError::File { .. })));
    }
}
