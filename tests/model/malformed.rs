//! Every way in which a field can be malformed, one at a time, as a foreign client sees it. Rules 2.3, 3.1, 13.

use std::sync::Arc;

use crate::outside::ledger::Ledger as _;
use crate::outside::served::Served;
use crate::outside::workload::NOW;
use crate::outside::{json, ledger::Refusal};
use partnership_ledger::journal::MemoryJournal;
use partnership_ledger::proto::{self as pb, get_metrics_request::Scope};
use serde_json::{Value, json};

/// An event that is well formed, and what spoils it: where, by what, and the field that is to be named.
struct Spoiled {
    body: Value,
    cases: Vec<(&'static str, Value, &'static str)>,
}

/// A value that takes the field away.
const ABSENT: Value = Value::Null;

fn money(minor_units: i64) -> Value {
    json!({"currency_code": "USD", "minor_units": minor_units})
}

/// How amounts are spoiled.
fn bad_amounts(at: &'static str) -> Vec<(&'static str, Value, &'static str)> {
    let whole = |value: Value| (at, value, at);
    vec![
        whole(ABSENT),
        (at, money(0), "minor_units"),
        (at, money(-1), "minor_units"),
        (at, money(1_000_000_000_000_001), "minor_units"),
        (at, json!({"currency_code": "usd", "minor_units": 1}), "currency_code"),
        (at, json!({"currency_code": "XAU", "minor_units": 1}), "currency_code"),
        (at, json!({"currency_code": "", "minor_units": 1}), "currency_code"),
    ]
}

fn bad_ids(at: &'static str) -> Vec<(&'static str, Value, &'static str)> {
    let long = "a".repeat(65);
    ["", "a b", "ä", "a/b", &long].into_iter().map(|id| (at, Value::from(id), at)).collect()
}

fn terms() -> Value {
    json!({"agreement_signed": {"agreement_id": "a", "partner_id": "p", "type": "AGREEMENT_TYPE_CHANNEL", "effective_at": "2025-01-01T00:00:00Z",
        "expires_at": "2026-01-01T00:00:00Z", "terms": {
            "time_zone": "Asia/Bangkok",
            "scope": {"obligations": [{"side": "SIDE_HOUSE", "description": "a webinar"}]},
            "commission": {"rules": [
                {"name": "one", "trigger": "COMMISSION_TRIGGER_SALE", "rate_bps": 10_000, "window": {"months": 1_200, "anchor": "WINDOW_ANCHOR_FIRST_SALE"},
                 "hold_days": 36_500, "cap_per_lead": money(1), "products": ["x"]},
                {"name": "two", "trigger": "COMMISSION_TRIGGER_LEAD_QUALIFIED", "flat": money(1)},
                {"name": "three", "trigger": "COMMISSION_TRIGGER_SALE", "tiers": {"mode": "TIER_MODE_MARGINAL", "period": "TIER_PERIOD_YEAR", "currency_code": "USD",
                 "bands": [{"from_minor_units": 0, "rate_bps": 1}, {"from_minor_units": 1, "rate_bps": 10_000}]}}]},
            "lead_protection": {"days": 36_500},
            "tail": {"mode": "TAIL_MODE_DAYS", "days": 36_500},
            "notice": {"months": 1_200},
            "exclusivity": {"bound": "BOUND_BOTH", "categories": ["email"], "months": 1},
            "minimum_payout": money(1),
            "ownership": {"house_bps": 10_000, "partner_bps": 0},
            "cadence": {"check_in_days": 36_500, "review_days": 36_500}}}})
}

