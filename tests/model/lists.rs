//! Lists say what the single answers say, page by page.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::outside::json;
use crate::outside::ledger::Ledger as _;
use crate::outside::ledger::When;
use crate::outside::model::Model;
use crate::outside::questions::moments;
use crate::outside::served::Served;
use crate::outside::workload::{NOW, workload};
use partnership_ledger::journal::MemoryJournal;
use partnership_ledger::proto::{self as pb, event::Body};
use serde_json::Value;

/// The stories whose lists are read.
const SEEDS: std::ops::Range<u64> = 910_001..910_006;

/// As small as pages can be without being one item.
const PAGE_SIZE: u32 = 2;

/// Reads all pages; no page but the last may be short.
fn all_pages<T>(mut page: impl FnMut(String) -> (Vec<T>, String)) -> Vec<T> {
    let mut all = Vec::new();
    let mut token = String::new();
    loop {
        let (items, next) = page(token);
        let is_last = next.is_empty();
        assert!(is_last || items.len() == PAGE_SIZE as usize, "a page of {} goes on", items.len());
        all.extend(items);
        if is_last {
            return all;
        }
        token = next;
    }
}

fn told(seed: u64) -> (Served, Vec<When>) {
    let mut served = Served::in_memory(Arc::new(MemoryJournal::new()), NOW);
    let mut model = Model { now: Some(NOW), ..Model::default() };
    for request in workload(seed) {
        if served.append(&request).is_ok() {
            let _ = model.record_all(&request);
        }
    }
    let mut asked = moments(&model);
    asked.retain(|when| when.position.is_none_or(|position| position <= model.last_position()));
    (served, asked)
}

#[test]
fn every_listed_lead_and_agreement_is_what_is_answered_alone() {
    for seed in SEEDS {
        let (mut served, asked) = told(seed);
        for when in asked {
            let options = Some(when.options());
            let listed = leads(&mut served, when, &pb::ListLeadsRequest::default());
            for id in ids('l') {
                let alone = served.lead(&pb::GetLeadRequest { lead_id: id, options }).ok().and_then(|answer| answer.lead);
                assert!(alone.is_none_or(|lead| listed.contains(&lead)), "seed {seed} {when:?}");
            }
            for lead in listed {
                let request = pb::GetLeadRequest { lead_id: lead.lead_id.clone(), options };
                let alone = served.lead(&request).expect("it is listed").lead;
                assert_eq!(alone, Some(lead), "seed {seed} {when:?}");
            }
            let listed = agreements(&mut served, when);
            for id in ids('a') {
                let request = pb::GetAgreementRequest { agreement_id: id, options };
                let alone = served.agreement(&request).ok().and_then(|answer| answer.agreement);
                assert!(alone.is_none_or(|agreement| listed.contains(&agreement)), "seed {seed} {when:?}");
            }
            for agreement in listed {
                let request = pb::GetAgreementRequest { agreement_id: agreement.agreement_id.clone(), options };
                let alone = served.agreement(&request).expect("it is listed").agreement;
                assert_eq!(alone, Some(agreement), "seed {seed} {when:?}");
            }
        }
    }
}

#[test]
fn every_listed_partner_and_balance_is_what_is_answered_alone() {
    for seed in SEEDS {
        let (mut served, asked) = told(seed);
        for when in asked {
            let options = Some(when.options());
            let balances = balances(&mut served, when);
            let mut with_balances = 0;
            for partner in partners(&mut served, when) {
                let partner_id = partner.partner_id.clone();
                let request = pb::GetPartnerRequest { partner_id: partner_id.clone(), options };
                assert_eq!(served.partner(&request).expect("it is listed").partner, Some(partner), "seed {seed} {when:?}");
                let alone = served.balance(&pb::GetBalanceRequest { partner_id: partner_id.clone(), options });
                let alone = alone.expect("it is listed").balances;
                let listed = balances.iter().find(|listed| listed.partner_id == partner_id);
                with_balances += usize::from(listed.is_some());
                assert_eq!(listed.map_or(&[][..], |listed| &listed.balances), alone, "seed {seed} {when:?}");
            }
            assert_eq!(with_balances, balances.len(), "seed {seed} {when:?}: balances of nobody");
        }
    }
}

