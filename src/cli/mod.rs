//! The command line: one file per command. It holds no rules; all commands but `serve`, `verify`, `restore`,
//! `access`, `config`, `docs`, `template`, `verify-proof`, `checkpoint-key`, `witness` and `completions` are clients of the contract.

mod access;
mod agreement;
mod agreements;
mod alerts;
mod append;
mod backup;
mod balance;
mod bench;
mod campaign;
mod campaigns;
mod choice;
mod client;
mod completions;
mod config;
mod demo;
mod disputes;
mod docs;
mod explain;
mod export;
mod failure;
mod house;
mod import;
mod language;
mod launch;
mod lead;
mod leads;
mod listing;
mod metrics;
mod moment;
mod output;
mod page;
mod partners;
mod payables;
mod payouts;
mod programme;
mod programmes;
mod proofs;
mod record;
mod records;
mod remittance;
mod restore;
mod serve;
mod snapshots;
mod spreadsheet;
mod statement;
mod store;
mod table;
mod template;
mod trial_balance;
mod unearned;
mod verify;
mod webhooks;
mod whoami;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use client::{Credentials, Session};
use failure::Failure;
use language::{Language, say};
use output::Output;
use partnership_ledger::language::{json, steps, text};
use rustix::fs::Mode;
use std::process::ExitCode;

const EXIT_CODES: &str = "\
Exit codes:
  0  it is done
  1  a rule refused it, or a check failed
  2  the command line or the input is malformed, or names a file that may not
     be used
  3  an id is not known
  4  the ledger cannot be reached, is overloaded, or its directory is in use
  5  the database has less, or something else, than this server has published

Times are RFC 3339 (2026-11-22T09:30:00Z) or days (2026-11-22). A day is meant
whole, in UTC: --as-of and --to include all of it, --from begins with it. So
--as-of 2026-02-28 is the end of February, as its final statement has it. Years
are written as they are shown: 2569 with --lang th. With --json an answer is one line of proto3 JSON with the contract's
field names, and a list comes whole; `records` and `append` write one line for
each record or event.";

/// Records partnership events for good, and tells what each partner is owed and who owns each lead.
#[derive(Parser)]
#[command(name = "partnership-ledger", version, after_help = EXIT_CODES, arg_required_else_help = true)]
struct Cli {
    /// Where the ledger listens; of a ledger that several servers share all of them, separated by commas
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "PARTNERSHIP_LEDGER_ADDRESS",
        value_delimiter = ',',
        default_value = "http://127.0.0.1:50051"
    )]
    address: Vec<String>,
    #[command(flatten)]
    credentials: Credentials,
    /// Answer as proto3 JSON instead of tables
    #[arg(long, global = true)]
    json: bool,
    /// The language of what is written for people; LANG and LC_ALL are not asked, JSON is the same in every language
    #[arg(long, global = true, value_name = "LANGUAGE", env = "PARTNERSHIP_LEDGER_LANG", default_value = "en")]
    lang: Language,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Keep a ledger running until SIGTERM or Ctrl-C
    Serve(Box<serve::Args>),
    /// Play the stories of a partner programme on a fresh ledger
    Demo(demo::Args),
    /// Record events: JSON lines, one proto3 JSON Event per line; safe to run again
    Append(append::Args),
    /// Record one event by options, or with --dry-run say what would become of it
    Record(record::Args),
    /// Something to begin with: the terms of an agreement, with comments
    Template(template::Args),
    /// Record rows of a spreadsheet: partners, leads, sales, payments or settlements
    Import(import::Args),
    /// What a partner is owed, or every partner
    Balance(balance::Args),
    /// Who owns a lead, since when and why
    Lead(lead::Args),
    /// An agreement: where it stands and its terms in words
    Agreement(agreement::Args),
    /// What somebody should look at, the most urgent first
    Alerts(alerts::Args),
    /// The launch checklist of an agreement or a partner, and what comes next
    Launch(launch::Args),
    /// A partner's statement: every posting with the running balance, or that of a month, to be sent out
    Statement(statement::Args),
    /// The partners
    Partners(partners::Args),
    /// Where the agreements stand
    Agreements(agreements::Args),
    /// The programmes, whose terms agreements may take
    Programmes(programmes::Args),
    /// A programme: its terms in words, and their versions
    Programme(programme::Args),
    /// Who owns which lead
    Leads(leads::Args),
    /// Where the campaigns stand
    Campaigns(campaigns::Args),
    /// A campaign: who takes part, what was delivered, paid and measured
    Campaign(campaign::Args),
    /// Figures for everything, a partner, an agreement or a campaign
    Metrics(metrics::Args),
    /// How a sale's commission came about
    Explain(explain::Args),
    /// What should be paid out now
    Payables(payables::Args),
    /// What was paid out, or with --summary what it comes to over a year
    Payouts(payouts::Args),
    /// A payout as a document for the partner: a remittance advice with its invoice number
    Remittance(remittance::Args),
    /// The disputes and what they hold
    Disputes(disputes::Args),
    /// The records themselves: the last ones, or all from a position on
    Records(records::Args),
    /// Every account over everything; zero in every currency
    TrialBalance(trial_balance::Args),
    /// The ledger as double-entry books, for hledger or beancount
    Export(export::Args),
    /// Copy a ledger while it runs: into a directory, once, or continuously with --follow
    Backup(backup::Args),
    /// Make a ledger of a backup, in a new directory
    Restore(restore::Args),
    /// Deliver records to endpoints by HTTP, signed: add, list, pause, resume, replay, test, rotate, remove
    Webhooks(webhooks::Args),
    /// Who you are to the ledger, and what you may do
    Whoami,
    /// Check a configuration file of `serve`, or write one to begin with
    Config(config::Args),
    /// Check an access file, make keys for it, or show who may do what by it
    Access(access::Args),
    /// The signed checkpoint of the ledger: how many records there are, and the root over them
    Checkpoint(proofs::checkpoint::Args),
    /// That a record is in a signed checkpoint, as a file that can be checked without the ledger
    Proof(proofs::proof::Args),
    /// Check such a file, offline
    VerifyProof(proofs::verify::Args),
    /// Look through a running ledger without trusting it: for an auditor, every day
    Audit(proofs::audit::Args),
    /// Make the key that a ledger signs its checkpoints with, or say what it has signed
    CheckpointKey(proofs::key::Args),
    /// Cosign the checkpoints of ledgers as a witness
    Witness(proofs::witness::Args),
    /// Check a ledger's directory while nothing runs on it
    Verify(verify::Args),
    /// How fast a ledger is on this machine
    Bench(bench::Args),
    /// The contract's reference: every call, message, field and refusal, as Markdown
    Docs,
    /// Write the completions of a shell to the standard output
    Completions(completions::Args),
}

