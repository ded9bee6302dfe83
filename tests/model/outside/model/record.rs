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
    /// A record of nothing, where one is asked for that does not exist yet.
    pub fn of_nothing() -> Self {
        Self { position: 0, occurred: Instant::default(), event: pb::Event::default(), effects: Effects::default() }
    }

    pub fn body(&self) -> &Body {
        self.event.body.as_ref().expect("accepted events have one")
    }
}

/// What was decided at recording; never decided again.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    pub postings: Vec<Posting>,
    /// One per part of a sale, own parts first, then override parts; one for a qualification. Rules 14.6, 15.2.
    pub assessed: Vec<Assessed>,
    /// The lead got an owner.
    pub decision: Option<Decision>,
    pub declined: Option<Declined>,
    pub breaches: Vec<Breach>,
    pub end: Option<(Instant, pb::EndCause)>,
    /// The protection after the event, where the event moves it.
    pub protection: Option<Protection>,
    /// What a refund took.
    pub refund: Option<Refunded>,
    /// The refund that a reinstatement takes back.
    pub reinstates: Option<String>,
    /// The sale that is voided, its currency, and what was left of it. Rules 16.1.
    pub voided: Option<(String, String, i128)>,
    /// The sale that the customer paid, and how much; below zero it bounced. Rules 17.2.
    pub customer_paid: Option<(String, i128)>,
    /// What is paid out, at once or on its way. Rules 7.2, 19.1.
    pub payout: Option<PaidOut>,
    /// How a payout on its way came out. Rules 19.1.
    pub arrival: Option<Arrival>,
    /// A hold that is placed. Rules 19.2.
    pub hold: Option<pb::PartnerHoldPlaced>,
    /// The hold that is lifted. Rules 19.2.
    pub lifted: Option<String>,
    /// A version of a programme's terms. Rules 18.2.
    pub programme: Option<ProgrammeVersion>,
    /// The agreement that has the credit of the sale's lead at its time, as known. Rules 14.7.
    pub credit: Option<String>,
    /// When the event's own postings take effect. Rules 7.7.
    pub effective: Option<Instant>,
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

/// What a refund took of a sale. Rules 14.9.
#[derive(Clone, Debug)]
pub struct Refunded {
    pub sale: String,
    pub applied: i128,
    pub cut_off: i128,
    pub reason: pb::RefundReason,
    /// Of each line, in their order.
    pub lines: Vec<i128>,
    /// Of each own part, in their order.
    pub parts: Vec<i128>,
    /// The ids of the lines; empty without lines.
    pub line_ids: Vec<String>,
    /// Each own part: its number, line and agreement.
    pub parts_of: Vec<(u32, Option<String>, String)>,
}

/// A payout. Rules 7.2, 19.
#[derive(Clone, Debug)]
pub struct PaidOut {
    pub terms: pb::CommissionPaid,
    /// It is initiated, and settles or fails later.
    pub on_its_way: bool,
}

/// How a payout on its way came out. Rules 19.1.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub payout: String,
    pub failed: bool,
    pub reference: Option<String>,
    pub settled_amount: Option<pb::Money>,
}

/// A version of a programme's terms. Rules 18.2.
#[derive(Clone, Debug)]
pub struct ProgrammeVersion {
    pub programme: String,
    /// Absent: the definition.
    pub effective: Option<Instant>,
    pub existing: bool,
    pub terms: pb::Terms,
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

/// What a part of a sale, or a qualification, earned. Rules 6, 14.6.
#[derive(Clone, Debug)]
pub struct Assessed {
    /// Which part of the sale, 0 the first.
    pub part: u32,
    /// Which line of the sale, 0 the first.
    pub line: usize,
    pub line_id: Option<String>,
    pub share_bps: Option<u32>,
    /// The earner's share of the line's amount.
    pub part_amount: i128,
    /// Of an override part, how many levels up. Rules 15.
    pub level: Option<u32>,
    /// Of an override part, the own part that it is an override of.
    pub of_part: Option<u32>,
    /// Of an override part, the agreement of that part.
    pub downline: Option<String>,
    /// It is pending until the customer pays. Rules 17.1.
    pub awaits: bool,
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
    /// How many sales count before, with tiers by count. Rules 14.12.
    pub sales_before: Option<i128>,
    pub bonus: i128,
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
    /// Which part of the sale it belongs to, its line and its level.
    pub part: u32,
    pub line_id: Option<String>,
    pub level: Option<u32>,
    /// It is pending until the customer pays.
    pub awaits: bool,
    /// The commission it moves, on a partner's account.
    pub lot: Option<LotId>,
    /// The business id that a statement shows.
    pub reference: String,
}

/// Commission of one part of a sale, or of a qualification, in one party's hands since one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LotId {
    /// Position of the sale or qualification.
    pub source: u64,
    /// Which part of the sale.
    pub part: u32,
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

    /// The same, with one record more that is being decided.
    pub fn with<'b>(&self, draft: &'b Record) -> Known<'b>
    where
        'a: 'b,
    {
        let mut records: Vec<&'b Record> = self.records.clone();
        records.push(draft);
        Known { records, effective_by: self.effective_by }
    }

    /// The record at a position, if it counts.
    pub fn at_position(&self, position: u64) -> Option<&'a Record> {
        self.records.iter().find(|record| record.position == position).copied()
    }
}
