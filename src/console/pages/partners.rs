//! The partners.

use crate::console::components::{Filter, chosen, filters, values};
use crate::console::failed::Failed;
use crate::console::page::{Page, Place, Section};
use crate::console::table::{Cell, Table, Tone, columns};
use crate::console::visit::{Rows, Visit};
use crate::language::say;
use crate::proto::{ListPartnersRequest, Partner, PartnerKind};

const NAME: &str = "partners";

/// The page.
pub async fn page(visit: &Visit) -> Result<Page, Failed> {
    let language = visit.language;
    let rows = visit
        .rows(NAME, |page_size, page_token| {
            let mut client = visit.services.partnership();
            let (kind, category) = (chosen::<PartnerKind>(visit.query.get("kind")), visit.query.some("category"));
            let request = ListPartnersRequest { kind, category, page_size, page_token, options: Some(visit.options()) };
            async move {
                let answer = client.list_partners(request).await?.into_inner();
                Ok(Rows::new(answer.partners, answer.next_page_token, answer.position))
            }
        })
        .await?;
    let title = say!(language, "console-partners");
    let columns = columns![language; "column-partner", "column-kind", "console-categories", "console-registered", "console-agreements", "console-standing"];
    let mut table = Table::new(NAME, title.clone(), say!(language, "console-no-partners"), columns).paged(&rows.next);
    rows.found.iter().for_each(|partner| table.row(row(visit, partner)));
    let filters = filters(
        visit,
        &[
            Filter { name: "kind", label: say!(language, "column-kind"), values: values::<PartnerKind>(language) },
            Filter { name: "category", label: say!(language, "console-category"), values: Vec::new() },
        ],
    );
    let section = Section::new(String::new()).markup(filters).table(table);
    Ok(Page::new(Place::Partners, String::new(), title).at(rows.position).section(section))
}

fn row(visit: &Visit, partner: &Partner) -> Vec<Cell> {
    let language = visit.language;
    let agreements = i64::try_from(partner.agreement_ids.len()).unwrap_or(i64::MAX);
    vec![
        Cell::link_and(&visit.partner(&partner.partner_id), &partner.display_name, &partner.partner_id),
        Cell::text(language.word::<PartnerKind>(partner.kind)),
        Cell::text(partner.categories.join(", ")),
        Cell::time(language, partner.registered_at.as_ref()),
        Cell::figure(language, agreements),
        standing(visit, partner),
    ]
}

/// Whether payouts are on hold, and how well the partner fits.
pub fn standing(visit: &Visit, partner: &Partner) -> Cell {
    let language = visit.language;
    match &partner.fit {
        _ if partner.on_hold => Cell::state(Tone::Bad, &say!(language, "console-on-hold")),
        Some(fit) if fit.fits => Cell::state(Tone::Good, &say!(language, "console-fits")),
        Some(_) => Cell::state(Tone::Warning, &say!(language, "console-fits-not")),
        None => Cell::text(""),
    }
}
