//! Who owns a lead, and why, in a sentence.

use super::text::{code, line};
use super::{Language, say};
use crate::proto::{Lead, OwnershipRule};

/// The agreement with the credit.
pub fn credit(language: Language, agreement_id: &str) -> String {
    if agreement_id.is_empty() { say!(language, "none") } else { line(agreement_id) }
}

/// Why the owner owns it: in English the ledger's own sentence, in other languages one made of the same facts.
pub fn explanation(language: Language, lead: &Lead) -> String {
    if language == Language::English || lead.owner.is_none() {
        return line(&lead.explanation);
    }
    let facts = lead.facts.unwrap_or_default();
    let (protection, time) = if lead.facts.is_none() {
        // A ledger of an earlier release does not tell these from each other.
        (if lead.protected_until.is_some() { "dated" } else { "always-or-awaited" }, lead.protected_until)
    } else if facts.lost_at.is_some() {
        ("lost", facts.lost_at)
    } else if facts.approval_awaited {
        ("awaited", None)
    } else {
        match (lead.protected_until, facts.is_protected) {
            (None, _) => ("always", None),
            (until, true) => ("until", until),
            (until, false) => ("lapsed", until),
        }
    };
    say!(
        language,
        "lead-explained",
        owner = language.party(lead.owner.as_ref()),
        since = language.time(lead.since.as_ref()),
        why = because(language, &code::<OwnershipRule>(lead.rule), &lead.agreement_id),
        protection = protection,
        time = language.time(time.as_ref())
    )
}

/// Why somebody owns a lead: the end of a sentence.
pub fn because(language: Language, rule: &str, agreement_id: &str) -> String {
    say!(language, "lead-because", rule = rule, agreement = line(agreement_id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{LeadFacts, Party, party};
    use prost_types::Timestamp;

    fn told(language: Language, protected_until: Option<i64>, facts: LeadFacts) -> String {
        let at = |day: i64| Timestamp { seconds: day * 86_400, nanos: 0 };
        let lead = Lead {
            owner: Some(Party { party: Some(party::Party::House(true)) }),
            since: Some(at(0)),
            rule: OwnershipRule::HouseLead.into(),
            protected_until: protected_until.map(at),
            facts: Some(facts),
            ..Lead::default()
        };
        // English has the ledger's own sentence.
        assert_eq!(explanation(Language::English, &Lead { explanation: "so".to_owned(), ..lead.clone() }), "so");
        explanation(language, &lead)
    }

    #[test]
    fn each_state_of_the_protection_has_words_of_its_own() {
        let thai = |until, facts| told(Language::Thai, until, facts);
        let lost_at = Some(Timestamp { seconds: 3 * 86_400, nanos: 0 });
        let lost = thai(Some(1), LeadFacts { lost_at, ..LeadFacts::default() });
        assert!(lost.contains("เสียไปเมื่อ 4 ม.ค. 2513") && !lost.contains("2 ม.ค. 2513"), "the day of the loss: {lost}");
        let lapsed = thai(Some(1), LeadFacts::default());
        assert!(lapsed.contains("ไม่คุ้มครองแล้วตั้งแต่ 2 ม.ค. 2513"), "{lapsed}");
        let until = thai(Some(1), LeadFacts { is_protected: true, ..LeadFacts::default() });
        assert!(until.contains("คุ้มครองถึง 2 ม.ค. 2513"), "{until}");
        let awaited = thai(None, LeadFacts { is_protected: true, approval_awaited: true, ..LeadFacts::default() });
        assert!(awaited.contains("รออนุมัติ") && !awaited.contains("ไม่จำกัด"), "{awaited}");
        let always = thai(None, LeadFacts { is_protected: true, ..LeadFacts::default() });
        assert!(always.contains("ไม่จำกัด") && !always.contains("รออนุมัติ"), "{always}");
    }
}
