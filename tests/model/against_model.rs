//! The ledger against a naive model of it, written from the rules alone.

use std::collections::BTreeSet;

use crate::outside::contest;
use crate::outside::ledger::Ledger as _;
use crate::outside::model::Model;
use crate::outside::scenario::{self, Scenario, Step};
use crate::outside::shrink::shrink;
use crate::outside::typed::ByName;
use crate::outside::workload::{self, NOW, workload};

/// What the model leaves out: malformed input.
const BEYOND_THE_MODEL: &str = "INVALID_ARGUMENT";

/// The model itself tells every story as the scenarios do.
#[test]
fn the_model_plays_the_scenarios() {
    let mut played = 0;
    let mut failures = Vec::new();
    for name in scenario::names() {
        let Scenario { steps, .. } = scenario::load(&name);
        let is_malformed =
            |step: &Step| step.error.as_ref().is_some_and(|error| error.get("code").is_some_and(|code| code == BEYOND_THE_MODEL));
        let steps: Vec<Step> = steps.into_iter().filter(|step| !is_malformed(step)).collect();
        let failed = scenario::play(&steps, &mut ByName(Model::default()));
        failures.extend(failed.into_iter().map(|failure| format!("{name}: {failure}")));
        played += 1;
    }
    assert!(failures.is_empty(), "{failures:#?}");
    assert!(played > 65, "only {played} scenarios were found");
}

/// Cases that are played unless `MODEL_CASES` says otherwise.
const CASES: u64 = 100;

/// The first seed, unless `MODEL_SEED` says otherwise.
const FIRST_SEED: u64 = 1;

