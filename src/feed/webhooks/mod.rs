//! Webhooks: what is recorded, delivered to endpoints by HTTP. The journal is the outbox, and an endpoint is a cursor in it.
//!
//! Each endpoint has a thread of its own, so that a slow one holds up nobody. What admins ask for changes the endpoint at once and
//! wakes its thread.

mod address;
mod courier;
mod endpoint;
mod event;
mod pace;
mod sender;
mod signing;
mod store;

pub use address::Allowed;
pub use endpoint::{Endpoint, Filter, State};
pub use pace::Pace;
pub use sender::Outcome;

use crate::domain::rejection::Rejection;
use crate::ledger::{Error, Ledger};
use crate::proto;
use endpoint::{check_url, is_name};
use parking_lot::Mutex;
use sender::Sender;
use signing::SigningKeys;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::Folder;
use tokio::sync::watch;

/// The most endpoints: each has a thread.
const MAX_ENDPOINTS: usize = 64;
/// How long a secret of before is good unless somebody says.
const OVERLAP: Duration = Duration::from_hours(24);
/// The longest that it may be.
const MAX_OVERLAP: Duration = Duration::from_hours(30 * 24);

/// Why something about an endpoint cannot be done.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refused {
    /// There is none of this name.
    #[error("there is no webhook {0}; `webhooks list` has those there are")]
    Unknown(String),
    /// There is one of this name already.
    #[error("there is a webhook {0} already; choose another name, or remove it first")]
    Exists(String),
    /// There are as many as there may be.
    #[error("there are {MAX_ENDPOINTS} webhooks, and no more can be kept; remove one first")]
    TooMany,
    /// The ledger refuses it.
    #[error("{0}")]
    Ledger(#[from] Error),
    /// The server cannot do it.
    #[error("{0}")]
    System(String),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::System(format!("the webhooks of the data directory cannot be kept: {error}"))
    }
}

/// All endpoints of a data directory. Clones are handles of the same ones.
#[derive(Clone)]
pub struct Webhooks(Arc<Desk>);

/// What couriers and admins share.
struct Desk {
    ledger: Ledger,
    folder: Folder,
    /// What events come from: the ledger's origin.
    source: String,
    sender: Sender,
    pace: Pace,
    entries: Mutex<BTreeMap<String, Entry>>,
}

impl std::fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhooks").field("names", &self.0.entries.lock().keys().collect::<Vec<_>>()).finish()
    }
}

/// An endpoint, and how far it is.
struct Entry {
    endpoint: Endpoint,
    /// All up to here was delivered, or does not match.
    position: u64,
    /// Rises when somebody moves the cursor: what was under way then moves it no more.
    epoch: u64,
    failures: u32,
    next_attempt: Option<Instant>,
    changed: watch::Sender<u64>,
}

impl Desk {
    /// Reads an endpoint's entry; `None` if it is gone.
    fn with<R>(&self, name: &str, read: impl FnOnce(&Entry) -> R) -> Option<R> {
        self.entries.lock().get(name).map(read)
    }

    /// Changes an endpoint's entry; `None` if it is gone.
    fn change<R>(&self, name: &str, change: impl FnOnce(&mut Entry, &Folder, &str) -> R) -> Option<R> {
        self.entries.lock().get_mut(name).map(|entry| change(entry, &self.folder, name))
    }
}

impl Webhooks {
    /// Opens those of a data directory and goes on to deliver; events come from `source`. One whose files cannot be read is said in the log, left as it is, and
    /// not delivered to.
    ///
    /// # Errors
    /// If the folder cannot be read, or the system refuses a thread.
    pub fn open(data_dir: &Path, ledger: &Ledger, source: &str, allowed: Allowed, pace: Pace) -> io::Result<Self> {
        let folder = Folder::of(data_dir);
        let names = folder.names()?;
        let sender = Sender::new(allowed, pace.attempt);
        let desk = Desk { ledger: ledger.clone(), folder, source: source.to_owned(), sender, pace, entries: Mutex::default() };
        let webhooks = Self(Arc::new(desk));
        for name in names {
            match webhooks.0.folder.read(&name) {
                Ok((endpoint, position)) => webhooks.start(&name, endpoint, position)?,
                Err(why) => tracing::error!(webhook = name, why, "nothing is delivered to it: its files cannot be read"),
            }
        }
        Ok(webhooks)
    }

