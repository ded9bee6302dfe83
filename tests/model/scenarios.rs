//! The scenarios, played against the service on disk as a foreign client would: over TCP, by descriptor and JSON.

use crate::outside::scenario::{self, Scenario};
use crate::outside::served::Served;

fn play(name: &str) {
    let Scenario { name: own_name, steps, .. } = scenario::load(name);
    assert_eq!(own_name, name);
    let directory = tempfile::tempdir().expect("a directory");
    let mut served = Served::over_tcp(directory.path());
    for (index, step) in steps.iter().enumerate() {
        let failures = scenario::play_step(step, index + 1, &mut served);
        assert!(failures.is_empty(), "{failures:#?}");
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
