//! What a principal may append: its event types, and what its events must be about.

use crate::common::events::{adjustment, agreement, append_request, event, partner};
use crate::common::facts::{held, initiated, paid, reassigned, referred, refunded, signed, sold, terms};
use crate::common::service::{Known, Service, metadata, told};
use crate::kit::{gate, principal, text};
use partnership_ledger::domain::parse::timestamp;
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::partnership_service_client::PartnershipServiceClient;
use partnership_ledger::proto::{
    AgreementSigned, AppendRequest, AppendResponse, AppendStreamRequest, Bound, Event, Exclusivity, GetAgreementRequest, GetPartnerRequest,
    GetPayoutSummaryRequest, GetProgrammeRequest, GetRecordRequest, ListPayoutsRequest, ListProgrammesRequest, PeriodClosed,
    PreviewRequest, ProgrammeAmended, ProgrammeDefined, Terms, append_stream_response, get_record_request, preview_result,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};

async fn client(service: &Service, key: &str) -> LedgerServiceClient<Known> {
    LedgerServiceClient::new(service.connect_as(key).await)
}

async fn append(service: &Service, key: &str, events: impl Into<Vec<Event>>) -> Result<AppendResponse, Status> {
    client(service, key).await.append(append_request(events)).await.map(tonic::Response::into_inner)
}

/// What was missing, and for what.
fn denied(status: &Status) -> (String, String) {
    assert_eq!(told(status), (Code::PermissionDenied, "PERMISSION_DENIED".to_owned()), "{status:?}");
    let missing = metadata(status, "missing").expect("what is missing");
    let what = metadata(status, &missing).expect("for what");
    (missing, what)
}

/// Two partners with an agreement and a lead each, recorded by the admin.
fn two_partners() -> Vec<Event> {
    vec![
        partner("a"),
        partner("b"),
        agreement("ag-a", "a"),
        agreement("ag-b", "b"),
        event("lead a", referred("lead-a", "ag-a")),
        event("lead b", referred("lead-b", "ag-b")),
    ]
}

fn exclusive() -> Terms {
    let exclusivity = Exclusivity { bound: Bound::House.into(), partner_ids: vec!["b".into()], ..Exclusivity::default() };
    Terms { exclusivity: Some(exclusivity), ..terms() }
}

/// A signature with what it is to others; of a programme without terms of its own.
fn family(agreement: &str, partner: &str, change: impl FnOnce(&mut AgreementSigned)) -> Body {
    let Body::AgreementSigned(mut signed) = signed(agreement, partner, terms()) else { unreachable!("a signature") };
    change(&mut signed);
    signed.terms = signed.terms.filter(|_| signed.programme_id.is_none());
    Body::AgreementSigned(signed)
}

/// A programme that binds nobody, and one whose exclusivity binds the house.
fn programmes() -> [Event; 2] {
    [("plain", terms()), ("exclusive", exclusive())]
        .map(|(id, terms)| event(id, Body::ProgrammeDefined(ProgrammeDefined { programme_id: id.into(), terms: Some(Box::new(terms)) })))
}

fn programme_amended() -> Body {
    let terms = Some(Box::new(terms()));
    Body::ProgrammeAmended(ProgrammeAmended { programme_id: "plain".into(), terms, ..ProgrammeAmended::default() })
}

