//! `records --follow`: what is recorded, as it is recorded. The position is kept here, so that a connection that is lost costs
//! nothing: the next one goes on behind it.

use super::row;
use crate::cli::client::Session;
use crate::cli::failure::Failure;
use crate::cli::language::say;
use crate::cli::output::Output;
use crate::cli::table::Table;
use partnership_ledger::proto::subscribe_response::Item;
use partnership_ledger::proto::{Record, RecordFilter, SubscribeRequest, SubscribeResponse};
use partnership_ledger::server::Signals;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, Write as _};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt as _;

/// The first and the longest pause between attempts to reach a ledger that is away; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How long a ledger may be silent before it counts as away: three of its heartbeats.
const SILENCE: Duration = Duration::from_secs(45);
/// How often it is looked whether the reader of the output has gone, while there is nothing to write.
const LOOK: Duration = Duration::from_secs(1);

/// Shows what follows a position until a signal to end, or until the reader of the output has gone.
pub async fn run(after: u64, filter: RecordFilter, session: &mut Session) -> Result<(), Failure> {
    let mut signals = Signals::new().map_err(|error| Failure::check(format!("cannot wait for signals: {error}")))?;
    session.out.flush()?;
    let mut follower = Follower { position: after, filter, pause: None, has_begun: false, session };
    loop {
        tokio::select! {
            lost = follower.follow() => follower.lost(lost?)?,
            _ = signals.next(|| ()) => return follower.session.out.flush(),
            gone = reader_gone() => return Err(gone.into()),
        }
        tokio::select! {
            () = sleep(follower.pause.unwrap_or(FIRST_PAUSE)) => {}
            _ = signals.next(|| ()) => return Ok(()),
            gone = reader_gone() => return Err(gone.into()),
        }
    }
}

/// Waits until whoever reads the standard output has gone, also while there is nothing to write.
async fn reader_gone() -> io::Error {
    loop {
        sleep(LOOK).await;
        let out = io::stdout();
        // That the other end has gone is told without being asked for.
        let mut asked = [PollFd::new(&out, PollFlags::empty())];
        // If it cannot be told, the next record will.
        let is_told = poll(&mut asked, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok();
        if is_told && asked.iter().any(|out| out.revents().intersects(PollFlags::ERR | PollFlags::HUP)) {
            return io::ErrorKind::BrokenPipe.into();
        }
    }
}

struct Follower<'a> {
    /// All up to here was shown, or did not match.
    position: u64,
    filter: RecordFilter,
    /// The present pause between attempts to reach a ledger that is away; `None` while it answers.
    pause: Option<Duration>,
    /// Whether the ledger has answered once: one that never did need not come back.
    has_begun: bool,
    session: &'a mut Session,
}

impl Follower<'_> {
    /// Shows what comes until the connection is lost; returns how that came.
    ///
    /// # Errors
    /// What waiting does not cure.
    async fn follow(&mut self) -> Result<Failure, Failure> {
        let mut stream = match self.subscribe().await {
            Ok(stream) => stream,
            Err(failure) if self.has_begun && failure.is_unavailable() => return Ok(failure),
            Err(failure) => return Err(failure),
        };
        loop {
            match timeout(SILENCE, stream.message()).await {
                Ok(Ok(Some(response))) => self.show(response)?,
                Ok(Ok(None)) => return Ok(self.broken("it ended")),
                Ok(Err(status)) => {
                    let failure = self.failed(status);
                    return if failure.is_unavailable() { Ok(failure) } else { Err(failure) };
                }
                Err(_) => return Ok(self.broken("it is silent")),
            }
        }
    }

    async fn subscribe(&mut self) -> Result<Streaming<SubscribeResponse>, Failure> {
        let request = SubscribeRequest { after_position: self.position, filter: Some(self.filter.clone()) };
        let mut client = self.session.audit().await?;
        match timeout(SILENCE, client.subscribe(request)).await {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) => Err(self.failed(status)),
            Err(_) => Err(self.broken("it is silent")),
        }
    }

    fn show(&mut self, response: SubscribeResponse) -> Result<(), Failure> {
        self.has_begun = true;
        if self.pause.take().is_some() {
            aside(&say!(self.session.out.language, "records-back"));
        }
        let out = &mut self.session.out;
        if let Some(Item::Records(page)) = response.item {
            show(&page.records, out)?;
            out.flush()?;
        }
        self.position = response.position;
        Ok(())
    }

    /// Says that the connection is lost, the first time, and makes the pause before the next attempt longer.
    fn lost(&mut self, failure: Failure) -> Result<(), Failure> {
        if !self.has_begun {
            return Err(failure);
        }
        self.pause = Some(match self.pause {
            Some(pause) => (2 * pause).min(LONGEST_PAUSE),
            None => {
                let language = self.session.out.language;
                aside(&say!(language, "records-away", error = failure.text(language), position = self.position.to_string()));
                FIRST_PAUSE
            }
        });
        Ok(())
    }

    /// A status that is not the ledger's own comes of the connection; or of an older release, for which waiting is no cure.
    fn failed(&self, status: Status) -> Failure {
        let details = status.get_error_details();
        let is_own = details.error_info().is_some();
        // The request says after which position, and who asked said from which on.
        if let Some(info) = details.error_info().filter(|info| info.reason == "POSITION_NOT_REACHED" && !self.has_begun) {
            let last = info.metadata.get("last").and_then(|last| last.parse::<u64>().ok()).unwrap_or_default();
            let (from, next) = (self.position.saturating_add(1).to_string(), last.saturating_add(1).to_string());
            return Failure::check(say!(
                self.session.out.language,
                "records-not-reached",
                from = from,
                last = last.to_string(),
                next = next
            ));
        }
        if is_own || status.code() == Code::Unimplemented { status.into() } else { self.broken(status.message()) }
    }

    fn broken(&self, error: &str) -> Failure {
        Failure::unavailable(say!(self.session.out.language, "records-lost", error = error))
    }
}

/// Shows records as they come: lines without a header, as there is no last one.
fn show(records: &[Record], out: &mut Output) -> Result<(), Failure> {
    if out.json {
        return records.iter().try_for_each(|record| out.message(record));
    }
    let mut table = Table::facts();
    records.iter().for_each(|record| table.row(row(out.language, record)));
    out.table(table)
}

/// Writes a notice to standard error.
fn aside(text: &str) {
    // If standard error is closed, following goes on.
    let _ = writeln!(io::stderr(), "{text}");
}
