//! Answers as they leave: what a client has not taken counts in the memory of its connection until it is written to the
//! socket, and is given up if the client takes nothing while others are short of room.
//!
//! hyper takes the next piece of an answer as soon as HTTP/2 has let go of the one before, and a piece may be as large as the
//! answer. Here a large one is cut into pieces: HTTP/2 has few of them, which it keeps as long as the client likes, and the
//! rest can be let go.

use super::observer::Report;
use super::status::{explained, to_status};
use super::told::{Passed, Told, trailers_of};
use crate::ledger::{Account, Error, Held, Registration, Stalling};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame};
use parking_lot::Mutex;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Instant;
use tonic::body::Body;
use tonic::{Code, Status};

/// The largest piece that is passed on at a time, and copied for it if more follows.
const PIECE_BYTES: usize = 64 << 10;
/// Bytes of one answer that HTTP/2 may have at a time before it gets the next piece.
const UNSENT_BYTES: usize = 128 << 10;

/// An answer, and what it counts for.
pub struct Departure {
    /// Whose memory it takes.
    pub account: Account,
    /// The room of the call, given back when the answer is over.
    pub call: Held,
    /// The room of an answer that is not encoded yet; its encoded pieces take its place.
    pub unencoded: Option<Arc<Held>>,
    /// Whether it is refused if there is no room for it: of a call that can simply be made again.
    pub is_refusable: bool,
    /// The method, for errors.
    pub path: String,
    /// Who is told of the call.
    pub report: Option<Report>,
}

impl Departure {
    /// Wraps the body of the answer.
    pub fn body(self, body: Body) -> Body {
        if body.is_end_stream() {
            return body;
        }
        let Self { account, call, unencoded, is_refusable, path, report } = self;
        let rest = Rest {
            body: Some(body),
            piece: Bytes::new(),
            held: account.take(0),
            unencoded,
            taken: Instant::now(),
            is_awaited: true,
            is_given_up: false,
        };
        let answer = Arc::new(Answer { rest: Mutex::new(rest), unsent: Arc::default() });
        let told = Told::new(report);
        Body::new(Departing { answer, account, _call: call, is_refusable, path, frames: 0, is_over: false, registration: None, told })
    }
}

/// What of an answer is still to be taken.
struct Answer {
    rest: Mutex<Rest>,
    unsent: Arc<Unsent>,
}

struct Rest {
    /// Where more comes from; `None` once it is over or given up.
    body: Option<Body>,
    /// Encoded and still to be passed on, with its room.
    piece: Bytes,
    held: Held,
    unencoded: Option<Arc<Held>>,
    /// When something was taken last.
    taken: Instant,
    /// Whether the ledger is awaited, not the client.
    is_awaited: bool,
    is_given_up: bool,
}

/// Bytes of an answer that HTTP/2 has.
#[derive(Default)]
struct Unsent {
    bytes: AtomicUsize,
    /// Who waits until they are fewer.
    waiting: Mutex<Option<Waker>>,
}

/// A piece that HTTP/2 has; dropped when it is written to the socket, or the call has ended.
struct Sent {
    bytes: Bytes,
    _held: Held,
    unsent: Arc<Unsent>,
}

impl AsRef<[u8]> for Sent {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.unsent.bytes.fetch_sub(self.bytes.len(), Ordering::Relaxed);
        if let Some(waker) = self.unsent.waiting.lock().take() {
            waker.wake();
        }
    }
}

impl Stalling for Answer {
    fn give_up_unless_taken_since(&self, time: Instant) {
        let Some(mut rest) = self.rest.try_lock() else { return };
        if rest.is_awaited || rest.taken > time || rest.is_given_up {
            return;
        }
        rest.is_given_up = true;
        let (body, piece) = (rest.body.take(), std::mem::take(&mut rest.piece));
        let all = rest.held.bytes();
        rest.held.give_back(all);
        drop(rest);
        // Not under the lock: a stream of pages ends by it.
        drop((body, piece));
        if let Some(waker) = self.unsent.waiting.lock().take() {
            waker.wake();
        }
    }
}

struct Departing {
    answer: Arc<Answer>,
    account: Account,
    _call: Held,
    is_refusable: bool,
    path: String,
    /// Pieces passed on so far.
    frames: usize,
    is_over: bool,
    /// Once it has passed something on and has more, it may be given up.
    registration: Option<Registration>,
    told: Told,
}