#[test]
fn statements_are_the_same_in_pages() {
    for seed in SEEDS {
        let (mut served, asked) = told(seed);
        for when in asked {
            let options = Some(when.options());
            for partner in partners(&mut served, when) {
                let whole = pb::ListEntriesRequest { partner_id: partner.partner_id, page_size: 1_000, options, ..Default::default() };
                let paged = all_pages(|page_token| {
                    let request = pb::ListEntriesRequest { page_size: PAGE_SIZE, page_token, ..whole.clone() };
                    let page = served.entries(&request).expect("a page");
                    (page.entries, page.next_page_token)
                });
                assert_eq!(paged, served.entries(&whole).expect("a statement").entries, "seed {seed} {when:?}");
                for kind in 1..=12 {
                    let of_kind = served.entries(&pb::ListEntriesRequest { kinds: vec![kind], ..whole.clone() }).expect("a statement");
                    assert!(of_kind.entries.iter().eq(paged.iter().filter(|entry| entry.kind == kind)), "seed {seed} {when:?} {kind}");
                }
                for currency in ["USD", "EUR", "THB"] {
                    let request = pb::ListEntriesRequest { currency_code: Some(currency.to_owned()), ..whole.clone() };
                    let in_currency = served.entries(&request).expect("a statement").entries;
                    assert!(in_currency.iter().eq(paged.iter().filter(|entry| entry.currency_code == currency)), "seed {seed} {when:?}");
                }
            }
        }
    }
}

#[test]
fn leads_by_agreement_owner_and_state_are_those_among_all() {
    let (mut of_agreements, mut of_owners, mut of_keys) = (0, 0, 0);
    for seed in SEEDS {
        let (mut served, asked) = told(seed);
        for when in asked {
            let all = leads(&mut served, when, &pb::ListLeadsRequest::default());
            let known = agreements(&mut served, when);
            let mut check = |filter: pb::ListLeadsRequest, is_wanted: &dyn Fn(&&pb::Lead) -> bool| {
                for state in 0..=3 {
                    let filter = pb::ListLeadsRequest { state, ..filter.clone() };
                    let expected = all.iter().filter(is_wanted).filter(|lead| state == 0 || lead.state == state);
                    let listed = leads(&mut served, when, &filter);
                    assert!(listed.iter().eq(expected), "seed {seed} {when:?}: {filter:?}");
                }
                all.iter().filter(is_wanted).count()
            };
            for agreement in known.into_iter().map(|agreement| agreement.agreement_id) {
                let filter = pb::ListLeadsRequest { agreement_id: Some(agreement.clone()), ..Default::default() };
                of_agreements += check(filter, &|lead| lead.agreement_id == agreement);
            }
            for key in all.iter().flat_map(|lead| &lead.match_keys) {
                let filter = pb::ListLeadsRequest { match_key: Some(key.clone()), ..Default::default() };
                of_keys += check(filter, &|lead| lead.match_keys.contains(key));
            }
            for owner in all.iter().flat_map(|lead| &lead.timeline).filter_map(|line| line.owner.clone()) {
                let filter = pb::ListLeadsRequest { owner: Some(owner.clone()), ..Default::default() };
                of_owners += check(filter, &|lead| lead.owner.as_ref() == Some(&owner));
            }
        }
    }
    assert!(of_agreements > 50 && of_owners > 50 && of_keys > 50, "only {of_agreements}, {of_owners} and {of_keys} leads were listed");
}

#[test]
fn payables_and_payouts_are_the_same_in_pages() {
    for seed in SEEDS {
        let (mut served, asked) = told(seed);
        for when in asked {
            let options = Some(when.options());
            let whole = pb::ListPayablesRequest { include_below_minimum: true, options, ..Default::default() };
            let paged = all_pages(|page_token| {
                let request = pb::ListPayablesRequest { page_size: PAGE_SIZE, page_token, ..whole.clone() };
                let page = served.payables(&request).expect("a page");
                (page.payables, page.next_page_token)
            });
            assert_eq!(paged, served.payables(&whole).expect("payables").payables, "seed {seed} {when:?}");
            for partner in partners(&mut served, when) {
                let own = pb::ListPayablesRequest { partner_id: Some(partner.partner_id.clone()), ..whole.clone() };
                let listed: Vec<_> = paged.iter().filter(|payable| payable.partner_id == partner.partner_id).cloned().collect();
                assert_eq!(served.payables(&own).expect("payables").payables, listed, "seed {seed} {when:?}");
            }
            let whole = pb::ListPayoutsRequest { options, ..Default::default() };
            let paged = all_pages(|page_token| {
                let request = pb::ListPayoutsRequest { page_size: PAGE_SIZE, page_token, ..whole.clone() };
                let page = served.payouts(&request).expect("a page");
                (page.payouts, page.next_page_token)
            });
            assert_eq!(paged, served.payouts(&whole).expect("payouts").payouts, "seed {seed} {when:?}");
        }
    }
}

