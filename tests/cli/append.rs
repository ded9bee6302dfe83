//! `append`: in order, once, and up to the first bad line.

use crate::common::program::{STORY, STORY_EVENTS, finish, process};
use crate::common::server::Server;
use serde_json::Value;
use std::fmt::Write as _;
use std::process::Stdio;
use uuid::Uuid;

/// Sales under the story's agreement, a line each.
fn sales(prefix: &str, count: usize) -> Vec<String> {
    let sale = |number| {
        let id = format!("{prefix}-{number}");
        let event_id = Uuid::new_v5(&Uuid::NAMESPACE_OID, id.as_bytes());
        format!(
            r#"{{"event_id":"{event_id}","occurred_at":"2025-04-01T00:00:00Z","sale_recorded":{{"sale_id":"{id}","agreement_id":"acme-1","amount":{{"currency_code":"USD","minor_units":"1000"}}}}}}"#
        )
    };
    (1..=count).map(sale).collect()
}

fn sale_count(served: &Server) -> usize {
    served.ask(&["records", "--from", "1", "--type", "sale_recorded", "--json"]).out.lines().count() - 2
}

#[test]
fn what_was_recorded_before_is_counted_and_not_recorded_again() {
    let served = Server::fresh();
    let append = || finish(served.command(&["append"]).write_stdin(STORY)).out;
    assert_eq!(append(), "9 recorded, 0 recorded before; the ledger is at position 9\n");
    assert_eq!(append(), "0 recorded, 9 recorded before; the ledger is at position 9\n");
}

#[test]
fn a_byte_order_mark_at_the_start_is_no_content() {
    let served = Server::fresh();
    let outcome = finish(served.command(&["append"]).write_stdin(format!("\u{feff}{STORY}")));
    assert_eq!(outcome.out, "9 recorded, 0 recorded before; the ledger is at position 9\n");
    let elsewhere = finish(served.command(&["append"]).write_stdin(format!("{STORY}\u{feff}{STORY}")));
    assert_eq!(elsewhere.code, 2, "in the middle it is no JSON: {}", elsewhere.error);
}

#[test]
fn a_file_of_several_requests_is_recorded_in_order() {
    let served = Server::with_story();
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("events.jsonl");
    std::fs::write(&file, sales("many", 1_234).join("\n")).expect("written");
    let outcome = finish(served.command(&["append"]).arg(&file));
    assert_eq!(outcome.out, "1234 recorded, 0 recorded before; the ledger is at position 1243\n");
    assert_eq!(outcome.error, "", "no progress where no terminal is");
    let last = served.ask(&["records", "-n", "1", "--json"]).json();
    assert_eq!(last["event"]["sale_recorded"]["sale_id"], "many-1234");
}

#[test]
fn a_refused_line_is_named_and_all_before_it_are_recorded() {
    let served = Server::with_story();
    for (number, bad) in [(1, 1), (2, 500), (3, 501), (4, 777), (5, 1_100)] {
        let mut lines = sales(&format!("round-{number}"), 1_100);
        lines[bad - 1] = lines[bad - 1].replace("acme-1", "nobody");
        let before = sale_count(&served);
        let outcome = finish(served.command(&["append"]).write_stdin(lines.join("\r\n")));
        assert_eq!(outcome.code, 3);
        let error = format!("error: line {bad}: UNKNOWN_ID: agreement_id nobody is not known; ");
        assert!(outcome.error.starts_with(&error), "{}", outcome.error);
        assert_eq!(sale_count(&served), before + bad - 1, "line {bad}");
        let summary = if bad == 1 { "0 recorded\n".to_owned() } else { format!("{} recorded, 0 recorded before; ", bad - 1) };
        assert!(outcome.out.starts_with(&summary), "{}", outcome.out);
    }
}

#[test]
fn a_malformed_event_is_told_with_every_bad_field() {
    let served = Server::with_story();
    let mut lines = sales("bad", 3);
    lines[1] = lines[1].replace("USD", "usd").replace("1000", "-1");
    lines[2] = lines[2].replace("2025-04-01T00:00:00Z", "1900-04-01T00:00:00Z");
    let outcome = finish(served.command(&["append"]).write_stdin(format!("\n{}\n", lines.join("\n\n"))));
    assert_eq!(outcome.code, 2);
    let told: Vec<&str> = outcome.error.lines().collect();
    assert_eq!(told[0], "error: line 4: MALFORMED: 2 fields are bad");
    assert!(told[1].starts_with("  sale_recorded.amount.currency_code: "), "{}", told[1]);
    assert!(told[2].starts_with("  sale_recorded.amount.minor_units: "), "{}", told[2]);
    assert_eq!(sale_count(&served), 1);
}

