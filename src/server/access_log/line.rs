//! A line of the access log: who asked for what, and what was decided. Never a body, never a credential.

use crate::access::Credential;
use crate::grpc::{Call, Method, Noted, code_name, type_name};
use crate::proto::Authentication;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};
use tonic::Code;

/// What a line says, as it was when the call ended.
#[derive(Debug)]
pub struct Line {
    came: SystemTime,
    method: Method,
    peer: Option<IpAddr>,
    trace_id: Option<u128>,
    noted: Noted,
    /// `None` for a stream that begins.
    code: Option<Code>,
    took: Duration,
}

/// The same as JSON.
#[derive(Serialize)]
struct Written<'a> {
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<&'a str>,
    authentication: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<IpAddr>,
    rpc: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    subjects: BTreeMap<&'static str, Vec<&'a str>>,
    #[serde(skip_serializing_if = "is_zero")]
    subjects_left_out: usize,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    events: BTreeMap<&'static str, u64>,
    decision: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_position: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_position: Option<u64>,
    #[serde(skip_serializing_if = "is_zero_u64")]
    duplicates: u64,
    #[serde(skip_serializing_if = "is_zero_u64")]
    refused: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_at: Option<u64>,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_zero_u64(count: &u64) -> bool {
    *count == 0
}

impl Line {
    /// The line of a call; without a code it begins.
    pub fn of(call: &Call, code: Option<Code>, took: Duration) -> Self {
        Self {
            came: call.came,
            method: call.method.clone(),
            peer: call.peer,
            trace_id: call.trace.map(|trace| trace.trace_id),
            noted: call.notes.read(Noted::clone),
            code,
            took,
        }
    }

    /// Adds it to a text, with the end of the line.
    pub fn write(&self, text: &mut Vec<u8>) {
        // A map of texts and numbers always is JSON.
        if serde_json::to_writer(&mut *text, &self.written()).is_ok() {
            text.push(b'\n');
        }
    }

    fn written(&self) -> Written<'_> {
        let noted = &self.noted;
        let (principal, credential) = noted.caller.as_ref().map(|known| (&*known.principal, &known.credential)).unzip();
        let mut subjects: BTreeMap<_, Vec<_>> = BTreeMap::new();
        noted.subjects.iter().for_each(|(field, id)| subjects.entry(*field).or_default().push(id.as_str()));
        let events = noted.events.iter().map(|(number, count)| (type_name(*number).unwrap_or("unknown"), *count)).collect();
        Written {
            time: DateTime::<Utc>::from(self.came).to_rfc3339_opts(SecondsFormat::Micros, true),
            principal,
            authentication: credential.map_or("unauthenticated", authentication_name),
            key_id: credential.and_then(Credential::key_id),
            peer: self.peer,
            rpc: self.method.name(),
            subjects,
            subjects_left_out: noted.subjects_left_out,
            events,
            decision: self.decision(),
            kind: noted.refusal.as_ref().map(|refused| refused.kind),
            why: noted.refusal.as_ref().map(|refused| refused.why.as_str()),
            code: self.code.map(code_name),
            reason: noted.reason.as_deref(),
            first_position: noted.recorded.map(|(first, _)| first),
            last_position: noted.recorded.map(|(_, last)| last),
            duplicates: noted.duplicates,
            refused: noted.refused,
            read_at: noted.read_at,
            seconds: self.took.as_secs_f64(),
            trace_id: self.trace_id.map(|id| format!("{id:032x}")),
        }
    }

    /// Whether the caller got what it is allowed to have. What a rule refuses was allowed to be asked.
    fn decision(&self) -> &'static str {
        match self.code {
            None => "begun",
            Some(Code::Unauthenticated | Code::PermissionDenied) => "refused",
            // A stream notes what it refused, and may have gone on.
            Some(code) if self.noted.refusal.is_some() && code != Code::Ok => "refused",
            Some(_) => "allowed",
        }
    }
}

fn authentication_name(credential: &Credential) -> &'static str {
    match credential.kind() {
        Authentication::Unspecified | Authentication::None => "none",
        Authentication::ApiKey => "api_key",
        Authentication::Token => "token",
        Authentication::Certificate => "certificate",
    }
}
