//! Agreements in families: who has whose place and leads, who earns with whom, and what a programme's versions bind.

use crate::common::facts::{day, qualified, referred, registered, rule, signed, sold, terminated, terms, terms_with, usd};
use crate::common::story::Story;
use crate::views::answers::{ask, metrics};
use partnership_ledger::domain::Seen;
use partnership_ledger::domain::parse::timestamp;
use partnership_ledger::proto::commission_rule::Reward;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::get_metrics_request::Scope;
use partnership_ledger::proto::{self, GetLeadRequest, LeadsAtEnd, ListLeadsRequest, OwnershipRule, party};
use partnership_ledger::queries::agreements::{GetAgreement, ListAgreements};
use partnership_ledger::queries::leads::{GetLead, ListLeads};
use partnership_ledger::queries::programmes::{GetProgramme, ListProgrammes};

/// A signature with what it is to others.
fn family(signature: Body, change: impl FnOnce(&mut proto::AgreementSigned)) -> Body {
    let Body::AgreementSigned(mut signed) = signature else { unreachable!("a signature") };
    change(&mut signed);
    Body::AgreementSigned(signed)
}

fn superseding(agreement: &str, partner: &str, predecessor: &str, from: &str, terms: proto::Terms) -> Body {
    family(signed(agreement, partner, terms), |signed| {
        signed.supersedes_agreement_id = Some(predecessor.into());
        signed.effective_at = Some(timestamp(day(from)));
    })
}

fn recruited(agreement: &str, partner: &str, by: &str) -> Body {
    family(signed(agreement, partner, terms()), |signed| signed.recruited_by_agreement_id = Some(by.into()))
}

fn house_at_end() -> proto::Terms {
    proto::Terms { leads_at_end: LeadsAtEnd::House as i32, ..terms_with(rule(Reward::RateBps(2_000))) }
}

/// A lead of acme's agreement `a1`, which ends in March; `a2` takes its place in April, `a3` in June, which ends in August.
fn succession() -> Story {
    let story = Story::default().on("2025-01-01", registered("acme")).on("2025-01-01", signed("a1", "acme", house_at_end()));
    let story = story.on("2025-01-15", referred("l", "a1")).on("2025-03-01", terminated("a1"));
    let story = story.on("2025-03-10", superseding("a2", "acme", "a1", "2025-04-01", house_at_end()));
    story.on("2025-05-01", superseding("a3", "acme", "a2", "2025-06-01", house_at_end())).on("2025-08-01", terminated("a3"))
}

fn lead(story: &Story, seen: Seen) -> proto::Lead {
    ask::<GetLead>(story, seen, &GetLeadRequest { lead_id: "l".into(), options: None }).expect("known").lead.expect("a lead")
}

fn owner(party: Option<&proto::Party>) -> &str {
    match party.and_then(|party| party.party.as_ref()).expect("one of them") {
        party::Party::House(_) => "house",
        party::Party::PartnerId(id) => id,
    }
}

#[test]
fn a_lead_runs_through_each_successor_from_its_start_on() {
    let story = succession();
    let lead = lead(&story, story.seen("2025-09-01"));
    let lines = lead.timeline.iter().map(|line| {
        let from = line.from.map(|from| from.to_string()[..10].to_owned()).expect("a time");
        (from, owner(line.owner.as_ref()), line.agreement_id.as_str(), line.decided_at, line.rule())
    });
    let lines: Vec<_> = lines.collect();
    let expected = [
        ("2025-01-15", "acme", "a1", 3, OwnershipRule::FirstClaim),
        ("2025-03-01", "house", "a1", 3, OwnershipRule::EndToHouse),
        ("2025-04-01", "acme", "a2", 5, OwnershipRule::Succession),
        ("2025-06-01", "acme", "a3", 6, OwnershipRule::Succession),
        ("2025-08-01", "house", "a3", 6, OwnershipRule::EndToHouse),
    ];
    assert_eq!(lines, expected.map(|(from, owner, agreement, position, rule)| (from.to_owned(), owner, agreement, position, rule)));
}

