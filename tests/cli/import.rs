//! `import`: rows of a spreadsheet, each once, those that are refused by line and reason.

use crate::common::program::{Outcome, finish};
use crate::common::server::Server;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A mapping of sales, with columns as the tests write them.
const SALES: &str = r#"
time_zone = "Asia/Bangkok"
[sales.fields]
sale_id = "Sale"
lead_id = "Lead"
agreement_id = "Agreement"
amount = "Amount"
currency = "Currency"
product = "Product"
collected_by = "Collected by"
occurred_at = "Date"
"#;
const SALES_HEADER: &str = "Sale,Lead,Agreement,Amount,Currency,Product,Collected by,Date";

/// Files to be imported into a served ledger.
struct Desk {
    served: Server,
    dir: TempDir,
}

impl Desk {
    /// With the story of partner acme and its lead-1.
    fn new() -> Self {
        Self { served: Server::with_story(), dir: tempfile::tempdir().expect("a directory") }
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let file = self.dir.path().join(name);
        std::fs::write(&file, content).expect("written");
        file
    }

    fn import(&self, options: &[&str], mapping: &Path, kind: &str, file: &Path) -> Outcome {
        let mut command = self.served.command(&["import", "--format", "csv", "--mapping"]);
        finish(command.arg(mapping).args(options).arg(kind).arg(file))
    }

    fn position(&self) -> u64 {
        let answer = self.served.ask(&["trial-balance", "--json"]).json();
        answer["position"].as_str().and_then(|position| position.parse().ok()).expect("a position")
    }

    fn last(&self) -> Value {
        self.served.ask(&["records", "-n", "1", "--json"]).json()["event"].clone()
    }
}

/// The rows that are refused, each with its codes.
fn refused(outcome: &Outcome) -> BTreeMap<u64, Vec<String>> {
    let rows = outcome.out.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let refused = rows.filter(|row| row["outcome"] == "refused");
    let codes = |row: &Value| {
        let reasons = row["reasons"].as_array().expect("reasons").iter();
        reasons.map(|reason| reason["reason"].as_str().expect("a code").to_owned()).collect()
    };
    refused.map(|row| (row["line"].as_u64().expect("a line"), codes(&row))).collect()
}

