//! `payables`: the payout proposal, by partner and currency.

use super::client::Session;
use super::failure::Failure;
use super::language::{Language, columns, say};
use super::listing::{Listing, PAGE_SIZE};
use super::moment::Moment;
use super::table::Table;
use super::text::line;
use partnership_ledger::proto::{ListPayablesRequest, Payable};

#[derive(clap::Args)]
pub struct Args {
    /// Also what is below its minimum payout and carries forward
    #[arg(long)]
    include_below_minimum: bool,
    /// Only to this partner
    #[arg(long, value_name = "ID")]
    partner: Option<String>,
    #[command(flatten)]
    moment: Moment,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let language = session.out.language;
    let header = columns![language; "column-partner", > "column-payable", > "column-minimum-payout", "column-proposal"];
    let options = args.moment.options(&mut session.out)?;
    let mut client = session.partnership().await?;
    let listing = Listing::of(&mut session.out, "payables", header);
    let ask = async |page_token| {
        let request = ListPayablesRequest {
            include_below_minimum: args.include_below_minimum,
            page_size: PAGE_SIZE,
            page_token,
            options: Some(options),
            partner_id: args.partner.clone(),
            include_on_hold: false,
        };
        client.list_payables(request).await
    };
    listing.all(&say!(language, "payables-none"), ask, |table, payable| row(language, table, payable)).await
}

fn row(language: Language, table: &mut Table, payable: &Payable) {
    table.row([
        line(&payable.partner_id),
        language.amount(&payable.currency_code, payable.payable),
        language.amount(&payable.currency_code, payable.minimum_payout),
        if payable.below_minimum { say!(language, "payables-below-minimum") } else { say!(language, "payables-pay") },
    ]);
}
