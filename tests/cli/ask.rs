//! Every command that asks: for people, as JSON, and with its exit code.

use crate::common::program::{STORY, STORY_EVENTS, finish, program};
use crate::common::server::Server;
use rstest::{fixture, rstest};
use serde_json::{Value, json};

#[fixture]
fn served() -> Server {
    Server::with_story()
}

/// Each command with words that its table must have.
#[rstest]
#[case(&["balance", "acme"], &["USD", "JPY", "150.00", "1000", "= payable"])]
#[case(&["balance"], &["partner", "acme", "150.00"])]
#[case(&["lead", "lead-1"], &["the house", "END_TO_HOUSE", "domain:one.example", "Owners", "FIRST_CLAIM"])]
#[case(&["agreement", "acme-1"], &["terminated", "2025-06-01, by mutual", "referral: 20 % of each sale, for 12 months from the referral", "30 days"])]
#[case(&["statement", "acme"], &["accrual", "200.00 USD", "reversal", "-50.00 USD", "payment", "1000 JPY", "payout-1"])]
#[case(&["statement", "acme", "--currency", "JPY"], &["1000 JPY"])]
#[case(&["explain", "sale-1"], &["ACCRUED", "200.00 USD", "Step by step", "Terms applied"])]
#[case(&["payables"], &["acme", "1000 JPY", "pay"])]
#[case(&["payables", "--partner", "acme"], &["acme", "1000 JPY", "pay"])]
#[case(&["payouts", "--partner", "acme"], &["payout-1", "50.00 USD", "bank"])]
#[case(&["disputes", "--open"], &["dispute-1", "sale sale-1", "150.00 USD of acme", "not ours"])]
#[case(&["records"], &["partner_registered", "sale_recorded", "acme +200.00 USD (accrual)", "owner acme (FIRST_CLAIM)"])]
#[case(&["records", "-n", "1"], &["agreement_terminated", "ends 2025-06-01 by mutual"])]
#[case(&["records", "--from", "6", "--type", "sale_refunded"], &["refund-1 sale-1 250.00 USD", "refunded 250.00 USD"])]
#[case(&["trial-balance"], &["partner:acme", "house:commission", "house:cash", "debit", "credit"])]
fn answers_people(served: Server, #[case] words: &[&str], #[case] expected: &[&str]) {
    let outcome = served.ask(words);
    assert_eq!((outcome.code, outcome.error.as_str()), (0, ""));
    for word in expected {
        assert!(outcome.out.contains(word), "{word:?} is missing:\n{}", outcome.out);
    }
    assert!(outcome.out.ends_with(&format!("read at position {STORY_EVENTS}\n")), "{}", outcome.out);
    assert!(!outcome.out.contains('\x1b'), "no colour where no terminal is");
}

#[rstest]
#[case(&["balance", "acme"], "/balances/1/payable", "-5000")]
#[case(&["balance"], "/partners/0/balances/0/currency_code", "JPY")]
#[case(&["lead", "lead-1"], "/lead/rule", "OWNERSHIP_RULE_END_TO_HOUSE")]
#[case(&["agreement", "acme-1"], "/agreement/state", "AGREEMENT_STATE_TERMINATED")]
#[case(&["statement", "acme"], "/entries/0/amount", "20000")]
#[case(&["explain", "sale-1"], "/assessment/amount/minor_units", "20000")]
#[case(&["payables"], "/payables/0/payable", "1000")]
#[case(&["payouts"], "/payouts/0/tax_withheld", "0")]
#[case(&["disputes"], "/disputes/0/sale_id", "sale-1")]
#[case(&["trial-balance"], "/accounts/0/account", "house:cash")]
fn answers_programs(served: Server, #[case] words: &[&str], #[case] path: &str, #[case] expected: &str) {
    let mut words = words.to_vec();
    words.push("--json");
    let answer = served.ask(&words).json();
    assert_eq!(answer.pointer(path), Some(&json!(expected)), "{answer}");
    assert_eq!(answer["position"], json!(STORY_EVENTS.to_string()));
}

#[rstest]
fn records_are_json_lines_that_can_be_appended_elsewhere(served: Server) {
    let outcome = served.ask(&["records", "--from", "1", "--json"]);
    let events: Vec<String> =
        outcome.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["event"].to_string()).collect();
    assert_eq!(events.len() as u64, STORY_EVENTS);
    let copy = Server::fresh();
    let copied = finish(copy.command(&["append", "-"]).write_stdin(events.join("\n")));
    assert_eq!((copied.code, copied.error.as_str()), (0, ""));
    assert_eq!(copy.ask(&["balance", "acme"]).out, served.ask(&["balance", "acme"]).out);
}

