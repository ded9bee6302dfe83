//! Operations on files and directories that the journal needs beside reading and writing.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt};
use std::path::Path;

use super::error::JournalError;

/// Makes a directory's entries durable (fsync of the directory).
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Creates a directory and those above it that are missing, which nobody but this user may enter (mode 0700). A directory
/// that exists keeps its mode.
pub fn create_private_dir(dir: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Makes the entry of a directory in its parent durable, and of all its ancestors: they may be new as well.
pub(crate) fn sync_ancestors(dir: &Path) -> io::Result<()> {
    for ancestor in std::path::absolute(dir)?.ancestors().skip(1) {
        match sync_dir(ancestor) {
            // A directory that cannot be opened was not created by this process.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {}
            synced => synced?,
        }
    }
    Ok(())
}

/// Returns the allocated size of all files below a path, in bytes.
pub(crate) fn allocated_bytes(path: &Path) -> io::Result<u64> {
    let metadata = match fs::symlink_metadata(path) {
        // A file may be renamed or removed meanwhile.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        metadata => metadata?,
    };
    if !metadata.is_dir() {
        return Ok(metadata.blocks() * 512);
    }
    fs::read_dir(path)?.map(|entry| allocated_bytes(&entry?.path())).sum()
}

/// Removes a file, if it exists.
pub(crate) fn remove_if_there(path: &Path) -> Result<(), JournalError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(JournalError::storage(format!("removing {}", path.display()))(error)),
        _ => Ok(()),
    }
}
