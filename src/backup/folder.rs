//! A copy in a folder: files of records, and the index that lists the valid ones. It only grows.
//!
//! Records are written and synced first, then the index is replaced, which commits them. A new file is named `.part` until
//! it is complete; for a file that is appended to, the index has the number of valid bytes.

use super::index::{INDEX, Index, IndexedFile, RECORDS};
use super::{BackupError, Chain, RecordPage, Writer, check, format};
use crate::journal::{Hash, TreeHead, check_regular_files, create_private_dir};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, BufWriter, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

const LOCK: &str = "lock";
const PART: &str = ".part";
/// A file of this size or more is not appended to, in bytes.
const FULL_BYTES: u64 = 64 << 20;
const BUFFER_BYTES: usize = 1 << 20;

/// Where new records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Growth {
    /// Into a new file.
    NewFile,
    /// Into the last file, until it is full.
    LastFile,
}

/// A folder that this process has locked to add records.
pub struct Folder {
    dir: PathBuf,
    index: Option<Index>,
    chain: Chain,
    _lock: File,
}

/// How much was added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Added {
    /// The number of records.
    pub records: u64,
    /// The size in the files, in bytes.
    pub bytes: u64,
}

impl Folder {
    /// Opens and locks a folder, or creates it, and checks its whole content.
    ///
    /// # Errors
    /// `NotForBackups`, `NoIndex`, `InUse`; `Damaged`, `Missing`, `Later` with file and position; `Io`.
    pub fn open(dir: &Path) -> Result<Self, BackupError> {
        create_private_dir(dir).map_err(BackupError::io(format!("creating {}", dir.display())))?;
        check_names(dir)?;
        let lock = lock(dir)?;
        let index = Index::read(dir)?;
        let mut chain = Chain::default();
        if let Some(index) = &index {
            check_files(dir, index, &mut chain, &mut |_| Ok(()))?;
            truncate_last_file(dir, index)?;
        }
        remove_parts(dir)?;
        Ok(Self { dir: dir.to_owned(), index, chain, _lock: lock })
    }

    /// The last position of the copy and the root there.
    pub fn head(&self) -> TreeHead {
        self.chain.head()
    }

    /// Checks that this can be a copy of a ledger with the last position `last` that has, at the copy's last position, a
    /// record with the leaf hash `leaf`. The roots are compared when the addition is committed.
    ///
    /// # Errors
    /// `Shorter`, `OtherLedger`.
    pub fn check_ledger(&self, last: u64, leaf: Option<Hash>) -> Result<(), BackupError> {
        let position = self.chain.position();
        if last < position {
            return Err(BackupError::Shorter { copy: position, ledger: last });
        }
        if self.chain.last_leaf() != leaf {
            let what = format!("the ledger's record {position} is another one");
            return Err(BackupError::OtherLedger { position, what });
        }
        Ok(())
    }

    /// Starts an addition.
    pub fn add(&mut self, growth: Growth) -> Addition<'_> {
        Addition { folder: self, growth, draft: None }
    }

    /// Creates a file, or opens the last one for appending.
    fn draft(&self, growth: Growth) -> Result<Draft, BackupError> {
        let last = self.index.as_ref().and_then(|index| index.files.last());
        match last.filter(|file| growth == Growth::LastFile && file.bytes < FULL_BYTES) {
            Some(entry) => self.append_to(entry.clone()),
            None => self.create(),
        }
    }

    fn create(&self) -> Result<Draft, BackupError> {
        let first = self.chain.position() + 1;
        let name = IndexedFile::name_of(first);
        let part = self.dir.join(format!("{name}{PART}"));
        let file = File::create(&part).map_err(BackupError::io(format!("creating {}", part.display())))?;
        let out = BufWriter::with_capacity(BUFFER_BYTES, file);
        let writer = Writer::begin(out, part.display().to_string(), self.chain.clone())?;
        Ok(Draft { writer, entry: IndexedFile { name, first, last: first, bytes: 0 }, part: Some(part) })
    }

    fn append_to(&self, entry: IndexedFile) -> Result<Draft, BackupError> {
        let path = self.dir.join(&entry.name);
        let open = || {
            let mut file = OpenOptions::new().write(true).open(&path)?;
            // The rest is of an addition that was not committed.
            file.set_len(entry.bytes)?;
            file.seek(SeekFrom::Start(entry.bytes))?;
            Ok(file)
        };
        let file = open().map_err(BackupError::io(format!("opening {}", path.display())))?;
        let out = BufWriter::with_capacity(BUFFER_BYTES, file);
        Ok(Draft { writer: Writer::resume(out, path.display().to_string(), self.chain.clone()), entry, part: None })
    }

    /// Replaces the index by one with `entry`, whose records are durable.
    fn commit_index(&mut self, entry: Option<IndexedFile>, head: TreeHead) -> Result<(), BackupError> {
        let mut files = self.index.take().map(|index| index.files).unwrap_or_default();
        if let Some(entry) = entry {
            files.retain(|file| file.first != entry.first);
            files.push(entry);
        }
        self.index.insert(Index::new(head, files)).write(&self.dir)
    }
}

