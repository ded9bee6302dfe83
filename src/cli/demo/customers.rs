//! Generated events of many customers who do the same, as JSON lines without ids.

use std::fmt::Write as _;

/// A hundred leads of the marketplace and a sale of 500 dollars to each, from February to May 2025.
pub fn of_the_marketplace() -> String {
    let mut lines = String::new();
    for number in 1..=100 {
        let (month, day) = (2 + (number - 1) / 25, 1 + (number - 1) % 25);
        let time = format!("2025-{month:02}-{day:02}T00:00:00Z");
        let lead = format!("lead-market-{number:03}");
        referred(&mut lines, &time, &lead, r#""agreement_id": "northwind-marketplace", "acquired_by": "ACQUIRED_BY_PARTNER""#);
        let sale = format!("sale-market-{number:03}");
        sold(&mut lines, &time, &sale, &format!(r#""lead_id": "{lead}""#), 500_00, "standard");
    }
    lines
}

/// Of the webinar's 500 registrants 50 become qualified leads, and 5 of these buy for 5 000 dollars.
pub fn of_the_webinar() -> String {
    let mut lines = String::new();
    for number in 1..=50 {
        let lead = format!("lead-webinar-{number:02}");
        let through = r#""agreement_id": "lumen-webinars", "acquired_by": "ACQUIRED_BY_PARTNER", "campaign_id": "webinar-2025""#;
        referred(&mut lines, "2025-03-01T10:00:00Z", &lead, through);
        let _ = writeln!(lines, r#"{{"occurred_at": "2025-03-05T00:00:00Z", "lead_qualified": {{"lead_id": "{lead}"}}}}"#);
        if number % 10 == 0 {
            let sale = format!("sale-webinar-{}", number / 10);
            sold(&mut lines, "2025-04-01T00:00:00Z", &sale, &format!(r#""lead_id": "{lead}""#), 5_000_00, "pro");
        }
    }
    lines
}

/// 240 bundles of 60 dollars.
pub fn of_the_bundle() -> String {
    let mut lines = String::new();
    for number in 1..=240 {
        let time = format!("2025-{:02}-{:02}T12:00:00Z", 7 + number % 2, 1 + number % 28);
        sold(&mut lines, &time, &format!("sale-bundle-{number:03}"), r#""agreement_id": "tranquil-bundle""#, 60_00, "bundle");
    }
    lines
}

/// 101 joint leads of the booth.
pub fn of_the_booth() -> String {
    let mut lines = String::new();
    for number in 1..=101 {
        let through = r#""agreement_id": "orbit-events", "acquired_by": "ACQUIRED_BY_JOINT", "campaign_id": "booth-2025""#;
        referred(&mut lines, "2025-09-10T09:00:00Z", &format!("lead-booth-{number:03}"), through);
    }
    lines
}

fn referred(lines: &mut String, time: &str, lead: &str, through: &str) {
    let _ = writeln!(lines, r#"{{"occurred_at": "{time}", "lead_referred": {{"lead_id": "{lead}", {through}}}}}"#);
}

fn sold(lines: &mut String, time: &str, sale: &str, through: &str, cents: i64, product: &str) {
    let amount = format!(r#"{{"currency_code": "USD", "minor_units": "{cents}"}}"#);
    let _ = writeln!(
        lines,
        r#"{{"occurred_at": "{time}", "sale_recorded": {{"sale_id": "{sale}", {through}, "amount": {amount}, "product": "{product}"}}}}"#
    );
}
