//! `alerts`: what somebody should look at, the most urgent first, and what to do about it.

use super::client::Session;
use super::failure::Failure;
use super::language::{Language, columns, say};
use super::listing::{Listing, PAGE_SIZE};
use super::moment::Moment;
use super::table::Table;
use super::text::code;
use partnership_ledger::language::alerts::message;
use partnership_ledger::proto::{Alert, AlertKind, ListAlertsRequest};

#[derive(clap::Args)]
pub struct Args {
    /// Only about this partner, its agreements and the campaigns in which it takes part
    #[arg(long, value_name = "ID")]
    partner: Option<String>,
    /// Only about this agreement
    #[arg(long, value_name = "ID")]
    agreement: Option<String>,
    /// Only of this kind, such as payable-due; may be named several times
    #[arg(long = "kind", value_name = "KIND", value_parser = parse_kind)]
    kinds: Vec<AlertKind>,
    #[command(flatten)]
    moment: Moment,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let language = session.out.language;
    let options = args.moment.options(session).await?;
    let mut client = session.partnership().await?;
    let header = columns![language; "alerts-since", "alerts-alert", "alerts-what-to-do"];
    let listing = Listing::of(&mut session.out, "alerts", header);
    let ask = async |page_token| {
        let request = ListAlertsRequest {
            partner_id: args.partner.clone(),
            agreement_id: args.agreement.clone(),
            kinds: args.kinds.iter().map(|kind| *kind as i32).collect(),
            page_size: PAGE_SIZE,
            page_token,
            options: Some(options),
        };
        client.list_alerts(request).await
    };
    listing.all(&say!(language, "alerts-none"), ask, |table, alert| row(language, table, alert)).await
}

/// Parses a kind by its name in the contract, in upper or lower case, with hyphens or underscores.
fn parse_kind(text: &str) -> Result<AlertKind, String> {
    let name = format!("ALERT_KIND_{}", text.to_ascii_uppercase().replace('-', "_"));
    AlertKind::from_str_name(&name).filter(|kind| *kind != AlertKind::Unspecified).ok_or_else(|| {
        let known = (1..).map_while(|number| AlertKind::try_from(number).ok());
        let known: Vec<String> = known.map(|kind| code::<AlertKind>(kind.into()).to_lowercase().replace('_', "-")).collect();
        format!("must be one of {}", known.join(", "))
    })
}

fn row(language: Language, table: &mut Table, alert: &Alert) {
    table.row([language.time(alert.since.as_ref()), language.word::<AlertKind>(alert.kind), message(language, alert)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_named_as_people_write_them() {
        for name in ["payable-due", "PAYABLE_DUE", "Payable_Due"] {
            assert_eq!(parse_kind(name), Ok(AlertKind::PayableDue));
        }
        let error = parse_kind("payable").expect_err("no kind");
        assert!(error.contains("missing-manager") && error.contains("protection-lapsing"), "{error}");
        assert!(parse_kind("unspecified").is_err());
    }
}
