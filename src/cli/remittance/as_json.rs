//! The advice as JSON, for programs: the contract's message, int64 as texts, the same in every language.

use super::Remittance;
use super::advice::total;
use crate::cli::house::House;
use crate::cli::json;
use serde_json::{Value, json};

/// The document.
pub fn document(remittance: &Remittance, house: &House) -> Value {
    let mut payout = Vec::new();
    let payout: Value = json::write(&mut payout, &remittance.payout)
        .and_then(|()| serde_json::from_slice(&payout).map_err(Into::into))
        .expect("a message of the contract is JSON");
    json!({
        "issuer": house.document(),
        "payout": payout,
        "display_name": remittance.partner_name,
        "paid_out": total(&remittance.payout).to_string(),
        "owed_before": remittance.owed_before.map(|owed| owed.to_string()),
        "owed_after": remittance.owed_after.map(|owed| owed.to_string()),
        "position": remittance.position.to_string(),
    })
}
