//! What a sale is made of, who earns on it, and what is left of it. Rules 14, 16.

use partnership_ledger::proto::{self as pb, RefundReason, event::Body};

use super::calendar::Instant;
use super::record::{Assessed, Known, Record, Refunded};
use super::shares::split;
use super::tiers::rounded;

/// A line of a sale; a sale without lines is one. Rules 14.3.
pub struct Line<'a> {
    pub id: Option<&'a str>,
    pub product: &'a str,
    pub amount: i128,
    /// What commission is worked out on. Rules 14.4.
    pub base: i128,
}

/// An agreement that earns on a sale. Rules 14.2.
#[derive(Clone, Debug)]
pub struct Earner {
    pub agreement: String,
    /// Absent: the whole sale.
    pub share_bps: Option<u32>,
}

/// The share of a line that is an earner's. Rules 14.6.
pub struct Portion {
    pub line: usize,
    pub earner: usize,
    pub amount: i128,
    pub base: i128,
}

/// The amount and currency of a sale.
pub fn price(sale: &pb::SaleRecorded) -> (&str, i128) {
    let amount = sale.amount.as_ref().expect("required");
    (&amount.currency_code, i128::from(amount.minor_units))
}

pub fn lines(sale: &pb::SaleRecorded) -> Vec<Line<'_>> {
    let minor_units = |money: &pb::Money| i128::from(money.minor_units);
    if sale.lines.is_empty() {
        let (_, amount) = price(sale);
        let base = sale.commissionable.as_ref().map_or(amount, minor_units);
        return vec![Line { id: None, product: &sale.product, amount, base }];
    }
    let line = |line: &'_ pb::SaleLine| {
        let amount = line.amount.as_ref().map(minor_units).expect("required");
        (amount, line.commissionable.as_ref().map_or(amount, minor_units))
    };
    sale.lines
        .iter()
        .map(|one| {
            let (amount, base) = line(one);
            Line { id: Some(&one.line_id), product: &one.product, amount, base }
        })
        .collect()
}

/// The parts of a sale: line by line, earners in their order. Rules 14.6.
pub fn portions(sale: &pb::SaleRecorded, earners: &[Earner]) -> Vec<Portion> {
    let shares: Vec<i128> = earners.iter().map(|earner| i128::from(earner.share_bps.unwrap_or(10_000))).collect();
    let mut portions = Vec::new();
    for (line, of) in lines(sale).iter().enumerate() {
        if earners.is_empty() {
            break;
        }
        let (amounts, bases) = (split(of.amount, &shares), split(of.base, &shares));
        for (earner, (amount, base)) in amounts.into_iter().zip(bases).enumerate() {
            portions.push(Portion { line, earner, amount, base });
        }
    }
    portions
}

/// The sale that a record is about, if it is one.
pub fn sold(record: &Record) -> Option<&pb::SaleRecorded> {
    match record.body() {
        Body::SaleRecorded(sale) => Some(sale),
        _ => None,
    }
}

pub fn sale_id(record: &Record) -> Option<&String> {
    sold(record).map(|sale| &sale.sale_id)
}

/// The parts of a sale that its earners have; none of a sale without earners.
pub fn own_parts(record: &Record) -> Vec<&Assessed> {
    record.effects.assessed.iter().filter(|part| part.level.is_none() && part.agreement.is_some()).collect()
}

/// The parts of a sale that uplines have. Rules 15.
pub fn override_parts(record: &Record) -> Vec<&Assessed> {
    record.effects.assessed.iter().filter(|part| part.level.is_some()).collect()
}

/// Whether an agreement earns on a sale by a share of its own.
pub fn is_earner(record: &Record, agreement: &str) -> bool {
    own_parts(record).iter().any(|part| part.agreement.as_deref() == Some(agreement))
}

/// What is left of a part's base when so much is left of its amount. Rules 14.9.
pub fn base_left(part: &Assessed, amount_left: i128) -> i128 {
    let base = part.base.as_ref().map_or(0, |(_, base)| *base);
    if part.part_amount == 0 { base } else { rounded(base * amount_left, part.part_amount) }
}

