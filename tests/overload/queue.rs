//! What the queue's bound means, step by step: commits go on only when the test says so.

use std::sync::Arc;
use std::time::Duration;

use partnership_ledger::ledger::Limits;
use partnership_ledger::proto::AppendRequest;
use tokio::task::JoinSet;
use tonic::Code;

use crate::common::events::partner;
use crate::common::journals::ControlledJournal;
use crate::common::service::Service;

/// Of ten times more than there is room for, exactly what there is room for is taken, and waits for no more commits
/// than the queue is long.
pub async fn takes_what_there_is_room_for() {
    const ROOM: usize = 20;
    let journal = Arc::new(ControlledJournal::default());
    journal.hold(true);
    let limits = Limits { queue_requests: ROOM, commit_records: 3, ..Limits::default() };
    let service = Service::with(journal.clone(), limits).await;
    let mut calls = JoinSet::new();
    for connection in 0..10 {
        let writer = service.writer().await;
        for number in 0..ROOM {
            let (mut writer, events) = (writer.clone(), vec![partner(&format!("p{connection}-{number}"))]);
            calls.spawn(async move { writer.append(AppendRequest { events, expected_last_position: None }).await });
        }
    }
    for _ in 0..9 * ROOM {
        let status = calls.join_next().await.expect("a call").expect("it ends").expect_err("there is no room for it");
        assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    }
    // Room is taken before anything is decoded: without room nobody looks whether a request is malformed.
    let malformed = AppendRequest { events: vec![partner("no id at all")], expected_last_position: None };
    let status = service.writer().await.append(malformed).await.expect_err("there is no room for it");
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    // The others wait, for a journal that does nothing yet.
    assert!(tokio::time::timeout(Duration::from_millis(50), calls.join_next()).await.is_err(), "answered before it is durable");
    (0..ROOM).for_each(|_| journal.permit_one());
    for _ in 0..ROOM {
        calls.join_next().await.expect("a call").expect("it ends").expect("as many commits as requests are enough");
    }
    assert_eq!(service.records().len(), ROOM);
}
