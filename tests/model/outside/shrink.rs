//! The least workload that still shows a difference.

use partnership_ledger::proto::{self as pb, event::Body};

use super::contest::{Contest, Found, Place, first_difference};
use super::ledger::When;
use super::model::Model;
use super::questions::Question;
use super::workload::{NOW, Requests};

/// Takes requests, events and parts of terms away as long as the same kind of difference stays at the same place.
pub fn shrink(requests: &[pb::AppendRequest]) -> (Requests, Found) {
    let (place, difference) = first_difference(requests).expect("something to shrink");
    let kind = difference.kind;
    match &place {
        Place::Request(last) => {
            let found = |fewer: &[pb::AppendRequest]| Contest::new().append_until_differing(fewer);
            let least = requests[..*last].to_vec();
            least_of(least, &|fewer| found(fewer).is_some_and(|(_, other)| other.kind == kind), &found)
        }
        Place::Question(question, when) => {
            let known = when.position.map(|position| up_to(requests, position));
            let later = When { position: None, ..*when };
            let found = |fewer: &[pb::AppendRequest]| asked(fewer, question, later);
            if let Some(known) = known.filter(|known| found(known).is_some_and(|(_, other)| other.kind == kind)) {
                return least_of(known, &|fewer| found(fewer).is_some_and(|(_, other)| other.kind == kind), &found);
            }
            let found = |fewer: &[pb::AppendRequest]| asked(fewer, question, *when);
            least_of(requests.to_vec(), &|fewer| found(fewer).is_some_and(|(_, other)| other.kind == kind), &found)
        }
    }
}

fn least_of(requests: Requests, same: Same<'_>, found: &dyn Fn(&[pb::AppendRequest]) -> Option<Found>) -> (Requests, Found) {
    let least = plainer_terms(fewer_requests(single_events(requests, same), same), same);
    let found = found(&least).expect("it still differs");
    (least, found)
}

/// What both answer to one question after requests that they agree on.
fn asked(requests: &[pb::AppendRequest], question: &Question, when: When) -> Option<Found> {
    let mut contest = Contest::new();
    if contest.append_until_differing(requests).is_some() {
        return None;
    }
    let difference = contest.ask_one(question, when)?;
    Some((Place::Question(question.clone(), when), difference))
}

/// The requests that bring the ledger to a position, as far as they do not go beyond it.
fn up_to(requests: &[pb::AppendRequest], position: u64) -> Requests {
    let mut model = Model { now: Some(NOW), ..Model::default() };
    let mut taken = Vec::new();
    for request in requests {
        let before = model.last_position();
        let accepted = model.record_all(request).is_ok();
        let room = usize::try_from(position - before.min(position)).expect("small");
        if accepted && room > 0 {
            let events = request.events.iter().take(room).cloned().collect();
            taken.push(pb::AppendRequest { events, expected_last_position: None });
        }
    }
    taken
}

type Same<'a> = &'a dyn Fn(&[pb::AppendRequest]) -> bool;

/// Every event in a request of its own and no positions expected, where that is no other story.
fn single_events(requests: Requests, same: Same<'_>) -> Requests {
    let mut least = requests;
    for index in (0..least.len()).rev() {
        let mut simpler = least.clone();
        let events = simpler.remove(index).events.into_iter();
        let singles = events.map(|event| pb::AppendRequest { events: vec![event], expected_last_position: None });
        simpler.splice(index..index, singles);
        if same(&simpler) {
            least = simpler;
        }
    }
    least
}

fn fewer_requests(requests: Requests, same: Same<'_>) -> Requests {
    let mut least = requests;
    let mut size = least.len().next_power_of_two() / 2;
    while size > 0 {
        let mut start = 0;
        while start < least.len() {
            let mut fewer = least.clone();
            fewer.drain(start..(start + size).min(least.len()));
            if same(&fewer) {
                least = fewer;
            } else {
                start += size;
            }
        }
        size /= 2;
    }
    least
}

/// Terms without what does not matter.
fn plainer_terms(requests: Requests, same: Same<'_>) -> Requests {
    let simplifications: [fn(&mut pb::Terms); 17] = [
        |terms| terms.commission = None,
        |terms| terms.lead_protection = None,
        |terms| terms.tail = None,
        |terms| terms.notice = None,
        |terms| terms.exclusivity = None,
        |terms| terms.minimum_payout = None,
        |terms| terms.minimum_payouts.clear(),
        |terms| terms.leads_at_end = 0,
        |terms| terms.reverse_on_house_fault = false,
        |terms| terms.time_zone.clear(),
        |terms| terms.brand_use = None,
        |terms| terms.campaigns_at_end = 0,
        |terms| terms.ownership = None,
        |terms| terms.cadence = None,
        |terms| {
            for rule in terms.commission.iter_mut().flat_map(|commission| &mut commission.rules) {
                rule.hold_days = 0;
            }
        },
        |terms| {
            for rule in terms.commission.iter_mut().flat_map(|commission| &mut commission.rules) {
                (rule.minimum_sale, rule.customer) = (None, 0);
                rule.coupons.clear();
                rule.products.clear();
            }
        },
        |terms| {
            for rule in terms.commission.iter_mut().flat_map(|commission| &mut commission.rules) {
                (rule.max_per_sale, rule.cap_per_lead, rule.window, rule.payable_on) = (None, None, None, 0);
            }
        },
    ];
    let mut least = requests;
    for index in 0..least.len() {
        for simplify in simplifications {
            let mut simpler = least.clone();
            if let Some(terms) = simpler[index].events.iter_mut().find_map(terms_of) {
                simplify(terms);
                if same(&simpler) {
                    least = simpler;
                }
            }
        }
        least = fewer_rules(least, index, same);
    }
    least
}

fn fewer_rules(requests: Requests, index: usize, same: Same<'_>) -> Requests {
    let mut least = requests;
    for rule in (0..6).rev() {
        let mut simpler = least.clone();
        let terms = simpler[index].events.iter_mut().find_map(terms_of);
        let rules = terms.and_then(|terms| terms.commission.as_mut()).map(|commission| &mut commission.rules);
        if let Some(rules) = rules.filter(|rules| rule < rules.len()) {
            rules.remove(rule);
            if same(&simpler) {
                least = simpler;
            }
        }
    }
    least
}

fn terms_of(event: &mut pb::Event) -> Option<&mut pb::Terms> {
    match event.body.as_mut()? {
        Body::AgreementSigned(body) => body.terms.as_deref_mut(),
        Body::AgreementAmended(body) => body.terms.as_deref_mut(),
        Body::AgreementProposed(body) => body.terms.as_deref_mut(),
        Body::ProgrammeDefined(body) => body.terms.as_deref_mut(),
        Body::ProgrammeAmended(body) => body.terms.as_deref_mut(),
        _ => None,
    }
}
