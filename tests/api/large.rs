//! Answers stay readable, whatever was recorded: also by clients that take in 4 MiB, and what earlier releases recorded
//! without a bound.

use std::collections::BTreeSet;
use std::sync::Arc;

use partnership_ledger::domain::agreements::terms::MAX_TERMS_BYTES;
use partnership_ledger::journal::{Batch, Journal as _, MemoryJournal};
use partnership_ledger::ledger::Limits;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::partnership_service_client::PartnershipServiceClient;
use partnership_ledger::proto::{
    AgreementAmended, Commission, Event, GetAgreementRequest, ListAgreementsRequest, ListPartnersRequest, ReadOptions, ReviewHeld,
    ReviewKind, Terms, commission_rule::Reward,
};
use prost::Message as _;
use tonic::Code;
use tonic::transport::Channel;
use tonic_types::StatusExt as _;

use crate::common::events::{event, long_named, partner};
use crate::common::facts::{rule, signed};
use crate::common::service::{Service, told};

/// What a client takes in unless told otherwise.
const CLIENT_BYTES: usize = 4 << 20;

/// Terms of about so many bytes: rules with many products.
fn terms_of(bytes: usize, mark: u32) -> Terms {
    let rules = (0..bytes.div_ceil(250_000)).map(|number| {
        let mut rule = rule(Reward::RateBps(mark));
        rule.name = format!("rule {number}");
        rule.products = (0..bytes.min(250_000) / 250).map(|number| format!("{number:0246}")).collect();
        rule
    });
    Terms { commission: Some(Commission { rules: rules.collect() }), ..Terms::default() }
}

fn amended(agreement: &str, terms: Terms) -> Body {
    Body::AgreementAmended(AgreementAmended { agreement_id: agreement.into(), terms: Some(Box::new(terms)), effective_at: None })
}

fn with_terms(event: &Event, terms: Terms) -> Event {
    let mut event = event.clone();
    match event.body.as_mut().expect("a body") {
        Body::AgreementSigned(signed) => signed.terms = Some(Box::new(terms)),
        Body::AgreementAmended(amended) => amended.terms = Some(Box::new(terms)),
        other => panic!("no terms in {other:?}"),
    }
    event
}

/// Records of an earlier release: agreements with terms of 3.8 MB, and one with several such versions. Returns the service,
/// and one of their events.
async fn of_an_earlier_release(agreements: usize, versions: u32) -> (Service, Event) {
    let small = Service::start().await;
    let mut events = vec![partner("acme")];
    events.extend(
        (0..agreements).map(|number| event(&format!("signed {number}"), signed(&format!("large-{number}"), "acme", Terms::default()))),
    );
    events.extend((1..versions).map(|number| event(&format!("amended {number}"), amended("large-0", Terms::default()))));
    small.append(events).await.expect("recorded");
    let (mut batch, mut large) = (Batch::new(), None);
    for (number, mut record) in (0..).zip(small.records()) {
        if number > 0 {
            record.event = Some(with_terms(record.event.as_ref().expect("an event"), terms_of(3_800_000, number)));
            large.clone_from(&record.event);
        }
        batch.push(&record.encode_to_vec());
    }
    let journal = Arc::new(MemoryJournal::new());
    journal.append(0, &batch).expect("appended");
    (Service::with(journal, Limits::default()).await, large.expect("an event"))
}

/// A client as it is unless told otherwise.
async fn reader(service: &Service) -> PartnershipServiceClient<Channel> {
    PartnershipServiceClient::new(service.connect().await)
}

