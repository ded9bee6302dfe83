//! The leads: who owns which.

use super::tones;
use crate::console::components::{Filter, chosen, filters, values};
use crate::console::failed::Failed;
use crate::console::page::{Page, Place, Section};
use crate::console::table::{Cell, Table, columns};
use crate::console::visit::{Rows, Visit};
use crate::language::say;
use crate::language::text::code;
use crate::proto::party::Party as Who;
use crate::proto::{Lead, LeadState, ListLeadsRequest, OwnershipRule, Party};

const NAME: &str = "leads";

/// The page.
pub async fn page(visit: &Visit) -> Result<Page, Failed> {
    let language = visit.language;
    let owner = match visit.query.get("partner") {
        "" if visit.query.get("owner") == "house" => Some(Who::House(true)),
        "" => None,
        id => Some(Who::PartnerId(id.to_owned())),
    };
    let rows = visit
        .rows(NAME, |page_size, page_token| {
            let mut client = visit.services.partnership();
            let request = ListLeadsRequest {
                agreement_id: visit.query.some("agreement"),
                owner: owner.clone().map(|party| Party { party: Some(party) }),
                state: chosen::<LeadState>(visit.query.get("state")),
                match_key: visit.query.some("key"),
                page_size,
                page_token,
                options: Some(visit.options()),
            };
            async move {
                let answer = client.list_leads(request).await?.into_inner();
                Ok(Rows::new(answer.leads, answer.next_page_token, answer.position))
            }
        })
        .await?;
    let filters = filters(
        visit,
        &[
            Filter { name: "partner", label: say!(language, "console-owned-by"), values: Vec::new() },
            Filter { name: "agreement", label: say!(language, "column-credit"), values: Vec::new() },
            Filter { name: "state", label: say!(language, "column-state"), values: values::<LeadState>(language) },
            Filter { name: "key", label: say!(language, "console-match-key"), values: Vec::new() },
        ],
    );
    let section = Section::new(String::new()).markup(filters).table(table(visit, NAME, &rows.found, &rows.next).paged(&rows.next));
    let page = Page::new(Place::Leads, String::new(), say!(language, "console-leads")).at(rows.position).section(section);
    let may = visit.person.may("lead_referred");
    Ok(if may { page.action(visit.to("/act/refer"), say!(language, "console-act-refer")) } else { page })
}

/// Leads with their owners.
pub fn table(visit: &Visit, name: &str, leads: &[Lead], next: &str) -> Table {
    let language = visit.language;
    let columns = columns![
        language; "column-lead", "column-owner", "lead-since", "column-credit", "column-rule", "column-state", "lead-protected-until"
    ];
    let mut table = Table::new(name, say!(language, "console-leads"), say!(language, "console-no-leads"), columns);
    if !next.is_empty() {
        table = table.paged(next);
    }
    for lead in leads {
        table.row(vec![
            visit.lead_cell(&lead.lead_id),
            visit.party_cell(lead.owner.as_ref()),
            Cell::time(language, lead.since.as_ref()),
            visit.agreement_cell(&lead.agreement_id),
            if lead.owner.is_some() { Cell::code(&code::<OwnershipRule>(lead.rule)) } else { Cell::text("") },
            tones::lead(language, lead.state),
            Cell::time(language, lead.protected_until.as_ref()),
        ]);
    }
    table
}
