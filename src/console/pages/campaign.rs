//! A campaign: who takes part, what was delivered, paid and measured, and what came of it.

use super::{metrics, tones};
use crate::console::components::{Facts, left_out};
use crate::console::failed::Failed;
use crate::console::page::{Page, Place, Section};
use crate::console::table::{Cell, Table, Tone, columns};
use crate::console::visit::Visit;
use crate::language::say;
use crate::proto::campaign_party::Party;
use crate::proto::get_metrics_request::Scope;
use crate::proto::{Campaign, CampaignGoal, CampaignParty, CampaignType, GetCampaignRequest, GetMetricsRequest};
use maud::{Markup, html};

/// The page.
pub async fn page(visit: &Visit, campaign_id: &str) -> Result<Page, Failed> {
    let language = visit.language;
    let mut client = visit.services.partnership();
    let request = GetCampaignRequest { campaign_id: campaign_id.to_owned(), options: Some(visit.options()) };
    let answer = client.get_campaign(request).await?.into_inner();
    let campaign = answer.campaign.unwrap_or_default();
    let request = GetMetricsRequest {
        scope: Some(Scope::CampaignId(campaign_id.to_owned())),
        options: Some(visit.options()),
        ..GetMetricsRequest::default()
    };
    let figures = client.get_metrics(request).await?.into_inner().metrics.unwrap_or_default();
    let title = if campaign.title.is_empty() { campaign.campaign_id.clone() } else { campaign.title.clone() };
    let mut page = Page::new(Place::Campaigns, say!(language, "campaign-campaign"), title).at(answer.position);
    page = page.lead(html! { p.badges { (tones::campaign(language, campaign.state).shown()) } });
    page = page.section(Section::new(String::new()).markup(facts(visit, &campaign)).markup(left_out(language, campaign.entries_left_out)));
    page = page.table(say!(language, "campaign-participants"), participants(visit, &campaign));
    page = page.table_if_any(say!(language, "campaign-deliverables"), deliverables(visit, &campaign));
    page = page.table_if_any(say!(language, "campaign-costs"), costs(visit, &campaign));
    page = page.table_if_any(say!(language, "campaign-reach"), reach(visit, &campaign));
    Ok(metrics::sections(visit, &figures, false).into_iter().fold(page, Page::section))
}

fn facts(visit: &Visit, campaign: &Campaign) -> Markup {
    let language = visit.language;
    Facts::default()
        .text(say!(language, "console-id"), &campaign.campaign_id)
        .text(say!(language, "campaign-type"), language.word::<CampaignType>(campaign.r#type))
        .text(say!(language, "campaign-starts"), language.time(campaign.starts_at.as_ref()))
        .text(say!(language, "campaign-ends"), language.time(campaign.ends_at.as_ref()))
        .text(say!(language, "campaign-started"), language.time(campaign.started_at.as_ref()))
        .text(say!(language, "campaign-ended"), language.time(campaign.ended_at.as_ref()))
        .text(say!(language, "campaign-stops"), language.time(campaign.stopped_at.as_ref()))
        .text(say!(language, "campaign-summary"), &campaign.summary)
        .markup(say!(language, "console-records"), html! { a href=(visit.record(campaign.position)) { (say!(language, "console-record-of", position = campaign.position.to_string())) } })
        .show()
}

/// Who takes part: the house, or an agreement with its page.
pub fn party(visit: &Visit, party: Option<&CampaignParty>) -> Cell {
    match party.and_then(|party| party.party.as_ref()) {
        Some(Party::AgreementId(id)) => visit.agreement_cell(id),
        Some(Party::House(_)) => Cell::text(say!(visit.language, "the-house")),
        None => Cell::text(""),
    }
}

/// The participants, who are in the same order as their joint leads.
fn participants(visit: &Visit, campaign: &Campaign) -> Table {
    let language = visit.language;
    let columns = columns![
        language; "campaign-participant", # "campaign-cost-share", # "campaign-lead-share", "campaign-goal", # "campaign-joint-leads"
    ];
    let mut table = Table::new("participants", say!(language, "campaign-participants"), say!(language, "none"), columns);
    for (participant, leads) in campaign.participants.iter().zip(&campaign.joint_leads) {
        table.row(vec![
            party(visit, leads.participant.as_ref()),
            Cell::text(language.percent(participant.cost_share_bps)),
            Cell::text(language.percent(participant.lead_share_bps)),
            Cell::text(language.word::<CampaignGoal>(participant.goal)),
            Cell::figure(language, leads.leads),
        ]);
    }
    table
}

fn deliverables(visit: &Visit, campaign: &Campaign) -> Table {
    let language = visit.language;
    let columns = columns![
        language; "campaign-deliverable", "campaign-owed-by", # "campaign-weight", "campaign-due", "campaign-delivered", "campaign-description"
    ];
    let mut table = Table::new("deliverables", say!(language, "campaign-deliverables"), String::new(), columns);
    for known in &campaign.deliverables {
        let deliverable = known.deliverable.clone().unwrap_or_default();
        let delivered = match &known.completed_at {
            Some(time) => Cell::time(language, Some(time)),
            None => Cell::state(Tone::Warning, &say!(language, "campaign-not-yet")),
        };
        table.row(vec![
            Cell::text(&deliverable.deliverable_id),
            party(visit, deliverable.owed_by.as_ref()),
            Cell::figure(language, deliverable.weight),
            Cell::time(language, deliverable.due_at.as_ref().or(campaign.ends_at.as_ref())),
            delivered,
            Cell::text(&deliverable.description),
        ]);
    }
    table
}

fn costs(visit: &Visit, campaign: &Campaign) -> Table {
    let language = visit.language;
    let columns = columns![
        language; # "column-position", "campaign-cost", = "campaign-amount", "campaign-paid-by", "column-occurred", "campaign-description"
    ];
    let mut table = Table::new("costs", say!(language, "campaign-costs"), String::new(), columns);
    for cost in &campaign.costs {
        table.row(vec![
            visit.record_cell(cost.position),
            Cell::text(&cost.cost_id),
            Cell::money(language, cost.amount.as_ref()),
            party(visit, cost.paid_by.as_ref()),
            Cell::time(language, cost.occurred_at.as_ref()),
            Cell::text(&cost.description),
        ]);
    }
    table
}

fn reach(visit: &Visit, campaign: &Campaign) -> Table {
    let language = visit.language;
    let columns = columns![
        language; "campaign-measured-by", # "campaign-house-audience", # "campaign-partner-audience", # "campaign-overlap",
        # "campaign-impressions", # "campaign-visits", # "campaign-registrations", # "campaign-mentions"
    ];
    let mut table = Table::new("reach", say!(language, "campaign-reach"), String::new(), columns);
    for measured in &campaign.reach {
        let counts = [
            measured.house_audience,
            measured.partner_audience,
            measured.overlap,
            measured.impressions,
            measured.visits,
            measured.registrations,
            measured.mentions,
        ];
        let counts = counts.map(|count| count.map_or_else(|| Cell::text(""), |count| Cell::figure(language, count)));
        table.row(std::iter::once(party(visit, measured.measured_by.as_ref())).chain(counts).collect());
    }
    table
}
