//! Compiles the contract into Rust code and into the descriptor that reflection serves. No `protoc` is needed.

use std::{env, error::Error, fs, path::Path};

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

    let mut builder = tonic_prost_build::configure().build_client(true).build_server(true).btree_map(".");
    for path in BOXED {
        builder = builder.boxed(path);
    }
    builder.compile_fds(descriptors)?;
    manual::Builder::new().build_client(false).compile(&[writing()]);
    Ok(())
}

/// The service that takes events in, once more: over types that keep the bytes that events come in and answers go out in.
fn writing() -> manual::Service {
    let method = |name, route_name, input: &str, output: &str| {
        let path = |name: &str| format!("crate::grpc::wire::{name}");
        let method = manual::Method::builder().name(name).route_name(route_name);
        method.input_type(path(input)).output_type(path(output)).codec_path("crate::grpc::wire::WireCodec")
    };
    let append = method("append", "Append", "Append", "Appended");
    let append_stream = method("append_stream", "AppendStream", "StreamAppend", "StreamAppended").client_streaming().server_streaming();
    let service = manual::Service::builder().name("LedgerService").package("partnership.ledger.v1");
    service.method(append.build()).method(append_stream.build()).build()
}
