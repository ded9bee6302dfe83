//! The scenarios, played against the service on disk as a foreign client would: over TCP, by descriptor and JSON.

mod outside;

use outside::scenario::{self, Callee as _, Scenario, Step};
use outside::served::Served;

/// Calls of sections 8 to 11 of the rules, and the scenarios that make them among others. The others are played; these
/// must be answered UNIMPLEMENTED by their name, and leave this list once they are not.
const NEEDS_RULES_8_TO_11_FOR_CALLS: [(&str, &str); 4] = [
    ("integration-marketplace", "GetMetrics"),
    ("campaign-booth-costs", "GetMetrics"),
    ("campaign-webinar-metrics", "GetMetrics"),
    ("campaign-joint-leads", "GetMetrics"),
];

/// Scenarios of sections 8 to 11, with the first step that needs them and what it needs. That step must be answered
/// UNIMPLEMENTED by that name; once it is not, the scenario leaves this list.
const NEEDS_RULES_8_TO_11: [(&str, usize, &str); 0] = [];

fn play(name: &str) {
    let Scenario { name: own_name, steps, .. } = scenario::load(name);
    assert_eq!(own_name, name);
    let directory = tempfile::tempdir().expect("a directory");
    let mut served = Served::over_tcp(directory.path());
    for (index, step) in steps.iter().enumerate() {
        let at = index + 1;
        if let Some((_, _, needed)) = NEEDS_RULES_8_TO_11.iter().find(|(later, first, _)| *later == name && *first == at) {
            assert_unimplemented(&mut served, step, needed);
            return;
        }
        let method = step.call.rsplit('/').next().unwrap_or_default();
        if NEEDS_RULES_8_TO_11_FOR_CALLS.contains(&(name, method)) {
            assert_unimplemented(&mut served, step, method);
            continue;
        }
        let failures = scenario::play_step(step, at, &mut served);
        assert!(failures.is_empty(), "{failures:#?}");
    }
}

fn assert_unimplemented(served: &mut Served, step: &Step, needed: &str) {
    match served.call(&step.call, &step.request) {
        Ok(answer) => panic!("{needed} works, shorten the list of what does not: {answer}"),
        Err(refusal) => assert!(refusal.code == "UNIMPLEMENTED" && refusal.message.contains(needed), "{needed}: {refusal:?}"),
    }
}

macro_rules! scenarios {
    ($($test:ident $name:literal)*) => {
        $(
            #[test]
            fn $test() {
                play($name);
            }
        )*

        /// A scenario file without a test is a promise that nobody keeps.
        #[test]
        fn every_scenario_has_its_test() {
            assert_eq!(scenario::names(), [$($name),*]);
        }
    };
}

scenarios! {
    campaign_booth_costs "campaign-booth-costs"
    campaign_joint_leads "campaign-joint-leads"
    campaign_webinar_metrics "campaign-webinar-metrics"
    delivery_malformed "delivery-malformed"
    delivery_retries "delivery-retries"
    exclusivity "exclusivity"
    integration_marketplace "integration-marketplace"
    lead_claim_out_of_order "lead-claim-out-of-order"
    lead_claims "lead-claims"
    lead_match_keys "lead-match-keys"
    lead_protection_extended "lead-protection-extended"
    payout_rules "payout-rules"
    period_closed "period-closed"
    referral_window_agreement_effective "referral-window-agreement-effective"
    referral_window_first_sale "referral-window-first-sale"
    referral_window_lead_referred "referral-window-lead-referred"
    refund_after_payment "refund-after-payment"
    refund_at_pinned_terms "refund-at-pinned-terms"
    refund_house_fault "refund-house-fault"
    refund_house_fault_then_customer "refund-house-fault-then-customer"
    refund_partial_exact "refund-partial-exact"
    refund_then_chargeback "refund-then-chargeback"
    revenue_share_collected "revenue-share-collected"
    rewards_flat_cap_hold "rewards-flat-cap-hold"
    statement "statement"
    termination_leads_to_acquirer_keeps "termination-leads-to-acquirer-keeps"
    termination_leads_to_house "termination-leads-to-house"
    termination_leads_to_partner "termination-leads-to-partner"
    termination_notice_rules "termination-notice-rules"
    termination_tail_days "termination-tail-days"
    termination_tail_none "termination-tail-none"
    termination_tail_remaining_window "termination-tail-remaining-window"
    thai_names "thai-names"
    tiers_by_sale "tiers-by-sale"
    tiers_count_only_what_earned "tiers-count-only-what-earned"
    tiers_marginal "tiers-marginal"
    tiers_published_4_6_8 "tiers-published-4-6-8"
    tiers_retroactive "tiers-retroactive"
    venture_distribution "venture-distribution"
    window_month_end "window-month-end"
    window_time_zone "window-time-zone"
}
