//! Facts in the domain's words: what happened, with as little said of it as the rules want.

use partnership_ledger::domain::calendar::Time;
use partnership_ledger::domain::parse::timestamp;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::{self, AcquiredBy};

pub use partnership_ledger::workload::facts::*;

/// The beginning of a day in UTC, or an instant.
pub fn day(date: &str) -> Time {
    let text = if date.contains('T') { date.to_owned() } else { format!("{date}T00:00:00Z") };
    text.parse().expect("a time")
}

pub fn terminated(agreement: &str) -> Body {
    let cause = proto::TerminationCause::Mutual as i32;
    Body::AgreementTerminated(proto::AgreementTerminated { agreement_id: agreement.into(), cause, ..proto::AgreementTerminated::default() })
}

/// A campaign of the house and of agreements, who share leads and costs alike but for the first, who gets the rest; the
/// house owes `slides`, the first agreement `invitations`.
pub fn planned(campaign: &str, agreements: &[&str]) -> Body {
    use proto::campaign_participant::Party;
    let parties = std::iter::once(Party::House(true)).chain(agreements.iter().map(|id| Party::AgreementId((*id).into())));
    let share = 10_000 / (u32::try_from(agreements.len()).expect("few") + 1);
    let participants: Vec<_> = parties
        .enumerate()
        .map(|(place, party)| {
            let share = if place == 0 { 10_000 - share * u32::try_from(agreements.len()).expect("few") } else { share };
            let goal = proto::CampaignGoal::Leads as i32;
            proto::CampaignParticipant { party: Some(party), cost_share_bps: share, lead_share_bps: share, goal }
        })
        .collect();
    Body::CampaignPlanned(proto::CampaignPlanned {
        campaign_id: campaign.into(),
        r#type: proto::CampaignType::JointWebinar as i32,
        title: "Webinar".into(),
        participants,
        deliverables: vec![
            deliverable("slides", None, 3, Some("2025-02-01")),
            deliverable("invitations", agreements.first().copied(), 5, None),
        ],
        starts_at: Some(timestamp(day("2025-02-01"))),
        ends_at: Some(timestamp(day("2025-04-01"))),
    })
}

fn deliverable(id: &str, owed_by: Option<&str>, weight: u32, due: Option<&str>) -> proto::Deliverable {
    let due_at = due.map(|date| timestamp(day(date)));
    proto::Deliverable { deliverable_id: id.into(), owed_by: Some(taking(owed_by)), description: format!("the {id}"), weight, due_at }
}

/// The house, or the partner of an agreement.
pub fn taking(agreement: Option<&str>) -> proto::CampaignParty {
    use proto::campaign_party::Party;
    proto::CampaignParty { party: Some(agreement.map_or(Party::House(true), |id| Party::AgreementId(id.into()))) }
}

/// A referral through a campaign.
pub fn referred_through(campaign: &str, lead: &str, agreement: Option<&str>, acquired_by: AcquiredBy) -> Body {
    Body::LeadReferred(proto::LeadReferred {
        lead_id: lead.into(),
        agreement_id: agreement.map(str::to_owned),
        acquired_by: acquired_by as i32,
        campaign_id: Some(campaign.into()),
        ..proto::LeadReferred::default()
    })
}

pub fn qualified(lead: &str) -> Body {
    Body::LeadQualified(proto::LeadQualified { lead_id: lead.into() })
}

pub fn delivered(campaign: &str, deliverable: &str) -> Body {
    Body::DeliverableCompleted(proto::DeliverableCompleted { campaign_id: campaign.into(), deliverable_id: deliverable.into() })
}

pub fn cost(cost: &str, campaign: &str, agreement: Option<&str>, minor_units: i64) -> Body {
    use proto::cost_incurred::PaidBy;
    Body::CostIncurred(proto::CostIncurred {
        cost_id: cost.into(),
        campaign_id: campaign.into(),
        amount: Some(usd(minor_units)),
        paid_by: Some(agreement.map_or(PaidBy::House(true), |id| PaidBy::AgreementId(id.into()))),
        description: "platform".into(),
    })
}

/// What somebody measured: the audiences of house and partner, and those who registered.
pub fn measured(campaign: &str, by: Option<&str>, audiences: [Option<i64>; 2], registrations: Option<i64>) -> Body {
    let [house_audience, partner_audience] = audiences;
    Body::ReachMeasured(proto::ReachMeasured {
        campaign_id: campaign.into(),
        measured_by: Some(taking(by)),
        house_audience,
        partner_audience,
        registrations,
        ..proto::ReachMeasured::default()
    })
}
