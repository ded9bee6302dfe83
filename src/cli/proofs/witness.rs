//! `witness`: cosigns the checkpoints of ledgers, for partners and auditors to run. It needs no running ledger.

use super::{aside, read_policy};
use crate::cli::failure::Failure;
use crate::cli::language::say;
use crate::cli::output::Output;
use crate::cli::serve::{log_to_standard_error, parse_address};
use partnership_ledger::proofs::witness::{WitnessError, new_witness_key};
use partnership_ledger::server::{WitnessConfig, serve_witness};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Make the key of a witness, and write its verifier key to the standard output
    NewKey {
        /// The file of the key, which must not be there yet
        file: PathBuf,
        /// The name of the witness, best an address without a scheme, such as witness.example.com
        #[arg(long, value_name = "NAME")]
        name: String,
    },
    /// Cosign checkpoints until SIGTERM or Ctrl-C: HTTP as c2sp.org/tlog-witness has it
    Serve {
        /// Where to listen; port 0 lets the system choose. Without TLS: put a proxy that has it in front of other machines
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7380", value_parser = parse_address)]
        listen: SocketAddr,
        /// The directory in which it keeps what it has cosigned: never restore an older copy of it
        #[arg(long, value_name = "DIR")]
        state: PathBuf,
        /// The file of its key
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// The logs whose checkpoints it cosigns: lines `log VKEY`, and `quorum none` (c2sp.org/tlog-policy)
        #[arg(long, value_name = "FILE")]
        policy: PathBuf,
    },
}

pub fn run(args: &Args, out: &mut Output) -> Result<(), Failure> {
    match &args.command {
        Command::NewKey { file, name } => out.line(&new_witness_key(file, name)?.to_string()),
        Command::Serve { listen, state, key, policy } => {
            log_to_standard_error();
            let policy = read_policy(policy, out.language)?;
            let language = out.language;
            let config = WitnessConfig { listen: *listen, state: state.clone(), key: key.clone(), policy };
            Ok(serve_witness(config, |address, verifier| {
                // That nobody reads it is no reason not to serve.
                let _ = writeln!(std::io::stdout(), "listening on {address}");
                aside(&say!(language, "witness-serves", key = verifier.to_string()));
            })?)
        }
    }
}

impl From<WitnessError> for Failure {
    fn from(error: WitnessError) -> Self {
        match error {
            WitnessError::InUse { .. } => Self::unavailable(error.to_string()),
            WitnessError::Key(error) => error.into(),
            _ => Self::usage(error.to_string()),
        }
    }
}
