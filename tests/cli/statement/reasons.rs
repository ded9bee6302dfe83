//! Every kind of line says why it moved; and all of a statement is read at one position, whatever is recorded meanwhile.

use super::{event, record, refund, registered, sale, signed, statement};
use crate::common::server::Server;
use serde_json::{Value, json};

/// A body about an amount of dollars.
fn dollars(minor_units: i64) -> Value {
    json!({"currency_code": "USD", "minor_units": minor_units})
}

fn agreement(id: &str, kind: &str, rules: &Value, ownership: Option<Value>) -> String {
    let mut terms = json!({"commission": {"rules": rules}});
    if let Some(ownership) = ownership {
        terms["ownership"] = ownership;
    }
    event("2025-01-01", &json!({"agreement_signed": {"agreement_id": id, "partner_id": "siam", "type": kind, "terms": terms}}))
}

/// Agreements with a flat reward, with tiers and with a cap; a venture; a campaign.
fn agreements() -> Vec<String> {
    let flat = json!([{"name": "fee", "trigger": "COMMISSION_TRIGGER_LEAD_QUALIFIED", "flat": dollars(5_000)}]);
    let bands = json!([{"from_minor_units": 0, "rate_bps": 1000}, {"from_minor_units": 100_000, "rate_bps": 2000}]);
    let tiers = json!({"mode": "TIER_MODE_MARGINAL", "period": "TIER_PERIOD_YEAR", "currency_code": "USD", "bands": bands});
    let tiers = json!([{"name": "ladder", "trigger": "COMMISSION_TRIGGER_SALE", "tiers": tiers}]);
    let capped = json!([{"name": "capped", "trigger": "COMMISSION_TRIGGER_SALE", "rate_bps": 5000, "cap_per_lead": dollars(1_000)}]);
    let halves = json!({"house_bps": 5000, "partner_bps": 5000});
    let share =
        |who: &str, value: Value| json!({who: value, "cost_share_bps": 5000, "lead_share_bps": 5000, "goal": "CAMPAIGN_GOAL_LEADS"});
    let campaign = json!({"campaign_planned": {
        "campaign_id": "booth-1", "type": "CAMPAIGN_TYPE_EVENT_SPONSORSHIP", "title": "Booth",
        "participants": [share("house", json!(true)), share("agreement_id", json!("siam-1"))],
        "starts_at": "2025-03-01T00:00:00Z", "ends_at": "2025-03-04T00:00:00Z"
    }});
    vec![
        registered("2025-01-01", "siam", "Siam"),
        registered("2025-01-01", "tokyo", "Tokyo"),
        signed("2025-01-01", "siam-1", "siam", 0),
        signed("2025-01-01", "tokyo-1", "tokyo", 0),
        agreement("flat-1", "AGREEMENT_TYPE_CHANNEL", &flat, None),
        agreement("tiers-1", "AGREEMENT_TYPE_CHANNEL", &tiers, None),
        agreement("capped-1", "AGREEMENT_TYPE_CHANNEL", &capped, None),
        agreement("venture-1", "AGREEMENT_TYPE_JOINT_VENTURE", &json!([]), Some(halves)),
        event("2025-02-01", &campaign),
    ]
}

fn referred(lead: &str, agreement: &str) -> String {
    event("2025-02-01", &json!({"lead_referred": {"lead_id": lead, "agreement_id": agreement, "acquired_by": "ACQUIRED_BY_PARTNER"}}))
}

