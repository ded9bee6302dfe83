//! `StreamBackup`: the records as they are stored, up to the position at which the call began.

use super::Answers;
use super::status::to_status;
use crate::backup::{FORMAT_VERSION, PageCursor, message_of};
use crate::domain::rejection::Rejection;
use crate::journal::{TreeHead, leaf_hash};
use crate::ledger::{Error, Ledger};
use crate::proto::stream_backup_response::Part;
use crate::proto::{BackupHeader, BackupTrailer, StreamBackupResponse};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

/// When a stream without a deadline ends.
const NEVER: Duration = Duration::from_hours(100 * 365 * 24);

/// A copy under way. It holds no more than the page that is being sent.
pub struct Copy {
    ledger: Ledger,
    head: TreeHead,
    /// What is sent first; none once it was.
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

    /// The parts. Each page is read on a thread for blocking work, when the client has taken the one before; between two
    /// pages nothing of the ledger is held. Ends when the ledger is told to close.
    pub fn stream(self, deadline: Option<Instant>) -> Answers<StreamBackupResponse> {
        let (sender, parts) = mpsc::channel(1);
        tokio::spawn(async move {
            let mut closing = self.ledger.closing();
            let until = deadline.unwrap_or_else(|| Instant::now() + NEVER);
            let end = tokio::select! {
                biased;
                _ = closing.wait_for(|closing| *closing) => Error::Stopped("the ledger is closing".to_owned()),
                () = tokio::time::sleep_until(until.into()) => Error::DeadlineExceeded,
                end = self.send(&sender) => match end {
                    Some(error) => error,
                    None => return,
                },
            };
            let _ = sender.send(Err(to_status(end))).await;
        });
        Box::pin(ReceiverStream::<Result<_, Status>>::new(parts))
    }

    /// Sends all parts; answers why not, unless it was the client that has gone away.
    async fn send(self, sender: &mpsc::Sender<Result<StreamBackupResponse, Status>>) -> Option<Error> {
        let mut copy = self;
        loop {
            // Nothing is read before there is room for it.
            let Ok(room) = sender.reserve().await else { return None };
            let read = tokio::task::spawn_blocking(move || copy.next_part().map(|part| (copy, part))).await;
            match read {
                Ok(Ok((_, None))) => return None,
                Ok(Ok((rest, Some(part)))) => {
                    copy = rest;
                    room.send(Ok(StreamBackupResponse { part: Some(part) }));
                }
                Ok(Err(error)) => return Some(error),
                Err(panic) => return Some(Error::Internal(format!("a defect in reading records: {panic}"))),
            }
        }
    }

    /// The next part; `None` after the trailer.
    fn next_part(&mut self) -> Result<Option<Part>, Error> {
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
