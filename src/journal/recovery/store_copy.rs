//! A copy of the store for the offline check: sled writes when it opens, so the store itself is not opened.

use std::fs;
use std::io;
use std::path::Path;

use super::layout::STORE_DIR;
use crate::journal::disk::allocated_bytes;
use crate::journal::error::JournalError;
use crate::journal::store::Store;

/// An open copy of the store in a temporary directory.
pub(crate) struct StoreCopy {
    pub store: Store,
    _dir: tempfile::TempDir,
}

impl StoreCopy {
    /// Copies the store of a data directory and opens the copy; a sentence if there is no room for it, or if it cannot be opened.
    pub fn of(dir: &Path) -> Result<Result<Self, String>, JournalError> {
        let path = dir.join(STORE_DIR);
        let needed = allocated_bytes(&path).map_err(JournalError::storage(format!("looking at {}", path.display())))?;
        // In the same file system if it is writable: there a copy is cheapest, on some of them it takes no room at all.
        let places = [dir.to_owned(), std::env::temp_dir()];
        let Some(copy) = places.iter().find_map(|place| Self::room(place, needed)) else {
            return Ok(Err(format!(
                "the store was not compared with the log: that takes a copy of {needed} bytes, for which neither {} nor {} has room; \
                 set TMPDIR to a directory that has",
                places[0].display(),
                places[1].display()
            )));
        };
        let target = copy.path().join(STORE_DIR);
        copy_dir(&path, &target).map_err(JournalError::storage(format!("copying {}", path.display())))?;
        Ok(match Store::open(&target, 64 << 20) {
            Ok(store) => Ok(Self { store, _dir: copy }),
            Err(error) => Err(format!("the store cannot be opened: {error}")),
        })
    }

    /// A new directory in a place that may be written and has so many bytes free.
    fn room(place: &Path, needed: u64) -> Option<tempfile::TempDir> {
        // Where it cannot be told, it is tried.
        let free = rustix::fs::statvfs(place).map_or(u64::MAX, |system| system.f_bavail.saturating_mul(system.f_frsize));
        let copy = || tempfile::Builder::new().prefix(".inspect-").tempdir_in(place).ok();
        (needed < free).then(copy).flatten()
    }
}

fn copy_dir(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_dir(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_without_room_is_not_written_to() {
        let dir = tempfile::tempdir().expect("a directory");
        assert!(StoreCopy::room(dir.path(), 1).is_some());
        assert!(StoreCopy::room(dir.path(), u64::MAX).is_none());
        assert_eq!(fs::read_dir(dir.path()).expect("readable").count(), 0);
    }
}
