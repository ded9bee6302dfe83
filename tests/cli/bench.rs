//! The load that the program makes itself: that what it counts is what the ledger recorded. No speed is asserted.

use crate::common::program::{Outcome, Running, finish, process, program};
use crate::common::server::Server;
use rstest::rstest;
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Stdio;

/// A small load on a temporary server below a directory of the test's own.
fn bench(words: &[&str]) -> Outcome {
    let dir = tempfile::tempdir().expect("a directory");
    let outcome = finish(program().args(["bench", "--json", "--partners", "10", "--dir"]).arg(dir.path()).args(words));
    let left = std::fs::read_dir(dir.path()).expect("readable").count();
    assert_eq!(left, 0, "the temporary server's directory is removed");
    outcome
}

fn number(report: &Value, path: &str) -> f64 {
    report.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("no number at {path}: {report}"))
}

fn count(report: &Value, path: &str) -> u64 {
    report.pointer(path).and_then(Value::as_u64).unwrap_or_else(|| panic!("no count at {path}: {report}"))
}

/// Percentiles never fall, and nothing takes no time.
fn assert_ordered(report: &Value, path: &str) {
    let at = |name: &str| number(report, &format!("{path}/{name}"));
    let percentiles = [at("p50_ms"), at("p99_ms"), at("p99_9_ms"), at("max_ms")];
    assert!(percentiles[0] > 0.0 && percentiles.is_sorted(), "{percentiles:?}");
}

/// What every run must say of itself, whatever it did: 20 events introduce the partners.
fn assert_adds_up(report: &Value, events: u64) {
    assert_eq!(report.pointer("/problems").and_then(Value::as_array).map(Vec::len), Some(0), "{report}");
    assert_eq!(report.pointer("/load/refused").and_then(Value::as_object).map(serde_json::Map::len), Some(0), "{report}");
    assert_eq!(count(report, "/load/events"), events);
    assert_ordered(report, "/load/latency");
    let (speed, seconds) = (number(report, "/load/events_per_second"), number(report, "/load/seconds"));
    #[expect(clippy::cast_precision_loss, reason = "hundreds")]
    let counted = events as f64;
    assert!((speed * seconds - counted).abs() < 0.001 * counted, "{speed} in {seconds} s");
    let records = count(report, "/recorded/last_position");
    assert_eq!(count(report, "/recorded/records"), records);
    assert_eq!(count(report, "/restart/records"), records, "a restart brings back what was recorded");
    assert!(number(report, "/server/memory/resident_bytes") > 0.0);
    assert!(number(report, "/disk/log_bytes") > 0.0 && number(report, "/disk/store_bytes") > 0.0);
    assert!(number(report, "/disk/bytes_per_record") > 0.0);
}

#[test]
fn subscribers_follow_along_and_get_everything() {
    let report = bench(&["--events", "600", "--events-per-call", "20", "--subscribers", "3", "--rate", "3000"]).json();
    assert_adds_up(&report, 600);
    assert_eq!((count(&report, "/followed/subscribers"), count(&report, "/followed/records")), (3, 3 * 600));
    assert!(count(&report, "/followed/pages") >= 3);
    assert_ordered(&report, "/followed/lag");
    let speed = number(&report, "/load/events_per_second");
    assert!(speed < 3_600.0, "{speed} events a second are more than were asked for");
}

#[rstest]
#[case::one_by_one(&["--clients", "1", "--events-per-call", "1"], 1)]
#[case::many_in_flight(&["--clients", "2", "--in-flight", "32", "--events-per-call", "1"], 1)]
#[case::batches(&["--events-per-call", "64", "--workers", "2", "--client-threads", "2"], 64)]
#[case::streams(&["--stream", "--clients", "2", "--in-flight", "8", "--events-per-call", "10", "--check"], 10)]
#[case::sales(&["--mix", "sales", "--events-per-call", "50", "--check"], 50)]
#[case::referrals(&["--mix", "referrals", "--events-per-call", "50"], 50)]
fn every_event_that_was_asked_for_is_recorded(#[case] words: &[&str], #[case] events_per_call: u64) {
    let report = bench(&[&["--events", "330"], words].concat()).json();
    assert_adds_up(&report, 330);
    assert_eq!(count(&report, "/load/calls"), 330_u64.div_ceil(events_per_call));
    assert_eq!(count(&report, "/load/calls_encoded_ahead"), count(&report, "/load/calls"));
    assert_eq!(count(&report, "/recorded/last_position"), 350);
    assert_eq!(count(&report, "/read/records"), 350);
    // The first pages are of 32 and 64 KiB.
    assert!((1..=4).contains(&count(&report, "/read/pages")), "{report}");
    assert!(number(&report, "/disk/times_encoded") > 0.0);
}