fn bad_terms() -> Spoiled {
    let two = |house: u32, partner: u32| json!({"house_bps": house, "partner_bps": partner});
    let mut cases = vec![
        ("terms", ABSENT, "terms"),
        ("type", ABSENT, "type"),
        ("expires_at", json!("2025-01-01T00:00:00Z"), "expires_at"),
        ("expires_at", json!("2024-12-31T23:59:59Z"), "expires_at"),
        ("terms.time_zone", json!("Mars/Olympus"), "terms.time_zone"),
        ("terms.scope.obligations.0.side", ABSENT, "terms.scope.obligations[0].side"),
        ("terms.scope.obligations.0.description", json!(""), "terms.scope.obligations[0].description"),
        ("terms.commission.rules.0.name", json!(""), "terms.commission.rules[0].name"),
        ("terms.commission.rules.1.name", json!("one"), "terms.commission.rules[1].name"),
        ("terms.commission.rules.0.trigger", ABSENT, "terms.commission.rules[0].trigger"),
        ("terms.commission.rules.0.rate_bps", ABSENT, "terms.commission.rules[0]"),
        ("terms.commission.rules.0.rate_bps", json!(10_001), "terms.commission.rules[0].rate_bps"),
        ("terms.commission.rules.0.window.months", json!(0), "terms.commission.rules[0].window.months"),
        ("terms.commission.rules.0.window.months", json!(1_201), "terms.commission.rules[0].window.months"),
        ("terms.commission.rules.0.window.anchor", ABSENT, "terms.commission.rules[0].window.anchor"),
        ("terms.commission.rules.0.hold_days", json!(36_501), "terms.commission.rules[0].hold_days"),
        ("terms.commission.rules.0.cap_per_lead", money(0), "terms.commission.rules[0].cap_per_lead.minor_units"),
        ("terms.commission.rules.0.products.0", json!(""), "terms.commission.rules[0].products[0]"),
        ("terms.commission.rules.0.products.0", json!("x".repeat(257)), "terms.commission.rules[0].products[0]"),
        ("terms.commission.rules.0.trigger", json!("COMMISSION_TRIGGER_LEAD_QUALIFIED"), "terms.commission.rules[0].rate_bps"),
        ("terms.commission.rules.2.trigger", json!("COMMISSION_TRIGGER_LEAD_QUALIFIED"), "terms.commission.rules[2].tiers"),
        ("terms.commission.rules.2.cap_per_lead", money(1), "terms.commission.rules[2].cap_per_lead"),
        ("terms.commission.rules.2.tiers.mode", ABSENT, "terms.commission.rules[2].tiers.mode"),
        ("terms.commission.rules.2.tiers.period", ABSENT, "terms.commission.rules[2].tiers.period"),
        ("terms.commission.rules.2.tiers.currency_code", json!("XTS"), "terms.commission.rules[2].tiers.currency_code"),
        ("terms.commission.rules.2.tiers.bands", json!([]), "terms.commission.rules[2].tiers.bands"),
        ("terms.commission.rules.2.tiers.bands.1.from_minor_units", json!(0), "terms.commission.rules[2].tiers.bands[1].from_minor_units"),
        ("terms.commission.rules.2.tiers.bands.0.from_minor_units", json!(-1), "terms.commission.rules[2].tiers.bands[0].from_minor_units"),
        ("terms.commission.rules.2.tiers.bands.1.rate_bps", json!(10_001), "terms.commission.rules[2].tiers.bands[1].rate_bps"),
        ("terms.lead_protection.days", json!(36_501), "terms.lead_protection.days"),
        ("terms.tail.days", json!(36_501), "terms.tail.days"),
        ("terms.notice.months", json!(1_201), "terms.notice.months"),
        ("terms.exclusivity.bound", ABSENT, "terms.exclusivity.bound"),
        ("terms.exclusivity.months", json!(0), "terms.exclusivity.months"),
        ("terms.exclusivity.categories.0", json!(""), "terms.exclusivity.categories[0]"),
        ("terms.minimum_payout", money(0), "terms.minimum_payout.minor_units"),
        ("terms.ownership", two(5_000, 4_999), "terms.ownership"),
        ("terms.ownership", two(10_000, 1), "terms.ownership"),
        ("terms.cadence.check_in_days", json!(36_501), "terms.cadence.check_in_days"),
        ("terms.cadence.review_days", json!(36_501), "terms.cadence.review_days"),
    ];
    cases.extend(bad_ids("agreement_id"));
    Spoiled { body: terms(), cases }
}

