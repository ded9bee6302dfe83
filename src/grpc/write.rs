//! `LedgerService`: records events.

use super::Answers;
use super::edge::{account_of, deadline_of};
use super::services::LedgerService;
use super::status::{explained, to_append_error, to_status};
use crate::ledger::{Account, Answered, Append, Error, Events, Ledger, Previewed, Ticket};
use crate::proto::{AppendResult, PreviewRequest, PreviewResponse, PreviewResult, preview_result};
use crate::wire::append_stream_response::Outcome;
use crate::wire::{AppendRequest, AppendResponse, AppendStreamRequest, AppendStreamResponse};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_stream::{StreamExt as _, wrappers::ReceiverStream};
use tonic::{Request, Response, Status, Streaming};

/// The longest id that a client may give a request of a stream, in bytes.
const MAX_REQUEST_ID_BYTES: usize = 256;
/// The submitter of unauthenticated requests.
const ANONYMOUS: &str = "anonymous";
/// When a stream without a deadline ends.
const NEVER: Duration = Duration::from_hours(100 * 365 * 24);

/// Records events.
#[derive(Clone)]
pub struct Writing {
    ledger: Ledger,
    stream_in_flight: usize,
    anonymous: Arc<str>,
}

impl Writing {
    /// The service of a ledger; a stream may have so many requests unanswered.
    pub fn new(ledger: Ledger, stream_in_flight: usize) -> Self {
        Self { ledger, stream_in_flight: stream_in_flight.max(1), anonymous: ANONYMOUS.into() }
    }
}

#[tonic::async_trait]
impl LedgerService for Writing {
    async fn append(&self, request: Request<AppendRequest>) -> Result<Response<AppendResponse>, Status> {
        let (deadline, account) = (deadline_of(&request), account_of(&request));
        let AppendRequest { events, expected_last_position } = request.into_inner();
        let recorded_by = Arc::clone(&self.anonymous);
        let append = Append { events: Events::of(events), expected_last_position, recorded_by, deadline, account };
        let Answered { response, held } = self.ledger.append_encoded(append).await.map_err(to_status)?;
        let mut response = Response::new(response);
        // The edge gives it back when the response is encoded.
        held.map(|held| response.extensions_mut().insert(Arc::new(held)));
        Ok(response)
    }

    async fn preview(&self, request: Request<PreviewRequest>) -> Result<Response<PreviewResponse>, Status> {
        let (deadline, account) = (deadline_of(&request), account_of(&request));
        let events = Events::from(request.into_inner().events);
        let Previewed { outcomes, position, held } = self.ledger.preview(events, deadline, account).await.map_err(to_status)?;
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
        let (deadline, account) = (deadline_of(&request), account_of(&request));
        let intake = Intake { ledger: self.ledger.clone(), recorded_by: Arc::clone(&self.anonymous), deadline, account, pending };
        tokio::spawn(intake.run(request.into_inner()));
        Ok(Response::new(Box::pin(ReceiverStream::new(answers).then(answer))))
    }
}

/// The next response of a stream, in the order of its requests.
enum Pending {
    Request { request_id: String, ticket: Result<Ticket, Error> },
    End(Status),
}

async fn answer(pending: Pending) -> Result<AppendStreamResponse, Status> {
    match pending {
        Pending::End(status) => Err(status),
        Pending::Request { request_id, ticket } => {
            let outcome = match ticket {
                Ok(ticket) => ticket.encoded().await,
                Err(error) => Err(error),
            };
            // Its room is given back here: it is encoded as soon as it is taken from here, and its bytes count from then on.
            let outcome =
                outcome.map_or_else(|error| Outcome::Error(to_append_error(error)), |answered| Outcome::Response(answered.response));
            Ok(AppendStreamResponse { request_id, outcome: Some(outcome) })
        }
    }
}

/// The reading side of an append stream.
struct Intake {
    ledger: Ledger,
    recorded_by: Arc<str>,
    deadline: Option<Instant>,
    account: Option<Account>,
    pending: mpsc::Sender<Pending>,
}

impl Intake {
    /// Queues what comes in, as it comes, until the client has no more, the deadline passes or the ledger closes.
    /// Reads no further while too much of the stream is unanswered or the ledger's queue is full.
    async fn run(self, mut requests: Streaming<AppendStreamRequest>) {
        let mut closing = self.ledger.closing();
        let deadline = self.deadline.unwrap_or_else(|| Instant::now() + NEVER);
        let end = loop {
            let request = tokio::select! {
                biased;
                _ = closing.wait_for(|closing| *closing) => break to_status(Error::Stopped("the ledger is closing".to_owned())),
                () = tokio::time::sleep_until(deadline.into()) => break to_status(Error::DeadlineExceeded),
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
    async fn take(&self, request: AppendStreamRequest) -> Result<Pending, Error> {
        let AppendStreamRequest { request_id, events, expected_last_position } = request;
        let ticket = if request_id.len() > MAX_REQUEST_ID_BYTES {
            Err(Error::malformed("request_id", format!("is {} bytes long; at most {MAX_REQUEST_ID_BYTES} are allowed", request_id.len())))
        } else {
            let (recorded_by, account) = (Arc::clone(&self.recorded_by), self.account.clone());
            let events = Events::of(events);
            self.ledger.submit_waiting(Append { events, expected_last_position, recorded_by, deadline: self.deadline, account }).await
        };
        match ticket {
            Err(Error::Undecodable(why)) => Err(Error::Undecodable(why)),
            ticket => Ok(Pending::Request { request_id, ticket }),
        }
    }
}
