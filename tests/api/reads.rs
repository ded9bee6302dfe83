//! Long reads: they hold nobody up, their number is bounded, and they end when nobody waits for them.

use crate::common::events::{adjustment, agreement, event, partner};
use crate::common::facts::referred;
use crate::common::service::{Service, told};
use partnership_ledger::domain::ids::Id;
use partnership_ledger::journal::MemoryJournal;
use partnership_ledger::ledger::{Cancellation, FrozenView, Ledger, Limits};
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::lead_reassigned::To;
use partnership_ledger::proto::{
    GetAgreementRequest, GetBalanceRequest, GetLeadRequest, GetPartnerRequest, GetTrialBalanceRequest, LeadReassigned, ListBalancesRequest,
    ListEntriesRequest, ListPartnersRequest, ReadRecordsRequest, RecordFilter, ReviewHeld,
};
use partnership_ledger::queries::balances::ListBalances;
use partnership_ledger::queries::partners::GetPartner;
use partnership_ledger::queries::statement::ListEntries;
use partnership_ledger::queries::{Frozen, Query as _};
use prost_types::Timestamp;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;
use tonic::{Code, Request};
use tonic_types::StatusExt as _;

/// Waits for what others must not hold up.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what).await.expect("it waits for a long read")
}

/// A service with one place for long reads, which is taken until the sender is dropped, and room for so many to wait.
async fn occupied(reads_waiting: usize) -> (Service, Sender<()>) {
    let limits = Limits { reads_at_once: 1, reads_waiting, ..Limits::default() };
    let service = Service::with(Arc::new(MemoryJournal::new()), limits).await;
    service.append([partner("a"), agreement("aa", "a")]).await.expect("recorded");
    let (until, dropped) = channel::<()>();
    let (began, begun) = tokio::sync::oneshot::channel();
    let ledger = service.ledger.clone();
    tokio::spawn(async move {
        ledger
            .read(move |ledger, cancellation| {
                // It holds a view all the time.
                let view = ledger.frozen(ledger.last());
                let _ = began.send(());
                let _ = dropped.recv();
                drop(view);
                cancellation.check()
            })
            .await
    });
    begun.await.expect("it began");
    (service, until)
}

#[tokio::test]
async fn appends_and_point_reads_go_on_beside_a_long_read() {
    let (service, until) = occupied(8).await;
    let mut reader = service.reader().await;
    for number in 0..200 {
        soon(service.append([adjustment(&number.to_string(), "aa", 1)])).await.expect("recorded");
        let balance = soon(reader.get_balance(GetBalanceRequest { partner_id: "a".into(), options: None })).await.expect("an answer");
        assert_eq!(balance.into_inner().balances[0].net, number + 1);
        soon(reader.get_partner(GetPartnerRequest { partner_id: "a".into(), options: None })).await.expect("an answer");
    }
    drop(until);
}

#[tokio::test]
async fn more_long_reads_than_may_wait_are_told_when_to_try_again() {
    const WAITING: usize = 3;
    let (service, until) = occupied(WAITING).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..WAITING + 5 {
        let mut reader = service.reader().await;
        calls.spawn(async move { reader.list_partners(ListPartnersRequest::default()).await });
    }
    for _ in 0..5 {
        let status = soon(calls.join_next()).await.expect("a call").expect("a task").expect_err("there is no room");
        assert_eq!(told(&status), (Code::ResourceExhausted, "OVERLOADED".into()));
        assert!(status.get_error_details().retry_info().is_some(), "{status:?}");
    }
    let mut auditor = service.auditor().await;
    let status = soon(auditor.get_trial_balance(GetTrialBalanceRequest { options: None })).await.expect_err("there is no room");
    assert_eq!(told(&status), (Code::ResourceExhausted, "OVERLOADED".into()));
    drop(until);
    for _ in 0..WAITING {
        soon(calls.join_next()).await.expect("a call").expect("a task").expect("they waited");
    }
}

#[tokio::test]
async fn reads_whose_caller_is_gone_or_whose_deadline_passed_make_room() {
    let (service, until) = occupied(2).await;
    let mut reader = service.reader().await;
    for _ in 0..50 {
        let mut request = Request::new(ListPartnersRequest::default());
        request.metadata_mut().insert("grpc-timeout", "5m".parse().expect("a timeout"));
        let status = soon(reader.list_partners(request)).await.expect_err("it waits for its deadline");
        assert_ne!(status.code(), Code::ResourceExhausted, "those before it wait no longer");
    }
    drop(until);
    soon(reader.list_partners(ListPartnersRequest::default())).await.expect("an answer");
}

