//! An endpoint as it is kept: where it is, what it gets, whether it gets it, and what that is signed with.

use super::signing::SigningKeys;
use crate::proto;
use serde::{Deserialize, Serialize};

/// The longest name.
const MAX_NAME: usize = 32;
/// The longest URL.
const MAX_URL: usize = 2_000;

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
    /// What they are signed with as well, until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys_before: Option<(SigningKeys, i64)>,
    /// Since when attempts have failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<i64>,
    /// Why the last one did; empty if it did not.
    #[serde(default)]
    pub last_failure: String,
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
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("must not have a user or a password: deliveries are known by their signatures".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_urls_are_checked() {
        assert!(["crm", "a-1"].into_iter().all(is_name));
        assert!(!["", "Crm", "a/b", "..", "a.b", &"a".repeat(33)].into_iter().any(is_name));
        assert!(["https://a.example/x?y=1", "http://127.0.0.1:9/", "https://[::1]:1/"].into_iter().all(|url| check_url(url).is_ok()));
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
