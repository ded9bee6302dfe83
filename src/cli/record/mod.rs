//! `record`: one event without JSON, such as `record sale-recorded --sale-id s-1 --lead-id lead-1 --amount 499.00USD`.

mod flags;
mod value;

use super::client::Session;
use super::failure::{Failure, Refusal};
use super::language::{Language, say};
use super::text::line;
use chrono::{SecondsFormat, Utc};
use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches};
use partnership_ledger::language::json::read;
use partnership_ledger::language::records::sentence;
use partnership_ledger::proto::preview_result::Outcome;
use partnership_ledger::proto::{AppendRequest, AppendResult, Event, PreviewRequest};
use serde_json::{Map, Value};
use uuid::Uuid;

/// The event that the options say.
#[derive(Debug)]
pub struct Args {
    event_type: String,
    event_id: String,
    is_dry_run: bool,
    /// The event as proto3 JSON.
    event: Value,
}

const AT: &str = "at";
const EVENT_ID: &str = "event-id";
const DRY_RUN: &str = "dry-run";
const METADATA: &str = "metadata";

impl clap::Args for Args {
    fn augment_args(command: Command) -> Command {
        let at = Arg::new(AT).long(AT).global(true).value_name("TIME").help("When it happened [default: now]").value_parser(value::time);
        let id = Arg::new(EVENT_ID).long(EVENT_ID).global(true).value_name("UUID");
        let id = id.help("The event's id: what is recorded under it is recorded once [default: a new one, which is shown]");
        let id = id.value_parser(|text: &str| Uuid::parse_str(text).map_err(|error| error.to_string()));
        let dry_run = Arg::new(DRY_RUN).long(DRY_RUN).global(true).action(ArgAction::SetTrue).help("Only say what would become of it");
        let metadata = Arg::new(METADATA).long(METADATA).global(true).value_name("KEY=VALUE").action(ArgAction::Append);
        let metadata = metadata.help("A note of your own, without meaning to the ledger; may be repeated").value_parser(pair);
        command
            .args([at, id, dry_run, metadata])
            .subcommand_required(true)
            .arg_required_else_help(true)
            .subcommand_value_name("EVENT")
            .subcommand_help_heading("Events")
            // What the contract has is looked at only if the command is asked for.
            .defer(flags::with_events)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("must be KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

impl FromArgMatches for Args {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let missing = || clap::Error::raw(clap::error::ErrorKind::MissingSubcommand, "which event?");
        let (command, given) = matches.subcommand().ok_or_else(missing)?;
        let event_type = flags::event_types().find(|known| known.name().replace('_', "-") == command).ok_or_else(missing)?;
        let prost_reflect::Kind::Message(message) = event_type.kind() else { return Err(missing()) };
        let mut body = Map::new();
        for field in message.fields() {
            let name = field.name();
            if matches!(field.kind(), prost_reflect::Kind::Bool) {
                if given.get_flag(name) {
                    body.insert(name.to_owned(), Value::Bool(true));
                }
            } else if field.is_list() {
                let items: Vec<Value> = given.get_many(name).into_iter().flatten().cloned().collect();
                if !items.is_empty() {
                    body.insert(name.to_owned(), Value::Array(items));
                }
            } else if let Some(value) = given.get_one::<Value>(name) {
                body.insert(name.to_owned(), value.clone());
            }
        }
        let event_id = given.get_one::<Uuid>(EVENT_ID).copied().unwrap_or_else(Uuid::now_v7).to_string();
        let now = || Value::String(Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true));
        let metadata = given.get_many::<(String, String)>(METADATA).into_iter().flatten();
        let metadata: Map<String, Value> = metadata.map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect();
        let mut event = Map::new();
        event.insert("event_id".to_owned(), Value::from(event_id.as_str()));
        event.insert("occurred_at".to_owned(), given.get_one::<Value>(AT).cloned().unwrap_or_else(now));
        if !metadata.is_empty() {
            event.insert("metadata".to_owned(), Value::Object(metadata));
        }
        event.insert(event_type.name().to_owned(), Value::Object(body));
        let is_dry_run = given.get_flag(DRY_RUN);
        Ok(Self { event_type: event_type.name().to_owned(), event_id, is_dry_run, event: Value::Object(event) })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let language = session.out.language;
    let event: Event =
        read(args.event.to_string().as_bytes()).map_err(|unread| Failure::usage(format!("MALFORMED: {}", unread.text(language))))?;
    let mut ledger = session.ledger().await?;
    let result = if args.is_dry_run {
        let results = ledger.preview(PreviewRequest { events: vec![event] }).await?.into_inner().results;
        match results.into_iter().next().and_then(|result| result.outcome) {
            Some(Outcome::Result(result)) => result,
            Some(Outcome::Error(error)) => return Err(Refusal::from(error).into()),
            None => return Err(Failure::check(say!(language, "append-no-outcome"))),
        }
    } else {
        let request = AppendRequest { events: vec![event], expected_last_position: None };
        let answer = ledger.append(request).await.map_err(|status| {
            let failure = Failure::from(status);
            // It may have been recorded all the same.
            let again = format!(" ({})", say!(language, "record-again", event = args.event_id.as_str()));
            if failure.is_unavailable() { failure.with_advice(&again) } else { failure }
        })?;
        answer.into_inner().results.into_iter().next().ok_or_else(|| Failure::check(say!(language, "append-no-outcome")))?
    };
    if session.out.json {
        return session.out.message(&result);
    }
    session.out.line(&headline(language, &args, &result))?;
    let effects = result.effects.iter().filter_map(|effect| sentence(language, effect.effect.as_ref()?));
    effects.collect::<Vec<_>>().iter().try_for_each(|effect| session.out.line(&format!("  {effect}")))
}

/// Says where it is recorded, was recorded before, or would be.
fn headline(language: Language, args: &Args, result: &AppendResult) -> String {
    let (position, event, kind) = (result.position.to_string(), line(&result.event_id), args.event_type.as_str());
    if result.duplicate {
        say!(language, "record-before", position = position, event = event, kind = kind)
    } else if args.is_dry_run {
        say!(language, "record-would", position = position, kind = kind)
    } else {
        say!(language, "record-recorded", position = position, event = event, kind = kind)
    }
}
