//! A served ledger and the program that asks it.

use assert_cmd::Command;
use serde_json::Value;
use std::io::BufReader;
use std::path::Path;
use std::process::{Child, ChildStdout, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A ledger with a partner, an agreement, leads, sales, a refund, a payout and a dispute.
pub const STORY: &str = r#"{"event_id":"00000000-0000-4000-8000-000000000001","occurred_at":"2025-01-01T00:00:00Z","partner_registered":{"partner_id":"acme","display_name":"Acme พันธมิตร","kind":"PARTNER_KIND_RESELLER"}}
{"event_id":"00000000-0000-4000-8000-000000000002","occurred_at":"2025-01-01T00:00:00Z","agreement_signed":{"agreement_id":"acme-1","partner_id":"acme","type":"AGREEMENT_TYPE_CHANNEL","terms":{"commission":{"rules":[{"name":"referral","trigger":"COMMISSION_TRIGGER_SALE","rate_bps":2000,"window":{"months":12,"anchor":"WINDOW_ANCHOR_LEAD_REFERRED"}}]},"leads_at_end":"LEADS_AT_END_HOUSE","notice":{"days":30}}}}
{"event_id":"00000000-0000-4000-8000-000000000003","occurred_at":"2025-02-01T00:00:00Z","lead_referred":{"lead_id":"lead-1","agreement_id":"acme-1","acquired_by":"ACQUIRED_BY_PARTNER","match_keys":["domain:one.example"]}}

{"eventId":"00000000-0000-4000-8000-000000000004","occurredAt":"2025-03-01T00:00:00Z","saleRecorded":{"saleId":"sale-1","leadId":"lead-1","amount":{"currencyCode":"USD","minorUnits":"100000"},"product":"pro"}}
{"event_id":"00000000-0000-4000-8000-000000000005","occurred_at":"2025-03-02T00:00:00Z","sale_recorded":{"sale_id":"sale-2","agreement_id":"acme-1","amount":{"currency_code":"JPY","minor_units":5000}}}
{"event_id":"00000000-0000-4000-8000-000000000006","occurred_at":"2025-03-10T00:00:00Z","sale_refunded":{"refund_id":"refund-1","sale_id":"sale-1","amount":{"currency_code":"USD","minor_units":"25000"},"reason":"REFUND_REASON_CUSTOMER_REQUEST"}}
{"event_id":"00000000-0000-4000-8000-000000000007","occurred_at":"2025-03-15T00:00:00Z","commission_paid":{"payout_id":"payout-1","partner_id":"acme","amount":{"currency_code":"USD","minor_units":"5000"},"method":"bank"}}
{"event_id":"00000000-0000-4000-8000-000000000008","occurred_at":"2025-03-20T00:00:00Z","dispute_opened":{"dispute_id":"dispute-1","opened_by":"SIDE_HOUSE","sale_id":"sale-1","claim":"not ours"}}
{"event_id":"00000000-0000-4000-8000-000000000009","occurred_at":"2025-06-01T00:00:00Z","agreement_terminated":{"agreement_id":"acme-1","cause":"TERMINATION_CAUSE_MUTUAL"}}
"#;
/// How many events that is.
pub const STORY_EVENTS: u64 = 9;

/// The program, without what the environment may say to it.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_partnership-ledger"));
    for name in
        ["PARTNERSHIP_LEDGER_ADDRESS", "PARTNERSHIP_LEDGER_LANG", "PARTNERSHIP_LEDGER_DATA_DIR", "PARTNERSHIP_LEDGER_LISTEN", "RUST_LOG"]
    {
        command.env_remove(name);
    }
    command
}

/// What a command came to.
pub struct Outcome {
    pub code: i32,
    pub out: String,
    pub error: String,
}

impl Outcome {
    /// The answer, as the one line of JSON that it is.
    pub fn json(&self) -> Value {
        assert_eq!((self.code, self.out.lines().count()), (0, 1), "{}{}", self.out, self.error);
        serde_json::from_str(&self.out).expect("JSON")
    }
}

/// Runs a command to its end.
pub fn finish(command: &mut Command) -> Outcome {
    let output = command.timeout(Duration::from_mins(1)).output().expect("it runs");
    Outcome {
        code: output.status.code().expect("it ended by itself"),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        error: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// The program, serving a ledger.
pub struct Served {
    child: Child,
    out: BufReader<ChildStdout>,
    pub address: String,
    dir: Option<TempDir>,
}

impl Served {
    /// Serves a fresh ledger.
    pub fn fresh() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut served = Self::on(&dir.path().join("ledger"));
        served.dir = Some(dir);
        served
    }

    /// Serves a fresh ledger that has recorded the story.
    pub fn with_story() -> Self {
        let served = Self::fresh();
        let outcome = finish(served.command(&["append"]).write_stdin(STORY));
        assert_eq!(outcome.code, 0, "{}", outcome.error);
        served
    }

    /// Serves the ledger of a directory.
    pub fn on(dir: &Path) -> Self {
        Self::with_options(dir, &[])
    }

    /// Serves the ledger of a directory with more options.
    pub fn with_options(dir: &Path, options: &[&str]) -> Self {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_partnership-ledger"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(dir)
            .args(options)
            .env_remove("RUST_LOG")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        let first = next_line(&mut out);
        let address = first.strip_prefix("listening on ").unwrap_or_else(|| panic!("it says {first:?}")).to_owned();
        Self { child, out, address, dir: None }
    }

    /// The next line that it says.
    pub fn says(&mut self) -> String {
        next_line(&mut self.out)
    }

    /// A command that asks this ledger.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = program();
        command.args(words).env("PARTNERSHIP_LEDGER_ADDRESS", format!("http://{}", self.address));
        command
    }

    /// What such a command comes to.
    pub fn ask(&self, words: &[&str]) -> Outcome {
        finish(&mut self.command(words))
    }

    /// Ends it at once, in the middle of whatever it does.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// Sends SIGTERM; how it ended, and after how long.
    pub fn terminate(&mut self) -> (ExitStatus, Duration) {
        let started = Instant::now();
        let sent = std::process::Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
        (self.child.wait().expect("it ends"), started.elapsed())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn next_line(out: &mut impl std::io::BufRead) -> String {
    let mut line = String::new();
    out.read_line(&mut line).expect("it says something");
    line.trim_end().to_owned()
}
