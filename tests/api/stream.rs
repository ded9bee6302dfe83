//! Append streams: answered in the order sent, and not ended by a request that fails.

use crate::common::events::{agreement, partner};
use crate::common::journals::ControlledJournal;
use crate::common::service::{Service, told};
use partnership_ledger::ledger::Limits;
use partnership_ledger::proto::append_stream_response::Outcome;
use partnership_ledger::proto::{AppendStreamRequest, AppendStreamResponse, Event};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Streaming};

fn request(request_id: impl Into<String>, events: impl Into<Vec<Event>>) -> AppendStreamRequest {
    AppendStreamRequest { request_id: request_id.into(), events: events.into(), expected_last_position: None }
}

async fn open(service: &Service) -> (mpsc::Sender<AppendStreamRequest>, Streaming<AppendStreamResponse>) {
    let (sender, requests) = mpsc::channel(1_024);
    let answers = service.writer().await.append_stream(ReceiverStream::new(requests)).await.expect("a stream").into_inner();
    (sender, answers)
}

#[tokio::test]
async fn requests_are_answered_in_order_and_a_failing_one_ends_nothing() {
    let service = Service::start().await;
    let requests = vec![
        request("1", [partner("a")]),
        request("2", [agreement("x", "nobody")]),
        request("3", []),
        request("4", [agreement("ag", "a")]),
        request("", [partner("a")]),
        request("x".repeat(257), [partner("z")]),
    ];
    let stream = service.writer().await.append_stream(tokio_stream::iter(requests)).await.expect("a stream").into_inner();
    let answers: Vec<_> = stream.map(|answer| answer.expect("an answer")).collect().await;
    let ids: Vec<_> = answers.iter().map(|answer| answer.request_id.as_str()).collect();
    assert_eq!(ids[..5], ["1", "2", "3", "4", ""]);
    let told: Vec<_> = answers
        .iter()
        .map(|answer| match answer.outcome.as_ref().expect("an outcome") {
            Outcome::Response(response) => format!("{} {}", response.results[0].position, response.results[0].duplicate),
            Outcome::Error(error) => format!("{} {} {}", error.code, error.reason, error.field_violations.len()),
        })
        .collect();
    assert_eq!(told, ["1 false", "5 UNKNOWN_ID 0", "3 MALFORMED 1", "2 false", "1 true", "3 MALFORMED 1"]);
    assert_eq!(service.records().len(), 2);
}

#[tokio::test]
async fn many_requests_go_through_one_stream_without_waiting() {
    let service = Service::start().await;
    let requests: Vec<_> = (0..3_000).map(|number| request(number.to_string(), [partner(&format!("p{number}"))])).collect();
    let mut stream = service.writer().await.append_stream(tokio_stream::iter(requests)).await.expect("a stream").into_inner();
    for number in 0..3_000_u64 {
        let answer = stream.message().await.expect("an answer").expect("as many answers as requests");
        assert_eq!(answer.request_id, number.to_string());
        assert!(
            matches!(answer.outcome, Some(Outcome::Response(response)) if response.position > number && response.results[0].position == number + 1)
        );
    }
}

#[tokio::test]
async fn a_stream_waits_for_room_instead_of_being_refused() {
    let journal = Arc::new(ControlledJournal::default());
    journal.hold(true);
    let service = Service::with(journal.clone(), Limits { queue_requests: 4, ..Limits::default() }).await;
    let (sender, mut answers) = open(&service).await;
    for number in 0..20 {
        sender.send(request("", [partner(&format!("p{number}"))])).await.expect("sent");
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    journal.hold(false);
    for number in 1..=20 {
        let answer = answers.message().await.expect("an answer").expect("an answer");
        assert!(matches!(answer.outcome, Some(Outcome::Response(response)) if response.results[0].position == number));
    }
}

#[tokio::test]
async fn a_closing_ledger_finishes_what_a_stream_has_sent_and_ends_it() {
    let service = Service::start().await;
    let (sender, mut answers) = open(&service).await;
    sender.send(request("last", [partner("a")])).await.expect("sent");
    assert_eq!(answers.message().await.expect("an answer").expect("an answer").request_id, "last");
    service.ledger.begin_closing();
    let status = answers.message().await.expect_err("the end");
    assert_eq!(told(&status), (Code::Unavailable, "STOPPED".into()));
}

#[tokio::test]
async fn a_message_beyond_the_limit_ends_the_stream_and_tells_the_limit() {
    let service = Service::start().await;
    let (sender, mut answers) = open(&service).await;
    let mut large = partner("large");
    large.metadata.insert("k".into(), "v".repeat(5 << 20));
    sender.send(request("1", [partner("a")])).await.expect("sent");
    sender.send(request("2", [large])).await.expect("sent");
    assert_eq!(answers.message().await.expect("an answer").expect("an answer").request_id, "1");
    let status = answers.message().await.expect_err("the end");
    assert_eq!(told(&status), (Code::OutOfRange, "MESSAGE_TOO_LARGE".into()));
    assert!(status.message().contains("4194304"), "{}", status.message());
}
