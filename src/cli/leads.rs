//! `leads`: who owns which lead, in the order of their first referral.

use super::choice;
use super::client::Session;
use super::failure::Failure;
use super::language::{Language, columns, say};
use super::listing::{Listing, PAGE_SIZE};
use super::moment::Moment;
use super::table::Table;
use super::text::{code, line};
use partnership_ledger::proto::{AcquiredBy, Lead, LeadState, ListLeadsRequest, OwnershipRule, Party, ReadOptions, party};

#[derive(clap::Args)]
pub struct Args {
    /// Only with the credit of this agreement
    #[arg(long, value_name = "ID")]
    agreement: Option<String>,
    /// Only owned by this partner
    #[arg(long, value_name = "PARTNER", conflicts_with = "house")]
    owner: Option<String>,
    /// Only owned by the house
    #[arg(long)]
    house: bool,
    /// Only in this state: open, qualified or lost
    #[arg(long, value_name = "STATE", value_parser = choice::parse::<LeadState>)]
    state: Option<i32>,
    /// Only with this match key, such as domain:acme.example
    #[arg(long, value_name = "KEY")]
    match_key: Option<String>,
    #[command(flatten)]
    moment: Moment,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let language = session.out.language;
    let header = columns![
        language; "leads-lead", "leads-state", "leads-owner", "leads-credit", "leads-since", "leads-rule", "leads-protected-until",
        "leads-acquired-by"
    ];
    let options = args.moment.options(session).await?;
    let mut client = session.partnership().await?;
    let listing = Listing::of(&mut session.out, "leads", header);
    let ask = async |page_token| client.list_leads(request(&args, options, page_token)).await;
    listing.all(&say!(language, "leads-none"), ask, |table, lead| row(language, table, lead)).await
}

fn request(args: &Args, options: ReadOptions, page_token: String) -> ListLeadsRequest {
    let partner = args.owner.clone().map(party::Party::PartnerId);
    let owner = partner.or(args.house.then_some(party::Party::House(true)));
    ListLeadsRequest {
        agreement_id: args.agreement.clone(),
        owner: owner.map(|party| Party { party: Some(party) }),
        state: args.state.unwrap_or_default(),
        page_size: PAGE_SIZE,
        page_token,
        options: Some(options),
        match_key: args.match_key.clone(),
    }
}

fn row(language: Language, table: &mut Table, lead: &Lead) {
    table.row([
        line(&lead.lead_id),
        language.word::<LeadState>(lead.state),
        language.party(lead.owner.as_ref()),
        line(&lead.agreement_id),
        language.time(lead.since.as_ref()),
        if lead.owner.is_some() { code::<OwnershipRule>(lead.rule) } else { String::new() },
        language.time(lead.protected_until.as_ref()),
        language.word::<AcquiredBy>(lead.acquired_by),
    ]);
}
