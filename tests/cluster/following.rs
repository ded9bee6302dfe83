//! Servers that follow: what they answer, what they refuse, and how clients find the one that leads.

use crate::common::events::{append_request, long_named};
use crate::common::postgres::{Postgres, Standby, until};
use crate::common::program::{STORY, STORY_EVENTS, finish, program};
use crate::common::server::connect;
use crate::nodes::{Node, READING, RECORDING, channel, leader_of, serves};
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::partnership_service_client::PartnershipServiceClient;
use partnership_ledger::proto::{GetPartnerRequest, PreviewRequest, ReadOptions};
use std::time::Instant;
use tonic::Code;
use tonic_types::StatusExt as _;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_reads_what_was_recorded_and_refuses_to_record() {
    let Some(postgres) = Postgres::start(Standby::Synchronous) else { return };
    let leader = Node::new(&postgres.url(), &[]);
    let follower = Node::new(&postgres.url(), &["--follow"]);
    for (node, leads) in [(&leader, true), (&follower, false)] {
        assert_eq!(serves(&node.address, RECORDING).await, leads);
        assert!(serves(&node.address, READING).await && serves(&node.address, "").await);
    }
    let mut writer = LedgerServiceClient::new(leader.channel());
    let mut reader = PartnershipServiceClient::new(connect(&follower.address).await);
    for number in 0..20 {
        let partner_id = format!("partner-{number}");
        let answer = writer.append(append_request([long_named(&partner_id, 1)])).await.expect("recorded").into_inner();
        // One's own writes are read anywhere.
        let options = Some(ReadOptions { min_position: Some(answer.position), ..ReadOptions::default() });
        let read = reader.get_partner(GetPartnerRequest { partner_id, options }).await.expect("read").into_inner();
        assert!(read.position >= answer.position);
    }
    let mut refusing = LedgerServiceClient::new(follower.channel());
    let refused = refusing.append(append_request([long_named("late", 1)])).await.expect_err("it follows");
    assert_eq!(refused.code(), Code::Unavailable);
    assert_eq!(leader_of(&refused), Some(format!("http://{}", leader.address)));
    let preview = PreviewRequest { events: vec![long_named("late", 1)] };
    assert_eq!(leader_of(&refusing.preview(preview).await.expect_err("it follows")), Some(format!("http://{}", leader.address)));
    // What nobody has recorded is waited for, and not for ever.
    let began = Instant::now();
    let options = Some(ReadOptions { min_position: Some(1_000), ..ReadOptions::default() });
    let ahead = reader.get_partner(GetPartnerRequest { partner_id: "partner-1".into(), options }).await.expect_err("nobody has it");
    assert_eq!(ahead.get_error_details().error_info().expect("why").reason, "POSITION_NOT_REACHED");
    assert!(began.elapsed().as_secs() < 10);
}

