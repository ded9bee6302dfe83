//! `campaigns`: where the campaigns stand, in the order they were planned.

use super::choice;
use super::client::Session;
use super::failure::Failure;
use super::language::{Language, columns, say};
use super::listing::{Listing, PAGE_SIZE};
use super::moment::Moment;
use super::table::Table;
use super::text::{line, list};
use partnership_ledger::proto::campaign_participant::Party;
use partnership_ledger::proto::{Campaign, CampaignState, CampaignType, ListCampaignsRequest};

#[derive(clap::Args)]
pub struct Args {
    /// Only those in which this agreement takes part
    #[arg(long, value_name = "ID")]
    agreement: Option<String>,
    /// Only of this type: joint-webinar, co-branded-content, bundle-offer, cross-promotion or event-sponsorship
    #[arg(long = "type", value_name = "TYPE", value_parser = choice::parse::<CampaignType>)]
    campaign_type: Option<i32>,
    /// Only in this state: planned, running, ended or stopped
    #[arg(long, value_name = "STATE", value_parser = choice::parse::<CampaignState>)]
    state: Option<i32>,
    #[command(flatten)]
    moment: Moment,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let language = session.out.language;
    let header = columns![
        language; "campaign-campaign", "campaign-title", "campaign-type", "campaign-state", "campaign-starts", "campaign-ends",
        "campaigns-with", > "campaigns-delivered"
    ];
    let options = args.moment.options(session).await?;
    let mut client = session.partnership().await?;
    let listing = Listing::of(&mut session.out, "campaigns", header);
    let ask = async |page_token| {
        let request = ListCampaignsRequest {
            agreement_id: args.agreement.clone(),
            r#type: args.campaign_type.unwrap_or_default(),
            state: args.state.unwrap_or_default(),
            page_size: PAGE_SIZE,
            page_token,
            options: Some(options),
        };
        client.list_campaigns(request).await
    };
    listing.all(&say!(language, "campaigns-none"), ask, |table, campaign| row(language, table, campaign)).await
}

fn row(language: Language, table: &mut Table, campaign: &Campaign) {
    let delivered = campaign.deliverables.iter().filter(|known| known.completed_at.is_some()).count();
    table.row([
        line(&campaign.campaign_id),
        line(&campaign.title),
        language.word::<CampaignType>(campaign.r#type),
        language.word::<CampaignState>(campaign.state),
        language.time(campaign.starts_at.as_ref()),
        language.time(campaign.ends_at.as_ref()),
        list(&agreements(campaign)),
        say!(language, "campaigns-delivered-of", delivered = delivered.to_string(), all = campaign.deliverables.len().to_string()),
    ]);
}

/// The agreements that take part, wherever the house stands among them.
fn agreements(campaign: &Campaign) -> Vec<String> {
    let parties = campaign.participants.iter().filter_map(|participant| participant.party.as_ref());
    let agreements = parties.filter_map(|party| match party {
        Party::AgreementId(id) => Some(id.clone()),
        Party::House(_) => None,
    });
    agreements.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use partnership_ledger::proto::CampaignParticipant;

    #[test]
    fn the_house_need_not_be_named_first() {
        let participants = [Party::AgreementId("a".into()), Party::House(true), Party::AgreementId("b".into())];
        let participants = participants.map(|party| CampaignParticipant { party: Some(party), ..CampaignParticipant::default() });
        let campaign = Campaign { participants: participants.into(), ..Campaign::default() };
        assert_eq!(agreements(&campaign), ["a", "b"]);
    }
}
