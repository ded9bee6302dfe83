//! Stories of money, told in the domain's own words: who has what after it.

use crate::common::story::Story;

const ACME: (&str, &str) =
    ("2025-01-01", r#"partner_registered {"partner_id":"acme","display_name":"Acme","kind":"PARTNER_KIND_RESELLER"}"#);
const BETA: (&str, &str) =
    ("2025-01-01", r#"partner_registered {"partner_id":"beta","display_name":"Beta","kind":"PARTNER_KIND_RESELLER"}"#);
const LEAD: (&str, &str) = ("2025-02-01", r#"lead_referred {"lead_id":"l","agreement_id":"acme-1","acquired_by":"ACQUIRED_BY_PARTNER"}"#);

fn told(facts: &[(&str, &str)]) -> Story {
    let mut story = Story::default();
    for (at, body) in facts {
        story.record(at, body).unwrap_or_else(|refusal| panic!("{at} {body}: {refusal}"));
    }
    story
}

fn signed(partner: &str, reward: &str) -> String {
    format!(
        r#"agreement_signed {{"agreement_id":"{partner}-1","partner_id":"{partner}","type":"AGREEMENT_TYPE_CHANNEL",
           "terms":{{"commission":{{"rules":[{{"name":"r","trigger":"COMMISSION_TRIGGER_SALE",{reward}}}]}}}}}}"#
    )
}

fn tiers(mode: &str, from: u32, rate: u32) -> String {
    format!(
        r#""tiers":{{"mode":"TIER_MODE_{mode}","period":"TIER_PERIOD_LIFETIME","currency_code":"USD",
           "bands":[{{"from_minor_units":"{from}","rate_bps":{rate}}}]}}"#
    )
}

fn sold(id: &str, units: u32) -> String {
    format!(r#"sale_recorded {{"sale_id":"{id}","lead_id":"l","amount":{{"currency_code":"USD","minor_units":"{units}"}}}}"#)
}

fn refunded(id: &str, sale: &str, units: u32) -> String {
    format!(
        r#"sale_refunded {{"refund_id":"{id}","sale_id":"{sale}","amount":{{"currency_code":"USD","minor_units":"{units}"}},"reason":"REFUND_REASON_ERROR"}}"#
    )
}

fn reassigned(to: &str) -> String {
    format!(r#"lead_reassigned {{"lead_id":"l",{to},"reason":"x","transfer_unpaid_commission":true}}"#)
}

/// Rules 6.5: a refund posts E(after) − E(before), also of a sale that itself earned nothing.
#[test]
fn a_refund_of_a_sale_that_tiers_gave_nothing_takes_back_what_it_lifted_others_to() {
    let terms = signed("acme", &tiers("MARGINAL", 10_000, 1_000));
    let (first, second, refund) = (sold("s1", 10_000), sold("s2", 10_000), refunded("r", "s1", 10_000));
    let story = [ACME, ("2025-01-01", &*terms), LEAD, ("2025-02-02", &*first), ("2025-02-03", &*second)];
    assert_eq!(told(&story).net("acme", "USD"), 1_000);
    let story = [&story[..], &[("2025-02-04", &*refund)]].concat();
    assert_eq!(told(&story).net("acme", "USD"), 0);
}

/// Rules 5.5, 6.8: what went to the house is taken from the house first, whatever the reward.
#[test]
fn a_refund_after_a_transfer_to_the_house_takes_nothing_twice() {
    for reward in [tiers("MARGINAL", 0, 1_000), tiers("BY_SALE", 0, 1_000), r#""rate_bps":1000"#.to_owned()] {
        let (terms, sale, to_house) = (signed("acme", &reward), sold("s", 10_000), reassigned(r#""house":true"#));
        let (half, rest) = (refunded("r1", "s", 5_000), refunded("r2", "s", 5_000));
        let story = [
            ACME,
            ("2025-01-01", &*terms),
            LEAD,
            ("2025-02-02", &*sale),
            ("2025-02-03", &*to_house),
            ("2025-02-04", &*half),
            ("2025-02-05", r#"sale_reinstated {"reinstatement_id":"x","refund_id":"r1"}"#),
            ("2025-02-06", &*rest),
        ];
        for length in 5..=story.len() {
            assert_eq!(told(&story[..length]).net("acme", "USD"), 0, "{reward} after {length} events");
        }
    }
}

/// Rules 6.8: a refund takes from the latest holder first, and a reinstatement gives back to whom it took from.
#[test]
fn a_refund_after_a_transfer_takes_from_the_latest_holder() {
    let (acme, beta) = (signed("acme", r#""rate_bps":1000"#), signed("beta", r#""rate_bps":1000"#));
    let (sale, half, to_beta) = (sold("s", 10_000), refunded("r", "s", 5_000), reassigned(r#""agreement_id":"beta-1""#));
    let paid = r#"commission_paid {"payout_id":"p","partner_id":"acme","amount":{"currency_code":"USD","minor_units":"400"}}"#;
    let facts = [ACME, BETA, ("2025-01-01", &*acme), ("2025-01-01", &*beta), LEAD, ("2025-02-02", &*sale), ("2025-02-03", paid)];
    let facts = [&facts[..], &[("2025-02-04", &*to_beta)]].concat();
    let story = told(&facts);
    assert_eq!((story.net("acme", "USD"), story.net("beta", "USD")), (0, 600), "400 were paid and stay");
    let facts = [&facts[..], &[("2025-02-05", &*half)]].concat();
    let story = told(&facts);
    assert_eq!((story.net("acme", "USD"), story.net("beta", "USD")), (0, 100));
    let facts = [&facts[..], &[("2025-02-06", r#"sale_reinstated {"reinstatement_id":"x","refund_id":"r"}"#)]].concat();
    let story = told(&facts);
    assert_eq!((story.net("acme", "USD"), story.net("beta", "USD")), (0, 600));
}

/// Rules 5.2: a lead that qualified while protected stays protected until it is lost, and its effects say so.
#[test]
fn what_is_kept_by_qualifying_is_not_cut_by_an_approval() {
    use partnership_ledger::domain::effect::Effect;
    let terms = r#"agreement_signed {"agreement_id":"acme-1","partner_id":"acme","type":"AGREEMENT_TYPE_CHANNEL",
        "terms":{"lead_protection":{"days":90,"anchor":"PROTECTION_ANCHOR_APPROVAL"}}}"#;
    let mut story = told(&[ACME, ("2025-01-01", terms), LEAD, ("2025-02-02", r#"lead_qualified {"lead_id":"l"}"#)]);
    let effects = story.record("2025-02-03", r#"lead_approved {"lead_id":"l"}"#).expect("approved");
    assert!(matches!(effects[..], [Effect::LeadProtectionSet { protected_until: None, .. }]), "{effects:?}");
}
