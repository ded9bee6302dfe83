//! What the walk replaces, and what it leaves.

use super::*;
use crate::domain::parse::timestamp;
use crate::domain::{Record, Seen, State, parse};
use crate::proto::event::Body;
use prost::Message as _;

fn recorded(state: &mut State, body: Body) -> proto::Record {
    let position = state.position + 1;
    let event_id = uuid::Uuid::from_u128(u128::from(position)).to_string();
    let now = crate::domain::calendar::Time::from_timestamp(1_700_000_000, 0).expect("a time");
    let message = proto::Event { event_id, occurred_at: Some(timestamp(now)), metadata: [].into(), body: Some(body) };
    let event = parse(std::slice::from_ref(&message)).expect("well formed").remove(0);
    let effects = state.decide(&event, now, 300).expect("within the rules");
    let stored = effects.iter().map(crate::domain::effect::Effect::to_message).collect();
    state.evolve(&Record { position, recorded_at: now, event, effects });
    proto::Record { position, recorded_at: Some(timestamp(now)), recorded_by: "crm".to_owned(), event: Some(message), effects: stored }
}

fn registered(state: &mut State, id: &str, name: &str) {
    let (partner_id, display_name, kind) = (id.to_owned(), name.to_owned(), proto::PartnerKind::Reseller.into());
    recorded(state, Body::PartnerRegistered(proto::PartnerRegistered { partner_id, display_name, kind, ..Default::default() }));
}

fn signed(state: &mut State, agreement: &str, partner: &str, terms: proto::Terms) -> proto::Record {
    recorded(
        state,
        Body::AgreementSigned(proto::AgreementSigned {
            agreement_id: agreement.to_owned(),
            partner_id: partner.to_owned(),
            r#type: proto::AgreementType::Channel.into(),
            terms: Some(Box::new(terms)),
            ..Default::default()
        }),
    )
}

/// Acme with the agreement acme-1, and Bolt with bolt-1 and the number 20.
fn two() -> State {
    let mut state = State::default();
    registered(&mut state, "acme", "Acme Bolt Traders");
    registered(&mut state, "bolt", "Bolt & Nut");
    signed(&mut state, "acme-1", "acme", proto::Terms::default());
    signed(&mut state, "bolt-1", "bolt", proto::Terms::default());
    signed(&mut state, "20", "bolt", proto::Terms::default());
    state
}

fn redacted<A: PartnersAnswer>(state: &State, answer: &A) -> A {
    let partner = state.partners.find(&Id::new("acme").expect("an id")).expect("a partner");
    let own = Own { state, partner, seen: Seen::ALL };
    Redaction::new(&own, &Cancellation::NEVER).of_answer(answer).expect("an answer")
}

fn alert(message: &str, by_partner: Option<&str>) -> proto::ListAlertsResponse {
    let facts = proto::AlertFacts { by_partner_id: by_partner.map(str::to_owned), ..Default::default() };
    let alert = proto::Alert { message: message.to_owned(), facts: Some(facts), partner_id: Some("acme".to_owned()), ..Default::default() };
    proto::ListAlertsResponse { alerts: vec![alert], ..Default::default() }
}

fn told(message: &str, by_partner: Option<&str>) -> String {
    redacted(&two(), &alert(message, by_partner)).alerts[0].message.clone()
}

#[test]
fn ids_of_others_and_of_nobody_are_replaced_and_own_ones_stay() {
    let answer = redacted(&two(), &alert("", Some("bolt")));
    let facts = answer.alerts[0].facts.as_ref().expect("facts");
    assert_eq!((answer.alerts[0].partner_id.as_deref(), facts.by_partner_id.as_deref()), (Some("acme"), Some(ANOTHER)));
    let exclusivity = proto::Exclusivity { partner_ids: ["acme", "bolt", "nobody-yet"].map(str::to_owned).into(), ..Default::default() };
    let terms = proto::Terms { exclusivity: Some(exclusivity), time_zone: "Asia/Bangkok".to_owned(), ..Default::default() };
    let agreement = proto::Agreement { agreement_id: "acme-1".to_owned(), terms: Some(terms), ..Default::default() };
    let answer = redacted(&two(), &proto::GetAgreementResponse { agreement: Some(agreement), position: 7 });
    let agreement = answer.agreement.expect("an agreement");
    let terms = agreement.terms.expect("terms");
    assert_eq!((agreement.agreement_id.as_str(), terms.time_zone.as_str(), answer.position), ("acme-1", "Asia/Bangkok", 7));
    assert_eq!(terms.exclusivity.expect("an exclusivity").partner_ids, ["acme", ANOTHER, ANOTHER]);
}

