//! The messages, services and clients of the gRPC contract, generated from `proto/partnership/ledger/v1`.

#[allow(clippy::all, clippy::pedantic, missing_docs, reason = "generated code; its comments are the contract's")]
mod generated {
    tonic::include_proto!("partnership.ledger.v1");
}

pub use generated::*;

/// The contract as an encoded `google.protobuf.FileDescriptorSet`, imports included, for reflection and JSON.
pub const DESCRIPTOR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));

/// The files of the contract with their comments, as an encoded `google.protobuf.FileDescriptorSet`, for the reference and for help.
pub const COMMENTED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/commented.bin"));
