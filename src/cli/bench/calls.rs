//! The calls of each lane of the workload, encoded before the measured time as far as memory is granted for it.

use super::wire::append_request;
use partnership_ledger::workload::{Lane, Story};
use prost::bytes::Bytes;
use std::collections::VecDeque;
use std::time::Duration;

/// How many events are sent.
#[derive(Clone, Copy, Debug)]
pub enum Amount {
    /// So many events.
    Events(u64),
    /// As many as go in this time.
    Time(Duration),
}

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    pub request: Bytes,
    /// How many events it has.
    pub events: u64,
    /// The number of leads that the lane has referred, this call included.
    pub leads: u64,
}

/// The calls of one lane, in order.
#[derive(Debug)]
pub struct Calls {
    lane: Lane,
    lanes: u64,
    events_per_call: u64,
    /// The events of all lanes together; `None` without a limit.
    events: Option<u64>,
    on_a_stream: bool,
    /// The next call's number among those of all lanes, which alternate.
    next: u64,
    ahead: VecDeque<Call>,
    /// The number of the lane's leads that are known to be recorded.
    pub leads: u64,
}

impl Calls {
    /// Returns the calls of every lane.
    pub fn of_lanes(story: &Story, lanes: u32, events_per_call: u64, on_a_stream: bool) -> Vec<Self> {
        let calls = |number| Self {
            lane: story.lane(number),
            lanes: u64::from(lanes),
            events_per_call,
            events: None,
            on_a_stream,
            next: u64::from(number),
            ahead: VecDeque::new(),
            leads: 0,
        };
        (0..lanes).map(calls).collect()
    }

    /// Returns the next call, encoded ahead or now; `None` if all are sent.
    pub fn next(&mut self) -> Option<Call> {
        self.ahead.pop_front().or_else(|| self.make())
    }

    /// The number of calls that are encoded and not sent.
    pub fn ahead(&self) -> u64 {
        self.ahead.len() as u64
    }

    /// Turns the lane's own number of a lead into its number among those of all lanes.
    pub fn lead_number(&self, own: u64) -> u64 {
        self.lane.own(own)
    }

    fn make(&mut self) -> Option<Call> {
        let first = self.next * self.events_per_call;
        let left = self.events.map_or(u64::MAX, |events| events.saturating_sub(first));
        let count = left.min(self.events_per_call);
        if count == 0 {
            return None;
        }
        self.next += self.lanes;
        let request = append_request(self.lane.events(first, usize::try_from(count).unwrap_or(usize::MAX)), self.on_a_stream);
        Some(Call { request, events: count, leads: self.lane.leads() })
    }
}

/// Sets how many events all lanes send together, and encodes their calls ahead, up to `max_bytes` of requests and evenly over
/// the lanes. `guess` is the expected number of events if `events` is `None`.
pub fn prepare(lanes: &mut [Calls], events: Option<u64>, guess: u64, mut max_bytes: usize) {
    let mut expected = events.unwrap_or(guess);
    for calls in &mut *lanes {
        calls.events = events;
    }
    let mut is_more = true;
    while is_more && max_bytes > 0 && expected > 0 {
        is_more = false;
        for calls in &mut *lanes {
            if let Some(call) = calls.make() {
                max_bytes = max_bytes.saturating_sub(call.request.len());
                expected = expected.saturating_sub(call.events);
                calls.ahead.push_back(call);
                is_more = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use partnership_ledger::proto::{AppendRequest, event::Body};
    use partnership_ledger::workload::Mix;
    use prost::Message as _;
    use std::collections::BTreeSet;

    fn all_calls(lanes: u32, per_call: u64, events: u64) -> Vec<Vec<AppendRequest>> {
        let story = Story::new(Mix::Realistic, 7, 5, lanes);
        let mut calls = Calls::of_lanes(&story, lanes, per_call, false);
        prepare(&mut calls, Some(events), 0, usize::MAX);
        let drain = |calls: &mut Calls| {
            std::iter::from_fn(|| calls.next()).map(|call| AppendRequest::decode(call.request).expect("a request")).collect()
        };
        calls.iter_mut().map(drain).collect()
    }

    #[test]
    fn all_lanes_together_send_as_many_events_as_were_asked_for() {
        for (lanes, per_call, events) in [(1, 1, 10), (3, 7, 100), (4, 100, 1_000), (8, 10, 5)] {
            let sent: usize = all_calls(lanes, per_call, events).iter().flatten().map(|call| call.events.len()).sum();
            assert_eq!(sent as u64, events, "{lanes} lanes, {per_call} a call");
        }
    }

    #[test]
    fn a_lane_speaks_only_of_what_it_recorded_before() {
        let mut event_ids = BTreeSet::new();
        for lane in all_calls(3, 7, 3_000) {
            let (mut leads, mut sales) = (BTreeSet::new(), BTreeSet::new());
            for event in lane.into_iter().flat_map(|call| call.events) {
                assert!(event_ids.insert(event.event_id), "an event id comes twice");
                match event.body.expect("a body") {
                    Body::LeadReferred(referred) => assert!(leads.insert(referred.lead_id)),
                    Body::LeadQualified(qualified) => assert!(leads.contains(&qualified.lead_id)),
                    Body::SaleRecorded(sale) => {
                        assert!(leads.contains(sale.lead_id()));
                        assert!(sales.insert(sale.sale_id));
                    }
                    Body::SaleRefunded(refund) => assert!(sales.contains(&refund.sale_id)),
                    Body::CommissionPaid(_) => (),
                    other => panic!("{other:?} is not of the mix"),
                }
            }
        }
    }

    #[test]
    fn the_same_seed_makes_the_same_events() {
        assert_eq!(all_calls(2, 10, 500), all_calls(2, 10, 500));
    }
}
