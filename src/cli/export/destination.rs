//! The file that books are written to, as it was found: a regular file is replaced when all is there, and keeps its name
//! and mode; into anything else is written straight.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Where books are written to.
pub enum Destination {
    /// A pipe, a device, or a file that another program holds open.
    Straight(File),
    /// A temporary file that replaces the named one when it is complete: partial books are worse than none.
    Beside {
        /// What is written.
        draft: NamedTempFile,
        /// Whose place it takes.
        file: PathBuf,
        /// The mode of the file that is there already.
        mode: Option<Permissions>,
    },
}

impl Destination {
    /// Of a file's name; symbolic links are followed.
    pub fn of(name: &Path) -> io::Result<Self> {
        let found = match fs::metadata(name) {
            Ok(found) => Some(found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let mut file = name.to_owned();
        // /dev/stdout is a file that is open already, to which the shell may append.
        let mut is_open_already = is_of_a_process(&file);
        // A cycle of links was an error above.
        while let Ok(next) = fs::read_link(&file) {
            file = folder_of(&file).join(next);
            is_open_already |= is_of_a_process(&file);
        }
        if found.as_ref().is_some_and(|found| !found.is_file()) || is_open_already {
            return Ok(Self::Straight(OpenOptions::new().append(true).open(name)?));
        }
        let draft = beside(&file, found.is_none())?;
        Ok(Self::Beside { draft, file, mode: found.map(|found| found.permissions()) })
    }

    /// Ends writing: a file takes its name.
    pub fn keep(self) -> io::Result<()> {
        match self {
            Self::Straight(_) => Ok(()),
            Self::Beside { draft, file, mode } => {
                if let Some(mode) = mode {
                    draft.as_file().set_permissions(mode)?;
                }
                draft.persist(file).map(drop).map_err(|error| error.error)
            }
        }
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Straight(file) => file.write(bytes),
            Self::Beside { draft, .. } => draft.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Straight(file) => file.flush(),
            Self::Beside { draft, .. } => draft.flush(),
        }
    }
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn is_of_a_process(file: &Path) -> bool {
    ["/proc", "/dev/fd"].iter().any(|folder| file.starts_with(folder))
}

/// A file in the same folder. Until it has the mode of the one it replaces, only its owner may read it.
fn beside(file: &Path, is_new: bool) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    if is_new {
        builder.permissions(<Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666));
    }
    builder.prefix(".export-").tempfile_in(folder_of(file))
}