    /// Begins to deliver to an endpoint.
    fn start(&self, name: &str, endpoint: Endpoint, position: u64) -> io::Result<()> {
        let changed = watch::Sender::new(0);
        let told = changed.subscribe();
        let entry = Entry { endpoint, position, epoch: 0, failures: 0, next_attempt: None, changed };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        self.0.entries.lock().insert(name.to_owned(), entry);
        let (desk, of) = (Arc::clone(&self.0), name.to_owned());
        let thread = std::thread::Builder::new().name("webhook".to_owned());
        let spawned = thread.spawn(move || runtime.block_on(courier::run(desk, of, told)));
        if spawned.is_err() {
            self.0.entries.lock().remove(name);
        }
        spawned.map(drop)
    }

    /// Adds an endpoint; returns it, and its secret.
    ///
    /// # Errors
    /// `Malformed`, `UnknownId`, `POSITION_NOT_REACHED`; if there is one of the name already; if it cannot be kept.
    pub fn add(&self, request: proto::AddWebhookRequest) -> Result<(proto::Webhook, String), Refused> {
        let proto::AddWebhookRequest { name, url, filter, partner_id, after_position } = request;
        if !is_name(&name) {
            return Err(Error::malformed("name", "must be 1 to 32 characters of a-z 0-9 -").into());
        }
        check_url(&url).map_err(|why| Error::malformed("url", why))?;
        let position = match after_position {
            None => self.0.ledger.last(),
            Some(position) => self.reached(position)?,
        };
        let keys = SigningKeys::make().map_err(Refused::System)?;
        let (secret, partner) = (keys.secret(), Some(partner_id).filter(|id| !id.is_empty()));
        let endpoint = Endpoint {
            url,
            filter: Filter::of(filter.unwrap_or_default()),
            partner,
            state: State::Active,
            keys,
            keys_before: None,
            failing_since: None,
            last_failure: String::new(),
        };
        courier::following(&self.0.ledger, &endpoint)?;
        {
            let entries = self.0.entries.lock();
            if entries.contains_key(&name) || self.0.folder.names()?.contains(&name) {
                return Err(Refused::Exists(name));
            }
            if entries.len() >= MAX_ENDPOINTS {
                return Err(Refused::TooMany);
            }
            // The cursor first: an endpoint without one would not know where it is.
            self.0.folder.write_cursor(&name, position)?;
            self.0.folder.write(&name, &endpoint)?;
        }
        self.start(&name, endpoint, position)?;
        Ok((self.one(&name)?, secret))
    }

    /// The ledger's last position, and all endpoints, by name.
    pub fn list(&self) -> (u64, Vec<proto::Webhook>) {
        let last = self.0.ledger.last();
        (last, self.0.entries.lock().iter().map(|(name, entry)| entry.to_message(name, last)).collect())
    }

    /// Delivers nothing more to one until it is resumed.
    ///
    /// # Errors
    /// If there is none; if that cannot be kept.
    pub fn pause(&self, name: &str) -> Result<proto::Webhook, Refused> {
        self.change(name, |entry| entry.endpoint.state = State::Paused)
    }

    /// Goes on with one where it was, at once.
    ///
    /// # Errors
    /// As for `pause`.
    pub fn resume(&self, name: &str) -> Result<proto::Webhook, Refused> {
        self.change(name, |entry| {
            entry.endpoint.state = State::Active;
            (entry.endpoint.failing_since, entry.failures, entry.next_attempt) = (None, 0, None);
        })
    }

    /// Moves the cursor of one.
    ///
    /// # Errors
    /// As for `pause`; `POSITION_NOT_REACHED`.
    pub fn replay(&self, name: &str, after: u64) -> Result<proto::Webhook, Refused> {
        let after = self.reached(after)?;
        let kept = self.0.change(name, |entry, folder, name| {
            folder.write_cursor(name, after)?;
            (entry.position, entry.next_attempt) = (after, None);
            entry.epoch += 1;
            Ok::<_, io::Error>(())
        });
        kept.ok_or_else(|| Refused::Unknown(name.to_owned()))??;
        self.change(name, |_| ())
    }

