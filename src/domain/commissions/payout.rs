//! Payouts: what was sent to partners, how it went on, and what of it came back (rules 7.2, 19).

use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::Id;
use crate::domain::money::{Money, round_half_away, saturating_i64};
use crate::domain::rejection::Rejection;
use crate::domain::stamp::CompactStamp;
use crate::domain::table::{Row, undo_by_copy};
use crate::domain::{Seen, Stamp, State};
use crate::proto::PayoutState;
use ecow::{EcoString, EcoVec};

/// A payout to a partner.
#[derive(Clone)]
pub struct Payout {
    pub(super) stamp: CompactStamp,
    /// To whom.
    pub partner: Row,
    /// Gross.
    pub amount: Money,
    /// Tax withheld, a part of the gross, in minor units.
    pub tax_withheld: i64,
    /// How it was paid, as sent.
    pub method: EcoString,
    /// Whether it was an advance.
    pub advance: bool,
    pub(super) reference: EcoString,
    pub(super) returns: EcoVec<PayoutReturn>,
    pub(super) further: Option<Box<Further>>,
}

/// What only some payouts have.
#[derive(Clone, Default)]
pub(super) struct Further {
    /// Tax on top of the gross, in minor units.
    pub(super) tax_added: i64,
    pub(super) document_number: EcoString,
    /// What is to leave the bank, in another currency.
    pub(super) settled_amount: Option<Money>,
    /// Where it is, if it was sent to settle later.
    pub(super) transit: Option<Transit>,
}

/// Where a payout is that was sent to settle later.
#[derive(Clone)]
pub(super) enum Transit {
    /// On its way.
    Underway,
    /// It arrived.
    Settled(Settlement),
    /// It did not arrive; all of it is among the returns.
    Failed(Stamp, Time),
}

/// How a payout arrived.
#[derive(Clone)]
pub(super) struct Settlement {
    pub(super) stamp: Stamp,
    /// From when its postings count.
    pub(super) effective_at: Time,
    /// What the bank calls it, if that was said.
    pub(super) reference: Option<EcoString>,
    /// What left the bank, if that was said.
    pub(super) settled_amount: Option<Money>,
}

/// What of a payout came back.
#[derive(Clone)]
pub(super) struct PayoutReturn {
    /// The return's id; none where the payout failed.
    pub(super) id: Option<Id>,
    pub(super) stamp: Stamp,
    pub(super) effective_at: Time,
    pub(super) minor_units: i64,
}

/// A document number of a partner.
pub type DocumentKey = (Row, EcoString);

/// The latest payout that has a document number.
#[derive(Clone)]
pub struct DocumentPayout(pub(super) Row);

undo_by_copy!(Payout, DocumentPayout);

/// A return of a payout, with what it restored beside the gross (rules 13, 19.3, 19.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnedParts<'a> {
    /// The return's id; none where the payout failed.
    pub id: Option<&'a Id>,
    /// When it happened, and by which record.
    pub stamp: Stamp,
    /// What of the gross came back, in minor units.
    pub gross: i64,
    /// The part of it that is withheld tax.
    pub tax_withheld: i64,
    /// What came back of the tax on top.
    pub tax_added: i64,
    /// What came back of the amount in another currency, in its minor units; 0 without one.
    pub settled: i64,
}

impl Payout {
    /// When it was paid or sent, and by which record.
    pub fn stamp(&self) -> Stamp {
        self.stamp.into()
    }

    /// Tax on top of the gross, in minor units (rules 19.3).
    pub fn tax_added(&self) -> i64 {
        self.further.as_ref().map_or(0, |further| further.tax_added)
    }

    /// The number of its document; empty if it has none (rules 19.3).
    pub fn document_number(&self) -> &str {
        self.further.as_ref().map_or("", |further| &further.document_number)
    }

