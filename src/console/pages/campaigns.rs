//! The campaigns.

use super::tones;
use crate::console::components::{Filter, chosen, filters, values};
use crate::console::failed::Failed;
use crate::console::page::{Page, Place, Section};
use crate::console::table::{Cell, Table, columns};
use crate::console::visit::{Rows, Visit};
use crate::language::say;
use crate::proto::{Campaign, CampaignState, CampaignType, ListCampaignsRequest};

const NAME: &str = "campaigns";

/// The page.
pub async fn page(visit: &Visit) -> Result<Page, Failed> {
    let language = visit.language;
    let rows = visit
        .rows(NAME, |page_size, page_token| {
            let mut client = visit.services.partnership();
            let request = ListCampaignsRequest {
                agreement_id: visit.query.some("agreement"),
                r#type: chosen::<CampaignType>(visit.query.get("type")),
                state: chosen::<CampaignState>(visit.query.get("state")),
                page_size,
                page_token,
                options: Some(visit.options()),
            };
            async move {
                let answer = client.list_campaigns(request).await?.into_inner();
                Ok(Rows::new(answer.campaigns, answer.next_page_token, answer.position))
            }
        })
        .await?;
    let title = say!(language, "console-campaigns");
    let columns = columns![language; "campaign-campaign", "campaign-type", "campaign-state", "campaign-started", "campaign-ended", # "console-participants"];
    let mut table = Table::new(NAME, title.clone(), say!(language, "console-no-campaigns"), columns).paged(&rows.next);
    rows.found.iter().for_each(|campaign| table.row(row(visit, campaign)));
    let filters = filters(
        visit,
        &[
            Filter { name: "agreement", label: say!(language, "column-agreement"), values: Vec::new() },
            Filter { name: "type", label: say!(language, "campaign-type"), values: values::<CampaignType>(language) },
            Filter { name: "state", label: say!(language, "campaign-state"), values: values::<CampaignState>(language) },
        ],
    );
    let section = Section::new(String::new()).markup(filters).table(table);
    Ok(Page::new(Place::Campaigns, String::new(), title).at(rows.position).section(section))
}

fn row(visit: &Visit, campaign: &Campaign) -> Vec<Cell> {
    let language = visit.language;
    vec![
        Cell::link_and(
            &visit.campaign(&campaign.campaign_id),
            if campaign.title.is_empty() { &campaign.campaign_id } else { &campaign.title },
            &campaign.campaign_id,
        ),
        Cell::text(language.word::<CampaignType>(campaign.r#type)),
        tones::campaign(language, campaign.state),
        Cell::time(language, campaign.started_at.as_ref()),
        Cell::time(language, campaign.ended_at.as_ref()),
        Cell::figure(language, i64::try_from(campaign.participants.len()).unwrap_or(i64::MAX)),
    ]
}
