//! How large the ledger of the worst cases is: every size grows with the number of records.

use serde::Serialize;

/// The records for which the sizes are as they stand in [`Sizes::of`].
const FULL: u64 = 3_000_000;
/// Records from which on hostile clients are as many as they can be; fewer make a short trial of the program itself.
const IN_EARNEST: u64 = 100_000;
/// Sales of each lead of the large account.
pub const SALES_OF_A_LEAD: u64 = 30;

/// How much there is of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// Partners with traffic.
    pub partners: u64,
    /// Agreements beside theirs, each with an exclusivity.
    pub agreements: u64,
    /// Leads of the large account, each with 30 sales; every sale is an entry.
    pub large_leads: u64,
    /// Sales of the lead of which half is paid.
    pub half_paid_sales: u64,
    /// Sales of the lead with disputes.
    pub disputed_sales: u64,
    /// Disputes of that lead.
    pub disputes: u64,
    /// Sales of the lead under a cap.
    pub capped_sales: u64,
    /// Pending entries of one partner.
    pub pending_sales: u64,
    /// Events of the usual mix.
    pub mixed: u64,
    /// What hostile clients do.
    #[serde(skip)]
    pub hostile: Hostile,
}

/// What hostile clients do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hostile {
    /// Calls whose caller goes away at once.
    pub abandoned: usize,
    /// Connections that read nothing.
    pub connections: usize,
    /// Calls on each of them.
    pub calls: usize,
    /// Append streams that read nothing.
    pub streams: usize,
    /// Requests on each of them.
    pub requests: usize,
    /// The size of such a request, in bytes.
    pub request_bytes: usize,
}

impl Sizes {
    /// The sizes of a ledger of about so many records.
    pub fn of(records: u64) -> Self {
        let scaled = |at_full: u64, least: u64| (at_full.saturating_mul(records) / FULL).max(least);
        let sizes = Self {
            partners: scaled(2_000, 5),
            agreements: scaled(18_000, 5),
            large_leads: scaled(23_334, 12),
            half_paid_sales: scaled(30_000, 10),
            disputed_sales: scaled(50_000, 10),
            disputes: scaled(610, 3),
            capped_sales: scaled(8_000, 10),
            pending_sales: scaled(100_000, 10),
            mixed: 0,
            hostile: if records < IN_EARNEST { TRIAL } else { EARNEST },
        };
        Self { mixed: records.saturating_sub(sizes.special()).max(100), ..sizes }
    }

    /// Records beside those of the mix.
    fn special(&self) -> u64 {
        let accounts = self.large_leads * (SALES_OF_A_LEAD + 1) + self.half_paid_sales + self.disputed_sales + self.pending_sales;
        2 * self.partners + self.agreements + accounts + self.disputes + self.capped_sales
    }
}

/// Thirty-two connections with as many calls as one may have, and 185 requests of 3.7 MB.
const EARNEST: Hostile = Hostile { abandoned: 400, connections: 32, calls: 250, streams: 5, requests: 37, request_bytes: 3_700_000 };
/// A few of each.
const TRIAL: Hostile = Hostile { abandoned: 20, connections: 2, calls: 10, streams: 2, requests: 2, request_bytes: 20_000 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_add_up_to_the_records() {
        for records in [100_000, 300_000, FULL, 10_000_000] {
            let sizes = Sizes::of(records);
            assert_eq!(sizes.special() + sizes.mixed, records, "{sizes:?}");
        }
        let full = Sizes::of(FULL);
        assert_eq!((full.partners + full.agreements, full.large_leads * SALES_OF_A_LEAD), (20_000, 700_020));
    }

    #[test]
    fn the_smallest_ledger_has_some_of_everything() {
        let least = Sizes::of(1);
        assert!(least.mixed > 0 && least.disputes > 0 && least.large_leads >= 12, "{least:?}");
    }
}
