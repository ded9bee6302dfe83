//! Where an agreement stands, and which terms it shows.

use crate::common::facts::{day, registered, signed, terminated, terms, usd};
use crate::common::story::Story;
use crate::views::answers::ask;
use partnership_ledger::domain::Seen;
use partnership_ledger::domain::parse::timestamp;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::{self, AgreementState, EndCause, GetAgreementRequest, ListAgreementsRequest};
use partnership_ledger::queries::agreements::{GetAgreement, ListAgreements};

fn minimum(minor_units: i64) -> proto::Terms {
    proto::Terms { minimum_payout: Some(usd(minor_units)), ..terms() }
}

fn proposed() -> Body {
    let Body::AgreementSigned(signed) = signed("a", "acme", minimum(1)) else { unreachable!("a signature") };
    let proto::AgreementSigned { agreement_id, partner_id, r#type, terms, .. } = signed;
    Body::AgreementProposed(proto::AgreementProposed { agreement_id, partner_id, r#type, terms })
}

fn amended(minor_units: i64, effective_at: &str) -> Body {
    let (terms, effective_at) = (Some(Box::new(minimum(minor_units))), Some(timestamp(day(effective_at))));
    Body::AgreementAmended(proto::AgreementAmended { agreement_id: "a".into(), terms, effective_at })
}

/// Proposed, signed from February on, amended backwards and forwards, ended in June.
fn story() -> Story {
    let Body::AgreementSigned(later) = signed("a", "acme", minimum(2)) else { unreachable!("a signature") };
    let later = proto::AgreementSigned { effective_at: Some(timestamp(day("2025-02-01"))), ..later };
    let story = Story::default().on("2025-01-01", registered("acme")).on("2025-01-02", proposed());
    let story = story.on("2025-01-10", Body::AgreementSigned(later));
    let story = story.on("2025-01-11", amended(3, "2025-01-05")).on("2025-03-01", amended(4, "2025-03-01"));
    story.on("2025-06-01", terminated("a")).on("2025-06-02", registered("beta"))
}

/// State, the terms shown by their minimum and the record that brought them, how many versions.
fn shown(story: &Story, seen: Seen) -> (AgreementState, i64, u64, usize) {
    let request = GetAgreementRequest { agreement_id: "a".into(), options: None };
    let agreement = ask::<GetAgreement>(story, seen, &request).expect("known").agreement.expect("an agreement");
    let minimum = agreement.terms.as_ref().and_then(|terms| terms.minimum_payout.as_ref()).map_or(0, |minimum| minimum.minor_units);
    (agreement.state(), minimum, agreement.terms_position, agreement.versions.len())
}

#[test]
fn an_agreement_shows_the_terms_of_the_time_asked() {
    let story = story();
    assert_eq!(shown(&story, story.seen("2025-01-05")), (AgreementState::Proposed, 1, 2, 0), "only proposed");
    assert_eq!(shown(&story, story.seen("2025-01-20")), (AgreementState::Proposed, 2, 3, 2), "signed, not yet in effect");
    assert_eq!(shown(&story, story.seen("2025-02-01")), (AgreementState::Active, 2, 3, 2));
    assert_eq!(shown(&story, story.seen("2025-03-01")), (AgreementState::Active, 4, 5, 3));
    assert_eq!(shown(&story, story.seen("2025-07-01")), (AgreementState::Terminated, 4, 5, 3), "those at the end");
    assert_eq!(shown(&story, Seen { position: 4, ..story.seen("2025-07-01") }), (AgreementState::Active, 2, 3, 2));
}

#[test]
fn an_end_is_known_before_it_comes() {
    let notice = proto::TerminationNoticeGiven {
        agreement_id: "b".into(),
        given_by: proto::Side::Partner as i32,
        ends_at: Some(timestamp(day("2025-09-01"))),
        reason: String::new(),
    };
    let story = story().on("2025-06-03", signed("b", "beta", terms())).on("2025-07-01", Body::TerminationNoticeGiven(notice));
    let listed = |date: &str, state: AgreementState| {
        let request = ListAgreementsRequest { state: state as i32, ..ListAgreementsRequest::default() };
        ask::<ListAgreements>(&story, story.seen(date), &request).expect("an answer").agreements
    };
    let running = listed("2025-08-31", AgreementState::UnderNotice).pop().expect("one");
    assert_eq!((running.agreement_id.as_str(), running.end_cause()), ("b", EndCause::Notice));
    assert_eq!(running.ends_at, Some(timestamp(day("2025-09-01"))));
    assert_eq!(listed("2025-06-30", AgreementState::Active)[0].ends_at, None, "the notice was not given yet");
    assert_eq!(listed("2025-09-01", AgreementState::Terminated).len(), 2);
}
