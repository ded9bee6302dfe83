//! The state of the ledger: what all records together say, with enough of their times to answer for any.

pub mod encoding;
mod other_ids;
mod subjects;

use super::account::{About, Account, AccountKey, AccountName, Entry, Sums, is_commission};
use super::agreements::Agreements;
use super::calendar::Time;
use super::campaigns::Campaigns;
use super::commissions::Commissions;
use super::commissions::held::DisputedEntries;
use super::effect::{Effect, Posting};
use super::event::{Body, Event};
use super::ids::{Id, IdKind};
use super::leads::Leads;
use super::money::{Currency, Money};
use super::partners::{Hold, Partner};
use super::rejection::Rejection;
use super::relationship::Relationship;
use super::slice::{Slice, slice};
use super::table::Table;
use super::{Stamp, event};
use crate::encoding::Section;
use crate::proto;
use hashbrown::Equivalent;
use other_ids::OtherId;
use smallvec::SmallVec;
use std::collections::BTreeMap;
pub use subjects::{Moved, Rows, Subjects, push_once};

/// What an event is decided with besides the state.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// When it happened.
    pub occurred_at: Time,
    /// Now, as the ledger's clock says.
    pub now: Time,
    /// How far ahead of now a fact may lie, in seconds (rules 1.2).
    pub allowed_seconds: u64,
}

impl Context {
    /// Refuses a time that lies too far ahead (rules 1.2).
    pub fn not_in_future(&self, field: &'static str, time: Time) -> Result<(), Rejection> {
        let latest = chrono::Duration::try_seconds(i64::try_from(self.allowed_seconds).unwrap_or(i64::MAX))
            .and_then(|ahead| self.now.checked_add_signed(ahead));
        if latest.is_some_and(|latest| time > latest) {
            return Err(Rejection::OccurredInFuture { field, time, now: self.now, allowed_seconds: self.allowed_seconds });
        }
        Ok(())
    }
}

/// An event with its effects, as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its place: 1, 2, 3, …
    pub position: u64,
    /// When it was recorded.
    pub recorded_at: Time,
    /// What was submitted.
    pub event: Event,
    /// What it did.
    pub effects: Vec<Effect>,
}

impl Record {
    /// The record of a stored message; an error says what this release cannot read.
    pub fn from_message(message: &proto::Record) -> Result<Self, String> {
        let event = message.event.as_ref().ok_or("it has no event")?;
        let event = event::parse_one(event).map_err(|error| format!("its event cannot be read: {error:?}"))?;
        let effects = message
            .effects
            .iter()
            .enumerate()
            .map(|(index, effect)| Effect::from_message(effect).ok_or_else(|| format!("its effect {index} cannot be read")));
        let recorded_at = message.recorded_at.as_ref().and_then(|time| Time::from_timestamp(time.seconds, u32::try_from(time.nanos).ok()?));
        Ok(Self {
            position: message.position,
            recorded_at: recorded_at.ok_or("it has no recorded_at")?,
            event,
            effects: effects.collect::<Result<_, _>>()?,
        })
    }
}

/// An account by the name that a posting has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct AccountOf<'a>(&'a AccountName, Currency);

impl Equivalent<AccountKey> for AccountOf<'_> {
    fn equivalent(&self, (name, currency): &AccountKey) -> bool {
        self.0 == name && self.1 == *currency
    }
}

/// Accounts in a page: an account has its last entries in it.
const ACCOUNTS_PAGE: usize = 7;

slice! {
    /// The state of the ledger.
    pub struct State {
        /// Partners by id.
        pub partners: Table<Id, Partner> => Section::Partners,
        /// Agreements and their terms.
        pub agreements: Agreements,
        /// Leads, their aliases and match keys.
        pub leads: Leads,
        /// Sales and what they earned, refunds, payments, disputes, closes.
        pub commissions: Commissions,
        /// Campaigns and what became of them.
        pub campaigns: Campaigns,
        /// Managers, launch steps, reviews, brand uses, breaches, partner fit.
        pub relationship: Relationship,
        /// Holds on the payouts to partners, by id.
        pub holds: Table<Id, Hold> => Section::Holds,
        /// All accounts.
        pub accounts: Table<AccountKey, Account, ACCOUNTS_PAGE> => Section::Accounts,
        /// Ids of what has no table of its own.
        pub(super) other_ids: Table<(IdKind, Id), OtherId> => Section::Others,
    }
    values {
        /// The last record.
        pub position: u64,
        /// When it was recorded.
        pub recorded_at: Time,
        /// The latest time at which something of all records occurred.
        pub occurred_by: Time,
    }
}

