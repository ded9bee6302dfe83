//! Where events go: the running ledger, or for a dry run a copy of it in memory.
//!
//! The copy is opened and written to by the ledger's own code, so that a dry run says what the real one would say.

use crate::cli::client::Session;
use crate::cli::failure::{Failure, Refusal};
use partnership_ledger::clock::SystemClock;
use partnership_ledger::grpc::to_status;
use partnership_ledger::journal::{Batch, Journal as _, MemoryJournal};
use partnership_ledger::ledger::{Append, Ledger, Limits, Ticket};
use partnership_ledger::proto::append_stream_response::Outcome;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::{AppendResponse, AppendStreamRequest, AppendStreamResponse, Event, ReadRecordsRequest};
use prost::Message as _;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::transport::Channel;

/// The most unanswered events.
pub const UNANSWERED: usize = 512;
/// Records per page: the most that the contract allows.
const PAGE_SIZE: u32 = 1_000;

/// The answer to one event: recorded, at the position of its record, or refused.
pub type Verdict = Result<AppendResponse, Refusal>;

/// Where events go, one request each; answers come in the same order.
pub enum Target {
    /// The running ledger.
    Running {
        /// Its service.
        client: Box<LedgerServiceClient<Channel>>,
        /// The stream of requests and that of answers, from the first request on.
        stream: Option<Box<(mpsc::Sender<AppendStreamRequest>, Streaming<AppendStreamResponse>)>>,
    },
    /// A copy of it in memory.
    Copy {
        /// The copy.
        ledger: Ledger,
        /// The answers to come, in order.
        tickets: VecDeque<Result<Ticket, partnership_ledger::ledger::Error>>,
    },
}

impl Target {
    /// The running ledger.
    pub async fn running(session: &Session) -> Result<Self, Failure> {
        Ok(Self::Running { client: Box::new(session.ledger().await?), stream: None })
    }

    /// A copy of the running ledger, as it is at its last position.
    pub async fn copy(session: &Session) -> Result<Self, Failure> {
        let journal = MemoryJournal::new();
        let request = ReadRecordsRequest { page_size: PAGE_SIZE, ..ReadRecordsRequest::default() };
        let mut pages = session.audit().await?.read_records(request).await?.into_inner();
        while let Some(page) = pages.message().await? {
            let mut batch = Batch::new();
            page.records.iter().for_each(|record| batch.push(&record.encode_to_vec()));
            journal.append(journal.last(), &batch).map_err(|error| Failure::check(format!("cannot copy the ledger: {error}")))?;
        }
        let opened = Ledger::open(Arc::new(journal), Arc::new(SystemClock), Limits::default());
        let (ledger, _) = opened.map_err(|error| Failure::check(format!("cannot copy the ledger: {error}")))?;
        Ok(Self::Copy { ledger, tickets: VecDeque::new() })
    }

    /// Sends an event. At most `UNANSWERED` may be unanswered.
    pub async fn send(&mut self, event: Event) -> Result<(), Failure> {
        match self {
            Self::Copy { ledger, tickets } => {
                let append = Append {
                    events: vec![event].into(),
                    expected_last_position: None,
                    recorded_by: "dry run".into(),
                    deadline: None,
                    account: None,
                };
                tickets.push_back(ledger.submit_waiting(append).await);
            }
            Self::Running { client, stream } => {
                let request = AppendStreamRequest { events: vec![event], ..AppendStreamRequest::default() };
                match stream {
                    Some(stream) => stream.0.send(request).await.map_err(|_| ended())?,
                    None => {
                        // The first request is on its way before the call is made: a server may wait for it with its headers.
                        let (requests, outgoing) = mpsc::channel(UNANSWERED);
                        requests.try_send(request).map_err(|_| ended())?;
                        let answers = client.append_stream(ReceiverStream::new(outgoing)).await?.into_inner();
                        *stream = Some(Box::new((requests, answers)));
                    }
                }
            }
        }
        Ok(())
    }

    /// Waits for the next answer.
    pub async fn answer(&mut self) -> Result<Verdict, Failure> {
        let verdict = match self {
            Self::Copy { tickets, .. } => {
                let answer = match tickets.pop_front().ok_or_else(ended)? {
                    Ok(ticket) => ticket.await,
                    Err(error) => Err(error),
                };
                answer.map_err(|error| Refusal::from(to_status(error)))
            }
            Self::Running { stream, .. } => {
                let stream = stream.as_mut().ok_or_else(ended)?;
                match stream.1.message().await?.ok_or_else(ended)?.outcome {
                    Some(Outcome::Response(response)) => Ok(response),
                    Some(Outcome::Error(error)) => Err(Refusal::from(error)),
                    None => return Err(Failure::check("the ledger gave an answer without an outcome")),
                }
            }
        };
        match verdict {
            Err(refusal) if !refusal.is_about_the_request() => Err(refusal.into()),
            verdict => Ok(verdict),
        }
    }
}

fn ended() -> Failure {
    Failure::unavailable("the ledger closed the connection")
}
