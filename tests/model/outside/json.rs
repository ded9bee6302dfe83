//! Messages as proto3 JSON, by the descriptor alone: as a foreign client sees the contract.

use std::sync::LazyLock;

use partnership_ledger::proto::DESCRIPTOR;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor, SerializeOptions};
use serde_json::Value;

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| DescriptorPool::decode(DESCRIPTOR).expect("the descriptor is whole"));

/// The method that `package.Service/Name` names.
pub fn method(name: &str) -> MethodDescriptor {
    let (service, name) = name.rsplit_once('/').expect("a service and a method");
    let service = POOL.get_service_by_name(service).expect("a service of the contract");
    let method = service.methods().find(|method| method.name() == name);
    method.expect("a method of the service")
}

/// The message of the contract's package with this name.
pub fn message(name: &str) -> MessageDescriptor {
    let name = format!("partnership.ledger.v1.{name}");
    POOL.get_message_by_name(&name).expect("a message of the contract")
}

/// Reads proto3 JSON; fields that the contract does not have are an error.
pub fn read(kind: MessageDescriptor, json: &Value) -> DynamicMessage {
    let name = kind.full_name().to_owned();
    DynamicMessage::deserialize(kind, json).unwrap_or_else(|error| panic!("{name}: {error}: {json}"))
}

/// Writes proto3 JSON with the names of the contract; fields without presence are always there.
pub fn write(message: &DynamicMessage) -> Value {
    let options = SerializeOptions::new().use_proto_field_name(true).skip_default_fields(false);
    write_with(message, &options)
}

/// Writes one message of the contract shortly, as a line to send again.
pub fn line<M: Message>(name: &str, typed: &M) -> String {
    let options = SerializeOptions::new().use_proto_field_name(true).skip_default_fields(true);
    write_with(&dynamic(name, typed), &options).to_string()
}

/// A generated message as a dynamic one.
pub fn dynamic<M: Message>(name: &str, typed: &M) -> DynamicMessage {
    let mut dynamic = DynamicMessage::new(message(name));
    dynamic.transcode_from(typed).expect("generated from the same contract");
    dynamic
}

fn write_with(message: &DynamicMessage, options: &SerializeOptions) -> Value {
    message.serialize_with_options(serde_json::value::Serializer, options).expect("a message can be written")
}