#[test]
fn every_listed_campaign_is_what_is_answered_alone() {
    let mut seen = 0;
    for seed in SEEDS {
        let (mut served, asked) = told(seed);
        for when in asked {
            let options = Some(when.options());
            let listed = campaigns(&mut served, when, &pb::ListCampaignsRequest::default());
            for id in ids('c') {
                let request = pb::GetCampaignRequest { campaign_id: id, options };
                let alone = served.campaign(&request).ok().and_then(|answer| answer.campaign);
                assert!(alone.is_none_or(|campaign| listed.contains(&campaign)), "seed {seed} {when:?}");
            }
            let of_state = |state| pb::ListCampaignsRequest { state, ..Default::default() };
            let mut by_state = 0;
            for state in 1..=4 {
                by_state += campaigns(&mut served, when, &of_state(state)).len();
            }
            assert_eq!(by_state, listed.len(), "seed {seed} {when:?}: each has one state");
            seen += listed.len();
            for campaign in listed {
                let request = pb::GetCampaignRequest { campaign_id: campaign.campaign_id.clone(), options };
                let alone = served.campaign(&request).expect("it is listed").campaign;
                let participant = campaign.participants.iter().find_map(|participant| match participant.party.as_ref()? {
                    pb::campaign_participant::Party::AgreementId(agreement) => Some(agreement.clone()),
                    pb::campaign_participant::Party::House(_) => None,
                });
                // A participant that is signed only later does not exist yet.
                let exists = |id: &String| served.agreement(&pb::GetAgreementRequest { agreement_id: id.clone(), options }).is_ok();
                let its = pb::ListCampaignsRequest { agreement_id: participant.filter(exists), ..of_state(campaign.state) };
                assert!(campaigns(&mut served, when, &its).contains(&campaign), "seed {seed} {when:?}");
                assert_eq!(alone, Some(campaign), "seed {seed} {when:?}");
            }
        }
    }
    assert!(seen > 20, "only {seen} campaigns were listed");
}

#[test]
fn alerts_are_the_same_in_pages_and_by_kind() {
    let mut seen = 0;
    for seed in SEEDS {
        let (mut served, asked) = told(seed);
        for when in asked {
            let whole = pb::ListAlertsRequest { page_size: 1_000, options: Some(when.options()), ..Default::default() };
            let mut alerts = |request: &pb::ListAlertsRequest| served.alerts(request).expect("alerts");
            let all = alerts(&whole).alerts;
            let paged = all_pages(|page_token| {
                let page = alerts(&pb::ListAlertsRequest { page_size: PAGE_SIZE, page_token, ..whole.clone() });
                (page.alerts, page.next_page_token)
            });
            assert_eq!(paged, all, "seed {seed} {when:?}");
            let of_kind = |kind| all.iter().filter(move |alert| alert.kind == kind).cloned().collect::<Vec<_>>();
            for kind in 1..=15 {
                let request = pb::ListAlertsRequest { kinds: vec![kind], ..whole.clone() };
                assert_eq!(alerts(&request).alerts, of_kind(kind), "seed {seed} {when:?}");
            }
            let told_apart = |alert: &pb::Alert| !alert.message.is_empty() && alert.since.is_some();
            assert!(all.iter().all(told_apart), "seed {seed} {when:?}: {all:?}");
            seen += all.len();
            for agreement in all.iter().filter_map(|alert| alert.agreement_id.clone()) {
                let request = pb::ListAlertsRequest { agreement_id: Some(agreement.clone()), ..whole.clone() };
                let own = all.iter().filter(|alert| alert.agreement_id.as_ref() == Some(&agreement)).cloned().collect::<Vec<_>>();
                let answered = alerts(&request).alerts;
                assert!(own.iter().all(|alert| answered.contains(alert)), "seed {seed} {when:?} {agreement}");
                assert!(answered.iter().all(|alert| all.contains(alert)), "seed {seed} {when:?} {agreement}");
            }
            for partner in all.iter().filter_map(|alert| alert.partner_id.clone()) {
                let request = pb::ListAlertsRequest { partner_id: Some(partner.clone()), ..whole.clone() };
                let own = all.iter().filter(|alert| alert.partner_id.as_ref() == Some(&partner)).cloned().collect::<Vec<_>>();
                let answered = alerts(&request).alerts;
                assert!(own.iter().all(|alert| answered.contains(alert)), "seed {seed} {when:?} {partner}");
                let of_others = |alert: &pb::Alert| alert.partner_id.as_ref().is_some_and(|other| *other != partner);
                assert!(!answered.iter().any(of_others), "seed {seed} {when:?} {partner}: of others");
            }
        }
    }
    assert!(seen > 200, "only {seen} alerts were listed");
}

