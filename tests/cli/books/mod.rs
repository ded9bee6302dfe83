//! The books that `export` writes, against the ledger: read by hledger and beancount, and by a small reader of our own.
//!
//! hledger, bean-check and bean-query are looked for in the PATH, or where HLEDGER, BEAN_CHECK and BEAN_QUERY say. A
//! program that is not there is left out, and the standard error says so; with PARTNERSHIP_LEDGER_BOOKS=required, as in
//! `.ci/run`, it fails the test instead. The reader of our own always reads.

mod programs;
mod reader;
mod workload;

use self::workload::Workload;
use crate::common::program::finish;
use crate::common::server::Server;
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::{self, GetTrialBalanceRequest, ReadOptions};
use prost_types::Timestamp;
use std::collections::BTreeMap;
use std::path::Path;
use tokio::runtime::Runtime;
use tonic::transport::Channel;

/// How many records the ledger has.
const EVENTS: usize = 20_000;
/// A period that begins in the middle of a day.
const FROM: (&str, i64) = ("2024-07-15T13:45:00Z", 1_721_051_100);
/// And ends with January, its last day included.
const TO: (&str, i64) = ("2025-01-31", 1_738_368_000);

/// Tags that the books have often: all that moves money, and how.
const TOLD: [(&str, &str); 17] = [
    ("event", "sale_recorded"),
    ("event", "sale_refunded"),
    ("event", "sale_reinstated"),
    ("event", "sale_voided"),
    ("event", "customer_payment_received"),
    ("event", "commission_adjusted"),
    ("event", "commission_paid"),
    ("event", "payout_initiated"),
    ("event", "payout_settled"),
    ("event", "payout_failed"),
    ("event", "payout_returned"),
    ("event", "cost_incurred"),
    ("kind", "release"),
    ("kind", "transfer"),
    ("awaits-customer-payment", "yes"),
    ("level", "2"),
    ("line", "2:-"),
];

/// What accounts stand at, by account and currency, in minor units; accounts at zero are left out.
pub type Balances = BTreeMap<(String, String), i128>;

#[test]
fn every_balance_of_the_books_is_the_ledger_s() {
    let served = Server::fresh();
    let runtime = Runtime::new().expect("threads");
    let channel = runtime.block_on(fill(&served.address));
    let dir = tempfile::tempdir().expect("a directory");
    for (name, options, end) in [("whole", &[][..], None), ("period", &["--from", FROM.0, "--to", TO.0][..], Some(TO.1))] {
        let expected = runtime.block_on(trial_balance(&channel, end));
        for format in ["hledger", "beancount"] {
            let file = dir.path().join(format!("{name}.{format}"));
            export(&served, format, options, &file);
            let text = std::fs::read_to_string(&file).expect("UTF-8");
            let books = reader::read(format, &text);
            let least = if end.is_some() { 5 } else { 20 };
            for told in TOLD {
                assert!(count(&text, told) > least, "{name} for {format} has {told:?} {} times", count(&text, told));
            }
            assert!(books.transactions > EVENTS / 5, "only {} transactions", books.transactions);
            assert_eq!(books.opens_with_balances, end.is_some());
            assert_eq!(books.balances, expected, "{name} for {format}, as we read it");
            assert_eq!(books.closing, expected, "{name} for {format}, as it closes");
            if let Some(balances) = programs::balances(format, &file) {
                assert_eq!(books.ledger_names(balances), expected, "{name}, as {format} reads it");
            }
        }
    }
}

/// How often books have a tag, of a transaction or of a line.
fn count(text: &str, (name, value): (&str, &str)) -> usize {
    let plain = format!("{name}: {value}");
    let quoted = format!("{name}: \"{value}\"");
    let ends = |line: &str| line.ends_with(&plain) || line.ends_with(&quoted) || line.contains(&format!("{plain},"));
    text.lines().filter(|line| ends(line)).count()
}

/// The same books twice, to a file and to the standard output.
fn export(served: &Server, format: &str, options: &[&str], file: &Path) {
    let words = [&["export", "--format", format], options].concat();
    let started = std::time::Instant::now();
    let outcome = finish(served.command(&words).arg(file));
    assert_eq!((outcome.code, outcome.out.as_str()), (0, ""), "{}", outcome.error);
    eprintln!("{format} {options:?}: {EVENTS} records in {:?}", started.elapsed());
    let again = served.ask(&words);
    assert_eq!(again.code, 0, "{}", again.error);
    assert!(again.out == std::fs::read_to_string(file).expect("UTF-8"), "the same ledger gives the same books");
}