/// Records being added to a folder. If it is dropped before `commit`, the folder is unchanged.
pub struct Addition<'a> {
    folder: &'a mut Folder,
    growth: Growth,
    draft: Option<Draft>,
}

/// A file that is being written.
struct Draft {
    writer: Writer<BufWriter<File>>,
    /// Its entry in the index to come.
    entry: IndexedFile,
    /// The temporary name of a new file.
    part: Option<PathBuf>,
}

impl Addition<'_> {
    /// Adds a page.
    ///
    /// # Errors
    /// `Broken` if it does not follow, `Io`.
    pub fn page(&mut self, page: &RecordPage) -> Result<(), BackupError> {
        let draft = match &mut self.draft {
            Some(draft) => draft,
            None => self.draft.insert(self.folder.draft(self.growth)?),
        };
        draft.writer.page(page)
    }

    /// Makes the addition durable and commits it to the index, if the copy then has the ledger's `head`. Returns how much was
    /// added.
    ///
    /// # Errors
    /// `OtherLedger`, `Broken`, `Io`; nothing is added then.
    pub fn commit(mut self, head: TreeHead) -> Result<Added, BackupError> {
        let before = self.folder.chain.position();
        let Some(draft) = self.draft.take() else {
            let found = self.folder.head();
            if found != head {
                return Err(format::mismatch(before, found, head));
            }
            if self.folder.index.is_none() {
                self.folder.commit_index(None, head)?;
            }
            return Ok(Added::default());
        };
        let (entry, chain, bytes) = draft.finish(head, &self.folder.dir)?;
        self.folder.commit_index(Some(entry), head)?;
        self.folder.chain = chain;
        Ok(Added { records: head.size - before, bytes })
    }
}

impl Draft {
    /// Finishes the file, syncs it and gives it its final name. Returns its entry, the tree, and how many bytes were added.
    fn finish(self, head: TreeHead, dir: &Path) -> Result<(IndexedFile, Chain, u64), BackupError> {
        let Self { writer, mut entry, part } = self;
        let finished = writer.finish(head).and_then(|(out, chain, bytes)| {
            let file = out.into_inner().map_err(io::IntoInnerError::into_error);
            let sync = || {
                file?.sync_all()?;
                if let Some(part) = &part {
                    fs::rename(part, dir.join(&entry.name))?;
                    File::open(dir)?.sync_all()?;
                }
                Ok(())
            };
            sync().map_err(BackupError::io(format!("syncing {}", dir.join(&entry.name).display())))?;
            Ok((chain, bytes))
        });
        let (chain, bytes) = finished?;
        entry.last = head.size;
        entry.bytes += bytes;
        Ok((entry, chain, bytes))
    }
}

impl Drop for Addition<'_> {
    fn drop(&mut self) {
        if self.draft.is_some() {
            // If this fails, the next run removes them.
            let _ = remove_parts(&self.folder.dir);
        }
    }
}

