//! `statement`: every posting of a partner with the running balance.

use super::client::Session;
use super::failure::Failure;
use super::listing::{Listing, PAGE_SIZE, each_page};
use super::moment::{Moment, parse_time};
use super::table::Table;
use super::text::{amount, line, time, word};
use partnership_ledger::proto::{Entry, EntryKind, ListEntriesRequest};
use prost_types::Timestamp;

#[derive(clap::Args)]
pub struct Args {
    /// The partner
    partner: String,
    /// Only in this currency
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Only of this agreement
    #[arg(long, value_name = "ID")]
    agreement: Option<String>,
    /// Only of this lead
    #[arg(long, value_name = "ID")]
    lead: Option<String>,
    /// Only of this sale
    #[arg(long, value_name = "ID")]
    sale: Option<String>,
    /// Only what takes effect at or after this
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    from: Option<Timestamp>,
    /// Only what takes effect before this
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    to: Option<Timestamp>,
    #[command(flatten)]
    moment: Moment,
}

const HEADER: [&str; 8] = [">position", "occurred", "kind", ">amount", ">balance", "available", "about", "reference"];

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let mut client = session.partnership().await?;
    let mut listing = Listing::begin(&mut session.out, "entries", HEADER)?;
    each_page(async |page_token| {
        let page = client.list_entries(request(&args, page_token)).await?.into_inner();
        listing.page(&page.entries, page.position, row)?;
        Ok(page.next_page_token)
    })
    .await?;
    listing.end("no entries")
}

fn request(args: &Args, page_token: String) -> ListEntriesRequest {
    ListEntriesRequest {
        partner_id: args.partner.clone(),
        currency_code: args.currency.clone(),
        agreement_id: args.agreement.clone(),
        lead_id: args.lead.clone(),
        sale_id: args.sale.clone(),
        kinds: Vec::new(),
        effective_from: args.from,
        effective_to: args.to,
        page_size: PAGE_SIZE,
        page_token,
        options: Some(args.moment.options()),
    }
}

fn row(table: &mut Table, entry: &Entry) {
    let about = [&entry.sale_id, &entry.lead_id, &entry.agreement_id, &entry.campaign_id];
    table.row([
        entry.position.to_string(),
        time(entry.occurred_at.as_ref()),
        word::<EntryKind>(entry.kind),
        amount(&entry.currency_code, entry.amount),
        amount(&entry.currency_code, entry.net_after),
        time(entry.available_at.as_ref()),
        about.into_iter().flatten().map(|id| line(id)).collect::<Vec<_>>().join(" "),
        line(&entry.reference),
    ]);
}
