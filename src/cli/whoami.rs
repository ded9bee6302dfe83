//! `whoami`: who the caller is to the ledger, and what it may do.

use super::access::appends;
use super::client::Session;
use super::failure::Failure;
use super::language::{Language, columns, say};
use super::table::Table;
use super::text::{line, list};
use partnership_ledger::access::EventTypes;
use partnership_ledger::proto::{Authentication, CallerLimits, CallerScope, Role, WhoAmIRequest, WhoAmIResponse};

pub async fn run(session: &mut Session) -> Result<(), Failure> {
    let answer = session.ledger().await?.who_am_i(WhoAmIRequest {}).await?.into_inner();
    if session.out.json {
        return session.out.message(&answer);
    }
    let table = table(session.out.language, &answer);
    session.out.table(table)
}

fn table(language: Language, answer: &WhoAmIResponse) -> Table {
    let mut table = Table::new(columns![language; "whoami-what", "whoami-value"]);
    let mut row = |what: String, value: String| table.row([what, value]);
    row(say!(language, "whoami-principal"), line(&answer.principal));
    row(say!(language, "whoami-authentication"), language.word::<Authentication>(answer.authentication));
    if !answer.key_id.is_empty() {
        row(say!(language, "whoami-key"), line(&answer.key_id));
    }
    row(say!(language, "whoami-roles"), list(&answer.roles.iter().map(|role| language.word::<Role>(*role)).collect::<Vec<_>>()));
    if !answer.partner_id.is_empty() {
        row(say!(language, "whoami-partner"), line(&answer.partner_id));
    }
    let event_types = answer.event_types.iter().filter_map(|name| EventTypes::named(name)).fold(EventTypes::NONE, EventTypes::and);
    let event_types = if answer.event_types.is_empty() { say!(language, "whoami-none") } else { appends(event_types, false) };
    row(say!(language, "whoami-events"), event_types);
    if let Some(CallerScope { partner_ids, agreement_ids }) = &answer.scope {
        row(say!(language, "whoami-scope"), list(&[&partner_ids[..], agreement_ids].concat()));
    }
    if let Some(limits) = &answer.limits {
        row(say!(language, "whoami-limits"), limits_in_words(limits));
    }
    if let Some(expires_at) = answer.expires_at {
        row(say!(language, "whoami-expires"), language.time(Some(&expires_at)));
    }
    table
}

fn limits_in_words(limits: &CallerLimits) -> String {
    let figures = [
        (u64::from(limits.events_per_second), "events_per_second"),
        (limits.bytes_per_second, "bytes_per_second"),
        (limits.burst_events.into(), "burst_events"),
        (limits.streams.into(), "streams"),
        (limits.subscriptions.into(), "subscriptions"),
    ];
    let set = figures.into_iter().filter(|(figure, _)| *figure > 0);
    list(&set.map(|(figure, name)| format!("{name} {figure}")).collect::<Vec<_>>())
}
