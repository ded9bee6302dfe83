//! The encoding of a backup: a stream of parts, each with a checksum, in a file or a pipe.
//!
//! All integers are little-endian. A stream is one or more headers, each followed by pages and marks, and ends after a
//! mark. Consecutive streams form one stream: `cat` joins the files of a folder.
//!
//! | part | bytes | what |
//! |---|---|---|
//! | header | 4 | `PLBK` |
//! | | 4 | the format's version, 1 |
//! | | 8 | the position after which it continues |
//! | | 32 | the Merkle tree's root over the records up to there |
//! | | 4 | CRC32C of the 48 bytes before |
//! | page | 4 | `PLBP` |
//! | | 4 | the number of records; at least one |
//! | | 8 | the first record's position |
//! | | 4 | the body's length |
//! | | 4 | CRC32C of the body |
//! | | 4 | CRC32C of the 24 bytes before |
//! | | … | the body: each record's length (4 bytes each), then the records as they are stored |
//! | mark | 4 | `PLBM` |
//! | | 8 | the last position before it |
//! | | 32 | the Merkle tree's root over all records up to there |
//! | | 4 | CRC32C of the 44 bytes before |

use super::{BackupError, Chain, RecordPage, hex};
use crate::journal::{Batch, Hash, MAX_COMMIT_BYTES, TreeHead};
use std::io::{Read, Write};

const VERSION: u32 = 1;
const HEADER: [u8; 4] = *b"PLBK";
const PAGE: [u8; 4] = *b"PLBP";
const MARK: [u8; 4] = *b"PLBM";
/// The lengths of the parts with their magic, in bytes; a page's is without its body.
const HEADER_BYTES: usize = 52;
const PAGE_BYTES: usize = 28;
const MARK_BYTES: usize = 48;

/// Writes a stream.
pub struct Writer<W> {
    out: W,
    /// The name of the destination, for errors.
    name: String,
    chain: Chain,
    /// The position after which it started.
    after: u64,
    bytes: u64,
}

impl<W: Write> Writer<W> {
    /// Starts a stream that continues `chain`, with a header.
    ///
    /// # Errors
    /// `Io`.
    pub fn begin(out: W, name: String, chain: Chain) -> Result<Self, BackupError> {
        let head = chain.head();
        let mut writer = Self::resume(out, name, chain);
        let mut header = Vec::with_capacity(HEADER_BYTES);
        header.extend_from_slice(&HEADER);
        header.extend_from_slice(&VERSION.to_le_bytes());
        header.extend_from_slice(&head.size.to_le_bytes());
        header.extend_from_slice(&head.root);
        writer.put_checked(header)?;
        Ok(writer)
    }

    /// Continues a stream that ends after the mark of `chain`, without a header.
    pub fn resume(out: W, name: String, chain: Chain) -> Self {
        Self { out, name, after: chain.position(), chain, bytes: 0 }
    }

    /// Writes a page.
    ///
    /// # Errors
    /// `Broken` if it does not follow, `Io`.
    pub fn page(&mut self, page: &RecordPage) -> Result<(), BackupError> {
        if !self.chain.push(page) {
            let what = format!("a page begins with position {}", page.first);
            return Err(BackupError::Broken { position: self.chain.position(), what });
        }
        let mut body = Vec::with_capacity(4 * page.records.len() + page.records.byte_len());
        page.records.records().for_each(|record| body.extend_from_slice(&(record.len() as u32).to_le_bytes()));
        page.records.records().for_each(|record| body.extend_from_slice(record));
        let mut start = Vec::with_capacity(PAGE_BYTES);
        start.extend_from_slice(&PAGE);
        start.extend_from_slice(&(page.records.len() as u32).to_le_bytes());
        start.extend_from_slice(&page.first.to_le_bytes());
        start.extend_from_slice(&(body.len() as u32).to_le_bytes());
        start.extend_from_slice(&crc32c::crc32c(&body).to_le_bytes());
        self.put_checked(start)?;
        self.put(&body)
    }