    /// Makes new keys for one; returns it, and its new secret.
    ///
    /// # Errors
    /// As for `pause`; `Malformed` for a bad time.
    pub fn rotate(&self, name: &str, overlap: Option<prost_types::Duration>) -> Result<(proto::Webhook, String), Refused> {
        let overlap = overlap.map_or(Ok(OVERLAP), Duration::try_from).ok().filter(|overlap| *overlap <= MAX_OVERLAP);
        let overlap = overlap.ok_or_else(|| Error::malformed("overlap", "must be a time from 0 to 30 days"))?;
        let keys = SigningKeys::make().map_err(Refused::System)?;
        let secret = keys.secret();
        let until = chrono::Utc::now().timestamp().saturating_add_unsigned(overlap.as_secs());
        let webhook = self.change(name, |entry| {
            let before = std::mem::replace(&mut entry.endpoint.keys, keys);
            entry.endpoint.keys_before = Some((before, until));
        })?;
        Ok((webhook, secret))
    }

    /// Forgets one.
    ///
    /// # Errors
    /// As for `pause`.
    pub fn remove(&self, name: &str) -> Result<(), Refused> {
        let mut entries = self.0.entries.lock();
        if !entries.contains_key(name) {
            return Err(Refused::Unknown(name.to_owned()));
        }
        self.0.folder.remove(name)?;
        // Its thread hears of it by what is dropped here.
        entries.remove(name);
        Ok(())
    }

    /// Tries one with an event of its own. Blocks as long as an attempt may take.
    ///
    /// # Errors
    /// If there is none; if it cannot be signed.
    pub fn test(&self, name: &str) -> Result<Outcome, Refused> {
        let endpoint = self.0.with(name, |entry| entry.endpoint.clone()).ok_or_else(|| Refused::Unknown(name.to_owned()))?;
        let id = uuid::Uuid::new_v4().to_string();
        let body = event::test(&id, &self.0.source, self.0.ledger.now());
        courier::attempt(&self.0.sender, &endpoint, &format!("msg_{name}_test_{id}"), &body).map_err(Refused::System)
    }

    /// Of each endpoint its name, the records that it may have still to get, and whether they are delivered.
    pub fn lags(&self) -> Vec<(String, u64, bool)> {
        let last = self.0.ledger.last();
        let entries = self.0.entries.lock();
        entries.iter().map(|(name, entry)| (name.clone(), entry.lag(last), entry.endpoint.state == State::Active)).collect()
    }

    /// Changes an endpoint, keeps it, and wakes its thread.
    fn change(&self, name: &str, change: impl FnOnce(&mut Entry)) -> Result<proto::Webhook, Refused> {
        let kept = self.0.change(name, |entry, folder, name| {
            change(entry);
            entry.changed.send_modify(|changes| *changes += 1);
            folder.write(name, &entry.endpoint)
        });
        kept.ok_or_else(|| Refused::Unknown(name.to_owned()))??;
        self.one(name)
    }

    fn one(&self, name: &str) -> Result<proto::Webhook, Refused> {
        let last = self.0.ledger.last();
        self.0.with(name, |entry| entry.to_message(name, last)).ok_or_else(|| Refused::Unknown(name.to_owned()))
    }

    /// A position that is not beyond the last.
    fn reached(&self, position: u64) -> Result<u64, Refused> {
        let last = self.0.ledger.last();
        if position <= last { Ok(position) } else { Err(Error::from(Rejection::PositionNotReached { asked: position, last }).into()) }
    }
}

impl Entry {
    fn lag(&self, last: u64) -> u64 {
        last.saturating_sub(self.position)
    }

    fn to_message(&self, name: &str, last: u64) -> proto::Webhook {
        let Endpoint { url, filter, partner, state, keys, keys_before, failing_since, last_failure } = &self.endpoint;
        let time = |seconds: i64| prost_types::Timestamp { seconds, nanos: 0 };
        let now = chrono::Utc::now().timestamp();
        let left = self.next_attempt.map(|at| at.saturating_duration_since(Instant::now()));
        proto::Webhook {
            name: name.to_owned(),
            url: url.clone(),
            filter: filter.to_message(),
            partner_id: partner.clone().unwrap_or_default(),
            state: match state {
                State::Active => proto::WebhookState::Active,
                State::Paused => proto::WebhookState::Paused,
                State::Failed => proto::WebhookState::Failed,
                State::Gone => proto::WebhookState::Gone,
            }
            .into(),
            position: self.position,
            failures: self.failures,
            last_failure: last_failure.clone(),
            failing_since: failing_since.map(time),
            next_attempt_at: left.map(|left| time(now.saturating_add_unsigned(left.as_secs()))),
            public_key: keys.public_key().unwrap_or_default(),
            rotating_until: keys_before.as_ref().map(|(_, until)| *until).filter(|until| *until > now).map(time),
            lag_records: self.lag(last),
        }
    }
}
