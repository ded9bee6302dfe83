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
    base_is_not_the_amount "2-base-is-not-the-amount"
    bonus_bands "2-bonus-bands"
    clocks_out_of_order "2-clocks-out-of-order"
    conditions "2-conditions"
    coupon_of_another_partner "2-coupon-of-another-partner"
    credit_note_on_unpaid_invoice "2-credit-note-on-unpaid-invoice"
    customer_payment_bounces "2-customer-payment-bounces"
    customer_pays_in_thirds "2-customer-pays-in-thirds"
    error_refund_counts_as_void "2-error-refund-counts-as-void"
    flat_in_its_own_currency "2-flat-in-its-own-currency"
    flat_with_lines "2-flat-with-lines"
    lines_by_product_and_zero "2-lines-by-product-and-zero"
    lines_first_order "2-lines-first-order"
    max_per_sale "2-max-per-sale"
    minimum_per_currency_and_the_last_balance "2-minimum-per-currency-and-the-last-balance"
    override_of_the_commission "2-override-of-the-commission"
    override_of_the_sale "2-override-of-the-sale"
    partner_on_hold "2-partner-on-hold"
    payout_in_transit "2-payout-in-transit"
    payout_summary_across_years "2-payout-summary-across-years"
    portions_latest_entry_first "2-portions-latest-entry-first"
    programme_amendments "2-programme-amendments"
    settled_in_another_currency "2-settled-in-another-currency"
    split_collected_by_partner "2-split-collected-by-partner"
    split_odd_cents "2-split-odd-cents"
    split_refund_and_dispute "2-split-refund-and-dispute"
    succession_with_a_gap "2-succession-with-a-gap"
    tax_added_and_withheld "2-tax-added-and-withheld"
    tiers_by_count "2-tiers-by-count"
    transfer_of_awaiting_commission "2-transfer-of-awaiting-commission"
    void_after_refund_and_payment "2-void-after-refund-and-payment"
    void_frees_limit_cap_and_window "2-void-frees-limit-cap-and-window"
    zero_sale "2-zero-sale"
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