#[tokio::test]
async fn large_terms_of_earlier_releases_can_be_read() {
    let (service, large) = of_an_earlier_release(4, 4).await;
    let mut reader = reader(&service).await;
    let (mut listed, mut page_token) = (BTreeSet::new(), String::new());
    loop {
        let request = ListAgreementsRequest { page_token, ..ListAgreementsRequest::default() };
        let page = reader.list_agreements(request).await.expect("a page that fits").into_inner();
        for agreement in page.agreements {
            assert!(agreement.terms.is_some() && listed.insert(agreement.agreement_id));
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(listed.len(), 4);
    // Each version is to be seen as of its own position, in the terms then in force.
    let mut rates = BTreeSet::new();
    for (position, expected) in [(2, 1), (6, 2), (7, 3), (8, 4)] {
        let options = Some(ReadOptions { as_of_position: Some(position), ..ReadOptions::default() });
        let request = GetAgreementRequest { agreement_id: "large-0".into(), options };
        let agreement = reader.get_agreement(request).await.expect("an answer that fits").into_inner().agreement.expect("an agreement");
        assert_eq!(u32::try_from(agreement.versions.len()).unwrap() + agreement.entries_left_out, expected);
        rates
            .insert(agreement.terms.expect("terms").commission.expect("rules").rules[0].reward.clone().map(|reward| format!("{reward:?}")));
    }
    assert_eq!(rates.len(), 4, "{rates:?}");
    // The same event again is a duplicate, though terms have a bound today.
    let again = service.append([large]).await.expect("it is recorded").results;
    assert!(again[0].duplicate);
}

#[tokio::test]
async fn new_terms_have_a_bound() {
    let service = Service::start().await;
    service.append([partner("acme")]).await.expect("recorded");
    let most = terms_of(MAX_TERMS_BYTES - 20_000, 1);
    let events = |terms: Terms, name: &str| {
        [event(name, signed(name, "acme", Terms::default())), event(&format!("more {name}"), amended(name, terms))]
    };
    service.append(events(most, "fits")).await.expect("it fits");
    let refused = service.append(events(terms_of(MAX_TERMS_BYTES + 20_000, 1), "too-large")).await.expect_err("too large");
    assert_eq!(told(&refused), (Code::InvalidArgument, "MALFORMED".into()));
    let details = refused.get_error_details();
    assert_eq!(details.bad_request().expect("the field").field_violations[0].field, "events[1].agreement_amended.terms");
    assert_eq!(service.records().len(), 3, "nothing of it is recorded");
}

#[tokio::test]
async fn pages_are_cut_by_bytes_and_go_on_where_they_ended() {
    let service = Service::start().await;
    for first in (0..2_400).step_by(300) {
        let events: Vec<_> = (first..first + 300).map(|number| long_named(&format!("p{number}"), 54)).collect();
        service.append(events).await.expect("recorded");
    }
    let mut reader = reader(&service).await;
    let (mut names, mut pages, mut page_token) = (Vec::new(), 0, String::new());
    loop {
        let request = ListPartnersRequest { page_size: 1_000, page_token, ..ListPartnersRequest::default() };
        let page = reader.list_partners(request).await.expect("a page that fits").into_inner();
        assert!(page.encoded_len() <= CLIENT_BYTES);
        names.extend(page.partners.into_iter().map(|partner| partner.partner_id));
        pages += 1;
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(names, (0..2_400).map(|number| format!("p{number}")).collect::<Vec<_>>());
    assert_eq!(pages, 3);
}

#[tokio::test]
async fn of_many_reviews_the_newest_are_shown_and_the_others_counted() {
    let service = Service::start().await;
    service.append([partner("acme"), event("signed", signed("long", "acme", Terms::default()))]).await.expect("recorded");
    let review = |number: u32| {
        let held = ReviewHeld {
            review_id: format!("review-{number}"),
            agreement_id: "long".into(),
            kind: ReviewKind::CheckIn as i32,
            decision: None,
            summary: "x".repeat(2_000),
        };
        event(&format!("review {number}"), Body::ReviewHeld(held))
    };
    for first in (0..2_000).step_by(500) {
        service.append((first..first + 500).map(review).collect::<Vec<_>>()).await.expect("recorded");
    }
    let mut reader = reader(&service).await;
    let mut asked = async |as_of_position| {
        let options = Some(ReadOptions { as_of_position, ..ReadOptions::default() });
        let request = GetAgreementRequest { agreement_id: "long".into(), options };
        reader.get_agreement(request).await.expect("an answer that fits").into_inner().agreement.expect("an agreement")
    };
    let newest = asked(None).await;
    assert_eq!(newest.reviews.len() + newest.entries_left_out as usize, 2_001, "the version counts as well");
    assert_eq!(newest.reviews.last().map(|review| review.review_id.as_str()), Some("review-1999"));
    let older = asked(Some(newest.reviews[0].position - 1)).await;
    assert_eq!((older.entries_left_out, older.reviews.len() + newest.reviews.len()), (0, 2_000));
}
