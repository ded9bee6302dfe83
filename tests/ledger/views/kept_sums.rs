//! The sums that are kept so that no decision looks at all entries say what the entries say: over long histories of few
//! partners, told in any order, with corrections, transfers and disputes, and after a rollback.

use crate::common::facts::{
    adjusted, day, failed, initiated, paid, qualified, reassigned, referred, refunded, registered, rule, settled, signed, sold, terms,
    terms_with, usd,
};
use crate::common::story::Story;
use partnership_ledger::domain::account::{About, Entry};
use partnership_ledger::domain::calendar::{LATEST, Time};
use partnership_ledger::domain::commissions::DisputeSubject;
use partnership_ledger::domain::commissions::earning::Stands;
use partnership_ledger::domain::ids::Id;
use partnership_ledger::domain::table::Row;
use partnership_ledger::domain::{Seen, State};
use partnership_ledger::proto::commission_rule::Reward;
use partnership_ledger::proto::effect::Effect as Posted;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::{self, CommissionTrigger, Side};
use partnership_ledger::queries::SubjectQuery as _;
use partnership_ledger::queries::balances::GetBalance;
use proptest::prelude::*;

/// Something that may happen: what, to which of two, when in hours, how much.
type Turn = (u8, u8, i64, i64);

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    prop::collection::vec((0_u8..40, 0_u8..2, 0_i64..6_000, 1_i64..20_000), 300..900)
}

fn play(turns: &[Turn]) -> Story {
    let mut story = Story::default();
    for (number, hold_days) in [(0, 30), (1, 7)] {
        let capped = proto::CommissionRule { hold_days, cap_per_lead: (number == 1).then(|| usd(300_000)), ..rule(Reward::RateBps(2_000)) };
        let reward = proto::CommissionRule {
            name: "qualified".into(),
            trigger: CommissionTrigger::LeadQualified as i32,
            reward: Some(Reward::Flat(usd(500))),
            ..proto::CommissionRule::default()
        };
        let mut terms = terms_with(capped);
        let waits = proto::CommissionRule {
            name: "as the customer pays".into(),
            products: vec!["later".into()],
            payable_on: proto::PayableOn::CustomerPayment as i32,
            ..rule(Reward::RateBps(1_000))
        };
        let rules = &mut terms.commission.as_mut().expect("rules").rules;
        rules.insert(0, waits);
        rules.push(reward);
        let (partner, agreement) = (format!("p{number}"), format!("a{number}"));
        story = story.on("2025-01-01", registered(&partner)).on("2025-01-01", signed(&agreement, &partner, terms));
        story = story.on("2025-01-01", referred(&format!("l{number}"), &agreement));
    }
    for (number, turn) in turns.iter().enumerate() {
        let at = day("2025-01-02") + chrono::Duration::hours(turn.2);
        // What the rules refuse did not happen.
        let _ = story.tell(at, body(number, *turn));
    }
    story
}

/// The turn of a number; earlier turns are found by theirs.
fn body(number: usize, (kind, one, hours, amount): Turn) -> Body {
    let (lead, agreement, partner, new) = (format!("l{one}"), format!("a{one}"), format!("p{one}"), number.to_string());
    let earlier = |most: usize| (number - usize::try_from(amount).expect("an amount") % (number.min(most) + 1)).to_string();
    match kind {
        0..=13 => sold(&new, &lead, amount),
        14 | 15 => Body::SaleRecorded(sale_of(&new, &lead, amount, "later")),
        16 => Body::SaleRecorded(split(sale_of(&new, &lead, amount, "later"))),
        17 => Body::SaleRecorded(lined(split(sale_of(&new, &lead, amount, "")))),
        18 => Body::CustomerPaymentReceived(proto::CustomerPaymentReceived {
            receipt_id: new,
            sale_id: earlier(60),
            amount: Some(usd(if amount % 4 == 0 { -amount } else { amount })),
        }),
        19 if amount % 3 == 0 => Body::SaleVoided(proto::SaleVoided { sale_id: earlier(60), reason: "typed twice".into() }),
        19 => Body::CustomerPaymentReceived(proto::CustomerPaymentReceived {
            receipt_id: new,
            sale_id: earlier(20),
            amount: Some(usd(amount / 2 + 1)),
        }),
        20..=24 => refunded(&new, &earlier(300), amount),
        25 => Body::SaleReinstated(proto::SaleReinstated { reinstatement_id: new, refund_id: earlier(100) }),
        26 | 27 => paid(&new, &partner, amount * 5),
        28 => initiated(&new, &partner, amount * 5),
        29 if amount % 3 == 1 => settled(&earlier(60)),
        29 if amount % 3 == 2 => failed(&earlier(60)),
        29 => Body::PayoutReturned(proto::PayoutReturned { return_id: new, payout_id: earlier(60), amount: None, ..Default::default() }),
        30 => adjusted(&new, &agreement, amount - 10_000),
        31 if amount % 5 == 0 => Body::PeriodClosed(proto::PeriodClosed {
            through: Some(prost_types::Timestamp { seconds: 1_735_689_600 + 3_600 * hours, nanos: 0 }),
        }),
        32 | 33 => disputed(new, amount, lead, earlier(200)),
        34..=36 => Body::DisputeResolved(proto::DisputeResolved { dispute_id: earlier(120), outcome: 1, resolution: String::new() }),
        37 if amount % 3 == 0 => reassigned(&lead, None),
        37 | 38 => reassigned(&lead, Some(&format!("a{}", amount % 2))),
        _ => qualified(&lead),
    }
}

