//! Logging in, staying in, and getting out again.

use crate::kit::{Browser, Guarded};

#[test]
fn nobody_sees_a_page_without_a_session() {
    let served = Guarded::start();
    let mut browser = Browser::new(&served.address);
    for path in ["/", "/partners/beacon?lang=th", "/records/1/json", "/leads?csv=leads"] {
        let answer = browser.get(path);
        assert_eq!(answer.status, 303, "{path}");
        assert!(answer.header("location").starts_with("/login?next=%2F") && answer.body.is_empty(), "{path}");
    }
    let page = browser.get("/login");
    let wrong = browser.send("/login", &[("key", "plk_0000000000000000_nothing"), ("token", &page.value("token")), ("next", "/")]);
    assert_eq!((wrong.status, wrong.header("set-cookie")), (401, ""));
    assert!(wrong.body.contains("the API key is not known") && !wrong.body.contains("nothing\""), "{}", wrong.body);
    for forged in ["__Host-session=", "__Host-session=AAAA", "__Host-session=../../etc", "session=1"] {
        browser.set_cookie(forged);
        assert_eq!(browser.get("/partners").status, 303, "{forged}");
    }
}

#[test]
fn a_session_is_a_sealed_cookie_of_this_host_and_ends_when_it_is_left() {
    let served = Guarded::start();
    let mut browser = Browser::new(&served.address);
    let page = browser.get("/login?next=/leads");
    let token = page.value("token");
    let answer = browser.send("/login", &[("key", &served.keys["auditor"]), ("token", &token), ("next", "//evil.example/")]);
    assert_eq!((answer.status, answer.header("location")), (303, "/"), "it leads to this console alone");
    let cookie = answer.header("set-cookie");
    for attribute in ["__Host-session=", "; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax", "; Max-Age=900"] {
        assert!(cookie.contains(attribute), "{attribute}: {cookie}");
    }
    assert!(!cookie.contains(&served.keys["auditor"]), "the key is sealed");
    let partners = browser.get("/partners");
    assert!(partners.status == 200 && partners.body.contains("auditor") && partners.body.contains("Log out"));
    // Another page of the internet cannot end the session, nor can a page of before.
    let token = partners.value("token");
    assert_eq!(browser.send_with("/logout", &[("token", &token)], &[("Sec-Fetch-Site", "cross-site")]).status, 403);
    assert_eq!(browser.send("/logout", &[("token", "of another")]).status, 403);
    assert_eq!(browser.get("/partners").status, 200);
    assert_eq!(browser.send("/logout", &[("token", &token)]).header("location"), "/login");
    assert_eq!(browser.cookie(), "");
    assert_eq!(browser.get("/partners").status, 303);
}

#[test]
fn a_key_that_is_taken_away_ends_its_session_at_the_next_page() {
    let served = Guarded::start();
    let mut browser = served.browser_of("auditor");
    assert_eq!(browser.get("/partners").status, 200);
    let path = served.dir.path().join("access.toml");
    let text = std::fs::read_to_string(&path).expect("the file");
    let (before, rest) = text.split_once("[[principal]]\nname = \"auditor\"").expect("it is there");
    let (_, after) = rest.split_once("[[principal]]").expect("others follow");
    std::fs::write(&path, format!("{before}[[principal]]{after}")).expect("written");
    served.server.signal("-HUP");
    let is_out = |browser: &mut Browser| browser.get("/partners").status == 303;
    let started = std::time::Instant::now();
    while !is_out(&mut browser) {
        assert!(started.elapsed().as_secs() < 20, "the session goes on");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert_eq!(browser.cookie(), "", "the cookie is taken back");
}
