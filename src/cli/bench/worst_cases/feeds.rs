//! The events that make the ledger of the worst cases. All of them obey the rules.

use super::sizes::{SALES_OF_A_LEAD, Sizes};
use super::world::{DAY, LANES, START, World, usd};
use partnership_ledger::proto::{self, commission_rule::Reward, dispute_opened::Subject, event::Body};
use prost_types::Timestamp;
use std::sync::Arc;

/// Partners with subjects of their own.
const SPECIAL: [&str; 6] = ["large", "half", "disputed", "capped", "pending", "receiver"];
/// Categories of the partner whose signatures are measured, and of each exclusivity.
const CATEGORIES: u64 = 8;
/// What every special sale is sold for, in cents; a tenth of it is commission.
const SALE: i64 = 10_000;
/// A cap that no lead reaches, in cents.
const CAP: i64 = 1_000_000_000_000;
/// Days for which commission is pending.
const HOLD_DAYS: u32 = 60;

/// Events in the order in which they must be recorded.
pub type Feed = Box<dyn Iterator<Item = proto::Event> + Send>;

/// Returns the events that come before all others: partners and agreements.
pub fn introductions(world: &World) -> Vec<proto::Event> {
    let mut bodies = Vec::new();
    for name in SPECIAL {
        bodies.push(registered(world, name, 0));
        bodies.push(signed(world, &format!("{name}-1"), name, terms(name)));
    }
    bodies.push(signed(world, "large-2", "large", terms("large")));
    bodies.push(registered(world, "careful", CATEGORIES));
    for number in 0..world.sizes.agreements {
        let partner = format!("partner-{}", number % world.sizes.partners);
        bodies.push(signed(world, &format!("exclusive-{number}"), &partner, exclusive(number)));
    }
    let mut random = fastrand::Rng::with_seed(world.seed ^ 1);
    let special = bodies.into_iter().map(|body| event(&mut random, START, body));
    world.story().introduce().chain(special).collect()
}

/// Returns the other events, in parts that may overtake each other.
pub fn feeds(world: &Arc<World>) -> Vec<Feed> {
    let Sizes { half_paid_sales, disputed_sales, disputes, capped_sales, .. } = world.sizes;
    let half = i64::try_from(half_paid_sales).unwrap_or(0) * SALE / 10 / 2;
    let half_paid = one(world, 12, move |world, _| advance(world, "half", half));
    let disputes = spread(world, 14, disputes, (START + 2 * DAY, world.now - DAY), disputed);
    let mut feeds: Vec<Feed> = vec![
        large(world),
        Box::new(leads(world, "half", 1).chain(sales_of_one_lead(world, "half", half_paid_sales)).chain(half_paid)),
        Box::new(leads(world, "disputed", 1).chain(sales_of_one_lead(world, "disputed", disputed_sales)).chain(disputes)),
        Box::new(leads(world, "capped", 1).chain(sales_of_one_lead(world, "capped", capped_sales))),
        pending(world),
    ];
    let story = world.story();
    let mixed = world.sizes.mixed;
    for number in 0..LANES {
        let mut lane = story.lane(number);
        let numbers = (u64::from(number)..mixed).step_by(LANES as usize);
        feeds.push(Box::new(numbers.map(move |number| lane.event(number))));
    }
    feeds
}

/// The large account: leads with sales through the years; half of what they earn is paid at the end. A second agreement of the
/// partner has a few sales at the beginning.
fn large(world: &Arc<World>) -> Feed {
    let sales = world.sizes.large_leads * SALES_OF_A_LEAD;
    let half = i64::try_from(sales).unwrap_or(0) * SALE / 10 / 2;
    let few = spread(world, 2, 10, (START, START + DAY), |world, number| sale(world, &format!("few-{number}"), None, Some("large-2")));
    let span = (START + 2 * DAY, world.now - DAY);
    let sales = spread(world, 4, sales, span, |world, number| {
        sale(world, &format!("large-sale-{number}"), Some(&format!("large-lead-{}", number / SALES_OF_A_LEAD)), None)
    });
    let paid = one(world, 5, move |world, _| advance(world, "large", half));
    Box::new(few.chain(leads(world, "large", world.sizes.large_leads)).chain(sales).chain(paid))
}

/// A partner of whom all commission is pending, beside a dollar that can be paid.
fn pending(world: &Arc<World>) -> Feed {
    let count = world.sizes.pending_sales;
    let dollar = one(world, 15, |world, _| {
        Body::CommissionAdjusted(proto::CommissionAdjusted {
            adjustment_id: world.id("pending-dollar"),
            agreement_id: world.id("pending-1"),
            amount: Some(usd(100)),
            reason: "to be paid".to_owned(),
        })
    });
    let days = i64::from(HOLD_DAYS) - 20;
    let sales = spread(world, 16, count, (world.now - days * DAY, world.now - DAY), |world, number| {
        sale(world, &format!("pending-sale-{number}"), None, Some("pending-1"))
    });
    Box::new(dollar.chain(sales))
}

