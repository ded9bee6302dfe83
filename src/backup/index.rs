//! The index of a folder: the files of the copy, and its last position. Files that it does not list are ignored.
//!
//! `partnership-ledger.backup` has two lines: JSON, and the CRC32C of the first in hexadecimal. It is replaced atomically.

use super::{BackupError, hex};
use crate::journal::{Hash, TreeHead, check_regular_files};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// The name of the index; every backup has it.
pub const INDEX: &str = "partnership-ledger.backup";
/// The extension of files with records.
pub const RECORDS: &str = ".records";
const VERSION: u32 = 1;

/// The files of a copy, and its last position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    format_version: u32,
    /// The last position.
    pub position: u64,
    tree_root: String,
    /// When the last records were added, by the clock of the machine that added them: RFC 3339, UTC.
    pub copied_at: String,
    /// The files, in order.
    pub files: Vec<IndexedFile>,
}

/// A file of a copy: a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexedFile {
    /// Its name.
    pub name: String,
    /// The first position in it.
    pub first: u64,
    /// The last position in it.
    pub last: u64,
    /// The number of valid bytes; the rest is of an addition that was interrupted.
    pub bytes: u64,
}

impl IndexedFile {
    /// The name of the file whose first position is `first`.
    pub fn name_of(first: u64) -> String {
        format!("{first:020}{RECORDS}")
    }
}

impl Index {
    /// The index of a copy that goes up to `head`, with the present time.
    pub fn new(head: TreeHead, files: Vec<IndexedFile>) -> Self {
        let copied_at = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        Self { format_version: VERSION, position: head.size, tree_root: hex(&head.root), copied_at, files }
    }

    /// The valid bytes of all files together.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// The last position and the root there.
    pub fn head(&self) -> TreeHead {
        // The text was checked when the index was read.
        TreeHead { size: self.position, root: parse_hex(&self.tree_root).unwrap_or_default() }
    }

    /// Reads the index of a folder; `None` if there is none.
    ///
    /// # Errors
    /// `Damaged`, `Later`, `Io`.
    pub fn read(dir: &Path) -> Result<Option<Self>, BackupError> {
        let path = dir.join(INDEX);
        check_regular_files(dir).map_err(BackupError::io(format!("looking into {}", dir.display())))?;
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(BackupError::io(format!("reading {}", path.display()))(error)),
        };
        let file = path.display().to_string();
        Self::decode(&text, &file).map(Some)
    }

    fn decode(text: &[u8], file: &str) -> Result<Self, BackupError> {
        let damaged = |what: &str| {
            let what = format!("{what}. The files beside it may be whole: cat DIR/*{RECORDS} | partnership-ledger restore --from -");
            BackupError::Damaged { file: file.to_owned(), offset: 0, position: 1, what }
        };
        let text = std::str::from_utf8(text).map_err(|_| damaged("it is no text"))?;
        let (json, sum) = text.split_once('\n').ok_or_else(|| damaged("it ends early"))?;
        if sum != checksum(json) {
            return Err(damaged("it does not have its checksum"));
        }
        let index: serde_json::Value = serde_json::from_str(json).map_err(|_| damaged("it is no index"))?;
        match index["format_version"].as_u64().and_then(|version| u32::try_from(version).ok()) {
            Some(VERSION) => {}
            Some(version) => return Err(BackupError::Later { file: file.to_owned(), version }),
            None => return Err(damaged("it has no version")),
        }
        let index: Self = serde_json::from_value(index).map_err(|_| damaged("it is no index"))?;
        if parse_hex(&index.tree_root).is_none() || !index.is_in_order() {
            return Err(damaged("its files do not follow each other"));
        }
        Ok(index)
    }

    fn is_in_order(&self) -> bool {
        let mut last = 0;
        let follows = self.files.iter().all(|file| {
            let follows = file.first == last + 1 && file.last >= file.first && file.name == IndexedFile::name_of(file.first);
            last = file.last;
            follows
        });
        follows && last == self.position
    }

    /// Replaces the index in a directory by this one, atomically and durably.
    ///
    /// # Errors
    /// `Io`; the previous index may then still be there.
    pub fn write(&self, dir: &Path) -> Result<(), BackupError> {
        let path = dir.join(INDEX);
        let write = || {
            let json = serde_json::to_string(self)?;
            let draft = dir.join(format!("{INDEX}.part"));
            let mut file = File::create(&draft)?;
            write!(file, "{json}\n{}", checksum(&json))?;
            file.sync_all()?;
            fs::rename(&draft, &path)?;
            File::open(dir)?.sync_all()
        };
        write().map_err(BackupError::io(format!("writing {}", path.display())))
    }
}

fn checksum(json: &str) -> String {
    format!("crc32c {:08x}\n", crc32c::crc32c(json.as_bytes()))
}

fn parse_hex(text: &str) -> Option<Hash> {
    if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut hash = Hash::default();
    for (byte, at) in hash.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> Index {
        let file = |first, last| IndexedFile { name: IndexedFile::name_of(first), first, last, bytes: 100 };
        Index::new(TreeHead { size: 9, root: [0xab; 32] }, vec![file(1, 4), file(5, 9)])
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        let dir = tempfile::tempdir().expect("a directory");
        assert_eq!(Index::read(dir.path()).expect("read"), None);
        index().write(dir.path()).expect("written");
        let read = Index::read(dir.path()).expect("read").expect("an index");
        assert_eq!((read.head(), read.bytes()), (index().head(), 200));
    }

    #[test]
    fn a_changed_byte_or_a_file_that_does_not_follow_is_damage() {
        let dir = tempfile::tempdir().expect("a directory");
        index().write(dir.path()).expect("written");
        let text = fs::read(dir.path().join(INDEX)).expect("there");
        for at in 0..text.len() {
            let mut changed = text.clone();
            changed[at] ^= 1;
            assert!(matches!(Index::decode(&changed, "x"), Err(BackupError::Damaged { .. })), "byte {at}");
            assert!(matches!(Index::decode(&text[..at], "x"), Err(BackupError::Damaged { .. })), "cut at {at}");
        }
        let mut gap = index();
        gap.files.remove(0);
        let mut elsewhere = index();
        elsewhere.files[0].name = "../other.records".into();
        for wrong in [gap, elsewhere] {
            wrong.write(dir.path()).expect("written");
            assert!(matches!(Index::read(dir.path()), Err(BackupError::Damaged { .. })));
        }
    }
}
