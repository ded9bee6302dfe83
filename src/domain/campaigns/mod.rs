//! Campaigns: who takes part with which shares, what is owed, paid and measured; state as a function of time (rules 8).

pub mod cost_incurred;
pub mod deliverable_completed;
mod encoding;
pub mod ended;
pub mod planned;
pub mod reach_measured;
pub mod started;

use super::agreements::Agreement;
use super::calendar::Time;
use super::ids::Id;
use super::money::{Money, WHOLE_BPS};
use super::parse::Fields;
use super::rejection::Rejection;
use super::slice::slice;
use super::table::{Row, Table, Undo};
use super::{Seen, Stamp, State};
use crate::encoding::Section;
use crate::proto::{self, CampaignGoal, CampaignState, CampaignType, CampaignsAtEnd};
use indexmap::IndexMap;
use std::fmt;
use std::sync::Arc;

slice! {
    /// All campaigns.
    pub struct Campaigns {
        /// By id.
        pub by_id: Table<Id, Campaign> => Section::Campaigns,
    }
}

impl Campaigns {
    /// The campaign of an id that is known.
    pub fn known(&self, id: &Id) -> (Row, &Campaign) {
        let row = self.by_id.find(id).expect("decide found the campaign");
        (row, self.by_id.get(row))
    }

    fn known_mut(&mut self, id: &Id) -> &mut Campaign {
        let row = self.by_id.find(id).expect("decide found the campaign");
        self.by_id.get_mut(row)
    }
}

/// Who takes part: the house, or the partner of an agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CampaignParty {
    /// The house.
    House,
    /// The partner of this agreement.
    Agreement(Id),
}

impl CampaignParty {
    /// Its agreement; none for the house.
    pub fn agreement(&self) -> Option<&Id> {
        match self {
            Self::House => None,
            Self::Agreement(id) => Some(id),
        }
    }

    fn parse(house: Option<bool>, agreement: Option<&str>, fields: &mut Fields) -> Self {
        match (house, agreement) {
            (Some(true), None) => Self::House,
            (None, Some(agreement)) => Self::Agreement(fields.id("agreement_id", agreement)),
            (Some(_), _) => {
                fields.bad("house", "must be true; name an agreement_id for a partner");
                Self::House
            }
            (None, None) => {
                fields.bad("", "is required: the house, or the agreement_id of a partner");
                Self::House
            }
        }
    }

    fn of(party: Option<&proto::CampaignParty>, name: &str, fields: &mut Fields) -> Self {
        use proto::campaign_party::Party;
        fields.within(name, |fields| match party.and_then(|party| party.party.as_ref()) {
            Some(Party::House(house)) => Self::parse(Some(*house), None, fields),
            Some(Party::AgreementId(id)) => Self::parse(None, Some(id), fields),
            None => Self::parse(None, None, fields),
        })
    }
}

impl fmt::Display for CampaignParty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::House => f.write_str("the house"),
            Self::Agreement(id) => write!(f, "agreement {id}"),
        }
    }
}

/// A participant with its shares and its goal (rules 8.1).
#[derive(Clone, Debug)]
pub struct Participant {
    /// Its agreement; none for the house.
    pub agreement: Option<Row>,
    /// Its share of the costs, in basis points.
    pub cost_share_bps: u32,
    /// Its share of the joint leads, in basis points.
    pub lead_share_bps: u32,
    /// What it wants.
    pub goal: CampaignGoal,
}

/// Something that a participant has to deliver (rules 8.1).
#[derive(Clone, Debug)]
pub struct Deliverable {
    /// Its id, unique in the campaign.
    pub id: Id,
    /// The participant that owes it, by its place.
    pub owed_by: usize,
    /// What it is, as sent.
    pub description: Box<str>,
    /// Its weight relative to the others.
    pub weight: u32,
    /// When it is due; none: at the campaign's end.
    pub due_at: Option<Time>,
}

/// A cost that a participant paid (rules 8.2).
#[derive(Clone, Debug)]
pub struct Cost {
    /// Its id, unique among costs.
    pub id: Id,
    /// When it was paid, and by which record.
    pub stamp: Stamp,
    /// What was paid.
    pub amount: Money,
    /// The participant that paid it, by its place.
    pub paid_by: usize,
    /// For what, as sent.
    pub description: Box<str>,
}

