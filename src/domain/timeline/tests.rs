use super::since::Step;
use super::*;
use crate::encoding::{Codec, Input, Output};
use proptest::prelude::*;

fn at(seconds: i64) -> Time {
    Time::from_timestamp(seconds, 0).expect("a time")
}

fn points(most: usize, latest: i64) -> impl Strategy<Value = Vec<Point>> {
    let point = (0..latest, -50_i64..80, prop_oneof![4 => Just(0_i64), 1 => -30_i64..60]);
    let point = point.prop_map(|(time, amount, held)| Point { at: at(time), amount: i128::from(amount), held: i128::from(held) });
    prop::collection::vec(point, 0..most)
}

/// What the points come to, one instant after the other.
fn naive(points: &[Point], after: Option<Time>, until: Option<Time>) -> (i128, i128, Option<(i128, Time)>) {
    let mut points: Vec<Point> = points.to_vec();
    points.retain(|point| after.is_none_or(|after| point.at > after) && until.is_none_or(|until| point.at <= until));
    points.sort_by_key(|point| point.at);
    let (mut amount, mut held, mut least) = (0, 0, None);
    for (index, point) in points.iter().enumerate() {
        amount += point.amount;
        held += point.held;
        if points.get(index + 1).is_none_or(|next| next.at > point.at) {
            least = lesser(least, Some((amount - held.max(0), point.at)));
        }
    }
    (amount, held, least)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_timeline_says_what_its_points_say(
        batches in prop::collection::vec(points(700, 5_000), 1..5), one_by_one in points(60, 5_000), after in prop::option::of(0_i64..5_000), length in prop::option::of(0_i64..5_000),
    ) {
        let (mut timeline, mut all) = (Timeline::default(), Vec::new());
        for batch in &batches {
            timeline.add(batch.clone());
            all.extend(batch.iter().copied());
        }
        let (copy, known) = (timeline.clone(), all.clone());
        for point in one_by_one {
            timeline.add(vec![point]);
            all.push(point);
        }
        let (from, until) = (after.map(at), length.map(|length| at(after.unwrap_or(0) + length)));
        for (timeline, all) in [(&timeline, &all), (&copy, &known)] {
            let sums = timeline.between(from, until);
            let (amount, held, least) = naive(all, from, until);
            prop_assert_eq!((sums.amount, sums.held), (amount, held));
            // An instant at which nothing changes is left out: the lowest may then be found later, or not at all.
            match (sums.least(), least) {
                (Some((found, time)), Some((least, first))) => {
                    prop_assert!(found >= least && (found > least || time >= first));
                    let changes = merged(std::iter::empty(), sorted(all).into_iter());
                    prop_assert_eq!(sums.least(), naive(&changes, from, until).2);
                }
                (found, _) => prop_assert_eq!(found, None),
            }
        }
        let mut out = Output::default();
        timeline.encode(&mut out);
        let mut input = Input::new(out.bytes());
        let loaded = Timeline::decode(&mut input).expect("what was saved");
        prop_assert!(input.is_done());
        prop_assert_eq!(loaded.between(from, until), timeline.between(from, until));
        let changes = merged(std::iter::empty(), sorted(&all).into_iter());
        let held: Vec<_> = changes.iter().filter(|point| point.held != 0 && point.at <= at(2_500)).map(|point| (point.at, point.held)).collect();
        prop_assert_eq!(timeline.held_changes(at(2_500)), held);
    }

    #[test]
    fn enough_lasts_since_the_instant_after_the_last_at_which_it_was_not(
        batches in prop::collection::vec(points(700, 5_000), 0..4), beside in points(40, 5_000), least in 1_i128..900,
        turns in prop::collection::vec((0_i64..5_000, 1_i128..30_000), 0..4), until in 0_i64..5_500,
    ) {
        let mut timeline = Timeline::default();
        batches.iter().for_each(|batch| timeline.add(batch.clone()));
        let turn = |(time, least)| Step { at: at(time), amount: 0, held: 0, least: Some(least) };
        let mut steps: Vec<Step> = beside.into_iter().map(Step::from).chain(turns.into_iter().map(turn)).collect();
        steps.retain(|step| step.at <= at(until));
        steps.sort_by_key(|step| step.at);
        let mut all: Vec<Step> = batches.into_iter().flatten().filter(|point| point.at <= at(until)).map(Step::from).collect();
        // Of points and steps at one instant the steps come last: the last one says how much is enough.
        all.extend(steps.iter().copied());
        all.sort_by_key(|step| step.at);
        let (mut amount, mut held, mut enough, mut since) = (0, 0, least, None);
        for of_instant in all.chunk_by(|one, next| one.at == next.at) {
            for step in of_instant {
                amount += step.amount;
                held += step.held;
                enough = step.least.unwrap_or(enough);
            }
            let is_enough = amount - held.max(0) >= enough;
            since = since.or(Some(of_instant[0].at)).filter(|_| is_enough);
        }
        prop_assert_eq!(timeline.enough_since(at(until), least, &steps), since);
        let beside = steps.iter().map(|step| step.amount.max(0)).sum();
        if let (Some(empty), Some(since)) = (timeline.known_empty_at(at(until), beside), since) {
            prop_assert!(empty <= at(until) && empty < since, "{empty} {since}");
        }
        let first = steps.iter().map(|step| step.at).chain(timeline.first()).min();
        if let Some(since) = since {
            prop_assert!(first.is_some_and(|first| first <= since), "{first:?} {since}");
        }
    }

    #[test]
    fn leaves_stay_full_whether_points_are_appended_or_not(random in any::<bool>(), seed in any::<u64>()) {
        let mut timeline = Timeline::default();
        let mut next = seed;
        for number in 0..60_i64 {
            let points = (0..64).map(|place| {
                next = next.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let time = if random { i64::try_from(next >> 34).expect("30 bits") } else { number * 64 + place };
                Point { at: at(time), amount: 1, held: 0 }
            });
            timeline.add(points.collect());
        }
        let (mut leaves, mut open) = (0, timeline.root.iter().map(|root| Branch::clone(root)).collect::<Vec<_>>());
        while let Some(branch) = open.pop() {
            match &*branch.node {
                Node::Leaf(_) => leaves += 1,
                Node::Inner(branches) => open.extend(branches.iter().cloned()),
            }
        }
        prop_assert!(leaves <= 2 * (60 * 64) / LEAF + 2, "{leaves}");
    }
}

fn sorted(points: &[Point]) -> Vec<Point> {
    let mut points = points.to_vec();
    points.sort_by_key(|point| point.at);
    points
}