/// What some workload must come to: states, outcomes, refusals and what happens seldom.
const TO_BE_REACHED: [&str; 178] = [
    "AGREEMENT_NOT_ACTIVE",
    "AGREEMENT_STATE_ACTIVE",
    "AGREEMENT_STATE_EXPIRED",
    "AGREEMENT_STATE_PROPOSED",
    "AGREEMENT_STATE_TERMINATED",
    "AGREEMENT_STATE_UNDER_NOTICE",
    "ALERT_KIND_BRAND_USE_UNDECIDED",
    "ALERT_KIND_BREACH_UNCURED",
    "ALERT_KIND_CHECK_IN_OVERDUE",
    "ALERT_KIND_DISPUTE_OPEN",
    "ALERT_KIND_EXCLUSIVITY_BREACHED",
    "ALERT_KIND_EXCLUSIVITY_ENDING",
    "ALERT_KIND_EXPIRY_NEAR",
    "ALERT_KIND_GOALS_DIFFER",
    "ALERT_KIND_HOLD_LONG",
    "ALERT_KIND_LEADS_WITHOUT_EARNING_AGREEMENT",
    "ALERT_KIND_MISSING_MANAGER",
    "ALERT_KIND_NEGATIVE_BALANCE",
    "ALERT_KIND_NOTICE_ENDING",
    "ALERT_KIND_PAYABLE_DUE",
    "ALERT_KIND_PROTECTION_LAPSING",
    "ALERT_KIND_REVIEW_OVERDUE",
    "ALERT_KIND_UNEQUAL_EFFORT",
    "ALREADY_DONE",
    "BELOW_ZERO",
    "CAMPAIGN_STATE_ENDED",
    "CAMPAIGN_STATE_PLANNED",
    "CAMPAIGN_STATE_RUNNING",
    "CAMPAIGN_STATE_STOPPED",
    "CAMPAIGN_STOPPED",
    "CLOSE_NOT_LATER",
    "CURRENCY_MISMATCH",
    "DUPLICATE_ID",
    "END_CAUSE_BREACH",
    "END_CAUSE_EXPIRY",
    "END_CAUSE_MUTUAL",
    "END_CAUSE_NOTICE",
    "ENTRY_KIND_ACCRUAL",
    "ENTRY_KIND_ADJUSTMENT",
    "ENTRY_KIND_COLLECTION",
    "ENTRY_KIND_CONTRIBUTION",
    "ENTRY_KIND_COST_SHARE",
    "ENTRY_KIND_DISTRIBUTION",
    "ENTRY_KIND_PAYMENT",
    "ENTRY_KIND_PAYMENT_RETURN",
    "ENTRY_KIND_RECEIPT",
    "ENTRY_KIND_REINSTATEMENT",
    "ENTRY_KIND_RELEASE",
    "ENTRY_KIND_REVERSAL",
    "ENTRY_KIND_TRANSFER",
    "EVENT_ID_REUSED",
    "EXCEEDS_PAYABLE",
    "EXCLUSIVITY_CONFLICT",
    "EXPIRY_NOT_LATER",
    "LEAD_LOST",
    "LEAD_STATE_LOST",
    "LEAD_STATE_OPEN",
    "LEAD_STATE_QUALIFIED",
    "NOTICE_TOO_SHORT",
    "NOT_A_PARTICIPANT",
    "NOT_A_VENTURE",
    "NO_CREDIT",
    "NO_RUNNING_NOTICE",
    "OCCURRED_IN_FUTURE",
    "OWNERSHIP_RULE_AFTER_LOSS",
    "OWNERSHIP_RULE_END_ACQUIRER_KEEPS",
    "OWNERSHIP_RULE_END_TO_HOUSE",
    "OWNERSHIP_RULE_END_TO_PARTNER",
    "OWNERSHIP_RULE_FIRST_CLAIM",
    "OWNERSHIP_RULE_HOUSE_LEAD",
    "OWNERSHIP_RULE_JOINT_ALLOCATION",
    "OWNERSHIP_RULE_PROTECTION_LAPSED",
    "OWNERSHIP_RULE_REASSIGNED",
    "OWNERSHIP_RULE_SUCCESSION",
    "PARTNER_MISMATCH",
    "PARTNER_ON_HOLD",
    "PAYOUT_NOT_SETTLED",
    "POSITION_NOT_REACHED",
    "POSITION_PASSED",
    "PROPOSAL_MISMATCH",
    "PROTECTION_LAPSED",
    "REFUND_EXCEEDS_SALE",
    "RETURN_EXCEEDS_PAYOUT",
    "REVIEW_KIND_CHECK_IN",
    "REVIEW_KIND_QUARTERLY_REVIEW",
    "SALE_VOIDED",
    "SUCCESSION_TOO_EARLY",
    "TIER_MODE_BY_SALE TIER_PERIOD_LIFETIME",
    "TIER_MODE_BY_SALE TIER_PERIOD_MONTH",
    "TIER_MODE_BY_SALE TIER_PERIOD_QUARTER",
    "TIER_MODE_BY_SALE TIER_PERIOD_YEAR",
    "TIER_MODE_MARGINAL TIER_PERIOD_LIFETIME",
    "TIER_MODE_MARGINAL TIER_PERIOD_MONTH",
    "TIER_MODE_MARGINAL TIER_PERIOD_QUARTER",
    "TIER_MODE_MARGINAL TIER_PERIOD_YEAR",
    "TIER_MODE_RETROACTIVE TIER_PERIOD_LIFETIME",
    "TIER_MODE_RETROACTIVE TIER_PERIOD_MONTH",
    "TIER_MODE_RETROACTIVE TIER_PERIOD_QUARTER",
    "TIER_MODE_RETROACTIVE TIER_PERIOD_YEAR",
    "UNKNOWN_ID",
    "a partner paid a cost of several partners",
    "a partner paid a cost of some partners",
    "another currency",
    "awaits the customer",
    "bonus",
    "brand use approved at once",
    "brand use decided",
    "breach cured",
    "campaign stopped by END_CAUSE_BREACH",
    "campaign stopped by END_CAUSE_EXPIRY",
    "campaign stopped by END_CAUSE_MUTUAL",
    "campaign stopped by END_CAUSE_NOTICE",
    "capital alone distributed",
    "capital and profit distributed",
    "customer bounced",
    "customer paid",
    "declined, earlier false",
    "declined, earlier true",
    "deliverable completed",
    "disputed",
    "exclusivity breached",
    "joint lead to a partner",
    "joint lead to a partner after the end",
    "joint lead to the house",
    "launch step of a partner",
    "launch step of an agreement",
    "lead and agreement",
    "lines",
    "max per sale",
    "override of level 1",
    "override of level 2",
    "override of level 3",
    "override of level 4",
    "override of level 5",
    "override of the commission",
    "own amendment beside a programme",
    "partner assessed",
    "parts of one rule",
    "payable below zero",
    "payout failed",
    "payout failed after a close",
    "payout settled",
    "payout settled after a close",
    "pending below zero",
    "posted at the close",
    "programme binds an existing agreement",
    "qualification COMMISSION_OUTCOME_ACCRUED",
    "qualification COMMISSION_OUTCOME_AGREEMENT_ENDED",
    "qualification COMMISSION_OUTCOME_CAPPED",
    "qualification COMMISSION_OUTCOME_NO_CREDIT",
    "qualification COMMISSION_OUTCOME_NO_RULE",
    "qualification COMMISSION_OUTCOME_OUTSIDE_WINDOW",
    "reassigned to the house",
    "refund clamped",
    "refund of several lines",
    "refund of several parts",
    "refunded as an error altogether",
    "reversed from several holders",
    "sale COMMISSION_OUTCOME_ACCRUED",
    "sale COMMISSION_OUTCOME_AGREEMENT_ENDED",
    "sale COMMISSION_OUTCOME_CAPPED",
    "sale COMMISSION_OUTCOME_INCLUDED",
    "sale COMMISSION_OUTCOME_NO_CREDIT",
    "sale COMMISSION_OUTCOME_NO_RULE",
    "sale COMMISSION_OUTCOME_OUTSIDE_WINDOW",
    "sale of nothing",
    "split",
    "tax on top",
    "tax restored",
    "the house paid a cost of several partners",
    "the house paid a cost of some partners",
    "tiers by count",
    "transfer of what awaits",
    "transferred from several holders",
    "void",
    "void after a payment",
    "void after a refund",
    "window",
];

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().expect("a number"))
}

