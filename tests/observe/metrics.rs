//! Metrics and health, over HTTP.

use crate::common::events::{append_request, long_named, partner};
use crate::common::program::{STORY, STORY_EVENTS, finish};
use crate::{Observed, get, value};
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::{AppendStreamRequest, SubscribeRequest, WhoAmIRequest};
use std::time::{Duration, Instant};
use tokio_stream::wrappers::ReceiverStream;

fn until(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it did not come so");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_is_recorded_and_refused_is_counted() {
    let dir = tempfile::tempdir().expect("a directory");
    let observed = Observed::on(&dir.path().join("ledger"), &[]);
    for _ in 0..2 {
        assert_eq!(finish(observed.server.command(&["append"]).write_stdin(STORY)).code, 0);
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let mut client = LedgerServiceClient::new(observed.server.connect().await);
        client.append(append_request([partner("")])).await.expect_err("malformed");
        client.who_am_i(WhoAmIRequest {}).await.expect("an answer");
    });
    let metrics = observed.metrics();
    let recorded = f64::from(u32::try_from(STORY_EVENTS).expect("a few"));
    let rpc = "rpc_server_call_duration_seconds_count{rpc_method=\"partnership.ledger.v1.LedgerService";
    for (name, expected) in [
        ("partnership_ledger_position", recorded),
        ("partnership_ledger_appended_events_total{outcome=\"recorded\"}", recorded),
        ("partnership_ledger_appended_events_total{outcome=\"duplicate\"}", recorded),
        ("partnership_ledger_appended_events_total{outcome=\"refused\"}", 1.0),
        ("partnership_ledger_rejections_total{reason=\"MALFORMED\"}", 1.0),
        ("partnership_ledger_recording_stopped", 0.0),
        ("partnership_ledger_append_queue_requests", 0.0),
        ("partnership_ledger_insecure", 0.0),
        ("partnership_ledger_ready", 1.0),
        ("partnership_ledger_snapshot_position", 0.0),
        (&format!("{rpc}/Append\",rpc_response_status_code=\"INVALID_ARGUMENT\"}}"), 1.0),
        (&format!("{rpc}/WhoAmI\",rpc_response_status_code=\"OK\"}}"), 1.0),
    ] {
        assert_eq!(value(&metrics, name), Some(expected), "{name} in {metrics}");
    }
    for name in ["disk_free_bytes", "disk_bytes{part=\"log\"}", "journal_sync_duration_seconds_count", "commit_records_count"] {
        assert!(value(&metrics, &format!("partnership_ledger_{name}")).is_some_and(|value| value > 0.0), "{name} in {metrics}");
    }
    until(|| value(&observed.metrics(), "partnership_ledger_trial_balance_balanced") == Some(1.0));
    assert!(!metrics.contains("acme") && !metrics.contains("lead-1"), "an id is no label");
    let (_, open_metrics) = observed.get("/metrics", "application/openmetrics-text; version=1.0.0");
    assert!(open_metrics.ends_with("# EOF\n") && open_metrics.contains("# UNIT rpc_server_call_duration_seconds seconds\n"));
    assert_eq!(observed.get("/", "*/*").0, 404);
}

#[test]
fn who_follows_is_counted_and_how_far_behind_the_last_one_is() {
    let dir = tempfile::tempdir().expect("a directory");
    let observed = Observed::on(&dir.path().join("ledger"), &[]);
    let of = |name: &str| value(&observed.metrics(), &format!("partnership_ledger_{name}"));
    assert_eq!((of("subscribers"), of("subscriber_lag_records")), (Some(0.0), Some(0.0)));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let mut client = AuditServiceClient::new(observed.server.connect().await);
        let mut stream = client.subscribe(SubscribeRequest::default()).await.expect("a stream").into_inner();
        stream.message().await.expect("it lives").expect("it has everything");
        let mut writer = LedgerServiceClient::new(observed.server.connect().await);
        // More than the windows of a connection that takes nothing, and than what waits for it.
        for round in 0..40 {
            let events: Vec<_> = (0..400).map(|number| long_named(&format!("p-{round}-{number}"), 50)).collect();
            writer.append(append_request(events)).await.expect("recorded");
        }
        until(|| of("subscribers") == Some(1.0) && of("subscriber_lag_records").is_some_and(|lag| lag > 1_000.0));
        drop(stream);
        until(|| (of("subscribers"), of("subscriber_lag_records")) == (Some(0.0), Some(0.0)));
    });
}

#[test]
fn an_endpoint_that_is_behind_or_paused_is_seen() {
    let dir = tempfile::tempdir().expect("a directory");
    let observed = Observed::on(&dir.path().join("ledger"), &[]);
    assert_eq!(finish(observed.server.command(&["append"]).write_stdin(STORY)).code, 0);
    // Nowhere that a server may connect to by itself.
    assert_eq!(observed.server.ask(&["webhooks", "add", "crm", "https://127.0.0.1:1/", "--after", "2"]).code, 0);
    let of = |name: &str| value(&observed.metrics(), &format!("partnership_ledger_webhook_{name}{{endpoint=\"crm\"}}"));
    assert_eq!((of("lag_records"), of("paused")), (Some(7.0), Some(0.0)));
    assert_eq!(observed.server.ask(&["webhooks", "pause", "crm"]).code, 0);
    assert_eq!((of("lag_records"), of("paused")), (Some(7.0), Some(1.0)));
}

#[test]
fn a_server_lives_while_it_ends_and_is_ready_no_more() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut observed = Observed::on(&dir.path().join("ledger"), &["--log-format", "json"]);
    assert_eq!((observed.get("/healthz", "*/*").0, observed.get("/readyz", "*/*").0), (200, 200));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let client = runtime.block_on(async { LedgerServiceClient::new(observed.server.connect().await) });
    let (_requests, waits) = tokio::sync::mpsc::channel::<AppendStreamRequest>(1);
    let stream = {
        let mut client = client.clone();
        runtime.block_on(async move { client.append_stream(ReceiverStream::new(waits)).await.expect("a stream") })
    };
    let address = observed.address.clone();
    let drains = std::thread::spawn(move || {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(20) {
            match get(&address, "/readyz", "*/*") {
                Ok((503, why)) => return Some((why, get(&address, "/healthz", "*/*").is_ok_and(|(status, _)| status == 200))),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
        None
    });
    let (status, _) = observed.server.terminate();
    assert!(status.success());
    drop(stream);
    // It may have been over before it could be asked.
    if let Some((why, lives)) = drains.join().expect("no panic") {
        assert!(why.contains("ending") && lives, "{why}");
    }
}
