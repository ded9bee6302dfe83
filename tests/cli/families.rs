//! `programmes`, `programme`, and what `agreement`, `lead` and `alerts` say of agreements in families, in both languages.

use crate::common::program::finish;
use crate::common::server::Server;
use rstest::{fixture, rstest};
use serde_json::json;

/// A programme with an amendment; acme's agreement, recruited by beta's, its successor, and a lead of it; one of gamma's that has ended
/// without a successor.
const FAMILIES: [&str; 15] = [
    r#""2025-01-01T00:00:00Z","partner_registered":{"partner_id":"acme","display_name":"Acme","kind":"PARTNER_KIND_RESELLER"}"#,
    r#""2025-01-01T00:00:00Z","partner_registered":{"partner_id":"beta","display_name":"Beta","kind":"PARTNER_KIND_RESELLER"}"#,
    r#""2025-01-01T00:00:00Z","programme_defined":{"programme_id":"basic-1","terms":{"commission":{"rules":[{"name":"sale","trigger":"COMMISSION_TRIGGER_SALE","rate_bps":2000}]}}}"#,
    r#""2025-01-02T00:00:00Z","agreement_signed":{"agreement_id":"beta-1","partner_id":"beta","type":"AGREEMENT_TYPE_CHANNEL","terms":{}}"#,
    r#""2025-01-03T00:00:00Z","agreement_signed":{"agreement_id":"acme-1","partner_id":"acme","type":"AGREEMENT_TYPE_CHANNEL","programme_id":"basic-1","recruited_by_agreement_id":"beta-1"}"#,
    r#""2025-01-04T00:00:00Z","lead_referred":{"lead_id":"lead-1","agreement_id":"acme-1","acquired_by":"ACQUIRED_BY_PARTNER"}"#,
    r#""2025-01-05T00:00:00Z","programme_amended":{"programme_id":"basic-1","terms":{"commission":{"rules":[{"name":"sale","trigger":"COMMISSION_TRIGGER_SALE","rate_bps":1500}]}},"effective_at":"2025-03-01T00:00:00Z","existing":true}"#,
    r#""2025-03-02T00:00:00Z","sale_recorded":{"sale_id":"sale-1","lead_id":"lead-1","amount":{"currency_code":"USD","minor_units":"10000"}}"#,
    r#""2025-04-01T00:00:00Z","agreement_signed":{"agreement_id":"acme-2","partner_id":"acme","type":"AGREEMENT_TYPE_CHANNEL","programme_id":"basic-1","supersedes_agreement_id":"acme-1"}"#,
    r#""2025-04-02T00:00:00Z","agreement_terminated":{"agreement_id":"acme-1","cause":"TERMINATION_CAUSE_MUTUAL"}"#,
    r#""2025-04-03T00:00:00Z","partner_registered":{"partner_id":"gamma","display_name":"Gamma","kind":"PARTNER_KIND_RESELLER"}"#,
    r#""2025-04-03T00:00:00Z","agreement_signed":{"agreement_id":"gamma-1","partner_id":"gamma","type":"AGREEMENT_TYPE_CHANNEL","terms":{}}"#,
    r#""2025-04-04T00:00:00Z","lead_referred":{"lead_id":"lead-2","agreement_id":"gamma-1","acquired_by":"ACQUIRED_BY_PARTNER"}"#,
    r#""2025-04-05T00:00:00Z","agreement_terminated":{"agreement_id":"gamma-1","cause":"TERMINATION_CAUSE_MUTUAL"}"#,
    r#""2025-04-06T00:00:00Z","agreement_signed":{"agreement_id":"gamma-2","partner_id":"gamma","type":"AGREEMENT_TYPE_CHANNEL","terms":{}}"#,
];