impl Departing {
    /// Passes on the next part of the piece at hand.
    fn pass_on(&mut self, rest: &mut Rest) -> Frame<Bytes> {
        let length = rest.piece.len().min(PIECE_BYTES);
        // Copied, so that the rest can be let go while HTTP/2 keeps this part.
        let bytes =
            if length < rest.piece.len() { Bytes::copy_from_slice(&rest.piece.split_to(length)) } else { std::mem::take(&mut rest.piece) };
        self.frames += 1;
        rest.taken = Instant::now();
        rest.is_awaited = false;
        self.answer.unsent.bytes.fetch_add(length, Ordering::Relaxed);
        let held = rest.held.split_off(length);
        if self.registration.is_none() && (self.frames > 1 || !rest.piece.is_empty()) {
            let stalling: Weak<dyn Stalling> = Arc::downgrade(&(Arc::clone(&self.answer) as Arc<dyn Stalling>));
            self.registration = Some(self.account.memory().register(stalling));
        }
        Frame::data(Bytes::from_owner(Sent { bytes, _held: held, unsent: Arc::clone(&self.answer.unsent) }))
    }

    /// Takes room for an encoded piece; false if there is none and the answer can be refused.
    fn takes(&self, rest: &mut Rest, bytes: usize) -> bool {
        rest.unencoded = None;
        if self.is_refusable && self.frames == 0 {
            return rest.held.try_grow(bytes);
        }
        rest.held.grow(bytes);
        true
    }

    /// What leaves: the frame; or trailers in its place, and nothing after them.
    fn instead(&mut self, passed: Passed) -> Frame<Bytes> {
        passed.unwrap_or_else(|trailers| {
            let mut rest = self.answer.rest.lock();
            let gone = (rest.body.take(), std::mem::take(&mut rest.piece));
            drop(rest);
            // Not under the lock: a stream of pages ends by it.
            drop(gone);
            trailers
        })
    }

    /// Ends the answer early, for lack of room.
    fn refused(&self) -> Frame<Bytes> {
        trailers_of(&to_status(Error::Overloaded { retry_after: self.account.memory().retry_after() }))
    }

