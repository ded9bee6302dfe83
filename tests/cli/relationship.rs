//! `alerts`, `launch` and what `agreement` shows of a relationship, in both languages.

use crate::common::program::finish;
use crate::common::server::Server;
use serde_json::json;

/// A partner that fits, an agreement with the steps of its launch, and what goes wrong with it.
const RELATIONSHIP: [&str; 16] = [
    r#""2025-01-01T00:00:00Z","partner_registered":{"partner_id":"acme","display_name":"Acme พันธมิตร","kind":"PARTNER_KIND_MEDIA"}"#,
    r#""2025-01-02T00:00:00Z","partner_assessed":{"partner_id":"acme","complementarity":4,"shared_audience":5,"brand_alignment":3}"#,
    r#""2025-01-03T00:00:00Z","metadata":{"by":"Nok"},"launch_step_completed":{"partner_id":"acme","step":"LAUNCH_STEP_IDENTIFIED"}"#,
    r#""2025-01-04T00:00:00Z","launch_step_completed":{"partner_id":"acme","step":"LAUNCH_STEP_CONTACTED"}"#,
    r#""2025-01-05T00:00:00Z","launch_step_completed":{"partner_id":"acme","step":"LAUNCH_STEP_INITIAL_CALL"}"#,
    r#""2025-01-10T00:00:00Z","agreement_signed":{"agreement_id":"a","partner_id":"acme","type":"AGREEMENT_TYPE_CO_MARKETING","terms":{"brand_use":{"allowed_channels":["BRAND_CHANNEL_WEBSITE"]}}}"#,
    r#""2025-01-10T00:00:00Z","launch_step_completed":{"agreement_id":"a","step":"LAUNCH_STEP_SIGNED"}"#,
    r#""2025-01-10T00:00:00Z","manager_assigned":{"agreement_id":"a","side":"SIDE_HOUSE","manager":"Ann"}"#,
    r#""2025-01-11T00:00:00Z","brand_use_requested":{"brand_use_id":"logo","agreement_id":"a","requested_by":"SIDE_PARTNER","channel":"BRAND_CHANNEL_WEBSITE"}"#,
    r#""2025-01-12T00:00:00Z","brand_use_requested":{"brand_use_id":"press","agreement_id":"a","requested_by":"SIDE_PARTNER","channel":"BRAND_CHANNEL_PRESS_RELEASE"}"#,
    r#""2025-01-20T00:00:00Z","breach_reported":{"breach_id":"late","agreement_id":"a","by":"SIDE_PARTNER","clause":"BREACH_CLAUSE_DELIVERABLES","cure_by":"2025-02-01T00:00:00Z","description":"no posts"}"#,
    r#""2025-01-25T00:00:00Z","review_held":{"review_id":"check","agreement_id":"a","kind":"REVIEW_KIND_CHECK_IN","summary":"slow"}"#,
    r#""2025-01-26T00:00:00Z","lead_referred":{"lead_id":"l","agreement_id":"a","acquired_by":"ACQUIRED_BY_PARTNER"}"#,
    r#""2025-01-27T00:00:00Z","commission_adjusted":{"adjustment_id":"x","agreement_id":"a","amount":{"currency_code":"USD","minor_units":"123450"},"reason":"bonus"}"#,
    r#""2025-01-28T00:00:00Z","partner_registered":{"partner_id":"beta","display_name":"Beta","kind":"PARTNER_KIND_MEDIA"}"#,
    r#""2025-01-28T00:00:00Z","partner_assessed":{"partner_id":"beta","complementarity":5,"shared_audience":5,"brand_alignment":5,"competitor":true}"#,
];