/// All texts that a message has under a name, however deep.
fn texts(value: &Value, name: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                found.extend(value.as_str().filter(|_| field == name).map(str::to_owned));
                texts(value, name, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, name, found)),
        _ => {}
    }
}

fn named(record: &pb::Record, name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    texts(&json::write(&json::dynamic("Record", record)), name, &mut found);
    found.remove("");
    found
}

#[test]
fn records_are_found_by_the_agreements_and_partners_that_they_name() {
    for seed in SEEDS {
        let (mut served, _) = told(seed);
        let all = served.records();
        let signed = all.iter().filter_map(|record| match record.event.as_ref()?.body.as_ref()? {
            Body::AgreementSigned(body) => Some((body.agreement_id.clone(), body.partner_id.clone())),
            _ => None,
        });
        for (agreement, partner) in signed.collect::<Vec<_>>() {
            let by_agreement = pb::RecordFilter { agreement_ids: vec![agreement.clone()], ..Default::default() };
            let by_partner = pb::RecordFilter { partner_ids: vec![partner.clone()], ..Default::default() };
            let mut read = |filter| {
                let request = pb::ReadRecordsRequest { filter: Some(filter), page_size: 7, ..Default::default() };
                served.read_records(&request).expect("records")
            };
            let (of_agreement, of_partner) = (read(by_agreement), read(by_partner));
            for record in &all {
                let of_it = named(record, "agreement_id").contains(&agreement) || named(record, "by_agreement_id").contains(&agreement);
                assert!(!of_it || of_agreement.contains(record), "seed {seed}, {agreement}: {record:?}");
                let of_partner_surely = of_it || named(record, "partner_id").contains(&partner);
                assert!(!of_partner_surely || of_partner.contains(record), "seed {seed}, {partner}: {record:?}");
            }
        }
    }
}

/// All ids that the workloads give, and some more.
fn ids(letter: char) -> impl Iterator<Item = String> {
    (0..16).map(move |number| format!("{letter}{number}"))
}

fn leads(served: &mut Served, when: When, filter: &pb::ListLeadsRequest) -> Vec<pb::Lead> {
    all_pages(|page_token| {
        let request = pb::ListLeadsRequest { page_size: PAGE_SIZE, page_token, options: Some(when.options()), ..filter.clone() };
        let page = served.list_leads(&request).expect("a page");
        (page.leads, page.next_page_token)
    })
}

fn agreements(served: &mut Served, when: When) -> Vec<pb::Agreement> {
    all_pages(|page_token| {
        let request = pb::ListAgreementsRequest { page_size: PAGE_SIZE, page_token, options: Some(when.options()), ..Default::default() };
        let page = served.list_agreements(&request).expect("a page");
        (page.agreements, page.next_page_token)
    })
}

fn campaigns(served: &mut Served, when: When, filter: &pb::ListCampaignsRequest) -> Vec<pb::Campaign> {
    all_pages(|page_token| {
        let request = pb::ListCampaignsRequest { page_size: PAGE_SIZE, page_token, options: Some(when.options()), ..filter.clone() };
        let page = served.list_campaigns(&request).expect("a page");
        (page.campaigns, page.next_page_token)
    })
}

fn partners(served: &mut Served, when: When) -> Vec<pb::Partner> {
    all_pages(|page_token| {
        let request = pb::ListPartnersRequest { page_size: PAGE_SIZE, page_token, options: Some(when.options()), ..Default::default() };
        let page = served.list_partners(&request).expect("a page");
        (page.partners, page.next_page_token)
    })
}

fn balances(served: &mut Served, when: When) -> Vec<pb::PartnerBalances> {
    all_pages(|page_token| {
        let request = pb::ListBalancesRequest { page_size: PAGE_SIZE, page_token, options: Some(when.options()), ..Default::default() };
        let page = served.list_balances(&request).expect("a page");
        (page.partners, page.next_page_token)
    })
}
