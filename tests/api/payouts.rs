//! Payouts over the wire: on their way and settled, on hold, their figures over a time, and why they are refused.

use crate::common::events::{adjustment, agreement, event_id, partner};
use crate::common::facts::{day, failed, held, initiated, lifted, paid, settled};
use crate::common::service::{Service, metadata, told};
use partnership_ledger::domain::parse::timestamp;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::{
    self, Event, GetBalanceRequest, GetPartnerRequest, GetPayoutSummaryRequest, ListPayablesRequest, ListPayoutsRequest, Money, Payout,
    PayoutState, PayoutSummaryRow, ReadOptions,
};
use tonic::Code;
use tonic_types::StatusExt as _;

fn at(date: &str, name: &str, body: Body) -> Event {
    Event { event_id: event_id(name), occurred_at: Some(timestamp(day(date))), metadata: [].into(), body: Some(body) }
}

fn usd(minor_units: i64) -> Money {
    Money { currency_code: "USD".into(), minor_units }
}

/// Two partners who are owed 1 000.00 USD each.
async fn owed() -> Service {
    let service = Service::start().await;
    let mut events = vec![partner("b"), partner("a"), agreement("aa", "a"), agreement("bb", "b")];
    events.extend([adjustment("1", "aa", 100_000), adjustment("2", "bb", 100_000)]);
    for event in &mut events {
        event.occurred_at = Some(timestamp(day("2025-01-01")));
    }
    service.append(events).await.expect("recorded");
    service
}

async fn payouts(service: &Service, request: ListPayoutsRequest) -> Vec<Payout> {
    service.reader().await.list_payouts(request).await.expect("an answer").into_inner().payouts
}

async fn summary(service: &Service, request: &GetPayoutSummaryRequest) -> Vec<PayoutSummaryRow> {
    let (mut reader, mut request, mut rows) = (service.reader().await, request.clone(), Vec::new());
    loop {
        let page = reader.get_payout_summary(request.clone()).await.expect("an answer").into_inner();
        assert!(request.page_size == 0 || page.rows.len() <= request.page_size as usize);
        rows.extend(page.rows);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return rows;
        }
    }
}

async fn in_transit(service: &Service, options: ReadOptions) -> (i64, i64, i64) {
    let request = GetBalanceRequest { partner_id: "a".into(), options: Some(options) };
    let balances = service.reader().await.get_balance(request).await.expect("an answer").into_inner().balances;
    balances.first().map(|balance| (balance.in_transit, balance.paid, balance.payable)).expect("one currency")
}

#[tokio::test]
async fn what_is_on_its_way_is_told_as_of_any_time_and_position() {
    let service = owed().await;
    let sent = [at("2025-02-01", "p", initiated("p", "a", 30_000)), at("2025-02-02", "q", initiated("q", "a", 20_000))];
    service.append(sent).await.expect("recorded");
    service.append([at("2025-02-05", "ps", settled("p")), at("2025-02-06", "qf", failed("q"))]).await.expect("recorded");
    let of =
        |as_of: &str, position: u64| ReadOptions { as_of: Some(timestamp(day(as_of))), as_of_position: Some(position), min_position: None };
    for (options, expected) in [
        (ReadOptions::default(), (0, 50_000, 70_000)),
        (of("2025-02-04", 10), (50_000, 50_000, 50_000)),
        (of("2025-02-05", 10), (20_000, 50_000, 50_000)),
        (of("2025-02-01", 10), (30_000, 30_000, 70_000)),
        (of("2025-03-01", 8), (50_000, 50_000, 50_000)),
        (of("2025-03-01", 9), (20_000, 50_000, 50_000)),
    ] {
        assert_eq!(in_transit(&service, options).await, expected, "{options:?}");
    }
    let in_state = async |state: PayoutState, options| {
        let request = ListPayoutsRequest { state: state.into(), options: Some(options), ..ListPayoutsRequest::default() };
        payouts(&service, request).await.into_iter().map(|payout| payout.payout_id).collect::<Vec<_>>()
    };
    assert_eq!(in_state(PayoutState::InTransit, of("2025-02-05", 10)).await, ["q"]);
    assert_eq!(in_state(PayoutState::Settled, ReadOptions::default()).await, ["p"]);
    assert_eq!(in_state(PayoutState::Failed, ReadOptions::default()).await, ["q"]);
    assert_eq!(in_state(PayoutState::Failed, of("2025-03-01", 9)).await, [""; 0]);
    let between =
        ListPayoutsRequest { from: Some(timestamp(day("2025-02-01"))), to: Some(timestamp(day("2025-02-02"))), ..Default::default() };
    assert_eq!(payouts(&service, between).await.len(), 1);
    let one = payouts(&service, ListPayoutsRequest { payout_id: Some("q".into()), ..ListPayoutsRequest::default() }).await;
    assert_eq!(
        (one.len(), one[0].state(), one[0].returned, one[0].failed_at),
        (1, PayoutState::Failed, 20_000, Some(timestamp(day("2025-02-06"))))
    );
    let none = ListPayoutsRequest { payout_id: Some("z".into()), ..ListPayoutsRequest::default() };
    assert_eq!(told(&service.reader().await.list_payouts(none).await.expect_err("unknown")), (Code::NotFound, "UNKNOWN_ID".into()));
}

