//! `statement`: every posting of a partner with the running balance; or that of a month, to be sent out.

mod as_csv;
mod as_html;
mod as_json;
mod as_text;
mod month;
mod period;
mod reason;
mod sheet;
mod zone;

use super::client::Session;
use super::failure::Failure;
use super::house::House;
use super::json;
use super::language::{Language, columns, say};
use super::listing::{Listing, PAGE_SIZE};
use super::moment::{GivenTime, Moment};
use super::output::Output;
use super::table::Table;
use super::text::line;
use chrono::Utc;
use partnership_ledger::domain::calendar::Tz;
use partnership_ledger::domain::money::Currency;
use partnership_ledger::proto::{Entry, EntryKind, ListEntriesRequest};
pub use period::parse_zone;
use period::{GivenMonth, Period};
use sheet::Sheet;
use zone::{Why, Zone};

#[derive(clap::Args)]
pub struct Args {
    /// The partner
    partner: String,
    /// Only in this currency
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Only of this agreement
    #[arg(long, value_name = "ID")]
    agreement: Option<String>,
    /// Only of this lead
    #[arg(long, value_name = "ID")]
    lead: Option<String>,
    /// Only of this sale
    #[arg(long, value_name = "ID")]
    sale: Option<String>,
    /// Only what takes effect at or after this time; a day counts whole
    #[arg(long, value_name = "TIME", value_parser = GivenTime::parse)]
    from: Option<GivenTime>,
    /// Only what takes effect before this time; a day counts whole
    #[arg(long, value_name = "TIME", value_parser = GivenTime::parse)]
    to: Option<GivenTime>,
    /// The statement of this month, such as 2025-03, to be sent out: the opening balance, every entry with its reason, the
    /// closing balance, and what is payable when
    #[arg(long, value_name = "MONTH", value_parser = GivenMonth::parse,
        conflicts_with_all = ["agreement", "lead", "sale", "from", "to", "as_of"])]
    month: Option<GivenMonth>,
    /// How to write the statement of a month
    #[arg(long, value_name = "FORMAT", requires = "month")]
    format: Option<Format>,
    /// The time zone whose month it is; if left out, the one that the terms of all the partner's agreements share, else UTC
    #[arg(long, value_name = "ZONE", value_parser = parse_zone, requires = "month")]
    time_zone: Option<Tz>,
    #[command(flatten)]
    house: House,
    #[command(flatten)]
    moment: Moment,
}

impl Args {
    /// Whether it is the statement of a month, to be sent out.
    pub fn is_of_month(&self) -> bool {
        self.month.is_some()
    }
}

/// How a document is written.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For a terminal or a plain letter
    Text,
    /// For programs
    Json,
    /// For a spreadsheet
    Csv,
    /// For a browser, which makes a PDF of it
    Html,
}

impl Format {
    /// The one that is asked for; text, or JSON with `--json`.
    pub fn of(given: Option<Self>, out: &Output) -> Result<Self, Failure> {
        match given {
            Some(format) if out.json && format != Self::Json => Err(Failure::usage(say!(out.language, "statement-json-or-format"))),
            Some(format) => Ok(format),
            None => Ok(if out.json { Self::Json } else { Self::Text }),
        }
    }
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    match args.month {
        Some(month) => of_month(args, month, session).await,
        None => entries(args, session).await,
    }
}

async fn of_month(args: Args, month: GivenMonth, session: &mut Session) -> Result<(), Failure> {
    let language = session.out.language;
    let format = Format::of(args.format, &session.out)?;
    let month = month.read(language)?;
    if let Some(code) = args.currency.as_ref().filter(|code| Currency::from_code(code).is_none()) {
        return Err(Failure::usage(say!(language, "statement-no-currency", code = line(code))));
    }
    let as_of_position = args.moment.position(session).await?;
    let (zone, as_of_position) = match args.time_zone {
        Some(zone) => (Zone { zone, why: Why::Named }, as_of_position),
        None => zone::shared(&args.partner, month, as_of_position, session).await?,
    };
    let period = Period::of(month, zone.zone);
    if period.start > Utc::now() {
        return Err(Failure::usage(say!(language, "statement-not-begun", month = language.month(period.first_day()))));
    }
    let mut statement = month::read(args.partner, period, zone.why, as_of_position, session).await?;
    if let Some(code) = args.currency {
        statement.keep_only(code);
    }
    let house = &args.house;
    match format {
        Format::Text => as_text::write(&Sheet::of(&statement, house, language), &mut session.out),
        Format::Json => {
            session.out.line(&json::text(&as_json::document(&statement, house)))?;
            session.out.tell_dates();
            Ok(())
        }
        Format::Csv => {
            // A spreadsheet has no room for it.
            if statement.period.zone != Tz::UTC || matches!(statement.why_zone, Why::Differ(_)) {
                session.out.says_date(sheet::zone(&statement, language));
            }
            as_csv::write(&statement, language, &mut session.out)?;
            session.out.tell_dates();
            Ok(())
        }
        Format::Html => {
            session.out.line(&as_html::page(&Sheet::of(&statement, house, language)))?;
            session.out.tell_dates();
            Ok(())
        }
    }
}

async fn entries(args: Args, session: &mut Session) -> Result<(), Failure> {
    let language = session.out.language;
    let header = columns![
        language;
        > "column-position", "column-occurred", "statement-kind", > "statement-amount", > "statement-balance", "statement-available",
        "column-about", "statement-reference"
    ];
    let question = request(&args, session).await?;
    let mut client = session.partnership().await?;
    let listing = Listing::of(&mut session.out, "entries", header);
    let ask = async |page_token| client.list_entries(ListEntriesRequest { page_token, ..question.clone() }).await;
    listing.all(&say!(language, "statement-none"), ask, |table, entry| row(language, table, entry)).await
}

async fn request(args: &Args, session: &mut Session) -> Result<ListEntriesRequest, Failure> {
    let options = args.moment.options(session).await?;
    let out = &mut session.out;
    Ok(ListEntriesRequest {
        partner_id: args.partner.clone(),
        currency_code: args.currency.clone(),
        agreement_id: args.agreement.clone(),
        lead_id: args.lead.clone(),
        sale_id: args.sale.clone(),
        kinds: Vec::new(),
        effective_from: args.from.as_ref().map(|given| given.from(out)).transpose()?,
        effective_to: args.to.as_ref().map(|given| given.to(out)).transpose()?,
        page_size: PAGE_SIZE,
        page_token: String::new(),
        options: Some(options),
    })
}

fn row(language: Language, table: &mut Table, entry: &Entry) {
    let ids = [&entry.lead_id, &entry.agreement_id, &entry.campaign_id];
    let mut about = vec![sheet::sale_and_line(entry)];
    about.extend(ids.into_iter().flatten().map(|id| line(id)));
    about.extend(entry.level.map(|level| say!(language, "statement-level-of", level = level)));
    about.retain(|words| !words.is_empty());
    table.row([
        entry.position.to_string(),
        language.time(entry.occurred_at.as_ref()),
        language.word::<EntryKind>(entry.kind),
        language.amount(&entry.currency_code, entry.amount),
        language.amount(&entry.currency_code, entry.net_after),
        if entry.awaits_customer_payment { say!(language, "explain-awaiting") } else { language.time(entry.available_at.as_ref()) },
        about.join(" "),
        line(&entry.reference),
    ]);
}
