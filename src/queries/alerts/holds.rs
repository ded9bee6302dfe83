//! Holds on the payouts to a partner that have run for long (rules 19.2).

use super::{AlertSubject, Found, Walk, Wanted, Watch};
use crate::domain::calendar::{Tz, add_days};
use crate::domain::relationship::alerts::HOLD_LONG_DAYS;
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::queries::words::when;

/// Payouts to a partner have been on hold for too long.
pub struct HoldLong;

impl Walk for HoldLong {
    fn rows(state: &State) -> usize {
        state.holds.len()
    }

    fn rows_of<'a>(state: &'a State, wanted: &'a Wanted) -> Option<&'a [Row]> {
        match wanted {
            // A hold is under no agreement.
            Wanted { agreement: Some(_), .. } => Some(&[]),
            Wanted { partner, agreement: None } => partner.map(|partner| state.partners.get(partner).holds.as_slice()),
        }
    }

    fn concerns(state: &State, row: Row, wanted: &Wanted) -> bool {
        wanted.is_of(state, None, Some(state.holds.get(row).partner))
    }
}

impl Watch for HoldLong {
    type Over = Self;

    fn look(state: &State, row: Row, seen: Seen) -> Option<Found> {
        let hold = state.holds.get(row);
        if !hold.runs(seen.time, seen) || !seen.sees(state.partners.get(hold.partner).registered()) {
            return None;
        }
        // A partner need not have an agreement: its days are those of UTC.
        let since = add_days(hold.placed.occurred_at, HOLD_LONG_DAYS, Tz::UTC);
        (since < seen.time).then(|| Found { since, subject: AlertSubject::partner(state, hold.partner), row })
    }

    fn tell(state: &State, row: Row, _: Seen) -> String {
        let hold = state.holds.get(row);
        let (id, partner, placed) = (state.holds.key(row), state.partners.key(hold.partner), when(hold.placed.occurred_at));
        format!(
            "Payouts to {partner} have been on hold ({id}) since {placed}: find out what the hold was for, and lift it or settle the matter"
        )
    }
}