/// Records random events until the ledger has enough.
async fn fill(address: &str) -> Channel {
    let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{address}")).expect("an address");
    let channel = endpoint.connect().await.expect("it listens");
    let mut client = LedgerServiceClient::new(channel.clone()).max_decoding_message_size(64 << 20);
    let mut workload = Workload::new(7);
    let (mut recorded, mut trials) = (0, 0);
    while recorded < EVENTS {
        let count = (EVENTS - recorded).min(2_000);
        let requests: Vec<_> = (0..count)
            .map(|_| proto::AppendStreamRequest { events: vec![workload.next_event()], ..proto::AppendStreamRequest::default() })
            .collect();
        let is_trial: Vec<bool> = requests.iter().map(|request| request.events.iter().any(is_of_nothing)).collect();
        let mut answered = is_trial.into_iter();
        let mut answers = client.append_stream(tokio_stream::iter(requests)).await.expect("it takes them").into_inner();
        while let Some(answer) = answers.message().await.expect("an answer") {
            let is_trial = answered.next().expect("an answer for each request, in order");
            match answer.outcome.expect("an outcome") {
                proto::append_stream_response::Outcome::Response(_) => {
                    recorded += 1;
                    trials += usize::from(is_trial);
                }
                // What chance makes may be against the rules, but never malformed.
                proto::append_stream_response::Outcome::Error(error) => assert_ne!(error.reason, "MALFORMED", "{error:?}"),
            }
        }
    }
    assert!(trials > 100, "{trials} sales of nothing");
    channel
}

/// Whether an event is a sale of nothing, which no books have.
fn is_of_nothing(event: &proto::Event) -> bool {
    matches!(&event.body, Some(Body::SaleRecorded(sale)) if sale.amount.as_ref().is_some_and(|amount| amount.minor_units == 0))
}

/// What the ledger says, of all that takes effect before an end.
async fn trial_balance(channel: &Channel, end: Option<i64>) -> Balances {
    let last = Timestamp { seconds: end.unwrap_or(253_402_300_800) - 1, nanos: 999_999_999 };
    let options = ReadOptions { as_of: Some(last), ..ReadOptions::default() };
    let mut client = AuditServiceClient::new(channel.clone()).max_decoding_message_size(64 << 20);
    let answer = client.get_trial_balance(GetTrialBalanceRequest { options: Some(options) }).await.expect("an answer").into_inner();
    assert!(answer.is_balanced && answer.accounts.len() > 150, "{} accounts", answer.accounts.len());
    for kind in ["partner:", "house:tax-withheld", "house:campaigns", "capital:house:", "capital:partner:", "venture:"] {
        assert!(answer.accounts.iter().any(|account| account.account.starts_with(kind)), "nothing moved {kind}");
    }
    let moved = answer.accounts.into_iter().filter(|account| account.balance != 0);
    moved.map(|account| ((account.account, account.currency_code), i128::from(account.balance))).collect()
}

#[test]
fn an_empty_ledger_has_empty_books() {
    let served = Server::fresh();
    for format in ["hledger", "beancount"] {
        for options in [&[][..], &["--from", "2024-01-01"][..]] {
            let outcome = served.ask(&[&["export", "--format", format][..], options].concat());
            assert_eq!(outcome.code, 0, "{}", outcome.error);
            assert!(outcome.out.contains("as known at position 0"), "{}", outcome.out);
            assert_eq!(reader::read(format, &outcome.out).transactions, 0);
        }
    }
}

#[test]
fn what_cannot_be_exported_is_said() {
    let served = Server::with_story();
    let dir = tempfile::tempdir().expect("a directory");
    let nowhere = dir.path().join("no/such/folder/books.journal").display().to_string();
    for (words, said) in [
        (&["--from", "2025-01-02", "--to", "2025-01-01"][..], "--from must be earlier than --to"),
        (&["--from", "soon"][..], "must be a time such as"),
        (&["--json"][..], "--json has no effect on `export`"),
        (&[nowhere.as_str()][..], "cannot write"),
    ] {
        let outcome = served.ask(&[&["export", "--format", "hledger"][..], words].concat());
        assert_eq!(outcome.code, 2, "{words:?}");
        assert!(outcome.error.contains(said), "{}", outcome.error);
    }
    let file = dir.path().join("kept.journal");
    std::fs::write(&file, "what stood there before").expect("written");
    let outcome = finish(crate::common::program::program().args(["export", "--format", "hledger", "--address", "127.0.0.1:1"]).arg(&file));
    assert_eq!(outcome.code, 4);
    assert_eq!(std::fs::read_to_string(&file).expect("read"), "what stood there before");
}

