//! A partner's statement of a month: what it says in both languages and every form, and that its months join.

use crate::common::program::{Outcome, finish};
use crate::common::server::Server;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// An event of a body that happened on a day.
fn event(occurred: &str, body: &Value) -> String {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{occurred}{body}").as_bytes());
    let mut event = json!({"event_id": id.to_string(), "occurred_at": if occurred.len() == 10 { format!("{occurred}T00:00:00Z") } else { occurred.to_owned() }});
    event.as_object_mut().expect("an object").extend(body.as_object().expect("an object").clone());
    event.to_string()
}

fn record(served: &Server, events: &[String]) {
    let outcome = finish(served.command(&["append"]).write_stdin(events.join("\n")));
    assert_eq!(outcome.code, 0, "{}", outcome.error);
}

fn registered(occurred: &str, partner: &str, name: &str) -> String {
    event(occurred, &json!({"partner_registered": {"partner_id": partner, "display_name": name, "kind": "PARTNER_KIND_RESELLER"}}))
}

fn signed(occurred: &str, agreement: &str, partner: &str, hold_days: u32) -> String {
    let rule = json!({"name": "referral", "trigger": "COMMISSION_TRIGGER_SALE", "rate_bps": 2000, "hold_days": hold_days});
    let terms = json!({"commission": {"rules": [rule]}, "minimum_payout": {"currency_code": "JPY", "minor_units": 5000}});
    event(
        occurred,
        &json!({"agreement_signed": {"agreement_id": agreement, "partner_id": partner, "type": "AGREEMENT_TYPE_CHANNEL", "terms": terms}}),
    )
}

fn sale(occurred: &str, id: &str, about: &Value, currency: &str, minor_units: i64) -> String {
    let mut sale = json!({"sale_id": id, "amount": {"currency_code": currency, "minor_units": minor_units}});
    sale.as_object_mut().expect("an object").extend(about.as_object().expect("an object").clone());
    event(occurred, &json!({"sale_recorded": sale}))
}

fn refund(occurred: &str, id: &str, sale: &str, currency: &str, minor_units: i64) -> String {
    let amount = json!({"currency_code": currency, "minor_units": minor_units});
    let refund = json!({"refund_id": id, "sale_id": sale, "amount": amount, "reason": "REFUND_REASON_CUSTOMER_REQUEST", "clamp": true});
    event(occurred, &json!({"sale_refunded": refund}))
}

fn adjusted(occurred: &str, id: &str, agreement: &str, minor_units: i64, reason: &str) -> String {
    let amount = json!({"currency_code": "USD", "minor_units": minor_units});
    event(occurred, &json!({"commission_adjusted": {"adjustment_id": id, "agreement_id": agreement, "amount": amount, "reason": reason}}))
}

fn paid(occurred: &str, id: &str, partner: &str, currency: &str, minor_units: i64) -> String {
    let amount = json!({"currency_code": currency, "minor_units": minor_units});
    event(
        occurred,
        &json!({"commission_paid": {"payout_id": id, "partner_id": partner, "amount": amount, "method": "bank", "advance": true}}),
    )
}

fn closed(occurred: &str, through: &str) -> String {
    event(occurred, &json!({"period_closed": {"through": through}}))
}

