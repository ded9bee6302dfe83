//! A lead: who owns it, since when and why, with its whole timeline.

use super::tones;
use crate::console::components::{Facts, left_out, links};
use crate::console::failed::Failed;
use crate::console::links::id_link;
use crate::console::page::{Page, Place, Section};
use crate::console::table::{Cell, Table, columns};
use crate::console::timeline;
use crate::console::visit::Visit;
use crate::language::leads::{because, explanation};
use crate::language::say;
use crate::language::text::code;
use crate::proto::{AcquiredBy, GetLeadRequest, Lead, OwnershipRule};
use maud::{Markup, html};

/// The page.
pub async fn page(visit: &Visit, lead_id: &str) -> Result<Page, Failed> {
    let language = visit.language;
    let request = GetLeadRequest { lead_id: lead_id.to_owned(), options: Some(visit.options()) };
    let answer = visit.services.partnership().get_lead(request).await?.into_inner();
    let lead = answer.lead.unwrap_or_default();
    let mut page = Page::new(Place::Leads, say!(language, "column-lead"), lead.lead_id.clone()).at(answer.position);
    page = page.lead(html! {
        p.sentence { (explanation(language, &lead)) }
        p.badges { (tones::lead(language, lead.state).shown()) }
    });
    let history = Section::new(say!(language, "console-timeline")).markup(timeline::picture(visit, &lead)).markup(owners(visit, &lead));
    page = page.section(history).section(Section::new(say!(language, "console-about")).markup(facts(visit, &lead)));
    page = page.table_if_any(say!(language, "lead-declined"), declined(visit, &lead));
    page = page.table(say!(language, "console-timeline-table"), timeline_table(visit, &lead));
    Ok(actions(visit, &lead, page))
}

fn actions(visit: &Visit, lead: &Lead, page: Page) -> Page {
    let language = visit.language;
    let act = |action: &str| visit.to_with(&format!("/act/{action}"), &[("lead_id", &lead.lead_id)]);
    let actions = [
        ("lead_reassigned", act("reassign"), say!(language, "console-act-reassign")),
        ("lead_protection_extended", act("extend"), say!(language, "console-act-extend")),
        ("dispute_opened", act("dispute"), say!(language, "console-act-dispute")),
    ];
    let may = actions.into_iter().filter(|(event, _, _)| visit.person.may(event));
    may.fold(page, |page, (_, href, words)| page.action(href, words))
}

fn facts(visit: &Visit, lead: &Lead) -> Markup {
    let language = visit.language;
    let decided = html! {
        @if lead.owner.is_some() {
            (code::<OwnershipRule>(lead.rule)) " · "
            a href=(visit.record(lead.decided_at)) { (say!(language, "console-record-of", position = lead.decided_at.to_string())) }
        }
    };
    let until = match (lead.protected_until.as_ref(), lead.facts) {
        (Some(until), _) => language.time(Some(until)),
        (None, Some(facts)) if facts.approval_awaited => say!(language, "lead-awaited"),
        (None, Some(_)) => say!(language, "lead-no-limit"),
        (None, None) => String::new(),
    };
    let more = links([(visit.to_with("/records", &[("lead", &lead.lead_id)]), say!(language, "console-records-about"))]);
    Facts::default()
        .markup(say!(language, "column-owner"), visit.party(lead.owner.as_ref()))
        .text(say!(language, "lead-since"), language.time(lead.since.as_ref()))
        .markup(say!(language, "column-rule"), decided)
        .markup(say!(language, "column-credit"), id_link(&visit.agreement(&lead.agreement_id), &lead.agreement_id))
        .text(say!(language, "lead-protected-until"), until)
        .text(say!(language, "lead-acquired-by"), language.word::<AcquiredBy>(lead.acquired_by))
        .text(say!(language, "lead-aliases"), lead.aliases.join(", "))
        .text(say!(language, "lead-match-keys"), lead.match_keys.join(", "))
        .markup(say!(language, "console-records"), more)
        .show()
}

/// Its owners from the first to the last, each with why.
fn owners(visit: &Visit, lead: &Lead) -> Markup {
    let language = visit.language;
    html! {
        (left_out(language, lead.entries_left_out))
        ol.chain {
            @for (at, held) in lead.timeline.iter().enumerate() {
                li.key[at + 1 == lead.timeline.len()] {
                    p { strong { (visit.party(held.owner.as_ref())) } " · " (language.time(held.from.as_ref())) }
                    p {
                        small {
                            (because(language, &code::<OwnershipRule>(held.rule), &held.agreement_id)) " · "
                            a href=(visit.record(held.decided_at)) { (say!(language, "console-record-of", position = held.decided_at.to_string())) }
                        }
                    }
                }
            }
        }
    }
}

fn timeline_table(visit: &Visit, lead: &Lead) -> Table {
    let language = visit.language;
    let columns = columns![language; "column-from", "column-owner", "column-credit", "column-rule", # "lead-decided-at"];
    let mut table = Table::new("timeline", say!(language, "lead-owners"), say!(language, "nobody-yet"), columns);
    for held in &lead.timeline {
        table.row(vec![
            Cell::time(language, held.from.as_ref()),
            visit.party_cell(held.owner.as_ref()),
            visit.agreement_cell(&held.agreement_id),
            Cell::code(&code::<OwnershipRule>(held.rule)),
            visit.record_cell(held.decided_at),
        ]);
    }
    table
}

fn declined(visit: &Visit, lead: &Lead) -> Table {
    let language = visit.language;
    let columns = columns![
        language; # "column-position", "lead-claimed-at", "lead-under", "lead-held-by", "lead-protected-until", "lead-earlier"
    ];
    let mut table = Table::new("declined", say!(language, "lead-declined"), String::new(), columns);
    for claim in &lead.declined_claims {
        let until = claim.protected_until.as_ref();
        table.row(vec![
            visit.record_cell(claim.position),
            Cell::time(language, claim.occurred_at.as_ref()),
            visit.agreement_cell(&claim.agreement_id),
            visit.party_cell(claim.held_by.as_ref()),
            if until.is_some() { Cell::time(language, until) } else { Cell::text(say!(language, "lead-no-limit")) },
            Cell::text(if claim.earlier_than_owner { say!(language, "lead-earlier-yes") } else { say!(language, "lead-earlier-no") }),
        ]);
    }
    table
}
