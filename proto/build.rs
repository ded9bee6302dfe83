//! Compiles the contract into Rust code and into the descriptor that reflection serves. No `protoc` is needed.

use std::{env, error::Error, fs, path::Path};

use prost_types::{FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto};
use protox::prost::Message as _;
use tonic_prost_build::manual;

const FILES: [&str; 7] = [
    "partnership/ledger/v1/audit_service.proto",
    "partnership/ledger/v1/events.proto",
    "partnership/ledger/v1/ledger_service.proto",
    "partnership/ledger/v1/partnership_service.proto",
    "partnership/ledger/v1/records.proto",
    "partnership/ledger/v1/terms.proto",
    "partnership/ledger/v1/webhook_service.proto",
];

/// Large parts of events and effects, kept out of line so that the common ones stay small.
const BOXED: [&str; 7] = [
    ".partnership.ledger.v1.AgreementProposed.terms",
    ".partnership.ledger.v1.AgreementSigned.terms",
    ".partnership.ledger.v1.AgreementAmended.terms",
    ".partnership.ledger.v1.ProgrammeDefined.terms",
    ".partnership.ledger.v1.ProgrammeAmended.terms",
    ".partnership.ledger.v1.LeadReferred.attribution",
    ".partnership.ledger.v1.CommissionAssessed.tier_working",
];

/// Messages of the contract once more, with `bytes` in place of parts that are passed through. Not served by reflection.
const PASS_THROUGH: &str = "internal/pass_through.proto";
const PASS_THROUGH_PACKAGE: &str = "internal";

fn main() -> Result<(), Box<dyn Error>> {
    // A directory is watched with all that is in it; that of the clients is not of this build.
    for watched in ["proto/build.rs", "proto/internal", "proto/partnership"] {
        println!("cargo::rerun-if-changed={watched}");
    }

    let descriptors = protox::compile(FILES, ["proto"])?;

    // The comments go into the code and the reference; the served descriptor does without them.
    let mut served = descriptors.clone();
    let commented = FileDescriptorSet { file: served.file.iter().filter(|file| is_ours(file)).cloned().collect() };
    for file in &mut served.file {
        file.source_code_info = None;
    }
    let out_dir = env::var("OUT_DIR")?;
    fs::write(Path::new(&out_dir).join("descriptor.bin"), served.encode_to_vec())?;
    fs::write(Path::new(&out_dir).join("commented.bin"), commented.encode_to_vec())?;

    let pass_through = compile_pass_through(Path::new(&out_dir))?;
    let services = ["LedgerService", "AuditService"].map(|name| pass_through_service(&descriptors, name, &pass_through));
    let mut builder = tonic_prost_build::configure().build_client(true).build_server(true).btree_map(".");
    for path in BOXED {
        builder = builder.boxed(path);
    }
    builder.compile_fds(descriptors)?;
    manual::Builder::new().build_client(false).compile(&services);
    Ok(())
}

/// Whether a file is one of the contract's, and no import of others.
fn is_ours(file: &FileDescriptorProto) -> bool {
    file.package() == "partnership.ledger.v1"
}

/// Compiles the messages that pass parts through, and returns their names.
fn compile_pass_through(out_dir: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let descriptors = protox::compile([PASS_THROUGH], ["proto"])?;
    let files = descriptors.file.iter().filter(|file| file.package() == PASS_THROUGH_PACKAGE);
    let names = files.flat_map(|file| &file.message_type).map(|message| message.name().to_owned()).collect();
    // The contract's messages are imported and must not be generated a second time.
    let out_dir = out_dir.join(PASS_THROUGH_PACKAGE);
    fs::create_dir_all(&out_dir)?;
    tonic_prost_build::configure()
        .build_client(false)
        .build_server(false)
        .btree_map(".")
        // Events are slices of their request, results of one buffer, and pages are shared.
        .bytes(".internal.AppendRequest")
        .bytes(".internal.AppendResponse")
        .bytes(".internal.AppendStreamRequest")
        .bytes(".internal.SubscribeResponse")
        .extern_path(".partnership.ledger.v1", "crate::proto")
        .out_dir(out_dir)
        .compile_fds(descriptors)?;
    Ok(names)
}

/// A service once more, where messages that pass parts through take the place of the contract's of the same name.
fn pass_through_service(descriptors: &FileDescriptorSet, name: &str, pass_through: &[String]) -> manual::Service {
    let services = descriptors.file.iter().flat_map(|file| &file.service);
    let described = services.into_iter().find(|service| service.name() == name).unwrap_or_else(|| panic!("there is no {name}"));
    let service = manual::Service::builder().name(name).package("partnership.ledger.v1");
    described.method.iter().fold(service, |service, method| service.method(pass_through_method(method, pass_through))).build()
}

fn pass_through_method(described: &MethodDescriptorProto, pass_through: &[String]) -> manual::Method {
    let is_passed = |name: &str| pass_through.iter().any(|passed| passed == name);
    let types = [described.input_type(), described.output_type()].map(|path| path.trim_start_matches(".partnership.ledger.v1."));
    let [input, output] = types.map(|name| format!("crate::{}::{name}", if is_passed(name) { "wire" } else { "proto" }));
    let codec = if types.into_iter().any(is_passed) { "crate::grpc::services::PassThroughCodec" } else { "tonic_prost::ProstCodec" };
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