/// Ways in which a row is bad, each with its code: by the sheet, and by the ledger's rules.
fn bad_row(number: usize) -> (&'static str, String) {
    let row = |cells: [&str; 8]| cells.join(",");
    let id = format!("bad-{number}");
    let sort = number % 25;
    let (code, cells) = match sort {
        0 => ("TOO_MANY_DECIMALS", row([&id, "lead-1", "", "12.345", "USD", "", "", "2025-04-01"])),
        1 => ("TOO_MANY_DECIMALS", row([&id, "lead-1", "", "12.5", "JPY", "", "", "2025-04-01"])),
        2 => ("NOT_AN_AMOUNT", row([&id, "lead-1", "", "twelve", "USD", "", "", "2025-04-01"])),
        3 => ("NOT_AN_AMOUNT", row([&id, "lead-1", "", "1.2E+05", "USD", "", "", "2025-04-01"])),
        4 => ("EMPTY", row([&id, "lead-1", "", " ", "USD", "", "", "2025-04-01"])),
        5 => ("EMPTY", row(["", "lead-1", "", &format!("{number}"), "USD", "", "", "2025-04-01"])),
        6 => ("EMPTY", row([&id, "lead-1", "", "1", "USD", "", "", ""])),
        7 => ("UNKNOWN_CURRENCY", row([&id, "lead-1", "", "1", "BTC", "", "", "2025-04-01"])),
        8 => ("NOT_A_TIME", row([&id, "lead-1", "", "1", "USD", "", "", "2025-02-30"])),
        9 => ("NOT_A_TIME", row([&id, "lead-1", "", "1", "USD", "", "", "45383"])),
        10 => ("UNKNOWN_WORD", row([&id, "lead-1", "", "1", "USD", "", "nobody", "2025-04-01"])),
        11 => ("CELL_COUNT", row([&id, "lead-1", "", "1,000.00", "USD", "", "", "2025-04-01"])),
        12 => ("AMOUNT_TOO_LARGE", row([&id, "lead-1", "", "999999999999999999999", "USD", "", "", "2025-04-01"])),
        13 => ("MALFORMED", row([&id, "lead-1", "", "99999999999999.00", "USD", "", "", "2025-04-01"])),
        14 => ("MALFORMED", row([&id, "lead 1", "", "1.00", "USD", "", "", "2025-04-01"])),
        15 => ("MALFORMED", row([&id, "lead-1", "", "-5.00", "USD", "", "", "2025-04-01"])),
        16 => ("MALFORMED", row([&format!("{id} é"), "lead-1", "", "1", "USD", "", "", "2025-04-01"])),
        17 => ("MALFORMED", row([&id, "lead-1", "acme 1", "1", "USD", "", "", "2025-04-01"])),
        18 => ("MALFORMED", row([&id, "lead-1", "", "1", "USD", &"ก".repeat(100), "", "2025-04-01"])),
        19 => ("OCCURRED_IN_FUTURE", row([&id, "lead-1", "", "1", "USD", "", "", "2999-04-01"])),
        20 => ("UNKNOWN_ID", row([&id, "lead-none", "", "1", "USD", "", "", "2025-04-01"])),
        21 => ("UNKNOWN_ID", row([&id, "", "agreement-none", "1", "USD", "", "", "2025-04-01"])),
        22 => ("DUPLICATE_ID", row([["sale-1", "sale-2"][number / 25 % 2], "lead-1", "", "7", "USD", "", "", "2025-04-01"])),
        23 => ("EVENT_ID_REUSED", row(["good-1", "lead-1", "", &format!("{number}.99"), "USD", "", "", "2025-04-01"])),
        _ => ("NO_CREDIT", row([&id, "", "", "1", "USD", "", "PARTNER", "2025-04-01"])),
    };
    (code, cells)
}

/// A sheet of 10 000 rows, 50 of them bad; and the code of each bad line.
fn sheet() -> (Vec<String>, BTreeMap<u64, Vec<String>>) {
    let (mut rows, mut bad) = (Vec::new(), BTreeMap::new());
    for index in 0..10_000_usize {
        // Line 1 names the columns.
        let line = index as u64 + 2;
        if index % 200 == 150 {
            let (code, row) = bad_row(index / 200);
            bad.insert(line, vec![code.to_owned()]);
            rows.push(row);
        } else {
            let (lead, agreement) = if index % 3 == 0 { ("", "acme-1") } else { ("lead-1", "") };
            let (amount, currency) = [("19.99", "USD"), ("1500", "JPY"), ("0.005", "KWD")][index % 3];
            rows.push(format!("good-{index},{lead},{agreement},{amount},{currency},pro,,2025-04-{:02}", index % 28 + 1));
        }
    }
    (rows, bad)
}

