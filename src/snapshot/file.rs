//! The bytes of a snapshot's file, written in small steps and read by several threads.
//!
//! All integers are little-endian.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 8 | `PLSNAP` and two zeros |
//! | 8 | 4 | the format's version |
//! | 12 | 4 | CRC32C of the release's version |
//! | 16 | 8 | the position, which is the Merkle tree's size |
//! | 24 | 32 | the Merkle tree's root there |
//! | 56 | 4 | zeros |
//! | 60 | 4 | CRC32C of the 60 bytes before |
//! | 64 | … | the chunks |
//! | … | … | the directory: of each chunk the section (1 byte), its first thing, how many things, its length, its CRC32C |
//! | end − 24 | 8 | where the directory begins |
//! | end − 16 | 8 | how many chunks there are |
//! | end − 8 | 4 | CRC32C of the directory and the 16 bytes before |
//! | end − 4 | 4 | `PLSE` |

use crate::encoding::{Damaged, Input, Loader, Output, Section, Sink};
use crate::journal::TreeHead;
use parking_lot::Mutex;
use std::fs::File;
use std::io::{self, Write as _};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The version of what a snapshot says and how. It is raised whenever the same records come to other bytes, or the same
/// bytes mean something else: older snapshots are then ignored.
pub const FORMAT_VERSION: u32 = 5;

const MAGIC: [u8; 8] = *b"PLSNAP\0\0";
const END_MAGIC: [u8; 4] = *b"PLSE";
const HEADER_BYTES: usize = 64;
const TRAILER_BYTES: usize = 24;
/// Bytes that are handed to the system at a time.
const PIECE_BYTES: usize = 256 << 10;
/// Bytes after which the file is synced, so that the log's syncs never wait for many.
const SYNC_BYTES: usize = 4 << 20;

/// Why a snapshot was not written.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The system refused it.
    #[error(transparent)]
    Storage(#[from] io::Error),
    /// It was no longer wanted.
    #[error("it was interrupted")]
    Interrupted,
}

/// Why a snapshot is not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The system refused to read it.
    #[error("it cannot be read: {0}")]
    Storage(#[from] io::Error),
    /// It was written by another release.
    #[error("it is of another release or format")]
    OtherVersion,
    /// It is damaged.
    #[error("it is damaged: {0}")]
    Damaged(String),
}

impl From<Damaged> for LoadError {
    fn from(Damaged(what): Damaged) -> Self {
        Self::Damaged(what.to_owned())
    }
}

fn damaged(what: &str) -> LoadError {
    LoadError::Damaged(what.to_owned())
}

