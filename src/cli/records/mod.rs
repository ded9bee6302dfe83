//! `records`: the records themselves, as they were recorded.

mod follow;
mod selection;

use crate::cli::client::Session;
use crate::cli::failure::Failure;
use crate::cli::language::{Language, columns, say};
use crate::cli::moment::Moment;
use crate::cli::output::Output;
use crate::cli::table::Table;
use crate::cli::text::line;
use partnership_ledger::language::records::{describe, effects};
use partnership_ledger::proto::{ReadRecordsRequest, Record, RecordFilter};
pub use selection::Selection;

#[derive(clap::Args)]
pub struct Args {
    /// How many of the last records
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20, conflicts_with = "from")]
    last: usize,
    /// All records from this position on instead
    #[arg(long, value_name = "POSITION")]
    from: Option<u64>,
    #[command(flatten)]
    selection: Selection,
    /// Go on with what is recorded from then on, until Ctrl-C; a connection that is lost is made again
    #[arg(long, conflicts_with_all = ["as_of", "as_of_position", "known_at"])]
    follow: bool,
    #[command(flatten)]
    moment: Moment,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let language = session.out.language;
    let filter = RecordFilter::from(args.selection.clone());
    match args.from {
        Some(from) if args.follow => follow::run(from.saturating_sub(1), filter, session).await,
        None if args.follow => {
            let position = read(args, filter.clone(), session).await?.0;
            follow::run(position, filter, session).await
        }
        _ => {
            let (position, shown) = read(args, filter, session).await?;
            match (session.out.json, shown) {
                (true, _) => Ok(()),
                (false, 0) => session.out.answer(table(language, &[]), &say!(language, "records-none"), position),
                (false, _) => session.out.read_at(position),
            }
        }
    }
}

/// Shows the records that are there; returns the position they were read at, and how many were shown.
async fn read(args: Args, filter: RecordFilter, session: &mut Session) -> Result<(u64, usize), Failure> {
    let backwards = args.from.is_none();
    let wanted = if backwards { args.last } else { usize::MAX };
    let request = ReadRecordsRequest {
        from: args.from.unwrap_or_default(),
        to: None,
        backwards,
        page_size: u32::try_from(wanted.clamp(1, 1_000)).unwrap_or(1_000),
        options: Some(args.moment.options(session).await?),
        filter: Some(filter),
    };
    let mut pages = session.audit().await?.read_records(request).await?.into_inner();
    let mut last = Vec::new();
    let mut position = 0;
    let mut shown = 0;
    while let Some(page) = pages.message().await? {
        position = page.position;
        if backwards {
            last.extend(page.records.into_iter().take(wanted - last.len()));
            if last.len() == wanted {
                break;
            }
        } else {
            shown += page.records.len();
            show(&page.records, &mut session.out)?;
        }
    }
    last.reverse();
    show(&last, &mut session.out)?;
    Ok((position, shown + last.len()))
}

fn show(records: &[Record], out: &mut Output) -> Result<(), Failure> {
    if out.json {
        return records.iter().try_for_each(|record| out.message(record));
    }
    if records.is_empty() { Ok(()) } else { out.table(table(out.language, records)) }
}

fn table(language: Language, records: &[Record]) -> Table {
    let mut table = Table::new(
        columns![language; > "column-position", "column-occurred", "records-recorded", "records-event", "column-about", "records-effects", "records-by"],
    );
    records.iter().for_each(|record| table.row(row(language, record)));
    table
}

/// Returns what is shown of a record.
fn row(language: Language, record: &Record) -> [String; 7] {
    let event = record.event.clone().unwrap_or_default();
    let (kind, about) = describe(language, &event);
    let occurred = language.time(event.occurred_at.as_ref());
    let recorded = language.time(record.recorded_at.as_ref());
    [record.position.to_string(), occurred, recorded, kind, about, effects(language, record), line(&record.recorded_by)]
}
