//! A partner's own statement: complete to the cent, final once the books are closed, and silent on others.

use crate::common::events::{append_request, event_id};
use crate::common::facts::{cost, day, planned, reassigned, referred, registered, signed, sold, terms};
use crate::common::service::Bearer;
use crate::kit::{principal, text};
use crate::tls::Secured;
use partnership_ledger::domain::parse::timestamp;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::{Event, PeriodClosed};
use serde_json::Value;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};

const PARTNERS: [&str; 2] = ["acme", "bolt"];

/// March 2025 of two partners that share the costs of a campaign, and of whose leads one moved from the second to the first;
/// each has a sale of its own, too. The last event closes the books.
fn events() -> Vec<Event> {
    let close = Body::PeriodClosed(PeriodClosed { through: Some(timestamp(day("2025-04-01"))) });
    let facts = [
        ("2025-01-01", registered("acme")),
        ("2025-01-01", registered("bolt")),
        ("2025-01-01", signed("acme-1", "acme", terms())),
        ("2025-01-01", signed("bolt-1", "bolt", terms())),
        ("2025-01-10", planned("c-1", &["acme-1", "bolt-1"])),
        ("2025-02-10", referred("l-1", "bolt-1")),
        ("2025-02-11", referred("l-2", "acme-1")),
        ("2025-02-12", referred("l-3", "bolt-1")),
        ("2025-03-01", cost("cost-1", "c-1", Some("bolt-1"), 300_00)),
        ("2025-03-02", cost("cost-2", "c-1", None, 150_00)),
        ("2025-03-03", sold("s-1", "l-1", 1_000_00)),
        ("2025-03-04", sold("s-2", "l-2", 2_000_00)),
        ("2025-03-05", sold("s-3", "l-3", 500_00)),
        ("2025-03-20", reassigned("l-1", Some("acme-1"))),
        ("2025-04-02", close),
    ];
    let event = |(place, (date, body)): (usize, (&str, Body))| Event {
        event_id: event_id(&place.to_string()),
        occurred_at: Some(timestamp(day(date))),
        metadata: [].into(),
        body: Some(body),
    };
    facts.into_iter().enumerate().map(event).collect()
}

/// A server with these events, and a key of each partner in a file of its name.
fn served() -> Secured {
    let secured = Secured::start();
    let known = PARTNERS.map(|partner| principal(&format!("of-{partner}"), "partner", &format!("partner = \"{partner}\"")));
    PARTNERS.iter().zip(&known).for_each(|(partner, known)| std::fs::write(secured.path(partner), &known.key).expect("written"));
    std::fs::write(secured.path("access.toml"), text(known.iter().chain([&secured.admin]))).expect("written");
    secured.server.signal("-HUP");
    Secured::until(|| PARTNERS.iter().all(|partner| secured.ask(&["whoami"], &[("--key-file", partner)]).code == 0));
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(secured.ca.pem())).domain_name("localhost");
    let endpoint = Endpoint::from_shared(secured.address()).expect("an address").tls_config(tls).expect("TLS");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let channel = endpoint.connect().await.expect("a connection");
        let mut client = LedgerServiceClient::with_interceptor(channel, Bearer(secured.admin.key.clone()));
        client.append(append_request(events())).await.expect("recorded");
    });
    secured
}

/// The statement as JSON, by a key.
fn statement(secured: &Secured, partner: &str, key: &str, options: &[&str]) -> Value {
    let words = [&["--json", "statement", partner, "--month", "2025-03"], options].concat();
    secured.ask(&words, &[("--key-file", key)]).json()
}

/// Its entries.
fn entries(statement: &mut Value) -> impl Iterator<Item = &mut Value> {
    let currencies = statement["currencies"].as_array_mut().expect("a list").iter_mut();
    currencies.flat_map(|part| part["entries"].as_array_mut().expect("a list"))
}

