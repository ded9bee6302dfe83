//! Delivers to one endpoint: reads what follows its cursor, sends it as one batch, and moves the cursor once that was taken. One batch is
//! under way at a time, and it is sent again until it is taken: in order, each at least once, none skipped.

use super::Desk;
use super::endpoint::{Endpoint, State};
use super::entry::{Entry, Seen};
use super::event::batch;
use super::sender::{Message, Outcome, Sender};
use super::store::Folder;
use crate::domain::ids::{Id, IdKind};
use crate::domain::rejection::Rejection;
use crate::ledger::{Error, Ledger, decode};
use crate::proto;
use crate::queries::own::{self, NotForCaller, Sight};
use crate::queries::records::{Following, Progress};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The most records of a batch.
const MAX_RECORDS: usize = 100;
/// The most bytes of records of a batch, unless one alone has more.
const MAX_BYTES: usize = 512 << 10;
/// How long what does not match moves the cursor in memory alone.
const UNSYNCED: Duration = Duration::from_secs(10);

/// What follows the cursor.
enum Ahead {
    /// These match, and up to there all was looked at.
    Batch(Vec<proto::Record>, u64),
    /// Nothing up to there matches.
    Nothing(u64),
}

/// What a courier waits for before its next turn, unless it is told of a change.
enum Wait {
    /// Nothing.
    No,
    /// A time.
    Until(Instant),
    /// More records.
    Records(watch::Receiver<u64>),
    /// A change.
    Change,
}

impl Wait {
    async fn over(self) {
        match self {
            Self::No => {}
            Self::Until(time) => tokio::time::sleep_until(time.into()).await,
            Self::Records(mut positions) => {
                if positions.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
            Self::Change => std::future::pending().await,
        }
    }
}

/// Who delivers to one endpoint.
pub struct Courier {
    desk: Arc<Desk>,
    name: String,
    /// The number of its entry.
    id: u64,
    /// What it follows, once that is known.
    following: Option<Following>,
    /// When the cursor was kept last.
    synced: Instant,
}

impl Courier {
    /// The one of the entry of a name and a number.
    pub fn new(desk: Arc<Desk>, name: &str, id: u64) -> Self {
        Self { desk, name: name.to_owned(), id, following: None, synced: Instant::now() }
    }

    /// Delivers to the endpoint until the ledger closes or the endpoint is removed. It is run on a thread of its own.
    pub async fn run(mut self, mut changed: watch::Receiver<u64>) {
        let mut closing = self.desk.ledger.closing();
        loop {
            changed.borrow_and_update();
            // Another server delivers then.
            if !self.desk.ledger.leads() {
                return;
            }
            let Some(wait) = self.turn().await else { return };
            tokio::select! {
                biased;
                _ = closing.wait_for(|closing| *closing) => return,
                // The endpoint, and with it the sending end, may have gone.
                told = changed.changed() => if told.is_err() { return },
                () = wait.over() => {}
            }
        }
    }

    /// Reads the entry; `None` if the endpoint is gone, also if there is another one of its name.
    fn with<R>(&self, read: impl FnOnce(&Entry) -> R) -> Option<R> {
        self.desk.with(&self.name, |entry| (entry.id == self.id).then(|| read(entry))).flatten()
    }

    /// Changes the entry; `None` as for `with`.
    fn change<R>(&self, change: impl FnOnce(&mut Entry, &Folder, &str) -> R) -> Option<R> {
        self.desk.change(&self.name, |entry, folder, name| (entry.id == self.id).then(|| change(entry, folder, name))).flatten()
    }

    /// One batch, or the reason to wait; `None` once the endpoint is gone.
    async fn turn(&mut self) -> Option<Wait> {
        let (endpoint, position, seen, next_attempt) =
            self.with(|entry| (entry.endpoint.clone(), entry.position, entry.seen(), entry.next_attempt))?;
        if endpoint.state != State::Active {
            return Some(Wait::Change);
        }
        if let Some(time) = next_attempt.filter(|time| *time > Instant::now()) {
            return Some(Wait::Until(time));
        }
        let mut positions = self.desk.ledger.positions();
        let last = *positions.borrow_and_update();
        if position > last {
            let why =
                format!("it has records up to {position}, and the ledger only {last}: was it restored? Replay from where it should go on");
            self.stop(seen, State::Failed, &why);
            return Some(Wait::Change);
        }
        if position == last {
            return Some(Wait::Records(positions));
        }
        match self.ahead(&endpoint, position, last).await {
            Ok(Ahead::Nothing(passed)) => {
                let is_due = self.synced.elapsed() > UNSYNCED;
                self.advance(seen, passed, is_due);
                Some(Wait::No)
            }
            Ok(Ahead::Batch(records, passed)) => Some(self.deliver(&endpoint, seen, records, passed).await),
            Err(error) => Some(self.failed(seen, &format!("what it gets cannot be read: {error}"), None)),
        }
    }

