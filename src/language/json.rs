//! Proto3 JSON of the contract's messages, by the descriptor that the server also serves.

use super::text::{is_deceptive, line};
use super::{Language, say};
use crate::proto;
use prost::Message;
use prost_reflect::{DescriptorPool, DeserializeOptions, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, SerializeOptions};
use serde::Serialize as _;
use serde_json::ser::{CompactFormatter, Formatter};
use std::io::{self, Write};
use std::sync::LazyLock;

static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(proto::DESCRIPTOR).expect("the build made the descriptor of the contract"));
static OPTIONS: LazyLock<SerializeOptions> =
    LazyLock::new(|| SerializeOptions::new().use_proto_field_name(true).skip_default_fields(false).stringify_64_bit_integers(true));

/// A message that knows its name in the contract.
pub trait Named: Message + Default {
    /// Its name in `partnership.ledger.v1`.
    const NAME: &'static str;
}

macro_rules! named {
    ($($name:ident),* $(,)?) => {
        $(impl Named for proto::$name {
            const NAME: &'static str = stringify!($name);
        })*
    };
}

named! {
    AddWebhookResponse, Agreement, Alert, AppendResult, Balance, Campaign, Dispute, Entry, Event, ExplainSaleResponse, GetAgreementResponse, GetBalanceResponse, GetCampaignResponse, GetCheckpointResponse, GetLeadResponse, GetMetricsResponse, GetPartnerResponse, GetProgrammeResponse, GetProofResponse, GetTrialBalanceResponse, Lead, Partner, PartnerBalances, Payable, Payout, PayoutSummaryRow, Programme, Record, RemoveWebhookResponse, RotateWebhookSecretResponse, TestWebhookResponse, Webhook, WhoAmIResponse,
}

/// Returns what the contract says of a message.
pub fn descriptor<M: Named>() -> MessageDescriptor {
    POOL.get_message_by_name(&format!("partnership.ledger.v1.{}", M::NAME)).expect("the name is one of the contract's")
}

/// Returns a message whose fields can be iterated.
pub fn reflect<M: Named>(message: &M) -> DynamicMessage {
    let mut dynamic = DynamicMessage::new(descriptor::<M>());
    dynamic.transcode_from(message).expect("a message decodes by its own descriptor");
    dynamic
}

/// Writes a message with the contract's field names, defaults included.
pub fn write<M: Named>(writer: &mut impl Write, message: &M) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(writer, Escaping(CompactFormatter));
    reflect(message).serialize_with_options(&mut serializer, &OPTIONS).map_err(io::Error::from)
}

/// Returns a document of this program's own as one line of JSON.
pub fn text(document: &serde_json::Value) -> String {
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, Escaping(CompactFormatter));
    document.serialize(&mut serializer).expect("memory takes it, and keys are texts");
    String::from_utf8(text).expect("JSON is UTF-8")
}

/// Writes deceptive characters of texts as JSON escapes: what reads it gets the same text, and a terminal shows what is there.
struct Escaping(CompactFormatter);

impl Formatter for Escaping {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(is_deceptive) {
            self.0.write_string_fragment(writer, &rest[..at])?;
            let mut after = rest[at..].chars();
            let letter = after.next().unwrap_or_default();
            for unit in letter.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = after.as_str();
        }
        self.0.write_string_fragment(writer, rest)
    }
}

/// Why a text is no message.
#[derive(Debug, PartialEq, Eq)]
pub enum Unread {
    /// A field of an enum has a name that is none of its values.
    Enum {
        /// The field's path: `agreement_signed.type`.
        field: String,
        /// What it has.
        value: String,
        /// What it may have, in the contract's order.
        allowed: String,
    },
    /// It is no JSON, or no message of this kind.
    Other {
        /// What is wrong, in English.
        error: String,
        /// Where in the text, in bytes from 1, if that is known.
        column: Option<usize>,
    },
}

impl Unread {
    /// Says what is wrong, in a language.
    pub fn text(&self, language: Language) -> String {
        match self {
            Self::Enum { field, value, allowed } => {
                say!(language, "json-enum", field = line(field), value = line(value), allowed = allowed.as_str())
            }
            Self::Other { error, column: None } => line(error),
            Self::Other { error, column: Some(column) } => say!(language, "json-at-column", error = line(error), column = *column),
        }
    }

    /// Takes the place out of an error's text: a text of one line has no line but the first.
    fn of(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        match text.strip_suffix(&place) {
            Some(error_text) if error.line() == 1 => Self::Other { error: error_text.to_owned(), column: Some(error.column()) },
            _ => Self::Other { error: text, column: None },
        }
    }
}

/// Parses a message; field names may be in snake case or camel case.
///
/// # Errors
/// The first thing that is wrong.
pub fn read<M: Named>(text: &[u8]) -> Result<M, Unread> {
    let mut source = serde_json::Deserializer::from_slice(text);
    let dynamic = DynamicMessage::deserialize_with_options(descriptor::<M>(), &mut source, &DeserializeOptions::new())
        .and_then(|message| source.end().map(|()| message))
        .map_err(|error| {
            // The library does not say which values there are.
            let document = serde_json::from_slice(text).ok();
            document.and_then(|document| unknown_value(&descriptor::<M>(), &document, "")).unwrap_or_else(|| Unread::of(&error))
        })?;
    dynamic.transcode_to().map_err(|error| Unread::Other { error: error.to_string(), column: None })
}

