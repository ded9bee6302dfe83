//! Stories whose ids say what they are, and which of them are a partner's own, worked out from the records alone.

use crate::outside::json;
use partnership_ledger::proto::{self as pb, effect::Effect, event::Body, party};
use prost_reflect::{DynamicMessage, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The id of a story for one of a workload, no part of any other: "Z007-lead-l3Z".
pub fn id(story: usize, kind: &str, id: &str) -> String {
    format!("Z{story:03}-{kind}-{id}Z")
}

/// The name of a partner, by its id.
pub fn name(partner: &str) -> String {
    format!("Sociedad {} Limited", partner.trim_matches('Z').to_uppercase().replace('Z', "S"))
}

/// The kind of id that a field of a name holds: `lead` for `lead_id`, `agreement` for `supersedes_agreement_id`. A line's id means
/// something in its sale alone.
pub fn kind(field: &str) -> Option<&str> {
    match field {
        "event_id" | "line_id" => None,
        "acknowledged_conflicts" => Some("agreement"),
        _ if field.ends_with("_agreement_id") || field.ends_with("_agreement_ids") => Some("agreement"),
        _ => field.strip_suffix("_id").or_else(|| field.strip_suffix("_ids")),
    }
}

/// An event of a story: with ids and names of its own, and texts that mention others.
pub fn renamed(story: usize, event: &pb::Event) -> pb::Event {
    let mut message = json::dynamic("Event", event);
    rename(&mut message, story);
    message.transcode_to().expect("an event")
}

fn rename(message: &mut DynamicMessage, story: usize) {
    for (field, value) in message.fields_mut() {
        let texts: Vec<&mut Value> = match value {
            Value::Message(inner) => {
                rename(inner, story);
                continue;
            }
            Value::List(items) => items.iter_mut().collect(),
            value => vec![value],
        };
        for value in texts {
            match value {
                Value::Message(inner) => rename(inner, story),
                Value::String(text) => rename_text(field.name(), text, story),
                _ => {}
            }
        }
    }
    let named = message.get_field_by_name("partner_id").and_then(|id| id.as_str().map(name));
    if let Some(name) = named.filter(|_| message.has_field_by_name("display_name")) {
        message.set_field_by_name("display_name", Value::String(name));
    }
}

fn rename_text(field: &str, text: &mut String, story: usize) {
    let mentioned = [id(story, "partner", "p1"), id(story, "partner", "p2"), id(story, "agreement", "a1"), id(story, "agreement", "a2")];
    match (field, kind(field)) {
        (_, Some(kind)) if !text.is_empty() => *text = id(story, kind, text),
        ("match_keys", _) => *text = format!("{text}-{story}"),
        ("summary" | "claim" | "reason" | "resolution" | "notes" | "note" | "description" | "asset", _) => {
            *text = format!("As {} and {}, ({}) said: {}.", mentioned[0], mentioned[1], mentioned[2], mentioned[3]);
        }
        _ => {}
    }
}

/// The partner that a record registers.
pub fn registered(record: &pb::Record) -> Option<String> {
    match record.event.as_ref()?.body.as_ref()? {
        Body::PartnerRegistered(body) => Some(body.partner_id.clone()),
        _ => None,
    }
}

/// What is a partner's own.
pub struct Owned {
    ids: BTreeSet<String>,
    /// First ids of leads, by alias.
    aliases: BTreeMap<String, String>,
    pub name: String,
}

impl Owned {
    pub fn of(records: &[pb::Record], partner: &str) -> Self {
        let mut owned = Self { ids: BTreeSet::from([partner.to_owned()]), aliases: BTreeMap::new(), name: name(partner) };
        for record in records {
            let body = record.event.as_ref().and_then(|event| event.body.as_ref()).expect("a body");
            owned.add_introduced(body);
            record.effects.iter().filter_map(|effect| effect.effect.as_ref()).for_each(|effect| owned.add_given(effect, body, partner));
        }
        // What was about something before that became the partner's own.
        records.iter().filter_map(|record| record.event.as_ref()?.body.as_ref()).for_each(|body| owned.add_introduced(body));
        owned
    }

    /// Whether an id is its own; a lead by an alias too.
    pub fn has(&self, id: &str) -> bool {
        self.ids.contains(id) || self.aliases.get(id).is_some_and(|first| self.ids.contains(first))
    }

    /// Its own ids of a kind, without aliases.
    pub fn first_ids(&self, kind: &str) -> BTreeSet<String> {
        self.ids.iter().filter(|id| id.split('-').nth(1) == Some(kind)).cloned().collect()
    }

    fn add(&mut self, id: &str, about: &str) {
        if self.has(about) {
            self.ids.insert(id.to_owned());
        }
    }

    /// What an event introduces is whose it is about.
    fn add_introduced(&mut self, body: &Body) {
        match body {
            Body::AgreementProposed(body) => self.add(&body.agreement_id, &body.partner_id),
            Body::AgreementSigned(body) => {
                self.add(&body.agreement_id, &body.partner_id);
                body.programme_id.iter().for_each(|programme| self.add(programme, &body.agreement_id));
            }
            Body::PartnerHoldPlaced(body) => self.add(&body.hold_id, &body.partner_id),
            Body::PayoutInitiated(body) => self.add(&body.payout_id, &body.partner_id),
            Body::CustomerPaymentReceived(body) => self.add(&body.receipt_id, &body.sale_id),
            Body::CampaignPlanned(body) => {
                for participant in &body.participants {
                    if let Some(pb::campaign_participant::Party::AgreementId(agreement)) = &participant.party {
                        self.add(&body.campaign_id, agreement);
                    }
                }
            }
            Body::CommissionPaid(body) => self.add(&body.payout_id, &body.partner_id),
            Body::SaleRefunded(body) => self.add(&body.refund_id, &body.sale_id),
            Body::SaleReinstated(body) => self.add(&body.reinstatement_id, &body.refund_id),
            Body::CommissionAdjusted(body) => self.add(&body.adjustment_id, &body.agreement_id),
            Body::PayoutReturned(body) => self.add(&body.return_id, &body.payout_id),
            Body::PaymentReceived(body) => self.add(&body.payment_id, &body.partner_id),
            Body::CostIncurred(body) => self.add(&body.cost_id, &body.campaign_id),
            Body::CapitalContributed(body) => self.add(&body.contribution_id, &body.agreement_id),
            Body::ProfitDistributed(body) => self.add(&body.distribution_id, &body.agreement_id),
            Body::ReviewHeld(body) => self.add(&body.review_id, &body.agreement_id),
            Body::BrandUseRequested(body) => self.add(&body.brand_use_id, &body.agreement_id),
            Body::BreachReported(body) => self.add(&body.breach_id, &body.agreement_id),
            Body::DisputeOpened(body) => match &body.subject {
                Some(
                    pb::dispute_opened::Subject::LeadId(id)
                    | pb::dispute_opened::Subject::SaleId(id)
                    | pb::dispute_opened::Subject::PayoutId(id),
                ) => self.add(&body.dispute_id, id),
                None => {}
            },
            _ => {}
        }
    }

    /// What a record's effects give or deny to somebody.
    fn add_given(&mut self, effect: &Effect, body: &Body, partner: &str) {
        let (lead, agreement) = match effect {
            Effect::LeadOwnerSet(set) => {
                let owner = set.owner.as_ref().and_then(|owner| owner.party.as_ref());
                if owner == Some(&party::Party::PartnerId(partner.to_owned())) {
                    self.ids.insert(set.lead_id.clone());
                }
                (&set.lead_id, &set.agreement_id)
            }
            Effect::LeadClaimDeclined(declined) => (&declined.lead_id, &declined.agreement_id),
            Effect::CommissionAssessed(assessed) => {
                assessed.sale_id.iter().for_each(|sale| self.add(sale, &assessed.agreement_id));
                return;
            }
            Effect::Posting(posting) if posting.account == format!("partner:{partner}") => {
                self.ids.extend(posting.sale_id.clone());
                return;
            }
            _ => return,
        };
        self.add(lead, agreement);
        if let Body::LeadReferred(referred) = body
            && referred.lead_id != *lead
        {
            self.aliases.insert(referred.lead_id.clone(), lead.clone());
        }
    }
}
