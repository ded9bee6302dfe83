//! What is payable, held and paid, and how a sale's commission came about, in words.

use crate::common::facts::{
    adjusted, paid, reassigned, referred, refunded, registered, rule, signed, sold, terminated, terms, terms_with, usd,
};
use crate::common::story::Story;
use crate::views::answers::{ask, explain};
use partnership_ledger::proto::commission_rule::Reward;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::{self, ListDisputesRequest, ListPayablesRequest, PayableOn, Side};
use partnership_ledger::queries::disputes::ListDisputes;
use partnership_ledger::queries::payables::ListPayables;

fn begun() -> Story {
    let story = Story::default().on("2025-01-01", registered("acme")).on("2025-01-01", signed("a", "acme", terms()));
    story.on("2025-01-02", referred("l", "a"))
}

fn payables(story: &Story, date: &str, include_below_minimum: bool) -> Vec<(String, i64, i64, bool)> {
    let request = ListPayablesRequest { include_below_minimum, ..ListPayablesRequest::default() };
    let answer = ask::<ListPayables>(story, story.seen(date), &request).expect("an answer");
    let line = |payable: proto::Payable| (payable.partner_id, payable.payable, payable.minimum_payout, payable.below_minimum);
    answer.payables.into_iter().map(line).collect()
}

fn with_minimum(minor_units: i64) -> proto::Terms {
    proto::Terms { minimum_payout: Some(usd(minor_units)), ..terms() }
}

#[test]
fn a_payout_is_proposed_from_the_largest_minimum_on() {
    let story = begun().on("2025-01-03", signed("small", "acme", with_minimum(1_000))).on("2025-01-03", adjusted("g", "a", 4_999));
    let story = story.on("2025-02-01", signed("large", "acme", with_minimum(5_000)));
    assert_eq!(payables(&story, "2025-01-31", false), [("acme".into(), 4_999, 1_000, false)], "not yet in force");
    assert_eq!(payables(&story, "2025-02-01", false), []);
    assert_eq!(payables(&story, "2025-02-01", true), [("acme".into(), 4_999, 5_000, true)]);
    let story = story.on("2025-03-01", terminated("large"));
    assert_eq!(payables(&story, "2025-04-01", true), [("acme".into(), 4_999, 5_000, true)], "the terms at the end still count");
    let story = story.on("2025-04-02", adjusted("h", "a", 1));
    assert_eq!(payables(&story, "2025-04-02", false), [("acme".into(), 5_000, 5_000, false)]);
}

#[test]
fn payables_come_by_partner_id() {
    let story = begun().on("2025-01-03", registered("aaron")).on("2025-01-03", signed("b", "aaron", terms()));
    let story = story.on("2025-01-04", adjusted("g", "a", 1)).on("2025-01-04", adjusted("h", "b", 2));
    assert_eq!(payables(&story, "2025-02-01", false).into_iter().map(|payable| payable.0).collect::<Vec<_>>(), ["aaron", "acme"]);
}

#[test]
fn an_open_dispute_holds_what_is_available() {
    let opened = Body::DisputeOpened(proto::DisputeOpened {
        dispute_id: "d".into(),
        opened_by: Side::Partner as i32,
        claim: "ours".into(),
        subject: Some(proto::dispute_opened::Subject::LeadId("l".into())),
    });
    let outcome = proto::DisputeOutcome::Dismissed as i32;
    let resolved = Body::DisputeResolved(proto::DisputeResolved { dispute_id: "d".into(), outcome, resolution: "no".into() });
    let story = begun().on("2025-01-03", sold("s", "l", 10_000)).on("2025-02-01", opened).on("2025-03-01", resolved);
    let dispute = |date| {
        let request = ListDisputesRequest { partner_id: Some("acme".into()), ..ListDisputesRequest::default() };
        ask::<ListDisputes>(&story, story.seen(date), &request).expect("an answer").disputes.pop()
    };
    assert_eq!(dispute("2025-01-31"), None);
    let open = dispute("2025-02-01").expect("open");
    assert_eq!((open.held[0].amount, open.outcome, open.resolution.as_str()), (2_000, None, ""), "its end is not seen");
    let closed = dispute("2025-03-01").expect("still listed");
    assert_eq!((closed.held.len(), closed.outcome, closed.resolution.as_str()), (0, Some(outcome), "no"));
    let open_only = ListDisputesRequest { open_only: true, ..ListDisputesRequest::default() };
    assert_eq!(ask::<ListDisputes>(&story, story.seen("2025-03-01"), &open_only).expect("an answer").disputes, []);
}

