//! Streams of pages: one piece of code sends them all, page by page, as fast as the client takes them.

use super::Answers;
use super::status::to_status;
use crate::ledger::Error;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

/// When a stream without a deadline ends.
const NEVER: Duration = Duration::from_hours(100 * 365 * 24);

/// A stream of pages: how far it reads ahead, and what ends it besides its last page.
pub struct Pages {
    /// How many pages are read before the client has taken them.
    pub ahead: usize,
    /// When the call's deadline passes; `None` if it has none.
    pub deadline: Option<Instant>,
    /// Turns true when the server closes; `None` for a stream that is sent to its end all the same.
    pub closing: Option<watch::Receiver<bool>>,
}

impl Pages {
    /// Returns the stream of what `next_page` returns, up to its `None`. It is called on a thread for blocking work, when
    /// there is room for a page.
    pub fn stream<T, F>(self, next_page: F) -> Answers<T>
    where
        T: Send + 'static,
        F: FnMut() -> Result<Option<T>, Error> + Send + 'static,
    {
        let (sender, pages) = mpsc::channel(self.ahead);
        tokio::spawn(async move {
            let until = self.deadline.unwrap_or_else(|| Instant::now() + NEVER);
            let end = tokio::select! {
                biased;
                () = closed(self.closing) => Error::Stopped("the ledger is closing".to_owned()),
                () = tokio::time::sleep_until(until.into()) => Error::DeadlineExceeded,
                end = send(next_page, &sender) => match end {
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
async fn send<T, F>(mut next_page: F, sender: &mpsc::Sender<Result<T, Status>>) -> Option<Error>
where
    T: Send + 'static,
    F: FnMut() -> Result<Option<T>, Error> + Send + 'static,
{
    loop {
        // Nothing is read before there is room for it.
        let Ok(room) = sender.reserve().await else { return None };
        match tokio::task::spawn_blocking(move || next_page().map(|page| (next_page, page))).await {
            Ok(Ok((_, None))) => return None,
            Ok(Ok((rest, Some(page)))) => {
                next_page = rest;
                room.send(Ok(page));
            }
            Ok(Err(error)) => return Some(error),
            Err(panic) => return Some(Error::Internal(format!("a defect in reading records: {panic}"))),
        }
    }
}