#[test]
fn words_lose_every_mention_of_what_is_of_others() {
    assert_eq!(
        told("broken by bolt-1 with bolt: settle it with acme.", None),
        "broken by another partner with another partner: settle it with acme."
    );
    assert_eq!(told("(bolt-1) it is bolt.", None), "(another partner) it is another partner.");
    assert_eq!(told("acme-1 of acme, not bolt-2 nor bolts: ฿5", None), "acme-1 of acme, not bolt-2 nor bolts: ฿5");
}

#[test]
fn numbers_are_amounts_unless_they_were_replaced() {
    assert_eq!(told("20 % of 20.00 USD", None), "20 % of 20.00 USD");
    let mut answer = alert("20 breaks it", None);
    answer.alerts[0].agreement_id = Some("20".to_owned());
    assert_eq!(redacted(&two(), &answer).alerts[0].message, "another partner breaks it");
}

#[test]
fn names_go_with_the_ids_that_were_replaced() {
    assert_eq!(told("Bolt & Nut of bolt", Some("bolt")), "another partner of another partner");
    let partner = |id: &str, name: &str| proto::ExplainStep {
        fact: Some(proto::explain_step::Fact::PartnerRegistered(proto::ExplainPartner {
            partner_id: id.to_owned(),
            display_name: name.to_owned(),
        })),
        ..Default::default()
    };
    let steps = vec![partner("bolt", "an old name"), partner("acme", "Acme Bolt Traders")];
    let answer = redacted(&two(), &proto::ExplainSaleResponse { steps, ..Default::default() });
    let steps = answer.steps.into_iter().map(|step| step.fact);
    let names: Vec<_> = steps
        .map(
            |fact| {
                if let Some(proto::explain_step::Fact::PartnerRegistered(partner)) = fact { partner.display_name } else { String::new() }
            },
        )
        .collect();
    assert_eq!(names, [ANOTHER, "Acme Bolt Traders"]);
}

#[test]
fn a_record_is_clean_if_it_names_nothing_else_and_is_known_whole() {
    let mut state = two();
    let exclusivity = |partner: &str| {
        let (bound, partner_ids) = (proto::Bound::House.into(), vec![partner.to_owned()]);
        proto::Terms { exclusivity: Some(proto::Exclusivity { bound, partner_ids, ..Default::default() }), ..Default::default() }
    };
    let plain = signed(&mut state, "acme-2", "acme", proto::Terms::default());
    let naming = signed(&mut state, "acme-3", "acme", exclusivity("carl"));
    let partner = state.partners.find(&Id::new("acme").expect("an id")).expect("a partner");
    let shown = |record: &proto::Record| super::super::records::is_shown(record, &state, partner);
    assert!(shown(&plain) && !shown(&naming));
    let mut noted = plain.clone();
    noted.event.as_mut().expect("an event").metadata.insert("for".to_owned(), "bolt-1".to_owned());
    assert!(!shown(&noted));
    let own = Own { state: &state, partner, seen: Seen::ALL };
    let mut later = plain.encode_to_vec();
    assert!(Redaction::new(&own, &Cancellation::NEVER).leaves_as_it_is("Record", &later));
    // Field 1000 of a later contract.
    later.extend([0xc2, 0x3e, 1, b'x']);
    assert!(!Redaction::new(&own, &Cancellation::NEVER).leaves_as_it_is("Record", &later));
    assert!(!Redaction::new(&own, &Cancellation::NEVER).leaves_as_it_is("NoSuchMessage", &[]));
}
