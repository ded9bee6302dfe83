//! Streams of pages: one piece of code sends them all, page by page, as fast as the client takes them.
//!
//! A page is read once there is room for it in the memory of the connection. The first is small, and each is twice as large as
//! the one before, up to a limit: a client that takes in nothing has cost little.

use super::Answers;
use super::status::to_status;
use crate::ledger::{Account, Error, Held};
use prost::Message;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

/// Bytes of a first page.
const FIRST_PAGE_BYTES: usize = 32 << 10;
/// Bytes of the largest pages.
const MAX_PAGE_BYTES: usize = 1 << 20;
/// Pages that are read before the client has taken them.
const AHEAD: usize = 1;
/// How long after a look for room the next one comes; twice as long each time, up to a limit.
const FIRST_PAUSE: Duration = Duration::from_millis(4);
const LONGEST_PAUSE: Duration = Duration::from_millis(256);
/// When a stream without a deadline ends.
const NEVER: Duration = Duration::from_hours(100 * 365 * 24);

/// A stream of pages: whose memory they take, and what ends it besides its last page.
pub struct Pages {
    /// Whose memory they take; `None` if nobody counts it.
    pub account: Option<Account>,
    /// Bytes that the stream takes beside its pages.
    pub bytes: usize,
    /// When the call's deadline passes; `None` if it has none.
    pub deadline: Option<Instant>,
    /// Turns true when the server closes; `None` for a stream that is sent to its end all the same.
    pub closing: Option<watch::Receiver<bool>>,
}

/// A page, and its room until it is encoded.
type Page<T> = (T, Option<Held>);

impl Pages {
    /// Returns the stream of what `next_page` returns for so many bytes, up to its `None`. It is called on a thread for
    /// blocking work, when there is room for a page.
    pub fn stream<T, F>(self, next_page: F) -> Answers<T>
    where
        T: Message + 'static,
        F: FnMut(usize) -> Result<Option<T>, Error> + Send + 'static,
    {
        let (sender, pages) = mpsc::channel(AHEAD);
        tokio::spawn(async move {
            let until = self.deadline.unwrap_or_else(|| Instant::now() + NEVER);
            let end = tokio::select! {
                biased;
                () = closed(self.closing) => Error::Stopped("the ledger is closing".to_owned()),
                () = tokio::time::sleep_until(until.into()) => Error::DeadlineExceeded,
                end = send(next_page, &sender, self.account.as_ref(), self.bytes) => match end {
                    Some(error) => error,
                    None => return,
                },
            };
            let _ = sender.send(Err(to_status(end))).await;
        });
        // A page is encoded as soon as it is taken from here, and its bytes count from then on.
        Box::pin(ReceiverStream::new(pages).map(|page| page.map(|(page, _): Page<T>| page)))
    }
}

/// Returns when the server closes.
async fn closed(closing: Option<watch::Receiver<bool>>) {
    match closing {
        Some(mut closing) => {
            let _ = closing.wait_for(|closing| *closing).await;
        }
        None => std::future::pending().await,
    }
}

/// Takes room, and waits for it; fails if there is none for as long as an answer may stall.
async fn room(account: &Account, bytes: usize) -> Result<Held, Error> {
    let until = Instant::now() + account.memory().stall_timeout();
    let mut pause = FIRST_PAUSE;
    loop {
        match account.try_take(bytes) {
            Some(held) => return Ok(held),
            None if Instant::now() >= until => return Err(Error::Overloaded { retry_after: account.memory().retry_after() }),
            None => tokio::time::sleep(pause).await,
        }
        pause = (2 * pause).min(LONGEST_PAUSE);
    }
}

/// Sends all pages; returns the error that ended them early, `None` if there was none or the client has gone away.
async fn send<T, F>(
    mut next_page: F,
    sender: &mpsc::Sender<Result<Page<T>, tonic::Status>>,
    account: Option<&Account>,
    bytes: usize,
) -> Option<Error>
where
    T: Message + 'static,
    F: FnMut(usize) -> Result<Option<T>, Error> + Send + 'static,
{
    let mut page_bytes = FIRST_PAGE_BYTES;
    let _beside = match account.filter(|_| bytes > 0) {
        None => None,
        Some(account) => match room(account, bytes).await {
            Ok(held) => Some(held),
            Err(error) => return Some(error),
        },
    };
    loop {
        // Nothing is read before there is room for it.
        let Ok(place) = sender.reserve().await else { return None };
        let held = match account {
            None => None,
            Some(account) => tokio::select! {
                () = sender.closed() => return None,
                held = room(account, page_bytes) => match held {
                    Ok(held) => Some(held),
                    Err(error) => return Some(error),
                },
            },
        };
        match tokio::task::spawn_blocking(move || next_page(page_bytes).map(|page| (next_page, page, held))).await {
            Ok(Ok((_, None, _))) => return None,
            Ok(Ok((rest, Some(page), mut held))) => {
                next_page = rest;
                if let Some(held) = &mut held {
                    // It may be larger, by one record, or smaller.
                    held.grow(page.encoded_len());
                    held.give_back(page_bytes);
                }
                place.send(Ok((page, held)));
                page_bytes = (2 * page_bytes).min(MAX_PAGE_BYTES);
            }
            Ok(Err(error)) => return Some(error),
            Err(panic) => return Some(Error::Internal(format!("a defect in reading records: {panic}"))),
        }
    }
}