#[test]
fn the_command_line_finds_the_server_that_records() {
    let Some(postgres) = Postgres::start(Standby::Synchronous) else { return };
    let leader = Node::new(&postgres.url(), &[]);
    let follower = Node::new(&postgres.url(), &["--follow"]);
    // Nothing listens at the first of the addresses, the second follows.
    let both = format!("http://127.0.0.1:1,http://{},http://{}", follower.address, leader.address);
    let outcome = finish(program().args(["append", "--address", &both]).write_stdin(STORY));
    assert_eq!(outcome.code, 0, "{}{}", outcome.out, outcome.error);
    assert!(outcome.out.contains(&format!("{STORY_EVENTS} recorded")), "{}", outcome.out);
    let (first, second) = (format!("http://{}", follower.address), format!("http://{}", leader.address));
    let outcome = finish(program().args(["append", "--address", &first, "--address", &second]).write_stdin(STORY));
    assert!(outcome.code == 0 && outcome.out.contains("0 recorded"), "{}{}", outcome.out, outcome.error);
    // One that follows says where to go.
    let outcome = finish(program().args(["append", "--address", &format!("http://{}", follower.address)]).write_stdin(STORY));
    assert_eq!(outcome.code, 0, "{}{}", outcome.out, outcome.error);
    assert!(outcome.out.contains("0 recorded"), "{}", outcome.out);
    for address in [both.as_str(), follower.address.as_str()] {
        // Who follows is a moment behind.
        until("the follower", || {
            let outcome = finish(program().args(["balance", "acme", "--json", "--address", address]));
            outcome.code == 0 && outcome.json().to_string().contains("payable")
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_ledgers_share_a_database_and_nothing_else() {
    let Some(postgres) = Postgres::start(Standby::Synchronous) else { return };
    let one = Node::new(&postgres.url(), &["--ledger", "one"]);
    let two = Node::new(&postgres.url(), &["--ledger", "two"]);
    for node in [&one, &two] {
        assert!(serves(&node.address, RECORDING).await, "each has a leader of its own");
        let mut writer = LedgerServiceClient::new(channel(&node.address));
        let answer = writer.append(append_request([long_named("acme", 1)])).await.expect("recorded").into_inner();
        assert_eq!(answer.position, 1);
    }
}

#[test]
fn checkpoints_are_signed_by_the_server_that_records_and_noted_in_the_database() {
    let Some(postgres) = Postgres::start(Standby::Synchronous) else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let key = |name: &str| dir.path().join(name).display().to_string();
    let made = finish(program().args(["checkpoint-key", "new", "--origin", "ledger.example/shared", &key("one")]));
    assert_eq!(made.code, 0, "{}", made.error);
    // Each server has a copy of the key, with what it has signed.
    for end in ["", ".signed"] {
        std::fs::copy(key(&format!("one{end}")), key(&format!("two{end}"))).expect("copied");
    }
    let leader = Node::new(&postgres.url(), &["--checkpoint-key", &key("one")]);
    let follower = Node::new(&postgres.url(), &["--checkpoint-key", &key("two")]);
    let outcome = finish(program().args(["append", "--address", &leader.address]).write_stdin(STORY));
    assert_eq!(outcome.code, 0, "{}", outcome.error);
    let ask = |node: &Node| finish(program().args(["checkpoint", "--address", &node.address]));
    let refused = ask(&follower);
    assert!(refused.code == 4 && refused.error.contains("NOT_LEADER"), "{} {}", refused.code, refused.error);
    let signed = ask(&leader);
    assert!(signed.out.contains("ledger.example/shared"), "{}{}", signed.out, signed.error);
    assert_eq!(postgres.primary.ask("select size from ledger_signed"), STORY_EVENTS.to_string());
    // Who names all servers is answered by the right one.
    let both = format!("{},{}", follower.address, leader.address);
    assert_eq!(finish(program().args(["checkpoint", "--address", &both])).code, 0);
    // The next one goes on from there.
    drop(leader);
    until("the other one leads", || ask(&follower).code == 0);
}

#[test]
fn a_server_begins_with_its_snapshot_whether_it_led_or_followed() {
    let Some(postgres) = Postgres::start(Standby::Synchronous) else { return };
    let options = ["--snapshot-every", "4"];
    let mut nodes = [Node::new(&postgres.url(), &options), Node::new(&postgres.url(), &options)];
    let outcome = finish(program().args(["append", "--address", &nodes[0].address]).write_stdin(STORY));
    assert_eq!(outcome.code, 0, "{}", outcome.error);
    for node in &mut nodes {
        until("a snapshot", || std::fs::read_dir(node.dir().join("snapshots")).is_ok_and(|mut files| files.next().is_some()));
        node.restart(&postgres.url(), &options);
        let said = node.server().says();
        assert!(said.starts_with("loaded the snapshot of position"), "{said}");
        let said = node.server().says();
        assert!(said.contains("the ledger main of postgres://") && said.contains(&format!("{STORY_EVENTS} records")), "{said}");
    }
}
