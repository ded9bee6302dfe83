//! Buffers requests as they arrive: a message is passed to tonic only when it is complete.
//!
//! tonic allocates a message as soon as its header gives the length, and waits for the rest without a timeout: with five
//! bytes a client would take up four MiB for good. Here a partial message costs the bytes received, all partial messages
//! together are bounded, and the rest must come within a timeout.

use super::status::to_status;
use crate::ledger::Error;
use bytes::{Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame};
use std::collections::VecDeque;
use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Sleep, sleep};
use tonic::Status;
use tonic::body::Body;

/// Length of a gRPC message header: a flag for compression and the message's length.
const HEAD_BYTES: usize = 5;
/// Smaller chunks are copied into one buffer: each would keep a whole buffer of the transport alive.
const SMALL_BYTES: usize = 4 << 10;

/// Bounds on partial messages: bytes of all calls together, and a timeout for each.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Bytes of all partial messages now.
    held: Arc<AtomicUsize>,
    most_bytes: usize,
    timeout: Duration,
    retry_after: Duration,
}

impl Bounds {
    /// At most `most_bytes` at a time; the rest of a message must come within `timeout`. Callers refused for overload are
    /// told to wait for `retry_after`.
    pub fn new(most_bytes: usize, timeout: Duration, retry_after: Duration) -> Self {
        Self { held: Arc::default(), most_bytes, timeout, retry_after }
    }

    /// Wraps a request's body so that it keeps within these bounds.
    pub fn arriving(&self, body: Body) -> Body {
        if body.is_end_stream() {
            return body;
        }
        Body::new(Arriving {
            body,
            bounds: self.clone(),
            whole: VecDeque::new(),
            part: VecDeque::new(),
            gathered: BytesMut::new(),
            part_bytes: 0,
            framing: Framing::default(),
            timeout: None,
        })
    }
}

/// Finds the message boundaries in the received bytes.
#[derive(Debug, Default)]
struct Framing {
    head: [u8; HEAD_BYTES],
    head_len: usize,
    /// Bytes of the message under way that are still to come.
    missing: usize,
}

impl Framing {
    /// Returns how many of these bytes belong to messages that end within them.
    fn whole(&mut self, bytes: &[u8]) -> usize {
        let (mut at, mut whole) = (0, 0);
        while at < bytes.len() {
            if self.head_len < HEAD_BYTES {
                self.head[self.head_len] = bytes[at];
                self.head_len += 1;
                at += 1;
                if self.head_len == HEAD_BYTES {
                    let [_, length @ ..] = self.head;
                    self.missing = u32::from_be_bytes(length) as usize;
                }
            } else {
                let some = self.missing.min(bytes.len() - at);
                self.missing -= some;
                at += some;
            }
            if self.head_len == HEAD_BYTES && self.missing == 0 {
                self.head_len = 0;
                whole = at;
            }
        }
        whole
    }
}

/// A body that holds back partial messages.
struct Arriving {
    body: Body,
    bounds: Bounds,
    /// Complete messages, ready to be passed on.
    whole: VecDeque<Bytes>,
    /// The chunks of a partial message; small ones are gathered in `gathered` first.
    part: VecDeque<Bytes>,
    gathered: BytesMut,
    part_bytes: usize,
    framing: Framing,
    timeout: Option<Pin<Box<Sleep>>>,
}

impl Arriving {
    /// Takes received bytes and returns those that can be passed on at once.
    fn take(&mut self, mut bytes: Bytes) -> Result<Option<Bytes>, Status> {
        let whole = self.framing.whole(&bytes);
        // tonic refuses an overlong message by its header, so the header must get through.
        let is_too_long = self.framing.missing > super::MAX_REQUEST_BYTES;
        let whole = if is_too_long { bytes.len() } else { whole };
        if whole == 0 {
            return self.hold(bytes).map(|()| None);
        }
        self.let_go();
        let first = bytes.split_to(whole);
        self.hold(bytes)?;
        if self.whole.is_empty() {
            return Ok(Some(first));
        }
        self.whole.push_back(first);
        Ok(None)
    }