/// Facts of March of every kind, each with the kind and the reason that its line must have.
fn facts() -> Vec<(String, &'static str, &'static str)> {
    let paid =
        json!({"payout_id": "payout-1", "partner_id": "siam", "amount": dollars(3_000), "tax_withheld": dollars(90), "method": "bank"});
    let returned = json!({"return_id": "return-1", "payout_id": "payout-1", "amount": dollars(1_000), "reason": "wrong account"});
    let received = json!({"payment_id": "payment-1", "partner_id": "siam", "amount": dollars(10), "reference": "invoice 7"});
    let cost =
        json!({"cost_id": "cost-1", "campaign_id": "booth-1", "amount": dollars(4_000), "agreement_id": "siam-1", "description": "stand"});
    let profit = json!({"distribution_id": "profit-1", "agreement_id": "venture-1", "amount": dollars(900), "method": "DISTRIBUTION_METHOD_BY_OWNERSHIP"});
    let moved = json!({"lead_id": "lead-2", "agreement_id": "tokyo-1", "reason": "other region", "transfer_unpaid_commission": true});
    let collected = json!({"agreement_id": "siam-1", "collected_by": "SIDE_PARTNER"});
    vec![
        (event("2025-03-01", &json!({"lead_qualified": {"lead_id": "lead-1"}})), "ACCRUAL", "flat amount, rule fee"),
        (
            sale("2025-03-02", "sale-1", &json!({"agreement_id": "tiers-1"}), "USD", 150_000),
            "ACCRUAL",
            "net sales from 0.00 USD to 1,500.00 USD, rule ladder",
        ),
        (
            sale("2025-03-03", "sale-2", &json!({"lead_id": "lead-3"}), "USD", 3_000),
            "ACCRUAL",
            "50 % of 30.00 USD, rule capped, 5.00 USD cut off by the cap",
        ),
        (sale("2025-03-04", "sale-3", &json!({"lead_id": "lead-2"}), "USD", 7_000), "ACCRUAL", "20 % of 70.00 USD, rule referral"),
        (refund("2025-03-05", "refund-1", "sale-1", "USD", 50_000), "REVERSAL", "refund refund-1 of 500.00 USD (customer request)"),
        (
            event("2025-03-06", &json!({"sale_reinstated": {"reinstatement_id": "won-1", "refund_id": "refund-1"}})),
            "REINSTATEMENT",
            "refund refund-1 undone",
        ),
        (event("2025-03-07", &json!({"commission_paid": paid})), "PAYMENT", "bank, 0.90 USD of it withheld as tax"),
        (event("2025-03-08", &json!({"payout_returned": returned})), "PAYMENT_RETURN", "payout payout-1 came back, wrong account"),
        (event("2025-03-09", &json!({"payment_received": received})), "RECEIPT", "invoice 7"),
        (event("2025-03-10", &json!({"cost_incurred": cost})), "COST_SHARE", "cost of campaign booth-1, stand"),
        (event("2025-03-11", &json!({"profit_distributed": profit})), "DISTRIBUTION", "by ownership"),
        (event("2025-03-12", &json!({"lead_reassigned": moved})), "TRANSFER", "lead reassigned, commission moved on, other region"),
        (sale("2025-03-13", "sale-4", &collected, "USD", 500), "COLLECTION", "5.00 USD collected from the customer by the partner"),
    ]
}

#[test]
fn every_kind_of_line_says_why_it_moved() {
    let served = Server::fresh();
    record(&served, &agreements());
    record(&served, &[referred("lead-1", "flat-1"), referred("lead-2", "siam-1"), referred("lead-3", "capped-1")]);
    let facts = facts();
    record(&served, &facts.iter().map(|(event, _, _)| event.clone()).collect::<Vec<_>>());
    let answer = statement(&served, &["--json"]).json();
    let entries = answer["currencies"][0]["entries"].as_array().expect("a list");
    let told: Vec<(&str, &str)> =
        entries.iter().map(|entry| (entry["kind"].as_str().expect("a kind"), entry["reason"].as_str().expect("a text"))).collect();
    for (_, kind, reason) in &facts {
        assert!(told.contains(&(&format!("ENTRY_KIND_{kind}"), reason)), "{kind}: {reason:?} is missing in {told:#?}");
    }
    let thai = statement(&served, &["--lang", "th"]).out;
    for reason in ["จำนวนคงที่ตามกติกา fee", "ค่าใช้จ่ายของแคมเปญ booth-1, stand", "ตามสัดส่วนเจ้าของ", "หักภาษี ณ ที่จ่าย 0.90 USD"]
    {
        assert!(thai.contains(reason), "{reason}:\n{thai}");
    }
}

/// Two agreements of siam that share a sale of two lines, of which one is payable as the customer pays; and siam above tokyo.
fn shared_sales() -> Vec<String> {
    let waits =
        json!({"name": "waits", "trigger": "COMMISSION_TRIGGER_SALE", "rate_bps": 1000, "payable_on": "PAYABLE_ON_CUSTOMER_PAYMENT"});
    let above = json!({"name": "above", "trigger": "COMMISSION_TRIGGER_RECRUITED_SALE", "rate_bps": 500});
    let rules = json!([{"name": "share", "trigger": "COMMISSION_TRIGGER_SALE", "rate_bps": 2000}]);
    let recruited = json!({
        "agreement_id": "tokyo-1", "partner_id": "tokyo", "type": "AGREEMENT_TYPE_CHANNEL",
        "terms": {"commission": {"rules": rules}}, "recruited_by_agreement_id": "siam-2"
    });
    let half = |agreement: &str| json!({"agreement_id": agreement, "share_bps": 5000});
    let line = |id: &str, cents: i64| json!({"line_id": id, "product": "pro", "amount": dollars(cents)});
    let shared = json!({"splits": [half("siam-2"), half("siam-1")], "lines": [line("a", 15_000), line("b", 5_000)]});
    vec![
        registered("2025-01-01", "siam", "Siam"),
        registered("2025-01-01", "tokyo", "Tokyo"),
        signed("2025-01-01", "siam-1", "siam", 0),
        agreement("siam-2", "AGREEMENT_TYPE_CHANNEL", &json!([waits, above]), None),
        event("2025-01-01", &json!({"agreement_signed": recruited})),
        sale("2025-03-01", "sale-1", &shared, "USD", 20_000),
        sale("2025-03-02", "sale-2", &json!({"agreement_id": "tokyo-1"}), "USD", 10_000),
    ]
}

