//! Made events to measure and test a ledger with: a realistic mix, the same for the same seed.
//!
//! Partners with agreements come first, then traffic in lanes. An event refers only to what its own lane recorded before,
//! so lanes may overtake each other and no event is refused.

pub mod facts;

use crate::proto::{self, event::Body};
use facts::usd;
use prost_types::Timestamp;

/// When the first event happens: 1 January 2024, in seconds of Unix time.
const START_SECONDS: i64 = 1_704_067_200;
/// Milliseconds from one event to the next; fewer if there are too many events for the time up to now.
const STEP_MILLISECONDS: u64 = 20_000;

/// What the traffic consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Mix {
    /// Sales with commission 50 %, referrals 30 %, qualifications 10 %, refunds 5 %, payments 5 %
    Realistic,
    /// Sales only, through agreements
    Sales,
    /// Referrals only
    Referrals,
}

/// A workload: its seed, its mix and its size. Events are the same for the same values.
#[derive(Clone, Debug)]
pub struct Story {
    mix: Mix,
    seed: u64,
    /// Put before every id, so that ids are new on a ledger that has other records.
    prefix: String,
    partners: u32,
    lanes: u64,
    step_milliseconds: u64,
}

impl Story {
    /// A workload of so many partners, whose traffic is divided among so many lanes.
    pub fn new(mix: Mix, seed: u64, partners: u32, lanes: u32) -> Self {
        let (partners, lanes) = (partners.max(1), u64::from(lanes.max(1)));
        Self { mix, seed, prefix: String::new(), partners, lanes, step_milliseconds: STEP_MILLISECONDS }
    }

    /// The same with a prefix before every id.
    #[must_use]
    pub fn with_prefix(self, prefix: String) -> Self {
        Self { prefix, ..self }
    }

    /// The same, with steps so short that `events` events end before `now`, in seconds of Unix time.
    #[must_use]
    pub fn until(self, now: i64, events: u64) -> Self {
        let span = u64::try_from(now - START_SECONDS).unwrap_or(0) * 1_000;
        let step_milliseconds = STEP_MILLISECONDS.min(span / (self.introductions() + events).max(1));
        Self { step_milliseconds, ..self }
    }

    /// The number of events of `introduce`.
    pub fn introductions(&self) -> u64 {
        2 * u64::from(self.partners)
    }

    /// Returns the events that register the partners and sign their agreements; to be recorded before those of any lane.
    pub fn introduce(&self) -> impl Iterator<Item = proto::Event> {
        let mut random = fastrand::Rng::with_seed(self.seed);
        let registered = (0..self.partners).map(|number| self.registered(number));
        let signed = (0..self.partners).map(|number| self.signed(number));
        (0..).zip(registered.chain(signed)).map(move |(number, body)| self.event(&mut random, number, body))
    }

