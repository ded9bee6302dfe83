//! What is recorded from a page: after a preview, once, by the person, and by nobody who may not.

use crate::kit::{Answer, Browser, Demo, Guarded};

/// The fields of a form as the page has them.
fn filled(page: &Answer, names: &[&str]) -> Vec<(String, String)> {
    let names = names.iter().copied().chain(["event_id", "token", "occurred_at"]);
    names.map(|name| (name.to_owned(), page.value(name))).collect()
}

fn send(browser: &mut Browser, path: &str, fields: &[(String, String)], more: &[(&str, &str)]) -> Answer {
    let fields = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| !more.iter().any(|(changed, _)| changed == name));
    let all: Vec<(&str, &str)> = fields.chain(more.iter().copied()).collect();
    browser.send(path, &all)
}

#[test]
fn a_payout_is_previewed_and_recorded_once_by_the_person() {
    let served = Guarded::start();
    let mut browser = served.browser_of("finance");
    let payables = browser.get("/payables");
    let way = payables
        .links()
        .into_iter()
        .find(|href| href.starts_with("/act/payout") && href.contains("partner_id=beacon"))
        .expect("a way to pay");
    let form = browser.get(&way);
    let fields = filled(&form, &["payout_id", "partner_id", "amount", "currency"]);
    let preview = send(&mut browser, "/act/payout", &fields, &[("step", "preview")]);
    assert!(preview.status == 200 && preview.body.contains("beacon -360.00 USD (payment)"), "{}", preview.body);
    assert!(browser.get("/payables").body.contains("partner_id=beacon"), "a preview records nothing");
    let recorded = send(&mut browser, "/act/payout", &fields, &[("step", "record")]);
    let again = send(&mut browser, "/act/payout", &fields, &[("step", "record")]);
    let place = recorded.header("location").to_owned();
    assert!(recorded.status == 303 && place.ends_with("?recorded=1"), "{}", recorded.body);
    assert_eq!((again.status, again.header("location")), (303, place.as_str()), "the second click is the same event");
    let record = browser.get(&place);
    assert!(record.body.contains("It is recorded.") && record.body.contains("finance"), "{}", record.body);
    assert!(!browser.get("/payables").body.contains("partner_id=beacon"));
    // The same form with another amount is another event under the same id.
    let changed = send(&mut browser, "/act/payout", &fields, &[("step", "record"), ("amount", "1.00")]);
    assert!(changed.status == 200 && changed.body.contains("EVENT_ID_REUSED"), "{}", changed.body);
}

#[test]
fn what_the_ledger_would_refuse_is_said_with_the_form_as_it_was() {
    let demo = Demo::start();
    let mut browser = Browser::new(&demo.address);
    let form = browser.get("/act/payout?partner_id=northwind&currency=USD&amount=5");
    let fields = filled(&form, &["payout_id", "partner_id", "amount", "currency"]);
    let refused = send(&mut browser, "/act/payout", &fields, &[("step", "preview")]);
    assert!(refused.status == 200 && refused.body.contains("EXCEEDS_PAYABLE") && refused.value("amount") == "5", "{}", refused.body);
    let refused = send(&mut browser, "/act/payout", &fields, &[("step", "record")]);
    assert!(refused.body.contains("EXCEEDS_PAYABLE"), "nothing is recorded either");
    for amount in ["five", "1.234", ""] {
        let refused = send(&mut browser, "/act/payout", &fields, &[("step", "preview"), ("amount", amount)]);
        assert!(refused.body.contains("is no amount") && !refused.body.contains("value=\"record\""), "{amount}");
    }
    let changed = send(&mut browser, "/act/payout", &fields, &[("step", "change")]);
    assert_eq!(changed.value("partner_id"), "northwind");
}

