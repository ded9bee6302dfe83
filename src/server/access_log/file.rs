//! The file of the access log: whole lines only, for its own user alone, renamed when it is large.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// When the file is renamed and another begun.
#[derive(Clone, Copy, Debug)]
pub struct Rotation {
    /// Once it has so many bytes; `None` for never.
    pub max_bytes: Option<u64>,
    /// Renamed files that are kept.
    pub kept_files: usize,
}

/// The file that is written.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: File,
    /// Where the last whole line ends; `None` if it is no regular file.
    length: Option<u64>,
    rotation: Rotation,
    /// Whether it could not be renamed.
    is_stuck: bool,
}

impl LogFile {
    /// Opens the file at its end, or creates it.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn open(path: &Path, rotation: Rotation) -> io::Result<Self> {
        let (file, length) = open(path)?;
        Ok(Self { path: path.to_owned(), file, length, rotation, is_stuck: false })
    }

    /// Opens the file of the path anew.
    ///
    /// # Errors
    /// If the system refuses; the file of before stays.
    pub fn reopen(&mut self) -> io::Result<()> {
        (self.file, self.length) = open(&self.path)?;
        self.is_stuck = false;
        Ok(())
    }

    /// Writes lines: all of them, or none.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        if let (Some(length), Some(max)) = (self.length, self.rotation.max_bytes)
            && length > 0
            && !self.is_stuck
            && length + lines.len() as u64 > max
            && let Err(error) = self.rotate()
        {
            // Not tried again for each line, but when the file is opened anew.
            self.is_stuck = true;
            tracing::error!(%error, "the access log cannot be renamed; it is written on, however large");
        }
        let written = self.file.write_all(lines);
        match (&written, &mut self.length) {
            (Ok(()), Some(length)) => *length += lines.len() as u64,
            // Part of a line may be there, which nobody could read.
            (Err(_), Some(length)) => self.file.set_len(*length)?,
            (_, None) => {}
        }
        written
    }

    /// Renames the file to `.1`, the one of before to `.2` and so on, and begins another.
    fn rotate(&mut self) -> io::Result<()> {
        for number in (1..self.rotation.kept_files).rev() {
            rename_if_there(&self.numbered(number), &self.numbered(number + 1))?;
        }
        if self.rotation.kept_files > 0 {
            rename_if_there(&self.path, &self.numbered(1))?;
        } else {
            fs::remove_file(&self.path)?;
        }
        self.reopen()
    }

    fn numbered(&self, number: usize) -> PathBuf {
        let mut name: OsString = self.path.clone().into();
        name.push(format!(".{number}"));
        name.into()
    }
}

fn open(path: &Path) -> io::Result<(File, Option<u64>)> {
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok((file, None));
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok((file, Some(metadata.len())))
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_large_is_renamed_and_the_oldest_goes() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("access.log");
        let mut file = LogFile::open(&path, Rotation { max_bytes: Some(10), kept_files: 2 }).expect("a file");
        for line in ["one 45\n", "two 45\n", "three\n", "four 6\n"] {
            file.write(line.as_bytes()).expect("written");
        }
        let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap_or_default();
        assert_eq!(["access.log", "access.log.1", "access.log.2", "access.log.3"].map(read), ["four 6\n", "three\n", "two 45\n", ""]);
        let mode = fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_is_no_regular_file_is_written_as_it_is() {
        let mut full = LogFile::open(Path::new("/dev/full"), Rotation { max_bytes: Some(1), kept_files: 1 }).expect("a device");
        assert!(full.write(b"a line\n").is_err());
    }
}
