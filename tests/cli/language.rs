//! The languages: every command in Thai, JSON the same in each, English where nothing is said.

use crate::common::program::{finish, program};
use crate::common::server::Server;
use rstest::{fixture, rstest};

#[fixture]
fn served() -> Server {
    Server::with_story()
}

/// What people wrote, and the names of partners and rules: they stay as they are in every language.
const KEPT: [&str; 9] = ["acme", "Acme", "anonymous", "bank", "not", "ours", "pro", "referral", "UTC"];

/// The words in Latin letters of a text that are neither kept, nor ids, nor codes.
fn left_in_english(text: &str) -> Vec<&str> {
    let is_id = |word: &str| word.contains(|letter: char| letter.is_ascii_digit() || "_-:".contains(letter));
    let words =
        text.split_whitespace().filter(|word| !is_id(word)).flat_map(|word| word.split(|letter: char| !letter.is_ascii_alphabetic()));
    words.filter(|word| word.chars().any(|letter| letter.is_ascii_lowercase()) && !KEPT.contains(word)).collect()
}

#[rstest]
#[case(&["balance", "acme"], &["ค่าคอมมิชชัน", "= ยอดที่จ่ายได้"])]
#[case(&["balance"], &["พันธมิตร", "สุทธิ", "150.00"])]
#[case(&["lead", "lead-1"], &["บริษัท เป็นเจ้าของลูกค้ามุ่งหวังนี้ตั้งแต่ 1 มิ.ย. 2568", "END_TO_HOUSE", "ตัดสินที่ลำดับที่ 3"])]
#[case(&["agreement", "acme-1"], &["สิ้นสุดแล้ว", "1 มิ.ย. 2568 โดยความตกลงร่วมกัน", "20 % ของแต่ละการขาย", "เป็นเวลา 12 เดือน", "30 วัน"])]
#[case(&["statement", "acme"], &["กลับรายการ", "-50.00 USD", "1,000 JPY", "15 มี.ค. 2568"])]
#[case(&["statement", "acme", "--month", "2568-03"], &["ใบแจ้งยอดของ", "มีนาคม 2568", "ยอดยกมา", "ยอดยกไป"])]
#[case(&["explain", "sale-1"], &["ACCRUED", "ค่าคอมมิชชันคงเหลือ", "ตั้งแต่ 1 ก.พ. 2568 ถึงก่อน 1 ก.พ. 2569", "เงื่อนไขที่ใช้"])]
#[case(&["explain", "sale-1"], &["ได้ค่าคอมมิชชัน 200.00 USD ตามกติกา referral: 20 % ของ 1,000.00 USD", "คืนเงิน refund-1 จำนวน 250.00 USD ของการขาย: เรียกค่าคอมมิชชันคืน 50.00 USD"])]
#[case(&["payables"], &["ยอดที่จ่ายได้", "1,000 JPY", "จ่าย"])]
#[case(&["payouts"], &["15 มี.ค. 2568", "วิธีจ่าย"])]
#[case(&["disputes"], &["การขาย sale-1", "150.00 USD ของ acme", "เปิดอยู่"])]
#[case(&["records"], &["เหตุการณ์", "เจ้าของ acme (FIRST_CLAIM)", "สิ้นสุด 1 มิ.ย. 2568 โดยความตกลงร่วมกัน"])]
#[case(&["trial-balance"], &["เดบิต", "เครดิต", "partner:acme"])]
fn every_command_speaks_thai(served: Server, #[case] words: &[&str], #[case] expected: &[&str]) {
    let outcome = finish(served.command(words).env("PARTNERSHIP_LEDGER_LANG", "th"));
    assert_eq!((outcome.code, outcome.error.as_str()), (0, ""));
    for word in expected {
        assert!(outcome.out.contains(word), "{word:?} is missing:\n{}", outcome.out);
    }
    assert!(outcome.out.ends_with("อ่าน ณ ลำดับที่ 9\n"), "{}", outcome.out);
    let left = left_in_english(&outcome.out);
    assert!(left.is_empty(), "{left:?} in:\n{}", outcome.out);
}

