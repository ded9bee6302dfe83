//! Traces, as a collector gets them.

use crate::common::server::{ANY_PORT, Server, serving};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::trace::v1::Span;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::partnership_service_client::PartnershipServiceClient;
use partnership_ledger::proto::{GetPartnerRequest, WhoAmIRequest};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// A collector that keeps what it gets.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<Span>>>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(&self, request: Request<ExportTraceServiceRequest>) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let scopes = request.into_inner().resource_spans.into_iter().flat_map(|spans| spans.scope_spans);
        self.0.lock().expect("no panic").extend(scopes.flat_map(|scope| scope.spans));
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn with_parent<T>(message: T, parent: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("traceparent", parent.parse().expect("a header"));
    request
}

#[test]
fn a_call_s_span_has_the_parent_that_the_call_came_with_and_errors_are_sent_in_any_case() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let collector = Collector::default();
    let endpoint = runtime.block_on(async {
        let listener = TcpListener::bind(ANY_PORT).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let service = tonic::transport::Server::builder().add_service(TraceServiceServer::new(collector.clone()));
        tokio::spawn(service.serve_with_incoming(TcpListenerStream::new(listener)));
        format!("http://{address}")
    });
    let dir = tempfile::tempdir().expect("a directory");
    let mut command = serving(&dir.path().join("ledger"), ANY_PORT);
    let log = dir.path().join("access.log");
    command.arg("--access-log").arg(&log).env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint).env("OTEL_TRACES_SAMPLER_ARG", "0");
    let mut server = Server::start(&mut command).expect("it serves");
    runtime.block_on(async {
        let mut client = LedgerServiceClient::new(server.connect().await);
        let sampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        client.who_am_i(with_parent(WhoAmIRequest {}, sampled)).await.expect("an answer");
        // Neither its caller nor the ratio samples it.
        client.who_am_i(with_parent(WhoAmIRequest {}, "00-4bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b7-00")).await.expect("an answer");
        client.who_am_i(WhoAmIRequest {}).await.expect("an answer");
        let nobody = GetPartnerRequest { partner_id: "nobody".to_owned(), options: None };
        PartnershipServiceClient::new(server.connect().await).get_partner(nobody).await.expect_err("there is nobody");
    });
    // What is held is sent at the end.
    assert!(server.terminate().0.success());
    let spans = collector.0.lock().expect("no panic").clone();
    let names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["LedgerService/WhoAmI", "PartnershipService/GetPartner"]);
    assert_eq!(spans[0].trace_id, 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128.to_be_bytes());
    assert_eq!(spans[0].parent_span_id, 0x00f0_67aa_0ba9_02b7_u64.to_be_bytes());
    assert!(spans[0].end_time_unix_nano >= spans[0].start_time_unix_nano);
    assert!(spans[0].attributes.iter().any(|attribute| attribute.key == "rpc.response.status_code"));
    assert!(spans[1].parent_span_id.is_empty());
    let lines = std::fs::read_to_string(&log).expect("a log");
    assert!(lines.lines().next().is_some_and(|line| line.contains("4bf92f3577b34da6a3ce929d0e0e4736")), "{lines}");
}
