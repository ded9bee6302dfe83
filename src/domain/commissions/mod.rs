//! Commission: sales and what they earned, refunds, payments, disputes and closes (rules 6, 7).

pub mod adjusted;
pub mod assess;
pub mod balance;
mod counting;
pub mod customer_payment_received;
mod disbursed;
mod dispute_lists;
pub mod dispute_opened;
pub mod dispute_resolved;
pub mod disputed;
pub mod earning;
mod encoding;
pub mod failed;
pub(super) mod held;
pub mod holdings;
pub mod initiated;
pub mod net_sales;
mod overrides;
pub mod paid;
pub mod part;
pub mod payment_received;
mod payout;
pub mod payout_returned;
pub mod period_closed;
pub mod posting;
mod releases;
mod reversal;
mod sale;
pub mod sale_recorded;
pub mod sale_refunded;
pub mod sale_reinstated;
pub mod sale_voided;
pub mod settled;
pub mod standing;

use super::account::{About, Entry};
use super::agreements::terms::{CommissionRule, Terms};
use super::calendar::Time;
use super::effect::Assessment;
use super::ids::{Id, IdKind};
use super::interner::Interner;
use super::money::{Currency, Money};
use super::slice::{AppendOnlyList, slice};
use super::stamp::CompactStamp;
use super::table::{Row, Table, undo_by_copy};
use super::{Seen, Stamp, State, Subjects};
use crate::encoding::Section;
use crate::proto::{CommissionOutcome, DisputeOutcome, EntryKind, RefundReason, Side};
pub use dispute_lists::{DisputeBlock, DisputeLists};
use earning::Pinned;
use held::DisputedEntries;
use holdings::CommissionPart;
use net_sales::{RuleKey, RuleOf, RuleSales, Sold};
use part::Part;
use payout::{DocumentKey, DocumentPayout};
pub use payout::{Payout, ReturnedParts};
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
        /// The latest payout of each document number.
        pub(super) documents: Table<DocumentKey, DocumentPayout> => Section::Documents,
        /// Disputes by id.
        pub disputes: Table<Id, Dispute> => Section::Disputes,
        /// Parts of sales after the first, by sale and number (rules 14.6).
        pub parts: Table<(Row, u32), Part> => Section::Parts,
        pub(super) net_sales: Table<RuleKey, RuleSales> => Section::NetSales,
        /// The interner of what earnings have in common.
        pub(super) pinned: Interner<Pinned>,
        pub(super) closes: AppendOnlyList<Close>,
        /// What is kept of disputes beside them.
        pub dispute_lists: DisputeLists,
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
    /// Whether it was for the house's fault and reversed nothing of the first part (rules 13).
    pub exempt: bool,
    /// Why.
    pub reason: RefundReason,
    /// What of it counts of which part, where the sale has more than one own part (rules 14.9).
    pub parts: Vec<RefundOfPart>,
    /// What commission it took, and from whom.
    pub taken: Box<[CommissionPart]>,
    pub(super) reinstated: Option<Box<Stamp>>,
}

/// What a refund took of a part of a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundOfPart {
    /// Which part.
    pub number: u32,
    /// What of it was refunded, in minor units.
    pub applied: i64,
    /// Whether it was for the house's fault and reversed nothing of it.
    pub exempt: bool,
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

undo_by_copy!(Refund, Dispute);

impl Refund {
    /// When it happened, and by which record.
    pub fn stamp(&self) -> Stamp {
        self.stamp.into()
    }

    /// What it took of each own part of its sale.
    pub fn of_parts(&self) -> impl Iterator<Item = RefundOfPart> {
        let one = RefundOfPart { number: 0, applied: self.applied, exempt: self.exempt };
        let one = self.parts.is_empty().then_some(one);
        one.into_iter().chain(self.parts.iter().copied())
    }

    /// When it was reinstated.
    pub fn reinstated(&self) -> Option<Stamp> {
        self.reinstated.as_deref().copied()
    }

    pub(super) fn reinstate(&mut self, stamp: Stamp) {
        self.reinstated = Some(Box::new(stamp));
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
        let mut add_sale = |row: Row| {
            self.sales.get(row).lead().into_iter().for_each(|row| subjects.add_lead(row));
            state.parts(row).filter_map(|part| part.earning.credit()).for_each(|row| subjects.add_agreement(row, state));
        };
        match kind {
            IdKind::Sale => self.sales.find_latest(id).into_iter().for_each(add_sale),
            IdKind::Refund => self.refunds.by_key(id).into_iter().for_each(|refund| add_sale(refund.sale)),
            IdKind::Payout => self.payouts.by_key(id).into_iter().for_each(|payout| subjects.add_partner(payout.partner)),
            IdKind::Dispute => match self.disputes.by_key(id).map(|dispute| dispute.subject) {
                Some(DisputeSubject::Lead(row)) => subjects.add_lead(row),
                Some(DisputeSubject::Sale(row)) => add_sale(row),
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

    /// What a rule of an agreement has decided.
    pub fn sales_of_rule(&self, agreement: Row, rule: &str) -> Option<&RuleSales> {
        self.net_sales.by_key(&RuleOf(agreement, rule))
    }

    /// Where net sales of a rule are kept, or its key if it has decided nothing yet.
    fn row_of_rule(&self, agreement: Row, name: &str) -> Result<Row, RuleKey> {
        self.net_sales.find(&RuleOf(agreement, name)).ok_or_else(|| (agreement, name.into()))
    }

    fn add_net_sale(&mut self, row: Result<Row, RuleKey>, currency: Currency, sold: Sold) {
        let row = row.unwrap_or_else(|key| self.net_sales.find_or_insert_with(key, RuleSales::default));
        self.net_sales.get_mut(row).add(currency, sold);
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
        Some(self.terms_and_rule(credit, state)?.1)
    }

    /// The terms that were applied, and the rule of them that decided.
    pub fn terms_and_rule<'a>(&self, credit: Row, state: &'a State) -> Option<(&'a Terms, &'a CommissionRule)> {
        let version = state.agreements.by_id.get(credit).version_of(self.terms_position, state)?;
        Some((version.terms, version.terms.rules.get(usize::from(self.rule?))?))
    }

    /// Whether its sale counts as a net sale of its rule (rules 13).
    pub fn counts(&self) -> bool {
        matches!(self.outcome, CommissionOutcome::Accrued | CommissionOutcome::Capped | CommissionOutcome::Included)
    }

    /// Whether its sale counts as one that its rule decided (rules 14.12).
    fn counts_as_sale(&self) -> bool {
        self.counts() && self.outcome != CommissionOutcome::Included
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
            let payout = self.commissions.payouts.get(row);
            let (gross, was_sent) = (payout.amount.minor_units, payout.was_sent());
            let account = self.accounts.get_mut(account);
            account.add_payout(row, gross);
            if was_sent {
                account.add_sent(row, posted.effective_at, gross, position);
            }
        }
    }
}
