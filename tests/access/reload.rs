//! Files exchanged under load: no call fails that has a right, and streams end whose right is taken away.

use crate::common::events::{append_request, partner};
use crate::common::service::{Service, metadata, told};
use crate::kit::{Known, gate, principal, text};
use crate::tls::{Secured, write_server_certificate};
use partnership_ledger::access::AccessFile;
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::{
    AppendResponse, AppendStreamRequest, GetPartnerRequest, GetPartnerResponse, PreviewRequest, PreviewResponse, ReadRecordsRequest,
    WhoAmIRequest,
};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Response, Status};
use tonic_prost::ProstCodec;

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_when_their_right_is_taken_away_and_others_go_on() {
    let (root, leaving) = (principal("root", "admin", ""), principal("leaving", "admin", ""));
    let gate = gate(&text([&root, &leaving]));
    let service = Service::behind(Arc::clone(&gate)).await;
    let mut streams = Vec::new();
    for key in [&root.key, &leaving.key] {
        let (sender, requests) = tokio::sync::mpsc::channel::<AppendStreamRequest>(1);
        let mut client = LedgerServiceClient::new(service.connect_as(key).await);
        let answers = client.append_stream(ReceiverStream::new(requests)).await.expect("a stream").into_inner();
        streams.push((sender, answers));
    }
    gate.reload(&AccessFile::read(&text([&root])).expect("a good file")).expect("taken");
    let status = streams[1].1.message().await.expect_err("its right is gone");
    assert_eq!(told(&status), (Code::Unauthenticated, "UNAUTHENTICATED".to_owned()));
    assert_eq!(metadata(&status, "kind").as_deref(), Some("unknown_key"));
    let request = AppendStreamRequest { events: vec![partner("a")], ..AppendStreamRequest::default() };
    streams[0].0.send(request).await.expect("it is read");
    assert!(streams[0].1.message().await.expect("an answer").is_some());
    // One whose role is taken away is told that.
    let mut demoted = root.section.replace("admin", "auditor");
    demoted.push_str(&principal("another", "admin", "").section);
    gate.reload(&AccessFile::read(&demoted).expect("a good file")).expect("taken");
    let status = streams[0].1.message().await.expect_err("its role is gone");
    assert_eq!(told(&status), (Code::PermissionDenied, "PERMISSION_DENIED".to_owned()));
}

/// Requests that are made once they are asked for: by then the call's headers are on their way.
struct Late<T> {
    asked: Option<oneshot::Sender<()>>,
    requests: ReceiverStream<T>,
}

impl<T> Stream for Late<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        self.asked.take().map(|asked| asked.send(()));
        Pin::new(&mut self.requests).poll_next(context)
    }
}

