//! Alerts of stories at random: since when one about a balance has lasted, and what a filter leaves of the list.

use crate::common::facts::{
    self, adjusted, day, initiated, lifted, referred, refunded, registered, rule, signed, sold, terminated, terms, terms_with, usd,
};
use crate::common::story::Story;
use crate::views::answers::ask;
use crate::views::as_known_at::{play, turns};
use partnership_ledger::domain::Seen;
use partnership_ledger::domain::calendar::Time;
use partnership_ledger::domain::parse::timestamp;
use partnership_ledger::proto::commission_rule::Reward;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::{self, Alert, AlertKind, GetBalanceRequest, ListAlertsRequest, ListPayablesRequest, Side, TailMode};
use partnership_ledger::queries::alerts::ListAlerts;
use partnership_ledger::queries::balances::GetBalance;
use partnership_ledger::queries::payables::ListPayables;
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

/// What happens, to which of the sales or disputes, when in days, how much.
type Turn = (u8, usize, i64, i64);

fn money_turns() -> impl Strategy<Value = Vec<Turn>> {
    prop::collection::vec((0_u8..14, 0_usize..8, 0_i64..60, 1_i64..20_000), 1..80)
}

/// One partner whose sales, of two leads or of none, are disputed and not disputed any more, and whose payouts are on hold or
/// its last, within two months.
fn disputed(turns: &[Turn]) -> Story {
    let minimum_payouts = vec![usd(3_000)];
    let held = terms_with(proto::CommissionRule { hold_days: 9, ..rule(Reward::RateBps(2_000)) });
    let held = proto::Terms { minimum_payouts, tail: Some(proto::Tail { mode: TailMode::Days as i32, days: 5 }), ..held };
    let story = Story::default().on("2025-01-01", registered("acme")).on("2025-01-01", signed("a", "acme", held));
    let mut story = story.on("2025-01-01", referred("l0", "a")).on("2025-01-01", referred("l1", "a"));
    for (number, (kind, which, days, amount)) in turns.iter().copied().enumerate() {
        let body = body(number, kind, which, amount, &story);
        // What the rules refuse did not happen.
        let _ = story.tell(day("2025-01-02") + chrono::Duration::days(days), body);
    }
    story
}

fn body(number: usize, kind: u8, which: usize, amount: i64, story: &Story) -> Body {
    use proto::dispute_opened::Subject;
    let (new, lead, commissions) = (number.to_string(), format!("l{}", which % 2), &story.state.commissions);
    let sales: Vec<String> = commissions.sales.iter().map(|(_, id, _)| id.to_string()).collect();
    let disputes: Vec<String> = commissions.disputes.iter().map(|(_, id, _)| id.to_string()).collect();
    let holds: Vec<String> = story.state.holds.iter().map(|(_, id, _)| id.to_string()).collect();
    let one_of = |ids: &[String]| ids.iter().cycle().nth(which).cloned().unwrap_or_else(|| "none".to_owned());
    let opened = |subject| {
        let (dispute_id, opened_by) = (new.clone(), Side::House as i32);
        Body::DisputeOpened(proto::DisputeOpened { dispute_id, opened_by, claim: String::new(), subject: Some(subject) })
    };
    match (kind, sold(&new, &lead, amount)) {
        (0, Body::SaleRecorded(sold)) => Body::SaleRecorded(proto::SaleRecorded { lead_id: None, agreement_id: Some("a".into()), ..sold }),
        (1 | 2, sold) => sold,
        (3, _) => refunded(&new, &one_of(&sales), amount),
        (4 | 5, _) => opened(Subject::SaleId(one_of(&sales))),
        (6, _) => opened(Subject::LeadId(lead)),
        (7 | 8, _) => Body::DisputeResolved(proto::DisputeResolved { dispute_id: one_of(&disputes), outcome: 1, resolution: new }),
        (10 | 11, _) => facts::held(&new, "acme"),
        (12, _) => lifted(&one_of(&holds)),
        (13, _) if which == 0 => terminated("a"),
        (13, _) => initiated(&new, "acme", amount / 4),
        _ if which < 4 => adjusted(&new, "a", 2 * amount - 20_001),
        _ => {
            let terms = Some(Box::new(proto::Terms { minimum_payout: Some(usd(amount / 4 + 1)), ..terms() }));
            Body::AgreementAmended(proto::AgreementAmended { agreement_id: "a".into(), terms, effective_at: None })
        }
    }
}

/// An instant within a story's time, and what is known of it then.
fn seen_in(story: &Story, days: i64, part: u64) -> Seen {
    Seen { time: day("2025-01-01") + chrono::Duration::days(days), position: story.state.position * part / 100 }
}

/// Both balance alerts of a partner last since the first day of their run.
fn last_since_their_first_day(story: &Story, seen: Seen, partner: &str) -> Result<(), TestCaseError> {
    let owing = first_day(seen, |seen| owes(story, seen, partner));
    prop_assert_eq!(since(story, seen, AlertKind::NegativeBalance, partner), owing);
    let proposed = first_day(seen, |seen| is_proposed(story, seen, partner));
    prop_assert_eq!(since(story, seen, AlertKind::PayableDue, partner), proposed);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn an_alert_lasts_since_the_first_day_of_its_run(turns in turns(), days in 0_i64..260, part in 50_u64..=100) {
        let story = play(&turns);
        let seen = seen_in(&story, days, part);
        for partner in ["p0", "p1", "p2"].into_iter().filter(|_| seen.position > 6) {
            last_since_their_first_day(&story, seen, partner)?;
        }
    }

    #[test]
    fn so_it_does_whatever_is_disputed(turns in money_turns(), days in 0_i64..75, part in 70_u64..=100) {
        let story = disputed(&turns);
        last_since_their_first_day(&story, seen_in(&story, days, part), "acme")?;
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
    fn what_disputes_hold_is_the_sum_of_its_changes(turns in money_turns(), days in 0_i64..75, part in 0_u64..=100) {
        let story = disputed(&turns);
        let seen = seen_in(&story, days, part);
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
