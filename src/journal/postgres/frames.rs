//! Frames as they lie in the database: reading them, and checking that they are what they should be.

use super::address::PostgresAddress;
use super::link::{Link, in_time};
use super::tables::{FRAMES_FROM, HEADER_AT};
use crate::journal::error::JournalError;
use crate::journal::frame::{Frame, HeldFrame};
use crate::journal::merkle::{Hash, TreeHead};
use crate::journal::store::decompress;

/// A position as the database has it, and one beyond all for what is larger.
pub(super) fn as_sql(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// The last position of the last frame that begins at a position or before it, and the tree's head there; `None` without any.
pub(super) async fn head_at(address: &PostgresAddress, link: &Link, position: u64) -> Result<Option<TreeHead>, JournalError> {
    let row = in_time(address, link.client.query_opt(HEADER_AT, &[&address.ledger, &as_sql(position)])).await?;
    let Some(row) = row else { return Ok(None) };
    let (first, count, root): (i64, i32, &[u8]) = (row.get(0), row.get(1), row.get(2));
    let damaged = || damaged(first, count, "a frame's row does not add up");
    let root = Hash::try_from(root).map_err(|_| damaged())?;
    let size = u64::try_from(first + i64::from(count) - 1).map_err(|_| damaged())?;
    Ok(Some(TreeHead { size, root }))
}

/// Frames from the one that has `position` on: at most `most_frames`, and about `most_bytes` as they are stored; at least one, unless
/// the position lies behind the last frame.
pub(super) async fn frames_from(
    address: &PostgresAddress,
    link: &Link,
    position: u64,
    most_frames: u32,
    most_bytes: usize,
) -> Result<Vec<HeldFrame>, JournalError> {
    let bytes = i64::try_from(most_bytes).unwrap_or(i64::MAX).max(1);
    let (position_sql, frames) = (as_sql(position), i64::from(most_frames));
    let rows = in_time(address, link.client.query(FRAMES_FROM, &[&address.ledger, &position_sql, &frames, &bytes])).await?;
    let frames = rows.iter().map(|row| held(row.get(0), row.get(1), row.get(2), row.get(3)));
    // The last frame, if the position lies behind it.
    let frames: Vec<HeldFrame> = frames.collect::<Result<_, _>>()?;
    Ok(frames.into_iter().filter(|frame| frame.header.last() >= position).collect())
}

/// Unpacks a frame, and checks it by its checksums and against its row.
fn held(first: i64, count: i32, root: &[u8], stored: &[u8]) -> Result<HeldFrame, JournalError> {
    let unpacked = decompress(stored).map_err(|why| damaged(first, count, &why))?;
    let bytes = unpacked.unwrap_or_else(|| stored.to_vec());
    let header = Frame::parse(&bytes).map_err(|fault| damaged(first, count, &fault.to_string()))?.header;
    if as_sql(header.first) != first || i64::from(header.count) != i64::from(count) || header.tree.root != root {
        return Err(damaged(first, count, "the frame is of another row"));
    }
    Ok(HeldFrame { header, bytes })
}

fn damaged(first: i64, count: i32, what: &str) -> JournalError {
    let (first, last) = (u64::try_from(first).unwrap_or_default(), u64::try_from(first + i64::from(count) - 1).unwrap_or_default());
    JournalError::Damaged { what: format!("in the database: {what}"), first, last }
}
