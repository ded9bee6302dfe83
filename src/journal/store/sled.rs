//! The store behind the log: the same frames in sled, keyed by position; large ones are compressed. A panic in any call into
//! sled is caught and becomes an error.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::ops::{Bound, Range};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use ::sled::{Db, Tree};

use super::assembly::{Assembly, key, split_key};
use super::compression::{Directory, compress};
use super::error::{StoreError, is_lock_error};
use super::part::{Part, Pieces};
use crate::journal::disk::sync_dir;
use crate::journal::frame::{Frame, FrameHeader};
use crate::journal::panics::catch_panic;

/// The size of sled's own segments, in bytes. [`PIECE_BYTES`] depends on it; a store keeps the size it was created with.
const SLED_SEGMENT_BYTES: usize = 4 << 20;

/// Frames are split into values (pieces) of this size, in bytes.
///
/// sled writes a page (a leaf of the tree: at most 17 values before it is split) inline only if it is no larger than
/// a quarter of a segment less 20 bytes of segment header and 32 of message header. Larger ones become files of
/// their own, which no flush ever syncs.
const PIECE_BYTES: usize = 32 << 10;

/// More values than a leaf ever has, with room for keys and lengths.
const PAGE_VALUES: usize = 24;
const INLINE_LIMIT: usize = SLED_SEGMENT_BYTES / 4 - 20 - 32;
const _: () = assert!(PAGE_VALUES * (PIECE_BYTES + 64) < INLINE_LIMIT);

/// A file that every store has in its directory.
pub(crate) const STORE_FILE: &str = "conf";
const TREE_NAME: &str = "frames";
/// How long to wait for the lock of a store that was just closed in this process.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs a call into sled; a panic becomes `Unusable`.
fn guarded<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_panic(work).unwrap_or_else(|panic| Err(StoreError::Unusable(format!("it panicked: {panic}"))))
}

/// One extra access for so many bytes written or read, see [`touch`].
const BYTES_AN_ACCESS: usize = 4 << 10;

/// The store.
pub(crate) struct Store {
    dir: PathBuf,
    /// `None` once it is closed; taken out so that a panic while closing can be caught.
    open: Option<(Db, Tree)>,
    /// A second handle of sled's data file: sled's `flush` does not make it durable, `sync_data` does.
    data: File,
}

impl Store {
    /// Opens the store, or creates it if there is none.
    pub fn open(dir: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        let config = || {
            ::sled::Config::new()
                .path(dir)
                .segment_size(SLED_SEGMENT_BYTES)
                .cache_capacity(cache_bytes)
                .mode(::sled::Mode::HighThroughput)
                .flush_every_ms(None)
        };
        remove_unfinished_snapshots(dir).map_err(StoreError::system(format!("looking at {}", dir.display())))?;
        let begun = Instant::now();
        let open = loop {
            let attempt = guarded(|| {
                let db = config().open()?;
                let tree = db.open_tree(TREE_NAME)?;
                Ok((db, tree))
            });
            match attempt {
                Err(StoreError::System { source, .. }) if is_lock_error(&source) && begun.elapsed() < LOCK_TIMEOUT => {
                    thread::sleep(Duration::from_millis(10));
                }
                other => break other?,
            }
        };
        let data = Self::make_durable(dir).map_err(StoreError::system(format!("syncing {}", dir.display())))?;
        Ok(Self { dir: dir.to_owned(), open: Some(open), data })
    }

    /// Makes the store's files and directory entries durable, which sled does not.
    fn make_durable(dir: &Path) -> io::Result<File> {
        File::open(dir.join(STORE_FILE))?.sync_all()?;
        let data = File::open(dir.join("db"))?;
        data.sync_all()?;
        sync_dir(dir)?;
        dir.parent().map_or(Ok(()), sync_dir)?;
        Ok(data)
    }

    fn tree(&self) -> Result<&Tree, StoreError> {
        let tree = self.open.as_ref().map(|(_, tree)| tree);
        tree.ok_or_else(|| StoreError::Unusable("it is closed".into()))
    }

    /// Writes a frame.
    pub fn put(&self, first: u64, frame: &[u8]) -> Result<(), StoreError> {
        let tree = self.tree()?;
        guarded(|| {
            let compressed = compress(frame);
            for (piece, bytes) in (0_u16..).zip(compressed.as_deref().unwrap_or(frame).chunks(PIECE_BYTES)) {
                tree.insert(key(first, piece), bytes)?;
                touch(tree, key(first, piece), bytes)?;
            }
            Ok(())
        })
    }

    /// Removes all pieces under a frame's first position.
    pub fn remove(&self, first: u64) -> Result<(), StoreError> {
        let tree = self.tree()?;
        guarded(|| {
            for entry in tree.scan_prefix(first.to_be_bytes()) {
                tree.remove(entry?.0)?;
            }
            Ok(())
        })
    }

    /// Makes all that was written durable.
    pub fn sync(&self) -> Result<(), StoreError> {
        let tree = self.tree()?;
        guarded(|| Ok(tree.flush()?))?;
        self.data.sync_data().map_err(StoreError::system("syncing the store"))?;
        let mut blobs = std::fs::read_dir(self.dir.join("blobs")).map_err(StoreError::system("looking at the store's blobs"))?;
        if blobs.next().is_some() {
            // Cannot happen, by the limit above; if it does, the store is not durable.
            return Err(StoreError::Unusable("it wrote a value into a file that is never synced".into()));
        }
        Ok(())
    }

