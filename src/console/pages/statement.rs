//! A partner's statement: every posting with the running balance, of a month or of all time.

use crate::console::components::{Filter, filters};
use crate::console::failed::Failed;
use crate::console::moment::{first_instant, timestamp};
use crate::console::page::{Page, Place, Section};
use crate::console::table::{Cell, Table, columns};
use crate::console::visit::{Rows, Visit};
use crate::language::say;
use crate::proto::{Entry, EntryKind, GetBalanceRequest, ListEntriesRequest};
use chrono::{DateTime, Months, NaiveDate, TimeDelta, Utc};
use maud::{Markup, html};

const NAME: &str = "entries";

/// A month in UTC.
struct Month {
    first: NaiveDate,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl Month {
    /// Reads a month such as `2025-03`.
    fn read(text: &str) -> Option<Self> {
        let first: NaiveDate = format!("{text}-01").parse().ok()?;
        let next = first.checked_add_months(Months::new(1))?;
        Some(Self { first, start: first_instant(first), end: first_instant(next) })
    }

    fn beside(&self, months: i32) -> Option<String> {
        let count = Months::new(months.unsigned_abs());
        let other = if months < 0 { self.first.checked_sub_months(count) } else { self.first.checked_add_months(count) };
        other.map(|other| other.format("%Y-%m").to_string())
    }
}

/// The page.
pub async fn page(visit: &Visit, partner_id: &str) -> Result<Page, Failed> {
    let language = visit.language;
    let month = match visit.query.get("month") {
        "" => None,
        text => Some(
            Month::read(text).ok_or_else(|| Failed::Bad(say!(language, "console-no-month", text = crate::language::text::line(text))))?,
        ),
    };
    let rows = visit
        .rows(NAME, |page_size, page_token| {
            let mut client = visit.services.partnership();
            let request = ListEntriesRequest {
                partner_id: partner_id.to_owned(),
                currency_code: visit.query.some("currency"),
                agreement_id: visit.query.some("agreement"),
                lead_id: visit.query.some("lead"),
                sale_id: visit.query.some("sale"),
                kinds: Vec::new(),
                effective_from: month.as_ref().map(|month| timestamp(month.start)),
                effective_to: month.as_ref().map(|month| timestamp(month.end)),
                page_size,
                page_token,
                options: Some(visit.options()),
            };
            async move {
                let answer = client.list_entries(request).await?.into_inner();
                Ok(Rows::new(answer.entries, answer.next_page_token, answer.position))
            }
        })
        .await?;
    let title = match &month {
        Some(month) => say!(language, "statement-title", partner = partner_id, month = language.month(month.first)),
        None => say!(language, "console-statement-of", partner = partner_id),
    };
    let columns = columns![
        language;
        # "column-position", "column-occurred", "statement-kind", "column-about", "statement-reference", = "statement-amount",
        = "statement-balance", "statement-available"
    ];
    let mut table = Table::new(NAME, title.clone(), say!(language, "statement-none"), columns).paged(&rows.next);
    rows.found.iter().for_each(|entry| table.row(row(visit, entry)));
    let about = html! { a href=(visit.partner(partner_id)) { (partner_id) } };
    let page =
        Page::new(Place::Partners, say!(language, "console-statement"), title).at(rows.position).lead(html! { p.sentence { (about) } });
    let filters = filters(
        visit,
        &[
            Filter { name: "month", label: say!(language, "console-month-hint"), values: Vec::new() },
            Filter { name: "currency", label: say!(language, "column-currency"), values: Vec::new() },
            Filter { name: "sale", label: say!(language, "column-sale"), values: Vec::new() },
        ],
    );
    let mut section = Section::new(String::new()).markup(filters);
    if let Some(month) = &month {
        section = section.markup(months(visit, month)).markup(edges(visit, partner_id, month).await?);
    }
    Ok(page.section(section.table(table)))
}

/// The ways to the months before and after.
fn months(visit: &Visit, month: &Month) -> Markup {
    html! {
        p.pager {
            @for beside in [-1, 1].into_iter().filter_map(|months| month.beside(months)) {
                a href=(visit.here_with(&[("month", &beside), ("page", "")])) { (beside) }
            }
        }
    }
}

/// What was owed when the month began and at its end, and what was payable then.
async fn edges(visit: &Visit, partner_id: &str, month: &Month) -> Result<Markup, Failed> {
    let language = visit.language;
    let mut client = visit.services.partnership();
    let instant = TimeDelta::nanoseconds(1);
    let mut figures = Vec::new();
    for (time, is_end) in [(month.start - instant, false), (month.end - instant, true)] {
        let request =
            GetBalanceRequest { partner_id: partner_id.to_owned(), options: Some(visit.moment.options_at(time.min(visit.moment.time()))) };
        let balances = match client.get_balance(request).await {
            // It was not registered yet.
            Err(status) if status.code() == tonic::Code::NotFound => continue,
            answer => answer?.into_inner().balances,
        };
        for balance in balances {
            let amount = |minor_units| html! { (language.grouped_amount(&balance.currency_code, minor_units)) };
            let name = if is_end { say!(language, "statement-closing") } else { say!(language, "statement-opening") };
            figures.push((name, amount(balance.net)));
            if is_end {
                figures.push((say!(language, "console-payable-at-end"), amount(balance.payable)));
            }
        }
    }
    Ok(crate::console::components::figures(&figures))
}

fn row(visit: &Visit, entry: &Entry) -> Vec<Cell> {
    let language = visit.language;
    let available = if entry.awaits_customer_payment {
        Cell::text(say!(language, "explain-awaiting"))
    } else {
        Cell::time(language, entry.available_at.as_ref())
    };
    vec![
        visit.record_cell(entry.position),
        Cell::time(language, entry.occurred_at.as_ref()),
        Cell::text(language.word::<EntryKind>(entry.kind)),
        about(visit, entry),
        Cell::text(&entry.reference),
        Cell::amount(language, &entry.currency_code, entry.amount),
        Cell::amount(language, &entry.currency_code, entry.net_after),
        available,
    ]
}

/// What an entry belongs to: the sale, else the lead, the campaign or the agreement.
fn about(visit: &Visit, entry: &Entry) -> Cell {
    if let Some(id) = &entry.sale_id {
        return visit.sale_cell(id);
    }
    if let Some(id) = &entry.lead_id {
        return visit.lead_cell(id);
    }
    if let Some(id) = &entry.campaign_id {
        return visit.campaign_cell(id);
    }
    visit.agreement_cell(entry.agreement_id.as_deref().unwrap_or_default())
}
