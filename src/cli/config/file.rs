//! A configuration file: its options, as arguments of `serve`.

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Command};
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use toml::Value;

/// The most bytes of a file.
const MAX_BYTES: u64 = 1 << 20;

/// The options of a file.
#[derive(Debug)]
pub struct ConfigFile {
    /// Each option's name among the arguments of `serve`, and what is given for it on a command line.
    options: Vec<(String, Vec<OsString>)>,
}

impl ConfigFile {
    /// Reads a file.
    ///
    /// # Errors
    /// Everything that is wrong with it, a sentence each.
    pub fn read(path: &Path, serve: &Command) -> Result<Self, Vec<String>> {
        let about = fs::metadata(path).map_err(|error| vec![format!("it cannot be read: {error}")])?;
        if !about.is_file() || about.len() > MAX_BYTES {
            return Err(vec![format!("it is no regular file of at most {MAX_BYTES} bytes")]);
        }
        let text = fs::read_to_string(path).map_err(|error| vec![format!("it cannot be read: {error}")])?;
        Self::parse(&text, serve)
    }

    /// Reads a file's text.
    pub fn parse(text: &str, serve: &Command) -> Result<Self, Vec<String>> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| vec![format!("it is no TOML: {error}")])?;
        let (mut options, mut faults) = (Vec::new(), Vec::new());
        for (name, value) in &table {
            match option(name, value, serve) {
                Ok((id, arguments)) => match fault_of(&arguments, serve) {
                    Some(fault) => faults.push(fault),
                    None => options.push((id, arguments)),
                },
                Err(fault) => faults.push(fault),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self { options })
    }

    /// How many options there are.
    pub fn len(&self) -> usize {
        self.options.len()
    }

    /// The options as arguments of a command line, but for those that are given otherwise.
    pub fn arguments(self, is_given: impl Fn(&str) -> bool) -> impl Iterator<Item = OsString> {
        self.options.into_iter().filter(move |(id, _)| !is_given(id)).flat_map(|(_, arguments)| arguments)
    }
}

/// Returns an option's name among the arguments of `serve`, and what is given for it on a command line.
fn option(name: &str, value: &Value, serve: &Command) -> Result<(String, Vec<OsString>), String> {
    let known = |name: &str| serve.get_arguments().find(|argument| is_option(argument) && argument.get_long() == Some(name));
    let Some(argument) = known(name) else {
        let hyphens = name.replace('_', "-");
        let hint = known(&hyphens).map(|_| format!("; write {hyphens}")).unwrap_or_default();
        return Err(format!("{name}: serve has no such option{hint}"));
    };
    let takes_values = argument.get_action().takes_values();
    let may_be_bare = argument.get_num_args().is_some_and(|range| range.min_values() == 0);
    let arguments = match value {
        Value::Boolean(is_set) if !takes_values || may_be_bare => {
            if *is_set {
                vec![OsString::from(format!("--{name}"))]
            } else {
                Vec::new()
            }
        }
        _ if !takes_values => return Err(format!("{name}: must be true or false")),
        Value::Array(items) if matches!(argument.get_action(), ArgAction::Append) => {
            let items = items.iter().map(|item| scalar(item).ok_or_else(|| format!("{name}: must be a list of texts or numbers")));
            items.map(|item| Ok(OsString::from(format!("--{name}={}", item?)))).collect::<Result<_, String>>()?
        }
        value => {
            let value = scalar(value).ok_or_else(|| format!("{name}: must be a text or a number"))?;
            vec![OsString::from(format!("--{name}={value}"))]
        }
    };
    Ok((argument.get_id().to_string(), arguments))
}

/// Whether an argument of `serve` may stand in a file.
pub fn is_option(argument: &Arg) -> bool {
    !matches!(argument.get_id().as_str(), "config" | "help") && !argument.is_global_set() && argument.get_long().is_some()
}

/// A text or a number, as it is written on a command line.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Boolean(_) | Value::Datetime(_) | Value::Array(_) | Value::Table(_) => None,
    }
}

/// What is wrong with an option by itself; which other options it needs or excludes is seen when all are together.
fn fault_of(arguments: &[OsString], serve: &Command) -> Option<String> {
    let all = std::iter::once(OsString::from("serve")).chain(arguments.iter().cloned());
    let error = serve.clone().no_binary_name(false).try_get_matches_from(all).err()?;
    if matches!(error.kind(), ErrorKind::MissingRequiredArgument | ErrorKind::ArgumentConflict) {
        return None;
    }
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    Some(line.strip_prefix("error: ").unwrap_or(line).to_owned())
}