/// A partner sees the programmes of its own agreements, and of others that they are another partner's.
#[tokio::test(flavor = "multi_thread")]
async fn a_partner_sees_its_own_programmes_and_nobody_s_family() {
    let known = [principal("root", "admin", ""), principal("of-a", "partner", "partner = \"a\"")];
    let service = Service::behind(gate(&text(&known))).await;
    append(&service, &known[0].key, two_partners()).await.expect("recorded");
    append(&service, &known[0].key, programmes()).await.expect("recorded");
    let joins = |agreement: &str, partner: &str, by: Option<&str>| {
        event(
            agreement,
            family(agreement, partner, |signed| {
                signed.programme_id = Some("plain".into());
                signed.recruited_by_agreement_id = by.map(str::to_owned);
            }),
        )
    };
    let joined = [joins("ag-a-2", "a", Some("ag-b")), joins("ag-b-2", "b", None)];
    append(&service, &known[0].key, joined).await.expect("recorded");
    let mut client = PartnershipServiceClient::new(service.connect_as(&known[1].key).await);
    let listed = client.list_programmes(ListProgrammesRequest::default()).await.expect("an answer").into_inner().programmes;
    let told: Vec<_> = listed.iter().map(|programme| (programme.programme_id.as_str(), programme.agreement_count)).collect();
    assert_eq!(told, [("plain", 1)], "of its agreements only its own are counted");
    let ask = |id: &str| GetProgrammeRequest { programme_id: id.into(), options: None };
    let programme = client.get_programme(ask("plain")).await.expect("its own").into_inner().programme.expect("a programme");
    assert_eq!((programme.agreement_count, programme.versions.len()), (1, 1));
    for id in ["exclusive", "nobody-s"] {
        let status = client.get_programme(ask(id)).await.expect_err("not its own");
        assert_eq!(told_of(&status, id), (Code::NotFound, "UNKNOWN_ID".to_owned()));
    }
    let request = GetAgreementRequest { agreement_id: "ag-a-2".into(), options: None };
    let agreement = client.get_agreement(request).await.expect("its own").into_inner().agreement.expect("an agreement");
    assert_eq!(agreement.programme_id.as_deref(), Some("plain"));
    assert_eq!(agreement.recruited_by_agreement_id.as_deref(), Some("another partner"));
    assert_eq!(agreement.upline_agreement_ids, ["another partner"]);
}

/// What a refusal says; it names no more than what was asked for.
fn told_of(status: &Status, asked: &str) -> (Code, String) {
    assert!(status.message().contains(asked), "{status:?}");
    told(status)
}

