//! Trouble: deadlines, overload, a disk that breaks, and what goes on all the same.

use crate::common::events::partner;
use crate::common::journals::ControlledJournal;
use crate::common::service::{Service, metadata, told};
use partnership_ledger::ledger::Limits;
use partnership_ledger::proto::{AppendRequest, GetRecordRequest, get_record_request::Key};
use std::sync::Arc;
use std::time::Duration;
use tonic::{Code, Request};
use tonic_types::StatusExt as _;

fn append(name: &str) -> Request<AppendRequest> {
    Request::new(AppendRequest { events: vec![partner(name)], expected_last_position: None })
}

/// With a deadline that the server alone keeps: the client's own would be faster.
fn within(name: &str, timeout: &'static str) -> Request<AppendRequest> {
    let mut request = append(name);
    request.metadata_mut().insert("grpc-timeout", timeout.parse().expect("a timeout"));
    request
}

async fn held(queue_requests: usize) -> (Arc<ControlledJournal>, Service) {
    let journal = Arc::new(ControlledJournal::default());
    let limits = Limits { queue_requests, commit_records: 1, ..Limits::default() };
    let service = Service::with(journal.clone(), limits).await;
    service.append([partner("before")]).await.expect("recorded");
    journal.hold(true);
    (journal, service)
}

#[tokio::test]
async fn a_deadline_is_kept_and_what_waited_too_long_is_not_recorded() {
    let (journal, service) = held(100).await;
    let mut writer = service.connect_bare().await;
    // The first is being synced, the second fills the next commit; the third waits for room in one.
    let calls: Vec<_> = ["one", "two", "three"]
        .map(|name| {
            let mut writer = writer.clone();
            tokio::spawn(async move { writer.append(within(name, "100m")).await })
        })
        .into();
    for call in calls {
        let status = call.await.expect("a task").expect_err("too late");
        assert_eq!(told(&status), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".into()));
    }
    let queued = writer.append(within("four", "20m")).await.expect_err("too late");
    assert_eq!(queued.code(), Code::DeadlineExceeded);
    journal.hold(false);
    writer.append(append("after")).await.expect("recorded");
    let names: Vec<_> = service.records().into_iter().map(|record| record.event.expect("an event").event_id).collect();
    assert!(!names.contains(&crate::common::events::event_id("partner four")), "it waited too long");
    assert!(names.contains(&crate::common::events::event_id("partner one")), "it was under way");
}

#[tokio::test]
async fn overload_is_told_with_when_to_retry_and_passes() {
    let (journal, service) = held(4).await;
    let mut writer = service.writer().await;
    let calls: Vec<_> = (0..4)
        .map(|number| {
            let mut writer = writer.clone();
            tokio::spawn(async move { writer.append(append(&format!("p{number}"))).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let status = writer.append(append("more")).await.expect_err("overload");
    assert_eq!(told(&status), (Code::ResourceExhausted, "OVERLOADED".into()));
    let retry = status.get_error_details().retry_info().and_then(|retry| retry.retry_delay);
    assert_eq!(retry, Some(Limits::default().retry_after));
    journal.hold(false);
    for call in calls {
        call.await.expect("a task").expect("recorded");
    }
    writer.append(append("more")).await.expect("room again");
    assert_eq!(service.records().len(), 6);
}

#[tokio::test]
async fn bytes_are_bounded_as_well() {
    let journal = Arc::new(ControlledJournal::default());
    journal.hold(true);
    let service = Service::with(journal.clone(), Limits { queue_bytes: 1_000, ..Limits::default() }).await;
    let mut writer = service.writer().await;
    let large = AppendRequest { events: (0..50).map(|number| partner(&format!("p{number}"))).collect(), expected_last_position: None };
    let call = tokio::spawn({
        let (mut writer, large) = (writer.clone(), large.clone());
        async move { writer.append(large).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(writer.append(append("x")).await.expect_err("overload").code(), Code::ResourceExhausted);
    journal.hold(false);
    assert_eq!(call.await.expect("a task").expect("the largest gets in alone").into_inner().position, 50);
}

#[tokio::test]
async fn after_a_failed_append_nothing_is_recorded_and_reads_go_on() {
    let (journal, service) = held(4).await;
    let mut writer = service.writer().await;
    let waiting: Vec<_> = (0..3)
        .map(|number| {
            let mut writer = writer.clone();
            tokio::spawn(async move { writer.append(append(&format!("p{number}"))).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    journal.fail();
    journal.hold(false);
    for call in waiting {
        let status = call.await.expect("a task").expect_err("lost");
        assert_eq!(told(&status), (Code::Unavailable, "STOPPED".into()));
        assert!(!status.message().contains("/secret/path"), "inner words stay inside: {}", status.message());
    }
    let later = writer.append(append("later")).await.expect_err("stopped");
    assert_eq!(told(&later).0, Code::Unavailable);
    // Even what was recorded before: the writer answers nothing any more.
    assert_eq!(told(&writer.append(append("before")).await.expect_err("stopped")).0, Code::Unavailable);
    let view = service.ledger.view(None).expect("a view");
    assert_eq!(view.seen.position, 1);
    drop(view);
    let mut auditor = service.auditor().await;
    let read = auditor.get_record(GetRecordRequest { key: Some(Key::Position(1)) }).await.expect("read").into_inner();
    assert_eq!((read.position, read.record.map(|record| record.position)), (1, Some(1)));
    let unseen = auditor.get_record(GetRecordRequest { key: Some(Key::Position(2)) }).await.expect_err("never durable");
    assert_eq!((told(&unseen).1.as_str(), metadata(&unseen, "last")), ("POSITION_NOT_REACHED", Some("1".into())));
}

#[tokio::test]
async fn what_is_not_durable_is_seen_by_nobody() {
    let (journal, service) = held(4).await;
    let mut writer = service.writer().await;
    let call = tokio::spawn({
        let mut writer = writer.clone();
        async move { writer.append(append("new")).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut auditor = service.auditor().await;
    let key = Key::EventId(crate::common::events::event_id("partner new"));
    let status = auditor.get_record(GetRecordRequest { key: Some(key) }).await.expect_err("not yet");
    assert_eq!(told(&status), (Code::NotFound, "UNKNOWN_ID".into()));
    // A duplicate of it is not answered before it is durable, nor is a refusal that rests on it.
    let early = service.connect_bare().await.append(within("new", "50m")).await.expect_err("not yet");
    assert_eq!(early.code(), Code::DeadlineExceeded);
    journal.hold(false);
    call.await.expect("a task").expect("recorded");
    let duplicate = writer.append(append("new")).await.expect("a duplicate").into_inner();
    assert!(duplicate.results[0].duplicate);
}
