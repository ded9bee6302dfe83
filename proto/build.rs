//! Compiles the contract into Rust code and into the descriptor that reflection serves. No `protoc` is needed.

use std::{env, error::Error, fs, path::Path};

use protox::prost::Message as _;

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
    Ok(())
}
