//! The contract as released: nothing is renamed, renumbered or retyped, and what is stored keeps its bytes.

use partnership_ledger::proto;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Set it to write the golden files anew, after an addition to the contract.
const UPDATE: &str = "UPDATE_GOLDEN";

fn pool() -> DescriptorPool {
    DescriptorPool::decode(proto::DESCRIPTOR).expect("the descriptor is whole")
}

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Everything of the contract that a client can depend on, one line each.
fn surface() -> Vec<String> {
    let pool = pool();
    let ours = |name: &str| name.starts_with("partnership.ledger.");
    let mut lines = Vec::new();
    for message in pool.all_messages().filter(|message| ours(message.full_name())) {
        for field in message.fields() {
            let oneof = field.containing_oneof().map(|oneof| oneof.name().to_owned()).unwrap_or_default();
            let cardinality = format!("{:?}", field.cardinality()).to_lowercase();
            lines.push(format!(
                "field {}.{} = {} {cardinality} {} oneof({oneof})",
                message.full_name(),
                field.name(),
                field.number(),
                kind(&field)
            ));
        }
    }
    for enumeration in pool.all_enums().filter(|enumeration| ours(enumeration.full_name())) {
        lines.extend(enumeration.values().map(|value| format!("value {}.{} = {}", enumeration.full_name(), value.name(), value.number())));
    }
    for service in pool.services().filter(|service| ours(service.full_name())) {
        for method in service.methods() {
            let stream = |is_stream: bool| if is_stream { "stream " } else { "" };
            let (input, output) = (stream(method.is_client_streaming()), stream(method.is_server_streaming()));
            lines.push(format!(
                "rpc {}({input}{}) -> {output}{}",
                method.full_name(),
                method.input().full_name(),
                method.output().full_name()
            ));
        }
    }
    lines.sort();
    lines
}

fn kind(field: &FieldDescriptor) -> String {
    match field.kind() {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(enumeration) => enumeration.full_name().to_owned(),
        scalar => format!("{scalar:?}").to_lowercase(),
    }
}

#[test]
fn nothing_that_was_released_is_renamed_renumbered_or_retyped() {
    let surface = surface();
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(golden("contract.txt"), surface.join("\n") + "\n").expect("written");
    }
    let released = std::fs::read_to_string(golden("contract.txt")).expect("the released contract is kept");
    let gone: Vec<&str> = released.lines().filter(|line| surface.binary_search(&(*line).to_owned()).is_err()).collect();
    assert!(gone.is_empty(), "these are part of the released contract and are gone or changed:\n{}", gone.join("\n"));
    let added = surface.iter().filter(|line| !released.lines().any(|released| released == *line)).count();
    assert_eq!(added, 0, "the contract has additions: run with {UPDATE}=1 to release them");
}

/// A message with a value in every field; of a oneof, the arm asked for, else the first.
fn sample(descriptor: &MessageDescriptor, arms: &HashMap<String, String>, depth: u32) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    for field in descriptor.fields() {
        let skipped = field.containing_oneof().is_some_and(|oneof| {
            let first = oneof.fields().next().map(|field| field.name().to_owned());
            let chosen = arms.get(oneof.full_name()).cloned().or(first);
            chosen.as_deref() != Some(field.name())
        });
        if skipped || depth > 8 {
            continue;
        }
        let value = if field.is_map() {
            Value::Map(HashMap::from([(MapKey::String("key".into()), Value::String("value".into()))]))
        } else if field.is_list() {
            Value::List(vec![sample_of(&field, arms, depth), sample_of(&field, arms, depth)])
        } else {
            sample_of(&field, arms, depth)
        };
        message.set_field(&field, value);
    }
    message
}

