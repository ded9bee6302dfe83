//! What an alert says, made of its facts, in the language of the output.

use super::text::{line, optional};
use super::{Language, say};
use crate::proto::{Alert, AlertFacts, AlertKind, AlertParticipant, BrandChannel, BreachClause, CampaignGoal, Side};

/// Returns what is the matter and what to do, made of the alert's facts. Of a ledger that gives none, or of a kind that this
/// release does not know, it is the ledger's own message, which is English.
pub fn message(language: Language, alert: &Alert) -> String {
    let told = alert.facts.as_ref().and_then(|facts| told(language, alert, facts));
    told.unwrap_or_else(|| line(&alert.message))
}

/// Returns what is the matter and what to do; `None` for a kind that this release does not know.
fn told(language: Language, alert: &Alert, facts: &AlertFacts) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{Money, Party, party};
    use prost_types::Timestamp;
    use std::collections::BTreeSet;

    /// An alert of a kind in which every fact is there, each with a word of its own.
    fn whole(kind: AlertKind) -> Alert {
        let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
        let id = |text: &str| Some(text.to_owned());
        let participant = |partner: &str, due_weight| AlertParticipant {
            party: Some(Party { party: Some(party::Party::PartnerId(partner.to_owned())) }),
            goal: CampaignGoal::Leads.into(),
            due_weight,
            delivered_weight: due_weight + 1,
        };
        let facts = AlertFacts {
            sides: vec![Side::Partner.into()],
            due_at: at(86_400),
            last_held_at: at(2 * 86_400),
            ends_at: at(3 * 86_400),
            opened_at: at(4 * 86_400),
            amount: Some(Money { currency_code: "USD".to_owned(), minor_units: 1_234 }),
            participants: vec![participant("first", 31), participant("second", 41)],
            dispute_id: id("dispute-1"),
            sale_id: id("sale-1"),
            payout_id: None,
            brand_use_id: id("use-1"),
            channel: Some(BrandChannel::Website.into()),
            hold_id: id("hold-1"),
            lead_count: Some(57),
            breach_id: id("breach-1"),
            clause: Some(BreachClause::Deliverables.into()),
            by_agreement_id: id("other-agreement"),
            by_partner_id: id("other-partner"),
        };
        Alert {
            kind: kind.into(),
            partner_id: id("partner-1"),
            agreement_id: id("agreement-1"),
            campaign_id: id("campaign-1"),
            lead_id: id("lead-1"),
            since: at(0),
            message: String::new(),
            facts: Some(facts),
        }
    }

    /// The facts of a text: its ids, figures, and dates without their years and months, which each language writes its own way.
    fn facts(text: &str) -> BTreeSet<String> {
        let dates = [("1970-01-02", "DAY2"), ("1970-01-03", "DAY3"), ("1970-01-04", "DAY4"), ("1970-01-05", "DAY5")];
        let thai = [("2 ม.ค. 2513", "DAY2"), ("3 ม.ค. 2513", "DAY3"), ("4 ม.ค. 2513", "DAY4"), ("5 ม.ค. 2513", "DAY5")];
        let text = dates.into_iter().chain(thai).fold(text.to_owned(), |text, (date, name)| text.replace(date, name));
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && !"-.".contains(letter));
        let names = ["first", "second", "other-agreement", "other-partner", "USD"];
        words
            .map(|word| word.trim_matches(['-', '.']))
            .filter(|word| word.contains(|letter: char| letter.is_ascii_digit()) || names.contains(word))
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn every_kind_tells_the_same_facts_in_both_languages() {
        let kinds: Vec<AlertKind> = (1..).map_while(|number| AlertKind::try_from(number).ok()).collect();
        assert!(kinds.len() > 14, "{kinds:?}");
        for kind in kinds {
            let alert = whole(kind);
            let [english, thai] = [Language::English, Language::Thai].map(|language| message(language, &alert));
            assert!(!facts(&english).is_empty(), "{kind:?}: {english}");
            assert_eq!(facts(&english), facts(&thai), "{kind:?}:\n{english}\n{thai}");
        }
    }

    #[test]
    fn a_ledger_that_gives_no_facts_is_quoted() {
        let alert = Alert { message: "do it".to_owned(), facts: None, ..whole(AlertKind::PayableDue) };
        assert_eq!([message(Language::English, &alert), message(Language::Thai, &alert)], ["do it", "do it"]);
    }
}