    /// Looks for what follows the cursor.
    async fn ahead(&mut self, endpoint: &Endpoint, position: u64, last: u64) -> Result<Ahead, Error> {
        let following = match &self.following {
            Some(following) => following.clone(),
            None => following(&self.desk.ledger, endpoint)?,
        };
        self.following = Some(following.clone());
        let mut scan = following.scan(self.desk.ledger.clone(), position, last).by(MAX_RECORDS);
        self.desk
            .ledger
            .read_on(move |cancellation| {
                Ok(match scan.next(MAX_BYTES, cancellation)? {
                    Progress::Page(page) if !page.records.is_empty() => {
                        let records: Result<Vec<_>, Error> = page.records.iter().map(decode).collect();
                        Ahead::Batch(records?, scan.passed())
                    }
                    _ => Ahead::Nothing(scan.passed()),
                })
            })
            .await
    }

    /// Makes an attempt with a batch.
    async fn deliver(&self, endpoint: &Endpoint, seen: Seen, records: Vec<proto::Record>, passed: u64) -> Wait {
        let (desk, name, endpoint) = (Arc::clone(&self.desk), self.name.clone(), endpoint.clone());
        let attempt = tokio::task::spawn_blocking(move || {
            let body = batch(&records, &desk.source, &desk.ledger).map_err(|error| error.to_string())?;
            let positions = records.first().zip(records.last()).map(|(first, last)| (first.position, last.position));
            let (first, last) = positions.unwrap_or_default();
            let id = format!("msg_{name}_{}_{first}_{last}", endpoint.generation);
            attempt(&desk.sender, &endpoint, &id, &body)
        });
        match attempt.await.unwrap_or_else(|panic| Err(format!("a defect: {panic}"))) {
            Ok(Outcome::Taken(_)) => {
                self.taken(seen, passed);
                Wait::No
            }
            Ok(Outcome::Gone) => {
                self.stop(seen, State::Gone, "it answered 410: it wants no more");
                Wait::Change
            }
            Ok(Outcome::Failed { why, retry_after, .. }) => self.failed(seen, &why, retry_after),
            Err(why) => self.failed(seen, &why, None),
        }
    }

    /// A batch was taken: only then the cursor moves, and it is kept before the next one is sent.
    fn taken(&self, seen: Seen, passed: u64) {
        self.change(|entry, folder, name| {
            // Somebody may have moved it meanwhile: that counts.
            if !entry.has_cursor_of(seen) {
                return;
            }
            let endpoint = &mut entry.endpoint;
            if endpoint.failing_since.take().is_some() || !endpoint.last_failure.is_empty() {
                endpoint.last_failure.clear();
                (endpoint.failures, endpoint.next_attempt_at, entry.next_attempt) = (0, None, None);
                tracing::info!(webhook = name, "it takes records again");
                write(folder, name, entry);
            }
            entry.position = passed;
            write_cursor(folder, name, passed);
        });
    }

    /// Nothing matches up to there.
    fn advance(&mut self, seen: Seen, passed: u64, is_due: bool) {
        if is_due {
            self.synced = Instant::now();
        }
        self.change(|entry, folder, name| {
            if entry.has_cursor_of(seen) {
                entry.position = passed;
                if is_due {
                    write_cursor(folder, name, passed);
                }
            }
        });
    }

