//! Answers in a form in which two ledgers that follow the rules must agree: lines of text, so that a difference can be
//! read. What the rules leave open is left out: the order of effects, how a booking is cut into postings, sentences,
//! times of recording.

use std::collections::{BTreeMap, BTreeSet};

use partnership_ledger::proto::{self as pb, effect::Effect};

use prost_types::Timestamp;
use serde_json::{Map, Value};

use super::json;
use super::ledger::Answer;

/// An answer to an append.
pub fn appended(request: &pb::AppendRequest, answer: &Answer<pb::AppendResponse>) -> Vec<String> {
    lines(answer, |response| {
        let mut lines = vec![format!("position {}", response.position)];
        for (index, result) in response.results.iter().enumerate() {
            let (position, duplicate) = (result.position, result.duplicate);
            lines.push(format!("[{index}] position {position} duplicate {duplicate} id {}", result.event_id));
            let effects = effects(&result.effects, request.events[index].occurred_at.as_ref());
            lines.extend(effects.into_iter().map(|effect| format!("[{index}] {effect}")));
        }
        lines
    })
}

/// The effects of one event.
pub fn effects(effects: &[pb::Effect], occurred: Option<&Timestamp>) -> Vec<String> {
    let mut sums: BTreeMap<String, i128> = BTreeMap::new();
    let mut lines = Vec::new();
    for effect in effects {
        match effect.effect.as_ref().expect("an effect says what it does") {
            Effect::Posting(posting) => {
                let (key, amount) = booking(posting);
                *sums.entry(key).or_default() += amount;
            }
            Effect::CommissionAssessed(assessed) => lines.push(assessment(assessed, occurred)),
            Effect::RefundApplied(refund) => {
                // What is posted nowhere is the ledger's own note; the questions show what follows from it.
                let mut refund = pb::RefundApplied { taken_from_house: None, keeps_commission: false, ..refund.clone() };
                refund.parts.retain(|part| part.amount.as_ref().is_some_and(|amount| amount.minor_units != 0));
                refund.lines.retain(|line| line.amount.as_ref().is_some_and(|amount| amount.minor_units != 0));
                for part in &mut refund.parts {
                    (part.taken_from_house, part.keeps_commission) = (None, false);
                }
                lines.push(format!("refund_applied {}", json::line("RefundApplied", &refund)));
            }
            Effect::SaleVoidApplied(void) => {
                let void = pb::SaleVoidApplied { taken_from_house: None, ..void.clone() };
                lines.push(format!("sale_void_applied {}", json::line("SaleVoidApplied", &void)));
            }
            Effect::LeadProtectionSet(_) => lines.extend(protection(effect)),
            _ => lines.push(format!("effect {}", json::line("Effect", effect))),
        }
    }
    let moved = sums.into_iter().filter(|(_, sum)| *sum != 0);
    lines.extend(moved.map(|(key, sum)| format!("posting {key} amount {sum}")));
    lines.sort_unstable();
    lines
}

/// What a posting is about, and by how much it moves that. Of the house's accounts only the sum matters.
fn booking(posting: &pb::Posting) -> (String, i128) {
    let money = posting.amount.as_ref().expect("a posting has an amount");
    let at_once = |available: &Timestamp| posting.effective_at.as_ref().is_some_and(|effective| !is_after(available, effective));
    let mut about = pb::Posting {
        amount: Some(pb::Money { minor_units: 0, currency_code: money.currency_code.clone() }),
        available_at: posting.available_at.filter(|available| !at_once(available)),
        ..posting.clone()
    };
    if !posting.account.starts_with("partner:") {
        about = pb::Posting {
            account: posting.account.clone(),
            amount: about.amount,
            effective_at: posting.effective_at,
            ..pb::Posting::default()
        };
    }
    (json::line("Posting", &about), i128::from(money.minor_units))
}

fn is_after(one: &Timestamp, other: &Timestamp) -> bool {
    (one.seconds, one.nanos) > (other.seconds, other.nanos)
}

