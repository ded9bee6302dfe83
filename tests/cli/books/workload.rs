//! Random events with what books find hard: odd ids, odd texts, many currencies, late facts after a close.

use partnership_ledger::proto::{self, Money, event::Body};
use prost_types::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::collections::BTreeMap;

/// Partners, each with two agreements. No two differ in nothing but what an accounting program might take for the same.
const PARTNERS: [&str; 16] = [
    "acme",
    "Acme",
    "ACME",
    "x",
    "X",
    "Xx",
    "-",
    ":",
    "._:-",
    "a.b",
    "a_b",
    "a:b",
    "a-b",
    "0-0",
    "Xdash",
    "A-very-long-id.with_everything:in-it.0123456789.abcdefghijklmnop",
];
/// Currencies of no, two, three and four decimals.
const CURRENCIES: [&str; 8] = ["USD", "THB", "EUR", "JPY", "VND", "KWD", "TND", "CLF"];
/// Texts with what formats give a meaning.
const TEXTS: [&str; 10] = [
    "",
    "plain",
    "บริษัท พันธมิตร จำกัด",
    "\"quoted\" \\ and; commented | divided",
    "two\nlines\r\nand\ta tab",
    "date:2020-01-01, date2:2020-01-02",
    "[2020-01-01]",
    "(code) * ! ~ = @ {1} #tag ^link",
    "ends with a backslash \\",
    "\u{0}\u{1b}[2J\u{202e}\u{2028}e\u{301}🧾",
];
/// 1 January 2024.
const START_SECONDS: i64 = 1_704_067_200;
/// Campaigns that costs are shared in.
const CAMPAIGNS: u64 = 6;
/// Events between closes, of which each closes a month more.
const EVENTS_PER_CLOSE: u64 = 1_300;

/// Makes events.
pub struct Workload {
    random: StdRng,
    made: u64,
    closes: i64,
    /// The sales that were made, by the number of their event, with their lines.
    sales: BTreeMap<u64, (Money, Vec<proto::SaleLine>)>,
    /// The numbers of the events that referred a lead.
    leads: Vec<u64>,
    /// The numbers of the events that refunded something.
    refunds: Vec<u64>,
    /// The numbers of the events that paid something out.
    payouts: Vec<u64>,
}