/// What is told late of a payout counts no earlier than it, and not before the last close (rules 7.7, 20.1).
#[tokio::test]
async fn a_settlement_counts_no_earlier_than_its_payout_or_the_close() {
    let service = owed().await;
    service.append([at("2025-03-10", "p", initiated("p", "a", 100)), at("2025-03-01", "s", settled("p"))]).await.expect("recorded");
    let closed = Body::PeriodClosed(proto::PeriodClosed { through: Some(timestamp(day("2025-04-01"))) });
    service.append([at("2025-04-01", "c", closed), at("2025-03-12", "q", initiated("q", "a", 200))]).await.expect("recorded");
    service.append([at("2025-03-13", "f", failed("q"))]).await.expect("recorded");
    let as_of = |date: &str| ReadOptions { as_of: Some(timestamp(day(date))), ..ReadOptions::default() };
    assert_eq!(in_transit(&service, as_of("2025-03-09")).await, (0, 0, 100_000));
    assert_eq!(in_transit(&service, as_of("2025-03-10")).await, (0, 100, 99_900));
    assert_eq!(in_transit(&service, as_of("2025-03-31")).await, (0, 100, 99_900));
    assert_eq!(in_transit(&service, as_of("2025-04-01")).await, (0, 300, 99_900));
}

#[tokio::test]
async fn the_figures_of_a_time_come_in_pages_by_partner_currency_and_method() {
    let service = owed().await;
    let by = |method: &str, body: Body| match body {
        Body::CommissionPaid(paid) => Body::CommissionPaid(proto::CommissionPaid { method: method.into(), ..paid }),
        Body::PayoutInitiated(sent) => Body::PayoutInitiated(proto::PayoutInitiated {
            method: method.into(),
            tax_withheld: (method == "wallet").then(|| usd(300)),
            tax_added: (method == "wallet").then(|| usd(2_500)),
            ..sent
        }),
        other => other,
    };
    let back = |amount| {
        Body::PayoutReturned(proto::PayoutReturned {
            return_id: format!("r{amount}"),
            payout_id: "q".into(),
            amount: Some(usd(amount)),
            reason: String::new(),
        })
    };
    let events = [
        at("2025-12-30", "p", by("bank", paid("p", "b", 100))),
        at("2025-12-31", "q", by("wallet", initiated("q", "a", 10_000))),
        at("2026-01-01", "qs", settled("q")),
        at("2026-01-02", "q1", back(3_333)),
        at("2026-02-02", "q2", back(6_667)),
        at("2026-02-03", "x", by("bank", initiated("x", "a", 5))),
        at("2026-02-04", "xf", failed("x")),
        at("2026-02-05", "y", by("bank", initiated("y", "a", 7))),
        at("2026-02-06", "z", by("card", paid("z", "a", 1))),
    ];
    service.append(events).await.expect("recorded");
    let row = |partner: &str, method: &str, figures: [i64; 7]| {
        let [count, gross, tax_withheld, tax_added, returned, tax_withheld_returned, tax_added_returned] = figures;
        let (partner_id, currency_code, method) = (partner.into(), "USD".into(), method.into());
        PayoutSummaryRow {
            partner_id,
            currency_code,
            method,
            gross,
            tax_withheld,
            tax_added,
            returned,
            tax_withheld_returned,
            tax_added_returned,
            count,
        }
    };
    let all = GetPayoutSummaryRequest::default();
    let whole = [row("a", "", [2, 10_001, 300, 2_500, 10_000, 300, 2_500]), row("b", "", [1, 100, 0, 0, 0, 0, 0])];
    assert_eq!(summary(&service, &all).await, whole);
    let by_method = GetPayoutSummaryRequest { by_method: true, ..all.clone() };
    let apart = [
        row("a", "card", [1, 1, 0, 0, 0, 0, 0]),
        row("a", "wallet", [1, 10_000, 300, 2_500, 10_000, 300, 2_500]),
        row("b", "bank", [1, 100, 0, 0, 0, 0, 0]),
    ];
    assert_eq!(summary(&service, &by_method).await, apart);
    assert_eq!(summary(&service, &GetPayoutSummaryRequest { page_size: 1, ..by_method.clone() }).await, apart);
    let of_2025 = GetPayoutSummaryRequest { to: Some(timestamp(day("2026-01-01"))), ..all.clone() };
    assert_eq!(summary(&service, &of_2025).await, [row("b", "", [1, 100, 0, 0, 0, 0, 0])]);
    let of_january = GetPayoutSummaryRequest {
        partner_id: Some("a".into()),
        from: Some(timestamp(day("2026-01-01"))),
        to: Some(timestamp(day("2026-02-01"))),
        ..all.clone()
    };
    assert_eq!(summary(&service, &of_january).await, [row("a", "", [1, 10_000, 300, 2_500, 3_333, 100, 833])]);
    let of_february = GetPayoutSummaryRequest { from: Some(timestamp(day("2026-02-01"))), ..of_january.clone() };
    assert_eq!(summary(&service, &of_february).await, [], "an empty time");
    let of_february = GetPayoutSummaryRequest { to: Some(timestamp(day("2026-02-04"))), ..of_february };
    assert_eq!(summary(&service, &of_february).await, [row("a", "", [0, 0, 0, 0, 6_667, 200, 1_667])]);
    let (from, to) = (Some(timestamp(day("2026-02-01"))), Some(timestamp(day("2026-01-31"))));
    let backwards = GetPayoutSummaryRequest { from, to, ..all.clone() };
    let refused = service.reader().await.get_payout_summary(backwards).await.expect_err("it ends before it begins");
    assert_eq!(told(&refused), (Code::InvalidArgument, "MALFORMED".into()));
    let refused = service.reader().await.list_payouts(ListPayoutsRequest { from, to, ..Default::default() }).await;
    assert_eq!(told(&refused.expect_err("it ends before it begins")), (Code::InvalidArgument, "MALFORMED".into()));
    let early = ReadOptions { as_of: Some(timestamp(day("2025-12-31"))), ..ReadOptions::default() };
    assert_eq!(summary(&service, &GetPayoutSummaryRequest { options: Some(early), ..all }).await, [row("b", "", [1, 100, 0, 0, 0, 0, 0])]);
    let nobody = GetPayoutSummaryRequest { partner_id: Some("nobody".into()), ..GetPayoutSummaryRequest::default() };
    assert_eq!(told(&service.reader().await.get_payout_summary(nobody).await.expect_err("unknown")), (Code::NotFound, "UNKNOWN_ID".into()));
}

