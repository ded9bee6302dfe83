//! An agreement: where it stands, its terms in words with their versions, what the sides did under it, and what happens at its
//! end.

use super::tones;
use crate::console::components::{Facts, joined, left_out, links, terms};
use crate::console::failed::Failed;
use crate::console::links::id_link;
use crate::console::page::{Page, Place, Section};
use crate::console::table::{Cell, Table, Tone, columns};
use crate::console::visit::Visit;
use crate::language::say;
use crate::proto::{
    Agreement, AgreementState, AgreementType, BrandChannel, BreachClause, EndCause, GetAgreementRequest, LaunchStep, ReviewDecision,
    ReviewKind, Side,
};
use maud::{Markup, html};

/// The page.
pub async fn page(visit: &Visit, agreement_id: &str) -> Result<Page, Failed> {
    let language = visit.language;
    let request = GetAgreementRequest { agreement_id: agreement_id.to_owned(), options: Some(visit.options()) };
    let answer = visit.services.partnership().get_agreement(request).await?.into_inner();
    let agreement = answer.agreement.unwrap_or_default();
    let mut page = Page::new(Place::Agreements, say!(language, "column-agreement"), agreement_id).at(answer.position);
    page = page.lead(html! { p.badges { (tones::agreement(language, agreement.state).shown()) } });
    page =
        page.section(Section::new(String::new()).markup(facts(visit, &agreement)).markup(left_out(language, agreement.entries_left_out)));
    if let Some(in_force) = &agreement.terms {
        let heading = say!(language, "agreement-terms", position = agreement.terms_position.to_string());
        page = page.section(Section::new(heading).markup(terms(language, in_force)));
    }
    if agreement.versions.len() > 1 {
        page = page.section(versions(visit, &agreement));
    }
    page = page.table_if_any(say!(language, "agreement-launch"), launch(visit, &agreement));
    page = page.table_if_any(say!(language, "agreement-reviews"), reviews(visit, &agreement));
    page = page.table_if_any(say!(language, "agreement-brand-uses"), brand_uses(visit, &agreement));
    page = page.table_if_any(say!(language, "agreement-breaches"), breaches(visit, &agreement));
    Ok(actions(visit, &agreement, page))
}

fn actions(visit: &Visit, agreement: &Agreement, page: Page) -> Page {
    let language = visit.language;
    let id = agreement.agreement_id.as_str();
    let mut page = page.action(visit.to_with("/metrics", &[("agreement", id)]), say!(language, "console-metrics"));
    let is_active = matches!(agreement.state(), AgreementState::Active | AgreementState::UnderNotice);
    if is_active && visit.person.may("lead_referred") {
        page = page.action(visit.to_with("/act/refer", &[("agreement_id", id)]), say!(language, "console-act-refer"));
    }
    if agreement.state() == AgreementState::Active && visit.person.may("termination_notice_given") {
        page = page.action(visit.to_with("/act/notice", &[("agreement_id", id)]), say!(language, "console-act-notice"));
    }
    page
}

