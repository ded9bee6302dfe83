//! `campaign`: who takes part in a campaign, what was delivered, paid and measured, and whose its joint leads became.

use super::client::Session;
use super::failure::Failure;
use super::language::{Language, columns, say};
use super::moment::Moment;
use super::output::Output;
use super::table::Table;
use super::text::line;
use partnership_ledger::proto::campaign_party::Party;
use partnership_ledger::proto::{Campaign, CampaignGoal, CampaignParty, CampaignState, CampaignType, GetCampaignRequest};

#[derive(clap::Args)]
pub struct Args {
    /// The campaign
    campaign: String,
    #[command(flatten)]
    moment: Moment,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let request = GetCampaignRequest { campaign_id: args.campaign, options: Some(args.moment.options(session).await?) };
    let answer = session.partnership().await?.get_campaign(request).await?.into_inner();
    if session.out.json {
        return session.out.message(&answer);
    }
    show(&answer.campaign.unwrap_or_default(), &mut session.out)?;
    session.out.read_at(answer.position)
}

fn show(campaign: &Campaign, out: &mut Output) -> Result<(), Failure> {
    let language = out.language;
    out.table(facts(language, campaign))?;
    out.section(&say!(language, "campaign-participants"), participants(language, campaign))?;
    out.section(&say!(language, "campaign-deliverables"), deliverables(language, campaign))?;
    out.section(&say!(language, "campaign-costs"), costs(language, campaign))?;
    out.section(&say!(language, "campaign-reach"), reach(language, campaign))?;
    out.left_out(campaign.entries_left_out)
}

fn facts(language: Language, campaign: &Campaign) -> Table {
    let mut facts = Table::facts();
    facts.fact(&say!(language, "campaign-campaign"), line(&campaign.campaign_id));
    facts.fact(&say!(language, "campaign-title"), line(&campaign.title));
    facts.fact(&say!(language, "campaign-type"), language.word::<CampaignType>(campaign.r#type));
    facts.fact(&say!(language, "campaign-state"), language.word::<CampaignState>(campaign.state));
    facts.fact(&say!(language, "campaign-starts"), language.time(campaign.starts_at.as_ref()));
    facts.fact(&say!(language, "campaign-ends"), language.time(campaign.ends_at.as_ref()));
    facts.fact(&say!(language, "campaign-started"), language.time(campaign.started_at.as_ref()));
    facts.fact(&say!(language, "campaign-ended"), language.time(campaign.ended_at.as_ref()));
    facts.fact(&say!(language, "campaign-stops"), language.time(campaign.stopped_at.as_ref()));
    facts.fact(&say!(language, "campaign-summary"), line(&campaign.summary));
    facts
}

/// A table of the participants, who are in the same order as their joint leads.
fn participants(language: Language, campaign: &Campaign) -> Table {
    let mut table = Table::new(columns![
        language; "campaign-participant", > "campaign-cost-share", > "campaign-lead-share", "campaign-goal", > "campaign-joint-leads"
    ]);
    for (participant, leads) in campaign.participants.iter().zip(&campaign.joint_leads) {
        table.row([
            party(language, leads.participant.as_ref()),
            language.percent(participant.cost_share_bps),
            language.percent(participant.lead_share_bps),
            language.word::<CampaignGoal>(participant.goal),
            leads.leads.to_string(),
        ]);
    }
    table
}

fn deliverables(language: Language, campaign: &Campaign) -> Table {
    let mut table = Table::new(columns![
        language; "campaign-deliverable", "campaign-owed-by", > "campaign-weight", "campaign-due", "campaign-delivered", "campaign-description"
    ]);
    for known in &campaign.deliverables {
        let deliverable = known.deliverable.clone().unwrap_or_default();
        table.row([
            line(&deliverable.deliverable_id),
            party(language, deliverable.owed_by.as_ref()),
            deliverable.weight.to_string(),
            language.time(deliverable.due_at.as_ref().or(campaign.ends_at.as_ref())),
            known.completed_at.as_ref().map_or_else(|| say!(language, "campaign-not-yet"), |time| language.time(Some(time))),
            line(&deliverable.description),
        ]);
    }
    table
}

fn costs(language: Language, campaign: &Campaign) -> Table {
    let mut table = Table::new(columns![
        language; > "column-position", "campaign-cost", > "campaign-amount", "campaign-paid-by", "column-occurred", "campaign-description"
    ]);
    for cost in &campaign.costs {
        table.row([
            cost.position.to_string(),
            line(&cost.cost_id),
            language.money(cost.amount.as_ref()),
            party(language, cost.paid_by.as_ref()),
            language.time(cost.occurred_at.as_ref()),
            line(&cost.description),
        ]);
    }
    table
}

fn reach(language: Language, campaign: &Campaign) -> Table {
    let mut table = Table::new(columns![
        language; "campaign-measured-by", > "campaign-house-audience", > "campaign-partner-audience", > "campaign-overlap",
        > "campaign-impressions", > "campaign-visits", > "campaign-registrations", > "campaign-mentions"
    ]);
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
        let counts = counts.map(|count| count.map(|count| count.to_string()).unwrap_or_default());
        table.row(std::iter::once(party(language, measured.measured_by.as_ref())).chain(counts));
    }
    table
}

/// Who takes part: the house, or an agreement.
pub fn party(language: Language, party: Option<&CampaignParty>) -> String {
    match party.and_then(|party| party.party.as_ref()) {
        Some(Party::AgreementId(id)) => line(id),
        Some(Party::House(_)) => say!(language, "the-house"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::tests::{left_out_line, written};

    #[test]
    fn it_says_how_many_older_entries_are_left_out() {
        let of = |entries_left_out| written(|out| show(&Campaign { entries_left_out, ..Campaign::default() }, out));
        assert!(left_out_line(&of(7)).is_some_and(|line| line.starts_with("7 ")));
        assert_eq!(left_out_line(&of(0)), None);
    }
}
