//! Who owns a lead, since when and why, in words.

use crate::common::facts::{day, reassigned, referred, registered, signed, terminated, terms};
use crate::common::story::Story;
use crate::views::answers::ask;
use partnership_ledger::domain::Seen;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::{self, GetLeadRequest, LeadState, LeadsAtEnd, OwnershipRule};
use partnership_ledger::queries::leads::GetLead;

fn begun() -> Story {
    let house = proto::Terms { leads_at_end: LeadsAtEnd::House as i32, ..terms() };
    let story = Story::default().on("2025-01-01", registered("acme")).on("2025-01-01", registered("beta"));
    story.on("2025-01-01", signed("a", "acme", house)).on("2025-01-01", signed("b", "beta", terms()))
}

fn lead(story: &Story, seen: Seen) -> proto::Lead {
    let answer = ask::<GetLead>(story, seen, &GetLeadRequest { lead_id: "l".into(), options: None });
    answer.expect("known").lead.expect("a lead")
}

/// Each line of the timeline: date, owner, position, rule.
fn timeline(lead: &proto::Lead) -> Vec<(String, String, u64, OwnershipRule)> {
    let owner = |party: &proto::Party| match party.party.as_ref().expect("one of them") {
        proto::party::Party::House(_) => "house".to_owned(),
        proto::party::Party::PartnerId(id) => id.clone(),
    };
    let date = |line: &proto::LeadOwnership| line.from.map(|from| from.to_string()[..10].to_owned()).expect("a time");
    let lines = lead.timeline.iter();
    lines.map(|line| (date(line), owner(line.owner.as_ref().expect("an owner")), line.decided_at, line.rule())).collect()
}

#[test]
fn the_first_claim_owns_the_lead_and_says_why() {
    let story = begun().on("2025-03-03", referred("l", "a"));
    let lead = lead(&story, story.seen("2025-04-01"));
    assert_eq!(lead.explanation, "acme owns the lead since 2025-03-03 because it claimed it first; protected until 2025-06-01.");
    assert_eq!(timeline(&lead), [("2025-03-03".into(), "acme".into(), 5, OwnershipRule::FirstClaim)]);
}

#[test]
fn a_lapsed_protection_lets_the_next_claim_through() {
    let story = begun().on("2025-03-03", referred("l", "a")).on("2025-05-01", referred("l", "b")).on("2025-07-01", referred("l", "b"));
    let early = lead(&story, story.seen("2025-06-15"));
    assert_eq!(early.explanation, "acme owns the lead since 2025-03-03 because it claimed it first; no longer protected since 2025-06-01.");
    assert_eq!(early.declined_claims.iter().map(|claim| claim.position).collect::<Vec<_>>(), [6]);
    let late = lead(&story, story.seen("2025-07-01"));
    assert_eq!((late.decided_at, late.rule()), (7, OwnershipRule::ProtectionLapsed));
    let before = lead(&story, Seen { position: 6, ..story.seen("2025-07-01") });
    assert_eq!((before.decided_at, before.timeline.len()), (5, 1), "the record that moved it does not exist yet");
}

#[test]
fn the_agreement_s_end_acts_on_the_claim() {
    let story = begun().on("2025-03-03", referred("l", "a")).on("2025-09-01", terminated("a"));
    let after = lead(&story, story.seen("2025-10-01"));
    let words = "The house owns the lead since 2025-09-01 because agreement a ended, whose terms pass its leads to the house; \
                 no longer protected since 2025-06-01.";
    assert_eq!((after.explanation.as_str(), after.agreement_id.as_str()), (words, "a"));
    let (claimed, ended) = (("2025-03-03", "acme", OwnershipRule::FirstClaim), ("2025-09-01", "house", OwnershipRule::EndToHouse));
    let lines = [claimed, ended].map(|(from, owner, rule)| (from.to_owned(), owner.to_owned(), 5, rule));
    assert_eq!(timeline(&after), lines, "the end acts on the claim of position 5");
    assert_eq!(lead(&story, story.seen("2025-08-31")).timeline.len(), 1);
}

