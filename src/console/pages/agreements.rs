//! The agreements.

use super::tones;
use crate::console::components::{Filter, chosen, filters, values};
use crate::console::failed::Failed;
use crate::console::page::{Page, Place, Section};
use crate::console::table::{Cell, Table, columns};
use crate::console::visit::{Rows, Visit};
use crate::language::say;
use crate::proto::{Agreement, AgreementState, AgreementType, ListAgreementsRequest};

const NAME: &str = "agreements";

/// The page.
pub async fn page(visit: &Visit) -> Result<Page, Failed> {
    let language = visit.language;
    let rows = visit
        .rows(NAME, |page_size, page_token| {
            let mut client = visit.services.partnership();
            let request = ListAgreementsRequest {
                partner_id: visit.query.some("partner"),
                r#type: chosen::<AgreementType>(visit.query.get("type")),
                state: chosen::<AgreementState>(visit.query.get("state")),
                programme_id: visit.query.some("programme"),
                recruited_by_agreement_id: visit.query.some("recruited_by"),
                page_size,
                page_token,
                options: Some(visit.options()),
            };
            async move {
                let answer = client.list_agreements(request).await?.into_inner();
                Ok(Rows::new(answer.agreements, answer.next_page_token, answer.position))
            }
        })
        .await?;
    let title = say!(language, "console-agreements");
    let columns = columns![
        language; "column-agreement", "column-partner", "agreement-type", "column-state", "agreement-effective", "agreement-ends",
        "programme-programme"
    ];
    let mut table = Table::new(NAME, title.clone(), say!(language, "console-no-agreements"), columns).paged(&rows.next);
    rows.found.iter().for_each(|agreement| table.row(row(visit, agreement)));
    let filters = filters(
        visit,
        &[
            Filter { name: "partner", label: say!(language, "column-partner"), values: Vec::new() },
            Filter { name: "type", label: say!(language, "agreement-type"), values: values::<AgreementType>(language) },
            Filter { name: "state", label: say!(language, "column-state"), values: values::<AgreementState>(language) },
        ],
    );
    let section = Section::new(String::new()).markup(filters).table(table);
    Ok(Page::new(Place::Agreements, String::new(), title).at(rows.position).section(section))
}

fn row(visit: &Visit, agreement: &Agreement) -> Vec<Cell> {
    let language = visit.language;
    vec![
        visit.agreement_cell(&agreement.agreement_id),
        visit.partner_cell(&agreement.partner_id),
        Cell::text(language.word::<AgreementType>(agreement.r#type)),
        tones::agreement(language, agreement.state),
        Cell::time(language, agreement.effective_at.as_ref()),
        Cell::time(language, agreement.ends_at.as_ref()),
        Cell::text(agreement.programme_id.as_deref().unwrap_or_default()),
    ]
}
