//! Previews: they say what appending would, and leave nothing behind.

use crate::common::events::{adjustment, agreement, event_id, partner};
use crate::common::journals::ControlledJournal;
use crate::common::service::{Service, metadata, told};
use partnership_ledger::ledger::{Append, Error, Events, Limits, Memory};
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::preview_result::Outcome;
use partnership_ledger::proto::{Commission, CommissionRule, Event, GetBalanceRequest, GetPartnerRequest, PreviewRequest, PreviewResponse};
use prost::Message as _;
use std::sync::Arc;
use std::time::Duration;
use tonic::Code;
use tonic_types::StatusExt as _;

async fn preview(service: &Service, events: impl Into<Vec<Event>>) -> PreviewResponse {
    let request = PreviewRequest { events: events.into() };
    service.writer().await.preview(request).await.expect("an answer").into_inner()
}

fn outcomes(response: PreviewResponse) -> Vec<Outcome> {
    response.results.into_iter().map(|result| result.outcome.expect("an outcome")).collect()
}

/// Rows that are recorded, refused, malformed, sent twice, and that rest on ones before them.
fn rows() -> Vec<Event> {
    let mut malformed = adjustment("malformed", "ag", 5);
    malformed.occurred_at = None;
    let mut other = partner("a");
    other.metadata.insert("source".into(), "crm".into());
    vec![
        partner("b"),
        agreement("ag", "b"),
        adjustment("x", "ag", 500),
        malformed,
        adjustment("y", "nowhere", 5),
        partner("a"),
        other,
        adjustment("x", "ag", 500),
        adjustment("z", "ag", 7),
    ]
}

/// One answer has an error for each event, so each is cut as it would be in the trailers of a status.
#[tokio::test]
async fn what_is_wrong_with_an_event_is_cut_as_in_a_status() {
    let service = Service::start().await;
    let Some(Body::AgreementSigned(mut signed)) = agreement("ag", "b").body else { unreachable!("a signature") };
    let rule = CommissionRule { name: "base".into(), ..CommissionRule::default() };
    signed.terms.get_or_insert_default().commission = Some(Commission { rules: vec![rule; 100] });
    let malformed = Event { body: Some(Body::AgreementSigned(signed)), ..agreement("ag", "b") };
    let status = service.append([malformed.clone()]).await.expect_err("malformed");
    let Some(Outcome::Error(error)) = outcomes(preview(&service, [malformed]).await).pop() else { panic!("it is malformed") };
    let named = status.get_error_details().bad_request().expect("it is told").field_violations.len();
    assert_eq!(error.field_violations.len(), named);
    assert_eq!(error.metadata.get("violations_left_out").cloned(), metadata(&status, "violations_left_out"));
    let left_out: usize = error.metadata["violations_left_out"].parse().expect("a number");
    assert!(named > 10 && named + left_out > 100, "{named} and {left_out}");
    assert!(error.encoded_len() <= 6 << 10 && error.message == status.message(), "{} bytes", error.encoded_len());
}

#[tokio::test]
async fn a_preview_says_what_sending_each_event_would() {
    let service = Service::start().await;
    service.append([partner("a")]).await.expect("recorded");
    let previewed = preview(&service, rows()).await;
    assert_eq!(previewed.position, 1);
    for (index, (outcome, row)) in outcomes(previewed).into_iter().zip(rows()).enumerate() {
        match (outcome, service.append([row]).await) {
            (Outcome::Result(would), Ok(response)) => assert_eq!(vec![would], response.results, "{index}"),
            (Outcome::Error(would), Err(status)) => {
                let (code, reason) = told(&status);
                // Alone it is the first.
                let message = would.message.replace(&format!("events[{index}]"), "events[0]");
                assert_eq!((would.code, would.reason, message.as_str()), (code as i32, reason, status.message()), "{index}");
            }
            (would, is) => panic!("{index}: {would:?} and {is:?}"),
        }
    }
}