fn header(head: TreeHead) -> [u8; HEADER_BYTES] {
    let mut bytes = [0; HEADER_BYTES];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes[12..16].copy_from_slice(&crc32c::crc32c(env!("CARGO_PKG_VERSION").as_bytes()).to_le_bytes());
    bytes[16..24].copy_from_slice(&head.size.to_le_bytes());
    bytes[24..56].copy_from_slice(&head.root);
    let crc = crc32c::crc32c(&bytes[..60]);
    bytes[60..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// A snapshot being written into a file.
pub struct Writer<'a> {
    file: File,
    out: Output,
    /// How long the chunk is that is being written, and the checksum of what of it was handed to the system.
    chunk: (usize, u32),
    unsynced: usize,
    written: u64,
    directory: Output,
    chunks: u64,
    is_unwanted: &'a dyn Fn() -> bool,
}

impl<'a> Writer<'a> {
    /// Begins a snapshot of the records up to a tree's head. Writing ends early once `is_unwanted` says so.
    ///
    /// # Errors
    /// If the system refuses it.
    pub fn begin(file: File, head: TreeHead, is_unwanted: &'a dyn Fn() -> bool) -> Result<Self, SaveError> {
        let (out, directory) = (Output::default(), Output::default());
        let mut writer = Self { file, out, chunk: (0, 0), unsynced: 0, written: 0, directory, chunks: 0, is_unwanted };
        writer.write(&header(head))?;
        Ok(writer)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), SaveError> {
        if (self.is_unwanted)() {
            return Err(SaveError::Interrupted);
        }
        self.file.write_all(bytes)?;
        self.written += bytes.len() as u64;
        self.unsynced += bytes.len();
        if self.unsynced >= SYNC_BYTES {
            self.unsynced = 0;
            self.file.sync_data()?;
        }
        Ok(())
    }

    fn hand_over(&mut self) -> Result<(), SaveError> {
        let out = std::mem::take(&mut self.out);
        self.chunk = (self.chunk.0 + out.bytes().len(), crc32c::crc32c_append(self.chunk.1, out.bytes()));
        let written = out.bytes().chunks(PIECE_BYTES).try_for_each(|piece| self.write(piece));
        self.out = out;
        self.out.clear_bytes();
        written
    }

    /// Ends the file and makes it durable. Returns its length in bytes.
    ///
    /// # Errors
    /// If the system refuses it.
    pub fn finish(mut self) -> Result<u64, SaveError> {
        let mut end = self.directory.bytes().to_vec();
        end.extend_from_slice(&self.written.to_le_bytes());
        end.extend_from_slice(&self.chunks.to_le_bytes());
        let crc = crc32c::crc32c(&end);
        end.extend_from_slice(&crc.to_le_bytes());
        end.extend_from_slice(&END_MAGIC);
        self.write(&end)?;
        self.file.sync_all()?;
        Ok(self.written)
    }
}

impl Sink for Writer<'_> {
    type Error = SaveError;

    fn begin(&mut self) -> &mut Output {
        self.chunk = (0, 0);
        self.out.restart();
        &mut self.out
    }

    fn out(&mut self) -> &mut Output {
        &mut self.out
    }

    fn pause(&mut self) -> Result<(), SaveError> {
        if self.out.bytes().len() >= PIECE_BYTES { self.hand_over() } else { Ok(()) }
    }

    fn end(&mut self, section: Section, first: usize, count: usize) -> Result<(), SaveError> {
        self.hand_over()?;
        let (length, crc) = self.chunk;
        self.directory.byte(section as u8);
        self.directory.number(first as u64);
        self.directory.number(count as u64);
        self.directory.number(length as u64);
        self.directory.raw(&crc.to_le_bytes());
        self.chunks += 1;
        Ok(())
    }
}

/// Where a chunk is, and what it holds.
#[derive(Clone, Copy, Debug)]
struct Chunk {
    section: Section,
    first: usize,
    count: usize,
    offset: u64,
    length: usize,
    crc: u32,
}

/// A snapshot's file whose header and directory are whole.
#[derive(Debug)]
pub struct SnapshotFile {
    file: File,
    head: TreeHead,
    bytes: u64,
    chunks: Vec<Chunk>,
}

impl SnapshotFile {
    /// Opens a snapshot's file.
    ///
    /// # Errors
    /// If it cannot be read, is of another version, or damaged in its header or its directory.
    pub fn open(path: &Path) -> Result<Self, LoadError> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        let least = (HEADER_BYTES + TRAILER_BYTES) as u64;
        if bytes < least {
            return Err(damaged("it is too short"));
        }
        let mut start = [0; HEADER_BYTES];
        file.read_exact_at(&mut start, 0)?;
        let head = TreeHead { size: u64_at(&start, 16), root: start[24..56].try_into().expect("32 bytes") };
        if start[..8] != MAGIC || u32_at(&start, 60) != crc32c::crc32c(&start[..60]) {
            return Err(damaged("its header is damaged"));
        }
        if start != header(head) {
            return Err(LoadError::OtherVersion);
        }
        let chunks = read_directory(&file, bytes)?;
        Ok(Self { file, head, bytes, chunks })
    }

    /// The head of the Merkle tree at its position.
    pub fn head(&self) -> TreeHead {
        self.head
    }

    /// How long it is, in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Which section each of its chunks belongs to, and where in the file that is.
    pub fn chunks(&self) -> impl Iterator<Item = (Section, Range<u64>)> {
        self.chunks.iter().map(|chunk| (chunk.section, chunk.offset..chunk.offset + chunk.length as u64))
    }

    /// Checks that all of it is whole.
    ///
    /// # Errors
    /// If it cannot be read or is damaged.
    pub fn check(&self) -> Result<(), LoadError> {
        let mut bytes = Vec::new();
        self.chunks.iter().try_for_each(|chunk| self.read(*chunk, &mut bytes))
    }

    fn read(&self, chunk: Chunk, bytes: &mut Vec<u8>) -> Result<(), LoadError> {
        bytes.resize(chunk.length, 0);
        self.file.read_exact_at(bytes, chunk.offset)?;
        if crc32c::crc32c(bytes) == chunk.crc {
            return Ok(());
        }
        Err(LoadError::Damaged(format!("{:?} from {} on", chunk.section, chunk.first)))
    }

    /// Loads all sections, with several threads. `part` returns the loader of a section.
    ///
    /// # Errors
    /// If it cannot be read or is damaged.
    pub fn load<'a>(&self, part: &(impl Fn(Section) -> Option<&'a dyn Loader> + Sync)) -> Result<(), LoadError> {
        let mut chunks = self.chunks.clone();
        // The longest first: no thread is to begin with it when the others are done.
        chunks.sort_by_key(|chunk| std::cmp::Reverse(chunk.length));
        let known = part;
        let part = |section| part(section).ok_or_else(|| damaged("it holds a part that is not known"));
        on_threads(chunks.len(), |index, bytes| {
            let chunk = chunks[index];
            self.read(chunk, bytes)?;
            let mut input = Input::new(bytes);
            part(chunk.section)?.add_chunk(chunk.first, chunk.count, &mut input)?;
            if input.is_done() { Ok(()) } else { Err(damaged("a part is longer than what it holds")) }
        })?;
        let mut sections = Section::ALL.map(|section| {
            let counts = chunks.iter().filter(|chunk| chunk.section == section).map(|chunk| chunk.count);
            (counts.sum::<usize>(), section)
        });
        sections.sort_unstable_by_key(|(count, _)| std::cmp::Reverse(*count));
        on_threads(sections.len(), |index, _| {
            let (count, section) = sections[index];
            // A section of which nothing is there, and which nobody asks for, is no matter.
            if count == 0 && known(section).is_none() { Ok(()) } else { Ok(part(section)?.finish()?) }
        })
    }
}

