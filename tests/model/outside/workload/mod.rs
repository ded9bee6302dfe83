//! Random workloads: realistic, few partners, agreements and leads so that they collide, and nasty at the edges. A seed
//! makes the same workload again.

mod agreements;
mod campaigns;
mod leads;
mod money;
mod payouts;
pub mod reach;
mod relations;
mod sales;
mod terms;
mod world;

pub use world::{NOW, World, turns};

use partnership_ledger::proto::{self as pb, event::Body};

/// Requests to be sent one after the other.
pub type Requests = Vec<pb::AppendRequest>;

/// The workload of a seed. The model chooses what is interesting; most events are such that it accepts them.
pub fn workload(seed: u64) -> Requests {
    let mut world = World::new(seed);
    let mut requests = vec![world.beginning()];
    let events = world.below(170) + 50;
    let mut sent = 0;
    world.keep(&requests[0]);
    while sent < events {
        let request = world.request();
        sent += request.events.len() as u64;
        world.keep(&request);
        requests.push(request);
    }
    requests
}

impl World {
    /// Two or three partners and a few agreements.
    fn beginning(&mut self) -> pb::AppendRequest {
        let mut events = Vec::new();
        for number in 1..=2 + self.below(2) {
            let body = self.partner_registered(format!("p{number}"));
            let event = self.event(Body::PartnerRegistered(body));
            self.try_out(event, &mut events);
        }
        if self.one_in(3) {
            let body = self.programme_body();
            let event = self.event(body);
            self.try_out(event, &mut events);
        }
        // Some stories begin with a chain of recruiters.
        let agreements = if self.is_family { 8 } else { 3 };
        for number in 1..=agreements {
            let body = self.agreement_signed(Some(format!("a{number}")));
            let event = self.event(Body::AgreementSigned(body));
            self.try_out(event, &mut events);
        }
        pb::AppendRequest { events, expected_last_position: None }
    }

    fn try_out(&mut self, event: pb::Event, accepted: &mut Vec<pb::Event>) {
        if self.scratch(std::slice::from_ref(&event)) {
            accepted.push(event);
        }
    }

    /// One request: mostly of one event, sometimes a batch, rarely one that fails in the middle.
    fn request(&mut self) -> pb::AppendRequest {
        let size = match self.below(20) {
            0..12 => 1,
            12..19 => self.below(4) + 2,
            _ => self.below(8) + 2,
        };
        // An event that fails takes the others with it: mostly it is left out.
        let keeps_failing = size == 1 || self.one_in(6);
        let mut events = Vec::new();
        while (events.len() as u64) < size {
            let event = self.next_event(&events);
            let accepted = self.scratch(std::slice::from_ref(&event));
            if accepted || (keeps_failing && self.one_in(2)) {
                events.push(event);
            }
        }
        let expected_last_position = match self.below(80) {
            0 => Some(self.position()),
            1 => Some(self.position().saturating_sub(1)),
            2 => Some(self.position() + 1),
            _ => None,
        };
        pb::AppendRequest { events, expected_last_position }
    }

    fn next_event(&mut self, batch: &[pb::Event]) -> pb::Event {
        match self.below(60) {
            0 | 1 => self.sent_again(batch),
            2 => {
                let mut event = self.sent_again(batch);
                event.metadata.insert("again".to_owned(), "with other content".to_owned());
                event
            }
            _ => {
                let body = self.body();
                self.event(body)
            }
        }
    }

    /// An event that was sent before, its id maybe in capitals.
    fn sent_again(&mut self, batch: &[pb::Event]) -> pb::Event {
        let mut all = self.accepted_events();
        all.extend(batch.iter().cloned());
        let mut event = self.any(&all);
        if self.one_in(2) {
            event.event_id.make_ascii_uppercase();
        }
        event
    }

    fn body(&mut self) -> Body {
        // Some stories are about commission alone, so that its rules meet often enough.
        let kinds = if self.is_plain { 140 } else { 182 };
        match self.below(kinds) {
            0..24 => Body::SaleRecorded(self.sale_recorded()),
            24..36 => Body::LeadReferred(self.lead_referred()),
            36..48 => Body::SaleRefunded(self.sale_refunded()),
            48..52 => Body::SaleReinstated(self.sale_reinstated()),
            52..55 => Body::SaleVoided(self.sale_voided()),
            55..64 => Body::CustomerPaymentReceived(self.customer_payment_received()),
            64..80 => self.lead_body(),
            80..86 => {
                let lead_id = self.lead_id();
                Body::LeadReassigned(self.lead_reassigned(lead_id))
            }
            86..108 => self.agreement_body(),
            108..111 => self.programme_body(),
            111..140 => self.money_body(),
            140..156 => self.campaign_body(),
            156..167 => self.venture_body(),
            _ => self.relation_body(),
        }
    }

    fn lead_body(&mut self) -> Body {
        let lead_id = self.lead_id();
        match self.below(21) {
            0..4 | 19.. => Body::LeadQualified(pb::LeadQualified { lead_id }),
            4..7 => Body::LeadApproved(pb::LeadApproved { lead_id }),
            7..9 => Body::LeadLost(pb::LeadLost { lead_id, reason: String::new() }),
            9..12 => Body::LeadProtectionExtended(pb::LeadProtectionExtended { lead_id, days: self.days(60) }),
            _ => Body::LeadReassigned(self.lead_reassigned(lead_id)),
        }
    }

    fn agreement_body(&mut self) -> Body {
        match self.below(25) {
            0..3 | 20.. => Body::AgreementSigned(self.agreement_signed(None)),
            3 | 4 => Body::AgreementProposed(self.agreement_proposed()),
            5..9 => Body::AgreementAmended(self.agreement_amended()),
            9..11 => Body::AgreementRenewed(self.agreement_renewed()),
            11..14 => Body::TerminationNoticeGiven(self.notice_given()),
            14..16 => Body::TerminationNoticeWithdrawn(self.notice_withdrawn()),
            16..18 => Body::AgreementTerminated(self.agreement_terminated()),
            18 => Body::PartnerUpdated(self.partner_updated()),
            19 => {
                let number = self.below(5) + 1;
                Body::PartnerRegistered(self.partner_registered(format!("p{number}")))
            }
        }
    }

    fn money_body(&mut self) -> Body {
        match self.below(38) {
            0..3 => Body::CommissionAdjusted(self.commission_adjusted()),
            3..8 => Body::CommissionPaid(self.commission_paid()),
            8..13 => Body::PayoutInitiated(self.payout_initiated()),
            13..16 => Body::PayoutSettled(self.payout_settled()),
            16..18 => Body::PayoutFailed(self.payout_failed()),
            18..22 => Body::PayoutReturned(self.payout_returned()),
            22..24 => Body::PaymentReceived(self.payment_received()),
            24..27 => Body::PeriodClosed(self.period_closed()),
            27 => Body::PeriodClosed(pb::PeriodClosed { through: Some(crate::outside::ledger::stamp(self.turn())) }),
            28..30 => self.hold_body(),
            30..36 => Body::DisputeOpened(self.dispute_opened()),
            _ => Body::DisputeResolved(self.dispute_resolved()),
        }
    }
}
