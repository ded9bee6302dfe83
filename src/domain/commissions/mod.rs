//! Commission: sales and what they earned, refunds, payments, disputes and closes (rules 6, 7).

pub mod adjusted;
pub mod assess;
pub mod balance;
pub mod dispute_opened;
pub mod dispute_resolved;
pub mod disputed;
pub mod earning;
mod encoding;
pub(super) mod held;
pub mod holdings;
pub mod net_sales;
pub mod paid;
pub mod payment_received;
pub mod payout_returned;
pub mod period_closed;
pub mod posting;
mod sale;
pub mod sale_recorded;
pub mod sale_refunded;
pub mod sale_reinstated;
pub mod standing;

use super::account::{About, Entry};
use super::agreements::terms::CommissionRule;
use super::calendar::Time;
use super::effect::Assessment;
use super::ids::{Id, IdKind};
use super::interner::Interner;
use super::money::Money;
use super::slice::{AppendOnlyList, slice};
use super::stamp::CompactStamp;
use super::table::{Row, Table, undo_by_copy};
use super::{Seen, Stamp, State, Subjects};
use crate::encoding::Section;
use crate::proto::{CommissionOutcome, DisputeOutcome, EntryKind, Side};
use earning::Pinned;
use ecow::{EcoString, EcoVec};
use held::DisputedEntries;
use holdings::CommissionPart;
use net_sales::{NetSales, NetSalesKey};
pub use sale::Sale;

slice! {
    /// Sales, refunds, payouts, disputes and closes: all about money but the accounts.
    pub struct Commissions {
        /// Sales by id.
        pub sales: Table<Id, Sale> => Section::Sales,
        /// Refunds by id.
        pub refunds: Table<Id, Refund> => Section::Refunds,
        /// Payouts by id.
        pub payouts: Table<Id, Payout> => Section::Payouts,
        /// Disputes by id.
        pub disputes: Table<Id, Dispute> => Section::Disputes,
        pub(super) net_sales: Table<NetSalesKey, NetSales> => Section::NetSales,
        /// The interner of what earnings have in common.
        pub(super) pinned: Interner<Pinned>,
        pub(super) closes: AppendOnlyList<Close>,
    }
}

/// A close (rules 7.7).
#[derive(Clone, Copy, Debug)]
pub struct Close {
    /// When it was made, and by which record.
    pub stamp: Stamp,
    /// All before this instant is closed.
    pub through: Time,
}

/// What a sale earned, pinned by its assessment (rules 6.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PinnedAssessment {
    /// Earned, or why not.
    pub outcome: CommissionOutcome,
    /// The record whose terms apply.
    pub terms_position: u64,
    rule: Option<u16>,
    /// The rate, for a share.
    pub rate_bps: Option<u32>,
    /// What was accrued.
    pub amount: Option<Money>,
}

/// A refund.
#[derive(Clone)]
pub struct Refund {
    pub(super) stamp: CompactStamp,
    /// Of which sale.
    pub sale: Row,
    /// What of it counts, in minor units.
    pub applied: i64,
    /// Whether it was for the house's fault and reversed nothing (rules 13).
    pub exempt: bool,
    /// What commission it took, and from whom.
    pub taken: Box<[CommissionPart]>,
    pub(super) reinstated: Option<Box<Stamp>>,
}

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
    /// The payer's reference, as sent.
    pub reference: EcoString,
    /// Whether it was an advance.
    pub advance: bool,
    returns: EcoVec<PayoutReturn>,
}

/// What of a payout came back.
#[derive(Clone, Copy)]
struct PayoutReturn {
    stamp: Stamp,
    effective_at: Time,
    minor_units: i64,
}

/// What a dispute is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DisputeSubject {
    /// A lead, with all its commission.
    Lead(Row),
    /// A sale.
    Sale(Row),
    /// A payout; it holds no commission.
    Payout(Row),
}