#[test]
fn a_succession_is_told_in_words() {
    let story = succession();
    let words = lead(&story, story.seen("2025-04-02")).explanation;
    assert!(words.starts_with("acme owns the lead since 2025-04-01 because agreement a2 took the place of the one before; "), "{words}");
    let before = lead(&story, Seen { position: 4, ..story.seen("2025-04-02") });
    assert_eq!(before.rule(), OwnershipRule::EndToHouse, "the successor is not recorded yet");
    let not_signed = lead(&story, story.seen("2025-03-05"));
    assert_eq!((not_signed.agreement_id.as_str(), not_signed.rule()), ("a1", OwnershipRule::EndToHouse));
}

#[test]
fn a_lead_is_found_under_the_agreement_that_has_its_credit_and_under_no_other() {
    let story = succession().on("2025-09-02", registered("beta"));
    let found =
        |date: &str, request: ListLeadsRequest| ask::<ListLeads>(&story, story.seen(date), &request).expect("an answer").leads.len();
    let under =
        |date: &str, agreement: &str| found(date, ListLeadsRequest { agreement_id: Some(agreement.into()), ..ListLeadsRequest::default() });
    for (date, credit) in [("2025-02-01", "a1"), ("2025-03-15", "a1"), ("2025-04-01", "a2"), ("2025-06-01", "a3"), ("2025-09-02", "a3")] {
        for agreement in ["a1", "a2", "a3"] {
            let is_signed = ask::<GetAgreement>(
                &story,
                story.seen(date),
                &proto::GetAgreementRequest { agreement_id: agreement.into(), options: None },
            );
            if is_signed.is_ok() {
                assert_eq!(under(date, agreement), usize::from(agreement == credit), "{date} {agreement}");
            }
        }
    }
    let house = proto::Party { party: Some(party::Party::House(true)) };
    let acme = proto::Party { party: Some(party::Party::PartnerId("acme".into())) };
    let owned =
        |date: &str, owner: &proto::Party| found(date, ListLeadsRequest { owner: Some(owner.clone()), ..ListLeadsRequest::default() });
    for (date, is_house) in [("2025-02-01", false), ("2025-03-15", true), ("2025-04-01", false), ("2025-09-02", true)] {
        assert_eq!((owned(date, &house), owned(date, &acme)), (usize::from(is_house), usize::from(!is_house)), "{date}");
    }
}

#[test]
fn what_qualifies_and_sells_after_a_succession_counts_for_the_successor() {
    let story = succession().on("2025-04-10", qualified("l")).on("2025-04-11", sold("s", "l", 100_00));
    let of = |agreement: &str| {
        let request = proto::GetMetricsRequest { scope: Some(Scope::AgreementId(agreement.into())), ..proto::GetMetricsRequest::default() };
        let figures = metrics(&story, story.seen("2025-09-01"), &request).expect("figures");
        (figures.leads, figures.qualified, figures.deals)
    };
    assert_eq!((of("a1"), of("a2"), of("a3")), ((1, 0, 0), (0, 1, 1), (0, 0, 0)));
    assert_eq!(story.net("acme", "USD"), 20_00);
}

#[test]
fn a_window_from_the_first_sale_keeps_its_anchor() {
    let window = proto::CommissionWindow { months: 3, anchor: proto::WindowAnchor::FirstSale as i32 };
    let limited = || terms_with(proto::CommissionRule { window: Some(window), ..rule(Reward::RateBps(1_000)) });
    let story = Story::default().on("2025-01-01", registered("acme")).on("2025-01-01", signed("a1", "acme", limited()));
    let story = story.on("2025-01-15", referred("l", "a1")).on("2025-02-01", sold("s1", "l", 100_00));
    let story = story.on("2025-03-01", superseding("a2", "acme", "a1", "2025-04-01", limited()));
    let story = story.on("2025-04-30", sold("s2", "l", 100_00)).on("2025-05-01", sold("s3", "l", 100_00));
    assert_eq!(story.net("acme", "USD"), 20_00, "the third sale is outside of the window that the first one began");
}

