//! Operations on files and directories that the journal needs beside reading and writing.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt, PermissionsExt as _};
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

/// The bits of a mode that let others in.
const OTHERS: u32 = 0o077;

/// Takes from other users what they may do with a directory of this user, with its files, and with those of its directories that
/// are named. Returns whether the directory itself was open to others.
pub(crate) fn make_private(dir: &Path, within: &[&str]) -> io::Result<bool> {
    let was_open = close_to_others(dir)?;
    each_entry(dir, within, &mut |path, _| close_to_others(path).map(drop))?;
    Ok(was_open)
}

/// Returns whether it was open to others.
fn close_to_others(path: &Path) -> io::Result<bool> {
    let mode = fs::metadata(path)?.permissions().mode() & 0o7777;
    if mode & OTHERS == 0 {
        return Ok(false);
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode & !OTHERS))?;
    Ok(true)
}

/// Fails if there is anything in a directory that is neither a regular file nor a directory: opening a pipe would wait for ever.
pub fn check_regular_files(dir: &Path) -> io::Result<()> {
    each_entry(dir, &[], &mut check_regular)
}

/// The same of what a directory has by some names, and of all that is below those: what stands beside it is never opened.
pub(crate) fn check_regular_files_named(dir: &Path, names: &[&str]) -> io::Result<()> {
    for path in names.iter().map(|name| dir.join(name)) {
        let Some(metadata) = if_there(fs::metadata(&path))? else { continue };
        check_regular(&path, &metadata)?;
        if metadata.is_dir() {
            each_below(&path, &mut check_regular)?;
        }
    }
    Ok(())
}

fn check_regular(path: &Path, metadata: &fs::Metadata) -> io::Result<()> {
    if metadata.is_file() || metadata.is_dir() {
        return Ok(());
    }
    let what = format!("{} is neither a regular file nor a directory", path.display());
    Err(io::Error::new(ErrorKind::InvalidInput, what))
}

/// Calls `visit` with what is in a directory, and with all that is below those of its directories that are named. Links are
/// followed. What is not there is left out.
fn each_entry(dir: &Path, within: &[&str], visit: &mut dyn FnMut(&Path, &fs::Metadata) -> io::Result<()>) -> io::Result<()> {
    let Some(entries) = if_there(fs::read_dir(dir))? else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        let Some(metadata) = if_there(fs::metadata(&path))? else { continue };
        let is_named = path.file_name().is_some_and(|name| within.iter().any(|named| name == *named));
        if metadata.is_dir() && is_named {
            visit(&path, &metadata)?;
            each_below(&path, visit)?;
        } else if !metadata.is_dir() {
            visit(&path, &metadata)?;
        }
    }
    Ok(())
}

/// What was read of an entry; `None` if it was removed meanwhile, or is a link to nothing.
fn if_there<T>(read: io::Result<T>) -> io::Result<Option<T>> {
    match read {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

/// Calls `visit` with all that is below a directory.
fn each_below(dir: &Path, visit: &mut dyn FnMut(&Path, &fs::Metadata) -> io::Result<()>) -> io::Result<()> {
    let Some(entries) = if_there(fs::read_dir(dir))? else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        let Some(metadata) = if_there(fs::metadata(&path))? else { continue };
        visit(&path, &metadata)?;
        if metadata.is_dir() {
            each_below(&path, visit)?;
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What is listed may be gone when it is looked at, as a link to nothing is.
    #[test]
    fn what_vanishes_below_a_directory_is_left_out() {
        let dir = tempfile::tempdir().expect("a directory");
        let within = dir.path().join("wal");
        fs::create_dir_all(within.join("old")).expect("a directory");
        std::os::unix::fs::symlink(within.join("gone"), within.join("old/segment")).expect("a link");
        fs::write(within.join("segment"), "").expect("a file");
        check_regular_files_named(dir.path(), &["wal", "store"]).expect("all are regular");
        let mut seen = Vec::new();
        each_entry(dir.path(), &["wal"], &mut |path, _| {
            seen.push(path.strip_prefix(dir.path()).expect("below").to_owned());
            Ok(())
        })
        .expect("it is read");
        seen.sort_unstable();
        assert_eq!(seen, ["wal", "wal/old", "wal/segment"].map(std::path::PathBuf::from));
    }
}
