//! The records themselves, the latest first.

use crate::console::components::{Filter, filters};
use crate::console::failed::Failed;
use crate::console::moment::{first_instant, instant_of, last_instant, timestamp};
use crate::console::page::{Page, Place, Section};
use crate::console::table::{Cell, Table, columns};
use crate::console::visit::{PAGE, Rows, Visit};
use crate::language::records::{describe, effects};
use crate::language::{Language, say};
use crate::proto::{ReadOptions, ReadRecordsRequest, Record, RecordFilter};
use chrono::NaiveDate;
use prost_types::Timestamp;
use tonic::Status;

const NAME: &str = "records";
/// Records on one page.
const ROWS: usize = 50;
/// Records of a CSV file at most.
const MOST_CSV_ROWS: usize = 100_000;

/// The page.
pub async fn page(visit: &Visit) -> Result<Page, Failed> {
    let language = visit.language;
    let to_position = visit.query.get("go");
    if !to_position.is_empty() {
        let position: u64 = to_position
            .parse()
            .map_err(|_| Failed::Bad(say!(language, "console-no-position", text = crate::language::text::line(to_position))))?;
        return Err(Failed::Elsewhere(visit.record(position)));
    }
    let list = |name| visit.query.some(name).into_iter().collect();
    let filter = RecordFilter {
        partner_ids: list("partner"),
        agreement_ids: list("agreement"),
        lead_ids: list("lead"),
        body_types: list("type"),
        occurred_from: day(visit, "from", first_instant)?,
        occurred_to: day(visit, "to", last_instant)?,
    };
    let rows = latest(visit, NAME, filter).await?;
    let title = say!(language, "console-records");
    let columns = columns![
        language; # "column-position", "column-occurred", "records-recorded", "records-event", "column-about", "records-effects", "records-by"
    ];
    let mut table = Table::new(NAME, title.clone(), say!(language, "records-none"), columns).paged(&rows.next);
    rows.found.iter().for_each(|record| table.row(row(visit, record)));
    let mut all = about_filters(language);
    all.push(Filter { name: "type", label: say!(language, "records-event"), values: types() });
    all.push(Filter { name: "from", label: say!(language, "console-from-day"), values: Vec::new() });
    all.push(Filter { name: "to", label: say!(language, "console-to-day"), values: Vec::new() });
    all.push(Filter { name: "go", label: say!(language, "console-go-to"), values: Vec::new() });
    let section = Section::new(String::new()).markup(filters(visit, &all)).table(table);
    Ok(Page::new(Place::Records, String::new(), title).at(rows.position).section(section))
}

/// The filters by whom records are about.
pub fn about_filters(language: Language) -> Vec<Filter<'static>> {
    vec![
        Filter { name: "partner", label: say!(language, "column-partner"), values: Vec::new() },
        Filter { name: "agreement", label: say!(language, "column-agreement"), values: Vec::new() },
        Filter { name: "lead", label: say!(language, "column-lead"), values: Vec::new() },
    ]
}

/// The instant of a day in the address.
fn day(visit: &Visit, name: &str, instant: impl Fn(NaiveDate) -> chrono::DateTime<chrono::Utc>) -> Result<Option<Timestamp>, Failed> {
    let Some(text) = visit.query.some(name) else { return Ok(None) };
    let found = text.parse::<NaiveDate>().ok().map(instant).or_else(|| instant_of(&text));
    let bad = || Failed::Bad(say!(visit.language, "date-no-day", date = crate::language::text::line(&text)));
    Ok(Some(timestamp(found.ok_or_else(bad)?)))
}

/// The types of events, by their names in the contract.
fn types() -> Vec<(String, String)> {
    crate::domain::event_types().map(|name| (name.to_owned(), name.to_owned())).collect()
}

/// The latest records of a filter: those of the page that is shown, or all if the table is asked for as CSV. A page is named by the
/// position that it begins below.
pub async fn latest(visit: &Visit, table: &str, filter: RecordFilter) -> Result<Rows<Record>, Failed> {
    let most = if visit.csv() == Some(table) { MOST_CSV_ROWS } else { ROWS };
    let before = match visit.query.get(PAGE) {
        "" => None,
        text => Some(
            text.parse().map_err(|_| Failed::Bad(say!(visit.language, "console-no-position", text = crate::language::text::line(text))))?,
        ),
    };
    // Without a time there is no limit by time.
    let options = ReadOptions { as_of: visit.moment.options().as_of, ..visit.moment.options() };
    let request = ReadRecordsRequest {
        from: 0,
        to: before,
        filter: Some(filter),
        backwards: true,
        page_size: u32::try_from(most.min(1_000)).unwrap_or(1_000),
        options: Some(options),
    };
    Ok(read(visit, request, most).await?)
}

async fn read(visit: &Visit, request: ReadRecordsRequest, most: usize) -> Result<Rows<Record>, Status> {
    let mut pages = visit.services.audit().read_records(request).await?.into_inner();
    let (mut found, mut position) = (Vec::new(), 0);
    while let Some(page) = pages.message().await? {
        position = page.position;
        found.extend(page.records);
        if found.len() >= most {
            break;
        }
    }
    found.truncate(most);
    let next = found.last().filter(|record| found.len() == most && record.position > 1).map(|record| record.position.to_string());
    Ok(Rows::new(found, next.unwrap_or_default(), position))
}

fn row(visit: &Visit, record: &Record) -> Vec<Cell> {
    let language = visit.language;
    let event = record.event.clone().unwrap_or_default();
    let (kind, about) = describe(language, &event);
    vec![
        visit.record_cell(record.position),
        Cell::time(language, event.occurred_at.as_ref()),
        Cell::time(language, record.recorded_at.as_ref().map(|time| Timestamp { seconds: time.seconds, nanos: 0 }).as_ref()),
        Cell::code(&kind),
        Cell::text(about),
        Cell::text(effects(language, record)),
        Cell::text(&record.recorded_by),
    ]
}