#[tokio::test]
async fn a_hold_is_told_and_keeps_its_partner_out_of_proposals() {
    let service = owed().await;
    service.append([at("2025-02-01", "h", held("h", "a")), at("2025-03-01", "l", lifted("h"))]).await.expect("recorded");
    let mut reader = service.reader().await;
    for (date, on_hold) in [("2025-01-31", false), ("2025-02-01", true), ("2025-02-28", true), ("2025-03-01", false)] {
        let options = Some(ReadOptions { as_of: Some(timestamp(day(date))), ..ReadOptions::default() });
        let request = GetPartnerRequest { partner_id: "a".into(), options };
        let partner = reader.get_partner(request).await.expect("an answer").into_inner().partner.expect("a partner");
        assert_eq!((partner.on_hold, partner.holds.len()), (on_hold, usize::from(date > "2025-01-31")), "{date}");
        for include_on_hold in [false, true] {
            let request = ListPayablesRequest { include_on_hold, options, ..ListPayablesRequest::default() };
            let payables = reader.list_payables(request).await.expect("an answer").into_inner().payables;
            let told: Vec<_> = payables.iter().map(|payable| (payable.partner_id.as_str(), payable.on_hold)).collect();
            let of_a = (include_on_hold || !on_hold).then_some(("a", on_hold));
            assert_eq!(told, of_a.into_iter().chain([("b", false)]).collect::<Vec<_>>(), "{date}");
        }
    }
}

