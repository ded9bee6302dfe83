//! Where events go: the running ledger, which records them, or is only asked what would become of them.

pub use super::dry_run::Verdict;
use super::dry_run::{DryRun, without_outcome};
use crate::cli::client::{LedgerClient, Session};
use crate::cli::failure::{Failure, Refusal};
use partnership_ledger::proto::append_stream_response::Outcome;
use partnership_ledger::proto::{AppendStreamRequest, AppendStreamResponse, Event};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

/// The most unanswered events that are being recorded.
const UNANSWERED: usize = 512;

/// Where events go, one request each; answers come in the same order.
pub enum Target {
    /// They are recorded.
    Recording {
        /// The service.
        client: Box<LedgerClient>,
        /// The stream of requests and that of answers, from the first request on.
        stream: Option<Box<(mpsc::Sender<AppendStreamRequest>, Streaming<AppendStreamResponse>)>>,
    },
    /// It is asked what would become of them.
    DryRun(Box<DryRun>),
}

impl Target {
    /// The ledger that records.
    pub async fn recording(session: &Session) -> Result<Self, Failure> {
        Ok(Self::Recording { client: Box::new(session.ledger().await?), stream: None })
    }

    /// The ledger that says what would become of events.
    pub async fn dry_run(session: &Session) -> Result<Self, Failure> {
        Ok(Self::DryRun(Box::new(DryRun::new(session).await?)))
    }

    /// The most events that may be unanswered.
    pub fn most_unanswered(&self) -> usize {
        match self {
            Self::Recording { .. } => UNANSWERED,
            Self::DryRun(dry_run) => dry_run.most_unanswered(),
        }
    }

    /// Sends an event. At most `most_unanswered` may be unanswered.
    pub async fn send(&mut self, event: Event) -> Result<(), Failure> {
        let (client, stream) = match self {
            Self::DryRun(dry_run) => return dry_run.add(event).await,
            Self::Recording { client, stream } => (client, stream),
        };
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
        Ok(())
    }

    /// Waits for the next answer.
    pub async fn answer(&mut self) -> Result<Verdict, Failure> {
        let verdict = match self {
            Self::DryRun(dry_run) => dry_run.answer().await?.ok_or_else(ended)?,
            Self::Recording { stream, .. } => {
                let stream = stream.as_mut().ok_or_else(ended)?;
                match stream.1.message().await?.ok_or_else(ended)?.outcome {
                    Some(Outcome::Response(response)) => Ok(response),
                    Some(Outcome::Error(error)) => Err(Refusal::from(error)),
                    None => return Err(without_outcome()),
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
