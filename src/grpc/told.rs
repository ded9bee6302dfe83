//! Answers whose calls are told: where answers wait for their line of a log, nothing leaves before it is written.

use super::observer::{Receipt, Report};
use super::status::unlogged;
use bytes::Bytes;
use http_body::Frame;
use std::pin::Pin;
use std::task::{Context, Poll};
use tonic::Status;
use tonic::codegen::http::HeaderMap;

/// A frame that may leave; or the trailers that leave in its place.
pub type Passed = Result<Frame<Bytes>, Frame<Bytes>>;

/// Tells of the call as its answer leaves.
pub struct Told {
    report: Option<Report>,
    /// What may leave once the receipt is there.
    held: Option<(Frame<Bytes>, Receipt)>,
}

impl Told {
    /// Tells by a report; without one everything leaves at once.
    pub fn new(report: Option<Report>) -> Self {
        Self { report, held: None }
    }

    /// Passes on a frame, or holds it back until the call is told.
    pub fn pass(&mut self, frame: Frame<Bytes>, context: &mut Context<'_>) -> Poll<Passed> {
        let Some(report) = &mut self.report else { return Poll::Ready(Ok(frame)) };
        let receipt = match frame.trailers_ref() {
            Some(trailers) => report.end_with(trailers),
            None => report.answer(),
        };
        match receipt {
            None => Poll::Ready(Ok(frame)),
            Some(receipt) => {
                self.held = Some((frame, receipt));
                self.poll_held(context).map(|passed| passed.unwrap_or_else(|| Err(trailers_of(&unlogged()))))
            }
        }
    }

    /// What was held back: the frame if the call is told, trailers in its place if it cannot be; `None` if there is nothing.
    pub fn poll_held(&mut self, context: &mut Context<'_>) -> Poll<Option<Passed>> {
        let Some((_, receipt)) = &mut self.held else { return Poll::Ready(None) };
        let Poll::Ready(is_told) = Pin::new(receipt).poll(context) else { return Poll::Pending };
        let frame = self.held.take().map(|(frame, _)| frame);
        Poll::Ready(frame.map(|frame| if is_told == Ok(true) { Ok(frame) } else { Err(trailers_of(&unlogged())) }))
    }
}

/// Trailers with a status.
pub fn trailers_of(status: &Status) -> Frame<Bytes> {
    let mut trailers = HeaderMap::new();
    // What these statuses say are words, which can be headers.
    let _ = status.add_header(&mut trailers);
    Frame::trailers(trailers)
}