#[tokio::test]
async fn refusals_say_what_to_mend() {
    let service = owed().await;
    let numbered = |payout: &str| match paid(payout, "a", 1) {
        Body::CommissionPaid(paid) => Body::CommissionPaid(proto::CommissionPaid { document_number: "No. 1/ก".into(), ..paid }),
        _ => unreachable!("a payment"),
    };
    service.append([at("2025-02-01", "p", numbered("p")), at("2025-02-01", "s", initiated("s", "a", 5))]).await.expect("recorded");
    let refused = service.append([at("2025-02-02", "q", numbered("q"))]).await.expect_err("the number is taken");
    assert_eq!(told(&refused), (Code::AlreadyExists, "DUPLICATE_ID".into()));
    assert_eq!(metadata(&refused, "field").as_deref(), Some("document_number"));
    assert_eq!(metadata(&refused, "position").as_deref(), Some("7"));
    let own_currency = Body::PayoutSettled(proto::PayoutSettled { payout_id: "s".into(), reference: None, settled_amount: Some(usd(5)) });
    let refused = service.append([at("2025-02-02", "h", held("h", "b")), at("2025-02-02", "t", own_currency)]).await.expect_err("its own");
    assert_eq!(told(&refused), (Code::InvalidArgument, "MALFORMED".into()));
    let details = refused.get_error_details();
    let fields: Vec<_> =
        details.bad_request().expect("a field").field_violations.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(fields, ["events[1].payout_settled.settled_amount.currency_code"]);
    service.append([at("2025-02-02", "h", held("h", "a"))]).await.expect("recorded: nothing of the refused append was");
    let refused = service.append([at("2025-02-03", "u", paid("u", "a", 1))]).await.expect_err("on hold");
    assert_eq!(
        (told(&refused), metadata(&refused, "hold_id").as_deref()),
        ((Code::FailedPrecondition, "PARTNER_ON_HOLD".into()), Some("h"))
    );
    let back =
        Body::PayoutReturned(proto::PayoutReturned { return_id: "r".into(), payout_id: "s".into(), ..proto::PayoutReturned::default() });
    let refused = service.append([at("2025-02-03", "r", back)]).await.expect_err("on its way");
    assert_eq!(
        (told(&refused), metadata(&refused, "payout_id").as_deref()),
        ((Code::FailedPrecondition, "PAYOUT_NOT_SETTLED".into()), Some("s"))
    );
}
