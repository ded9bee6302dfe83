//! Figures: what the projection says is what all records say, one by one, at any time and position and in any window.

mod recounted;

use crate::common::facts::{
    cost, day, delivered, measured, paid, planned, qualified, reassigned, referred, referred_through, refunded, registered, rule, signed,
    sold, taking, terms, terms_with, usd,
};
use crate::common::story::Story;
use crate::views::answers::metrics;
use crate::views::as_known_at::{Turn, play};
use partnership_ledger::domain::parse::{Fields, timestamp};
use partnership_ledger::domain::{Seen, State};
use partnership_ledger::proto::commission_rule::Reward;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::get_metrics_request::Scope;
use partnership_ledger::proto::{self, AcquiredBy, GetMetricsRequest, Metrics, Ratio};
use partnership_ledger::queries::metrics::GetMetrics;
use proptest::prelude::*;
use recounted::Recount;
use std::collections::BTreeMap;

fn of(scope: Scope) -> GetMetricsRequest {
    GetMetricsRequest { scope: Some(scope), ..GetMetricsRequest::default() }
}

fn partner(id: &str) -> GetMetricsRequest {
    of(Scope::PartnerId(id.into()))
}

fn campaign(id: &str) -> GetMetricsRequest {
    of(Scope::CampaignId(id.into()))
}

fn within(request: GetMetricsRequest, from: &str, to: &str) -> GetMetricsRequest {
    GetMetricsRequest { from: Some(timestamp(day(from))), to: Some(timestamp(day(to))), ..request }
}

fn asked(story: &Story, date: &str, request: &GetMetricsRequest) -> Metrics {
    metrics(story, story.seen(date), request).expect("figures")
}

fn scopes() -> Vec<Scope> {
    let numbered = (0..3).flat_map(|number| {
        [Scope::PartnerId(format!("p{number}")), Scope::AgreementId(format!("a{number}")), Scope::CampaignId(format!("c{number}"))]
    });
    numbered.chain([Scope::All(true)]).collect()
}

/// What moves figures, more often what they are made of: referrals, sales, refunds, closes, reassignments, what happens in
/// campaigns, and what qualifies or loses a lead.
const MOVING: [u8; 26] = [0, 0, 0, 1, 2, 2, 2, 3, 5, 5, 6, 12, 15, 15, 15, 16, 20, 22, 23, 24, 25, 26, 28, 30, 30, 31];

fn moving_turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = (prop::sample::select(&MOVING[..]), 0_u8..3, 0_u8..3, 0_i64..200, 1_i64..20_000);
    prop::collection::vec(turn, 40..200)
}

/// Money as an answer has it: revenue, commission, cost, average deal, share of all revenue.
type Money = (i64, i64, i64, Option<i64>, Option<(i64, i64)>);

fn money_of(figures: &Metrics) -> BTreeMap<String, Money> {
    let by_currency = figures.by_currency.iter().map(|money| {
        let share = money.share_of_all_revenue.map(|share| (share.numerator, share.denominator));
        (money.currency_code.clone(), (money.revenue, money.commission, money.cost, money.average_deal, share))
    });
    by_currency.collect()
}

/// The same, recounted; a currency is there if anything of the scope touched it.
fn recounted(own: &Recount, all: &Recount, is_all: bool) -> BTreeMap<String, Money> {
    let all = all.money();
    let by_currency = own.money().into_iter().map(|(code, money)| {
        let average = (money.deals != 0).then(|| rounded(money.revenue, money.deals));
        let part = if is_all { money.credited } else { money.revenue };
        let whole = all.get(&code).map_or(0, |all| all.revenue);
        (code, (money.revenue, money.commission, money.cost, average, (whole != 0).then_some((part, whole))))
    });
    by_currency.collect()
}

