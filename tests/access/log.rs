//! The access log: who asked for what, by which credential, and what was decided. Never a credential itself.

use crate::common::events::{append_request, partner};
use crate::common::program::{STORY, finish, program};
use crate::common::server::Server;
use crate::common::service::{Service, told};
use crate::kit::{Known, gate, principal, text};
use crate::tls::{Secured, URI};
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::partnership_service_client::PartnershipServiceClient;
use partnership_ledger::proto::{AppendStreamRequest, GetPartnerRequest, ListEntriesRequest, ReadRecordsRequest, WhoAmIRequest};
use partnership_ledger::server::{AccessLog, AccessLogSettings, Observers};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use tonic::transport::Channel;

/// A service in memory with an access log.
struct Logged {
    service: Service,
    path: PathBuf,
    _dir: TempDir,
}

fn settings(path: &Path) -> AccessLogSettings {
    AccessLogSettings { path: path.to_owned(), is_required: false, sample: 1.0, max_bytes: None, kept_files: 0 }
}

impl Logged {
    async fn start(known: &[&Known], change: impl FnOnce(&mut AccessLogSettings)) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("access.log");
        let mut settings = settings(&path);
        change(&mut settings);
        let log = AccessLog::open(&settings).expect("a log");
        let observers = Arc::new(Observers::new(Some(Arc::new(log)), None, false));
        let service = Service::observed(gate(&text(known.iter().copied())), Some(observers.observer())).await;
        Self { service, path, _dir: dir }
    }

    /// So many lines, once they are there.
    async fn lines(&self, count: usize) -> Vec<Value> {
        let begun = Instant::now();
        loop {
            let lines = read(&self.path);
            if lines.len() >= count {
                assert_eq!(lines.len(), count, "{lines:#?}");
                return lines;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{count} lines were to come: {lines:#?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn read(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

fn said<const N: usize>(line: &Value, fields: [&str; N]) -> [String; N] {
    fields.map(|field| line[field].as_str().map_or_else(|| line[field].to_string(), str::to_owned))
}

#[tokio::test]
async fn each_call_has_a_line_that_says_who_asked_for_what_and_what_was_decided() {
    let (root, shop) = (principal("root", "admin", ""), principal("shop", "emitter", "events = [\"leads\"]"));
    let auditor = principal("auditor", "auditor", "limits = { streams = 1 }");
    let logged = Logged::start(&[&root, &shop, &auditor], |_| ()).await;
    let service = &logged.service;
    let mut writer = LedgerServiceClient::new(service.connect_as(&root.key).await);
    writer.append(append_request([partner("a"), partner("b")])).await.expect("recorded");
    writer.append(append_request([partner("a")])).await.expect("it was before");
    let mut reader = PartnershipServiceClient::new(service.connect_as(&root.key).await);
    reader.get_partner(GetPartnerRequest { partner_id: "a".to_owned(), options: None }).await.expect("an answer");
    let entries = ListEntriesRequest { partner_id: "nobody".to_owned(), lead_id: Some("l".to_owned()), ..ListEntriesRequest::default() };
    reader.list_entries(entries).await.expect_err("there is nobody");
    LedgerServiceClient::new(service.connect_as(&shop.key).await).append(append_request([partner("c")])).await.expect_err("not its type");
    LedgerServiceClient::new(service.connect_as(&auditor.key).await)
        .append(append_request([partner("c")]))
        .await
        .expect_err("not its role");
    let stranger = principal("stranger", "admin", "");
    for credential in [stranger.key.as_str(), "nonsense-that-is-no-token"] {
        LedgerServiceClient::new(service.connect_as(credential).await).who_am_i(WhoAmIRequest {}).await.expect_err("not known");
    }
    service.writer().await.who_am_i(WhoAmIRequest {}).await.expect_err("nobody");
    // Health is asked by everybody, and logged for nobody.
    let mut health = tonic_health::pb::health_client::HealthClient::new(service.connect().await);
    health.check(tonic_health::pb::HealthCheckRequest::default()).await.expect("an answer");
    let lines = logged.lines(9).await;
    let told: Vec<_> = lines.iter().map(|line| said(line, ["principal", "authentication", "rpc", "decision", "kind", "code"])).collect();
    let expected = [
        ["root", "api_key", "LedgerService/Append", "allowed", "null", "OK"],
        ["root", "api_key", "LedgerService/Append", "allowed", "null", "OK"],
        ["root", "api_key", "PartnershipService/GetPartner", "allowed", "null", "OK"],
        ["root", "api_key", "PartnershipService/ListEntries", "allowed", "null", "NOT_FOUND"],
        ["shop", "api_key", "LedgerService/Append", "refused", "event_type", "PERMISSION_DENIED"],
        ["auditor", "api_key", "LedgerService/Append", "refused", "role", "PERMISSION_DENIED"],
        ["null", "unauthenticated", "LedgerService/WhoAmI", "refused", "unknown_key", "UNAUTHENTICATED"],
        ["null", "unauthenticated", "LedgerService/WhoAmI", "refused", "malformed", "UNAUTHENTICATED"],
        ["null", "unauthenticated", "LedgerService/WhoAmI", "refused", "missing", "UNAUTHENTICATED"],
    ];
    for (told, expected) in told.iter().zip(&expected) {
        assert_eq!(told, expected);
    }
    assert_eq!((&lines[0]["first_position"], &lines[0]["last_position"]), (&1.into(), &2.into()));
    assert_eq!((&lines[0]["events"], &lines[1]["duplicates"]), (&serde_json::json!({"partner_registered": 2}), &1.into()));
    assert_eq!((&lines[2]["subjects"], &lines[2]["read_at"]), (&serde_json::json!({"partner_id": ["a"]}), &2.into()));
    assert_eq!(lines[3]["subjects"], serde_json::json!({"partner_id": ["nobody"], "lead_id": ["l"]}));
    assert_eq!(lines[3]["reason"], "UNKNOWN_ID");
    assert!(lines[5]["why"].as_str().is_some_and(|why| why.contains("emitter")), "{}", lines[5]);
    let text = std::fs::read_to_string(&logged.path).expect("a log");
    for secret in [&root.key, &shop.key, &auditor.key, &stranger.key, &"nonsense-that-is-no-token".to_owned()] {
        assert!(
            !text.contains(secret.as_str()) && !text.contains(secret.rsplit('_').next().expect("a part")),
            "a credential is in the log"
        );
    }
}

#[tokio::test]
async fn streams_have_a_line_when_they_end_and_a_sample_leaves_out_appends_of_emitters_alone() {
    let (root, shop) = (principal("root", "admin", "limits = { streams = 1 }"), principal("shop", "emitter", "events = [\"partners\"]"));
    let logged = Logged::start(&[&root, &shop], |settings| settings.sample = 0.0).await;
    let service = &logged.service;
    let mut emitter = LedgerServiceClient::new(service.connect_as(&shop.key).await);
    emitter.append(append_request([partner("a")])).await.expect("recorded");
    emitter.append(append_request([partner("")])).await.expect_err("malformed");
    let mut writer = LedgerServiceClient::new(service.connect_as(&root.key).await);
    let (sender, requests) = tokio::sync::mpsc::channel(2);
    let mut answers = writer.append_stream(ReceiverStream::new(requests)).await.expect("a stream").into_inner();
    for id in ["b", ""] {
        sender.send(AppendStreamRequest { events: vec![partner(id)], ..AppendStreamRequest::default() }).await.expect("it is read");
        answers.message().await.expect("an answer").expect("one");
    }
    let mut auditor = AuditServiceClient::new(service.connect_as(&root.key).await);
    let status = auditor.read_records(ReadRecordsRequest::default()).await.expect_err("it has one");
    assert_eq!(told(&status).1, "RATE_LIMITED");
    logged.lines(2).await;
    drop(sender);
    while answers.message().await.expect("an end").is_some() {}
    logged.lines(3).await;
    let mut pages = auditor.read_records(ReadRecordsRequest::default()).await.expect("a stream").into_inner();
    while pages.message().await.expect("pages").is_some() {}
    let lines = logged.lines(4).await;
    let told: Vec<_> = lines.iter().map(|line| said(line, ["rpc", "decision", "kind", "code"])).collect();
    assert_eq!(told[0], ["LedgerService/Append", "allowed", "null", "INVALID_ARGUMENT"]);
    assert_eq!(told[1], ["AuditService/ReadRecords", "refused", "rate", "RESOURCE_EXHAUSTED"]);
    assert_eq!(told[2], ["LedgerService/AppendStream", "allowed", "null", "OK"]);
    assert_eq!((&lines[2]["last_position"], &lines[2]["refused"]), (&2.into(), &1.into()));
    assert_eq!((&told[3], &lines[3]["read_at"]), (&["AuditService/ReadRecords", "allowed", "null", "OK"].map(str::to_owned), &2.into()));
}

#[tokio::test]
async fn where_the_log_is_required_the_line_is_there_before_the_answer() {
    let root = principal("root", "admin", "");
    let logged = Logged::start(&[&root], |settings| settings.is_required = true).await;
    let mut writer = LedgerServiceClient::new(logged.service.connect_as(&root.key).await);
    for count in 1..=20 {
        let asked = partner(&format!("p-{count}"));
        writer.append(append_request([asked])).await.expect("recorded");
        assert_eq!(read(&logged.path).len(), count);
    }
    writer.append(append_request([partner("")])).await.expect_err("malformed");
    assert_eq!(read(&logged.path).len(), 21);
    // A stream has a line before its first answer, and one at its end.
    let mut auditor = AuditServiceClient::new(logged.service.connect_as(&root.key).await);
    let mut pages = auditor.read_records(ReadRecordsRequest::default()).await.expect("a stream").into_inner();
    pages.message().await.expect("a page").expect("one");
    let lines = read(&logged.path);
    assert_eq!(lines[21]["decision"], "begun");
    while pages.message().await.expect("pages").is_some() {}
    assert_eq!(logged.lines(23).await[22]["decision"], "allowed");
}

#[test]
fn by_certificate_and_by_key_over_tls_and_opened_anew_by_a_signal() {
    let secured = Secured::with_options(&[("--access-log", "access.log")]);
    secured.write_client("billing", &secured.client_ca.certify(7, &["ledger.example", URI]));
    secured.who_by_certificate("billing").json();
    let path = secured.path("access.log");
    Secured::until(|| read(&path).len() == 1);
    let line = &read(&path)[0];
    assert_eq!(said(line, ["principal", "authentication", "peer", "code"]), ["billing", "certificate", "127.0.0.1", "OK"]);
    std::fs::rename(&path, secured.path("access.log.old")).expect("renamed");
    secured.server.signal("-HUP");
    Secured::until(|| path.exists());
    secured.ask(&["--json", "whoami"], &[("--key-file", "key")]).json();
    Secured::until(|| read(&path).len() == 1);
    assert_eq!(said(&read(&path)[0], ["principal", "authentication"]), ["root", "api_key"]);
    assert!(read(&path)[0]["key_id"].is_string());
}

#[test]
fn without_its_line_there_is_no_answer_and_nothing_is_recorded_while_the_disk_is_full() {
    let dir = tempfile::tempdir().expect("a directory");
    let server = Server::with_options(&dir.path().join("ledger"), &["--access-log", "/dev/full", "--access-log-required"]);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let mut client: LedgerServiceClient<Channel> = LedgerServiceClient::new(server.connect().await);
        for _ in 0..3 {
            let status = client.who_am_i(WhoAmIRequest {}).await.expect_err("it cannot be logged");
            assert_eq!(told(&status), (Code::Unavailable, "NOT_LOGGED".to_owned()));
        }
        // By now it is known, so nothing is begun.
        let status = client.append(append_request([partner("a")])).await.expect_err("it cannot be logged");
        assert_eq!(status.code(), Code::Unavailable);
    });
    drop(server);
    let server = Server::with_options(&dir.path().join("ledger"), &["--access-log", "/dev/full"]);
    let whole = finish(program().args(["--address", &format!("http://{}", server.address), "append"]).write_stdin(STORY));
    assert_eq!(whole.code, 0, "{}", whole.error);
    let listed = finish(program().args(["--address", &format!("http://{}", server.address), "--json", "partners"]));
    assert_eq!(listed.out.matches("partner_id").count(), 1, "{}", listed.out);
}
