//! The thread that reads and encodes the newest pages, once for all subscribers. It runs while there are any.

use super::ring::{Page, Ring};
use super::{MAX_PAGE_BYTES, Shared, Tip};
use crate::ledger::{Error, Ledger};
use crate::wire::EncodedPage;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::time::Instant;

/// The least time from one page to the next: what is published meanwhile comes together. It grows with the subscribers, each of
/// whom is woken for a page.
const LEAST_PAUSE: Duration = Duration::from_millis(1);
const PAUSE_PER_SUBSCRIBER: Duration = Duration::from_micros(40);
const LONGEST_PAUSE: Duration = Duration::from_millis(5);

/// Starts the thread unless it runs.
///
/// # Errors
/// If the system refuses.
pub fn ensure(shared: &Arc<Shared>) -> io::Result<()> {
    let mut reads = shared.reads.lock();
    if *reads {
        return Ok(());
    }
    let runtime = Builder::new_current_thread().enable_time().build()?;
    let last = shared.ledger.last();
    *shared.ring.lock() = Ring::after(last);
    shared.tip.send_replace(Tip { position: last, failed: None });
    let reader = Arc::clone(shared);
    std::thread::Builder::new().name("feed".to_owned()).spawn(move || runtime.block_on(run(&reader)))?;
    *reads = true;
    Ok(())
}

/// Reads while there are subscribers and the ledger is open.
async fn run(shared: &Shared) {
    let mut closing = shared.ledger.closing();
    loop {
        let failed = tokio::select! {
            biased;
            // The ledger that is held here has the sending end.
            _ = closing.wait_for(|closing| *closing) => None,
            () = shared.audience.left() => None,
            error = read(shared) => Some(error),
        };
        // Under this lock, so that nobody comes who takes it for running still.
        let mut reads = shared.reads.lock();
        if failed.is_none() && !*closing.borrow() && shared.audience.count() > 0 {
            continue;
        }
        *reads = false;
        let end = shared.ring.lock().end();
        *shared.ring.lock() = Ring::after(end);
        if failed.is_some() {
            shared.tip.send_modify(|tip| tip.failed = failed);
        }
        return;
    }
}

/// Reads what is published, and waits for more; returns why it cannot go on.
async fn read(shared: &Shared) -> Error {
    let mut positions = shared.ledger.positions();
    loop {
        let began = Instant::now();
        let published = *positions.borrow_and_update();
        let mut end = shared.ring.lock().end();
        while end < published {
            match page(&shared.ledger, end, published, MAX_PAGE_BYTES) {
                Ok(page) => {
                    end = page.last;
                    shared.ring.lock().push(page);
                    shared.tip.send_modify(|tip| tip.position = end);
                }
                Err(error) => return error,
            }
            // Subscribers who leave, and the end of all, are seen in between.
            tokio::task::yield_now().await;
        }
        let count = u32::try_from(shared.audience.count()).unwrap_or(u32::MAX);
        let pause = (LEAST_PAUSE + PAUSE_PER_SUBSCRIBER.saturating_mul(count)).min(LONGEST_PAUSE);
        tokio::time::sleep_until(began + pause).await;
        if positions.changed().await.is_err() {
            return Error::Stopped("the ledger is closed".to_owned());
        }
    }
}

/// Reads and encodes the records after a position, up to another one that is published: at least one, else no more than so many
/// bytes.
///
/// # Errors
/// `Damaged` if they cannot be read.
pub fn page(ledger: &Ledger, after: u64, until: u64, max_bytes: usize) -> Result<Page, Error> {
    let count = usize::try_from(until - after).unwrap_or(usize::MAX);
    let records = ledger.stored_records(after + 1, count, max_bytes)?;
    let Some(last) = records.last().map(|record| record.position) else {
        return Err(Error::Damaged(format!("the journal does not give record {}", after + 1)));
    };
    let records: Vec<_> = records.into_iter().map(|record| record.bytes).collect();
    Ok(Page { first: after + 1, last, encoded: EncodedPage::of(&records) })
}
