//! Appends: positions, duplicates, the expected position, batches that are whole or nothing.

use crate::common::events::{adjustment, agreement, event_id, partner};
use crate::common::service::{Service, metadata, told};
use partnership_ledger::clock::ManualClock;
use partnership_ledger::journal::MemoryJournal;
use partnership_ledger::ledger::Limits;
use partnership_ledger::proto::AppendRequest;
use std::sync::Arc;
use tonic::Code;

#[tokio::test]
async fn events_are_recorded_next_to_each_other_and_in_order() {
    let service = Service::start().await;
    let answer = service.append([partner("a"), agreement("ag", "a"), adjustment("x", "ag", 500)]).await.expect("recorded");
    assert_eq!(answer.results.iter().map(|result| result.position).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(answer.position, 3);
    assert_eq!(answer.results[2].effects.len(), 2, "two postings");
    assert!(answer.results.iter().all(|result| !result.duplicate));
    let records = service.records();
    assert_eq!(records[2].effects, answer.results[2].effects);
    assert_eq!(records[0].event, Some(partner("a")));
    assert_eq!(records[0].recorded_by, "anonymous");
}

#[tokio::test]
async fn a_second_delivery_answers_with_the_first() {
    let service = Service::start().await;
    let first = service.append([partner("a"), agreement("ag", "a"), adjustment("x", "ag", 500)]).await.expect("recorded");
    let mut again = adjustment("x", "ag", 500);
    again.event_id = again.event_id.to_uppercase();
    let second = service.append([again]).await.expect("a duplicate");
    let (result, original) = (&second.results[0], &first.results[2]);
    assert_eq!((result.position, result.duplicate, second.position), (3, true, 3));
    assert_eq!((&result.event_id, &result.effects), (&original.event_id, &original.effects));
    assert_eq!(service.records().len(), 3);
}

#[tokio::test]
async fn an_event_id_with_other_content_is_refused() {
    let service = Service::start().await;
    service.append([partner("a")]).await.expect("recorded");
    let mut other = partner("a");
    other.metadata.insert("source".into(), "crm".into());
    let status = service.append([partner("b"), other]).await.expect_err("refused");
    assert_eq!(told(&status), (Code::AlreadyExists, "EVENT_ID_REUSED".into()));
    assert_eq!((metadata(&status, "position"), metadata(&status, "event_index")), (Some("1".into()), Some("1".into())));
    assert!(status.message().starts_with("events[1]: "), "{}", status.message());
    assert_eq!(service.records().len(), 1);
}

#[tokio::test]
async fn one_id_twice_in_a_batch_is_recorded_once() {
    let service = Service::start().await;
    let answer = service.append([partner("a"), partner("b"), partner("a")]).await.expect("recorded");
    let results: Vec<_> = answer.results.iter().map(|result| (result.position, result.duplicate)).collect();
    assert_eq!((results, answer.position), (vec![(1, false), (2, false), (1, true)], 2));
    let mut other = partner("c");
    other.metadata.insert("k".into(), "v".into());
    let status = service.append([partner("c"), other]).await.expect_err("refused");
    assert_eq!(told(&status), (Code::AlreadyExists, "EVENT_ID_REUSED".into()));
    assert_eq!(service.records().len(), 2);
    // What was refused is free to be sent.
    assert!(!service.append([partner("c")]).await.expect("recorded").results[0].duplicate);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_append_from_many_at_once_is_recorded_once() {
    let service = Arc::new(Service::start().await);
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let service = Arc::clone(&service);
            tokio::spawn(async move { service.append([partner("a"), partner("b")]).await.expect("an answer") })
        })
        .collect();
    let mut fresh = 0;
    for task in tasks {
        let answer = task.await.expect("a task");
        assert_eq!(answer.results.iter().map(|result| result.position).collect::<Vec<_>>(), [1, 2]);
        fresh += answer.results.iter().filter(|result| !result.duplicate).count();
    }
    assert_eq!((fresh, service.records().len()), (2, 2));
}