fn bad_campaigns() -> Vec<Spoiled> {
    let house = json!({"house": true, "cost_share_bps": 3_333, "lead_share_bps": 10_000, "goal": "CAMPAIGN_GOAL_LEADS"});
    let partner = json!({"agreement_id": "a", "cost_share_bps": 6_667, "goal": "CAMPAIGN_GOAL_SALES"});
    let planned = json!({"campaign_planned": {"campaign_id": "c", "type": "CAMPAIGN_TYPE_JOINT_WEBINAR", "title": "t", "participants": [house, partner],
        "deliverables": [{"deliverable_id": "d", "owed_by": {"house": true}}, {"deliverable_id": "e", "owed_by": {"agreement_id": "a"}}]}});
    let mut cases = vec![
        ("type", ABSENT, "type"),
        ("title", json!(""), "title"),
        ("title", json!("t".repeat(2_001)), "title"),
        ("participants", json!([]), "participants"),
        (
            "participants",
            json!([{"house": true, "cost_share_bps": 10_000, "lead_share_bps": 10_000, "goal": "CAMPAIGN_GOAL_LEADS"}]),
            "participants",
        ),
        ("participants.0.house", ABSENT, "participants[0]"),
        ("participants.0.house", json!(false), "participants[0]"),
        ("participants.0.cost_share_bps", json!(3_334), "participants"),
        ("participants.0.lead_share_bps", json!(9_999), "participants"),
        ("participants.0.goal", ABSENT, "participants[0].goal"),
        ("participants.1.agreement_id", json!("a b"), "participants[1].agreement_id"),
        ("participants.2", json!({"agreement_id": "a", "goal": "CAMPAIGN_GOAL_SALES"}), "participants"),
        ("participants.2", json!({"house": true, "goal": "CAMPAIGN_GOAL_SALES"}), "participants"),
        ("deliverables.0.deliverable_id", json!(""), "deliverables[0].deliverable_id"),
        ("deliverables.1.deliverable_id", json!("d"), "deliverables[1].deliverable_id"),
        ("deliverables.0.owed_by", ABSENT, "deliverables[0].owed_by"),
        ("deliverables.0.owed_by", json!({"house": false}), "deliverables[0].owed_by"),
    ];
    cases.extend(bad_ids("campaign_id"));
    let cost = json!({"cost_incurred": {"cost_id": "k", "campaign_id": "c", "amount": money(1), "house": true}});
    let mut costs = vec![("house", ABSENT, ""), ("house", json!(false), "")];
    costs.extend(bad_ids("cost_id"));
    costs.extend(bad_amounts("amount"));
    let reach = json!({"reach_measured": {"campaign_id": "c", "measured_by": {"house": true}, "visits": 0}});
    let mut measured = vec![("measured_by", ABSENT, "measured_by"), ("measured_by", json!({"house": false}), "measured_by")];
    let counts = ["house_audience", "partner_audience", "overlap", "impressions", "visits", "registrations", "mentions"];
    measured.extend(counts.map(|count| (count, json!(-1), count)));
    let done = json!({"deliverable_completed": {"campaign_id": "c", "deliverable_id": "d"}});
    vec![
        Spoiled { body: planned, cases },
        Spoiled { body: cost, cases: costs },
        Spoiled { body: reach, cases: measured },
        Spoiled { body: done, cases: bad_ids("deliverable_id") },
        Spoiled { body: json!({"campaign_started": {"campaign_id": "c"}}), cases: bad_ids("campaign_id") },
        Spoiled { body: json!({"campaign_ended": {"campaign_id": "c"}}), cases: vec![("summary", json!("s".repeat(2_001)), "summary")] },
    ]
}

