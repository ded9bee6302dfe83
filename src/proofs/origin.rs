//! The origin of a ledger: the name that its checkpoints carry, fixed for good when the ledger is served first, in a file of its directory.

use super::files::{read_text, replace};
use super::note::is_key_name;
use crate::journal::Hash;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

/// The file's name in the data directory.
pub const ORIGIN_FILE: &str = "origin";
/// The longest origin, in bytes.
const MAX_BYTES: usize = 255;

/// Why a ledger's origin is not known.
#[derive(Debug, thiserror::Error)]
pub enum OriginError {
    /// It was asked for another one than it has.
    #[error(
        "the ledger's origin is {has}, for good, and not {asked}: leave out --origin, or use a key that `checkpoint-key new` makes for {has}"
    )]
    Another {
        /// What it has.
        has: String,
        /// What was asked for.
        asked: String,
    },
    /// It cannot be one.
    #[error(
        "{0} can be no origin: it must be 1 to 255 bytes without spaces and plus signs, best an address without a scheme, such as ledger.example.com/partners"
    )]
    Malformed(String),
    /// The file has none.
    #[error("{}: {has:?} can be no origin; the file was cut or changed. Put back what it said, or remove it and say it with --origin", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What it says.
        has: String,
    },
    /// The file cannot be read or written.
    #[error("the ledger's origin cannot be read or kept: {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What is known of a ledger's origin before anything is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It stands in the file.
    Fixed(String),
    /// It is asked for, and the file is not there.
    Asked(String),
    /// The file is not there, and nobody says it.
    Unsaid,
}

impl Origin {
    /// Looks for the origin of the ledger of a directory, and writes nothing.
    ///
    /// # Errors
    /// `Another` if it has another one than asked for; `Malformed`; `Damaged`; `Io`.
    pub fn look(data_dir: &Path, asked: Option<&str>) -> Result<Self, OriginError> {
        let path = data_dir.join(ORIGIN_FILE);
        if let Some(malformed) = asked.filter(|asked| !is_origin(asked)) {
            return Err(OriginError::Malformed(malformed.to_owned()));
        }
        let text = read_text(&path).map_err(|source| OriginError::Io { path: path.clone(), source })?;
        match (text.map(|text| text.trim_end().to_owned()), asked.map(str::to_owned)) {
            (Some(has), _) if !is_origin(&has) => Err(OriginError::Damaged { path, has }),
            (Some(has), Some(asked)) if asked != has => Err(OriginError::Another { has, asked }),
            (Some(has), _) => Ok(Self::Fixed(has)),
            (None, Some(asked)) => Ok(Self::Asked(asked)),
            (None, None) => Ok(Self::Unsaid),
        }
    }

    /// The name, if it is known.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Fixed(name) | Self::Asked(name) => Some(name),
            Self::Unsaid => None,
        }
    }

    /// Writes down the origin of a ledger that had none: the one that is asked for, or a random one if it has no records. One with records
    /// had an origin, or is of a release without: a name of its first record's hash stands for it, and is not written, until somebody
    /// says it.
    ///
    /// # Errors
    /// `Io`.
    pub fn fix(self, data_dir: &Path, first_leaf: Option<Hash>) -> Result<String, OriginError> {
        let path = data_dir.join(ORIGIN_FILE);
        let failed = |source| OriginError::Io { path: path.clone(), source };
        let origin = match (self, first_leaf) {
            (Self::Fixed(origin), _) => return Ok(origin),
            (Self::Unsaid, Some(leaf)) => {
                let origin = invalid(&leaf[..16]);
                tracing::warn!(
                    origin,
                    "the ledger has records and no file {}: it was restored without it, or is of a release that had none. It goes by this \
                     name until its origin is said: bring the file, start it with its --checkpoint-key, or give --origin",
                    path.display()
                );
                return Ok(origin);
            }
            (Self::Asked(origin), _) => origin,
            (Self::Unsaid, None) => random().map_err(failed)?,
        };
        replace(&path, &format!("{origin}\n")).map_err(failed)?;
        Ok(origin)
    }
}

/// Whether a text can be an origin.
#[must_use]
pub fn is_origin(text: &str) -> bool {
    is_key_name(text) && text.len() <= MAX_BYTES
}

/// A name that no other ledger has.
pub fn random() -> io::Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(invalid(&bytes))
}

/// A name of some bytes below a domain that never is one.
fn invalid(bytes: &[u8]) -> String {
    bytes.iter().fold("partnership-ledger.invalid/".to_owned(), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The origin of a directory after a start: of a ledger whose first record has a hash, or that has none.
    fn origin_of(dir: &Path, asked: Option<&str>, first_leaf: Option<Hash>) -> Result<String, OriginError> {
        Origin::look(dir, asked)?.fix(dir, first_leaf)
    }

    #[test]
    fn an_origin_is_fixed_once() {
        let dir = tempfile::tempdir().expect("a directory");
        let first = origin_of(dir.path(), None, None).expect("an origin");
        assert!(first.starts_with("partnership-ledger.invalid/") && first.len() == 59, "{first}");
        assert_eq!(origin_of(dir.path(), None, Some([1; 32])).expect("an origin"), first);
        assert_eq!(origin_of(dir.path(), Some(&first), None).expect("an origin"), first);
        let other = origin_of(dir.path(), Some("ledger.example"), None).expect_err("another");
        assert!(other.to_string().contains(&first) && other.to_string().contains("for good"), "{other}");
        let named = tempfile::tempdir().expect("a directory");
        assert_eq!(Origin::look(named.path(), Some("typo")).expect("free"), Origin::Asked("typo".to_owned()));
        assert_eq!(origin_of(named.path(), Some("ledger.example"), None).expect("a look has written nothing"), "ledger.example");
        assert_eq!(origin_of(named.path(), None, None).expect("an origin"), "ledger.example");
        for malformed in ["", "a b", "a+b", "a\nb", &"x".repeat(256)] {
            assert!(matches!(Origin::look(dir.path(), Some(malformed)), Err(OriginError::Malformed(_))), "{malformed}");
        }
    }

    #[test]
    fn the_origin_of_records_is_never_made_up_for_good() {
        let dir = tempfile::tempdir().expect("a directory");
        let provisional = origin_of(dir.path(), None, Some([0xab; 32])).expect("a name");
        assert_eq!(provisional, format!("partnership-ledger.invalid/{}", "ab".repeat(16)));
        assert!(!dir.path().join(ORIGIN_FILE).exists());
        assert_eq!(origin_of(dir.path(), Some("ledger.example"), Some([0xab; 32])).expect("it is free"), "ledger.example");
        assert_eq!(origin_of(dir.path(), None, Some([0xab; 32])).expect("an origin"), "ledger.example");
        for cut in ["", "a b\n"] {
            std::fs::write(dir.path().join(ORIGIN_FILE), cut).expect("written");
            let damaged = Origin::look(dir.path(), Some("ledger.example")).expect_err("damaged").to_string();
            assert!(damaged.contains("/origin: ") && damaged.contains("--origin"), "{damaged}");
        }
    }
}