#[test]
fn ten_thousand_rows_are_recorded_but_for_the_bad_ones() {
    let desk = Desk::new();
    let (mut rows, bad) = sheet();
    assert_eq!(bad.len(), 50);
    let mapping = desk.file("sales.toml", SALES);
    let sales = desk.file("sales.csv", format!("{SALES_HEADER}\n{}\n", rows.join("\n")));
    let before = desk.position();

    let rehearsed = desk.import(&["--dry-run", "--json"], &mapping, "sales", &sales);
    assert_eq!((rehearsed.code, refused(&rehearsed)), (1, bad.clone()), "{}", rehearsed.error);
    assert!(
        rehearsed.error.contains("9950 would be recorded, 0 are recorded already, 50 would be refused; nothing was recorded"),
        "{}",
        rehearsed.error
    );
    assert_eq!(desk.position(), before, "a dry run records nothing");

    let started = std::time::Instant::now();
    let recorded = desk.import(&["--json"], &mapping, "sales", &sales);
    eprintln!("10 000 rows in {:?}", started.elapsed());
    assert_eq!((recorded.code, refused(&recorded)), (1, bad.clone()), "{}", recorded.error);
    assert!(recorded.error.contains("9950 recorded, 0 recorded before, 50 refused; the ledger is at position 9959"), "{}", recorded.error);
    assert!(recorded.error.ends_with("error: 50 rows were refused; mend them and run the same command again\n"), "{}", recorded.error);
    assert_eq!(desk.position(), before + 9_950);

    let again = desk.import(&[], &mapping, "sales", &sales);
    assert_eq!(again.code, 1);
    assert_eq!(again.out.lines().count(), 51, "a line for each row that is refused, and the summary");
    assert!(again.out.ends_with("0 recorded, 9950 recorded before, 50 refused; the ledger is at position 9959\n"), "{}", again.out);

    rows.reverse();
    let reversed = desk.file("reversed.csv", format!("{SALES_HEADER}\n{}\n", rows.join("\n")));
    let again = desk.import(&["--dry-run"], &mapping, "sales", &reversed);
    assert!(again.out.contains("0 would be recorded, 9950 are recorded already, 50 would be refused"), "{}", again.out);
    assert_eq!(desk.position(), before + 9_950);
}

#[test]
fn every_reason_names_line_and_column_and_says_how_to_mend_it() {
    let desk = Desk::new();
    let mapping = desk.file("sales.toml", SALES);
    let rows = ["s-1,lead-1,,12.345,USD,,,2025-04-01", "s-2,lead-1,,-1,USD,,nobody,soon", "s-3,nobody,,1,USD,,,2025-04-01"];
    let sales = desk.file("sales.csv", format!("{SALES_HEADER}\n\n{}\n", rows.join("\n")));
    let outcome = desk.import(&[], &mapping, "sales", &sales);
    let told: Vec<&str> = outcome.out.lines().collect();
    assert_eq!(told[0], "line 3: TOO_MANY_DECIMALS: column Amount: 12.345 has 3 decimals, but USD has 2; round it where it comes from");
    assert!(
        told[1].starts_with("line 4: NOT_A_TIME: column Date: \"soon\" is no time written as 2026-01-31T09:30:00Z or 2026-01-31; "),
        "{}",
        told[1]
    );
    assert!(told[1].contains("; UNKNOWN_WORD: column Collected by: \"nobody\" is none of HOUSE, PARTNER; "), "{}", told[1]);
    assert!(told[2].starts_with("line 5: UNKNOWN_ID: lead_id nobody is not known; "), "{}", told[2]);
    assert_eq!((told[3], told.len()), ("0 recorded, 0 recorded before, 3 refused", 4));

    let thai = desk.import(&["--lang", "th"], &mapping, "sales", &sales);
    assert!(thai.out.starts_with("บรรทัด 3: TOO_MANY_DECIMALS: คอลัมน์ Amount: 12.345 มีทศนิยม 3 ตำแหน่ง แต่ USD มี 2 ตำแหน่ง"), "{}", thai.out);
    assert_eq!(thai.error, "ข้อผิดพลาด: ปฏิเสธ 3 แถว โปรดแก้ไขแล้วสั่งคำสั่งเดิมอีกครั้ง\n");
    let json = desk.import(&["--lang", "th", "--json"], &mapping, "sales", &sales);
    assert!(json.out.contains("12.345 has 3 decimals, but USD has 2"), "JSON is the same in every language: {}", json.out);
}