/// What became of the shared sales.
fn shared_sales_went_on() -> Vec<String> {
    let received =
        |id: &str, cents: i64| json!({"customer_payment_received": {"receipt_id": id, "sale_id": "sale-1", "amount": dollars(cents)}});
    let of_line = json!({"sale_refunded": {
        "refund_id": "refund-1", "sale_id": "sale-1", "amount": dollars(1_000), "reason": "REFUND_REASON_CUSTOMER_REQUEST",
        "lines": [{"line_id": "b", "amount": dollars(1_000)}]
    }});
    vec![
        event("2025-03-03", &received("receipt-1", 5_000)),
        event("2025-03-04", &received("receipt-2", -2_000)),
        event("2025-03-05", &of_line),
        refund("2025-03-06", "refund-2", "sale-1", "USD", 1_900),
        event("2025-03-07", &json!({"sale_voided": {"sale_id": "sale-2", "reason": "typed in twice"}})),
    ]
}

#[test]
fn each_part_of_a_sale_says_its_own_reason() {
    let served = Server::fresh();
    record(&served, &shared_sales());
    record(&served, &shared_sales_went_on());
    let answer = statement(&served, &["--json"]).json();
    let entries = answer["currencies"][0]["entries"].as_array().expect("a list");
    let told: Vec<[String; 4]> = entries
        .iter()
        .map(|entry| {
            let kind = entry["kind"].as_str().unwrap_or_default().trim_start_matches("ENTRY_KIND_").to_owned();
            let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            [kind, text("line_id"), text("amount"), text("reason")]
        })
        .collect();
    let waited = "what awaits the customer's payment";
    let released = "what the customer has paid for";
    for [kind, line, amount, reason] in [
        ["ACCRUAL", "a", "750", "10 % of 75.00 USD, rule waits, payable as the customer pays"],
        ["ACCRUAL", "a", "1500", "20 % of 75.00 USD, rule referral"],
        ["ACCRUAL", "b", "250", "10 % of 25.00 USD, rule waits, payable as the customer pays"],
        ["ACCRUAL", "b", "500", "20 % of 25.00 USD, rule referral"],
        ["ACCRUAL", "", "500", "override of agreement tokyo-1, level 1, 5 % of 100.00 USD, rule above"],
        ["RELEASE", "a", "-188", &format!("the customer paid: 50.00 USD (receipt-1), {waited}")],
        ["RELEASE", "a", "188", &format!("the customer paid: 50.00 USD (receipt-1), {released}")],
        ["RELEASE", "b", "-25", &format!("a payment of the customer bounced: 20.00 USD (receipt-2), {released}")],
        ["REVERSAL", "b", "-50", "refund refund-1 of 10.00 USD (customer request)"],
        ["REVERSAL", "a", "-75", "refund refund-2 of 19.00 USD (customer request), 15.00 USD of it concern this line"],
        ["REVERSAL", "", "-500", "override, level 1, sale voided, typed in twice"],
    ] {
        assert!(told.contains(&[kind, line, amount, reason].map(str::to_owned)), "{kind} {line} {amount} {reason:?}: {told:#?}");
    }
    let csv = statement(&served, &["--format", "csv"]).out;
    let rows: Vec<_> = csv::Reader::from_reader(csv.as_bytes()).into_records().map(|row| row.expect("a row")).collect();
    let with = |cells: [&str; 3]| rows.iter().any(|row| (5..8).map(|column| &row[column]).eq(cells));
    assert!(with(["sale-1", "b", ""]) && with(["sale-2", "", "1"]), "{csv}");
    let text = statement(&served, &["--lang", "th"]).out;
    for words in ["sale-1/a", "ส่วนของผู้ชักชวน จากข้อตกลง tokyo-1 ระดับ 1", "ลูกค้าชำระ 50.00 USD (receipt-1)", "ส่วนที่ลูกค้าชำระแล้ว"]
    {
        assert!(text.contains(words), "{words}:\n{text}");
    }
    let table = served.ask(&["statement", "siam"]).out;
    assert!(table.contains("sale-1/b siam-1") && table.contains("sale-2 siam-2 level 1") && table.contains("awaits customer"), "{table}");
}

#[test]
fn a_statement_is_read_at_one_position_while_more_is_recorded() {
    let served = Server::fresh();
    record(&served, &[registered("2025-01-01", "siam", "Siam"), signed("2025-01-01", "siam-1", "siam", 30)]);
    let sales = |round: usize| -> Vec<String> {
        let sale = |number| sale("2025-03-10", &format!("sale-{round}-{number}"), &json!({"agreement_id": "siam-1"}), "USD", 1_000);
        (0..50).map(sale).collect()
    };
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| (0..12).for_each(|round| record(&served, &sales(round))));
        while !writing.is_finished() {
            let answer = statement(&served, &["--json"]).json();
            let Some(part) = answer["currencies"].get(0) else { continue };
            // Two records stand before the sales, each of which has one line of 2.00 USD.
            let lines = part["entries"].as_array().expect("a list").len();
            let position: usize = answer["position"].as_str().and_then(|text| text.parse().ok()).expect("a position");
            assert_eq!((lines, &part["closing"]), (position - 2, &json!((lines * 200).to_string())));
            assert_eq!(part["pending"][0]["amount"], part["closing"]);
        }
    });
}