/// Takes all places for lookups until the senders are dropped; none may wait for one.
async fn occupy_lookups(service: &Service) -> Vec<Sender<()>> {
    let mut held = Vec::new();
    loop {
        let (until, dropped) = channel::<()>();
        let (began, begun) = tokio::sync::oneshot::channel();
        let ledger = service.ledger.clone();
        let lookup = tokio::spawn(async move {
            let look = move |_: &Ledger| {
                let _ = began.send(());
                let _ = dropped.recv();
                Ok(())
            };
            ledger.look_up(look).await
        });
        if begun.await.is_err() {
            assert!(lookup.await.expect("a task").is_err(), "there is no place left");
            return held;
        }
        held.push(until);
    }
}

/// One subject may have lists as long as a ledger: it is not read under the lock of the state, nor behind long reads of others.
#[tokio::test]
async fn a_subject_with_long_lists_is_looked_up_beside_long_reads() {
    let (service, long_read) = occupied(0).await;
    let mut reader = service.reader().await;
    let partner_request = GetPartnerRequest { partner_id: "a".into(), options: None };
    let agreement_request = GetAgreementRequest { agreement_id: "aa".into(), options: None };
    let lead_request = GetLeadRequest { lead_id: "l".into(), options: None };
    service.append([event("l", referred("l", "aa"))]).await.expect("recorded");
    soon(reader.get_partner(partner_request.clone())).await.expect("an answer");
    soon(reader.get_agreement(agreement_request.clone())).await.expect("an answer");
    soon(reader.get_lead(lead_request.clone())).await.expect("an answer");
    service.append((0..1_100).map(|number| agreement(&format!("of-{number}"), "a")).collect::<Vec<_>>()).await.expect("recorded");
    let reviewed = |number: usize| {
        let held = ReviewHeld { review_id: number.to_string(), agreement_id: "aa".into(), kind: 1, ..ReviewHeld::default() };
        event(&format!("review {number}"), Body::ReviewHeld(held))
    };
    service.append((0..150).map(reviewed).collect::<Vec<_>>()).await.expect("recorded");
    let reassigned = |number: usize| {
        let to = Some(To::AgreementId(format!("of-{number}")));
        let reassigned = LeadReassigned { lead_id: "l".into(), to, reason: "decided".into(), ..LeadReassigned::default() };
        event(&format!("reassigned {number}"), Body::LeadReassigned(reassigned))
    };
    service.append((0..100).map(reassigned).collect::<Vec<_>>()).await.expect("recorded");
    let answer = soon(reader.get_partner(partner_request.clone())).await.expect("it does not wait for a long read").into_inner();
    assert_eq!(answer, GetPartner::ask(&service.ledger, &partner_request).expect("an answer"));
    let lookups = occupy_lookups(&service).await;
    let refused =
        |status: Option<tonic::Status>| told(&status.expect("there is no room")) == (Code::ResourceExhausted, "OVERLOADED".into());
    assert!(refused(soon(reader.get_partner(partner_request.clone())).await.err()));
    assert!(refused(soon(reader.get_agreement(agreement_request.clone())).await.err()));
    assert!(refused(soon(reader.get_lead(lead_request.clone())).await.err()));
    drop(lookups);
    // The places are free a moment later.
    while let Err(status) = soon(reader.get_partner(partner_request.clone())).await {
        assert_eq!(status.code(), Code::ResourceExhausted);
    }
    drop(long_read);
}

fn knows(view: &FrozenView, partner: &str) -> bool {
    view.state().partners.find(&Id::new(partner).expect("an id")).is_some()
}

