//! `completions`: what a shell needs to complete the command line.

use super::failure::Failure;
use super::output::Output;
use clap::CommandFactory as _;
use clap_complete::Shell;
use std::io::Write as _;

/// The name of the program.
const PROGRAM: &str = "partnership-ledger";

#[derive(clap::Args)]
pub struct Args {
    /// The shell to write them for
    shell: Shell,
}

pub fn run(args: &Args, out: &mut Output) -> Result<(), Failure> {
    // Into memory first: the generator panics where writing fails, as into a closed pipe.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::Cli::command(), PROGRAM, &mut script);
    if args.shell == Shell::Bash {
        let text = String::from_utf8(script).expect("the generator writes text");
        script = with_one_label(&text).into_bytes();
    }
    Ok(out.write_all(&script)?)
}

/// Makes the labels of subcommands in a script for bash alike. The generator writes the hyphen in the program's name in one way
/// where a label is set and in another where it is looked for, so nothing would be completed behind a subcommand.
fn with_one_label(script: &str) -> String {
    let [set, looked_for] = ["__", "__subcmd__"].map(|hyphen| PROGRAM.replace('-', hyphen));
    script.replace(&looked_for, &set)
}
