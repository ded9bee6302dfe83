//! Sales of lines and several earners, voids and customers' payments over the wire: why they are refused, and what is seen of them as
//! of any time (rules 14–17).

use crate::common::events::{agreement, event_id, partner};
use crate::common::facts::day;
use crate::common::service::{Service, metadata, told};
use partnership_ledger::domain::parse::timestamp;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::{
    self, CommissionRule, CommissionTrigger, CustomerPaymentReceived, Event, ExplainSaleRequest, ExplainSaleResponse, Money, ReadOptions,
    RefundLine, RefundReason, SaleLine, SaleRecorded, SaleRefunded, SaleReinstated, SaleSplit, SaleVoided, Terms, commission_rule::Reward,
};
use std::collections::BTreeSet;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

fn at(date: &str, name: &str, body: Body) -> Event {
    Event { event_id: event_id(name), occurred_at: Some(timestamp(day(date))), metadata: [].into(), body: Some(body) }
}

#[expect(clippy::unnecessary_wraps, reason = "as the fields of messages are")]
fn usd(minor_units: i64) -> Option<Money> {
    Some(Money { currency_code: "USD".into(), minor_units })
}

fn rule(name: &str, rate_bps: u32) -> CommissionRule {
    CommissionRule {
        name: name.into(),
        trigger: CommissionTrigger::Sale.into(),
        reward: Some(Reward::RateBps(rate_bps)),
        ..Default::default()
    }
}

fn signed(id: &str, partner_id: &str, rule: CommissionRule) -> Event {
    let mut event = agreement(id, partner_id);
    event.occurred_at = Some(timestamp(day("2025-01-01")));
    if let Some(Body::AgreementSigned(signed)) = &mut event.body {
        let commission = Some(proto::Commission { rules: vec![rule] });
        signed.terms = Some(Box::new(Terms { commission, ..Terms::default() }));
    }
    event
}

/// Two partners: one is paid 10 % at once, the other as the customer pays.
async fn service() -> Service {
    let service = Service::start().await;
    let registered = ["a", "b"].map(|id| Event { occurred_at: Some(timestamp(day("2025-01-01"))), ..partner(id) });
    service.append(registered).await.expect("recorded");
    let waits = CommissionRule { payable_on: proto::PayableOn::CustomerPayment.into(), ..rule("waits", 1_000) };
    service.append([signed("aa", "a", rule("at once", 1_000)), signed("bb", "b", waits)]).await.expect("recorded");
    service
}

fn line(id: &str, minor_units: i64) -> SaleLine {
    SaleLine { line_id: id.into(), product: String::new(), amount: usd(minor_units), commissionable: None }
}

fn split(agreement: &str, share_bps: u32) -> SaleSplit {
    SaleSplit { agreement_id: agreement.into(), share_bps }
}

/// A sale of 100.00 of the lines a and b, between both agreements.
fn sale(id: &str) -> SaleRecorded {
    SaleRecorded {
        sale_id: id.into(),
        amount: usd(10_000),
        lines: vec![line("a", 7_000), line("b", 3_000)],
        splits: vec![split("aa", 6_000), split("bb", 4_000)],
        ..SaleRecorded::default()
    }
}

fn refund(id: &str, sale: &str, minor_units: i64, lines: &[(&str, i64)]) -> Body {
    let line = |(id, minor_units): &(&str, i64)| RefundLine { line_id: (*id).into(), amount: usd(*minor_units) };
    Body::SaleRefunded(SaleRefunded {
        refund_id: id.into(),
        sale_id: sale.into(),
        amount: usd(minor_units),
        reason: RefundReason::CustomerRequest.into(),
        clamp: false,
        lines: lines.iter().map(line).collect(),
    })
}

fn paid_by_customer(id: &str, sale: &str, minor_units: i64) -> Body {
    Body::CustomerPaymentReceived(CustomerPaymentReceived { receipt_id: id.into(), sale_id: sale.into(), amount: usd(minor_units) })
}

