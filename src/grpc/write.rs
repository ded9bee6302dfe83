//! `LedgerService`: records events.

use super::Answers;
use super::edge::{account_of, caller_of, deadline_of};
use super::notes::Noting;
use super::services::LedgerService;
use super::status::{explained, refused_append, to_append_error, to_status};
use crate::access::{Caller, Place, Refusal};
use crate::ledger::{Account, Answered, Append, Error, Events, Ledger, Previewed, Ticket};
use crate::proto::{
    AppendError, AppendResult, GetServerInfoRequest, GetServerInfoResponse, PreviewRequest, PreviewResponse, PreviewResult, WhoAmIRequest,
    WhoAmIResponse, preview_result,
};
use crate::wire::append_stream_response::Outcome;
use crate::wire::{AppendRequest, AppendResponse, AppendStreamRequest, AppendStreamResponse};
use bytes::Bytes;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_stream::{StreamExt as _, wrappers::ReceiverStream};
use tonic::{Request, Response, Status, Streaming};

/// The longest id that a client may give a request of a stream, in bytes.
const MAX_REQUEST_ID_BYTES: usize = 256;
/// When a stream without a deadline ends.
const NEVER: Duration = Duration::from_hours(100 * 365 * 24);

/// Records events.
#[derive(Clone)]
pub struct Writing {
    ledger: Ledger,
    stream_in_flight: usize,
    protection: Protection,
}

/// How a server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// Whether callers are authenticated.
    pub authenticates: bool,
    /// Whether connections are encrypted.
    pub encrypts: bool,
    /// Whether it serves other machines without both, as it was told to.
    pub is_insecure: bool,
}

impl Writing {
    /// The service of a ledger; a stream may have so many requests unanswered.
    pub fn new(ledger: Ledger, stream_in_flight: usize, protection: Protection) -> Self {
        Self { ledger, stream_in_flight: stream_in_flight.max(1), protection }
    }
}

#[tonic::async_trait]
impl LedgerService for Writing {
    async fn append(&self, request: Request<AppendRequest>) -> Result<Response<AppendResponse>, Status> {
        let (mut caller, deadline, account) = (caller_of(&request)?, deadline_of(&request), account_of(&request));
        let noting = Noting::of(&request);
        // The request may have taken its time to come.
        caller.refresh().map_err(|refusal| noting.refused(refusal))?;
        let AppendRequest { events, expected_last_position } = request.into_inner();
        noting.events(&events);
        let count = events.len() as u64;
        spend(&caller, &events).map_err(|refusal| noting.append_refused(count, noting.refused(refusal)))?;
        let (recorded_by, permit) = (caller.name(), caller.permit());
        let append = Append { events: Events::of(events), expected_last_position, recorded_by, permit, deadline, account };
        let answered = self.ledger.append_encoded(append).await.inspect_err(|error| noting.denied(error));
        let answered = answered.map_err(|error| noting.append_refused(count, to_status(error)))?;
        noting.appended(&answered);
        let Answered { response, held, .. } = answered;
        let mut response = Response::new(response);
        // The edge gives it back when the response is encoded.
        held.map(|held| response.extensions_mut().insert(Arc::new(held)));
        Ok(response)
    }

    async fn preview(&self, request: Request<PreviewRequest>) -> Result<Response<PreviewResponse>, Status> {
        let (mut caller, deadline, account) = (caller_of(&request)?, deadline_of(&request), account_of(&request));
        let noting = Noting::of(&request);
        caller.refresh().map_err(|refusal| noting.refused(refusal))?;
        let events = Events::from(request.into_inner().events);
        noting.events(events.encoded());
        spend(&caller, events.encoded()).map_err(|refusal| noting.refused(refusal))?;
        let (recorded_by, permit) = (caller.name(), caller.permit());
        let append = Append { events, expected_last_position: None, recorded_by, permit, deadline, account };
        let previewed = self.ledger.preview(append).await.inspect_err(|error| noting.denied(error));
        let Previewed { outcomes, position, held } = previewed.map_err(to_status)?;
        noting.read_at(position);
        let outcome = |outcome: Result<AppendResult, Error>| match outcome {
            Ok(result) => preview_result::Outcome::Result(result),
            Err(error) => preview_result::Outcome::Error(to_append_error(error)),
        };
        let results = outcomes.into_iter().map(|made| PreviewResult { outcome: Some(outcome(made)) }).collect();
        let mut response = Response::new(PreviewResponse { results, position });
        held.map(|held| response.extensions_mut().insert(Arc::new(held)));
        Ok(response)
    }

    type AppendStreamStream = Answers<AppendStreamResponse>;

    async fn append_stream(&self, request: Request<Streaming<AppendStreamRequest>>) -> Result<Response<Self::AppendStreamStream>, Status> {
        let (pending, answers) = mpsc::channel(self.stream_in_flight);
        let (caller, deadline, account) = (caller_of(&request)?, deadline_of(&request), account_of(&request));
        let noting = Noting::of(&request);
        let place = caller.stream().map_err(|exceeded| noting.refused(Refusal::RateLimited(exceeded)))?;
        let intake = Intake { ledger: self.ledger.clone(), caller, deadline, account, pending, noting: noting.clone(), _place: place };
        tokio::spawn(intake.run(request.into_inner()));
        Ok(Response::new(Box::pin(ReceiverStream::new(answers).then(move |pending| answer(pending, noting.clone())))))
    }

