//! The check of a ledger in a database: every frame's checksums, position and root. Nothing is changed.

use super::address::PostgresAddress;
use super::driver::Driver;
use super::frames::{frames_from, head_at};
use super::link::Link;
use crate::journal::error::JournalError;
use crate::journal::merkle::Frontier;
use crate::journal::recovery::{Inspection, Problem};
use std::sync::Arc;

/// Frames, and bytes of them as they are stored, that are read at a time.
const READ_AT_ONCE: (u32, usize) = (256, 16 << 20);

/// Checks all that a database has of a ledger, and calls `visit` with every record up to the first that is damaged, with its position, in
/// order. Others may append meanwhile: it looks as far as there are records when it begins.
///
/// # Errors
/// `Unreachable`; `Stopped` if there is no such ledger.
pub fn inspect_database(address: &PostgresAddress, mut visit: impl FnMut(u64, &[u8])) -> Result<Inspection, JournalError> {
    let driver = Driver::start()?;
    let asked = address.clone();
    let (link, last) = driver.wait(async move {
        let link = Link::open(&asked).await?;
        let head = head_at(&asked, &link, u64::MAX).await?;
        let none = || JournalError::stopped(format!("there is no {asked}"));
        Ok((Arc::new(link), head.ok_or_else(none)?.size))
    })?;
    let mut frontier = Frontier::new();
    let mut problems = Vec::new();
    while problems.is_empty() && frontier.size() < last {
        let (next, (frames, bytes)) = (frontier.size() + 1, READ_AT_ONCE);
        let (asked, link) = (address.clone(), Arc::clone(&link));
        let problem = |what: &str| Problem { what: what.to_owned(), first: next, last };
        match driver.wait(async move { frames_from(&asked, &link, next, frames, bytes).await }) {
            Err(JournalError::Damaged { what, first, last }) => problems.push(Problem { what, first, last }),
            Err(error) => return Err(error),
            Ok(frames) if frames.is_empty() => problems.push(problem("the database does not have them")),
            Ok(frames) => {
                for frame in frames {
                    if frame.header.first != frontier.size() + 1 {
                        problems.push(problem("frames do not follow each other"));
                        break;
                    }
                    for (position, record) in frame.frame().records() {
                        frontier.push(record);
                        visit(position, record);
                    }
                    if frontier.head() != frame.header.tree {
                        problems.push(problem("the tree's root does not follow from the records"));
                        break;
                    }
                }
            }
        }
    }
    let is_whole = problems.is_empty();
    Ok(Inspection::of_database(frontier.size(), is_whole.then(|| frontier.head()), problems))
}