/// The ledger does what the model does, event by event and question by question.
#[test]
fn the_ledger_agrees_with_the_model() {
    let first = setting("MODEL_SEED", FIRST_SEED);
    for seed in first..first + setting("MODEL_CASES", CASES) {
        let requests = workload(seed);
        if contest::first_difference(&requests).is_none() {
            continue;
        }
        let (least, (place, difference)) = shrink(&requests);
        let listing = contest::listing(&least);
        panic!("MODEL_SEED={seed} MODEL_CASES=1 shows this again:\n{listing}\n{place:?}\n{}", difference.text);
    }
}

/// Plays the JSON lines in the file that `MODEL_STORY` names and says all differences.
#[test]
fn a_story_is_told_again() {
    let Ok(path) = std::env::var("MODEL_STORY") else {
        return;
    };
    let story = std::fs::read_to_string(path).expect("a file of JSON lines");
    let found = contest::all_differences(&contest::requests(&story));
    let told: Vec<String> = found.iter().map(|(place, difference)| format!("{place:?}\n{}", difference.text)).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// Workloads that are mostly refused, or that never come to some rule, would test little.
#[test]
fn the_workloads_reach_what_the_rules_speak_of() {
    let (mut accepted, mut sent) = (0, 0);
    let mut reached: BTreeSet<String> = BTreeSet::new();
    for seed in 1..=100 {
        let mut model = Model { now: Some(NOW), ..Model::default() };
        for request in workload(seed) {
            sent += request.events.len();
            reached.extend(model.append(&request).err().map(|refusal| refusal.reason));
        }
        accepted += model.records.len();
        reached.extend(workload::reach::reached(&model));
    }
    println!("{accepted} of {sent} accepted; reached {reached:#?}");
    assert!(accepted * 100 > sent * 70, "only {accepted} of {sent} events are accepted");
    let missing: Vec<&&str> = TO_BE_REACHED.iter().filter(|name| !reached.contains(**name)).collect();
    assert!(missing.is_empty(), "the workloads never come to {missing:?}");
}
