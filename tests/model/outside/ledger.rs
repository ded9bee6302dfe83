//! A ledger as its clients see it; the service and the model both are one.

use chrono::{DateTime, Utc};
use partnership_ledger::proto as pb;

/// Why a request was refused: as the status and its `ErrorInfo` and `BadRequest` say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// Name of the status code, as in `FAILED_PRECONDITION`.
    pub code: String,
    /// The code of the rule; empty where the status has none.
    pub reason: String,
    /// Paths of the malformed fields.
    pub fields: Vec<String>,
    /// What the status says, for the reader of a failed test.
    pub message: String,
}

impl Refusal {
    /// A refusal for the rule of this code, with the status that the contract gives it.
    pub fn rule(reason: &str) -> Self {
        let code = match reason {
            "UNKNOWN_ID" => "NOT_FOUND",
            "DUPLICATE_ID" | "EVENT_ID_REUSED" => "ALREADY_EXISTS",
            "POSITION_PASSED" => "ABORTED",
            "MALFORMED" => "INVALID_ARGUMENT",
            _ => "FAILED_PRECONDITION",
        };
        Self { code: code.to_owned(), reason: reason.to_owned(), ..Self::default() }
    }
}

/// What a question or an append comes to.
pub type Answer<T> = Result<T, Refusal>;

/// As of when and as known at which position a question is asked. Rules 1.4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct When {
    /// Absent: now.
    pub as_of: Option<DateTime<Utc>>,
    /// Absent: the latest.
    pub position: Option<u64>,
}

impl When {
    /// The same for the wire.
    pub fn options(self) -> pb::ReadOptions {
        pb::ReadOptions { as_of: self.as_of.map(stamp), as_of_position: self.position, min_position: None }
    }
}

/// What the tests ask of a ledger.
pub trait Ledger {
    /// Records events, all or none.
    fn append(&mut self, request: &pb::AppendRequest) -> Answer<pb::AppendResponse>;
    /// A partner.
    fn partner(&mut self, request: &pb::GetPartnerRequest) -> Answer<pb::GetPartnerResponse>;
    /// An agreement.
    fn agreement(&mut self, request: &pb::GetAgreementRequest) -> Answer<pb::GetAgreementResponse>;
    /// A lead.
    fn lead(&mut self, request: &pb::GetLeadRequest) -> Answer<pb::GetLeadResponse>;
    /// A partner's balance.
    fn balance(&mut self, request: &pb::GetBalanceRequest) -> Answer<pb::GetBalanceResponse>;
    /// A partner's statement.
    fn entries(&mut self, request: &pb::ListEntriesRequest) -> Answer<pb::ListEntriesResponse>;
    /// The payout proposal.
    fn payables(&mut self, request: &pb::ListPayablesRequest) -> Answer<pb::ListPayablesResponse>;
    /// The disputes and what they hold.
    fn disputes(&mut self, request: &pb::ListDisputesRequest) -> Answer<pb::ListDisputesResponse>;
    /// How a sale's commission came about.
    fn explain(&mut self, request: &pb::ExplainSaleRequest) -> Answer<pb::ExplainSaleResponse>;
    /// What was paid out.
    fn payouts(&mut self, request: &pb::ListPayoutsRequest) -> Answer<pb::ListPayoutsResponse>;
    /// A campaign.
    fn campaign(&mut self, request: &pb::GetCampaignRequest) -> Answer<pb::GetCampaignResponse>;
    /// Figures.
    fn metrics(&mut self, request: &pb::GetMetricsRequest) -> Answer<pb::GetMetricsResponse>;
    /// What somebody should look at.
    fn alerts(&mut self, request: &pb::ListAlertsRequest) -> Answer<pb::ListAlertsResponse>;
    /// A programme.
    fn programme(&mut self, request: &pb::GetProgrammeRequest) -> Answer<pb::GetProgrammeResponse>;
    /// All programmes.
    fn programmes(&mut self, request: &pb::ListProgrammesRequest) -> Answer<pb::ListProgrammesResponse>;
    /// The figures of payouts.
    fn payout_summary(&mut self, request: &pb::GetPayoutSummaryRequest) -> Answer<pb::GetPayoutSummaryResponse>;
    /// Every account.
    fn trial_balance(&mut self, request: &pb::GetTrialBalanceRequest) -> Answer<pb::GetTrialBalanceResponse>;
}

/// A time on the wire.
pub fn stamp(at: DateTime<Utc>) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: at.timestamp(), nanos: i32::try_from(at.timestamp_subsec_nanos()).expect("below a second") }
}

/// A time from the wire.
pub fn instant(stamp: &prost_types::Timestamp) -> DateTime<Utc> {
    let nanos = u32::try_from(stamp.nanos).expect("nanos are not negative");
    DateTime::from_timestamp(stamp.seconds, nanos).expect("a time within the calendar")
}