fn sale_of(sale: &str, lead: &str, minor_units: i64, product: &str) -> proto::SaleRecorded {
    let (amount, product) = (Some(usd(minor_units)), product.into());
    proto::SaleRecorded { sale_id: sale.into(), lead_id: Some(lead.into()), amount, product, ..proto::SaleRecorded::default() }
}

/// The same, on which both agreements earn.
fn split(sale: proto::SaleRecorded) -> proto::SaleRecorded {
    let of = |agreement: &str, share_bps| proto::SaleSplit { agreement_id: agreement.into(), share_bps };
    proto::SaleRecorded { splits: vec![of("a0", 3_333), of("a1", 6_667)], ..sale }
}

/// The same, of two lines; commission on one of them waits for the customer's payment.
fn lined(sale: proto::SaleRecorded) -> proto::SaleRecorded {
    let whole = sale.amount.as_ref().expect("an amount").minor_units;
    let line = |line_id: &str, product: &str, minor_units| proto::SaleLine {
        line_id: line_id.into(),
        product: product.into(),
        amount: Some(usd(minor_units)),
        commissionable: None,
    };
    proto::SaleRecorded { lines: vec![line("now", "pro", whole / 3), line("then", "later", whole - whole / 3)], ..sale }
}

fn disputed(dispute_id: String, amount: i64, lead: String, sale: String) -> Body {
    use proto::dispute_opened::Subject;
    let subject = Some(if amount % 4 == 0 { Subject::LeadId(lead) } else { Subject::SaleId(sale) });
    Body::DisputeOpened(proto::DisputeOpened { dispute_id, opened_by: Side::House as i32, claim: String::new(), subject })
}

/// When the disputes about an entry's sale or lead are open.
fn spans(state: &State, entry: &Entry) -> Vec<(Time, Option<Time>)> {
    let (sale, lead) = match (entry.about, state.sale_of(entry.about)) {
        (_, Some((sale, _))) => (Some(sale), state.commissions.sales.get(sale).lead()),
        (About::Lead(lead), None) => (None, Some(lead)),
        _ => (None, None),
    };
    let concerns = |subject| match subject {
        DisputeSubject::Lead(row) => lead == Some(row),
        DisputeSubject::Sale(row) => sale == Some(row),
        DisputeSubject::Payout(_) => false,
    };
    let disputes = state.commissions.disputes.iter().filter(|(_, _, dispute)| concerns(dispute.subject));
    disputes.map(|(_, _, dispute)| (dispute.opened.occurred_at, dispute.resolved_at(Seen::ALL))).collect()
}

/// An entry: when it settles, how much the house owes more, and when disputes about it are open.
type Settling = (Time, i128, Vec<(Time, Option<Time>)>);

fn settling(state: &State, row: Row) -> Vec<Settling> {
    // What waits for the customer's payment settles with its release.
    let entries = state.accounts.get(row).entries().filter(|entry| !entry.awaits);
    entries.map(|entry| (entry.settles_at(), -i128::from(entry.amount), spans(state, &entry))).collect()
}