impl Workload {
    /// The workload of a seed.
    pub fn new(seed: u64) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            made: 0,
            closes: 0,
            sales: BTreeMap::new(),
            leads: Vec::new(),
            refunds: Vec::new(),
            payouts: Vec::new(),
        }
    }

    /// The next event. Most of them follow the rules.
    pub fn next_event(&mut self) -> proto::Event {
        let number = self.made;
        self.made += 1;
        let partners = PARTNERS.len() as u64;
        let body = match number {
            _ if number < partners => self.registered(PARTNERS[usize::try_from(number).expect("few")]),
            _ if number < 3 * partners => self.signed(number - partners),
            _ if number < 3 * partners + CAMPAIGNS => self.planned(number - 3 * partners),
            _ if number.is_multiple_of(EVENTS_PER_CLOSE) => self.closed(),
            _ if self.sales.is_empty() => self.sold(number),
            _ => self.traffic(number),
        };
        // Up to one and a half years on, in no order; a few from long before.
        let seconds = match self.random.random_range(0..400) {
            _ if number < 3 * partners => -62_135_596_800,
            0 => -62_000_000_000,
            1 => -1,
            _ => START_SECONDS + self.random.random_range(0..47_000_000),
        };
        let nanos = self.any(&[0, 0, 1, 999_999_999]);
        proto::Event {
            event_id: uuid::Uuid::from_u128(self.random.random()).to_string(),
            occurred_at: Some(Timestamp { seconds, nanos: if number < 3 * partners { 0 } else { nanos } }),
            body: Some(body),
            ..proto::Event::default()
        }
    }

    fn any<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.random.random_range(0..choices.len())].clone()
    }

    fn text(&mut self) -> String {
        self.any(&TEXTS).to_owned()
    }

    fn partner(&mut self) -> String {
        self.any(&PARTNERS).to_owned()
    }

    fn agreement(&mut self) -> String {
        format!("g:{}", self.random.random_range(0..2 * PARTNERS.len()))
    }

    /// One of the numbers used up to now.
    fn earlier(&mut self, number: u64) -> u64 {
        self.random.random_range(number.saturating_sub(600)..=number)
    }

    #[expect(clippy::unnecessary_wraps, reason = "messages hold their fields as an Option")]
    fn money(&mut self, most: i64) -> Option<Money> {
        let minor_units = if self.random.random_range(0..500) == 0 { 1_000_000_000_000_000 } else { self.random.random_range(1..=most) };
        Some(Money { currency_code: self.any(&CURRENCIES).to_owned(), minor_units })
    }

    fn registered(&mut self, partner_id: &str) -> Body {
        let display_name = format!("{} {partner_id}", self.text());
        let kind = proto::PartnerKind::Reseller.into();
        Body::PartnerRegistered(proto::PartnerRegistered { partner_id: partner_id.to_owned(), display_name, kind, ..Default::default() })
    }

    /// Rates, some of them payable as the customer pays, and flat amounts for a product; each with what is earned above the
    /// agreements that it recruited.
    fn rules(&mut self, number: u64) -> Vec<proto::CommissionRule> {
        use proto::commission_rule::Reward;
        let waits = number.is_multiple_of(3);
        let share = proto::CommissionRule {
            name: "share".to_owned(),
            trigger: proto::CommissionTrigger::Sale.into(),
            reward: Some(Reward::RateBps(self.random.random_range(1..5_000))),
            hold_days: self.any(&[0, 0, 30]),
            payable_on: if waits { proto::PayableOn::CustomerPayment } else { proto::PayableOn::Sale }.into(),
            ..Default::default()
        };
        let flat = proto::CommissionRule {
            name: "flat".to_owned(),
            products: vec!["plain".to_owned()],
            reward: Some(Reward::Flat(Money { currency_code: self.any(&CURRENCIES).to_owned(), minor_units: 501 })),
            ..share.clone()
        };
        let above = |level, of: proto::OverrideBase| proto::CommissionRule {
            name: format!("above-{level}"),
            trigger: proto::CommissionTrigger::RecruitedSale.into(),
            reward: Some(Reward::RateBps(707)),
            level,
            of: of.into(),
            ..share.clone()
        };
        let above = [above(1, proto::OverrideBase::Sale), above(2, proto::OverrideBase::Commission)];
        let own = if number.is_multiple_of(2) { vec![flat, share] } else { vec![share] };
        own.into_iter().chain(above).collect()
    }

    fn signed(&mut self, number: u64) -> Body {
        let rules = self.rules(number);
        // Every fourth is a joint venture, of which a third is the house's.
        let is_venture = number.is_multiple_of(4);
        let ownership = is_venture.then_some(proto::Ownership { house_bps: 3_333, partner_bps: 6_667 });
        let terms = proto::Terms { commission: Some(proto::Commission { rules }), ownership, ..Default::default() };
        Body::AgreementSigned(proto::AgreementSigned {
            agreement_id: format!("g:{number}"),
            partner_id: PARTNERS[usize::try_from(number).expect("few") % PARTNERS.len()].to_owned(),
            r#type: if is_venture { proto::AgreementType::JointVenture } else { proto::AgreementType::Channel }.into(),
            terms: Some(Box::new(terms)),
            // Chains of four, and agreements that nobody recruited.
            recruited_by_agreement_id: (number % 5 > 1).then(|| format!("g:{}", number - 1)),
            ..Default::default()
        })
    }

    /// The house and two partners share the costs, so that most of them leave something over.
    fn planned(&mut self, number: u64) -> Body {
        use proto::campaign_participant::Party;
        let parties = [Party::House(true), Party::AgreementId(format!("g:{number}")), Party::AgreementId(format!("g:{}", number + 7))];
        let participants = parties.into_iter().zip([3_334, 3_333, 3_333]).map(|(party, share)| proto::CampaignParticipant {
            party: Some(party),
            cost_share_bps: share,
            lead_share_bps: share,
            goal: proto::CampaignGoal::Leads.into(),
        });
        Body::CampaignPlanned(proto::CampaignPlanned {
            campaign_id: format!("c_{number}"),
            r#type: proto::CampaignType::EventSponsorship.into(),
            title: format!("{}.", self.text()),
            participants: participants.collect(),
            ..Default::default()
        })
    }

    fn cost(&mut self, number: u64) -> Body {
        let campaign = self.random.random_range(0..CAMPAIGNS);
        let payers = [proto::cost_incurred::PaidBy::House(true), proto::cost_incurred::PaidBy::AgreementId(format!("g:{campaign}"))];
        Body::CostIncurred(proto::CostIncurred {
            cost_id: format!("cost-{number}"),
            campaign_id: format!("c_{campaign}"),
            amount: self.money(300_000),
            paid_by: Some(self.any(&payers)),
            description: self.text(),
        })
    }

    fn venture(&mut self, number: u64) -> Body {
        let agreement_id = format!("g:{}", 4 * self.random.random_range(0..PARTNERS.len() / 2));
        let amount = self.money(10_000_000);
        if self.random.random_range(0..2) == 0 {
            let side = self.any(&[proto::Side::House, proto::Side::Partner]).into();
            let contribution_id = format!("contribution-{number}");
            return Body::CapitalContributed(proto::CapitalContributed { contribution_id, agreement_id, side, amount });
        }
        let method = self.any(&[proto::DistributionMethod::ByOwnership, proto::DistributionMethod::CapitalFirst]).into();
        Body::ProfitDistributed(proto::ProfitDistributed {
            distribution_id: format!("distribution-{number}"),
            agreement_id,
            amount,
            method,
        })
    }

    fn closed(&mut self) -> Body {
        self.closes += 1;
        let seconds = START_SECONDS + self.closes * 31 * 86_400 + 3_600;
        Body::PeriodClosed(proto::PeriodClosed { through: Some(Timestamp { seconds, nanos: 0 }) })
    }

    fn traffic(&mut self, number: u64) -> Body {
        match self.random.random_range(0..100) {
            0..15 => self.referred(number),
            15..49 => self.sold(number),
            49..57 => self.refunded(number),
            57..59 => Body::SaleVoided(proto::SaleVoided { sale_id: self.sale(number).0, reason: format!("{}?", self.text()) }),
            59..67 => self.paid_by_customer(number),
            67..72 => self.adjusted(number),
            72..85 => self.paid(number),
            85..88 => self.came_of_a_payout(number),
            88..91 => self.cost(number),
            91..95 => self.venture(number),
            95..98 => Body::PaymentReceived(proto::PaymentReceived {
                payment_id: format!("payment-{number}"),
                partner_id: self.partner(),
                amount: self.money(900_000),
                reference: self.text(),
            }),
            _ => self.reassigned(),
        }
    }

    fn referred(&mut self, number: u64) -> Body {
        self.leads.push(number);
        Body::LeadReferred(proto::LeadReferred {
            lead_id: format!("lead.{number}"),
            agreement_id: Some(self.agreement()),
            acquired_by: proto::AcquiredBy::Partner.into(),
            ..Default::default()
        })
    }

    /// One of the last leads.
    fn lead(&mut self) -> String {
        let before = self.random.random_range(1..12).min(self.leads.len());
        format!("lead.{}", self.leads.get(self.leads.len() - before).unwrap_or(&0))
    }

    /// Of a lead, of an agreement, of both, or split; whole or in lines; some for nothing.
    fn sold(&mut self, number: u64) -> Body {
        let earner = self.random.random_range(0..6);
        let has_lead = earner < 3;
        let mut amount = self.money(5_000_000).expect("an amount");
        if self.random.random_range(0..20) == 0 {
            amount.minor_units = 0;
        }
        let lines = if self.random.random_range(0..4) == 0 { self.lines(&amount) } else { Vec::new() };
        let has_base = lines.is_empty() && self.random.random_range(0..5) == 0;
        let base = has_base.then(|| Money { minor_units: self.random.random_range(0..=amount.minor_units), ..amount.clone() });
        let agreement = self.random.random_range(0..2 * PARTNERS.len() - 3);
        let splits = [3_333, 3_333, 3_334].into_iter().zip(agreement..);
        let splits = splits.map(|(share_bps, agreement)| proto::SaleSplit { agreement_id: format!("g:{agreement}"), share_bps });
        self.sales.insert(number, (amount.clone(), lines.clone()));
        Body::SaleRecorded(proto::SaleRecorded {
            sale_id: format!("sale-{number}"),
            lead_id: has_lead.then(|| self.lead()),
            agreement_id: [2, 4, 5].contains(&earner).then(|| format!("g:{agreement}")),
            splits: if [1, 3].contains(&earner) { splits.collect() } else { Vec::new() },
            amount: Some(amount),
            commissionable: base,
            product: if lines.is_empty() { self.text() } else { String::new() },
            lines,
            coupon: self.text(),
            collected_by: self.any(&[proto::Side::House, proto::Side::House, proto::Side::Partner]).into(),
        })
    }

    /// Three lines that add up to an amount; the last one's commission is worked out on half of it.
    fn lines(&mut self, amount: &Money) -> Vec<proto::SaleLine> {
        let third = amount.minor_units / 3;
        let amounts = [third, 0, amount.minor_units - third].map(|minor_units| Money { minor_units, ..amount.clone() });
        let line = |(number, amount): (usize, Money)| proto::SaleLine {
            line_id: format!("{number}:-"),
            product: self.text(),
            commissionable: (number == 2).then(|| Money { minor_units: amount.minor_units / 2, ..amount.clone() }),
            amount: Some(amount),
        };
        amounts.into_iter().enumerate().map(line).collect()
    }

    /// One of the last sales: its id, its amount and its lines.
    fn sale(&mut self, number: u64) -> (String, Money, Vec<proto::SaleLine>) {
        let from = self.earlier(number);
        let next = self.sales.range(from..).next().or_else(|| self.sales.last_key_value());
        let (number, (amount, lines)) = next.expect("the first of all is a sale");
        (format!("sale-{number}"), amount.clone(), lines.clone())
    }

    /// In parts, wholly, or too much; some payments bounce.
    fn paid_by_customer(&mut self, number: u64) -> Body {
        let (sale_id, amount, _) = self.sale(number);
        let part = self.any(&[1, 2, 3]);
        let sign = self.any(&[1, 1, 1, -1]);
        let amount = Some(Money { minor_units: sign * (amount.minor_units / part).max(1), ..amount });
        Body::CustomerPaymentReceived(proto::CustomerPaymentReceived { receipt_id: format!("receipt-{number}"), sale_id, amount })
    }

    fn refunded(&mut self, number: u64) -> Body {
        if self.refunds.len() > 4 && self.random.random_range(0..4) == 0 {
            let refund_id = format!("refund-{}", self.refunds[self.refunds.len() - self.random.random_range(1..5)]);
            return Body::SaleReinstated(proto::SaleReinstated { reinstatement_id: format!("reinstated-{number}"), refund_id });
        }
        self.refunds.push(number);
        let (sale_id, sold, lines) = self.sale(number);
        let part = self.any(&[1, 2, 5]);
        let mut amount = Money { minor_units: (sold.minor_units / part).max(1), ..sold };
        let line = lines.into_iter().next_back().filter(|_| self.random.random_range(0..2) == 0);
        let lines = line.into_iter().filter_map(|line| {
            amount.minor_units = line.amount?.minor_units / part;
            Some(proto::RefundLine { line_id: line.line_id, amount: Some(amount.clone()) })
        });
        let lines: Vec<_> = lines.filter(|line| line.amount.as_ref().is_some_and(|amount| amount.minor_units > 0)).collect();
        amount.minor_units = amount.minor_units.max(1);
        Body::SaleRefunded(proto::SaleRefunded {
            refund_id: format!("refund-{number}"),
            sale_id,
            amount: Some(amount),
            reason: self.any(&[proto::RefundReason::CustomerRequest, proto::RefundReason::Error, proto::RefundReason::HouseFault]).into(),
            clamp: true,
            lines,
        })
    }

    fn adjusted(&mut self, number: u64) -> Body {
        let sign = self.any(&[-1, 1]);
        Body::CommissionAdjusted(proto::CommissionAdjusted {
            adjustment_id: format!("adjustment-{number}"),
            agreement_id: self.agreement(),
            amount: self.money(70_000).map(|amount| Money { minor_units: sign * amount.minor_units, ..amount }),
            reason: format!("{}!", self.text()),
        })
    }

    fn paid(&mut self, number: u64) -> Body {
        self.payouts.push(number);
        let amount = self.money(400_000);
        let tax =
            amount.clone().filter(|amount| amount.minor_units > 10).map(|amount| Money { minor_units: amount.minor_units / 10, ..amount });
        let is_taxed = self.random.random_range(0..3) == 0;
        let is_taxed_on_top = self.random.random_range(0..3) == 0;
        let is_exchanged = self.random.random_range(0..4) == 0;
        let code = amount.as_ref().map(|amount| amount.currency_code.clone());
        let settled_amount = self.money(400_000).filter(|settled| is_exchanged && Some(&settled.currency_code) != code.as_ref());
        let paid = proto::CommissionPaid {
            payout_id: format!("payout-{number}"),
            partner_id: self.partner(),
            amount,
            tax_withheld: tax.clone().filter(|_| is_taxed),
            method: self.text(),
            reference: self.text(),
            advance: true,
            tax_added: tax.filter(|_| is_taxed_on_top),
            document_number: if is_taxed_on_top { format!("\"{number}\"; ก") } else { String::new() },
            settled_amount,
        };
        if self.random.random_range(0..2) == 0 { Body::CommissionPaid(paid) } else { Body::PayoutInitiated(sent(paid)) }
    }

    /// A payout settles, fails, or comes back in whole or in part.
    fn came_of_a_payout(&mut self, number: u64) -> Body {
        let before = self.random.random_range(1..8).min(self.payouts.len());
        let payout_id = format!("payout-{}", self.payouts.get(self.payouts.len() - before).unwrap_or(&0));
        match self.random.random_range(0..6) {
            0 | 1 => Body::PayoutSettled(proto::PayoutSettled { payout_id, reference: Some(self.text()), settled_amount: None }),
            2 => Body::PayoutFailed(proto::PayoutFailed { payout_id, reason: self.text() }),
            part => Body::PayoutReturned(proto::PayoutReturned {
                return_id: format!("return-{number}"),
                payout_id,
                amount: self.money(90_000).filter(|_| part > 4),
                reason: self.text(),
            }),
        }
    }

    fn reassigned(&mut self) -> Body {
        Body::LeadReassigned(proto::LeadReassigned {
            lead_id: self.lead(),
            reason: format!("{}.", self.text()),
            transfer_unpaid_commission: true,
            to: Some(proto::lead_reassigned::To::AgreementId(self.agreement())),
            ..Default::default()
        })
    }
}

/// A payout that is sent as another one is paid.
fn sent(paid: proto::CommissionPaid) -> proto::PayoutInitiated {
    proto::PayoutInitiated {
        payout_id: paid.payout_id,
        partner_id: paid.partner_id,
        amount: paid.amount,
        tax_withheld: paid.tax_withheld,
        method: paid.method,
        reference: paid.reference,
        advance: paid.advance,
        tax_added: paid.tax_added,
        document_number: paid.document_number,
        settled_amount: paid.settled_amount,
    }
}
