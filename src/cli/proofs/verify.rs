//! `verify-proof`: checks a proof as a file, offline.

use super::{read, read_policy, read_text};
use crate::cli::failure::Failure;
use crate::cli::json;
use crate::cli::language::say;
use crate::cli::output::Output;
use crate::cli::text::{line, list};
use partnership_ledger::backup::hex;
use partnership_ledger::proofs::{ProofFile, Unproved};
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Args {
    /// The proof, as `proof --out` writes it
    proof: PathBuf,
    /// The record's exact bytes, as `proof --record-out` writes them
    #[arg(long, value_name = "FILE")]
    record: PathBuf,
    /// Whom to believe: the ledger's key and those of witnesses (c2sp.org/tlog-policy). Have it from somebody whom you trust
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
}

pub fn run(args: &Args, out: &mut Output) -> Result<(), Failure> {
    let language = out.language;
    let policy = read_policy(&args.policy, language)?;
    let file = args.proof.display().to_string();
    let of_proof = |error: Unproved| match error {
        Unproved::Malformed(_) => Failure::usage(format!("{file}: {error}")),
        _ => Failure::check(format!("{file}: {error}")),
    };
    let proof = ProofFile::parse(&read_text(&args.proof)?).map_err(of_proof)?;
    let (checkpoint, cosigned) = proof.check(&read(&args.record)?, &policy).map_err(of_proof)?;
    let witnesses: Vec<String> = cosigned.by.into_iter().map(|(name, _)| name).collect();
    let (position, size) = ((proof.index + 1).to_string(), checkpoint.head.size.to_string());
    if out.json {
        let answer = serde_json::json!({
            "origin": checkpoint.origin,
            "record_position": position,
            "position": size,
            "tree_root": hex(&checkpoint.head.root),
            "cosigned_by": witnesses,
        });
        return out.line(&json::text(&answer));
    }
    let origin = line(&checkpoint.origin);
    out.line(&say!(language, "verify-proof-well", position = position, origin = origin, size = size))?;
    if witnesses.is_empty() {
        return out.line(&say!(language, "verify-proof-no-witness"));
    }
    out.line(&say!(language, "checkpoint-cosigned", witnesses = list(&witnesses)))
}
