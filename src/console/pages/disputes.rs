//! The disputes and what they hold.

use crate::console::components::{Filter, filters, joined};
use crate::console::failed::Failed;
use crate::console::page::{Page, Place, Section};
use crate::console::table::{Cell, Table, Tone, columns};
use crate::console::visit::{Rows, Visit};
use crate::language::say;
use crate::proto::dispute::Subject;
use crate::proto::{Dispute, DisputeOutcome, ListDisputesRequest, Side};
use maud::html;

const NAME: &str = "disputes";

/// The page.
pub async fn page(visit: &Visit) -> Result<Page, Failed> {
    let language = visit.language;
    let rows = visit
        .rows(NAME, |page_size, page_token| {
            let mut client = visit.services.partnership();
            let request = ListDisputesRequest {
                open_only: visit.query.get("open") == "yes",
                partner_id: visit.query.some("partner"),
                page_size,
                page_token,
                options: Some(visit.options()),
            };
            async move {
                let answer = client.list_disputes(request).await?.into_inner();
                Ok(Rows::new(answer.disputes, answer.next_page_token, answer.position))
            }
        })
        .await?;
    let title = say!(language, "console-disputes");
    let columns = columns![
        language; "column-dispute", "column-about", "disputes-opened-by", "column-opened", "column-outcome", "disputes-holds",
        "disputes-claim"
    ];
    let mut table = Table::new(NAME, title.clone(), say!(language, "disputes-none"), columns).paged(&rows.next);
    rows.found.iter().for_each(|dispute| table.row(row(visit, dispute)));
    let filters = filters(
        visit,
        &[
            Filter { name: "partner", label: say!(language, "column-partner"), values: Vec::new() },
            Filter {
                name: "open",
                label: say!(language, "console-which"),
                values: vec![("yes".to_owned(), say!(language, "disputes-open"))],
            },
        ],
    );
    let section = Section::new(String::new()).markup(filters).table(table);
    Ok(Page::new(Place::Disputes, String::new(), title).at(rows.position).section(section))
}

fn row(visit: &Visit, dispute: &Dispute) -> Vec<Cell> {
    let language = visit.language;
    let held: Vec<String> = dispute
        .held
        .iter()
        .map(|held| {
            say!(
                language,
                "disputes-held",
                amount = language.grouped_amount(&held.currency_code, held.amount),
                partner = held.partner_id.as_str()
            )
        })
        .collect();
    let about = match &dispute.subject {
        Some(Subject::LeadId(id)) => Cell::link(&visit.lead(id), say!(language, "disputes-lead", id = id.as_str())),
        Some(Subject::SaleId(id)) => Cell::link(&visit.sale(id), say!(language, "disputes-sale", id = id.as_str())),
        Some(Subject::PayoutId(id)) => {
            Cell::link(&visit.to_with("/payouts", &[("payout", id)]), say!(language, "disputes-payout", id = id.as_str()))
        }
        None => Cell::text(""),
    };
    vec![
        Cell::link(&visit.record(dispute.position), &dispute.dispute_id),
        about,
        Cell::text(language.word::<Side>(dispute.opened_by)),
        Cell::time(language, dispute.opened_at.as_ref()),
        outcome(visit, dispute),
        Cell::text(held.join(", ")),
        Cell::text(&dispute.claim),
    ]
}

/// How it ended, or the way to end it.
fn outcome(visit: &Visit, dispute: &Dispute) -> Cell {
    let language = visit.language;
    if let Some(outcome) = dispute.outcome {
        let words = language.word::<DisputeOutcome>(outcome);
        let shown =
            html! { (Cell::state(Tone::Plain, &words).shown()) @if !dispute.resolution.is_empty() { br; small { (dispute.resolution) } } };
        return Cell::rich(shown, &words);
    }
    let words = say!(language, "disputes-open");
    let open = Cell::state(Tone::Warning, &words).shown().clone();
    if !visit.person.may("dispute_resolved") || !visit.moment.is_now() {
        return Cell::rich(open, &words);
    }
    let href = visit.to_with("/act/resolve", &[("dispute_id", &dispute.dispute_id)]);
    let way = html! { a href=(href) { (say!(language, "console-act-resolve")) span.hidden { " " (dispute.dispute_id) } } };
    Cell::rich(joined(&[open, way], " "), &words)
}