#[test]
fn a_dry_run_decides_each_row_after_the_rows_before_it() {
    let desk = Desk::new();
    // The story earned 1 000 JPY, so that the first payout leaves too little for the second, and the receipt enough for the last.
    let mapping = desk.file(
        "payments.toml",
        "[payments.fields]\npayment_id = 'Id'\npartner_id = 'Partner'\namount = 'Amount'\ncurrency = { constant = 'JPY' }\ndirection = 'Way'\ntax_withheld = 'Tax'\noccurred_at = 'Date'\n",
    );
    let rows = "Id,Partner,Way,Amount,Tax,Date\np-1,acme,paid,600,60,2025-07-01\np-2,acme,paid,600,,2025-07-02\np-3,acme,received,200,,2025-07-03\np-4,acme,paid,600,0,2025-07-04\n";
    let payments = desk.file("payments.csv", rows);
    for (options, done) in [(&["--dry-run"][..], "3 would be recorded"), (&[][..], "3 recorded")] {
        let outcome = desk.import(options, &mapping, "payments", &payments);
        assert_eq!(outcome.code, 1);
        assert!(outcome.out.starts_with("line 3: EXCEEDS_PAYABLE: 400 JPY is payable to partner acme "), "{}", outcome.out);
        assert!(outcome.out.contains(done), "{}", outcome.out);
    }
    assert_eq!(desk.last()["commission_paid"]["amount"]["minor_units"], "600");
}

#[test]
fn a_row_is_known_by_what_the_mapping_says_makes_it_up() {
    let desk = Desk::new();
    let fields = "[leads.fields]\nlead_id = 'Lead'\nagreement_id = { constant = 'acme-1' }\noccurred_at = 'Date'\n";
    let leads = desk.file("leads.csv", "Lead,Date\nlead-9,2025-02-01\nlead-9,2025-03-01\n");
    let by_id = desk.import(&["--dry-run"], &desk.file("by-id.toml", fields), "leads", &leads);
    assert!(by_id.out.starts_with("line 3: EVENT_ID_REUSED: a row of this id was imported before with other content"), "{}", by_id.out);
    let mapping = desk.file("by-claim.toml", format!("[leads]\nidentity = ['lead_id', 'occurred_at']\n{fields}"));
    for recorded in ["2 recorded, 0 recorded before", "0 recorded, 2 recorded before"] {
        let outcome = desk.import(&[], &mapping, "leads", &leads);
        assert!(outcome.out.starts_with(recorded), "{}", outcome.out);
    }
}

#[test]
fn sheets_are_read_as_programs_write_them() {
    let desk = Desk::new();
    let mapping = desk.file(
        "partners.toml",
        r#"
separator = ";"
time_zone = "Asia/Bangkok"
dates = ["%d/%m/%Y"]
buddhist_era = true
[partners.fields]
partner_id = { column = "E-mail", escape = true }
display_name = { column = ["ชื่อ", "Last name"] }
kind = { column = "Kind", values = { "ตัวแทน" = "RESELLER" }, default = "OTHER" }
categories = { column = "Categories", split = "," }
occurred_at = "วันที่"
"metadata.source" = { constant = "sheet" }
"#,
    );
    let rows = "\u{feff}E-mail;ชื่อ;Last name;Kind;Categories;วันที่\r\n\
        a@one.example;\"บริษัท\r\nหนึ่ง; จำกัด\";;ตัวแทน;saas, retail;29/02/2567\r\n\
        ;;;;;\r\n\
        \u{a0}b@two.example\u{a0};\"Say \"\"Two\"\"\";Ltd.;;;01/03/2568\r\n";
    let outcome = desk.import(&[], &mapping, "partners", &desk.file("partners.csv", rows));
    assert_eq!(outcome.out, "2 recorded, 0 recorded before, 0 refused, 1 left out; the ledger is at position 11\n", "{}", outcome.error);
    assert_eq!(outcome.code, 0);
    let records = desk.served.ask(&["records", "-n", "2", "--json"]).out;
    let events: Vec<Value> = records.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")["event"].clone()).collect();
    let first = &events[0]["partner_registered"];
    assert_eq!(first["partner_id"], "a:40one.example");
    assert_eq!(first["display_name"], "บริษัท\r\nหนึ่ง; จำกัด");
    assert_eq!((&first["kind"], &first["categories"][1]), (&"PARTNER_KIND_RESELLER".into(), &"retail".into()));
    assert_eq!((&events[0]["occurred_at"], &events[0]["metadata"]["source"]), (&"2024-02-28T17:00:00Z".into(), &"sheet".into()));
    let second = &events[1]["partner_registered"];
    assert_eq!((&second["partner_id"], &second["display_name"]), (&"b:40two.example".into(), &"Say \"Two\" Ltd.".into()));
}