    /// Whether it is on its way, arrived or failed, as seen (rules 19.1).
    pub fn state(&self, seen: Seen) -> PayoutState {
        match self.transit() {
            None => PayoutState::Settled,
            Some(Transit::Settled(settlement)) if seen.sees(settlement.stamp) => PayoutState::Settled,
            Some(Transit::Failed(stamp, _)) if seen.sees(*stamp) => PayoutState::Failed,
            Some(_) => PayoutState::InTransit,
        }
    }

    /// When it arrived, and by which record, as seen.
    pub fn settled(&self, seen: Seen) -> Option<Stamp> {
        let stamp = match self.transit() {
            None => Some(self.stamp()),
            Some(Transit::Settled(settlement)) => Some(settlement.stamp),
            Some(Transit::Underway | Transit::Failed(..)) => None,
        };
        stamp.filter(|stamp| seen.sees(*stamp))
    }

    /// When it failed, and by which record, as seen.
    pub fn failed(&self, seen: Seen) -> Option<Stamp> {
        match self.transit() {
            Some(Transit::Failed(stamp, _)) => Some(*stamp).filter(|stamp| seen.sees(*stamp)),
            _ => None,
        }
    }

    /// Refuses what settles it or fails it a second time.
    pub(super) fn check_underway(&self, payout: &Id) -> Result<(), Rejection> {
        let (settled, failed) = (self.settled(Seen::ALL), self.failed(Seen::ALL));
        match settled.or(failed) {
            None => Ok(()),
            Some(Stamp { position, .. }) => {
                let end = if settled.is_some() { "the settlement" } else { "the failure" };
                Err(Rejection::AlreadyDone { what: format!("{end} of payout {payout}"), position })
            }
        }
    }

    /// Whether neither its settlement nor its failure is posted by then, as seen.
    pub(super) fn is_without_posted_end(&self, seen: Seen) -> bool {
        let counts = |stamp: Stamp, effective_at: Time| stamp.position <= seen.position && effective_at <= seen.time;
        match self.transit() {
            None => false,
            Some(Transit::Underway) => true,
            Some(Transit::Settled(settlement)) => !counts(settlement.stamp, settlement.effective_at),
            Some(Transit::Failed(stamp, effective_at)) => !counts(*stamp, *effective_at),
        }
    }

    /// Whether it was sent to settle later.
    pub(super) fn was_sent(&self) -> bool {
        self.transit().is_some()
    }

    /// What the bank calls it, as seen: as its settlement says, else as it was sent.
    pub fn reference(&self, seen: Seen) -> &str {
        self.settlement(seen).and_then(|settlement| settlement.reference.as_ref()).unwrap_or(&self.reference)
    }

    /// What left the bank, if in another currency, as seen: as its settlement says, else as it was sent (rules 19.4).
    pub fn settled_amount(&self, seen: Seen) -> Option<Money> {
        let settled = self.settlement(seen).and_then(|settlement| settlement.settled_amount);
        settled.or_else(|| self.further.as_ref()?.settled_amount)
    }

    fn settlement(&self, seen: Seen) -> Option<&Settlement> {
        match self.transit() {
            Some(Transit::Settled(settlement)) => Some(settlement).filter(|settlement| seen.sees(settlement.stamp)),
            _ => None,
        }
    }

    fn transit(&self) -> Option<&Transit> {
        self.further.as_ref()?.transit.as_ref()
    }

    pub(super) fn set_transit(&mut self, transit: Transit) {
        self.further.get_or_insert_default().transit = Some(transit);
    }

    /// What of it was returned, as seen; all of it where it failed.
    pub fn returned(&self, seen: Seen) -> i64 {
        self.returns.iter().filter(|returned| seen.sees(returned.stamp)).map(|returned| returned.minor_units).sum()
    }

    /// What of it was returned and is posted by then, as seen (rules 7.7).
    pub fn returned_effective(&self, seen: Seen) -> i64 {
        let effective =
            self.returns.iter().filter(|returned| returned.stamp.position <= seen.position && returned.effective_at <= seen.time);
        effective.map(|returned| returned.minor_units).sum()
    }

