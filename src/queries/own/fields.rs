//! What the text fields of the contract hold, by their names: which of them name something, and what. A field without a line
//! here is left empty in what partners get.

use crate::domain::ids::IdKind;

/// What a text field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// An id of a kind.
    Id(IdKind),
    /// The name of an account, in which an id may stand.
    Account,
    /// The name of the partner that stands beside it.
    PartnersName,
    /// Words, in which ids and names may stand.
    Words,
    /// What names nobody: codes, tokens, ids that mean something within what is shown.
    Plain,
}

/// What a text field of a name holds; `None` if that is not known.
pub fn content(name: &str) -> Option<Content> {
    let (_, content) = FIELDS.iter().find(|(names, _)| names.contains(&name))?;
    Some(*content)
}

const FIELDS: &[(&[&str], Content)] = &[
    (&["partner_id", "partner_ids", "by_partner_id", "from_partner_ids", "to_partner_ids"], Content::Id(IdKind::Partner)),
    (
        &[
            "agreement_id",
            "agreement_ids",
            "by_agreement_id",
            "acknowledged_conflicts",
            "recruited_by_agreement_id",
            "supersedes_agreement_id",
            "superseded_by_agreement_id",
            "upline_agreement_ids",
            "downline_agreement_id",
        ],
        Content::Id(IdKind::Agreement),
    ),
    (&["programme_id"], Content::Id(IdKind::Programme)),
    (&["lead_id", "aliases", "lead_referred"], Content::Id(IdKind::Lead)),
    (&["sale_id", "sale_recorded"], Content::Id(IdKind::Sale)),
    (&["refund_id"], Content::Id(IdKind::Refund)),
    (&["reinstatement_id"], Content::Id(IdKind::Reinstatement)),
    (&["adjustment_id"], Content::Id(IdKind::Adjustment)),
    (&["payout_id"], Content::Id(IdKind::Payout)),
    (&["return_id"], Content::Id(IdKind::PayoutReturn)),
    (&["payment_id"], Content::Id(IdKind::Payment)),
    (&["receipt_id"], Content::Id(IdKind::Receipt)),
    (&["dispute_id"], Content::Id(IdKind::Dispute)),
    (&["campaign_id"], Content::Id(IdKind::Campaign)),
    (&["cost_id"], Content::Id(IdKind::Cost)),
    (&["contribution_id"], Content::Id(IdKind::Contribution)),
    (&["distribution_id"], Content::Id(IdKind::Distribution)),
    (&["review_id"], Content::Id(IdKind::Review)),
    (&["brand_use_id"], Content::Id(IdKind::BrandUse)),
    (&["breach_id"], Content::Id(IdKind::Breach)),
    (&["hold_id"], Content::Id(IdKind::Hold)),
    (&["account"], Content::Account),
    (&["display_name"], Content::PartnersName),
    // A deliverable's id means something in its campaign, a line's in its sale, an event's id in its record.
    (&["deliverable_id", "line_id", "event_id", "currency_code", "country_code", "time_zone", "next_page_token"], Content::Plain),
    (
        &[
            "asset",
            "categories",
            "claim",
            "coupon",
            "coupons",
            "description",
            "document_number",
            "explanation",
            "manager",
            "match_keys",
            "message",
            "metadata",
            "method",
            "name",
            "note",
            "notes",
            "product",
            "products",
            "reason",
            "recorded_by",
            "reference",
            "referral_link",
            "resolution",
            "rule_name",
            "sentence",
            "summary",
            "title",
            "utm_campaign",
            "utm_content",
            "utm_medium",
            "utm_source",
            "utm_term",
        ],
        Content::Words,
    ),
];

#[cfg(test)]
mod tests {
    use super::super::questions::ANSWERS;
    use super::super::redaction::message;
    use super::*;
    use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
    use std::collections::BTreeSet;

    /// The fields with text or bytes of a message and of all that can be in it.
    fn add_texts(message: &MessageDescriptor, known: &mut BTreeSet<String>, texts: &mut Vec<FieldDescriptor>) {
        if !known.insert(message.full_name().to_owned()) {
            return;
        }
        for field in message.fields() {
            match field.kind() {
                Kind::Message(inner) if field.is_map() => {
                    let value = inner.map_entry_value_field();
                    assert_eq!(
                        value.kind(),
                        Kind::String,
                        "{}: say in src/queries/own/redaction.rs what such a map holds",
                        field.full_name()
                    );
                    texts.push(field);
                }
                Kind::Message(inner) => add_texts(&inner, known, texts),
                Kind::String | Kind::Bytes => texts.push(field),
                _ => {}
            }
        }
    }

    #[test]
    fn every_text_that_a_partner_can_get_has_its_line() {
        let (mut known, mut texts) = (BTreeSet::new(), Vec::new());
        for name in ANSWERS.iter().copied().chain(["Record"]) {
            add_texts(&message(name).expect("an answer of the contract"), &mut known, &mut texts);
        }
        let without: BTreeSet<&str> =
            texts.iter().filter(|field| content(field.name()).is_none()).map(FieldDescriptor::full_name).collect();
        assert!(without.is_empty(), "say in src/queries/own/fields.rs what these hold: {without:?}");
        let names: BTreeSet<&str> = texts.iter().map(FieldDescriptor::name).collect();
        let idle: Vec<_> = FIELDS.iter().flat_map(|(names, _)| *names).filter(|name| !names.contains(**name)).collect();
        assert!(idle.is_empty(), "the contract has no such fields any more: {idle:?}");
    }

    #[test]
    fn what_is_called_an_id_holds_one() {
        let (mut known, mut texts) = (BTreeSet::new(), Vec::new());
        ANSWERS.iter().chain(&["Record"]).for_each(|name| add_texts(&message(name).expect("known"), &mut known, &mut texts));
        let ids = texts.iter().filter(|field| field.name().ends_with("_id") || field.name().ends_with("_ids"));
        for field in ids.filter(|field| !["event_id", "deliverable_id", "line_id"].contains(&field.name())) {
            assert!(matches!(content(field.name()), Some(Content::Id(_))), "{}", field.full_name());
        }
    }

    #[test]
    fn a_field_stands_in_one_line() {
        let names: Vec<_> = FIELDS.iter().flat_map(|(names, _)| *names).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }
}
