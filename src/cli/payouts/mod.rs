//! `payouts`: what was paid out, in the order of position, or what it comes to over a time.

mod summary;

use super::choice;
use super::client::Session;
use super::failure::Failure;
use super::language::{Language, columns, say};
use super::listing::{Listing, PAGE_SIZE};
use super::moment::{GivenTime, Moment};
use super::statement::parse_zone;
use super::table::Table;
use super::text::line;
use partnership_ledger::domain::calendar::Tz;
use partnership_ledger::proto::{ListPayoutsRequest, Payout, PayoutState};

#[derive(clap::Args)]
pub struct Args {
    /// Only to this partner
    #[arg(long, value_name = "ID")]
    partner: Option<String>,
    /// Only in this state: in-transit, settled or failed
    #[arg(long, value_name = "STATE", value_parser = choice::parse::<PayoutState>, conflicts_with = "summary")]
    state: Option<i32>,
    /// Only what happened at or after this time; a day counts whole
    #[arg(long, value_name = "TIME", value_parser = GivenTime::parse)]
    from: Option<GivenTime>,
    /// Only what happened before this time; a day counts whole
    #[arg(long, value_name = "TIME", value_parser = GivenTime::parse)]
    to: Option<GivenTime>,
    /// What settled and what came back, per partner and currency
    #[arg(long)]
    summary: bool,
    /// The summary of this year
    #[arg(long, value_name = "YEAR", requires = "summary", conflicts_with_all = ["from", "to"])]
    year: Option<i32>,
    /// The time zone whose year it is
    #[arg(long, value_name = "ZONE", value_parser = parse_zone, default_value = "UTC", requires = "year")]
    time_zone: Tz,
    /// The summary apart by how it was paid
    #[arg(long, requires = "summary")]
    by_method: bool,
    #[command(flatten)]
    moment: Moment,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    if args.summary { summary::run(args, session).await } else { list(args, session).await }
}

async fn list(args: Args, session: &mut Session) -> Result<(), Failure> {
    let request = ListPayoutsRequest {
        partner_id: args.partner,
        state: args.state.unwrap_or_default(),
        from: args.from.as_ref().map(|given| given.from(&mut session.out)).transpose()?,
        to: args.to.as_ref().map(|given| given.to(&mut session.out)).transpose()?,
        page_size: PAGE_SIZE,
        options: Some(args.moment.options(session).await?),
        ..ListPayoutsRequest::default()
    };
    let mut client = session.partnership().await?;
    let language = session.out.language;
    let header = columns![
        language;
        > "column-position", "column-payout", "column-partner", "column-occurred", "payouts-state", > "column-amount",
        > "payouts-tax-withheld", > "payouts-tax-added", > "payouts-settled-amount", > "payouts-returned", "payouts-method",
        "column-reference", "payouts-document"
    ];
    let listing = Listing::of(&mut session.out, "payouts", header);
    let ask = async |page_token| client.list_payouts(ListPayoutsRequest { page_token, ..request.clone() }).await;
    listing.all(&say!(language, "payouts-none"), ask, |table, payout| row(language, table, payout)).await
}

fn row(language: Language, table: &mut Table, payout: &Payout) {
    let method = line(&payout.method);
    let amount = |minor_units| language.amount(&payout.currency_code, minor_units);
    table.row([
        payout.position.to_string(),
        line(&payout.payout_id),
        line(&payout.partner_id),
        language.time(payout.occurred_at.as_ref()),
        state(language, payout),
        amount(payout.amount),
        amount(payout.tax_withheld),
        amount(payout.tax_added),
        language.money(payout.settled_amount.as_ref()),
        amount(payout.returned),
        if payout.advance { say!(language, "payouts-advance", method = method) } else { method },
        line(&payout.reference),
        line(&payout.document_number),
    ]);
}

/// Where a payout stands, and since when unless that is since it was paid.
fn state(language: Language, payout: &Payout) -> String {
    let state = language.word::<PayoutState>(payout.state);
    let since = payout.settled_at.as_ref().or(payout.failed_at.as_ref()).filter(|since| Some(**since) != payout.occurred_at);
    match since {
        Some(since) => say!(language, "payouts-state-since", state = state, time = language.time(Some(since))),
        None => state,
    }
}