    fn poll(&mut self, rest: &mut Rest, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if rest.is_given_up {
            self.registration = None;
            let is_told = std::mem::replace(&mut self.is_over, true);
            return Poll::Ready((!is_told).then(|| Ok(self.refused())));
        }
        if rest.piece.is_empty() {
            let Some(body) = &mut rest.body else { return Poll::Ready(None) };
            let frame = match Pin::new(body).poll_frame(context) {
                Poll::Pending => {
                    rest.is_awaited = true;
                    return Poll::Pending;
                }
                Poll::Ready(None) => {
                    rest.body = None;
                    return Poll::Ready(None);
                }
                Poll::Ready(Some(frame)) => frame?,
            };
            match frame.into_data() {
                Ok(bytes) if self.takes(rest, bytes.len()) => rest.piece = bytes,
                Ok(_) => {
                    rest.body = None;
                    return Poll::Ready(Some(Ok(self.refused())));
                }
                Err(frame) => {
                    rest.body = None;
                    rest.taken = Instant::now();
                    return Poll::Ready(Some(Ok(with_details(frame, &self.path))));
                }
            }
        }
        if rest.piece.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(Bytes::new()))));
        }
        Poll::Ready(Some(Ok(self.pass_on(rest))))
    }

    /// Waits until HTTP/2 has room for the next piece.
    fn poll_unsent(&self, context: &mut Context<'_>) -> Poll<()> {
        let unsent = &self.answer.unsent;
        if unsent.bytes.load(Ordering::Relaxed) < UNSENT_BYTES {
            return Poll::Ready(());
        }
        *unsent.waiting.lock() = Some(context.waker().clone());
        // It may have been written meanwhile.
        if unsent.bytes.load(Ordering::Relaxed) < UNSENT_BYTES { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl HttpBody for Departing {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        let answer = Arc::clone(&this.answer);
        let Poll::Ready(held) = this.told.poll_held(context) else { return Poll::Pending };
        if let Some(held) = held {
            return Poll::Ready(Some(Ok(this.instead(held))));
        }
        if this.poll_unsent(context).is_pending() && !answer.rest.lock().is_given_up {
            return Poll::Pending;
        }
        let polled = this.poll(&mut answer.rest.lock(), context);
        let Poll::Ready(Some(Ok(frame))) = polled else { return polled };
        let Poll::Ready(passed) = this.told.pass(frame, context) else { return Poll::Pending };
        Poll::Ready(Some(Ok(this.instead(passed))))
    }
}

/// Trailers of an error without details get them.
fn with_details(frame: Frame<Bytes>, path: &str) -> Frame<Bytes> {
    let Some(trailers) = frame.trailers_ref().filter(|trailers| trailers.get("grpc-status").is_some_and(|status| status != "0")) else {
        return frame;
    };
    match Status::from_header_map(trailers) {
        Some(status) if status.code() != Code::Ok && status.details().is_empty() => trailers_of(&explained(&status, path)),
        _ => frame,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Memory;
    use std::collections::VecDeque;
    use std::time::Duration;
    use tonic::codegen::http::HeaderMap;

    const LARGE: usize = 500_000;

    /// An answer as tonic encodes it: pieces, then trailers; without trailers it is never over.
    struct Encoded(VecDeque<Bytes>, Option<HeaderMap>);

    impl HttpBody for Encoded {
        type Data = Bytes;
        type Error = Status;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
            match self.0.pop_front() {
                Some(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
                None => self.1.take().map_or(Poll::Pending, |trailers| Poll::Ready(Some(Ok(Frame::trailers(trailers))))),
            }
        }
    }

    fn trailers(code: &str) -> HeaderMap {
        HeaderMap::from_iter([("grpc-status".parse().expect("a name"), code.parse().expect("a value"))])
    }

    fn leaving(account: &Account, is_refusable: bool, pieces: &[usize], trailers: Option<HeaderMap>) -> Pin<Box<Body>> {
        let pieces = pieces.iter().map(|bytes| Bytes::from(vec![7; *bytes])).collect();
        let departure = Departure {
            account: account.clone(),
            call: account.take(0),
            unencoded: None,
            is_refusable,
            path: "/asked".into(),
            report: None,
        };
        Box::pin(departure.body(Body::new(Encoded(pieces, trailers))))
    }

    fn polled(body: &mut Pin<Box<Body>>) -> Poll<Option<Frame<Bytes>>> {
        body.as_mut().poll_frame(&mut Context::from_waker(Waker::noop())).map(|frame| frame.map(|frame| frame.expect("no error")))
    }

    fn data(body: &mut Pin<Box<Body>>) -> Option<Bytes> {
        match polled(body) {
            Poll::Ready(Some(frame)) => frame.into_data().ok(),
            _ => None,
        }
    }

    fn told(body: &mut Pin<Box<Body>>) -> Status {
        match polled(body) {
            Poll::Ready(Some(frame)) => Status::from_header_map(frame.trailers_ref().expect("trailers")).expect("a status"),
            _ => panic!("it is not over"),
        }
    }

    fn account(bytes: usize, stall: Duration) -> Account {
        Memory::new(bytes, stall, Duration::from_millis(7)).account()
    }

    #[test]
    fn an_answer_counts_until_it_is_written_and_leaves_in_pieces_that_are_few_at_a_time() {
        let account = account(100 << 20, Duration::from_secs(30));
        let mut body = leaving(&account, false, &[LARGE], Some(trailers("0")));
        let (mut held, mut length) = (VecDeque::new(), 0);
        while length < LARGE {
            match data(&mut body) {
                Some(piece) => {
                    length += piece.len();
                    held.push_back(piece);
                    assert!(held.iter().map(Bytes::len).sum::<usize>() < UNSENT_BYTES + PIECE_BYTES);
                }
                // HTTP/2 has as much as it may; the first piece is written.
                None => drop(held.pop_front().expect("something is under way")),
            }
            assert_eq!(account.held(), LARGE - length + held.iter().map(Bytes::len).sum::<usize>());
        }
        while data(&mut body).is_some() || polled(&mut body).is_pending() {
            held.pop_front().expect("something is under way");
        }
        drop((held, body));
        assert_eq!(account.held(), 0);
    }

    #[test]
    fn a_question_is_refused_if_there_is_no_room_for_its_answer_and_what_was_recorded_is_told() {
        let account = account(LARGE, Duration::from_secs(30));
        assert!(data(&mut leaving(&account, false, &[LARGE], None)).is_some());
        let refused = told(&mut leaving(&account, true, &[LARGE], Some(trailers("0"))));
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert!(!refused.details().is_empty());
        assert_eq!(account.held(), 0);
    }

    #[test]
    fn what_a_client_does_not_take_is_given_up_when_others_are_short_of_room() {
        let account = account(20 << 20, Duration::ZERO);
        let mut body = leaving(&account, false, &[LARGE, LARGE], None);
        let piece = data(&mut body).expect("a piece");
        let mut awaited = leaving(&account, false, &[10, 10], None);
        while data(&mut awaited).is_some() {}
        std::thread::sleep(Duration::from_millis(250));
        assert!(!account.has_room(20 << 20));
        assert_eq!(account.held(), piece.len(), "only what HTTP/2 has is left");
        assert_eq!(told(&mut body).code(), Code::ResourceExhausted);
        assert!(matches!(polled(&mut body), Poll::Ready(None)));
        assert!(polled(&mut awaited).is_pending(), "the ledger is awaited, not the client");
    }

    #[test]
    fn errors_that_the_transport_makes_after_the_head_get_their_details() {
        let account = account(20 << 20, Duration::from_secs(30));
        let late = told(&mut leaving(&account, false, &[], Some(trailers("11"))));
        assert_eq!(late.code(), Code::OutOfRange);
        assert!(!late.details().is_empty());
        assert_eq!(told(&mut leaving(&account, false, &[], Some(trailers("0")))).code(), Code::Ok);
    }
}
