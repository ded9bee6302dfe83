//! The advice as CSV: the payout and each return in a row. Dates and figures are plain in every language.

use super::Remittance;
use super::advice::total;
use crate::cli::failure::Failure;
use crate::cli::language::{Language, say};
use crate::cli::spreadsheet::{self, failure, text};
use crate::cli::text::{bare_amount, time};
use partnership_ledger::proto::PayoutState;
use std::io::Write;

/// Writes a header, the payout, and what came back of it below zero.
pub fn write(remittance: &Remittance, language: Language, output: impl Write) -> Result<(), Failure> {
    let payout = &remittance.payout;
    let amount = |minor_units| bare_amount(&payout.currency_code, minor_units);
    let settled = payout.settled_amount.as_ref();
    let mut writer = spreadsheet::begin(output)?;
    writer.write_record(header(language)).map_err(failure)?;
    let paid = [
        time(payout.occurred_at.as_ref()),
        text(&payout.payout_id),
        text(&payout.document_number),
        text(&payout.partner_id),
        text(&remittance.partner_name),
        language.word::<PayoutState>(payout.state),
        payout.currency_code.clone(),
        amount(payout.amount),
        amount(payout.tax_withheld),
        amount(payout.tax_added),
        amount(total(payout)),
        settled.map(|settled| settled.currency_code.clone()).unwrap_or_default(),
        settled.map(|settled| bare_amount(&settled.currency_code, settled.minor_units)).unwrap_or_default(),
        text(&payout.method),
        text(&payout.reference),
    ];
    writer.write_record(&paid).map_err(failure)?;
    for returned in &payout.returns {
        let mut row = vec![String::new(); paid.len()];
        row[0] = time(returned.occurred_at.as_ref());
        row[1] = text(&returned.return_id);
        row[3..5].clone_from_slice(&paid[3..5]);
        row[5] = say!(language, "payouts-returned");
        row[6].clone_from(&payout.currency_code);
        row[7] = amount(-returned.amount);
        writer.write_record(&row).map_err(failure)?;
    }
    Ok(writer.flush()?)
}

fn header(language: Language) -> [String; 15] {
    [
        say!(language, "column-occurred"),
        say!(language, "column-payout"),
        say!(language, "payouts-document"),
        say!(language, "column-partner"),
        say!(language, "partners-name"),
        say!(language, "payouts-state"),
        say!(language, "remittance-currency"),
        say!(language, "payouts-summary-gross"),
        say!(language, "payouts-tax-withheld"),
        say!(language, "payouts-tax-added"),
        say!(language, "remittance-paid"),
        say!(language, "remittance-currency"),
        say!(language, "payouts-settled-amount"),
        say!(language, "payouts-method"),
        say!(language, "column-reference"),
    ]
}