/// Runs what the command line asks for.
pub fn main() -> ExitCode {
    let command = Cli::command();
    let told = match config::told(&command, std::env::args_os().collect()) {
        Ok(told) => told,
        Err((failure, language)) => return failure.report(language),
    };
    let parsed = command.try_get_matches_from(told.arguments);
    let parsed = parsed.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    let (cli, matches) = parsed.unwrap_or_else(|error| {
        if let Some(file) = told.file.filter(|_| error.use_stderr()) {
            eprintln!("with the options of {}:", file.display());
        }
        error.exit()
    });
    let language = cli.lang;
    // Not one from the environment: `bench` sends a load only to a ledger that was named on purpose.
    let named = (matches.value_source("address") == Some(ValueSource::CommandLine)).then(|| cli.address.first().cloned()).flatten();
    match refuse_idle_options(&cli, &matches).and_then(|()| run(cli, named)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(language),
    }
}

fn run(cli: Cli, named: Option<String>) -> Result<(), Failure> {
    if let Command::Serve(_) | Command::Restore(_) | Command::Backup(_) | Command::Audit(_) | Command::Witness(_) = cli.command {
        // What is kept of a ledger is for its own user alone.
        rustix::process::umask(Mode::from_raw_mode(0o077));
    }
    let mut session = Session { addresses: cli.address, credentials: cli.credentials, out: Output::new(cli.json, cli.lang) };
    match cli.command {
        Command::Serve(args) => serve::run(*args)?,
        Command::Verify(args) => verify::run(&args, &mut session.out)?,
        Command::Restore(args) => restore::run(&args, &mut session.out)?,
        Command::Access(args) => access::run(&args, &mut session.out)?,
        Command::Docs => docs::run(&mut session.out)?,
        Command::Template(args) => template::run(&args, &mut session.out)?,
        Command::Config(args) => config::run(&args, &Cli::command(), &mut session.out)?,
        Command::VerifyProof(args) => proofs::verify::run(&args, &mut session.out)?,
        Command::CheckpointKey(args) => proofs::key::run(&args, &mut session.out)?,
        Command::Witness(args) => proofs::witness::run(&args, &mut session.out)?,
        Command::Bench(args) => bench::run(args, named, &mut session)?,
        Command::Demo(args) => client_runtime()?.block_on(demo::run(args, &mut session))?,
        Command::Completions(args) => completions::run(&args, &mut session.out)?,
        command => {
            let outcome = client_runtime()?.block_on(ask(command, &mut session));
            outcome.map_err(|failure| failure.of_dates(&session.out.take_dates()))?;
        }
    }
    session.out.finish()
}

