//! Payouts on the command line: their states, the figures of a year, the remittance advice, holds in proposals, the time zone of a
//! statement, results by CSV.

use crate::common::program::finish;
use crate::common::server::Server;
use serde_json::{Value, json};
use uuid::Uuid;

fn event(occurred: &str, body: &Value) -> String {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{occurred}{body}").as_bytes());
    let mut event = json!({"event_id": id.to_string(), "occurred_at": format!("{occurred}T00:00:00Z")});
    event.as_object_mut().expect("an object").extend(body.as_object().expect("an object").clone());
    event.to_string()
}

fn money(currency: &str, minor_units: i64) -> Value {
    json!({"currency_code": currency, "minor_units": minor_units})
}

fn signed(agreement: &str, partner: &str, zone: &str) -> String {
    let rule = json!({"name": "sale", "trigger": "COMMISSION_TRIGGER_SALE", "rate_bps": 2000});
    let terms = json!({"commission": {"rules": [rule]}, "time_zone": zone, "minimum_payouts": [money("USD", 5000), money("EUR", 2000)]});
    let signed = json!({"agreement_id": agreement, "partner_id": partner, "type": "AGREEMENT_TYPE_CHANNEL", "terms": terms});
    event("2025-01-01", &json!({"agreement_signed": signed}))
}

/// A partner with payouts of every state, and one on hold whose agreements have different time zones.
fn paid_out() -> Server {
    let registered = |partner: &str, name: &str| {
        event("2025-01-01", &json!({"partner_registered": {"partner_id": partner, "display_name": name, "kind": "PARTNER_KIND_RESELLER"}}))
    };
    let sold = |sale: &str, agreement: &str, amount: Value| {
        event("2025-02-01", &json!({"sale_recorded": {"sale_id": sale, "agreement_id": agreement, "amount": amount}}))
    };
    let payout = |occurred: &str, what: &str, id: &str, partner: &str, amount: Value, more: Value| {
        let mut fields = json!({"payout_id": id, "partner_id": partner, "amount": amount, "method": "bank"});
        fields.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        event(occurred, &json!({ what: fields }))
    };
    let taxed =
        json!({"tax_withheld": money("USD", 300), "tax_added": money("USD", 2500), "document_number": "SB-1", "reference": "<wire>"});
    let events = [
        registered("acme", "Acme & ร้าน"),
        registered("beta", "Beta"),
        signed("acme-1", "acme", "Asia/Bangkok"),
        signed("beta-1", "beta", "Europe/Berlin"),
        signed("beta-2", "beta", ""),
        sold("s-1", "acme-1", money("USD", 500_000)),
        sold("s-2", "acme-1", money("DKK", 500_000)),
        sold("s-3", "beta-1", money("USD", 500_000)),
        payout("2025-02-10", "commission_paid", "p-1", "acme", money("USD", 10_000), taxed),
        payout("2025-02-11", "payout_initiated", "p-2", "acme", money("USD", 20_000), json!({})),
        payout("2025-02-12", "payout_initiated", "p-3", "acme", money("DKK", 74_500), json!({"settled_amount": money("EUR", 10_000)})),
        payout("2025-02-13", "payout_initiated", "p-4", "acme", money("USD", 5_000), json!({})),
        event("2025-02-14", &json!({"payout_failed": {"payout_id": "p-4", "reason": "account closed"}})),
        event("2025-02-15", &json!({"payout_settled": {"payout_id": "p-3", "reference": "wire-7", "settled_amount": money("EUR", 9_985)}})),
        event(
            "2025-02-16",
            &json!({"payout_returned": {"return_id": "r-1", "payout_id": "p-1", "amount": money("USD", 3_333), "reason": "x"}}),
        ),
        event("2025-02-18", &json!({"partner_hold_placed": {"hold_id": "h-1", "partner_id": "beta", "reason": "review"}})),
    ];
    let served = Server::fresh();
    let outcome = finish(served.command(&["append"]).write_stdin(events.join("\n")));
    assert_eq!(outcome.code, 0, "{}", outcome.error);
    served
}