#[test]
fn decimal_commas_and_the_standard_input_are_read() {
    let desk = Desk::new();
    let mapping = desk.file("sales.toml", format!("separator = ';'\ndecimal = ','\nthousands = '.'\nstrip = ['€']\n{SALES}"));
    let rows = format!("{}\ns-1;lead-1;;1.234.567,8 €;EUR;;;2025-04-01", SALES_HEADER.replace(',', ";"));
    let mut command = desk.served.command(&["import", "--mapping"]);
    let outcome = finish(command.arg(&mapping).args(["sales", "-"]).write_stdin(rows));
    assert_eq!(outcome.code, 0, "{}{}", outcome.out, outcome.error);
    assert_eq!(desk.last()["sale_recorded"]["amount"]["minor_units"], "123456780");
}

#[test]
fn what_cannot_be_read_is_refused_before_anything_is_recorded() {
    let desk = Desk::new();
    let before = desk.position();
    let good = format!("{SALES_HEADER}\ns-1,lead-1,,1,USD,,,2025-04-01\n");
    let mut windows = good.clone().into_bytes();
    windows.extend_from_slice(b"s-2,lead-1,,1,USD,caf\xe9,,2025-04-01\n");
    let sheets: [(&str, Vec<u8>, &str); 5] = [
        (SALES, windows, "line 3 is not UTF-8 (byte 0xE9); save it as \"CSV UTF-8\""),
        (SALES, vec![0xff, 0xfe, b'S', 0], "is UTF-16; save it as \"CSV UTF-8\""),
        (SALES, Vec::new(), "the file is empty; its first row must name the columns"),
        (
            SALES,
            good.replace("Amount", "Amt").into_bytes(),
            "the file has no column \"Amount\", which the mapping names; it has \"Sale\", ",
        ),
        (SALES, good.replace("Product", "Amount").into_bytes(), "the file has more than one column \"Amount\""),
    ];
    for (mapping, sheet, said) in sheets {
        let outcome = desk.import(&[], &desk.file("m.toml", mapping), "sales", &desk.file("s.csv", sheet));
        assert_eq!((outcome.code, outcome.out.as_str()), (2, ""));
        assert!(outcome.error.contains(said), "{}", outcome.error);
    }
    for (mapping, said) in [
        (SALES.replace("Bangkok", "Atlantis"), "time_zone Asia/Atlantis is no IANA name such as Asia/Bangkok"),
        (SALES.replace("amount =", "sum ="), "sum is no field of sales; there are sale_id, amount, "),
        (SALES.replace("amount = \"Amount\"", ""), "the field amount is required"),
        (SALES.replace("\"Amount\"", "{ column = \"Amount\", constant = \"1\" }"), "amount needs a column or a constant, and not both"),
        (SALES.replace("\"Amount\"", "{ column = \"Amount\", round = true }"), "unknown field `round`"),
        (SALES.replace("\"Date\"", "{ column = \"Date\", dates = [\"%Q\"] }"), "%Q is no form of dates"),
        (SALES.replace("[sales", "[leads"), "amount is no field of leads; there are lead_id, "),
        (SALES.replace("[sales.fields]", "[sales.fields"), "TOML parse error at line 3"),
        ("separator = ','".to_owned(), "the mapping has no table [sales.fields]"),
    ] {
        let outcome = desk.import(&[], &desk.file("m.toml", mapping), "sales", &desk.file("s.csv", &good));
        assert_eq!(outcome.code, 2);
        assert!(outcome.error.contains(said), "{}", outcome.error);
    }
    assert_eq!(desk.position(), before);
}

/// The agreements that the sample mappings expect, one for each partner.
fn agreements(partners: &[&str]) -> String {
    let mut events = String::new();
    for (number, partner) in partners.iter().enumerate() {
        let _ = writeln!(
            events,
            r#"{{"event_id":"00000000-0000-4000-9000-{number:012}","occurred_at":"2025-01-10T00:00:00Z","agreement_signed":{{"agreement_id":"agreement-{partner}","partner_id":"{partner}","type":"AGREEMENT_TYPE_CHANNEL","terms":{{"commission":{{"rules":[{{"name":"share","trigger":"COMMISSION_TRIGGER_SALE","rate_bps":2000}}]}}}}}}}}"#
        );
    }
    events
}

