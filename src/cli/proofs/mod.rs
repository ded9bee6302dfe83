//! What proves the records to others: signed checkpoints, proofs as files, audits, witnesses and the keys of all of them.

pub mod audit;
pub mod checkpoint;
pub mod key;
pub mod proof;
pub mod verify;
pub mod witness;

use super::failure::Failure;
use super::language::{Language, say};
use partnership_ledger::proofs::{KeyError, Policy};
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

/// The largest file that is read, in bytes: a record, of which there may be 32 MiB.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// Reads a file that the command line names.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let shown = path.display();
    let about = fs::metadata(path).map_err(|error| Failure::usage(format!("{shown}: {error}")))?;
    if !about.is_file() || about.len() > MAX_FILE_BYTES {
        return Err(Failure::usage(format!("{shown} is no regular file of at most {MAX_FILE_BYTES} bytes")));
    }
    fs::read(path).map_err(|error| Failure::usage(format!("{shown}: {error}")))
}

fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path)?).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

fn read_policy(path: &Path, language: Language) -> Result<Policy, Failure> {
    Policy::parse(&read_text(path)?)
        .map_err(|error| Failure::usage(say!(language, "proofs-bad-policy", file = path.display().to_string(), error = error.to_string())))
}

/// Writes a file that the command line names; that it cannot be one is the command line's fault.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes).map_err(|error| {
        let text = format!("{}: {error}", path.display());
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory | ErrorKind::InvalidInput => Failure::usage(text),
            _ => Failure::of_file(text, &error),
        }
    })
}

/// Says something for people beside an output that is a file of its own format. A closed standard error is no failure.
fn aside(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::InUse { .. } => Self::unavailable(error.to_string()),
            _ => Self::usage(error.to_string()),
        }
    }
}