/// An assessment; the rate and the working only where something was worked out.
pub fn assessment(assessed: &pb::CommissionAssessed, occurred: Option<&Timestamp>) -> String {
    use pb::CommissionOutcome as Outcome;
    let mut assessed = assessed.clone();
    if !matches!(assessed.outcome(), Outcome::Accrued | Outcome::Capped | Outcome::Included) {
        assessed.rate_bps = None;
        assessed.tier_working = None;
    }
    // The default may be said or not.
    if let Some(working) = assessed.tier_working.as_deref_mut().filter(|working| working.measure() == pb::TierMeasure::NetSales) {
        working.measure = 0;
    }
    if assessed.amount.as_ref().is_some_and(|amount| amount.minor_units == 0) {
        assessed.amount = None;
        // From when nothing is available may be said or not.
        assessed.available_at = None;
        assessed.awaits_customer_payment = false;
    }
    // Available at once may be said or not.
    assessed.available_at = assessed.available_at.filter(|available| Some(available) != occurred);
    format!("commission_assessed {}", json::line("CommissionAssessed", &assessed))
}

/// A protection that moved. Whether one that stayed is said is left open; questions show it anyway.
fn protection(effect: &pb::Effect) -> Option<String> {
    let Some(Effect::LeadProtectionSet(set)) = &effect.effect else {
        return None;
    };
    set.protected_until.is_some().then(|| format!("lead_protection_set {}", json::line("LeadProtectionSet", set)))
}

/// The lines of an answer, or the rule for which it was refused.
pub fn lines<A>(answer: &Answer<A>, of: impl FnOnce(&A) -> Vec<String>) -> Vec<String> {
    match answer {
        Ok(answer) => of(answer),
        Err(refusal) => vec![format!("refused: {} {:?}", refusal.reason, refusal.fields)],
    }
}

/// What two ledgers differ in.
pub struct Difference {
    /// The lines that only one of them has, for a person to read.
    pub text: String,
    /// The same without particulars, to tell one difference from another.
    pub kind: Vec<String>,
}

/// What the lines of two ledgers differ in.
pub fn difference(model: &[String], ledger: &[String]) -> Option<Difference> {
    if model == ledger {
        return None;
    }
    let only =
        |these: &[String], others: &[String]| -> Vec<String> { these.iter().filter(|line| !others.contains(line)).cloned().collect() };
    let (model, ledger) = (only(model, ledger), only(ledger, model));
    let text = format!("  the model alone:\n    {}\n  the ledger alone:\n    {}", model.join("\n    "), ledger.join("\n    "));
    let kind = match (&model[..], &ledger[..]) {
        ([model], [ledger]) => vec![kind_of(model), differing_fields(model, ledger)],
        _ => model.iter().map(|line| kind_of(line)).chain(["against".to_owned()]).chain(ledger.iter().map(|line| kind_of(line))).collect(),
    };
    Some(Difference { text, kind })
}

/// A line without numbers, times and ids, up to its particulars.
fn kind_of(line: &str) -> String {
    let head = line.split('{').next().unwrap_or_default();
    head.chars().filter(|letter| !letter.is_ascii_digit() && !matches!(letter, '[' | ']')).collect()
}

/// The names of the fields in which two lines differ, or what they are if they are no messages.
fn differing_fields(one: &str, other: &str) -> String {
    let fields = |line: &str| line.find('{').and_then(|start| serde_json::from_str::<Map<String, Value>>(&line[start..]).ok());
    let (Some(one_fields), Some(other_fields)) = (fields(one), fields(other)) else {
        return kind_of(other);
    };
    let names: BTreeSet<&String> = one_fields.keys().chain(other_fields.keys()).collect();
    let differs = |name: &&&String| one_fields.get(**name) != other_fields.get(**name);
    names.iter().filter(differs).map(|name| name.as_str()).collect::<Vec<_>>().join(" ")
}
