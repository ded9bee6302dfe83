//! What ends a subscription: the right that is taken away, the deadline, the server that closes; and how many there may be.

use crate::Follower;
use crate::common::events::partner;
use crate::common::service::{Service, metadata, told};
use crate::kit::{gate, principal, text};
use partnership_ledger::access::AccessFile;
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::{SubscribeRequest, WhoAmIRequest};
use std::sync::Arc;
use std::time::Duration;
use tonic::{Code, Request, Status};

async fn follow(service: &Service, key: &str) -> Result<Follower, Status> {
    Follower::begin(AuditServiceClient::new(service.connect_as(key).await), SubscribeRequest::default()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_that_is_taken_away_ends_it_and_others_go_on() {
    let known = [principal("root", "admin", ""), principal("leaving", "auditor", ""), principal("demoted", "auditor", "")];
    let gate = gate(&text(&known));
    let service = Service::behind(Arc::clone(&gate)).await;
    let [mut stays, mut leaves, mut demoted] =
        [follow(&service, &known[0].key).await, follow(&service, &known[1].key).await, follow(&service, &known[2].key).await]
            .map(|follower| follower.unwrap_or_else(|status| panic!("{status:?}")));
    let mut sections = known[0].section.clone();
    sections.push_str(&known[2].section.replace("auditor", "emitter").replace("roles", "events = [\"leads\"]\nroles"));
    gate.reload(&AccessFile::read(&sections).expect("a good file")).expect("taken");
    let status = leaves.end().await;
    assert_eq!(told(&status), (Code::Unauthenticated, "UNAUTHENTICATED".to_owned()));
    let status = demoted.end().await;
    assert_eq!(told(&status), (Code::PermissionDenied, "PERMISSION_DENIED".to_owned()));
    let mut writer = LedgerServiceClient::new(service.connect_as(&known[0].key).await);
    writer.append(crate::common::events::append_request([partner("a")])).await.expect("recorded");
    stays.until(1).await;
    assert_eq!(stays.records.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_principal_has_so_many_subscriptions_and_one_that_ends_makes_room() {
    let known = [principal("two", "admin", "limits = { subscriptions = 2, streams = 1 }")];
    let service = Service::behind(gate(&text(&known))).await;
    let said = LedgerServiceClient::new(service.connect_as(&known[0].key).await).who_am_i(WhoAmIRequest {}).await;
    assert_eq!(said.expect("an answer").into_inner().limits.expect("limits").subscriptions, 2);
    let _first = follow(&service, &known[0].key).await.expect("the first");
    let second = follow(&service, &known[0].key).await.expect("the second");
    let Err(status) = follow(&service, &known[0].key).await else { panic!("a third") };
    assert_eq!(told(&status), (Code::ResourceExhausted, "RATE_LIMITED".to_owned()));
    assert_eq!(metadata(&status, "limit").as_deref(), Some("subscriptions"));
    drop(second);
    for _ in 0..100 {
        if follow(&service, &known[0].key).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the place was not given back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_and_a_server_that_closes_end_it() {
    let service = Service::start().await;
    service.append([partner("a")]).await.expect("recorded");
    let mut request = Request::new(SubscribeRequest::default());
    // The server's own, which says so: tonic's client keeps it as well, a moment later.
    request.metadata_mut().insert("grpc-timeout", "300m".parse().expect("a header"));
    let mut stream = service.auditor().await.subscribe(request).await.expect("it begins").into_inner();
    let status = loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it ends without a word"),
            Err(status) => break status,
        }
    };
    assert_eq!(told(&status).0, Code::DeadlineExceeded, "{status:?}");
    let mut follower = Follower::of(&service, 0, None).await;
    follower.until(1).await;
    service.ledger.begin_closing();
    let status = follower.end().await;
    assert_eq!(told(&status).0, Code::Unavailable, "{status:?}");
    service.ledger.close().expect("closed");
}