/// Does pieces of work on several threads, each next piece on the one that is free. A panic in one is an error like any other.
fn on_threads(pieces: usize, work: impl Fn(usize, &mut Vec<u8>) -> Result<(), LoadError> + Sync) -> Result<(), LoadError> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    let (next, failure) = (AtomicUsize::new(0), Mutex::new(None));
    let run = || {
        let mut bytes = Vec::new();
        while failure.lock().is_none() {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= pieces {
                return;
            }
            let done = catch_unwind(AssertUnwindSafe(|| work(index, &mut bytes)));
            if let Err(error) = done.unwrap_or_else(|_| Err(damaged("it holds what cannot be"))) {
                failure.lock().get_or_insert(error);
            }
        }
    };
    std::thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(run)));
        run();
    });
    failure.into_inner().map_or(Ok(()), Err)
}

fn read_directory(file: &File, bytes: u64) -> Result<Vec<Chunk>, LoadError> {
    let mut trailer = [0; TRAILER_BYTES];
    let end = bytes - TRAILER_BYTES as u64;
    file.read_exact_at(&mut trailer, end)?;
    let (start, count) = (u64_at(&trailer, 0), u64_at(&trailer, 8));
    let length = end.checked_sub(start).and_then(|length| usize::try_from(length).ok());
    let (Some(length), true) = (length, start >= HEADER_BYTES as u64 && trailer[20..] == END_MAGIC) else {
        return Err(damaged("its end is missing or damaged"));
    };
    let mut directory = vec![0; length];
    file.read_exact_at(&mut directory, start)?;
    if crc32c::crc32c_append(crc32c::crc32c(&directory), &trailer[..16]) != u32_at(&trailer, 16) {
        return Err(damaged("its directory is damaged"));
    }
    let mut input = Input::new(&directory);
    let (mut chunks, mut offset) = (Vec::new(), HEADER_BYTES as u64);
    while !input.is_done() {
        let chunk = read_chunk(&mut input, offset)?;
        offset += chunk.length as u64;
        chunks.push(chunk);
    }
    if offset != start || chunks.len() as u64 != count {
        return Err(damaged("its directory does not fit it"));
    }
    Ok(chunks)
}

fn read_chunk(input: &mut Input<'_>, offset: u64) -> Result<Chunk, Damaged> {
    let size = |number: u64| usize::try_from(number).ok().filter(|size| *size < 1 << 40).ok_or(Damaged("a chunk is too large"));
    let section = usize::from(input.byte()?);
    Ok(Chunk {
        section: *Section::ALL.get(section).ok_or(Damaged("it holds a part that is not known"))?,
        first: size(input.number()?)?,
        count: size(input.number()?)?,
        offset,
        length: size(input.number()?)?,
        crc: u32_at(input.raw(4)?, 0),
    })
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}
