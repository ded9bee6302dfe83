//! Why an event is refused: a closed set, each with a stable code and a message that says how to mend it (rules 2.5).

use super::calendar::Time;
use super::ids::{EventId, Id, IdKind};
use super::money::{Currency, Money};

/// What kind of refusal a rejection is; one place maps it to a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// An id that no record has introduced.
    Unknown,
    /// An id that is already in use.
    Taken,
    /// A rule forbids it.
    Rule,
    /// A field is bad, which only the state tells.
    Malformed,
    /// The expected position has passed.
    Passed,
}

/// A refusal: nothing of the append was recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the message of each variant says what its fields are")]
pub enum Rejection {
    /// Rules 2.1: the event id stands on a record with other content.
    #[error(
        "event_id {event_id} was used for a different event at position {position}; send a new event_id, or the recorded content unchanged"
    )]
    EventIdReused { event_id: EventId, position: u64 },
    /// Rules 1.2.
    #[error("{field} {time} is later than now ({now}) plus the allowed {allowed_seconds} seconds; send the event once it has happened")]
    OccurredInFuture { field: &'static str, time: Time, now: Time, allowed_seconds: u64 },
    /// Rules 2.2.
    #[error("{} {id} was introduced at position {position}; ids are used once, choose another", kind.field())]
    DuplicateId { kind: IdKind, id: Id, position: u64 },
    /// Rules 19.3.
    #[error(
        "document_number {document_number} stands on another payout to partner {partner}, recorded at position {position}, that did not \
         fail; number this one anew"
    )]
    DocumentNumberTaken { partner: Id, document_number: String, position: u64 },
    /// Rules 2.2, 1.4.
    #[error("{} {id} is not known; record what introduces it first, or correct the id", kind.field())]
    UnknownId { kind: IdKind, id: Id },
    /// Rules 2.2.
    #[error("{what} was already recorded at position {position}; it happens once")]
    AlreadyDone { what: String, position: u64 },
    /// Rules 2.2.
    #[error("agreement {agreement} was proposed to partner {partner} as {agreement_type}; sign it so, or propose another")]
    ProposalMismatch { agreement: Id, partner: Id, agreement_type: String },
    /// Rules 4.4.
    #[error("the notice period runs until {earliest}; name an ends_at not before it, or leave it out")]
    NoticeTooShort { agreement: Id, earliest: Time },
    /// Rules 4.4.
    #[error("agreement {agreement} has no running notice{} at {at}; give notice first", given_by.map(|side| format!(" by the {side}")).unwrap_or_default())]
    NoRunningNotice { agreement: Id, given_by: Option<&'static str>, at: Time },
    /// Rules 4.5.
    #[error("agreement {agreement} is not active at {at}: {why}")]
    AgreementNotActive { agreement: Id, at: Time, why: String },
    /// Rules 15.1, 18.1.
    #[error("agreement {agreement} is with partner {partner}: {why}")]
    PartnerMismatch { agreement: Id, partner: Id, why: &'static str },
    /// Rules 18.1.
    #[error("agreement {agreement} takes effect at {effective_at}; what supersedes it takes effect no earlier, name a later effective_at")]
    SuccessionTooEarly { agreement: Id, effective_at: Time },
    /// Rules 4.5.
    #[error("a renewal of agreement {agreement} must end later than its expiry ({}); name a later expires_at", current.map_or("it has none".to_owned(), |time| time.to_string()))]
    ExpiryNotLater { agreement: Id, current: Option<Time> },
    /// Rules 4.6.
    #[error(
        "exclusivity stands against it with agreements {}; put them into acknowledged_conflicts to sign all the same",
        join(agreements)
    )]
    ExclusivityConflict { agreements: Vec<Id> },
    /// Rules 5.2.
    #[error("the protection of lead {lead} had lapsed{} by {at}; it can no longer be extended", lapsed_at.map(|time| format!(" at {time}")).unwrap_or_default())]
    ProtectionLapsed { lead: Id, lapsed_at: Option<Time>, at: Time },
    /// Rules 5.2.
    #[error("lead {lead} was lost at {lost_at}; only a new referral opens it again")]
    LeadLost { lead: Id, lost_at: Time },
    /// Rules 5.5.
    #[error(
        "the unpaid commission of lead {lead} does not fit into one record, which has room for {most_parts} parts of it and for {most_bytes} \
         bytes: pay what is due of it first, or reassign without transfer_unpaid_commission and adjust both partners' commission"
    )]
    TransferTooLarge { lead: Id, most_parts: usize, most_bytes: usize },
    /// Rules 6.10.
    #[error("a sale collected by the partner needs an agreement that has the credit; name the agreement, or a lead with credit")]
    NoCredit,
    /// Rules 6.8, 13.
    #[error("the amount is in {given}, but must be in {expected}; nothing is converted")]
    CurrencyMismatch { given: Currency, expected: Currency },
    /// Rules 6.8.
    #[error("{left} is left of sale {sale}; refund at most that, or set clamp")]
    RefundExceedsSale { sale: Id, left: Money },
    /// Rules 14.9.
    #[error("{left} is left of line {line} of sale {sale}; refund at most that of it, or set clamp")]
    RefundExceedsLine { sale: Id, line: Id, left: Money },
    /// Rules 16.1.
    #[error("sale {sale} was voided at position {position}; nothing happens to it any more, record a new sale if there was one")]
    SaleVoided { sale: Id, position: u64 },
    /// Rules 17.2.
    #[error("the payments of sale {sale} come to {paid}; one that bounced takes at most that")]
    BelowZero { sale: Id, paid: Money },
    /// Rules 7.2.
    #[error("{payable} is payable to partner {partner} (at {at}); pay at most that, or mark it as an advance")]
    ExceedsPayable { partner: Id, payable: Money, at: Time },
    /// Rules 22: what the state alone tells of a field.
    #[error("{field} {description}")]
    Malformed { field: &'static str, description: String },
    /// Rules 19.2.
    #[error("payouts to partner {partner} are on hold at {at} (hold {hold}); lift the hold first, or pay once it is lifted")]
    PartnerOnHold { partner: Id, hold: Id, at: Time },
    /// Rules 19.1.
    #[error("payout {payout} {}; only a settled payout is returned", if *failed { "failed, which gave all of it back" } else { "has not settled: record that it settled, or that it failed" })]
    PayoutNotSettled { payout: Id, failed: bool },
    /// Rules 7.2.
    #[error("{left} is left of payout {payout} to be returned")]
    ReturnExceedsPayout { payout: Id, left: Money },
    /// Rules 7.7.
    #[error("periods are closed through {last}; a close goes forward only")]
    CloseNotLater { last: Time },
    /// Rules 8.1.
    #[error("{party} does not take part in campaign {campaign}; name one of its participants")]
    NotAParticipant { campaign: Id, party: String },
    /// Rules 8.3.
    #[error("campaign {campaign} stopped at {stopped_at} with agreement {agreement}; what occurred from then on does not belong to it")]
    CampaignStopped { campaign: Id, stopped_at: Time, agreement: Id },
    /// Rules 9.
    #[error("agreement {agreement} is no joint venture at {at}: {why}")]
    NotAVenture { agreement: Id, at: Time, why: &'static str },
    /// Rules 3.4.
    #[error("account {account} would leave the range of 64 bits in {currency}; the amount is too large")]
    AmountOutOfRange { account: String, currency: Currency },
    /// Rules 2.5.
    #[error("the ledger is at position {last}, past the expected {expected}; read on and decide again")]
    PositionPassed { expected: u64, last: u64 },
    /// Rules 1.4.
    #[error("position {asked} is not reached; the last record is {last}")]
    PositionNotReached { asked: u64, last: u64 },
}

impl Rejection {
    /// The stable code that programs compare.
    pub fn code(&self) -> &'static str {
        match self {
            Self::EventIdReused { .. } => "EVENT_ID_REUSED",
            Self::OccurredInFuture { .. } => "OCCURRED_IN_FUTURE",
            Self::DuplicateId { .. } | Self::DocumentNumberTaken { .. } => "DUPLICATE_ID",
            Self::UnknownId { .. } => "UNKNOWN_ID",
            Self::AlreadyDone { .. } => "ALREADY_DONE",
            Self::ProposalMismatch { .. } => "PROPOSAL_MISMATCH",
            Self::NoticeTooShort { .. } => "NOTICE_TOO_SHORT",
            Self::NoRunningNotice { .. } => "NO_RUNNING_NOTICE",
            Self::AgreementNotActive { .. } => "AGREEMENT_NOT_ACTIVE",
            Self::PartnerMismatch { .. } => "PARTNER_MISMATCH",
            Self::SuccessionTooEarly { .. } => "SUCCESSION_TOO_EARLY",
            Self::ExpiryNotLater { .. } => "EXPIRY_NOT_LATER",
            Self::ExclusivityConflict { .. } => "EXCLUSIVITY_CONFLICT",
            Self::ProtectionLapsed { .. } => "PROTECTION_LAPSED",
            Self::LeadLost { .. } => "LEAD_LOST",
            Self::TransferTooLarge { .. } => "TRANSFER_TOO_LARGE",
            Self::NoCredit => "NO_CREDIT",
            Self::CurrencyMismatch { .. } => "CURRENCY_MISMATCH",
            Self::RefundExceedsSale { .. } | Self::RefundExceedsLine { .. } => "REFUND_EXCEEDS_SALE",
            Self::SaleVoided { .. } => "SALE_VOIDED",
            Self::BelowZero { .. } => "BELOW_ZERO",
            Self::ExceedsPayable { .. } => "EXCEEDS_PAYABLE",
            Self::Malformed { .. } => "MALFORMED",
            Self::PartnerOnHold { .. } => "PARTNER_ON_HOLD",
            Self::PayoutNotSettled { .. } => "PAYOUT_NOT_SETTLED",
            Self::ReturnExceedsPayout { .. } => "RETURN_EXCEEDS_PAYOUT",
            Self::CloseNotLater { .. } => "CLOSE_NOT_LATER",
            Self::NotAParticipant { .. } => "NOT_A_PARTICIPANT",
            Self::CampaignStopped { .. } => "CAMPAIGN_STOPPED",
            Self::NotAVenture { .. } => "NOT_A_VENTURE",
            Self::AmountOutOfRange { .. } => "AMOUNT_OUT_OF_RANGE",
            Self::PositionPassed { .. } => "POSITION_PASSED",
            Self::PositionNotReached { .. } => "POSITION_NOT_REACHED",
        }
    }

    /// What kind of refusal it is.
    pub fn class(&self) -> Class {
        match self {
            Self::UnknownId { .. } => Class::Unknown,
            Self::EventIdReused { .. } | Self::DuplicateId { .. } | Self::DocumentNumberTaken { .. } => Class::Taken,
            Self::Malformed { .. } => Class::Malformed,
            Self::PositionPassed { .. } => Class::Passed,
            Self::OccurredInFuture { .. }
            | Self::AlreadyDone { .. }
            | Self::ProposalMismatch { .. }
            | Self::NoticeTooShort { .. }
            | Self::NoRunningNotice { .. }
            | Self::AgreementNotActive { .. }
            | Self::PartnerMismatch { .. }
            | Self::SuccessionTooEarly { .. }
            | Self::ExpiryNotLater { .. }
            | Self::ExclusivityConflict { .. }
            | Self::ProtectionLapsed { .. }
            | Self::LeadLost { .. }
            | Self::TransferTooLarge { .. }
            | Self::NoCredit
            | Self::CurrencyMismatch { .. }
            | Self::RefundExceedsSale { .. }
            | Self::RefundExceedsLine { .. }
            | Self::SaleVoided { .. }
            | Self::BelowZero { .. }
            | Self::ExceedsPayable { .. }
            | Self::PartnerOnHold { .. }
            | Self::PayoutNotSettled { .. }
            | Self::ReturnExceedsPayout { .. }
            | Self::CloseNotLater { .. }
            | Self::NotAParticipant { .. }
            | Self::CampaignStopped { .. }
            | Self::NotAVenture { .. }
            | Self::AmountOutOfRange { .. }
            | Self::PositionNotReached { .. } => Class::Rule,
        }
    }

    /// Returns what a program needs to mend it, as names and values.
    pub fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::EventIdReused { event_id, position } => vec![("event_id", event_id.to_string()), ("position", position.to_string())],
            Self::OccurredInFuture { field, time, now, .. } => {
                vec![("field", (*field).to_owned()), ("time", rfc3339(*time)), ("now", rfc3339(*now))]
            }
            Self::DuplicateId { kind, id, position } => {
                vec![("kind", kind.field().to_owned()), ("id", id.to_string()), ("position", position.to_string())]
            }
            Self::DocumentNumberTaken { partner, document_number, position } => vec![
                ("field", "document_number".to_owned()),
                ("partner_id", partner.to_string()),
                ("document_number", document_number.clone()),
                ("position", position.to_string()),
            ],
            Self::Malformed { field, .. } => vec![("field", (*field).to_owned())],
            Self::PartnerOnHold { partner, hold, at } => {
                vec![("partner_id", partner.to_string()), ("hold_id", hold.to_string()), ("at", rfc3339(*at))]
            }
            Self::PayoutNotSettled { payout, .. } => vec![("payout_id", payout.to_string())],
            Self::UnknownId { kind, id } => vec![("kind", kind.field().to_owned()), ("id", id.to_string())],
            Self::AlreadyDone { position, .. } => vec![("position", position.to_string())],
            Self::ProposalMismatch { agreement, partner, agreement_type } => {
                vec![("agreement_id", agreement.to_string()), ("partner_id", partner.to_string()), ("type", agreement_type.clone())]
            }
            Self::NoticeTooShort { agreement, earliest } => vec![("agreement_id", agreement.to_string()), ("earliest", rfc3339(*earliest))],
            Self::NoRunningNotice { agreement, at, .. } | Self::AgreementNotActive { agreement, at, .. } => {
                vec![("agreement_id", agreement.to_string()), ("at", rfc3339(*at))]
            }
            Self::PartnerMismatch { agreement, partner, .. } => {
                vec![("agreement_id", agreement.to_string()), ("partner_id", partner.to_string())]
            }
            Self::SuccessionTooEarly { agreement, effective_at } => {
                vec![("agreement_id", agreement.to_string()), ("effective_at", rfc3339(*effective_at))]
            }
            Self::ExpiryNotLater { agreement, current } => {
                let mut metadata = vec![("agreement_id", agreement.to_string())];
                metadata.extend(current.map(|time| ("expires_at", rfc3339(time))));
                metadata
            }
            Self::ExclusivityConflict { agreements } => vec![("agreement_ids", join(agreements))],
            Self::ProtectionLapsed { lead, lapsed_at, .. } => {
                let mut metadata = vec![("lead_id", lead.to_string())];
                metadata.extend(lapsed_at.map(|time| ("lapsed_at", rfc3339(time))));
                metadata
            }
            Self::LeadLost { lead, lost_at } => vec![("lead_id", lead.to_string()), ("lost_at", rfc3339(*lost_at))],
            Self::TransferTooLarge { lead, most_parts, most_bytes } => {
                vec![("lead_id", lead.to_string()), ("limit_parts", most_parts.to_string()), ("limit_bytes", most_bytes.to_string())]
            }
            Self::NoCredit => Vec::new(),
            Self::CurrencyMismatch { given, expected } => vec![("given", given.to_string()), ("expected", expected.to_string())],
            Self::RefundExceedsSale { sale, left } => with_money("sale_id", sale, *left),
            Self::RefundExceedsLine { sale, line, left } => {
                let mut metadata = with_money("sale_id", sale, *left);
                metadata.push(("line_id", line.to_string()));
                metadata
            }
            Self::SaleVoided { sale, position } => vec![("sale_id", sale.to_string()), ("position", position.to_string())],
            Self::BelowZero { sale, paid } => with_money("sale_id", sale, *paid),
            Self::ExceedsPayable { partner, payable, .. } => with_money("partner_id", partner, *payable),
            Self::ReturnExceedsPayout { payout, left } => with_money("payout_id", payout, *left),
            Self::CloseNotLater { last } => vec![("closed_through", rfc3339(*last))],
            Self::NotAParticipant { campaign, party } => vec![("campaign_id", campaign.to_string()), ("party", party.clone())],
            Self::CampaignStopped { campaign, stopped_at, agreement } => {
                vec![("campaign_id", campaign.to_string()), ("stopped_at", rfc3339(*stopped_at)), ("agreement_id", agreement.to_string())]
            }
            Self::NotAVenture { agreement, at, .. } => vec![("agreement_id", agreement.to_string()), ("at", rfc3339(*at))],
            Self::AmountOutOfRange { account, currency } => vec![("account", account.clone()), ("currency_code", currency.to_string())],
            Self::PositionPassed { expected, last } => vec![("expected", expected.to_string()), ("last", last.to_string())],
            Self::PositionNotReached { asked, last } => vec![("asked", asked.to_string()), ("last", last.to_string())],
        }
    }
}

fn with_money(name: &'static str, id: &Id, money: Money) -> Vec<(&'static str, String)> {
    vec![(name, id.to_string()), ("currency_code", money.currency.to_string()), ("minor_units", money.minor_units.to_string())]
}

fn rfc3339(time: Time) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

fn join(ids: &[Id]) -> String {
    ids.iter().map(Id::as_str).collect::<Vec<_>>().join(", ")
}
