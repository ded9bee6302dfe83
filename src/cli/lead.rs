//! `lead`: who owns a lead, since when and why, with its whole history.

use super::client::Session;
use super::failure::Failure;
use super::moment::Moment;
use super::output::Output;
use super::table::Table;
use super::text::{code, list, party, time, word};
use partnership_ledger::proto::{AcquiredBy, GetLeadRequest, Lead, LeadState, OwnershipRule};

#[derive(clap::Args)]
pub struct Args {
    /// The lead, by its id or an alias
    lead: String,
    #[command(flatten)]
    moment: Moment,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let request = GetLeadRequest { lead_id: args.lead, options: Some(args.moment.options()) };
    let answer = session.partnership().await?.get_lead(request).await?.into_inner();
    if session.out.json {
        return session.out.message(&answer);
    }
    show(&answer.lead.unwrap_or_default(), &mut session.out)?;
    session.out.read_at(answer.position)
}

fn show(lead: &Lead, out: &mut Output) -> Result<(), Failure> {
    let mut facts = Table::facts();
    facts.fact("lead", super::text::line(&lead.lead_id));
    facts.fact("also known as", list(&lead.aliases));
    facts.fact("owner", party(lead.owner.as_ref()));
    facts.fact("since", time(lead.since.as_ref()));
    if lead.owner.is_some() {
        facts.fact("rule", format!("{}, decided at position {}", code::<OwnershipRule>(lead.rule), lead.decided_at));
        facts.fact("protected until", time_or(lead.protected_until.as_ref(), "no limit, or its approval is awaited"));
    }
    facts.fact("why", super::text::line(&lead.explanation));
    facts.fact("credit", credit(&lead.agreement_id));
    facts.fact("state", word::<LeadState>(lead.state));
    facts.fact("acquired by", word::<AcquiredBy>(lead.acquired_by));
    facts.fact("match keys", list(&lead.match_keys));
    out.table(facts)?;
    out.section("Owners", owners(lead))?;
    out.section("Claims that were declined", declined(lead))
}

fn owners(lead: &Lead) -> Table {
    let mut table = Table::new(["from", "owner", "credit", "rule", ">decided at"]);
    for ownership in &lead.timeline {
        table.row([
            time(ownership.from.as_ref()),
            party(ownership.owner.as_ref()),
            credit(&ownership.agreement_id),
            code::<OwnershipRule>(ownership.rule),
            ownership.decided_at.to_string(),
        ]);
    }
    table
}

fn declined(lead: &Lead) -> Table {
    let mut table = Table::new([">position", "claimed at", "under", "held by", "protected until", "earlier than the owner"]);
    for claim in &lead.declined_claims {
        table.row([
            claim.position.to_string(),
            time(claim.occurred_at.as_ref()),
            credit(&claim.agreement_id),
            party(claim.held_by.as_ref()),
            time_or(claim.protected_until.as_ref(), "no limit"),
            if claim.earlier_than_owner { "yes: open a dispute" } else { "no" }.to_owned(),
        ]);
    }
    table
}

/// The agreement with the credit.
pub fn credit(agreement_id: &str) -> String {
    if agreement_id.is_empty() { "none".to_owned() } else { super::text::line(agreement_id) }
}

fn time_or(instant: Option<&prost_types::Timestamp>, absent: &str) -> String {
    if instant.is_some() { time(instant) } else { absent.to_owned() }
}
