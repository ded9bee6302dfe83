//! The origin of a ledger: the name that its checkpoints carry, fixed for good when the ledger is created, in a file of its directory.

use super::files::{create_private, read_text};
use super::note::is_key_name;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

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
    /// The file cannot be read or written.
    #[error("the ledger's origin cannot be kept: {0}")]
    Io(#[from] io::Error),
}

/// Returns the origin of the ledger of a directory. If it has none yet it is fixed: what is asked for, or a random one.
///
/// # Errors
/// `Another` if it has another one than asked for; `Malformed`; `Io`.
pub fn origin_of(data_dir: &Path, asked: Option<&str>) -> Result<String, OriginError> {
    let path = data_dir.join(ORIGIN_FILE);
    if let Some(malformed) = asked.filter(|asked| !is_origin(asked)) {
        return Err(OriginError::Malformed(malformed.to_owned()));
    }
    if let Some(text) = read_text(&path)? {
        let has = text.trim_end().to_owned();
        return match asked.filter(|asked| *asked != has) {
            Some(asked) => Err(OriginError::Another { has, asked: asked.to_owned() }),
            None if !is_origin(&has) => Err(OriginError::Malformed(has)),
            None => Ok(has),
        };
    }
    let origin = asked.map_or_else(random, |asked| Ok(asked.to_owned()))?;
    create_private(&path, &format!("{origin}\n"))?;
    Ok(origin)
}

fn is_origin(text: &str) -> bool {
    is_key_name(text) && text.len() <= MAX_BYTES
}

/// A name that no other ledger has, below a domain that never is one.
fn random() -> io::Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let digits = bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    });
    Ok(format!("partnership-ledger.invalid/{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_fixed_once() {
        let dir = tempfile::tempdir().expect("a directory");
        let first = origin_of(dir.path(), None).expect("an origin");
        assert!(first.starts_with("partnership-ledger.invalid/") && first.len() == 59, "{first}");
        assert_eq!(origin_of(dir.path(), None).expect("an origin"), first);
        assert_eq!(origin_of(dir.path(), Some(&first)).expect("an origin"), first);
        let other = origin_of(dir.path(), Some("ledger.example")).expect_err("another");
        assert!(other.to_string().contains(&first) && other.to_string().contains("for good"), "{other}");
        let named = tempfile::tempdir().expect("a directory");
        assert_eq!(origin_of(named.path(), Some("ledger.example")).expect("an origin"), "ledger.example");
        assert_eq!(origin_of(named.path(), None).expect("an origin"), "ledger.example");
        for malformed in ["", "a b", "a+b", "a\nb", &"x".repeat(256)] {
            assert!(matches!(origin_of(dir.path(), Some(malformed)), Err(OriginError::Malformed(_))), "{malformed}");
        }
    }
}
