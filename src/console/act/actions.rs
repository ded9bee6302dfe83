//! What may be done: the form of each action, and the event that it makes.

use super::fields::{Field, Input, Kind, choices};
use crate::language::{Key, say};
use crate::proto::dispute_opened::Subject;
use crate::proto::event::Body;
use crate::proto::lead_reassigned::To;
use crate::proto::{
    AcquiredBy, BrandUseDecided, CommissionPaid, DisputeOpened, DisputeOutcome, DisputeResolved, LeadProtectionExtended, LeadReassigned,
    LeadReferred, PartnerHoldLifted, PartnerHoldPlaced, Side, TerminationNoticeGiven,
};

/// An action.
pub struct Action {
    /// Its name in addresses.
    pub name: &'static str,
    /// The type of its event, by the field of the contract.
    pub event_type: &'static str,
    /// What it is called.
    pub title: Key,
    /// Its form.
    pub fields: &'static [Field],
    /// The field whose value is made up, if nobody says one: the id of what the event brings.
    pub new_id: Option<&'static str>,
    /// The event that the form makes, or what is wrong with it.
    pub body: fn(&Input<'_>) -> Result<Body, String>,
}

/// Finds an action by its name.
pub fn find(name: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.name == name)
}

/// All actions.
const ACTIONS: &[Action] = &[
    Action {
        name: "payout",
        event_type: "commission_paid",
        title: Key::of("console-act-payout"),
        fields: &[
            Field::new("payout_id", Key::of("column-payout"), Kind::Text),
            Field::new("partner_id", Key::of("column-partner"), Kind::Text),
            Field::new("amount", Key::of("column-amount"), Kind::Money),
            Field::optional("method", Key::of("payouts-method"), Kind::Text),
            Field::optional("reference", Key::of("column-reference"), Kind::Text),
            Field::optional("document_number", Key::of("payouts-document"), Kind::Text),
            Field::optional("advance", Key::of("console-advance"), Kind::Tick),
        ],
        new_id: Some("payout_id"),
        body: |input| {
            Ok(Body::CommissionPaid(CommissionPaid {
                payout_id: input.text("payout_id"),
                partner_id: input.text("partner_id"),
                amount: Some(input.money("amount")?),
                method: input.text("method"),
                reference: input.text("reference"),
                document_number: input.text("document_number"),
                advance: input.is_ticked("advance"),
                ..CommissionPaid::default()
            }))
        },
    },
    Action {
        name: "hold",
        event_type: "partner_hold_placed",
        title: Key::of("console-act-hold"),
        fields: &[
            Field::new("hold_id", Key::of("console-hold"), Kind::Text),
            Field::new("partner_id", Key::of("column-partner"), Kind::Text),
            Field::new("reason", Key::of("lead-reason"), Kind::Long),
        ],
        new_id: Some("hold_id"),
        body: |input| {
            let [hold_id, partner_id, reason] = ["hold_id", "partner_id", "reason"].map(|name| input.text(name));
            Ok(Body::PartnerHoldPlaced(PartnerHoldPlaced { hold_id, partner_id, reason }))
        },
    },
    Action {
        name: "lift",
        event_type: "partner_hold_lifted",
        title: Key::of("console-act-lift"),
        fields: &[Field::new("hold_id", Key::of("console-hold"), Kind::Text)],
        new_id: None,
        body: |input| Ok(Body::PartnerHoldLifted(PartnerHoldLifted { hold_id: input.text("hold_id") })),
    },
    Action {
        name: "resolve",
        event_type: "dispute_resolved",
        title: Key::of("console-act-resolve-dispute"),
        fields: &[
            Field::new("dispute_id", Key::of("column-dispute"), Kind::Text),
            Field::new("outcome", Key::of("column-outcome"), Kind::Choice(choices::<DisputeOutcome>)),
            Field::new("resolution", Key::of("console-resolution"), Kind::Long),
        ],
        new_id: None,
        body: |input| {
            let (dispute_id, outcome) = (input.text("dispute_id"), input.choice::<DisputeOutcome>("outcome"));
            Ok(Body::DisputeResolved(DisputeResolved { dispute_id, outcome, resolution: input.text("resolution") }))
        },
    },
    Action {
        name: "brand",
        event_type: "brand_use_decided",
        title: Key::of("console-act-brand-use"),
        fields: &[
            Field::new("brand_use_id", Key::of("agreement-brand-use"), Kind::Text),
            Field::new(
                "decision",
                Key::of("column-decision"),
                Kind::Choice(|language| {
                    let (yes, no) =
                        (crate::language::say!(language, "console-approve"), crate::language::say!(language, "console-decline"));
                    vec![("yes".to_owned(), yes), ("no".to_owned(), no)]
                }),
            ),
            Field::optional("note", Key::of("console-notes"), Kind::Long),
        ],
        new_id: None,
        body: |input| {
            let (brand_use_id, approved) = (input.text("brand_use_id"), input.is_ticked("decision"));
            Ok(Body::BrandUseDecided(BrandUseDecided { brand_use_id, approved, note: input.text("note") }))
        },
    },
    Action {
        name: "reassign",
        event_type: "lead_reassigned",
        title: Key::of("console-act-reassign-lead"),
        fields: &[
            Field::new("lead_id", Key::of("column-lead"), Kind::Text),
            Field::optional("to_agreement_id", Key::of("console-to-agreement"), Kind::Text),
            Field::new("reason", Key::of("lead-reason"), Kind::Long),
            Field::optional("dispute_id", Key::of("column-dispute"), Kind::Text),
            Field::optional("transfer", Key::of("console-transfer"), Kind::Tick),
        ],
        new_id: None,
        body: |input| {
            Ok(Body::LeadReassigned(LeadReassigned {
                lead_id: input.text("lead_id"),
                to: Some(input.some("to_agreement_id").map_or(To::House(true), To::AgreementId)),
                reason: input.text("reason"),
                dispute_id: input.some("dispute_id"),
                transfer_unpaid_commission: input.is_ticked("transfer"),
            }))
        },
    },
    Action {
        name: "extend",
        event_type: "lead_protection_extended",
        title: Key::of("console-act-extend-lead"),
        fields: &[Field::new("lead_id", Key::of("column-lead"), Kind::Text), Field::new("days", Key::of("console-days"), Kind::Number)],
        new_id: None,
        body: |input| {
            let (lead_id, days) = (input.text("lead_id"), input.number("days")?);
            Ok(Body::LeadProtectionExtended(LeadProtectionExtended { lead_id, days }))
        },
    },
    Action {
        name: "notice",
        event_type: "termination_notice_given",
        title: Key::of("console-act-notice-agreement"),
        fields: &[
            Field::new("agreement_id", Key::of("column-agreement"), Kind::Text),
            Field::new("given_by", Key::of("console-given-by"), Kind::Choice(choices::<Side>)),
            Field::optional("ends_on", Key::of("console-ends-on"), Kind::Day),
            Field::optional("reason", Key::of("lead-reason"), Kind::Long),
        ],
        new_id: None,
        body: |input| {
            Ok(Body::TerminationNoticeGiven(TerminationNoticeGiven {
                agreement_id: input.text("agreement_id"),
                given_by: input.choice::<Side>("given_by"),
                ends_at: input.day("ends_on")?,
                reason: input.text("reason"),
            }))
        },
    },
    Action {
        name: "refer",
        event_type: "lead_referred",
        title: Key::of("console-act-refer"),
        fields: &[
            Field::new("lead_id", Key::of("column-lead"), Kind::Text),
            Field::optional("agreement_id", Key::of("column-agreement"), Kind::Text),
            Field::new("acquired_by", Key::of("lead-acquired-by"), Kind::Choice(choices::<AcquiredBy>)),
            Field::optional("campaign_id", Key::of("campaign-campaign"), Kind::Text),
            Field::optional("match_keys", Key::of("console-match-keys"), Kind::Long),
        ],
        new_id: Some("lead_id"),
        body: |input| {
            let keys = input.text("match_keys");
            let keys = keys.split(['\n', ',']).map(str::trim).filter(|key| !key.is_empty());
            Ok(Body::LeadReferred(LeadReferred {
                lead_id: input.text("lead_id"),
                agreement_id: input.some("agreement_id"),
                acquired_by: input.choice::<AcquiredBy>("acquired_by"),
                campaign_id: input.some("campaign_id"),
                match_keys: keys.map(str::to_owned).collect(),
                attribution: None,
            }))
        },
    },
    Action {
        name: "dispute",
        event_type: "dispute_opened",
        title: Key::of("console-act-dispute"),
        fields: &[
            Field::new("dispute_id", Key::of("column-dispute"), Kind::Text),
            Field::new("opened_by", Key::of("disputes-opened-by"), Kind::Choice(choices::<Side>)),
            Field::optional("lead_id", Key::of("column-lead"), Kind::Text),
            Field::optional("sale_id", Key::of("column-sale"), Kind::Text),
            Field::optional("payout_id", Key::of("column-payout"), Kind::Text),
            Field::new("claim", Key::of("disputes-claim"), Kind::Long),
        ],
        new_id: Some("dispute_id"),
        body: |input| {
            let lead = input.some("lead_id").map(Subject::LeadId);
            let sale = input.some("sale_id").map(Subject::SaleId);
            let payout = input.some("payout_id").map(Subject::PayoutId);
            let mut subjects = [lead, sale, payout].into_iter().flatten();
            let (subject, other) = (subjects.next(), subjects.next());
            if other.is_some() {
                return Err(say!(input.language, "console-one-subject"));
            }
            Ok(Body::DisputeOpened(DisputeOpened {
                dispute_id: input.text("dispute_id"),
                opened_by: input.choice::<Side>("opened_by"),
                subject,
                claim: input.text("claim"),
            }))
        },
    },
];
