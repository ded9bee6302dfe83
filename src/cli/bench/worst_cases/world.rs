//! The ledger of the worst cases: who is in it, and the single events and questions that are measured on it.

use super::sizes::{SALES_OF_A_LEAD, Sizes};
use crate::cli::bench::wire::append_request;
use partnership_ledger::proto::{self, event::Body, lead_reassigned::To};
use partnership_ledger::workload::{Mix, Story};
use prost::bytes::Bytes;
use prost_types::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};

/// When the agreements begin: 1 January 2024, in seconds of Unix time.
pub const START: i64 = 1_704_067_200;
/// Seconds of a day.
pub const DAY: i64 = 86_400;
/// Parts of the usual mix, which may overtake each other.
pub const LANES: u32 = 6;
/// The longest text of an event, in bytes (rules 2.3).
const TEXT_BYTES: usize = 2_000;
/// The most events of a request.
const REQUEST_EVENTS: usize = 10_000;

/// Who is in the ledger.
#[derive(Debug)]
pub struct World {
    pub sizes: Sizes,
    /// Before every id, so that ids are new on a ledger that has other records.
    prefix: String,
    pub seed: u64,
    /// When it was made, in seconds of Unix time: no event is later.
    pub now: i64,
    /// The number of the next single event.
    next: AtomicU64,
}

impl World {
    /// A ledger of these sizes.
    pub fn new(sizes: Sizes, prefix: String, seed: u64, now: i64) -> Self {
        Self { sizes, prefix, seed, now, next: AtomicU64::new(0) }
    }

    /// Returns an id of this ledger.
    pub fn id(&self, name: impl std::fmt::Display) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Returns the time so many days ago.
    pub fn days_ago(&self, days: i64) -> Timestamp {
        Timestamp { seconds: (self.now - days * DAY).max(START), nanos: 0 }
    }

    /// Returns the time so many days after the agreements begin.
    pub fn days_after_start(&self, days: i64) -> Timestamp {
        Timestamp { seconds: (START + days * DAY).min(self.now), nanos: 0 }
    }

    /// The usual mix.
    pub fn story(&self) -> Story {
        let partners = u32::try_from(self.sizes.partners).unwrap_or(u32::MAX);
        let story = Story::new(Mix::Realistic, self.seed, partners, LANES).with_prefix(self.prefix.clone());
        story.until(self.now - DAY, self.sizes.mixed)
    }

    /// Returns the last sale of the large account.
    pub fn last_large_sale(&self) -> String {
        self.id(format_args!("large-sale-{}", self.sizes.large_leads * SALES_OF_A_LEAD - 1))
    }

    /// Returns a number that has not been returned before.
    fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Returns an event of the present.
    fn event(&self, body: Body) -> proto::Event {
        Self::event_at(self.days_ago(0), body)
    }

    fn event_at(occurred_at: Timestamp, body: Body) -> proto::Event {
        let event_id = uuid::Uuid::new_v4().to_string();
        proto::Event { event_id, occurred_at: Some(occurred_at), body: Some(body), ..proto::Event::default() }
    }

    /// Returns a small event that costs the ledger nothing but itself: an adjustment of one of many partners.
    pub fn adjustment(&self, reason: &str) -> proto::Event {
        let number = self.number();
        self.event(Body::CommissionAdjusted(proto::CommissionAdjusted {
            adjustment_id: self.id(format_args!("probe-{number}")),
            agreement_id: self.id(format_args!("agreement-{}", number % self.sizes.partners)),
            amount: Some(usd(1)),
            reason: reason.to_owned(),
        }))
    }

    /// Returns a request of about so many bytes of small events, for a stream.
    pub fn large_request(&self, bytes: usize) -> Bytes {
        let reason = "x".repeat((bytes / REQUEST_EVENTS).saturating_sub(150).clamp(1, TEXT_BYTES));
        let size = prost::Message::encoded_len(&self.adjustment(&reason)) + 4;
        let events = (0..(bytes / size).clamp(1, REQUEST_EVENTS)).map(|_| self.adjustment(&reason)).collect();
        append_request(events, true)
    }

    /// Returns the reassignment of a lead, with what is unpaid of its commission.
    pub fn reassignment(&self, lead: &str) -> proto::Event {
        self.event(Body::LeadReassigned(proto::LeadReassigned {
            lead_id: self.id(lead),
            reason: "measured".to_owned(),
            transfer_unpaid_commission: true,
            to: Some(To::AgreementId(self.id("receiver-1"))),
            ..proto::LeadReassigned::default()
        }))
    }

    /// Returns a payment of a cent, so many days ago.
    pub fn payment(&self, partner: &str, days_ago: i64) -> proto::Event {
        let payment = proto::CommissionPaid {
            payout_id: self.id(format_args!("payout-measured-{}", self.number())),
            partner_id: self.id(partner),
            amount: Some(usd(1)),
            ..proto::CommissionPaid::default()
        };
        Self::event_at(self.days_ago(days_ago), Body::CommissionPaid(payment))
    }

    /// Returns the signature of an agreement that has an exclusivity, by a partner of several categories.
    pub fn signature(&self) -> proto::Event {
        let number = self.number();
        self.event(super::feeds::signed(self, &format!("measured-{number}"), "careful", super::feeds::exclusive(number)))
    }

    /// Returns the next sale to the lead under a cap.
    pub fn capped_sale(&self) -> proto::Event {
        let sale = format!("capped-measured-{}", self.number());
        self.event(super::feeds::sale(self, &sale, Some("capped-lead-0"), None))
    }
}

/// Returns an amount in cents.
pub fn usd(minor_units: i64) -> proto::Money {
    proto::Money { currency_code: "USD".to_owned(), minor_units }
}