/// Times of the command line are days to their end, in the years that the language shows.
#[rstest]
#[case(&["lead", "lead-1", "--as-of", "2025-05-31"], "as of the end of 2025-05-31 (UTC)")]
#[case(&["lead", "lead-1", "--as-of", "2025-05-31T12:00:00Z"], "as of 2025-05-31T12:00:00Z")]
#[case(&["lead", "lead-1", "--lang", "th", "--as-of", "2568-05-31"], "ณ สิ้นวันที่ 31 พ.ค. 2568 (UTC)")]
#[case(&["metrics", "--from", "2025-03-01", "--to", "2025-03-31"], "from the beginning of 2025-03-01 (UTC), to the end of 2025-03-31 (UTC)")]
#[case(&["metrics", "--lang", "th", "--from", "2568-03-01", "--to", "2568-03-31"], "ตั้งแต่ต้นวันที่ 1 มี.ค. 2568 (UTC), ถึงสิ้นวันที่ 31 มี.ค. 2568 (UTC)")]
#[case(&["statement", "acme", "--from", "2025-03-01T00:00:00Z", "--to", "2025-03-31T00:00:00Z"], "from 2025-03-01, to before 2025-03-31")]
fn an_answer_says_how_its_dates_were_read(served: Server, #[case] words: &[&str], #[case] says: &str) {
    let outcome = served.ask(words);
    assert_eq!((outcome.code, outcome.error.as_str()), (0, ""));
    assert!(outcome.out.ends_with(&format!("{says}\n")), "{}", outcome.out);
}

#[rstest]
fn programs_and_the_refused_are_told_how_dates_were_read(served: Server) {
    let outcome = served.ask(&["lead", "lead-1", "--json", "--lang", "th", "--as-of", "2568-05-31"]);
    assert_eq!((outcome.code, outcome.error.as_str()), (0, "ณ สิ้นวันที่ 31 พ.ค. 2568 (UTC)\n"));
    assert!(outcome.json()["lead"]["owner"]["partner_id"] == "acme", "{}", outcome.out);
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("books");
    for file in ["-", file.to_str().expect("UTF-8")] {
        let outcome = served.ask(&["export", "--format", "hledger", "--to", "2025-03-31", file]);
        assert_eq!((outcome.code, outcome.error.as_str()), (0, "to the end of 2025-03-31 (UTC)\n"));
    }
    let early = served.ask(&["lead", "lead-1", "--as-of", "2024-05-31"]);
    assert!(early.code == 3 && early.error.ends_with(" (as of the end of 2024-05-31 (UTC))\n"), "{}", early.error);
}

#[rstest]
#[case(&["balance", "--as-of", "2569-03-01"], "write 2026-03-01")]
#[case(&["balance", "--as-of", "2026-03-01", "--lang", "th"], "ให้เขียน 2569-03-01")]
#[case(&["metrics", "--from", "0026-03-01"], "from 1900 to 2200")]
#[case(&["export", "--format", "hledger", "--to", "2569-03-01"], "write 2026-03-01")]
#[case(&["statement", "acme", "--to", "9999-12-31", "--lang", "th"], "2443 ถึง 2743")]
fn implausible_years_are_refused_with_what_was_meant(served: Server, #[case] words: &[&str], #[case] says: &str) {
    let outcome = served.ask(words);
    assert_eq!((outcome.code, outcome.out.as_str()), (2, ""));
    assert!(outcome.error.contains(says), "{}", outcome.error);
}

#[rstest]
fn json_is_never_translated(served: Server) {
    for words in
        [&["balance", "acme"][..], &["lead", "lead-1"], &["agreement", "acme-1"], &["explain", "sale-1"], &["disputes"], &["payables"]]
    {
        let ask = |language: &str| served.ask(&[words, &["--json", "--lang", language]].concat()).out;
        assert_eq!(ask("en"), ask("th"), "{words:?}");
    }
}

#[rstest]
fn failures_are_told_in_thai_with_their_code_and_exit_as_ever(served: Server) {
    let failure = |words: &[&str]| {
        let outcome = finish(served.command(words).args(["--lang", "th"]));
        assert!(outcome.error.starts_with("ข้อผิดพลาด: "), "{}", outcome.error);
        (outcome.code, outcome.error)
    };
    let (code, error) = failure(&["balance", "nobody"]);
    assert_eq!(code, 3);
    assert!(error.contains("UNKNOWN_ID (ไม่รู้จักรหัสนี้): partner_id nobody is not known"), "{error}");
    let (code, error) = failure(&["balance", "--address", "http://127.0.0.1:1"]);
    assert!(code == 4 && error.contains("เชื่อมต่อ http://127.0.0.1:1 ไม่ได้"), "{error}");
    let (code, error) = failure(&["append", "/nonexistent/events.jsonl"]);
    assert!(code == 2 && error.contains("อ่าน /nonexistent/events.jsonl ไม่ได้"), "{error}");
    let (code, error) = failure(&["demo", "--json"]);
    assert!(code == 2 && error.contains("--json ไม่มีผลกับ `demo`"), "{error}");
}

