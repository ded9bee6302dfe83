//! An endpoint while the server runs: how far it is, and whether what an attempt has to say of it still counts.

use super::endpoint::{Endpoint, State};
use crate::proto;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// An endpoint, and how far it is.
pub struct Entry {
    /// Its number among all that have been under any name since the start: a removed endpoint's thread knows by it that another one
    /// has its name now.
    pub id: u64,
    pub endpoint: Endpoint,
    /// All up to here was delivered, or does not match.
    pub position: u64,
    /// Rises when somebody moves the cursor: what was under way then moves it no more.
    pub epoch: u64,
    /// Before when no attempt is made.
    pub next_attempt: Option<Instant>,
    /// How often admins have changed it.
    pub changed: watch::Sender<u64>,
}

/// An entry as an attempt found it when it began.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    epoch: u64,
    changes: u64,
}

impl Entry {
    /// The entry of an endpoint as it was kept, whose next attempt waits no longer than `longest`.
    pub fn new(id: u64, endpoint: Endpoint, position: u64, longest: Duration) -> Self {
        let left = endpoint.next_attempt_at.map(|at| at.saturating_sub(chrono::Utc::now().timestamp_millis()));
        let left = left.and_then(|left| u64::try_from(left).ok()).map(|left| Duration::from_millis(left).min(longest));
        let next_attempt = left.map(|left| Instant::now() + left);
        Self { id, endpoint, position, epoch: 0, next_attempt, changed: watch::Sender::new(0) }
    }

    pub fn seen(&self) -> Seen {
        Seen { epoch: self.epoch, changes: *self.changed.borrow() }
    }

    /// Whether nobody has moved the cursor since.
    pub fn has_cursor_of(&self, seen: Seen) -> bool {
        self.epoch == seen.epoch
    }

    /// Whether no admin has changed anything since: only then a failure says something of the endpoint as it is now.
    pub fn is_as(&self, seen: Seen) -> bool {
        self.has_cursor_of(seen) && *self.changed.borrow() == seen.changes
    }

    /// Takes over an endpoint that was changed, and is kept.
    pub fn set(&mut self, endpoint: Endpoint) {
        if endpoint.next_attempt_at.is_none() {
            self.next_attempt = None;
        }
        self.endpoint = endpoint;
    }

    /// The records that it may have still to get.
    pub fn lag(&self, last: u64) -> u64 {
        last.saturating_sub(self.position)
    }

    /// The message of it.
    pub fn to_message(&self, name: &str, last: u64) -> proto::Webhook {
        let endpoint = &self.endpoint;
        let time = |seconds: i64| prost_types::Timestamp { seconds, nanos: 0 };
        let now = chrono::Utc::now().timestamp();
        let left = self.next_attempt.map(|at| at.saturating_duration_since(Instant::now()));
        let until = endpoint.keys_before.iter().map(|(_, until)| *until).max();
        proto::Webhook {
            name: name.to_owned(),
            url: endpoint.url.clone(),
            filter: endpoint.filter.to_message(),
            partner_id: endpoint.partner.clone().unwrap_or_default(),
            state: match endpoint.state {
                State::Active => proto::WebhookState::Active,
                State::Paused => proto::WebhookState::Paused,
                State::Failed => proto::WebhookState::Failed,
                State::Gone => proto::WebhookState::Gone,
            }
            .into(),
            position: self.position,
            failures: endpoint.failures,
            last_failure: endpoint.last_failure.clone(),
            failing_since: endpoint.failing_since.map(time),
            next_attempt_at: left.map(|left| time(now.saturating_add_unsigned(left.as_secs()))),
            public_key: endpoint.keys.public_key().unwrap_or_default(),
            rotating_until: until.filter(|until| *until > now).map(time),
            lag_records: self.lag(last),
        }
    }
}

/// The message of an endpoint whose files cannot be read.
pub fn damaged_message(name: &str, why: &str, last: u64) -> proto::Webhook {
    proto::Webhook {
        name: name.to_owned(),
        state: proto::WebhookState::Damaged.into(),
        last_failure: why.to_owned(),
        lag_records: last,
        ..proto::Webhook::default()
    }
}
