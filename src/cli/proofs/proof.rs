//! `proof`: that a record is in a signed checkpoint, as a file that can be checked without the ledger.

use super::{aside, write};
use crate::cli::client::Session;
use crate::cli::failure::Failure;
use crate::cli::language::say;
use partnership_ledger::proto::GetProofRequest;
use partnership_ledger::proto::get_proof_request::Key;
use std::path::{Path, PathBuf};

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
    if let (Some(proof), Some(record)) = (&args.out, &args.record_out)
        && is_same_file(proof, record)
    {
        return Err(Failure::usage(say!(session.out.language, "proof-same-file", file = record.display().to_string())));
    }
    let answer = session.signing_audit().await?.get_proof(GetProofRequest { key: Some(key) }).await?.into_inner();
    if let Some(path) = &args.out {
        write(path, answer.proof.as_bytes())?;
    }
    if let Some(path) = &args.record_out {
        write(path, &answer.record).inspect_err(|_| {
            // One without the other is of no use.
            args.out.iter().for_each(|proof| drop(std::fs::remove_file(proof)));
        })?;
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

/// Whether two paths are of one file, which need not be there yet.
fn is_same_file(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| {
        let in_dir = path.parent().zip(path.file_name()).and_then(|(dir, name)| {
            let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
            Some(dir.canonicalize().ok()?.join(name))
        });
        path.canonicalize().ok().or(in_dir)
    };
    one == other || whole(one).is_some_and(|one| Some(one) == whole(other))
}
