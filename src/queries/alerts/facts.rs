//! The facts that an alert's message tells, as fields: who tells them in another language needs them all.

use super::{agreements, earning, exclusivity, leads, money};
use crate::domain::campaigns::Participant;
use crate::domain::commissions::DisputeSubject;
use crate::domain::money::{Money, saturating_i64};
use crate::domain::parse::timestamp;
use crate::domain::relationship::alerts::{Effort, review_due, unequal_effort};
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::proto::{self, AlertFacts, AlertKind, AlertParticipant, ReviewKind};

/// The facts of an alert of a kind that was found in a row.
pub fn of(kind: AlertKind, state: &State, row: Row, seen: Seen) -> AlertFacts {
    match kind {
        AlertKind::Unspecified => AlertFacts::default(),
        AlertKind::MissingManager => {
            let sides = agreements::unmanaged(state, row, seen).into_iter().map(i32::from).collect();
            AlertFacts { sides, ..AlertFacts::default() }
        }
        AlertKind::CheckInOverdue => overdue(state, row, ReviewKind::CheckIn, seen),
        AlertKind::ReviewOverdue => overdue(state, row, ReviewKind::QuarterlyReview, seen),
        AlertKind::ExpiryNear | AlertKind::NoticeEnding => {
            let ends_at = state.agreements.by_id.get(row).end(seen).map(|end| timestamp(end.at));
            AlertFacts { ends_at, ..AlertFacts::default() }
        }
        AlertKind::ExclusivityEnding => AlertFacts { ends_at: exclusivity::ends(state, row, seen).map(timestamp), ..AlertFacts::default() },
        AlertKind::ExclusivityBreached => broken(state, row, seen),
        AlertKind::UnequalEffort => efforts(state, row, seen),
        AlertKind::GoalsDiffer => {
            let participants = state.campaigns.by_id.get(row).participants.iter();
            let goal = |participant: &Participant| AlertParticipant { goal: participant.goal.into(), ..named(state, participant) };
            AlertFacts { participants: participants.map(goal).collect(), ..AlertFacts::default() }
        }
        AlertKind::BrandUseUndecided => {
            let brand_use = state.relationship.brand_uses.get(row);
            let brand_use_id = Some(state.relationship.brand_uses.key(row).to_string());
            let sides = vec![brand_use.requested_by.into()];
            AlertFacts { sides, brand_use_id, channel: Some(brand_use.channel.into()), ..AlertFacts::default() }
        }
        AlertKind::BreachUncured => {
            let breach = state.relationship.breaches.get(row);
            let breach_id = Some(state.relationship.breaches.key(row).to_string());
            let (sides, due_at) = (vec![breach.by.into()], breach.cure_by.map(timestamp));
            AlertFacts { sides, due_at, breach_id, clause: Some(breach.clause.into()), ..AlertFacts::default() }
        }
        AlertKind::NegativeBalance => state.balance(row, seen).map(|balance| amount(money::owed(&balance))).unwrap_or_default(),
        AlertKind::PayableDue => amount(money::payable(state, row, seen)),
        AlertKind::HoldLong => {
            let opened_at = Some(timestamp(state.holds.get(row).placed.occurred_at));
            AlertFacts { opened_at, hold_id: Some(state.holds.key(row).to_string()), ..AlertFacts::default() }
        }
        AlertKind::DisputeOpen => disputed(state, row),
        AlertKind::LeadsWithoutEarningAgreement => {
            let lead_count = earning::without_earning(state, row, seen).map(|(count, _)| count.into());
            AlertFacts { lead_count, ..AlertFacts::default() }
        }
        AlertKind::ProtectionLapsing => {
            let until = leads::lapsing(state.leads.by_id.get(row), seen).map(|(until, _)| timestamp(until));
            AlertFacts { ends_at: until, ..AlertFacts::default() }
        }
    }
}

fn overdue(state: &State, row: Row, kind: ReviewKind, seen: Seen) -> AlertFacts {
    let due_at = review_due(state, row, kind, seen).map(timestamp);
    let last_held_at = state.relationship.last_review(row, kind, seen).map(timestamp);
    AlertFacts { due_at, last_held_at, ..AlertFacts::default() }
}

/// The agreement that breaks the exclusivity, and its partner.
fn broken(state: &State, row: Row, seen: Seen) -> AlertFacts {
    let Some((breach, _)) = exclusivity::standing(state, row, seen) else { return AlertFacts::default() };
    let partner = state.agreements.by_id.get(breach.by).partner;
    AlertFacts {
        by_agreement_id: Some(state.agreements.by_id.key(breach.by).to_string()),
        by_partner_id: Some(state.partners.key(partner).to_string()),
        ..AlertFacts::default()
    }
}

/// Those that delivered the least and the most of what was due.
fn efforts(state: &State, row: Row, seen: Seen) -> AlertFacts {
    let campaign = state.campaigns.by_id.get(row);
    let told = |(place, effort): (usize, Effort)| AlertParticipant {
        due_weight: saturating_i64(effort.due),
        delivered_weight: saturating_i64(effort.delivered),
        ..named(state, &campaign.participants[place])
    };
    let participants = unequal_effort(campaign, seen.time, seen).into_iter().flatten().map(told).collect();
    AlertFacts { participants, ..AlertFacts::default() }
}

/// A participant of a campaign as the house or a partner.
fn named(state: &State, participant: &Participant) -> AlertParticipant {
    let partner = |row: Row| state.partners.key(state.agreements.by_id.get(row).partner).to_string();
    let party = participant.agreement.map_or(proto::party::Party::House(true), |row| proto::party::Party::PartnerId(partner(row)));
    AlertParticipant { party: Some(proto::Party { party: Some(party) }), ..AlertParticipant::default() }
}

fn amount(amount: Money) -> AlertFacts {
    AlertFacts { amount: Some(amount.to_message()), ..AlertFacts::default() }
}

fn disputed(state: &State, row: Row) -> AlertFacts {
    let dispute = state.commissions.disputes.get(row);
    let facts = AlertFacts {
        dispute_id: Some(state.commissions.disputes.key(row).to_string()),
        opened_at: Some(timestamp(dispute.opened.occurred_at)),
        ..AlertFacts::default()
    };
    match dispute.subject {
        // The alert itself says which lead.
        DisputeSubject::Lead(_) => facts,
        DisputeSubject::Sale(sale) => AlertFacts { sale_id: Some(state.commissions.sales.key(sale).to_string()), ..facts },
        DisputeSubject::Payout(payout) => AlertFacts { payout_id: Some(state.commissions.payouts.key(payout).to_string()), ..facts },
    }
}
