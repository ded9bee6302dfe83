//! Acting: a form, then what the ledger says would come of it, then the event, recorded once.
//!
//! The id of the event is made with the form and goes with it: a second click, or a form that is sent again, is the same event,
//! which the ledger records once and answers as before.

mod actions;
mod fields;

use super::components::Facts;
use super::failed::{Failed, refusal};
use super::page::{Page, Place, Section};
use super::parameters::Parameters;
use super::visit::Visit;
use crate::language::records::sentence;
use crate::language::text::line;
use crate::language::{Language, say};
use crate::proto::{AppendError, AppendRequest, AppendResult, Event, PreviewRequest, preview_result};
use actions::Action;
use chrono::{SecondsFormat, Utc};
use fields::{Input, occurred_at};
use maud::{Markup, html};
use uuid::Uuid;

/// The field of what the form is sent for: to see what would come of it, to change it, or to record it.
const STEP: &str = "step";
/// The field of the event's id.
const EVENT_ID: &str = "event_id";
/// The field of when it happened.
const OCCURRED_AT: &str = "occurred_at";

/// The form of an action, with what the address says filled in.
pub fn form(visit: &Visit, name: &str) -> Result<Page, Failed> {
    let action = allowed(visit, name)?;
    let id = Uuid::now_v7();
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true).trim_end_matches('Z').to_owned();
    let mut written: Vec<(String, String)> = vec![(EVENT_ID.to_owned(), id.to_string()), (OCCURRED_AT.to_owned(), now)];
    for field in action.fields {
        let value = match visit.query.get(field.name) {
            "" if action.new_id == Some(field.name) => format!("{}-{}", action.name, &id.simple().to_string()[20..]),
            value => value.to_owned(),
        };
        written.push((field.name.to_owned(), value));
    }
    written.push((fields::CURRENCY.to_owned(), visit.query.get(fields::CURRENCY).to_owned()));
    Ok(page(visit, action, &Parameters::from(written), &[]))
}

/// The action of a name, if the person may do it.
fn allowed(visit: &Visit, name: &str) -> Result<&'static Action, Failed> {
    let action = actions::find(name).ok_or(Failed::NoPage)?;
    if visit.person.may(action.event_type) {
        return Ok(action);
    }
    Err(Failed::Asked(Box::new(tonic::Status::permission_denied(say!(visit.language, "console-may-not", event = action.event_type)))))
}

/// Takes a form that was sent: shows what would come of it, or records it.
pub async fn take(visit: &Visit, name: &str, written: &Parameters) -> Result<Page, Failed> {
    let action = allowed(visit, name)?;
    let event = match event(visit.language, action, written) {
        Ok(event) => event,
        Err(why) => return Ok(page(visit, action, written, &[why])),
    };
    match written.get(STEP) {
        "change" => Ok(page(visit, action, written, &[])),
        "record" => record(visit, action, written, event).await,
        _ => preview(visit, action, written, event).await,
    }
}

/// The event that a form makes.
fn event(language: Language, action: &Action, written: &Parameters) -> Result<Event, String> {
    let text = written.get(OCCURRED_AT);
    let occurred_at = occurred_at(text).ok_or_else(|| say!(language, "date-no-day", date = line(text)))?;
    let body = (action.body)(&Input { written, language })?;
    Ok(Event {
        event_id: written.get(EVENT_ID).to_owned(),
        occurred_at: Some(super::moment::timestamp(occurred_at)),
        metadata: std::collections::BTreeMap::default(),
        body: Some(body),
    })
}

/// Asks what would come of an event, and shows it, with the way to record it.
async fn preview(visit: &Visit, action: &Action, written: &Parameters, event: Event) -> Result<Page, Failed> {
    let answer = match visit.services.ledger().preview(PreviewRequest { events: vec![event] }).await {
        Ok(answer) => answer.into_inner(),
        Err(status) => return Ok(page(visit, action, written, &refusal(visit.language, &status))),
    };
    match answer.results.into_iter().next().and_then(|result| result.outcome) {
        Some(preview_result::Outcome::Result(result)) => Ok(confirmation(visit, action, written, &result)),
        Some(preview_result::Outcome::Error(error)) => Ok(page(visit, action, written, &told(visit.language, &error))),
        None => Err(Failed::Bad(say!(visit.language, "append-no-outcome"))),
    }
}

/// Records an event, and leads to its record.
async fn record(visit: &Visit, action: &Action, written: &Parameters, event: Event) -> Result<Page, Failed> {
    let request = AppendRequest { events: vec![event], expected_last_position: None };
    match visit.services.ledger().append(request).await {
        Ok(answer) => {
            let position = answer.into_inner().results.first().map(|result| result.position).unwrap_or_default();
            Err(Failed::Elsewhere(visit.to_with(&format!("/records/{position}"), &[("recorded", "1")])))
        }
        Err(status) if super::failed::is_about_the_event(&status) => Ok(page(visit, action, written, &refusal(visit.language, &status))),
        Err(status) => Err(status.into()),
    }
}

