//! `access`: checks an access file, makes keys for it, and shows who may do what by it. It needs no running ledger.

use super::failure::Failure;
use super::language::{columns, say};
use super::moment::GivenTime;
use super::output::Output;
use super::table::Table;
use super::text::list;
use chrono::{DateTime, SecondsFormat};
use partnership_ledger::access::{AccessFile, EventTypes, NewKey, PrincipalEntry, Roles, Rpc};
use partnership_ledger::server::read_access;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table as TomlTable, value};

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Say everything that is wrong with an access file
    Check {
        /// The access file
        file: PathBuf,
    },
    /// Make an API key for a principal, write its hash into the access file and the key to the standard output, once
    AddKey {
        /// The access file
        file: PathBuf,
        /// The principal's name in it
        principal: String,
        /// When the key expires
        #[arg(long, value_name = "TIME", value_parser = GivenTime::parse)]
        not_after: Option<GivenTime>,
    },
    /// Show who may do what by an access file
    Show {
        /// The access file
        file: PathBuf,
        /// Also which calls each may make, and which events it may append
        #[arg(long)]
        all: bool,
    },
}

pub fn run(args: &Args, out: &mut Output) -> Result<(), Failure> {
    match &args.command {
        Command::Check { file } => {
            let access = read(file, out)?;
            let text = say!(out.language, "access-good", file = file.display().to_string(), principals = access.principals.len());
            out.line(&text)
        }
        Command::AddKey { file, principal, not_after } => add_key(file, principal, not_after.as_ref(), out),
        Command::Show { file, all } => show(&read(file, out)?, *all, out),
    }
}

/// Reads an access file; all that is wrong with it is one failure, a line for each fault.
fn read(file: &Path, out: &Output) -> Result<AccessFile, Failure> {
    read_access(file).map_err(|faults| {
        let faults = faults.iter().fold(String::new(), |text, fault| text + "\n  " + &fault.to_string());
        Failure::usage(say!(out.language, "access-bad", file = file.display().to_string(), faults = faults))
    })
}

/// The file is written beside the old one and takes its place, so that a ledger that watches it never reads half of it.
fn add_key(file: &Path, principal: &str, not_after: Option<&GivenTime>, out: &mut Output) -> Result<(), Failure> {
    read(file, out)?;
    let cannot = |error: io::Error| Failure::of_file(format!("{}: {error}", file.display()), &error);
    let text = fs::read_to_string(file).map_err(cannot)?;
    let mut document: DocumentMut = text.parse().map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    let made = NewKey::make().map_err(|error| Failure::check(error.to_string()))?;
    let not_after = not_after.map(|time| time.as_of(out)).transpose()?;
    let entry = document
        .get_mut("principal")
        .and_then(Item::as_array_of_tables_mut)
        .and_then(|principals| principals.iter_mut().find(|entry| entry.get("name").and_then(Item::as_str) == Some(principal)));
    let unknown = || Failure::usage(say!(out.language, "access-no-principal", principal = principal, file = file.display().to_string()));
    let keys = entry.ok_or_else(unknown)?.entry("key").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    let mut key = TomlTable::new();
    key.insert("id", value(made.id.as_str()));
    key.insert("sha256", value(made.hash.to_string()));
    if let Some(not_after) = not_after {
        let not_after = DateTime::from_timestamp(not_after.seconds, 0).unwrap_or_default();
        key.insert("not_after", value(not_after.to_rfc3339_opts(SecondsFormat::Secs, true)));
    }
    let keys = keys.as_array_of_tables_mut();
    let written_otherwise = || Failure::usage(say!(out.language, "access-keys-otherwise", principal = principal));
    keys.ok_or_else(written_otherwise)?.push(key);
    replace(file, &document.to_string()).map_err(cannot)?;
    // Only now that it is good for something.
    out.line(&made.key)?;
    let said = say!(out.language, "access-key-added", id = made.id.as_str(), principal = principal, file = file.display().to_string());
    eprintln!("{said}");
    Ok(())
}

fn replace(file: &Path, text: &str) -> io::Result<()> {
    let mode = fs::metadata(file)?.mode() & 0o777;
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = file.with_file_name(name);
    let mut written = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&beside)?;
    written.write_all(text.as_bytes())?;
    written.sync_all()?;
    fs::rename(&beside, file)
}

fn show(access: &AccessFile, all: bool, out: &mut Output) -> Result<(), Failure> {
    let language = out.language;
    let mut table = Table::new(columns![language; "access-principal", "access-roles", "access-known-by", "access-appends", "access-scope"]);
    for principal in &access.principals {
        let PrincipalEntry { name, roles, event_types, scope, partner, .. } = principal;
        let scope = match (scope, partner) {
            (Some(scope), _) => list(&scope.partners.iter().chain(&scope.agreements).map(ToString::to_string).collect::<Vec<_>>()),
            (None, Some(partner)) => partner.to_string(),
            (None, None) => String::new(),
        };
        table.row([name.clone(), roles.names().join(", "), known_by(principal), appends(*event_types, all), scope]);
    }
    out.table(table)?;
    if all {
        let mut table = Table::new(columns![language; "access-call", "access-roles"]);
        for rpc in Rpc::ALL {
            let roles = if rpc.roles() == Roles::ALL { say!(language, "access-everybody") } else { rpc.roles().names().join(", ") };
            table.row([rpc.name().to_owned(), roles]);
        }
        out.line("")?;
        out.table(table)?;
    }
    Ok(())
}

/// What it is known by: keys by id, claims, names of certificates.
fn known_by(principal: &PrincipalEntry) -> String {
    let keys = principal.keys.iter().map(|key| format!("plk_{}", key.id));
    let claims = principal.claims.iter().map(ToString::to_string);
    list(&keys.chain(claims).chain(principal.certificates.iter().cloned()).collect::<Vec<_>>())
}

/// What it may append: by groups where they are whole, else by types.
pub fn appends(event_types: EventTypes, all: bool) -> String {
    if all {
        return list(&event_types.names().map(str::to_owned).collect::<Vec<_>>());
    }
    let groups = EventTypes::groups().filter_map(|name| Some((name, EventTypes::named(name)?)));
    let whole: Vec<_> = groups.filter(|(_, types)| event_types.contains(*types)).collect();
    let in_groups = whole.iter().map(|(_, types)| *types).fold(EventTypes::NONE, EventTypes::and);
    let others = event_types.names().filter(|name| !in_groups.has(name));
    list(&whole.iter().map(|(name, _)| *name).chain(others).map(str::to_owned).collect::<Vec<_>>())
}
