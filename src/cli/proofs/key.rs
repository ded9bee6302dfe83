//! `checkpoint-key`: the key that a ledger signs its checkpoints with. It needs no running ledger.

use super::read_text;
use crate::cli::failure::Failure;
use crate::cli::language::say;
use crate::cli::output::Output;
use partnership_ledger::proofs::{ORIGIN_FILE, SecretKey, adopt, new_key, state_of};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Make a key, and beside it the file that says what it has signed: nothing. Writes the verifier key to the standard output
    New {
        /// The file of the key, which must not be there yet; FILE.signed beside it belongs to it
        file: PathBuf,
        /// The origin of the ledger: its name for good, best an address without a scheme, such as ledger.example.com/partners
        #[arg(long, value_name = "ORIGIN", required_unless_present = "data_dir", conflicts_with = "data_dir")]
        origin: Option<String>,
        /// The directory of the ledger, which has its origin if it was served before
        #[arg(long, value_name = "DIR")]
        data_dir: Option<PathBuf>,
    },
    /// Write the verifier key of a key to the standard output: what others check its signatures by
    Show {
        /// The file of the key
        file: PathBuf,
    },
    /// Say what a key has signed last, where FILE.signed is lost: on another machine, after a restore
    Adopt {
        /// The file of the key
        file: PathBuf,
        /// The last checkpoint that it has signed, as far as anybody knows: of a witness, of an auditor
        #[arg(long, value_name = "FILE")]
        checkpoint: PathBuf,
    },
}

pub fn run(args: &Args, out: &mut Output) -> Result<(), Failure> {
    match &args.command {
        Command::New { file, origin, data_dir } => {
            let origin = match (origin, data_dir) {
                (Some(origin), _) => origin.clone(),
                (None, dir) => origin_in(&dir.clone().unwrap_or_default())?,
            };
            let verifier = new_key(file, &origin)?;
            out.line(&verifier.to_string())?;
            super::aside(&say!(
                out.language,
                "checkpoint-key-new",
                file = file.display().to_string(),
                state = state_of(file).display().to_string()
            ));
            Ok(())
        }
        Command::Show { file } => {
            let key = SecretKey::parse(&read_text(file)?).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
            out.line(&key.verifier().to_string())
        }
        Command::Adopt { file, checkpoint } => {
            let adopted = adopt(file, checkpoint)?;
            out.line(&say!(out.language, "checkpoint-key-adopted", size = adopted.head.size.to_string()))
        }
    }
}

/// The origin of the ledger of a directory, which was served before.
fn origin_in(dir: &Path) -> Result<String, Failure> {
    let file = dir.join(ORIGIN_FILE);
    if dir.is_dir() && !file.exists() {
        let what = "is not there: the ledger was not served yet, or restored without it. Say its origin with --origin";
        return Err(Failure::usage(format!("{} {what}", file.display())));
    }
    Ok(read_text(&file)?.trim_end().to_owned())
}
