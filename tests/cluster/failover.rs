//! Servers that end, stop or are cut off: another one leads, and nothing is lost.

use crate::common::postgres::{Postgres, Standby, url};
use crate::nodes::{Node, RECORDING, Told, agree, exit_code, leader, records, serves, start, verify};
use crate::proxy::Proxy;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long it may take until another server records after one was killed: the lease, a look, and what a busy machine adds.
const TAKEOVER: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_told_to_end_hands_over_at_once() {
    let Some(postgres) = Postgres::start(Standby::Synchronous) else { return };
    let mut nodes = [Node::new(&postgres.url(), &[]), Node::new(&postgres.url(), &[])];
    let told = Arc::new(Told::default());
    let addresses: Vec<String> = nodes.iter().map(|node| node.address.clone()).collect();
    let clients = told.start(&addresses, 3);
    told.next_answer(TAKEOVER).await;
    for _ in 0..2 {
        let led = leader(&nodes).await;
        let began = Instant::now();
        nodes[led].server().signal("-TERM");
        while !serves(&nodes[1 - led].address, RECORDING).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let took = began.elapsed();
        eprintln!("handed over after {took:?}");
        // Far less than the lease lasts: nobody waited for its end.
        assert!(took < Duration::from_secs(5), "{took:?}");
        told.next_answer(TAKEOVER).await;
        assert_eq!(exit_code(nodes[led].server()), 0);
        nodes[led].restart(&postgres.url(), &[]);
    }
    told.end(clients).await;
    agree(&nodes.each_ref(), &told).await;
    verify(&postgres);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_was_stopped_and_comes_back_records_nothing_more() {
    let Some(postgres) = Postgres::start(Standby::Synchronous) else { return };
    let mut nodes = [Node::new(&postgres.url(), &[]), Node::new(&postgres.url(), &[])];
    let told = Arc::new(Told::default());
    let addresses: Vec<String> = nodes.iter().map(|node| node.address.clone()).collect();
    let clients = told.start(&addresses, 3);
    told.next_answer(TAKEOVER).await;
    let led = leader(&nodes).await;
    nodes[led].server().signal("-STOP");
    let took = told.next_answer(TAKEOVER).await;
    eprintln!("another one recorded after {took:?}");
    nodes[led].server().signal("-CONT");
    // It finds out that another one leads, and ends, to be started again as one that follows.
    assert_eq!(exit_code(nodes[led].server()), 4);
    nodes[led].restart(&postgres.url(), &[]);
    told.end(clients).await;
    assert!(!serves(&nodes[led].address, RECORDING).await);
    agree(&nodes.each_ref(), &told).await;
    verify(&postgres);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_cut_off_from_the_database_stops_and_another_one_records() {
    let Some(postgres) = Postgres::start(Standby::Synchronous) else { return };
    let proxy = Proxy::to(postgres.primary.port).await;
    let mut nodes = [Node::new(&url(&[proxy.port]), &[]), Node::new(&postgres.url(), &[])];
    assert_eq!(leader(&nodes).await, 0);
    let told = Arc::new(Told::default());
    let addresses: Vec<String> = nodes.iter().map(|node| node.address.clone()).collect();
    let clients = told.start(&addresses, 3);
    told.next_answer(TAKEOVER).await;
    proxy.cut(true);
    let began = Instant::now();
    let took = told.next_answer(TAKEOVER).await;
    eprintln!("another one recorded after {took:?}");
    // It answers questions as long as it is cut off, says that it records nothing, and ends when it hears that another one leads.
    while serves(&nodes[0].address, RECORDING).await {
        assert!(began.elapsed() < TAKEOVER, "it should know that its lease is over");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!records(&nodes[0].address).await.is_empty());
    proxy.cut(false);
    assert_eq!(exit_code(nodes[0].server()), 4);
    nodes[0].restart(&url(&[proxy.port]), &[]);
    told.end(clients).await;
    agree(&nodes.each_ref(), &told).await;
    verify(&postgres);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_questions_are_answered_and_nothing_is_recorded() {
    let Some(postgres) = Postgres::start(Standby::Synchronous) else { return };
    let mut nodes = [Node::new(&postgres.url(), &[]), Node::new(&postgres.url(), &["--follow"])];
    let told = Arc::new(Told::default());
    let addresses: Vec<String> = nodes.iter().map(|node| node.address.clone()).collect();
    let clients = told.start(&addresses, 3);
    told.next_answer(TAKEOVER).await;
    // Who follows is a moment behind.
    while records(&nodes[1].address).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    postgres.primary.crash();
    let began = Instant::now();
    // Whatever is read from here on may be old, and after a while health says so.
    for node in &nodes {
        while serves(&node.address, RECORDING).await || serves(&node.address, "").await {
            assert!(began.elapsed() < TAKEOVER, "{}", node.address);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(!records(&node.address).await.is_empty(), "{}", node.address);
    }
    // One that is started meanwhile waits for it.
    let url = postgres.url();
    let third = std::thread::spawn(move || Node::new(&url, &["--follow"]));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(!third.is_finished());
    postgres.primary.start();
    let third = third.join().expect("it starts");
    assert!(!records(&third.address).await.is_empty());
    assert_eq!(exit_code(nodes[0].server()), 4);
    nodes[0].restart(&postgres.url(), &[]);
    told.next_answer(TAKEOVER).await;
    told.end(clients).await;
    agree(&nodes.each_ref(), &told).await;
    assert!(serves(&nodes[1].address, "").await);
    verify(&postgres);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_takes_over_with_all_that_was_acknowledged() {
    let Some(postgres) = Postgres::start(Standby::Synchronous) else { return };
    // The new primary has no standby of its own yet, so the servers are told to record all the same.
    let options = ["--accept-unreplicated"];
    let mut nodes = [Node::new(&postgres.url(), &options), Node::new(&postgres.url(), &options)];
    let told = Arc::new(Told::default());
    let addresses: Vec<String> = nodes.iter().map(|node| node.address.clone()).collect();
    let clients = told.start(&addresses, 3);
    told.next_answer(TAKEOVER).await;
    let led = leader(&nodes).await;
    postgres.primary.crash();
    postgres.standby().promote();
    postgres.standby().ask("alter system set synchronous_standby_names = ''");
    postgres.standby().ask("select pg_reload_conf()");
    let took = told.next_answer(TAKEOVER).await;
    eprintln!("recorded on the standby after {took:?}");
    if nodes[led].server().ended().is_some() {
        nodes[led].restart(&postgres.url(), &options);
    }
    told.end(clients).await;
    agree(&nodes.each_ref(), &told).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_that_lacks_what_was_published_is_not_gone_on_with() {
    let Some(postgres) = Postgres::start(Standby::Asynchronous) else { return };
    let options = ["--accept-unreplicated"];
    let mut nodes = [Node::new(&postgres.url(), &options), Node::new(&postgres.url(), &options)];
    let told = Arc::new(Told::default());
    let addresses: Vec<String> = nodes.iter().map(|node| node.address.clone()).collect();
    let clients = told.start(&addresses, 3);
    told.next_answer(TAKEOVER).await;
    postgres.standby().crash();
    told.next_answer(TAKEOVER).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    postgres.primary.crash();
    postgres.standby().start();
    postgres.standby().promote();
    // Each finds that the database has less than it has published: neither leads, and both end with a code of their own.
    for node in &mut nodes {
        let code = exit_code(node.server());
        let refused = start(node.dir(), &node.address, &postgres.url(), &options).expect_err("it is shorter");
        assert!(matches!(code, 4 | 5), "{code}");
        assert_eq!(refused.status.code(), Some(5));
    }
    for client in clients {
        client.abort();
    }
    assert_eq!(postgres.standby().ask("select count(*) from ledger_frames where epoch > 1"), "0", "nobody has recorded there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_leader_acknowledged_is_read_at_the_next() {
    let Some(postgres) = Postgres::start(Standby::Synchronous) else { return };
    let mut nodes = [Node::new(&postgres.url(), &[]), Node::new(&postgres.url(), &[])];
    let told = Arc::new(Told::default());
    let addresses: Vec<String> = nodes.iter().map(|node| node.address.clone()).collect();
    let clients = told.start(&addresses, 3);
    told.next_answer(TAKEOVER).await;
    let led = leader(&nodes).await;
    nodes[led].kill();
    let took = told.next_answer(TAKEOVER).await;
    eprintln!("another one recorded after {took:?}");
    assert_eq!(leader(&nodes).await, 1 - led);
    told.end(clients).await;
    told.check(&records(&nodes[1 - led].address).await).await;
    verify(&postgres);
}
