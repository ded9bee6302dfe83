//! `balance`: what a partner is owed, or every partner.

use super::client::Session;
use super::failure::Failure;
use super::language::{Language, columns, say};
use super::listing::{Listing, PAGE_SIZE, each_page};
use super::moment::Moment;
use super::table::Table;
use super::text;
use partnership_ledger::proto::{Balance, GetBalanceRequest, ListBalancesRequest, PartnerBalances, ReadOptions};

#[derive(clap::Args)]
pub struct Args {
    /// The partner; every partner if left out
    partner: Option<String>,
    #[command(flatten)]
    moment: Moment,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let options = args.moment.options(session).await?;
    match args.partner {
        Some(partner) => one(partner, options, session).await,
        None => all(options, session).await,
    }
}

async fn one(partner_id: String, options: ReadOptions, session: &mut Session) -> Result<(), Failure> {
    let request = GetBalanceRequest { partner_id: partner_id.clone(), options: Some(options) };
    let answer = session.partnership().await?.get_balance(request).await?.into_inner();
    if session.out.json {
        return session.out.message(&answer);
    }
    if answer.balances.is_empty() {
        let language = session.out.language;
        session.out.line(&say!(language, "balance-nothing", partner = text::line(&partner_id)))?;
    } else {
        session.out.table(working(session.out.language, &answer.balances))?;
    }
    session.out.read_at(answer.position)
}

/// How the payable comes about, one column per currency.
fn working(language: Language, balances: &[Balance]) -> Table {
    type Line = (char, String, fn(&Balance) -> i64);
    let lines: [Line; 15] = [
        (' ', say!(language, "balance-accrued"), |balance| balance.accrued),
        ('-', say!(language, "balance-reversed"), |balance| balance.reversed),
        ('+', say!(language, "balance-adjusted"), |balance| balance.adjusted),
        ('+', say!(language, "balance-cost-share"), |balance| balance.cost_share),
        ('+', say!(language, "balance-distributed"), |balance| balance.distributed),
        ('-', say!(language, "balance-collected"), |balance| balance.collected),
        ('-', say!(language, "balance-paid"), |balance| balance.paid),
        ('(', say!(language, "balance-in-transit"), |balance| balance.in_transit),
        ('+', say!(language, "balance-returned"), |balance| balance.returned),
        ('+', say!(language, "balance-received"), |balance| balance.received),
        ('=', say!(language, "balance-net"), |balance| balance.net),
        ('-', say!(language, "balance-pending"), |balance| balance.pending),
        ('(', say!(language, "balance-awaiting"), |balance| balance.awaiting_customer),
        ('-', say!(language, "balance-disputed"), |balance| balance.disputed),
        ('=', say!(language, "column-payable"), |balance| balance.payable),
    ];
    let mut header = vec![String::new()];
    header.extend(balances.iter().map(|balance| text::line(&balance.currency_code)));
    let mut table = Table::amounts(header);
    let shown = lines.into_iter().filter(|(sign, _, field)| *sign != '(' || balances.iter().any(|balance| field(balance) != 0));
    for (sign, name, field) in shown {
        let amounts = balances.iter().map(|balance| language.bare_amount(&balance.currency_code, field(balance)));
        // What is said of the line before in parentheses is no part of the sum.
        let name = if sign == '(' { format!("  ({name})") } else { format!("{sign} {name}") };
        table.row(std::iter::once(name).chain(amounts));
    }
    table
}

async fn all(options: ReadOptions, session: &mut Session) -> Result<(), Failure> {
    let mut client = session.partnership().await?;
    let language = session.out.language;
    let header = columns![
        language;
        "column-partner", > "balance-accrued", > "balance-reversed", > "balance-paid", > "balance-net", > "balance-pending",
        > "balance-disputed", > "column-payable", "column-currency"
    ];
    let mut listing = Listing::of(&mut session.out, "partners", header);
    each_page(async |page_token| {
        let request = ListBalancesRequest { currency_code: None, page_size: PAGE_SIZE, page_token, options: Some(options) };
        let page = client.list_balances(request).await?.into_inner();
        listing.page(&page.partners, page.position, |table, partner| row(language, table, partner))?;
        Ok(page.next_page_token)
    })
    .await?;
    listing.end(&say!(language, "balance-none"))
}

/// A partner's balances, a row per currency.
fn row(language: Language, table: &mut Table, partner: &PartnerBalances) {
    for balance in &partner.balances {
        let amount = |minor_units| language.bare_amount(&balance.currency_code, minor_units);
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
