//! The model's data: accepted events with what was decided about them at the time.

use partnership_ledger::proto::{self as pb, event::Body};

use super::calendar::Instant;

/// An accepted event.
#[derive(Clone, Debug)]
pub struct Record {
    pub position: u64,
    pub occurred: Instant,
    pub event: pb::Event,
    pub effects: Effects,
}

impl Record {
    pub fn body(&self) -> &Body {
        self.event.body.as_ref().expect("accepted events have one")
    }
}

/// What was decided at recording; never decided again.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    pub postings: Vec<Posting>,
    pub assessed: Option<Assessed>,
    /// The lead got an owner.
    pub decision: Option<Decision>,
    pub declined: Option<Declined>,
    pub breaches: Vec<Breach>,
    pub end: Option<(Instant, pb::EndCause)>,
    /// The protection after the event, where the event moves it.
    pub protection: Option<Protection>,
    /// The amounts applied and cut off.
    pub refund: Option<(i128, i128)>,
    /// First id of the lead that the event is about.
    pub lead: Option<String>,
    /// The event is the first to name the lead's id or alias.
    pub introduces: bool,
    /// The match keys that the lead has since the event.
    pub new_keys: Vec<String>,
    /// Position of the decision that was in force at the event's time.
    pub claim: Option<u64>,
    /// Who got a joint lead.
    pub joint_to: Option<Allocated>,
    /// The use needed no decision.
    pub brand_use_approved: bool,
}

/// The participant that a joint lead went to.
#[derive(Clone, Debug)]
pub struct Allocated {
    /// Its agreement; absent for the house.
    pub who: Option<String>,
}

/// The house or a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Party {
    House,
    Partner(String),
}

impl Party {
    /// The account of its commission; empty for the house, where nothing is booked.
    pub fn account(&self) -> String {
        match self {
            Self::House => String::new(),
            Self::Partner(id) => format!("partner:{id}"),
        }
    }
}

/// Who owns a lead from when on. Rules 5.
#[derive(Clone, Debug)]
pub struct Decision {
    pub lead: String,
    pub owner: Party,
    pub credit: Option<String>,
    pub rule: pb::OwnershipRule,
    /// A reassignment is none.
    pub is_claim: bool,
    pub position: u64,
    pub occurred: Instant,
    pub pinned: Pinned,
    /// 0 for a lead of the house's own.
    pub terms_position: u64,
}

/// What the terms said about protection when the claim was made. Rules 5.2.
#[derive(Clone, Debug)]
pub struct Pinned {
    /// Absent: no limit.
    pub days: Option<u64>,
    pub from_approval: bool,
    pub zone: chrono_tz::Tz,
}

/// How long a claim is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    NoLimit,
    AwaitsApproval,
    Until(Instant),
}

/// A claim that did not succeed.
#[derive(Clone, Debug)]
pub struct Declined {
    pub agreement: Option<String>,
    pub held_by: Party,
    pub protected_until: Option<Instant>,
    pub earlier_than_owner: bool,
}

/// Whose exclusivity is broken, and by which agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    pub broken: String,
    pub by: String,
}

/// What a sale or qualification earned. Rules 6.
#[derive(Clone, Debug)]
pub struct Assessed {
    pub sale: Option<String>,
    /// The lead, of a sale too.
    pub lead: Option<String>,
    pub agreement: Option<String>,
    pub terms_position: u64,
    pub outcome: pb::CommissionOutcome,
    /// The rule that decided.
    pub rule: Option<pb::CommissionRule>,
    pub base: Option<(String, i128)>,
    pub rate: Option<u32>,
    pub window: Option<(Instant, Instant)>,
    pub currency: Option<String>,
    pub amount: i128,
    pub cut_off: i128,
    pub available: Option<Instant>,
    pub tiers: Option<TierWorking>,
    pub zone: chrono_tz::Tz,
    pub reverse_on_house_fault: bool,
}

/// How tiers came to an amount. Rules 6.5.
#[derive(Clone, Debug)]
pub struct TierWorking {
    pub period: Option<(Instant, Instant)>,
    pub before: i128,
    pub after: i128,
    pub earned_before: i128,
    pub earned_after: i128,
}

/// One leg of a booking. Rules 12.
#[derive(Clone, Debug)]
pub struct Posting {
    pub account: String,
    pub currency: String,
    /// Debit above zero.
    pub amount: i128,
    pub effective: Instant,
    pub available: Option<Instant>,
    pub kind: pb::EntryKind,
    pub agreement: Option<String>,
    pub lead: Option<String>,
    pub sale: Option<String>,
    pub campaign: Option<String>,
    /// The commission it moves, on a partner's account.
    pub lot: Option<LotId>,
    /// The business id that a statement shows.
    pub reference: String,
}

/// Commission of one sale or qualification in one party's hands since one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LotId {
    /// Position of the sale or qualification.
    pub source: u64,
    /// Position of the record that brought it to the holder.
    pub since: u64,
    pub holder: Party,
}

/// The records that count for a question or a decision.
pub struct Known<'a> {
    pub records: Vec<&'a Record>,
    /// Postings that take effect later do not count.
    pub effective_by: Option<Instant>,
}

impl<'a> Known<'a> {
    /// What is known at `position` of what occurred by `at`. Rules 1.4.
    pub fn by(records: &'a [Record], at: Instant, position: u64) -> Self {
        let counts = |record: &&Record| record.position <= position && record.occurred <= at;
        Self { records: records.iter().filter(counts).collect(), effective_by: Some(at) }
    }

    /// What is known at `position`, whenever it occurred.
    pub fn recorded(records: &'a [Record], position: u64) -> Self {
        Self { records: records.iter().filter(|record| record.position <= position).collect(), effective_by: None }
    }

    /// Every posting that counts with its record.
    pub fn postings(&self) -> impl Iterator<Item = (&'a Record, &'a Posting)> + '_ {
        let with_record = |record: &&'a Record| {
            let record = *record;
            let counts = |posting: &&Posting| self.effective_by.is_none_or(|at| posting.effective <= at);
            record.effects.postings.iter().filter(counts).map(move |posting| (record, posting)).collect::<Vec<_>>()
        };
        self.records.iter().flat_map(with_record).collect::<Vec<_>>().into_iter()
    }

    /// The record at a position, if it counts.
    pub fn at_position(&self, position: u64) -> Option<&'a Record> {
        self.records.iter().find(|record| record.position == position).copied()
    }
}