/// A dispute.
#[derive(Clone)]
pub struct Dispute {
    /// When it was opened, and by which record.
    pub opened: Stamp,
    /// By whom.
    pub opened_by: Side,
    /// About what.
    pub subject: DisputeSubject,
    /// The claim, as sent.
    pub claim: Box<str>,
    /// When and how it was resolved.
    pub resolved: Option<(Stamp, DisputeOutcome, Box<str>)>,
}

undo_by_copy!(Refund, Payout, Dispute);

impl Refund {
    /// When it happened, and by which record.
    pub fn stamp(&self) -> Stamp {
        self.stamp.into()
    }

    /// When it was reinstated.
    pub fn reinstated(&self) -> Option<Stamp> {
        self.reinstated.as_deref().copied()
    }

    pub(super) fn reinstate(&mut self, stamp: Stamp) {
        self.reinstated = Some(Box::new(stamp));
    }
}

impl Payout {
    /// When it was paid, and by which record.
    pub fn stamp(&self) -> Stamp {
        self.stamp.into()
    }

    /// What of it was returned, as seen.
    pub fn returned(&self, seen: Seen) -> i64 {
        self.returns.iter().filter(|returned| seen.sees(returned.stamp)).map(|returned| returned.minor_units).sum()
    }

    /// What of it was returned and is posted by then, as seen (rules 7.7).
    pub fn returned_effective(&self, seen: Seen) -> i64 {
        let effective =
            self.returns.iter().filter(|returned| returned.stamp.position <= seen.position && returned.effective_at <= seen.time);
        effective.map(|returned| returned.minor_units).sum()
    }
}

impl Dispute {
    /// Whether it is open at a time.
    pub fn is_open(&self, at: Time, seen: Seen) -> bool {
        seen.sees(self.opened) && self.opened.occurred_at <= at && self.resolved_at(seen).is_none_or(|resolved| at < resolved)
    }

    /// When it was resolved, as seen.
    pub fn resolved_at(&self, seen: Seen) -> Option<Time> {
        self.resolved.as_ref().map(|(stamp, _, _)| *stamp).filter(|stamp| seen.sees(*stamp)).map(|stamp| stamp.occurred_at)
    }
}

impl Dispute {
    /// When and how it was resolved, and what was found, as seen.
    pub fn resolution(&self, seen: Seen) -> Option<(Time, DisputeOutcome, &str)> {
        let (stamp, outcome, found) = self.resolved.as_ref()?;
        seen.sees(*stamp).then_some((stamp.occurred_at, *outcome, &**found))
    }
}

impl Commissions {
    /// Adds what a thing is about: the lead and the agreement of a sale, the sale of a refund, …
    pub(super) fn add_subjects(&self, kind: IdKind, id: &Id, state: &State, subjects: &mut Subjects) {
        let mut add_sale = |sale: &Sale| {
            sale.lead().into_iter().for_each(|row| subjects.add_lead(row));
            sale.credit().into_iter().for_each(|row| subjects.add_agreement(row, state));
        };
        match kind {
            IdKind::Sale => self.sales.find_latest(id).into_iter().for_each(|row| add_sale(self.sales.get(row))),
            IdKind::Refund => self.refunds.by_key(id).into_iter().for_each(|refund| add_sale(self.sales.get(refund.sale))),
            IdKind::Payout => self.payouts.by_key(id).into_iter().for_each(|payout| subjects.add_partner(payout.partner)),
            IdKind::Dispute => match self.disputes.by_key(id).map(|dispute| dispute.subject) {
                Some(DisputeSubject::Lead(row)) => subjects.add_lead(row),
                Some(DisputeSubject::Sale(row)) => add_sale(self.sales.get(row)),
                Some(DisputeSubject::Payout(row)) => subjects.add_partner(self.payouts.get(row).partner),
                None => {}
            },
            _ => {}
        }
    }

