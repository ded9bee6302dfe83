//! `StreamBackup`: the records as they are stored, up to the position that was durable when the copy began.

use crate::backup::{FORMAT_VERSION, PageCursor, message_of};
use crate::domain::rejection::Rejection;
use crate::journal::{TreeHead, leaf_hash};
use crate::ledger::{Error, Ledger};
use crate::proto::stream_backup_response::Part;
use crate::proto::{BackupHeader, BackupTrailer, StreamBackupResponse};

/// A copy under way, returned part by part: header, pages of records, trailer. It holds no more than one page.
pub struct Copy {
    ledger: Ledger,
    head: TreeHead,
    /// The first part; `None` once it was returned.
    header: Option<BackupHeader>,
    pages: PageCursor,
    record_bytes: u64,
    is_over: bool,
}

impl Copy {
    /// Fixes how far the copy goes: to what is durable now.
    ///
    /// # Errors
    /// `POSITION_NOT_REACHED` if the client has more than the ledger, `Damaged` if the record before cannot be read.
    pub fn begin(ledger: Ledger, after: u64) -> Result<Self, Error> {
        let head = ledger.tree_head();
        if after > head.size {
            return Err(Rejection::PositionNotReached { asked: after, last: head.size }.into());
        }
        let after_leaf_hash = match after {
            0 => Vec::new(),
            position => {
                let record = ledger.durable_records(position, 1, usize::MAX)?.into_iter().find(|record| record.position == position);
                let record = record.ok_or_else(|| Error::Damaged(format!("the journal does not give record {position}")))?;
                leaf_hash(&record.bytes).to_vec()
            }
        };
        let header = BackupHeader {
            format_version: FORMAT_VERSION,
            after_position: after,
            after_leaf_hash,
            position: head.size,
            tree_root: head.root.to_vec(),
        };
        Ok(Self { ledger, head, header: Some(header), pages: PageCursor::new(after, head), record_bytes: 0, is_over: false })
    }

    /// Reads the next part of the copy; returns `None` after the trailer. Between two parts nothing of the ledger is held.
    ///
    /// # Errors
    /// `Damaged` if records cannot be read.
    pub fn next_part(&mut self) -> Result<Option<StreamBackupResponse>, Error> {
        Ok(self.next()?.map(|part| StreamBackupResponse { part: Some(part) }))
    }

    fn next(&mut self) -> Result<Option<Part>, Error> {
        if let Some(header) = self.header.take() {
            return Ok(Some(Part::Header(header)));
        }
        let (ledger, pages) = (&self.ledger, &mut self.pages);
        if let Some(records) = pages.next_page(|from, max_records, max_bytes| ledger.durable_records(from, max_records, max_bytes))? {
            self.record_bytes += records.iter().map(|record| record.bytes.len() as u64).sum::<u64>();
            return Ok(Some(Part::Page(message_of(records))));
        }
        if self.is_over {
            return Ok(None);
        }
        self.is_over = true;
        let trailer = BackupTrailer { position: self.head.size, tree_root: self.head.root.to_vec(), record_bytes: self.record_bytes };
        Ok(Some(Part::Trailer(trailer)))
    }
}