    /// Writes the mark that completes the stream, if its tree has come to `head`. Returns the destination, the tree, and the
    /// number of bytes written.
    ///
    /// # Errors
    /// `OtherLedger` or `Broken` if what was written is not what `head` says, `Io`.
    pub fn finish(mut self, head: TreeHead) -> Result<(W, Chain, u64), BackupError> {
        let found = self.chain.head();
        if found != head {
            return Err(mismatch(self.after, found, head));
        }
        let mut mark = Vec::with_capacity(MARK_BYTES);
        mark.extend_from_slice(&MARK);
        mark.extend_from_slice(&head.size.to_le_bytes());
        mark.extend_from_slice(&head.root);
        self.put_checked(mark)?;
        self.out.flush().map_err(BackupError::io(format!("writing {}", self.name)))?;
        Ok((self.out, self.chain, self.bytes))
    }

    fn put_checked(&mut self, mut bytes: Vec<u8>) -> Result<(), BackupError> {
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        self.put(&bytes)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes).map_err(BackupError::io(format!("writing {}", self.name)))
    }
}

/// Returns the error for a copy that continued after position `after` and came to `found`, while the ledger announced `head`.
pub(super) fn mismatch(after: u64, found: TreeHead, head: TreeHead) -> BackupError {
    let what = |of: &str| {
        format!("{of} the tree's root at position {} would be {}, the ledger says {}", head.size, hex(&found.root), hex(&head.root))
    };
    match (found.size == head.size, after) {
        (false, _) => BackupError::Broken { position: head.size, what: format!("it came up to position {} only", found.size) },
        (true, 0) => BackupError::Broken { position: head.size, what: what("by what came") },
        (true, position) => BackupError::OtherLedger { position, what: what("with it") },
    }
}

/// A part of a stream.
enum Part {
    Header { version: u32, after: TreeHead },
    Page(RecordPage),
    Mark(TreeHead),
    End,
}

/// Reads a stream to its end and checks that it continues `chain`, that every checksum is right, and that the records give
/// the roots of its marks. Calls `visit` with every page that follows.
///
/// # Errors
/// `Damaged` and `Later` with the name of the stream and the position; `Io`; errors of `visit`.
pub fn check(
    source: impl Read,
    name: &str,
    chain: &mut Chain,
    visit: &mut dyn FnMut(&RecordPage) -> Result<(), BackupError>,
) -> Result<(), BackupError> {
    let mut reader = Reader { source, name, offset: 0, position: chain.position() + 1 };
    let (mut has_header, mut is_whole) = (false, true);
    loop {
        let offset = reader.offset;
        let part = reader.next()?;
        let damaged = |what: String| reader.damaged_at(offset, what);
        match part {
            Part::End if !has_header => return Err(damaged("it is empty".to_owned())),
            Part::End if is_whole => return Ok(()),
            Part::End => return Err(damaged(ENDS_EARLY.to_owned())),
            Part::Header { version, .. } if version != VERSION => return Err(BackupError::Later { file: name.to_owned(), version }),
            Part::Header { after, .. } => {
                if !is_whole || after != chain.head() {
                    let what = format!("a stream that goes on after position {} (root {}) stands there", after.size, hex(&after.root));
                    return Err(damaged(what));
                }
                (has_header, is_whole) = (true, false);
            }
            Part::Page(_) | Part::Mark(_) if !has_header => return Err(damaged("it does not begin with a header".to_owned())),
            Part::Page(page) => {
                if !chain.push(&page) {
                    return Err(damaged(format!("a page that begins with position {} stands there", page.first)));
                }
                visit(&page)?;
                is_whole = false;
            }
            Part::Mark(head) => {
                if head != chain.head() {
                    let what = format!("by its records the tree's root at position {} is not {}", head.size, hex(&head.root));
                    return Err(damaged(what));
                }
                is_whole = true;
            }
        }
        reader.position = chain.position() + 1;
    }
}

const ENDS_EARLY: &str = "it ends there, before its end was written";

/// Reads parts.
struct Reader<'a, R> {
    source: R,
    name: &'a str,
    offset: u64,
    /// The position that comes next, for errors.
    position: u64,
}

