//! Clients that take in nothing, and requests that are larger than there is room for: memory has a bound whatever they do.

use std::time::Duration;

use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use partnership_ledger::proto::append_stream_response::Outcome;
use partnership_ledger::proto::event::Body as EventBody;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::{AppendRequest, AppendResponse, AppendStreamRequest, Event, PartnerAssessed};
use prost::Message;
use tokio_stream::StreamExt as _;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::{Request, Response};
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::common::events::{event, partner};
use crate::common::server::Server;
use crate::stuck::http_body_of;

/// Bytes of notes in an event.
const NOTES_BYTES: usize = 2_000;

/// What clients hold that take in nothing, for as long as it lasts.
pub struct Unread {
    _answers: Vec<Response<Incoming>>,
    /// How many calls were taken, and how many refused for overload.
    pub taken: usize,
    pub refused: usize,
}

/// A connection on which an answer gets no further than a few bytes.
async fn closed(address: &str) -> http2::SendRequest<Body> {
    let stream = tokio::net::TcpStream::connect(address).await.expect("a connection");
    let mut builder = http2::Builder::new(TokioExecutor::new());
    let builder = builder.initial_stream_window_size(256).initial_connection_window_size(65_535);
    let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.expect("a connection");
    tokio::spawn(connection);
    sender
}

/// Makes a call so many times, each on a connection whose window is closed, and takes in nothing of the answers.
pub async fn calls(server: &Server, connections: usize, each: usize, path: &str, message: &impl Message) -> Unread {
    let message = message.encode_to_vec();
    let length = u32::try_from(message.len()).expect("short").to_be_bytes();
    let framed = Bytes::from([&[0], &length[..], &message].concat());
    let mut calls = Vec::new();
    for _ in 0..connections {
        let sender = closed(&server.address).await;
        for _ in 0..each {
            let request = Request::post(format!("http://ledger/partnership.ledger.v1.{path}"))
                .header("content-type", "application/grpc")
                .header("te", "trailers")
                .body(Body::new(http_body_of(tokio_stream::once(Ok(framed.clone())))))
                .expect("a request");
            let mut sender = sender.clone();
            calls.push(tokio::spawn(async move { sender.send_request(request).await.expect("an answer") }));
        }
    }
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.expect("a call"));
    }
    let refused = answers.iter().filter(|answer| answer.headers().contains_key("grpc-status")).count();
    Unread { taken: answers.len() - refused, refused, _answers: answers }
}

/// Events with long notes about a partner that is known.
pub fn notes(name: &str, count: usize) -> Vec<Event> {
    let assessed = PartnerAssessed {
        partner_id: "noted".into(),
        complementarity: 3,
        shared_audience: 3,
        brand_alignment: 3,
        competitor: false,
        notes: "x".repeat(NOTES_BYTES),
    };
    (0..count).map(|number| event(&format!("{name} {number}"), EventBody::PartnerAssessed(assessed.clone()))).collect()
}

/// Records so many events with long notes.
pub async fn record_notes(server: &Server, count: usize) {
    let mut writer = LedgerServiceClient::new(server.connect().await);
    writer.append(AppendRequest { events: vec![partner("noted")], expected_last_position: None }).await.expect("a partner");
    for first in (0..count).step_by(500) {
        let events = notes(&format!("first {first}"), 500.min(count - first));
        patiently(async || writer.append(AppendRequest { events: events.clone(), expected_last_position: None }).await).await;
    }
}

/// Asks again while it is refused for overload, as its refusal says.
pub async fn patiently<T>(mut ask: impl AsyncFnMut() -> Result<T, Status>) -> T {
    for _ in 0..600 {
        match ask().await {
            Ok(answer) => return answer,
            Err(status) => tokio::time::sleep(pause_of(&status)).await,
        }
    }
    panic!("it is refused for ever");
}

/// How long a refusal says to wait.
fn pause_of(status: &Status) -> Duration {
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    let details = status.get_error_details();
    assert_eq!(details.error_info().map(|info| info.reason.as_str()), Some("OVERLOADED"), "{status:?}");
    details.retry_info().and_then(|retry| retry.retry_delay).expect("when to try again")
}

/// Sends the same large request over so many streams at once, each on a connection of its own, until each has been taken.
pub async fn large_requests(server: &Server, streams: usize, events: &[Event]) {
    let mut sent = Vec::new();
    for _ in 0..streams {
        let (channel, events) = (server.connect().await, events.to_vec());
        sent.push(tokio::spawn(async move {
            let mut writer = LedgerServiceClient::new(channel).max_decoding_message_size(64 << 20);
            loop {
                match large_request(&mut writer, events.clone()).await {
                    Ok(Some(response)) => return response.results.len(),
                    Ok(None) => tokio::time::sleep(Duration::from_millis(100)).await,
                    Err(status) => tokio::time::sleep(pause_of(&status)).await,
                }
            }
        }));
    }
    for call in sent {
        assert_eq!(call.await.expect("a stream"), events.len());
    }
}

/// Sends a request over a stream of its own, which stays open; `None` if it is refused for overload.
async fn large_request(writer: &mut LedgerServiceClient<Channel>, events: Vec<Event>) -> Result<Option<AppendResponse>, Status> {
    let request = AppendStreamRequest { request_id: "large".into(), events, expected_last_position: None };
    let requests = tokio_stream::once(request).chain(tokio_stream::pending());
    let mut answers = writer.append_stream(requests).await?.into_inner();
    let answer = answers.message().await?.expect("an answer");
    match answer.outcome.expect("an outcome") {
        Outcome::Response(response) => Ok(Some(response)),
        Outcome::Error(error) => {
            assert_eq!(error.reason, "OVERLOADED", "{error:?}");
            Ok(None)
        }
    }
}