    fn hold(&mut self, bytes: Bytes) -> Result<(), Status> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.part_bytes += bytes.len();
        let all = self.bounds.held.fetch_add(bytes.len(), Ordering::Relaxed) + bytes.len();
        if all > self.bounds.most_bytes {
            return Err(to_status(Error::Overloaded { retry_after: self.bounds.retry_after }));
        }
        if self.timeout.is_none() {
            self.timeout = Some(Box::pin(sleep(self.bounds.timeout)));
        }
        if bytes.len() < SMALL_BYTES {
            self.gathered.extend_from_slice(&bytes);
        } else {
            self.close_gathered();
            self.part.push_back(bytes);
        }
        Ok(())
    }

    fn close_gathered(&mut self) {
        if !self.gathered.is_empty() {
            self.part.push_back(self.gathered.split().freeze());
        }
    }

    /// Releases what was held back.
    fn let_go(&mut self) {
        if self.part_bytes == 0 {
            return;
        }
        self.close_gathered();
        self.whole.append(&mut self.part);
        self.timeout = None;
        self.bounds.held.fetch_sub(std::mem::take(&mut self.part_bytes), Ordering::Relaxed);
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        loop {
            if let Some(bytes) = self.whole.pop_front() {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            let frame = match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Ready(Some(frame)) => frame?,
                Poll::Ready(None) if self.part_bytes == 0 => return Poll::Ready(None),
                Poll::Ready(None) => {
                    // tonic refuses an incomplete message.
                    self.let_go();
                    continue;
                }
                Poll::Pending => {
                    let is_late = self.timeout.as_mut().is_some_and(|timeout| timeout.as_mut().poll(context).is_ready());
                    return if is_late { Poll::Ready(Some(Err(to_status(Error::DeadlineExceeded)))) } else { Poll::Pending };
                }
            };
            match frame.into_data() {
                Ok(bytes) => {
                    if let Some(whole) = self.take(bytes)? {
                        return Poll::Ready(Some(Ok(Frame::data(whole))));
                    }
                }
                Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
            }
        }
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        self.bounds.held.fetch_sub(self.part_bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces of a body, after which it ends or nothing more comes.
    struct Pieces(VecDeque<Bytes>, bool);

    impl HttpBody for Pieces {
        type Data = Bytes;
        type Error = Status;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
            match self.0.pop_front() {
                Some(piece) => Poll::Ready(Some(Ok(Frame::data(piece)))),
                None if self.1 => Poll::Ready(None),
                None => Poll::Pending,
            }
        }
    }

    fn message(content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).expect("short").to_be_bytes();
        [&[0], &length[..], content].concat()
    }

    fn bounds(most_bytes: usize) -> Bounds {
        Bounds::new(most_bytes, Duration::from_millis(20), Duration::from_millis(7))
    }

    fn arriving(bounds: &Bounds, pieces: Vec<Vec<u8>>, ends: bool) -> Body {
        bounds.arriving(Body::new(Pieces(pieces.into_iter().map(Bytes::from).collect(), ends)))
    }

    /// The pieces that come through, and the error in the end.
    async fn received(body: Body) -> (Vec<Bytes>, Option<Status>) {
        let mut body = Box::pin(body);
        let (mut received, mut error) = (Vec::new(), None);
        while let Some(frame) = std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await {
            match frame {
                Ok(frame) => received.extend(frame.into_data()),
                Err(status) => {
                    error = Some(status);
                    break;
                }
            }
        }
        (received, error)
    }

    #[tokio::test]
    async fn whatever_the_pieces_the_same_bytes_come_through() {
        let sent = [message(b"one"), message(b""), message(&[7; 10_000]), message(b"four")].concat();
        for size in [1, 2, 5, 7, 4_096, 5_000, 100_000] {
            let bounds = bounds(1 << 20);
            let (received, error) = received(arriving(&bounds, sent.chunks(size).map(<[u8]>::to_vec).collect(), true)).await;
            assert!(error.is_none());
            assert_eq!(received.concat(), sent, "in pieces of {size}");
            assert_eq!(bounds.held.load(Ordering::Relaxed), 0);
        }
    }

    #[tokio::test]
    async fn a_part_of_a_message_is_held_back_and_given_up_in_time() {
        let bounds = bounds(1 << 20);
        let sent = [message(b"whole"), message(b"a part of it")[..9].to_vec()].concat();
        let (received, error) = received(arriving(&bounds, vec![sent], false)).await;
        assert_eq!(received.concat(), message(b"whole"));
        assert_eq!(error.map(|status| status.code()), Some(tonic::Code::DeadlineExceeded));
    }

    #[tokio::test]
    async fn parts_have_a_bound_and_give_their_room_back() {
        let bounds = bounds(1_000);
        let part = || message(&[1; 900])[..600].to_vec();
        let mut first = Box::pin(arriving(&bounds, vec![part()], false));
        assert!(std::future::poll_fn(|context| Poll::Ready(first.as_mut().poll_frame(context).is_pending())).await);
        let (_, error) = received(arriving(&bounds, vec![part()], false)).await;
        assert_eq!(error.map(|status| status.code()), Some(tonic::Code::ResourceExhausted));
        drop(first);
        assert_eq!(bounds.held.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn what_ends_too_early_or_is_too_long_gets_through_to_be_refused() {
        let (early, error) = received(arriving(&bounds(1 << 20), vec![message(b"whole")[..7].to_vec()], true)).await;
        assert_eq!((early.concat(), error.is_none()), (message(b"whole")[..7].to_vec(), true));
        let endless = vec![vec![0, 255, 255, 255, 255, 1], vec![2; 10]];
        let (long, _) = received(arriving(&bounds(1), endless, true)).await;
        assert_eq!(long.concat().len(), 16);
    }
}
