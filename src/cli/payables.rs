//! `payables`: the payout proposal, by partner and currency, with what is on its way to them.

use super::client::Session;
use super::failure::Failure;
use super::language::{Language, columns, say};
use super::listing::{Listing, PAGE_SIZE, each_page};
use super::moment::Moment;
use super::table::Table;
use super::text::line;
use partnership_ledger::proto::{ListPayablesRequest, ListPayoutsRequest, Payable, PayoutState, ReadOptions};
use std::collections::BTreeMap;

#[derive(clap::Args)]
pub struct Args {
    /// Also what is below its minimum payout and carries forward
    #[arg(long)]
    include_below_minimum: bool,
    /// With --json, also what must not be paid as payouts to the partner are on hold; a table shows it in any case
    #[arg(long)]
    include_on_hold: bool,
    /// Only to this partner
    #[arg(long, value_name = "ID")]
    partner: Option<String>,
    #[command(flatten)]
    moment: Moment,
}

/// What is on its way, in minor units, by partner and currency.
type InTransit = BTreeMap<(String, String), i64>;

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let language = session.out.language;
    let header =
        columns![language; "column-partner", > "column-payable", > "column-minimum-payout", > "payables-in-transit", "column-proposal"];
    let mut options = args.moment.options(session).await?;
    let mut in_transit = InTransit::new();
    if !session.out.json {
        // Read first, so that both are of one position.
        options.as_of_position = Some(read_in_transit(&args, &options, session, &mut in_transit).await?);
    }
    let mut client = session.partnership().await?;
    let include_on_hold = args.include_on_hold || !session.out.json;
    let listing = Listing::of(&mut session.out, "payables", header);
    let ask = async |page_token| {
        let request = ListPayablesRequest {
            include_below_minimum: args.include_below_minimum,
            page_size: PAGE_SIZE,
            page_token,
            options: Some(options),
            partner_id: args.partner.clone(),
            include_on_hold,
        };
        client.list_payables(request).await
    };
    listing.all(&say!(language, "payables-none"), ask, |table, payable| row(language, table, payable, &in_transit)).await
}

/// Adds what is on its way; returns the position that it was read at.
async fn read_in_transit(args: &Args, options: &ReadOptions, session: &Session, in_transit: &mut InTransit) -> Result<u64, Failure> {
    let mut client = session.partnership().await?;
    let mut position = 0;
    each_page(async |page_token| {
        let request = ListPayoutsRequest {
            partner_id: args.partner.clone(),
            state: PayoutState::InTransit.into(),
            page_size: PAGE_SIZE,
            page_token,
            options: Some(*options),
            ..ListPayoutsRequest::default()
        };
        let page = client.list_payouts(request).await?.into_inner();
        for payout in page.payouts {
            let sum = in_transit.entry((payout.partner_id, payout.currency_code)).or_default();
            *sum = sum.saturating_add(payout.amount);
        }
        position = page.position;
        Ok(page.next_page_token)
    })
    .await?;
    Ok(position)
}

fn row(language: Language, table: &mut Table, payable: &Payable, in_transit: &InTransit) {
    let on_its_way = in_transit.get(&(payable.partner_id.clone(), payable.currency_code.clone()));
    table.row([
        line(&payable.partner_id),
        language.amount(&payable.currency_code, payable.payable),
        language.amount(&payable.currency_code, payable.minimum_payout),
        on_its_way.map(|sum| language.amount(&payable.currency_code, *sum)).unwrap_or_default(),
        if payable.on_hold {
            say!(language, "payables-on-hold")
        } else if payable.below_minimum {
            say!(language, "payables-below-minimum")
        } else {
            say!(language, "payables-pay")
        },
    ]);
}
