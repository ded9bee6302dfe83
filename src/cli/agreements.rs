//! `agreements`: where the agreements stand, in the order they were introduced.

use super::choice;
use super::client::Session;
use super::failure::Failure;
use super::language::{Language, columns, say};
use super::listing::{Listing, PAGE_SIZE};
use super::moment::Moment;
use super::table::Table;
use super::text::line;
use partnership_ledger::proto::{Agreement, AgreementState, AgreementType, EndCause, ListAgreementsRequest};

#[derive(clap::Args)]
pub struct Args {
    /// Only of this partner
    #[arg(long, value_name = "ID")]
    partner: Option<String>,
    /// Only of this type: co-marketing, integration, channel or joint-venture
    #[arg(long = "type", value_name = "TYPE", value_parser = choice::parse::<AgreementType>)]
    agreement_type: Option<i32>,
    /// Only in this state: proposed, active, under-notice, expired or terminated
    #[arg(long, value_name = "STATE", value_parser = choice::parse::<AgreementState>)]
    state: Option<i32>,
    /// Only those that take the terms of this programme
    #[arg(long, value_name = "ID")]
    programme: Option<String>,
    /// Only those that this agreement recruited, or whose predecessor it did
    #[arg(long, value_name = "ID")]
    recruited_by: Option<String>,
    #[command(flatten)]
    moment: Moment,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let language = session.out.language;
    let header = columns![
        language; "agreements-agreement", "column-partner", "agreements-type", "agreements-state", "agreements-effective", "agreements-ends"
    ];
    let options = args.moment.options(session).await?;
    let mut client = session.partnership().await?;
    let listing = Listing::of(&mut session.out, "agreements", header);
    let ask = async |page_token| {
        let request = ListAgreementsRequest {
            partner_id: args.partner.clone(),
            r#type: args.agreement_type.unwrap_or_default(),
            state: args.state.unwrap_or_default(),
            programme_id: args.programme.clone(),
            recruited_by_agreement_id: args.recruited_by.clone(),
            page_size: PAGE_SIZE,
            page_token,
            options: Some(options),
        };
        client.list_agreements(request).await
    };
    listing.all(&say!(language, "agreements-none"), ask, |table, agreement| row(language, table, agreement)).await
}

fn row(language: Language, table: &mut Table, agreement: &Agreement) {
    let ends = agreement.end_cause.map(|cause| {
        say!(language, "agreements-ends-by", time = language.time(agreement.ends_at.as_ref()), cause = language.word::<EndCause>(cause))
    });
    table.row([
        line(&agreement.agreement_id),
        line(&agreement.partner_id),
        language.word::<AgreementType>(agreement.r#type),
        language.word::<AgreementState>(agreement.state),
        language.time(agreement.effective_at.as_ref()),
        ends.unwrap_or_default(),
    ]);
}
