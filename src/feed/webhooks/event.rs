//! Records as CloudEvents 1.0, in the JSON format's batches.

use crate::domain::calendar::Time;
use crate::domain::event_types;
use crate::ledger::{Error, Ledger};
use crate::proto::{self, DESCRIPTOR};
use chrono::SecondsFormat;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::{Value, json};
use std::sync::LazyLock;

/// The media type of a batch.
pub const MEDIA_TYPE: &str = "application/cloudevents-batch+json; charset=utf-8";
/// What types begin with.
const PACKAGE: &str = "partnership.ledger.v1";

static POOL: LazyLock<Option<DescriptorPool>> = LazyLock::new(|| DescriptorPool::decode(DESCRIPTOR).ok());

/// The batch of some records.
///
/// # Errors
/// `Internal` if one cannot be written, which is a defect.
pub fn batch(records: &[proto::Record], source: &str, ledger: &Ledger) -> Result<Vec<u8>, Error> {
    let events: Result<Vec<Value>, Error> = records.iter().map(|record| event(record, source, ledger)).collect();
    serde_json::to_vec(&events?).map_err(|error| Error::Internal(error.to_string()))
}

/// The batch that an endpoint is tried with.
pub fn test(id: &str, source: &str, now: Time) -> Vec<u8> {
    let event = json!({
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": format!("{PACKAGE}.webhook_test"),
        "time": text(now),
        "datacontenttype": "application/json",
        "data": {},
    });
    Value::Array(vec![event]).to_string().into_bytes()
}

fn event(record: &proto::Record, source: &str, ledger: &Ledger) -> Result<Value, Error> {
    let defect = |why: String| Error::Internal(format!("record {}: {why}", record.position));
    let data = to_json(record).map_err(defect)?;
    let mut fields = data.get("event").and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.as_str());
    let kind = fields.find(|name| event_types().any(|known| known == *name)).unwrap_or("unknown").to_owned();
    let event = record.event.clone().unwrap_or_default();
    let occurred = event.occurred_at.and_then(|time| Time::from_timestamp(time.seconds, time.nanos.try_into().ok()?));
    let mut value = json!({
        "specversion": "1.0",
        "id": event.event_id,
        "source": source,
        "type": format!("{PACKAGE}.{kind}"),
        "time": occurred.map(text),
        "datacontenttype": "application/json",
        // As text: integers of CloudEvents have 32 bits.
        "position": record.position.to_string(),
        "data": data,
    });
    if let (Some(subject), Some(object)) = (subject(record, ledger), value.as_object_mut()) {
        object.insert("subject".to_owned(), Value::String(subject));
    }
    Ok(value)
}

/// The partner that a record is about; `None` if it is about none or several.
fn subject(record: &proto::Record, ledger: &Ledger) -> Option<String> {
    let record = crate::domain::Record::from_message(record).ok()?;
    let view = ledger.view_at(crate::domain::Seen::ALL);
    match view.subjects(&record).partners.as_slice() {
        [partner] => Some(view.partners.key(*partner).to_string()),
        _ => None,
    }
}

/// A record as `records --json` writes it.
fn to_json(record: &proto::Record) -> Result<Value, String> {
    let descriptor =
        POOL.as_ref().and_then(|pool| pool.get_message_by_name(&format!("{PACKAGE}.Record"))).ok_or("the contract has none")?;
    let mut dynamic = DynamicMessage::new(descriptor);
    dynamic.transcode_from(record).map_err(|error| error.to_string())?;
    let options = SerializeOptions::new().use_proto_field_name(true).skip_default_fields(false).stringify_64_bit_integers(true);
    dynamic.serialize_with_options(serde_json::value::Serializer, &options).map_err(|error| error.to_string())
}

fn text(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
