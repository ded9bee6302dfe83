//! What should be paid out: the payout proposal.

use crate::console::components::{Filter, filters};
use crate::console::failed::Failed;
use crate::console::page::{Page, Place, Section};
use crate::console::table::{Cell, Table, Tone, columns};
use crate::console::visit::{Rows, Visit};
use crate::language::say;
use crate::proto::{ListPayablesRequest, Payable};
use maud::html;

const NAME: &str = "payables";

/// The page.
pub async fn page(visit: &Visit) -> Result<Page, Failed> {
    let language = visit.language;
    let is_all = visit.query.get("all") == "yes";
    let rows = visit
        .rows(NAME, |page_size, page_token| {
            let mut client = visit.services.partnership();
            let request = ListPayablesRequest {
                include_below_minimum: is_all,
                include_on_hold: is_all,
                page_size,
                page_token,
                options: Some(visit.options()),
                partner_id: visit.query.some("partner"),
            };
            async move {
                let answer = client.list_payables(request).await?.into_inner();
                Ok(Rows::new(answer.payables, answer.next_page_token, answer.position))
            }
        })
        .await?;
    let title = say!(language, "console-payables");
    let filters = filters(
        visit,
        &[
            Filter { name: "partner", label: say!(language, "column-partner"), values: Vec::new() },
            Filter {
                name: "all",
                label: say!(language, "console-which"),
                values: vec![("yes".to_owned(), say!(language, "console-all-payables"))],
            },
        ],
    );
    let table = table(visit, &rows.found).paged(&rows.next);
    let section = Section::new(String::new()).markup(filters).table(table);
    let page = Page::new(Place::Payables, String::new(), title).at(rows.position);
    Ok(page.lead(html! { p.hint { (say!(language, "console-payables-hint")) } }).section(section))
}

/// Payables, each with the way to pay it.
pub fn table(visit: &Visit, payables: &[Payable]) -> Table {
    let language = visit.language;
    let columns = columns![language; "column-partner", = "column-payable", = "column-minimum-payout", "column-proposal"];
    let mut table = Table::new(NAME, say!(language, "console-payables"), say!(language, "payables-none"), columns);
    for payable in payables {
        table.row(vec![
            visit.partner_cell(&payable.partner_id),
            Cell::amount(language, &payable.currency_code, payable.payable),
            Cell::amount(language, &payable.currency_code, payable.minimum_payout),
            proposal(visit, payable),
        ]);
    }
    table
}

fn proposal(visit: &Visit, payable: &Payable) -> Cell {
    let language = visit.language;
    if payable.on_hold {
        return Cell::state(Tone::Bad, &say!(language, "payables-on-hold"));
    }
    if payable.below_minimum {
        return Cell::state(Tone::Plain, &say!(language, "payables-below-minimum"));
    }
    let words = say!(language, "payables-pay");
    if !visit.person.may("commission_paid") || !visit.moment.is_now() {
        return Cell::state(Tone::Good, &words);
    }
    let amount = crate::language::text::bare_amount(&payable.currency_code, payable.payable);
    let parameters =
        [("partner_id", payable.partner_id.as_str()), ("currency", payable.currency_code.as_str()), ("amount", amount.as_str())];
    let (href, label) =
        (visit.to_with("/act/payout", &parameters), say!(language, "console-pay-partner", partner = payable.partner_id.as_str()));
    Cell::rich(html! { a href=(href) aria-label=(label) { (words) } }, &words)
}
