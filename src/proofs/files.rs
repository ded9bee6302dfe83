//! Small files that must be there after a power cut, and are never half there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// The largest small file, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// Reads a small text; `None` if the file is not there.
///
/// # Errors
/// If it is too large, is no text, or cannot be read.
pub fn read_text(path: &Path) -> io::Result<Option<String>> {
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = match OpenOptions::new().read(true).custom_flags(nonblocking).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    let mut text = String::new();
    file.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    Ok(Some(text))
}

/// Puts a text in the place of a file, and returns once that is durable. Whatever happens, the old text is there or the new one.
///
/// # Errors
/// If it cannot be written or synced; the old text is there then, or the new one.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    sync_dir_of(path)
}

/// Writes a new file that its user alone may read, and returns once that is durable.
///
/// # Errors
/// `AlreadyExists` if there is one of that name; if it cannot be written or synced.
pub fn create_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    sync_dir_of(path)
}

fn sync_dir_of(path: &Path) -> io::Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(dir)?.sync_all()
}

/// Locks a file for this process alone, until what is returned is dropped; creates it if it is not there.
///
/// # Errors
/// `WouldBlock` if another process has locked it; if it cannot be opened.
pub fn lock(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_replaced_whole_and_a_new_file_is_new() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("text");
        assert_eq!(read_text(&path).expect("read"), None);
        create_private(&path, "one").expect("written");
        assert_eq!(create_private(&path, "two").expect_err("it is there").kind(), io::ErrorKind::AlreadyExists);
        replace(&path, "three").expect("written");
        assert_eq!(read_text(&path).expect("read").as_deref(), Some("three"));
        assert!(read_text(dir.path()).is_err());
        let locked = lock(&dir.path().join("lock")).expect("locked");
        assert_eq!(lock(&dir.path().join("lock")).expect_err("locked").kind(), io::ErrorKind::WouldBlock);
        drop(locked);
        lock(&dir.path().join("lock")).expect("locked");
    }
}