/// March 2025 of a partner with a hold, a refund, a payment, a dispute, and a late fact; February is closed.
fn with_march() -> Server {
    let served = Server::fresh();
    let lead = json!({"lead_referred": {"lead_id": "lead-1", "agreement_id": "siam-1", "acquired_by": "ACQUIRED_BY_PARTNER"}});
    let dispute = json!({"dispute_opened": {"dispute_id": "dispute-1", "opened_by": "SIDE_HOUSE", "sale_id": "sale-1", "claim": "ours"}});
    record(
        &served,
        &[
            registered("2025-01-01", "siam", "ร้านน้ำชา <สยาม> & Co"),
            signed("2025-01-01", "siam-1", "siam", 30),
            event("2025-01-20", &lead),
            sale("2025-01-25", "sale-1", &json!({"lead_id": "lead-1"}), "USD", 1_000_000),
            closed("2025-03-01", "2025-03-01T00:00:00Z"),
            sale("2025-02-20", "sale-2", &json!({"agreement_id": "siam-1"}), "USD", 50_000),
            sale("2025-03-05", "sale-3", &json!({"agreement_id": "siam-1"}), "JPY", 12_345),
            refund("2025-03-10", "refund-1", "sale-1", "USD", 250_000),
            paid("2025-03-15", "payout-1", "siam", "USD", 100_000),
            adjusted("2025-03-16", "adjustment-1", "siam-1", -500, "=HYPERLINK(\"http://x\")"),
            sale("2025-03-20", "sale-4", &json!({"agreement_id": "siam-1"}), "KWD", 1_234_567),
            event("2025-03-25", &dispute),
        ],
    );
    served
}

fn statement(served: &Server, words: &[&str]) -> Outcome {
    // Years are written as they are shown.
    let month = if words.contains(&"th") { "2568-03" } else { "2025-03" };
    let mut all = vec!["statement", "siam", "--month", month];
    all.extend(words);
    let outcome = served.ask(&all);
    assert_eq!((outcome.code, outcome.error.as_str()), (0, ""), "{words:?}");
    outcome
}

#[test]
fn it_says_in_english_what_moved_and_what_is_payable_when() {
    assert_eq!(statement(&with_march(), &[]).out, include_str!("../golden/statement.en.txt"));
}

#[test]
fn it_says_the_same_in_thai_with_years_of_the_buddhist_era() {
    assert_eq!(statement(&with_march(), &["--lang", "th"]).out, include_str!("../golden/statement.th.txt"));
}

#[test]
fn json_is_the_same_in_every_language_and_asked_for_in_either_way() {
    let served = with_march();
    let english = statement(&served, &["--json"]).json();
    assert_eq!(english, statement(&served, &["--format", "json", "--lang", "th"]).json());
    assert_eq!((&english["month"], &english["position"]), (&json!("2025-03"), &json!("12")));
    let dollars = english["currencies"].as_array().expect("a list").iter().find(|part| part["currency_code"] == "USD").expect("dollars");
    assert_eq!((&dollars["opening"], &dollars["closing"]), (&json!("200000"), &json!("59500")));
    assert_eq!(dollars["entries"][0]["reason"], "20 % of 500.00 USD, rule referral");
    assert_eq!(dollars["entries"][0]["sale_id"], "sale-2");
}

#[test]
fn a_spreadsheet_adds_up_and_no_text_is_a_formula() {
    let served = with_march();
    for language in ["en", "th"] {
        let csv = statement(&served, &["--format", "csv", "--lang", language]).out;
        assert!(csv.starts_with('\u{feff}') && csv.contains("'=HYPERLINK"), "{csv}");
        let sums = sums(&csv);
        assert_eq!(sums.keys().collect::<Vec<_>>(), ["JPY", "KWD", "USD"]);
        for (currency, (opening, moved, closing)) in sums {
            assert_eq!(opening + moved, closing, "{currency}:\n{csv}");
        }
    }
}

/// Opening balance, sum of the entries and closing balance of each currency of a CSV, in minor units.
fn sums(csv: &str) -> BTreeMap<String, (i64, i64, i64)> {
    let mut found: BTreeMap<String, (i64, i64, i64)> = BTreeMap::new();
    let minor_units = |text: &str| text.replace('.', "").parse::<i64>().expect("a figure");
    for row in csv::Reader::from_reader(csv.as_bytes()).records() {
        let row = row.expect("a row");
        let (currency, amount, balance) = (row[2].to_owned(), &row[3], minor_units(&row[4]));
        match (found.get_mut(&currency), amount.is_empty()) {
            (None, true) => {
                found.insert(currency, (balance, 0, 0));
            }
            (Some(sums), true) => sums.2 = balance,
            (Some(sums), false) => {
                sums.1 += minor_units(amount);
                assert_eq!(sums.0 + sums.1, balance, "the running balance");
            }
            (None, false) => panic!("an entry stands before the opening balance"),
        }
    }
    found
}