#[rstest]
fn questions_are_asked_as_of_a_time_and_a_position(served: Server) {
    let owner = |words: &[&str]| {
        let mut words = words.to_vec();
        words.extend(["--json"]);
        served.ask(&words).json()["lead"]["owner"].clone()
    };
    assert_eq!(owner(&["lead", "lead-1"]), json!({"house": true}));
    assert_eq!(owner(&["lead", "lead-1", "--as-of", "2025-05-31"]), json!({"partner_id": "acme"}));
    assert_eq!(owner(&["lead", "lead-1", "--as-of", "2025-06-01T07:00:00+07:00"]), json!({"house": true}));
    assert_eq!(owner(&["lead", "lead-1", "--as-of-position", "3"]), json!({"partner_id": "acme"}));
    let early = served.ask(&["lead", "lead-1", "--as-of-position", "2"]);
    assert_eq!(early.code, 3, "{}", early.error);
}

#[rstest]
fn a_time_of_recording_finds_its_position(served: Server) {
    let recorded: Vec<String> = (1..=STORY_EVENTS)
        .map(|position| served.ask(&["records", "--from", &position.to_string(), "--json"]).out)
        .map(|line| serde_json::from_str::<Value>(line.lines().next().expect("a record")).expect("JSON")["recorded_at"].clone())
        .map(|time| time.as_str().expect("a time").to_owned())
        .collect();
    let table = served.ask(&["records"]).out;
    assert!(table.lines().next().is_some_and(|header| header.contains("recorded ")) && table.contains(&recorded[8][..19]), "{table}");
    // Of records that share a time the last one counts.
    let known = |time: &str| recorded.iter().rposition(|recorded| recorded == time).expect("recorded") + 1;
    let position_at = |time: &str| served.ask(&["records", "--known-at", time, "--json", "-n", "1"]);
    for time in &recorded {
        let outcome = position_at(time);
        assert_eq!(outcome.json()["position"], json!(known(time).to_string()), "{time}: {}", outcome.error);
        assert!(outcome.error.starts_with("as known at ") && outcome.error.ends_with(&format!("at position {}\n", known(time))));
    }
    assert_eq!(position_at("2199-01-01").json()["position"], json!(STORY_EVENTS.to_string()));
    let before = served.ask(&["balance", "acme", "--known-at", "2020-01-01"]);
    assert_eq!(before.code, 3, "nothing was known: {}", before.out);
    assert!(before.error.contains("as known at the end of 2020-01-01 (UTC): at position 0"), "{}", before.error);
    let both = served.ask(&["balance", "acme", "--known-at", "2020-01-01", "--as-of-position", "3"]);
    assert_eq!(both.code, 2, "{}", both.error);
}

#[rstest]
fn leads_are_found_by_a_match_key_and_say_why_they_were_reassigned(served: Server) {
    let signed = STORY.lines().nth(1).expect("the agreement").replace("000000000002", "000000000102").replace("acme-1", "acme-2");
    let reassigned = r#"{"event_id":"00000000-0000-4000-8000-000000000103","occurred_at":"2025-07-01T00:00:00Z","lead_reassigned":{"lead_id":"lead-1","agreement_id":"acme-2","reason":"they met it first"}}"#;
    let more = finish(served.command(&["append"]).write_stdin(format!("{signed}\n{reassigned}")));
    assert_eq!(more.code, 0, "{}", more.error);
    let by_id = served.ask(&["lead", "lead-1"]);
    assert!(by_id.out.contains("REASSIGNED") && by_id.out.contains("they met it first"), "{}", by_id.out);
    assert_eq!(served.ask(&["lead", "--match-key", "domain:one.example"]).out, by_id.out);
    let by_key = served.ask(&["lead", "--match-key", "domain:one.example", "--json"]).json();
    assert_eq!(by_key, served.ask(&["lead", "lead-1", "--json"]).json());
    assert!(served.ask(&["leads", "--match-key", "domain:one.example"]).out.contains("lead-1"));
    let early = served.ask(&["lead", "--match-key", "domain:one.example", "--as-of-position", "2"]);
    assert_eq!((early.code, early.out.as_str()), (3, ""));
    let unknown = served.ask(&["lead", "--match-key", "domain:two.example"]);
    assert_eq!(unknown.code, 3);
    assert!(unknown.error.starts_with("error: no lead has the match key domain:two.example: "), "{}", unknown.error);
    assert_eq!(served.ask(&["lead"]).code, 2);
}