#[test]
fn a_partners_statement_is_complete_and_says_nothing_of_others() {
    let secured = served();
    for (partner, other) in [("acme", "bolt"), ("bolt", "acme")] {
        let (mut own, mut all) = (statement(&secured, partner, partner, &[]), statement(&secured, partner, "key", &[]));
        assert_eq!(own["standing"]["state"], "CLOSED");
        let open = (events().len() - 1).to_string();
        assert_eq!(statement(&secured, partner, partner, &["--as-of-position", &open])["standing"]["state"], "OPEN");
        let mut reasons = Vec::new();
        for (own, all) in entries(&mut own).zip(entries(&mut all)) {
            if own["recorded_by"].is_null() {
                reasons.push(own["reason"].as_str().expect("a text").to_owned());
                // What only the record says is left out.
                [own, all]
                    .into_iter()
                    .for_each(|entry| drop(entry.as_object_mut().map(|entry| [entry.remove("reason"), entry.remove("recorded_by")])));
            }
        }
        assert_eq!(own, all, "whatever else there is");
        let moved = if partner == "acme" { "lead reassigned, commission moved here" } else { "lead reassigned, commission moved on" };
        let expected = ["cost of campaign c-1, concerns others too".to_owned(), format!("{moved}, concerns others too")];
        assert!(expected.iter().all(|reason| reasons.contains(reason)), "{reasons:?}");
        assert!(entries(&mut own).any(|entry| entry["recorded_by"] == "root"), "what concerns it alone is told whole: {own}");
        for format in ["text", "csv", "html", "json"] {
            for language in ["en", "th"] {
                let month = if language == "th" { "2568-03" } else { "2025-03" };
                let words = ["statement", partner, "--month", month, "--format", format, "--lang", language];
                let said = secured.ask(&words, &[("--key-file", partner)]);
                assert_eq!((said.code, said.error.as_str()), (0, ""), "{words:?}");
                assert!(!said.out.to_lowercase().contains(other), "{}", said.out);
            }
        }
        // Of another's there is none.
        let refused = secured.ask(&["statement", other, "--month", "2025-03"], &[("--key-file", partner)]);
        assert!(refused.code != 0 && refused.error.contains("UNKNOWN_ID"), "{}", refused.error);
    }
}

#[test]
fn a_partner_asks_as_known_at_a_time_by_its_own_records() {
    let secured = served();
    let later = r#"{"event_id":"00000000-0000-4000-8000-0000000000aa","occurred_at":"2025-04-03T00:00:00Z","sale_recorded":{"sale_id":"s-9","agreement_id":"acme-1","amount":{"currency_code":"USD","minor_units":"100"}}}"#;
    std::fs::write(secured.path("later.jsonl"), later).expect("written");
    let file = secured.path("later.jsonl");
    let appended = secured.ask(&["append", file.to_str().expect("a path")], &[("--key-file", "key")]);
    assert_eq!(appended.code, 0, "{}", appended.error);
    let own = secured.ask(&["records", "--from", "1", "--json"], &[("--key-file", "acme")]).out;
    let own: Vec<Value> = own.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let [.., before, last] = own.as_slice() else { panic!("too few records: {own:?}") };
    assert!(last["recorded_at"].as_str() > before["recorded_at"].as_str(), "{before} {last}");
    let position_at = |time: &Value| {
        let words = ["balance", "acme", "--json", "--known-at", time.as_str().expect("a time")];
        secured.ask(&words, &[("--key-file", "acme")]).json()["position"].clone()
    };
    assert_eq!(position_at(&before["recorded_at"]), before["position"]);
    assert_eq!(position_at(&last["recorded_at"]), last["position"]);
    let nothing = secured.ask(&["balance", "acme", "--known-at", "2020-01-01"], &[("--key-file", "acme")]);
    assert!(nothing.code != 0 && nothing.error.contains("at position 0"), "{}", nothing.error);
}

#[test]
fn a_match_key_finds_no_lead_that_a_partner_has_only_claimed_in_vain() {
    let secured = served();
    let referral = |number: u8, day: &str, agreement: &str| {
        format!(
            r#"{{"event_id":"00000000-0000-4000-8000-0000000000b{number}","occurred_at":"{day}T00:00:00Z","lead_referred":{{"lead_id":"k-1","agreement_id":"{agreement}","acquired_by":"ACQUIRED_BY_PARTNER","match_keys":["domain:k.example"]}}}}"#
        )
    };
    let file = secured.path("claims.jsonl");
    std::fs::write(&file, format!("{}\n{}", referral(1, "2025-04-03", "acme-1"), referral(2, "2025-04-04", "bolt-1"))).expect("written");
    let appended = secured.ask(&["append", file.to_str().expect("a path")], &[("--key-file", "key")]);
    assert_eq!(appended.code, 0, "{}", appended.error);
    let found = |key: &str| {
        let answer = secured.ask(&["leads", "--json", "--match-key", "domain:k.example"], &[("--key-file", key)]).json();
        answer["leads"].as_array().map(Vec::len)
    };
    let vain = secured.ask(&["lead", "k-1", "--json"], &[("--key-file", "bolt")]).json();
    assert_eq!(vain["lead"]["match_keys"], Value::Array(Vec::new()), "it is shown without its keys: {vain}");
    assert_eq!((found("key"), found("acme"), found("bolt")), (Some(1), Some(1), Some(0)));
}
