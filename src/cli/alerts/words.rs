//! What an alert says, made of its facts, in the language of the output.

use crate::cli::language::{Language, say};
use crate::cli::text::{line, optional};
use partnership_ledger::proto::{Alert, AlertFacts, AlertKind, AlertParticipant, BrandChannel, BreachClause, CampaignGoal, Side};

/// Returns what is the matter and what to do; `None` for a kind that this release does not know.
pub fn told(language: Language, alert: &Alert, facts: &AlertFacts) -> Option<String> {
    let agreement = optional(alert.agreement_id.as_ref());
    let partner = optional(alert.partner_id.as_ref());
    let campaign = optional(alert.campaign_id.as_ref());
    let lead = optional(alert.lead_id.as_ref());
    let ends = language.time(facts.ends_at.as_ref());
    let due = language.time(facts.due_at.as_ref());
    let last = language.time(facts.last_held_at.as_ref());
    let was_held = if facts.last_held_at.is_some() { "yes" } else { "no" };
    let amount = language.money(facts.amount.as_ref());
    let side = side(facts);
    Some(match alert.kind() {
        AlertKind::Unspecified => return None,
        AlertKind::MissingManager => say!(language, "alerts-missing-manager", agreement = agreement, partner = partner, side = side),
        AlertKind::CheckInOverdue => {
            say!(language, "alerts-check-in-overdue", agreement = agreement, partner = partner, due = due, held = was_held, last = last)
        }
        AlertKind::ReviewOverdue => {
            say!(language, "alerts-review-overdue", agreement = agreement, partner = partner, due = due, held = was_held, last = last)
        }
        AlertKind::UnequalEffort => {
            let efforts = participants(language, facts, |who, participant| {
                let (delivered, due) = (participant.delivered_weight.to_string(), participant.due_weight.to_string());
                say!(language, "alerts-effort", who = who, delivered = delivered, due = due)
            });
            say!(language, "alerts-unequal-effort", campaign = campaign, efforts = efforts)
        }
        AlertKind::GoalsDiffer => {
            let goals =
                participants(language, facts, |who, participant| format!("{who} {}", language.word::<CampaignGoal>(participant.goal)));
            say!(language, "alerts-goals-differ", campaign = campaign, goals = goals)
        }
        AlertKind::ExpiryNear => say!(language, "alerts-expiry-near", agreement = agreement, partner = partner, ends = ends),
        AlertKind::NoticeEnding => say!(language, "alerts-notice-ending", agreement = agreement, partner = partner, ends = ends),
        AlertKind::ExclusivityEnding => say!(language, "alerts-exclusivity-ending", agreement = agreement, partner = partner, ends = ends),
        AlertKind::ExclusivityBreached => {
            let (by_agreement, by_partner) = (optional(facts.by_agreement_id.as_ref()), optional(facts.by_partner_id.as_ref()));
            say!(
                language,
                "alerts-exclusivity-breached",
                agreement = agreement,
                partner = partner,
                by_agreement = by_agreement,
                by_partner = by_partner
            )
        }
        AlertKind::BrandUseUndecided => {
            let (id, channel) = (optional(facts.brand_use_id.as_ref()), language.word::<BrandChannel>(facts.channel().into()));
            say!(language, "alerts-brand-use-undecided", side = side, id = id, channel = channel, agreement = agreement, partner = partner)
        }
        AlertKind::BreachUncured => {
            let (id, clause) = (optional(facts.breach_id.as_ref()), language.word::<BreachClause>(facts.clause().into()));
            say!(
                language,
                "alerts-breach-uncured",
                side = side,
                id = id,
                clause = clause,
                agreement = agreement,
                partner = partner,
                due = due
            )
        }
        AlertKind::NegativeBalance => say!(language, "alerts-negative-balance", partner = partner, amount = amount),
        AlertKind::PayableDue => say!(language, "alerts-payable-due", partner = partner, amount = amount),
        AlertKind::HoldLong => {
            let (id, placed) = (optional(facts.hold_id.as_ref()), language.time(facts.opened_at.as_ref()));
            say!(language, "alerts-hold-long", partner = partner, id = id, placed = placed)
        }
        AlertKind::DisputeOpen => {
            let (id, opened) = (optional(facts.dispute_id.as_ref()), language.time(facts.opened_at.as_ref()));
            let about = match (&facts.sale_id, &facts.payout_id) {
                (Some(id), _) => say!(language, "disputes-sale", id = line(id)),
                (None, Some(id)) => say!(language, "disputes-payout", id = line(id)),
                (None, None) => say!(language, "disputes-lead", id = lead),
            };
            say!(language, "alerts-dispute-open", id = id, about = about, opened = opened)
        }
        AlertKind::LeadsWithoutEarningAgreement => {
            let count = facts.lead_count();
            say!(language, "alerts-leads-without-earning-agreement", count = count, agreement = agreement, partner = partner)
        }
        AlertKind::ProtectionLapsing => {
            let owner = if partner.is_empty() { say!(language, "the-house") } else { partner };
            say!(language, "alerts-protection-lapsing", lead = lead, owner = owner, ends = ends)
        }
    })
}

/// The side that the facts name: `house`, `partner`, or `both`.
fn side(facts: &AlertFacts) -> &'static str {
    match facts.sides.iter().map(|side| Side::try_from(*side)).collect::<Vec<_>>()[..] {
        [Ok(Side::House)] => "house",
        [Ok(Side::Partner)] => "partner",
        _ => "both",
    }
}

fn participants(language: Language, facts: &AlertFacts, tell: impl Fn(String, &AlertParticipant) -> String) -> String {
    let told = facts.participants.iter().map(|participant| tell(language.party(participant.party.as_ref()), participant));
    told.collect::<Vec<_>>().join(", ")
}