/// Runs the commands that are clients of a running ledger.
async fn ask(command: Command, session: &mut Session) -> Result<(), Failure> {
    match command {
        Command::Append(args) => append::run(args, session).await,
        Command::Record(args) => record::run(args, session).await,
        Command::Import(args) => import::run(args, session).await,
        Command::Balance(args) => balance::run(args, session).await,
        Command::Lead(args) => lead::run(args, session).await,
        Command::Agreement(args) => agreement::run(args, session).await,
        Command::Alerts(args) => alerts::run(args, session).await,
        Command::Launch(args) => launch::run(args, session).await,
        Command::Statement(args) => statement::run(args, session).await,
        Command::Partners(args) => partners::run(args, session).await,
        Command::Agreements(args) => agreements::run(args, session).await,
        Command::Leads(args) => leads::run(args, session).await,
        Command::Programmes(args) => programmes::run(args, session).await,
        Command::Programme(args) => programme::run(args, session).await,
        Command::Campaigns(args) => campaigns::run(args, session).await,
        Command::Campaign(args) => campaign::run(args, session).await,
        Command::Metrics(args) => metrics::run(args, session).await,
        Command::Explain(args) => explain::run(args, session).await,
        Command::Payables(args) => payables::run(args, session).await,
        Command::Payouts(args) => payouts::run(args, session).await,
        Command::Remittance(args) => remittance::run(args, session).await,
        Command::Disputes(args) => disputes::run(args, session).await,
        Command::Records(args) => records::run(args, session).await,
        Command::Webhooks(args) => webhooks::run(args, session).await,
        Command::Whoami => whoami::run(session).await,
        Command::TrialBalance(args) => trial_balance::run(args, session).await,
        Command::Export(args) => export::run(args, session).await,
        Command::Backup(args) => backup::run(args, session).await,
        Command::Checkpoint(args) => proofs::checkpoint::run(args, session).await,
        Command::Proof(args) => proofs::proof::run(args, session).await,
        Command::Audit(args) => proofs::audit::run(args, session).await,
        Command::Serve(_)
        | Command::Demo(_)
        | Command::Bench(_)
        | Command::Verify(_)
        | Command::Restore(_)
        | Command::Access(_)
        | Command::Config(_)
        | Command::Docs
        | Command::Template(_)
        | Command::VerifyProof(_)
        | Command::CheckpointKey(_)
        | Command::Witness(_)
        | Command::Completions(_) => {
            unreachable!("these need no running ledger")
        }
    }
}

/// What runs the commands that are clients: connections are served by threads beside that of the command, which is busy writing.
fn client_runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::check(format!("cannot start: {error}")))
}

/// Options that say how a running ledger is reached.
const OFFLINE: &[&str] = &["address", "ca", "key_file", "client_cert"];

/// Refuses who issues a statement where there is none to be sent out. In the environment it is for all that are.
fn refuse_idle_house(cli: &Cli, matches: &ArgMatches) -> Result<(), Failure> {
    let told = |option: &&str| {
        let of_statement = matches.subcommand_matches("statement");
        of_statement.and_then(|matches| matches.value_source(option)) == Some(ValueSource::CommandLine)
    };
    match ["house_name", "house_address"].into_iter().find(told) {
        Some(option) => {
            Err(Failure::usage(say!(cli.lang, "failure-idle", option = option.replace('_', "-"), command = "statement without --month")))
        }
        None => Ok(()),
    }
}

/// Refuses options that would have no effect: they are mistakes of the caller.
fn refuse_idle_options(cli: &Cli, matches: &ArgMatches) -> Result<(), Failure> {
    let (name, idle): (&str, &[&str]) = match &cli.command {
        Command::Serve(_) => ("serve", &["address", "json", "lang", "ca", "key_file", "client_cert"]),
        Command::Demo(_) => ("demo", &["address", "json", "ca", "key_file", "client_cert"]),
        Command::Bench(_) => ("bench", &["lang", "ca", "key_file", "client_cert"]),
        Command::Statement(args) if !args.is_of_month() => return refuse_idle_house(cli, matches),
        Command::Export(_) => ("export", &["json"]),
        Command::Verify(_) => ("verify", OFFLINE),
        Command::Restore(_) => ("restore", OFFLINE),
        Command::Access(_) => ("access", OFFLINE),
        Command::Docs => ("docs", &["address", "json", "lang", "ca", "key_file", "client_cert"]),
        Command::Template(_) => ("template", &["address", "json", "lang", "ca", "key_file", "client_cert"]),
        Command::Config(_) => ("config", &["address", "json", "ca", "key_file", "client_cert"]),
        Command::VerifyProof(_) => ("verify-proof", OFFLINE),
        Command::CheckpointKey(_) => ("checkpoint-key", &["address", "json", "ca", "key_file", "client_cert"]),
        Command::Witness(_) => ("witness", &["address", "json", "ca", "key_file", "client_cert"]),
        Command::Backup(args) if args.data_dir.is_some() => ("backup --data-dir", OFFLINE),
        Command::Backup(args) if args.store.store.is_some() => ("backup --store", OFFLINE),
        Command::Completions(_) => ("completions", &["address", "json", "lang", "ca", "key_file", "client_cert"]),
        _ => return Ok(()),
    };
    match idle.iter().find(|option| matches.value_source(option) == Some(ValueSource::CommandLine)) {
        Some(option) => Err(Failure::usage(say!(cli.lang, "failure-idle", option = *option, command = name))),
        None => Ok(()),
    }
}
