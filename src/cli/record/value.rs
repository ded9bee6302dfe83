//! The values of options, as the contract's JSON.

use chrono::DateTime;
use partnership_ledger::language::written::money;
use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind};
use serde_json::{Value, json};
use std::fs;

/// The most bytes of a file that an option names.
const MAX_BYTES: u64 = 4 << 20;

/// Whether a field has one of some values.
pub fn is_choice(kind: &Kind) -> bool {
    matches!(kind, Kind::Enum(_))
}

/// The values of an enum: the words for them, as options have them, and their names in the contract. What was not said is none.
pub fn choices(kind: &EnumDescriptor) -> impl Iterator<Item = (String, String)> {
    let names: Vec<String> = kind.values().filter(|value| value.number() != 0).map(|value| value.name().to_owned()).collect();
    // All begin with the name of the value 0, but for its last word: ACQUIRED_BY_UNSPECIFIED.
    let unsaid = kind.default_value();
    let prefix = unsaid.name().strip_suffix("UNSPECIFIED").unwrap_or_default().to_owned();
    names.into_iter().map(move |name| (name.strip_prefix(&prefix).unwrap_or(&name).to_lowercase().replace('_', "-"), name))
}

/// Reads the value of a field's option.
///
/// # Errors
/// What it must be.
pub fn read(field: &FieldDescriptor, text: &str) -> Result<Value, String> {
    match field.kind() {
        Kind::String => Ok(Value::from(text)),
        Kind::Uint32 | Kind::Uint64 | Kind::Fixed32 | Kind::Fixed64 => {
            text.parse::<u64>().map(Value::from).map_err(|_| "must be a whole number, not below zero".to_owned())
        }
        Kind::Int32 | Kind::Int64 | Kind::Sint32 | Kind::Sint64 | Kind::Sfixed32 | Kind::Sfixed64 => {
            text.parse::<i64>().map(Value::from).map_err(|_| "must be a whole number".to_owned())
        }
        Kind::Message(message) => match message.full_name() {
            "partnership.ledger.v1.Money" => {
                let money =
                    money(text).ok_or("must be an amount with its currency, and no more decimals than that has, such as 499.00USD")?;
                Ok(json!({ "currency_code": money.currency_code, "minor_units": money.minor_units.to_string() }))
            }
            "google.protobuf.Timestamp" => time(text),
            _ => document(text),
        },
        kind => Err(format!("cannot be given here: it is {kind:?}")),
    }
}

/// Reads an instant.
///
/// # Errors
/// What it must be.
pub fn time(text: &str) -> Result<Value, String> {
    let time = DateTime::parse_from_rfc3339(text);
    time.map(|_| Value::from(text))
        .map_err(|_| "must be an instant, such as 2026-11-22T09:30:00Z: what happens on a day happens at a time of it".to_owned())
}

/// Reads JSON, or the file behind an @; lines of it that begin with // are comments.
fn document(text: &str) -> Result<Value, String> {
    let text = match text.strip_prefix('@') {
        Some(path) => {
            let about = fs::metadata(path).map_err(|error| format!("{path} cannot be read: {error}"))?;
            if !about.is_file() || about.len() > MAX_BYTES {
                return Err(format!("{path} is no regular file of at most {MAX_BYTES} bytes"));
            }
            fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}"))?
        }
        None => text.to_owned(),
    };
    serde_json::from_str(&without_comments(&text)).map_err(|error| format!("is no JSON: {error}"))
}

/// Empties the lines that begin with //, so that those of an error keep their numbers.
fn without_comments(text: &str) -> String {
    let lines = text.lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use partnership_ledger::language::json::descriptor;
    use partnership_ledger::proto::Event;

    fn field(event_type: &str, name: &str) -> FieldDescriptor {
        let Some(Kind::Message(message)) = descriptor::<Event>().get_field_by_name(event_type).map(|field| field.kind()) else {
            panic!("no event type {event_type}")
        };
        message.get_field_by_name(name).expect("a field")
    }

    #[test]
    fn values_are_read_by_the_kind_of_their_field() {
        let amount = field("sale_recorded", "amount");
        assert_eq!(read(&amount, "499.00USD"), Ok(json!({"currency_code": "USD", "minor_units": "49900"})));
        assert!(read(&amount, "499").expect_err("no currency").contains("499.00USD"));
        let through = field("period_closed", "through");
        assert_eq!(read(&through, "2026-01-31T23:59:59Z"), Ok(json!("2026-01-31T23:59:59Z")));
        assert!(read(&through, "2026-01-31").is_err());
        assert_eq!(read(&field("sale_recorded", "lines"), "// a line\n{\"line_id\": \"l-1\"}"), Ok(json!({"line_id": "l-1"})));
        assert!(read(&field("agreement_signed", "terms"), "@/there/is/none").expect_err("no file").contains("/there/is/none"));
        assert!(read(&field("reach_measured", "visits"), "many").is_err());
    }

    #[test]
    fn choices_are_the_contract_s_names_without_what_all_have() {
        let Kind::Enum(kind) = field("lead_referred", "acquired_by").kind() else { panic!("an enum") };
        let choices: Vec<_> = choices(&kind).collect();
        assert_eq!(choices[0], ("partner".to_owned(), "ACQUIRED_BY_PARTNER".to_owned()));
        assert!(choices.iter().all(|(word, _)| word != "unspecified"), "{choices:?}");
    }
}