/// A form's address, what is written in it, and what the preview says of it.
type Case = (&'static str, &'static [(&'static str, &'static str)], &'static str);

#[test]
fn every_action_that_a_page_offers_has_its_form_and_its_preview() {
    let demo = Demo::start();
    let mut browser = Browser::new(&demo.address);
    let cases: [Case; 8] = [
        ("/act/hold?partner_id=beacon", &[("partner_id", "beacon"), ("reason", "bank details changed")], "It moves no money"),
        (
            "/act/refer",
            &[("lead_id", "lead-new"), ("agreement_id", "northwind-marketplace"), ("acquired_by", "partner")],
            "owner northwind",
        ),
        (
            "/act/reassign?lead_id=lead-gallery",
            &[("lead_id", "lead-gallery"), ("to_agreement_id", "northwind-marketplace"), ("reason", "they met first")],
            "owner northwind",
        ),
        ("/act/extend?lead_id=lead-kept", &[("lead_id", "lead-kept"), ("days", "30")], "protected until"),
        (
            "/act/dispute?sale_id=sale-fleet-1",
            &[("sale_id", "sale-fleet-1"), ("opened_by", "partner"), ("claim", "the share is wrong")],
            "It moves no money",
        ),
        ("/act/notice?agreement_id=northwind-marketplace", &[("agreement_id", "northwind-marketplace"), ("given_by", "house")], "ends "),
        ("/act/brand?brand_use_id=press-1", &[("brand_use_id", "press-1"), ("decision", "yes")], "It moves no money"),
        ("/act/payout?partner_id=beacon", &[("partner_id", "beacon"), ("amount", "1"), ("currency", "usd")], "beacon -1.00 USD"),
    ];
    // Of the demo's leads none is protected any more.
    let form = browser.get("/act/refer");
    let written = [("lead_id", "lead-kept"), ("agreement_id", "northwind-marketplace"), ("acquired_by", "partner"), ("step", "record")];
    assert_eq!(send(&mut browser, "/act/refer", &filled(&form, &[]), &written).status, 303);
    for (path, written, told) in cases {
        let form = browser.get(path);
        assert_eq!(form.status, 200, "{path}");
        let name = path.split('?').next().unwrap_or_default();
        let made = ["payout_id", "hold_id", "dispute_id"].into_iter().filter(|id| form.body.contains(&format!("name=\"{id}\"")));
        let fields = filled(&form, &made.filter(|id| !written.iter().any(|(name, _)| name == id)).collect::<Vec<_>>());
        let preview = send(&mut browser, name, &fields, &[written, &[("step", "preview")]].concat());
        assert!(
            preview.status == 200 && preview.body.contains(told) && preview.body.contains("value=\"record\""),
            "{path}: {}",
            preview.body
        );
    }
}

#[test]
fn forms_of_others_and_of_who_may_not_do_nothing() {
    let served = Guarded::start();
    let mut finance = served.browser_of("finance");
    let form = finance.get("/act/payout?partner_id=beacon&currency=USD&amount=360");
    let mut fields = filled(&form, &["payout_id", "partner_id", "amount", "currency"]);
    fields.push(("step".to_owned(), "record".to_owned()));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for headers in [&[("Sec-Fetch-Site", "cross-site")][..], &[("Sec-Fetch-Site", "same-site")], &[("Origin", "https://evil.example")]] {
        assert_eq!(finance.send_with("/act/payout", &fields, headers).status, 403, "{headers:?}");
    }
    // A token is of its session: another person's is none.
    let mut auditor = served.browser_of("auditor");
    assert_eq!(auditor.send("/act/payout", &fields).status, 403);
    let token = auditor.get("/partners").value("token");
    let own: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| if *name == "token" { (*name, token.as_str()) } else { (*name, *value) }).collect();
    let refused = auditor.send("/act/payout", &own);
    assert_eq!(refused.status, 403, "{}", refused.body);
    assert!(auditor.get("/payables").body.contains("beacon"), "nothing was paid");
    assert_eq!(auditor.get("/act/payout").status, 403);
}

#[test]
fn who_may_record_nothing_is_offered_nothing() {
    let served = Guarded::start();
    for name in ["auditor", "harbor"] {
        let mut browser = served.browser_of(name);
        for path in ["/", "/partners/harbor", "/leads/lead-gallery", "/payables", "/disputes", "/agreements/harbor-channel"] {
            let page = browser.get(path);
            assert!(page.status == 200 && !page.body.contains("/act/"), "{name} {path}");
        }
        assert_eq!(browser.get("/act/dispute").status, 403);
    }
}
