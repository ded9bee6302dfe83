//! Connections over TLS: how long they last, and that a session of before brings no certificate back that was withdrawn.

use crate::common::events::partner;
use crate::common::server::Server;
use crate::common::service::{Bare, Bearer};
use crate::kit::{Ca, Certified};
use crate::tls::{Secured, URI};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::{AppendStreamRequest, WhoAmIRequest};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, HandshakeKind, RootCertStore, Stream, SupportedProtocolVersion};
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_rustls::TlsConnector;
use tokio_stream::wrappers::ReceiverStream;
use tonic::service::interceptor::InterceptedService;

/// What a client of HTTP/2 sends first, with settings that are all the usual ones.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// Bytes of a frame's head.
const FRAME_HEAD: usize = 9;
/// How long anything may take.
const LONGEST: Duration = Duration::from_secs(20);

/// A client that keeps its sessions from one connection to the next.
fn client(ca: &Ca, certified: Option<&Certified>, version: &'static SupportedProtocolVersion) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.pem().as_bytes()).expect("a certificate")).expect("a CA");
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider())).with_protocol_versions(&[version]);
    let builder = builder.expect("a version").with_root_certificates(roots);
    let mut config = match certified {
        None => builder.with_no_client_auth(),
        Some(Certified { certificate, key, .. }) => {
            let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).expect("a certificate")];
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
            builder.with_client_auth_cert(chain, key).expect("they fit together")
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

fn localhost() -> ServerName<'static> {
    ServerName::try_from("localhost").expect("a name")
}

/// Connects and waits for the server's first frame, before which its tickets have come. Returns whether a session was resumed.
fn connect(server: &Server, client: &Arc<ClientConfig>) -> io::Result<HandshakeKind> {
    let mut socket = TcpStream::connect(&server.address)?;
    socket.set_read_timeout(Some(LONGEST))?;
    let mut connection = ClientConnection::new(Arc::clone(client), localhost()).map_err(io::Error::other)?;
    let mut stream = Stream::new(&mut connection, &mut socket);
    stream.write_all(PREFACE)?;
    stream.read_exact(&mut [0; FRAME_HEAD])?;
    connection.handshake_kind().ok_or_else(|| io::Error::other("no hands were shaken"))
}

#[test]
fn sessions_are_not_resumed_where_client_certificates_are_asked_for() {
    let secured = Secured::start();
    let certified = secured.client_ca.certify(7, &[URI]);
    let files = ["access.toml", "server.pem", "server.key"].map(|name| secured.path(name).to_str().expect("UTF-8").to_owned());
    let words = ["--access", &files[0], "--tls-cert", &files[1], "--tls-key", &files[2]];
    let asks_for_none = Server::with_options(&secured.path("another-ledger"), &words);
    let clients = [&TLS12, &TLS13].map(|version| {
        // Sessions are resumed where nothing depends on it, so the client would.
        let anybody = client(&secured.ca, None, version);
        let kinds = [(); 2].map(|()| connect(&asks_for_none, &anybody).expect("a connection"));
        assert_eq!(kinds, [HandshakeKind::Full, HandshakeKind::Resumed], "{version:?}");
        let certified = client(&secured.ca, Some(&certified), version);
        for _ in 0..3 {
            assert_eq!(connect(&secured.server, &certified).expect("a connection"), HandshakeKind::Full, "{version:?}");
        }
        certified
    });
    secured.write_client("billing", &certified);
    assert_eq!(secured.who_by_certificate("billing").code, 0);
    std::fs::write(secured.path("revoked.pem"), secured.client_ca.revocations(&[&certified])).expect("written");
    Secured::until(|| secured.who_by_certificate("billing").code != 0);
    for client in clients {
        connect(&secured.server, &client).expect_err("its certificate is withdrawn");
    }
}

#[test]
fn connections_end_in_time_and_calls_under_way_are_finished() {
    let secured = Secured::with(&[], &["--connection-age", "1"]);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let socket = tokio::net::TcpStream::connect(&secured.server.address).await.expect("a connection");
        let tls = TlsConnector::from(client(&secured.ca, None, &TLS13)).connect(localhost(), socket).await.expect("TLS");
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(tls)).await.expect("HTTP/2");
        let connection = tokio::spawn(connection);
        let origin = secured.address().parse().expect("an origin");
        let bearer = Bearer(secured.admin.key.clone());
        let mut client = LedgerServiceClient::with_origin(InterceptedService::new(Bare(sender), bearer), origin);
        let (requests, sent) = tokio::sync::mpsc::channel::<AppendStreamRequest>(1);
        let mut answers = client.append_stream(ReceiverStream::new(sent)).await.expect("a stream").into_inner();
        client.who_am_i(WhoAmIRequest {}).await.expect("it has just begun");
        let begun = Instant::now();
        while client.who_am_i(WhoAmIRequest {}).await.is_ok() {
            assert!(begun.elapsed() < LONGEST, "it goes on");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // What had begun before goes on, and the connection ends with it.
        for name in ["a", "b"] {
            let request = AppendStreamRequest { events: vec![partner(name)], ..AppendStreamRequest::default() };
            requests.send(request).await.expect("it is read");
            assert!(answers.message().await.expect("an answer").is_some());
        }
        drop(requests);
        assert!(answers.message().await.expect("its end").is_none());
        drop(answers);
        tokio::time::timeout(LONGEST, connection).await.expect("it ends").expect("no panic").expect("it ends well");
        let again = secured.ask(&["whoami"], &[("--key-file", "key")]);
        assert_eq!(again.code, 0, "its client comes again: {}", again.error);
    });
}
