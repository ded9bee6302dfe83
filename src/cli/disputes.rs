//! `disputes`: what is disputed, how it came out, and what commission it holds.

use super::client::Session;
use super::failure::Failure;
use super::language::{Language, columns, say};
use super::listing::{Listing, PAGE_SIZE};
use super::moment::Moment;
use super::table::Table;
use super::text::line;
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

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let options = args.moment.options(session).await?;
    let mut client = session.partnership().await?;
    let language = session.out.language;
    let header = columns![
        language;
        > "column-position", "column-dispute", "disputes-opened-by", "column-about", "column-opened", "column-outcome", "disputes-holds",
        "disputes-claim"
    ];
    let listing = Listing::of(&mut session.out, "disputes", header);
    let ask = async |page_token| {
        let (partner_id, options) = (args.partner.clone(), Some(options));
        let request = ListDisputesRequest { open_only: args.open, partner_id, page_size: PAGE_SIZE, page_token, options };
        client.list_disputes(request).await
    };
    listing.all(&say!(language, "disputes-none"), ask, |table, dispute| row(language, table, dispute)).await
}

fn row(language: Language, table: &mut Table, dispute: &Dispute) {
    let about = match &dispute.subject {
        Some(Subject::LeadId(id)) => say!(language, "disputes-lead", id = line(id)),
        Some(Subject::SaleId(id)) => say!(language, "disputes-sale", id = line(id)),
        Some(Subject::PayoutId(id)) => say!(language, "disputes-payout", id = line(id)),
        None => String::new(),
    };
    let outcome = match dispute.outcome {
        Some(outcome) => format!("{} {}", language.word::<DisputeOutcome>(outcome), language.time(dispute.resolved_at.as_ref())),
        None => say!(language, "disputes-open"),
    };
    let held = dispute.held.iter().map(|held| {
        let amount = language.amount(&held.currency_code, held.amount);
        say!(language, "disputes-held", amount = amount, partner = line(&held.partner_id))
    });
    table.row([
        dispute.position.to_string(),
        line(&dispute.dispute_id),
        language.word::<Side>(dispute.opened_by),
        about,
        language.time(dispute.opened_at.as_ref()),
        outcome,
        held.collect::<Vec<_>>().join(", "),
        line(&dispute.claim),
    ]);
}
