//! Commission that the customer's payment makes payable (rules 17): what waits of a sale's parts is released in proportion to what
//! the customer paid of what is left of the sale.

use super::holdings::{HOUSE, Holding, Holdings};
use super::part::{PartOf, SaleDetails};
use super::posting::{PartnerEntry, subject_of_part};
use crate::domain::State;
use crate::domain::account::{About, AccountName};
use crate::domain::calendar::{Time, add_days};
use crate::domain::effect::Effect;
use crate::domain::money::{Money, round_half_away};
use crate::domain::table::Row;
use crate::proto::EntryKind;

/// What the customer has paid of a sale, and what is left of it, in minor units.
#[derive(Clone, Copy)]
pub(super) struct Paid {
    pub paid: i64,
    pub left: i64,
}

impl Paid {
    /// How much of what stands of a part is released: in proportion to what is paid of what is left, rounded half away from zero;
    /// all of it if nothing is left (rules 17.3).
    fn share_of(self, stands: i128) -> i128 {
        let paid = self.paid.min(self.left);
        if self.left == 0 { stands } else { round_half_away(stands * i128::from(paid), i128::from(self.left)) }.max(0)
    }
}

/// A part of a sale with what will stand of its commission.
pub(super) struct PartLeft<'a> {
    pub part: PartOf<'a>,
    pub holdings: Holdings,
}

impl State {
    /// What the customer has paid of a sale, and what is left of it, as recorded.
    pub(super) fn paid_of_sale(&self, sale: Row) -> Paid {
        let paid = self.commissions.sales.get(sale).details().map_or(0, SaleDetails::paid);
        Paid { paid, left: self.left_of_sale(sale) }
    }

    /// Posts the releases of parts of a sale, once so much is paid and left of it (rules 17.3).
    pub(super) fn post_releases(&self, sale: Row, parts: &[PartLeft], paid: Paid, at: Time, effects: &mut Vec<Effect>) {
        for PartLeft { part, holdings } in parts.iter().filter(|left| left.part.earning.awaits()) {
            let Some(available_at) = self.release_available_at(part, at) else { continue };
            for (place, minor_units) in holdings.releases(paid.share_of(holdings.total())) {
                self.post_release((sale, part.number), holdings.at(place), minor_units, available_at, at, effects);
            }
        }
    }

    /// Posts that an amount of a holding no longer waits; below zero, that it waits again.
    fn post_release(
        &self,
        (sale, number): (Row, u32),
        holding: &Holding,
        minor_units: i64,
        available_at: Time,
        at: Time,
        effects: &mut Vec<Effect>,
    ) {
        if holding.partner == HOUSE {
            return;
        }
        let mut part = holding.part(minor_units, false);
        part.number = number;
        let lead = self.commissions.sales.get(sale).lead().map(|row| self.leads.by_id.key(row));
        let subject = subject_of_part(&part, lead, Some(self.commissions.sales.key(sale)), self);
        for (minor_units, available_at) in [(-minor_units, None), (minor_units, Some(available_at))] {
            let entry = PartnerEntry {
                kind: EntryKind::Release,
                amount: Money::new(part.currency, minor_units),
                effective_at: self.effective_after(&part, at),
                available_at,
                subject: subject.clone(),
                awaits_customer_payment: available_at.is_none(),
                part: number,
            };
            // The other posting is its counterpart: it moves no net.
            let partner = AccountName::Partner(self.partners.key(part.partner).clone());
            effects.push(entry.posting(partner, -minor_units));
        }
    }

    /// Releases what waits of a sale, as it was posted: by what is paid and left now.
    pub(super) fn release_commission(&mut self, sale: Row, at: Time) {
        let paid = self.paid_of_sale(sale);
        let releases: Vec<(About, usize, i64, Time)> = self
            .parts(sale)
            .filter(|part| part.earning.awaits())
            .filter_map(|part| Some((self.release_available_at(&part, at)?, part)))
            .flat_map(|(available_at, part)| {
                let holdings = part.earning.holdings();
                let releases = holdings.releases(paid.share_of(holdings.total()));
                releases.into_iter().map(move |(place, minor_units)| (part.about, place, minor_units, available_at))
            })
            .collect();
        for (about, place, minor_units, available_at) in releases {
            self.change_earning(about, |earning| earning.release(place, minor_units, available_at));
        }
    }

    /// From when what is released by what happened at a time is available: not before the hold of the sale is over (rules 17.3).
    fn release_available_at(&self, part: &PartOf, at: Time) -> Option<Time> {
        let (credit, earned) = part.earning.credit().zip(part.earning.assessment())?;
        let (terms, rule) = earned.terms_and_rule(credit, self)?;
        Some(add_days(part.earning.stamp().occurred_at, u64::from(rule.hold_days), terms.zone).max(at))
    }
}