fn agreement(story: &Story, date: &str, agreement: &str) -> proto::Agreement {
    let request = proto::GetAgreementRequest { agreement_id: agreement.into(), options: None };
    ask::<GetAgreement>(story, story.seen(date), &request).expect("known").agreement.expect("an agreement")
}

/// Six agreements of six partners, each recruited by the one before; `r1` has a successor from June on that another one recruited.
fn recruits() -> Story {
    let partners = ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "q"];
    let story = partners.into_iter().fold(Story::default(), |story, partner| story.on("2025-01-01", registered(partner)));
    let story = story.on("2025-01-02", signed("r0", "p0", terms())).on("2025-01-02", signed("q0", "q", terms()));
    let story = (1..7).fold(story, |story, level| {
        story.on("2025-01-02", recruited(&format!("r{level}"), &format!("p{level}"), &format!("r{}", level - 1)))
    });
    story.on(
        "2025-05-01",
        family(superseding("s1", "p1", "r1", "2025-06-01", terms()), |signed| signed.recruited_by_agreement_id = Some("q0".into())),
    )
}

#[test]
fn the_five_levels_above_an_agreement_are_told() {
    let story = recruits();
    assert_eq!(agreement(&story, "2025-05-31", "r6").upline_agreement_ids, ["r5", "r4", "r3", "r2", "r1"]);
    assert_eq!(agreement(&story, "2025-05-31", "r3").upline_agreement_ids, ["r2", "r1", "r0"]);
    assert_eq!(agreement(&story, "2025-06-01", "r3").upline_agreement_ids, ["r2", "s1", "q0"], "the successor's chain goes on");
    assert_eq!(agreement(&story, "2025-06-01", "r1").upline_agreement_ids, ["r0"], "its own chain stays");
    assert_eq!(agreement(&story, "2025-06-01", "r0").upline_agreement_ids, [""; 0]);
}

#[test]
fn a_successor_that_names_no_recruiter_keeps_its_predecessor_s() {
    let story = recruits().on("2025-07-01", superseding("s3", "p3", "r3", "2025-08-01", terms()));
    let successor = agreement(&story, "2025-07-02", "s3");
    assert_eq!(successor.recruited_by_agreement_id.as_deref(), Some("r2"));
    assert_eq!(successor.supersedes_agreement_id.as_deref(), Some("r3"));
    let before = agreement(&story, "2025-07-02", "r3");
    assert_eq!((before.superseded_by_agreement_id.as_deref(), before.supersedes_agreement_id), (Some("s3"), None));
    assert_eq!(agreement(&story, "2025-06-30", "r3").superseded_by_agreement_id, None, "it is not signed yet");
    let request = proto::ListAgreementsRequest { recruited_by_agreement_id: Some("r2".into()), ..proto::ListAgreementsRequest::default() };
    let listed = ask::<ListAgreements>(&story, story.seen("2025-07-02"), &request).expect("an answer").agreements;
    assert_eq!(listed.iter().map(|known| known.agreement_id.as_str()).collect::<Vec<_>>(), ["r3", "s3"]);
}

fn minimum(minor_units: i64) -> Box<proto::Terms> {
    Box::new(proto::Terms { minimum_payout: Some(usd(minor_units)), ..terms() })
}

fn defined(programme: &str, minor_units: i64) -> Body {
    Body::ProgrammeDefined(proto::ProgrammeDefined { programme_id: programme.into(), terms: Some(minimum(minor_units)) })
}