#[test]
fn a_reassignment_keeps_who_acquired_it() {
    let story = begun().on("2025-03-03", referred("l", "a")).on("2025-04-01", reassigned("l", Some("b")));
    let moved = lead(&story, story.seen("2025-04-02"));
    assert_eq!((moved.acquired_by, moved.rule()), (proto::AcquiredBy::Partner as i32, OwnershipRule::Reassigned));
    assert!(moved.explanation.starts_with("beta owns the lead since 2025-04-01 because it was reassigned then; "), "{}", moved.explanation);
}

#[test]
fn a_lost_lead_says_so() {
    let lost = Body::LeadLost(proto::LeadLost { lead_id: "l".into(), reason: String::new() });
    let story = begun().on("2025-03-03", referred("l", "a")).on("2025-04-01T10:30:00Z", lost);
    let lead = lead(&story, story.seen("2025-05-01"));
    let words = "acme owns the lead since 2025-03-03 because it claimed it first; lost on 2025-04-01 10:30 UTC, so not protected.";
    assert_eq!((lead.state(), lead.explanation.as_str()), (LeadState::Lost, words));
    let protected_until = lead.protected_until.map(|until| until.seconds);
    assert_eq!(protected_until, Some(day("2025-04-01T10:30:00Z").timestamp()));
}

#[test]
fn what_is_not_seen_does_not_exist() {
    let story = begun().on("2025-03-03", referred("l", "a"));
    for seen in [story.seen("2025-03-02"), Seen { position: 4, ..story.seen("2025-04-01") }] {
        let refusal = ask::<GetLead>(&story, seen, &GetLeadRequest { lead_id: "l".into(), options: None }).expect_err("not yet");
        assert_eq!(refusal.code(), "UNKNOWN_ID");
    }
}

#[test]
fn a_loss_ends_a_qualification_even_if_it_was_told_late() {
    let qualified = Body::LeadQualified(proto::LeadQualified { lead_id: "l".into() });
    let lost = Body::LeadLost(proto::LeadLost { lead_id: "l".into(), reason: String::new() });
    let story = begun().on("2025-02-01", referred("l", "a")).on("2025-06-01", qualified).on("2025-08-01", referred("l", "b"));
    assert_eq!(lead(&story, story.seen("2025-09-01")).state(), LeadState::Qualified);
    let story = story.on("2025-07-01", lost);
    assert_eq!(lead(&story, story.seen("2025-07-15")).state(), LeadState::Lost);
    assert_eq!(lead(&story, story.seen("2025-09-01")).state(), LeadState::Open, "reopened by the claim of August");
}

#[test]
fn a_reassignment_of_before_introduces_nothing() {
    let story = begun().on("2025-03-03", referred("l", "a")).on("2025-02-01", reassigned("l", Some("b")));
    let refusal = ask::<GetLead>(&story, story.seen("2025-03-02"), &GetLeadRequest { lead_id: "l".into(), options: None });
    assert_eq!(refusal.expect_err("not referred yet").code(), "UNKNOWN_ID");
    assert_eq!(lead(&story, story.seen("2025-03-03")).timeline.len(), 1, "the reassignment was recorded last");
}

#[test]
fn an_alias_is_known_from_its_earliest_claim_on() {
    let same = |lead: &str| match referred(lead, "b") {
        Body::LeadReferred(claim) => Body::LeadReferred(proto::LeadReferred { match_keys: vec!["tel:1".into()], ..claim }),
        _ => unreachable!("a referral"),
    };
    let story = begun().on("2025-03-01", same("l")).on("2025-04-01", same("x")).on("2025-03-15", same("x"));
    let known = |date: &str| lead(&story, story.seen(date)).aliases;
    assert_eq!((known("2025-03-14"), known("2025-03-15"), known("2025-04-01")), (vec![], vec!["x".to_owned()], vec!["x".to_owned()]));
    let by_alias = |seen| ask::<GetLead>(&story, seen, &GetLeadRequest { lead_id: "x".into(), options: None }).is_ok();
    assert!(by_alias(story.seen("2025-03-15")) && !by_alias(Seen { position: 6, ..story.seen("2025-03-15") }));
}
