//! `payouts`: what was paid out, in the order of position.

use super::client::Session;
use super::failure::Failure;
use super::listing::{Listing, PAGE_SIZE, each_page};
use super::moment::Moment;
use super::table::Table;
use super::text::{amount, line, time};
use partnership_ledger::proto::{ListPayoutsRequest, Payout};

#[derive(clap::Args)]
pub struct Args {
    /// Only to this partner
    #[arg(long, value_name = "ID")]
    partner: Option<String>,
    #[command(flatten)]
    moment: Moment,
}

const HEADER: [&str; 9] = [">position", "payout", "partner", "occurred", ">amount", ">tax withheld", ">returned", "method", "reference"];

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let mut client = session.partnership().await?;
    let mut listing = Listing::begin(&mut session.out, "payouts", HEADER)?;
    each_page(async |page_token| {
        let options = Some(args.moment.options());
        let request = ListPayoutsRequest { partner_id: args.partner.clone(), page_size: PAGE_SIZE, page_token, options };
        let page = client.list_payouts(request).await?.into_inner();
        listing.page(&page.payouts, page.position, row)?;
        Ok(page.next_page_token)
    })
    .await?;
    listing.end("nothing was paid out")
}

fn row(table: &mut Table, payout: &Payout) {
    let advance = if payout.advance { " (advance)" } else { "" };
    table.row([
        payout.position.to_string(),
        line(&payout.payout_id),
        line(&payout.partner_id),
        time(payout.occurred_at.as_ref()),
        amount(&payout.currency_code, payout.amount),
        amount(&payout.currency_code, payout.tax_withheld),
        amount(&payout.currency_code, payout.returned),
        format!("{}{advance}", line(&payout.method)),
        line(&payout.reference),
    ]);
}
