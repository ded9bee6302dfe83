//! What would become of events: a preview by the ledger itself, or, of more than fit into one, the verdicts of a copy of it in
//! memory, which is opened and written to by the ledger's own code.

use crate::cli::client::{AuditClient, LedgerClient, Session};
use crate::cli::failure::{Failure, Refusal};
use crate::cli::language::{Language, say};
use partnership_ledger::clock::SystemClock;
use partnership_ledger::domain::MAX_EVENTS;
use partnership_ledger::grpc::to_status;
use partnership_ledger::journal::{Batch, Journal as _, MemoryJournal};
use partnership_ledger::ledger::{Append, Ledger, Limits};
use partnership_ledger::proto::preview_result::Outcome;
use partnership_ledger::proto::{AppendResponse, Event, PreviewRequest, PreviewResult, ReadRecordsRequest};
use prost::Message as _;
use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::sync::Arc;
use tonic::Code;

/// The most bytes of a preview, a little less than a message may have.
const PREVIEW_BYTES: usize = (4 << 20) - (16 << 10);
/// The bytes of an event's tag and length in a message, at most.
const EVENT_OVERHEAD: usize = 6;
/// How many events a copy decides before the first one's answer is waited for.
const UNDER_WAY: usize = 512;
/// Records per page: the most that the contract allows.
const PAGE_SIZE: u32 = 1_000;

/// The answer to one event: recorded, at the position of its record, or refused.
pub type Verdict = Result<AppendResponse, Refusal>;

/// Events of which it is asked what would become of them.
pub struct DryRun {
    ledger: LedgerClient,
    audit: AuditClient,
    language: Language,
    room: Room,
    /// Those that are not asked about yet; never more than fit into one preview.
    events: Vec<Event>,
    /// The bytes that they take in a preview.
    bytes: usize,
    /// The answers to come, in order.
    verdicts: VecDeque<Verdict>,
    /// The copy that decides, once there were more than fit into one preview.
    copy: Option<LocalCopy>,
}

/// What fits into one preview.
#[derive(Clone, Copy)]
struct Room {
    events: usize,
    bytes: usize,
}

impl DryRun {
    /// Of the session's ledger.
    pub async fn new(session: &Session) -> Result<Self, Failure> {
        Self::with_room(session, Room { events: MAX_EVENTS, bytes: PREVIEW_BYTES }).await
    }

    async fn with_room(session: &Session, room: Room) -> Result<Self, Failure> {
        let (ledger, audit) = (session.ledger().await?, session.audit().await?);
        let language = session.out.language;
        Ok(Self { ledger, audit, language, room, events: Vec::new(), bytes: 0, verdicts: VecDeque::new(), copy: None })
    }

    /// The most events that may be unanswered. One preview is asked about all its events at once, for later ones may rest on
    /// earlier ones; a copy goes on from one to the next.
    pub fn most_unanswered(&self) -> usize {
        if self.copy.is_some() { UNDER_WAY } else { usize::MAX }
    }

    /// Adds an event. The first that no longer fits into one preview has a copy opened, which goes on with those before it.
    pub async fn add(&mut self, event: Event) -> Result<(), Failure> {
        if self.copy.is_none() {
            self.bytes += event.encoded_len() + EVENT_OVERHEAD;
            if self.events.len() < self.room.events && self.bytes <= self.room.bytes {
                self.events.push(event);
                return Ok(());
            }
        }
        self.by_copy().await?.add(event).await;
        Ok(())
    }

    /// Returns the next answer; all events that were added are asked about together, unless a copy decides.
    pub async fn answer(&mut self) -> Result<Option<Verdict>, Failure> {
        if !self.events.is_empty() {
            if let Some(verdicts) = self.preview().await? {
                self.verdicts.extend(verdicts);
                (self.events, self.bytes) = (Vec::new(), 0);
            } else {
                self.by_copy().await?;
            }
        }
        match (self.verdicts.pop_front(), &mut self.copy) {
            (None, Some(copy)) => Ok(copy.answer().await),
            (verdict, _) => Ok(verdict),
        }
    }

    /// Asks the ledger. `None` if it is of a release before previews, or if they do not fit into one after all.
    async fn preview(&mut self) -> Result<Option<Vec<Verdict>>, Failure> {
        let answer = match self.ledger.preview(PreviewRequest { events: self.events.clone() }).await {
            Err(status) if matches!(status.code(), Code::Unimplemented | Code::OutOfRange) => return Ok(None),
            answer => answer?.into_inner(),
        };
        let verdict = |result: PreviewResult| match result.outcome {
            Some(Outcome::Result(result)) => {
                let position = result.position;
                Ok(Ok(counted(AppendResponse { position, results: vec![result] })))
            }
            Some(Outcome::Error(error)) => Ok(Err(Refusal::from(error))),
            None => Err(without_outcome()),
        };
        answer.results.into_iter().map(verdict).collect::<Result<_, _>>().map(Some)
    }

    /// Returns the copy of the ledger as it was at its last position, opened if it is not yet; it is given the events that are
    /// not asked about.
    async fn by_copy(&mut self) -> Result<&mut LocalCopy, Failure> {
        let mut copy = if let Some(copy) = self.copy.take() {
            copy
        } else {
            // A closed standard error is no reason to fail.
            let _ = writeln!(io::stderr(), "{}", say!(self.language, "import-copies"));
            LocalCopy::of(self.copied().await?)
        };
        for event in std::mem::take(&mut self.events) {
            copy.add(event).await;
        }
        Ok(self.copy.insert(copy))
    }

