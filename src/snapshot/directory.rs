//! The snapshots of a data directory: `snapshots/<position>.snapshot`. The last two are kept.

use super::file::{LoadError, SaveError, SnapshotFile, Writer};
use crate::journal::TreeHead;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Where snapshots are in a data directory.
pub const SNAPSHOT_DIR: &str = "snapshots";
const KEPT: usize = 2;
const EXTENSION: &str = "snapshot";
const NEW_EXTENSION: &str = "new";

/// The snapshots of a data directory.
#[derive(Clone, Debug)]
pub struct Snapshots {
    dir: PathBuf,
}

/// What was found of a snapshot.
#[derive(Debug)]
pub struct Found {
    /// The position that its name says.
    pub position: u64,
    /// Its file.
    pub path: PathBuf,
}

/// A snapshot that was looked at.
#[derive(Debug)]
pub struct Checked {
    /// The position that its name says.
    pub position: u64,
    /// How long it is in bytes, and the head of the Merkle tree at its position; or what is wrong with it.
    pub outcome: Result<(u64, TreeHead), LoadError>,
}

impl Snapshots {
    /// Those of a data directory, which need not have any.
    pub fn of(data_dir: &Path) -> Self {
        Self { dir: data_dir.join(SNAPSHOT_DIR) }
    }

    /// All there are, the newest first.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn list(&self) -> io::Result<Vec<Found>> {
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let position = path.file_stem().and_then(|name| name.to_str()?.parse().ok());
            if let Some(position) = position.filter(|_| path.extension().is_some_and(|extension| extension == EXTENSION)) {
                found.push(Found { position, path });
            }
        }
        found.sort_unstable_by_key(|found| std::cmp::Reverse(found.position));
        Ok(found)
    }

    /// Looks whether each of them is whole, the newest first.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn check(&self) -> io::Result<Vec<Checked>> {
        let check = |found: Found| {
            let outcome = SnapshotFile::open(&found.path).and_then(|file| {
                file.check()?;
                Ok((file.bytes(), file.head()))
            });
            let outcome = outcome.and_then(|(bytes, head)| {
                let is_named = head.size == found.position;
                if is_named { Ok((bytes, head)) } else { Err(LoadError::Damaged("it is of another position than its name says".into())) }
            });
            Checked { position: found.position, outcome }
        };
        Ok(self.list()?.into_iter().map(check).collect())
    }

    /// Writes one, durably and all or nothing, and removes those that are older than the one before. Returns its length
    /// in bytes.
    ///
    /// # Errors
    /// If the system refuses it, or `is_unwanted` said so.
    pub fn save(
        &self,
        head: TreeHead,
        is_unwanted: &dyn Fn() -> bool,
        write: impl FnOnce(&mut Writer<'_>) -> Result<(), SaveError>,
    ) -> Result<u64, SaveError> {
        if !self.dir.is_dir() {
            fs::create_dir_all(&self.dir)?;
            self.dir.parent().map_or(Ok(()), sync_dir)?;
        }
        let name = |extension| self.dir.join(format!("{}.{extension}", head.size));
        let new = name(NEW_EXTENSION);
        let saved = File::create(&new).map_err(SaveError::from).and_then(|file| {
            let mut writer = Writer::begin(file, head, is_unwanted)?;
            write(&mut writer)?;
            let bytes = writer.finish()?;
            fs::rename(&new, name(EXTENSION))?;
            sync_dir(&self.dir)?;
            Ok(bytes)
        });
        match saved {
            Ok(bytes) => {
                self.remove_old()?;
                Ok(bytes)
            }
            Err(error) => {
                // What cannot be removed is removed when the ledger is next opened.
                let _ = fs::remove_file(&new);
                Err(error)
            }
        }
    }

    fn remove_old(&self) -> io::Result<()> {
        self.list()?.into_iter().skip(KEPT).try_for_each(|old| fs::remove_file(old.path))
    }

    /// Removes what was being written when a process ended.
    ///
    /// # Errors
    /// If the directory cannot be read or written.
    pub fn remove_unfinished(&self) -> io::Result<()> {
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == NEW_EXTENSION) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
