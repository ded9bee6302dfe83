//! Sums at the edge of 64 bits: what would go beyond is refused, whichever account or field it is. Rules 3.4.

use std::sync::Arc;

use crate::common::facts::{self, registered, signed, usd};
use crate::outside::ledger::{Ledger as _, Refusal, stamp};
use crate::outside::served::Served;
use crate::outside::workload::NOW;
use partnership_ledger::journal::MemoryJournal;
use partnership_ledger::proto::{
    self as pb, AgreementType, Side, campaign_participant::Party, cost_incurred::PaidBy, event::Body, get_metrics_request::Scope,
};

/// The largest amount of an event.
const LARGEST: i64 = 1_000_000_000_000_000;

/// How many of them stay within 2^63 − 1.
const FITTING: usize = 9_223;

/// A ledger with one partner and one agreement.
struct Story {
    served: Served,
    events: u128,
}

impl Story {
    fn begin() -> Self {
        let mut story = Self { served: Served::in_memory(Arc::new(MemoryJournal::new()), NOW), events: 0 };
        story.append(&[registered("acme"), signed("acme-1", "acme", pb::Terms::default())]).expect("recorded");
        story
    }

    fn append(&mut self, bodies: &[Body]) -> Result<(), Refusal> {
        for some in bodies.chunks(1_000) {
            let events = some.iter().map(|body| self.event(body.clone())).collect();
            self.served.append(&pb::AppendRequest { events, expected_last_position: None })?;
        }
        Ok(())
    }

    fn event(&mut self, body: Body) -> pb::Event {
        self.events += 1;
        pb::Event {
            event_id: uuid::Uuid::from_u128(self.events).to_string(),
            occurred_at: Some(stamp(NOW)),
            body: Some(body),
            ..pb::Event::default()
        }
    }

    fn balance(&mut self) -> pb::Balance {
        let request = pb::GetBalanceRequest { partner_id: "acme".to_owned(), options: None };
        self.served.balance(&request).expect("a balance").balances.remove(0)
    }
}

fn adjusted(number: usize, minor_units: i64) -> Body {
    facts::adjusted(&format!("a-{number}"), "acme-1", minor_units)
}

/// An advance that comes back at once, so that the account stays at zero.
fn paid_and_returned(number: usize, minor_units: i64) -> [Body; 2] {
    let paid = pb::CommissionPaid {
        payout_id: format!("p-{number}"),
        partner_id: "acme".to_owned(),
        amount: Some(usd(minor_units)),
        advance: true,
        ..pb::CommissionPaid::default()
    };
    let returned =
        pb::PayoutReturned { return_id: format!("r-{number}"), payout_id: paid.payout_id.clone(), ..pb::PayoutReturned::default() };
    [Body::CommissionPaid(paid), Body::PayoutReturned(returned)]
}

fn reason(answer: &Result<(), Refusal>) -> Option<&str> {
    answer.as_ref().err().map(|refusal| refusal.reason.as_str())
}

#[test]
fn an_account_stays_within_64_bits() {
    for sign in [1, -1] {
        let mut story = Story::begin();
        story.append(&(0..FITTING).map(|number| adjusted(number, sign * LARGEST)).collect::<Vec<_>>()).expect("it fits");
        let over = i64::MAX - LARGEST * i64::try_from(FITTING).expect("small") + 1;
        assert_eq!(reason(&story.append(&[adjusted(FITTING, sign * over)])), Some("AMOUNT_OUT_OF_RANGE"));
        story.append(&[adjusted(FITTING, sign * (over - 1))]).expect("to the last unit");
        assert_eq!(story.balance().net, sign * i64::MAX);
        // What brings it back is taken.
        story.append(&[adjusted(FITTING + 1, -sign * LARGEST)]).expect("towards zero");
    }
}

#[test]
fn a_field_of_a_balance_stays_within_64_bits_even_if_the_account_does() {
    let mut story = Story::begin();
    story.append(&(0..FITTING).flat_map(|number| paid_and_returned(number, LARGEST)).collect::<Vec<_>>()).expect("it fits");
    assert_eq!(story.balance().net, 0);
    let refused = story.append(&paid_and_returned(FITTING, LARGEST));
    assert_eq!(reason(&refused), Some("AMOUNT_OUT_OF_RANGE"));
}

/// A campaign of the house and acme, with the house's share of costs.
fn planned(house_share: u32) -> Body {
    let participant = |cost_share_bps: u32, lead_share_bps: u32, party| pb::CampaignParticipant {
        cost_share_bps,
        lead_share_bps,
        goal: pb::CampaignGoal::Leads.into(),
        party: Some(party),
    };
    Body::CampaignPlanned(pb::CampaignPlanned {
        campaign_id: "campaign".to_owned(),
        r#type: pb::CampaignType::BundleOffer.into(),
        title: "Campaign".to_owned(),
        participants: vec![
            participant(house_share, 10_000, Party::House(true)),
            participant(10_000 - house_share, 0, Party::AgreementId("acme-1".to_owned())),
        ],
        ..pb::CampaignPlanned::default()
    })
}

