//! A partner's portal: its own business, and nothing of others, wherever its links lead.

use crate::kit::Guarded;

/// Names that a page of Harbor must not have: those of the other partners, of their agreements and sales.
const OTHERS: [&str; 12] =
    ["beacon", "Beacon", "quarry", "Quarry", "summit", "Summit", "maple", "birch", "cedar", "kestrel", "sale-fleet", "sale-bakery"];

#[test]
fn a_partner_finds_nothing_of_others_wherever_links_lead() {
    let served = Guarded::start();
    let mut browser = served.browser_of("harbor");
    let mut found = Vec::new();
    let seen = browser.crawl("/", 300, |path, answer| {
        assert!(matches!(answer.status, 200 | 303 | 403 | 404 | 409), "{} {path}", answer.status);
        found.extend(OTHERS.iter().filter(|name| answer.body.contains(**name)).map(|name| format!("{name} on {path}")));
    });
    assert!(found.is_empty(), "{found:?}");
    assert!(seen > 40, "{seen}");
    let own = browser.get("/leads/lead-gallery");
    assert!(own.status == 200 && own.body.contains("harbor"), "{}", own.body);
    // What is another's is as unknown as what nobody introduced.
    for path in ["/partners/beacon", "/partners/nobody", "/agreements/quarry-1", "/sales/sale-fleet-1", "/records/1"] {
        assert_eq!(browser.get(path).status, 404, "{path}");
    }
    for path in ["/search?q=beacon", "/search?q=Quarry", "/leads?csv=leads", "/records?csv=records", "/payables?csv=payables"] {
        let answer = browser.get(path);
        assert!(
            answer.status == 200 && !answer.body.contains("Quarry Partners") && !answer.body.contains("beacon-"),
            "{path}: {}",
            answer.body
        );
    }
}

#[test]
fn who_reads_back_its_own_records_alone_sees_no_page() {
    let served = Guarded::start();
    let mut browser = served.browser_of("crm");
    for path in ["/", "/partners", "/leads", "/records", "/metrics"] {
        assert_eq!(browser.get(path).status, 403, "{path}");
    }
}
