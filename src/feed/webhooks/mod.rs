//! Webhooks: what is recorded, delivered to endpoints by HTTP. The journal is the outbox, and an endpoint is a cursor in it.
//!
//! Each endpoint has a thread of its own, so that a slow one holds up nobody. What admins ask for changes the endpoint at once and
//! wakes its thread.

mod address;
mod courier;
mod endpoint;
mod entry;
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
use crate::ledger::{Error, Ledger, Role};
use crate::proto;
use endpoint::{MAX_SECRETS_BEFORE, check_url, is_name};
use entry::{Entry, damaged_message};
use parking_lot::Mutex;
use sender::Sender;
use signing::SigningKeys;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use store::Folder;

/// The most endpoints: each has a thread.
const MAX_ENDPOINTS: usize = 64;
/// How long a secret of before is good unless somebody says.
const OVERLAP: Duration = Duration::from_hours(24);
/// When it is tried again to read them, of a server that begins to lead.
const LOADED_AGAIN_AFTER: Duration = Duration::from_secs(1);
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
    /// As many secrets of before sign still as may.
    #[error("{MAX_SECRETS_BEFORE} secrets of before sign still; wait until the first of them does no more, or rotate with --overlap 0")]
    TooManySecrets,
    /// Its files cannot be read.
    #[error("the files of the webhook {name} cannot be read ({why}); remove it, or mend them and start the server again")]
    Damaged {
        /// Its name.
        name: String,
        /// Which file, and what is wrong with it.
        why: String,
    },
    /// Its files cannot be written: nothing has changed.
    #[error("the webhooks of the data directory cannot be kept: {0}")]
    NotKept(String),
    /// The ledger refuses it.
    #[error("{0}")]
    Ledger(#[from] Error),
    /// The server cannot do it.
    #[error("{0}")]
    System(String),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::NotKept(error.to_string())
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
    /// Those whose files cannot be read, and why. Locked after `entries`.
    damaged: Mutex<BTreeMap<String, String>>,
    /// How many entries were made.
    made: AtomicU64,
}

impl std::fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhooks").field("names", &self.0.entries.lock().keys().collect::<Vec<_>>()).finish()
    }
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

    /// Why an endpoint is not among the entries.
    fn missing(&self, name: &str) -> Refused {
        match self.damaged.lock().get(name) {
            Some(why) => Refused::Damaged { name: name.to_owned(), why: why.clone() },
            None => Refused::Unknown(name.to_owned()),
        }
    }
}

impl Webhooks {
    /// Opens those of a data directory and goes on to deliver; events come from `source`. One whose files cannot be read is said in the
    /// log, listed as damaged, left as it is, and not delivered to. Of a ledger that several servers share they are beside its records,
    /// and the server that leads delivers.
    ///
    /// # Errors
    /// If the folder cannot be read, or the system refuses a thread.
    pub fn open(data_dir: &Path, ledger: &Ledger, source: &str, allowed: Allowed, pace: Pace) -> io::Result<Self> {
        let folder = ledger.texts().map_or_else(|| Folder::of(data_dir), Folder::Shared);
        let sender = Sender::new(allowed, pace.attempt);
        let desk = Desk {
            ledger: ledger.clone(),
            folder,
            source: source.to_owned(),
            sender,
            pace,
            entries: Mutex::default(),
            damaged: Mutex::default(),
            made: AtomicU64::default(),
        };
        let webhooks = Self(Arc::new(desk));
        if ledger.leads() {
            webhooks.load()?;
        } else {
            webhooks.load_when_leading()?;
        }
        Ok(webhooks)
    }

    /// Goes on to deliver to all that are kept.
    fn load(&self) -> io::Result<()> {
        for name in self.0.folder.names()? {
            match self.0.folder.read(&name) {
                Ok((endpoint, position)) => self.start(&mut self.0.entries.lock(), &name, endpoint, position)?,
                Err(why) => {
                    tracing::error!(webhook = name, why, "nothing is delivered to it: its files cannot be read");
                    self.0.damaged.lock().insert(name, why);
                }
            }
        }
        Ok(())
    }

