//! PageCursor as messages of `AuditService.StreamBackup`.

use super::{BackupError, RecordPage};
use crate::journal::{Batch, MAX_COMMIT_BYTES, StoredRecord};
use crate::proto::BackupPage;

/// The version of the stream's messages.
pub const FORMAT_VERSION: u32 = 1;

/// CRC32C over the first position, then over each record's length and bytes.
fn checksum<'a>(first: u64, records: impl Iterator<Item = &'a [u8]>) -> u32 {
    records.fold(crc32c::crc32c(&first.to_le_bytes()), |sum, record| {
        let sum = crc32c::crc32c_append(sum, &(record.len() as u32).to_le_bytes());
        crc32c::crc32c_append(sum, record)
    })
}

/// The message with consecutive records, at least one.
pub fn message_of(stored: Vec<StoredRecord>) -> BackupPage {
    let first_position = stored.first().map_or(0, |record| record.position);
    let crc32c = checksum(first_position, stored.iter().map(|record| record.bytes.as_slice()));
    BackupPage { first_position, records: stored.into_iter().map(|record| record.bytes).collect(), crc32c }
}

/// The page of a message.
///
/// # Errors
/// `Broken` if it is empty, too large, or its checksum is wrong.
pub fn page_of(message: &BackupPage) -> Result<RecordPage, BackupError> {
    let first = message.first_position;
    let broken = |what: &str| BackupError::Broken { position: first, what: what.to_owned() };
    if message.records.is_empty() || message.records.iter().map(Vec::len).sum::<usize>() > MAX_COMMIT_BYTES {
        return Err(broken("a page is empty or too large"));
    }
    if checksum(first, message.records.iter().map(Vec::as_slice)) != message.crc32c {
        return Err(broken("a page does not have its checksum"));
    }
    let mut records = Batch::new();
    message.records.iter().for_each(|record| records.push(record));
    Ok(RecordPage { first, records })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_comes_as_it_was_sent_or_not_at_all() {
        let stored: Vec<_> = (5..9).map(|position| StoredRecord { position, bytes: vec![7; position as usize] }).collect();
        let message = message_of(stored.clone());
        assert_eq!(page_of(&message).expect("a page"), RecordPage::of(&stored).expect("records"));
        let mut changed = vec![BackupPage { first_position: 6, ..message.clone() }, BackupPage { records: vec![], ..message.clone() }];
        let mut flipped = message.clone();
        flipped.records[2][0] ^= 1;
        let mut moved = message;
        let byte = moved.records[0].pop().expect("a byte");
        moved.records[1].push(byte);
        changed.extend([flipped, moved]);
        for message in changed {
            assert!(page_of(&message).is_err(), "{message:?}");
        }
    }
}
