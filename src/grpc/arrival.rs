//! Buffers requests as they arrive: a message is passed to tonic only when it is complete, and what has arrived counts in the
//! memory of its connection until the ledger has taken it.
//!
//! tonic allocates a message as soon as its header gives the length, and waits for the rest without a timeout: with five
//! bytes a client would take up four MiB for good. Here a partial message costs the bytes received, and the rest must come
//! within a timeout.

use super::framing::Framing;
use super::status::to_status;
use crate::ledger::{Account, Error, Held};
use bytes::{Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame};
use std::collections::VecDeque;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::time::{Sleep, sleep};
use tonic::Status;
use tonic::body::Body;

/// Smaller chunks are copied into one buffer: each would keep a whole buffer of the transport alive.
const SMALL_BYTES: usize = 4 << 10;
/// A stream of requests is read on while there is room for so many more bytes.
const STREAM_ROOM_BYTES: usize = 64 << 10;
/// How often it is looked for that room.
const LOOKS: Duration = Duration::from_millis(50);

/// How requests come, by the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// One message, all of it within the timeout.
    One,
    /// Messages whenever the client has one, each within the timeout once it has begun; not read on while there is no room.
    Stream,
}

impl Arrival {
    /// Wraps a request's body so that what arrives counts in the memory of an account, and messages come within `timeout`.
    pub fn body(self, body: Body, account: &Account, timeout: Duration) -> Body {
        if body.is_end_stream() {
            return body;
        }
        Body::new(Arriving {
            body,
            kind: self,
            most_time: timeout,
            held: account.take(0),
            account: account.clone(),
            whole: VecDeque::new(),
            part: VecDeque::new(),
            gathered: BytesMut::new(),
            part_bytes: 0,
            framing: Framing::default(),
            timeout: None,
            waiting: None,
        })
    }
}

/// A body that holds back partial messages.
struct Arriving {
    body: Body,
    kind: Arrival,
    most_time: Duration,
    account: Account,
    /// The room of all bytes that are here, or passed on and not taken yet.
    held: Held,
    /// Complete messages, ready to be passed on.
    whole: VecDeque<Bytes>,
    /// The chunks of a partial message; small ones are gathered in `gathered` first.
    part: VecDeque<Bytes>,
    gathered: BytesMut,
    part_bytes: usize,
    framing: Framing,
    timeout: Option<Pin<Box<Sleep>>>,
    /// Since when there is no room to read on, and when it is looked again.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Arriving {
    /// Takes received bytes and returns those that can be passed on at once.
    fn take(&mut self, mut bytes: Bytes) -> Result<Option<Bytes>, Status> {
        if !self.held.try_grow(bytes.len()) {
            return Err(self.overloaded());
        }
        let whole = self.framing.whole(&bytes);
        // tonic refuses an overlong message by its header, so the header must get through.
        let is_too_long = self.framing.missing > super::MAX_REQUEST_BYTES;
        let whole = if is_too_long { bytes.len() } else { whole };
        if whole == 0 {
            self.hold(bytes);
            return Ok(None);
        }
        self.let_go();
        let first = bytes.split_to(whole);
        self.hold(bytes);
        if self.whole.is_empty() {
            return Ok(Some(first));
        }
        self.whole.push_back(first);
        Ok(None)
    }

    fn overloaded(&self) -> Status {
        to_status(Error::Overloaded { retry_after: self.account.memory().retry_after() })
    }

    fn hold(&mut self, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        self.part_bytes += bytes.len();
        if bytes.len() < SMALL_BYTES {
            self.gathered.extend_from_slice(&bytes);
        } else {
            self.close_gathered();
            self.part.push_back(bytes);
        }
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
        self.part_bytes = 0;
        if self.kind == Arrival::Stream {
            self.timeout = None;
        }
    }

    /// Gives back the room of what was taken: of a stream all messages that were passed on, once the next one is asked for.
    fn give_back_taken(&mut self) {
        if self.kind == Arrival::Stream {
            self.held.give_back(self.held.bytes() - self.part_bytes);
        }
    }

    /// Waits until there is room to read on in a stream; fails if there is none for as long as an answer may stall.
    fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Status>> {
        if self.kind == Arrival::One || self.part_bytes > 0 {
            return Poll::Ready(Ok(()));
        }
        while !self.account.has_room(STREAM_ROOM_BYTES) {
            let (since, timer) = self.waiting.get_or_insert_with(|| (Instant::now(), Box::pin(sleep(LOOKS))));
            if since.elapsed() > self.account.memory().stall_timeout() {
                return Poll::Ready(Err(self.overloaded()));
            }
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            timer.set(sleep(LOOKS));
        }
        self.waiting = None;
        Poll::Ready(Ok(()))
    }

