//! Streams of what a subscriber is told, as fast as it takes it: one page is under way at a time.
//!
//! A page has its room in the memory of the connection before it is read, and until it is encoded; from then on its bytes count as
//! those of any answer. A subscriber waits for room as long as it takes.

use super::Answers;
use super::notes::Noting;
use super::pages::{Holder, ended, room_in_time};
use super::status::to_status;
use crate::feed::{Next, Subscription};
use crate::ledger::{Account, Error, Held};
use crate::wire::SubscribeResponse;
use std::time::Instant;
use tokio::sync::{mpsc, watch};
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

/// What a subscriber gets, and what ends it.
pub struct Followed {
    /// What it is told.
    pub subscription: Subscription,
    /// Whose memory it takes; `None` if nobody counts it.
    pub account: Option<Account>,
    /// When the call's deadline passes; `None` if it has none.
    pub deadline: Option<Instant>,
    /// Turns true when the server closes.
    pub closing: watch::Receiver<bool>,
    /// Who reads it.
    pub holder: Holder,
    /// Where it is noted how far it came.
    pub noting: Noting,
}

/// What a subscriber is told, and its room until it is encoded.
type Told = (SubscribeResponse, Option<Held>);

impl Followed {
    /// Returns the stream.
    pub fn stream(self) -> Answers<SubscribeResponse> {
        let Self { mut subscription, account, deadline, closing, holder, noting } = self;
        let (sender, told) = mpsc::channel(1);
        tokio::spawn(async move {
            let end = tokio::select! {
                biased;
                () = sender.closed() => return,
                end = ended(deadline, Some(closing), &holder) => end,
                end = send(&mut subscription, account.as_ref(), &sender, &noting) => match end {
                    Some(error) => to_status(error),
                    None => return,
                },
            };
            // It counts as a subscriber no longer, however long it takes to hear of it.
            drop(subscription);
            let _ = sender.send(Err(end)).await;
        });
        Box::pin(ReceiverStream::new(told).map(|told: Result<Told, Status>| told.map(|(response, _)| response)))
    }
}

/// Sends what the subscriber is told; returns the error that ended it, `None` if the client has gone away.
async fn send(
    subscription: &mut Subscription,
    account: Option<&Account>,
    sender: &mpsc::Sender<Result<Told, Status>>,
    noting: &Noting,
) -> Option<Error> {
    loop {
        // Nothing is read before the client has taken what was there.
        let place = sender.reserve().await.ok()?;
        let told = loop {
            match next(subscription, account).await {
                Ok(Some(told)) => break told,
                Ok(None) => {}
                Err(error) => return Some(error),
            }
        };
        noting.read_at(told.0.position);
        place.send(Ok(told));
    }
}

/// What is told next, with its room; `None` if what was read does not match.
async fn next(subscription: &mut Subscription, account: Option<&Account>) -> Result<Option<Told>, Error> {
    match subscription.next().await? {
        Next::Told(response) => {
            let held = room(account, bytes_of(&response)).await;
            Ok(Some((response, held)))
        }
        Next::Read(bytes) => {
            let mut held = room(account, bytes).await;
            let read = subscription.read().await?;
            if let (Some(held), Some(response)) = (&mut held, &read) {
                // It may be larger, by one record, or smaller.
                held.grow(bytes_of(response));
                held.give_back(bytes);
            }
            Ok(read.map(|response| (response, held)))
        }
    }
}

async fn room(account: Option<&Account>, bytes: usize) -> Option<Held> {
    match account {
        Some(account) => Some(room_in_time(account, bytes).await),
        None => None,
    }
}

fn bytes_of(response: &SubscribeResponse) -> usize {
    prost::Message::encoded_len(response)
}