/// What is held at a time, entry by entry.
fn held(entries: &[Settling], at: Time) -> i128 {
    let is_open =
        |spans: &[(Time, Option<Time>)]| spans.iter().any(|(opened, resolved)| *opened <= at && resolved.is_none_or(|end| at < end));
    entries.iter().filter(|(settles, _, spans)| *settles <= at && is_open(spans)).map(|(_, amount, _)| amount).sum::<i128>().max(0)
}

/// The lowest payable from a time on, instant by instant.
fn least_payable(entries: &[Settling], from: Time) -> (i128, Time) {
    let ends = entries.iter().flat_map(|(_, _, spans)| spans.iter().flat_map(|(opened, resolved)| [Some(*opened), *resolved]));
    let mut instants: Vec<Time> = entries.iter().map(|(settles, ..)| *settles).chain(ends.flatten()).filter(|at| *at > from).collect();
    instants.push(from);
    instants.sort_unstable();
    instants.dedup();
    let settled = |at: Time| entries.iter().filter(|(settles, ..)| *settles <= at).map(|(_, amount, _)| amount).sum::<i128>();
    instants.into_iter().map(|at| (settled(at) - held(entries, at), at)).min().expect("there is the first instant")
}

/// Since when something has held at each instant of some, which are in order; `None` if it does not at the last.
fn since(instants: impl Iterator<Item = Time>, holds: impl Fn(Time) -> bool) -> Option<Time> {
    let mut instants: Vec<Time> = instants.collect();
    instants.sort_unstable();
    instants.into_iter().rev().take_while(|instant| holds(*instant)).last()
}

/// Since when an account owes, and since when so much of it is payable, is what its entries say, instant by instant. Half way the
/// least changes.
fn assert_runs_are_right(state: &State, row: Row, seen: Seen, least: i128) {
    let account = state.accounts.get(row);
    let entries: Vec<Entry> = account.entries().filter(|entry| entry.position <= seen.position).collect();
    let sum = |counts_at: fn(&Entry) -> Time, at: Time| {
        entries.iter().filter(|entry| counts_at(entry) <= at).map(|entry| i128::from(entry.amount)).sum::<i128>()
    };
    let effective = |entry: &Entry| entry.effective_at;
    let instants = entries.iter().map(effective).filter(|at| *at <= seen.time);
    assert_eq!(account.owing_since(seen), since(instants, |at| sum(effective, at) > 0), "{seen:?}");

    let changes = state.disputed_changes(row, seen);
    let turn = seen.time - chrono::Duration::days(40);
    let payable = |at: Time| {
        let held: i128 = changes.iter().filter(|(change, _)| *change <= at).map(|(_, held)| held).sum();
        -sum(Entry::settles_at, at) - held.max(0)
    };
    let instants = entries.iter().map(Entry::settles_at).chain(changes.iter().map(|(at, _)| *at)).chain([turn]);
    assert_eq!(account.settled(seen), -sum(Entry::settles_at, seen.time), "{seen:?}");
    let expected = since(instants.filter(|at| *at <= seen.time), |at| payable(at) >= if at < turn { 1 } else { least });
    let held = (!account.knows_held(seen)).then_some(changes.as_slice());
    assert_eq!(account.payable_since(seen, &[(turn, least)], held), expected, "{seen:?}, {least}");
}

fn assert_sums_are_right(state: &State, times: &[Time]) {
    for (row, (name, currency), account) in state.accounts.iter().filter(|(_, (name, _), _)| name.is_partner()) {
        let partner = name.to_string().trim_start_matches("partner:").to_owned();
        let (id, entries) = (Id::new(&partner).expect("an id"), settling(state, row));
        for at in times {
            assert_eq!(state.least_payable_from(&id, *currency, *at), least_payable(&entries, *at), "{partner} from {at}");
            for position in [state.position, state.position * 2 / 3] {
                let seen = Seen { time: *at, position };
                let changes = state.disputed_changes(row, seen).iter().map(|(_, change)| change).sum::<i128>().max(0);
                assert_eq!(state.disputed(row, seen), changes, "{partner} at {at}, {position}");
                [1, 90_000, 700_000].into_iter().for_each(|least| assert_runs_are_right(state, row, seen, least));
            }
            let seen = Seen { time: *at, position: state.position };
            assert_eq!(state.disputed(row, seen), held(&entries, *at), "{partner} at {at}");
            let pending = account.entries().filter(|entry| entry.effective_at <= *at && (entry.awaits || entry.settles_at() > *at));
            assert_eq!(account.sums(seen).pending(), -pending.map(|entry| i128::from(entry.amount)).sum::<i128>());
        }
    }
    let parts = state.commissions.sales.iter().flat_map(|(sale, _, _)| state.parts(sale)).map(|part| part.about);
    // The slow way is slow: some of them have to do.
    for about in parts.step_by(7).chain(state.leads.by_id.iter().map(|(lead, _, _)| About::Lead(lead))) {
        for holding in state.holdings_seen(about, Seen::ALL).iter() {
            let Some((account, place)) = holding.entry else { continue };
            let stands = Stands::of(holding);
            let parts = state.paid_portions(account, place, &stands, Seen::ALL);
            assert_eq!(parts, state.paid_portions_past(account, place, &stands, Seen::ALL));
            let unpaid = state.first_unpaid(account).map_or((0, 0), |first| first.unpaid(place, &stands));
            assert_eq!(unpaid, (stands.released - parts[0].amount, stands.awaiting - parts[1].amount));
            for part in parts {
                assert_eq!(state.payouts_covering(account, part, Seen::ALL), state.payouts_covering_past(account, part, Seen::ALL));
            }
        }
    }
}