fn sample_of(field: &FieldDescriptor, arms: &HashMap<String, String>, depth: u32) -> Value {
    let number = field.number();
    match field.kind() {
        Kind::Bool => Value::Bool(true),
        Kind::String => Value::String(format!("{}-ไทย", field.name())),
        Kind::Bytes => Value::Bytes(vec![1, 2, 3].into()),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(1_000 + number),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(1 << 40 | u64::from(number)),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(7),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(-(1 << 40) - i64::from(number)),
        Kind::Double => Value::F64(0.5),
        Kind::Float => Value::F32(0.5),
        Kind::Enum(enumeration) => Value::EnumNumber(enumeration.values().last().expect("an enum has values").number()),
        Kind::Message(message) => Value::Message(sample(&message, arms, depth + 1)),
    }
}

/// The bytes of a record for every arm of every oneof that a record can hold.
fn stored() -> BTreeMap<String, Vec<u8>> {
    let pool = pool();
    let record = pool.get_message_by_name("partnership.ledger.v1.Record").expect("records are in the contract");
    let mut stored = BTreeMap::new();
    let inside = |message: &MessageDescriptor| {
        let name = message.name();
        !name.ends_with("Request") && !name.ends_with("Response") && message.full_name().starts_with("partnership.ledger.")
    };
    for message in pool.all_messages().filter(inside) {
        for oneof in message.oneofs().filter(|oneof| !oneof.name().starts_with('_')) {
            for arm in oneof.fields() {
                let mut arms = HashMap::from([(oneof.full_name().to_owned(), arm.name().to_owned())]);
                reach(&message, &mut arms);
                let bytes: proto::Record = sample(&record, &arms, 0).transcode_to().expect("a record");
                stored.insert(format!("{}.{}", message.name(), arm.name()), bytes.encode_to_vec());
            }
        }
    }
    stored
}

/// Chooses the body or effect that holds a message with a choice of its own.
fn reach(message: &MessageDescriptor, arms: &mut HashMap<String, String>) {
    let pool = pool();
    for (outer, oneof) in [("Event", "body"), ("Effect", "effect")] {
        let outer = pool.get_message_by_name(&format!("partnership.ledger.v1.{outer}")).expect("in the contract");
        let choice = outer.oneofs().find(|known| known.name() == oneof).expect("in the contract");
        let holder = choice.fields().find(|field| matches!(field.kind(), Kind::Message(inner) if holds(&inner, message, 0)));
        if let Some(holder) = holder.filter(|_| outer.full_name() != message.full_name()) {
            arms.entry(choice.full_name().to_owned()).or_insert_with(|| holder.name().to_owned());
        }
    }
}

fn holds(outer: &MessageDescriptor, message: &MessageDescriptor, depth: u32) -> bool {
    let inner = |field: FieldDescriptor| matches!(field.kind(), Kind::Message(inner) if holds(&inner, message, depth + 1));
    outer == message || depth < 6 && outer.fields().any(inner)
}

#[test]
fn stored_messages_keep_their_bytes() {
    let stored = stored();
    assert!(stored.len() > 60, "every event, effect and choice has a sample");
    let lines = stored.iter().fold(String::new(), |mut lines, (name, bytes)| {
        let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let _ = writeln!(lines, "{name} {hex}");
        lines
    });
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(golden("records.txt"), &lines).expect("written");
    }
    let kept = std::fs::read_to_string(golden("records.txt")).expect("the stored records are kept");
    for line in kept.lines() {
        let (name, hex) = line.split_once(' ').expect("a name and its bytes");
        let bytes: Vec<u8> = (0..hex.len() / 2).map(|place| u8::from_str_radix(&hex[2 * place..2 * place + 2], 16).expect("hex")).collect();
        let record = proto::Record::decode(bytes.as_slice()).unwrap_or_else(|error| panic!("{name} can no longer be read: {error}"));
        assert_eq!(record.encode_to_vec(), bytes, "{name}: what was stored is not what is read and written now");
        assert_eq!(stored.get(name), Some(&bytes), "{name}: the same record is stored with other bytes now");
    }
    assert_eq!(kept.lines().count(), stored.len(), "there are new messages: run with {UPDATE}=1 to keep their bytes");
}