#[test]
fn books_to_the_last_day_are_accepted() {
    let served = Server::with_story();
    let dir = tempfile::tempdir().expect("a directory");
    let last = "9999-12-31T12:00:00Z";
    for (name, options, is_closed) in [
        ("the day before", &["--to", "9999-12-31T00:00:00Z"][..], true),
        ("the day itself", &["--to", last], true),
        ("its end", &["--to", "9999-12-31T23:59:59.999999999Z"], true),
        // What opens on the last day cannot be closed on the day after.
        ("from the day itself", &["--from", "9999-12-31T00:00:00Z"], false),
        ("within the day", &["--from", "9999-12-31T00:00:00Z", "--to", last], false),
    ] {
        for format in ["hledger", "beancount"] {
            let file = dir.path().join(format!("books.{format}"));
            let outcome = finish(served.command(&["export", "--format", format]).args(options).arg(&file));
            assert_eq!(outcome.code, 0, "{name}: {}", outcome.error);
            let text = std::fs::read_to_string(&file).expect("UTF-8");
            assert!(!text.contains("+10000"), "{name}: {text}");
            let books = reader::read(format, &text);
            assert!(!books.balances.is_empty(), "{name}: {text}");
            if is_closed || format == "hledger" {
                assert_eq!(books.closing, books.balances, "{name}: {text}");
            } else {
                assert!(text.contains("; No closing balances: 9999-12-31 is the last day that there is"), "{name}: {text}");
            }
            if let Some(balances) = programs::balances(format, &file) {
                assert_eq!(books.ledger_names(balances), books.balances, "{name}, as {format} reads it");
            }
        }
    }
}

#[cfg(unix)]
mod destinations {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};
    use std::process::{Command, Stdio};

    const EXPORT: [&str; 3] = ["export", "--format", "hledger"];

    fn export_to(served: &Server, file: &Path) {
        let outcome = finish(served.command(&EXPORT).arg(file));
        assert_eq!((outcome.code, outcome.out.as_str(), outcome.error.as_str()), (0, "", ""));
    }

    fn mode(file: &Path) -> u32 {
        fs::metadata(file).expect("it is there").permissions().mode() & 0o7777
    }

    #[test]
    fn a_file_keeps_its_mode_and_a_link_leads_to_it() {
        let served = Server::with_story();
        let books = served.ask(&EXPORT).out;
        let dir = tempfile::tempdir().expect("a directory");
        fs::create_dir(dir.path().join("kept")).expect("a folder");
        let [file, link, links, plain, new] = ["kept/books", "link", "links", "plain", "new"].map(|name| dir.path().join(name));
        fs::write(&file, "before").expect("written");
        symlink("kept/books", &link).expect("a link");
        symlink("link", &links).expect("a link to the link");
        for bits in [0o600, 0o640, 0o664] {
            fs::set_permissions(&file, Permissions::from_mode(bits)).expect("a mode");
            for name in [&file, &link, &links] {
                fs::write(&file, "before").expect("written");
                export_to(&served, name);
                assert_eq!((fs::read_to_string(&file).expect("UTF-8"), mode(&file)), (books.clone(), bits), "{}", name.display());
                assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
                assert!(fs::symlink_metadata(&links).expect("it is there").is_symlink());
            }
        }
        fs::write(&plain, "").expect("written");
        export_to(&served, &new);
        assert_eq!(mode(&new), mode(&plain), "a new file has the mode that files have");
        fs::remove_file(&file).expect("removed");
        export_to(&served, &links);
        assert_eq!(fs::read_to_string(&file).expect("a link to nothing names what to make"), books);
    }

    #[test]
    fn pipes_and_devices_are_written_into() {
        let served = Server::with_story();
        let books = served.ask(&EXPORT).out;
        let dir = tempfile::tempdir().expect("a directory");
        let pipe = dir.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
        // With a limit, so that nothing waits for ever should the pipe be replaced.
        let mut reader = Command::new("timeout").arg("20").arg("cat").arg(&pipe).stdout(Stdio::piped()).spawn().expect("cat");
        export_to(&served, &pipe);
        assert!(fs::symlink_metadata(&pipe).expect("it is there").file_type().is_fifo());
        let mut read = String::new();
        std::io::Read::read_to_string(&mut reader.stdout.take().expect("its output"), &mut read).expect("UTF-8");
        reader.wait().expect("it ends");
        assert_eq!(read, books);

        let null = dir.path().join("null");
        symlink("/dev/null", &null).expect("a link");
        export_to(&served, &null);
        assert!(fs::metadata(&null).expect("it is there").file_type().is_char_device());

        // As `>> log` has it: what stands there stays.
        let log = dir.path().join("log");
        fs::write(&log, "before\n").expect("written");
        let words = ["-c", "exec \"$0\" \"$@\" /dev/stdout >> \"$LOG\"", env!("CARGO_BIN_EXE_partnership-ledger")];
        let mut shell = Command::new("sh");
        shell.args(words).args(EXPORT).args(["--address", &served.address]).env("LOG", &log);
        assert!(shell.status().expect("sh").success());
        assert_eq!(fs::read_to_string(&log).expect("UTF-8"), format!("before\n{books}"));
    }
}
