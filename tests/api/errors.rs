//! Errors: code, reason and details of every kind, as the contract says.

use crate::common::events::{agreement, event, partner};
use crate::common::service::{Service, metadata, told};
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::{Money, SaleRecorded};
use tonic::Code;
use tonic_types::StatusExt as _;

fn fields(status: &tonic::Status) -> Vec<String> {
    status
        .get_error_details()
        .bad_request()
        .map(|bad| bad.field_violations.iter().map(|field| field.field.clone()).collect())
        .unwrap_or_default()
}

#[tokio::test]
async fn all_bad_fields_of_all_events_are_told_at_once() {
    let service = Service::start().await;
    let mut nameless = partner("bad id!");
    nameless.event_id = "no".into();
    let amount = Some(Money { currency_code: "XYZ".into(), minor_units: -1 });
    let sale = event("sale", Body::SaleRecorded(SaleRecorded { sale_id: "s".into(), amount, ..SaleRecorded::default() }));
    let mut bodiless = partner("b");
    bodiless.body = None;
    bodiless.occurred_at = None;
    let status = service.append([nameless, partner("good"), sale, bodiless]).await.expect_err("malformed");
    assert_eq!(told(&status), (Code::InvalidArgument, "MALFORMED".into()));
    assert_eq!(
        fields(&status),
        [
            "events[0].event_id",
            "events[0].partner_registered.partner_id",
            "events[2].sale_recorded.amount.currency_code",
            "events[2].sale_recorded.amount.minor_units",
            "events[3].occurred_at",
            "events[3].body",
        ]
    );
    assert_eq!(fields(&service.append([]).await.expect_err("empty")), ["events"]);
    assert!(service.records().is_empty());
}

/// Clients refuse trailers beyond 8 KiB and report RESOURCE_EXHAUSTED, which reads as an invitation to try again.
#[tokio::test]
async fn details_fit_into_trailers_however_much_is_wrong() {
    let service = Service::start().await;
    let bad = |number: usize| {
        let mut event = partner(&format!("not an id {number}"));
        event.event_id = "no".into();
        event.occurred_at = None;
        event
    };
    let status = service.append((0..60).map(bad).collect::<Vec<_>>()).await.expect_err("malformed");
    assert_eq!(told(&status), (Code::InvalidArgument, "MALFORMED".into()));
    let (named, left_out) =
        (fields(&status).len(), metadata(&status, "violations_left_out").expect("it is said").parse::<usize>().expect("a number"));
    assert_eq!(named + left_out, 180, "{named} are named");
    assert!(named > 30 && status.details().len() <= 5 << 10, "{named} in {} bytes", status.details().len());
    assert!(status.message().ends_with("(and 179 more)") && status.message().len() <= 1 << 10, "{}", status.message());
    let few = service.append([bad(0)]).await.expect_err("malformed");
    assert_eq!((fields(&few).len(), metadata(&few, "violations_left_out")), (3, None));
}

#[tokio::test]
async fn times_are_checked_and_not_clamped() {
    let service = Service::start().await;
    let mut early = partner("a");
    early.occurred_at = Some(prost_types::Timestamp { seconds: i64::MIN, nanos: 0 });
    let mut odd = partner("b");
    odd.occurred_at = Some(prost_types::Timestamp { seconds: 0, nanos: 1_000_000_000 });
    let status = service.append([early, odd]).await.expect_err("malformed");
    assert_eq!(fields(&status), ["events[0].occurred_at", "events[1].occurred_at"]);
}

#[tokio::test]
async fn refusals_have_the_code_of_their_class() {
    let service = Service::start().await;
    service.append([partner("a")]).await.expect("recorded");
    let unknown = service.append([agreement("ag", "nobody")]).await.expect_err("unknown");
    assert_eq!(told(&unknown), (Code::NotFound, "UNKNOWN_ID".into()));
    assert_eq!((metadata(&unknown, "kind"), metadata(&unknown, "event_index")), (Some("partner_id".into()), Some("0".into())));
    assert!(!unknown.message().starts_with("events["), "one event needs no index: {}", unknown.message());
    let mut again = partner("a");
    again.event_id = crate::common::events::event_id("another");
    let taken = service.append([again]).await.expect_err("taken");
    assert_eq!(told(&taken), (Code::AlreadyExists, "DUPLICATE_ID".into()));
    let mut future = partner("b");
    future.occurred_at = Some(prost_types::Timestamp { seconds: chrono::Utc::now().timestamp() + 400, nanos: 0 });
    let early = service.append([future.clone()]).await.expect_err("in the future");
    assert_eq!(told(&early), (Code::FailedPrecondition, "OCCURRED_IN_FUTURE".into()));
    future.occurred_at = Some(prost_types::Timestamp { seconds: chrono::Utc::now().timestamp() + 200, nanos: 0 });
    service.append([future]).await.expect("within the tolerance");
}

#[tokio::test]
async fn a_message_beyond_the_limit_is_told_the_limit() {
    let service = Service::start().await;
    let mut large = partner("a");
    large.metadata.insert("k".into(), "v".repeat(5 << 20));
    let status = service.append([large]).await.expect_err("too large");
    assert_eq!(told(&status), (Code::OutOfRange, "MESSAGE_TOO_LARGE".into()));
    assert!(status.message().contains("4194304"), "{}", status.message());
}

#[tokio::test]
async fn unknown_methods_are_explained() {
    let service = Service::start().await;
    let mut grpc = tonic::client::Grpc::new(service.connect().await);
    grpc.ready().await.expect("ready");
    let path = tonic::codegen::http::uri::PathAndQuery::from_static("/partnership.ledger.v1.LedgerService/Forget");
    let codec: tonic_prost::ProstCodec<(), ()> = tonic_prost::ProstCodec::default();
    let status = grpc.unary(tonic::Request::new(()), path, codec).await.expect_err("no such method");
    assert_eq!(told(&status), (Code::Unimplemented, "UNIMPLEMENTED".into()));
    assert!(status.message().contains("Forget"), "{}", status.message());
}
