//! The statement as JSON, for programs: the contract's names and messages, int64 as texts, the same in every language.

use super::month::{Line, MonthStatement, Part, Standing};
use super::period::timestamp;
use super::reason::reason;
use crate::cli::house::House;
use crate::cli::json::{self, Named};
use crate::cli::language::Language;
use crate::cli::text;
use prost_types::Timestamp;
use serde_json::{Value, json};

/// The document.
pub fn document(statement: &MonthStatement, house: &House) -> Value {
    json!({
        "issuer": house.document(),
        "only_currency": statement.only_currency,
        "partner_id": statement.partner_id,
        "display_name": statement.partner_name,
        "month": statement.period.name(),
        "time_zone": statement.period.zone.name(),
        "time_zone_why": statement.why_zone.code(),
        "from": time(&timestamp(statement.period.start)),
        "to": time(&timestamp(statement.period.end)),
        "standing": standing(&statement.standing),
        "currencies": statement.parts.iter().map(part).collect::<Vec<_>>(),
        "disputes": statement.disputes.iter().map(message).collect::<Vec<_>>(),
        "position": statement.position.to_string(),
    })
}

fn standing(standing: &Standing) -> Value {
    match standing {
        Standing::Running => json!({"state": "RUNNING"}),
        Standing::Open => json!({"state": "OPEN"}),
        Standing::Closed { through, position } => json!({"state": "CLOSED", "through": time(through), "position": position.to_string()}),
    }
}

fn part(part: &Part) -> Value {
    json!({
        "currency_code": part.currency_code,
        "opening": part.opening.to_string(),
        "entries": part.lines.iter().map(entry).collect::<Vec<_>>(),
        "closing": part.balance.net.to_string(),
        "balance": message(&part.balance),
        "pending": part.pending.iter().map(|(at, amount)| json!({"available_at": time(at), "amount": amount.to_string()})).collect::<Vec<_>>(),
        "minimum_payout": part.payable.as_ref().map(|payable| payable.minimum_payout.to_string()),
        "below_minimum": part.payable.as_ref().map(|payable| payable.below_minimum),
        "on_hold": part.payable.as_ref().map(|payable| payable.on_hold),
    })
}

/// The contract's entry with the balance behind it and why it moved, in English as the ledger's own sentences are. `net_after`
/// counts in the order of recording, `balance_after` in that of the statement.
fn entry(moved: &Line) -> Value {
    let mut entry = message(&moved.entry);
    entry["balance_after"] = json!(moved.balance.to_string());
    entry["reason"] = json!(reason(Language::English, moved));
    entry["recorded_by"] = json!(moved.record.as_ref().map(|record| &record.recorded_by));
    entry
}

fn message<M: Named>(message: &M) -> Value {
    let mut text = Vec::new();
    json::write(&mut text, message)
        .and_then(|()| serde_json::from_slice(&text).map_err(Into::into))
        .expect("a message of the contract is JSON")
}

fn time(time: &Timestamp) -> String {
    text::utc(time).map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)).unwrap_or_default()
}
