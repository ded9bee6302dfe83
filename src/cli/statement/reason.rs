//! The reason of a statement's line, in words, from its record.

use super::month::Line;
use crate::cli::language::{Language, say};
use crate::cli::text::line;
use partnership_ledger::proto::effect::Effect;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::{
    CommissionAssessed, CustomerPaymentReceived, DistributionMethod, EntryKind, LeadReassigned, Money, RefundReason, SaleRefunded,
};

/// How a payout went out; both of its events have these fields.
macro_rules! payment {
    ($language:expr, $paid:expr) => {{
        let (language, paid) = ($language, $paid);
        let advance = if paid.advance { say!(language, "statement-reason-advance") } else { String::new() };
        let withheld = paid.tax_withheld.as_ref().filter(|tax| tax.minor_units != 0);
        let withheld = withheld.map(|tax| say!(language, "statement-reason-tax", amount = money(language, Some(tax))));
        let added = paid.tax_added.as_ref().map(|tax| say!(language, "statement-reason-tax-added", amount = money(language, Some(tax))));
        let document = match paid.document_number.as_str() {
            "" => String::new(),
            number => say!(language, "statement-reason-document", number = line(number)),
        };
        let [withheld, added] = [withheld, added].map(Option::unwrap_or_default);
        joined([advance, line(&paid.method), line(&paid.reference), document, withheld, added])
    }};
}

/// Returns the reason; empty if the record says no more than the line itself. A release says which of its two lines it is.
pub fn reason(language: Language, moved: &Line) -> String {
    let why = why(language, moved);
    let entry = &moved.entry;
    let release = match (entry.kind(), entry.awaits_customer_payment) {
        (EntryKind::Release, true) => say!(language, "statement-reason-waited"),
        (EntryKind::Release, false) => say!(language, "statement-reason-released"),
        (EntryKind::Accrual, true) => say!(language, "statement-reason-awaits"),
        _ => String::new(),
    };
    // An accrual says itself whose override it is.
    let level = entry.level.filter(|_| entry.kind() != EntryKind::Accrual);
    let level = level.map(|level| say!(language, "statement-reason-level", level = level)).unwrap_or_default();
    joined([level, why, release])
}

fn why(language: Language, moved: &Line) -> String {
    let Some(body) = moved.record.event.as_ref().and_then(|event| event.body.as_ref()) else { return String::new() };
    match body {
        Body::SaleRecorded(sale) if moved.entry.kind() == EntryKind::Collection => {
            say!(language, "statement-reason-collected", amount = money(language, sale.amount.as_ref()))
        }
        Body::SaleRecorded(_) | Body::LeadQualified(_) => assessed(language, moved),
        Body::SaleRefunded(refund) => refunded(language, refund, moved),
        Body::SaleVoided(voided) => joined([say!(language, "statement-reason-voided"), line(&voided.reason)]),
        Body::CustomerPaymentReceived(received) => customer_paid(language, received),
        Body::SaleReinstated(reinstated) => say!(language, "statement-reason-reinstated", refund = line(&reinstated.refund_id)),
        Body::LeadReassigned(reassigned) => transferred(language, reassigned, moved.entry.amount),
        Body::CommissionAdjusted(adjusted) => line(&adjusted.reason),
        Body::CommissionPaid(paid) => payment!(language, paid),
        Body::PayoutInitiated(sent) => payment!(language, sent),
        Body::PayoutFailed(failed) => {
            joined([say!(language, "statement-reason-failed", payout = line(&failed.payout_id)), line(&failed.reason)])
        }
        Body::PayoutReturned(returned) => {
            joined([say!(language, "statement-reason-returned", payout = line(&returned.payout_id)), line(&returned.reason)])
        }
        Body::PaymentReceived(received) => line(&received.reference),
        Body::CostIncurred(cost) => {
            joined([say!(language, "statement-reason-cost", campaign = line(&cost.campaign_id)), line(&cost.description)])
        }
        Body::ProfitDistributed(distributed) => language.word::<DistributionMethod>(distributed.method),
        _ => String::new(),
    }
}

/// How the commission of the line's part of the sale was earned.
fn assessed(language: Language, moved: &Line) -> String {
    let assessed = moved.record.effects.iter().find_map(|effect| match &effect.effect {
        Some(Effect::CommissionAssessed(assessed)) if assessed.part == moved.part => Some(assessed),
        _ => None,
    });
    assessed.map(|assessed| of_part(language, assessed)).unwrap_or_default()
}