    /// Its returns that are seen, in the order of recording, without a failure.
    pub fn returns(&self, seen: Seen) -> impl Iterator<Item = ReturnedParts<'_>> {
        let mut before = 0;
        let all = self.returns.iter().map(move |returned| {
            let parts = ReturnedParts {
                id: returned.id.as_ref(),
                stamp: returned.stamp,
                ..self.parts_of_return(before, returned.minor_units, seen)
            };
            before += returned.minor_units;
            parts
        });
        all.filter(move |parts| parts.id.is_some() && seen.sees(parts.stamp))
    }

    /// What a return restores, after so much was returned: each part in proportion, rounded on the cumulative return; of what left
    /// the bank as far as that is seen.
    pub(super) fn parts_of_return(&self, before: i64, gross: i64, seen: Seen) -> ReturnedParts<'static> {
        let part = |whole: i64| self.in_proportion(whole, before + gross) - self.in_proportion(whole, before);
        ReturnedParts {
            id: None,
            stamp: self.stamp(),
            gross,
            tax_withheld: part(self.tax_withheld),
            tax_added: part(self.tax_added()),
            settled: self.settled_amount(seen).map_or(0, |settled| part(settled.minor_units)),
        }
    }

    fn in_proportion(&self, whole: i64, returned: i64) -> i64 {
        saturating_i64(round_half_away(i128::from(whole) * i128::from(returned), i128::from(self.amount.minor_units)))
    }
}

impl PayoutReturn {
    /// The return that a record's posting to the partner made.
    pub(super) fn of(id: Option<&Id>, stamp: Stamp, effects: &[Effect]) -> Option<Self> {
        effects.iter().find_map(|effect| match effect {
            Effect::Posting(posting) if posting.account.is_partner() => {
                let (effective_at, minor_units) = (posting.effective_at, -posting.amount.minor_units);
                Some(Self { id: id.cloned(), stamp, effective_at, minor_units })
            }
            _ => None,
        })
    }
}

impl super::Commissions {
    /// From when the posting of a payout counts (rules 7.7).
    pub(super) fn payout_effective_at(&self, payout: &Payout) -> Time {
        let Stamp { occurred_at, position } = payout.stamp();
        let closes = self.closes.partition_point(|close| close.stamp.position < position);
        let last = closes.checked_sub(1).and_then(|index| self.closes.get(index));
        last.map_or(occurred_at, |close| occurred_at.max(close.through))
    }

    /// From when a posting of a payout's settlement, failure or return counts: not before the payout, nor before the last close
    /// (rules 7.7, 20.1).
    pub(super) fn effective_after(&self, payout: &Payout, occurred_at: Time) -> Time {
        self.effective_at(occurred_at.max(payout.stamp().occurred_at))
    }
}

impl State {
    /// Writes what came back of a payout.
    pub(super) fn give_back(&mut self, row: Row, returned: PayoutReturn) {
        let minor_units = returned.minor_units;
        self.commissions.payouts.get_mut(row).returns.push(returned);
        let account = self.account_of_payout(row);
        self.accounts.get_mut(account).return_payout(row, minor_units);
    }

    /// Notes that a payout that was sent is no longer on its way.
    pub(super) fn note_end_of_transit(&mut self, row: Row, stamp: Stamp, effective_at: Time) {
        let gross = self.commissions.payouts.get(row).amount.minor_units;
        let account = self.account_of_payout(row);
        self.accounts.get_mut(account).note_transit(effective_at, -gross, stamp.position);
    }

    fn account_of_payout(&self, row: Row) -> Row {
        let payout = self.commissions.payouts.get(row);
        let accounts = &self.partners.get(payout.partner).accounts;
        let found = accounts.iter().copied().find(|account| self.accounts.key(*account).1 == payout.amount.currency);
        found.expect("a payout was posted to the account")
    }
}