#[rstest]
#[case(&["balance", "nobody"], 3, "error: UNKNOWN_ID: ")]
#[case(&["lead", "nobody"], 3, "error: UNKNOWN_ID: ")]
#[case(&["payables", "--partner", "nobody"], 3, "error: UNKNOWN_ID: ")]
#[case(&["explain", "sale-9"], 3, "error: UNKNOWN_ID: ")]
#[case(&["agreement", "a b"], 2, "error: MALFORMED: ")]
#[case(&["statement", "acme", "--as-of-position", "99"], 1, "error: POSITION_NOT_REACHED: ")]
#[case(&["statement", "nobody", "--json"], 3, "error: UNKNOWN_ID: ")]
#[case(&["alerts", "--partner", "nobody", "--json"], 3, "error: UNKNOWN_ID: ")]
fn refusals_have_a_line_and_a_code(served: Server, #[case] words: &[&str], #[case] code: i32, #[case] begins: &str) {
    let outcome = served.ask(words);
    assert_eq!((outcome.code, outcome.out.as_str()), (code, ""), "{}", outcome.error);
    assert!(outcome.error.starts_with(begins), "{}", outcome.error);
    assert_eq!(outcome.error.lines().count(), 1, "{}", outcome.error);
}

#[rstest]
fn who_asks_for_what_is_not_there_is_told_to_check_the_id(served: Server) {
    let outcome = served.ask(&["balance", "nobody"]);
    assert!(outcome.error.contains("check the id") && !outcome.error.contains("record what introduces it"), "{}", outcome.error);
    let sale = r#"{"event_id":"00000000-0000-4000-8000-000000000099","occurred_at":"2025-03-01T00:00:00Z","sale_recorded":{"sale_id":"s","lead_id":"nobody","amount":{"currency_code":"USD","minor_units":5}}}"#;
    let outcome = finish(served.command(&["append"]).write_stdin(sale));
    assert!(outcome.error.contains("record what introduces it first"), "{}", outcome.error);
}

#[rstest]
fn texts_of_others_show_what_is_in_them(served: Server) {
    let name = "A\u{200b}c\u{2028}m\u{9b}e\u{202e}";
    let partner = json!({"partner_id": "odd", "display_name": name, "kind": "PARTNER_KIND_OTHER"});
    let event =
        json!({"event_id": "00000000-0000-4000-8000-000000000098", "occurred_at": "2025-03-01T00:00:00Z", "partner_registered": partner});
    assert_eq!(finish(served.command(&["append"]).write_stdin(event.to_string())).code, 0);
    let table = served.ask(&["partners"]).out;
    assert!(table.contains(r"A\u{200b}c\u{2028}m\u{9b}e\u{202e}"), "{table}");
    let answer = served.ask(&["partners", "--json"]);
    assert!(answer.out.contains(r"A\u200bc\u2028m\u009be\u202e"), "{}", answer.out);
    assert_eq!(answer.json()["partners"][1]["display_name"], json!(name));
}

#[rstest]
#[case(&["balance", "--as-of", "yesterday"])]
#[case(&["records", "-n", "1", "--from", "1"])]
#[case(&["serve", "--json"])]
#[case(&["completions", "bash", "--address", "http://127.0.0.1:1"])]
#[case(&["campaign"])]
#[case(&["balance", "--address", "ftp://127.0.0.1:1"])]
#[case(&["append", "/nonexistent/events.jsonl"])]
#[case(&["verify", "--data-dir", "/nonexistent"])]
#[case(&[])]
fn a_malformed_command_line_exits_with_2(#[case] words: &[&str]) {
    let outcome = finish(program().args(words));
    assert_eq!((outcome.code, outcome.out.as_str()), (2, ""));
    assert!(!outcome.error.is_empty());
}

#[test]
fn without_a_ledger_it_exits_with_4() {
    let outcome = finish(program().args(["balance", "acme", "--address", "http://127.0.0.1:1"]));
    assert_eq!(outcome.code, 4);
    assert!(outcome.error.starts_with("error: cannot connect to http://127.0.0.1:1: Connection refused"), "{}", outcome.error);
}

#[test]
fn an_empty_ledger_has_empty_answers() {
    let served = Server::fresh();
    for (command, says) in [
        ("balance", "no partner has a balance"),
        ("payables", "nothing is payable"),
        ("payouts", "nothing was paid out"),
        ("disputes", "no disputes"),
        ("records", "no records"),
        ("trial-balance", "no account has moved"),
    ] {
        let outcome = served.ask(&[command]);
        assert_eq!((outcome.code, outcome.out.lines().next()), (0, Some(says)), "{command}");
    }
    assert_eq!(served.ask(&["payouts", "--json"]).out, "{\"payouts\":[],\"next_page_token\":\"\",\"position\":\"0\"}\n");
}
