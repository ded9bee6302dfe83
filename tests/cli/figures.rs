//! Campaigns, figures and lists, in both languages.

use crate::common::program::{Outcome, finish, program};
use crate::common::server::Server;
use rstest::{fixture, rstest};
use serde_json::json;

/// A webinar of the house with acme: 500 registered, four became leads, three qualified, one bought.
fn webinar() -> String {
    let mut lines = vec![
        (
            "2025-01-01",
            r#""partner_registered":{"partner_id":"acme","display_name":"Acme พันธมิตร","kind":"PARTNER_KIND_TECHNOLOGY","categories":["crm"]}"#
                .to_owned(),
        ),
        (
            "2025-01-01",
            r#""agreement_signed":{"agreement_id":"acme-1","partner_id":"acme","type":"AGREEMENT_TYPE_CO_MARKETING","terms":{"commission":{"rules":[{"name":"referral","trigger":"COMMISSION_TRIGGER_SALE","rate_bps":2000}]}}}"#
                .to_owned(),
        ),
        (
            "2025-02-01",
            r#""campaign_planned":{"campaign_id":"webinar","type":"CAMPAIGN_TYPE_JOINT_WEBINAR","title":"Scaling together","starts_at":"2025-03-01T00:00:00Z","ends_at":"2025-03-31T00:00:00Z","participants":[{"house":true,"cost_share_bps":10000,"lead_share_bps":5000,"goal":"CAMPAIGN_GOAL_LEADS"},{"agreement_id":"acme-1","lead_share_bps":5000,"goal":"CAMPAIGN_GOAL_AWARENESS"}],"deliverables":[{"deliverable_id":"slides","owed_by":{"house":true},"description":"the slides","weight":3,"due_at":"2025-02-20T00:00:00Z"},{"deliverable_id":"invitations","owed_by":{"agreement_id":"acme-1"},"description":"to 100 000 readers","weight":5}]}"#
                .to_owned(),
        ),
        ("2025-02-19", r#""deliverable_completed":{"campaign_id":"webinar","deliverable_id":"slides"}"#.to_owned()),
        (
            "2025-03-01",
            r#""cost_incurred":{"cost_id":"platform-1","campaign_id":"webinar","amount":{"currency_code":"USD","minor_units":"200000"},"house":true,"description":"platform"}"#
                .to_owned(),
        ),
        (
            "2025-03-01",
            r#""reach_measured":{"campaign_id":"webinar","measured_by":{"house":true},"house_audience":"50000","partner_audience":"100000","registrations":"500","visits":"5000"}"#
                .to_owned(),
        ),
    ];
    for number in 1..=4 {
        let referred = format!(
            r#""lead_referred":{{"lead_id":"lead-{number}","agreement_id":"acme-1","acquired_by":"ACQUIRED_BY_JOINT","campaign_id":"webinar"}}"#
        );
        lines.push(("2025-03-02", referred));
    }
    for number in 1..=3 {
        lines.push(("2025-03-05", format!(r#""lead_qualified":{{"lead_id":"lead-{number}"}}"#)));
    }
    let sale = r#""sale_recorded":{"sale_id":"sale-1","lead_id":"lead-2","amount":{"currency_code":"USD","minor_units":"500000"}}"#;
    lines.push(("2025-04-01", sale.to_owned()));
    let event = |(number, (date, body)): (usize, (&str, String))| {
        format!(r#"{{"event_id":"00000000-0000-4000-8000-{number:012}","occurred_at":"{date}T00:00:00Z",{body}}}"#)
    };
    lines.into_iter().enumerate().map(event).collect::<Vec<_>>().join("\n")
}

#[fixture]
fn served() -> Server {
    let served = Server::fresh();
    let outcome = finish(served.command(&["append"]).write_stdin(webinar()));
    assert_eq!(outcome.code, 0, "{}", outcome.error);
    served
}

fn says(outcome: &Outcome, expected: &[&str]) {
    assert_eq!((outcome.code, outcome.error.as_str()), (0, ""));
    // Columns are as wide as their content: what counts is what stands in which order.
    let words = outcome.out.split_whitespace().collect::<Vec<_>>().join(" ");
    for expected in expected {
        assert!(words.contains(expected), "{expected:?} is missing:\n{}", outcome.out);
    }
}

#[rstest]
#[case(&["metrics", "--campaign", "webinar"], &[
    "Figures for campaign webinar", "registrations 500", "conversion 0.6 % (3 of 500)", "close rate 33.33 % (1 of 3)", "revenue 5000.00",
    "- commission 1000.00", "= net revenue 4000.00", "- cost of the house 2000.00", "= net result 2000.00", "cost per registration 4.00",
    "cost per deal 2000.00", "return on cost 150 % (3000.00 of 2000.00)", "combined audience 150000",
    "uplift over the house's own 300 % (150000 of 50000)", "visit rate 3.33 % (5000 of 150000)", "the house 3 3", "acme-1 5 0",
])]
#[case(&["metrics", "--partner", "acme", "--from", "2025-03-01", "--to", "2025-03-31"], &[
    "Figures for partner acme from 2025-03-01 to before 2025-04-01", "leads 4", "conversion 75 % (3 of 4)", "deals 0",
])]
#[case(&["metrics", "--agreement", "acme-1"], &["revenue 5000.00", "share of all revenue 100 % (5000.00 of 5000.00)"])]
#[case(&["metrics"], &["Figures for everything", "partners' share of it 100 % (5000.00 of 5000.00)"])]
#[case(&["metrics", "--lang", "th"], &[
    "ตัวเลขของทั้งหมด", "อัตราผ่านคุณสมบัติ 75 % (3 จาก 4)", "รายได้ 5,000.00", "ผลตอบแทนต่อค่าใช้จ่าย 150 % (3,000.00 จาก 2,000.00)",
    "ผู้ชมรวม 150,000", "บริษัท 3 3",
])]
#[case(&["campaign", "webinar", "--as-of", "2025-03-15"], &[
    "type joint webinar", "state planned", "planned from 2025-03-01", "the house 100 % 50 % leads 2", "acme-1 0 % 50 % awareness 2",
    "slides the house 3 2025-02-20 2025-02-19 the slides", "invitations acme-1 5 2025-03-31 not yet to 100 000 readers",
    "platform-1 2000.00 USD the house 2025-03-01 platform", "the house 50000 100000 5000 500",
])]
#[case(&["campaign", "webinar", "--lang", "th"], &[
    "แคมเปญ webinar", "สัมมนาออนไลน์ร่วม", "บริษัท 100 % 50 % ลูกค้ามุ่งหวัง 2", "20 ก.พ. 2568 19 ก.พ. 2568", "2,000.00 USD", "ยังไม่ส่ง",
])]
#[case(&["campaigns"], &["webinar Scaling together joint webinar planned 2025-03-01 2025-03-31 acme-1 1 of 2"])]
#[case(&["campaigns", "--state", "running"], &["no campaigns"])]
#[case(&["partners", "--kind", "technology"], &["acme Acme พันธมิตร technology crm 2025-01-01 acme-1"])]
#[case(&["partners", "--category", "erp"], &["no partners"])]
#[case(&["agreements", "--type", "co-marketing", "--state", "active"], &["acme-1 acme co-marketing active 2025-01-01"])]
#[case(&["agreements", "--partner", "acme", "--lang", "th"], &["acme-1 acme การตลาดร่วม มีผลอยู่ 1 ม.ค. 2568"])]
#[case(&["leads", "--house"], &["lead-1 qualified the house", "lead-3 qualified the house"])]
#[case(&["leads", "--owner", "acme", "--state", "open"], &["lead-4 open acme acme-1 2025-03-02 JOINT_ALLOCATION"])]
#[case(&["leads", "--agreement", "acme-1", "--lang", "th"], &["lead-2 ผ่านคุณสมบัติ acme acme-1 2 มี.ค. 2568 JOINT_ALLOCATION"])]
fn answers_people(served: Server, #[case] words: &[&str], #[case] expected: &[&str]) {
    says(&served.ask(words), expected);
}