impl<R: Read> Reader<'_, R> {
    fn damaged_at(&self, offset: u64, what: String) -> BackupError {
        BackupError::Damaged { file: self.name.to_owned(), offset, position: self.position, what }
    }

    fn next(&mut self) -> Result<Part, BackupError> {
        let start = self.offset;
        let magic = self.take(4)?;
        let magic: [u8; 4] = match <[u8; 4]>::try_from(magic.as_slice()) {
            Ok(magic) => magic,
            Err(_) if magic.is_empty() => return Ok(Part::End),
            Err(_) => return Err(self.damaged_at(start, ENDS_EARLY.to_owned())),
        };
        match magic {
            HEADER => {
                let bytes = self.checked(start, magic, HEADER_BYTES, "a header")?;
                let after = TreeHead { size: u64_at(&bytes, 8), root: hash_at(&bytes, 16) };
                Ok(Part::Header { version: u32_at(&bytes, 4), after })
            }
            MARK => {
                let bytes = self.checked(start, magic, MARK_BYTES, "a mark")?;
                Ok(Part::Mark(TreeHead { size: u64_at(&bytes, 4), root: hash_at(&bytes, 12) }))
            }
            PAGE => {
                let bytes = self.checked(start, magic, PAGE_BYTES, "a page's beginning")?;
                self.body(start, &bytes).map(Part::Page)
            }
            _ => Err(self.damaged_at(start, "neither a header, a page nor a mark stands there".to_owned())),
        }
    }

    /// Reads the rest of a part of `length` bytes, whose first four are `magic` and whose last four are the checksum of the
    /// others.
    fn checked(&mut self, start: u64, magic: [u8; 4], length: usize, what: &str) -> Result<Vec<u8>, BackupError> {
        let mut bytes = magic.to_vec();
        bytes.extend(self.take(length - 4)?);
        if bytes.len() < length {
            return Err(self.damaged_at(start, ENDS_EARLY.to_owned()));
        }
        if crc32c::crc32c(&bytes[..length - 4]) != u32_at(&bytes, length - 4) {
            return Err(self.damaged_at(start, format!("{what} does not have its checksum")));
        }
        Ok(bytes)
    }

    fn body(&mut self, start: u64, beginning: &[u8]) -> Result<RecordPage, BackupError> {
        let (count, first) = (u32_at(beginning, 4) as usize, u64_at(beginning, 8));
        let (length, checksum) = (u32_at(beginning, 16) as usize, u32_at(beginning, 20));
        if count == 0 || length < 4 * count || length > MAX_COMMIT_BYTES + 4 * count {
            return Err(self.damaged_at(start, format!("a page says that it has {count} records in {length} bytes")));
        }
        let body = self.take(length)?;
        if body.len() < length {
            return Err(self.damaged_at(start, ENDS_EARLY.to_owned()));
        }
        if crc32c::crc32c(&body) != checksum {
            return Err(self.damaged_at(start, "a page does not have its checksum".to_owned()));
        }
        let mut records = Batch::new();
        let mut rest = &body[4 * count..];
        for number in 0..count {
            let Some((record, others)) = rest.split_at_checked(u32_at(&body, 4 * number) as usize) else { break };
            records.push(record);
            rest = others;
        }
        if records.len() < count || !rest.is_empty() {
            return Err(self.damaged_at(start, "the records of a page do not fill it".to_owned()));
        }
        Ok(RecordPage { first, records })
    }

    /// Reads `length` bytes, or fewer at the end.
    fn take(&mut self, length: usize) -> Result<Vec<u8>, BackupError> {
        let mut bytes = Vec::with_capacity(length.min(1 << 20));
        let read = self.source.by_ref().take(length as u64).read_to_end(&mut bytes);
        read.map_err(BackupError::io(format!("reading {}", self.name)))?;
        self.offset += bytes.len() as u64;
        Ok(bytes)
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes[at..at + 8].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn hash_at(bytes: &[u8], at: usize) -> Hash {
    std::array::from_fn(|index| bytes[at + index])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(first: u64, count: u64) -> RecordPage {
        let mut records = Batch::new();
        (first..first + count).for_each(|position| records.push(&vec![position as u8; position as usize % 7]));
        RecordPage { first, records }
    }

    /// A stream of some pages after a chain, and the chain after it.
    fn stream(chain: &Chain, pages: &[RecordPage]) -> (Vec<u8>, Chain) {
        let mut after = chain.clone();
        assert!(pages.iter().all(|page| after.push(page)));
        let mut writer = Writer::begin(Vec::new(), "memory".to_owned(), chain.clone()).expect("begun");
        pages.iter().for_each(|page| writer.page(page).expect("written"));
        let (bytes, written, length) = writer.finish(after.head()).expect("finished");
        assert_eq!((bytes.len() as u64, &written), (length, &after));
        (bytes, after)
    }

    fn read(bytes: &[u8]) -> Result<(Vec<RecordPage>, Chain), BackupError> {
        let (mut pages, mut chain) = (Vec::new(), Chain::default());
        check(bytes, "memory", &mut chain, &mut |page| {
            pages.push(page.clone());
            Ok(())
        })?;
        Ok((pages, chain))
    }

    #[test]
    fn what_is_written_is_read_and_streams_that_follow_are_one() {
        let pages = [page(1, 5), page(6, 1), page(7, 40), page(47, 3)];
        let (mut bytes, middle) = stream(&Chain::default(), &pages[..2]);
        let (rest, end) = stream(&middle, &pages[2..]);
        bytes.extend(rest);
        let (read, chain) = read(&bytes).expect("whole");
        assert_eq!((read.as_slice(), chain), (&pages[..], end));
        let (empty, _) = stream(&Chain::default(), &[]);
        assert_eq!(super::tests::read(&empty).expect("whole").1, Chain::default());
    }

    #[test]
    fn no_flipped_bit_and_no_cut_goes_unseen() {
        let (bytes, _) = stream(&Chain::default(), &[page(1, 6), page(7, 9)]);
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            assert!(matches!(read(&flipped), Err(BackupError::Damaged { .. })), "byte {at}");
            let cut = read(&bytes[..at]).expect_err("cut");
            assert!(matches!(&cut, BackupError::Damaged { offset, .. } if *offset <= at as u64), "{at}: {cut}");
        }
    }

    #[test]
    fn pages_out_of_order_are_refused() {
        let (first, middle) = stream(&Chain::default(), &[page(1, 6)]);
        let (second, _) = stream(&middle, &[page(7, 9)]);
        for wrong in [[&second[..], &first].concat(), [&first[..], &first].concat(), [&first[..], &second[HEADER_BYTES + 1..]].concat()] {
            assert!(matches!(read(&wrong), Err(BackupError::Damaged { .. })));
        }
        let mut writer = Writer::begin(Vec::new(), "memory".to_owned(), middle).expect("begun");
        assert!(matches!(writer.page(&page(8, 1)), Err(BackupError::Broken { position: 6, .. })));
    }

    #[test]
    fn what_does_not_add_up_is_not_finished() {
        let (_, chain) = stream(&Chain::default(), &[page(1, 6)]);
        let (_, longer) = stream(&chain, &[page(7, 1)]);
        let other = TreeHead { root: [7; 32], ..longer.head() };
        let finish = |after: &Chain, pages: &[RecordPage], head| {
            let mut writer = Writer::begin(Vec::new(), "memory".to_owned(), after.clone()).expect("begun");
            pages.iter().for_each(|page| writer.page(page).expect("written"));
            writer.finish(head).map(drop).expect_err("not what was announced")
        };
        assert!(matches!(finish(&chain, &[page(7, 1)], other), BackupError::OtherLedger { position: 6, .. }));
        assert!(matches!(finish(&chain, &[], longer.head()), BackupError::Broken { position: 7, .. }));
        assert!(matches!(finish(&Chain::default(), &[page(1, 7)], other), BackupError::Broken { position: 7, .. }));
    }

    #[test]
    fn a_later_release_s_stream_is_named() {
        let (mut bytes, _) = stream(&Chain::default(), &[page(1, 6)]);
        bytes[4] = 2;
        let sum = crc32c::crc32c(&bytes[..HEADER_BYTES - 4]).to_le_bytes();
        bytes[HEADER_BYTES - 4..HEADER_BYTES].copy_from_slice(&sum);
        assert!(matches!(read(&bytes), Err(BackupError::Later { version: 2, .. })));
    }
}