fn served() -> Server {
    let served = Server::fresh();
    let event = |(number, rest): (usize, &&str)| format!(r#"{{"event_id":"00000000-0000-4000-8000-{number:012}","occurred_at":{rest}}}"#);
    let lines: Vec<String> = RELATIONSHIP.iter().enumerate().map(event).collect();
    let outcome = finish(served.command(&["append"]).write_stdin(lines.join("\n")));
    assert_eq!(outcome.code, 0, "{}", outcome.error);
    served
}

#[track_caller]
fn says(served: &Server, words: &[&str], lines: &[&str]) -> String {
    let outcome = served.ask(words);
    assert_eq!((outcome.code, outcome.error.as_str()), (0, ""));
    // Columns are as wide as they need to be.
    let told: Vec<String> = outcome.out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in lines {
        assert!(told.iter().any(|told| told == line), "{line:?} is missing:\n{}", outcome.out);
    }
    outcome.out
}

#[test]
fn alerts_say_what_to_do_the_most_urgent_first() {
    let served = served();
    let out = says(
        &served,
        &["alerts", "--as-of", "2025-04-25"],
        &[
            "since alert what to do",
            "2025-02-01 breach uncured The partner was to put breach late (deliverables) of agreement a with acme right by 2025-02-01: have it cured, set a new term, or terminate",
            "2025-01-27 payable due 1234.50 USD is payable to acme: pay it out and record the payment",
            "2025-01-10 missing manager In agreement a with acme the partner has named no manager: have one assigned",
            "2025-02-25 check-in overdue The check-in of agreement a with acme was due on 2025-02-25, the last was on 2025-01-25: talk about progress, roadblocks and next month's plan, and record the review",
        ],
    );
    let place = |word: &str| out.find(word).unwrap_or_else(|| panic!("{word}:\n{out}"));
    let order = [
        "breach uncured",
        "payable due",
        "protection lapsing",
        "missing manager",
        "brand use undecided",
        "review overdue",
        "check-in overdue",
    ];
    assert!(order.map(place).is_sorted(), "{out}");
}

#[test]
fn alerts_are_told_in_thai_by_their_fields() {
    let served = served();
    says(
        &served,
        &["alerts", "--as-of", "2568-04-25", "--lang", "th"],
        &["ตั้งแต่ การแจ้งเตือน สิ่งที่ต้องทำ", "27 ม.ค. 2568 มียอดถึงกำหนดจ่าย มียอด 1,234.50 USD ที่ต้องจ่ายให้ acme: จ่ายเงินแล้วบันทึกการจ่าย"],
    );
    let nothing = served.ask(&["alerts", "--partner", "beta", "--lang", "th"]);
    assert_eq!(nothing.out.lines().next(), Some("ไม่มีเรื่องที่ต้องดูแล"));
}

/// The sentences that the command line makes of the facts are those of the ledger: no fact of them is left out.
#[test]
fn what_is_told_in_english_is_the_ledger_s_own_message() {
    let served = served();
    let out = served.ask(&["alerts", "--as-of", "2025-04-25"]).out;
    let answer = served.ask(&["alerts", "--json", "--as-of", "2025-04-25"]).json();
    let alerts = answer["alerts"].as_array().expect("alerts");
    assert!(alerts.len() >= 7, "{answer}");
    for alert in alerts {
        let message = alert["message"].as_str().expect("a message");
        assert!(out.contains(message), "{message}:\n{out}");
    }
}

#[test]
fn alerts_are_filtered_and_come_whole_as_json() {
    let served = served();
    let words =
        ["alerts", "--json", "--as-of", "2025-04-25", "--agreement", "a", "--kind", "brand-use-undecided", "--kind", "BREACH_UNCURED"];
    let answer = served.ask(&words).json();
    let kinds: Vec<&str> = answer["alerts"].as_array().expect("alerts").iter().filter_map(|alert| alert["kind"].as_str()).collect();
    assert_eq!(kinds, ["ALERT_KIND_BREACH_UNCURED", "ALERT_KIND_BRAND_USE_UNDECIDED"]);
    assert_eq!(answer.pointer("/alerts/1/agreement_id"), Some(&json!("a")));
    let before = served.ask(&["alerts", "--json", "--as-of", "2025-04-25", "--as-of-position", "6"]).json();
    assert_eq!(before.pointer("/alerts/0/kind"), Some(&json!("ALERT_KIND_MISSING_MANAGER")), "{before}");
    let wrong = served.ask(&["alerts", "--kind", "trouble"]);
    assert_eq!((wrong.code, wrong.out.as_str()), (2, ""));
    assert!(wrong.error.contains("missing-manager"), "{}", wrong.error);
    assert_eq!(served.ask(&["alerts", "--partner", "nobody"]).code, 3);
}

#[test]
fn a_launch_shows_its_eleven_steps_and_what_comes_next() {
    let served = served();
    let out = says(
        &served,
        &["launch", "a"],
        &[
            "agreement a (active)",
            "partner acme (Acme พันธมิตร)",
            "fit fits (of 5: complementary 4, shared audience 5, brand alignment 3)",
            "manager Ann (of the house)",
            "no. step done recorded by notes position",
            "1 identified 2025-01-03 anonymous by=Nok 3",
            "5 agreement drafted follows from the agreement",
            "6 legal reviewed passed over",
            "7 signed 2025-01-10 anonymous 7",
            "8 kicked off",
            "11 decided",
            "next: hold the kick-off meeting and align on the first campaign",
        ],
    );
    assert!(out.ends_with("read at position 16\n"), "{out}");
    says(
        &served,
        &["launch", "a", "--lang", "th"],
        &[
            "ข้อตกลง a (มีผลอยู่)",
            "ความเหมาะสม เหมาะสม (เต็ม 5: เสริมกัน 4 กลุ่มเป้าหมายร่วม 5 แบรนด์สอดคล้อง 3)",
            "7 ลงนาม 10 ม.ค. 2568 anonymous 7",
            "ขั้นต่อไป: ประชุมเริ่มงานและตกลงเรื่องแคมเปญแรก",
        ],
    );
}

#[test]
fn a_launch_may_have_a_partner_and_no_agreement() {
    let served = served();
    says(
        &served,
        &["launch", "--partner", "acme"],
        &[
            "agreement a (active)",
            "3 initial call 2025-01-05 anonymous 5",
            "4 type defined follows from the agreement",
            "next: hold the kick-off meeting and align on the first campaign",
        ],
    );
    let before = ["4 type defined", "next: define the type of partnership: co-marketing, integration, channel or joint venture"];
    says(&served, &["launch", "--partner", "acme", "--as-of", "2025-01-09"], &before);
    says(&served, &["launch", "--partner", "acme", "--as-of", "2025-01-01"], &["fit not assessed", "next: identify 5 to 10 candidates"]);
    let fit = "fit does not fit: a competitor (of 5: complementary 5, shared audience 5, brand alignment 5)";
    says(&served, &["launch", "--partner", "beta"], &[fit]);
    assert_eq!(served.ask(&["launch", "--partner", "nobody"]).code, 3);
    assert_eq!((served.ask(&["launch"]).code, served.ask(&["launch", "a", "--partner", "acme"]).code), (2, 2));
    let answer = served.ask(&["launch", "a", "--json"]).json();
    assert_eq!(answer.pointer("/agreement/launch_steps/0/step"), Some(&json!("LAUNCH_STEP_SIGNED")), "{answer}");
    assert_eq!(answer.pointer("/partner/launch_steps/0/step"), Some(&json!("LAUNCH_STEP_IDENTIFIED")), "{answer}");
    // As the text does, JSON tells what follows from the partner's agreement, if there is one.
    assert_eq!(served.ask(&["launch", "--partner", "acme", "--json"]).json(), answer);
    let before = served.ask(&["launch", "--partner", "acme", "--as-of", "2025-01-09", "--json"]).json();
    assert!(before.get("agreement").is_none() && before.pointer("/partner/launch_steps/2/step").is_some(), "{before}");
}

#[test]
fn an_agreement_shows_what_the_sides_did() {
    let served = served();
    let out = served.ask(&["agreement", "a"]).out;
    for word in ["Ann", "logo", "press", "late", "no posts", "check", "slow", "2025-02-01"] {
        assert!(out.contains(word), "{word:?} is missing:\n{out}");
    }
    let answer = served.ask(&["agreement", "a", "--json"]).json();
    let uses: Vec<_> = answer
        .pointer("/agreement/brand_uses")
        .and_then(|uses| uses.as_array())
        .expect("uses")
        .iter()
        .map(|used| used.get("approved").cloned())
        .collect();
    assert_eq!(uses[0], Some(json!(true)));
    assert_ne!(uses[1], Some(json!(true)), "the press awaits its decision");
}
