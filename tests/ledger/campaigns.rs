//! Stories of campaigns and joint ventures: shared costs, joint leads, capital and distributions (rules 8, 9).

use crate::common::story::Story;
use partnership_ledger::domain::effect::{Effect, Party};
use std::fmt::Write as _;

const START: &str = "2025-01-01";

fn told(story: &mut Story, at: &str, body: &str) -> Vec<Effect> {
    story.record(at, body).unwrap_or_else(|refusal| panic!("{at} {body}: {refusal}"))
}

/// Partners acme, beta and crux with an agreement each, and a campaign of them with the house.
fn campaign(house: (u32, u32), partners: &[(&str, u32, u32)]) -> Story {
    let mut story = Story::default();
    let mut participants =
        format!(r#"{{"house":true,"cost_share_bps":{},"lead_share_bps":{},"goal":"CAMPAIGN_GOAL_LEADS"}}"#, house.0, house.1);
    for (partner, cost, lead) in partners {
        told(
            &mut story,
            START,
            &format!(r#"partner_registered {{"partner_id":"{partner}","display_name":"{partner}","kind":"PARTNER_KIND_MEDIA"}}"#),
        );
        let signed = format!(
            r#"agreement_signed {{"agreement_id":"{partner}-1","partner_id":"{partner}","type":"AGREEMENT_TYPE_CO_MARKETING",
               "terms":{{"lead_protection":{{"days":10}}}}}}"#
        );
        told(&mut story, START, &signed);
        let _ = write!(
            participants,
            r#",{{"agreement_id":"{partner}-1","cost_share_bps":{cost},"lead_share_bps":{lead},"goal":"CAMPAIGN_GOAL_SALES"}}"#
        );
    }
    let planned = format!(
        r#"campaign_planned {{"campaign_id":"c","type":"CAMPAIGN_TYPE_EVENT_SPONSORSHIP","title":"Booth","participants":[{participants}]}}"#
    );
    told(&mut story, START, &planned);
    story
}

