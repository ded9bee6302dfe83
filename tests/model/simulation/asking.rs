//! A stepped ledger asked as its service asks it, without a transport between.

use partnership_ledger::grpc::to_status;
use partnership_ledger::ledger::{self, Cancellation, Error};
use partnership_ledger::proto as pb;
use partnership_ledger::queries::agreements::GetAgreement;
use partnership_ledger::queries::alerts::ListAlerts;
use partnership_ledger::queries::balances::GetBalance;
use partnership_ledger::queries::campaigns::GetCampaign;
use partnership_ledger::queries::disputes::ListDisputes;
use partnership_ledger::queries::explain::ExplainSale;
use partnership_ledger::queries::leads::GetLead;
use partnership_ledger::queries::metrics::GetMetrics;
use partnership_ledger::queries::partners::GetPartner;
use partnership_ledger::queries::payables::ListPayables;
use partnership_ledger::queries::payout_summary::GetPayoutSummary;
use partnership_ledger::queries::payouts::ListPayouts;
use partnership_ledger::queries::programmes::{GetProgramme, ListProgrammes};
use partnership_ledger::queries::statement::ListEntries;
use partnership_ledger::queries::trial_balance::GetTrialBalance;
use partnership_ledger::queries::{Frozen, Query};

use crate::outside::ledger::{Answer, Ledger, Refusal};
use crate::outside::served;

/// The questions of a ledger.
pub struct Asked<'a>(pub &'a ledger::Ledger);

/// Why the ledger refuses, as its clients are told.
pub fn refusal(error: Error) -> Refusal {
    served::refusal(&to_status(error))
}

impl Ledger for Asked<'_> {
    fn append(&mut self, _: &pb::AppendRequest) -> Answer<pb::AppendResponse> {
        unreachable!("a question is no append")
    }

    fn partner(&mut self, request: &pb::GetPartnerRequest) -> Answer<pb::GetPartnerResponse> {
        GetPartner::ask(self.0, request).map_err(refusal)
    }

    fn agreement(&mut self, request: &pb::GetAgreementRequest) -> Answer<pb::GetAgreementResponse> {
        GetAgreement::ask(self.0, request).map_err(refusal)
    }

    fn lead(&mut self, request: &pb::GetLeadRequest) -> Answer<pb::GetLeadResponse> {
        GetLead::ask(self.0, request).map_err(refusal)
    }

    fn balance(&mut self, request: &pb::GetBalanceRequest) -> Answer<pb::GetBalanceResponse> {
        GetBalance::ask(self.0, request).map_err(refusal)
    }

    fn entries(&mut self, request: &pb::ListEntriesRequest) -> Answer<pb::ListEntriesResponse> {
        ListEntries::ask(&Frozen::new(self.0, &Cancellation::NEVER), request).map_err(refusal)
    }

    fn payables(&mut self, request: &pb::ListPayablesRequest) -> Answer<pb::ListPayablesResponse> {
        ListPayables::ask(&Frozen::new(self.0, &Cancellation::NEVER), request).map_err(refusal)
    }

    fn disputes(&mut self, request: &pb::ListDisputesRequest) -> Answer<pb::ListDisputesResponse> {
        ListDisputes::ask(&Frozen::new(self.0, &Cancellation::NEVER), request).map_err(refusal)
    }

    fn explain(&mut self, request: &pb::ExplainSaleRequest) -> Answer<pb::ExplainSaleResponse> {
        ExplainSale::ask(&Frozen::new(self.0, &Cancellation::NEVER), request).map_err(refusal)
    }

    fn payouts(&mut self, request: &pb::ListPayoutsRequest) -> Answer<pb::ListPayoutsResponse> {
        ListPayouts::ask(&Frozen::new(self.0, &Cancellation::NEVER), request).map_err(refusal)
    }

    fn campaign(&mut self, request: &pb::GetCampaignRequest) -> Answer<pb::GetCampaignResponse> {
        GetCampaign::ask(&Frozen::new(self.0, &Cancellation::NEVER), request).map_err(refusal)
    }

    fn metrics(&mut self, request: &pb::GetMetricsRequest) -> Answer<pb::GetMetricsResponse> {
        GetMetrics::ask(&Frozen::new(self.0, &Cancellation::NEVER), request).map_err(refusal)
    }

    fn alerts(&mut self, request: &pb::ListAlertsRequest) -> Answer<pb::ListAlertsResponse> {
        ListAlerts::ask(&Frozen::new(self.0, &Cancellation::NEVER), request).map_err(refusal)
    }

    fn programme(&mut self, request: &pb::GetProgrammeRequest) -> Answer<pb::GetProgrammeResponse> {
        GetProgramme::ask(self.0, request).map_err(refusal)
    }

    fn programmes(&mut self, request: &pb::ListProgrammesRequest) -> Answer<pb::ListProgrammesResponse> {
        ListProgrammes::ask(&Frozen::new(self.0, &Cancellation::NEVER), request).map_err(refusal)
    }

    fn payout_summary(&mut self, request: &pb::GetPayoutSummaryRequest) -> Answer<pb::GetPayoutSummaryResponse> {
        GetPayoutSummary::ask(&Frozen::new(self.0, &Cancellation::NEVER), request).map_err(refusal)
    }

    fn trial_balance(&mut self, request: &pb::GetTrialBalanceRequest) -> Answer<pb::GetTrialBalanceResponse> {
        GetTrialBalance::ask(&Frozen::new(self.0, &Cancellation::NEVER), request).map_err(refusal)
    }
}