    /// Whether what is awaited is late: the rest of a message, or anything of a call that has only one.
    fn is_late(&mut self, context: &mut Context<'_>) -> bool {
        if self.kind == Arrival::Stream && self.part_bytes == 0 {
            return false;
        }
        let most = self.most_time;
        self.timeout.get_or_insert_with(|| Box::pin(sleep(most))).as_mut().poll(context).is_ready()
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.whole.is_empty() {
            self.give_back_taken();
        }
        loop {
            if let Some(bytes) = self.whole.pop_front() {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            match self.poll_room(context) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(status)) => return Poll::Ready(Some(Err(status))),
                Poll::Pending => return Poll::Pending,
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
                    return if self.is_late(context) { Poll::Ready(Some(Err(to_status(Error::DeadlineExceeded)))) } else { Poll::Pending };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Memory;

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

    /// An account of a memory of which it may hold so many bytes.
    fn account(most_bytes: usize) -> Account {
        Memory::new(most_bytes * 5, Duration::from_millis(100), Duration::from_millis(7)).account()
    }

    fn arriving(kind: Arrival, account: &Account, pieces: Vec<Vec<u8>>, ends: bool) -> Body {
        let body = Body::new(Pieces(pieces.into_iter().map(Bytes::from).collect(), ends));
        kind.body(body, account, Duration::from_millis(20))
    }

    async fn next(body: &mut Pin<Box<Body>>) -> Option<Bytes> {
        let frame = std::future::poll_fn(|context| Poll::Ready(body.as_mut().poll_frame(context))).await;
        match frame {
            Poll::Ready(Some(Ok(frame))) => frame.into_data().ok(),
            _ => None,
        }
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
        for (size, kind) in [1, 2, 5, 7, 4_096, 5_000, 100_000].into_iter().zip([Arrival::One, Arrival::Stream].into_iter().cycle()) {
            let account = account(1 << 20);
            let (received, error) = received(arriving(kind, &account, sent.chunks(size).map(<[u8]>::to_vec).collect(), true)).await;
            assert!(error.is_none());
            assert_eq!(received.concat(), sent, "in pieces of {size}");
            assert_eq!(account.held(), 0);
        }
    }

    #[tokio::test]
    async fn a_part_of_a_message_is_held_back_and_given_up_in_time() {
        let account = account(1 << 20);
        let sent = [message(b"whole"), message(b"a part of it")[..9].to_vec()].concat();
        for kind in [Arrival::One, Arrival::Stream] {
            let (received, error) = received(arriving(kind, &account, vec![sent.clone()], false)).await;
            assert_eq!(received.concat(), message(b"whole"));
            assert_eq!(error.map(|status| status.code()), Some(tonic::Code::DeadlineExceeded));
        }
    }

    #[tokio::test]
    async fn a_call_of_one_message_ends_in_time_and_a_stream_may_be_silent() {
        let account = account(1 << 20);
        for sent in [vec![], vec![message(b"whole")]] {
            let (_, error) = received(arriving(Arrival::One, &account, sent.clone(), false)).await;
            assert_eq!(error.map(|status| status.code()), Some(tonic::Code::DeadlineExceeded), "the end is still to come");
            let silent = received(arriving(Arrival::Stream, &account, sent, false));
            assert!(tokio::time::timeout(Duration::from_millis(60), silent).await.is_err(), "nothing is late");
        }
    }

    #[tokio::test]
    async fn what_has_arrived_has_a_bound_and_gives_its_room_back() {
        let account = account(1_000);
        let part = || message(&[1; 900])[..600].to_vec();
        let mut first = Box::pin(arriving(Arrival::One, &account, vec![part()], false));
        assert!(next(&mut first).await.is_none());
        let (_, error) = received(arriving(Arrival::One, &account, vec![part()], false)).await;
        assert_eq!(error.map(|status| status.code()), Some(tonic::Code::ResourceExhausted));
        drop(first);
        assert_eq!(account.held(), 0);
    }

    #[tokio::test]
    async fn a_complete_message_counts_until_it_is_taken() {
        let account = account(1 << 20);
        let sent = || vec![message(&[1; 5_000]), message(&[2; 3_000])];
        let mut stream = Box::pin(arriving(Arrival::Stream, &account, sent(), false));
        assert_eq!(next(&mut stream).await.map(|bytes| bytes.len()), Some(5_005));
        assert_eq!(account.held(), 5_005, "it is passed on, and the next one not asked for");
        assert_eq!(next(&mut stream).await.map(|bytes| bytes.len()), Some(3_005));
        assert_eq!(account.held(), 3_005);
        assert!(next(&mut stream).await.is_none());
        assert_eq!(account.held(), 0);
        // A call of one message has it taken when it is over.
        let mut one = Box::pin(arriving(Arrival::One, &account, vec![message(&[1; 5_000])], false));
        assert!(next(&mut one).await.is_some() && next(&mut one).await.is_none());
        assert_eq!(account.held(), 5_005);
        drop(one);
        assert_eq!(account.held(), 0);
    }

    #[tokio::test]
    async fn a_stream_is_not_read_on_without_room_and_ends_if_there_is_none_for_long() {
        let account = account(100_000);
        let full = account.take(90_000);
        let mut stream = Box::pin(arriving(Arrival::Stream, &account, vec![message(b"one")], true));
        assert!(next(&mut stream).await.is_none(), "it waits");
        drop(full);
        tokio::time::sleep(2 * LOOKS).await;
        assert!(next(&mut stream).await.is_some());
        let _full = account.take(90_000);
        let (_, error) = received(arriving(Arrival::Stream, &account, vec![message(b"one")], true)).await;
        assert_eq!(error.map(|status| status.code()), Some(tonic::Code::ResourceExhausted));
    }

    #[tokio::test]
    async fn what_ends_too_early_or_is_too_long_gets_through_to_be_refused() {
        let account = account(1 << 20);
        let (early, error) = received(arriving(Arrival::One, &account, vec![message(b"whole")[..7].to_vec()], true)).await;
        assert_eq!((early.concat(), error.is_none()), (message(b"whole")[..7].to_vec(), true));
        let endless = vec![vec![0, 255, 255, 255, 255, 1], vec![2; 10]];
        let (long, _) = received(arriving(Arrival::One, &account, endless, true)).await;
        assert_eq!(long.concat().len(), 16);
    }
}
