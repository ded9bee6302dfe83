//! The table of event types. It is exhaustive: an arm of the message without a file, or a file without an arm, does not compile.

use super::agreements::terms::{MAX_TERMS_BYTES, Terms};
use super::calendar::Time;
use super::effect::Effect;
use super::ids::{EventId, Id, IdKind};
use super::parse::{Fields, MAX_ITEMS, Violation};
use super::rejection::Rejection;
use super::state::{Context, State};
use super::{Stamp, agreements, campaigns, commissions, leads, partners, relationship, ventures};
use crate::proto;
use prost::Message as _;

/// The most metadata entries of an event.
const MAX_METADATA: usize = 16;
/// The longest metadata key or value, in bytes.
const MAX_METADATA_BYTES: usize = 256;

/// What every event type does; each has a file of its own.
pub trait EventType: Sized {
    /// The message that it is parsed from.
    type Message;

    /// Returns the checked event of a message. Bad fields are noted in `fields`; if there are any, the event must not be used.
    fn parse(message: &Self::Message, occurred_at: Time, fields: &mut Fields) -> Self;

    /// Returns the id that it introduces, which must be new (rules 2.2).
    fn introduces(&self) -> Option<(IdKind, &Id)> {
        None
    }

    /// Returns the terms that it brings.
    fn terms(&self) -> Option<&Terms> {
        None
    }

    /// Returns the ids that must be known, in the order of the contract's fields (rules 2.2, 2.5).
    fn refers_to(&self) -> Vec<(IdKind, &Id)>;

    /// Returns its effects, or why it is refused. That its ids are new or known has been checked.
    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection>;

    /// Writes its slice of the state. Postings are written by `State::evolve`, for every event in the same way.
    fn evolve(&self, stamp: Stamp, effects: &[Effect], state: &mut State);
}

/// A checked event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id, chosen by the emitter.
    pub event_id: EventId,
    /// When it happened.
    pub occurred_at: Time,
    /// What happened.
    pub body: Body,
}

impl Event {
    /// Returns what is too large to be recorded anew, in an event of so many bytes. Replay does not ask: earlier releases
    /// recorded larger terms (rules 2.3).
    pub fn too_large(&self, encoded_bytes: usize) -> Option<Violation> {
        let terms = self.body.terms().filter(|_| encoded_bytes > MAX_TERMS_BYTES)?;
        let bytes = terms.message.encoded_len();
        (bytes > MAX_TERMS_BYTES).then(|| Violation {
            field: format!("{}.terms", self.body.name()),
            description: format!("take {bytes} bytes; at most {MAX_TERMS_BYTES} are allowed"),
        })
    }
}

macro_rules! event_table {
    ($($name:literal $event:ident in $file:ty;)*) => {
        /// What happened: one variant per event type.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(missing_docs, clippy::large_enum_variant)]
        pub enum Body { $($event($file)),* }

        fn parse_body(message: &proto::event::Body, occurred_at: Time, fields: &mut Fields) -> Body {
            match message {
                $(proto::event::Body::$event(message) => Body::$event(
                    fields.within($name, |fields| <$file>::parse(message, occurred_at, fields)),
                ),)*
            }
        }

        /// The event types in the order of the table, as numbers.
        #[derive(Clone, Copy)]
        enum Number { $($event),* }

        /// The names of all event types: their fields in the contract.
        pub fn event_types() -> impl Iterator<Item = &'static str> {
            [$($name),*].into_iter()
        }

        impl Body {
            /// The name of the event type, as its field in the contract.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$event(_) => $name),* }
            }

            /// The place of the event type among all of `event_types`, from 0.
            pub fn type_number(&self) -> usize {
                match self { $(Self::$event(_) => Number::$event as usize),* }
            }

            /// The id that it introduces.
            pub(crate) fn introduces(&self) -> Option<(IdKind, &Id)> {
                match self { $(Self::$event(event) => event.introduces()),* }
            }

            /// The terms that it brings.
            pub(crate) fn terms(&self) -> Option<&Terms> {
                match self { $(Self::$event(event) => event.terms()),* }
            }

            /// The ids that it names, in the order of the contract's fields.
            pub(crate) fn refers_to(&self) -> Vec<(IdKind, &Id)> {
                match self { $(Self::$event(event) => event.refers_to()),* }
            }

            pub(super) fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
                match self { $(Self::$event(event) => event.decide(context, state)),* }
            }

            pub(super) fn evolve(&self, stamp: Stamp, effects: &[Effect], state: &mut State) {
                match self { $(Self::$event(event) => event.evolve(stamp, effects, state)),* }
            }
        }
    };
}