#[test]
fn the_sample_mappings_take_what_other_programmes_export() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/imports");
    for (programme, partners, net) in [
        ("rewardful", &["somchai:40shop.example", "ada:2bdeals:40mail.example"][..], &[("USD", "0"), ("USD", "1998")][..]),
        ("partnerstack", &["northwind", "blueagency"], &[("USD", "0"), ("JPY", "1000")]),
        ("dub", &["pn_1A", "pn_2B"], &[("USD", "0"), ("USD", "210")]),
    ] {
        let served = Server::fresh();
        let import = |options: &[&str], kind: &str| {
            let mut command = served.command(&["import", "--mapping"]);
            finish(
                command
                    .arg(folder.join(format!("{programme}.toml")))
                    .args(options)
                    .arg(kind)
                    .arg(folder.join(format!("{programme}-{kind}.csv"))),
            )
        };
        for kind in ["partners", "leads", "sales", "payments"] {
            let rehearsed = import(&["--dry-run"], kind);
            assert_eq!(rehearsed.code, 0, "{programme} {kind}: {}{}", rehearsed.out, rehearsed.error);
            let outcome = import(&[], kind);
            assert_eq!(outcome.code, 0, "{programme} {kind}: {}{}", outcome.out, outcome.error);
            assert!(import(&[], kind).out.starts_with("0 recorded, "), "{programme} {kind}");
            if kind == "partners" {
                let signed = finish(served.command(&["append"]).write_stdin(agreements(partners)));
                assert_eq!(signed.code, 0, "{}", signed.error);
            }
        }
        for (partner, (currency, net)) in partners.iter().zip(net) {
            let balance = served.ask(&["balance", partner, "--json"]).json();
            let balances = balance["balances"].as_array().expect("balances");
            let found = balances.iter().find(|balance| balance["currency_code"] == *currency).expect("a balance");
            assert_eq!(found["net"], *net, "{programme} {partner}");
        }
    }
}

/// The refund of a line has its amount in two fields of the event.
#[test]
fn what_is_wrong_with_a_cell_is_told_once() {
    let desk = Desk::new();
    let fields = ["refund_id = 'Id'", "sale_id = 'Sale'", "line_id = 'Line'", "amount = 'Amount'", "currency = 'Currency'"];
    let mapping = desk.file("map.toml", format!("[refunds.fields]\n{}\noccurred_at = 'Date'\n", fields.join("\n")));
    let sheet = desk.file("refunds.csv", "Id,Sale,Line,Amount,Currency,Date\nr-9,sale-1,line-1,-5.00,USD,2025-04-01\n");
    let outcome = desk.import(&[], &mapping, "refunds", &sheet);
    assert_eq!((outcome.code, outcome.out.matches("must be").count()), (1, 1), "{}{}", outcome.out, outcome.error);
}

