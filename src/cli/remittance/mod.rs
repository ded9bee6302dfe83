//! `remittance`: a payout as a document for the partner, which says what was paid, what was withheld or added, and what came back.

mod advice;
mod as_csv;
mod as_html;
mod as_json;
mod as_text;

use super::client::{PartnershipClient, Session};
use super::failure::Failure;
use super::house::House;
use super::json;
use super::moment::Moment;
use super::statement::Format;
use advice::Advice;
use partnership_ledger::proto::{Balance, GetBalanceRequest, GetPartnerRequest, ListPayoutsRequest, Payout, ReadOptions};
use tonic::Code;

#[derive(clap::Args)]
pub struct Args {
    /// The payout
    payout: String,
    /// How to write it
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    #[command(flatten)]
    house: House,
    #[command(flatten)]
    moment: Moment,
}

/// A payout with what it is told with, as it was read.
pub struct Remittance {
    /// The payout.
    pub payout: Payout,
    /// The partner's name.
    pub partner_name: String,
    /// What the partner was owed right before it, in minor units. None: the partner was not known yet.
    pub owed_before: Option<i64>,
    /// What it was owed right after it.
    pub owed_after: Option<i64>,
    /// The position that it was read at.
    pub position: u64,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let format = Format::of(args.format, &session.out)?;
    let options = args.moment.options(session).await?;
    let remittance = read(args.payout, options, session).await?;
    let language = session.out.language;
    match format {
        Format::Text => as_text::write(&Advice::of(&remittance, &args.house, language), &mut session.out),
        Format::Json => session.out.line(&json::text(&as_json::document(&remittance, &args.house))),
        Format::Csv => {
            as_csv::write(&remittance, language, &mut session.out)?;
            session.out.tell_dates();
            Ok(())
        }
        Format::Html => {
            session.out.line(&as_html::page(&Advice::of(&remittance, &args.house, language)))?;
            session.out.tell_dates();
            Ok(())
        }
    }
}

/// Reads a payout, all of it as known at one position.
async fn read(payout_id: String, options: ReadOptions, session: &Session) -> Result<Remittance, Failure> {
    let mut client = session.partnership().await?;
    let request = ListPayoutsRequest { payout_id: Some(payout_id), options: Some(options), ..ListPayoutsRequest::default() };
    let answer = client.list_payouts(request).await?.into_inner();
    let position = answer.position;
    // A ledger of a release before knows no filter by payout.
    let [payout] =
        <[Payout; 1]>::try_from(answer.payouts).map_err(|_| Failure::check("the ledger does not know how to look for one payout"))?;
    let options = ReadOptions { as_of_position: Some(position), ..options };
    let request = GetPartnerRequest { partner_id: payout.partner_id.clone(), options: Some(options) };
    let partner = client.get_partner(request).await?.into_inner().partner;
    let partner_name = partner.map(|partner| partner.display_name).unwrap_or_default();
    let owed_before = owed(&mut client, &payout, payout.position - 1).await?;
    let owed_after = owed(&mut client, &payout, payout.position).await?;
    Ok(Remittance { payout, partner_name, owed_before, owed_after, position })
}

/// What the partner is owed in the payout's currency when it happens, as known at a position, in minor units.
async fn owed(client: &mut PartnershipClient, payout: &Payout, position: u64) -> Result<Option<i64>, Failure> {
    let options = ReadOptions { as_of: payout.occurred_at, as_of_position: Some(position), min_position: None };
    let request = GetBalanceRequest { partner_id: payout.partner_id.clone(), options: Some(options) };
    let is_of_payout = |balance: &Balance| balance.currency_code == payout.currency_code;
    match client.get_balance(request).await {
        // It was registered later than the payout happened.
        Err(status) if status.code() == Code::NotFound => Ok(None),
        answer => Ok(Some(answer?.into_inner().balances.into_iter().find(is_of_payout).map_or(0, |balance| balance.net))),
    }
}