/// What is on its way to a partner is what was posted to the account of payouts in transit for it.
fn assert_transit_is_right(story: &Story, times: &[Time]) {
    for (row, (name, currency), _) in story.state.accounts.iter().filter(|(_, (name, _), _)| name.is_partner()) {
        let partner = name.to_string().trim_start_matches("partner:").to_owned();
        for at in times.iter().copied().chain([LATEST]) {
            for position in [story.state.position, story.state.position * 2 / 3] {
                let effects = story.records.iter().filter(|record| record.position <= position).flat_map(|record| &record.effects);
                let posted =
                    effects.filter_map(|effect| if let Some(Posted::Posting(posting)) = &effect.effect { Some(posting) } else { None });
                let counts = |posting: &&proto::Posting| {
                    let amount = posting.amount.as_ref().expect("an amount");
                    posting.account == "house:payouts-in-transit"
                        && posting.partner_id.as_deref() == Some(&*partner)
                        && amount.currency_code == currency.code()
                        && posting.effective_at.as_ref().is_some_and(|time| (time.seconds, time.nanos) <= (at.timestamp(), 0))
                };
                let posted: i128 = posted.filter(counts).map(|posting| i128::from(posting.amount.as_ref().expect("one").minor_units)).sum();
                let balance = story.state.balance(row, Seen { time: at, position });
                assert_eq!(balance.map_or(0, |balance| balance.in_transit), -posted, "{partner} at {at}, {position}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn what_is_kept_is_what_the_entries_say(turns in turns(), hours in prop::collection::vec(-50_i64..7_500, 6), later in turns()) {
        let times: Vec<Time> = hours.iter().map(|hours| day("2025-01-02") + chrono::Duration::hours(*hours)).collect();
        let mut story = play(&turns);
        assert_sums_are_right(&story.state, &times);
        assert_transit_is_right(&story, &times);
        // What is taken back was not.
        story.state.savepoint();
        for (number, turn) in later.iter().enumerate() {
            let at = day("2025-01-02") + chrono::Duration::hours(turn.2);
            if let Ok(record) = story.decided(at, body(turns.len() + number, *turn)) {
                story.state.evolve(&record);
            }
        }
        assert_sums_are_right(&story.state, &times[..2]);
        story.state.rollback();
        assert_sums_are_right(&story.state, &times[..2]);
        assert_transit_is_right(&story, &times[..2]);
    }
}

/// Whose sums are kept is read from the live state: it costs little however many entries there are.
#[test]
fn a_balance_is_long_only_where_its_sums_are_not_kept() {
    let mut story = Story::default().on("2025-01-01", registered("acme")).on("2025-01-01", signed("a", "acme", terms()));
    for number in 0..16_400 {
        story.tell(day("2025-01-03"), adjusted(&number.to_string(), "a", 5)).expect("the rules allow it");
    }
    let request = proto::GetBalanceRequest { partner_id: "acme".into(), options: None };
    let is_long = |seen| GetBalance::is_long(&story.state, &request, seen);
    let all = story.seen("2025-02-01");
    assert!(!is_long(all), "all is seen");
    assert!(is_long(story.seen("2025-01-02")), "entries count only later");
    assert!(is_long(Seen { position: all.position - 1, ..all }), "a record came later");
}