#[tokio::test]
async fn a_refused_batch_leaves_nothing() {
    let service = Service::start().await;
    service.append([partner("a"), agreement("ag", "a")]).await.expect("recorded");
    let status = service.append([partner("b"), adjustment("x", "ag", 5), agreement("other", "nobody")]).await.expect_err("refused");
    assert_eq!(told(&status), (Code::NotFound, "UNKNOWN_ID".into()));
    assert_eq!((metadata(&status, "id"), metadata(&status, "event_index")), (Some("nobody".into()), Some("2".into())));
    let view = service.ledger.view(None).expect("a view");
    assert_eq!((view.position, view.partners.len(), view.accounts.len()), (2, 1, 0));
    drop(view);
    let answer = service.append([adjustment("x", "ag", 5)]).await.expect("as if it had never been sent");
    assert_eq!((answer.results[0].position, answer.results[0].duplicate), (3, false));
}

#[tokio::test]
async fn the_expected_position_guards_an_append() {
    let service = Service::start().await;
    let mut writer = service.writer().await;
    let mut append = async |events: Vec<_>, expected| {
        writer.append(AppendRequest { events, expected_last_position: Some(expected) }).await.map(tonic::Response::into_inner)
    };
    append(vec![partner("a")], 0).await.expect("an empty ledger is at 0");
    let passed = append(vec![partner("b")], 0).await.expect_err("passed");
    assert_eq!(told(&passed), (Code::Aborted, "POSITION_PASSED".into()));
    assert_eq!(metadata(&passed, "last"), Some("1".into()));
    let ahead = append(vec![partner("b")], 7).await.expect_err("not reached");
    assert_eq!(told(&ahead), (Code::FailedPrecondition, "POSITION_NOT_REACHED".into()));
    append(vec![partner("b")], 1).await.expect("recorded");
    let again = append(vec![partner("a"), partner("b")], 0).await.expect("not checked: all are duplicates");
    assert!(again.results.iter().all(|result| result.duplicate));
    let mixed = append(vec![partner("a"), partner("c")], 0).await.expect_err("checked: one is new");
    assert_eq!(told(&mixed).1, "POSITION_PASSED");
}

#[tokio::test]
async fn recorded_at_never_decreases() {
    let at = |hour: i64| chrono::DateTime::from_timestamp(1_900_000_000 + hour * 3_600, 0).expect("a time");
    let clock = Arc::new(ManualClock::new(at(2)));
    let service = Service::with_clock(Arc::new(MemoryJournal::new()), Limits::default(), clock.clone()).await;
    service.append([partner("a")]).await.expect("recorded");
    clock.set(at(1));
    service.append([partner("b")]).await.expect("recorded");
    clock.set(at(3));
    service.append([partner("c")]).await.expect("recorded");
    let seconds: Vec<_> = service.records().iter().map(|record| record.recorded_at.expect("a time").seconds).collect();
    assert_eq!(seconds, [at(2), at(2), at(3)].map(|time| time.timestamp()));
}

#[tokio::test]
async fn the_largest_batch_goes_through_and_one_more_is_malformed() {
    let service = Service::start().await;
    let events: Vec<_> = (0..10_001).map(|number| partner(&format!("p{number}"))).collect();
    let status = service.append(&events[..]).await.expect_err("too many");
    assert_eq!(told(&status), (Code::InvalidArgument, "MALFORMED".into()));
    assert!(status.message().contains("10000"), "{}", status.message());
    let answer = service.append(&events[..10_000]).await.expect("recorded");
    assert_eq!((answer.position, answer.results[9_999].event_id.clone()), (10_000, event_id("partner p9999")));
}

#[tokio::test]
async fn what_would_record_too_much_leaves_nothing_behind() {
    let limits = Limits { request_recorded_bytes: 400, ..Limits::default() };
    let service = Service::with(Arc::new(MemoryJournal::new()), limits).await;
    let mut large = partner("large");
    large.metadata = (0..3).map(|index| (format!("key-{index}"), "x".repeat(200))).collect();
    let refused = service.append([large]).await.expect_err("too much");
    assert_eq!(told(&refused).1, "MESSAGE_TOO_LARGE");
    let small = service.append([partner("small")]).await.expect("the ledger goes on");
    assert_eq!(small.results[0].position, 1);
    service.append([partner("large")]).await.expect("nothing of the refused event stayed");
}
