//! What an agreement and a partner show of their relationship, at any time and position.

use crate::common::facts::{day, registered, signed, terms};
use crate::common::story::Story;
use crate::views::answers::ask;
use partnership_ledger::domain::Seen;
use partnership_ledger::domain::parse::timestamp;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::launch_step_completed::Subject;
use partnership_ledger::proto::{
    self, BrandChannel, BreachClause, GetAgreementRequest, GetPartnerRequest, LaunchStep, ReviewDecision, ReviewKind, Side,
};
use partnership_ledger::queries::agreements::GetAgreement;
use partnership_ledger::queries::partners::GetPartner;

pub fn manager(agreement: &str, side: Side, manager: &str) -> Body {
    let (agreement_id, side, manager) = (agreement.to_owned(), side as i32, manager.to_owned());
    Body::ManagerAssigned(proto::ManagerAssigned { agreement_id, side, manager })
}

pub fn review(review: &str, agreement: &str, kind: ReviewKind) -> Body {
    let decision = (kind == ReviewKind::QuarterlyReview).then_some(ReviewDecision::Expand as i32);
    let (review_id, agreement_id, summary) = (review.to_owned(), agreement.to_owned(), "went well".to_owned());
    Body::ReviewHeld(proto::ReviewHeld { review_id, agreement_id, kind: kind as i32, decision, summary })
}

pub fn brand_use(brand_use: &str, agreement: &str, channel: BrandChannel) -> Body {
    Body::BrandUseRequested(proto::BrandUseRequested {
        brand_use_id: brand_use.into(),
        agreement_id: agreement.into(),
        requested_by: Side::Partner as i32,
        channel: channel as i32,
        asset: "logo.svg".into(),
    })
}

pub fn decided(brand_use: &str, approved: bool) -> Body {
    Body::BrandUseDecided(proto::BrandUseDecided { brand_use_id: brand_use.into(), approved, note: "not on red".into() })
}

pub fn breach(breach: &str, agreement: &str, cure_by: Option<&str>) -> Body {
    Body::BreachReported(proto::BreachReported {
        breach_id: breach.into(),
        agreement_id: agreement.into(),
        by: Side::Partner as i32,
        clause: BreachClause::Payment as i32,
        cure_by: cure_by.map(|date| timestamp(day(date))),
        description: "an invoice is open".into(),
    })
}

pub fn cured(breach: &str) -> Body {
    Body::BreachCured(proto::BreachCured { breach_id: breach.into() })
}

fn step(subject: Subject, step: LaunchStep) -> Body {
    Body::LaunchStepCompleted(proto::LaunchStepCompleted { subject: Some(subject), step: step as i32 })
}

pub fn launched(agreement: &str, number: LaunchStep) -> Body {
    step(Subject::AgreementId(agreement.into()), number)
}

pub fn assessed(partner: &str, marks: [u32; 3], competitor: bool) -> Body {
    let [complementarity, shared_audience, brand_alignment] = marks;
    let (partner_id, notes) = (partner.to_owned(), "looked at".to_owned());
    Body::PartnerAssessed(proto::PartnerAssessed { partner_id, complementarity, shared_audience, brand_alignment, competitor, notes })
}

/// The website needs no approval, the press always does.
fn branded() -> proto::Terms {
    let channel = |channel: BrandChannel| channel as i32;
    let brand_use = proto::BrandUseTerms {
        allowed_channels: [BrandChannel::Website, BrandChannel::PressRelease].map(channel).to_vec(),
        approval_channels: vec![BrandChannel::PressRelease as i32],
    };
    proto::Terms { brand_use: Some(brand_use), ..terms() }
}

fn begun() -> Story {
    Story::default().on("2025-01-01", registered("acme")).on("2025-01-01", signed("a", "acme", branded()))
}

fn agreement(story: &Story, seen: Seen) -> proto::Agreement {
    let request = GetAgreementRequest { agreement_id: "a".into(), options: None };
    ask::<GetAgreement>(story, seen, &request).expect("known").agreement.expect("an agreement")
}

fn partner(story: &Story, seen: Seen) -> proto::Partner {
    let request = GetPartnerRequest { partner_id: "acme".into(), options: None };
    ask::<GetPartner>(story, seen, &request).expect("known").partner.expect("a partner")
}