fn of_part(language: Language, assessed: &CommissionAssessed) -> String {
    let above = assessed.level.map(|level| {
        let agreement = assessed.downline_agreement_id.as_deref().map(line).unwrap_or_default();
        say!(language, "statement-reason-override", agreement = agreement, level = level)
    });
    let currency_code = assessed.amount.as_ref().map_or("", |amount| amount.currency_code.as_str());
    let bonus = assessed.tier_working.as_ref().map(|working| working.bonus).filter(|bonus| *bonus != 0);
    let bonus = bonus.map(|bonus| say!(language, "statement-reason-bonus", amount = language.grouped_amount(currency_code, bonus)));
    joined([above.unwrap_or_default(), earned(language, assessed), bonus.unwrap_or_default(), cut_off(language, assessed)])
}

/// How commission was worked out.
fn earned(language: Language, assessed: &CommissionAssessed) -> String {
    let rule = line(&assessed.rule_name);
    match (assessed.rate_bps, assessed.base.as_ref(), &assessed.tier_working) {
        (Some(rate), Some(base), _) => {
            say!(language, "statement-reason-rate", rate = language.percent(rate), base = money(language, Some(base)), rule = rule)
        }
        (None, Some(base), Some(working)) => {
            let before = language.grouped_amount(&base.currency_code, working.net_sales_before);
            let after = language.grouped_amount(&base.currency_code, working.net_sales_after);
            say!(language, "statement-reason-tiers", before = before, after = after, rule = rule)
        }
        _ => say!(language, "statement-reason-flat", rule = rule),
    }
}

/// What the caps per lead and per sale cut off; empty if nothing.
fn cut_off(language: Language, assessed: &CommissionAssessed) -> String {
    let cut_off = assessed.cut_off.as_ref();
    cut_off.map(|cut| say!(language, "statement-reason-cut-off", amount = money(language, Some(cut)))).unwrap_or_default()
}

/// How much of the sale was refunded and why; a refund may be cut off at what was left. Of a sale with lines also how much of
/// the line was.
fn refunded(language: Language, refund: &SaleRefunded, moved: &Line) -> String {
    let applied = moved.record.effects.iter().find_map(|effect| match &effect.effect {
        Some(Effect::RefundApplied(applied)) => Some(applied),
        _ => None,
    });
    let amount = applied.and_then(|applied| applied.amount.as_ref()).or(refund.amount.as_ref());
    let why = language.word::<RefundReason>(refund.reason);
    let refunded = say!(language, "statement-reason-refund", refund = line(&refund.refund_id), amount = money(language, amount), why = why);
    let of_line = applied.and_then(|applied| applied.lines.iter().find(|line| Some(&line.line_id) == moved.entry.line_id.as_ref()));
    let of_line = of_line.and_then(|line| line.amount.as_ref()).filter(|of_line| Some(*of_line) != amount);
    let of_line = of_line.map(|of_line| say!(language, "statement-reason-part", amount = money(language, Some(of_line))));
    joined([refunded, of_line.unwrap_or_default()])
}

/// Which payment of the customer it was.
fn customer_paid(language: Language, received: &CustomerPaymentReceived) -> String {
    let amount = received.amount.as_ref();
    let bounced = amount.is_some_and(|amount| amount.minor_units < 0);
    let amount = amount.map(|amount| Money { minor_units: amount.minor_units.saturating_abs(), ..amount.clone() });
    say!(
        language,
        "statement-reason-customer-paid",
        bounced = if bounced { "yes" } else { "no" },
        amount = money(language, amount.as_ref()),
        receipt = line(&received.receipt_id)
    )
}

fn transferred(language: Language, reassigned: &LeadReassigned, amount: i64) -> String {
    let moved = if amount < 0 { say!(language, "statement-reason-transfer-out") } else { say!(language, "statement-reason-transfer-in") };
    joined([moved, line(&reassigned.reason)])
}

fn money(language: Language, money: Option<&Money>) -> String {
    money.map(|money| language.grouped_amount(&money.currency_code, money.minor_units)).unwrap_or_default()
}

/// Joins the parts that are not empty.
fn joined<const N: usize>(parts: [String; N]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}
