//! The workload that benches share: the realistic mix of events, from a seed.

use partnership_ledger::proto::{self, event::Body};
use prost_types::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// The first second of the story: 1 January 2024.
const START_SECONDS: i64 = 1_704_067_200;
/// Seconds from one event to the next.
const STEP_SECONDS: i64 = 20;

/// Makes events: partners with agreements first, then referrals, qualifications, sales, refunds and payments.
pub struct Workload {
    random: StdRng,
    partners: u32,
    made: u32,
    leads: u32,
    qualified: u32,
    sales: u32,
    refunds: u32,
    payouts: u32,
}

impl Workload {
    /// A workload of so many partners.
    pub fn new(seed: u64, partners: u32) -> Self {
        Self { random: StdRng::seed_from_u64(seed), partners, made: 0, leads: 0, qualified: 0, sales: 0, refunds: 0, payouts: 0 }
    }

    /// The next event.
    pub fn next_event(&mut self) -> proto::Event {
        let number = self.made;
        self.made += 1;
        let body = if number < self.partners {
            registered(number)
        } else if number < 2 * self.partners {
            signed(number - self.partners)
        } else {
            self.traffic()
        };
        proto::Event {
            event_id: uuid::Uuid::from_u128(self.random.random()).to_string(),
            occurred_at: Some(Timestamp { seconds: START_SECONDS + i64::from(number) * STEP_SECONDS, nanos: 0 }),
            metadata: std::collections::BTreeMap::default(),
            body: Some(body),
        }
    }

    fn traffic(&mut self) -> Body {
        match self.random.random_range(0..100) {
            _ if self.leads == 0 => self.referred(),
            0..30 => self.referred(),
            30..40 => self.qualified(),
            40..90 => self.sold(),
            _ if self.sales == 0 => self.sold(),
            90..95 => self.refunded(),
            _ => self.paid(),
        }
    }

    fn referred(&mut self) -> Body {
        let number = self.leads;
        self.leads += 1;
        let partner = self.random.random_range(0..self.partners);
        Body::LeadReferred(proto::LeadReferred {
            lead_id: format!("lead-{number}"),
            agreement_id: Some(format!("agreement-{partner}")),
            acquired_by: proto::AcquiredBy::Partner as i32,
            match_keys: vec![format!("domain:company-{number}.example")],
            ..proto::LeadReferred::default()
        })
    }

    /// Each lead qualifies once at the most, in the order of referral.
    fn qualified(&mut self) -> Body {
        if self.qualified == self.leads {
            return self.referred();
        }
        self.qualified += 1;
        Body::LeadQualified(proto::LeadQualified { lead_id: format!("lead-{}", self.qualified - 1) })
    }

    fn sold(&mut self) -> Body {
        let number = self.sales;
        self.sales += 1;
        Body::SaleRecorded(proto::SaleRecorded {
            sale_id: format!("sale-{number}"),
            lead_id: Some(format!("lead-{}", self.random.random_range(0..self.leads))),
            amount: usd(self.random.random_range(1_000..500_000)),
            product: "pro".to_owned(),
            ..proto::SaleRecorded::default()
        })
    }

    fn refunded(&mut self) -> Body {
        let number = self.refunds;
        self.refunds += 1;
        Body::SaleRefunded(proto::SaleRefunded {
            refund_id: format!("refund-{number}"),
            sale_id: format!("sale-{}", self.random.random_range(0..self.sales)),
            amount: usd(self.random.random_range(100..1_000)),
            reason: proto::RefundReason::CustomerRequest as i32,
            clamp: true,
        })
    }

    fn paid(&mut self) -> Body {
        let number = self.payouts;
        self.payouts += 1;
        Body::CommissionPaid(proto::CommissionPaid {
            payout_id: format!("payout-{number}"),
            partner_id: format!("partner-{}", self.random.random_range(0..self.partners)),
            amount: usd(1_000),
            method: "bank".to_owned(),
            reference: format!("run-{number}"),
            advance: true,
            ..proto::CommissionPaid::default()
        })
    }
}

#[expect(clippy::unnecessary_wraps, reason = "messages hold their fields as an Option")]
fn usd(minor_units: i64) -> Option<proto::Money> {
    Some(proto::Money { currency_code: "USD".to_owned(), minor_units })
}

fn registered(number: u32) -> Body {
    Body::PartnerRegistered(proto::PartnerRegistered {
        partner_id: format!("partner-{number}"),
        display_name: format!("Partner {number}"),
        kind: proto::PartnerKind::Reseller as i32,
        ..proto::PartnerRegistered::default()
    })
}

fn signed(number: u32) -> Body {
    let rule = |name: &str, trigger: proto::CommissionTrigger, reward| proto::CommissionRule {
        name: name.to_owned(),
        trigger: trigger as i32,
        reward: Some(reward),
        hold_days: 30,
        ..proto::CommissionRule::default()
    };
    let bounty = proto::commission_rule::Reward::Flat(proto::Money { currency_code: "USD".to_owned(), minor_units: 5_000 });
    let rules = vec![
        rule("referral", proto::CommissionTrigger::Sale, proto::commission_rule::Reward::RateBps(2_000)),
        rule("bounty", proto::CommissionTrigger::LeadQualified, bounty),
    ];
    let terms = proto::Terms { commission: Some(proto::Commission { rules }), ..proto::Terms::default() };
    Body::AgreementSigned(proto::AgreementSigned {
        agreement_id: format!("agreement-{number}"),
        partner_id: format!("partner-{number}"),
        r#type: proto::AgreementType::Channel as i32,
        terms: Some(Box::new(terms)),
        ..proto::AgreementSigned::default()
    })
}