#[tokio::test]
async fn a_frozen_view_stays_as_it_was_whatever_is_recorded_or_refused() {
    let service = Service::start().await;
    service.append([partner("a"), agreement("aa", "a"), adjustment("before", "aa", 5)]).await.expect("recorded");
    let ledger = &service.ledger;
    let never = Cancellation::NEVER;
    let frozen = Frozen::new(ledger, &never);
    let entries = ListEntriesRequest { partner_id: "a".into(), ..ListEntriesRequest::default() };
    let before = (
        ListBalances::ask(&frozen, &ListBalancesRequest::default()).expect("an answer"),
        ListEntries::ask(&frozen, &entries).expect("an answer").entries,
    );
    let view = ledger.frozen(3);
    assert_eq!((view.position(), view.state().position), (3, 3));
    assert!(Arc::ptr_eq(&view, &ledger.frozen(2)), "readers share a view that has what they need");
    for number in 0..300 {
        let (name, other) = (number.to_string(), format!("p{number}"));
        service.append([partner(&other), adjustment(&name, "aa", 1)]).await.expect("recorded");
        // The second event is refused, so the first is taken back.
        let refused = [partner(&format!("q{number}")), adjustment(&format!("{name}-refused"), "nobody", 1)];
        service.append(refused).await.expect_err("against a rule");
    }
    assert_eq!((view.position(), view.state().position, view.state().partners.len()), (3, 3, 1));
    assert!(!knows(&view, "p7") && !knows(&view, "q7"));
    let later = ledger.frozen(ledger.last());
    assert_eq!((later.position(), later.state().partners.len()), (603, 301));
    assert!(knows(&later, "p7") && !knows(&later, "q7"));
    assert_eq!(view.index().of_partner(0, u64::MAX), [1, 2, 3]);
    assert_eq!(later.index().of_partner(0, u64::MAX).len(), 303);
    let options = Some(partnership_ledger::proto::ReadOptions { as_of_position: Some(3), ..Default::default() });
    let balances = ListBalances::ask(ledger, &ListBalancesRequest { options, ..Default::default() }).expect("an answer");
    assert_eq!(balances, before.0);
    assert_eq!(ListEntries::ask(ledger, &ListEntriesRequest { options, ..entries }).expect("an answer").entries, before.1);
}

#[tokio::test]
async fn records_are_found_by_type_and_time_in_either_direction() {
    let service = Service::start().await;
    let mut events = vec![partner("a"), agreement("aa", "a")];
    for number in 0..2_000_i64 {
        let mut event = if number % 100 == 7 { partner(&format!("p{number}")) } else { adjustment(&number.to_string(), "aa", 1) };
        event.occurred_at = Some(Timestamp { seconds: 1_700_000_000 + number * 60 + number % 7, nanos: 0 });
        events.push(event);
    }
    service.append(events).await.expect("recorded");
    let records = service.records();
    let mut auditor = service.auditor().await;
    let at = |number: i64| Some(Timestamp { seconds: 1_700_000_000 + number * 60, nanos: 0 });
    let types = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let filters = [
        (RecordFilter { body_types: types(&["partner_registered"]), ..RecordFilter::default() }, 21),
        (RecordFilter { body_types: types(&["sale_recorded"]), ..RecordFilter::default() }, 0),
        (RecordFilter { body_types: types(&["agreement_signed", "partner_registered"]), ..RecordFilter::default() }, 22),
        (RecordFilter { occurred_from: at(500), occurred_to: at(700), ..RecordFilter::default() }, 200),
        (RecordFilter { occurred_to: at(-1_000), ..RecordFilter::default() }, 0),
        (
            RecordFilter {
                partner_ids: vec!["a".into()],
                body_types: types(&["commission_adjusted"]),
                occurred_from: at(1_500),
                ..RecordFilter::default()
            },
            495,
        ),
        (RecordFilter { partner_ids: vec!["a".into()], body_types: types(&["partner_registered"]), ..RecordFilter::default() }, 1),
    ];
    for (filter, count) in filters {
        let mut answers = Vec::new();
        for backwards in [false, true] {
            let request = ReadRecordsRequest { filter: Some(filter.clone()), backwards, page_size: 30, ..ReadRecordsRequest::default() };
            let mut pages = auditor.read_records(request).await.expect("pages").into_inner();
            let (mut found, mut sizes) = (Vec::new(), Vec::new());
            while let Some(page) = pages.message().await.expect("a page") {
                sizes.push(page.records.len());
                found.extend(page.records.into_iter().map(|record| record.position));
            }
            assert!(sizes.len() == 1 || !sizes.contains(&0), "{sizes:?}");
            if backwards {
                found.reverse();
            }
            answers.push(found);
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0].len(), count, "{filter:?}");
        assert!(answers[0].iter().all(|position| records[usize::try_from(position - 1).expect("a place")].position == *position));
    }
}
