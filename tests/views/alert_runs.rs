//! Alerts of stories at random: since when one about a balance has lasted, and what a filter leaves of the list.

use crate::answers::ask;
use crate::as_known_at::{Turn, play, turns};
use crate::story::{Story, day};
use partnership_ledger::domain::Seen;
use partnership_ledger::domain::calendar::Time;
use partnership_ledger::domain::parse::timestamp;
use partnership_ledger::proto::{Alert, AlertKind, GetBalanceRequest, ListAlertsRequest, ListPayablesRequest};
use partnership_ledger::views::alerts::ListAlerts;
use partnership_ledger::views::balances::GetBalance;
use partnership_ledger::views::payables::ListPayables;
use proptest::prelude::*;

/// Since when a partner's alert of a kind has lasted, if there is one.
fn since(story: &Story, seen: Seen, kind: AlertKind, partner: &str) -> Option<prost_types::Timestamp> {
    let request = ListAlertsRequest { partner_id: Some(partner.into()), kinds: vec![kind as i32], ..ListAlertsRequest::default() };
    let alerts = ask::<ListAlerts>(story, seen, &request).expect("an answer").alerts;
    assert!(alerts.len() < 2, "all is in one currency: {alerts:?}");
    alerts.into_iter().next().and_then(|alert| alert.since)
}

/// The first day of the run of days until the time asked on which something holds. All that is played happens at midnight.
fn first_day(seen: Seen, holds: impl Fn(Seen) -> bool) -> Option<prost_types::Timestamp> {
    let days = (0..).map(|days| seen.time - chrono::Duration::days(days)).take_while(|time: &Time| *time > day("2024-12-01"));
    days.take_while(|time| holds(Seen { time: *time, ..seen })).last().map(timestamp)
}

fn owes(story: &Story, seen: Seen, partner: &str) -> bool {
    let request = GetBalanceRequest { partner_id: partner.into(), options: None };
    ask::<GetBalance>(story, seen, &request).is_ok_and(|answer| answer.balances.iter().any(|balance| balance.net < 0))
}

fn is_proposed(story: &Story, seen: Seen, partner: &str) -> bool {
    let answer = ask::<ListPayables>(story, seen, &ListPayablesRequest::default()).expect("an answer");
    answer.payables.iter().any(|payable| payable.partner_id == partner)
}

/// Kinds whose alerts name partner and agreement themselves, whomever they are asked for.
const NAMED: [AlertKind; 11] = [
    AlertKind::ExclusivityBreached,
    AlertKind::BreachUncured,
    AlertKind::NegativeBalance,
    AlertKind::PayableDue,
    AlertKind::NoticeEnding,
    AlertKind::ExpiryNear,
    AlertKind::ExclusivityEnding,
    AlertKind::MissingManager,
    AlertKind::BrandUseUndecided,
    AlertKind::ReviewOverdue,
    AlertKind::CheckInOverdue,
];

/// All alerts that are asked for, in pages of a size.
fn listed(story: &Story, seen: Seen, request: &ListAlertsRequest, page_size: u32) -> Vec<Alert> {
    let mut request = ListAlertsRequest { page_size, ..request.clone() };
    let mut alerts = Vec::new();
    loop {
        let page = ask::<ListAlerts>(story, seen, &request).expect("a page");
        alerts.extend(page.alerts);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return alerts;
        }
    }
}

/// Three leads, then sales, refunds, payments, adjustments, disputes and what becomes of them, and new minimums.
fn money() -> impl Strategy<Value = Vec<Turn>> {
    const KINDS: [u8; 10] = [2, 2, 3, 5, 7, 8, 13, 13, 14, 16];
    turns().prop_map(|turns| {
        let leads = (0..3).map(|number| (0, number, number, 0, 1));
        let turns =
            turns.into_iter().map(|(kind, one, other, days, amount)| (KINDS[usize::from(kind) % KINDS.len()], one, other, days, amount));
        leads.chain(turns).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn an_alert_lasts_since_the_first_day_of_its_run(turns in prop_oneof![turns(), money()], days in 0_i64..260, part in 50_u64..=100) {
        let story = play(&turns);
        let seen = Seen { time: day("2025-01-01") + chrono::Duration::days(days), position: story.state.position * part / 100 };
        for partner in ["p0", "p1", "p2"].into_iter().filter(|_| seen.position > 6) {
            let owing = first_day(seen, |seen| owes(&story, seen, partner));
            prop_assert_eq!(since(&story, seen, AlertKind::NegativeBalance, partner), owing);
            let proposed = first_day(seen, |seen| is_proposed(&story, seen, partner));
            prop_assert_eq!(since(&story, seen, AlertKind::PayableDue, partner), proposed);
        }
    }

    #[test]
    fn a_filter_leaves_what_names_whom_is_asked_for(turns in turns(), days in 10_i64..260, number in 0_u8..3, page_size in 1_u32..4) {
        let story = play(&turns);
        let seen = Seen { time: day("2025-01-01") + chrono::Duration::days(days), position: story.state.position };
        let all = ListAlertsRequest { kinds: NAMED.map(|kind| kind as i32).to_vec(), ..ListAlertsRequest::default() };
        let whole = listed(&story, seen, &all, 1_000);
        // The partners and the agreements are numbered the other way round.
        let (partner_id, agreement_id) = (Some(format!("p{number}")), Some(format!("a{}", 2 - number)));
        let other = Some(format!("a{}", (3 - number) % 3));
        for (partner_id, agreement_id) in
            [(&partner_id, &None), (&None, &agreement_id), (&partner_id, &agreement_id), (&partner_id, &other), (&None, &None)]
        {
            let names = |alert: &&Alert| {
                (partner_id.is_none() || alert.partner_id == *partner_id) && (agreement_id.is_none() || alert.agreement_id == *agreement_id)
            };
            let request = ListAlertsRequest { partner_id: partner_id.clone(), agreement_id: agreement_id.clone(), ..all.clone() };
            let wanted: Vec<Alert> = whole.iter().filter(names).cloned().collect();
            prop_assert_eq!(listed(&story, seen, &request, page_size), wanted);
        }
    }

    #[test]
    fn what_disputes_hold_is_the_sum_of_its_changes(turns in money(), days in 0_i64..260, part in 0_u64..=100) {
        let story = play(&turns);
        let seen = Seen { time: day("2025-01-01") + chrono::Duration::days(days), position: story.state.position * part / 100 };
        for (row, _, _) in story.state.accounts.iter() {
            let changes = story.state.disputed_changes(row, seen);
            prop_assert!(changes.is_sorted_by_key(|(at, _)| *at) && changes.iter().all(|(at, _)| *at <= seen.time));
            for time in changes.iter().map(|(at, _)| *at).chain([seen.time, seen.time - chrono::Duration::days(40)]) {
                let held: i128 = changes.iter().filter(|(at, _)| *at <= time).map(|(_, change)| change).sum();
                prop_assert_eq!(held.max(0), story.state.disputed(row, Seen { time, ..seen }));
            }
        }
    }
}
