//! The least workload that still shows a difference.

use partnership_ledger::proto::{self as pb, event::Body};

use super::contest::first_difference;
use super::workload::Requests;

/// Takes requests, events and parts of terms away as long as the same kind of difference stays.
pub fn shrink(requests: Requests) -> Requests {
    let Some((last, first)) = first_difference(&requests) else {
        return requests;
    };
    let same = |fewer: &[pb::AppendRequest]| first_difference(fewer).is_some_and(|(_, other)| other.kind == first.kind);
    let mut least = requests;
    least.truncate(last);
    least = single_events(least, &same);
    least = fewer_requests(least, &same);
    plainer_terms(least, &same)
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
    let simplifications: [fn(&mut pb::Terms); 10] = [
        |terms| terms.commission = None,
        |terms| terms.lead_protection = None,
        |terms| terms.tail = None,
        |terms| terms.notice = None,
        |terms| terms.exclusivity = None,
        |terms| terms.minimum_payout = None,
        |terms| terms.leads_at_end = 0,
        |terms| terms.reverse_on_house_fault = false,
        |terms| terms.time_zone.clear(),
        |terms| {
            for rule in terms.commission.iter_mut().flat_map(|commission| &mut commission.rules) {
                rule.hold_days = 0;
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
    for rule in (0..3).rev() {
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
        _ => None,
    }
}