#[test]
fn a_page_is_well_formed_and_needs_nothing_else() {
    let served = with_march();
    for language in ["en", "th"] {
        let page = statement(&served, &["--format", "html", "--lang", language]).out;
        assert!(page.starts_with(&format!("<!DOCTYPE html><html lang=\"{language}\">")), "{page}");
        assert!(page.contains("ร้านน้ำชา &lt;สยาม&gt; &amp; Co") && !page.contains("<สยาม>"), "{page}");
        assert!(
            page.contains("size: A4")
                && !["http:", "https:", "src=", "url(", "<script", "<link"].iter().any(|word| body(&page).contains(word))
        );
        assert_well_formed(&page);
    }
}

/// The page without the text of the adjustment, which is the partner's to read.
fn body(page: &str) -> String {
    page.replace("=HYPERLINK(&quot;http://x&quot;)", "")
}

/// Every element that begins ends, in order, but those that are void.
fn assert_well_formed(page: &str) {
    let mut open = Vec::new();
    for tag in page.split('<').skip(1) {
        let name = tag.split(['>', ' ']).next().unwrap_or_default();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if ["!DOCTYPE", "meta"].contains(&name) => {}
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn a_partner_without_entries_gets_a_statement_too() {
    let served = Server::fresh();
    record(&served, &[registered("2025-01-01", "siam", "สยาม")]);
    assert!(statement(&served, &[]).out.contains("Nothing has moved, and nothing is owed."));
    assert!(statement(&served, &["--lang", "th", "--format", "html"]).out.contains("ไม่มีรายการเคลื่อนไหวและไม่มียอดค้าง"));
    assert_eq!(statement(&served, &["--format", "csv"]).out.lines().count(), 1);
}

#[test]
fn a_balance_below_zero_is_explained() {
    let served = Server::fresh();
    let collected = json!({"agreement_id": "siam-1", "collected_by": "SIDE_PARTNER"});
    record(
        &served,
        &[
            registered("2025-01-01", "siam", "Siam"),
            signed("2025-01-01", "siam-1", "siam", 0),
            sale("2025-03-01", "sale-1", &json!({"agreement_id": "siam-1"}), "USD", 100_000),
            paid("2025-03-02", "payout-1", "siam", "USD", 20_000),
            refund("2025-03-03", "refund-1", "sale-1", "USD", 100_000),
            sale("2025-03-04", "sale-2", &collected, "USD", 10_000),
        ],
    );
    let text = statement(&served, &[]).out;
    let explained = "The partner owes 280.00 USD: since the beginning 220.00 USD were earned, 200.00 USD taken back, 200.00 USD paid out, \
                     and 100.00 USD collected from customers by the partner.";
    assert!(text.contains(explained), "{text}");
}

#[test]
fn what_is_below_the_minimum_payout_is_carried_forward() {
    let april = with_march().ask(&["statement", "siam", "--month", "2025-04"]).out;
    assert!(april.contains("2,469 JPY are payable, less than the minimum payout of 5,000 JPY: they are carried forward."), "{april}");
    assert!(april.contains("246.913 KWD are payable at the end of the month."), "{april}");
}

#[test]
fn what_is_pending_since_years_ago_is_told_with_its_day() {
    let served = Server::fresh();
    let sold = sale("2023-03-05", "sale-1", &json!({"agreement_id": "siam-1"}), "USD", 100_000);
    record(&served, &[registered("2023-01-01", "siam", "Siam"), signed("2023-01-01", "siam-1", "siam", 1_000), sold]);
    let text = statement(&served, &[]).out;
    assert!(text.contains("- pending        200.00") && text.contains("200.00 USD become available on 29 November 2025."), "{text}");
}

#[test]
fn a_closed_month_is_final() {
    let served = with_march();
    let february = |served: &Server| served.ask(&["statement", "siam", "--month", "2568-02", "--lang", "th"]).out;
    assert!(february(&served).contains("ฉบับสมบูรณ์: ปิดงวดทั้งหมดก่อน 1 มี.ค. 2568 แล้ว (ลำดับที่ 5)"), "{}", february(&served));
    record(&served, &[closed("2025-04-01", "2025-04-01T00:00:00Z")]);
    assert!(statement(&served, &[]).out.contains("Final: everything before 2025-04-01 is closed (position 13)."));
    assert!(statement(&served, &["--as-of-position", "12"]).out.contains("Provisional: the month is over but not closed."));
}

#[test]
fn the_last_day_of_a_month_is_its_end_whatever_is_told_after_the_close() {
    let served = Server::fresh();
    record(
        &served,
        &[
            registered("2026-01-01", "siam", "Siam"),
            signed("2026-01-01", "siam-1", "siam", 0),
            sale("2026-02-10", "sale-1", &json!({"agreement_id": "siam-1"}), "USD", 2_624_925),
            closed("2026-03-01", "2026-03-01T00:00:00Z"),
            // It happened in February and is told after the close: it takes effect at the close, in March.
            adjusted("2026-02-20", "adjustment-1", "siam-1", -134_985, "counted twice"),
        ],
    );
    let stated = served.ask(&["statement", "siam", "--month", "2026-02", "--json"]).json();
    assert_eq!((&stated["standing"]["state"], &stated["currencies"][0]["closing"]), (&json!("CLOSED"), &json!("524985")));
    let net = |as_of: &str| served.ask(&["balance", "siam", "--json", "--as-of", as_of]).json()["balances"][0]["net"].clone();
    let payable = |as_of: &str| served.ask(&["payables", "--json", "--as-of", as_of]).json()["payables"][0]["payable"].clone();
    assert_eq!([net("2026-02-28"), payable("2026-02-28")], ["524985", "524985"]);
    assert_eq!([net("2026-03-01"), payable("2026-03-01")], ["390000", "390000"]);
    assert_eq!([net("2026-03-01T00:00:00Z"), net("2026-02-28T23:59:59.999999999Z")], ["390000", "524985"]);
    let balance = served.ask(&["balance", "siam", "--as-of", "2026-02-28"]);
    assert!(balance.out.contains("5249.85"), "{}", balance.out);
    assert!(balance.out.ends_with("read at position 5, as of the end of 2026-02-28 (UTC)\n"), "{}", balance.out);
    let entries = |to: &str| served.ask(&["statement", "siam", "--to", to]).out;
    assert!(!entries("2026-02-28").contains("-1349.85") && entries("2026-03-01").contains("-1349.85"), "{}", entries("2026-02-28"));
}

#[test]
fn a_month_is_that_of_the_time_zone() {
    let served = Server::fresh();
    record(
        &served,
        &[
            registered("2025-01-01", "siam", "Siam"),
            signed("2025-01-01", "siam-1", "siam", 0),
            sale("2025-03-31T18:00:00Z", "sale-1", &json!({"agreement_id": "siam-1"}), "USD", 100_000),
        ],
    );
    assert!(statement(&served, &[]).out.contains("2025-03-31  accrual"));
    let bangkok = statement(&served, &["--time-zone", "Asia/Bangkok"]).out;
    assert!(bangkok.contains("(Asia/Bangkok)") && !bangkok.contains("accrual"), "{bangkok}");
    let april = served.ask(&["statement", "siam", "--month", "2025-04", "--time-zone", "Asia/Bangkok"]).out;
    assert!(april.contains("2025-04-01  accrual"), "{april}");
}

#[test]
fn a_month_can_be_told_of_one_currency() {
    let served = with_march();
    let all = statement(&served, &["--json"]).json();
    let one = statement(&served, &["--json", "--currency", "JPY"]).json();
    let of = |document: &Value, code: &str| {
        let parts = document["currencies"].as_array().expect("a list");
        parts.iter().find(|part| part["currency_code"] == code).cloned()
    };
    assert!(of(&all, "USD").is_some() && of(&all, "JPY").is_some());
    assert_eq!((&one["only_currency"], one["currencies"].as_array().map(Vec::len)), (&json!("JPY"), Some(1)));
    assert_eq!(of(&one, "JPY"), of(&all, "JPY"));
    let text = statement(&served, &["--currency", "JPY"]).out;
    assert!(text.contains("JPY") && !text.contains("USD"), "{text}");
    assert!(statement(&served, &["--currency", "EUR"]).out.contains("EUR"));
    let refused = served.ask(&["statement", "siam", "--month", "2025-03", "--currency", "yen"]);
    assert_eq!(refused.code, 2);
    assert!(refused.error.contains("--currency yen must be an ISO 4217 code"), "{}", refused.error);
}

#[test]
fn a_statement_names_who_issues_it() {
    let served = with_march();
    let house = ["--house-name", "Ledger & Co", "--house-address", "1 Main Road; Bangkok"];
    let text = statement(&served, &house).out;
    assert!(text.contains("Issued by") && text.contains("Ledger & Co") && text.contains("1 Main Road, Bangkok"), "{text}");
    let page = statement(&served, &[&house[..], &["--format", "html"]].concat()).out;
    assert!(page.contains("Ledger &amp; Co") && page.contains("1 Main Road, Bangkok"), "{page}");
    let document = statement(&served, &[&house[..], &["--json"]].concat()).json();
    assert_eq!(document["issuer"], json!({"name": "Ledger & Co", "address": "1 Main Road, Bangkok"}));
    assert_eq!(statement(&served, &["--json"]).json()["issuer"], json!({"name": null, "address": null}));
    let of_environment = |words: &[&str]| finish(served.command(words).env("PARTNERSHIP_LEDGER_HOUSE_NAME", "Ledger & Co"));
    assert!(of_environment(&["statement", "siam", "--month", "2025-03"]).out.contains("Ledger & Co"));
    assert_eq!(of_environment(&["statement", "siam"]).code, 0, "it is for what is sent out");
    let idle = served.ask(&["statement", "siam", "--house-name", "Ledger & Co"]);
    assert_eq!(idle.code, 2);
    assert!(idle.error.contains("--house-name") && idle.error.contains("--month"), "{}", idle.error);
}

#[test]
fn what_cannot_be_stated_is_refused_with_how_to_mend_it() {
    let served = with_march();
    for (words, code, says) in [
        (&["siam", "--month", "2568-03"][..], 2, "common era: write 2025-03"),
        (&["siam", "--month", "2025-03", "--lang", "th"], 2, "ให้เขียน 2568-03"),
        (&["siam", "--month", "2025-13"], 2, "must be a month such as 2025-03"),
        (&["siam", "--month", "2025-03", "--sale", "sale-1"], 2, "cannot be used with"),
        (&["siam", "--format", "csv"], 2, "--month"),
        (&["siam", "--month", "2025-03", "--format", "csv", "--json"], 2, "--format"),
        (&["siam", "--month", "2025-03", "--time-zone", "Siam"], 2, "Asia/Bangkok"),
        (&["nobody", "--month", "2025-03"], 3, "UNKNOWN_ID"),
    ] {
        let outcome = finish(served.command(&["statement"]).args(words));
        assert_eq!((outcome.code, outcome.out.as_str()), (code, ""), "{words:?}");
        assert!(outcome.error.contains(says), "{words:?}: {}", outcome.error);
    }
}

mod joined;
mod reasons;
