//! A naive model of the ledger, written from the rules alone: a list of accepted events, and every question answered by
//! going through all of it. Sections 1 to 22 of the rules.

pub mod agreements;
pub mod alerts;
pub mod answers;
pub mod answers_about;
pub mod answers_campaigns;
pub mod answers_money;
pub mod answers_relations;
pub mod append;
pub mod balances;
pub mod calendar;
pub mod campaigns;
pub mod commission;
pub mod decide;
pub mod decide_agreements;
pub mod decide_campaigns;
pub mod decide_leads;
pub mod decide_money;
pub mod decide_relations;
pub mod exclusivity;
pub mod families;
pub mod leads;
pub mod lots;
pub mod metrics;
pub mod payments;
pub mod protection;
pub mod record;
pub mod refunds;
pub mod sales;
pub mod shares;
pub mod tiers;
pub mod wire;

pub use record::{Known, Record};

/// The model: what was accepted, in order.
#[derive(Clone, Default)]
pub struct Model {
    /// The present; absent: the system's.
    pub now: Option<calendar::Instant>,
    /// All records; the first has position 1.
    pub records: Vec<Record>,
}

impl Model {
    /// All that is recorded, whenever it occurred; decisions read this. Rules 1.3.
    pub fn known(&self) -> Known<'_> {
        Known::recorded(&self.records, self.last_position())
    }

    /// The present time.
    pub fn now(&self) -> calendar::Instant {
        self.now.unwrap_or_else(chrono::Utc::now)
    }

    /// The last position; 0 if nothing is recorded.
    pub fn last_position(&self) -> u64 {
        self.records.last().map_or(0, |record| record.position)
    }
}