/// Finds the first field of an enum in a document that has a name which is none of its values.
fn unknown_value(message: &MessageDescriptor, document: &serde_json::Value, path: &str) -> Option<Unread> {
    document.as_object()?.iter().find_map(|(name, value)| {
        let field = message.get_field_by_name(name).or_else(|| message.get_field_by_json_name(name))?;
        let path = if path.is_empty() { field.name().to_owned() } else { format!("{path}.{}", field.name()) };
        match value.as_array().filter(|_| field.is_list()) {
            Some(items) => items.iter().enumerate().find_map(|(index, item)| unknown_in_field(&field, item, &format!("{path}[{index}]"))),
            None => unknown_in_field(&field, value, &path),
        }
    })
}

fn unknown_in_field(field: &FieldDescriptor, value: &serde_json::Value, path: &str) -> Option<Unread> {
    match field.kind() {
        Kind::Message(inner) => unknown_value(&inner, value, path),
        Kind::Enum(inner) => value.as_str().filter(|name| inner.get_value_by_name(name).is_none()).map(|name| {
            // The value 0 of every enum stands for what was not said.
            let named: Vec<String> = inner.values().filter(|value| value.number() != 0).map(|value| value.name().to_owned()).collect();
            Unread::Enum { field: path.to_owned(), value: name.to_owned(), allowed: named.join(", ") }
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALE: &str = r#"{"event_id":"8af0e015-6d24-5ab3-8a2e-5621ea0ad478","occurred_at":"2025-01-01T00:00:00Z",
        "sale_recorded":{"sale_id":"sale-1","amount":{"currency_code":"USD","minor_units":"10000"}}}"#;

    #[test]
    fn deceptive_characters_are_escaped_and_read_as_they_were() {
        let name = "a\u{9b}b\u{202e}c\u{2028}d\u{e0041}\"\\ พันธมิตร";
        let partner = proto::Partner { display_name: name.to_owned(), ..proto::Partner::default() };
        let mut text = Vec::new();
        write(&mut text, &partner).expect("memory");
        let text = String::from_utf8(text).expect("JSON is UTF-8");
        assert!(text.contains(r#""a\u009bb\u202ec\u2028d\udb40\udc41\"\\ พันธมิตร""#), "{text}");
        assert_eq!(read::<proto::Partner>(text.as_bytes()), Ok(partner));
    }

    #[test]
    fn both_spellings_of_field_names_are_read() {
        let camel = SALE.replace("event_id", "eventId").replace("occurred_at", "occurredAt").replace("sale_recorded", "saleRecorded");
        let event: proto::Event = read(SALE.as_bytes()).expect("valid");
        assert_eq!(event, read(camel.as_bytes()).expect("valid"));
        assert_eq!(event.occurred_at.map(|time| time.seconds), Some(1_735_689_600));
    }

    #[test]
    fn an_unknown_field_or_a_second_value_is_refused() {
        let unknown = SALE.replace("sale_id", "sale_number");
        assert!(read::<proto::Event>(unknown.as_bytes()).expect_err("unknown field").text(Language::English).contains("sale_number"));
        let twice = format!("{SALE} {SALE}");
        assert!(read::<proto::Event>(twice.as_bytes()).expect_err("trailing").text(Language::English).contains("trailing"));
    }

    #[test]
    fn a_name_that_an_enum_does_not_have_is_told_with_those_that_it_has() {
        let terms =
            r#"{"agreementSigned": {"terms": {"commission": {"rules": [{"trigger": "COMMISSION_TRIGGER_SALE"}, {"trigger": "SALE"}]}}}}"#;
        let unread = read::<proto::Event>(terms.as_bytes()).expect_err("unknown value");
        let says = "agreement_signed.terms.commission.rules[1].trigger: 'SALE' is not one of COMMISSION_TRIGGER_SALE, COMMISSION_TRIGGER_";
        assert!(unread.text(Language::English).starts_with(says), "{unread:?}");
    }

    #[test]
    fn a_place_within_a_line_is_a_column() {
        let unread = read::<proto::Event>(br#"{"sale_recorded": }"#).expect_err("no JSON");
        assert_eq!(unread.text(Language::English), "expected value, column 19");
        let unread = read::<proto::Event>(br#"{"sale_number": 1}"#).expect_err("unknown field");
        assert!(!unread.text(Language::English).contains("line 1"), "{unread:?}");
    }

    #[test]
    fn defaults_are_written_and_int64_are_texts() {
        let mut text = Vec::new();
        write(&mut text, &proto::GetBalanceResponse { balances: vec![proto::Balance::default()], position: 7, closed: None })
            .expect("memory");
        let text = String::from_utf8(text).expect("JSON is UTF-8");
        assert!(text.contains(r#""payable":"0""#) && text.contains(r#""position":"7""#), "{text}");
    }
}
