//! Disputes that have been open for long (rules 7.5).

use super::{AlertSubject, Found, Rows, Stretch, Walk, Wanted, Watch};
use crate::domain::calendar::{Time, Tz, add_days};
use crate::domain::commissions::{DisputeBlock, DisputeSubject};
use crate::domain::relationship::alerts::DISPUTE_OPEN_DAYS;
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::queries::Reading;
use crate::queries::disputes::is_about;
use crate::queries::words::when;

/// A dispute has been open for too long.
pub struct DisputeOpen;

impl Walk for DisputeOpen {
    fn rows(state: &State) -> usize {
        state.commissions.disputes.len()
    }

    fn concerns(state: &State, row: Row, wanted: &Wanted) -> bool {
        match state.commissions.disputes.get(row).subject {
            DisputeSubject::Lead(_) => true,
            DisputeSubject::Sale(sale) => state.own_parts(sale).any(|part| wanted.is_of(state, part.earning.credit(), None)),
            DisputeSubject::Payout(payout) => wanted.is_of(state, None, Some(state.commissions.payouts.get(payout).partner)),
        }
    }
}

impl Watch for DisputeOpen {
    type Over = Self;

    fn stretches(view: &Reading<'_>, wanted: &Wanted, seen: Seen) -> Option<Vec<Stretch>> {
        let (disputes, blocks) = (&view.commissions.disputes, &view.commissions.dispute_lists.blocks);
        let partner = wanted.agreement.map(|row| view.agreements.by_id.get(row).partner).or(wanted.partner);
        if let Some(partner) = partner {
            let rows = view.disputes_of_partner(partner, 0).into_iter();
            let rows = rows.filter(|row| blocks.of(*row).is_none_or(|block| block.may_be_open(seen))).collect();
            return Some(vec![Stretch { since: i64::MIN..=i64::MAX, rows: Rows::Listed(rows) }]);
        }
        let open = blocks.iter(disputes.len()).filter(|(_, block)| block.may_be_open(seen));
        // Its days are those of UTC, which all have as many seconds.
        let since = |at: &Time| at.timestamp() + DISPUTE_OPEN_DAYS.cast_signed() * 86_400;
        let stretch = |(rows, block): (_, &DisputeBlock)| {
            let opened = block.opened();
            Stretch { since: since(opened.start())..=since(opened.end()), rows: Rows::Together(rows) }
        };
        Some(open.map(stretch).collect())
    }

    fn look(state: &State, row: Row, seen: Seen) -> Option<Found> {
        let dispute = state.commissions.disputes.get(row);
        if !dispute.is_open(seen.time, seen) {
            return None;
        }
        // A dispute need not have an agreement: its days are those of UTC.
        let since = add_days(dispute.opened.occurred_at, DISPUTE_OPEN_DAYS, Tz::UTC);
        (since < seen.time).then(|| Found { since, subject: subject(state, dispute.subject), row })
    }

    fn tell(state: &State, row: Row, _: Seen) -> String {
        let dispute = state.commissions.disputes.get(row);
        let about = match dispute.subject {
            DisputeSubject::Lead(row) => format!("lead {}", state.leads.by_id.key(row)),
            DisputeSubject::Sale(row) => format!("sale {}", state.commissions.sales.key(row)),
            DisputeSubject::Payout(row) => format!("payout {}", state.commissions.payouts.key(row)),
        };
        let (id, opened) = (state.commissions.disputes.key(row), when(dispute.opened.occurred_at));
        format!("Dispute {id} about {about} has been open since {opened}: hear both sides and record how it is resolved")
    }

    /// Whose a lead is must be worked out: a look costs less than that.
    fn is_about(state: &State, found: &Found, seen: Seen, wanted: &Wanted) -> bool {
        let DisputeSubject::Lead(lead) = state.commissions.disputes.get(found.row).subject else { return true };
        let credit = state.leads.by_id.get(lead).credit_at(seen.time, seen, state);
        wanted.agreement.is_none_or(|agreement| credit == Some(agreement))
            && wanted.partner.is_none_or(|partner| is_about(state, DisputeSubject::Lead(lead), partner, seen))
    }
}

/// A lead alone; of a sale its lead, its agreement and that one's partner; of a payout the partner.
fn subject(state: &State, subject: DisputeSubject) -> AlertSubject {
    let lead_id = |row: Row| state.leads.by_id.key(row).clone();
    match subject {
        DisputeSubject::Lead(row) => AlertSubject { lead: Some(lead_id(row)), ..AlertSubject::default() },
        DisputeSubject::Sale(row) => {
            let sale = state.commissions.sales.get(row);
            let credit = sale.credit().map(|credit| AlertSubject::agreement(state, credit)).unwrap_or_default();
            AlertSubject { lead: sale.lead().map(lead_id), ..credit }
        }
        DisputeSubject::Payout(row) => AlertSubject::partner(state, state.commissions.payouts.get(row).partner),
    }
}