#[track_caller]
fn says(served: &Server, words: &[&str], expected: &[&str]) -> String {
    let outcome = served.ask(words);
    assert_eq!((outcome.code, outcome.error.as_str()), (0, ""), "{words:?}");
    for text in expected {
        assert!(outcome.out.contains(text), "{text:?} is missing in {words:?}:\n{}", outcome.out);
    }
    outcome.out
}

/// The rows of a table whose first or second column is an id.
fn row(table: &str, id: &str) -> String {
    let found = table.lines().find(|line| line.split_whitespace().take(2).any(|cell| cell == id));
    found.unwrap_or_else(|| panic!("{id} is not in\n{table}")).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn payouts_say_where_they_stand() {
    let served = paid_out();
    let table = says(&served, &["payouts"], &["state", "left the bank as", "document"]);
    assert_eq!(row(&table, "p-1"), "9 p-1 acme 2025-02-10 settled 100.00 USD 3.00 USD 25.00 USD 33.33 USD bank <wire> SB-1");
    assert!(row(&table, "p-2").contains("2025-02-11 on its way 200.00 USD"), "{table}");
    assert!(row(&table, "p-3").contains("settled 2025-02-15 745.00 DKK 0.00 DKK 0.00 DKK 99.85 EUR"), "{table}");
    assert!(row(&table, "p-3").ends_with("bank wire-7"), "{table}");
    assert!(row(&table, "p-4").contains("failed 2025-02-14 50.00 USD"), "{table}");
    let of = |words: &[&str]| {
        let answer = served.ask(&[&["payouts", "--json"], words].concat()).json();
        let payouts = answer["payouts"].as_array().expect("a list");
        payouts.iter().map(|payout| payout["payout_id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of(&["--state", "in-transit"]), ["p-2"]);
    assert_eq!(of(&["--state", "failed"]), ["p-4"]);
    assert_eq!(of(&["--from", "2025-02-11", "--to", "2025-02-12"]), ["p-2", "p-3"]);
    let thai = says(&served, &["payouts", "--lang", "th"], &["อยู่ระหว่างโอน", "ถึงผู้รับแล้ว 15 ก.พ. 2568", "ไปไม่ถึง 14 ก.พ. 2568"]);
    assert!(!thai.contains("in-transit"), "{thai}");
    says(&served, &["balance", "acme"], &["(of that on its way)", "200.00"]);
    let unknown = served.ask(&["payouts", "--state", "lost"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.error.contains("in-transit, settled, failed"), "{}", unknown.error);
}

#[test]
fn the_figures_of_a_year() {
    let served = paid_out();
    let table = says(&served, &["payouts", "--summary", "--year", "2025"], &["in 2025 (UTC)", "tax withheld restored"]);
    assert!(table.contains("DKK") && table.lines().filter(|line| line.starts_with("acme")).count() == 2, "{table}");
    let usd = table.lines().find(|line| line.ends_with("USD")).expect("a row").split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(usd, "acme 1 100.00 3.00 25.00 33.33 1.00 8.33 USD");
    says(&served, &["payouts", "--summary", "--year", "2025", "--by-method"], &["method", "bank"]);
    says(&served, &["payouts", "--summary", "--year", "2568", "--lang", "th"], &["ในปี 2568 (UTC)", "ภาษีเพิ่มที่คืน"]);
    says(&served, &["payouts", "--summary", "--year", "2024"], &["nothing was paid out or came back"]);
    let rows = |words: &[&str]| served.ask(&[&["payouts", "--summary", "--json"], words].concat()).json()["rows"].clone();
    assert_eq!(rows(&["--from", "2025-02-16", "--to", "2025-02-16"])[0]["returned"], "3333");
    assert_eq!(rows(&["--partner", "beta"]), json!([]));
    for words in [&["payouts", "--year", "2025"][..], &["payouts", "--summary", "--year", "2568"], &["payouts", "--by-method"]] {
        assert_eq!(served.ask(words).code, 2, "{words:?}");
    }
}

#[test]
fn a_remittance_advice_comes_in_every_form() {
    let served = paid_out();
    let expected =
        ["Remittance advice to Acme & ร้าน", "SB-1", "<wire>", "100.00 USD", "122.00 USD", "1,000.00 USD", "900.00 USD", "r-1", "8.33 USD"];
    says(&served, &["remittance", "p-1"], &expected);
    says(&served, &["remittance", "p-3"], &["745.00 DKK", "99.85 EUR", "The money arrived on 2025-02-15."]);
    says(&served, &["remittance", "p-2"], &["The money is on its way."]);
    says(&served, &["remittance", "p-4", "--lang", "th"], &["ใบแจ้งการจ่ายเงินให้", "เงินไปไม่ถึงผู้รับ", "14 ก.พ. 2568"]);
    let page =
        says(&served, &["remittance", "p-1", "--format", "html"], &["<!DOCTYPE html>", "Acme &amp; ร้าน", "&lt;wire&gt;", "122.00 USD"]);
    assert!(!page.contains("<wire>") && !page.contains("http"), "what is sent is escaped, and nothing is loaded");
    let csv = says(&served, &["remittance", "p-1", "--format", "csv"], &["acme", "122.00", "-33.33"]);
    assert!(csv.starts_with('\u{feff}') && csv.lines().count() == 3, "{csv}");
    assert!(csv.lines().all(|line| line.matches(',').count() == 14), "{csv}");
    let document = served.ask(&["remittance", "p-1", "--json"]).json();
    assert_eq!(
        (&document["paid_out"], &document["owed_before"], &document["owed_after"]),
        (&json!("12200"), &json!("100000"), &json!("90000"))
    );
    assert_eq!(document["payout"]["tax_added_returned"], "833");
    let early = served.ask(&["remittance", "p-1", "--json", "--as-of-position", "9"]).json();
    assert_eq!((&early["payout"]["returns"], &early["position"]), (&json!([]), &json!("9")));
    let house = ["remittance", "p-1", "--house-name", "Ledger & Co", "--house-address", "1 Main Road"];
    says(&served, &house, &["Issued by", "Ledger & Co", "1 Main Road"]);
    says(&served, &[&house[..], &["--format", "html"]].concat(), &["Ledger &amp; Co"]);
    assert_eq!(served.ask(&[&house[..], &["--json"]].concat()).json()["issuer"]["address"], "1 Main Road");
    assert_eq!(served.ask(&["remittance", "p-9"]).code, 3);
    assert_eq!(served.ask(&["remittance", "p-1", "--json", "--format", "csv"]).code, 2);
}

#[test]
fn proposals_show_holds_and_what_is_on_its_way() {
    let served = paid_out();
    let table = says(&served, &["payables"], &["on its way", "on hold: do not pay"]);
    assert_eq!(row(&table, "beta"), "beta 1000.00 USD 50.00 USD on hold: do not pay");
    assert!(table.contains("733.33 USD       50.00 USD  200.00 USD  pay"), "{table}");
    let partners = |words: &[&str]| {
        let answer = served.ask(&[&["payables", "--json"], words].concat()).json();
        let payables = answer["payables"].as_array().expect("a list");
        payables.iter().map(|payable| payable["partner_id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(partners(&[]), ["acme", "acme"], "what programs pay is what may be paid");
    assert_eq!(partners(&["--include-on-hold"]), ["acme", "acme", "beta"]);
    says(&served, &["alerts", "--partner", "beta", "--as-of", "2025-06-01"], &["Payouts to beta have been on hold (h-1) since 2025-02-18"]);
    says(&served, &["alerts", "--as-of", "2568-06-01", "--lang", "th"], &["การจ่ายเงินให้ beta ถูกระงับ (h-1)"]);
    says(&served, &["agreement", "acme-1"], &["50.00 USD, 20.00 EUR"]);
}

#[test]
fn a_statement_says_of_which_time_zone_its_month_is() {
    let served = paid_out();
    let shared = says(
        &served,
        &["statement", "acme", "--month", "2025-02"],
        &[
            "Asia/Bangkok, which the terms of all agreements with the partner have",
            "document SB-1",
            "payout p-4 did not arrive, account closed",
        ],
    );
    assert!(shared.contains("200.00 USD of what was paid out are on their way"), "{shared}");
    let differ = [
        "UTC, as the terms of the agreements with the partner have different ones: Europe/Berlin, UTC",
        "payouts to the partner are on hold",
    ];
    says(&served, &["statement", "beta", "--month", "2025-02"], &differ);
    says(&served, &["statement", "beta", "--month", "2025-02", "--time-zone", "Asia/Tokyo"], &["Asia/Tokyo, as was asked for"]);
    let json = |words: &[&str]| served.ask(&[&["statement", "--json", "--month"], words].concat()).json();
    let (acme, beta) = (json(&["2025-02", "acme"]), json(&["2025-02", "beta"]));
    assert_eq!(
        (&acme["time_zone"], &acme["time_zone_why"], &acme["from"]),
        (&json!("Asia/Bangkok"), &json!("SHARED"), &json!("2025-01-31T17:00:00Z"))
    );
    assert_eq!((&beta["time_zone"], &beta["time_zone_why"]), (&json!("UTC"), &json!("DIFFER")));
    assert_eq!(json(&["2025-03", "acme", "--time-zone", "UTC"])["time_zone_why"], "NAMED");
    let csv = served.ask(&["statement", "acme", "--month", "2025-02", "--format", "csv"]);
    assert!(csv.code == 0 && csv.error.contains("Asia/Bangkok"), "{}", csv.error);
    let thai = says(&served, &["statement", "beta", "--month", "2568-02", "--lang", "th"], &["เขตเวลา", "ถูกระงับไว้"]);
    assert!(thai.contains("Europe/Berlin"), "{thai}");
}

#[test]
fn results_of_payouts_are_imported() {
    let served = paid_out();
    let dir = tempfile::tempdir().expect("a directory");
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    };
    let mapping = file(
        "map.toml",
        "[payments.fields]\npayment_id = 'id'\npartner_id = 'who'\namount = 'amount'\ncurrency = 'cur'\noccurred_at = 'when'\ndirection = 'dir'\n\
         tax_added = 'added'\ndocument_number = 'doc'\nsettled_amount = 'samt'\nsettled_currency = 'scur'\n\
         [settlements.fields]\npayout_id = 'id'\noccurred_at = 'when'\nresult = 'result'\nreference = 'ref'\nsettled_amount = 'samt'\n\
         settled_currency = 'scur'\nreason = 'why'\n",
    );
    let import = |kind: &str, rows: &str| {
        let outcome = served.ask(&["import", "--mapping", &mapping, kind, &file("rows.csv", rows)]);
        (outcome.code, format!("{}{}", outcome.out, outcome.error))
    };
    let payments = "id,who,amount,cur,when,dir,added,doc,samt,scur\nq-1,acme,10.00,USD,2025-02-22,sent,1.50,SB-9,8.00,EUR\n\
        q-2,acme,10.00,USD,2025-02-22,paid,,SB-9,,\nq-3,acme,10.00,USD,2025-02-22,,,,5,USD\n";
    let (code, told) = import("payments", payments);
    assert_eq!(code, 1, "{told}");
    for text in ["line 3: DUPLICATE_ID: document_number SB-9", "line 4: MALFORMED: column scur", "1 recorded, 0 recorded before, 2 refused"]
    {
        assert!(told.contains(text), "{text}: {told}");
    }
    let results = "id,when,result,ref,samt,scur,why\nq-1,2025-02-25,settled,wire-9,7.98,EUR,\np-2,2025-02-26,failed,,,,closed\n";
    let (code, told) = import("settlements", results);
    assert!(code == 0 && told.contains("2 recorded"), "{told}");
    assert!(import("settlements", results).1.contains("0 recorded, 2 recorded before"), "a second run records nothing anew");
    let (_, told) = import("settlements", &results.replace("p-2,2025-02-26,failed", "p-2,2025-02-26,settled").replace("7.98,EUR", "7.98,"));
    assert!(told.contains("line 2: EMPTY: column scur") && told.contains("line 3: EVENT_ID_REUSED"), "{told}");
    let table = says(&served, &["payouts"], &[]);
    assert!(row(&table, "q-1").contains("settled 2025-02-25 10.00 USD 0.00 USD 1.50 USD 7.98 EUR"), "{table}");
    assert!(row(&table, "p-2").contains("failed 2025-02-26"), "{table}");
}
