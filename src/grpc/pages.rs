//! Streams of pages: one piece of code sends them all, page by page, as fast as the client takes them.
//!
//! A page is read once there is room for it in the memory of the connection. The first is small, and each is twice as large as
//! the one before, up to a limit: a client that takes in nothing has cost little. Large ones are read while another waits to be
//! sent.

use super::Answers;
use super::notes::Noting;
use super::status::to_status;
use crate::access::{Caller, Place, Refusal};
use crate::ledger::{Account, Cancellation, Error, Held, Ledger};
use prost::Message;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

/// Bytes of a first page.
const FIRST_PAGE_BYTES: usize = 32 << 10;
/// Bytes of the largest pages.
const MAX_PAGE_BYTES: usize = 1 << 20;
/// Pages that are read before they are taken to be sent, once pages are large; one before that.
const AHEAD: usize = 2;
/// How long after a look for room the next one comes; twice as long each time, up to a limit.
const FIRST_PAUSE: Duration = Duration::from_millis(4);
const LONGEST_PAUSE: Duration = Duration::from_millis(256);
/// When a stream without a deadline ends.
const NEVER: Duration = Duration::from_hours(100 * 365 * 24);

/// What the next part of a stream is.
pub enum Next<T> {
    /// A page.
    Page(T),
    /// None yet: others have their turn before it goes on.
    Later,
    /// There is none.
    End,
}

/// A stream of pages: whose memory they take, and what ends it besides its last page.
pub struct Pages {
    /// The ledger whose threads for long reads read the pages.
    pub ledger: Ledger,
    /// Whose memory they take; `None` if nobody counts it.
    pub account: Option<Account>,
    /// Bytes that the stream takes beside its pages.
    pub bytes: usize,
    /// When the call's deadline passes; `None` if it has none.
    pub deadline: Option<Instant>,
    /// Turns true when the server closes; `None` for a stream that is sent to its end all the same.
    pub closing: Option<watch::Receiver<bool>>,
    /// Who reads it.
    pub holder: Holder,
}

/// Who reads a stream, with its place among the streams of its principal.
pub struct Holder {
    caller: Caller,
    noting: Noting,
    _place: Option<Place>,
}

impl Holder {
    /// Takes a place for a stream, or for a subscription.
    ///
    /// # Errors
    /// If its principal has as many as it may.
    pub fn of(caller: Caller, noting: Noting) -> Result<Self, Status> {
        let place = caller.stream().map_err(|exceeded| noting.refused(Refusal::RateLimited(exceeded)))?;
        Ok(Self { caller, noting, _place: place })
    }
}

/// A page, and its room until it is encoded.
type Page<T> = (T, Option<Held>);

impl Pages {
    /// Returns the stream of what `next_page` returns for so many bytes, up to the end. It is called on a thread for long
    /// reads, when there is room for a page.
    pub fn stream<T, F>(self, next_page: F) -> Answers<T>
    where
        T: Message + 'static,
        F: FnMut(usize, &Cancellation) -> Result<Next<T>, Error> + Send + 'static,
    {
        let (sender, pages) = mpsc::channel(AHEAD);
        tokio::spawn(async move {
            let end = tokio::select! {
                biased;
                // Also while a page is looked for.
                () = sender.closed() => return,
                end = ended(self.deadline, self.closing, &self.holder) => end,
                end = send(&self.ledger, next_page, &sender, self.account.as_ref(), self.bytes) => match end {
                    Some(error) => to_status(error),
                    None => return,
                },
            };
            let _ = sender.send(Err(end)).await;
        });
        // A page is encoded as soon as it is taken from here, and its bytes count from then on.
        Box::pin(ReceiverStream::new(pages).map(|page| page.map(|(page, _): Page<T>| page)))
    }
}

/// Returns why a stream ends before its time: the server closes, the deadline passes, its reader has lost the right to it.
pub async fn ended(deadline: Option<Instant>, closing: Option<watch::Receiver<bool>>, holder: &Holder) -> Status {
    let until = deadline.unwrap_or_else(|| Instant::now() + NEVER);
    tokio::select! {
        biased;
        () = closed(closing) => to_status(Error::Stopped("the ledger is closing".to_owned())),
        () = tokio::time::sleep_until(until.into()) => to_status(Error::DeadlineExceeded),
        refusal = holder.caller.clone().revoked() => holder.noting.refused(refusal),
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
    let room = tokio::time::timeout(account.memory().stall_timeout(), room_in_time(account, bytes)).await;
    room.map_err(|_| Error::Overloaded { retry_after: account.memory().retry_after() })
}

/// Takes room, and waits for it however long it takes.
pub async fn room_in_time(account: &Account, bytes: usize) -> Held {
    let mut pause = FIRST_PAUSE;
    loop {
        if let Some(held) = account.try_take(bytes) {
            return held;
        }
        tokio::time::sleep(pause).await;
        pause = (2 * pause).min(LONGEST_PAUSE);
    }
}

/// Sends all pages; returns the error that ended them early, `None` if there was none or the client has gone away.
async fn send<T, F>(
    ledger: &Ledger,
    mut next_page: F,
    sender: &mpsc::Sender<Result<Page<T>, tonic::Status>>,
    account: Option<&Account>,
    bytes: usize,
) -> Option<Error>
where
    T: Message + 'static,
    F: FnMut(usize, &Cancellation) -> Result<Next<T>, Error> + Send + 'static,
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
        // Nothing is read before there is room for it. Who takes pages until they are large has one read while another waits.
        let places = if page_bytes < MAX_PAGE_BYTES { AHEAD } else { 1 };
        let place = match sender.reserve_many(places).await {
            Ok(mut places) => places.next()?,
            Err(_) => return None,
        };
        let mut held = match account {
            None => None,
            Some(account) => match room(account, page_bytes).await {
                Ok(held) => Some(held),
                Err(error) => return Some(error),
            },
        };
        loop {
            let read = ledger.read_on(move |cancellation| next_page(page_bytes, cancellation).map(|next| (next_page, next)));
            let (rest, next) = match read.await {
                Ok(read) => read,
                Err(error) => return Some(error),
            };
            next_page = rest;
            match next {
                Next::Page(page) => {
                    if let Some(held) = &mut held {
                        // It may be larger, by one record, or smaller.
                        held.grow(page.encoded_len());
                        held.give_back(page_bytes);
                    }
                    place.send(Ok((page, held)));
                    page_bytes = (2 * page_bytes).min(MAX_PAGE_BYTES);
                    break;
                }
                Next::Later => {}
                Next::End => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::journal::MemoryJournal;
    use crate::ledger::Limits;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn a_search_ends_when_nobody_waits_for_its_pages() {
        let (ledger, _) = Ledger::open(Arc::new(MemoryJournal::default()), Arc::new(SystemClock), Limits::default()).expect("a ledger");
        let turns = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&turns);
        let holder = Holder { caller: Caller::anonymous(), noting: Noting::default(), _place: None };
        let pages = Pages { ledger: ledger.clone(), account: None, bytes: 0, deadline: None, closing: None, holder };
        let stream = pages.stream::<(), _>(move |_, _| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(Next::Later)
        });
        while turns.load(Ordering::Relaxed) < 3 {
            tokio::task::yield_now().await;
        }
        drop(stream);
        let ended = async {
            while Arc::strong_count(&turns) > 1 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), ended).await.expect("it goes on");
        ledger.close().expect("closed");
    }
}
