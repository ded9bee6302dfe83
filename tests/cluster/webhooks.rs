//! Webhooks of a ledger that several servers share: the one that leads delivers, and the next goes on where it was.

use crate::common::events::{append_request, long_named};
use crate::common::postgres::{Postgres, Standby};
use crate::common::program::{Outcome, finish, program};
use crate::nodes::{Node, leader};
use crate::receiver::{Answer, Receiver};
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use std::time::Duration;

const ALLOW: [&str; 2] = ["--webhook-allow", "127.0.0.0/8"];

/// What a command of webhooks comes to, asked of a server.
fn ask(node: &Node, words: &[&str]) -> Outcome {
    finish(program().arg("webhooks").args(words).args(["--address", &node.address]))
}

/// Records partners from a number on.
async fn record(node: &Node, numbers: std::ops::Range<u64>) {
    let mut writer = LedgerServiceClient::new(node.channel());
    for number in numbers {
        writer.append(append_request([long_named(&format!("p-{number}"), 1)])).await.expect("recorded");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_that_leads_delivers_and_the_next_goes_on_without_a_gap() {
    let Some(postgres) = Postgres::start(Standby::Synchronous) else { return };
    let mut nodes = [Node::new(&postgres.url(), &ALLOW), Node::new(&postgres.url(), &ALLOW)];
    let receiver = Receiver::answering(|number| {
        std::thread::sleep(Duration::from_millis(if number % 4 == 0 { 30 } else { 3 }));
        Answer::status(200)
    });
    let led = leader(&nodes).await;
    let refused = ask(&nodes[1 - led], &["add", "crm", &receiver.url]);
    assert!(refused.code == 4 && refused.error.contains("NOT_LEADER"), "{} {}", refused.code, refused.error);
    let added = ask(&nodes[led], &["add", "crm", &receiver.url, "--after", "0"]);
    assert_eq!(added.code, 0, "{}", added.error);
    record(&nodes[led], 0..60).await;
    receiver.until("a delivery", |got| !got.is_empty());
    nodes[led].kill();
    let next = leader(&nodes).await;
    assert_eq!(next, 1 - led);
    record(&nodes[next], 60..80).await;
    let taken = receiver.taken_until(80);
    let mut most = 0;
    for position in taken {
        assert!(position <= most + 1, "{position} comes after {most}: something was skipped");
        most = most.max(position);
    }
    assert_eq!(most, 80);
    let sources: std::collections::BTreeSet<String> = receiver
        .got()
        .iter()
        .flat_map(|got| serde_json::from_slice::<serde_json::Value>(&got.body).expect("JSON").as_array().expect("a batch").clone())
        .map(|event| event["source"].as_str().expect("a source").to_owned())
        .collect();
    assert_eq!(sources.len(), 1, "one ledger, whoever delivers: {sources:?}");
    let listed = ask(&nodes[next], &["list", "--json"]);
    assert_eq!(listed.json()["position"], "80", "{}", listed.out);
}