fn voided(sale: &str) -> Body {
    Body::SaleVoided(SaleVoided { sale_id: sale.into(), reason: "typed twice".into() })
}

async fn refused(service: &Service, name: &str, body: Body) -> Status {
    service.append([at("2025-03-01", name, body)]).await.expect_err(name)
}

async fn explained(service: &Service, sale: &str, options: ReadOptions) -> ExplainSaleResponse {
    let request = ExplainSaleRequest { sale_id: sale.into(), options: Some(options) };
    service.reader().await.explain_sale(request).await.expect("an answer").into_inner()
}

fn fields(status: &Status) -> BTreeSet<String> {
    let details = status.get_error_details();
    let bad = details.bad_request().map(|bad| bad.field_violations.as_slice()).unwrap_or_default();
    bad.iter().map(|violation| violation.field.clone()).collect()
}

#[tokio::test]
async fn sums_that_do_not_add_up_are_named() {
    let service = service().await;
    let changed = |change: fn(&mut SaleRecorded)| {
        let mut sale = sale("s");
        change(&mut sale);
        Body::SaleRecorded(sale)
    };
    let cases: [(Body, &[&str]); 12] = [
        (changed(|sale| sale.lines[0].amount = usd(6_999)), &["sale_recorded.lines"]),
        (changed(|sale| sale.lines[1].line_id = "a".into()), &["sale_recorded.lines[1].line_id"]),
        (changed(|sale| sale.lines[1].commissionable = usd(3_001)), &["sale_recorded.lines[1].commissionable.minor_units"]),
        (changed(|sale| sale.splits[0].share_bps = 6_001), &["sale_recorded.splits"]),
        (changed(|sale| sale.splits.truncate(1)), &["sale_recorded.splits"]),
        (changed(|sale| sale.splits[1].agreement_id = "aa".into()), &["sale_recorded.splits[1].agreement_id"]),
        (changed(|sale| sale.agreement_id = Some("aa".into())), &["sale_recorded.agreement_id"]),
        (changed(|sale| sale.product = "pro".into()), &["sale_recorded.product"]),
        (changed(|sale| sale.commissionable = usd(1)), &["sale_recorded.commissionable"]),
        (changed(|sale| sale.coupon = "c".repeat(257)), &["sale_recorded.coupon"]),
        (refund("r", "s", 5, &[("a", 4)]), &["sale_refunded.lines"]),
        (paid_by_customer("p", "s", 0), &["customer_payment_received.amount.minor_units"]),
    ];
    for (number, (body, wanted)) in cases.into_iter().enumerate() {
        let status = refused(&service, &format!("case {number}"), body).await;
        let wanted: BTreeSet<String> = wanted.iter().map(|field| format!("events[0].{field}")).collect();
        assert_eq!((status.code(), fields(&status)), (Code::InvalidArgument, wanted), "{number}");
    }
}

#[tokio::test]
async fn what_rules_forbid_is_refused_with_what_mends_it() {
    let service = service().await;
    service.append([at("2025-02-01", "s", Body::SaleRecorded(sale("s")))]).await.expect("recorded");
    let unknown = refused(&service, "unknown", refund("r", "s", 1, &[("c", 1)])).await;
    assert_eq!((told(&unknown), metadata(&unknown, "kind").as_deref()), ((Code::NotFound, "UNKNOWN_ID".into()), Some("line_id")));
    let beyond = refused(&service, "beyond", refund("r", "s", 3_001, &[("b", 3_001)])).await;
    assert_eq!(told(&beyond), (Code::FailedPrecondition, "REFUND_EXCEEDS_SALE".into()));
    assert_eq!(["line_id", "minor_units"].map(|name| metadata(&beyond, name)), [Some("b".into()), Some("3000".into())]);
    let below = refused(&service, "below", paid_by_customer("p", "s", -1)).await;
    assert_eq!(told(&below), (Code::FailedPrecondition, "BELOW_ZERO".into()));
    service.append([at("2025-02-02", "r", refund("r", "s", 1_000, &[]))]).await.expect("recorded");
    service.append([at("2025-02-03", "v", voided("s"))]).await.expect("recorded");
    let won = Body::SaleReinstated(SaleReinstated { reinstatement_id: "w".into(), refund_id: "r".into() });
    for (name, body) in [("refund", refund("r2", "s", 1, &[])), ("won", won), ("paid", paid_by_customer("p", "s", 1))] {
        let status = refused(&service, name, body).await;
        assert_eq!(told(&status), (Code::FailedPrecondition, "SALE_VOIDED".into()), "{name}");
        assert_eq!(metadata(&status, "position").as_deref(), Some("7"), "{name}");
    }
    assert_eq!(told(&refused(&service, "again", voided("s")).await), (Code::FailedPrecondition, "ALREADY_DONE".into()));
    let again = refused(&service, "taken", Body::SaleRecorded(sale("s"))).await;
    assert_eq!(told(&again), (Code::AlreadyExists, "DUPLICATE_ID".into()), "the id stays taken");
}

