//! `record` and `template`: events by hand, without JSON, with a look at what would become of them.

use crate::common::program::finish;
use crate::common::server::Server;
use serde_json::Value;

const EVENT_ID: &str = "018f4c2e-7d10-7c3a-9b1e-5a0d6f2b8c04";

fn partner(served: &Server) {
    let outcome = served.ask(&["record", "partner-registered", "--partner-id", "acme", "--display-name", "Acme", "--kind", "reseller"]);
    assert_eq!(outcome.code, 0, "{}", outcome.error);
}

#[test]
fn an_agreement_of_each_kind_is_signed_from_its_template() {
    let served = Server::fresh();
    partner(&served);
    let dir = tempfile::tempdir().expect("a directory");
    for (kind, shown) in
        [("co-marketing", "CO_MARKETING"), ("integration", "INTEGRATION"), ("channel", "CHANNEL"), ("joint-venture", "JOINT_VENTURE")]
    {
        let template = served.ask(&["template", "agreement", kind]);
        assert_eq!(template.code, 0, "{}", template.error);
        assert!(template.out.lines().any(|line| line.trim_start().starts_with("//")), "it is commented");
        let file = dir.path().join(kind);
        std::fs::write(&file, template.out).expect("written");
        let terms = format!("@{}", file.display());
        let words = ["record", "agreement-signed", "--agreement-id", kind, "--partner-id", "acme", "--type", kind, "--terms", &terms];
        let signed = served.ask(&words);
        assert_eq!(signed.code, 0, "{kind}: {}", signed.error);
        let agreement = served.ask(&["agreement", kind, "--json"]).json();
        assert_eq!(agreement["agreement"]["type"], format!("AGREEMENT_TYPE_{shown}"), "{agreement}");
    }
}

#[test]
fn a_sale_by_options_is_looked_at_first_and_recorded_once() {
    let served = Server::fresh();
    partner(&served);
    let terms = r#"{"commission":{"rules":[{"name":"sale","trigger":"COMMISSION_TRIGGER_SALE","rate_bps":2000}]}}"#;
    let words = ["record", "agreement-signed", "--agreement-id", "a-1", "--partner-id", "acme", "--type", "channel", "--terms", terms];
    assert_eq!(served.ask(&words).code, 0);
    let words = [
        "record",
        "lead-referred",
        "--lead-id",
        "lead-1",
        "--agreement-id",
        "a-1",
        "--acquired-by",
        "partner",
        "--match-keys",
        "a@x",
        "--match-keys",
        "b@x",
    ];
    assert_eq!(served.ask(&words).code, 0);
    let sale = [
        "record",
        "sale-recorded",
        "--sale-id",
        "s-1",
        "--lead-id",
        "lead-1",
        "--amount",
        "499.00USD",
        "--event-id",
        EVENT_ID,
        "--metadata",
        "source=desk",
    ];
    let dry = served.ask(&[&sale[..], &["--dry-run"]].concat());
    assert_eq!(
        dry.out, "would be recorded at position 4: sale_recorded; nothing was recorded\n  ACCRUED by sale\n  acme +99.80 USD (accrual)\n",
        "{}",
        dry.error
    );
    assert_eq!(served.ask(&["records", "--from", "1", "--json"]).out.lines().count(), 3, "nothing was recorded");
    let said = |outcome: &str| format!("{outcome} at position 4: sale_recorded, event {EVENT_ID}\n");
    let recorded = served.ask(&sale);
    assert!(recorded.out.starts_with(&said("recorded")), "{} {}", recorded.out, recorded.error);
    let record = served.ask(&["records", "--from", "4", "--json"]).json();
    assert_eq!(record["event"]["metadata"]["source"], "desk");
    // Sent again without a time it would be another event of the same id.
    let again = served.ask(&sale);
    assert_eq!(again.code, 1, "{}", again.out);
    assert!(again.error.contains("EVENT_ID_REUSED"), "{}", again.error);
    let at = record["event"]["occurred_at"].as_str().expect("a time");
    let again = served.ask(&[&sale[..], &["--at", at]].concat());
    assert!(again.out.starts_with(&said("was recorded before,")), "{} {}", again.out, again.error);
    assert_eq!(served.ask(&["balance", "acme", "--json"]).json()["balances"][0]["payable"], "9980");
}

#[test]
fn what_is_wrong_is_said_with_how_it_is_written() {
    let served = Server::fresh();
    for (words, said) in [
        (&["sale-recorded", "--sale-id", "s-1", "--amount", "499.00"][..], "such as 499.00USD"),
        (&["sale-recorded", "--sale-id", "s-1", "--amount", "1.5JPY"], "no more decimals than that has"),
        (&["lead-referred", "--lead-id", "l-1", "--acquired-by", "nobody"], "[possible values: partner, house"),
        (&["period-closed", "--through", "2026-01-31"], "must be an instant"),
        (&["agreement-signed", "--terms", "{"], "is no JSON"),
        (&["lead-reassigned", "--lead-id", "l-1", "--house", "--agreement-id", "acme"], "cannot be used with"),
        (&["sale-recorded", "--sale-number", "1"], "unexpected argument"),
        (&["sale-recorded", "--sale-id", "no such id!", "--amount", "1USD"], "sale_id"),
    ] {
        let outcome = served.ask(&[&["record"][..], words].concat());
        assert_eq!(outcome.code, 2, "{words:?} {}", outcome.error);
        assert!(outcome.error.contains(said), "{words:?}: {}", outcome.error);
    }
    let refused = served.ask(&["record", "sale-voided", "--sale-id", "s-1", "--reason", "typed twice", "--dry-run"]);
    assert_eq!(refused.code, 3, "{}", refused.error);
    assert!(refused.error.contains("UNKNOWN_ID"), "{}", refused.error);
}

#[test]
fn the_answer_is_json_where_it_is_asked_for_and_an_id_is_made() {
    let served = Server::fresh();
    let words = ["record", "partner-registered", "--partner-id", "acme", "--display-name", "Acme", "--kind", "reseller", "--json"];
    let [one, other] = [(); 2].map(|()| served.ask(&words));
    let result: Value = one.json();
    assert_eq!(result["position"], "1");
    assert_eq!(result["event_id"].as_str().map(str::len), Some(36));
    assert_eq!(other.code, 1, "another event, of the same partner: {}", other.error);
}

#[test]
fn without_a_ledger_it_says_how_to_go_on() {
    let outcome = finish(crate::common::program::program().args([
        "--address",
        "http://127.0.0.1:9",
        "record",
        "sale-voided",
        "--sale-id",
        "s-1",
        "--event-id",
        EVENT_ID,
    ]));
    assert_eq!(outcome.code, 4, "{}", outcome.error);
}
