//! `export`: the whole ledger or a period as double-entry books for hledger or beancount, in one pass.
//!
//! All of it is read at one position, the last one when the export began. The file ends with balance assertions of the
//! ledger's own balances, which both programs compare with the transactions.

mod accounts;
mod beancount;
mod destination;
mod hledger;
mod transaction;

use super::client::{AuditClient, Session};
use super::failure::Failure;
use super::moment::GivenTime;
use super::output::Output;
use super::text;
use beancount::Beancount;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use destination::Destination;
use hledger::Hledger;
use partnership_ledger::domain::calendar::{EARLIEST, LATEST};
use partnership_ledger::domain::money::Currency;
use partnership_ledger::domain::parse::timestamp;
use partnership_ledger::proto::{GetTrialBalanceRequest, Money, ReadOptions, ReadRecordsRequest, ReadRecordsResponse, RecordFilter};
use prost_types::Timestamp;
use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;
use tonic::{Status, Streaming};
use transaction::{Line, Transaction};

/// Records per page: the most that the contract allows.
const PAGE_SIZE: u32 = 1_000;
/// Pages that are read before they are written.
const PAGES_AHEAD: usize = 4;

#[derive(clap::Args)]
pub struct Args {
    /// The program that is to read the books
    #[arg(long, value_name = "PROGRAM")]
    format: Program,
    /// Only what takes effect at or after this time; all before it is one transaction of opening balances. A day counts whole
    #[arg(long, value_name = "TIME", value_parser = GivenTime::parse)]
    from: Option<GivenTime>,
    /// Only what takes effect before this time; a day counts whole
    #[arg(long, value_name = "TIME", value_parser = GivenTime::parse)]
    to: Option<GivenTime>,
    /// The file to write, once all of it is there; - is the standard output. A pipe or device is written into as it comes
    #[arg(default_value = "-")]
    file: PathBuf,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Program {
    /// A journal for hledger, 1.25 or later
    Hledger,
    /// Books for beancount, 3 or later
    Beancount,
}

/// How a program wants its books written.
trait Format {
    /// What stands first; `about` says on one line what the books are.
    fn begin(&self, out: &mut dyn Write, about: &str) -> io::Result<()>;
    /// A currency, before its first use.
    fn currency(&self, out: &mut dyn Write, currency: Currency) -> io::Result<()>;
    /// The account of a line, before its first use, with the ledger's name of it.
    fn account(&self, out: &mut dyn Write, line: &Line) -> io::Result<()>;
    /// A transaction.
    fn transaction(&self, out: &mut dyn Write, transaction: &Transaction) -> io::Result<()>;
    /// What the accounts must stand at after the last day.
    fn closing(&self, out: &mut dyn Write, last_day: NaiveDate, lines: &[Line]) -> io::Result<()>;
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let period = Period::of(&args, &mut session.out)?;
    let mut client = session.audit().await?;
    let format: &dyn Format = match args.format {
        Program::Hledger => &Hledger,
        Program::Beancount => &Beancount,
    };
    if args.file == Path::new("-") {
        Books::new(format, &mut session.out, period).write(&mut client).await?;
        session.out.tell_dates();
        return Ok(());
    }
    let cannot = |error: io::Error| Failure::usage(format!("cannot write {}: {error}", args.file.display()));
    let mut out = BufWriter::new(Destination::of(&args.file).map_err(cannot)?);
    Books::new(format, &mut out, period).write(&mut client).await?;
    let destination = out.into_inner().map_err(|error| cannot(error.into_error()))?;
    destination.keep().map_err(cannot)?;
    session.out.tell_dates();
    Ok(())
}

/// What is exported: all that takes effect in [from, to).
#[derive(Clone, Copy)]
struct Period {
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
}

impl Period {
    fn of(args: &Args, out: &mut Output) -> Result<Self, Failure> {
        let from = args.from.as_ref().map(|given| given.from(out)).transpose()?;
        let to = args.to.as_ref().map(|given| given.to(out)).transpose()?;
        let instant =
            |time: Option<Timestamp>| time.and_then(|time| DateTime::from_timestamp(time.seconds, u32::try_from(time.nanos).ok()?));
        // Nothing takes effect before the first instant: from there on is everything.
        let (from, to) = (instant(from).filter(|from| *from > EARLIEST), instant(to));
        match (from, to) {
            (Some(from), Some(to)) if from >= to => Err(Failure::usage("--from must be earlier than --to")),
            (None, Some(to)) if to <= EARLIEST => Err(Failure::usage("--to must be later than the first instant that there is")),
            _ => Ok(Self { from, to }),
        }
    }

    fn holds(&self, time: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| from <= time) && self.to.is_none_or(|to| time < to)
    }

    /// The last instant before the end.
    fn last_instant(&self) -> DateTime<Utc> {
        self.to.map_or(LATEST, before)
    }

    fn words(&self) -> String {
        let words = |name, time: Option<DateTime<Utc>>| time.map(|time| format!(" {name} {}", text::time(Some(&timestamp(time)))));
        format!("{}{}", words("from", self.from).unwrap_or_default(), words("to before", self.to).unwrap_or_default())
    }
}

