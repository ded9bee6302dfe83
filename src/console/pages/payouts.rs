//! What was paid out.

use super::tones;
use crate::console::components::{Filter, chosen, filters, values};
use crate::console::failed::Failed;
use crate::console::page::{Page, Place, Section};
use crate::console::table::{Cell, Table, columns};
use crate::console::visit::{Rows, Visit};
use crate::language::say;
use crate::proto::{ListPayoutsRequest, Payout, PayoutState};

const NAME: &str = "payouts";

/// The page.
pub async fn page(visit: &Visit) -> Result<Page, Failed> {
    let language = visit.language;
    let rows = visit
        .rows(NAME, |page_size, page_token| {
            let mut client = visit.services.partnership();
            let request = ListPayoutsRequest {
                partner_id: visit.query.some("partner"),
                payout_id: visit.query.some("payout"),
                state: chosen::<PayoutState>(visit.query.get("state")),
                page_size,
                page_token,
                options: Some(visit.options()),
                ..ListPayoutsRequest::default()
            };
            async move {
                let answer = client.list_payouts(request).await?.into_inner();
                Ok(Rows::new(answer.payouts, answer.next_page_token, answer.position))
            }
        })
        .await?;
    let filters = filters(
        visit,
        &[
            Filter { name: "partner", label: say!(language, "column-partner"), values: Vec::new() },
            Filter { name: "payout", label: say!(language, "column-payout"), values: Vec::new() },
            Filter { name: "state", label: say!(language, "column-state"), values: values::<PayoutState>(language) },
        ],
    );
    let section = Section::new(String::new()).markup(filters).table(table(visit, NAME, &rows.found, &rows.next).paged(&rows.next));
    let page = Page::new(Place::Payouts, String::new(), say!(language, "console-payouts")).at(rows.position).section(section);
    let may = visit.person.may("commission_paid");
    Ok(if may { page.action(visit.to("/act/payout"), say!(language, "console-act-payout")) } else { page })
}

/// Payouts with where they stand.
pub fn table(visit: &Visit, name: &str, payouts: &[Payout], next: &str) -> Table {
    let language = visit.language;
    let columns = columns![
        language; "column-payout", "column-partner", "column-occurred", "payouts-state", = "column-amount", = "payouts-tax-withheld",
        = "payouts-returned", "payouts-method", "column-reference", # "column-position"
    ];
    let mut table = Table::new(name, say!(language, "console-payouts"), say!(language, "payouts-none"), columns);
    if !next.is_empty() {
        table = table.paged(next);
    }
    for payout in payouts {
        let amount = |minor_units| Cell::amount(language, &payout.currency_code, minor_units);
        let method =
            if payout.advance { say!(language, "payouts-advance", method = payout.method.as_str()) } else { payout.method.clone() };
        table.row(vec![
            Cell::text(&payout.payout_id),
            visit.partner_cell(&payout.partner_id),
            Cell::time(language, payout.occurred_at.as_ref()),
            tones::payout(language, payout.state),
            amount(payout.amount),
            amount(payout.tax_withheld),
            amount(payout.returned),
            Cell::text(method),
            Cell::text(&payout.reference),
            visit.record_cell(payout.position),
        ]);
    }
    table
}