#[rstest]
fn append_counts_in_thai_and_names_the_bad_line(served: Server) {
    let append = |text: &str| finish(served.command(&["append", "--lang", "th"]).write_stdin(text));
    assert_eq!(append("").out, "บันทึก 0 รายการ\n");
    let refused = append("\n{}\n");
    assert!(refused.error.starts_with("ข้อผิดพลาด: บรรทัดที่ 2: MALFORMED (ข้อมูลไม่ถูกต้อง): "), "{}", refused.error);
    let again = append(crate::common::program::STORY);
    assert_eq!(again.out, "บันทึก 0 รายการ เคยบันทึกแล้ว 9 รายการ บัญชีอยู่ที่ลำดับที่ 9\n");
}

#[test]
fn partners_are_listed_by_name_as_dictionaries_do() {
    let served = Server::fresh();
    let names = ["โรงแรม", "Zenith", "กาแฟ", "เก้าอี้", "acme", "ไก่ทอด", "ขนม"];
    let events = names.iter().enumerate().map(|(number, name)| {
        let partner = serde_json::json!({"partner_id": format!("p-{number}"), "display_name": name, "kind": "PARTNER_KIND_RESELLER"});
        let event_id = format!("00000000-0000-4000-8000-00000000000{number}");
        serde_json::json!({"event_id": event_id, "occurred_at": "2025-01-01T00:00:00Z", "partner_registered": partner}).to_string()
    });
    let events: Vec<String> = events.collect();
    assert_eq!(finish(served.command(&["append"]).write_stdin(events.join("\n"))).code, 0);
    let order = |words: &[&str]| {
        let out = served.ask(words).out;
        let mut found: Vec<&str> = names.to_vec();
        found.sort_by_key(|name| out.find(*name).expect("it is listed"));
        found
    };
    assert_eq!(order(&["partners"]), names);
    assert_eq!(order(&["partners", "--by-name", "--lang", "th"]), ["กาแฟ", "เก้าอี้", "ไก่ทอด", "ขนม", "โรงแรม", "acme", "Zenith"]);
    assert_eq!(order(&["partners", "--by-name"]), ["acme", "Zenith", "กาแฟ", "เก้าอี้", "ไก่ทอด", "ขนม", "โรงแรม"]);
    let json = |language| served.ask(&["partners", "--by-name", "--json", "--lang", language]).out;
    assert_eq!(json("en"), json("th"));
}

#[test]
fn verify_speaks_thai() {
    let dir = tempfile::tempdir().expect("a directory");
    let outcome = finish(program().args(["verify", "--lang", "th", "--data-dir"]).arg(dir.path()));
    assert!(outcome.code == 2 && outcome.error.contains("ไม่มีบัญชี"), "{}", outcome.error);
    let ledger = dir.path().join("ledger");
    let mut served = Server::on(&ledger);
    assert_eq!(finish(served.command(&["append"]).write_stdin(crate::common::program::STORY)).code, 0);
    assert_eq!(served.terminate().0.code(), Some(0));
    let outcome = finish(program().args(["verify", "--lang", "th", "--data-dir"]).arg(&ledger));
    assert_eq!((outcome.code, outcome.error.as_str()), (0, ""));
    assert!(outcome.out.contains("เป็นศูนย์ทุกลำดับที่เล่นซ้ำ") && outcome.out.ends_with("เรียบร้อยดี\n"), "{}", outcome.out);
}

#[rstest]
fn the_language_is_asked_for_and_not_guessed(served: Server) {
    let english = served.ask(&["payouts"]).out;
    assert_eq!(finish(served.command(&["payouts"]).env("LANG", "th_TH.UTF-8").env("LC_ALL", "th_TH.UTF-8")).out, english);
    assert_ne!(finish(served.command(&["payouts"]).env("PARTNERSHIP_LEDGER_LANG", "th")).out, english);
    assert_eq!(finish(served.command(&["payouts", "--lang", "en"]).env("PARTNERSHIP_LEDGER_LANG", "th")).out, english);
    let unknown = served.ask(&["payouts", "--lang", "fr"]);
    assert!(unknown.code == 2 && unknown.error.contains("possible values: en, th"), "{}", unknown.error);
    let idle = finish(program().args(["serve", "--lang", "th"]));
    assert!(idle.code == 2 && idle.error.contains("`serve`"), "{}", idle.error);
}
