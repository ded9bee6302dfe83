//! Streams of pages: one piece of code sends them all, page by page, as fast as the client takes them.

use super::Answers;
use super::status::to_status;
use crate::ledger::{Cancellation, Error, Ledger};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

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

/// A stream of pages: how far it reads ahead, and what ends it besides its last page.
pub struct Pages {
    /// The ledger whose threads for long reads read the pages.
    pub ledger: Ledger,
    /// How many pages are read before the client has taken them.
    pub ahead: usize,
    /// When the call's deadline passes; `None` if it has none.
    pub deadline: Option<Instant>,
    /// Turns true when the server closes; `None` for a stream that is sent to its end all the same.
    pub closing: Option<watch::Receiver<bool>>,
}

impl Pages {
    /// Returns the stream of what `next_page` returns, up to the end. It is called on a thread for long reads, when there is
    /// room for a page.
    pub fn stream<T, F>(self, next_page: F) -> Answers<T>
    where
        T: Send + 'static,
        F: FnMut(&Cancellation) -> Result<Next<T>, Error> + Send + 'static,
    {
        let (sender, pages) = mpsc::channel(self.ahead);
        tokio::spawn(async move {
            let until = self.deadline.unwrap_or_else(|| Instant::now() + NEVER);
            let end = tokio::select! {
                biased;
                // Also while a page is looked for.
                () = sender.closed() => return,
                () = closed(self.closing) => Error::Stopped("the ledger is closing".to_owned()),
                () = tokio::time::sleep_until(until.into()) => Error::DeadlineExceeded,
                end = send(&self.ledger, next_page, &sender) => match end {
                    Some(error) => error,
                    None => return,
                },
            };
            let _ = sender.send(Err(to_status(end))).await;
        });
        Box::pin(ReceiverStream::<Result<_, Status>>::new(pages))
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

/// Sends all pages; returns the error that ended them early, `None` if there was none or the client has gone away.
async fn send<T, F>(ledger: &Ledger, mut next_page: F, sender: &mpsc::Sender<Result<T, Status>>) -> Option<Error>
where
    T: Send + 'static,
    F: FnMut(&Cancellation) -> Result<Next<T>, Error> + Send + 'static,
{
    loop {
        // Nothing is read before there is room for it.
        let Ok(room) = sender.reserve().await else { return None };
        loop {
            let (rest, next) = match ledger.read_on(move |cancellation| next_page(cancellation).map(|next| (next_page, next))).await {
                Ok(read) => read,
                Err(error) => return Some(error),
            };
            next_page = rest;
            match next {
                Next::Page(page) => break room.send(Ok(page)),
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
        let pages = Pages { ledger: ledger.clone(), ahead: 1, deadline: None, closing: None };
        let stream = pages.stream::<(), _>(move |_| {
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
