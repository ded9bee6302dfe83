//! Every page answers, says what it shows, and keeps to what browsers are told that it keeps to.

use crate::kit::{Answer, Browser, Demo};

/// The headers of every answer, whatever it is.
const HEADERS: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// What must hold for every answer.
fn check(path: &str, answer: &Answer) {
    for (name, value) in HEADERS {
        assert_eq!(answer.header(name), value, "{name} of {path}");
    }
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{path}: {policy}");
    let is_asset = path.starts_with("/assets/");
    assert_eq!(answer.header("cache-control") == "no-store", !is_asset, "{path}");
    if answer.header("content-type").starts_with("text/html") {
        for inline in [" style=", "<style", " onclick=", " onload=", "<script>", "javascript:"] {
            assert!(!answer.body.contains(inline), "{path} has {inline}");
        }
        let headings = answer.body.matches("<h1").count();
        assert_eq!(headings, 1, "{path} has one heading of the first order");
        assert!(answer.body.contains("<html lang=\"en\"") || answer.body.contains("<html lang=\"th\""), "{path} says its language");
    }
}

#[test]
fn every_page_that_the_demo_leads_to_answers_in_both_languages() {
    let demo = Demo::start();
    let mut browser = Browser::new(&demo.address);
    for (from, most) in [("/", 400), ("/?lang=th", 150), ("/?as_of=2025-10-15&position=600", 150)] {
        let mut kinds = std::collections::BTreeSet::new();
        let seen = browser.crawl(from, most, |path, answer| {
            check(path, answer);
            // A proof needs a key that signs, which the demo has not; an id may not be known as of a time.
            let is_past = path.contains("as_of=") || path.contains("position=");
            let is_told = matches!(answer.status, 200 | 303)
                || ((path.contains("/proof") || path.contains("/bytes")) && answer.status == 409)
                || (is_past && answer.status == 404);
            assert!(is_told, "{} {path}: {}", answer.status, answer.body);
            kinds.insert(path.split(['?', '/']).nth(1).unwrap_or_default().to_owned());
        });
        assert!(seen > 100 && kinds.len() > 10, "{from}: {seen} pages of {kinds:?}");
    }
}

#[test]
fn a_page_says_what_it_shows_as_of_any_time_and_position() {
    let demo = Demo::start();
    let mut browser = Browser::new(&demo.address);
    let lead = browser.get("/leads/lead-bakery?as_of=2025-04-02");
    assert_eq!(lead.heading(), "lead-bakery");
    assert!(lead.body.contains("protected until 2025-08-02") && lead.body.contains("as of the end of 2 April 2025 (UTC)"), "{}", lead.body);
    let sale = browser.get("/sales/sale-bakery-1");
    assert!(sale.body.contains("240.00 USD were earned by rule referral: 20 % of 1200.00 USD"), "{}", sale.body);
    let before = browser.get("/partners/northwind?position=208");
    let after = browser.get("/partners/northwind");
    assert!(before.body.contains("10,000.00 USD") && after.body.contains("-100.00 USD") && !before.body.contains("-100.00 USD"));
    let thai = browser.get("/leads/lead-bakery?lang=th&as_of=2025-04-02");
    assert!(thai.body.contains("<html lang=\"th\"") && thai.body.contains("คุ้มครองถึง 2 ส.ค. 2568"), "{}", thai.body);
    // An address that is cited shows the same for ever.
    assert!(browser.get("/payables").links().iter().any(|href| href.contains("as_of=") && href.contains("position=")));
    for (path, status) in [
        ("/nothing", 404),
        ("/partners/nobody", 404),
        ("/leads?as_of=yesterday", 400),
        ("/records?position=x", 400),
        ("/records/99999", 409),
    ] {
        let answer = browser.get(path);
        check(path, &answer);
        assert_eq!(answer.status, status, "{path}");
    }
}

#[test]
fn lists_page_on_and_come_whole_as_csv() {
    let demo = Demo::start();
    let mut browser = Browser::new(&demo.address);
    let first = browser.get("/leads");
    let next = first.links().into_iter().find(|href| href.contains("page=")).expect("there are more");
    let second = browser.get(&next);
    let of = |answer: &Answer| answer.links().into_iter().filter(|href| href.starts_with("/leads/")).collect::<Vec<_>>();
    assert!(of(&first).len() == 50 && of(&second).len() == 50 && !of(&first).iter().any(|lead| of(&second).contains(lead)));
    let file = browser.get("/leads?csv=leads");
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    assert!(file.header("content-disposition").starts_with("attachment; filename=\"leads-leads.csv\""));
    assert!(file.body.starts_with("\u{feff}lead,owner,since,") && file.body.lines().count() > 250, "{}", file.body.lines().count());
    let payables = browser.get("/payables?csv=payables").body;
    assert!(payables.contains("payable,payable: currency,") && payables.contains("\r\nbeacon,360.00,USD,0.00,USD,pay\r\n"), "{payables}");
}

#[test]
fn the_search_finds_what_it_is_given() {
    let demo = Demo::start();
    let mut browser = Browser::new(&demo.address);
    for (wanted, found) in [
        ("northwind", "/partners/northwind"),
        ("harbor agency", "/partners/harbor"),
        ("lead-harbor-17", "/leads/lead-bakery"),
        ("domain%3Abakery.example", "/leads/lead-bakery"),
        ("sale-fleet-1", "/sales/sale-fleet-1"),
        ("webinar-2025", "/campaigns/webinar-2025"),
        ("payout-1", "/payouts?payout=payout-1"),
        ("7", "/records/7"),
    ] {
        let answer = browser.get(&format!("/search?q={wanted}").replace(' ', "+"));
        assert_eq!((answer.status, answer.header("location")), (303, found), "{wanted}");
    }
    let nothing = browser.get("/search?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E");
    assert!(nothing.status == 200 && !nothing.body.contains("<script>alert"), "what is searched for is text");
}

#[test]
fn odd_addresses_are_answered_and_lead_nowhere_else() {
    let demo = Demo::start();
    let mut browser = Browser::new(&demo.address);
    for path in ["//evil.example", "//partners"] {
        let answer = browser.get(path);
        assert!(answer.status == 404 && !answer.body.contains("href"), "{path}: {} {}", answer.status, answer.body);
    }
    for as_of in ["%2B10000-01-01", "-262143-01-01", "-0001-01-01"] {
        let answer = browser.get(&format!("/?as_of={as_of}"));
        assert!(answer.status >= 400 && answer.body.contains("<html"), "{as_of}: {}", answer.status);
    }
    // As of another time the statement's figures are those of that time.
    let statement = browser.get("/partners/beacon/statement?as_of=2025-02-25&month=2025-12");
    assert!(statement.status == 200 && !statement.body.contains("360.00"), "nothing of a sale to come");
}

#[test]
fn an_open_console_answers_no_foreign_name() {
    let demo = Demo::start();
    let mut browser = Browser::new(&demo.address);
    let answer = browser.ask("GET", "/", &[("Host", "ledger.evil.example")], "");
    assert_eq!(answer.status, 421);
    assert!(!answer.body.contains("northwind"));
    assert_eq!(browser.ask("DELETE", "/partners/acme", &[], "").status, 405);
}
