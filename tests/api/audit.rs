//! Audit: records by position, id, range and filter; the trial balance; the tree's head.

use crate::common::events::{adjustment, agreement, event, event_id, partner};
use crate::common::service::{Service, told};
use partnership_ledger::journal::{MemoryJournal, leaf_hash};
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::get_record_request::Key;
use partnership_ledger::proto::{
    AcquiredBy, GetRecordRequest, GetTreeHeadRequest, GetTrialBalanceRequest, LeadReferred, ReadOptions, ReadRecordsRequest,
    ReadRecordsResponse, RecordFilter,
};
use tokio_stream::StreamExt as _;
use tonic::{Code, Status};

async fn filled() -> Service {
    let service = Service::start().await;
    let events =
        [partner("a"), partner("b"), agreement("aa", "a"), agreement("bb", "b"), adjustment("1", "aa", 100), adjustment("2", "bb", 250)];
    service.append(events).await.expect("recorded");
    service
}

async fn read(service: &Service, request: ReadRecordsRequest) -> Result<Vec<ReadRecordsResponse>, Status> {
    let mut stream = service.auditor().await.read_records(request).await?.into_inner();
    let mut pages = Vec::new();
    while let Some(page) = stream.next().await {
        pages.push(page?);
    }
    Ok(pages)
}

async fn positions(service: &Service, request: ReadRecordsRequest) -> Vec<u64> {
    read(service, request).await.expect("pages").iter().flat_map(|page| &page.records).map(|record| record.position).collect()
}

fn about(filter: RecordFilter) -> ReadRecordsRequest {
    ReadRecordsRequest { filter: Some(filter), ..ReadRecordsRequest::default() }
}

#[tokio::test]
async fn a_record_is_found_by_position_and_by_event_id() {
    let service = filled().await;
    let mut auditor = service.auditor().await;
    let mut get = async |key| auditor.get_record(GetRecordRequest { key }).await.map(tonic::Response::into_inner);
    let by_id = get(Some(Key::EventId(event_id("adjustment 1").to_uppercase()))).await.expect("a record");
    let by_position = get(Some(Key::Position(5))).await.expect("a record");
    assert_eq!(by_id, by_position);
    assert_eq!((by_id.position, by_id.record.expect("a record").effects.len()), (6, 2));
    assert_eq!(told(&get(Some(Key::EventId(event_id("nothing")))).await.expect_err("unknown")), (Code::NotFound, "UNKNOWN_ID".into()));
    assert_eq!(told(&get(Some(Key::Position(7))).await.expect_err("beyond")), (Code::FailedPrecondition, "POSITION_NOT_REACHED".into()));
    for malformed in [None, Some(Key::Position(0)), Some(Key::EventId("x".into()))] {
        assert_eq!(told(&get(malformed).await.expect_err("malformed")).1, "MALFORMED");
    }
}

#[tokio::test]
async fn ranges_are_read_in_pages_in_both_directions() {
    let service = filled().await;
    let request = ReadRecordsRequest { from: 2, to: Some(6), page_size: 3, ..ReadRecordsRequest::default() };
    let pages = read(&service, request.clone()).await.expect("pages");
    assert_eq!(pages.iter().map(|page| (page.records.len(), page.position)).collect::<Vec<_>>(), [(3, 6), (1, 6)]);
    assert_eq!(positions(&service, request.clone()).await, [2, 3, 4, 5]);
    assert_eq!(positions(&service, ReadRecordsRequest { backwards: true, ..request }).await, [5, 4, 3, 2]);
    assert_eq!(positions(&service, ReadRecordsRequest::default()).await, [1, 2, 3, 4, 5, 6]);
    let empty = read(&service, ReadRecordsRequest { from: 100, ..ReadRecordsRequest::default() }).await.expect("pages");
    assert_eq!(empty, [ReadRecordsResponse { records: vec![], position: 6 }]);
    let large = read(&service, ReadRecordsRequest { page_size: 1_001, ..ReadRecordsRequest::default() }).await.expect_err("malformed");
    assert_eq!(told(&large).1, "MALFORMED");
}

#[tokio::test]
async fn filters_narrow_to_what_matches_every_part() {
    let service = filled().await;
    let partner_a = RecordFilter { partner_ids: vec!["a".into()], ..RecordFilter::default() };
    assert_eq!(positions(&service, about(partner_a.clone())).await, [1, 3, 5]);
    assert_eq!(positions(&service, ReadRecordsRequest { backwards: true, ..about(partner_a.clone()) }).await, [5, 3, 1]);
    let both = RecordFilter {
        partner_ids: vec!["a".into(), "b".into()],
        body_types: vec!["commission_adjusted".into()],
        ..RecordFilter::default()
    };
    assert_eq!(positions(&service, about(both)).await, [5, 6]);
    let crossed = RecordFilter { agreement_ids: vec!["bb".into()], ..partner_a.clone() };
    assert!(positions(&service, about(crossed)).await.is_empty());
    let late = RecordFilter { occurred_from: Some(prost_types::Timestamp { seconds: 4_000_000_000, nanos: 0 }), ..RecordFilter::default() };
    assert!(positions(&service, about(late)).await.is_empty());
    let unknown =
        read(&service, about(RecordFilter { lead_ids: vec!["nobody".into()], ..RecordFilter::default() })).await.expect_err("unknown");
    assert_eq!(told(&unknown), (Code::NotFound, "UNKNOWN_ID".into()));
    let typo =
        read(&service, about(RecordFilter { body_types: vec!["sale".into()], ..RecordFilter::default() })).await.expect_err("malformed");
    assert!(typo.message().starts_with("filter.body_types[0] "), "{}", typo.message());
}