fn bad_ventures() -> Vec<Spoiled> {
    let put = json!({"capital_contributed": {"contribution_id": "k", "agreement_id": "a", "side": "SIDE_HOUSE", "amount": money(1)}});
    let mut puts = vec![("side", ABSENT, "side")];
    puts.extend(bad_ids("contribution_id"));
    puts.extend(bad_amounts("amount"));
    let shared = json!({"profit_distributed": {"distribution_id": "k", "agreement_id": "a", "amount": money(1), "method": "DISTRIBUTION_METHOD_BY_OWNERSHIP"}});
    let mut shares = vec![("method", ABSENT, "method")];
    shares.extend(bad_ids("distribution_id"));
    shares.extend(bad_amounts("amount"));
    vec![Spoiled { body: put, cases: puts }, Spoiled { body: shared, cases: shares }]
}

fn bad_relations() -> Vec<Spoiled> {
    let one = |body: Value, cases: &[(&'static str, Value, &'static str)]| Spoiled { body, cases: cases.to_vec() };
    let assessed = json!({"partner_assessed": {"partner_id": "p", "complementarity": 1, "shared_audience": 5, "brand_alignment": 3}});
    let review = json!({"review_held": {"review_id": "r", "agreement_id": "a", "kind": "REVIEW_KIND_QUARTERLY_REVIEW", "decision": "REVIEW_DECISION_END"}});
    let used = json!({"brand_use_requested": {"brand_use_id": "u", "agreement_id": "a", "requested_by": "SIDE_PARTNER", "channel": "BRAND_CHANNEL_SOCIAL"}});
    let broken = json!({"breach_reported": {"breach_id": "b", "agreement_id": "a", "by": "SIDE_PARTNER", "clause": "BREACH_CLAUSE_OTHER"}});
    vec![
        one(
            assessed,
            &[
                ("complementarity", json!(0), "complementarity"),
                ("shared_audience", json!(6), "shared_audience"),
                ("brand_alignment", ABSENT, "brand_alignment"),
            ],
        ),
        one(
            json!({"manager_assigned": {"agreement_id": "a", "side": "SIDE_HOUSE", "manager": "Ann"}}),
            &[("side", ABSENT, "side"), ("manager", json!(""), "manager")],
        ),
        one(
            json!({"launch_step_completed": {"agreement_id": "a", "step": "LAUNCH_STEP_SIGNED"}}),
            &[("step", ABSENT, "step"), ("agreement_id", json!("a b"), "agreement_id")],
        ),
        one(review, &[("kind", ABSENT, "kind"), ("decision", ABSENT, "decision"), ("review_id", json!(""), "review_id")]),
        one(used, &[("requested_by", ABSENT, "requested_by"), ("channel", ABSENT, "channel"), ("brand_use_id", json!(""), "brand_use_id")]),
        one(json!({"brand_use_decided": {"brand_use_id": "u"}}), &[("brand_use_id", json!(""), "brand_use_id")]),
        one(broken, &[("by", ABSENT, "by"), ("clause", ABSENT, "clause"), ("breach_id", json!(""), "breach_id")]),
        one(json!({"breach_cured": {"breach_id": "b"}}), &[("breach_id", json!(""), "breach_id")]),
    ]
}

fn bad_leads() -> Vec<Spoiled> {
    let joint = json!({"lead_referred": {"lead_id": "l", "acquired_by": "ACQUIRED_BY_JOINT", "campaign_id": "c", "match_keys": ["k"]}});
    let mut joints = vec![
        ("acquired_by", ABSENT, "acquired_by"),
        ("campaign_id", ABSENT, "campaign_id"),
        ("campaign_id", json!("a b"), "campaign_id"),
        ("match_keys.0", json!(""), "match_keys[0]"),
        ("match_keys", json!(["1", "2", "3", "4", "5", "6", "7", "8", "9"]), "match_keys"),
    ];
    joints.extend(bad_ids("lead_id"));
    let referred = json!({"lead_referred": {"lead_id": "l", "agreement_id": "a", "acquired_by": "ACQUIRED_BY_PARTNER"}});
    vec![Spoiled { body: joint, cases: joints }, Spoiled { body: referred, cases: vec![("agreement_id", ABSENT, "agreement_id")] }]
}

