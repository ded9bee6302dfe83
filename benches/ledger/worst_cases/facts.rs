//! A ledger in memory, and what the worst cases tell it.

use partnership_ledger::domain::calendar::Time;
use partnership_ledger::domain::effect::Effect;
use partnership_ledger::domain::ids::Id;
use partnership_ledger::domain::parse::timestamp;
use partnership_ledger::domain::rejection::Rejection;
use partnership_ledger::domain::table::Row;
use partnership_ledger::domain::{Event, Record, Seen, State, parse};
use partnership_ledger::proto;
use partnership_ledger::proto::commission_rule::Reward;
use partnership_ledger::proto::event::Body;
use partnership_ledger::workload::facts::{registered, rule, signed, terms, terms_with, usd};

/// The beginning of a day in UTC.
pub fn day(date: &str) -> Time {
    format!("{date}T00:00:00Z").parse().expect("a time")
}

fn now() -> Time {
    day("2026-11-22")
}

/// A state that is told events.
#[derive(Default)]
pub struct Ledger {
    pub state: State,
}

impl Ledger {
    /// One with agreement `a` of partner acme and agreement `b` of partner bolt.
    pub fn with_agreements(terms: &proto::Terms) -> Self {
        let mut ledger = Self::default();
        for (partner, agreement) in [("acme", "a"), ("bolt", "b")] {
            ledger.tell(day("2024-01-01"), registered_in("any", partner));
            ledger.tell(day("2024-01-01"), signed(agreement, partner, terms.clone()));
        }
        ledger
    }

    /// The event of a body.
    pub fn event(&self, at: Time, body: Body) -> Event {
        let event_id = uuid::Uuid::from_u128(u128::from(self.state.position)).to_string();
        let message = proto::Event { event_id, occurred_at: Some(timestamp(at)), metadata: [].into(), body: Some(body) };
        parse(std::slice::from_ref(&message)).expect("well formed").remove(0)
    }

    /// What an event does, or why it is refused.
    pub fn decide(&self, event: &Event) -> Result<Vec<Effect>, Rejection> {
        self.state.decide(event, now(), 300)
    }

    /// The record of an event, unless it is refused.
    pub fn decided(&self, event: &Event) -> Option<Record> {
        let effects = self.decide(event).ok()?;
        Some(Record { position: self.state.position + 1, recorded_at: now(), event: event.clone(), effects })
    }

    /// Records a fact, which the rules must not refuse.
    pub fn tell(&mut self, at: Time, body: Body) {
        let event = self.event(at, body);
        let effects = self.decide(&event).expect("the rules allow it");
        self.state.evolve(&Record { position: self.state.position + 1, recorded_at: now(), event, effects });
    }

    /// Everything, as of now.
    pub fn all(&self) -> Seen {
        Seen { time: now(), position: self.state.position }
    }

    /// Everything, as of a date.
    pub fn seen(&self, date: &str) -> Seen {
        Seen { time: day(date), ..self.all() }
    }

    /// The row of a partner.
    pub fn partner(&self, id: &str) -> Row {
        self.state.partners.find(&Id::new(id).expect("an id")).expect("it is registered")
    }
}

/// 20 % of every sale, available after so many days.
pub fn held(hold_days: u32) -> proto::Terms {
    terms_with(proto::CommissionRule { hold_days, ..rule(Reward::RateBps(2_000)) })
}

/// 20 % of every sale, up to a cap of each lead that nobody reaches.
pub fn capped() -> proto::Terms {
    terms_with(proto::CommissionRule { cap_per_lead: Some(usd(1_000_000_000_000)), ..rule(Reward::RateBps(2_000)) })
}

/// 20 % of the net sales of a month, and 30 % beyond a threshold.
pub fn tiered() -> proto::Terms {
    let band = |(from_minor_units, rate_bps)| proto::TierBand { from_minor_units, rate_bps, ..proto::TierBand::default() };
    let bands = [(0, 2_000), (100_000_000, 3_000)].into_iter().map(band).collect();
    let (mode, period) = (proto::TierMode::Marginal as i32, proto::TierPeriod::Month as i32);
    terms_with(rule(Reward::Tiers(proto::Tiers { mode, period, currency_code: "USD".into(), bands, ..proto::Tiers::default() })))
}

/// A partner of a category is registered.
pub fn registered_in(category: &str, partner: &str) -> Body {
    let Body::PartnerRegistered(registered) = registered(partner) else { unreachable!("a registration") };
    Body::PartnerRegistered(proto::PartnerRegistered { categories: vec![category.into()], ..registered })
}

/// A signature with terms that bind the house not to work with partners of a category.
pub fn signed_exclusive(agreement: &str, partner: &str, category: &str) -> Body {
    let exclusivity =
        proto::Exclusivity { bound: proto::Bound::House as i32, categories: vec![category.into()], ..proto::Exclusivity::default() };
    signed(agreement, partner, proto::Terms { exclusivity: Some(exclusivity), ..terms() })
}

/// A sale through an agreement.
pub fn sold_to(sale: &str, agreement: &str, minor_units: i64) -> Body {
    let (sale_id, agreement_id) = (sale.into(), Some(agreement.into()));
    Body::SaleRecorded(proto::SaleRecorded { sale_id, agreement_id, amount: Some(usd(minor_units)), ..proto::SaleRecorded::default() })
}

/// A dispute about a lead.
pub fn disputed(dispute: &str, lead: &str) -> Body {
    Body::DisputeOpened(proto::DisputeOpened {
        dispute_id: dispute.into(),
        opened_by: proto::Side::House as i32,
        subject: Some(proto::dispute_opened::Subject::LeadId(lead.into())),
        claim: "it is ours".into(),
    })
}

/// The end of a dispute.
pub fn resolved(dispute: &str) -> Body {
    let outcome = proto::DisputeOutcome::Upheld as i32;
    Body::DisputeResolved(proto::DisputeResolved { dispute_id: dispute.into(), outcome, resolution: "agreed".into() })
}

/// A lead qualifies.
pub fn qualified(lead: &str) -> Body {
    Body::LeadQualified(proto::LeadQualified { lead_id: lead.into() })
}