fn programme_amended(programme: &str, minor_units: i64, from: &str, existing: bool) -> Body {
    let effective_at = Some(timestamp(day(from)));
    Body::ProgrammeAmended(proto::ProgrammeAmended {
        programme_id: programme.into(),
        terms: Some(minimum(minor_units)),
        effective_at,
        existing,
    })
}

fn joined(agreement: &str, partner: &str, programme: &str) -> Body {
    family(signed(agreement, partner, terms()), |signed| (signed.terms, signed.programme_id) = (None, Some(programme.into())))
}

#[test]
fn a_programme_tells_its_versions_and_how_many_take_them() {
    let story =
        Story::default().on("2025-01-01", registered("acme")).on("2025-01-02", defined("basic", 1)).on("2025-01-03", defined("gold", 9));
    let story = story.on("2025-02-01", joined("a", "acme", "basic")).on("2025-03-01", joined("b", "acme", "basic"));
    let story = story.on("2025-03-02", programme_amended("basic", 2, "2025-04-01", true));
    let asked = |date: &str| {
        let request = proto::GetProgrammeRequest { programme_id: "basic".into(), options: None };
        let told = ask::<GetProgramme>(&story, story.seen(date), &request).expect("known").programme.expect("a programme");
        (told.terms_position, told.versions.len(), told.agreement_count)
    };
    assert_eq!(
        (asked("2025-01-02"), asked("2025-02-01"), asked("2025-03-31"), asked("2025-04-01")),
        ((2, 1, 0), (2, 1, 1), (2, 2, 2), (6, 2, 2))
    );
    let listed = ask::<ListProgrammes>(&story, story.seen("2025-01-02"), &proto::ListProgrammesRequest::default()).expect("an answer");
    assert_eq!(listed.programmes.iter().map(|known| known.programme_id.as_str()).collect::<Vec<_>>(), ["basic"]);
    let unknown = proto::GetProgrammeRequest { programme_id: "gold".into(), options: None };
    assert!(ask::<GetProgramme>(&story, story.seen("2025-01-02"), &unknown).is_err(), "it is defined a day later");
    let request = proto::ListAgreementsRequest { programme_id: Some("basic".into()), ..proto::ListAgreementsRequest::default() };
    let listed = ask::<ListAgreements>(&story, story.seen("2025-02-28"), &request).expect("an answer").agreements;
    assert_eq!(listed.iter().map(|known| known.agreement_id.as_str()).collect::<Vec<_>>(), ["a"]);
}

#[test]
fn a_backdated_amendment_governs_what_is_recorded_after_it() {
    let rate = |bps| Some(Box::new(terms_with(rule(Reward::RateBps(bps)))));
    let define = Body::ProgrammeDefined(proto::ProgrammeDefined { programme_id: "basic".into(), terms: rate(2_000) });
    let amend = proto::ProgrammeAmended {
        programme_id: "basic".into(),
        terms: rate(1_000),
        effective_at: Some(timestamp(day("2025-01-15"))),
        existing: false,
    };
    let story =
        Story::default().on("2025-01-01", registered("acme")).on("2025-01-01", define).on("2025-02-01", joined("a", "acme", "basic"));
    let story = story.on("2025-02-02", referred("l", "a")).on("2025-02-03", sold("s1", "l", 100_00));
    let story = story.on("2025-02-04", Body::ProgrammeAmended(amend)).on("2025-02-05", sold("s2", "l", 100_00));
    assert_eq!(story.net("acme", "USD"), 20_00 + 10_00);
    let story = story.on("2025-02-06", crate::common::facts::refunded("r", "s1", 50_00));
    assert_eq!(story.net("acme", "USD"), 10_00 + 10_00, "what was decided by the version before is refunded by it");
    let versions = agreement(&story, "2025-02-06", "a").versions;
    assert_eq!(
        versions.iter().map(|version| (version.position, version.programme_id.as_deref())).collect::<Vec<_>>(),
        [(6, Some("basic"))]
    );
}