event_table! {
    "partner_registered" PartnerRegistered in partners::registered::PartnerRegistered;
    "partner_updated" PartnerUpdated in partners::updated::PartnerUpdated;
    "partner_hold_placed" PartnerHoldPlaced in partners::hold_placed::PartnerHoldPlaced;
    "partner_hold_lifted" PartnerHoldLifted in partners::hold_lifted::PartnerHoldLifted;
    "agreement_proposed" AgreementProposed in agreements::proposed::AgreementProposed;
    "agreement_signed" AgreementSigned in agreements::signed::AgreementSigned;
    "agreement_amended" AgreementAmended in agreements::amended::AgreementAmended;
    "agreement_renewed" AgreementRenewed in agreements::renewed::AgreementRenewed;
    "termination_notice_given" TerminationNoticeGiven in agreements::notice_given::TerminationNoticeGiven;
    "termination_notice_withdrawn" TerminationNoticeWithdrawn in agreements::notice_withdrawn::TerminationNoticeWithdrawn;
    "agreement_terminated" AgreementTerminated in agreements::terminated::AgreementTerminated;
    "programme_defined" ProgrammeDefined in agreements::programme_defined::ProgrammeDefined;
    "programme_amended" ProgrammeAmended in agreements::programme_amended::ProgrammeAmended;
    "partner_assessed" PartnerAssessed in relationship::assessed::PartnerAssessed;
    "manager_assigned" ManagerAssigned in relationship::manager_assigned::ManagerAssigned;
    "launch_step_completed" LaunchStepCompleted in relationship::launch_step_completed::LaunchStepCompleted;
    "review_held" ReviewHeld in relationship::review_held::ReviewHeld;
    "brand_use_requested" BrandUseRequested in relationship::brand_use_requested::BrandUseRequested;
    "brand_use_decided" BrandUseDecided in relationship::brand_use_decided::BrandUseDecided;
    "breach_reported" BreachReported in relationship::breach_reported::BreachReported;
    "breach_cured" BreachCured in relationship::breach_cured::BreachCured;
    "lead_referred" LeadReferred in leads::referred::LeadReferred;
    "lead_approved" LeadApproved in leads::approved::LeadApproved;
    "lead_qualified" LeadQualified in leads::qualified::LeadQualified;
    "lead_lost" LeadLost in leads::lost::LeadLost;
    "lead_protection_extended" LeadProtectionExtended in leads::protection_extended::LeadProtectionExtended;
    "lead_reassigned" LeadReassigned in leads::reassigned::LeadReassigned;
    "sale_recorded" SaleRecorded in commissions::sale_recorded::SaleRecorded;
    "sale_refunded" SaleRefunded in commissions::sale_refunded::SaleRefunded;
    "sale_reinstated" SaleReinstated in commissions::sale_reinstated::SaleReinstated;
    "commission_adjusted" CommissionAdjusted in commissions::adjusted::CommissionAdjusted;
    "commission_paid" CommissionPaid in commissions::paid::CommissionPaid;
    "payout_initiated" PayoutInitiated in commissions::initiated::PayoutInitiated;
    "payout_settled" PayoutSettled in commissions::settled::PayoutSettled;
    "payout_failed" PayoutFailed in commissions::failed::PayoutFailed;
    "payout_returned" PayoutReturned in commissions::payout_returned::PayoutReturned;
    "payment_received" PaymentReceived in commissions::payment_received::PaymentReceived;
    "period_closed" PeriodClosed in commissions::period_closed::PeriodClosed;
    "dispute_opened" DisputeOpened in commissions::dispute_opened::DisputeOpened;
    "dispute_resolved" DisputeResolved in commissions::dispute_resolved::DisputeResolved;
    "sale_voided" SaleVoided in commissions::sale_voided::SaleVoided;
    "customer_payment_received" CustomerPaymentReceived in commissions::customer_payment_received::CustomerPaymentReceived;
    "campaign_planned" CampaignPlanned in campaigns::planned::CampaignPlanned;
    "campaign_started" CampaignStarted in campaigns::started::CampaignStarted;
    "campaign_ended" CampaignEnded in campaigns::ended::CampaignEnded;
    "deliverable_completed" DeliverableCompleted in campaigns::deliverable_completed::DeliverableCompleted;
    "cost_incurred" CostIncurred in campaigns::cost_incurred::CostIncurred;
    "reach_measured" ReachMeasured in campaigns::reach_measured::ReachMeasured;
    "capital_contributed" CapitalContributed in ventures::capital_contributed::CapitalContributed;
    "profit_distributed" ProfitDistributed in ventures::profit_distributed::ProfitDistributed;
}

/// The most events of an append.
pub const MAX_EVENTS: usize = MAX_ITEMS * 10;

/// Returns the checked events of an append.
///
/// # Errors
/// All bad fields of all events at once (rules 2.5).
pub fn parse(messages: &[proto::Event]) -> Result<Vec<Event>, Vec<Violation>> {
    let mut fields = Fields::default();
    if messages.is_empty() {
        fields.bad("events", "must hold at least one event");
    }
    let events = fields.each("events", messages, MAX_EVENTS, |fields, message| parse_event(message, fields));
    if fields.is_clean() { Ok(events.into_iter().flatten().collect()) } else { Err(fields.into_violations()) }
}

/// Returns the checked event of a stored message.
///
/// # Errors
/// Its bad fields.
pub fn parse_one(message: &proto::Event) -> Result<Event, Vec<Violation>> {
    let mut fields = Fields::default();
    match parse_event(message, &mut fields) {
        Some(event) if fields.is_clean() => Ok(event),
        _ => Err(fields.into_violations()),
    }
}

fn parse_event(message: &proto::Event, fields: &mut Fields) -> Option<Event> {
    let event_id = EventId::parse(&message.event_id).unwrap_or_else(|| {
        fields.bad("event_id", "must be a UUID, such as 01890a5d-ac96-774b-bcce-b302099a8057");
        EventId(0)
    });
    let occurred_at = fields.time("occurred_at", message.occurred_at.as_ref());
    parse_metadata(message, fields);
    let Some(body) = &message.body else {
        fields.bad("body", "is required: say what happened, such as sale_recorded");
        return None;
    };
    Some(Event { event_id, occurred_at, body: parse_body(body, occurred_at, fields) })
}

fn parse_metadata(message: &proto::Event, fields: &mut Fields) {
    if message.metadata.len() > MAX_METADATA {
        fields.bad("metadata", format!("has {} entries; at most {MAX_METADATA} are allowed", message.metadata.len()));
    }
    for (key, value) in &message.metadata {
        if key.is_empty() || key.len() > MAX_METADATA_BYTES || value.len() > MAX_METADATA_BYTES {
            fields.bad("metadata", format!("keys must be 1 to {MAX_METADATA_BYTES} bytes long, values at most {MAX_METADATA_BYTES}"));
            return;
        }
    }
}
