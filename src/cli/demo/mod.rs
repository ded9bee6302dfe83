//! `demo`: the stories of a partner programme, played over gRPC against a fresh ledger that goes away afterwards.

mod customers;
pub(super) mod server;
mod story;

use super::client::Session;
use super::failure::Failure;
use super::language::{Language, say};
use super::moment::{BUDDHIST_YEARS, last_instant, timestamp};
use super::serve::parse_address;
use super::table::Table;
use super::{Cli, ask, text};
use chrono::{Datelike as _, NaiveDate};
use clap::Parser as _;
use partnership_ledger::language::leads::{credit, explanation};
use partnership_ledger::proto::{GetLeadRequest, Lead, OwnershipRule, ReadOptions};
use partnership_ledger::server::Signals;
use std::net::SocketAddr;
use story::{Chapter, Player};

/// Leads whose agreements end in the story, with the time before and after.
const LEADS: [&str; 2] = ["lead-bakery", "lead-gallery"];
const BEFORE: NaiveDate = NaiveDate::from_ymd_opt(2025, 10, 15).expect("a date");
const AFTER: NaiveDate = NaiveDate::from_ymd_opt(2025, 12, 1).expect("a date");

const KEEP_ONE: &str = "
    partnership-ledger serve --data-dir ./ledger-data
    partnership-ledger append events.jsonl
    partnership-ledger balance";

#[derive(clap::Args)]
pub struct Args {
    /// Keep the ledger of the stories up, and show it in a browser until Ctrl-C; on this machine alone [default if it is given
    /// without: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR", num_args = 0..=1, default_missing_value = "127.0.0.1:8080", value_parser = parse_own_address)]
    console: Option<SocketAddr>,
}

/// Plays the stories.
pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let server = server::start().await?;
    session.addresses = vec![format!("http://{}", server.address)];
    let played = play(session).await;
    let shown = match args.console.filter(|_| played.is_ok()) {
        Some(address) => show_console(address, &server, session).await,
        None => Ok(()),
    };
    server.stop()?;
    played.and(shown)?;
    let language = session.out.language;
    session.out.line(&format!("\n{}", say!(language, "demo-over")))?;
    session.out.line(KEEP_ONE)?;
    session.out.line(&format!("\n{}", say!(language, "demo-sources")))
}

/// Serves the console until a signal to end.
async fn show_console(address: SocketAddr, server: &server::Server, session: &mut Session) -> Result<(), Failure> {
    let mut signals = Signals::new().map_err(|error| Failure::check(format!("cannot wait for signals: {error}")))?;
    let console = server.console(address)?;
    let language = session.out.language;
    session.out.line(&format!("\n{}", say!(language, "demo-console", url = console.url())))?;
    session.out.flush()?;
    signals.next(|| {}).await;
    Ok(())
}

/// Parses an address of this machine: the demo's ledger is open to whoever reaches it.
fn parse_own_address(text: &str) -> Result<SocketAddr, String> {
    let address = parse_address(text)?;
    if address.ip().is_loopback() { Ok(address) } else { Err("must be an address of this machine, such as 127.0.0.1:8080".to_owned()) }
}

async fn play(session: &mut Session) -> Result<(), Failure> {
    let language = session.out.language;
    let mut player = Player::new(session.ledger().await?, language);
    for chapter in story::CHAPTERS {
        show(&chapter, &mut player, session).await?;
    }
    heading(session, &say!(language, "demo-owners"))?;
    let table = ownership(session).await?;
    session.out.line("")?;
    session.out.table(table)?;
    heading(session, &say!(language, "demo-explained"))?;
    command(session, &["explain", "sale-bakery-1"]).await?;
    show(&story::OWN_BUSINESS, &mut player, session).await?;
    heading(session, &say!(language, "demo-owed"))?;
    command(session, &["balance"]).await?;
    command(session, &["trial-balance"]).await
}

async fn show(chapter: &Chapter, player: &mut Player, session: &mut Session) -> Result<(), Failure> {
    let language = session.out.language;
    heading(session, &language.text(chapter.title, &[]))?;
    session.out.line(&format!("\n{}", language.text(chapter.says, &[])))?;
    for outcome in player.play(chapter).await? {
        session.out.line(&outcome)?;
    }
    for line in chapter.commands {
        command(session, line).await?;
    }
    session.out.flush()
}

fn heading(session: &mut Session, title: &str) -> Result<(), Failure> {
    session.out.line(&format!("\n## {title}"))
}

/// Prints a command as it would be typed, and runs it.
async fn command(session: &mut Session, words: &[&str]) -> Result<(), Failure> {
    let language = session.out.language;
    let words: Vec<String> = words.iter().map(|word| typed(language, word)).collect();
    session.out.line(&format!("\n$ partnership-ledger {}", words.join(" ")))?;
    let line = std::iter::once("partnership-ledger".to_owned()).chain(words);
    let cli = Cli::try_parse_from(line).map_err(|error| Failure::check(error.to_string()))?;
    ask(cli.command, session).await
}

/// A word of a command as it is typed in a language: Thai has years of the Buddhist era.
fn typed(language: Language, word: &str) -> String {
    match (language, word.parse::<NaiveDate>()) {
        (Language::Thai, Ok(date)) => format!("{}{}", date.year() + BUDDHIST_YEARS, date.format("-%m-%d")),
        _ => word.to_owned(),
    }
}

async fn ownership(session: &mut Session) -> Result<Table, Failure> {
    let language = session.out.language;
    let mut client = session.partnership().await?;
    let mut table = Table::new(["lead", "asked for", "owner", "credit", "rule", "why"]);
    for lead_id in LEADS {
        for date in [BEFORE, AFTER] {
            let as_of = Some(timestamp(last_instant(date)));
            let options = Some(ReadOptions { as_of, ..ReadOptions::default() });
            let request = GetLeadRequest { lead_id: lead_id.to_owned(), options };
            let lead = client.get_lead(request).await?.into_inner().lead.unwrap_or_default();
            table.row(row(language, &lead, date));
        }
    }
    Ok(table)
}

fn row(language: Language, lead: &Lead, date: NaiveDate) -> [String; 6] {
    [
        text::line(&lead.lead_id),
        language.date(date),
        language.party(lead.owner.as_ref()),
        credit(language, &lead.agreement_id),
        text::code::<OwnershipRule>(lead.rule),
        explanation(language, lead),
    ]
}