/// The instant before another one.
fn before(time: DateTime<Utc>) -> DateTime<Utc> {
    time - TimeDelta::nanoseconds(1)
}

/// Books that are being written.
struct Books<'a> {
    format: &'a dyn Format,
    out: &'a mut dyn Write,
    period: Period,
    accounts: BTreeSet<String>,
    currencies: BTreeSet<Currency>,
    last_day: Option<NaiveDate>,
}

impl<'a> Books<'a> {
    fn new(format: &'a dyn Format, out: &'a mut dyn Write, period: Period) -> Self {
        Self { format, out, period, accounts: BTreeSet::new(), currencies: BTreeSet::new(), last_day: None }
    }

    async fn write(&mut self, client: &mut AuditClient) -> Result<(), Failure> {
        // The beginning cannot be filtered by the ledger: an event may take effect later than it occurred.
        let filter = RecordFilter { occurred_to: self.period.to.map(timestamp), ..RecordFilter::default() };
        let request = ReadRecordsRequest { page_size: PAGE_SIZE, filter: Some(filter), ..ReadRecordsRequest::default() };
        let mut pages = ahead(client.read_records(request).await?.into_inner());
        let mut page = pages.recv().await.transpose()?;
        let position = page.as_ref().map_or(0, |page| page.position);
        let about = format!("Partnership ledger{}, as known at position {position}", self.period.words());
        self.format.begin(self.out, &about)?;
        self.open(client, position).await?;
        while let Some(read) = page {
            for record in &read.records {
                for transaction in transaction::of_record(record, |time| self.period.holds(time))? {
                    self.book(&transaction)?;
                }
            }
            page = pages.recv().await.transpose()?;
        }
        self.close(client, position).await?;
        Ok(self.out.flush()?)
    }

    /// All that took effect before the period, as one transaction.
    async fn open(&mut self, client: &mut AuditClient, position: u64) -> Result<(), Failure> {
        let Some(from) = self.period.from else { return Ok(()) };
        let mut lines = balances(client, before(from), position).await?;
        lines.retain(|line| line.amount.minor_units != 0);
        if lines.is_empty() {
            return Ok(());
        }
        let description = format!("Opening balances at {}", text::time(Some(&timestamp(from))));
        self.book(&Transaction { date: from.date_naive(), description, tags: vec![("event", "opening-balances".to_owned())], lines })
    }

    fn book(&mut self, transaction: &Transaction) -> Result<(), Failure> {
        self.introduce(&transaction.lines)?;
        self.last_day = self.last_day.max(Some(transaction.date));
        Ok(self.format.transaction(self.out, transaction)?)
    }

    fn introduce(&mut self, lines: &[Line]) -> Result<(), Failure> {
        for line in lines {
            if self.currencies.insert(line.amount.currency) {
                self.format.currency(self.out, line.amount.currency)?;
            }
            if !self.accounts.contains(&line.account) {
                self.accounts.insert(line.account.clone());
                self.format.account(self.out, line)?;
            }
        }
        Ok(())
    }

    /// What the ledger says that the accounts stand at.
    async fn close(&mut self, client: &mut AuditClient, position: u64) -> Result<(), Failure> {
        let Some(last_day) = self.last_day else { return Ok(()) };
        let lines = balances(client, self.period.last_instant(), position).await?;
        self.introduce(&lines)?;
        // A balance may have to be dated the day after. The calendar's last day has none; then the last day with a transaction does.
        let end = self.period.to.map(|to| before(to).date_naive()).filter(|day| *day < LATEST.date_naive());
        let last_day = end.unwrap_or(last_day);
        Ok(self.format.closing(self.out, last_day, &lines)?)
    }
}

/// Reads pages while those before are written.
fn ahead(mut pages: Streaming<ReadRecordsResponse>) -> mpsc::Receiver<Result<ReadRecordsResponse, Status>> {
    let (sender, receiver) = mpsc::channel(PAGES_AHEAD);
    tokio::spawn(async move {
        // It ends with the stream, with an error, or when nobody takes them any more.
        while let Some(page) = pages.message().await.transpose() {
            let is_last = page.is_err();
            if sender.send(page).await.is_err() || is_last {
                return;
            }
        }
    });
    receiver
}

/// Every account as of a time and as known at a position.
async fn balances(client: &mut AuditClient, as_of: DateTime<Utc>, position: u64) -> Result<Vec<Line>, Failure> {
    let options = ReadOptions { as_of: Some(timestamp(as_of)), as_of_position: Some(position), min_position: None };
    let answer = client.get_trial_balance(GetTrialBalanceRequest { options: Some(options) }).await?.into_inner();
    if !answer.is_balanced {
        return Err(Failure::check("the accounts do not add up to zero; the ledger is damaged, see `verify`"));
    }
    let lines = answer.accounts.into_iter().map(|account| {
        let amount = Money { currency_code: account.currency_code, minor_units: account.balance };
        Line::new(&account.account, &amount)
    });
    lines.collect()
}