/// A claim that was declined is the holder's business too, though only its effect names the holder.
#[tokio::test]
async fn a_declined_claim_is_found_with_who_held_the_lead() {
    let service = filled().await;
    let claim = |name: &str, agreement_id: &str| {
        let (lead_id, agreement_id) = ("lead".to_owned(), Some(agreement_id.to_owned()));
        let acquired_by = AcquiredBy::Partner as i32;
        event(name, Body::LeadReferred(LeadReferred { lead_id, agreement_id, acquired_by, ..LeadReferred::default() }))
    };
    service.append([claim("first", "aa"), claim("second", "bb")]).await.expect("recorded");
    let of = |partner_id: &str| about(RecordFilter { partner_ids: vec![partner_id.into()], ..RecordFilter::default() });
    assert_eq!(positions(&service, of("a")).await, [1, 3, 5, 7, 8]);
    assert_eq!(positions(&service, of("b")).await, [2, 4, 6, 8]);
}

#[tokio::test]
async fn records_are_read_as_known_at_a_position_and_as_of_a_time() {
    let service = filled().await;
    let options = |options| ReadRecordsRequest { options: Some(options), ..ReadRecordsRequest::default() };
    let known = options(ReadOptions { as_of_position: Some(2), ..ReadOptions::default() });
    assert_eq!(positions(&service, known).await, [1, 2]);
    let long_ago = options(ReadOptions { as_of: Some(prost_types::Timestamp::default()), ..ReadOptions::default() });
    assert!(positions(&service, long_ago).await.is_empty());
    let unknown_then = ReadRecordsRequest {
        filter: Some(RecordFilter { partner_ids: vec!["b".into()], ..RecordFilter::default() }),
        ..options(ReadOptions { as_of_position: Some(1), ..ReadOptions::default() })
    };
    assert_eq!(told(&read(&service, unknown_then).await.expect_err("unknown then")).1, "UNKNOWN_ID");
    let beyond = options(ReadOptions { min_position: Some(7), ..ReadOptions::default() });
    assert_eq!(told(&read(&service, beyond).await.expect_err("beyond")), (Code::FailedPrecondition, "POSITION_NOT_REACHED".into()));
}

#[tokio::test]
async fn long_ranges_come_whole() {
    let service = Service::start().await;
    let events: Vec<_> = (0..2_500).map(|number| partner(&format!("p{number}"))).collect();
    service.append(events).await.expect("recorded");
    let all: Vec<u64> = (1..=2_500).collect();
    assert_eq!(positions(&service, ReadRecordsRequest { page_size: 1_000, ..ReadRecordsRequest::default() }).await, all);
    let backwards = positions(&service, ReadRecordsRequest { backwards: true, ..ReadRecordsRequest::default() }).await;
    assert_eq!(backwards, all.into_iter().rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn the_trial_balance_lists_accounts_and_is_zero() {
    let service = filled().await;
    let mut auditor = service.auditor().await;
    let mut balance = async |position| {
        let options = Some(ReadOptions { as_of_position: position, ..ReadOptions::default() });
        auditor.get_trial_balance(GetTrialBalanceRequest { options }).await.expect("a balance").into_inner()
    };
    let now = balance(None).await;
    let accounts: Vec<_> =
        now.accounts.iter().map(|account| (account.account.as_str(), account.currency_code.as_str(), account.balance)).collect();
    assert_eq!(accounts, [("house:adjustments", "USD", 350), ("partner:a", "USD", -100), ("partner:b", "USD", -250)]);
    assert!(now.is_balanced && now.position == 6);
    let before = balance(Some(5)).await;
    assert_eq!((before.accounts.len(), before.accounts[0].balance, before.is_balanced, before.position), (2, 100, true, 5));
    let empty = balance(Some(0)).await;
    assert!(empty.accounts.is_empty() && empty.is_balanced && empty.position == 0);
}

#[tokio::test]
async fn the_tree_head_covers_all_records() {
    let service = Service::with(std::sync::Arc::new(MemoryJournal::new()), partnership_ledger::ledger::Limits::default()).await;
    let mut auditor = service.auditor().await;
    let mut head = async || auditor.get_tree_head(GetTreeHeadRequest {}).await.expect("a head").into_inner();
    assert_eq!(head().await.size, 0);
    service.append([partner("a")]).await.expect("recorded");
    let one = head().await;
    let stored = prost::Message::encode_to_vec(&service.records()[0]);
    assert_eq!((one.size, one.position, one.root), (1, 1, leaf_hash(&stored).to_vec()));
}