fn closed() -> Event {
    let through = chrono::Utc::now() - chrono::Duration::days(2);
    event("close", Body::PeriodClosed(PeriodClosed { through: Some(timestamp(through)) }))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emitter_appends_its_event_types_and_records_carry_its_name() {
    let known = [principal("crm", "emitter", "events = [\"leads\"]"), principal("root", "admin", "")];
    let service = Service::behind(gate(&text(&known))).await;
    append(&service, &known[1].key, two_partners()).await.expect("recorded");
    append(&service, &known[0].key, [event("lead c", referred("lead-c", "ag-a"))]).await.expect("recorded");
    let records = service.records();
    assert_eq!(records[0].recorded_by, "root");
    assert_eq!(records.last().expect("records").recorded_by, "crm");
    let both = [event("lead d", referred("lead-d", "ag-a")), event("sale", sold("sale-1", "lead-a", 100))];
    let status = append(&service, &known[0].key, both.clone()).await.expect_err("a sale");
    assert_eq!(denied(&status), ("event_type".to_owned(), "sale_recorded".to_owned()));
    assert_eq!(metadata(&status, "event_index").as_deref(), Some("1"));
    assert_eq!(service.records().len(), records.len(), "all or nothing");
    // A preview says the same of each by itself.
    let preview =
        client(&service, &known[0].key).await.preview(PreviewRequest { events: both.to_vec() }).await.expect("an answer").into_inner();
    let outcomes: Vec<_> = preview.results.into_iter().map(|result| result.outcome.expect("an outcome")).collect();
    assert!(matches!(&outcomes[0], preview_result::Outcome::Result(_)));
    assert!(matches!(&outcomes[1], preview_result::Outcome::Error(error) if error.reason == "PERMISSION_DENIED"), "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_about_others_are_refused_and_nothing_is_said_of_them() {
    let events = "events = [\"partners\", \"agreements\", \"leads\", \"sales\", \"adjustments\", \"closes\"]";
    let known = [
        principal("root", "admin", ""),
        principal("of-a", "emitter", &format!("{events}\nscope = {{ partners = [\"a\", \"new\"] }}")),
        principal("of-ag-a", "emitter", &format!("{events}\nscope = {{ agreements = [\"ag-a\"] }}")),
    ];
    let service = Service::behind(gate(&text(&known))).await;
    append(&service, &known[0].key, two_partners()).await.expect("recorded");
    append(&service, &known[0].key, [adjustment("x", "ag-b", 500)]).await.expect("recorded");
    append(&service, &known[0].key, programmes()).await.expect("recorded");
    append(&service, &known[0].key, [event("sale of b", sold("sale-of-b", "lead-b", 100))]).await.expect("recorded");
    let [_, of_a, of_ag_a] = &known;
    let exclusive = exclusive();
    // Each with who may record it: the partner's emitter, the agreement's.
    let cases = [
        (partner("new"), true, false),
        (partner("c"), false, false),
        (agreement("ag-a-2", "a"), true, false),
        (agreement("ag-b-2", "b"), false, false),
        (event("own lead", referred("lead-own", "ag-a")), true, true),
        (event("their lead", referred("lead-their", "ag-b")), false, false),
        // Anybody may claim a lead; the rules decide.
        (event("claim", referred("lead-b", "ag-a")), true, true),
        (event("own sale", sold("sale-a", "lead-a", 100)), true, true),
        (event("their sale", sold("sale-b", "lead-b", 100)), false, false),
        (event("to own", reassigned("lead-b", Some("ag-a"))), false, false),
        (event("to theirs", reassigned("lead-a", Some("ag-b"))), false, false),
        (adjustment("own", "ag-a", 500), true, true),
        (adjustment("theirs", "ag-b", 500), false, false),
        // What was recorded before is not shown either.
        (adjustment("x", "ag-b", 500), false, false),
        (closed(), false, false),
        (event("guess", refunded("r", "sale-of-b", 10)), false, false),
        (event("exclusive", signed("ag-a-3", "a", exclusive)), false, false),
        (event("joins", family("ag-a-4", "a", |signed| signed.programme_id = Some("plain".into()))), true, false),
        (event("binds", family("ag-a-5", "a", |signed| signed.programme_id = Some("exclusive".into()))), false, false),
        (event("amends", programme_amended()), false, false),
        (event("follows", family("ag-a-6", "a", |signed| signed.supersedes_agreement_id = Some("ag-a".into()))), true, false),
        (event("is theirs", family("ag-a-7", "a", |signed| signed.recruited_by_agreement_id = Some("ag-b".into()))), false, false),
    ];
    for (event, by_partner, by_agreement) in cases {
        for (known, may) in [(of_a, by_partner), (of_ag_a, by_agreement)] {
            // Previewed, so that one case does not stand in the way of another.
            let preview = client(&service, &known.key).await.preview(PreviewRequest { events: vec![event.clone()] }).await;
            let outcome = preview.expect("an answer").into_inner().results.remove(0).outcome.expect("an outcome");
            match outcome {
                preview_result::Outcome::Result(_) => assert!(may, "{event:?}"),
                preview_result::Outcome::Error(error) => {
                    assert!(!may && error.reason == "PERMISSION_DENIED", "{event:?}: {error:?}");
                    // What was not sent is not told.
                    let sent = format!("{event:?}");
                    for id in ["ag-a", "ag-b", "lead-a", "lead-b"] {
                        assert!(sent.contains(id) || !format!("{error:?}").contains(id), "{event:?}: {error:?}");
                    }
                    assert_eq!(error.metadata.get("missing").map(String::as_str), Some("scope"));
                }
            }
        }
    }
    let before = service.records().len();
    let status = append(&service, &of_a.key, [adjustment("one", "ag-a", 500), adjustment("two", "ag-b", 500)]).await.expect_err("theirs");
    assert_eq!(denied(&status).0, "scope");
    assert_eq!(service.records().len(), before, "all or nothing");
    let status = append(&service, &of_a.key, [event("nobody's", sold("sale-n", "lead-nobody", 100))]).await.expect_err("unknown");
    assert_eq!(told(&status), (Code::NotFound, "UNKNOWN_ID".to_owned()), "what is unknown to the rules stays so");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_principal_has_so_many_streams_and_one_that_ends_makes_room() {
    let known = [principal("one-stream", "admin", "limits = { streams = 1 }")];
    let service = Service::behind(gate(&text(&known))).await;
    let (sender, requests) = tokio::sync::mpsc::channel(1);
    let mut first =
        client(&service, &known[0].key).await.append_stream(ReceiverStream::new(requests)).await.expect("a stream").into_inner();
    let status = client(&service, &known[0].key).await.append_stream(tokio_stream::iter([])).await.expect_err("a second");
    assert_eq!(told(&status), (Code::ResourceExhausted, "RATE_LIMITED".to_owned()));
    assert_eq!(metadata(&status, "limit").as_deref(), Some("streams"));
    let request = AppendStreamRequest { events: vec![partner("a")], ..AppendStreamRequest::default() };
    sender.send(request).await.expect("it is read");
    let answer = first.message().await.expect("an answer").expect("one").outcome.expect("an outcome");
    assert!(matches!(answer, append_stream_response::Outcome::Response(_)), "{answer:?}");
    drop(sender);
    assert!(first.message().await.expect("an end").is_none());
    for _ in 0..100 {
        if client(&service, &known[0].key).await.append_stream(tokio_stream::iter([])).await.is_ok() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the place was not given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_principal_records_so_many_events_a_second_and_is_told_when_to_go_on() {
    let known = [principal("slow", "admin", "limits = { events_per_second = 1000 }")];
    let service = Service::behind(gate(&text(&known))).await;
    // The largest request is let in whole by a full bucket.
    let most: Vec<Event> = (0..8_189).map(|number| partner(&format!("p-{number}"))).collect();
    let mut client = client(&service, &known[0].key).await.max_encoding_message_size(8 << 20);
    let request = AppendRequest { events: most, expected_last_position: None };
    client.append(request).await.expect("the burst");
    let next = (0..8_000).map(|number| partner(&format!("q-{number}"))).collect::<Vec<_>>();
    let status = client.append(append_request(next)).await.expect_err("the bucket is empty");
    assert_eq!(told(&status), (Code::ResourceExhausted, "RATE_LIMITED".to_owned()));
    let details = tonic_types::StatusExt::get_error_details(&status);
    let retry = details.retry_info().and_then(|info| info.retry_delay).expect("when to try again");
    assert!(retry > std::time::Duration::from_secs(1) && retry < std::time::Duration::from_secs(9), "{retry:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn raw_records_by_position_are_for_those_who_read() {
    let known = [principal("root", "admin", ""), principal("books", "auditor", "")];
    let service = Service::behind(gate(&text(&known))).await;
    append(&service, &known[0].key, two_partners()).await.expect("recorded");
    let mut audit = AuditServiceClient::new(service.connect_as(&known[1].key).await);
    let key = Some(get_record_request::Key::Position(1));
    let record = audit.get_record(GetRecordRequest { key }).await.expect("an answer").into_inner().record.expect("a record");
    assert_eq!(record.recorded_by, "root");
    let status = append(&service, &known[1].key, [partner("c")]).await.expect_err("an auditor appends nothing");
    assert_eq!(metadata(&status, "missing").as_deref(), Some("role"));
}

#[tokio::test]
async fn a_partner_is_told_of_its_own_payouts_alone() {
    let (admin, own) = (principal("admin", "admin", ""), principal("own", "partner", "partner = \"a\""));
    let service = Service::behind(gate(&text([&admin, &own]))).await;
    let mut events = two_partners();
    events.extend([adjustment("x", "ag-a", 500), adjustment("y", "ag-b", 500)]);
    events
        .extend([("p", paid("p", "a", 100)), ("q", initiated("q", "b", 200)), ("h", held("h", "a"))].map(|(name, body)| event(name, body)));
    append(&service, &admin.key, events).await.expect("recorded");
    let mut reader = PartnershipServiceClient::new(service.connect_as(&own.key).await);
    let rows = reader.get_payout_summary(GetPayoutSummaryRequest::default()).await.expect("an answer").into_inner().rows;
    assert_eq!(rows.iter().map(|row| (row.partner_id.as_str(), row.gross, row.count)).collect::<Vec<_>>(), [("a", 100, 1)]);
    let of_b = GetPayoutSummaryRequest { partner_id: Some("b".into()), ..GetPayoutSummaryRequest::default() };
    let unknown = (Code::NotFound, "UNKNOWN_ID".to_owned());
    assert_eq!(told(&reader.get_payout_summary(of_b).await.expect_err("another's")), unknown);
    let one = |payout: &str| ListPayoutsRequest { payout_id: Some(payout.into()), ..ListPayoutsRequest::default() };
    assert_eq!(told(&reader.list_payouts(one("q")).await.expect_err("another's")), unknown);
    assert_eq!(reader.list_payouts(one("p")).await.expect("its own").into_inner().payouts.len(), 1);
    let request = GetPartnerRequest { partner_id: "a".into(), options: None };
    let partner = reader.get_partner(request).await.expect("an answer").into_inner().partner.expect("a partner");
    assert_eq!((partner.on_hold, partner.holds[0].hold_id.as_str()), (true, "h"));
}
