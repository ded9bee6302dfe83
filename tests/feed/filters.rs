//! Who wants a part: what matches is found the same way whether it was there or came later, and the position moves past the rest.

use crate::Follower;
use crate::common::events::{adjustment, agreement, event, partner};
use crate::common::facts::{reassigned, referred, refunded, sold};
use crate::common::service::{Service, told};
use crate::kit::{gate, principal, text};
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::{AppendRequest, Event, ReadRecordsRequest, Record, RecordFilter, SubscribeRequest};
use std::sync::Arc;
use tonic::client::GrpcService;
use tonic::codegen::{Body, Bytes, StdError};
use tonic::{Code, Status};

fn parties() -> Vec<Event> {
    let mut events = vec![partner("a"), partner("b"), agreement("aa", "a"), agreement("bb", "b")];
    events.extend([event("lead a", referred("lead-a", "aa")), event("lead b", referred("lead-b", "bb"))]);
    events
}

/// Business of both, some of it about both.
fn business(round: usize) -> Vec<Event> {
    let name = |what: &str| format!("{what} {round}");
    vec![
        event(&name("sale a"), sold(&name("sale-a").replace(' ', "-"), "lead-a", 1_000)),
        event(&name("sale b"), sold(&name("sale-b").replace(' ', "-"), "lead-b", 2_000)),
        event(&name("claim"), referred("lead-a", "bb")),
        event(&name("refund"), refunded(&name("refund").replace(' ', "-"), &name("sale-a").replace(' ', "-"), 100)),
        adjustment(&name("adjustment").replace(' ', "-"), "bb", 70),
        event(&name("to b"), reassigned("lead-a", Some(if round.is_multiple_of(2) { "bb" } else { "aa" }))),
    ]
}

fn filters() -> Vec<RecordFilter> {
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let recently = chrono::Utc::now() - chrono::Duration::minutes(90);
    let late = chrono::Utc::now() + chrono::Duration::hours(1);
    let time = |time: chrono::DateTime<chrono::Utc>| Some(prost_types::Timestamp { seconds: time.timestamp(), nanos: 0 });
    let all = RecordFilter::default();
    vec![
        RecordFilter { partner_ids: ids(&["a"]), ..all.clone() },
        RecordFilter { partner_ids: ids(&["a", "b"]), body_types: ids(&["sale_refunded"]), ..all.clone() },
        RecordFilter { agreement_ids: ids(&["bb"]), ..all.clone() },
        RecordFilter { lead_ids: ids(&["lead-a"]), body_types: ids(&["lead_referred", "lead_reassigned"]), ..all.clone() },
        RecordFilter { body_types: ids(&["commission_adjusted"]), occurred_from: time(recently), ..all.clone() },
        RecordFilter { occurred_from: time(late), ..all.clone() },
        RecordFilter { agreement_ids: ids(&["aa"]), partner_ids: ids(&["b"]), ..all.clone() },
        RecordFilter { body_types: ids(&["review_held"]), ..all.clone() },
        all,
    ]
}