#[test]
fn questions_are_answered_while_events_are_appended() {
    let words = ["--events", "300", "--events-per-call", "10", "--read", "100", "--queries", "0.5", "--rate", "400"];
    let report = bench(&words).json();
    assert_adds_up(&report, 300);
    assert!(count(&report, "/questions/answers") > 0);
    assert_ordered(&report, "/questions/latency");
    assert_ordered(&report, "/questions/append_latency");
    assert_eq!(count(&report, "/read/records"), 320, "all are read back that there were before the questions");
    assert_eq!(count(&report, "/read/pages"), 4);
    let meanwhile = count(&report, "/recorded/last_position") - 320;
    assert!((1..=200).contains(&meanwhile), "{meanwhile} are not at most 400 a second for half a second");
}

#[test]
fn a_time_instead_of_a_number_ends_the_load() {
    let report = bench(&["--duration", "0.2", "--clients", "2", "--events-per-call", "5"]).json();
    let events = count(&report, "/load/events");
    assert_adds_up(&report, events);
    assert_eq!(count(&report, "/recorded/last_position"), events + 20);
    assert!(number(&report, "/load/seconds") >= 0.2);
}

#[test]
fn the_table_has_every_row_beside_its_goal_and_the_machine_s_limits() {
    let report = bench(&["--suite", "--runs", "1", "--events", "300", "--queries", "0.2", "--limits", "0.05"]).json();
    let rows = report.pointer("/rows").and_then(Value::as_array).expect("rows");
    let names: Vec<&str> = rows.iter().filter_map(|row| row["row"].as_str()).collect();
    let expected = ["one", "in-flight", "hundred", "thousand", "largest", "pages", "replay", "questions", "questions-under-load"];
    assert_eq!(names, expected);
    for row in rows {
        assert!(number(row, "/median_per_second") > 0.0 && number(row, "/goal_per_second") > 0.0, "{row}");
        assert_eq!(count(row, "/report/load/events"), 300);
    }
    let limits = report.pointer("/limits").and_then(Value::as_object).expect("limits");
    assert_eq!(limits.len(), 6);
    for limit in limits.values() {
        assert!(count(limit, "/count") > 0 && number(limit, "/per_second") > 0.0);
        assert_ordered(limit, "/latency");
    }
}

/// The figures of the worst cases on a ledger of a few thousand records. Whether they are within their bounds says nothing
/// there, and is not asserted.
fn worst_cases(words: &[&str]) -> Value {
    let outcome = bench(&[&["--worst-cases", "--records", "1000", "--each", "0.1"], words].concat());
    assert!(outcome.code == 0 || outcome.error.contains("beyond their bounds"), "{}", outcome.error);
    serde_json::from_str(&outcome.out).expect("JSON")
}

#[test]
fn every_worst_case_has_its_figures() {
    let report = worst_cases(&[]);
    let sizes = report.pointer("/sizes").and_then(Value::as_object).expect("sizes");
    assert!(sizes.values().all(|size| size.as_u64().is_some_and(|size| size > 0)), "{sizes:?}");
    assert!((900..=1_500).contains(&count(&report, "/records")), "{report}");
    let figures = report.pointer("/figures").and_then(Value::as_array).expect("figures");
    for figure in figures {
        assert_eq!(figure["notes"], serde_json::json!([]), "all is answered: {figure}");
        if figure["of"] == "memory" {
            assert!(figure["grown_bytes"].is_u64(), "{figure}");
        } else {
            assert!(count(figure, "/answered") > 0, "{figure}");
            assert_ordered(figure, "/latency");
        }
    }
    let cases: BTreeSet<&str> = figures.iter().filter_map(|figure| figure["case"].as_str()).collect();
    assert_eq!(cases.len(), 16, "{cases:?}");
    let of = |case: &str| figures.iter().filter(|figure| figure["case"] == case).filter_map(|figure| figure["of"].as_str()).collect();
    let found: [Vec<&str>; 3] = ["4 × ListAlerts", "ReadRecords nobody reads", "large lead reassigned"].map(of);
    assert_eq!(found[0], ["appends", "point reads", "their answers", "memory"]);
    assert_eq!(found[1], ["appends", "point reads", "memory"]);
    assert_eq!(found[2], ["transfer of all sales", "appends"]);
}

