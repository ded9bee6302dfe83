//! A record: its event, its effects, the JSON of all of it, and its proof to download.

use crate::console::components::Facts;
use crate::console::failed::Failed;
use crate::console::page::{Page, Place, Section};
use crate::console::table::{Cell, Table, columns};
use crate::console::visit::Visit;
use crate::language::records::{describe, sentence};
use crate::language::text::{is_deceptive, line};
use crate::language::{json, say};
use crate::proto::effect::Effect;
use crate::proto::get_record_request::Key;
use crate::proto::{EntryKind, GetProofRequest, GetProofResponse, GetRecordRequest, Record, get_proof_request};
use maud::{Markup, html};
use prost_reflect::{DynamicMessage, ReflectMessage as _, Value};
use std::fmt::Write as _;

/// The page of a record, by its position or its event's id.
pub async fn page(visit: &Visit, name: &str) -> Result<Page, Failed> {
    let language = visit.language;
    let key = name.parse().map_or_else(|_| Key::EventId(name.to_owned()), Key::Position);
    let answer = visit.services.audit().get_record(GetRecordRequest { key: Some(key) }).await?.into_inner();
    let record = answer.record.unwrap_or_default();
    let event = record.event.clone().unwrap_or_default();
    let (kind, _) = describe(language, &event);
    let title = say!(language, "console-record-title", position = record.position.to_string(), event = kind);
    let mut page = Page::new(Place::Records, say!(language, "console-record"), title).at(answer.position);
    if visit.query.get("recorded") == "1" {
        page = page.lead(html! { p.told role="status" { (say!(language, "console-recorded")) } });
    }
    let effects: Vec<String> = record.effects.iter().filter_map(|effect| sentence(language, effect.effect.as_ref()?)).collect();
    page = page.section(Section::new(say!(language, "console-event")).markup(facts(visit, &record)));
    let told = html! { @if !effects.is_empty() { ul { @for effect in &effects { li { (effect) } } } } @else { p.empty { (say!(language, "console-no-effects")) } } };
    page = page.section(Section::new(say!(language, "records-effects")).markup(told));
    page = page.table_if_any(say!(language, "console-postings"), postings(visit, &record));
    page = page.section(
        Section::new("JSON".to_owned())
            .markup(html! { details { summary { (say!(language, "console-whole-record")) } pre { (text(&record)) } } }),
    );
    let at = record.position;
    page = page.action(visit.to(&format!("/records/{at}/proof")), say!(language, "console-proof"));
    page = page.action(visit.to(&format!("/records/{at}/bytes")), say!(language, "console-bytes"));
    page = page.action(visit.to(&format!("/records/{at}/json")), "JSON".to_owned());
    if at > 1 {
        page = page.action(visit.record(at - 1), say!(language, "console-record-before"));
    }
    if at < answer.position {
        page = page.action(visit.record(at + 1), say!(language, "console-record-after"));
    }
    Ok(page)
}

/// The proof of a record, and its exact bytes, which are what it proves.
pub async fn proved(visit: &Visit, position: u64) -> Result<GetProofResponse, Failed> {
    let key = Some(get_proof_request::Key::Position(position));
    Ok(visit.services.audit().get_proof(GetProofRequest { key }).await?.into_inner())
}

/// A record as JSON, as a file.
pub async fn as_json(visit: &Visit, position: u64) -> Result<Vec<u8>, Failed> {
    let answer = visit.services.audit().get_record(GetRecordRequest { key: Some(Key::Position(position)) }).await?.into_inner();
    Ok(text(&answer.record.unwrap_or_default()).into_bytes())
}

/// The JSON of a record, on many lines.
fn text(record: &Record) -> String {
    let mut written = Vec::new();
    let document = json::write(&mut written, record).ok().and_then(|()| serde_json::from_slice::<serde_json::Value>(&written).ok());
    let pretty = document.and_then(|document| serde_json::to_string_pretty(&document).ok()).unwrap_or_default();
    let mut safe = String::with_capacity(pretty.len());
    for letter in pretty.chars() {
        if is_deceptive(letter) && letter != '\n' {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(letter);
        }
    }
    safe
}

/// What the event says, field by field, with the pages of what it names.
fn facts(visit: &Visit, record: &Record) -> Markup {
    let language = visit.language;
    let event = record.event.clone().unwrap_or_default();
    let mut facts = Facts::default()
        .text(say!(language, "column-occurred"), language.time(event.occurred_at.as_ref()))
        .text(say!(language, "records-recorded"), language.time(record.recorded_at.as_ref()))
        .text(say!(language, "records-by"), &record.recorded_by)
        .text(say!(language, "console-event-id"), &event.event_id);
    let reflected = json::reflect(&event);
    let body = reflected.descriptor().oneofs().next().and_then(|body| body.fields().find(|field| reflected.has_field(field)));
    if let Some(field) = body {
        let value = reflected.get_field(&field);
        if let Some(body) = value.as_message() {
            for (name, shown) in fields(visit, body) {
                facts = facts.markup(name, shown);
            }
        }
    }
    for (name, value) in &event.metadata {
        facts = facts.text(line(name), value);
    }
    facts.show()
}

/// The fields of an event's body that are set, by their names in the contract; what has parts of its own is in the JSON.
fn fields(visit: &Visit, body: &DynamicMessage) -> Vec<(String, Markup)> {
    let language = visit.language;
    let mut found = Vec::new();
    for (field, value) in body.fields() {
        let name = field.name();
        let shown = match value {
            Value::String(text) => match visit.href_of_id(name, text) {
                Some(href) => html! { a href=(href) { (line(text)) } },
                None => html! { (line(text)) },
            },
            Value::Bool(is_so) => html! { (is_so) },
            Value::U32(number) => html! { (number) },
            Value::I64(number) => html! { (language.number(*number)) },
            Value::EnumNumber(number) => {
                let kind = field.kind().as_enum().and_then(|kind| kind.get_value(*number)).map(|value| value.name().to_owned());
                html! { (kind.unwrap_or_else(|| number.to_string())) }
            }
            Value::Message(message) => match message.descriptor().name() {
                "Money" => html! { (message.transcode_to().map(|money| language.money(Some(&money))).unwrap_or_default()) },
                "Timestamp" => html! { (message.transcode_to().map(|time| language.time(Some(&time))).unwrap_or_default()) },
                _ => continue,
            },
            Value::List(items) => {
                let texts: Vec<String> = items.iter().filter_map(|item| item.as_str().map(line)).collect();
                html! { (texts.join(", ")) }
            }
            _ => continue,
        };
        found.push((name.replace('_', " "), shown));
    }
    found
}

/// What it moved: the postings, which come to zero.
fn postings(visit: &Visit, record: &Record) -> Table {
    let language = visit.language;
    let columns = columns![language; "console-account", "column-kind", "console-effective", "statement-available", = "column-amount"];
    let mut table = Table::new("postings", say!(language, "console-postings"), String::new(), columns);
    for effect in &record.effects {
        if let Some(Effect::Posting(posting)) = &effect.effect {
            table.row(vec![
                Cell::text(&posting.account),
                Cell::text(language.word::<EntryKind>(posting.kind)),
                Cell::time(language, posting.effective_at.as_ref()),
                Cell::time(language, posting.available_at.as_ref()),
                Cell::money(language, posting.amount.as_ref()),
            ]);
        }
    }
    table
}