/// The answer to a call of one request, which comes only once the right of its caller has ended.
async fn late<Q, A>(service: &Service, key: &str, name: &str, request: Q, end: impl FnOnce()) -> Result<Response<A>, Status>
where
    Q: prost::Message + Default + 'static,
    A: prost::Message + Default + 'static,
{
    let connection = service.connect_as(key).await;
    let ((sender, requests), (asked, is_asked)) = (mpsc::channel::<Q>(1), oneshot::channel());
    let requests = Late { asked: Some(asked), requests: ReceiverStream::new(requests) };
    let path = format!("/partnership.ledger.v1.{name}").parse().expect("a path");
    let mut call = tonic::client::Grpc::new(connection.clone());
    call.ready().await.expect("a connection");
    let answer = tokio::spawn(async move { call.client_streaming(Request::new(requests), path, ProstCodec::<Q, A>::default()).await });
    is_asked.await.expect("it is sent");
    // What is sent behind it on the same connection is answered: it has been let in.
    LedgerServiceClient::new(connection).who_am_i(WhoAmIRequest {}).await.expect("it has the right");
    end();
    sender.send(request).await.expect("it is read");
    drop(sender);
    answer.await.expect("no panic")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_after_the_right_of_its_call_has_ended_is_neither_recorded_nor_answered() {
    let (root, leaving) = (principal("root", "admin", ""), principal("leaving", "admin", ""));
    let gate = gate(&text([&root, &leaving]));
    let service = Service::behind(Arc::clone(&gate)).await;
    let take = |known: &[&Known]| gate.reload(&AccessFile::read(&text(known.iter().copied())).expect("a good file")).expect("taken");
    let (append, preview) = (append_request([partner("a")]), PreviewRequest { events: vec![partner("a")] });
    let appended = late::<_, AppendResponse>(&service, &leaving.key, "LedgerService/Append", append.clone(), || take(&[&root]));
    let appended = appended.await.expect_err("its right is gone");
    take(&[&root, &leaving]);
    let previewed = late::<_, PreviewResponse>(&service, &leaving.key, "LedgerService/Preview", preview, || take(&[&root]));
    let previewed = previewed.await.expect_err("its right is gone");
    take(&[&root, &leaving]);
    let question = GetPartnerRequest { partner_id: "a".to_owned(), options: None };
    let asked = late::<_, GetPartnerResponse>(&service, &leaving.key, "PartnershipService/GetPartner", question, || take(&[&root]));
    let asked = asked.await.expect_err("its right is gone");
    for status in [appended, previewed, asked] {
        assert_eq!(told(&status), (Code::Unauthenticated, "UNAUTHENTICATED".to_owned()));
        assert_eq!(metadata(&status, "kind").as_deref(), Some("unknown_key"));
    }
    assert_eq!(service.records().len(), 0);
    // Whose right stays is not refused for coming late.
    take(&[&root, &leaving]);
    let kept = late::<_, AppendResponse>(&service, &root.key, "LedgerService/Append", append, || take(&[&root])).await;
    assert_eq!(kept.expect("recorded").into_inner().results.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_records_that_nobody_takes_ends_as_well() {
    let root = principal("root", "admin", "");
    let gate = gate(&text([&root]));
    let service = Service::behind(Arc::clone(&gate)).await;
    let mut writer = LedgerServiceClient::new(service.connect_as(&root.key).await).max_encoding_message_size(8 << 20);
    for batch in 0..4 {
        let events: Vec<_> = (0..5_000).map(|number| partner(&format!("p-{batch}-{number}"))).collect();
        writer.append(append_request(events)).await.expect("recorded");
    }
    let mut reader = AuditServiceClient::new(service.connect_as(&root.key).await);
    let mut pages = reader.read_records(ReadRecordsRequest::default()).await.expect("a stream").into_inner();
    pages.message().await.expect("a page").expect("one");
    gate.reload(&AccessFile::read(&text([&principal("another", "admin", "")])).expect("a good file")).expect("taken");
    let mut count = 0;
    let status = loop {
        match pages.message().await {
            Ok(Some(page)) => count += page.records.len(),
            Ok(None) => panic!("it was read to its end"),
            Err(status) => break status,
        }
    };
    assert!(count < 20_000);
    assert_eq!(told(&status), (Code::Unauthenticated, "UNAUTHENTICATED".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_its_reader_sees_less_than_before() {
    let (root, reader) = (principal("root", "admin", ""), principal("reader", "auditor", ""));
    let gate = gate(&text([&root, &reader]));
    let service = Service::behind(Arc::clone(&gate)).await;
    let mut writer = LedgerServiceClient::new(service.connect_as(&root.key).await).max_encoding_message_size(8 << 20);
    for batch in 0..4 {
        let events: Vec<_> = (0..5_000).map(|number| partner(&format!("p-{batch}-{number}"))).collect();
        writer.append(append_request(events)).await.expect("recorded");
    }
    let mut client = AuditServiceClient::new(service.connect_as(&reader.key).await);
    let mut pages = client.read_records(ReadRecordsRequest::default()).await.expect("a stream").into_inner();
    pages.message().await.expect("a page").expect("one");
    // Its role still reads records, but those of its own alone.
    let narrowed = reader.section.replace("roles = [\"auditor\"]", "roles = [\"partner\"]\npartner = \"p-0-1\"");
    gate.reload(&AccessFile::read(&format!("{}\n{narrowed}", root.section)).expect("a good file")).expect("taken");
    let status = loop {
        match pages.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it was read to its end"),
            Err(status) => break status,
        }
    };
    assert_eq!(told(&status), (Code::PermissionDenied, "PERMISSION_DENIED".to_owned()));
}

#[test]
fn certificate_and_access_file_are_exchanged_under_load_without_a_failed_call() {
    let secured = Secured::start();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (over, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(secured.ca.pem())).domain_name("localhost");
    let endpoint = Endpoint::from_shared(secured.address()).expect("an address").tls_config(tls).expect("TLS");
    let key: tonic::metadata::MetadataValue<_> = format!("Bearer {}", secured.admin.key).parse().expect("a header");
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let (over, calls, endpoint, key) = (Arc::clone(&over), Arc::clone(&calls), endpoint.clone(), key.clone());
            runtime.spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    // A connection now and then, many calls on each.
                    let channel = endpoint.connect().await.expect("a connection");
                    let put = |mut request: tonic::Request<()>| {
                        request.metadata_mut().insert("authorization", key.clone());
                        Ok(request)
                    };
                    let mut client = LedgerServiceClient::with_interceptor(channel, put);
                    for _ in 0..50 {
                        client.who_am_i(WhoAmIRequest {}).await.expect("it has the right");
                        calls.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        })
        .collect();
    for round in 0..12 {
        write_server_certificate(secured.dir.path(), &secured.ca, 100 + round);
        let others: Vec<_> = (0..=round).map(|number| principal(&format!("other-{number}"), "auditor", "")).collect();
        std::fs::write(secured.path("access.toml"), text(others.iter().chain([&secured.admin]))).expect("written");
        secured.server.signal("-HUP");
        std::thread::sleep(Duration::from_millis(250));
    }
    over.store(true, Ordering::Relaxed);
    for caller in callers {
        runtime.block_on(caller).expect("no call failed");
    }
    assert!(calls.load(Ordering::Relaxed) > 100);
}
