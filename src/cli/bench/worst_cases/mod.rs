//! The worst cases: what small events and reads take while something large goes on, what large events and questions take, and
//! what the server's memory comes to, each beside its bound.

mod crowd;
mod expensive;
mod feeds;
mod figures;
mod load;
mod questions;
mod sizes;
mod taken;
mod target;
mod world;

use super::report;
use super::server::Setup;
use crate::cli::client::Session;
use crate::cli::failure::Failure;
use clap::ValueEnum;
use figures::Figure;
use serde::Serialize;
use sizes::Sizes;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use target::Target;
use world::World;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Case {
    /// Nothing else goes on
    Quiet,
    /// Four clients list alerts without a pause
    Alerts,
    /// Four clients ask for the trial balance without a pause
    TrialBalances,
    /// Four clients list all balances as of a year ago without a pause
    PastBalances,
    /// Four clients have a sale of the large account explained without a pause
    Explanations,
    /// Four clients read records by a filter that nothing matches without a pause
    RecordsWithoutMatch,
    /// 400 calls that list alerts, each abandoned at once
    Abandoned,
    /// Questions about large subjects
    Questions,
    /// Reassigning leads of the large account with their unpaid commission
    TransferFew,
    /// A payment to a partner with many pending entries
    PaymentPending,
    /// A payment of two years ago to the partner of the large account
    PaymentBackdated,
    /// Signatures of agreements beside many others
    Signatures,
    /// Sales to a lead under a cap that has many
    Capped,
    /// 32 connections with 250 calls that read records, whose answers nobody reads
    UnreadRecords,
    /// 185 requests of 3.7 MB on append streams, whose answers nobody reads
    UnreadAppends,
    /// Reassigning a lead with very many sales of which half is paid
    TransferMany,
}

impl Case {
    /// Returns its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quiet => "nothing else",
            Self::Alerts => "4 × ListAlerts",
            Self::TrialBalances => "4 × GetTrialBalance",
            Self::PastBalances => "4 × ListBalances of a year ago",
            Self::Explanations => "4 × ExplainSale, large account",
            Self::RecordsWithoutMatch => "4 × ReadRecords without a match",
            Self::Abandoned => "abandoned ListAlerts",
            Self::Questions => "questions",
            Self::TransferFew => "leads of the large account reassigned",
            Self::PaymentPending => "payment beside pending entries",
            Self::PaymentBackdated => "payment told two years late",
            Self::Signatures => "signatures beside many agreements",
            Self::Capped => "sales under a cap",
            Self::UnreadRecords => "ReadRecords nobody reads",
            Self::UnreadAppends => "AppendStream nobody reads",
            Self::TransferMany => "large lead reassigned",
        }
    }
}

/// How the worst cases are measured.
#[derive(Clone, Debug)]
pub struct Plan {
    pub setup: Setup,
    /// Where the ledger is; a temporary server if absent.
    pub address: Option<String>,
    pub seed: u64,
    /// About how many records the ledger has.
    pub records: u64,
    /// How long something goes on beside appends and point reads, and is repeated by itself.
    pub time: Duration,
    pub cases: Vec<Case>,
}

/// The outcome.
#[derive(Serialize)]
struct Report {
    sizes: Sizes,
    /// Records that the ledger was filled with.
    records: u64,
    load_seconds: f64,
    figures: Vec<Figure>,
}

/// Fills a ledger and measures the cases. Fails if a figure is beyond its bound.
pub async fn run(plan: &Plan, session: &mut Session) -> Result<(), Failure> {
    let mut target = Target::start(&plan.setup, plan.address.clone())?;
    let world = Arc::new(world(plan));
    let started = Instant::now();
    let records = load::load(&target.address, &world).await?;
    let load_seconds = started.elapsed().as_secs_f64();
    say(&format!("{records} records in {load_seconds:.1} s"));
    let mut figures = Vec::new();
    for case in &plan.cases {
        let started = Instant::now();
        target.settle(&world).await?;
        let mut measured = measure(&target, &world, *case, plan.time).await?;
        if target.settle(&world).await? {
            measured.iter_mut().for_each(|figure| figure.notes.push("the server was started again".to_owned()));
        }
        say(&format!("{}: {:.1} s", case.name(), started.elapsed().as_secs_f64()));
        measured.iter().for_each(|figure| say(&format!("  {}", figure.line())));
        figures.extend(measured);
    }
    write(&Report { sizes: world.sizes, records, load_seconds, figures }, session)
}

async fn measure(target: &Target, world: &Arc<World>, case: Case, time: Duration) -> Result<Vec<Figure>, Failure> {
    match case {
        Case::Questions => questions::measure(&target.address, world, time).await,
        Case::TransferFew | Case::TransferMany | Case::PaymentPending | Case::PaymentBackdated | Case::Signatures | Case::Capped => {
            expensive::measure(&target.address, world, case, time).await
        }
        _ => crowd::measure(target, world, case, time).await,
    }
}

fn world(plan: &Plan) -> World {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (seed, prefix) = match plan.address {
        None => (plan.seed, String::new()),
        // Another run on the same ledger must not send the same events again.
        Some(_) => (plan.seed ^ u64::from(now.subsec_nanos()), format!("worst-{:x}-", now.as_millis())),
    };
    World::new(Sizes::of(plan.records), prefix, seed, i64::try_from(now.as_secs()).unwrap_or(i64::MAX))
}

/// Tells how far it is, on standard error; that nobody reads it is no reason to stop.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn write(report: &Report, session: &mut Session) -> Result<(), Failure> {
    let out = &mut session.out;
    if out.json {
        report::json(out, report)?;
    } else {
        out.table(figures::table(&report.figures))?;
    }
    out.flush()?;
    match report.figures.iter().filter(|figure| !figure.is_within).count() {
        0 => Ok(()),
        beyond => Err(Failure::check(format!("{beyond} of {} figures are beyond their bounds", report.figures.len()))),
    }
}
