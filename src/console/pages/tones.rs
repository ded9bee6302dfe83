//! How states look, the same on every page.

use crate::console::table::{Cell, Tone};
use crate::language::Language;
use crate::proto::{AgreementState, AlertKind, CampaignState, CommissionOutcome, LeadState, PayoutState};

/// Where an agreement stands.
pub fn agreement(language: Language, state: i32) -> Cell {
    let tone = match AgreementState::try_from(state) {
        Ok(AgreementState::Active) => Tone::Good,
        Ok(AgreementState::UnderNotice) => Tone::Warning,
        _ => Tone::Plain,
    };
    Cell::state(tone, &language.word::<AgreementState>(state))
}

/// Where a lead stands.
pub fn lead(language: Language, state: i32) -> Cell {
    let tone = if state == i32::from(LeadState::Qualified) { Tone::Good } else { Tone::Plain };
    Cell::state(tone, &language.word::<LeadState>(state))
}

/// Where a payout stands.
pub fn payout(language: Language, state: i32) -> Cell {
    let tone = match PayoutState::try_from(state) {
        Ok(PayoutState::Settled) => Tone::Good,
        Ok(PayoutState::Failed) => Tone::Bad,
        Ok(PayoutState::InTransit) => Tone::Warning,
        _ => Tone::Plain,
    };
    Cell::state(tone, &language.word::<PayoutState>(state))
}

/// Where a campaign stands.
pub fn campaign(language: Language, state: i32) -> Cell {
    let tone = match CampaignState::try_from(state) {
        Ok(CampaignState::Running) => Tone::Good,
        Ok(CampaignState::Stopped) => Tone::Warning,
        _ => Tone::Plain,
    };
    Cell::state(tone, &language.word::<CampaignState>(state))
}

/// What an assessment came to.
pub fn outcome(language: Language, outcome: i32) -> Cell {
    let tone = match CommissionOutcome::try_from(outcome) {
        Ok(CommissionOutcome::Accrued) => Tone::Good,
        Ok(CommissionOutcome::Capped) => Tone::Warning,
        _ => Tone::Plain,
    };
    Cell::state(tone, &language.word::<CommissionOutcome>(outcome))
}

/// What an alert is about: rights that are broken, then money, then all else (rules 10.2).
pub fn alert(language: Language, kind: i32) -> Cell {
    use AlertKind::{BreachUncured, DisputeOpen, ExclusivityBreached, HoldLong, NegativeBalance, PayableDue};
    let tone = match AlertKind::try_from(kind) {
        Ok(ExclusivityBreached | BreachUncured) => Tone::Bad,
        Ok(DisputeOpen | HoldLong | NegativeBalance | PayableDue) => Tone::Warning,
        _ => Tone::Plain,
    };
    Cell::state(tone, &language.word::<AlertKind>(kind))
}