/// What the ledger says of an event that it would refuse.
fn told(language: Language, error: &AppendError) -> Vec<String> {
    if error.field_violations.is_empty() {
        return vec![say!(language, "failure-refused", code = error.reason.as_str(), sentence = line(&error.message))];
    }
    error.field_violations.iter().map(|violation| format!("{}: {}", line(&violation.field), line(&violation.description))).collect()
}

/// The form of an action, with what is wrong with what was written.
fn page(visit: &Visit, action: &Action, written: &Parameters, wrong: &[String]) -> Page {
    let language = visit.language;
    let shown = html! {
        @if !wrong.is_empty() {
            div.wrong role="alert" { p { (say!(language, "console-would-be-refused")) } ul { @for why in wrong { li { (why) } } } }
        }
        form.form method="post" action=(visit.to(&visit.path)) {
            (hidden(visit, written))
            @for field in action.fields { (field.show(language, written)) }
            label { span { (say!(language, "console-occurred-at")) } input type="datetime-local" step="1" name=(OCCURRED_AT) value=(written.get(OCCURRED_AT)) required; }
            div.buttons {
                button.main type="submit" name=(STEP) value="preview" { (say!(language, "console-preview")) }
                a href=(visit.to("/")) { (say!(language, "console-cancel")) }
            }
            p.hint { (say!(language, "console-preview-hint", person = visit.person.name())) }
        }
    };
    Page::new(Place::Nowhere, say!(language, "console-act"), language.text(action.title, &[]))
        .section(Section::new(String::new()).markup(shown))
}

/// The fields that nobody sees: the event's id, and what the form proves itself by.
fn hidden(visit: &Visit, written: &Parameters) -> Markup {
    html! {
        input type="hidden" name=(EVENT_ID) value=(written.get(EVENT_ID));
        input type="hidden" name="token" value=(visit.token);
    }
}

/// What would come of an action, and the way to do it.
fn confirmation(visit: &Visit, action: &Action, written: &Parameters, result: &AppendResult) -> Page {
    let language = visit.language;
    let effects: Vec<String> = result.effects.iter().filter_map(|effect| sentence(language, effect.effect.as_ref()?)).collect();
    let facts = action
        .fields
        .iter()
        .fold(Facts::default(), |facts, field| facts.text(language.text(field.label, &[]), field.told(language, written)));
    let facts =
        facts.text(say!(language, "console-occurred-at"), written.get(OCCURRED_AT)).text(say!(language, "records-by"), visit.person.name());
    let told = html! {
        @if result.duplicate {
            p { (say!(language, "console-recorded-before", position = result.position.to_string())) }
        } @else if effects.is_empty() {
            p { (say!(language, "console-no-effects")) }
        } @else {
            ul { @for effect in &effects { li { (effect) } } }
        }
    };
    let way = html! {
        form.form method="post" action=(visit.to(&visit.path)) {
            (hidden(visit, written))
            @for name in action.fields.iter().map(|field| field.name).chain([fields::CURRENCY, OCCURRED_AT]) {
                @if !written.get(name).is_empty() { input type="hidden" name=(name) value=(written.get(name)); }
            }
            div.buttons {
                button.main type="submit" name=(STEP) value="record" { (say!(language, "console-record-it")) }
                button type="submit" name=(STEP) value="change" { (say!(language, "console-change")) }
                a href=(visit.to("/")) { (say!(language, "console-cancel")) }
            }
            p.hint { (say!(language, "console-for-good")) }
        }
    };
    let title = say!(language, "console-confirm", action = language.text(action.title, &[]));
    Page::new(Place::Nowhere, say!(language, "console-act"), title)
        .section(Section::new(say!(language, "console-what-is-recorded")).markup(facts.show()))
        .section(Section::new(say!(language, "console-what-comes-of-it")).markup(told).markup(way))
}

#[cfg(test)]
mod tests {
    use super::fields::{Field, Kind};
    use super::*;

    #[test]
    fn every_action_is_about_an_event_of_the_contract_and_may_be_written() {
        for name in ["payout", "hold", "lift", "resolve", "brand", "reassign", "extend", "notice", "refer", "dispute"] {
            let action = actions::find(name).expect("it is there");
            assert!(crate::domain::event_types().any(|known| known == action.event_type), "{name}");
            let is_field = |field: &Field| Some(field.name) == action.new_id;
            assert!(action.new_id.is_none() || action.fields.iter().any(is_field), "{name}");
            assert!(
                action.fields.iter().filter(|field| matches!(field.kind, Kind::Money)).count() < 2,
                "{name}: the currency is one field"
            );
        }
    }
}
