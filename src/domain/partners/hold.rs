//! Holds on the payouts to a partner: while one runs, nothing is paid or proposed (rules 19.2).

use crate::domain::calendar::Time;
use crate::domain::rejection::Rejection;
use crate::domain::table::{Row, undo_by_copy};
use crate::domain::{Seen, Stamp, State};

/// A hold on the payouts to a partner.
#[derive(Clone)]
pub struct Hold {
    /// The partner.
    pub partner: Row,
    /// When it was placed, and by which record.
    pub placed: Stamp,
    /// Why, as sent.
    pub reason: Box<str>,
    pub(super) lifted: Option<Stamp>,
}

undo_by_copy!(Hold);

impl Hold {
    /// When it was lifted, and by which record, as seen.
    pub fn lifted(&self, seen: Seen) -> Option<Stamp> {
        self.lifted.filter(|stamp| seen.sees(*stamp))
    }

    /// Whether it runs at a time, as seen.
    pub fn runs(&self, at: Time, seen: Seen) -> bool {
        seen.sees(self.placed) && self.placed.occurred_at <= at && self.lifted(seen).is_none_or(|lifted| at < lifted.occurred_at)
    }
}

impl State {
    /// The first hold on the payouts to a partner that runs at a time, as seen.
    pub fn running_hold(&self, partner: Row, at: Time, seen: Seen) -> Option<Row> {
        self.partners.get(partner).holds.iter().copied().find(|row| self.holds.get(*row).runs(at, seen))
    }

    /// Refuses what pays a partner that is on hold at a time, as known.
    pub(in crate::domain) fn check_not_on_hold(&self, partner: Row, at: Time) -> Result<(), Rejection> {
        match self.running_hold(partner, at, Seen::ALL) {
            None => Ok(()),
            Some(hold) => {
                Err(Rejection::PartnerOnHold { partner: self.partners.key(partner).clone(), hold: self.holds.key(hold).clone(), at })
            }
        }
    }
}
