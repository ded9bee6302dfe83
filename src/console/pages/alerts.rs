//! What somebody should look at, the most urgent first.

use super::tones;
use crate::console::components::{Filter, chosen, filters, values};
use crate::console::failed::Failed;
use crate::console::page::{Page, Place, Section};
use crate::console::table::{Cell, Table, columns};
use crate::console::visit::{Rows, Visit};
use crate::language::alerts::message;
use crate::language::say;
use crate::proto::{Alert, AlertKind, ListAlertsRequest};

const NAME: &str = "alerts";

/// The page.
pub async fn page(visit: &Visit) -> Result<Page, Failed> {
    let language = visit.language;
    let rows = visit
        .rows(NAME, |page_size, page_token| {
            let mut client = visit.services.partnership();
            let kinds = Some(chosen::<AlertKind>(visit.query.get("kind"))).filter(|kind| *kind != 0).into_iter().collect();
            let request = ListAlertsRequest {
                partner_id: visit.query.some("partner"),
                agreement_id: visit.query.some("agreement"),
                kinds,
                page_size,
                page_token,
                options: Some(visit.options()),
            };
            async move {
                let answer = client.list_alerts(request).await?.into_inner();
                Ok(Rows::new(answer.alerts, answer.next_page_token, answer.position))
            }
        })
        .await?;
    let filters = filters(
        visit,
        &[
            Filter { name: "partner", label: say!(language, "column-partner"), values: Vec::new() },
            Filter { name: "agreement", label: say!(language, "column-agreement"), values: Vec::new() },
            Filter { name: "kind", label: say!(language, "alerts-alert"), values: values::<AlertKind>(language) },
        ],
    );
    let section = Section::new(String::new()).markup(filters).table(table(visit, &rows.found).paged(&rows.next));
    Ok(Page::new(Place::Alerts, String::new(), say!(language, "console-alerts")).at(rows.position).section(section))
}

/// Alerts with what to do.
pub fn table(visit: &Visit, alerts: &[Alert]) -> Table {
    let language = visit.language;
    let columns = columns![language; "alerts-alert", "alerts-since", "column-about", "alerts-what-to-do"];
    let mut table = Table::new(NAME, say!(language, "console-alerts"), say!(language, "alerts-none"), columns);
    for alert in alerts {
        table.row(vec![
            tones::alert(language, alert.kind),
            Cell::time(language, alert.since.as_ref()),
            about(visit, alert),
            Cell::text(message(language, alert)),
        ]);
    }
    table
}

/// What an alert is about: the lead, the campaign, the agreement or the partner.
fn about(visit: &Visit, alert: &Alert) -> Cell {
    if let Some(id) = &alert.lead_id {
        return visit.lead_cell(id);
    }
    if let Some(id) = &alert.campaign_id {
        return visit.campaign_cell(id);
    }
    match (&alert.agreement_id, &alert.partner_id) {
        (Some(id), _) => visit.agreement_cell(id),
        (None, Some(id)) => visit.partner_cell(id),
        (None, None) => Cell::text(""),
    }
}