    /// The sale of an id that is known.
    pub fn known_sale(&self, id: &Id) -> (Row, &Sale) {
        let row = self.sales.find(id).expect("decide found the sale");
        (row, self.sales.get(row))
    }

    /// From when a posting counts: not before the last close (rules 7.7).
    pub fn effective_at(&self, occurred_at: Time) -> Time {
        self.closes.last().map_or(occurred_at, |close| occurred_at.max(close.through))
    }

    /// The closes that are seen by position, in the order of recording.
    pub fn closes(&self, seen: Seen) -> impl DoubleEndedIterator<Item = &Close> {
        self.closes.iter().filter(move |close| close.stamp.position <= seen.position)
    }

    /// Net sales of a rule within bounds (rules 6.5).
    pub fn net_sales(&self, key: &NetSalesKey, bounds: Option<(Time, Time)>) -> i128 {
        self.net_sales.by_key(key).map_or(0, |sales| sales.total(bounds))
    }

    fn add_net_sale(&mut self, key: NetSalesKey, sold_at: Time, minor_units: i64) {
        let row = self.net_sales.find_or_insert_with(key, NetSales::default);
        self.net_sales.get_mut(row).add(sold_at, minor_units);
    }
}

impl PinnedAssessment {
    fn of(assessment: &Assessment, credit: Option<Row>, state: &State) -> Self {
        let version = credit.and_then(|credit| state.agreements.by_id.get(credit).version_of(assessment.terms_position, state));
        let place = version.and_then(|version| version.terms.rules.iter().position(|rule| rule.name == assessment.rule));
        Self {
            outcome: assessment.outcome,
            terms_position: assessment.terms_position,
            rule: place.and_then(|place| u16::try_from(place).ok()),
            rate_bps: assessment.rate_bps,
            amount: assessment.amount,
        }
    }

    /// The rule that decided.
    pub fn rule<'a>(&self, credit: Row, state: &'a State) -> Option<&'a CommissionRule> {
        state.agreements.by_id.get(credit).version_of(self.terms_position, state)?.terms.rules.get(usize::from(self.rule?))
    }

    /// Whether its sale counts as a net sale of its rule (rules 13).
    pub fn counts(&self) -> bool {
        matches!(self.outcome, CommissionOutcome::Accrued | CommissionOutcome::Capped)
    }
}

impl State {
    /// Notes what was posted to a partner: links commission with its sale or lead, so that disputes and transfers find it, and
    /// keeps the account's sums. What is under dispute is noted in `disputed`, to be held at the record's end.
    pub(super) fn note_commission(&mut self, partner: Row, (account, place): (Row, Row), posted: &Entry, disputed: &mut DisputedEntries) {
        let Entry { about, position, .. } = *posted;
        if about != About::Nothing {
            let currency = self.accounts.key(account).1;
            self.change_earning(about, |earning| earning.add_entry(partner, currency, position, (account, place)));
            self.note_disputed(account, posted, disputed);
        }
        if posted.kind == EntryKind::Payment
            && let Some(row) = self.commissions.payout_at(position)
        {
            let gross = self.commissions.payouts.get(row).amount.minor_units;
            self.accounts.get_mut(account).add_payout(row, gross);
        }
    }

    /// Adds a sale, its refund or its reinstatement to the net sales of its rule (rules 6.5).
    fn add_net_change(&mut self, sale: Row, minor_units: i64) {
        let sale = self.commissions.sales.get(sale);
        let (Some(credit), Some(earned)) = (sale.credit(), sale.assessment().filter(PinnedAssessment::counts)) else { return };
        let Some(rule) = earned.rule(credit, self).filter(|_| minor_units != 0) else { return };
        let key: NetSalesKey = (credit, rule.name.as_str().into(), sale.amount().currency);
        let sold_at = sale.stamp().occurred_at;
        self.commissions.add_net_sale(key, sold_at, minor_units);
    }
}