#[test]
fn a_line_that_is_no_event_is_named_and_all_before_it_are_recorded() {
    let served = Server::with_story();
    for (round, bad) in ["{\"sale_recorded\":", "[]", "{\"sale_number\": 1}", "not JSON \u{1b}[2J"].into_iter().enumerate() {
        let before = sale_count(&served);
        let mut text = sales(&format!("round-{round}"), 5).join("\n");
        let _ = write!(text, "\n{bad}\n{}", sales(&format!("after-{round}"), 5).join("\n"));
        let outcome = finish(served.command(&["append"]).write_stdin(text));
        assert_eq!(outcome.code, 2);
        assert!(outcome.error.starts_with("error: line 6: MALFORMED: "), "{}", outcome.error);
        assert!(!outcome.error.contains('\x1b'));
        assert_eq!(sale_count(&served), before + 5);
    }
}

#[test]
fn as_json_every_event_has_its_result() {
    let served = Server::fresh();
    let outcome = finish(served.command(&["append", "--json"]).write_stdin(STORY));
    let results: Vec<Value> = outcome.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(results.len() as u64, STORY_EVENTS);
    assert_eq!(results[3]["position"], "4");
    assert_eq!(results[3]["duplicate"], false);
    assert_eq!(results[3]["effects"][0]["commission_assessed"]["amount"]["minor_units"], "20000");
    assert!(outcome.error.starts_with("9 recorded"), "{}", outcome.error);
}

#[test]
fn sales_that_earned_nothing_are_counted_with_the_reason() {
    let served = Server::with_story();
    let mut lines = sales("late", 3);
    // The first is before its lead's referral, and the second after the agreement's end.
    lines[0] = lines[0].replace(r#""agreement_id":"acme-1""#, r#""lead_id":"lead-1""#).replace("2025-04-01", "2025-01-15");
    lines[1] = lines[1].replace("2025-04-01", "2025-07-01");
    let unearned = "2 sales earned nothing: AGREEMENT_ENDED 1, NO_CREDIT 1\n";
    let again = "0 recorded, 3 recorded before; the ledger is at position 12\n";
    let outcome = finish(served.command(&["append"]).write_stdin(lines.join("\n")));
    assert_eq!(outcome.out, format!("3 recorded, 0 recorded before; the ledger is at position 12\n{unearned}"), "{}", outcome.error);
    let outcome = finish(served.command(&["append", "--json"]).write_stdin(lines.join("\n")));
    assert_eq!((outcome.out.lines().count(), outcome.error), (3, format!("{again}{unearned}")));
}

#[test]
fn a_value_that_is_none_of_an_enum_is_told_with_those_there_are() {
    let served = Server::fresh();
    let partner = |kind: &str| STORY.lines().next().expect("a line").replace("\"PARTNER_KIND_RESELLER\"", kind);
    let outcome = finish(served.command(&["append"]).write_stdin(format!("\n\n{}", partner("\"RESELLER\""))));
    assert_eq!(outcome.code, 2);
    let says =
        "error: line 3: MALFORMED: partner_registered.kind: 'RESELLER' is not one of PARTNER_KIND_RESELLER, PARTNER_KIND_AFFILIATE, ";
    assert!(outcome.error.starts_with(says) && !outcome.error.contains("line 1"), "{}", outcome.error);
    let outcome = finish(served.command(&["append"]).write_stdin(partner("99")));
    let says = "error: line 1: MALFORMED: partner_registered.kind: must be one of PARTNER_KIND_RESELLER, PARTNER_KIND_AFFILIATE, ";
    assert!(outcome.error.starts_with(says), "{}", outcome.error);
}

#[test]
fn nothing_to_append_is_no_failure() {
    let served = Server::fresh();
    let outcome = finish(served.command(&["append"]).write_stdin("\n\n"));
    assert_eq!((outcome.code, outcome.out.as_str()), (0, "0 recorded\n"));
}

#[test]
fn everything_is_recorded_although_nobody_reads_the_results() {
    let served = Server::with_story();
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("events.jsonl");
    std::fs::write(&file, sales("many", 2_000).join("\n")).expect("written");
    let mut child = process()
        .args(["append", "--json", "--address", &served.address])
        .arg(&file)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert_eq!(sale_count(&served), 2_000);
}
