//! `balance`: what a partner is owed, or every partner.

use super::client::Session;
use super::failure::Failure;
use super::listing::{Listing, PAGE_SIZE, each_page};
use super::moment::Moment;
use super::table::Table;
use super::text;
use partnership_ledger::proto::{Balance, GetBalanceRequest, ListBalancesRequest, PartnerBalances};

#[derive(clap::Args)]
pub struct Args {
    /// The partner; every partner if left out
    partner: Option<String>,
    #[command(flatten)]
    moment: Moment,
}

const HEADER: [&str; 9] = ["partner", ">accrued", ">reversed", ">paid", ">net", ">pending", ">disputed", ">payable", "currency"];

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    match args.partner {
        Some(partner) => one(partner, &args.moment, session).await,
        None => all(&args.moment, session).await,
    }
}

async fn one(partner_id: String, moment: &Moment, session: &mut Session) -> Result<(), Failure> {
    let request = GetBalanceRequest { partner_id: partner_id.clone(), options: Some(moment.options()) };
    let answer = session.partnership().await?.get_balance(request).await?.into_inner();
    if session.out.json {
        return session.out.message(&answer);
    }
    if answer.balances.is_empty() {
        session.out.line(&format!("{} has no balance: nothing has moved", text::line(&partner_id)))?;
    } else {
        session.out.table(working(&answer.balances))?;
    }
    session.out.read_at(answer.position)
}

/// How the payable comes about, one column per currency.
fn working(balances: &[Balance]) -> Table {
    type Line = (&'static str, fn(&Balance) -> i64);
    const LINES: [Line; 13] = [
        ("  accrued", |balance| balance.accrued),
        ("- reversed", |balance| balance.reversed),
        ("+ adjusted", |balance| balance.adjusted),
        ("+ cost share", |balance| balance.cost_share),
        ("+ distributed", |balance| balance.distributed),
        ("- collected", |balance| balance.collected),
        ("- paid", |balance| balance.paid),
        ("+ returned", |balance| balance.returned),
        ("+ received", |balance| balance.received),
        ("= net", |balance| balance.net),
        ("- pending", |balance| balance.pending),
        ("- disputed", |balance| balance.disputed),
        ("= payable", |balance| balance.payable),
    ];
    let mut header = vec![String::new()];
    header.extend(balances.iter().map(|balance| text::line(&balance.currency_code)));
    let mut table = Table::amounts(header);
    for (name, field) in LINES {
        let amounts = balances.iter().map(|balance| text::bare_amount(&balance.currency_code, field(balance)));
        table.row(std::iter::once(name.to_owned()).chain(amounts));
    }
    table
}

async fn all(moment: &Moment, session: &mut Session) -> Result<(), Failure> {
    let mut client = session.partnership().await?;
    let mut listing = Listing::begin(&mut session.out, "partners", HEADER)?;
    each_page(async |page_token| {
        let request = ListBalancesRequest { currency_code: None, page_size: PAGE_SIZE, page_token, options: Some(moment.options()) };
        let page = client.list_balances(request).await?.into_inner();
        listing.page(&page.partners, page.position, row)?;
        Ok(page.next_page_token)
    })
    .await?;
    listing.end("no partner has a balance")
}

/// A partner's balances, a row per currency.
fn row(table: &mut Table, partner: &PartnerBalances) {
    for balance in &partner.balances {
        let amount = |minor_units| text::bare_amount(&balance.currency_code, minor_units);
        table.row([
            text::line(&partner.partner_id),
            amount(balance.accrued),
            amount(balance.reversed),
            amount(balance.paid),
            amount(balance.net),
            amount(balance.pending),
            amount(balance.disputed),
            amount(balance.payable),
            text::line(&balance.currency_code),
        ]);
    }
}