/// A referral through the campaign that succeeded.
#[derive(Clone, Copy, Debug)]
pub struct Referral {
    /// When, and by which record.
    pub stamp: Stamp,
    /// The lead.
    pub lead: Row,
    /// Of a joint lead, the participant it went to, by its place.
    pub allocated_to: Option<usize>,
}

/// A campaign.
#[derive(Clone)]
pub struct Campaign {
    /// When it was planned, and by which record.
    pub planned: Stamp,
    /// Its type.
    pub campaign_type: CampaignType,
    /// Its name, as sent.
    pub title: Box<str>,
    /// Who takes part, as sent.
    pub participants: Vec<Participant>,
    /// What they have to deliver, as sent.
    pub deliverables: Vec<Deliverable>,
    /// When it is to start.
    pub starts_at: Option<Time>,
    /// When it is to end.
    pub ends_at: Option<Time>,
    /// When it started.
    pub started: Option<Stamp>,
    /// When it was brought to its end, and what came of it.
    pub ended: Option<(Stamp, Box<str>)>,
    /// Its costs, in the order of recording.
    pub costs: Vec<Cost>,
    /// The referrals through it that succeeded, in the order of recording.
    pub referrals: Vec<Referral>,
    /// What was measured, in the order of recording.
    pub reach: Vec<(Stamp, Arc<proto::ReachMeasured>)>,
    /// Which deliverables were delivered, in the order of recording, by their place.
    delivered: IndexMap<usize, Stamp>,
    /// When the last referral through it occurred.
    referred_until: Time,
    /// Joint leads by participant, as far as recorded.
    joint_leads: Vec<u64>,
    /// The places of the participants in the order of rules 3.3: the house, then partner ids, then agreement ids.
    order: Vec<usize>,
}

/// What `undo` needs to bring a campaign back to a savepoint.
pub struct CampaignMark {
    started: Option<Stamp>,
    ended: Option<(Stamp, Box<str>)>,
    costs: usize,
    referrals: usize,
    reach: usize,
    delivered: usize,
    joint_leads: Vec<u64>,
    referred_until: Time,
}

impl Undo for Campaign {
    type Mark = CampaignMark;

    fn mark(&self) -> CampaignMark {
        CampaignMark {
            started: self.started,
            ended: self.ended.clone(),
            costs: self.costs.len(),
            referrals: self.referrals.len(),
            reach: self.reach.len(),
            delivered: self.delivered.len(),
            joint_leads: self.joint_leads.clone(),
            referred_until: self.referred_until,
        }
    }

    fn undo(&mut self, mark: CampaignMark) {
        self.started = mark.started;
        self.ended = mark.ended;
        self.costs.truncate(mark.costs);
        self.referrals.truncate(mark.referrals);
        self.reach.truncate(mark.reach);
        self.delivered.truncate(mark.delivered);
        self.joint_leads = mark.joint_leads;
        self.referred_until = mark.referred_until;
    }
}

impl Campaign {
    /// The place of a participant.
    pub fn place_of(&self, party: &CampaignParty, state: &State) -> Option<usize> {
        let agreement = party.agreement().map(|id| state.agreements.by_id.find(id));
        match agreement {
            None => self.participants.iter().position(|participant| participant.agreement.is_none()),
            Some(row) => self.participants.iter().position(|participant| participant.agreement.is_some() && participant.agreement == row),
        }
    }

    /// The place of a participant, or why it is refused (rules 8.1).
    pub fn require_participant(&self, id: &Id, party: &CampaignParty, state: &State) -> Result<usize, Rejection> {
        let refused = || Rejection::NotAParticipant { campaign: id.clone(), party: party.to_string() };
        self.place_of(party, state).ok_or_else(refused)
    }

    /// When it stops, and with which agreement: the first end of a participant's agreement whose terms say so (rules 8.3).
    pub fn stop(&self, seen: Seen, state: &State) -> Option<(Time, Row)> {
        let rows = self.participants.iter().filter_map(|participant| participant.agreement);
        let stops = rows.filter_map(|row| stops_at(state.agreements.by_id.get(row), seen, state).map(|at| (at, row)));
        stops.min_by_key(|(at, _)| *at)
    }