    /// Returns a lane of the traffic, from its first event on.
    pub fn lane(&self, number: u32) -> Lane {
        let random = fastrand::Rng::with_seed(self.seed ^ (u64::from(number) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Lane { story: self.clone(), random, number: u64::from(number), leads: 0, qualified: 0, sales: 0, refunds: 0, payouts: 0 }
    }

    /// Returns the id of a partner, by its number.
    pub fn partner_id(&self, number: u32) -> String {
        format!("{}partner-{number}", self.prefix)
    }

    /// Returns the id of a lead, by its number.
    pub fn lead_id(&self, number: u64) -> String {
        format!("{}lead-{number}", self.prefix)
    }

    fn agreement_id(&self, number: u32) -> String {
        format!("{}agreement-{number}", self.prefix)
    }

    fn event(&self, random: &mut fastrand::Rng, number: u64, body: Body) -> proto::Event {
        let milliseconds = i64::try_from(number.saturating_mul(self.step_milliseconds)).unwrap_or(i64::MAX);
        let seconds = START_SECONDS.saturating_add(milliseconds / 1_000);
        let nanos = i32::try_from(milliseconds % 1_000 * 1_000_000).unwrap_or(0);
        proto::Event {
            event_id: uuid::Builder::from_random_bytes(random.u128(..).to_le_bytes()).into_uuid().to_string(),
            occurred_at: Some(Timestamp { seconds, nanos }),
            metadata: std::collections::BTreeMap::default(),
            body: Some(body),
        }
    }

    fn registered(&self, number: u32) -> Body {
        Body::PartnerRegistered(proto::PartnerRegistered {
            partner_id: self.partner_id(number),
            display_name: format!("Partner {number}"),
            kind: proto::PartnerKind::Reseller as i32,
            ..proto::PartnerRegistered::default()
        })
    }

    fn signed(&self, number: u32) -> Body {
        let rule = |name: &str, trigger: proto::CommissionTrigger, reward| proto::CommissionRule {
            name: name.to_owned(),
            trigger: trigger as i32,
            reward: Some(reward),
            hold_days: 30,
            ..proto::CommissionRule::default()
        };
        let bounty = proto::commission_rule::Reward::Flat(usd(5_000));
        let rules = vec![
            rule("referral", proto::CommissionTrigger::Sale, proto::commission_rule::Reward::RateBps(2_000)),
            rule("bounty", proto::CommissionTrigger::LeadQualified, bounty),
        ];
        let terms = proto::Terms { commission: Some(proto::Commission { rules }), ..proto::Terms::default() };
        Body::AgreementSigned(proto::AgreementSigned {
            agreement_id: self.agreement_id(number),
            partner_id: self.partner_id(number),
            r#type: proto::AgreementType::Channel as i32,
            terms: Some(Box::new(terms)),
            ..proto::AgreementSigned::default()
        })
    }
}

/// The events of one lane: its own leads and sales, in its own order.
#[derive(Clone, Debug)]
pub struct Lane {
    story: Story,
    random: fastrand::Rng,
    number: u64,
    leads: u64,
    qualified: u64,
    sales: u64,
    refunds: u64,
    payouts: u64,
}

impl Lane {
    /// Returns the next `count` events. `first` is the number of the first of them in the traffic of all lanes; it decides
    /// when the events happen.
    pub fn events(&mut self, first: u64, count: usize) -> Vec<proto::Event> {
        (first..).take(count).map(|number| self.event(number)).collect()
    }

    /// Returns the next event; `number` is its number in the traffic of all lanes.
    pub fn event(&mut self, number: u64) -> proto::Event {
        let body = match self.story.mix {
            Mix::Realistic => self.realistic(),
            Mix::Sales => self.sold(false),
            Mix::Referrals => self.referred(),
        };
        let number = self.story.introductions() + number;
        self.story.event(&mut self.random, number, body)
    }

    /// The number of leads that the lane has referred.
    pub fn leads(&self) -> u64 {
        self.leads
    }

    /// Turns the lane's own number of a lead, sale, refund or payout into its number among those of all lanes.
    pub fn own(&self, number: u64) -> u64 {
        number * self.story.lanes + self.number
    }

    fn realistic(&mut self) -> Body {
        match self.random.u32(0..100) {
            _ if self.leads == 0 => self.referred(),
            0..30 => self.referred(),
            30..40 => self.qualified(),
            40..90 => self.sold(true),
            _ if self.sales == 0 => self.sold(true),
            90..95 => self.refunded(),
            _ => self.paid(),
        }
    }

    fn partner(&mut self) -> u32 {
        self.random.u32(0..self.story.partners)
    }

    fn referred(&mut self) -> Body {
        let number = self.own(self.leads);
        self.leads += 1;
        let partner = self.partner();
        Body::LeadReferred(proto::LeadReferred {
            lead_id: self.story.lead_id(number),
            agreement_id: Some(self.story.agreement_id(partner)),
            acquired_by: proto::AcquiredBy::Partner as i32,
            match_keys: vec![format!("domain:{}company-{number}.example", self.story.prefix)],
            ..proto::LeadReferred::default()
        })
    }

    /// Each lead qualifies once at the most, in the order of referral.
    fn qualified(&mut self) -> Body {
        if self.qualified == self.leads {
            return self.referred();
        }
        let number = self.own(self.qualified);
        self.qualified += 1;
        Body::LeadQualified(proto::LeadQualified { lead_id: self.story.lead_id(number) })
    }

    fn sold(&mut self, to_a_lead: bool) -> Body {
        let number = self.own(self.sales);
        self.sales += 1;
        let (mut lead_id, mut agreement_id) = (None, None);
        if to_a_lead {
            let lead = self.random.u64(0..self.leads);
            lead_id = Some(self.story.lead_id(self.own(lead)));
        } else {
            let partner = self.partner();
            agreement_id = Some(self.story.agreement_id(partner));
        }
        Body::SaleRecorded(proto::SaleRecorded {
            sale_id: format!("{}sale-{number}", self.story.prefix),
            lead_id,
            agreement_id,
            amount: Some(usd(self.random.i64(1_000..500_000))),
            product: "pro".to_owned(),
            ..proto::SaleRecorded::default()
        })
    }

    fn refunded(&mut self) -> Body {
        let number = self.own(self.refunds);
        self.refunds += 1;
        let sale = self.random.u64(0..self.sales);
        Body::SaleRefunded(proto::SaleRefunded {
            refund_id: format!("{}refund-{number}", self.story.prefix),
            sale_id: format!("{}sale-{}", self.story.prefix, self.own(sale)),
            amount: Some(usd(self.random.i64(100..1_000))),
            reason: proto::RefundReason::CustomerRequest as i32,
            clamp: true,
            lines: Vec::new(),
        })
    }

    fn paid(&mut self) -> Body {
        let number = self.own(self.payouts);
        self.payouts += 1;
        let partner = self.partner();
        Body::CommissionPaid(proto::CommissionPaid {
            payout_id: format!("{}payout-{number}", self.story.prefix),
            partner_id: self.story.partner_id(partner),
            amount: Some(usd(1_000)),
            method: "bank".to_owned(),
            reference: format!("run-{number}"),
            advance: true,
            ..proto::CommissionPaid::default()
        })
    }
}