fn facts(visit: &Visit, agreement: &Agreement) -> Markup {
    let language = visit.language;
    let id = |name: String, id: &Option<String>| (name, id.clone().unwrap_or_default());
    let agreement_link = |id: &str| id_link(&visit.agreement(id), id);
    let ends = agreement.end_cause.map(|cause| {
        let (time, cause) = (language.time(agreement.ends_at.as_ref()), language.word::<EndCause>(cause));
        say!(language, "agreement-ends-by", time = time, cause = cause)
    });
    let mut facts = Facts::default()
        .markup(say!(language, "column-partner"), id_link(&visit.partner(&agreement.partner_id), &agreement.partner_id))
        .text(say!(language, "agreement-type"), language.word::<AgreementType>(agreement.r#type))
        .text(say!(language, "agreement-effective"), language.time(agreement.effective_at.as_ref()))
        .text(say!(language, "agreement-ends"), ends.unwrap_or_default())
        .text(say!(language, "programme-programme"), agreement.programme_id.as_deref().unwrap_or_default());
    let family = [
        id(say!(language, "agreement-supersedes"), &agreement.supersedes_agreement_id),
        id(say!(language, "agreement-superseded-by"), &agreement.superseded_by_agreement_id),
        id(say!(language, "agreement-recruited-by"), &agreement.recruited_by_agreement_id),
    ];
    for (name, id) in family {
        facts = facts.markup(name, agreement_link(&id));
    }
    let uplines: Vec<Markup> = agreement.upline_agreement_ids.iter().map(|id| agreement_link(id)).collect();
    let uplines = joined(&uplines, ", ");
    facts = facts.markup(say!(language, "agreement-uplines"), uplines);
    for manager in &agreement.managers {
        let told = say!(language, "agreement-manager-of", manager = manager.manager.as_str(), side = language.word::<Side>(manager.side));
        facts = facts.text(say!(language, "agreement-manager"), told);
    }
    let id = agreement.agreement_id.as_str();
    let more = links([
        (visit.to_with("/leads", &[("agreement", id)]), say!(language, "console-leads-credited")),
        (visit.to_with("/campaigns", &[("agreement", id)]), say!(language, "console-campaigns")),
        (visit.to_with("/records", &[("agreement", id)]), say!(language, "console-records-about")),
    ]);
    facts.markup(say!(language, "console-more"), more).show()
}

/// The versions of the terms side by side: each says its terms whole, and since when.
fn versions(visit: &Visit, agreement: &Agreement) -> Section {
    let language = visit.language;
    let told = html! {
        div.columns {
            @for version in &agreement.versions {
                div {
                    h3 { (say!(language, "agreement-in-force-from")) " " (language.time(version.effective_at.as_ref())) }
                    p.hint {
                        a href=(visit.record(version.position)) { (say!(language, "console-record-of", position = version.position.to_string())) }
                        @if let Some(programme) = &version.programme_id { " · " (programme) }
                    }
                    @if let Some(of_version) = &version.terms { (terms(language, of_version)) }
                }
            }
        }
    };
    Section::new(say!(language, "agreement-versions")).markup(told)
}

fn launch(visit: &Visit, agreement: &Agreement) -> Table {
    let language = visit.language;
    let columns = columns![language; "agreement-step", "agreement-done", # "column-position"];
    let mut table = Table::new("launch", say!(language, "agreement-launch"), String::new(), columns);
    for done in &agreement.launch_steps {
        table.row(vec![
            Cell::text(language.word::<LaunchStep>(done.step)),
            Cell::time(language, done.completed_at.as_ref()),
            visit.record_cell(done.position),
        ]);
    }
    table
}

fn reviews(visit: &Visit, agreement: &Agreement) -> Table {
    let language = visit.language;
    let columns = columns![language; "agreement-review", "column-kind", "agreement-held", "column-decision", "agreement-summary", # "column-position"];
    let mut table = Table::new("reviews", say!(language, "agreement-reviews"), String::new(), columns);
    for review in &agreement.reviews {
        table.row(vec![
            Cell::text(&review.review_id),
            Cell::text(language.word::<ReviewKind>(review.kind)),
            Cell::time(language, review.held_at.as_ref()),
            Cell::text(review.decision.map(|decision| language.word::<ReviewDecision>(decision)).unwrap_or_default()),
            Cell::text(&review.summary),
            visit.record_cell(review.position),
        ]);
    }
    table
}

fn brand_uses(visit: &Visit, agreement: &Agreement) -> Table {
    let language = visit.language;
    let columns = columns![
        language;
        "agreement-brand-use", "agreement-asked-by", "agreement-channel", "agreement-asset", "agreement-requested", "column-decision"
    ];
    let mut table = Table::new("brand-uses", say!(language, "agreement-brand-uses"), String::new(), columns);
    for brand_use in &agreement.brand_uses {
        let time = language.time(brand_use.decided_at.as_ref());
        let decision = match brand_use.approved {
            None if visit.person.may("brand_use_decided") && visit.moment.is_now() => {
                let href = visit.to_with("/act/brand", &[("brand_use_id", &brand_use.brand_use_id)]);
                let words = say!(language, "console-act-brand");
                Cell::rich(html! { a href=(href) { (words) } }, &say!(language, "agreement-awaited"))
            }
            None => Cell::state(Tone::Warning, &say!(language, "agreement-awaited")),
            Some(true) => Cell::state(Tone::Good, &say!(language, "agreement-approved", time = time)),
            Some(false) => Cell::state(Tone::Plain, &say!(language, "agreement-declined", time = time)),
        };
        table.row(vec![
            Cell::link(&visit.record(brand_use.position), &brand_use.brand_use_id),
            Cell::text(language.word::<Side>(brand_use.requested_by)),
            Cell::text(language.word::<BrandChannel>(brand_use.channel)),
            Cell::text(&brand_use.asset),
            Cell::time(language, brand_use.requested_at.as_ref()),
            decision,
        ]);
    }
    table
}

fn breaches(visit: &Visit, agreement: &Agreement) -> Table {
    let language = visit.language;
    let columns = columns![
        language;
        "agreement-breach", "agreement-by", "agreement-clause", "agreement-reported", "agreement-cure-by", "agreement-cured",
        "agreement-description"
    ];
    let mut table = Table::new("breaches", say!(language, "agreement-breaches"), String::new(), columns);
    for breach in &agreement.breaches {
        table.row(vec![
            Cell::link(&visit.record(breach.position), &breach.breach_id),
            Cell::text(language.word::<Side>(breach.by)),
            Cell::text(language.word::<BreachClause>(breach.clause)),
            Cell::time(language, breach.reported_at.as_ref()),
            Cell::time(language, breach.cure_by.as_ref()),
            Cell::time(language, breach.cured_at.as_ref()),
            Cell::text(&breach.description),
        ]);
    }
    table
}
