//! An endpoint as it is kept: where it is, what it gets, whether it gets it, and what that is signed with.

use super::signing::SigningKeys;
use crate::proto;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The longest name.
const MAX_NAME: usize = 32;
/// The longest URL.
const MAX_URL: usize = 2_000;
/// The most secrets of before that sign: each makes the header of signatures longer.
pub const MAX_SECRETS_BEFORE: usize = 8;

/// Whether an endpoint gets what is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It does, or will once it takes it again.
    Active,
    /// Somebody has paused it.
    Paused,
    /// It has failed for days.
    Failed,
    /// It has answered that it is gone.
    Gone,
}

/// An endpoint as its file has it. Times are seconds since the beginning of 1970.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Where records are delivered to.
    pub url: String,
    /// Which of them.
    pub filter: Filter,
    /// The partner whose own alone it gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
    /// Whether it gets them.
    pub state: State,
    /// What they are signed with.
    pub keys: SigningKeys,
    /// What they are signed with as well, until when; the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys_before: Vec<(SigningKeys, i64)>,
    /// Rises when it is added and replayed: part of the ids of its deliveries, so that none is used for something else.
    #[serde(default)]
    pub generation: i64,
    /// How many attempts in a row have failed.
    #[serde(default)]
    pub failures: u32,
    /// Before when no attempt is made, in milliseconds since the beginning of 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<i64>,
    /// Since when attempts have failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<i64>,
    /// Why the last one did; empty if it did not.
    #[serde(default)]
    pub last_failure: String,
}

impl Endpoint {
    /// One that is delivered to, from now on.
    pub fn new(url: String, filter: Filter, partner: Option<String>, keys: SigningKeys) -> Self {
        Self {
            url,
            filter,
            partner,
            state: State::Active,
            keys,
            keys_before: Vec::new(),
            generation: chrono::Utc::now().timestamp_millis(),
            failures: 0,
            next_attempt_at: None,
            failing_since: None,
            last_failure: String::new(),
        }
    }

    /// Goes on, at once and as if nothing had failed.
    pub fn resume(&mut self) {
        self.state = State::Active;
        (self.failing_since, self.failures, self.next_attempt_at) = (None, 0, None);
    }

    /// Delivers by other ids from now on, at once unless somebody has paused it.
    pub fn replay(&mut self) {
        self.generation = chrono::Utc::now().timestamp_millis().max(self.generation + 1);
        self.next_attempt_at = None;
        if matches!(self.state, State::Failed | State::Gone) {
            self.resume();
        }
    }

    /// Signs with other keys, and for a time also with those of before; without such a time, with the new ones alone. Returns whether
    /// there is room for the keys of before; nothing has changed if there is not.
    pub fn rotate(&mut self, keys: SigningKeys, now: i64, overlap: Duration) -> bool {
        self.keys_before.retain(|(_, until)| *until > now);
        if overlap.as_secs() == 0 {
            self.keys_before.clear();
            self.keys = keys;
        } else if self.keys_before.len() < MAX_SECRETS_BEFORE {
            let before = std::mem::replace(&mut self.keys, keys);
            self.keys_before.push((before, now.saturating_add_unsigned(overlap.as_secs())));
        } else {
            return false;
        }
        true
    }
}

/// `RecordFilter`, as a file has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    partner_ids: Vec<String>,
    agreement_ids: Vec<String>,
    lead_ids: Vec<String>,
    body_types: Vec<String>,
    occurred_from: Option<(i64, i32)>,
    occurred_to: Option<(i64, i32)>,
}

impl Filter {
    /// The filter of a message.
    pub fn of(message: proto::RecordFilter) -> Self {
        let proto::RecordFilter { partner_ids, agreement_ids, lead_ids, body_types, occurred_from, occurred_to } = message;
        let time = |time: prost_types::Timestamp| (time.seconds, time.nanos);
        let (occurred_from, occurred_to) = (occurred_from.map(time), occurred_to.map(time));
        Self { partner_ids, agreement_ids, lead_ids, body_types, occurred_from, occurred_to }
    }

    /// The message; `None` for all records.
    pub fn to_message(&self) -> Option<proto::RecordFilter> {
        let Self { partner_ids, agreement_ids, lead_ids, body_types, occurred_from, occurred_to } = self.clone();
        let time = |(seconds, nanos)| prost_types::Timestamp { seconds, nanos };
        let (occurred_from, occurred_to) = (occurred_from.map(time), occurred_to.map(time));
        let message = proto::RecordFilter { partner_ids, agreement_ids, lead_ids, body_types, occurred_from, occurred_to };
        (*self != Self::default()).then_some(message)
    }
}

/// Whether a text can be the name of an endpoint: it is one of a file, and a label.
pub fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Checks where records would be delivered to.
///
/// # Errors
/// What is wrong, as a predicate of the URL.
pub fn check_url(text: &str) -> Result<(), String> {
    if text.len() > MAX_URL {
        return Err(format!("is {} bytes long; at most {MAX_URL} are allowed", text.len()));
    }
    let uri: ureq::http::Uri = text.parse().map_err(|error| format!("is no URL: {error}"))?;
    match uri.scheme_str() {
        Some("https" | "http") if uri.host().is_some_and(|host| !host.is_empty()) => {}
        _ => return Err("must begin with https:// and name a host".to_owned()),
    }
    let authority = uri.authority().map(ureq::http::uri::Authority::as_str).unwrap_or_default();
    if authority.contains('@') {
        return Err("must not have a user or a password: deliveries are known by their signatures".to_owned());
    }
    // A port that is none would be taken for the scheme's own.
    let port = authority.strip_prefix(uri.host().unwrap_or_default()).and_then(|port| port.strip_prefix(':'));
    match port {
        Some(port) if port.parse::<u16>().is_ok_and(|port| port > 0) => Ok(()),
        Some(port) => Err(format!("has the port {port:?}: a port is a number from 1 to 65535, and without a colon that of the scheme")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_urls_are_checked() {
        assert!(["crm", "a-1"].into_iter().all(is_name));
        assert!(!["", "Crm", "a/b", "..", "a.b", &"a".repeat(33)].into_iter().any(is_name));
        assert!(
            ["https://a.example/x?y=1", "http://127.0.0.1:9/", "https://[::1]:1/", "https://a:65535", "https://[::1]/"]
                .into_iter()
                .all(|url| check_url(url).is_ok())
        );
        for bad in ["https://a:99999/ok", "https://a:65536", "http://127.0.0.1:0/ok", "https://[::1]:70000/", "https://a:/", "https://a:-1"]
        {
            assert!(check_url(bad).is_err(), "{bad}");
        }
        assert!(check_url("http://127.0.0.1:99999/ok").is_err_and(|why| why.contains("1 to 65535")));
        for bad in ["ftp://a.example", "a.example", "/x", "https://", "https://u:p@a.example", &format!("https://a/{}", "x".repeat(2_000))]
        {
            assert!(check_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_filter_is_kept_as_it_is() {
        let message = proto::RecordFilter {
            partner_ids: vec!["a".into()],
            occurred_to: Some(prost_types::Timestamp { seconds: 5, nanos: 6 }),
            ..proto::RecordFilter::default()
        };
        let text = serde_json::to_string(&Filter::of(message.clone())).expect("JSON");
        let read: Filter = serde_json::from_str(&text).expect("a filter");
        assert_eq!(read.to_message(), Some(message));
        assert_eq!(Filter::default().to_message(), None);
    }
}
