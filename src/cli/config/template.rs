//! A configuration file to begin with: every option, commented out, with what it means.

use super::file::is_option;
use clap::{Arg, ArgAction, Command};
use std::fmt::Write as _;

/// The widest line of a comment, in characters.
const WIDTH: usize = 100;

/// Writes the file.
pub fn of(serve: &Command) -> String {
    let mut text = String::from(
        "# The configuration of partnership-ledger: every option of `serve`, in TOML. What is commented out holds by default, or is not set.\n\
         # Options of the command line and of the environment go before those of this file. `partnership-ledger config check FILE` says\n\
         # what is wrong with it; it is read when the service starts.\n",
    );
    for argument in serve.get_arguments().filter(|argument| is_option(argument)) {
        text.push('\n');
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        for line in wrapped(&help) {
            let _ = writeln!(text, "# {line}");
        }
        let name = argument.get_long().unwrap_or_default();
        let _ = writeln!(text, "#{name} = {}", value(argument));
    }
    text
}

/// The value that holds by default, or one that shows what is to be written.
fn value(argument: &Arg) -> String {
    if !argument.get_action().takes_values() {
        return "false".to_owned();
    }
    let default = argument.get_default_values().first().and_then(|value| value.to_str());
    let placeholder = || argument.get_value_names().and_then(|names| names.first()).map_or("…", |name| name.as_str());
    let text = default.unwrap_or_else(placeholder);
    let value = if text.parse::<i64>().is_ok() { text.to_owned() } else { format!("\"{text}\"") };
    if matches!(argument.get_action(), ArgAction::Append) { format!("[{value}]") } else { value }
}

/// A text in lines of words.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::file::ConfigFile;
    use super::*;
    use clap::CommandFactory as _;

    fn serve() -> Command {
        crate::cli::Cli::command().find_subcommand("serve").expect("it is a command").clone()
    }

    #[test]
    fn the_template_has_every_option_and_is_a_configuration() {
        let (serve, text) = (serve(), of(&serve()));
        assert_eq!(ConfigFile::parse(&text, &serve).expect("a configuration").len(), 0);
        for argument in serve.get_arguments().filter(|argument| is_option(argument)) {
            assert!(text.contains(&format!("\n#{} = ", argument.get_long().expect("an option"))), "{argument}");
        }
        // What it says holds by default can be written as it stands.
        let defaults = serve.get_arguments().filter(|argument| is_option(argument) && !argument.get_default_values().is_empty());
        let lines: Vec<String> =
            defaults.map(|argument| format!("{} = {}", argument.get_long().unwrap_or_default(), value(argument))).collect();
        let lines = lines.join("\n");
        let config = ConfigFile::parse(&lines, &serve).expect("what holds by default");
        assert_eq!(config.len(), lines.lines().count());
    }

    #[test]
    fn every_fault_is_said_at_once() {
        let faults = ConfigFile::parse("data_dir = \"x\"\nmemory = 1\ndev = \"yes\"\nlisten = [1]\nnobody = 1\nworkers = 2", &serve());
        let faults = faults.expect_err("faults").join("\n");
        for word in [
            "data_dir: serve has no such option; write data-dir",
            "'1' for '--memory <MIB>': must be a number from 256",
            "dev: must be true or false",
            "listen: must be a text",
            "nobody: serve has no such option",
        ] {
            assert!(faults.contains(word), "{word} in\n{faults}");
        }
        assert_eq!(faults.lines().count(), 5, "{faults}");
    }

    #[test]
    fn what_is_given_goes_before_the_file() {
        let text = "listen = \"127.0.0.1:7\"\nmemory = 300\nobserve = true\ninsecure = false\nwebhook-allow = [\"10.0.0.0/8\", \"192.168.0.0/16\"]";
        let config = ConfigFile::parse(text, &serve()).expect("a configuration");
        let arguments: Vec<_> = config.arguments(|id| id == "listen").map(|argument| argument.into_string().expect("text")).collect();
        assert_eq!(arguments, ["--memory=300", "--observe", "--webhook-allow=10.0.0.0/8", "--webhook-allow=192.168.0.0/16"]);
    }
}