#[test]
fn managers_are_those_last_named_the_house_first() {
    let story = begun().on("2025-02-01", manager("a", Side::Partner, "Ann")).on("2025-02-02", manager("a", Side::House, "Bo"));
    // Told late, an earlier choice does not replace the later one.
    let story = story.on("2025-03-01", manager("a", Side::Partner, "Cy")).on("2025-02-15", manager("a", Side::Partner, "Di"));
    let named = |seen| agreement(&story, seen).managers.into_iter().map(|named| (named.side(), named.manager)).collect::<Vec<_>>();
    assert_eq!(named(story.seen("2025-01-31")), []);
    assert_eq!(named(story.seen("2025-02-10")), [(Side::House, "Bo".to_owned()), (Side::Partner, "Ann".to_owned())]);
    assert_eq!(named(story.seen("2025-02-20"))[1].1, "Di");
    assert_eq!(named(story.seen("2025-04-01"))[1].1, "Cy");
    assert_eq!(named(Seen { position: 3, ..story.seen("2025-04-01") }), [(Side::Partner, "Ann".to_owned())]);
}

#[test]
fn launch_steps_stand_in_the_order_of_the_checklist() {
    let of_agreement = |number| launched("a", number);
    let story = begun().on("2025-01-05", step(Subject::PartnerId("acme".into()), LaunchStep::Contacted));
    let story = story.on("2025-01-04", step(Subject::PartnerId("acme".into()), LaunchStep::Identified));
    let story = story.on("2025-02-01", of_agreement(LaunchStep::KickedOff)).on("2025-02-03", of_agreement(LaunchStep::Signed));
    // What was done with the partner is not done for the agreement, and the other way round.
    let mut story = story.on("2025-02-04", of_agreement(LaunchStep::Contacted));
    let refused = story.tell(day("2025-02-05"), of_agreement(LaunchStep::Signed)).expect_err("done before");
    assert_eq!(refused.code(), "ALREADY_DONE");
    let steps = |done: Vec<proto::LaunchStepDone>| done.iter().map(proto::LaunchStepDone::step).collect::<Vec<_>>();
    let seen = story.seen("2025-03-01");
    assert_eq!(steps(partner(&story, seen).launch_steps), [LaunchStep::Identified, LaunchStep::Contacted]);
    assert_eq!(steps(agreement(&story, seen).launch_steps), [LaunchStep::Contacted, LaunchStep::Signed, LaunchStep::KickedOff]);
    assert_eq!(steps(agreement(&story, story.seen("2025-02-02")).launch_steps), [LaunchStep::KickedOff]);
    let signed = agreement(&story, seen).launch_steps[1];
    assert_eq!((signed.completed_at, signed.position), (Some(timestamp(day("2025-02-03"))), 6));
}

#[test]
fn reviews_are_told_in_the_order_in_which_they_were_held() {
    let story = begun().on("2025-04-01", review("q1", "a", ReviewKind::QuarterlyReview));
    let story = story.on("2025-02-01", review("c1", "a", ReviewKind::CheckIn));
    let reviews = agreement(&story, story.seen("2025-04-01")).reviews;
    let told: Vec<_> = reviews.iter().map(|held| (held.review_id.as_str(), held.decision.map(|_| held.decision()))).collect();
    assert_eq!(told, [("c1", None), ("q1", Some(ReviewDecision::Expand))]);
    assert_eq!(reviews[1].summary, "went well");
    assert_eq!(agreement(&story, story.seen("2025-03-31")).reviews.len(), 1);
}