#[test]
fn a_shop_s_sheets_tell_what_became_of_its_sales() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/imports");
    let served = Server::fresh();
    let import = |options: &[&str], kind: &str| {
        let mut command = served.command(&["import", "--mapping"]);
        command.arg(folder.join("shop.toml")).args(options).arg(kind).arg(folder.join(format!("shop-{kind}.csv")));
        finish(&mut command)
    };
    for (kind, rows) in
        [("partners", 1), ("leads", 2), ("sales", 6), ("receipts", 4), ("refunds", 3), ("voids", 1), ("adjustments", 2), ("payments", 2)]
    {
        for (options, done) in [(&["--dry-run"][..], "would be recorded, 0 are"), (&[][..], "recorded, 0 recorded before, 0 refused")] {
            let outcome = import(options, kind);
            assert!(outcome.code == 0 && outcome.out.starts_with(&format!("{rows} {done}")), "{kind}: {}{}", outcome.out, outcome.error);
        }
        assert!(import(&[], kind).out.starts_with(&format!("0 recorded, {rows} recorded before")), "{kind}");
        if kind == "partners" {
            let signed = finish(served.command(&["append"]).write_stdin(shop_agreement()));
            assert_eq!(signed.code, 0, "{}", signed.error);
        }
    }
    assert!(import(&[], "settlements").out.starts_with("2 recorded, 0 recorded before, 0 refused"));
    // 30 % of a lead's first purchase and of what a coupon brings, 10 % of others; of the invoice that is paid in parts 40 of 100.
    let balance = served.ask(&["balance", "corner", "--json"]).json();
    let dollars = &balance["balances"][0];
    let figures = ["accrued", "reversed", "adjusted", "paid", "returned", "net", "pending", "payable"].map(|name| dollars[name].as_str());
    let expected = ["16400", "2448", "-250", "5000", "2000", "10702", "6000", "4702"].map(Some);
    assert_eq!(figures, expected, "{dollars:#}");
    let explained = served.ask(&["explain", "S-6", "--json"]).json();
    assert_eq!((&explained["sale"]["coupon"], &explained["sale"]["commissionable"]["minor_units"]), (&"SPRING".into(), &"8000".into()));
}

/// The agreement that the shop's sheets expect.
fn shop_agreement() -> String {
    let rule = |name: &str, bps: u32, more: &Value| {
        let mut rule = json!({"name": name, "trigger": "COMMISSION_TRIGGER_SALE", "rate_bps": bps});
        rule.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        rule
    };
    let rules = json!([
        rule("invoiced", 1_000, &json!({"products": ["invoice"], "payable_on": "PAYABLE_ON_CUSTOMER_PAYMENT"})),
        rule("coupon", 3_000, &json!({"coupons": ["SPRING"]})),
        rule("first", 3_000, &json!({"customer": "CUSTOMER_KIND_NEW"})),
        rule("later", 1_000, &json!({})),
    ]);
    let signed = json!({"agreement_signed": {
        "agreement_id": "corner-1", "partner_id": "corner", "type": "AGREEMENT_TYPE_CHANNEL", "terms": {"commission": {"rules": rules}}
    }});
    let mut event = json!({"event_id": "00000000-0000-4000-9000-000000000001", "occurred_at": "2025-01-10T00:00:00Z"});
    event.as_object_mut().expect("an object").extend(signed.as_object().expect("an object").clone());
    event.to_string()
}

/// What does not fit into a preview is decided by a copy of the ledger.
#[test]
fn a_dry_run_of_a_large_file_says_the_same() {
    let desk = Desk::new();
    let before = desk.position();
    let mapping = desk.file(
        "partners.toml",
        "[partners.fields]\npartner_id = 'Id'\ndisplay_name = 'Name'\nkind = { constant = 'OTHER' }\noccurred_at = { constant = '2025-01-05T00:00:00Z' }\n",
    );
    let sheet = |rows: usize| {
        (0..rows).fold("Id,Name\n".to_owned(), |mut sheet, row| {
            let _ = writeln!(sheet, "p-{},Name", row.min(10_000));
            sheet
        })
    };
    let small = desk.import(&["--dry-run"], &mapping, "partners", &desk.file("small.csv", sheet(3)));
    assert_eq!((small.code, small.error.as_str()), (0, ""), "{}", small.out);
    assert!(small.out.starts_with("3 would be recorded"), "{}", small.out);
    let large = desk.import(&["--dry-run"], &mapping, "partners", &desk.file("large.csv", sheet(10_003)));
    assert!(large.code == 0 && large.error.contains("reading the whole ledger"), "{}{}", large.out, large.error);
    assert!(large.out.starts_with("10001 would be recorded, 2 "), "{}", large.out);
    assert_eq!(desk.position(), before);
}

