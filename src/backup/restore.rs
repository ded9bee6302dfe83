//! Restoring a backup into a new ledger with the same root.

use super::folder::check_files;
use super::{BackupError, Chain, Index, RecordPage, check, hex};
use crate::journal::{Journal, JournalError, TreeHead};
use std::fs::{self, File, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// Where a backup is read from.
pub enum Origin<'a> {
    /// A folder.
    Folder(&'a Path),
    /// A stream, and its name for errors.
    Stream(Box<dyn Read>, &'a str),
}

/// What was restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// The last position and the root there.
    pub head: TreeHead,
    /// The size of all records, in bytes.
    pub record_bytes: u64,
}

/// Opens the journal of a directory, creating it if there is none.
pub type OpenJournal<'a> = &'a dyn Fn(&Path) -> Result<Arc<dyn Journal>, JournalError>;

/// Restores a backup into a directory that is new or empty, with a journal that `open` opens there. It is made beside it
/// and renamed once it was closed, opened again and found to be the same; if anything fails, the directory is as before.
///
/// # Errors
/// `NotEmpty`; `NoBackup`, `NoIndex`, `Damaged`, `Missing`, `Later` of the backup; `NotTheSame`, `Journal`, `Io`.
pub fn restore(origin: Origin, data_dir: &Path, open: OpenJournal) -> Result<Restored, BackupError> {
    let target = Target::of(data_dir)?;
    let draft = target.draft()?;
    let restored = restore_into(origin, open(draft.path())?.as_ref())?;
    compare(open(draft.path())?.as_ref(), restored.head)?;
    target.replace_by(draft)?;
    Ok(restored)
}

/// Restores a backup into an empty journal and closes it.
///
/// # Errors
/// `NoBackup`, `NoIndex`, `Damaged`, `Missing`, `Later` of the backup; `Journal`, `Io`. The journal then has a part of it.
pub fn restore_into(origin: Origin, journal: &dyn Journal) -> Result<Restored, BackupError> {
    let restored = read(origin, |page| {
        journal.append(page.first - 1, &page.records)?;
        Ok(())
    })?;
    journal.close()?;
    Ok(restored)
}

/// Reads and checks a whole backup, as `restore` does, and writes nothing.
///
/// # Errors
/// `NoBackup`, `NoIndex`, `Damaged`, `Missing`, `Later`, `Io`.
pub fn check_backup(origin: Origin) -> Result<Restored, BackupError> {
    read(origin, |_| Ok(()))
}

/// Reads and checks all pages of a backup.
fn read(origin: Origin, mut visit: impl FnMut(&RecordPage) -> Result<(), BackupError>) -> Result<Restored, BackupError> {
    let mut chain = Chain::default();
    let mut record_bytes = 0;
    let mut count = |page: &RecordPage| {
        record_bytes += page.records.byte_len() as u64;
        visit(page)
    };
    match origin {
        Origin::Folder(from) => check_files(from, &Index::of(from)?, &mut chain, &mut count)?,
        Origin::Stream(stream, name) => check(stream, name, &mut chain, &mut count)?,
    }
    Ok(Restored { head: chain.head(), record_bytes })
}

/// Compares a restored journal, opened again, with what was written, and closes it.
fn compare(journal: &dyn Journal, head: TreeHead) -> Result<(), BackupError> {
    let found = journal.tree_head();
    journal.close()?;
    if found != head {
        let (root, found_root) = (hex(&head.root), hex(&found.root));
        return Err(BackupError::NotTheSame { position: head.size, root, found: found.size, found_root });
    }
    Ok(())
}

/// The directory to restore into, which does not exist or is empty.
struct Target {
    dir: PathBuf,
    parent: PathBuf,
    /// Its permissions; those of a new directory are reduced by the umask.
    mode: Permissions,
}

impl Target {
    fn of(data_dir: &Path) -> Result<Self, BackupError> {
        let refused = |what: &str| BackupError::NotEmpty { dir: data_dir.to_owned(), what: what.to_owned() };
        let looked = BackupError::io(format!("looking at {}", data_dir.display()));
        let dir = std::path::absolute(data_dir).map_err(looked)?;
        let Some(parent) = dir.parent().map(Path::to_owned) else { return Err(refused("is the root directory")) };
        fs::create_dir_all(&parent).map_err(BackupError::io(format!("creating {}", parent.display())))?;
        let mode = match fs::symlink_metadata(&dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Permissions::from_mode(0o777),
            Err(error) => return Err(BackupError::io(format!("looking at {}", dir.display()))(error)),
            Ok(found) if found.is_symlink() => return Err(refused("is a symbolic link; name the directory itself")),
            Ok(found) if !found.is_dir() => return Err(refused("is no directory")),
            Ok(found) => {
                let looking = || Ok((fs::metadata(&parent)?.dev(), fs::read_dir(&dir)?.next().is_none()));
                let (device, is_empty) = looking().map_err(BackupError::io(format!("looking at {}", dir.display())))?;
                if !is_empty {
                    return Err(refused("is not empty"));
                }
                if device != found.dev() {
                    return Err(refused("is where another file system begins; name a new directory below it"));
                }
                found.permissions()
            }
        };
        Ok(Self { dir, parent, mode })
    }

    /// Creates a temporary directory beside it, on the same file system.
    fn draft(&self) -> Result<TempDir, BackupError> {
        let name = self.dir.file_name().unwrap_or_default().to_string_lossy();
        let mut builder = tempfile::Builder::new();
        let created = builder.prefix(&format!(".{name}.restoring-")).permissions(self.mode.clone()).tempdir_in(&self.parent);
        created.map_err(BackupError::io(format!("creating a directory in {}", self.parent.display())))
    }

    /// Renames the temporary directory to the target, durably.
    fn replace_by(&self, draft: TempDir) -> Result<(), BackupError> {
        let rename = || {
            File::open(draft.path())?.sync_all()?;
            fs::rename(draft.path(), &self.dir)
        };
        rename().map_err(BackupError::io(format!("renaming what was restored to {}", self.dir.display())))?;
        // It was renamed: there is nothing to remove.
        let _ = draft.keep();
        let synced = File::open(&self.parent).and_then(|parent| parent.sync_all());
        synced.map_err(BackupError::io(format!("syncing {}", self.parent.display())))
    }
}
