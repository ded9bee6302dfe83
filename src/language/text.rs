//! Values that are written alike in every language: plain times and amounts, codes, and texts from outside, which are made
//! safe for a terminal.

use crate::domain::money::{Currency, Money};
use crate::proto;
use chrono::{DateTime, NaiveTime, SecondsFormat, Utc};
use prost_types::Timestamp;
use std::fmt::Write as _;

/// Whether a character is not what it shows: controls, those that begin a line or a paragraph, those that have no width, and
/// those that turn the direction of the text. Joiners stay, which Thai, Indic scripts and emoji need.
pub fn is_deceptive(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Returns a text on one line, with deceptive characters escaped: a text from outside must not move the cursor, fake a row, or
/// look like another one.
pub fn line(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_deceptive(letter) {
            let _ = write!(safe, "{}", letter.escape_unicode());
        } else {
            safe.push(letter);
        }
    }
    safe
}

/// Texts on one line.
pub fn list(texts: &[String]) -> String {
    texts.iter().map(|text| line(text)).collect::<Vec<_>>().join(", ")
}

/// An optional text on one line; nothing if it is absent.
pub fn optional(text: Option<&String>) -> String {
    text.map(|text| line(text)).unwrap_or_default()
}

/// Returns a text that a spreadsheet takes for text: an apostrophe is put before what it would take for a formula.
pub fn spreadsheet_text(text: &str) -> String {
    let text = line(text);
    let is_formula = text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if is_formula { format!("'{text}") } else { text }
}

/// An instant in UTC: the date alone if it is the date's first. Nothing if it is absent.
pub fn time(time: Option<&Timestamp>) -> String {
    let Some(time) = time else { return String::new() };
    match utc(time) {
        Some(time) if time.time() == NaiveTime::MIN => time.date_naive().to_string(),
        Some(time) => time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        None => format!("{}s", time.seconds),
    }
}

/// An instant as the calendar has it; `None` if it is out of the calendar's range.
pub fn utc(time: &Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.seconds, u32::try_from(time.nanos).ok()?)
}

/// Minor units of a currency with its decimals: `12.34 USD`.
pub fn amount(currency_code: &str, minor_units: i64) -> String {
    match Currency::from_code(currency_code) {
        Some(currency) => Money::new(currency, minor_units).to_string(),
        None => format!("{minor_units} minor units of {}", line(currency_code)),
    }
}

/// Minor units without the currency's code, where a heading names it: `12.34`.
pub fn bare_amount(currency_code: &str, minor_units: i64) -> String {
    let text = amount(currency_code, minor_units);
    text.strip_suffix(currency_code).map_or(text.clone(), |bare| bare.trim_end().to_owned())
}

/// Basis points as percent: `20 %`, `12.5 %`.
pub fn percent(bps: u32) -> String {
    let (whole, part) = (bps / 100, bps % 100);
    match part {
        0 => format!("{whole} %"),
        _ if part % 10 == 0 => format!("{whole}.{} %", part / 10),
        _ => format!("{whole}.{part:02} %"),
    }
}

/// A generated enum, whose values have names in the contract.
pub trait Coded: TryFrom<i32> {
    /// The prefix of all its names.
    const PREFIX: &'static str;
    /// The value's name in the contract.
    fn name(&self) -> &'static str;
}

macro_rules! coded {
    ($($name:ident $prefix:literal),* $(,)?) => {
        $(impl Coded for proto::$name {
            const PREFIX: &'static str = $prefix;
            fn name(&self) -> &'static str {
                self.as_str_name()
            }
        })*
    };
}