#[tokio::test]
async fn a_preview_leaves_nothing_behind() {
    let service = Service::start().await;
    service.append([partner("a")]).await.expect("recorded");
    for _ in 0..2 {
        let previewed = outcomes(preview(&service, rows()).await);
        assert_eq!(previewed.iter().filter(|outcome| matches!(outcome, Outcome::Result(_))).count(), 6);
    }
    assert_eq!((service.records().len(), service.ledger.last()), (1, 1));
    let mut reader = service.reader().await;
    let unknown = reader.get_partner(GetPartnerRequest { partner_id: "b".into(), options: None }).await.expect_err("unknown");
    assert_eq!(told(&unknown), (Code::NotFound, "UNKNOWN_ID".into()));
    // Its event ids are free, its business ids as well.
    let recorded = service.append([partner("b"), agreement("ag", "b"), adjustment("x", "ag", 500)]).await.expect("recorded");
    assert!(recorded.results.iter().all(|result| !result.duplicate));
    let balance = reader.get_balance(GetBalanceRequest { partner_id: "b".into(), options: None }).await.expect("a balance").into_inner();
    assert_eq!((balance.balances[0].net, balance.position), (500, 4));
    // And what was recorded before is a duplicate to it.
    let again = outcomes(preview(&service, [partner("b")]).await);
    assert!(matches!(&again[0], Outcome::Result(result) if result.duplicate && result.position == 2), "{again:?}");
}

#[tokio::test]
async fn malformed_events_are_named_by_their_place() {
    let service = Service::start().await;
    let previewed = outcomes(preview(&service, rows()).await);
    let Outcome::Error(error) = &previewed[3] else { panic!("{previewed:?}") };
    assert_eq!((error.reason.as_str(), error.field_violations[0].field.as_str()), ("MALFORMED", "events[3].occurred_at"));
    let none = service.writer().await.preview(PreviewRequest::default()).await.expect_err("nothing");
    assert_eq!(told(&none), (Code::InvalidArgument, "MALFORMED".into()));
    let many: Vec<Event> = (0..10_001).map(|_| Event { event_id: event_id("x"), ..Event::default() }).collect();
    let many = service.writer().await.preview(PreviewRequest { events: many }).await.expect_err("too many");
    assert_eq!(told(&many), (Code::InvalidArgument, "MALFORMED".into()));
}

/// Nobody is told of what is not durable, by a preview as little as by an answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_waits_until_what_it_rests_on_is_durable() {
    let journal = Arc::new(ControlledJournal::default());
    let service = Arc::new(Service::with(journal.clone(), Limits::default()).await);
    journal.hold(true);
    let recording = tokio::spawn({
        let service = Arc::clone(&service);
        async move { service.append([partner("a")]).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut asking = tokio::spawn({
        let service = Arc::clone(&service);
        async move { preview(&service, [partner("a")]).await }
    });
    tokio::time::timeout(Duration::from_millis(200), &mut asking).await.expect_err("it waits");
    journal.hold(false);
    recording.await.expect("a task").expect("recorded");
    let answered = asking.await.expect("a task");
    assert_eq!(answered.position, 1);
    assert!(matches!(&outcomes(answered)[0], Outcome::Result(result) if result.duplicate));
}

/// Whatever is asked, the answer counts in the memory of whoever asks, and for lack of room nothing of it is left behind.
#[tokio::test]
async fn the_answer_to_a_preview_takes_room_in_the_callers_memory() {
    let service = Service::start().await;
    service.append([partner("a"), agreement("ag", "a")]).await.expect("recorded");
    let results: Vec<Event> = (0..200).map(|number| adjustment(&format!("x {number}"), "ag", 500)).collect();
    let rejections = vec![adjustment("y", "nowhere", 500); 200];
    let malformed = vec![Event { event_id: event_id("z"), ..Event::default() }; 200];
    for events in [results, rejections, malformed] {
        let ask = async |account| {
            let append = Append {
                events: Events::from(events.clone()),
                expected_last_position: None,
                recorded_by: "somebody".into(),
                permit: None,
                deadline: None,
                account: Some(account),
            };
            service.ledger.preview(append).await
        };
        let scarce = Memory::new(40_000, Duration::ZERO, Duration::from_millis(7)).account();
        let refused = ask(scarce.clone()).await.map(|previewed| previewed.outcomes.len());
        assert!(matches!(refused, Err(Error::Overloaded { .. })), "{refused:?}");
        assert_eq!((scarce.held(), service.ledger.last()), (0, 2));
        let ample = Memory::new(100 << 20, Duration::ZERO, Duration::from_millis(7)).account();
        let previewed = ask(ample.clone()).await.expect("there is room");
        assert!(previewed.outcomes.len() == 200 && ample.held() >= 200 * 60, "{}", ample.held());
        drop(previewed);
        assert_eq!(ample.held(), 0);
    }
}
