//! Compiles the contract into Rust code and into the descriptor that reflection serves. No `protoc` is needed.

use std::{env, error::Error, fs, path::Path};

use prost_types::{FileDescriptorSet, MethodDescriptorProto};
use protox::prost::Message as _;
use tonic_prost_build::manual;

const FILES: [&str; 6] = [
    "partnership/ledger/v1/audit_service.proto",
    "partnership/ledger/v1/events.proto",
    "partnership/ledger/v1/ledger_service.proto",
    "partnership/ledger/v1/partnership_service.proto",
    "partnership/ledger/v1/records.proto",
    "partnership/ledger/v1/terms.proto",
];

/// Large parts of events and effects, kept out of line so that the common ones stay small.
const BOXED: [&str; 5] = [
    ".partnership.ledger.v1.AgreementProposed.terms",
    ".partnership.ledger.v1.AgreementSigned.terms",
    ".partnership.ledger.v1.AgreementAmended.terms",
    ".partnership.ledger.v1.LeadReferred.attribution",
    ".partnership.ledger.v1.CommissionAssessed.tier_working",
];

/// Methods over many records, with the types of `grpc::wire` that their messages are read into and written from.
const OVER_BYTES: [(&str, &str, &str); 3] =
    [("Append", "Append", "Appended"), ("AppendStream", "StreamAppend", "StreamAppended"), ("ReadRecords", "RecordsAsked", "RecordsPage")];

fn main() -> Result<(), Box<dyn Error>> {
    // A directory is watched with all that is in it, this file included.
    println!("cargo::rerun-if-changed=proto");

    let descriptors = protox::compile(FILES, ["proto"])?;

    // The comments go into the code; the served descriptor does without them.
    let mut served = descriptors.clone();
    for file in &mut served.file {
        file.source_code_info = None;
    }
    let out_dir = env::var("OUT_DIR")?;
    fs::write(Path::new(&out_dir).join("descriptor.bin"), served.encode_to_vec())?;

    let over_bytes = [over_bytes(&descriptors, "LedgerService"), over_bytes(&descriptors, "AuditService")];
    let mut builder = tonic_prost_build::configure().build_client(true).build_server(true).btree_map(".");
    for path in BOXED {
        builder = builder.boxed(path);
    }
    builder.compile_fds(descriptors)?;
    manual::Builder::new().build_client(false).compile(&over_bytes);
    Ok(())
}

/// A service once more, where the messages of `OVER_BYTES` are types that keep their bytes.
fn over_bytes(descriptors: &FileDescriptorSet, name: &str) -> manual::Service {
    let services = descriptors.file.iter().flat_map(|file| &file.service);
    let described = services.into_iter().find(|service| service.name() == name).unwrap_or_else(|| panic!("there is no {name}"));
    let service = manual::Service::builder().name(name).package("partnership.ledger.v1");
    described.method.iter().fold(service, |service, method| service.method(method_over_bytes(method))).build()
}

fn method_over_bytes(described: &MethodDescriptorProto) -> manual::Method {
    let over_bytes = OVER_BYTES.iter().find(|(name, ..)| *name == described.name());
    let message = |path: &str| format!("crate::proto::{}", path.trim_start_matches(".partnership.ledger.v1."));
    let (input, output, codec) = match over_bytes {
        Some((_, input, output)) => {
            (format!("crate::grpc::wire::{input}"), format!("crate::grpc::wire::{output}"), "crate::grpc::wire::WireCodec")
        }
        None => (message(described.input_type()), message(described.output_type()), "tonic_prost::ProstCodec"),
    };
    let method = manual::Method::builder().name(snake_case(described.name())).route_name(described.name());
    let method = method.input_type(input).output_type(output).codec_path(codec);
    let method = if described.client_streaming() { method.client_streaming() } else { method };
    let method = if described.server_streaming() { method.server_streaming() } else { method };
    method.build()
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