/// A cost that the house paid.
fn cost(number: usize, minor_units: i64) -> Body {
    Body::CostIncurred(pb::CostIncurred {
        cost_id: format!("c-{number}"),
        campaign_id: "campaign".to_owned(),
        amount: Some(usd(minor_units)),
        description: String::new(),
        paid_by: Some(PaidBy::House(true)),
    })
}

#[test]
fn what_a_campaign_costs_stays_within_64_bits() {
    for house_share in [10_000, 0] {
        let mut story = Story::begin();
        story.append(&[planned(house_share)]).expect("recorded");
        story.append(&(0..FITTING).map(|number| cost(number, LARGEST)).collect::<Vec<_>>()).expect("it fits");
        assert_eq!(reason(&story.append(&[cost(FITTING, LARGEST)])), Some("AMOUNT_OUT_OF_RANGE"));
        story.append(&[cost(FITTING, 1)]).expect("it still fits");
    }
}

#[test]
fn a_ventures_capital_and_profit_stay_within_64_bits() {
    let put = |number: usize, side: Side| {
        Body::CapitalContributed(pb::CapitalContributed {
            contribution_id: format!("k-{number}-{side:?}"),
            agreement_id: "venture".to_owned(),
            side: side.into(),
            amount: Some(usd(LARGEST)),
        })
    };
    let shared = |number: usize| {
        Body::ProfitDistributed(pb::ProfitDistributed {
            distribution_id: format!("d-{number}"),
            agreement_id: "venture".to_owned(),
            amount: Some(usd(LARGEST)),
            method: pb::DistributionMethod::CapitalFirst.into(),
        })
    };
    let mut story = Story::begin();
    let terms = pb::Terms { ownership: Some(pb::Ownership { house_bps: 0, partner_bps: 10_000 }), ..pb::Terms::default() };
    let signed = Body::AgreementSigned(pb::AgreementSigned {
        agreement_id: "venture".to_owned(),
        partner_id: "acme".to_owned(),
        r#type: AgreementType::JointVenture.into(),
        terms: Some(Box::new(terms)),
        ..pb::AgreementSigned::default()
    });
    story.append(&[signed]).expect("recorded");
    story.append(&(0..FITTING).map(|number| put(number, Side::House)).collect::<Vec<_>>()).expect("it fits");
    // The cash of both sides is one account.
    assert_eq!(reason(&story.append(&[put(FITTING, Side::Partner)])), Some("AMOUNT_OUT_OF_RANGE"));
    // The capital goes back to the house, then all profit to the partner, as far as its account goes.
    story.append(&(0..2 * FITTING).map(shared).collect::<Vec<_>>()).expect("it fits");
    assert_eq!(story.balance().distributed, LARGEST * i64::try_from(FITTING).expect("small"));
    assert_eq!(reason(&story.append(&[shared(2 * FITTING)])), Some("AMOUNT_OUT_OF_RANGE"));
}

/// Sales that run through nobody are in no account: nothing bounds their sum.
#[test]
fn figures_beyond_64_bits_are_absent_and_said_to_be() {
    let sold = |number: usize| {
        Body::SaleRecorded(pb::SaleRecorded { sale_id: format!("s-{number}"), amount: Some(usd(LARGEST)), ..pb::SaleRecorded::default() })
    };
    let mut story = Story::begin();
    story.append(&(0..FITTING + 2).map(sold).collect::<Vec<_>>()).expect("recorded");
    let request = pb::GetMetricsRequest { scope: Some(Scope::All(true)), ..pb::GetMetricsRequest::default() };
    let answer = story.served.metrics(&request).expect("an answer").metrics.expect("figures");
    // Rules 13.
    let money = &answer.by_currency[0];
    assert_eq!((money.revenue, money.is_out_of_range, answer.is_out_of_range), (0, true, true));
}

#[test]
fn one_request_cannot_go_beyond_on_its_way_either() {
    let mut story = Story::begin();
    story.append(&(0..FITTING).map(|number| adjusted(number, LARGEST)).collect::<Vec<_>>()).expect("it fits");
    // The second would bring it back, but the first is beyond.
    let refused = story.append(&[adjusted(FITTING, LARGEST), adjusted(FITTING + 1, -LARGEST)]);
    assert_eq!(reason(&refused), Some("AMOUNT_OUT_OF_RANGE"));
}