fn cost(id: &str, paid_by: &str, units: i64) -> String {
    format!(r#"cost_incurred {{"cost_id":"{id}","campaign_id":"c","amount":{{"currency_code":"USD","minor_units":"{units}"}},{paid_by}}}"#)
}

fn joint(lead: &str, named: &str) -> String {
    format!(r#"lead_referred {{"lead_id":"{lead}","agreement_id":"{named}","acquired_by":"ACQUIRED_BY_JOINT","campaign_id":"c"}}"#)
}

/// The owner and the credit that a referral set.
fn owner_of(effects: &[Effect]) -> (Party, Option<String>) {
    let set = effects.iter().find_map(|effect| match effect {
        Effect::LeadOwnerSet { owner, credit, .. } => Some((owner.clone(), credit.as_ref().map(ToString::to_string))),
        _ => None,
    });
    set.expect("the claim succeeds")
}

/// Rules 8.2: the house stands in the middle, the odd cents go by largest remainder, the house first, then partner ids.
#[test]
fn costs_among_several_partners_add_up_whoever_paid() {
    let partners = [("crux", 3_000, 3_000), ("acme", 2_000, 2_000), ("beta", 1_000, 1_000)];
    let mut story = campaign((4_000, 4_000), &partners);
    told(&mut story, "2025-02-01", &cost("1", r#""agreement_id":"acme-1""#, 1_005));
    // 402 the house, 301.5 crux, 201 acme, 100.5 beta: beta comes before crux.
    assert_eq!((story.net("acme", "USD"), story.net("beta", "USD"), story.net("crux", "USD")), (1_005 - 201, -101, -301));
    told(&mut story, "2025-02-02", &cost("2", r#""house":true"#, 1_000));
    assert_eq!((story.net("acme", "USD"), story.net("beta", "USD"), story.net("crux", "USD")), (804 - 200, -201, -601));
}

#[test]
fn a_share_of_nothing_posts_nothing() {
    let mut story = campaign((10_000, 10_000), &[("acme", 0, 0)]);
    let effects = told(&mut story, "2025-02-01", &cost("1", r#""house":true"#, 999));
    assert_eq!(effects.len(), 2, "the house's share and its cash: {effects:?}");
    assert_eq!(story.net("acme", "USD"), 0);
}

/// Rules 5.1: with three participants the lead goes to whom most is owed; of equals the house, then partner ids.
#[test]
fn joint_leads_go_by_what_is_owed_to_each() {
    let mut story = campaign((3_334, 3_334), &[("beta", 3_333, 3_333), ("acme", 3_333, 3_333)]);
    let owners: Vec<_> = (0..6).map(|lead| owner_of(&told(&mut story, "2025-02-01", &joint(&format!("l{lead}"), "beta-1")))).collect();
    let partner = |id: &str| (Party::Partner(partnership_ledger::domain::ids::Id::new(id).expect("an id")), Some(format!("{id}-1")));
    // A lead of the house's is one of the named agreement, whose terms give no credit.
    let house = (Party::House, None);
    assert_eq!(owners, [house.clone(), partner("acme"), partner("beta"), house, partner("acme"), partner("beta")]);
}

/// Rules 5.1: a declined claim is not counted, one that succeeds is, whatever became of the lead before.
#[test]
fn declined_joint_claims_do_not_count() {
    let mut story = campaign((5_000, 5_000), &[("acme", 5_000, 5_000)]);
    assert_eq!(owner_of(&told(&mut story, "2025-02-01", &joint("l1", "acme-1"))).0, Party::House);
    let declined = told(&mut story, "2025-02-02", &joint("l1", "acme-1"));
    assert!(matches!(declined[..], [Effect::LeadClaimDeclined { .. }]), "{declined:?}");
    assert_ne!(owner_of(&told(&mut story, "2025-02-03", &joint("l2", "acme-1"))).0, Party::House);
    assert_eq!(owner_of(&told(&mut story, "2025-02-04", &joint("l3", "acme-1"))).0, Party::House);
    // Its ten days are over: the claim goes to whom the next joint lead is due.
    let again = told(&mut story, "2025-03-01", &joint("l1", "acme-1"));
    assert_ne!(owner_of(&again).0, Party::House);
}

/// Rules 5.1, 5.2: the protection is that of the owner's agreement, not of the named one.
#[test]
fn a_joint_lead_is_protected_by_its_owner_s_agreement() {
    let mut story = campaign((0, 0), &[("acme", 5_000, 10_000), ("beta", 5_000, 0)]);
    let amended = r#"agreement_amended {"agreement_id":"acme-1","terms":{"lead_protection":{"days":20}}}"#;
    told(&mut story, "2025-01-02", amended);
    let effects = told(&mut story, "2025-02-01", &joint("l1", "beta-1"));
    let until = effects.iter().find_map(|effect| match effect {
        Effect::LeadOwnerSet { protected_until, .. } => *protected_until,
        _ => None,
    });
    assert_eq!(until, Some("2025-02-21T00:00:00Z".parse().expect("a time")));
}

/// A venture of 60/40.
fn venture() -> Story {
    let mut story = Story::default();
    told(&mut story, START, r#"partner_registered {"partner_id":"acme","display_name":"Acme","kind":"PARTNER_KIND_JOINT_VENTURE"}"#);
    let signed = r#"agreement_signed {"agreement_id":"v","partner_id":"acme","type":"AGREEMENT_TYPE_JOINT_VENTURE",
        "terms":{"ownership":{"house_bps":6000,"partner_bps":4000}}}"#;
    told(&mut story, START, signed);
    story
}

fn contributed(id: &str, side: &str, units: i64) -> String {
    format!(
        r#"capital_contributed {{"contribution_id":"{id}","agreement_id":"v","side":"SIDE_{side}",
           "amount":{{"currency_code":"USD","minor_units":"{units}"}}}}"#
    )
}

fn distributed(id: &str, method: &str, units: i64) -> String {
    format!(
        r#"profit_distributed {{"distribution_id":"{id}","agreement_id":"v","method":"DISTRIBUTION_METHOD_{method}",
           "amount":{{"currency_code":"USD","minor_units":"{units}"}}}}"#
    )
}

/// Rules 9: capital that was not returned comes first, in proportion to it; the rest by ownership; each exact to the cent.
#[test]
fn capital_comes_first_and_comes_back_once() {
    let mut story = venture();
    told(&mut story, "2025-02-01", &contributed("1", "HOUSE", 1_000));
    told(&mut story, "2025-02-01", &contributed("2", "PARTNER", 2_000));
    told(&mut story, "2025-03-01", &distributed("1", "CAPITAL_FIRST", 1_000));
    assert_eq!(story.net("acme", "USD"), 667, "two thirds of 1 000");
    told(&mut story, "2025-04-01", &distributed("2", "CAPITAL_FIRST", 2_101));
    // 1 333 of capital are left to it, and 40 % of 101.
    assert_eq!(story.net("acme", "USD"), 667 + 1_333 + 40);
    told(&mut story, "2025-05-01", &distributed("3", "CAPITAL_FIRST", 10));
    assert_eq!(story.net("acme", "USD"), 2_040 + 4);
}

#[test]
fn by_ownership_leaves_the_capital_alone() {
    let mut story = venture();
    told(&mut story, "2025-02-01", &contributed("1", "PARTNER", 500));
    told(&mut story, "2025-03-01", &distributed("1", "BY_OWNERSHIP", 1_001));
    assert_eq!(story.net("acme", "USD"), 400, "400.4 rounded by largest remainder");
    told(&mut story, "2025-03-02", &distributed("2", "CAPITAL_FIRST", 500));
    assert_eq!(story.net("acme", "USD"), 900, "all of its capital");
}