    /// Refuses a lead or a cost that occurred when the campaign had stopped (rules 8.3).
    pub fn require_not_stopped(&self, id: &Id, at: Time, state: &State) -> Result<(), Rejection> {
        match self.stop(Seen::ALL, state).filter(|(stopped_at, _)| *stopped_at <= at) {
            Some((stopped_at, row)) => {
                let agreement = state.agreements.by_id.key(row).clone();
                Err(Rejection::CampaignStopped { campaign: id.clone(), stopped_at, agreement })
            }
            None => Ok(()),
        }
    }

    /// The participant that the next joint lead goes to: the largest `lead_share_bps × (joint leads so far + 1) −
    /// 10 000 × (of them its own)` (rules 5.1).
    pub fn next_joint_lead(&self) -> usize {
        let so_far: u64 = self.joint_leads.iter().sum();
        let claim = |place: usize| {
            let share = i128::from(self.participants[place].lead_share_bps) * (i128::from(so_far) + 1);
            share - i128::from(WHOLE_BPS) * i128::from(self.joint_leads[place])
        };
        // Of equals the first in the order counts, so the last of the reversed one.
        self.order.iter().rev().copied().max_by_key(|place| claim(*place)).expect("a campaign has participants")
    }

    /// The participants' places in the order in which equal remainders are given out (rules 3.3).
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// The place of a deliverable.
    pub fn place_of_deliverable(&self, id: &Id) -> Option<usize> {
        self.deliverables.iter().position(|deliverable| deliverable.id == *id)
    }

    /// When a deliverable was delivered, as seen.
    pub fn delivered(&self, deliverable: usize, seen: Seen) -> Option<Stamp> {
        self.delivered.get(&deliverable).copied().filter(|stamp| seen.sees(*stamp))
    }

    /// When a deliverable is due: by its own time, else by the campaign's end.
    pub fn due_at(&self, deliverable: &Deliverable) -> Option<Time> {
        deliverable.due_at.or(self.ends_at)
    }

    /// Its state at a time (rules 8.3). What was brought to its end is ended, whether or not it had stopped.
    pub fn state_at(&self, at: Time, seen: Seen, state: &State) -> CampaignState {
        let by_then = |stamp: Stamp| seen.sees(stamp) && stamp.occurred_at <= at;
        if self.ended.as_ref().is_some_and(|(stamp, _)| by_then(*stamp)) {
            CampaignState::Ended
        } else if self.stop(seen, state).is_some_and(|(stopped_at, _)| stopped_at <= at) {
            CampaignState::Stopped
        } else if self.started.is_some_and(by_then) {
            CampaignState::Running
        } else {
            CampaignState::Planned
        }
    }

    /// Joint leads by participant, as seen.
    pub fn joint_leads(&self, seen: Seen) -> Vec<u64> {
        let last = self.referrals.last().map_or(0, |referral| referral.stamp.position);
        if last <= seen.position && self.referred_until <= seen.time {
            return self.joint_leads.clone();
        }
        let mut counts = vec![0; self.participants.len()];
        for place in self.referrals.iter().filter(|referral| seen.sees(referral.stamp)).filter_map(|referral| referral.allocated_to) {
            counts[place] += 1;
        }
        counts
    }

    /// Adds a referral through it that succeeded.
    pub(super) fn add_referral(&mut self, referral: Referral) {
        if let Some(place) = referral.allocated_to {
            self.joint_leads[place] += 1;
        }
        self.referred_until = self.referred_until.max(referral.stamp.occurred_at);
        self.referrals.push(referral);
    }
}

/// When campaigns stop with an agreement: at its end, if the terms then say so (rules 8.3).
fn stops_at(agreement: &Agreement, seen: Seen, state: &State) -> Option<Time> {
    let end = agreement.end(seen)?;
    let version = agreement.terms_at_end(end.at, seen, state)?;
    (version.terms.campaigns_at_end == CampaignsAtEnd::Stop).then_some(end.at)
}
