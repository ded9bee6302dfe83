//! The stories: what happens, what is refused, and what one would ask then.

use crate::cli::failure::{Failure, Refusal};
use crate::cli::{json, text};
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::{AppendRequest, Event};
use std::fmt::Write as _;
use tonic::transport::Channel;
use uuid::Uuid;

/// One story.
pub struct Chapter {
    /// Its title.
    pub title: &'static str,
    /// What happens, in a sentence or two.
    pub says: &'static str,
    steps: &'static [Step],
    /// What is asked afterwards.
    pub commands: &'static [&'static [&'static str]],
}

/// Events as JSON lines without ids, which the teller gives them.
enum Step {
    /// They are recorded together.
    Record(&'static str),
    /// They are against a rule.
    Refused(&'static str),
    /// A hundred customers come through the marketplace, and each buys for 500 dollars.
    Customers,
}

/// The stories in order.
pub const CHAPTERS: [Chapter; 6] = [
    Chapter {
        title: "Referrals earn 20 % commission for 12 months",
        says: "Beacon refers a bakery on 3 February 2025. It buys three times: within the window, within it again, and after it.",
        steps: &[Step::Record(
            r#"
{"occurred_at": "2025-01-01T00:00:00Z", "partner_registered": {"partner_id": "beacon", "display_name": "Beacon Consulting", "kind": "PARTNER_KIND_AFFILIATE", "country_code": "TH"}}
{"occurred_at": "2025-01-01T00:00:00Z", "agreement_signed": {"agreement_id": "beacon-referral", "partner_id": "beacon", "type": "AGREEMENT_TYPE_CO_MARKETING", "terms": {"time_zone": "Asia/Bangkok", "commission": {"rules": [{"name": "referral", "trigger": "COMMISSION_TRIGGER_SALE", "rate_bps": 2000, "window": {"months": 12, "anchor": "WINDOW_ANCHOR_LEAD_REFERRED"}, "hold_days": 30}]}, "lead_protection": {"days": 180}, "leads_at_end": "LEADS_AT_END_ACQUIRER_KEEPS", "tail": {"mode": "TAIL_MODE_REMAINING_WINDOW"}, "notice": {"days": 30}}}}
{"occurred_at": "2025-02-03T00:00:00Z", "lead_referred": {"lead_id": "lead-bakery", "agreement_id": "beacon-referral", "acquired_by": "ACQUIRED_BY_PARTNER", "match_keys": ["domain:bakery.example"]}}
{"occurred_at": "2025-02-20T00:00:00Z", "sale_recorded": {"sale_id": "sale-bakery-1", "lead_id": "lead-bakery", "amount": {"currency_code": "USD", "minor_units": "120000"}, "product": "pro"}}
{"occurred_at": "2025-12-05T00:00:00Z", "sale_recorded": {"sale_id": "sale-bakery-2", "lead_id": "lead-bakery", "amount": {"currency_code": "USD", "minor_units": "60000"}, "product": "seats"}}
{"occurred_at": "2026-02-10T00:00:00Z", "sale_recorded": {"sale_id": "sale-bakery-3", "lead_id": "lead-bakery", "amount": {"currency_code": "USD", "minor_units": "120000"}, "product": "pro"}}"#,
        )],
        commands: &[&["records", "--type", "sale_recorded"]],
    },
    Chapter {
        title: "An integration partner: 100 customers × 500 dollars at 20 %",
        says: "Northwind lists the integration in its marketplace: 50000.00 USD of revenue, of which 20 % are Northwind's.",
        steps: &[
            Step::Record(
                r#"
{"occurred_at": "2025-01-15T00:00:00Z", "partner_registered": {"partner_id": "northwind", "display_name": "Northwind Commerce", "kind": "PARTNER_KIND_TECHNOLOGY", "categories": ["storefront"]}}
{"occurred_at": "2025-01-15T00:00:00Z", "agreement_signed": {"agreement_id": "northwind-marketplace", "partner_id": "northwind", "type": "AGREEMENT_TYPE_INTEGRATION", "terms": {"commission": {"rules": [{"name": "marketplace", "trigger": "COMMISSION_TRIGGER_SALE", "rate_bps": 2000}]}, "exclusivity": {"bound": "BOUND_HOUSE", "categories": ["storefront"], "months": 12}, "minimum_payout": {"currency_code": "USD", "minor_units": "10000"}, "notice": {"days": 30}}}}"#,
            ),
            Step::Customers,
        ],
        commands: &[&["balance", "northwind"], &["payables"]],
    },
    Chapter {
        title: "A payout, a refund after it, and a payout too many",
        says: "Northwind is paid what is payable. Then a customer wants the money back: the reversal makes the balance negative, \
               later sales fill it. Nothing that was paid is un-paid.",
        steps: &[
            Step::Record(
                r#"
{"occurred_at": "2025-07-01T00:00:00Z", "commission_paid": {"payout_id": "payout-1", "partner_id": "northwind", "amount": {"currency_code": "USD", "minor_units": "1000000"}, "method": "bank", "reference": "2025-06"}}
{"occurred_at": "2025-07-08T00:00:00Z", "sale_refunded": {"refund_id": "refund-1", "sale_id": "sale-market-001", "amount": {"currency_code": "USD", "minor_units": "50000"}, "reason": "REFUND_REASON_CUSTOMER_REQUEST"}}"#,
            ),
            Step::Refused(
                r#"{"occurred_at": "2025-07-09T00:00:00Z", "commission_paid": {"payout_id": "payout-2", "partner_id": "northwind", "amount": {"currency_code": "USD", "minor_units": "5000"}, "method": "bank"}}"#,
            ),
        ],
        commands: &[&["statement", "northwind", "--from", "2025-07-01"], &["payouts"]],
    },
    Chapter {
        title: "Two partners claim the same customer",
        says: "Harbor claims the bakery while Beacon's claim is protected. The claim is declined and kept, and Harbor disputes the lead: \
               its commission is held until the dispute ends.",
        steps: &[Step::Record(
            r#"
{"occurred_at": "2025-03-01T00:00:00Z", "partner_registered": {"partner_id": "harbor", "display_name": "Harbor Agency", "kind": "PARTNER_KIND_AGENCY"}}
{"occurred_at": "2025-03-01T00:00:00Z", "agreement_signed": {"agreement_id": "harbor-channel", "partner_id": "harbor", "type": "AGREEMENT_TYPE_CHANNEL", "terms": {"commission": {"rules": [{"name": "resale", "trigger": "COMMISSION_TRIGGER_SALE", "rate_bps": 2000, "window": {"months": 12, "anchor": "WINDOW_ANCHOR_FIRST_SALE"}}]}, "leads_at_end": "LEADS_AT_END_HOUSE", "notice": {"days": 30}}}}
{"occurred_at": "2025-03-10T00:00:00Z", "lead_referred": {"lead_id": "lead-harbor-17", "agreement_id": "harbor-channel", "acquired_by": "ACQUIRED_BY_PARTNER", "match_keys": ["domain:bakery.example"]}}
{"occurred_at": "2025-03-12T00:00:00Z", "lead_referred": {"lead_id": "lead-gallery", "agreement_id": "harbor-channel", "acquired_by": "ACQUIRED_BY_PARTNER"}}
{"occurred_at": "2025-04-01T00:00:00Z", "sale_recorded": {"sale_id": "sale-gallery-1", "lead_id": "lead-gallery", "amount": {"currency_code": "EUR", "minor_units": "80000"}, "product": "pro"}}
{"occurred_at": "2025-04-02T00:00:00Z", "dispute_opened": {"dispute_id": "dispute-1", "opened_by": "SIDE_PARTNER", "lead_id": "lead-bakery", "claim": "Harbor met the bakery first"}}"#,
        )],
        commands: &[&["lead", "lead-harbor-17", "--as-of", "2025-04-02"], &["disputes", "--open"]],
    },
    Chapter {
        title: "Exclusivity for 12 months",
        says: "The house has promised Northwind not to work with another storefront until 15 January 2026. \
               Cartwheel is one: its agreement is refused before that day, and fine from then on.",
        steps: &[
            Step::Record(
                r#"{"occurred_at": "2025-09-01T00:00:00Z", "partner_registered": {"partner_id": "cartwheel", "display_name": "Cartwheel", "kind": "PARTNER_KIND_TECHNOLOGY", "categories": ["storefront"]}}"#,
            ),
            Step::Refused(
                r#"{"occurred_at": "2025-09-02T00:00:00Z", "agreement_signed": {"agreement_id": "cartwheel-1", "partner_id": "cartwheel", "type": "AGREEMENT_TYPE_INTEGRATION", "terms": {}}}"#,
            ),
            Step::Record(
                r#"{"occurred_at": "2026-01-15T00:00:00Z", "agreement_signed": {"agreement_id": "cartwheel-1", "partner_id": "cartwheel", "type": "AGREEMENT_TYPE_INTEGRATION", "terms": {}}}"#,
            ),
        ],
        commands: &[],
    },
    Chapter {
        title: "Termination with 30 days' notice",
        says: "Both agreements are ended by a notice of 1 October 2025. Beacon's leads stay with the acquirer and earn on; \
               Harbor's pass to the house.",
        steps: &[Step::Record(
            r#"
{"occurred_at": "2025-10-01T00:00:00Z", "termination_notice_given": {"agreement_id": "beacon-referral", "given_by": "SIDE_PARTNER"}}
{"occurred_at": "2025-10-01T00:00:00Z", "termination_notice_given": {"agreement_id": "harbor-channel", "given_by": "SIDE_HOUSE"}}
{"occurred_at": "2025-10-20T00:00:00Z", "dispute_resolved": {"dispute_id": "dispute-1", "outcome": "DISPUTE_OUTCOME_DISMISSED", "resolution": "the referral of 3 February stands"}}"#,
        )],
        commands: &[&["agreement", "beacon-referral", "--as-of", "2025-12-01"]],
    },
];

/// Plays chapters to a ledger.
pub struct Teller {
    client: LedgerServiceClient<Channel>,
    told: u32,
}

impl Teller {
    /// A teller for a ledger.
    pub fn new(client: LedgerServiceClient<Channel>) -> Self {
        Self { client, told: 0 }
    }

    /// Plays a chapter; gives what is worth saying of each step.
    pub async fn tell(&mut self, chapter: &Chapter) -> Result<Vec<String>, Failure> {
        let mut outcomes = Vec::new();
        for step in chapter.steps {
            let (lines, is_refused) = match step {
                Step::Record(lines) => ((*lines).to_owned(), false),
                Step::Refused(lines) => ((*lines).to_owned(), true),
                Step::Customers => (customers(), false),
            };
            let request = AppendRequest { events: self.events(&lines)?, expected_last_position: None };
            let count = request.events.len() as u64;
            match self.client.append(request).await {
                Ok(_) if !is_refused => outcomes.push(format!("{} recorded", text::count(count, "event"))),
                Err(status) if is_refused => {
                    let refusal = Refusal::from(status);
                    outcomes.push(format!("refused: {}: {}", refusal.reason, text::line(&refusal.message)));
                }
                Ok(_) => return Err(Failure::check("the demo's ledger recorded what it should refuse")),
                Err(status) => return Err(status.into()),
            }
        }
        Ok(outcomes)
    }

    /// The events of JSON lines, each with an id of its own.
    fn events(&mut self, lines: &str) -> Result<Vec<Event>, Failure> {
        let lines = lines.lines().filter(|line| !line.is_empty());
        let events = lines.map(|line| {
            self.told += 1;
            let mut event: Event = json::read(line.as_bytes()).map_err(|error| Failure::check(format!("{error} in {line}")))?;
            event.event_id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("demo {}", self.told).as_bytes()).to_string();
            Ok(event)
        });
        events.collect()
    }
}

/// A hundred leads and a sale to each, from February to May 2025.
fn customers() -> String {
    let mut lines = String::new();
    for number in 1..=100 {
        let (month, day) = (2 + (number - 1) / 25, 1 + (number - 1) % 25);
        let time = format!("2025-{month:02}-{day:02}T00:00:00Z");
        let _ = writeln!(
            lines,
            r#"{{"occurred_at": "{time}", "lead_referred": {{"lead_id": "lead-market-{number:03}", "agreement_id": "northwind-marketplace", "acquired_by": "ACQUIRED_BY_PARTNER"}}}}"#
        );
        let _ = writeln!(
            lines,
            r#"{{"occurred_at": "{time}", "sale_recorded": {{"sale_id": "sale-market-{number:03}", "lead_id": "lead-market-{number:03}", "amount": {{"currency_code": "USD", "minor_units": "50000"}}, "product": "standard"}}}}"#
        );
    }
    lines
}
