//! A remittance advice in the words of a language, ready to be laid out as text or as a page.

use super::Remittance;
use crate::cli::house::House;
use crate::cli::language::{Language, say};
use crate::cli::text::line;
use partnership_ledger::proto::{Payout, PayoutReturn, PayoutState};

/// How many columns the returns have; the last is a figure.
pub const COLUMNS: usize = 3;

/// A remittance advice, put into words.
pub struct Advice {
    /// Its language.
    pub language: Language,
    /// To whom it is.
    pub title: String,
    /// Names and values at its head.
    pub facts: Vec<(String, String)>,
    /// Where the money is.
    pub standing: String,
    /// How what was paid comes about, a name and an amount each.
    pub working: Vec<(String, String)>,
    /// What the partner was owed before and after, and what left the bank.
    pub beside: Vec<(String, String)>,
    /// The heading of what came back.
    pub returns_heading: String,
    /// The names of its columns.
    pub columns: [String; COLUMNS],
    /// What came back, in the order of position.
    pub returns: Vec<[String; COLUMNS]>,
    /// What of taxes that restored.
    pub restored: Vec<(String, String)>,
    /// Where it was read.
    pub read_at: String,
}

impl Advice {
    /// Puts a payout into the words of a language.
    pub fn of(remittance: &Remittance, house: &House, language: Language) -> Self {
        let payout = &remittance.payout;
        Self {
            language,
            title: say!(language, "remittance-title", partner = line(&remittance.partner_name)),
            facts: house.facts(language).into_iter().chain(facts(remittance, language)).collect(),
            standing: standing(payout, language),
            working: working(payout, language),
            beside: beside(remittance, language),
            returns_heading: say!(language, "remittance-returned"),
            columns: [say!(language, "column-occurred"), say!(language, "remittance-return"), say!(language, "column-amount")],
            returns: payout.returns.iter().map(|returned| row(payout, returned, language)).collect(),
            restored: restored(payout, language),
            read_at: say!(language, "read-at", position = remittance.position.to_string()),
        }
    }
}

/// What went out: the gross less what was withheld, with what was added; in minor units. Of a payout that failed nothing did.
pub fn total(payout: &Payout) -> i64 {
    if payout.state() == PayoutState::Failed {
        return 0;
    }
    payout.amount.saturating_sub(payout.tax_withheld).saturating_add(payout.tax_added)
}

fn facts(remittance: &Remittance, language: Language) -> Vec<(String, String)> {
    let payout = &remittance.payout;
    let when = if payout.settled_at == payout.occurred_at { say!(language, "remittance-paid") } else { say!(language, "remittance-sent") };
    let mut facts = vec![
        (say!(language, "remittance-partner"), format!("{} ({})", line(&remittance.partner_name), line(&payout.partner_id))),
        (say!(language, "column-payout"), line(&payout.payout_id)),
        (say!(language, "payouts-document"), line(&payout.document_number)),
        (when, language.time(payout.occurred_at.as_ref())),
        (say!(language, "payouts-method"), line(&payout.method)),
        (say!(language, "column-reference"), line(&payout.reference)),
    ];
    if payout.advance {
        facts.push((say!(language, "remittance-advance"), say!(language, "remittance-yes")));
    }
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

fn standing(payout: &Payout, language: Language) -> String {
    match payout.state() {
        PayoutState::Settled => say!(language, "remittance-settled", day = language.time(payout.settled_at.as_ref())),
        PayoutState::Failed => say!(language, "remittance-failed", day = language.time(payout.failed_at.as_ref())),
        PayoutState::InTransit => say!(language, "remittance-in-transit"),
        PayoutState::Unspecified => String::new(),
    }
}

fn working(payout: &Payout, language: Language) -> Vec<(String, String)> {
    let amount = |minor_units| language.grouped_amount(&payout.currency_code, minor_units);
    let mut lines = vec![(say!(language, "remittance-gross"), amount(payout.amount))];
    if payout.tax_withheld != 0 {
        lines.push((say!(language, "remittance-tax-withheld"), amount(payout.tax_withheld)));
    }
    if payout.tax_added != 0 {
        lines.push((say!(language, "remittance-tax-added"), amount(payout.tax_added)));
    }
    lines.push((say!(language, "remittance-total"), amount(total(payout))));
    lines
}

fn beside(remittance: &Remittance, language: Language) -> Vec<(String, String)> {
    let payout = &remittance.payout;
    let amount = |minor_units| language.grouped_amount(&payout.currency_code, minor_units);
    let settled = payout.settled_amount.as_ref().map(|settled| language.grouped_amount(&settled.currency_code, settled.minor_units));
    // What was owed after a payout that failed later is owed no longer.
    let owed_after = remittance.owed_after.filter(|_| payout.state() != PayoutState::Failed);
    let lines = [
        (say!(language, "payouts-settled-amount"), settled),
        (say!(language, "remittance-owed-before"), remittance.owed_before.map(amount)),
        (say!(language, "remittance-owed-after"), owed_after.map(amount)),
    ];
    lines.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn row(payout: &Payout, returned: &PayoutReturn, language: Language) -> [String; COLUMNS] {
    [
        language.time(returned.occurred_at.as_ref()),
        line(&returned.return_id),
        language.grouped_amount(&payout.currency_code, returned.amount),
    ]
}

fn restored(payout: &Payout, language: Language) -> Vec<(String, String)> {
    let amount = |minor_units: i64| (minor_units != 0).then(|| language.grouped_amount(&payout.currency_code, minor_units));
    let lines = [
        (say!(language, "payouts-summary-tax-withheld-returned"), amount(payout.tax_withheld_returned)),
        (say!(language, "payouts-summary-tax-added-returned"), amount(payout.tax_added_returned)),
    ];
    lines.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