#[test]
fn a_brand_use_is_approved_at_once_only_where_the_terms_allow_it() {
    let story = begun().on("2025-02-01", brand_use("web", "a", BrandChannel::Website));
    let story = story.on("2025-02-02", brand_use("press", "a", BrandChannel::PressRelease));
    let story = story.on("2025-02-03", brand_use("social", "a", BrandChannel::Social));
    let mut story = story.on("2025-02-05", decided("press", false));
    let refused = story.tell(day("2025-02-06"), decided("web", true)).expect_err("approved at once is decided");
    assert_eq!((refused.code(), refused.metadata()), ("ALREADY_DONE", vec![("position", "3".to_owned())]));
    let uses = |date: &str| {
        let uses = agreement(&story, story.seen(date)).brand_uses.into_iter();
        uses.map(|shown| (shown.brand_use_id, shown.approved, shown.decided_at)).collect::<Vec<_>>()
    };
    let at = |date: &str| Some(timestamp(day(date)));
    assert_eq!(
        uses("2025-02-04"),
        [("web".to_owned(), Some(true), at("2025-02-01")), ("press".to_owned(), None, None), ("social".to_owned(), None, None)]
    );
    assert_eq!(uses("2025-02-05")[1], ("press".to_owned(), Some(false), at("2025-02-05")));
    assert_eq!(agreement(&story, story.seen("2025-02-05")).brand_uses[1].note, "not on red");
    let before_the_decision = Seen { position: 5, ..story.seen("2025-03-01") };
    assert_eq!(agreement(&story, before_the_decision).brand_uses[1].approved, None);
}

#[test]
fn an_agreement_without_terms_in_force_approves_nothing_at_once() {
    let Body::AgreementSigned(later) = signed("a", "acme", branded()) else { unreachable!("a signature") };
    let later = proto::AgreementSigned { effective_at: Some(timestamp(day("2025-06-01"))), ..later };
    let story = Story::default().on("2025-01-01", registered("acme")).on("2025-01-01", Body::AgreementSigned(later));
    let story = story.on("2025-02-01", brand_use("early", "a", BrandChannel::Website));
    let story = story.on("2025-06-01", brand_use("on-time", "a", BrandChannel::Website));
    let approved: Vec<_> = agreement(&story, story.seen("2025-07-01")).brand_uses.iter().map(|shown| shown.approved).collect();
    assert_eq!(approved, [None, Some(true)]);
}

#[test]
fn a_breach_is_shown_with_its_cure() {
    let mut story = begun().on("2025-02-01", breach("late", "a", Some("2025-03-01"))).on("2025-02-20", cured("late"));
    assert_eq!(story.tell(day("2025-02-21"), cured("late")).expect_err("once").code(), "ALREADY_DONE");
    let shown = |date: &str| agreement(&story, story.seen(date)).breaches.remove(0);
    assert_eq!(shown("2025-02-19").cured_at, None);
    let breach = shown("2025-02-20");
    assert_eq!((breach.by(), breach.clause()), (Side::Partner, BreachClause::Payment));
    assert_eq!((breach.cure_by, breach.cured_at), (Some(timestamp(day("2025-03-01"))), Some(timestamp(day("2025-02-20")))));
}

#[test]
fn a_fit_is_that_of_the_latest_assessment() {
    let story = begun().on("2025-03-01", assessed("acme", [3, 4, 5], false)).on("2025-02-01", assessed("acme", [5, 5, 5], true));
    let fit = |date: &str| partner(&story, story.seen(date)).fit;
    assert_eq!(fit("2025-01-31"), None);
    assert_eq!(fit("2025-02-01").map(|fit| (fit.competitor, fit.fits)), Some((true, false)), "a competitor never fits");
    let latest = fit("2025-03-01").expect("assessed");
    assert_eq!((latest.complementarity, latest.shared_audience, latest.brand_alignment, latest.fits), (3, 4, 5, true));
    assert_eq!((latest.assessed_at, latest.position, latest.notes.as_str()), (Some(timestamp(day("2025-03-01"))), 3, "looked at"));
}

#[test]
fn the_records_of_a_relationship_are_found_by_agreement_and_partner() {
    let story = begun().on("2025-02-01", brand_use("u", "a", BrandChannel::Other)).on("2025-02-02", decided("u", true));
    let story = story.on("2025-02-03", breach("b", "a", None)).on("2025-02-04", cured("b"));
    let story = story.on("2025-02-05", review("r", "a", ReviewKind::CheckIn)).on("2025-02-06", assessed("acme", [1, 2, 3], false));
    assert_eq!(story.index.of_agreement(0, 99), [2, 3, 4, 5, 6, 7]);
    assert_eq!(story.index.of_partner(0, 99), [1, 2, 3, 4, 5, 6, 7, 8]);
}