impl<'a> Known<'a> {
    pub fn sale(&self, sale: &str) -> Option<&'a Record> {
        self.records.iter().find(|record| sale_id(record).is_some_and(|id| id == sale)).copied()
    }

    /// Who earns on a sale at its time. Rules 14.1, 14.2.
    pub fn earners(&self, sale: &pb::SaleRecorded, lead: Option<&str>, at: Instant) -> Vec<Earner> {
        if !sale.splits.is_empty() {
            let earner = |split: &pb::SaleSplit| Earner { agreement: split.agreement_id.clone(), share_bps: Some(split.share_bps) };
            return sale.splits.iter().map(earner).collect();
        }
        let credit = || lead.and_then(|lead| self.credit_at(lead, at));
        let alone = sale.agreement_id.clone().or_else(credit);
        alone.into_iter().map(|agreement| Earner { agreement, share_bps: None }).collect()
    }

    pub fn refund(&self, refund: &str) -> Option<&'a Record> {
        let wanted = |body: &Body| matches!(body, Body::SaleRefunded(b) if b.refund_id == refund);
        self.records.iter().find(|record| wanted(record.body())).copied()
    }

    pub fn is_reinstated(&self, refund: &str) -> bool {
        self.records.iter().any(|record| record.effects.reinstates.as_deref() == Some(refund))
    }

    /// The refunds of a sale that were not reinstated.
    pub fn standing_refunds(&self, sale: &str) -> Vec<&'a Refunded> {
        let stands = |record: &&'a Record| {
            let refunded = record.effects.refund.as_ref().filter(|refunded| refunded.sale == sale)?;
            let Body::SaleRefunded(body) = record.body() else {
                unreachable!("takes a refund");
            };
            (!self.is_reinstated(&body.refund_id)).then_some(refunded)
        };
        self.records.iter().filter_map(stands).collect()
    }

    fn refunds_of(&self, record: &Record) -> Vec<&'a Refunded> {
        self.standing_refunds(sale_id(record).expect("asked for a sale"))
    }

    /// The amount of a sale less its refunds, reinstated ones not counted.
    pub fn left_of_sale(&self, record: &Record) -> i128 {
        let (_, amount) = price(sold(record).expect("asked for a sale"));
        amount - self.refunds_of(record).iter().map(|refund| refund.applied).sum::<i128>()
    }

    /// What is left of each line.
    pub fn left_of_lines(&self, record: &Record) -> Vec<i128> {
        let refunds = self.refunds_of(record);
        let left = |(index, line): (usize, Line<'_>)| line.amount - refunds.iter().map(|refund| refund.lines[index]).sum::<i128>();
        lines(sold(record).expect("asked for a sale")).into_iter().enumerate().map(left).collect()
    }

    /// What is left of an own part's amount after every refund.
    pub fn left_of_part(&self, record: &Record, part: &Assessed) -> i128 {
        part.part_amount - self.refunds_of(record).iter().map(|refund| refund.parts[part.part as usize]).sum::<i128>()
    }

    /// What counts as left of an own part's amount, and of its line, for its commission: what a refund for the house's fault
    /// took counts as left if the part's terms reverse nothing for it. Rules 13, 14.9.
    pub fn counting_of_part(&self, record: &Record, part: &Assessed) -> (i128, i128) {
        let mut refunds = self.refunds_of(record);
        refunds.retain(|refund| !spares(part, refund.reason));
        let line = lines(sold(record).expect("asked for a sale"))[part.line].amount;
        let of_part: i128 = refunds.iter().map(|refund| refund.parts[part.part as usize]).sum();
        let of_line: i128 = refunds.iter().map(|refund| refund.lines[part.line]).sum();
        (part.part_amount - of_part, line - of_line)
    }

    /// When a sale was voided.
    pub fn void_of(&self, sale: &str) -> Option<&'a Record> {
        self.records.iter().find(|record| record.effects.voided.as_ref().is_some_and(|(voided, _, _)| voided == sale)).copied()
    }

    /// Whether a sale never was: it is voided, or refunded as an error altogether. Rules 16.2, 16.3.
    pub fn never_was(&self, record: &Record) -> bool {
        let sale = sold(record).expect("asked for a sale");
        let (_, amount) = price(sale);
        let refunds = self.standing_refunds(&sale.sale_id);
        let errors: i128 = refunds.iter().filter(|refund| refund.reason == RefundReason::Error).map(|refund| refund.applied).sum();
        self.void_of(&sale.sale_id).is_some() || (amount > 0 && errors >= amount)
    }

    /// The sales of a lead recorded so far that are not taken back as never made. Rules 16.2.
    pub fn sales_of_lead(&self, lead: &str) -> Vec<&'a Record> {
        let is_sale = |record: &&Record| sold(record).is_some() && !self.never_was(record);
        self.of_lead(lead).into_iter().filter(is_sale).collect()
    }

    /// The sales of a lead that count: also without those of nothing. Rules 14.5.
    pub fn counting_sales(&self, lead: &str) -> usize {
        let counts = |record: &&Record| sold(record).is_some_and(|sale| price(sale).1 > 0);
        self.sales_of_lead(lead).iter().filter(|record| counts(record)).count()
    }
}

/// Whether a refund for this reason reverses nothing by the terms of a part.
pub fn spares(part: &Assessed, reason: RefundReason) -> bool {
    reason == RefundReason::HouseFault && !part.reverse_on_house_fault
}
