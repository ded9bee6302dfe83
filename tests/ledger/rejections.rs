//! Every rejection of the domain, triggered; and what malformed input says.

use crate::common::facts::{self, day, paid, reassigned, referred, registered, rule, sold, terms_with};
use crate::common::story::{STANDARD_TERMS, Story, violations};
use partnership_ledger::domain::leads::reassigned::{MOST_BYTES, MOST_LOTS};
use partnership_ledger::ledger::MAX_RECORDED_BYTES;
use partnership_ledger::proto::commission_rule::Reward;
use prost::Message as _;

/// An event that is refused with a code after a story that is not.
fn refused(code: &str, facts: &[(&str, &str)], refused: (&str, &str)) {
    let mut story = Story::default();
    for (at, body) in facts {
        if let Err(refusal) = story.record(at, body) {
            panic!("{code}: the story is refused at {at} {body}: {refusal}");
        }
    }
    let before = story.state.position;
    let refusal = story.record(refused.0, refused.1).expect_err(code);
    assert_eq!(refusal.code(), code, "{refusal}");
    assert!(!refusal.to_string().is_empty());
    assert_eq!(story.state.position, before, "nothing is recorded");
}

const ACME: (&str, &str) = (
    "2025-01-01",
    r#"partner_registered {"partner_id":"acme","display_name":"Acme","kind":"PARTNER_KIND_RESELLER","categories":["email"]}"#,
);
const BETA: (&str, &str) = (
    "2025-01-01",
    r#"partner_registered {"partner_id":"beta","display_name":"Beta","kind":"PARTNER_KIND_RESELLER","categories":["email"]}"#,
);
const LEAD: (&str, &str) = ("2025-02-01", r#"lead_referred {"lead_id":"l","agreement_id":"a","acquired_by":"ACQUIRED_BY_PARTNER"}"#);
const SALE: (&str, &str) =
    ("2025-02-02", r#"sale_recorded {"sale_id":"s","lead_id":"l","amount":{"currency_code":"USD","minor_units":"10000"}}"#);
const MUTUAL_END: (&str, &str) = ("2025-06-01", r#"agreement_terminated {"agreement_id":"a","cause":"TERMINATION_CAUSE_MUTUAL"}"#);

fn signed() -> (&'static str, &'static str) {
    ("2025-01-01", STANDARD_TERMS)
}

#[test]
fn a_fact_that_has_not_happened_yet() {
    refused("OCCURRED_IN_FUTURE", &[], ("2099-01-01", ACME.1));
    refused("OCCURRED_IN_FUTURE", &[], ("2025-01-01", r#"period_closed {"through":"2099-01-01T00:00:00Z"}"#));
}

#[test]
fn ids_are_used_once() {
    refused("DUPLICATE_ID", &[ACME], ACME);
    refused("DUPLICATE_ID", &[ACME, signed()], signed());
    refused("DUPLICATE_ID", &[ACME, signed(), LEAD, SALE], SALE);
    let proposed =
        ("2025-01-01", r#"agreement_proposed {"agreement_id":"a","partner_id":"acme","type":"AGREEMENT_TYPE_CHANNEL","terms":{}}"#);
    refused("DUPLICATE_ID", &[ACME, proposed], proposed);
    refused("DUPLICATE_ID", &[ACME, signed()], proposed);
    let refund = (
        "2025-03-01",
        r#"sale_refunded {"refund_id":"r","sale_id":"s","amount":{"currency_code":"USD","minor_units":"1"},"reason":"REFUND_REASON_ERROR"}"#,
    );
    refused("DUPLICATE_ID", &[ACME, signed(), LEAD, SALE, refund], refund);
    let adjusted = (
        "2025-03-01",
        r#"commission_adjusted {"adjustment_id":"x","agreement_id":"a","amount":{"currency_code":"USD","minor_units":"5"},"reason":"y"}"#,
    );
    refused("DUPLICATE_ID", &[ACME, signed(), adjusted], adjusted);
}

#[test]
fn what_is_not_known() {
    refused("UNKNOWN_ID", &[], signed());
    refused("UNKNOWN_ID", &[ACME], LEAD);
    refused("UNKNOWN_ID", &[ACME, signed()], SALE);
    refused("UNKNOWN_ID", &[], ("2025-01-01", r#"lead_referred {"lead_id":"l","acquired_by":"ACQUIRED_BY_JOINT","campaign_id":"none"}"#));
    refused("UNKNOWN_ID", &[], ("2025-01-01", r#"sale_reinstated {"reinstatement_id":"x","refund_id":"none"}"#));
    refused("UNKNOWN_ID", &[], ("2025-01-01", r#"dispute_resolved {"dispute_id":"none","outcome":"DISPUTE_OUTCOME_UPHELD"}"#));
}

#[test]
fn what_happens_once() {
    let qualified = ("2025-02-03", r#"lead_qualified {"lead_id":"l"}"#);
    refused("ALREADY_DONE", &[ACME, signed(), LEAD, qualified], qualified);
    let approved = ("2025-02-03", r#"lead_approved {"lead_id":"l"}"#);
    refused("ALREADY_DONE", &[ACME, signed(), LEAD, approved], approved);
    let refund = (
        "2025-03-01",
        r#"sale_refunded {"refund_id":"r","sale_id":"s","amount":{"currency_code":"USD","minor_units":"1"},"reason":"REFUND_REASON_ERROR"}"#,
    );
    let story = [ACME, signed(), LEAD, SALE, refund, ("2025-03-02", r#"sale_reinstated {"reinstatement_id":"x","refund_id":"r"}"#)];
    refused("ALREADY_DONE", &story, ("2025-03-02", r#"sale_reinstated {"reinstatement_id":"y","refund_id":"r"}"#));
    let opened = ("2025-02-03", r#"dispute_opened {"dispute_id":"d","opened_by":"SIDE_HOUSE","lead_id":"l"}"#);
    let resolved = ("2025-02-04", r#"dispute_resolved {"dispute_id":"d","outcome":"DISPUTE_OUTCOME_SETTLED"}"#);
    refused("ALREADY_DONE", &[ACME, signed(), LEAD, opened, resolved], resolved);
}

#[test]
fn the_relationship_knows_its_agreements_and_does_things_once() {
    let review = ("2025-02-01", r#"review_held {"review_id":"r","agreement_id":"a","kind":"REVIEW_KIND_CHECK_IN"}"#);
    let brand_use = (
        "2025-02-01",
        r#"brand_use_requested {"brand_use_id":"u","agreement_id":"a","requested_by":"SIDE_PARTNER","channel":"BRAND_CHANNEL_SOCIAL"}"#,
    );
    let breach =
        ("2025-02-01", r#"breach_reported {"breach_id":"b","agreement_id":"a","by":"SIDE_HOUSE","clause":"BREACH_CLAUSE_PAYMENT"}"#);
    for introducing in [review, brand_use, breach] {
        refused("UNKNOWN_ID", &[ACME], introducing);
        refused("DUPLICATE_ID", &[ACME, signed(), introducing], introducing);
    }
    let (decided, cured) =
        (("2025-02-02", r#"brand_use_decided {"brand_use_id":"u","approved":true}"#), ("2025-02-02", r#"breach_cured {"breach_id":"b"}"#));
    refused("UNKNOWN_ID", &[ACME, signed()], decided);
    refused("UNKNOWN_ID", &[ACME, signed()], cured);
    refused("ALREADY_DONE", &[ACME, signed(), brand_use, decided], decided);
    refused("ALREADY_DONE", &[ACME, signed(), breach, cured], cured);
    for subject in [r#""agreement_id":"a""#, r#""partner_id":"acme""#] {
        let step = format!(r#"launch_step_completed {{{subject},"step":"LAUNCH_STEP_CONTACTED"}}"#);
        refused("ALREADY_DONE", &[ACME, signed(), ("2025-02-01", &step)], ("2025-02-02", &step));
        refused("UNKNOWN_ID", &[], ("2025-02-02", &step));
    }
    let assessed = r#"partner_assessed {"partner_id":"acme","complementarity":1,"shared_audience":5,"brand_alignment":3}"#;
    refused("UNKNOWN_ID", &[], ("2025-02-02", assessed));
    refused("UNKNOWN_ID", &[ACME], ("2025-02-02", r#"manager_assigned {"agreement_id":"a","side":"SIDE_HOUSE","manager":"Ann"}"#));
}

#[test]
fn a_signature_unlike_the_proposal() {
    let proposed =
        ("2025-01-01", r#"agreement_proposed {"agreement_id":"a","partner_id":"acme","type":"AGREEMENT_TYPE_INTEGRATION","terms":{}}"#);
    refused("PROPOSAL_MISMATCH", &[ACME, proposed], signed());
}

const PAID: (&str, &str) = (
    "2025-02-03",
    r#"commission_paid {"payout_id":"p","partner_id":"acme","amount":{"currency_code":"USD","minor_units":"100"},"document_number":"D-1"}"#,
);
const SENT: (&str, &str) = (
    "2025-02-03",
    r#"payout_initiated {"payout_id":"q","partner_id":"acme","amount":{"currency_code":"USD","minor_units":"100"},"document_number":"D-1"}"#,
);
const SETTLED: (&str, &str) = ("2025-02-04", r#"payout_settled {"payout_id":"q"}"#);
const FAILED: (&str, &str) = ("2025-02-04", r#"payout_failed {"payout_id":"q"}"#);
const RETURNED: (&str, &str) = ("2025-02-05", r#"payout_returned {"return_id":"r","payout_id":"q"}"#);
const HELD: (&str, &str) = ("2025-02-02", r#"partner_hold_placed {"hold_id":"h","partner_id":"acme","reason":"review"}"#);
const LIFTED: (&str, &str) = ("2025-02-06", r#"partner_hold_lifted {"hold_id":"h"}"#);

#[test]
fn payouts_on_their_way() {
    let known = [ACME, signed(), LEAD, SALE];
    let with = |more: &[(&'static str, &'static str)]| [&known, more].concat();
    let refuse = |code: &str, facts: &[(&'static str, &'static str)], body: (&str, &str)| refused(code, &with(facts), body);
    refuse("DUPLICATE_ID", &[SENT], ("2025-02-03", SENT.1));
    refuse("DUPLICATE_ID", &[SENT], ("2025-02-03", &SENT.1.replace("payout_initiated", "commission_paid").replace("D-1", "D-2")));
    refuse("DUPLICATE_ID", &[PAID], SENT);
    refuse("UNKNOWN_ID", &[], SETTLED);
    refuse("UNKNOWN_ID", &[], FAILED);
    for end in [SETTLED, FAILED] {
        refuse("ALREADY_DONE", &[SENT, SETTLED], end);
        refuse("ALREADY_DONE", &[SENT, FAILED], end);
    }
    refuse("ALREADY_DONE", &[PAID], ("2025-02-04", r#"payout_settled {"payout_id":"p"}"#));
    refuse("PAYOUT_NOT_SETTLED", &[SENT], RETURNED);
    refuse("PAYOUT_NOT_SETTLED", &[SENT, FAILED], RETURNED);
    refuse("RETURN_EXCEEDS_PAYOUT", &[SENT, SETTLED, RETURNED], ("2025-02-05", &RETURNED.1.replace("\"r\"", "\"s\"")));
    refuse("EXCEEDS_PAYABLE", &[], ("2025-02-03", &SENT.1.replace("\"100\"", "\"2001\"")));
    let in_its_own = r#"payout_settled {"payout_id":"q","settled_amount":{"currency_code":"USD","minor_units":"1"}}"#;
    refuse("MALFORMED", &[SENT], ("2025-02-04", in_its_own));
    refuse("MALFORMED", &[SENT, SETTLED], ("2025-02-04", in_its_own));
}

/// A number is taken by what did not fail alone, and of each partner apart.
#[test]
fn document_numbers_are_used_once() {
    let mut story = Story::default();
    for (at, body) in [ACME, BETA, signed(), LEAD, SALE, SENT] {
        story.record(at, body).expect("as the rules want it");
    }
    let refusal = story.record(PAID.0, PAID.1).expect_err("taken");
    let metadata = refusal.metadata();
    assert!(
        metadata.contains(&("field", "document_number".to_owned())) && metadata.contains(&("position", "6".to_owned())),
        "{metadata:?}"
    );
    let of_beta = PAID.1.replace("acme", "beta").replace("\"p\"", "\"of-beta\"").replacen('{', r#"{"advance":true,"#, 1);
    story.record("2025-02-03", &of_beta).expect("another partner's");
    story.record(FAILED.0, FAILED.1).expect("it failed");
    story.record(PAID.0, PAID.1).expect("free again");
    let again = SENT.1.replace("\"q\"", "\"q2\"");
    assert_eq!(story.record("2025-02-05", &again).expect_err("taken").code(), "DUPLICATE_ID");
    story.record("2025-02-05", r#"payout_returned {"return_id":"back","payout_id":"p"}"#).expect("a return");
    assert_eq!(story.record("2025-02-05", &again).expect_err("what came back did not fail").code(), "DUPLICATE_ID");
    story.record("2025-02-05", &again.replace("D-1", "")).expect("none is no number");
}

#[test]
fn partners_on_hold() {
    refused("UNKNOWN_ID", &[], HELD);
    refused("UNKNOWN_ID", &[ACME], LIFTED);
    refused("DUPLICATE_ID", &[ACME, HELD], HELD);
    refused("ALREADY_DONE", &[ACME, HELD, LIFTED], LIFTED);
    let known = [ACME, signed(), LEAD, SALE, HELD];
    for body in [PAID, SENT, ("2025-02-02", PAID.1), ("2025-02-05", SENT.1)] {
        refused("PARTNER_ON_HOLD", &known, body);
        refused("PARTNER_ON_HOLD", &[&known[..], &[LIFTED]].concat(), body);
        // An advance too; and before what is payable is looked at.
        refused("PARTNER_ON_HOLD", &known, (body.0, &body.1.replacen('{', r#"{"advance":true,"#, 1)));
        refused("PARTNER_ON_HOLD", &known, (body.0, &body.1.replace("\"100\"", "\"999999\"")));
    }
    // What happened before the hold or after its end is paid.
    let mut story = Story::default();
    for (at, body) in known.into_iter().chain([LIFTED]) {
        story.record(at, body).expect("as the rules want it");
    }
    story.record("2025-02-01T23:59:59Z", &PAID.1.replacen('{', r#"{"advance":true,"#, 1)).expect("before the hold");
    story.record("2025-02-06", &SENT.1.replace("D-1", "D-2")).expect("at its end");
}

#[test]
fn malformed_payouts() {
    let of = |more: &str| {
        violations(&format!(
            r#"payout_initiated {{"payout_id":"p","partner_id":"a","amount":{{"currency_code":"USD","minor_units":"5"}},{more}}}"#
        ))
    };
    let path = |field: &str| vec![format!("events[0].payout_initiated.{field}")];
    assert_eq!(of(r#""tax_added":{"currency_code":"EUR","minor_units":"1"}"#), path("tax_added.currency_code"));
    assert_eq!(of(r#""tax_added":{"currency_code":"USD","minor_units":"0"}"#), path("tax_added.minor_units"));
    assert_eq!(of(r#""tax_withheld":{"currency_code":"USD","minor_units":"6"}"#), path("tax_withheld.minor_units"));
    assert_eq!(of(r#""settled_amount":{"currency_code":"USD","minor_units":"1"}"#), path("settled_amount.currency_code"));
    assert_eq!(of(&format!(r#""document_number":"{}""#, "x".repeat(65))), path("document_number"));
    let longest = format!(r#""document_number":"{}","tax_added":{{"currency_code":"EUR","minor_units":"50"}}"#, "x".repeat(64));
    assert_eq!(of(&longest), path("tax_added.currency_code"), "tax on top may be more than the gross, and a number may be so long");
    assert_eq!(violations(r#"partner_hold_placed {"hold_id":"h","partner_id":"a"}"#), ["events[0].partner_hold_placed.reason"]);
    let terms = |minimums: &str| {
        violations(&format!(
            r#"agreement_signed {{"agreement_id":"a","partner_id":"a","type":"AGREEMENT_TYPE_CHANNEL","terms":{{{minimums}}}}}"#
        ))
    };
    let twice = r#""minimum_payouts":[{"currency_code":"USD","minor_units":"1"},{"currency_code":"EUR","minor_units":"1"},{"currency_code":"USD","minor_units":"2"}]"#;
    assert_eq!(terms(twice), ["events[0].agreement_signed.terms.minimum_payouts[2].currency_code"]);
    let beside =
        r#""minimum_payout":{"currency_code":"EUR","minor_units":"1"},"minimum_payouts":[{"currency_code":"EUR","minor_units":"1"}]"#;
    assert_eq!(terms(beside), ["events[0].agreement_signed.terms.minimum_payouts[0].currency_code"]);
}

#[test]
fn notices() {
    let with_notice = (
        "2025-01-01",
        r#"agreement_signed {"agreement_id":"a","partner_id":"acme","type":"AGREEMENT_TYPE_CHANNEL","terms":{"notice":{"days":30}}}"#,
    );
    let short = r#"termination_notice_given {"agreement_id":"a","given_by":"SIDE_HOUSE","ends_at":"2025-02-20T00:00:00Z"}"#;
    refused("NOTICE_TOO_SHORT", &[ACME, with_notice], ("2025-02-01", short));
    refused(
        "NO_RUNNING_NOTICE",
        &[ACME, signed()],
        ("2025-02-01", r#"termination_notice_withdrawn {"agreement_id":"a","given_by":"SIDE_HOUSE"}"#),
    );
    refused(
        "NO_RUNNING_NOTICE",
        &[ACME, signed()],
        ("2025-02-01", r#"agreement_terminated {"agreement_id":"a","cause":"TERMINATION_CAUSE_NOTICE"}"#),
    );
}

#[test]
fn an_agreement_that_is_not_active() {
    refused("AGREEMENT_NOT_ACTIVE", &[ACME, signed(), MUTUAL_END], ("2025-06-01", LEAD.1));
    refused("AGREEMENT_NOT_ACTIVE", &[ACME, signed()], ("2024-12-31", LEAD.1));
    refused("AGREEMENT_NOT_ACTIVE", &[ACME, signed(), MUTUAL_END], ("2025-06-02", r#"agreement_amended {"agreement_id":"a","terms":{}}"#));
    refused(
        "AGREEMENT_NOT_ACTIVE",
        &[ACME, signed(), LEAD, MUTUAL_END],
        ("2025-06-02", r#"lead_reassigned {"lead_id":"l","agreement_id":"a","reason":"x"}"#),
    );
    let proposed =
        ("2025-01-01", r#"agreement_proposed {"agreement_id":"a","partner_id":"acme","type":"AGREEMENT_TYPE_CHANNEL","terms":{}}"#);
    refused("AGREEMENT_NOT_ACTIVE", &[ACME, proposed], MUTUAL_END);
}

#[test]
fn a_renewal_that_moves_nothing() {
    refused(
        "EXPIRY_NOT_LATER",
        &[ACME, signed()],
        ("2025-02-01", r#"agreement_renewed {"agreement_id":"a","expires_at":"2026-01-01T00:00:00Z"}"#),
    );
    let expiring = r#"agreement_signed {"agreement_id":"a","partner_id":"acme","type":"AGREEMENT_TYPE_CHANNEL","terms":{},"expires_at":"2026-01-01T00:00:00Z"}"#;
    refused(
        "EXPIRY_NOT_LATER",
        &[ACME, ("2025-01-01", expiring)],
        ("2025-02-01", r#"agreement_renewed {"agreement_id":"a","expires_at":"2026-01-01T00:00:00Z"}"#),
    );
}

#[test]
fn exclusivity_of_either_agreement() {
    let exclusive = r#"{"exclusivity":{"bound":"BOUND_HOUSE","categories":["email"],"months":12}}"#;
    let sign = |agreement: &str, partner: &str, terms: &str| {
        format!(
            r#"agreement_signed {{"agreement_id":"{agreement}","partner_id":"{partner}","type":"AGREEMENT_TYPE_CHANNEL","terms":{terms}}}"#
        )
    };
    let (first, plain) = (sign("a", "acme", exclusive), sign("a", "acme", "{}"));
    let second = sign("b", "beta", "{}");
    refused("EXCLUSIVITY_CONFLICT", &[ACME, BETA, ("2025-02-01", &first)], ("2025-03-01", &second));
    let own = sign("b", "beta", exclusive);
    refused("EXCLUSIVITY_CONFLICT", &[ACME, BETA, ("2025-02-01", &plain)], ("2025-03-01", &own));
}

/// A signature of an agreement with a partner, with more fields.
fn sign(agreement: &str, partner: &str, more: &str) -> String {
    let whole = r#"agreement_signed {"agreement_id":"AGREEMENT","partner_id":"PARTNER","type":"AGREEMENT_TYPE_CHANNEL",MORE}"#;
    whole.replace("AGREEMENT\"", &format!("{agreement}\"")).replace("PARTNER\"", &format!("{partner}\"")).replace("MORE", more)
}

#[test]
fn an_exclusivity_of_a_programme_stands_for_all_of_its_agreements() {
    let exclusive = r#""terms":{"exclusivity":{"bound":"BOUND_HOUSE","categories":["email"]}}"#;
    let plain = ("2025-01-01", r#"programme_defined {"programme_id":"p","terms":{}}"#);
    let defined = format!(r#"programme_defined {{"programme_id":"p",{exclusive}}}"#);
    let amended = format!(r#"programme_amended {{"programme_id":"p",{exclusive},"existing":true}}"#);
    let (first, second) = (sign("a", "acme", r#""programme_id":"p""#), sign("b", "beta", r#""terms":{}"#));
    refused("EXCLUSIVITY_CONFLICT", &[ACME, BETA, ("2025-01-01", &defined), ("2025-02-01", &first)], ("2025-03-01", &second));
    refused("EXCLUSIVITY_CONFLICT", &[ACME, BETA, ("2025-01-01", &defined), ("2025-02-01", &second)], ("2025-03-01", &first));
    let late = [ACME, BETA, plain, ("2025-02-01", first.as_str()), ("2025-02-02", &amended)];
    refused("EXCLUSIVITY_CONFLICT", &late, ("2025-03-01", &second));
    let acknowledged = sign("b", "beta", r#""terms":{},"acknowledged_conflicts":["a"]"#);
    let mut story = Story::default();
    for (at, body) in late.into_iter().chain([("2025-03-01", acknowledged.as_str())]) {
        story.record(at, body).expect("the rules allow it");
    }
    assert_eq!(story.state.agreements.breaches().len(), 1);
}

#[test]
fn programmes_are_known_and_defined_once() {
    let defined = ("2025-01-01", r#"programme_defined {"programme_id":"p","terms":{}}"#);
    refused("DUPLICATE_ID", &[defined], defined);
    refused("UNKNOWN_ID", &[], ("2025-01-01", r#"programme_amended {"programme_id":"p","terms":{}}"#));
    refused("UNKNOWN_ID", &[ACME], ("2025-01-01", &sign("a", "acme", r#""programme_id":"p""#)));
    let both = sign("a", "acme", r#""programme_id":"p","terms":{}"#);
    assert_eq!(violations(&both), ["events[0].agreement_signed.terms"]);
    assert_eq!(violations(&sign("a", "acme", r#""expires_at":"2099-01-01T00:00:00Z""#)), ["events[0].agreement_signed.terms"]);
    assert_eq!(violations(r#"programme_defined {"programme_id":""}"#).len(), 2);
    assert_eq!(violations(r#"programme_amended {"programme_id":"p"}"#), ["events[0].programme_amended.terms"]);
}

#[test]
fn recruiters_are_signed_and_of_another_partner() {
    let proposed =
        ("2025-01-01", r#"agreement_proposed {"agreement_id":"q","partner_id":"beta","type":"AGREEMENT_TYPE_CHANNEL","terms":{}}"#);
    let by = |id: &str| sign("b", "beta", &format!(r#""terms":{{}},"recruited_by_agreement_id":"{id}""#));
    refused("UNKNOWN_ID", &[ACME, BETA], ("2025-02-01", &by("a")));
    refused("AGREEMENT_NOT_ACTIVE", &[ACME, BETA, proposed], ("2025-02-01", &by("q")));
    let own = sign("b1", "beta", r#""terms":{}"#);
    refused("PARTNER_MISMATCH", &[BETA, ("2025-01-01", &own)], ("2025-02-01", &by("b1")));
    refused("UNKNOWN_ID", &[BETA], ("2025-02-01", &by("b")));
    let mut story = Story::default();
    for (at, body) in [ACME, BETA, signed(), MUTUAL_END, ("2025-07-01", &by("a"))] {
        story.record(at, body).expect("one that has ended may have recruited");
    }
}

#[test]
fn successors_follow_once_of_the_same_partner_and_no_earlier() {
    let after = |agreement: &str, partner: &str, id: &str, more: &str| {
        sign(agreement, partner, &format!(r#""terms":{{}},"supersedes_agreement_id":"{id}"{more}"#))
    };
    let next = after("a2", "acme", "a", "");
    refused("UNKNOWN_ID", &[ACME], ("2025-02-01", &next));
    refused("PARTNER_MISMATCH", &[ACME, BETA, signed()], ("2025-02-01", &after("b", "beta", "a", "")));
    refused("ALREADY_DONE", &[ACME, signed(), ("2025-02-01", &next)], ("2025-02-02", &after("a3", "acme", "a", "")));
    refused("SUCCESSION_TOO_EARLY", &[ACME, signed()], ("2024-12-31", &next));
    let proposed =
        ("2025-01-01", r#"agreement_proposed {"agreement_id":"a","partner_id":"acme","type":"AGREEMENT_TYPE_CHANNEL","terms":{}}"#);
    refused("AGREEMENT_NOT_ACTIVE", &[ACME, proposed], ("2025-02-01", &next));
    // In the order of rules 22: what was done, then what is wrong with the recruiter, then with the predecessor.
    let recruited = |agreement: &str, id: &str, by: &str| after(agreement, "acme", id, &format!(r#","recruited_by_agreement_id":"{by}""#));
    let open = ("2025-01-01", r#"agreement_proposed {"agreement_id":"q","partner_id":"beta","type":"AGREEMENT_TYPE_CHANNEL","terms":{}}"#);
    refused("ALREADY_DONE", &[ACME, BETA, open, signed(), ("2025-02-01", &next)], ("2025-02-02", &recruited("a3", "a", "q")));
    refused("AGREEMENT_NOT_ACTIVE", &[ACME, BETA, open, signed()], ("2024-12-31", &recruited("a2", "a", "q")));
    refused("PARTNER_MISMATCH", &[ACME, signed()], ("2024-12-31", &recruited("a2", "a", "a")));
    let own = sign("a1", "acme", r#""terms":{}"#);
    refused("PARTNER_MISMATCH", &[ACME, BETA, open, ("2025-01-01", &own)], ("2025-02-01", &recruited("a2", "q", "a1")));
    let theirs = sign("b1", "beta", r#""terms":{}"#);
    refused("AGREEMENT_NOT_ACTIVE", &[ACME, BETA, open, ("2025-01-01", &theirs)], ("2025-02-01", &recruited("a2", "q", "b1")));
    let mut story = Story::default();
    for (at, body) in [ACME, signed(), ("2025-01-01", next.as_str())] {
        story.record(at, body).expect("at the same instant is no earlier");
    }
}

#[test]
fn protection_and_loss() {
    refused("PROTECTION_LAPSED", &[ACME, signed(), LEAD], ("2025-05-02", r#"lead_protection_extended {"lead_id":"l","days":5}"#));
    let lost = ("2025-03-01", r#"lead_lost {"lead_id":"l"}"#);
    for late in ["lead_lost", "lead_approved", "lead_qualified"] {
        let body = format!(r#"{late} {{"lead_id":"l"}}"#);
        refused("LEAD_LOST", &[ACME, signed(), LEAD, lost], ("2025-03-02", &body));
    }
    refused("LEAD_LOST", &[ACME, signed(), LEAD, lost], ("2025-03-02", r#"lead_protection_extended {"lead_id":"l","days":5}"#));
}

#[test]
fn more_than_one_reassignment_transfers() {
    let mut story = Story::default();
    let other = r#"agreement_signed {"agreement_id":"b","partner_id":"beta","type":"AGREEMENT_TYPE_CHANNEL","terms":{}}"#;
    for (at, body) in [ACME, BETA, signed(), ("2025-01-01", other), LEAD] {
        story.record(at, body).expect("the rules allow it");
    }
    for number in 0..=MOST_LOTS {
        story.tell(day("2025-02-02"), sold(&format!("s{number}"), "l", 10_00)).expect("the rules allow it");
    }
    let refusal = story.tell(day("2025-03-01"), reassigned("l", Some("b"))).expect_err("one part too many");
    assert_eq!(refusal.code(), "TRANSFER_TOO_LARGE", "{refusal}");
    story.tell(day("2025-03-01"), paid("o", "acme", 2_00)).expect("it is payable");
    story.tell(day("2025-03-01"), reassigned("l", Some("b"))).expect("the rest fits");
    assert_eq!((story.net("acme", "USD"), story.net("beta", "USD")), (0, i128::try_from(MOST_LOTS).expect("few") * 2_00));
}

/// With the longest ids fewer parts are more than a record can hold, and what is allowed does not take more than that.
#[test]
fn more_than_one_record_holds() {
    let long = |text: &str| format!("{text:x<64}");
    let mut story = Story::default();
    for (partner, agreement) in [("acme", "a"), ("beta", "b")] {
        let terms = terms_with(rule(Reward::RateBps(2_000)));
        story = story.on("2025-01-01", registered(&long(partner)));
        story = story.on("2025-01-01", facts::signed(&long(agreement), &long(partner), terms));
    }
    story = story.on("2025-01-02", referred(&long("l"), &long("a")));
    for number in 0..22_000 {
        story.tell(day("2025-02-02"), sold(&format!("{number:0>64}"), &long("l"), 10_00)).expect("the rules allow it");
    }
    let refusal = story.tell(day("2025-03-01"), reassigned(&long("l"), Some(&long("b")))).expect_err("too many bytes");
    assert_eq!(refusal.code(), "TRANSFER_TOO_LARGE", "{refusal}");
    story.tell(day("2025-03-01"), paid("o", &long("acme"), 400 * 2_00)).expect("it is payable");
    let position = story.tell(day("2025-03-01"), reassigned(&long("l"), Some(&long("b")))).expect("the rest fits");
    let record = story.records.iter().find(|record| record.position == position).expect("it was kept");
    let bytes = record.encoded_len();
    const { assert!(MOST_BYTES + (1 << 20) <= MAX_RECORDED_BYTES, "beside the postings there is room for the event") };
    assert!((28 << 20..MAX_RECORDED_BYTES).contains(&bytes), "{bytes}");
}

#[test]
fn sales_and_refunds() {
    let collected = r#"sale_recorded {"sale_id":"s","amount":{"currency_code":"USD","minor_units":"1"},"collected_by":"SIDE_PARTNER"}"#;
    refused("NO_CREDIT", &[], ("2025-01-01", collected));
    let refund = |units: &str, currency: &str| {
        format!(
            r#"sale_refunded {{"refund_id":"r","sale_id":"s","amount":{{"currency_code":"{currency}","minor_units":"{units}"}},"reason":"REFUND_REASON_ERROR"}}"#
        )
    };
    let story = [ACME, signed(), LEAD, SALE];
    refused("REFUND_EXCEEDS_SALE", &story, ("2025-02-03", &refund("10001", "USD")));
    refused("CURRENCY_MISMATCH", &story, ("2025-02-03", &refund("1", "EUR")));
}

#[test]
fn payments_and_closes() {
    let pay = |units: &str, advance: bool| {
        format!(
            r#"commission_paid {{"payout_id":"p","partner_id":"acme","amount":{{"currency_code":"USD","minor_units":"{units}"}},"advance":{advance}}}"#
        )
    };
    refused("EXCEEDS_PAYABLE", &[ACME, signed(), LEAD, SALE], ("2025-02-03", &pay("2001", false)));
    refused("EXCEEDS_PAYABLE", &[ACME], ("2025-02-03", &pay("1", false)));
    let advance = pay("100", true);
    let returned = |units: &str| {
        format!(r#"payout_returned {{"return_id":"x","payout_id":"p","amount":{{"currency_code":"USD","minor_units":"{units}"}}}}"#)
    };
    refused("RETURN_EXCEEDS_PAYOUT", &[ACME, ("2025-02-03", &advance)], ("2025-02-04", &returned("101")));
    let closed = ("2025-02-05", r#"period_closed {"through":"2025-02-01T00:00:00Z"}"#);
    refused("CLOSE_NOT_LATER", &[closed], closed);
}

#[test]
fn amounts_that_leave_64_bits() {
    let mut story = Story::default();
    story.record(ACME.0, ACME.1).expect("registered");
    let received = |index: u32| {
        format!(
            r#"payment_received {{"payment_id":"p{index}","partner_id":"acme","amount":{{"currency_code":"USD","minor_units":"1000000000000000"}}}}"#
        )
    };
    for index in 0..9_223 {
        story.record("2025-02-01", &received(index)).expect("in range");
    }
    assert_eq!(story.record("2025-02-01", &received(9_223)).expect_err("out of range").code(), "AMOUNT_OUT_OF_RANGE");
}

#[test]
fn malformed_fields_are_all_named() {
    let cases: &[(&str, &[&str])] = &[
        (
            r#"agreement_signed {"agreement_id":"a","partner_id":"!","type":"AGREEMENT_TYPE_CHANNEL","expires_at":"2024-01-01T00:00:00Z",
               "terms":{"time_zone":"Mars","commission":{"rules":[{"name":"r","trigger":"COMMISSION_TRIGGER_LEAD_QUALIFIED","rate_bps":10001},
               {"name":"r","trigger":"COMMISSION_TRIGGER_SALE","tiers":{"mode":"TIER_MODE_MARGINAL","period":"TIER_PERIOD_MONTH","currency_code":"USD",
               "bands":[{"from_minor_units":"5"},{"from_minor_units":"5"}]},"cap_per_lead":{"currency_code":"USD","minor_units":"1"}}]},
               "ownership":{"house_bps":1,"partner_bps":1}}}"#,
            &[
                "agreement_signed.expires_at",
                "agreement_signed.partner_id",
                "agreement_signed.terms.commission.rules[0].rate_bps",
                "agreement_signed.terms.commission.rules[0].rate_bps",
                "agreement_signed.terms.commission.rules[1].cap_per_lead",
                "agreement_signed.terms.commission.rules[1].name",
                "agreement_signed.terms.commission.rules[1].tiers.bands[1].from_minor_units",
                "agreement_signed.terms.ownership",
                "agreement_signed.terms.time_zone",
            ],
        ),
        (r#"partner_updated {"partner_id":"a","categories":["x"]}"#, &["partner_updated.categories"]),
        (r#"lead_referred {"lead_id":"l","acquired_by":"ACQUIRED_BY_PARTNER"}"#, &["lead_referred.agreement_id"]),
        (r#"lead_reassigned {"lead_id":"l"}"#, &["lead_reassigned.reason", "lead_reassigned.to"]),
        (
            r#"partner_assessed {"partner_id":"a","complementarity":0,"shared_audience":6,"brand_alignment":5}"#,
            &["partner_assessed.complementarity", "partner_assessed.shared_audience"],
        ),
        (r#"manager_assigned {"agreement_id":"a"}"#, &["manager_assigned.manager", "manager_assigned.side"]),
        ("launch_step_completed {}", &["launch_step_completed.step", "launch_step_completed.subject"]),
        (r#"review_held {"review_id":"r","agreement_id":"a","kind":"REVIEW_KIND_QUARTERLY_REVIEW"}"#, &["review_held.decision"]),
        (
            r#"review_held {"review_id":"r","agreement_id":"a","kind":"REVIEW_KIND_CHECK_IN","decision":"REVIEW_DECISION_UNSPECIFIED"}"#,
            &["review_held.decision"],
        ),
        (
            r#"brand_use_requested {"brand_use_id":"u","agreement_id":"a"}"#,
            &["brand_use_requested.channel", "brand_use_requested.requested_by"],
        ),
        (r#"breach_reported {"breach_id":"b","agreement_id":"a"}"#, &["breach_reported.by", "breach_reported.clause"]),
        (
            r#"agreement_terminated {"agreement_id":"a","cause":"TERMINATION_CAUSE_NOTICE","effective_at":"2025-01-01T00:00:00Z"}"#,
            &["agreement_terminated.effective_at"],
        ),
        (
            r#"sale_recorded {"sale_id":"s","lead_id":"l","agreement_id":"a","splits":[{"agreement_id":"a","share_bps":10000}]}"#,
            &["sale_recorded.agreement_id", "sale_recorded.amount", "sale_recorded.splits"],
        ),
        (
            r#"commission_paid {"payout_id":"p","partner_id":"a","amount":{"currency_code":"USD","minor_units":"5"},"tax_withheld":{"currency_code":"EUR","minor_units":"6"}}"#,
            &["commission_paid.tax_withheld.currency_code", "commission_paid.tax_withheld.minor_units"],
        ),
    ];
    for (body, expected) in cases {
        let mut fields = violations(body);
        fields.sort();
        let mut expected: Vec<String> = expected.iter().map(|field| format!("events[0].{field}")).collect();
        expected.sort();
        assert_eq!(fields, expected, "{body}");
    }
}

const CAMPAIGN: (&str, &str) = (
    "2025-01-10",
    r#"campaign_planned {"campaign_id":"c","type":"CAMPAIGN_TYPE_JOINT_WEBINAR","title":"Webinar","participants":[
        {"house":true,"cost_share_bps":5000,"lead_share_bps":5000,"goal":"CAMPAIGN_GOAL_LEADS"},
        {"agreement_id":"a","cost_share_bps":5000,"lead_share_bps":5000,"goal":"CAMPAIGN_GOAL_LEADS"}],
       "deliverables":[{"deliverable_id":"d","owed_by":{"house":true},"weight":1}]}"#,
);
/// Beta takes no part in the campaign.
const STRANGER: (&str, &str) =
    ("2025-01-01", r#"agreement_signed {"agreement_id":"b","partner_id":"beta","type":"AGREEMENT_TYPE_CO_MARKETING","terms":{}}"#);

#[test]
fn a_campaign_starts_ends_and_is_delivered_once() {
    let started = ("2025-01-11", r#"campaign_started {"campaign_id":"c"}"#);
    let ended = ("2025-01-12", r#"campaign_ended {"campaign_id":"c","summary":"full house"}"#);
    let delivered = ("2025-01-11", r#"deliverable_completed {"campaign_id":"c","deliverable_id":"d"}"#);
    for once in [started, ended, delivered] {
        refused("ALREADY_DONE", &[ACME, signed(), CAMPAIGN, once], once);
    }
    refused("DUPLICATE_ID", &[ACME, signed(), CAMPAIGN], CAMPAIGN);
    refused("UNKNOWN_ID", &[ACME, signed()], started);
    let unknown = ("2025-01-11", r#"deliverable_completed {"campaign_id":"c","deliverable_id":"e"}"#);
    refused("UNKNOWN_ID", &[ACME, signed(), CAMPAIGN], unknown);
}

#[test]
fn who_is_named_with_a_campaign_takes_part_in_it() {
    let story = [ACME, BETA, signed(), STRANGER, CAMPAIGN];
    for body in [
        r#"cost_incurred {"cost_id":"x","campaign_id":"c","amount":{"currency_code":"USD","minor_units":"1"},"agreement_id":"b"}"#,
        r#"reach_measured {"campaign_id":"c","measured_by":{"agreement_id":"b"},"visits":"1"}"#,
        r#"lead_referred {"lead_id":"l","agreement_id":"b","acquired_by":"ACQUIRED_BY_JOINT","campaign_id":"c"}"#,
        r#"lead_referred {"lead_id":"l","agreement_id":"b","acquired_by":"ACQUIRED_BY_PARTNER","campaign_id":"c"}"#,
    ] {
        refused("NOT_A_PARTICIPANT", &story, ("2025-02-01", body));
    }
    let owing = CAMPAIGN.1.replace(r#""owed_by":{"house":true}"#, r#""owed_by":{"agreement_id":"b"}"#);
    refused("NOT_A_PARTICIPANT", &[ACME, BETA, signed(), STRANGER], ("2025-02-01", &owing));
}

/// Rules 8.3: at the end itself it has stopped; what occurred before is taken, also if it is told late.
#[test]
fn a_stopped_campaign_takes_no_lead_and_no_cost() {
    let stopping = STANDARD_TERMS.replace(r#""terms":{"#, r#""terms":{"campaigns_at_end":"CAMPAIGNS_AT_END_STOP","#);
    let story = [ACME, ("2025-01-01", &*stopping), CAMPAIGN, MUTUAL_END];
    let cost = r#"cost_incurred {"cost_id":"x","campaign_id":"c","amount":{"currency_code":"USD","minor_units":"1"},"house":true}"#;
    let lead = r#"lead_referred {"lead_id":"l","agreement_id":"a","acquired_by":"ACQUIRED_BY_JOINT","campaign_id":"c"}"#;
    for body in [cost, lead] {
        refused("CAMPAIGN_STOPPED", &story, ("2025-06-01", body));
    }
    let late = [&story[..], &[("2025-05-31T23:59:59Z", cost), ("2025-05-31T23:59:59Z", lead)]].concat();
    refused("DUPLICATE_ID", &late, ("2025-05-31", cost));
    let going_on = [ACME, signed(), CAMPAIGN, MUTUAL_END, ("2025-06-01", cost), ("2025-06-01", lead)];
    refused("DUPLICATE_ID", &going_on, ("2025-06-01", cost));
}

#[test]
fn what_is_no_venture_has_no_capital() {
    let contributed = r#"capital_contributed {"contribution_id":"x","agreement_id":"a","side":"SIDE_HOUSE","amount":{"currency_code":"USD","minor_units":"1"}}"#;
    let distributed = r#"profit_distributed {"distribution_id":"x","agreement_id":"a","method":"DISTRIBUTION_METHOD_BY_OWNERSHIP",
        "amount":{"currency_code":"USD","minor_units":"1"}}"#;
    let venture = |terms: &str| {
        format!(r#"agreement_signed {{"agreement_id":"a","partner_id":"acme","type":"AGREEMENT_TYPE_JOINT_VENTURE","terms":{terms}}}"#)
    };
    let (without, with) = (venture("{}"), venture(r#"{"ownership":{"house_bps":5000,"partner_bps":5000}}"#));
    for body in [contributed, distributed] {
        refused("NOT_A_VENTURE", &[ACME, signed()], ("2025-02-01", body));
        refused("NOT_A_VENTURE", &[ACME, ("2025-01-01", &without)], ("2025-02-01", body));
        refused("NOT_A_VENTURE", &[ACME, ("2025-03-01", &with)], ("2025-02-01", body));
        refused("DUPLICATE_ID", &[ACME, ("2025-01-01", &with), ("2025-02-01", body)], ("2025-02-01", body));
    }
}

#[test]
fn malformed_campaigns_name_every_bad_field() {
    let participant = |party: &str, cost: u32, lead: u32| {
        format!(r#"{{{party},"cost_share_bps":{cost},"lead_share_bps":{lead},"goal":"CAMPAIGN_GOAL_LEADS"}}"#)
    };
    let planned = |participants: &[String]| {
        format!(
            r#"campaign_planned {{"campaign_id":"c","type":"CAMPAIGN_TYPE_JOINT_WEBINAR","title":"t","participants":[{}]}}"#,
            participants.join(",")
        )
    };
    let (house, acme) = (r#""house":true"#, r#""agreement_id":"a""#);
    for participants in [
        vec![],
        vec![participant(house, 10_000, 10_000)],
        vec![participant(acme, 5_000, 5_000), participant(r#""agreement_id":"b""#, 5_000, 5_000)],
        vec![participant(house, 5_000, 5_000), participant(acme, 2_500, 2_500), participant(acme, 2_500, 2_500)],
        vec![participant(house, 5_000, 5_000), participant(acme, 4_999, 5_000)],
        vec![participant(house, 5_000, 5_000), participant(acme, 5_000, 5_001)],
    ] {
        let fields = violations(&planned(&participants));
        assert!(fields.iter().all(|field| field == "events[0].campaign_planned.participants"), "{fields:?}");
        assert!(!fields.is_empty());
    }
    let fields = violations(
        r#"campaign_planned {"campaign_id":"","participants":[{"house":false},{"agreement_id":"!","cost_share_bps":10001}],
           "deliverables":[{"deliverable_id":"d","owed_by":{"house":true}},{"deliverable_id":"d"}]}"#,
    );
    for field in [
        "campaign_id",
        "type",
        "title",
        "participants[0].house",
        "participants[0].goal",
        "participants[1].agreement_id",
        "participants[1].cost_share_bps",
        "deliverables[1].deliverable_id",
        "deliverables[1].owed_by",
    ] {
        let path = format!("events[0].campaign_planned.{field}");
        assert!(fields.contains(&path), "{path} in {fields:?}");
    }
    let fields = violations(r#"reach_measured {"campaign_id":"c","measured_by":{"house":true},"visits":"-1"}"#);
    assert_eq!(fields, ["events[0].reach_measured.visits"]);
    let fields = violations(r#"cost_incurred {"cost_id":"x","campaign_id":"c"}"#);
    assert_eq!(fields, ["events[0].cost_incurred.amount", "events[0].cost_incurred.paid_by"]);
}
