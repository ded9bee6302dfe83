//! Facts in the domain's words, with as little said of each as the rules want: for tests and benches.

use crate::proto::commission_rule::Reward;
use crate::proto::event::Body;
use crate::proto::lead_reassigned::To;
use crate::proto::{self, AcquiredBy, AgreementType, CommissionTrigger, PartnerKind};

/// US dollars, in cents.
pub fn usd(minor_units: i64) -> proto::Money {
    proto::Money { currency_code: "USD".to_owned(), minor_units }
}

/// A reseller is registered, in no category.
pub fn registered(partner: &str) -> Body {
    Body::PartnerRegistered(proto::PartnerRegistered {
        partner_id: partner.into(),
        display_name: partner.to_uppercase(),
        kind: PartnerKind::Reseller as i32,
        ..proto::PartnerRegistered::default()
    })
}

/// A rule by the name of `base` that pays for sales.
pub fn rule(reward: Reward) -> proto::CommissionRule {
    let trigger = CommissionTrigger::Sale as i32;
    proto::CommissionRule { name: "base".into(), trigger, reward: Some(reward), ..proto::CommissionRule::default() }
}

/// Terms with one rule: 20 % of every sale.
pub fn terms() -> proto::Terms {
    terms_with(rule(Reward::RateBps(2_000)))
}

/// Terms with one rule.
pub fn terms_with(rule: proto::CommissionRule) -> proto::Terms {
    proto::Terms { commission: Some(proto::Commission { rules: vec![rule] }), ..proto::Terms::default() }
}

/// A channel agreement is signed, in force at once.
pub fn signed(agreement: &str, partner: &str, terms: proto::Terms) -> Body {
    Body::AgreementSigned(proto::AgreementSigned {
        agreement_id: agreement.into(),
        partner_id: partner.into(),
        r#type: AgreementType::Channel as i32,
        terms: Some(Box::new(terms)),
        ..proto::AgreementSigned::default()
    })
}

/// A partner refers a lead through its agreement.
pub fn referred(lead: &str, agreement: &str) -> Body {
    Body::LeadReferred(proto::LeadReferred {
        lead_id: lead.into(),
        agreement_id: Some(agreement.into()),
        acquired_by: AcquiredBy::Partner as i32,
        ..proto::LeadReferred::default()
    })
}

/// A sale of a lead, in US cents.
pub fn sold(sale: &str, lead: &str, minor_units: i64) -> Body {
    let amount = Some(usd(minor_units));
    Body::SaleRecorded(proto::SaleRecorded {
        sale_id: sale.into(),
        lead_id: Some(lead.into()),
        amount,
        product: "pro".into(),
        ..proto::SaleRecorded::default()
    })
}

/// A refund of a sale, of as much as is left of it, in US cents.
pub fn refunded(refund: &str, sale: &str, minor_units: i64) -> Body {
    let (amount, reason) = (Some(usd(minor_units)), proto::RefundReason::CustomerRequest as i32);
    Body::SaleRefunded(proto::SaleRefunded {
        refund_id: refund.into(),
        sale_id: sale.into(),
        amount,
        reason,
        clamp: true,
        lines: Vec::new(),
    })
}

/// A payment to a partner, in US cents.
pub fn paid(payout: &str, partner: &str, minor_units: i64) -> Body {
    Body::CommissionPaid(proto::CommissionPaid {
        payout_id: payout.into(),
        partner_id: partner.into(),
        amount: Some(usd(minor_units)),
        ..proto::CommissionPaid::default()
    })
}

/// A payout to a partner that is sent, and settles or fails later, in US cents.
pub fn initiated(payout: &str, partner: &str, minor_units: i64) -> Body {
    Body::PayoutInitiated(proto::PayoutInitiated {
        payout_id: payout.into(),
        partner_id: partner.into(),
        amount: Some(usd(minor_units)),
        ..proto::PayoutInitiated::default()
    })
}

/// A payout that was sent arrived.
pub fn settled(payout: &str) -> Body {
    Body::PayoutSettled(proto::PayoutSettled { payout_id: payout.into(), ..proto::PayoutSettled::default() })
}

/// A payout that was sent did not arrive.
pub fn failed(payout: &str) -> Body {
    Body::PayoutFailed(proto::PayoutFailed { payout_id: payout.into(), ..proto::PayoutFailed::default() })
}

/// Payouts to a partner are put on hold.
pub fn held(hold: &str, partner: &str) -> Body {
    Body::PartnerHoldPlaced(proto::PartnerHoldPlaced { hold_id: hold.into(), partner_id: partner.into(), reason: "review".into() })
}

/// A hold ends.
pub fn lifted(hold: &str) -> Body {
    Body::PartnerHoldLifted(proto::PartnerHoldLifted { hold_id: hold.into() })
}

/// Commission that is given by hand under an agreement, in US cents.
pub fn adjusted(adjustment: &str, agreement: &str, minor_units: i64) -> Body {
    let amount = Some(usd(minor_units));
    let reason = "agreed".to_owned();
    Body::CommissionAdjusted(proto::CommissionAdjusted { adjustment_id: adjustment.into(), agreement_id: agreement.into(), amount, reason })
}

/// Gives a lead to an agreement, or to the house, with what is unpaid.
pub fn reassigned(lead: &str, to: Option<&str>) -> Body {
    Body::LeadReassigned(proto::LeadReassigned {
        lead_id: lead.into(),
        to: Some(to.map_or(To::House(true), |agreement| To::AgreementId(agreement.into()))),
        reason: "agreed".into(),
        dispute_id: None,
        transfer_unpaid_commission: true,
    })
}
