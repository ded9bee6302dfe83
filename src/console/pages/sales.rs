//! The sales, the latest first: their records, and from there how each commission came about.

use crate::console::failed::Failed;
use crate::console::page::{Page, Place, Section};
use crate::console::table::{Cell, Table, columns};
use crate::console::visit::Visit;
use crate::language::say;
use crate::language::text::code;
use crate::proto::effect::Effect;
use crate::proto::event::Body;
use crate::proto::{CommissionOutcome, Record, RecordFilter};

const NAME: &str = "sales";

/// The page.
pub async fn page(visit: &Visit) -> Result<Page, Failed> {
    let language = visit.language;
    let filter = RecordFilter {
        body_types: vec!["sale_recorded".to_owned()],
        partner_ids: visit.query.some("partner").into_iter().collect(),
        agreement_ids: visit.query.some("agreement").into_iter().collect(),
        lead_ids: visit.query.some("lead").into_iter().collect(),
        ..RecordFilter::default()
    };
    let rows = super::records::latest(visit, NAME, filter).await?;
    let title = say!(language, "console-sales");
    let columns = columns![
        language; "column-sale", "column-occurred", = "column-amount", "explain-product", "column-lead", "column-agreement", "column-outcome",
        # "column-position"
    ];
    let mut table = Table::new(NAME, title.clone(), say!(language, "console-no-sales"), columns).paged(&rows.next);
    rows.found.iter().for_each(|record| table.row(row(visit, record)));
    let filters = crate::console::components::filters(visit, &super::records::about_filters(language));
    let section = Section::new(String::new()).markup(filters).table(table);
    Ok(Page::new(Place::Sales, String::new(), title).at(rows.position).section(section))
}

fn row(visit: &Visit, record: &Record) -> Vec<Cell> {
    let language = visit.language;
    let event = record.event.clone().unwrap_or_default();
    let Some(Body::SaleRecorded(sale)) = event.body else { return vec![Cell::text(""); 8] };
    let assessed = record.effects.iter().find_map(|effect| match &effect.effect {
        Some(Effect::CommissionAssessed(assessed)) => Some(assessed),
        _ => None,
    });
    let agreement = sale.agreement_id.clone().or_else(|| assessed.map(|assessed| assessed.agreement_id.clone())).unwrap_or_default();
    vec![
        visit.sale_cell(&sale.sale_id),
        Cell::time(language, event.occurred_at.as_ref()),
        Cell::money(language, sale.amount.as_ref()),
        Cell::text(&sale.product),
        visit.lead_cell(sale.lead_id.as_deref().unwrap_or_default()),
        visit.agreement_cell(&agreement),
        Cell::code(&assessed.map(|assessed| code::<CommissionOutcome>(assessed.outcome)).unwrap_or_default()),
        visit.record_cell(record.position),
    ]
}