/// Reads and checks all files of a copy in order, and compares the result with the index.
pub(super) fn check_files(
    dir: &Path,
    index: &Index,
    chain: &mut Chain,
    visit: &mut dyn FnMut(&RecordPage) -> Result<(), BackupError>,
) -> Result<(), BackupError> {
    for entry in &index.files {
        let path = dir.join(&entry.name);
        let name = path.display().to_string();
        let file = File::open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => BackupError::Missing { file: name.clone(), first: entry.first, last: entry.last },
            _ => BackupError::io(format!("opening {name}"))(error),
        })?;
        let counted = BufReader::with_capacity(BUFFER_BYTES, file.take(entry.bytes));
        check(counted, &name, chain, visit)?;
        if chain.position() != entry.last {
            let what = format!("it has the records up to position {}, the index says up to {}", chain.position(), entry.last);
            return Err(BackupError::Damaged { file: name, offset: entry.bytes, position: chain.position() + 1, what });
        }
    }
    if chain.head() != index.head() {
        let what = "the records of the files do not add up to its root".to_owned();
        return Err(BackupError::Damaged { file: dir.join(INDEX).display().to_string(), offset: 0, position: 1, what });
    }
    Ok(())
}

impl Index {
    /// Reads the index of a folder that must have a copy.
    ///
    /// # Errors
    /// `NoBackup`, `NoIndex`, `Damaged`, `Later`, `Io`.
    pub fn of(dir: &Path) -> Result<Self, BackupError> {
        if let Some(index) = Self::read(dir)? {
            return Ok(index);
        }
        if dir.is_dir() {
            check_names(dir)?;
        }
        Err(BackupError::NoBackup { dir: dir.to_owned(), index: INDEX })
    }
}

/// Returns an error for a directory that has other files than a copy.
fn check_names(dir: &Path) -> Result<(), BackupError> {
    let names = names_in(dir)?;
    if names.iter().any(|name| name == INDEX) {
        return Ok(());
    }
    if names.iter().any(|name| name.ends_with(RECORDS)) {
        return Err(BackupError::NoIndex { dir: dir.to_owned(), index: INDEX });
    }
    match names.into_iter().find(|name| name != LOCK && !name.ends_with(PART)) {
        Some(what) => Err(BackupError::NotForBackups { dir: dir.to_owned(), what }),
        None => Ok(()),
    }
}

/// Truncates the last file to its valid bytes, after an interrupted addition, so that the files are whole without the index.
fn truncate_last_file(dir: &Path, index: &Index) -> Result<(), BackupError> {
    let Some(last) = index.files.last() else { return Ok(()) };
    let path = dir.join(&last.name);
    let cut = || {
        if fs::metadata(&path)?.len() > last.bytes {
            OpenOptions::new().write(true).open(&path)?.set_len(last.bytes)?;
        }
        Ok(())
    };
    cut().map_err(BackupError::io(format!("cutting off the end of {}", path.display())))
}

/// Removes the unfinished files of an earlier run.
fn remove_parts(dir: &Path) -> Result<(), BackupError> {
    for name in names_in(dir)?.into_iter().filter(|name| name.ends_with(PART)) {
        let path = dir.join(name);
        fs::remove_file(&path).map_err(BackupError::io(format!("removing {}", path.display())))?;
    }
    Ok(())
}

fn names_in(dir: &Path) -> Result<Vec<String>, BackupError> {
    let names =
        || -> io::Result<Vec<String>> { fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect() };
    names().map_err(BackupError::io(format!("looking into {}", dir.display())))
}

fn lock(dir: &Path) -> Result<File, BackupError> {
    let path = dir.join(LOCK);
    let what = format!("locking {}", path.display());
    check_regular_files(dir).map_err(BackupError::io(what.clone()))?;
    let opened = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let file = opened.map_err(BackupError::io(what.clone()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(BackupError::InUse { dir: dir.to_owned() }),
        Err(TryLockError::Error(error)) => Err(BackupError::io(what)(error)),
    }
}
