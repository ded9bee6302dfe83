//! `checkpoint`: the signed checkpoint of a running ledger.

use super::{aside, write};
use crate::cli::client::Session;
use crate::cli::failure::Failure;
use crate::cli::language::say;
use crate::cli::text::list;
use partnership_ledger::proto::GetCheckpointRequest;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Args {
    /// Write it into a file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The least number of records that it must cover
    #[arg(long, value_name = "POSITION", default_value_t = 0)]
    min_position: u64,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let request = GetCheckpointRequest { min_position: args.min_position };
    let answer = session.signing_audit().await?.get_checkpoint(request).await?.into_inner();
    let out = &mut session.out;
    let language = out.language;
    if let Some(path) = &args.out {
        write(path, answer.checkpoint.as_bytes())?;
    }
    if out.json {
        return out.message(&answer);
    }
    if args.out.is_none() {
        // Each of its lines ends by itself.
        out.line(answer.checkpoint.trim_end())?;
    }
    if !answer.cosigned_by.is_empty() {
        aside(&say!(language, "checkpoint-cosigned", witnesses = list(&answer.cosigned_by)));
    }
    for witness in &answer.not_cosigned {
        aside(&say!(language, "checkpoint-not-cosigned", witness = list(std::slice::from_ref(witness))));
    }
    if !answer.is_quorum {
        aside(&say!(language, "checkpoint-no-quorum"));
    }
    Ok(())
}
