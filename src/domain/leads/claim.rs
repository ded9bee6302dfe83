//! Claims on a lead: decisions, how long they are protected, those that were declined, and qualifications (rules 5.1–5.3).

mod encoding;

use super::Owner;
use crate::domain::agreements::terms::Protection;
use crate::domain::calendar::{Time, Tz, add_days};
use crate::domain::effect::Effect;
use crate::domain::ids::Id;
use crate::domain::stamp::CompactStamp;
use crate::domain::table::Row;
use crate::domain::{Seen, Stamp, State};
use crate::proto::{AcquiredBy, OwnershipRule};
use std::ops::Deref;
use std::sync::Arc;

const SECONDS_OF_A_DAY: i64 = 86_400;

/// A recorded decision on a lead's owner: a claim that succeeded, or a reassignment.
#[derive(Clone, Debug)]
pub struct Decision {
    stamp: CompactStamp,
    pub(super) claim: Arc<Claim>,
    later: Option<Box<Later>>,
}

/// What was decided. Claims through the same agreement mostly have equal values, so these are interned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    /// Who may work the lead.
    pub owner: Owner,
    /// The agreement through whose rules its sales run.
    pub credit: Option<Row>,
    /// Why.
    pub rule: OwnershipRule,
    /// Who acquired it; none for a reassignment.
    pub acquired_by: Option<AcquiredBy>,
    /// What its referral came through; nothing for a reassignment.
    pub origin: Origin,
    pub(super) protection: Protection,
    pub(super) zone: Tz,
}

/// What was recorded about a claim after its decision.
#[derive(Clone, Debug, Default)]
struct Later {
    approved: Option<Stamp>,
    extensions: Vec<(Stamp, u32)>,
}

impl Deref for Decision {
    type Target = Claim;

    fn deref(&self) -> &Claim {
        &self.claim
    }
}

/// The agreement and the campaign of a referral, in whose metrics it counts (rules 11).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The agreement it named; for a joint lead that a partner got, that participant's agreement.
    pub agreement: Option<Row>,
    /// The campaign it named.
    pub campaign: Option<Row>,
}

/// When the protection of a claim ends by date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtectionEnd {
    /// Without limit.
    Unlimited,
    /// Its approval is awaited; until then it is protected.
    AwaitsApproval,
    /// Until an instant.
    At(Time),
}

impl ProtectionEnd {
    /// The instant, if there is one.
    pub fn time(self) -> Option<Time> {
        match self {
            Self::At(time) => Some(time),
            Self::Unlimited | Self::AwaitsApproval => None,
        }
    }

    pub(super) fn holds_at(self, at: Time) -> bool {
        self.time().is_none_or(|until| at < until)
    }
}

impl Decision {
    pub(super) fn new(stamp: Stamp, claim: Claim) -> Self {
        Self { stamp: stamp.into(), claim: Arc::new(claim), later: None }
    }

    /// From when, and by which record.
    pub fn stamp(&self) -> Stamp {
        self.stamp.into()
    }

    /// When it was approved.
    pub(super) fn approved(&self) -> Option<Stamp> {
        self.later.as_ref()?.approved
    }

    pub(super) fn approve(&mut self, stamp: Stamp) {
        self.later.get_or_insert_default().approved = Some(stamp);
    }

    /// Extensions of its protection, each by some days.
    fn extensions(&self) -> &[(Stamp, u32)] {
        self.later.as_ref().map_or(&[], |later| &later.extensions)
    }

    pub(super) fn extend(&mut self, stamp: Stamp, days: u32) {
        self.later.get_or_insert_default().extensions.push((stamp, days));
    }

    /// Until when the claim is protected by date: days and extensions from its anchor (rules 5.2).
    pub fn protected_until(&self, seen: Seen) -> ProtectionEnd {
        let Some(days) = self.protection.days else { return ProtectionEnd::Unlimited };
        let anchor = if self.protection.from_approval {
            match self.approved().filter(|approved| seen.sees(*approved)) {
                Some(approved) => approved.occurred_at,
                None => return ProtectionEnd::AwaitsApproval,
            }
        } else {
            self.stamp().occurred_at
        };
        let extended: u64 = self.extensions().iter().filter(|(stamp, _)| seen.sees(*stamp)).map(|(_, days)| u64::from(*days)).sum();
        ProtectionEnd::At(add_days(anchor, u64::from(days) + extended, self.zone))
    }

    /// The time zone in which the days of its protection count.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// A cheap filter: returns `false` only if its protection certainly does not end by date within [from, to].
    pub fn may_lapse_within(&self, from: Time, to: Time) -> bool {
        self.lapse_bounds().is_some_and(|(least, most)| least <= to.timestamp() && from.timestamp() <= most)
    }

    /// Between what its protection ends by date, whatever is seen, in seconds of Unix time, with a margin of days in zones
    /// other than UTC; `None` if it certainly does not.
    pub fn lapse_bounds(&self) -> Option<(i64, i64)> {
        let days = self.protection.days?;
        let anchor = match (self.protection.from_approval, self.approved()) {
            (false, _) => self.stamp().occurred_at,
            (true, approved) => approved?.occurred_at,
        };
        let extended: i64 = self.extensions().iter().map(|(_, days)| i64::from(*days)).sum();
        // A local day is a day of UTC, up to zone offsets and skipped days: three days of margin cover both.
        let margin = if self.zone == Tz::UTC { 0 } else { 3 };
        let least = anchor.timestamp() + (i64::from(days) - margin) * SECONDS_OF_A_DAY;
        // The instant may lie within its last second.
        let most = anchor.timestamp() + (i64::from(days) + extended + margin) * SECONDS_OF_A_DAY + 1;
        Some((least, most))
    }
}

/// A claim that did not move the lead (rules 5.3).
#[derive(Clone, Debug)]
pub struct DeclinedClaim {
    /// When, and by which record.
    pub stamp: Stamp,
    /// The agreement that claimed; none for the house.
    pub agreement: Option<Row>,
    /// Who held the lead.
    pub held_by: Owner,
    /// Until when the holder was protected.
    pub protected_until: Option<Time>,
    /// Whether it occurred before the decision that stands.
    pub earlier_than_owner: bool,
}

/// A qualification (rules 5.2).
#[derive(Clone, Copy, Debug)]
pub struct Qualification {
    /// When, and by which record.
    pub stamp: Stamp,
    /// Whether the lead was protected then, and so stays until it is lost.
    pub protected: bool,
}

/// The claim that an effect decides, its protection pinned to the terms of a record (rules 5.2).
pub(super) fn claim_of(effect: &Effect, terms_position: u64, agreement: Option<&Id>, state: &State) -> Claim {
    let Effect::LeadOwnerSet { owner, credit, rule, .. } = effect else { unreachable!("called with a decision on an owner") };
    let agreement = agreement.and_then(|id| state.agreements.by_id.by_key(id));
    let pinned = agreement.and_then(|agreement| agreement.version_of(terms_position, state));
    // A lead of the house's own, without an agreement, is protected without limit; without terms as if they said nothing.
    let without_terms = if agreement.is_some() { Protection::default() } else { Protection::UNLIMITED };
    let protection = pinned.map_or(without_terms, |version| version.terms.protection);
    Claim {
        owner: Owner::from_party(owner, state),
        credit: credit.as_ref().map(|id| state.agreements.by_id.find(id).expect("a credit names a known agreement")),
        rule: *rule,
        acquired_by: None,
        origin: Origin::default(),
        protection,
        zone: pinned.map_or(Tz::UTC, |version| version.terms.zone),
    }
}
