//! `alerts`: what somebody should look at, the most urgent first, and what to do about it.

use super::client::Session;
use super::failure::Failure;
use super::language::{Language, columns, say};
use super::listing::{Listing, PAGE_SIZE};
use super::moment::Moment;
use super::table::Table;
use super::text::{code, line};
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
            options: Some(args.moment.options()),
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

/// Returns the ledger's own message, which is English; in another language one made of the alert's fields.
fn message(language: Language, alert: &Alert) -> String {
    if language == Language::English && !alert.message.is_empty() {
        return line(&alert.message);
    }
    let about = [
        alert.campaign_id.as_ref().map(|id| say!(language, "alerts-campaign", id = line(id))),
        alert.lead_id.as_ref().map(|id| say!(language, "alerts-lead", id = line(id))),
        alert.agreement_id.as_ref().map(|id| say!(language, "alerts-agreement", id = line(id))),
        alert.partner_id.as_ref().map(|id| say!(language, "alerts-partner", id = line(id))),
    ];
    let about: Vec<String> = about.into_iter().flatten().collect();
    say!(language, "alerts-told", about = about.join(", "), advice = advice(language, alert.kind()))
}

/// Returns what to do about alerts of a kind.
fn advice(language: Language, kind: AlertKind) -> String {
    match kind {
        AlertKind::Unspecified => say!(language, "unspecified"),
        AlertKind::MissingManager => say!(language, "alerts-do-missing-manager"),
        AlertKind::CheckInOverdue => say!(language, "alerts-do-check-in-overdue"),
        AlertKind::ReviewOverdue => say!(language, "alerts-do-review-overdue"),
        AlertKind::UnequalEffort => say!(language, "alerts-do-unequal-effort"),
        AlertKind::GoalsDiffer => say!(language, "alerts-do-goals-differ"),
        AlertKind::ExpiryNear => say!(language, "alerts-do-expiry-near"),
        AlertKind::NoticeEnding => say!(language, "alerts-do-notice-ending"),
        AlertKind::ExclusivityEnding => say!(language, "alerts-do-exclusivity-ending"),
        AlertKind::ExclusivityBreached => say!(language, "alerts-do-exclusivity-breached"),
        AlertKind::BrandUseUndecided => say!(language, "alerts-do-brand-use-undecided"),
        AlertKind::BreachUncured => say!(language, "alerts-do-breach-uncured"),
        AlertKind::NegativeBalance => say!(language, "alerts-do-negative-balance"),
        AlertKind::PayableDue => say!(language, "alerts-do-payable-due"),
        AlertKind::DisputeOpen => say!(language, "alerts-do-dispute-open"),
        AlertKind::ProtectionLapsing => say!(language, "alerts-do-protection-lapsing"),
    }
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

    #[test]
    fn every_kind_says_what_to_do_in_both_languages() {
        let kinds = (1..).map_while(|number| AlertKind::try_from(number).ok());
        for kind in kinds {
            let alert = Alert { kind: kind.into(), partner_id: Some("acme".into()), ..Alert::default() };
            for language in [Language::English, Language::Thai] {
                assert!(message(language, &alert).contains("acme"), "{kind:?}");
            }
        }
    }
}
