//! The server is killed while it delivers, between a delivery and its cursor too: each record comes at least once, in order, and none
//! is skipped. And the command line that sets endpoints.

use crate::PATIENCE;
use crate::common::events::{append_request, long_named};
use crate::common::program::{STORY, finish, program};
use crate::common::server::{ANY_PORT, Server, serving};
use crate::receiver::{Answer, Receiver, taken};
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use std::path::Path;
use std::time::{Duration, Instant};

const ALLOW: [&str; 2] = ["--webhook-allow", "127.0.0.0/8"];

fn serve(dir: &Path, address: &str) -> Server {
    let begun = Instant::now();
    loop {
        // A proxy of the environment is not used: there is none.
        let nowhere =
            ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].map(|name| (name, "http://127.0.0.1:1"));
        match Server::start(serving(dir, address).args(ALLOW).envs(nowhere)) {
            Ok(server) => return server,
            Err(not_started) => assert!(begun.elapsed() < PATIENCE, "{not_started:?}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_killed_server_delivers_each_record_at_least_once_in_order_and_skips_none() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut server = serve(dir.path(), ANY_PORT);
    let address = server.address.clone();
    // A little late, so that kills come between a delivery and its answer.
    let receiver = Receiver::answering(|number| {
        std::thread::sleep(Duration::from_millis(if number % 4 == 0 { 30 } else { 3 }));
        Answer::status(200)
    });
    let added = server.ask(&["webhooks", "add", "crm", &receiver.url, "--after", "0"]);
    assert_eq!(added.code, 0, "{}", added.error);
    let secret = added.out.trim().to_owned();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut count = 0;
    for round in 0..8_u64 {
        let events: Vec<_> = (0..70).map(|number| long_named(&format!("p-{round}-{number}"), 3)).collect();
        count += events.len() as u64;
        runtime.block_on(async {
            let mut writer = LedgerServiceClient::new(server.connect().await);
            for events in events.chunks(5) {
                writer.append(append_request(events)).await.expect("recorded");
            }
        });
        // While it is delivering; sometimes right when a request has come, whose answer it does not live to see.
        let before = receiver.got().len();
        receiver.until("a delivery", |got| got.len() > before || taken(got).last() == Some(&count));
        std::thread::sleep(Duration::from_millis(round * 3));
        server.kill();
        server = serve(dir.path(), &address);
    }
    let taken = receiver.taken_until(count);
    let mut most = 0;
    for position in &taken {
        assert!(*position <= most + 1, "{position} comes after {most}: something was skipped");
        most = most.max(*position);
    }
    assert_eq!(most, count);
    let got = receiver.got();
    for got in &got {
        let positions = got.positions();
        assert!(positions.windows(2).all(|pair| pair[1] == pair[0] + 1), "in order: {positions:?}");
        assert!(got.is_signed_with(&secret), "the secret is kept");
    }
    assert!(server.terminate().0.success());
}

#[test]
fn endpoints_are_set_from_the_command_line_and_secrets_are_shown_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut server = serve(dir.path(), ANY_PORT);
    assert_eq!(finish(server.command(&["append"]).write_stdin(STORY)).code, 0);
    let receiver = Receiver::start();
    let none = server.ask(&["webhooks", "list"]);
    assert!(none.out.contains("no webhooks"), "{}", none.out);
    let added = server.ask(&["webhooks", "add", "crm", &receiver.url, "--after", "5", "--type", "sale_refunded"]);
    assert_eq!((added.code, added.out.starts_with("whsec_"), added.error.contains("whpk_")), (0, true, true), "{}", added.error);
    assert_eq!(receiver.taken_until(6), [6]);
    let begun = Instant::now();
    let listed = loop {
        let listed = server.ask(&["webhooks", "list", "--json"]);
        if listed.json()["position"] == "9" {
            break listed;
        }
        assert!(begun.elapsed() < PATIENCE, "{}", listed.out);
    };
    let secret = added.out.trim();
    assert!(!listed.out.contains(secret) && !listed.out.contains("whsec_"), "{}", listed.out);
    assert_eq!((&listed.json()["state"], &listed.json()["lag_records"]), (&"WEBHOOK_STATE_ACTIVE".into(), &"0".into()));
    let table = server.ask(&["webhooks", "pause", "crm"]);
    assert!(table.out.contains("paused") && table.out.contains(&receiver.url), "{}", table.out);
    assert_eq!(server.ask(&["webhooks", "resume", "crm", "--json"]).json()["state"], "WEBHOOK_STATE_ACTIVE");
    let origin = std::fs::read_to_string(dir.path().join("origin")).expect("the ledger has one");
    assert_eq!(receiver.got()[0].events()[0]["source"], origin.trim(), "events come from the ledger's origin");
    let tested = server.ask(&["webhooks", "test", "crm"]);
    assert_eq!((tested.code, tested.out.contains("204")), (0, true), "{}", tested.error);
    receiver.answer(|_| Answer::With(500, String::new(), "no".into()));
    let failed = server.ask(&["webhooks", "test", "crm"]);
    assert_eq!((failed.code, failed.error.contains("it answered 500: no")), (1, true), "{}", failed.error);
    receiver.answer(|_| Answer::status(200));
    assert_eq!(server.ask(&["webhooks", "replay", "crm", "--after", "0"]).code, 0);
    receiver.until("it again", |got| taken_positions(got) == [6, 6]);
    let rotated = server.ask(&["webhooks", "rotate", "crm", "--overlap", "60"]);
    assert!(rotated.out.starts_with("whsec_") && rotated.out != added.out, "{}", rotated.error);
    for (words, code) in [
        (vec!["webhooks", "add", "crm", "https://a.example"], 1),
        (vec!["webhooks", "add", "b", "nothing"], 2),
        (vec!["webhooks", "add", "b", "https://a.example", "--partner", "nobody"], 3),
        (vec!["webhooks", "add", "b", "https://a.example", "--of-partner", "nobody"], 3),
        (vec!["webhooks", "add", "b", "https://a.example:99999/"], 2),
        (vec!["webhooks", "pause", "nobody"], 3),
        (vec!["webhooks", "replay", "crm", "--after", "99"], 1),
    ] {
        let outcome = server.ask(&words);
        assert_eq!(outcome.code, code, "{words:?}: {}", outcome.error);
    }
    assert_eq!(server.ask(&["webhooks", "remove", "crm"]).code, 0);
    assert!(server.ask(&["webhooks", "list"]).out.contains("no webhooks"));
    let added = server.ask(&["--json", "webhooks", "add", "b", &receiver.url]).json();
    assert!(added["secret"].as_str().is_some_and(|secret| secret.starts_with("whsec_")) && added["webhook"]["name"] == "b", "{added}");
    let rotated = server.ask(&["--json", "webhooks", "rotate", "b"]).json();
    assert!(rotated["secret"] != added["secret"] && rotated["webhook"]["public_key"] != added["webhook"]["public_key"], "{rotated}");
    assert!(server.ask(&["webhooks", "list"]).out.contains("active"));
    assert_eq!(server.ask(&["--json", "webhooks", "remove", "b"]).json(), serde_json::json!({}));
    let no_net = finish(program().args(["serve", "--webhook-allow", "everything"]));
    assert_eq!(no_net.code, 2, "{}", no_net.error);
    assert!(server.terminate().0.success());
}

/// The positions of the deliveries that were taken, without those of tests, which have none.
fn taken_positions(got: &[crate::receiver::Got]) -> Vec<u64> {
    let delivered: Vec<_> = got.iter().filter(|got| !got.headers["webhook-id"].contains("test")).cloned().collect();
    taken(&delivered)
}