#[tokio::test]
async fn parts_are_explained_as_of_any_time() {
    let service = service().await;
    let events = [
        at("2025-02-01", "s", Body::SaleRecorded(sale("s"))),
        at("2025-02-02", "p", paid_by_customer("p", "s", 5_000)),
        at("2025-02-03", "r", refund("r", "s", 3_000, &[("b", 3_000)])),
        at("2025-02-04", "v", voided("s")),
    ];
    service.append(events).await.expect("recorded");
    let of = |as_of: &str| ReadOptions { as_of: Some(timestamp(day(as_of))), ..ReadOptions::default() };
    let parts = |answer: &ExplainSaleResponse| -> Vec<(String, String, i64, i64, i64)> {
        let units = |money: &Option<Money>| money.as_ref().map_or(0, |money| money.minor_units);
        let part = |part: &proto::ExplainPart| {
            let line = part.line_id.clone().unwrap_or_default();
            (line, part.agreement_id.clone(), units(&part.amount), units(&part.commission_left), units(&part.awaiting))
        };
        answer.parts.iter().map(part).collect()
    };
    let rows = |rows: [(&str, &str, i64, i64, i64); 4]| {
        rows.map(|(line, agreement, of, left, waits)| (line.to_owned(), agreement.to_owned(), of, left, waits))
    };
    let made = explained(&service, "s", of("2025-02-01")).await;
    assert_eq!(
        parts(&made),
        rows([("a", "aa", 4_200, 420, 0), ("a", "bb", 2_800, 280, 280), ("b", "aa", 1_800, 180, 0), ("b", "bb", 1_200, 120, 120)])
    );
    let paid = explained(&service, "s", of("2025-02-02")).await;
    assert_eq!(
        parts(&paid),
        rows([("a", "aa", 4_200, 420, 0), ("a", "bb", 2_800, 280, 140), ("b", "aa", 1_800, 180, 0), ("b", "bb", 1_200, 120, 60)])
    );
    // Of what is left, 70.00, 50.00 are paid.
    let refunded = explained(&service, "s", of("2025-02-03")).await;
    assert_eq!(
        parts(&refunded),
        rows([("a", "aa", 4_200, 420, 0), ("a", "bb", 2_800, 280, 80), ("b", "aa", 1_800, 0, 0), ("b", "bb", 1_200, 0, 0)])
    );
    let sale = refunded.sale.expect("the sale");
    let of_lines: Vec<_> =
        sale.lines.iter().map(|line| (line.line_id.as_str(), line.refunded.as_ref().map(|money| money.minor_units))).collect();
    assert_eq!((of_lines, sale.paid_by_customer, sale.voided_at), (vec![("a", Some(0)), ("b", Some(3_000))], usd(5_000), None));
    let gone = explained(&service, "s", ReadOptions::default()).await;
    assert!(parts(&gone).iter().all(|(.., left, waits)| (*left, *waits) == (0, 0)), "{:?}", gone.parts);
    assert_eq!(gone.sale.and_then(|sale| sale.voided_position), Some(8));
}