impl State {
    /// The effects of an event, or why it is refused, in the order of rules 2.5 after its event id.
    pub fn decide(&self, event: &Event, now: Time, allowed_seconds: u64) -> Result<Vec<Effect>, Rejection> {
        let context = Context { occurred_at: event.occurred_at, now, allowed_seconds };
        context.not_in_future("occurred_at", event.occurred_at)?;
        if let Some(position) = self.duplicate_of(&event.body)
            && let Some((kind, id)) = event.body.introduces()
        {
            return Err(Rejection::DuplicateId { kind, id: id.clone(), position });
        }
        for (kind, id) in event.body.refers_to() {
            if self.introduced_at(kind, id).is_none() {
                return Err(Rejection::UnknownId { kind, id: id.clone() });
            }
        }
        let effects = event.body.decide(&context, self)?;
        self.check_range(&effects)?;
        Ok(effects)
    }

    /// Writes a record. It follows the last one and was decided against this state.
    pub fn evolve(&mut self, record: &Record) {
        assert_eq!(record.position, self.position + 1, "records are written in order, without gaps");
        assert!(record.recorded_at >= self.recorded_at, "recorded_at never decreases");
        self.position = record.position;
        self.recorded_at = record.recorded_at;
        self.occurred_by = self.occurred_by.max(record.event.occurred_at);
        let stamp = Stamp { occurred_at: record.event.occurred_at, position: record.position };
        record.event.body.evolve(stamp, &record.effects, self);
        self.note_watched(stamp, &record.event.body);
        self.post_all(stamp, &record.effects);
    }

    fn post_all(&mut self, stamp: Stamp, effects: &[Effect]) {
        let mut balances: SmallVec<[(Currency, i128); 2]> = SmallVec::new();
        let mut disputed = DisputedEntries::default();
        for (index, effect) in effects.iter().enumerate() {
            if let Effect::Posting(posting) = effect {
                let Money { currency, minor_units } = posting.amount;
                match balances.iter_mut().find(|(known, _)| *known == currency) {
                    Some((_, balance)) => *balance += i128::from(minor_units),
                    None => balances.push((currency, i128::from(minor_units))),
                }
                let effect = u32::try_from(index).expect("a record has fewer than 2^32 effects");
                self.post(stamp, effect, posting, &mut disputed);
            }
        }
        self.hold_entries(disputed, stamp.position);
        assert!(balances.iter().all(|(_, balance)| *balance == 0), "the postings of record {} balance (rules 3.2)", stamp.position);
    }

    fn post(&mut self, stamp: Stamp, effect: u32, posting: &Posting, disputed: &mut DisputedEntries) {
        let currency = posting.amount.currency;
        let partner = match &posting.account {
            AccountName::Partner(id) => Some(self.partners.find(id).expect("postings name known partners")),
            _ => None,
        };
        let known = match partner {
            // A partner has few accounts.
            Some(partner) => self.partners.get(partner).accounts.iter().copied().find(|row| self.accounts.key(*row).1 == currency),
            None => self.accounts.find(&AccountOf(&posting.account, currency)),
        };
        let row = known.unwrap_or_else(|| {
            let row = self.accounts.insert((posting.account.clone(), currency), Account::default());
            partner.into_iter().for_each(|partner| self.partners.get_mut(partner).accounts.push(row));
            row
        });
        let entry = Entry {
            position: stamp.position,
            effect,
            kind: posting.kind,
            amount: posting.amount.minor_units,
            effective_at: posting.effective_at,
            available_at: posting.available_at,
            about: self.about_of(posting),
            // Of the house's accounts nothing is pending.
            awaits: posting.awaits_customer_payment && partner.is_some(),
        };
        let account = self.accounts.get_mut(row);
        let place = account.post(entry);
        if let Some(partner) = partner {
            account.note_posted(&entry);
            self.note_commission(partner, (row, place), &entry, disputed);
        }
    }

    /// Whose commission a posting to a partner is.
    fn about_of(&self, posting: &Posting) -> About {
        if !posting.account.is_partner() || !is_commission(posting.kind) {
            return About::Nothing;
        }
        let sale = posting.subject.sale.as_ref().and_then(|id| self.commissions.sales.find_latest(id));
        let sale = sale.map(|row| self.about_part(row, posting.part));
        let lead = || posting.subject.lead.as_ref().and_then(|id| self.leads.find(id)).map(About::Lead);
        sale.or_else(lead).unwrap_or(About::Nothing)
    }