/// Half away from zero, as people do it: of the amount without its sign.
fn rounded(amount: i64, count: i64) -> i64 {
    let (whole, rest) = (amount.abs() / count, amount.abs() % count);
    (whole + i64::from(2 * rest >= count)) * amount.signum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_projection_says_what_the_records_say(
        turns in moving_turns(), days in 0_i64..260, part in 50_u64..=100, bounds in (0_i64..260, 0_i64..200), bounded in (any::<bool>(), any::<bool>()),
    ) {
        let story = play(&turns);
        let begin = day("2025-01-01");
        let seen = Seen { time: begin + chrono::Duration::days(days), position: story.state.position * part / 100 };
        let from = bounded.0.then(|| begin + chrono::Duration::days(bounds.0));
        let to = bounded.1.then(|| from.unwrap_or(begin) + chrono::Duration::days(bounds.1));
        let all = Recount::new(&story.records, seen, (from, to), Scope::All(true));
        for scope in scopes() {
            let request = GetMetricsRequest { from: from.map(timestamp), to: to.map(timestamp), ..of(scope.clone()) };
            let Ok(figures) = metrics(&story, seen, &request) else { continue };
            let is_all = scope == Scope::All(true);
            let own = Recount::new(&story.records, seen, (from, to), scope);
            prop_assert_eq!((figures.leads, figures.qualified, figures.deals), own.counts());
            prop_assert_eq!(money_of(&figures), recounted(&own, &all, is_all));
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "answers hold rates as an Option")]
fn rate(numerator: i64, denominator: i64, basis_points: i64) -> Option<Ratio> {
    Some(Ratio { numerator, denominator, basis_points })
}

/// Partner acme with agreement `a` and 20 % of every sale, beta with `b`.
fn programme() -> Story {
    let mut story = Story::default();
    for (partner, agreement) in [("acme", "a"), ("beta", "b")] {
        story = story.on("2025-01-01", registered(partner)).on("2025-01-01", signed(agreement, partner, terms()));
    }
    story
}

#[test]
fn a_webinar_is_told_in_exact_rates() {
    let mut story = programme().on("2025-01-10", planned("webinar", &["a"]));
    for number in 0..4 {
        let lead = format!("l{number}");
        story = story.on("2025-02-01", referred_through("webinar", &lead, Some("a"), AcquiredBy::Partner));
    }
    let story = story
        .on("2025-02-01", cost("c1", "webinar", None, 200_001))
        .on("2025-02-01", measured("webinar", None, [Some(50_000), Some(100_000)], Some(30)))
        .on("2025-02-05", qualified("l0"))
        .on("2025-02-06", qualified("l1"))
        .on("2025-02-07", qualified("l2"))
        .on("2025-03-01", sold("s1", "l0", 500_000));
    let figures = asked(&story, "2025-12-31", &campaign("webinar"));
    assert_eq!((figures.leads, figures.qualified, figures.registrations, figures.deals), (4, 3, Some(30), 1));
    assert_eq!((figures.conversion, figures.close_rate), (rate(3, 30, 1_000), rate(1, 3, 3_333)));
    let money = &figures.by_currency[0];
    // The house bears 100 000.5 of the cost, and of a tie the odd cent.
    assert_eq!(
        (money.revenue, money.commission, money.net_revenue, money.cost, money.net_result),
        (500_000, 100_000, 400_000, 100_001, 299_999)
    );
    assert_eq!((money.cost_per_registration, money.cost_per_qualified, money.cost_per_deal), (Some(3_333), Some(33_334), Some(100_001)));
    assert_eq!(money.return_on_cost, rate(399_999, 100_001, 40_000));
    let reach = figures.reach.expect("it was measured");
    assert_eq!((reach.combined_audience, reach.uplift, reach.visit_rate), (150_000, rate(150_000, 50_000, 30_000), rate(0, 150_000, 0)));
    let of_partner = asked(&story, "2025-12-31", &partner("acme"));
    assert_eq!((of_partner.registrations, of_partner.conversion), (None, rate(3, 4, 7_500)), "registrations are a campaign's");
    assert_eq!(of_partner.by_currency[0].cost, 100_001, "the partner takes part in the campaign");
    assert_eq!(asked(&story, "2025-12-31", &partner("beta")), Metrics::default(), "beta does not");
}

#[test]
fn a_lead_counts_once_in_any_window_that_holds_one_of_its_referrals() {
    // The protection of 90 days has lapsed when the lead is referred again.
    let story =
        programme().on("2025-01-10", referred("l1", "a")).on("2025-06-01", referred("l1", "a")).on("2025-10-01", referred("l1", "b"));
    let leads = |request: GetMetricsRequest| asked(&story, "2025-12-31", &request).leads;
    assert_eq!([leads(partner("acme")), leads(partner("beta")), leads(of(Scope::All(true)))], [1, 1, 1]);
    assert_eq!(leads(within(partner("acme"), "2025-05-01", "2025-07-01")), 1);
    assert_eq!(leads(within(partner("acme"), "2025-07-01", "2025-12-01")), 0);
    assert_eq!(leads(within(of(Scope::All(true)), "2025-05-01", "2025-12-01")), 1);
    assert_eq!(leads(within(partner("acme"), "2025-01-10", "2025-01-10")), 0, "an empty window holds nothing");
}

#[test]
fn a_sale_told_late_moves_the_deal_to_where_it_was_first_sold() {
    let story = programme()
        .on("2025-01-10", referred("l1", "a"))
        .on("2025-06-01", referred("l1", "b"))
        .on("2025-07-01", sold("later", "l1", 10_000))
        .on("2025-02-01", sold("earlier", "l1", 700));
    let deals =
        |position: u64, id: &str| metrics(&story, Seen { position, ..story.seen("2025-12-31") }, &partner(id)).expect("figures").deals;
    let last = story.state.position;
    assert_eq!([deals(last - 1, "acme"), deals(last - 1, "beta")], [0, 1]);
    assert_eq!([deals(last, "acme"), deals(last, "beta")], [1, 0]);
    let of_beta = &asked(&story, "2025-12-31", &partner("beta")).by_currency[0];
    assert_eq!((of_beta.revenue, of_beta.average_deal, of_beta.share_of_all_revenue), (10_000, None, rate(10_000, 10_700, 9_346)));
}

#[test]
fn money_of_different_currencies_is_never_added_up() {
    let in_yen = |mut body: Body| {
        let Body::SaleRecorded(sale) = &mut body else { unreachable!("a sale") };
        sale.amount.as_mut().expect("an amount").currency_code = "JPY".into();
        body
    };
    let story = programme()
        .on("2025-01-10", referred("l1", "a"))
        .on("2025-02-01", sold("s1", "l1", 10_000))
        .on("2025-02-02", in_yen(sold("s2", "l1", 300)));
    let figures = asked(&story, "2025-12-31", &partner("acme"));
    let money: Vec<_> = figures
        .by_currency
        .iter()
        .map(|money| (money.currency_code.as_str(), money.revenue, money.commission, money.average_deal))
        .collect();
    assert_eq!(money, [("JPY", 300, 60, None), ("USD", 10_000, 2_000, Some(10_000))], "the lead's first sale was in dollars");
}

#[test]
fn commission_counts_when_it_happened_once_its_posting_counts() {
    let closed = |date: &str| Body::PeriodClosed(proto::PeriodClosed { through: Some(timestamp(day(date))) });
    let story = programme()
        .on("2025-01-10", referred("l1", "a"))
        .on("2025-04-01", closed("2025-04-01"))
        .on("2025-02-01", sold("late", "l1", 10_000));
    let january_on = within(partner("acme"), "2025-01-01", "2025-03-01");
    let money = |date: &str| asked(&story, date, &january_on).by_currency[0].clone();
    assert_eq!((money("2025-03-31").revenue, money("2025-03-31").commission), (10_000, 0), "it is posted at the close");
    assert_eq!((money("2025-04-01").revenue, money("2025-04-01").commission), (10_000, 2_000), "by when it happened");
}

#[test]
fn commission_that_moved_counts_with_whom_it_stands() {
    let story = programme()
        .on("2025-01-10", referred("l1", "a"))
        .on("2025-02-01", sold("s1", "l1", 10_000))
        .on("2025-03-01", reassigned("l1", Some("b")))
        .on("2025-04-01", refunded("r1", "s1", 5_000));
    let money = |id: &str| asked(&story, "2025-12-31", &partner(id)).by_currency[0].clone();
    assert_eq!((money("acme").revenue, money("acme").commission), (5_000, 0));
    assert_eq!((money("beta").revenue, money("beta").commission), (0, 1_000), "the refund takes it from the last holder");
}

#[test]
fn effort_counts_what_was_due_by_then() {
    let story = programme().on("2025-01-10", planned("webinar", &["a"])).on("2025-03-01", delivered("webinar", "invitations"));
    let effort = |date: &str, request: &GetMetricsRequest| {
        let efforts = asked(&story, date, request).effort.into_iter();
        efforts.map(|effort| (effort.participant.expect("somebody"), effort.due_weight, effort.delivered_weight)).collect::<Vec<_>>()
    };
    assert_eq!(effort("2025-01-31", &campaign("webinar")), []);
    assert_eq!(effort("2025-02-01", &campaign("webinar")), [(taking(None), 3, 0)]);
    // What has no time of its own is due at the campaign's end.
    assert_eq!(effort("2025-04-01", &partner("acme")), [(taking(None), 3, 0), (taking(Some("a")), 5, 5)]);
    assert_eq!(effort("2025-12-31", &within(campaign("webinar"), "2025-03-01", "2025-05-01")), [(taking(Some("a")), 5, 5)]);
}

#[test]
fn of_each_number_the_latest_measurement_counts() {
    let story = programme()
        .on("2025-01-10", planned("webinar", &["a"]))
        .on("2025-03-01", measured("webinar", None, [Some(100), Some(40)], None))
        .on("2025-02-01", measured("webinar", Some("a"), [Some(900), Some(900)], Some(7)));
    let reach = |request: &GetMetricsRequest| asked(&story, "2025-12-31", request).reach.map(|reach| reach.combined_audience);
    assert_eq!(reach(&campaign("webinar")), Some(140), "told late, February stays behind March");
    assert_eq!(reach(&within(campaign("webinar"), "2025-02-01", "2025-03-01")), Some(1_800));
    assert_eq!(reach(&within(campaign("webinar"), "2025-04-01", "2025-05-01")), None);
    assert_eq!(asked(&story, "2025-12-31", &campaign("webinar")).registrations, Some(7));
}

#[test]
fn a_sum_beyond_64_bits_is_absent_and_said_to_be() {
    // The largest amount that a sale may have; 9 223 of them still fit.
    let largest = 1_000_000_000_000_000;
    let mut story = Story::default();
    let mut sell = |numbers: std::ops::Range<i64>| {
        for number in numbers {
            let sale = proto::SaleRecorded { sale_id: format!("s{number}"), amount: Some(usd(largest)), ..proto::SaleRecorded::default() };
            story.tell(day("2025-01-11"), Body::SaleRecorded(sale)).expect("a sale of the house's own");
        }
        asked(&story, "2026-01-01", &of(Scope::All(true)))
    };
    let fitting = sell(0..9_223);
    assert_eq!(
        (fitting.by_currency[0].revenue, fitting.by_currency[0].is_out_of_range, fitting.is_out_of_range),
        (9_223 * largest, false, false)
    );
    let beyond = sell(9_223..9_224);
    assert_eq!((beyond.by_currency[0].revenue, beyond.by_currency[0].net_result), (0, 0));
    assert!(beyond.by_currency[0].is_out_of_range && beyond.is_out_of_range);
}

#[test]
fn a_transfer_counts_for_the_campaign_that_earned_what_it_moves() {
    let reward = rule(Reward::Flat(usd(500)));
    let reward = proto::CommissionRule { trigger: proto::CommissionTrigger::LeadQualified as i32, ..reward };
    let lost = |lead: &str| Body::LeadLost(proto::LeadLost { lead_id: lead.into(), ..proto::LeadLost::default() });
    let through = |campaign: &str| referred_through(campaign, "l", Some("a"), AcquiredBy::Partner);
    let story = Story::default()
        .on("2025-01-01", registered("acme"))
        .on("2025-01-01", registered("bond"))
        .on("2025-01-01", signed("a", "acme", terms_with(reward)))
        .on("2025-01-01", signed("b", "bond", terms()))
        .on("2025-01-01", planned("first", &["a"]))
        .on("2025-01-01", planned("second", &["a"]))
        .on("2025-02-01", through("first"))
        .on("2025-02-02", qualified("l"))
        .on("2025-02-03", lost("l"))
        .on("2025-02-04", through("second"))
        .on("2025-02-05", qualified("l"))
        // The first reward is paid: only the second one moves.
        .on("2025-02-06", paid("p", "acme", 500))
        .on("2025-02-07", reassigned("l", None));
    let commission = |name: &str| asked(&story, "2026-01-01", &campaign(name)).by_currency[0].commission;
    assert_eq!([commission("first"), commission("second")], [500, 0]);
    let story = story.on("2025-02-08", referred_through("first", "m", Some("a"), AcquiredBy::Partner));
    assert_eq!(asked(&story, "2026-01-01", &of(Scope::All(true))).by_currency[0].commission, 500);
}

#[test]
fn what_is_known_in_many_facts_is_answered_by_sums() {
    let mut story = programme().on("2025-01-10", referred("l1", "a"));
    for number in 0..3_000_i64 {
        let at = day("2025-01-11") + chrono::Duration::minutes(number);
        story.tell(at, sold(&format!("s{number}"), "l1", 100)).expect("a sale");
    }
    let looked_at = |request: &GetMetricsRequest, seen: Seen| {
        let question = GetMetrics::parse(request, &mut Fields::default());
        let selection = question.select(&story.state, seen).expect("known");
        selection.gather(&story.metrics).map(|gathered| gathered.left())
    };
    let now = story.seen("2026-01-01");
    assert_eq!(looked_at(&partner("acme"), now), [0, 0], "of the present no fact is looked at");
    let [own, all] = looked_at(&within(partner("acme"), "2025-01-12", "2025-01-13"), Seen { position: 2_000, ..now });
    assert!(own > 0 && own <= 3 * 128 && all <= 3 * 128, "of a window only its edges: {own}, {all}");
    assert_eq!(asked(&story, "2026-01-01", &partner("acme")).by_currency[0].revenue, 300_000);
}

#[test]
fn a_question_without_a_scope_or_against_time_is_malformed() {
    let fields_of = |request: &GetMetricsRequest| {
        let mut fields = Fields::default();
        GetMetrics::parse(request, &mut fields);
        fields.into_violations().into_iter().map(|violation| violation.field).collect::<Vec<_>>()
    };
    assert_eq!(fields_of(&GetMetricsRequest::default()), ["scope"]);
    assert_eq!(fields_of(&of(Scope::All(false))), ["all"]);
    assert_eq!(fields_of(&partner("a b")), ["partner_id"]);
    assert_eq!(fields_of(&within(partner("acme"), "2025-02-01", "2025-01-31")), ["to"]);
}
