//! The bodies of the events that rows become, one for each kind.

use super::kinds::Kind;
use super::row::Row;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::{self, AcquiredBy, PartnerKind, RefundReason, Side};

/// Returns the body of a row's event; problems of its cells are noted in the row.
pub fn body(kind: Kind, row: &mut Row<'_>) -> Body {
    match kind {
        Kind::Partners => Body::PartnerRegistered(partner(row)),
        Kind::Leads => Body::LeadReferred(lead(row)),
        Kind::Sales => Body::SaleRecorded(sale(row)),
        Kind::Receipts => Body::CustomerPaymentReceived(receipt(row)),
        Kind::Refunds => Body::SaleRefunded(refund(row)),
        Kind::Voids => Body::SaleVoided(proto::SaleVoided { sale_id: row.required("sale_id"), reason: row.required("reason") }),
        Kind::Adjustments => Body::CommissionAdjusted(adjustment(row)),
        Kind::Payments => payment(row),
        Kind::Settlements => settlement(row),
    }
}

fn partner(row: &mut Row<'_>) -> proto::PartnerRegistered {
    let kinds = ["RESELLER", "AFFILIATE", "TECHNOLOGY", "AGENCY", "MEDIA", "JOINT_VENTURE", "OTHER"];
    let kind = row.word("kind", &kinds).unwrap_or_else(|| "OTHER".to_owned());
    proto::PartnerRegistered {
        partner_id: row.required("partner_id"),
        display_name: row.required("display_name"),
        kind: PartnerKind::from_str_name(&format!("PARTNER_KIND_{kind}")).unwrap_or_default().into(),
        categories: row.list("categories"),
        country_code: row.optional("country_code"),
    }
}

fn lead(row: &mut Row<'_>) -> proto::LeadReferred {
    let acquired_by = row.word("acquired_by", &["PARTNER", "HOUSE", "JOINT"]).unwrap_or_else(|| "PARTNER".to_owned());
    let attribution = proto::Attribution {
        referral_link: row.text("referral_link"),
        coupon: row.text("coupon"),
        utm_source: row.text("utm_source"),
        utm_medium: row.text("utm_medium"),
        utm_campaign: row.text("utm_campaign"),
        utm_term: row.text("utm_term"),
        utm_content: row.text("utm_content"),
    };
    proto::LeadReferred {
        lead_id: row.required("lead_id"),
        agreement_id: row.optional("agreement_id"),
        acquired_by: AcquiredBy::from_str_name(&format!("ACQUIRED_BY_{acquired_by}")).unwrap_or_default().into(),
        campaign_id: row.optional("campaign_id"),
        match_keys: row.list("match_keys"),
        attribution: (attribution != proto::Attribution::default()).then(|| Box::new(attribution)),
    }
}

fn sale(row: &mut Row<'_>) -> proto::SaleRecorded {
    let collected_by = match row.word("collected_by", &["HOUSE", "PARTNER"]).as_deref() {
        Some("PARTNER") => Side::Partner,
        _ => Side::House,
    };
    proto::SaleRecorded {
        sale_id: row.required("sale_id"),
        lead_id: row.optional("lead_id"),
        agreement_id: row.optional("agreement_id"),
        amount: row.money("amount", true),
        product: row.text("product"),
        collected_by: collected_by.into(),
        commissionable: row.money("commissionable", false),
        coupon: row.text("coupon"),
        ..proto::SaleRecorded::default()
    }
}

fn receipt(row: &mut Row<'_>) -> proto::CustomerPaymentReceived {
    proto::CustomerPaymentReceived {
        receipt_id: row.required("receipt_id"),
        sale_id: row.required("sale_id"),
        amount: row.money("amount", true),
    }
}

/// A row refunds one line or none in particular; a refund of several lines has to be sent as an event.
fn refund(row: &mut Row<'_>) -> proto::SaleRefunded {
    let reasons = ["CUSTOMER_REQUEST", "CHARGEBACK", "FRAUD", "ERROR", "HOUSE_FAULT"];
    let reason = row.word("reason", &reasons).unwrap_or_else(|| "CUSTOMER_REQUEST".to_owned());
    let amount = row.money("amount", true);
    let line = row.optional("line_id").map(|line_id| proto::RefundLine { line_id, amount: amount.clone() });
    proto::SaleRefunded {
        refund_id: row.required("refund_id"),
        sale_id: row.required("sale_id"),
        amount,
        reason: RefundReason::from_str_name(&format!("REFUND_REASON_{reason}")).unwrap_or_default().into(),
        clamp: row.flag("clamp"),
        lines: line.into_iter().collect(),
    }
}

fn adjustment(row: &mut Row<'_>) -> proto::CommissionAdjusted {
    proto::CommissionAdjusted {
        adjustment_id: row.required("adjustment_id"),
        agreement_id: row.required("agreement_id"),
        amount: row.money("amount", true),
        reason: row.required("reason"),
    }
}

fn payment(row: &mut Row<'_>) -> Body {
    let direction = row.word("direction", &["PAID", "SENT", "RECEIVED"]);
    let (payment_id, partner_id) = (row.required("payment_id"), row.required("partner_id"));
    let (amount, reference) = (row.money("amount", true), row.text("reference"));
    if direction.as_deref() == Some("RECEIVED") {
        return Body::PaymentReceived(proto::PaymentReceived { payment_id, partner_id, amount, reference });
    }
    let tax_withheld = row.money("tax_withheld", false).filter(|tax| tax.minor_units != 0);
    let tax_added = row.money("tax_added", false).filter(|tax| tax.minor_units != 0);
    let settled_amount = row.money_in("settled_amount", "settled_currency", false);
    let (method, document_number, advance) = (row.text("method"), row.text("document_number"), row.flag("advance"));
    let payout_id = payment_id;
    if direction.as_deref() == Some("SENT") {
        return Body::PayoutInitiated(proto::PayoutInitiated {
            payout_id,
            partner_id,
            amount,
            tax_withheld,
            method,
            reference,
            advance,
            tax_added,
            document_number,
            settled_amount,
        });
    }
    Body::CommissionPaid(proto::CommissionPaid {
        payout_id,
        partner_id,
        amount,
        tax_withheld,
        method,
        reference,
        advance,
        tax_added,
        document_number,
        settled_amount,
    })
}

fn settlement(row: &mut Row<'_>) -> Body {
    let result = row.word("result", &["SETTLED", "FAILED"]);
    let payout_id = row.required("payout_id");
    if result.as_deref() == Some("FAILED") {
        return Body::PayoutFailed(proto::PayoutFailed { payout_id, reason: row.text("reason") });
    }
    let settled_amount = row.money_in("settled_amount", "settled_currency", false);
    Body::PayoutSettled(proto::PayoutSettled { payout_id, reference: row.optional("reference"), settled_amount })
}
