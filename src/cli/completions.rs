//! `completions`: what a shell needs to complete the command line.

use super::failure::Failure;
use super::output::Output;
use clap::CommandFactory as _;
use clap_complete::Shell;
use std::io::Write as _;

#[derive(clap::Args)]
pub struct Args {
    /// The shell to write them for
    shell: Shell,
}

pub fn run(args: &Args, out: &mut Output) -> Result<(), Failure> {
    // Into memory first: the generator panics where writing fails, as into a closed pipe.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::Cli::command(), "partnership-ledger", &mut script);
    Ok(out.write_all(&script)?)
}