    /// The same, once this server leads: what another one has kept until then is read then.
    fn load_when_leading(&self) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let webhooks = self.clone();
        let (mut role, mut closing) = (self.0.ledger.role(), self.0.ledger.closing());
        let wait = async move {
            tokio::select! {
                leads = async { role.wait_for(|role| *role == Role::Leads).await.is_ok() } => leads,
                _ = closing.wait_for(|closing| *closing) => false,
            }
        };
        let work = move || {
            if !runtime.block_on(wait) {
                return;
            }
            while let Err(error) = webhooks.load() {
                tracing::warn!(%error, "the webhooks cannot be read; it is tried again");
                std::thread::sleep(LOADED_AGAIN_AFTER);
                if !webhooks.0.ledger.leads() {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("webhooks".to_owned()).spawn(work).map(drop)
    }

    /// Begins to deliver to an endpoint.
    fn start(&self, entries: &mut BTreeMap<String, Entry>, name: &str, endpoint: Endpoint, position: u64) -> io::Result<()> {
        let entry = Entry::new(self.0.made.fetch_add(1, Ordering::Relaxed), endpoint, position, self.0.pace.longest);
        let told = entry.changed.subscribe();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let courier = courier::Courier::new(Arc::clone(&self.0), name, entry.id);
        let thread = std::thread::Builder::new().name("webhook".to_owned());
        // It waits for the lock of the entries, which is held here.
        thread.spawn(move || runtime.block_on(courier.run(told)))?;
        entries.insert(name.to_owned(), entry);
        Ok(())
    }

    /// Adds an endpoint; returns it, and its secret.
    ///
    /// # Errors
    /// `Malformed`, `UnknownId`, `POSITION_NOT_REACHED`; if there is one of the name already; if it cannot be kept.
    pub fn add(&self, request: proto::AddWebhookRequest) -> Result<(proto::Webhook, String), Refused> {
        self.0.ledger.check_leads()?;
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
        let endpoint = Endpoint::new(url, Filter::of(filter.unwrap_or_default()), partner, keys);
        courier::following(&self.0.ledger, &endpoint)?;
        let mut entries = self.0.entries.lock();
        let damaged = self.0.damaged.lock();
        if entries.contains_key(&name) || damaged.contains_key(&name) || self.0.folder.names()?.contains(&name) {
            return Err(Refused::Exists(name));
        }
        if entries.len() + damaged.len() >= MAX_ENDPOINTS {
            return Err(Refused::TooMany);
        }
        // The cursor first: an endpoint without one would not know where it is.
        let kept = self.0.folder.write_cursor(&name, position).and_then(|()| self.0.folder.write(&name, &endpoint));
        if let Err(error) = kept.and_then(|()| self.start(&mut entries, &name, endpoint, position)) {
            // What is left of it must not be found by the next start. That it cannot be removed either is told by the error already.
            let _ = self.0.folder.remove(&name);
            return Err(error.into());
        }
        drop((entries, damaged));
        Ok((self.one(&name)?, secret))
    }

    /// The ledger's last position, and all endpoints, by name.
    ///
    /// # Errors
    /// `NotLeader` at a server that only follows.
    pub fn list(&self) -> Result<(u64, Vec<proto::Webhook>), Refused> {
        self.0.ledger.check_leads()?;
        let last = self.0.ledger.last();
        let entries = self.0.entries.lock();
        let damaged = self.0.damaged.lock();
        let listed = entries.iter().map(|(name, entry)| entry.to_message(name, last));
        let mut listed: Vec<_> = listed.chain(damaged.iter().map(|(name, why)| damaged_message(name, why, last))).collect();
        listed.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok((last, listed))
    }

    /// Delivers nothing more to one until it is resumed.
    ///
    /// # Errors
    /// If there is none; if that cannot be kept.
    pub fn pause(&self, name: &str) -> Result<proto::Webhook, Refused> {
        self.change(name, |endpoint| endpoint.state = State::Paused)
    }

    /// Goes on with one where it was, at once.
    ///
    /// # Errors
    /// As for `pause`.
    pub fn resume(&self, name: &str) -> Result<proto::Webhook, Refused> {
        self.change(name, Endpoint::resume)
    }

    /// Moves the cursor of one; one that failures or its endpoint have stopped goes on, one that somebody has paused does not.
    ///
    /// # Errors
    /// As for `pause`; `POSITION_NOT_REACHED`.
    pub fn replay(&self, name: &str, after: u64) -> Result<proto::Webhook, Refused> {
        let after = self.reached(after)?;
        self.put(name, |entry, folder, name| {
            let mut endpoint = entry.endpoint.clone();
            endpoint.replay();
            // The endpoint first: its deliveries have other ids before the cursor has moved.
            folder.write(name, &endpoint)?;
            if let Err(error) = folder.write_cursor(name, after) {
                // As it was; if that fails too, ids are others after the next start, which harms nobody.
                let _ = folder.write(name, &entry.endpoint);
                return Err(error.into());
            }
            entry.set(endpoint);
            entry.position = after;
            entry.epoch += 1;
            Ok(())
        })
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
        let now = chrono::Utc::now().timestamp();
        let webhook = self.put(name, |entry, folder, name| {
            let mut endpoint = entry.endpoint.clone();
            if !endpoint.rotate(keys, now, overlap) {
                return Err(Refused::TooManySecrets);
            }
            folder.write(name, &endpoint)?;
            entry.set(endpoint);
            Ok(())
        })?;
        Ok((webhook, secret))
    }

    /// Forgets one, also if its files cannot be read.
    ///
    /// # Errors
    /// As for `pause`.
    pub fn remove(&self, name: &str) -> Result<(), Refused> {
        self.0.ledger.check_leads()?;
        let mut entries = self.0.entries.lock();
        let mut damaged = self.0.damaged.lock();
        let is_kept = entries.contains_key(name) || damaged.contains_key(name);
        // Its file may have come while the server runs: `add` refuses the name then, so that it must be possible to remove it.
        if !is_kept && !self.0.folder.names()?.iter().any(|kept| kept == name) {
            return Err(Refused::Unknown(name.to_owned()));
        }
        self.0.folder.remove(name)?;
        // Its thread hears of it by what is dropped here.
        entries.remove(name);
        damaged.remove(name);
        Ok(())
    }

    /// Tries one with an event of its own. Blocks as long as an attempt may take.
    ///
    /// # Errors
    /// If there is none; if it cannot be signed.
    pub fn test(&self, name: &str) -> Result<Outcome, Refused> {
        self.0.ledger.check_leads()?;
        let endpoint = self.0.with(name, |entry| entry.endpoint.clone()).ok_or_else(|| self.0.missing(name))?;
        let id = uuid::Uuid::new_v4().to_string();
        let body = event::test(&id, &self.0.source, self.0.ledger.now());
        courier::attempt(&self.0.sender, &endpoint, &format!("msg_{name}_test_{id}"), &body).map_err(Refused::System)
    }

    /// Of each endpoint its name, the records that it may have still to get, and whether they are delivered.
    pub fn lags(&self) -> Vec<(String, u64, bool)> {
        let last = self.0.ledger.last();
        let entries = self.0.entries.lock();
        let damaged = self.0.damaged.lock();
        let lags = entries.iter().map(|(name, entry)| (name.clone(), entry.lag(last), entry.endpoint.state == State::Active));
        lags.chain(damaged.keys().map(|name| (name.clone(), last, false))).collect()
    }

    /// Changes an endpoint: keeps it, and wakes its thread.
    fn change(&self, name: &str, change: impl FnOnce(&mut Endpoint)) -> Result<proto::Webhook, Refused> {
        self.put(name, |entry, folder, name| {
            let mut endpoint = entry.endpoint.clone();
            change(&mut endpoint);
            folder.write(name, &endpoint)?;
            entry.set(endpoint);
            Ok(())
        })
    }

    /// Changes an entry as `put` does, which writes first: what cannot be kept takes no effect. Then wakes its thread.
    fn put(&self, name: &str, put: impl FnOnce(&mut Entry, &Folder, &str) -> Result<(), Refused>) -> Result<proto::Webhook, Refused> {
        self.0.ledger.check_leads()?;
        let last = self.0.ledger.last();
        let done = self.0.change(name, |entry, folder, name| {
            put(entry, folder, name)?;
            entry.changed.send_modify(|changes| *changes += 1);
            Ok(entry.to_message(name, last))
        });
        done.unwrap_or_else(|| Err(self.0.missing(name)))
    }

    fn one(&self, name: &str) -> Result<proto::Webhook, Refused> {
        let last = self.0.ledger.last();
        self.0.with(name, |entry| entry.to_message(name, last)).ok_or_else(|| self.0.missing(name))
    }

    /// A position that is not beyond the last.
    fn reached(&self, position: u64) -> Result<u64, Refused> {
        let last = self.0.ledger.last();
        if position <= last { Ok(position) } else { Err(Error::from(Rejection::PositionNotReached { asked: position, last }).into()) }
    }
}