coded! {
    AcquiredBy "ACQUIRED_BY_", AgreementState "AGREEMENT_STATE_", AgreementType "AGREEMENT_TYPE_", AlertKind "ALERT_KIND_", Bound "BOUND_",
    Authentication "AUTHENTICATION_", BrandChannel "BRAND_CHANNEL_", BreachClause "BREACH_CLAUSE_", CampaignGoal "CAMPAIGN_GOAL_", CampaignState "CAMPAIGN_STATE_",
    CampaignType "CAMPAIGN_TYPE_", CampaignsAtEnd "CAMPAIGNS_AT_END_", CommissionOutcome "COMMISSION_OUTCOME_",
    CommissionTrigger "COMMISSION_TRIGGER_", DisputeOutcome "DISPUTE_OUTCOME_", DistributionMethod "DISTRIBUTION_METHOD_",
    EndCause "END_CAUSE_", EntryKind "ENTRY_KIND_", LaunchStep "LAUNCH_STEP_", LeadState "LEAD_STATE_", LeadsAtEnd "LEADS_AT_END_",
    OwnershipRule "OWNERSHIP_RULE_", PayoutState "PAYOUT_STATE_", PartnerKind "PARTNER_KIND_", ProtectionAnchor "PROTECTION_ANCHOR_", RefundReason "REFUND_REASON_",
    ReviewDecision "REVIEW_DECISION_", ReviewKind "REVIEW_KIND_", Role "ROLE_", Side "SIDE_", TailMode "TAIL_MODE_",
    TerminationCause "TERMINATION_CAUSE_", TierMode "TIER_MODE_", TierPeriod "TIER_PERIOD_", WebhookState "WEBHOOK_STATE_", WindowAnchor "WINDOW_ANCHOR_",
}

/// A code as the contract writes it, without its prefix: `FIRST_CLAIM`. A value that this release does not know is its number.
pub fn code<E: Coded>(value: i32) -> String {
    match E::try_from(value) {
        Ok(value) => value.name().trim_start_matches(E::PREFIX).to_owned(),
        Err(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_others_stay_on_their_line() {
        assert_eq!(line("พันธมิตร 1"), "พันธมิตร 1");
        assert_eq!(line("a\x1b[2Jb\nc"), "a\\u{1b}[2Jb\\u{a}c");
        assert_eq!(line("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(line("a\u{200b}b\u{2028}c\u{feff}\u{9b}"), "a\\u{200b}b\\u{2028}c\\u{feff}\\u{9b}");
        assert_eq!(line("👩\u{200d}🚀 ก\u{200c}ข"), "👩\u{200d}🚀 ก\u{200c}ข");
    }

    #[test]
    fn no_text_is_a_formula() {
        for formula in ["=1+1", "+66", "-2", "@SUM(A1)", " =1", "＝1"] {
            assert_eq!(spreadsheet_text(formula), format!("'{formula}"));
        }
        assert_eq!(spreadsheet_text("\t=1"), "\\u{9}=1", "a tab is written out");
        assert_eq!([spreadsheet_text("sale-1"), spreadsheet_text("พันธมิตร"), spreadsheet_text("")], ["sale-1", "พันธมิตร", ""]);
    }

    #[test]
    fn times_are_dates_where_they_are_dates() {
        let at = |seconds, nanos| time(Some(&Timestamp { seconds, nanos }));
        assert_eq!(at(1_735_689_600, 0), "2025-01-01");
        assert_eq!(at(1_735_689_601, 0), "2025-01-01T00:00:01Z");
        assert_eq!(at(1_735_689_600, 5_000_000), "2025-01-01T00:00:00.005Z");
        assert_eq!(time(None), "");
    }

    #[test]
    fn amounts_have_the_currency_s_decimals() {
        assert_eq!(amount("USD", -5), "-0.05 USD");
        assert_eq!(bare_amount("JPY", 1000), "1000");
        assert_eq!(amount("ZZZ", 7), "7 minor units of ZZZ");
    }

    #[test]
    fn percents_read_well() {
        assert_eq!([percent(2000), percent(1250), percent(5)], ["20 %", "12.5 %", "0.05 %"]);
    }

    #[test]
    fn codes_lose_their_prefix() {
        assert_eq!(code::<proto::OwnershipRule>(proto::OwnershipRule::FirstClaim.into()), "FIRST_CLAIM");
        assert_eq!(code::<proto::Side>(99), "99");
    }
}
