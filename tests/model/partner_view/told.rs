//! What is told of others where partners meet: a lead that moved, a claim in vain, a campaign, a dispute.

use super::gated::{Gated, method};
use crate::common::events::event_id;
use crate::common::facts::{planned, reassigned, referred, registered, signed, sold, terms};
use crate::outside::json;
use crate::outside::ledger::stamp;
use crate::outside::workload::NOW;
use chrono::TimeDelta;
use partnership_ledger::proto::{self as pb, campaign_participant::Party as Participant, event::Body, explain_step::Fact, party::Party};
use prost::Message;

const ANOTHER: &str = "another partner";

/// Acme and Bolt: Bolt's lead l-1 with a sale moved to Acme and is disputed, Bolt's lead l-2 was claimed by Acme in vain, and
/// both take part in a campaign.
fn ledger() -> Gated {
    let ledger = Gated::start(&["acme".to_owned(), "bolt".to_owned()]);
    let keyed = |lead: &str, agreement: &str, keys: &[&str]| match referred(lead, agreement) {
        Body::LeadReferred(referred) => {
            Body::LeadReferred(pb::LeadReferred { match_keys: keys.iter().map(ToString::to_string).collect(), ..referred })
        }
        body => body,
    };
    let disputed = Body::DisputeOpened(pb::DisputeOpened {
        dispute_id: "d-1".to_owned(),
        opened_by: pb::Side::Partner.into(),
        subject: Some(pb::dispute_opened::Subject::SaleId("s-1".to_owned())),
        claim: "bolt says that bolt-1 brought it.".to_owned(),
    });
    let bodies = [
        registered("acme"),
        registered("bolt"),
        signed("acme-1", "acme", terms()),
        signed("bolt-1", "bolt", terms()),
        keyed("l-1", "bolt-1", &["email:one"]),
        sold("s-1", "l-1", 100_00),
        reassigned("l-1", Some("acme-1")),
        keyed("l-2", "bolt-1", &["email:two", "phone:two"]),
        keyed("l-3", "acme-1", &["email:two"]),
        planned("c-1", &["acme-1", "bolt-1"]),
        disputed,
    ];
    for (place, body) in (0_i64..).zip(bodies) {
        let occurred_at = NOW - TimeDelta::hours(100 - place);
        let event = pb::Event {
            event_id: event_id(&place.to_string()),
            occurred_at: Some(stamp(occurred_at)),
            metadata: [].into(),
            body: Some(body),
        };
        ledger.append("crm", &event).unwrap_or_else(|status| panic!("{event:?}: {status:?}"));
    }
    ledger
}

fn asked<A: Message + Default>(ledger: &Gated, by: &str, name: &str, request: &impl Message) -> A {
    let method = method("PartnershipService", name);
    let answers =
        ledger.call(by, &method, json::dynamic(method.input().name(), request)).unwrap_or_else(|status| panic!("{name}: {status:?}"));
    answers[0].transcode_to().expect("an answer")
}

fn explained(ledger: &Gated, by: &str) -> pb::ExplainSaleResponse {
    asked(ledger, by, "ExplainSale", &pb::ExplainSaleRequest { sale_id: "s-1".to_owned(), options: None })
}

fn sentences(answer: &pb::ExplainSaleResponse) -> Vec<&str> {
    answer.steps.iter().map(|step| step.sentence.as_str()).collect()
}

#[test]
fn a_sale_whose_commission_came_from_another_is_explained_without_its_terms() {
    let ledger = ledger();
    let own = explained(&ledger, "bolt");
    assert!(own.assessment.is_some() && own.terms.is_some() && own.commission_left.is_some());
    assert!(
        sentences(&own).contains(&"The lead was reassigned; 20.00 USD of unpaid commission moved from bolt to another partner."),
        "{own:?}"
    );
    let moved = explained(&ledger, "acme");
    assert_eq!((&moved.assessment, &moved.terms, &moved.commission_left, &moved.paid), (&None, &None, &None, &None));
    assert_eq!(moved.sale.as_ref().and_then(|sale| sale.agreement_id.as_deref()), Some(ANOTHER));
    let told = sentences(&moved);
    assert!(told.len() == 3 && !told.iter().any(|told| told.contains("registered") || told.contains("was signed")), "{told:?}");
    assert_eq!(
        told[told.len() - 2..],
        ["The sale was recorded.", "The lead was reassigned; 20.00 USD of unpaid commission moved from another partner to acme."]
    );
    let fact = moved.steps.iter().find_map(|step| if let Some(Fact::CommissionMoved(moved)) = &step.fact { Some(moved) } else { None });
    let fact = fact.expect("commission moved");
    assert_eq!((&fact.from_partner_ids[..], &fact.to_partner_ids[..]), (&[ANOTHER.to_owned()][..], &["acme".to_owned()][..]));
}

#[test]
fn a_claim_in_vain_shows_that_another_holds_the_lead_and_not_its_customer() {
    let ledger = ledger();
    let lead = |by: &str, lead_id: &str| {
        let answer: pb::GetLeadResponse = asked(&ledger, by, "GetLead", &pb::GetLeadRequest { lead_id: lead_id.to_owned(), options: None });
        answer.lead.expect("a lead")
    };
    let held = lead("acme", "l-3");
    assert_eq!((held.lead_id.as_str(), held.agreement_id.as_str(), held.match_keys.len()), ("l-2", ANOTHER, 0));
    assert_eq!(held.owner.and_then(|owner| owner.party), Some(Party::PartnerId(ANOTHER.to_owned())));
    assert!(held.explanation.starts_with("another partner owns the lead since"), "{}", held.explanation);
    assert_eq!(held.declined_claims[0].agreement_id, "acme-1");
    let own = lead("bolt", "l-2");
    assert_eq!((own.match_keys.len(), own.declined_claims[0].agreement_id.as_str()), (2, ANOTHER));
    let moved = lead("acme", "l-1");
    let owners: Vec<_> = moved.timeline.iter().map(|line| line.agreement_id.as_str()).collect();
    assert_eq!((owners, moved.match_keys.len()), (vec![ANOTHER, "acme-1"], 1));
}

#[test]
fn who_takes_part_or_disputes_beside_a_partner_is_another() {
    let ledger = ledger();
    let campaign = pb::GetCampaignRequest { campaign_id: "c-1".to_owned(), options: None };
    let campaign: pb::GetCampaignResponse = asked(&ledger, "acme", "GetCampaign", &campaign);
    let parties: Vec<_> =
        campaign.campaign.expect("a campaign").participants.into_iter().filter_map(|participant| participant.party).collect();
    assert!(
        parties.contains(&Participant::AgreementId("acme-1".to_owned())) && parties.contains(&Participant::AgreementId(ANOTHER.to_owned())),
        "{parties:?}"
    );
    for (by, claim) in [("acme", "another partner says that another partner brought it."), ("bolt", "bolt says that bolt-1 brought it.")] {
        let disputes: pb::ListDisputesResponse = asked(&ledger, by, "ListDisputes", &pb::ListDisputesRequest::default());
        assert_eq!(disputes.disputes.iter().map(|dispute| dispute.claim.as_str()).collect::<Vec<_>>(), [claim], "{by}");
        assert!(disputes.disputes[0].held.iter().all(|held| held.partner_id == by), "{disputes:?}");
    }
}
