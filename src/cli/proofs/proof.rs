//! `proof`: that a record is in a signed checkpoint, as a file that can be checked without the ledger.

use super::{aside, write};
use crate::cli::client::Session;
use crate::cli::failure::Failure;
use crate::cli::language::say;
use partnership_ledger::proto::GetProofRequest;
use partnership_ledger::proto::get_proof_request::Key;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Args {
    /// The record: its position, or its event's id
    record: String,
    /// Write the proof into a file, whose name best ends with .tlog-proof, instead of to the standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write the record's exact bytes into a file: `verify-proof` needs both
    #[arg(long, value_name = "FILE")]
    record_out: Option<PathBuf>,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let key = match args.record.parse() {
        Ok(position) => Key::Position(position),
        Err(_) => Key::EventId(args.record),
    };
    let answer = session.audit().await?.get_proof(GetProofRequest { key: Some(key) }).await?.into_inner();
    if let Some(path) = &args.record_out {
        write(path, &answer.record)?;
    }
    if let Some(path) = &args.out {
        write(path, answer.proof.as_bytes())?;
    }
    let out = &mut session.out;
    if out.json {
        return out.message(&answer);
    }
    if args.out.is_none() {
        return out.line(answer.proof.trim_end());
    }
    let (position, signed) = (answer.record_position.to_string(), answer.position.to_string());
    aside(&say!(out.language, "proof-written", position = position, signed = signed));
    Ok(())
}