    async fn who_am_i(&self, request: Request<WhoAmIRequest>) -> Result<Response<WhoAmIResponse>, Status> {
        Ok(Response::new(caller_of(&request)?.describe()))
    }

    async fn get_server_info(&self, request: Request<GetServerInfoRequest>) -> Result<Response<GetServerInfoResponse>, Status> {
        let Protection { authenticates, encrypts, is_insecure } = self.protection;
        let (version, position) = (env!("CARGO_PKG_VERSION").to_owned(), self.ledger.last());
        Noting::of(&request).read_at(position);
        Ok(Response::new(GetServerInfoResponse { version, position, authenticates, encrypts, is_insecure }))
    }
}

/// Takes events out of what their submitter may append.
fn spend(caller: &Caller, events: &[Bytes]) -> Result<(), Refusal> {
    caller.spend(events.len(), events.iter().map(Bytes::len).sum()).map_err(Refusal::RateLimited)
}

/// The next response of a stream, in the order of its requests.
enum Pending {
    Request {
        request_id: String,
        events: u64,
        ticket: Result<Ticket, Error>,
    },
    /// A request of a caller that asks for more than it may.
    Refused {
        request_id: String,
        events: u64,
        error: AppendError,
    },
    End(Status),
}

async fn answer(pending: Pending, noting: Noting) -> Result<AppendStreamResponse, Status> {
    match pending {
        Pending::End(status) => Err(status),
        Pending::Refused { request_id, events, error } => {
            noting.request_refused(events, &error.reason);
            Ok(AppendStreamResponse { request_id, outcome: Some(Outcome::Error(error)) })
        }
        Pending::Request { request_id, events, ticket } => {
            let outcome = match ticket {
                Ok(ticket) => ticket.encoded().await,
                Err(error) => Err(error),
            };
            // Its room is given back here: it is encoded as soon as it is taken from here, and its bytes count from then on.
            let outcome = match outcome {
                Ok(answered) => {
                    noting.appended(&answered);
                    Outcome::Response(answered.response)
                }
                Err(error) => {
                    noting.denied(&error);
                    let error = to_append_error(error);
                    noting.request_refused(events, &error.reason);
                    Outcome::Error(error)
                }
            };
            Ok(AppendStreamResponse { request_id, outcome: Some(outcome) })
        }
    }
}

/// The reading side of an append stream.
struct Intake {
    ledger: Ledger,
    caller: Caller,
    deadline: Option<Instant>,
    account: Option<Account>,
    pending: mpsc::Sender<Pending>,
    noting: Noting,
    /// Its place among the streams of its caller.
    _place: Option<Place>,
}

impl Intake {
    /// Queues what comes in, as it comes, until the client has no more, the deadline passes, the ledger closes or the caller's
    /// right ends. Reads no further while too much of the stream is unanswered or the ledger's queue is full.
    async fn run(mut self, mut requests: Streaming<AppendStreamRequest>) {
        let mut closing = self.ledger.closing();
        let mut revoked = std::pin::pin!(self.caller.clone().revoked());
        let deadline = self.deadline.unwrap_or_else(|| Instant::now() + NEVER);
        let end = loop {
            let request = tokio::select! {
                biased;
                _ = closing.wait_for(|closing| *closing) => break to_status(Error::Stopped("the ledger is closing".to_owned())),
                () = tokio::time::sleep_until(deadline.into()) => break to_status(Error::DeadlineExceeded),
                refusal = &mut revoked => break self.noting.refused(refusal),
                request = requests.message() => request,
            };
            match request {
                Ok(Some(request)) => {
                    let pending = match self.take(request).await {
                        Ok(pending) => pending,
                        Err(error) => break to_status(error),
                    };
                    // The other side hangs up when the client has gone away.
                    if self.pending.send(pending).await.is_err() {
                        return;
                    }
                }
                Ok(None) => return,
                Err(status) if status.details().is_empty() => break explained(&status, "AppendStream"),
                Err(status) => break status,
            }
        };
        let _ = self.pending.send(Pending::End(end)).await;
    }

    /// Queues a request and returns what it will be answered.
    ///
    /// # Errors
    /// `Undecodable`, which ends the stream.
    async fn take(&mut self, request: AppendStreamRequest) -> Result<Pending, Error> {
        let AppendStreamRequest { request_id, events, expected_last_position } = request;
        let count = events.len() as u64;
        self.noting.events(&events);
        // What it may append may have changed since the stream began.
        if let Err(refusal) = self.caller.refresh().and_then(|()| spend(&self.caller, &events)) {
            self.noting.refusal(&refusal);
            return Ok(Pending::Refused { request_id, events: count, error: refused_append(refusal) });
        }
        let ticket = if request_id.len() > MAX_REQUEST_ID_BYTES {
            Err(Error::malformed("request_id", format!("is {} bytes long; at most {MAX_REQUEST_ID_BYTES} are allowed", request_id.len())))
        } else {
            let (recorded_by, permit, account) = (self.caller.name(), self.caller.permit(), self.account.clone());
            let events = Events::of(events);
            let append = Append { events, expected_last_position, recorded_by, permit, deadline: self.deadline, account };
            self.ledger.submit_waiting(append).await
        };
        match ticket {
            Err(Error::Undecodable(why)) => Err(Error::Undecodable(why)),
            ticket => Ok(Pending::Request { request_id, events: count, ticket }),
        }
    }
}
