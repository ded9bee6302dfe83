//! `config`, and what `serve --config` reads: the options of `serve` as a file in TOML, `listen = "0.0.0.0:50051"` for
//! `--listen 0.0.0.0:50051`. Options of the command line and of the environment go before those of the file.

mod file;
mod template;

use super::failure::Failure;
use super::language::{Language, say};
use super::output::Output;
use clap::Command;
use clap::parser::ValueSource;
use file::ConfigFile;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Subcommand,
}

#[derive(clap::Subcommand)]
enum Subcommand {
    /// Say everything that is wrong with a configuration file
    Check {
        /// The file
        file: PathBuf,
    },
    /// Write a file with every option, what it means, and what holds without it
    Template,
}

/// Runs the command. `program` is the whole command line, of which `serve` is a part.
pub fn run(args: &Args, program: &Command, out: &mut Output) -> Result<(), Failure> {
    let serve = serve_of(program);
    match &args.command {
        Subcommand::Check { file } => {
            let config = read(file, &serve, out.language)?;
            out.line(&say!(out.language, "config-good", file = file.display().to_string(), options = config.len()))
        }
        Subcommand::Template => out.line(template::of(&serve).trim_end()),
    }
}

/// What the process was told: the arguments given, and behind them the options of the file that `serve --config` names.
pub struct Told {
    /// The arguments to parse.
    pub arguments: Vec<OsString>,
    /// The file, if there is one.
    pub file: Option<PathBuf>,
}

/// Adds the options of a configuration file to the arguments of the process, but for those that were given, or are in the environment.
///
/// # Errors
/// What is wrong with the file.
pub fn told(program: &Command, given: Vec<OsString>) -> Result<Told, (Failure, Language)> {
    // What is wrong with the command line itself is said when all of it is parsed.
    let Ok(matches) = program.clone().ignore_errors(true).try_get_matches_from(&given) else {
        return Ok(Told { arguments: given, file: None });
    };
    let Some(serving) = matches.subcommand_matches("serve") else { return Ok(Told { arguments: given, file: None }) };
    let Some(file) = serving.get_one::<PathBuf>("config").cloned() else { return Ok(Told { arguments: given, file: None }) };
    let language = matches.get_one::<Language>("lang").copied().unwrap_or_default();
    let config = read(&file, &serve_of(program), language).map_err(|failure| (failure, language))?;
    let is_given = |id: &str| matches!(serving.value_source(id), Some(ValueSource::CommandLine | ValueSource::EnvVariable));
    let mut arguments = given;
    arguments.extend(config.arguments(is_given));
    Ok(Told { arguments, file: Some(file) })
}

fn serve_of(program: &Command) -> Command {
    program.find_subcommand("serve").expect("it is a command").clone()
}

/// Reads a file; all that is wrong with it is one failure, a line for each fault.
fn read(path: &Path, serve: &Command, language: Language) -> Result<ConfigFile, Failure> {
    ConfigFile::read(path, serve).map_err(|faults| {
        let faults = faults.iter().fold(String::new(), |text, fault| text + "\n  " + fault);
        Failure::usage(say!(language, "config-bad", file = path.display().to_string(), faults = faults))
    })
}
