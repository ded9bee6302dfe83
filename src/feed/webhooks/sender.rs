//! One attempt to deliver: an HTTP request that ends in time whatever the endpoint does, follows no redirect, uses no proxy, and reads
//! little of the answer.

use super::address::{Allowed, CheckedResolver};
use super::event::MEDIA_TYPE;
use super::pace::retry_after;
use crate::https::{Roots, settings};
use std::io::Read as _;
use std::time::Duration;
use ureq::unversioned::transport::DefaultConnector;

/// The most bytes that are read of an answer's body.
const MAX_ANSWER_BYTES: u64 = 1 << 10;
/// The most bytes of an answer's head.
const MAX_HEAD_BYTES: usize = 16 << 10;
/// The most of a text of others' that is kept, in characters.
const MAX_WORDS: usize = 200;

/// A message to deliver.
pub struct Message<'a> {
    /// Its id, the same at every attempt.
    pub id: &'a str,
    /// When it is sent, in seconds since the beginning of 1970.
    pub timestamp: i64,
    /// Its signatures.
    pub signature: &'a str,
    /// Its body.
    pub body: &'a [u8],
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered with 2xx.
    Taken(u16),
    /// It was answered with 410: nothing more is wanted.
    Gone,
    /// It was not taken.
    Failed {
        /// The status of the answer; `None` without one.
        status: Option<u16>,
        /// Why not, in words.
        why: String,
        /// How long the endpoint asks to wait.
        retry_after: Option<Duration>,
    },
}

/// Delivers to whatever is allowed.
#[derive(Debug)]
pub struct Sender(ureq::Agent);

impl Sender {
    /// One whose attempts take no longer than so long.
    pub fn new(allowed: Allowed, timeout: Duration) -> Self {
        let config = settings(timeout, Roots::of_the_system())
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            // A connection is of one attempt, so that each resolves and checks the name again.
            .max_idle_connections(0)
            .max_response_header_size(MAX_HEAD_BYTES)
            .user_agent(concat!("partnership-ledger/", env!("CARGO_PKG_VERSION")))
            .build();
        Self(ureq::Agent::with_parts(config, DefaultConnector::default(), CheckedResolver(allowed)))
    }

    /// Makes an attempt. Blocks.
    pub fn send(&self, url: &str, message: &Message<'_>) -> Outcome {
        let sent = self
            .0
            .post(url)
            .header("content-type", MEDIA_TYPE)
            .header("webhook-id", message.id)
            .header("webhook-timestamp", message.timestamp.to_string())
            .header("webhook-signature", message.signature)
            .send(message.body);
        let mut response = match sent {
            Ok(response) => response,
            Err(error) => return Outcome::Failed { status: None, why: in_short(&error.to_string()), retry_after: None },
        };
        let status = response.status().as_u16();
        if (200..300).contains(&status) {
            return Outcome::Taken(status);
        }
        if status == 410 {
            return Outcome::Gone;
        }
        let asked = response.headers().get("retry-after").and_then(|value| retry_after(value.to_str().ok()?, chrono::Utc::now()));
        let mut body = Vec::new();
        // Some words of it may help; that it breaks off is no further failure.
        let _ = response.body_mut().as_reader().take(MAX_ANSWER_BYTES).read_to_end(&mut body);
        let words = in_short(&String::from_utf8_lossy(&body));
        let why = if words.is_empty() { format!("it answered {status}") } else { format!("it answered {status}: {words}") };
        Outcome::Failed { status: Some(status), why, retry_after: asked }
    }
}

/// The beginning of a text of others', on one line.
fn in_short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|letter| !letter.is_control()).take(MAX_WORDS).collect()
}
