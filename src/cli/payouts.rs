//! `payouts`: what was paid out, in the order of position.

use super::client::Session;
use super::failure::Failure;
use super::language::{Language, columns, say};
use super::listing::{Listing, PAGE_SIZE};
use super::moment::Moment;
use super::table::Table;
use super::text::line;
use partnership_ledger::proto::{ListPayoutsRequest, Payout};

#[derive(clap::Args)]
pub struct Args {
    /// Only to this partner
    #[arg(long, value_name = "ID")]
    partner: Option<String>,
    #[command(flatten)]
    moment: Moment,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let options = args.moment.options(&mut session.out)?;
    let mut client = session.partnership().await?;
    let language = session.out.language;
    let header = columns![
        language;
        > "column-position", "column-payout", "column-partner", "column-occurred", > "column-amount", > "payouts-tax-withheld",
        > "payouts-returned", "payouts-method", "column-reference"
    ];
    let listing = Listing::of(&mut session.out, "payouts", header);
    let ask = async |page_token| {
        let request = ListPayoutsRequest {
            partner_id: args.partner.clone(),
            page_size: PAGE_SIZE,
            page_token,
            options: Some(options),
            ..ListPayoutsRequest::default()
        };
        client.list_payouts(request).await
    };
    listing.all(&say!(language, "payouts-none"), ask, |table, payout| row(language, table, payout)).await
}

fn row(language: Language, table: &mut Table, payout: &Payout) {
    let method = line(&payout.method);
    table.row([
        payout.position.to_string(),
        line(&payout.payout_id),
        line(&payout.partner_id),
        language.time(payout.occurred_at.as_ref()),
        language.amount(&payout.currency_code, payout.amount),
        language.amount(&payout.currency_code, payout.tax_withheld),
        language.amount(&payout.currency_code, payout.returned),
        if payout.advance { say!(language, "payouts-advance", method = method) } else { method },
        line(&payout.reference),
    ]);
}
