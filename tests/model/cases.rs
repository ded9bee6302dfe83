//! Cases that the ledger once answered wrongly: events as `append` takes them, and questions with the right answers.

use crate::outside::model::Model;
use crate::outside::scenario::{self, Callee, Step};
use crate::outside::served::Served;
use crate::outside::typed::ByName;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

/// The steps of a case: each line is an event, or a question with what it is to be answered with.
fn steps(name: &str) -> Vec<Step> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(format!("{name}.jsonl"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(step).collect()
}

fn step(line: &str) -> Step {
    let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    match line.get("ask") {
        Some(ask) => Step {
            call: format!("partnership.ledger.v1.PartnershipService/{}", ask[0].as_str().expect("the name of a question")),
            request: ask[1].clone(),
            expect: Some(line["expect"].clone()),
            error: None,
        },
        None => Step {
            call: "partnership.ledger.v1.LedgerService/Append".to_owned(),
            request: json!({"events": [line]}),
            expect: None,
            error: None,
        },
    }
}

fn play(name: &str, callee: &mut impl Callee) {
    let failures = scenario::play(&steps(name), callee);
    assert!(failures.is_empty(), "{name}: {failures:#?}");
}

// The service answers all of them, the model those whose questions it knows.
macro_rules! cases {
    ($($test:ident $name:literal $($model:ident)?;)*) => {
        $(
            #[test]
            fn $test() {
                let directory = tempfile::tempdir().expect("a directory");
                play($name, &mut Served::over_tcp(directory.path()));
                $(play($name, &mut ByName($model::default()));)?
            }
        )*
    };
}

cases! {
    a_reinstatement_gives_to_each_agreement_what_the_refund_took_from_it "reinstated-through-two-agreements" Model;
    a_claim_after_a_loss_that_was_told_late_starts_anew "reopened-after-a-loss-told-late" Model;
    a_transfer_moves_rewards_in_each_currency_by_itself "rewards-in-two-currencies";
    a_refund_takes_from_the_house_what_falls_on_a_part_that_it_does_not_touch "refunded-of-the-house-through-another-part" Model;
    a_cap_of_a_lead_with_many_sales_holds_after_a_void "capped-after-a-void" Model;
    a_refund_takes_of_the_house_what_waits_for_the_customer_first "refunded-of-the-house-while-it-waits" Model;
    a_refund_takes_of_the_house_what_waits_again_after_a_bounce "refunded-of-the-house-after-a-bounce" Model;
}