#[test]
fn worst_cases_are_measured_on_the_server_of_another_program() {
    let program = env!("CARGO_BIN_EXE_partnership-ledger");
    let report = worst_cases(&["--cases", "quiet,signatures", "--server-binary", program]);
    assert_eq!(report.pointer("/figures").and_then(Value::as_array).map(Vec::len), Some(5), "{report}");
    let dir = tempfile::tempdir().expect("a directory");
    let words = ["bench", "--worst-cases", "--server-binary", "/nonexistent/program", "--dir"];
    let nowhere = finish(crate::common::program::program().args(words).arg(dir.path()));
    assert!(nowhere.code == 1 && nowhere.error.contains("cannot start"), "{}", nowhere.error);
}

#[test]
fn a_ledger_that_runs_already_may_be_loaded_again_and_again() {
    let served = Server::fresh();
    for run in 1..=2 {
        let words = ["bench", "--json", "--partners", "10", "--events", "100", "--events-per-call", "10", "--address", &served.address];
        let report = finish(program().args(words)).json();
        assert_eq!(count(&report, "/load/events"), 100);
        assert_eq!(count(&report, "/recorded/records"), 120);
        assert_eq!(count(&report, "/recorded/last_position"), 120 * run);
        assert_eq!(count(&report, "/read/records"), 120);
        assert!(report.get("disk").is_none() && report.get("server").is_none(), "of a process elsewhere nothing is known");
    }
}

#[test]
fn a_run_with_a_refused_call_fails_and_says_why() {
    let refused = bench(&["--events", "10001", "--events-per-call", "10001", "--clients", "1"]);
    assert!(refused.code == 1 && refused.error.contains("the figures do not count: refused: MALFORMED"), "{}", refused.error);
    let report: Value = serde_json::from_str(&refused.out).expect("it is told all the same");
    assert_eq!(count(&report, "/load/refused/MALFORMED"), 1);
    assert_eq!((count(&report, "/load/events"), count(&report, "/recorded/last_position")), (0, 20), "only what is recorded counts");
}

#[test]
fn an_end_by_signal_leaves_nothing_behind() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut command = process();
    command.args(["bench", "--duration", "60", "--events-per-call", "1", "--ahead", "0", "--dir"]).arg(dir.path()).stderr(Stdio::null());
    let mut child = Running(command.spawn().expect("it starts"));
    let is_there = |wanted: &str| {
        let found = std::fs::read_dir(dir.path()).expect("readable").filter_map(Result::ok).any(|home| home.path().join(wanted).exists());
        if !found {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        found
    };
    assert!((0..1_000).any(|_| is_there("ledger/checkpoint") || is_there("ledger/wal")), "its server starts");
    child.signal("-TERM");
    assert_eq!(child.0.wait().expect("it ends").code(), Some(1));
    assert_eq!(std::fs::read_dir(dir.path()).expect("readable").count(), 0);
}

#[test]
fn the_ledger_of_the_environment_is_left_alone() {
    let served = Server::fresh();
    let dir = tempfile::tempdir().expect("a directory");
    let mut command = served.command(&["bench", "--partners", "5", "--events", "50", "--dir"]);
    let outcome = finish(command.arg(dir.path()));
    assert_eq!(outcome.code, 0, "{}", outcome.error);
    assert!(outcome.out.contains("events/s") && outcome.out.contains("60 records, the last position is 60"), "{}", outcome.out);
    assert_eq!(served.ask(&["partners", "--json"]).json()["position"].as_str(), Some("0"), "nothing was recorded there");
}

#[test]
fn what_cannot_be_measured_is_said() {
    let nowhere = finish(program().args(["bench", "--dir", "/nonexistent/directory"]));
    assert!(nowhere.code == 2 && nowhere.error.contains("/nonexistent/directory"), "{}", nowhere.error);
    let nobody = finish(program().args(["bench", "--address", "http://127.0.0.1:1"]));
    assert!(nobody.code == 4 && nobody.error.contains("http://127.0.0.1:1 cannot be reached"), "{}", nobody.error);
    let both = finish(program().args(["bench", "--limits", "--address", "http://127.0.0.1:1"]));
    assert!(both.code == 2 && both.error.contains("leave --address out"), "{}", both.error);
    for bad in [["--in-flight", "0"], ["--duration", "never"], ["--events", "0"]] {
        assert_eq!(finish(program().arg("bench").args(bad)).code, 2, "{bad:?}");
    }
}