#[test]
fn a_sale_is_explained_from_the_partner_to_the_payout() {
    let story = begun().on("2025-01-03", sold("s", "l", 10_000)).on("2025-01-04", sold("t", "l", 5_000));
    let story = story.on("2025-02-01", refunded("r", "s", 2_500)).on("2025-03-01", paid("p", "acme", 2_000));
    let told = explain(&story, story.seen("2025-04-01"), "s").expect("known");
    let steps: Vec<(u64, &str)> = told.steps.iter().map(|step| (step.position, step.sentence.as_str())).collect();
    let chain = [
        (1, "Partner acme (ACME) was registered."),
        (2, "Agreement a with acme was signed, in effect from 2025-01-01; the terms that it brought apply."),
        (3, "acme owns lead l since 2025-01-02 because it claimed it first; agreement a has the credit."),
        (
            4,
            "Sale s of 100.00 USD was made on 2025-01-03; 20.00 USD were earned by rule base: 20 % of 100.00 USD; available from 2025-01-03.",
        ),
        (6, "Refund r took 25.00 USD of the sale; 5.00 USD of commission were taken back."),
        (7, "Payout p to acme pays 15.00 USD of it."),
    ];
    assert_eq!(steps, chain);
    assert_eq!((told.commission_left, told.paid), (Some(usd(1_500)), Some(usd(1_500))));
    assert_eq!(told.sale.expect("a sale").refunded, Some(usd(2_500)));
    let second = explain(&story, story.seen("2025-04-01"), "t").expect("known");
    assert_eq!((second.commission_left, second.paid), (Some(usd(1_000)), Some(usd(500))), "what is left of the payout");
    let then = explain(&story, story.seen("2025-01-31"), "s").expect("known");
    assert_eq!((then.steps.len(), then.commission_left, then.paid), (4, Some(usd(2_000)), Some(usd(0))));
}

#[test]
fn a_transfer_takes_along_what_is_unpaid() {
    let story = begun().on("2025-01-03", registered("beta")).on("2025-01-03", signed("b", "beta", terms()));
    let story = story.on("2025-01-04", sold("s", "l", 10_000)).on("2025-02-01", paid("p", "acme", 500));
    let story = story.on("2025-03-01", reassigned("l", Some("b"))).on("2025-04-01", paid("q", "beta", 1_500));
    let told = explain(&story, story.seen("2025-05-01"), "s").expect("known");
    let sentences: Vec<&str> = told.steps.iter().skip_while(|step| step.position < 7).map(|step| step.sentence.as_str()).collect();
    let moved = "The lead was reassigned; 15.00 USD of unpaid commission moved from acme to beta.";
    assert_eq!(sentences, ["Payout p to acme pays 5.00 USD of it.", moved, "Payout q to beta pays 15.00 USD of it."]);
    assert_eq!((told.commission_left, told.paid), (Some(usd(2_000)), Some(usd(2_000))));
}

#[test]
fn no_more_of_a_sale_is_paid_than_stands_of_it_at_the_time_asked() {
    let on_payment = proto::CommissionRule { payable_on: PayableOn::CustomerPayment as i32, ..rule(Reward::RateBps(2_000)) };
    let story = Story::default().on("2025-01-01", registered("acme")).on("2025-01-01", signed("a", "acme", terms_with(on_payment)));
    let story = story.on("2025-01-02", referred("l", "a")).on("2025-01-03", sold("s", "l", 10_000));
    let advance = Body::CommissionPaid(proto::CommissionPaid {
        payout_id: "p".into(),
        partner_id: "acme".into(),
        amount: Some(usd(2_000)),
        advance: true,
        ..proto::CommissionPaid::default()
    });
    let received = proto::CustomerPaymentReceived { receipt_id: "c".into(), sale_id: "s".into(), amount: Some(usd(10_000)) };
    let story = story.on("2025-01-20", advance).on("2025-03-01", Body::CustomerPaymentReceived(received));
    // It takes what the customer's payment released, which is not yet released when the refund was made.
    let story = story.on("2025-02-01", refunded("r", "s", 5_000));
    let then = explain(&story, story.seen("2025-02-15"), "s").expect("known");
    assert_eq!((then.commission_left, then.paid), (Some(usd(1_000)), Some(usd(1_000))));
    assert_eq!(then.parts[0].awaiting, Some(usd(2_000)));
    let sentence = then.steps.last().map(|step| step.sentence.as_str());
    assert_eq!(sentence, Some("Refund r took 50.00 USD of the sale; 10.00 USD of commission were taken back."));
    let payout = then.steps.iter().find(|step| step.position == 5).map(|step| step.sentence.as_str());
    assert_eq!(payout, Some("Payout p to acme pays 10.00 USD of it."));
    let now = explain(&story, story.seen("2025-03-01"), "s").expect("known");
    assert_eq!((now.commission_left, now.paid), (Some(usd(1_000)), Some(usd(1_000))));
}

#[test]
fn a_sale_without_credit_is_explained_too() {
    let bare = Body::SaleRecorded(proto::SaleRecorded { sale_id: "s".into(), amount: Some(usd(100)), ..proto::SaleRecorded::default() });
    let story = begun().on("2025-01-03", bare);
    let told = explain(&story, story.seen("2025-02-01"), "s").expect("known");
    assert_eq!((told.assessment.is_none(), told.terms.is_none(), told.steps.len()), (true, true, 1));
    let words =
        "Sale s of 1.00 USD was made on 2025-01-03; nothing was earned: it names neither lead nor agreement, and counts in totals only.";
    assert_eq!(told.steps[0].sentence, words);
    assert_eq!((told.commission_left, told.paid), (Some(usd(0)), Some(usd(0))));
}
