//! The built program: commands that run to their end, and processes that run beside a test.

use assert_cmd::Command;
use serde_json::Value;
use std::process::Child;
use std::time::Duration;

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
pub fn process() -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_partnership-ledger"));
    for name in std::env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| name == "RUST_LOG" || name.as_encoded_bytes().starts_with(b"PARTNERSHIP_LEDGER_"))
    {
        command.env_remove(name);
    }
    command
}

/// The same, for a command that is run to its end by [`finish`].
pub fn program() -> Command {
    Command::from_std(process())
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

/// A process that is killed when the test ends.
#[derive(Debug)]
pub struct Running(pub Child);

impl Running {
    /// Ends it at once, in the middle of whatever it does, unless it has ended already.
    pub fn kill(&mut self) {
        self.0.kill().expect("it can be killed");
        self.0.wait().expect("it ends");
    }

    /// Sends it a signal, such as `-TERM`.
    pub fn signal(&self, name: &str) {
        let sent = std::process::Command::new("kill").args([name, &self.0.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