/// Puts a value at a path of names and indexes.
fn put(body: &mut Value, at: &str, value: Value) {
    let (parent, last) = at.rsplit_once('.').unwrap_or(("", at));
    let pointer = if parent.is_empty() { String::new() } else { format!("/{}", parent.replace('.', "/")) };
    match body.pointer_mut(&pointer).expect("the path is there") {
        Value::Object(fields) if value.is_null() => drop(fields.remove(last)),
        Value::Object(fields) => drop(fields.insert(last.to_owned(), value)),
        Value::Array(items) => {
            let index: usize = last.parse().expect("an index");
            items.truncate(items.len().max(index));
            if index < items.len() { items[index] = value } else { items.push(value) }
        }
        other => panic!("nothing to put into: {other}"),
    }
}

fn sent(served: &mut Served, body: &Value) -> Result<(), Refusal> {
    let mut event = body.clone();
    event["event_id"] = json!(uuid::Uuid::from_u128(1).to_string());
    event["occurred_at"] = json!("2025-06-01T00:00:00Z");
    let request = json::read(json::message("AppendRequest"), &json!({"events": [event]}));
    let request: pb::AppendRequest = request.transcode_to().expect("generated from the same contract");
    served.append(&request).map(|_| ())
}

#[test]
fn each_bad_field_is_named() {
    let mut served = Served::in_memory(Arc::new(MemoryJournal::new()), NOW);
    let groups = [bad_campaigns(), bad_ventures(), bad_relations(), bad_leads(), vec![bad_terms()]];
    let mut failures = Vec::new();
    for Spoiled { body, cases } in groups.into_iter().flatten() {
        let name = body.as_object().and_then(|body| body.keys().next()).expect("a body").clone();
        // Nothing is known, so a rule refuses it, but not its form.
        let plain = sent(&mut served, &body).err().unwrap_or_default();
        if plain.reason == "MALFORMED" {
            failures.push(format!("{body} is well formed: {:?} {}", plain.fields, plain.message));
        }
        for (at, value, field) in cases {
            let mut spoiled = body.clone();
            put(&mut spoiled[&name], at, value);
            let refusal = sent(&mut served, &spoiled).err().unwrap_or_default();
            // Of an amount the part is named; of several fields that do not fit together one or all are.
            let is_named = |named: &String| named.starts_with(&format!("events[0].{name}")) && named.contains(field);
            if refusal.reason != "MALFORMED" || !refusal.fields.iter().any(is_named) {
                failures.push(format!("{at} of {spoiled} wants {field}: {} {:?}", refusal.reason, refusal.fields));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn figures_are_asked_for_something() {
    let mut served = Served::in_memory(Arc::new(MemoryJournal::new()), NOW);
    let time = |text: &str| Some(crate::outside::ledger::stamp(text.parse().expect("a time")));
    let (early, late) = (time("2025-01-01T00:00:00Z"), time("2025-02-01T00:00:00Z"));
    let all = Some(Scope::All(true));
    let cases = [
        (pb::GetMetricsRequest::default(), "scope"),
        (pb::GetMetricsRequest { scope: Some(Scope::All(false)), ..Default::default() }, "all"),
        (pb::GetMetricsRequest { scope: Some(Scope::CampaignId("a b".to_owned())), ..Default::default() }, "campaign_id"),
        (pb::GetMetricsRequest { scope: all.clone(), from: late, to: early, ..Default::default() }, "to"),
    ];
    for (request, field) in cases {
        let refusal = served.metrics(&request).expect_err(field);
        assert_eq!((refusal.code.as_str(), &refusal.fields[..]), ("INVALID_ARGUMENT", &[field.to_owned()][..]), "{request:?}");
    }
    // Nothing lies in an interval that ends where it begins.
    let empty = pb::GetMetricsRequest { scope: all, from: early, to: early, ..Default::default() };
    assert_eq!(served.metrics(&empty).expect("an answer").metrics.map(|metrics| metrics.leads), Some(0));
}