    /// Refuses what would bring an account or a field of a balance out of range (rules 3.4).
    fn check_range(&self, effects: &[Effect]) -> Result<(), Rejection> {
        // All that the record moves: mostly far less than any of its accounts has room for.
        let postings = || effects.iter().filter_map(Effect::as_posting);
        let moved: i128 = postings().map(|posting| i128::from(posting.amount.minor_units).abs()).sum();
        let has_room = |posting: &Posting| {
            let known = self.accounts.by_key(&AccountOf(&posting.account, posting.amount.currency));
            known.is_none_or(|account| account.totals().have_room_for(moved))
        };
        if moved <= i128::from(i64::MAX) && postings().all(has_room) { Ok(()) } else { self.check_range_exactly(effects) }
    }

    /// The same, by what each sum would come to.
    fn check_range_exactly(&self, effects: &[Effect]) -> Result<(), Rejection> {
        let mut added: BTreeMap<AccountOf, Sums> = BTreeMap::new();
        for posting in effects.iter().filter_map(Effect::as_posting) {
            let account = AccountOf(&posting.account, posting.amount.currency);
            let totals = || self.accounts.by_key(&account).map(|account| account.totals().clone()).unwrap_or_default();
            added.entry(account).or_insert_with(totals).add_amount(posting.kind, posting.amount.minor_units);
        }
        match added.iter().find(|(account, sums)| !sums.fit(account.0.is_partner())) {
            Some((AccountOf(account, currency), _)) => {
                Err(Rejection::AmountOutOfRange { account: account.to_string(), currency: *currency })
            }
            None => Ok(()),
        }
    }

    /// Where an id of a kind was introduced.
    pub fn introduced_at(&self, kind: IdKind, id: &Id) -> Option<u64> {
        match kind {
            IdKind::Partner => self.partners.by_key(id).map(Partner::position),
            IdKind::Agreement => self.agreements.by_id.by_key(id).map(|agreement| agreement.introduced().position),
            IdKind::Lead => self.leads.introduced_at(id),
            IdKind::Sale => self.commissions.sales.by_key(id).map(|sale| sale.stamp().position),
            IdKind::Refund => self.commissions.refunds.by_key(id).map(|refund| refund.stamp().position),
            IdKind::Payout => self.commissions.payouts.by_key(id).map(|payout| payout.stamp().position),
            IdKind::Dispute => self.commissions.disputes.by_key(id).map(|dispute| dispute.opened.position),
            IdKind::Reinstatement
            | IdKind::Receipt
            | IdKind::Adjustment
            | IdKind::PayoutReturn
            | IdKind::Payment
            | IdKind::Cost
            | IdKind::Contribution
            | IdKind::Distribution
            | IdKind::Review => self.other_introduced_at(kind, id),
            IdKind::Campaign => self.campaigns.by_id.by_key(id).map(|campaign| campaign.planned.position),
            // Unique in its campaign or sale, where it is looked up.
            IdKind::Deliverable | IdKind::Line => None,
            IdKind::BrandUse => self.relationship.brand_uses.by_key(id).map(|brand_use| brand_use.requested.position),
            IdKind::Programme => self.agreements.programmes.by_key(id).map(|programme| programme.defined().position),
            IdKind::Hold => self.holds.by_key(id).map(|hold| hold.placed.position),
            IdKind::Breach => self.relationship.breaches.by_key(id).map(|breach| breach.reported.position),
        }
    }

    /// Where what an event introduces was introduced before. A proposal is no signature (rules 2.2).
    fn duplicate_of(&self, body: &Body) -> Option<u64> {
        let (kind, id) = body.introduces()?;
        if matches!(body, Body::AgreementSigned(_)) {
            return self.agreements.by_id.by_key(id)?.signature().map(|signature| signature.stamp.position);
        }
        self.introduced_at(kind, id)
    }

    /// Opens a savepoint: what is evolved from now on can be taken back.
    pub fn savepoint(&mut self) {
        Slice::savepoint(self);
    }

    /// Closes the savepoint: what was evolved since stays.
    pub fn release(&mut self) {
        Slice::release(self);
    }

    /// Takes back what was evolved since the savepoint: nothing of a refused batch stays (rules 2.4).
    pub fn rollback(&mut self) {
        Slice::rollback(self);
    }
}
