//! Reads files that are set up by hand, and never waits for one: a pipe in the place of a file would stop whoever reads it.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// The largest of them, in bytes: a revocation list of a large company.
const MAX_BYTES: u64 = 16 << 20;

/// Reads a regular file of at most 16 MiB.
///
/// # Errors
/// If it is none, is larger, or cannot be read.
pub fn read_small(path: &Path) -> io::Result<Vec<u8>> {
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = File::options().read(true).custom_flags(nonblocking).open(path)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 16 MiB"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_or_a_directory_is_refused_at_once_and_a_file_is_read() {
        let dir = tempfile::tempdir().expect("a directory");
        let (pipe, file) = (dir.path().join("pipe"), dir.path().join("file"));
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).expect("a pipe");
        std::fs::write(&file, "text").expect("written");
        assert!(read_small(&pipe).is_err() && read_small(dir.path()).is_err() && read_small(&dir.path().join("none")).is_err());
        assert_eq!(read_small(&file).expect("the file"), b"text");
    }
}