    /// An attempt failed: the next one is made later; or none, if they have failed for days.
    fn failed(&self, seen: Seen, why: &str, retry_after: Option<Duration>) -> Wait {
        // A ledger that closes can no longer be read: that is no failure of the endpoint.
        if *self.desk.ledger.closing().borrow() {
            return Wait::Change;
        }
        let pace = self.desk.pace;
        let now = chrono::Utc::now();
        let next = self.change(|entry, folder, name| {
            // Somebody may have paused, resumed or moved it meanwhile: it is not what has failed.
            if !entry.is_as(seen) {
                return None;
            }
            let endpoint = &mut entry.endpoint;
            let since = *endpoint.failing_since.get_or_insert(now.timestamp());
            endpoint.failures = endpoint.failures.saturating_add(1);
            why.clone_into(&mut endpoint.last_failure);
            let is_over = u64::try_from(now.timestamp() - since).unwrap_or_default() >= pace.give_up_after.as_secs();
            if is_over {
                endpoint.state = State::Failed;
                (endpoint.next_attempt_at, entry.next_attempt) = (None, None);
                tracing::error!(
                    webhook = name,
                    why,
                    "it has failed for so long that it is paused; nothing is skipped: mend it, and resume"
                );
            } else {
                let pause = pace.pause(endpoint.failures, retry_after, fastrand::f64());
                tracing::warn!(webhook = name, why, failures = endpoint.failures, again_in = ?pause, "a delivery failed");
                let millis = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
                endpoint.next_attempt_at = Some(now.timestamp_millis().saturating_add_unsigned(millis));
                entry.next_attempt = Some(Instant::now() + pause);
            }
            write(folder, name, entry);
            entry.next_attempt
        });
        next.flatten().map_or(Wait::No, Wait::Until)
    }

    /// Delivers nothing more until somebody resumes it; unless somebody has changed it meanwhile.
    fn stop(&self, seen: Seen, state: State, why: &str) {
        self.change(|entry, folder, name| {
            if !entry.is_as(seen) {
                return;
            }
            let endpoint = &mut entry.endpoint;
            endpoint.state = state;
            why.clone_into(&mut endpoint.last_failure);
            (endpoint.next_attempt_at, entry.next_attempt) = (None, None);
            tracing::error!(webhook = name, why, "nothing more is delivered until it is resumed");
            write(folder, name, entry);
        });
    }
}

/// What an endpoint gets.
///
/// # Errors
/// Those of a filter; `UnknownId` for a partner that the ledger does not know.
pub fn following(ledger: &Ledger, endpoint: &Endpoint) -> Result<Following, Error> {
    let sight = match &endpoint.partner {
        None => Sight::All,
        Some(partner) => Sight::Partner(Id::new(partner).ok_or_else(|| Error::malformed("partner_id", "is no id"))?),
    };
    let request = proto::SubscribeRequest { after_position: 0, filter: endpoint.filter.to_message() };
    own::follow(ledger, &sight, request)?.map_err(|refused| match refused {
        NotForCaller::UnknownPartner(id) => Rejection::UnknownId { kind: IdKind::Partner, id }.into(),
        NotForCaller::OwnRecordsAlone => Error::malformed("partner_id", "does not say whose records it gets"),
    })
}

/// Signs a body and makes one attempt. Blocks.
///
/// # Errors
/// If it cannot be signed.
pub fn attempt(sender: &Sender, endpoint: &Endpoint, id: &str, body: &[u8]) -> Result<Outcome, String> {
    let timestamp = chrono::Utc::now().timestamp();
    let mut signature = endpoint.keys.sign(id, timestamp, body)?;
    // The newest first.
    for (before, _) in endpoint.keys_before.iter().rev().filter(|(_, until)| timestamp < *until) {
        signature = format!("{signature} {}", before.sign(id, timestamp, body)?);
    }
    Ok(sender.send(&endpoint.url, &Message { id, timestamp, signature: &signature, body }))
}

/// Keeps an endpoint. That it cannot be kept stops nothing: what was taken may be delivered once more after a start.
fn write(folder: &Folder, name: &str, entry: &Entry) {
    if let Err(error) = folder.write(name, &entry.endpoint) {
        tracing::error!(webhook = name, %error, "the endpoint cannot be kept");
    }
}

fn write_cursor(folder: &Folder, name: &str, position: u64) {
    if let Err(error) = folder.write_cursor(name, position) {
        tracing::error!(webhook = name, %error, "the cursor cannot be kept: records may be delivered again after a start");
    }
}