    async fn copied(&mut self) -> Result<Ledger, Failure> {
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

/// A copy of a ledger, which decides some events at a time.
struct LocalCopy {
    ledger: Ledger,
    /// Those that it was not asked about yet.
    waiting: VecDeque<Event>,
    /// Those that it decides, at most `UNDER_WAY`.
    under_way: VecDeque<Submitted>,
}

impl LocalCopy {
    fn of(ledger: Ledger) -> Self {
        Self { ledger, waiting: VecDeque::new(), under_way: VecDeque::new() }
    }

    async fn add(&mut self, event: Event) {
        self.waiting.push_back(event);
        self.go_on().await;
    }

    /// Asks about as many as may be under way.
    async fn go_on(&mut self) {
        while self.under_way.len() < UNDER_WAY {
            let Some(event) = self.waiting.pop_front() else { return };
            let append = Append {
                events: vec![event].into(),
                expected_last_position: None,
                recorded_by: "dry run".into(),
                permit: None,
                deadline: None,
                account: None,
            };
            self.under_way.push_back(self.ledger.submit_waiting(append).await);
        }
    }

    /// Waits for the answer to the first one.
    async fn answer(&mut self) -> Option<Verdict> {
        self.go_on().await;
        let answer = match self.under_way.pop_front()? {
            Ok(ticket) => ticket.await,
            Err(error) => Err(error),
        };
        Some(answer.map(counted).map_err(|error| Refusal::from(to_status(error))))
    }
}

/// The answer without its effects: nobody asks a dry run for them.
fn counted(mut response: AppendResponse) -> AppendResponse {
    response.results.iter_mut().for_each(|result| result.effects = Vec::new());
    response
}

/// An answer that says nothing.
pub fn without_outcome() -> Failure {
    Failure::check("the ledger gave an answer without an outcome")
}

type Submitted = Result<partnership_ledger::ledger::Ticket, partnership_ledger::ledger::Error>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::client::Credentials;
    use crate::cli::demo::server;
    use crate::cli::output::Output;
    use partnership_ledger::proto::event::Body;
    use partnership_ledger::proto::{PartnerKind, PartnerRegistered};

    /// The registration of a partner; every third is of one that was registered before.
    fn event(number: usize) -> Event {
        let partner = PartnerRegistered {
            partner_id: format!("p-{}", if number % 3 == 2 { number - 1 } else { number }),
            display_name: "A partner".to_owned(),
            kind: PartnerKind::Reseller.into(),
            ..PartnerRegistered::default()
        };
        Event {
            event_id: format!("00000000-0000-4000-8000-{number:012}"),
            occurred_at: Some(prost_types::Timestamp { seconds: 1_735_689_600, nanos: 0 }),
            body: Some(Body::PartnerRegistered(partner)),
            ..Event::default()
        }
    }

    fn is_recorded(verdict: &Verdict) -> bool {
        match verdict {
            Ok(response) => {
                assert!(response.results.iter().all(|result| result.effects.is_empty()));
                true
            }
            Err(refusal) => {
                assert_eq!(refusal.reason, "DUPLICATE_ID");
                false
            }
        }
    }

    #[tokio::test]
    async fn more_than_one_preview_carries_is_answered_as_it_goes() {
        let server = server::start().await.expect("it starts");
        let session = Session {
            addresses: vec![server.address.to_string()],
            credentials: Credentials::default(),
            out: Output::new(false, Language::English),
        };
        for room in [Room { events: 700, bytes: PREVIEW_BYTES }, Room { events: MAX_EVENTS, bytes: 40_000 }] {
            let mut dry_run = DryRun::with_room(&session, room).await.expect("it is there");
            let (mut unanswered, mut answers) = (0, Vec::new());
            for number in 0..1_500 {
                dry_run.add(event(number)).await.expect("it is taken");
                unanswered += 1;
                while unanswered >= dry_run.most_unanswered() {
                    answers.push(dry_run.answer().await.expect("it answers").expect("one is unanswered"));
                    unanswered -= 1;
                }
                let held = dry_run.events.len() + dry_run.verdicts.len() + dry_run.copy.as_ref().map_or(0, |copy| copy.waiting.len());
                assert!(held <= 700, "{held} are held after {number}");
            }
            assert!(answers.len() > 900, "{} are answered before the end", answers.len());
            while let Some(answer) = dry_run.answer().await.expect("it answers") {
                answers.push(answer);
            }
            let recorded: Vec<bool> = answers.iter().map(is_recorded).collect();
            assert_eq!(recorded, (0..1_500).map(|number| number % 3 != 2).collect::<Vec<_>>());
        }
        server.stop().expect("it stops");
    }

    #[tokio::test]
    async fn what_one_preview_carries_is_asked_of_the_ledger_itself() {
        let server = server::start().await.expect("it starts");
        let session = Session {
            addresses: vec![server.address.to_string()],
            credentials: Credentials::default(),
            out: Output::new(false, Language::English),
        };
        let mut dry_run = DryRun::new(&session).await.expect("it is there");
        for number in 0..6 {
            dry_run.add(event(number)).await.expect("it is taken");
        }
        let mut recorded = Vec::new();
        while let Some(answer) = dry_run.answer().await.expect("it answers") {
            recorded.push(is_recorded(&answer));
        }
        assert_eq!(recorded, [true, true, false, true, true, false]);
        assert!(dry_run.copy.is_none());
        server.stop().expect("it stops");
    }
}