async fn read<T>(client: AuditServiceClient<T>, filter: RecordFilter) -> Result<Vec<Record>, Status>
where
    T: GrpcService<tonic::body::Body>,
    T::Error: Into<StdError>,
    T::ResponseBody: Body<Data = Bytes> + Send + 'static,
    <T::ResponseBody as Body>::Error: Into<StdError> + Send,
{
    let mut client = client;
    let request = ReadRecordsRequest { filter: Some(filter), page_size: 1_000, ..ReadRecordsRequest::default() };
    let mut pages = client.read_records(request).await?.into_inner();
    let mut records = Vec::new();
    while let Some(page) = pages.message().await? {
        records.extend(page.records);
    }
    Ok(records)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_matches_comes_the_same_live_and_later() {
    let service = Arc::new(Service::start().await);
    service.append(parties()).await.expect("recorded");
    let mut live = Vec::new();
    for filter in filters() {
        live.push((filter.clone(), Follower::of(&service, 0, Some(filter)).await));
    }
    let appending = {
        let service = Arc::clone(&service);
        tokio::spawn(async move {
            for round in 0..60 {
                service.append(business(round)).await.expect("recorded");
            }
            // The last record matches nobody's filter but all and the first: positions are told by heartbeats or by what comes.
            service.append([partner("c")]).await.expect("recorded");
        })
    };
    appending.await.expect("no panic");
    let last = service.records().len() as u64;
    let mut kinds = 0;
    for (filter, mut follower) in live {
        let expected = read(service.auditor().await, filter.clone()).await.expect("records");
        while follower.records.len() < expected.len() {
            follower.next().await.expect("it goes on");
        }
        assert!(follower.records == expected, "live, {filter:?}: {:?}", follower.positions());
        // From the beginning, when all is there; and from the middle.
        for after in [0, last / 2] {
            let mut late = Follower::of(&service, after, Some(filter.clone())).await;
            while late.caught_up == 0 {
                late.next().await.expect("it goes on");
            }
            let rest: Vec<_> = expected.iter().filter(|record| record.position > after).cloned().collect();
            assert!(late.records == rest, "after {after}, {filter:?}: {:?}", late.positions());
            assert_eq!(late.position, last, "the position moves past what does not match: {filter:?}");
        }
        kinds += usize::from(!expected.is_empty());
    }
    assert!(kinds >= 5, "the filters find something");
}

#[tokio::test]
async fn a_filter_by_what_nobody_introduced_or_by_no_type_is_refused() {
    let service = Service::start().await;
    service.append(parties()).await.expect("recorded");
    let refused = async |filter| {
        let request = SubscribeRequest { after_position: 0, filter: Some(filter) };
        told(&service.auditor().await.subscribe(request).await.expect_err("refused"))
    };
    let unknown = RecordFilter { lead_ids: vec!["nobody".into()], ..RecordFilter::default() };
    assert_eq!(refused(unknown).await, (Code::NotFound, "UNKNOWN_ID".to_owned()));
    let typo = RecordFilter { body_types: vec!["sale".into()], ..RecordFilter::default() };
    assert_eq!(refused(typo).await, (Code::InvalidArgument, "MALFORMED".to_owned()));
}

/// A partner follows its own records, those that `ReadRecords` shows it, and learns nothing of others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_follows_its_own_records_alone() {
    let (root, own) = (principal("root", "admin", ""), principal("of-a", "partner", "partner = \"a\""));
    let service = Arc::new(Service::behind(gate(&text([&root, &own]))).await);
    let writer = LedgerServiceClient::new(service.connect_as(&root.key).await);
    let append = async |events: Vec<Event>| {
        let request = AppendRequest { events, expected_last_position: None };
        writer.clone().append(request).await.expect("recorded");
    };
    append(parties()).await;
    let auditor = AuditServiceClient::new(service.connect_as(&own.key).await);
    let follow = async |after_position, filter| Follower::begin(auditor.clone(), SubscribeRequest { after_position, filter }).await;
    let mut live = follow(0, None).await.expect("it begins");
    for round in 0..8 {
        // Without what moves the lead: what it is about changes later, and is shown by what it is then.
        let mut events = business(round);
        events.pop();
        append(events).await;
    }
    let expected = read(auditor.clone(), RecordFilter::default()).await.expect("records");
    assert!(expected.len() > 8, "it has records of its own");
    assert!(expected.iter().all(|record| !format!("{record:?}").contains("\"bb\"")), "nothing of the other");
    while live.records.len() < expected.len() {
        live.next().await.expect("it goes on");
    }
    assert!(live.records == expected, "{:?}", live.positions());
    let mut late = follow(0, None).await.expect("it begins");
    while late.caught_up == 0 {
        late.next().await.expect("it goes on");
    }
    assert!(late.records == expected, "{:?}", late.positions());
    // What is another's is as unknown as what nobody introduced.
    for id in ["bb", "nobody-s"] {
        let filter = RecordFilter { agreement_ids: vec![id.into()], ..RecordFilter::default() };
        let Err(status) = follow(0, Some(filter)).await else { panic!("{id} is not its own") };
        assert_eq!(told(&status), (Code::NotFound, "UNKNOWN_ID".to_owned()));
    }
}
