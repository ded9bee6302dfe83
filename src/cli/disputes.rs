//! `disputes`: what is disputed, how it came out, and what commission it holds.

use super::client::Session;
use super::failure::Failure;
use super::listing::{Listing, PAGE_SIZE, each_page};
use super::moment::Moment;
use super::table::Table;
use super::text::{amount, line, time, word};
use partnership_ledger::proto::dispute::Subject;
use partnership_ledger::proto::{Dispute, DisputeOutcome, ListDisputesRequest, Side};

#[derive(clap::Args)]
pub struct Args {
    /// Only those that are open
    #[arg(long)]
    open: bool,
    /// Only those that concern this partner
    #[arg(long, value_name = "ID")]
    partner: Option<String>,
    #[command(flatten)]
    moment: Moment,
}

const HEADER: [&str; 8] = [">position", "dispute", "opened by", "about", "opened", "outcome", "holds", "claim"];

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let mut client = session.partnership().await?;
    let mut listing = Listing::begin(&mut session.out, "disputes", HEADER)?;
    each_page(async |page_token| {
        let (partner_id, options) = (args.partner.clone(), Some(args.moment.options()));
        let request = ListDisputesRequest { open_only: args.open, partner_id, page_size: PAGE_SIZE, page_token, options };
        let page = client.list_disputes(request).await?.into_inner();
        listing.page(&page.disputes, page.position, row)?;
        Ok(page.next_page_token)
    })
    .await?;
    listing.end("no disputes")
}

fn row(table: &mut Table, dispute: &Dispute) {
    let about = match &dispute.subject {
        Some(Subject::LeadId(id)) => format!("lead {}", line(id)),
        Some(Subject::SaleId(id)) => format!("sale {}", line(id)),
        Some(Subject::PayoutId(id)) => format!("payout {}", line(id)),
        None => String::new(),
    };
    let outcome = match dispute.outcome {
        Some(outcome) => format!("{} {}", word::<DisputeOutcome>(outcome), time(dispute.resolved_at.as_ref())),
        None => "open".to_owned(),
    };
    let held = dispute.held.iter().map(|held| format!("{} of {}", amount(&held.currency_code, held.amount), line(&held.partner_id)));
    table.row([
        dispute.position.to_string(),
        line(&dispute.dispute_id),
        word::<Side>(dispute.opened_by),
        about,
        time(dispute.opened_at.as_ref()),
        outcome,
        held.collect::<Vec<_>>().join(", "),
        line(&dispute.claim),
    ]);
}