#[rstest]
#[case(&["metrics", "--campaign", "webinar"], "/metrics/conversion/denominator", json!("500"))]
#[case(&["metrics"], "/metrics/by_currency/0/cost", json!("200000"))]
#[case(&["campaign", "webinar"], "/campaign/joint_leads/1/leads", json!("2"))]
#[case(&["campaigns"], "/campaigns/0/state", json!("CAMPAIGN_STATE_PLANNED"))]
#[case(&["partners"], "/partners/0/kind", json!("PARTNER_KIND_TECHNOLOGY"))]
#[case(&["agreements"], "/agreements/0/state", json!("AGREEMENT_STATE_ACTIVE"))]
#[case(&["leads", "--owner", "acme"], "/leads/0/lead_id", json!("lead-2"))]
fn answers_programs(served: Server, #[case] words: &[&str], #[case] path: &str, #[case] expected: serde_json::Value) {
    let mut words = words.to_vec();
    words.push("--json");
    let answer = served.ask(&words).json();
    assert_eq!(answer.pointer(path), Some(&expected), "{answer}");
    assert_eq!(answer["position"], json!("14"));
}

#[rstest]
#[case(&["metrics", "--campaign", "booth"], 3, "error: UNKNOWN_ID: ")]
#[case(&["campaign", "webinar", "--as-of", "2025-01-31"], 3, "error: UNKNOWN_ID: ")]
#[case(&["metrics", "--from", "2025-02-01", "--to", "2025-01-01"], 2, "error: MALFORMED: ")]
fn refusals_have_a_line_and_a_code(served: Server, #[case] words: &[&str], #[case] code: i32, #[case] begins: &str) {
    let outcome = served.ask(words);
    assert_eq!((outcome.code, outcome.out.as_str()), (code, ""), "{}", outcome.error);
    assert!(outcome.error.starts_with(begins), "{}", outcome.error);
}

#[rstest]
#[case(&["metrics", "--partner", "acme", "--campaign", "webinar"], "cannot be used with")]
#[case(&["leads", "--owner", "acme", "--house"], "cannot be used with")]
#[case(&["agreements", "--state", "asleep"], "must be one of proposed, active, under-notice, expired, terminated")]
fn a_malformed_command_line_says_what_is_wrong(#[case] words: &[&str], #[case] says: &str) {
    let outcome = finish(program().args(words));
    assert_eq!(outcome.code, 2);
    assert!(outcome.error.contains(says), "{}", outcome.error);
}