    /// Calls `visit` with the frames from the one with `position` on (or from the first one, if all begin later), until it
    /// returns false or they end. An incomplete frame at the end is ignored.
    pub fn visit(&self, position: u64, mut visit: impl FnMut(&Frame) -> bool) -> Result<(), StoreError> {
        let tree = self.tree()?;
        guarded(|| {
            let before = tree.range(..=key(position, u16::MAX)).next_back();
            let begin = match before.or_else(|| tree.iter().next()) {
                Some(entry) => split_key(&entry?.0)?.0,
                None => return Ok(()),
            };
            let mut assembly = Assembly::new(begin);
            for entry in tree.range(key(begin, 0)..) {
                let (at, value) = entry?;
                touch(tree, &at, &value)?;
                if !assembly.take(split_key(&at)?, &value, &mut visit)? {
                    break;
                }
            }
            Ok(())
        })
    }

    /// Returns the records from a position on, so many at most, of the frame that has it, without unpacking the rest of it. Empty
    /// if the store does not have it, or the frame is not stored in chunks.
    pub fn part(&self, position: u64, most: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        let tree = self.tree()?;
        guarded(|| {
            let Some(entry) = tree.range(..=key(position, u16::MAX)).next_back() else { return Ok(Vec::new()) };
            let first = split_key(&entry?.0)?.0;
            let pieces = StoredFrame { tree, first };
            let directory = Directory::parse(&pieces.piece(0)?.unwrap_or_default());
            // A directory that is longer than a piece is of a frame that is rarely read in parts.
            let Ok(Some(directory)) = directory else { return Ok(Vec::new()) };
            let (header, records) = Part::new(&pieces, directory).records(position, most)?;
            if header.first != first {
                return Err(StoreError::Unusable(format!("another frame lies at position {first}")));
            }
            Ok(records)
        })
    }

    /// Returns the header of the frame that has `position`, if it is complete.
    pub fn header_at(&self, position: u64) -> Result<Option<FrameHeader>, StoreError> {
        let mut found = None;
        self.visit(position, |frame| {
            found = Some(frame.header);
            false
        })?;
        Ok(found.filter(|header| (header.first..=header.last()).contains(&position)))
    }

    /// Returns the header of the last complete frame.
    pub fn last(&self) -> Result<Option<FrameHeader>, StoreError> {
        let tree = self.tree()?;
        let mut bound = Bound::Unbounded;
        // The last frame may lack pieces; the one before cannot.
        for _ in 0..2 {
            let entry = guarded(|| Ok(tree.range((Bound::<[u8; 10]>::Unbounded, bound)).next_back().transpose()?))?;
            let Some((at, _)) = entry else {
                return Ok(None);
            };
            let first = split_key(&at)?.0;
            let header = self.header_at(first)?;
            if header.is_some() {
                return Ok(header);
            }
            bound = Bound::Excluded(key(first, 0));
        }
        Err(StoreError::Unusable("its last frames are not whole".into()))
    }

    /// Closes it. Dropping does the same and only logs the error.
    pub fn close(mut self) -> Result<(), StoreError> {
        self.close_once()
    }

    fn close_once(&mut self) -> Result<(), StoreError> {
        let open = self.open.take();
        guarded(|| {
            drop(open);
            Ok(())
        })
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Err(error) = self.close_once() {
            tracing::warn!(%error, "closing the store");
        }
    }
}

/// A frame by its pieces.
struct StoredFrame<'a> {
    tree: &'a Tree,
    first: u64,
}

impl StoredFrame<'_> {
    fn piece(&self, piece: usize) -> Result<Option<::sled::IVec>, StoreError> {
        let Ok(piece) = u16::try_from(piece) else { return Ok(None) };
        let value = self.tree.get(key(self.first, piece))?;
        value.iter().try_for_each(|value| touch(self.tree, key(self.first, piece), value))?;
        Ok(value)
    }
}

impl Pieces for StoredFrame<'_> {
    type Error = StoreError;

    fn read(&self, range: Range<usize>) -> Result<Vec<u8>, StoreError> {
        let mut bytes = Vec::with_capacity(range.len());
        for piece in range.start / PIECE_BYTES..range.end.div_ceil(PIECE_BYTES) {
            let Some(value) = self.piece(piece)? else { break };
            let at = |place: usize| place.saturating_sub(piece * PIECE_BYTES).min(value.len());
            bytes.extend_from_slice(&value[at(range.start)..at(range.end)]);
        }
        Ok(bytes)
    }
}

/// Removes sled's unfinished snapshots: sled would take one for its newest, find it damaged, and refuse to open. What a
/// snapshot has is in the data file as well.
fn remove_unfinished_snapshots(dir: &Path) -> io::Result<()> {
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "generating") {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Makes sled keep to its cache size. It samples accesses to every 256th page and evicts only after 64 samples: a few large
/// pages would else grow the cache to gigabytes.
fn touch(tree: &Tree, key: impl AsRef<[u8]>, value: &[u8]) -> Result<(), ::sled::Error> {
    (0..value.len() / BYTES_AN_ACCESS).try_for_each(|_| tree.get(&key).map(|_| ()))
}