/// Leads of a partner, at the beginning.
fn leads(world: &Arc<World>, partner: &'static str, count: u64) -> Feed {
    spread(world, 3, count, (START + DAY, START + 2 * DAY), move |world, number| {
        Body::LeadReferred(proto::LeadReferred {
            lead_id: world.id(format_args!("{partner}-lead-{number}")),
            agreement_id: Some(world.id(format_args!("{partner}-1"))),
            acquired_by: proto::AcquiredBy::Partner as i32,
            ..proto::LeadReferred::default()
        })
    })
}

fn sales_of_one_lead(world: &Arc<World>, partner: &'static str, count: u64) -> Feed {
    spread(world, 11, count, (START + 2 * DAY, world.now - DAY), move |world, number| {
        sale(world, &format!("{partner}-sale-{number}"), Some(&format!("{partner}-lead-0")), None)
    })
}

/// Events spread evenly over a span of time.
fn spread<F>(world: &Arc<World>, seed: u64, count: u64, (from, to): (i64, i64), body: F) -> Feed
where
    F: Fn(&World, u64) -> Body + Send + 'static,
{
    let world = Arc::clone(world);
    // The first event's body makes the seed of one partner's events another than that of another's.
    let mut random = fastrand::Rng::with_seed(world.seed ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ name_seed(&body(&world, 0)));
    Box::new((0..count).map(move |number| {
        let share = i64::try_from(u128::from(number) * u128::from((to - from).unsigned_abs()) / u128::from(count)).unwrap_or(0);
        event(&mut random, from + share, body(&world, number))
    }))
}

/// One event, the last but a day.
fn one<F>(world: &Arc<World>, seed: u64, body: F) -> Feed
where
    F: Fn(&World, u64) -> Body + Send + 'static,
{
    spread(world, seed, 1, (world.now - DAY, world.now), body)
}

/// A number of a body's own.
fn name_seed(body: &Body) -> u64 {
    format!("{body:?}").bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn event(random: &mut fastrand::Rng, seconds: i64, body: Body) -> proto::Event {
    proto::Event {
        event_id: uuid::Builder::from_random_bytes(random.u128(..).to_le_bytes()).into_uuid().to_string(),
        occurred_at: Some(Timestamp { seconds, nanos: 0 }),
        body: Some(body),
        ..proto::Event::default()
    }
}

fn registered(world: &World, name: &str, categories: u64) -> Body {
    Body::PartnerRegistered(proto::PartnerRegistered {
        partner_id: world.id(name),
        display_name: name.to_owned(),
        kind: proto::PartnerKind::Reseller as i32,
        categories: (0..categories).map(|number| format!("category {number}")).collect(),
        ..proto::PartnerRegistered::default()
    })
}

/// The signature of an agreement.
pub fn signed(world: &World, name: &str, partner: &str, terms: proto::Terms) -> Body {
    Body::AgreementSigned(proto::AgreementSigned {
        agreement_id: world.id(name),
        partner_id: world.id(partner),
        r#type: proto::AgreementType::Channel as i32,
        terms: Some(Box::new(terms)),
        ..proto::AgreementSigned::default()
    })
}

/// The terms of a special partner: a tenth of every sale.
fn terms(partner: &str) -> proto::Terms {
    let rule = proto::CommissionRule {
        name: "share".to_owned(),
        trigger: proto::CommissionTrigger::Sale as i32,
        reward: Some(Reward::RateBps(1_000)),
        cap_per_lead: (partner == "capped").then(|| usd(CAP)),
        hold_days: if partner == "pending" { HOLD_DAYS } else { 0 },
        ..proto::CommissionRule::default()
    };
    proto::Terms { commission: Some(proto::Commission { rules: vec![rule] }), ..proto::Terms::default() }
}

/// Terms that bind the house not to work with partners of categories that nobody has.
pub fn exclusive(number: u64) -> proto::Terms {
    let exclusivity = proto::Exclusivity {
        bound: proto::Bound::House as i32,
        categories: (0..CATEGORIES).map(|category| format!("nobody's {number} {category}")).collect(),
        ..proto::Exclusivity::default()
    };
    proto::Terms { exclusivity: Some(exclusivity), ..proto::Terms::default() }
}

/// A sale to a lead, or through an agreement.
pub fn sale(world: &World, name: &str, lead: Option<&str>, agreement: Option<&str>) -> Body {
    Body::SaleRecorded(proto::SaleRecorded {
        sale_id: world.id(name),
        lead_id: lead.map(|lead| world.id(lead)),
        agreement_id: agreement.map(|agreement| world.id(agreement)),
        amount: Some(usd(SALE)),
        ..proto::SaleRecorded::default()
    })
}

fn advance(world: &World, partner: &str, minor_units: i64) -> Body {
    Body::CommissionPaid(proto::CommissionPaid {
        payout_id: world.id(format_args!("{partner}-half")),
        partner_id: world.id(partner),
        amount: Some(usd(minor_units)),
        advance: true,
        ..proto::CommissionPaid::default()
    })
}

fn disputed(world: &World, number: u64) -> Body {
    Body::DisputeOpened(proto::DisputeOpened {
        dispute_id: world.id(format_args!("dispute-{number}")),
        opened_by: proto::Side::Partner as i32,
        subject: Some(Subject::LeadId(world.id("disputed-lead-0"))),
        ..proto::DisputeOpened::default()
    })
}
