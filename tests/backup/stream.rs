//! `StreamBackup` itself: bounded while nobody takes its pages, over when the ledger closes, exact in what it says.

use crate::common::journals::ControlledJournal;
use crate::common::server::{Server, connect};
use crate::common::service::Service;
use crate::support::{partners, record, runtime};
use partnership_ledger::backup::{Chain, page_of};
use partnership_ledger::journal::{Journal as _, TreeHead, leaf_hash};
use partnership_ledger::ledger::{Append, Ledger, Limits};
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::stream_backup_response::Part;
use partnership_ledger::proto::{BackupPage, StreamBackupRequest, StreamBackupResponse};
use std::sync::Arc;
use std::time::Duration;
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt as _;

/// A service and its journal.
struct Backed {
    service: Service,
    journal: Arc<ControlledJournal>,
}

impl Backed {
    async fn start() -> Self {
        let journal = Arc::new(ControlledJournal::default());
        Self { service: Service::with(journal.clone(), Limits::default()).await, journal }
    }

    fn ledger(&self) -> &Ledger {
        &self.service.ledger
    }

    async fn record(&self, name: &str, count: u64) {
        for events in partners(name, count).chunks(500) {
            let append = Append {
                events: events.to_vec().into(),
                expected_last_position: None,
                recorded_by: "test".into(),
                permit: None,
                deadline: None,
                account: None,
            };
            self.ledger().append(append).await.expect("recorded");
        }
    }

    async fn begin(&self, after_position: u64) -> Result<Streaming<StreamBackupResponse>, Status> {
        self.service.auditor().await.stream_backup(StreamBackupRequest { after_position }).await.map(tonic::Response::into_inner)
    }
}

async fn next(parts: &mut Streaming<StreamBackupResponse>) -> Option<Part> {
    parts.message().await.expect("a part").map(|answer| answer.part.expect("something"))
}

#[tokio::test]
async fn header_pages_and_trailer_say_the_same_and_are_fixed_at_the_beginning() {
    let service = Backed::start().await;
    service.record("before", 700).await;
    let head = service.ledger().tree_head();
    for after in [0, 1, 300, 700] {
        let mut parts = service.begin(after).await.expect("a stream");
        let Some(Part::Header(header)) = next(&mut parts).await else { panic!("a header comes first") };
        service.record(&format!("during-{after}"), 1).await;
        let head = if after == 0 {
            head
        } else {
            TreeHead { size: header.position, root: header.tree_root.as_slice().try_into().expect("32 bytes") }
        };
        assert_eq!(
            (header.format_version, header.after_position, header.position, header.tree_root.as_slice()),
            (1, after, head.size, &head.root[..])
        );
        let before = service.journal.inner.read(1, usize::try_from(after).expect("small"), usize::MAX).expect("records");
        let leaf = before.last().filter(|_| after > 0).map(|record| leaf_hash(&record.bytes).to_vec());
        assert_eq!(header.after_leaf_hash, leaf.unwrap_or_default());
        let mut copied: Vec<Vec<u8>> = Vec::new();
        let trailer = loop {
            match next(&mut parts).await.expect("a trailer comes last") {
                Part::Page(page) => {
                    assert_eq!(page.first_position, after + copied.len() as u64 + 1);
                    assert!(page.records.iter().map(Vec::len).sum::<usize>() <= 1 << 20, "pages are bounded");
                    page_of(&page).expect("its checksum is right");
                    copied.extend(page.records);
                }
                Part::Trailer(trailer) => break trailer,
                Part::Header(_) => panic!("one header"),
            }
        };
        assert!(next(&mut parts).await.is_none(), "nothing comes behind the trailer");
        let bytes: usize = copied.iter().map(Vec::len).sum();
        assert_eq!((trailer.position, trailer.tree_root, trailer.record_bytes), (head.size, head.root.to_vec(), bytes as u64));
        let stored = service.journal.inner.read(after + 1, usize::MAX, usize::MAX).expect("records");
        assert_eq!(copied.len() as u64, head.size - after);
        assert!(copied.iter().zip(&stored).all(|(copied, stored)| copied == &stored.bytes));
    }
}

#[tokio::test]
async fn pages_add_up_to_the_root() {
    let service = Backed::start().await;
    service.record("some", 900).await;
    let mut parts = service.begin(0).await.expect("a stream");
    let mut chain = Chain::default();
    while let Some(part) = next(&mut parts).await {
        if let Part::Page(page) = part {
            assert!(chain.push(&page_of(&page).expect("a page")));
        }
    }
    assert_eq!(chain.head(), service.ledger().tree_head());
    assert!(page_of(&BackupPage::default()).is_err());
}

#[tokio::test]
async fn a_client_with_more_than_the_ledger_is_told_so() {
    let service = Backed::start().await;
    service.record("some", 3).await;
    let status = service.begin(4).await.map(drop).expect_err("beyond the end");
    let info = status.get_error_details().error_info().cloned().expect("particulars");
    assert_eq!(
        (status.code(), info.reason.as_str(), info.metadata["last"].as_str()),
        (Code::FailedPrecondition, "POSITION_NOT_REACHED", "3")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_takes_nothing_stops_nobody_and_is_bounded() {
    let service = Backed::start().await;
    service.record("many", 6_000).await;
    let total: usize =
        service.journal.inner.read(1, usize::MAX, usize::MAX).expect("records").iter().map(|record| record.bytes.len()).sum();
    assert!(total > 10 << 20, "{total}");
    let mut slow: Vec<Streaming<StreamBackupResponse>> = Vec::new();
    let read_before = service.journal.bytes_read();
    for _ in 0..3 {
        slow.push(service.begin(0).await.expect("a stream"));
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let read = service.journal.bytes_read() - read_before;
    assert!(read < 3 * total as u64 / 2, "{read} bytes were read of {total} for clients that took nothing");
    service.record("more", 1_000).await;
    assert_eq!(service.journal.bytes_read() - read_before, read, "nothing is read for who takes nothing");
    // Told to close, it ends the streams and says so; what came is not whole.
    service.ledger().begin_closing();
    for mut parts in slow {
        let status = loop {
            match parts.message().await {
                Ok(Some(answer)) => assert!(!matches!(answer.part, Some(Part::Trailer(_))), "it was not whole"),
                Ok(None) => panic!("it ended as if it were whole"),
                Err(status) => break status,
            }
        };
        let reason = status.get_error_details().error_info().map(|info| info.reason.clone());
        assert_eq!((status.code(), reason.as_deref()), (Code::Unavailable, Some("STOPPED")));
    }
}

/// The program, told to end while a client that takes nothing has a copy under way.
#[test]
fn a_ledger_that_is_told_to_end_does_so_whoever_takes_nothing() {
    let mut served = Server::fresh();
    record(&served.address, "many", 3_000);
    let runtime = runtime();
    let mut parts = runtime.block_on(async {
        let mut auditor = AuditServiceClient::new(connect(&served.address).await);
        auditor.stream_backup(StreamBackupRequest::default()).await.expect("a stream").into_inner()
    });
    let (status, took) = served.terminate();
    assert_eq!(status.code(), Some(0));
    assert!(took < Duration::from_secs(20), "{took:?}");
    let end = runtime.block_on(async {
        loop {
            match parts.message().await {
                Ok(Some(answer)) => assert!(!matches!(answer.part, Some(Part::Trailer(_))), "it was not whole"),
                end => break end,
            }
        }
    });
    assert!(end.is_err(), "it ended as if it were whole");
}
