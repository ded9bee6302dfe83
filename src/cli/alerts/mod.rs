//! `alerts`: what somebody should look at, the most urgent first, and what to do about it.

mod words;

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

/// Returns what is the matter and what to do, made of the alert's facts. Of a ledger that gives none, or of a kind that this
/// release does not know, it is the ledger's own message, which is English.
fn message(language: Language, alert: &Alert) -> String {
    let told = alert.facts.as_ref().and_then(|facts| words::told(language, alert, facts));
    told.unwrap_or_else(|| line(&alert.message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use partnership_ledger::proto::{AlertFacts, AlertParticipant, BrandChannel, BreachClause, CampaignGoal, Money, Party, Side, party};
    use prost_types::Timestamp;
    use std::collections::BTreeSet;

    #[test]
    fn kinds_are_named_as_people_write_them() {
        for name in ["payable-due", "PAYABLE_DUE", "Payable_Due"] {
            assert_eq!(parse_kind(name), Ok(AlertKind::PayableDue));
        }
        let error = parse_kind("payable").expect_err("no kind");
        assert!(error.contains("missing-manager") && error.contains("protection-lapsing"), "{error}");
        assert!(parse_kind("unspecified").is_err());
    }

    /// An alert of a kind in which every fact is there, each with a word of its own.
    fn whole(kind: AlertKind) -> Alert {
        let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
        let id = |text: &str| Some(text.to_owned());
        let participant = |partner: &str, due_weight| AlertParticipant {
            party: Some(Party { party: Some(party::Party::PartnerId(partner.to_owned())) }),
            goal: CampaignGoal::Leads.into(),
            due_weight,
            delivered_weight: due_weight + 1,
        };
        let facts = AlertFacts {
            sides: vec![Side::Partner.into()],
            due_at: at(86_400),
            last_held_at: at(2 * 86_400),
            ends_at: at(3 * 86_400),
            opened_at: at(4 * 86_400),
            amount: Some(Money { currency_code: "USD".to_owned(), minor_units: 1_234 }),
            participants: vec![participant("first", 31), participant("second", 41)],
            dispute_id: id("dispute-1"),
            sale_id: id("sale-1"),
            payout_id: None,
            brand_use_id: id("use-1"),
            channel: Some(BrandChannel::Website.into()),
            hold_id: id("hold-1"),
            lead_count: Some(57),
            breach_id: id("breach-1"),
            clause: Some(BreachClause::Deliverables.into()),
            by_agreement_id: id("other-agreement"),
            by_partner_id: id("other-partner"),
        };
        Alert {
            kind: kind.into(),
            partner_id: id("partner-1"),
            agreement_id: id("agreement-1"),
            campaign_id: id("campaign-1"),
            lead_id: id("lead-1"),
            since: at(0),
            message: String::new(),
            facts: Some(facts),
        }
    }

    /// The facts of a text: its ids, figures, and dates without their years and months, which each language writes its own way.
    fn facts(text: &str) -> BTreeSet<String> {
        let dates = [("1970-01-02", "DAY2"), ("1970-01-03", "DAY3"), ("1970-01-04", "DAY4"), ("1970-01-05", "DAY5")];
        let thai = [("2 ม.ค. 2513", "DAY2"), ("3 ม.ค. 2513", "DAY3"), ("4 ม.ค. 2513", "DAY4"), ("5 ม.ค. 2513", "DAY5")];
        let text = dates.into_iter().chain(thai).fold(text.to_owned(), |text, (date, name)| text.replace(date, name));
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && !"-.".contains(letter));
        let names = ["first", "second", "other-agreement", "other-partner", "USD"];
        words
            .map(|word| word.trim_matches(['-', '.']))
            .filter(|word| word.contains(|letter: char| letter.is_ascii_digit()) || names.contains(word))
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn every_kind_tells_the_same_facts_in_both_languages() {
        let kinds: Vec<AlertKind> = (1..).map_while(|number| AlertKind::try_from(number).ok()).collect();
        assert!(kinds.len() > 14, "{kinds:?}");
        for kind in kinds {
            let alert = whole(kind);
            let [english, thai] = [Language::English, Language::Thai].map(|language| message(language, &alert));
            assert!(!facts(&english).is_empty(), "{kind:?}: {english}");
            assert_eq!(facts(&english), facts(&thai), "{kind:?}:\n{english}\n{thai}");
        }
    }

    #[test]
    fn a_ledger_that_gives_no_facts_is_quoted() {
        let alert = Alert { message: "do it".to_owned(), facts: None, ..whole(AlertKind::PayableDue) };
        assert_eq!([message(Language::English, &alert), message(Language::Thai, &alert)], ["do it", "do it"]);
    }
}
