//! What would become of events: a preview by the ledger itself, or, of more than fit into one, the verdicts of a copy of it in
//! memory, which is opened and written to by the ledger's own code.

use crate::cli::client::Session;
use crate::cli::failure::{Failure, Refusal};
use crate::cli::language::{Language, say};
use partnership_ledger::clock::SystemClock;
use partnership_ledger::domain::MAX_EVENTS;
use partnership_ledger::grpc::to_status;
use partnership_ledger::journal::{Batch, Journal as _, MemoryJournal};
use partnership_ledger::ledger::{Append, Ledger, Limits};
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::preview_result::Outcome;
use partnership_ledger::proto::{AppendResponse, Event, PreviewRequest, PreviewResult, ReadRecordsRequest};
use prost::Message as _;
use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::sync::Arc;
use tonic::Code;
use tonic::transport::Channel;

/// The most bytes of a preview, a little less than a message may have.
const PREVIEW_BYTES: usize = (4 << 20) - (16 << 10);
/// The bytes of an event's tag and length in a message, at most.
const EVENT_OVERHEAD: usize = 6;
/// How many events the copy decides before the first one's answer is waited for.
const UNDER_WAY: usize = 512;
/// Records per page: the most that the contract allows.
const PAGE_SIZE: u32 = 1_000;

/// The answer to one event: recorded, at the position of its record, or refused.
pub type Verdict = Result<AppendResponse, Refusal>;

/// Events of which it is asked what would become of them.
pub struct DryRun {
    ledger: LedgerServiceClient<Channel>,
    audit: AuditServiceClient<Channel>,
    language: Language,
    /// Those that are not asked about yet.
    events: Vec<Event>,
    /// The answers to come, in order.
    verdicts: VecDeque<Verdict>,
}

impl DryRun {
    /// Of the session's ledger.
    pub async fn new(session: &Session) -> Result<Self, Failure> {
        let (ledger, audit) = (session.ledger().await?, session.audit().await?);
        Ok(Self { ledger, audit, language: session.out.language, events: Vec::new(), verdicts: VecDeque::new() })
    }

    /// Adds an event.
    pub fn add(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Returns the next answer; all events that were added are asked about together.
    pub async fn answer(&mut self) -> Result<Option<Verdict>, Failure> {
        if !self.events.is_empty() {
            let verdicts = match self.preview().await? {
                Some(verdicts) => verdicts,
                None => self.by_copy().await?,
            };
            self.events.clear();
            self.verdicts.extend(verdicts);
        }
        Ok(self.verdicts.pop_front())
    }

    /// Asks the ledger. `None` if they do not fit into one preview, or if the ledger is of a release before previews.
    async fn preview(&mut self) -> Result<Option<Vec<Verdict>>, Failure> {
        let bytes: usize = self.events.iter().map(|event| event.encoded_len() + EVENT_OVERHEAD).sum();
        if bytes > PREVIEW_BYTES || self.events.len() > MAX_EVENTS {
            return Ok(None);
        }
        let answer = match self.ledger.preview(PreviewRequest { events: self.events.clone() }).await {
            Err(status) if matches!(status.code(), Code::Unimplemented | Code::OutOfRange) => return Ok(None),
            answer => answer?.into_inner(),
        };
        let verdict = |result: PreviewResult| match result.outcome {
            Some(Outcome::Result(result)) => Ok(Ok(AppendResponse { position: result.position, results: vec![result] })),
            Some(Outcome::Error(error)) => Ok(Err(Refusal::from(error))),
            None => Err(without_outcome()),
        };
        answer.results.into_iter().map(verdict).collect::<Result<_, _>>().map(Some)
    }

    /// Has a copy of the ledger decide, as it is at its last position.
    async fn by_copy(&mut self) -> Result<Vec<Verdict>, Failure> {
        // A closed standard error is no reason to fail.
        let _ = writeln!(io::stderr(), "{}", say!(self.language, "import-copies"));
        let ledger = self.copy().await?;
        let mut verdicts = Vec::with_capacity(self.events.len());
        let mut tickets = VecDeque::with_capacity(UNDER_WAY);
        for event in std::mem::take(&mut self.events) {
            let append = Append {
                events: vec![event].into(),
                expected_last_position: None,
                recorded_by: "dry run".into(),
                deadline: None,
                account: None,
            };
            tickets.push_back(ledger.submit_waiting(append).await);
            if tickets.len() == UNDER_WAY {
                verdicts.extend(next(&mut tickets).await);
            }
        }
        while let Some(verdict) = next(&mut tickets).await {
            verdicts.push(verdict);
        }
        Ok(verdicts)
    }

    async fn copy(&mut self) -> Result<Ledger, Failure> {
        let journal = MemoryJournal::new();
        let request = ReadRecordsRequest { page_size: PAGE_SIZE, ..ReadRecordsRequest::default() };
        let mut pages = self.audit.read_records(request).await?.into_inner();
        while let Some(page) = pages.message().await? {
            let mut batch = Batch::new();
            page.records.iter().for_each(|record| batch.push(&record.encode_to_vec()));
            journal.append(journal.last(), &batch).map_err(|error| Failure::check(format!("cannot copy the ledger: {error}")))?;
        }
        let opened = Ledger::open(Arc::new(journal), Arc::new(SystemClock), Limits::default());
        let (ledger, _) = opened.map_err(|error| Failure::check(format!("cannot copy the ledger: {error}")))?;
        Ok(ledger)
    }
}

/// An answer that says nothing.
pub fn without_outcome() -> Failure {
    Failure::check("the ledger gave an answer without an outcome")
}

type Submitted = Result<partnership_ledger::ledger::Ticket, partnership_ledger::ledger::Error>;

/// Waits for the answer to the first one.
async fn next(tickets: &mut VecDeque<Submitted>) -> Option<Verdict> {
    let answer = match tickets.pop_front()? {
        Ok(ticket) => ticket.await,
        Err(error) => Err(error),
    };
    Some(answer.map_err(|error| Refusal::from(to_status(error))))
}
