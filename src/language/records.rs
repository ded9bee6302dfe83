//! What a record says, in a line: its event, whom it is about, and its effects.

use super::json;
use super::leads::credit;
use super::steps::part_name;
use super::text::{code, line};
use super::{Language, say};
use crate::proto::effect::Effect;
use crate::proto::{CommissionOutcome, EndCause, EntryKind, Event, OwnershipRule, Record};
use prost_reflect::{DynamicMessage, ReflectMessage as _, Value};

/// Returns the event's type with its ids and amount, by reflection, so that a new type needs no code here.
pub fn describe(language: Language, event: &Event) -> (String, String) {
    let event = json::reflect(event);
    let body = event.descriptor().oneofs().next().and_then(|body| body.fields().find(|field| event.has_field(field)));
    let Some(field) = body else { return (String::new(), String::new()) };
    let value = event.get_field(&field);
    let about = value.as_message().map(|body| about(language, body)).unwrap_or_default();
    (field.name().to_owned(), about)
}

fn about(language: Language, body: &DynamicMessage) -> String {
    let mut words = Vec::new();
    for (field, value) in body.fields() {
        match value {
            Value::String(id) if field.name().ends_with("_id") => words.push(line(id)),
            Value::Message(message) if field.name() == "amount" => {
                if let Ok(amount) = message.transcode_to() {
                    words.push(language.money(Some(&amount)));
                }
            }
            _ => {}
        }
    }
    words.join(" ")
}

/// Returns the effects of a record in words.
pub fn effects(language: Language, record: &Record) -> String {
    let effects = record.effects.iter().filter_map(|effect| effect.effect.as_ref().and_then(|effect| sentence(language, effect)));
    effects.collect::<Vec<_>>().join("; ")
}

/// Returns an effect in words, from the partner's point of view; of postings only those on a partner's account.
pub fn sentence(language: Language, effect: &Effect) -> Option<String> {
    Some(match effect {
        Effect::Posting(posting) => {
            let partner = posting.account.strip_prefix("partner:")?;
            let moved = posting.amount.as_ref()?;
            let sign = if moved.minor_units < 0 { "+" } else { "" };
            let amount = language.amount(&moved.currency_code, moved.minor_units.saturating_neg());
            format!("{} {sign}{amount} ({})", line(partner), language.word::<EntryKind>(posting.kind))
        }
        Effect::CommissionAssessed(assessed) => {
            let outcome = code::<CommissionOutcome>(assessed.outcome);
            let assessment = match assessed.rule_name.as_str() {
                "" => outcome,
                rule => say!(language, "records-assessed", outcome = outcome, rule = line(rule)),
            };
            let is_part = assessed.line_id.is_some() || assessed.share_bps.is_some() || assessed.level.is_some();
            if is_part { format!("{}: {assessment}", part_name(language, assessed)) } else { assessment }
        }
        Effect::LeadOwnerSet(set) => {
            let (owner, rule) = (language.party(set.owner.as_ref()), code::<OwnershipRule>(set.rule));
            say!(language, "records-owner", owner = owner, rule = rule, credit = credit(language, &set.agreement_id))
        }
        Effect::LeadClaimDeclined(declined) => say!(language, "records-declined", owner = language.party(declined.held_by.as_ref())),
        Effect::ExclusivityBreached(breached) => say!(language, "records-exclusivity", agreement = line(&breached.agreement_id)),
        Effect::SaleVoidApplied(applied) => say!(language, "records-voided", amount = language.money(applied.amount.as_ref())),
        Effect::BrandUseApproved(_) => say!(language, "records-approved"),
        Effect::AgreementEndSet(end) => {
            say!(language, "records-ends", time = language.time(end.ends_at.as_ref()), cause = language.word::<EndCause>(end.cause))
        }
        Effect::LeadProtectionSet(set) if set.protected_until.is_none() => say!(language, "records-protected-always"),
        Effect::LeadProtectionSet(set) => say!(language, "records-protected", time = language.time(set.protected_until.as_ref())),
        Effect::RefundApplied(refund) => match &refund.cut_off {
            Some(cut_off) => {
                let (amount, cut_off) = (language.money(refund.amount.as_ref()), language.money(Some(cut_off)));
                say!(language, "records-refunded-cut", amount = amount, cut_off = cut_off)
            }
            None => say!(language, "records-refunded", amount = language.money(refund.amount.as_ref())),
        },
    })
}
