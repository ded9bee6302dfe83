//! Pages: together they are the whole list, at the instant it began with, whatever is recorded in between.

use crate::common::facts::{adjusted, day, referred, registered, rule, signed, sold, terms, terms_with, usd};
use crate::common::story::Story;
use crate::views::answers::{ask, entries};
use crate::views::as_known_at::{play, turns};
use partnership_ledger::domain::Seen;
use partnership_ledger::domain::calendar::LATEST;
use partnership_ledger::domain::parse::timestamp;
use partnership_ledger::proto::commission_rule::Reward;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::{self, Entry, EntryKind, ListEntriesRequest, ListLeadsRequest, ListPayablesRequest};
use partnership_ledger::queries::leads::ListLeads;
use partnership_ledger::queries::payables::ListPayables;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Whether a line is wanted.
type Matches<'a> = &'a dyn Fn(&&Entry) -> bool;

/// All lines of a statement, page by page.
fn statement(story: &Story, seen: Seen, request: &ListEntriesRequest, page_size: u32) -> Vec<Entry> {
    let mut request = ListEntriesRequest { page_size, ..request.clone() };
    let mut lines = Vec::new();
    loop {
        let page = entries(story, seen, &request).expect("an answer");
        assert!(page.entries.len() <= page_size as usize && page.position == seen.position);
        lines.extend(page.entries);
        if page.next_page_token.is_empty() {
            return lines;
        }
        request.page_token = page.next_page_token;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_statement_adds_up_and_its_pages_too(turns in turns(), days in 0_i64..260, page_size in 1_u32..6, number in 0_u8..3) {
        let story = play(&turns);
        let seen = Seen { time: day("2025-01-01") + chrono::Duration::days(days), position: story.state.position };
        let of_partner = ListEntriesRequest { partner_id: format!("p{number}"), ..ListEntriesRequest::default() };
        let all = statement(&story, seen, &of_partner, 1_000);
        let mut nets: BTreeMap<&str, i64> = BTreeMap::new();
        for line in &all {
            let net = nets.entry(&line.currency_code).or_default();
            *net += line.amount;
            prop_assert_eq!(line.net_after, *net);
        }
        prop_assert_eq!(&statement(&story, seen, &of_partner, page_size), &all);
        let kinds = vec![EntryKind::Accrual as i32, EntryKind::Collection as i32];
        let of_sale = ListEntriesRequest { sale_id: Some("s11".into()), ..of_partner.clone() };
        let of_agreement = ListEntriesRequest { agreement_id: Some("a1".into()), kinds: kinds.clone(), ..of_partner.clone() };
        let of_lead = ListEntriesRequest { lead_id: Some("l1".into()), ..of_partner.clone() };
        let wanted: [(ListEntriesRequest, Matches); 3] = [
            (of_sale, &|line| line.sale_id.as_deref() == Some("s11")),
            (of_agreement, &|line| line.agreement_id.as_deref() == Some("a1") && kinds.contains(&line.kind)),
            (of_lead, &|line| line.lead_id.as_deref() == Some("l1")),
        ];
        for (request, matches) in wanted {
            if entries(&story, seen, &request).is_ok() {
                let some: Vec<Entry> = all.iter().filter(matches).cloned().collect();
                prop_assert_eq!(statement(&story, seen, &request, page_size), some);
            }
        }
    }
}

/// What happens again and again: which fact, how often, from which day on, and the amount.
type Run = (u8, usize, i64, i64);

/// A partner's account of a few hundred entries, in runs of a kind, some of which come to nothing.
fn in_runs(runs: &[Run]) -> Story {
    let held = proto::CommissionRule { hold_days: 30, ..rule(Reward::RateBps(2_000)) };
    let mut story = Story::default();
    story = story.on("2025-01-01", registered("acme")).on("2025-01-01", signed("a", "acme", terms_with(held)));
    story = story.on("2025-01-01", signed("b", "acme", terms())).on("2025-01-01", referred("l", "a"));
    for (run, (fact, times, from, amount)) in runs.iter().enumerate() {
        for number in 0..*times {
            let (id, sign) = (format!("{run}-{number}"), if number % 2 == 0 { 1 } else { -1 });
            let body = match fact {
                0 => adjusted(&id, "a", *amount),
                1 => adjusted(&id, "b", sign * amount),
                2 => sold(&id, "l", *amount),
                _ => Body::PaymentReceived(proto::PaymentReceived {
                    payment_id: id,
                    partner_id: "acme".into(),
                    amount: Some(usd(*amount)),
                    ..proto::PaymentReceived::default()
                }),
            };
            let at = day("2025-01-02") + chrono::Duration::days(from + i64::try_from(number % 4).expect("few"));
            story.tell(at, body).expect("the rules allow it");
        }
    }
    story
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn lines_of_a_kind_and_a_time_are_those_among_all(
        runs in prop::collection::vec((0_u8..4, 1_usize..140, 0_i64..200, 1_i64..1_000), 1..6), days in 0_i64..260, page_size in 1_u32..60,
        kinds in prop::sample::subsequence(vec![EntryKind::Accrual, EntryKind::Adjustment, EntryKind::Receipt, EntryKind::Payment], 0..3),
        from in prop::option::of(0_i64..210), to in prop::option::of(0_i64..210), of_agreement in prop::option::of(0_usize..2),
    ) {
        let story = in_runs(&runs);
        let at = |days| day("2025-01-01") + chrono::Duration::days(days);
        let seen = Seen { time: at(days), position: story.state.position };
        let of_partner = ListEntriesRequest { partner_id: "acme".into(), ..ListEntriesRequest::default() };
        let all = statement(&story, seen, &of_partner, 1_000);
        let mut net = 0;
        for line in &all {
            net += line.amount;
            prop_assert_eq!(line.net_after, net);
        }
        let (from, to, agreement) = (from.map(at).map(timestamp), to.map(at).map(timestamp), of_agreement.map(|number| ["a", "b"][number]));
        let kinds: Vec<i32> = kinds.into_iter().map(|kind| kind as i32).collect();
        let seconds = |time: &Option<prost_types::Timestamp>| time.as_ref().map(|time| time.seconds);
        let is_wanted = |line: &&Entry| {
            (kinds.is_empty() || kinds.contains(&line.kind))
                && from.as_ref().is_none_or(|from| Some(from.seconds) <= seconds(&line.effective_at))
                && to.as_ref().is_none_or(|to| seconds(&line.effective_at) < Some(to.seconds))
                && agreement.is_none_or(|agreement| line.agreement_id.as_deref() == Some(agreement))
        };
        let request = ListEntriesRequest {
            kinds: kinds.clone(),
            effective_from: from,
            effective_to: to,
            agreement_id: agreement.map(str::to_owned),
            ..of_partner
        };
        if entries(&story, seen, &request).is_ok() {
            let some: Vec<Entry> = all.iter().filter(is_wanted).cloned().collect();
            prop_assert_eq!(statement(&story, seen, &request, page_size), some);
        }
    }
}

#[test]
fn a_later_page_sees_what_the_first_one_saw() {
    let mut story = Story::default().on("2025-01-01", registered("acme")).on("2025-01-01", signed("a", "acme", terms()));
    for number in 0..5 {
        story = story.on("2025-01-02", referred(&format!("l{number}"), "a"));
    }
    let seen = story.seen("2025-02-01");
    let first = ask::<ListLeads>(&story, seen, &ListLeadsRequest { page_size: 3, ..ListLeadsRequest::default() }).expect("an answer");
    let story = story.on("2025-01-03", referred("later", "a"));
    let request = ListLeadsRequest { page_size: 3, page_token: first.next_page_token, ..ListLeadsRequest::default() };
    let second = ask::<ListLeads>(&story, story.seen("2026-01-01"), &request).expect("an answer");
    let ids: Vec<&str> = first.leads.iter().chain(&second.leads).map(|lead| lead.lead_id.as_str()).collect();
    assert_eq!(ids, ["l0", "l1", "l2", "l3", "l4"]);
    assert_eq!((second.next_page_token.as_str(), second.position), ("", seen.position));
}

#[test]
fn a_page_may_end_between_the_currencies_of_a_partner() {
    let mut story = Story::default();
    for partner in ["b", "a"] {
        story = story.on("2025-01-01", registered(partner)).on("2025-01-01", signed(&format!("a-{partner}"), partner, terms()));
        for code in ["USD", "EUR", "THB"] {
            let Body::CommissionAdjusted(mut gift) = adjusted(&format!("{partner}-{code}"), &format!("a-{partner}"), 5) else {
                unreachable!("an adjustment")
            };
            gift.amount.as_mut().expect("an amount").currency_code = code.into();
            story = story.on("2025-01-02", Body::CommissionAdjusted(gift));
        }
    }
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListPayablesRequest { page_size: 2, page_token, ..ListPayablesRequest::default() };
        let page = ask::<ListPayables>(&story, Seen { time: LATEST, position: story.state.position }, &request).expect("an answer");
        found.extend(page.payables.into_iter().map(|payable| format!("{} {}", payable.partner_id, payable.currency_code)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(found, ["a EUR", "a THB", "a USD", "b EUR", "b THB", "b USD"]);
}
