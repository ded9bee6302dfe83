//! The types of events as commands, and their fields as options, by the contract's own description: a new type needs no code here.

use super::value::{choices, is_choice, read};
use clap::builder::{PossibleValuesParser, TypedValueParser as _, ValueParser};
use clap::{Arg, ArgAction, ArgGroup, Command};
use partnership_ledger::language::comments::{comment, in_short};
use partnership_ledger::language::json::descriptor;
use partnership_ledger::proto::Event;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::Value;

/// The types of events, each as the field of an event that has it.
pub fn event_types() -> impl Iterator<Item = FieldDescriptor> {
    let event = descriptor::<Event>();
    event.oneofs().next().into_iter().flat_map(|body| body.fields().collect::<Vec<_>>())
}

/// Adds a command for each type of event.
pub fn with_events(command: Command) -> Command {
    event_types().fold(command, |command, event_type| command.subcommand(event_command(&event_type)))
}

/// A type's name as a command: `sale-recorded`.
fn command_name(event_type: &FieldDescriptor) -> String {
    event_type.name().replace('_', "-")
}

fn event_command(event_type: &FieldDescriptor) -> Command {
    let Kind::Message(message) = event_type.kind() else { unreachable!("an event's body is a message") };
    let about = in_short(comment_of(event_type)).to_owned();
    let command = Command::new(command_name(event_type)).about(about).arg_required_else_help(true);
    let command = message.fields().fold(command, |command, field| command.arg(option(&field)));
    let groups = message.oneofs().filter(|oneof| oneof.fields().len() > 1);
    groups.fold(command, |command, oneof| {
        let ids: Vec<String> = oneof.fields().map(|field| field.name().to_owned()).collect();
        command.group(ArgGroup::new(oneof.name().to_owned()).args(ids).multiple(false))
    })
}

/// A field as an option.
fn option(field: &FieldDescriptor) -> Arg {
    let option = Arg::new(field.name().to_owned()).long(field.name().replace('_', "-")).help(help(field));
    if matches!(field.kind(), Kind::Bool) {
        return option.action(ArgAction::SetTrue);
    }
    let action = if field.is_list() { ArgAction::Append } else { ArgAction::Set };
    option.action(action).value_name(value_name(field)).value_parser(parser(field)).allow_hyphen_values(true)
}

fn parser(field: &FieldDescriptor) -> ValueParser {
    let field = field.clone();
    match field.kind() {
        Kind::Enum(kind) => {
            let names = choices(&kind).map(|(word, _)| word).collect::<Vec<_>>();
            let chosen =
                move |word: String| choices(&kind).find(|(known, _)| *known == word).map_or(Value::Null, |(_, name)| Value::String(name));
            PossibleValuesParser::new(names).map(chosen).into()
        }
        _ => ValueParser::from(move |text: &str| read(&field, text)),
    }
}

/// What stands for the value in help.
fn value_name(field: &FieldDescriptor) -> String {
    match field.kind() {
        Kind::Message(message) => match message.full_name() {
            "partnership.ledger.v1.Money" => "AMOUNT",
            "google.protobuf.Timestamp" => "TIME",
            _ => "JSON|@FILE",
        },
        kind if is_choice(&kind) => "WHICH",
        Kind::String if field.name().ends_with("_id") => "ID",
        Kind::String => "TEXT",
        _ => "N",
    }
    .to_owned()
}

/// What the contract says about a field, in short; of one that has fields itself also which.
fn help(field: &FieldDescriptor) -> String {
    let sentence = in_short(comment_of(field));
    let repeated = if field.is_list() { "; may be repeated" } else { "" };
    match field.kind() {
        Kind::Message(message) if value_name(field) == "JSON|@FILE" => format!("{sentence}{repeated}; fields: {}", names(&message)),
        _ => format!("{sentence}{repeated}"),
    }
}

fn names(message: &MessageDescriptor) -> String {
    message.fields().map(|field| field.name().to_owned()).collect::<Vec<_>>().join(", ")
}

fn comment_of(field: &FieldDescriptor) -> &'static str {
    comment(field.parent_file().name(), field.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_event_is_a_command_whose_options_are_explained() {
        let command = with_events(Command::new("record"));
        assert_eq!(command.get_subcommands().count(), event_types().count());
        command.clone().debug_assert();
        for command in command.get_subcommands() {
            assert!(command.get_about().is_some_and(|about| !about.to_string().is_empty()), "{}", command.get_name());
            for option in command.get_arguments().filter(|option| option.get_id() != "help") {
                assert!(option.get_help().is_some_and(|help| help.to_string().len() > 2), "{} {}", command.get_name(), option.get_id());
            }
        }
    }
}