#[fixture]
fn served() -> Server {
    let served = Server::fresh();
    let event = |(number, rest): (usize, &&str)| format!(r#"{{"event_id":"00000000-0000-4000-8000-{number:012}","occurred_at":{rest}}}"#);
    let lines: Vec<String> = FAMILIES.iter().enumerate().map(event).collect();
    let outcome = finish(served.command(&["append"]).write_stdin(lines.join("\n")));
    assert_eq!(outcome.code, 0, "{}", outcome.error);
    served
}

#[rstest]
#[case(&["programmes"], &["programme defined agreements versions terms of position", "basic-1 2025-01-01 2 2 7"])]
#[case(&["programme", "basic-1"], &["agreements 2", "Terms (position 7)", "the beginning agreements that take effect from then on 3", "2025-03-01 existing agreements too 7"])]
#[case(&["agreement", "acme-1"], &["programme basic-1", "superseded by acme-2", "recruited by beta-1", "earn with it beta-1", "2025-01-03 basic-1 3", "2025-03-01 basic-1 7"])]
#[case(&["agreement", "acme-2"], &["supersedes acme-1", "recruited by beta-1"])]
#[case(&["explain", "sale-1"], &["7 Agreement acme-1 takes the terms of programme basic-1 from 2025-03-01 on; these terms apply."])]
#[case(&["programmes", "--lang", "th"], &["โปรแกรม กำหนดเมื่อ จำนวนข้อตกลง จำนวนฉบับ เงื่อนไขลำดับที่", "basic-1 1 ม.ค. 2568 2 2 7"])]
#[case(&["programme", "basic-1", "--lang", "th"], &["แรกเริ่ม ข้อตกลงที่มีผลตั้งแต่นั้นไป 3", "1 มี.ค. 2568 ข้อตกลงที่มีอยู่ด้วย 7"])]
#[case(&["agreement", "acme-2", "--lang", "th"], &["แทนที่ข้อตกลง acme-1", "ชักชวนโดย beta-1", "ผู้ร่วมได้ค่าคอมมิชชัน beta-1"])]
fn answers_people(served: Server, #[case] words: &[&str], #[case] lines: &[&str]) {
    let outcome = served.ask(words);
    assert_eq!((outcome.code, outcome.error.as_str()), (0, ""));
    // Columns are as wide as they need to be.
    let told: Vec<String> = outcome.out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in lines {
        assert!(told.iter().any(|told| told == line), "{line:?} is missing:\n{}", outcome.out);
    }
}

#[rstest]
#[case(&["lead", "lead-1"], &["acme-2", "SUCCESSION", "agreement acme-2 took the place of the one before"])]
#[case(&["lead", "lead-1", "--lang", "th"], &["acme-2", "ข้อตกลง acme-2 แทนที่ข้อตกลงเดิม"])]
#[case(&["alerts", "--kind", "leads-without-earning-agreement"], &["2025-04-06", "1 lead of agreement gamma-1 with gamma"])]
#[case(&["alerts", "--kind", "leads-without-earning-agreement", "--lang", "th"], &["6 เม.ย. 2568", "ลูกค้ามุ่งหวัง 1 รายของข้อตกลง gamma-1 กับ gamma"])]
#[case(&["agreements", "--programme", "basic-1"], &["acme-1", "acme-2"])]
#[case(&["agreements", "--recruited-by", "beta-1"], &["acme-1", "acme-2"])]
fn tells_of_families(served: Server, #[case] words: &[&str], #[case] expected: &[&str]) {
    let outcome = served.ask(words);
    assert_eq!((outcome.code, outcome.error.as_str()), (0, ""));
    for word in expected {
        assert!(outcome.out.contains(word), "{word:?} is missing:\n{}", outcome.out);
    }
    assert!(!words.contains(&"agreements") || !outcome.out.contains("beta-1"), "{}", outcome.out);
}

#[rstest]
#[case(&["programmes"], "/programmes/0/agreement_count", json!("2"))]
#[case(&["programme", "basic-1"], "/programme/terms_position", json!("7"))]
#[case(&["agreement", "acme-2"], "/agreement/upline_agreement_ids", json!(["beta-1"]))]
#[case(&["alerts", "--kind", "leads-without-earning-agreement"], "/alerts/0/facts/lead_count", json!("1"))]
fn answers_programs(served: Server, #[case] words: &[&str], #[case] path: &str, #[case] expected: serde_json::Value) {
    let words: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
    let answer = served.ask(&words).json();
    assert_eq!(answer.pointer(path), Some(&expected), "{answer}");
}

#[rstest]
#[case(&["programme", "gold"], 3, "programme_id gold is not known")]
#[case(&["agreements", "--programme", "gold"], 3, "programme_id gold is not known")]
fn what_is_not_known_is_refused(served: Server, #[case] words: &[&str], #[case] code: i32, #[case] says: &str) {
    let outcome = served.ask(words);
    assert_eq!(outcome.code, code);
    assert!(outcome.error.contains(says), "{}", outcome.error);
}