#[test]
fn a_mark_that_would_stand_for_two_things_is_refused() {
    let desk = Desk::new();
    let before = desk.position();
    let sales = desk.file("sales.csv", format!("{SALES_HEADER}\ns-1,lead-1,,1.000,JPY,,,2025-04-01\n"));
    let field = |settings: &str| SALES.replace("amount = \"Amount\"", &format!("amount = {{ column = \"Amount\", {settings} }}"));
    for (mapping, mend) in [
        (format!("thousands = '.'\n{SALES}"), "decimal = \",\" and thousands = \".\""),
        (format!("decimal = ','\n{}", field("thousands = ','")), "decimal = \".\" and thousands = \",\""),
        (format!("thousands = ','\n{}", field("decimal = ','")), "decimal = \".\" and thousands = \",\""),
        (field("thousands = '.'"), "decimal = \",\" and thousands = \".\""),
        (field("thousands = '.', minor_units = true"), "decimal = \",\" and thousands = \".\""),
    ] {
        let outcome = desk.import(&[], &desk.file("sales.toml", mapping), "sales", &sales);
        assert_eq!(outcome.code, 2, "{}", outcome.out);
        assert!(outcome.error.contains("[sales]: amount: thousands is "), "{}", outcome.error);
        assert!(outcome.error.contains(mend), "{}", outcome.error);
    }
    assert_eq!(desk.position(), before);

    let mended = desk.file("sales.toml", format!("thousands = '.'\n{}", field("decimal = ','")));
    let outcome = desk.import(&[], &mended, "sales", &sales);
    assert_eq!(outcome.code, 0, "{}{}", outcome.out, outcome.error);
    assert_eq!(desk.last()["sale_recorded"]["amount"]["minor_units"], "1000");
}

#[test]
fn a_payment_whose_direction_changed_is_not_booked_again() {
    let desk = Desk::new();
    let mapping = desk.file(
        "payments.toml",
        "[payments.fields]\npayment_id = 'Id'\npartner_id = 'Partner'\namount = 'Amount'\ncurrency = { constant = 'JPY' }\ndirection = 'Way'\noccurred_at = 'Date'\n",
    );
    let sheet =
        |ways: [&str; 2]| format!("Id,Partner,Way,Amount,Date\np-1,acme,{},300,2025-07-01\np-2,acme,{},300,2025-07-02\n", ways[0], ways[1]);
    let first = desk.import(&[], &mapping, "payments", &desk.file("payments.csv", sheet(["paid", "received"])));
    assert_eq!(first.code, 0, "{}{}", first.out, first.error);
    let position = desk.position();
    let changed = desk.file("changed.csv", sheet(["received", "paid"]));
    for options in [&["--dry-run", "--json"][..], &["--json"]] {
        let outcome = desk.import(options, &mapping, "payments", &changed);
        let reused = || vec!["EVENT_ID_REUSED".to_owned()];
        assert_eq!((outcome.code, refused(&outcome)), (1, BTreeMap::from([(2, reused()), (3, reused())])), "{}", outcome.error);
    }
    assert_eq!(desk.position(), position);
}

#[test]
fn years_of_another_era_are_refused() {
    let desk = Desk::new();
    let mapping = desk.file("sales.toml", format!("buddhist_era = true\ndates = ['%d/%m/%Y', '%d/%m/%y']\n{SALES}"));
    let rows = ["s-1,lead-1,,1,USD,,,01/03/2025", "s-2,lead-1,,1,USD,,,01/03/68"];
    let sales = desk.file("sales.csv", format!("{SALES_HEADER}\n{}\n", rows.join("\n")));
    let outcome = desk.import(&[], &mapping, "sales", &sales);
    assert_eq!(outcome.code, 1);
    let told = "line 2: NOT_A_TIME: column Date: \"01/03/2025\" has the year 2025, which is none of the Buddhist era (2569 is 2026); correct it, or say buddhist_era = false\n";
    assert!(outcome.out.starts_with(told), "{}", outcome.out);
    assert!(outcome.out.contains("1 recorded, 0 recorded before, 1 refused"), "{}", outcome.out);
    assert_eq!(desk.last()["occurred_at"], "2025-02-28T17:00:00Z");
}
