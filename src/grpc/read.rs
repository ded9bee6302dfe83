//! `PartnershipService`: each call is a query of the same name.

use super::edge::sight_of;
use super::notes::Noting;
use super::subjects::ReadAt;
use super::{least_position, look_up, read, to_response};
use crate::domain::Seen;
use crate::ledger::Ledger;
use crate::proto::{self, partnership_service_server::PartnershipService};
use crate::queries::agreements::{GetAgreement, ListAgreements};
use crate::queries::alerts::ListAlerts;
use crate::queries::balances::{GetBalance, ListBalances};
use crate::queries::campaigns::{GetCampaign, ListCampaigns};
use crate::queries::disputes::ListDisputes;
use crate::queries::explain::ExplainSale;
use crate::queries::leads::{GetLead, ListLeads};
use crate::queries::metrics::GetMetrics;
use crate::queries::own::{self, PartnersAnswer, PartnersQuestion, Sight};
use crate::queries::partners::{GetPartner, ListPartners};
use crate::queries::payables::ListPayables;
use crate::queries::payout_summary::GetPayoutSummary;
use crate::queries::payouts::ListPayouts;
use crate::queries::programmes::{GetProgramme, ListProgrammes};
use crate::queries::statement::ListEntries;
use crate::queries::{Request as _, SubjectQuery};
use tonic::{Request, Response, Status};

/// Answers questions.
#[derive(Clone)]
pub struct Partnership {
    ledger: Ledger,
}

impl Partnership {
    /// The service of a ledger.
    pub fn new(ledger: Ledger) -> Self {
        Self { ledger }
    }

    /// Answers what costs little at once, from the live state; about a subject with long lists from a frozen view, beside the
    /// lists that others read and not behind them.
    ///
    /// What a partner gets is looked through before it goes out, which is not done under a lock either.
    async fn get<Q: SubjectQuery>(&self, request: Request<Q::Request>) -> Result<Response<Q::Answer>, Status>
    where
        Q::Request: PartnersQuestion<Answer = Q::Answer> + Send + 'static,
        Q::Answer: PartnersAnswer + ReadAt + Send + 'static,
    {
        let noting = Noting::of(&request);
        noting.asked(request.get_ref());
        let (sight, request) = (sight_of(&request)?, request.into_inner());
        self.ledger.reach(least_position(&request)).await;
        if sight != Sight::All {
            return look_up::<Q>(&self.ledger, sight, &noting, request).await;
        }
        // What cannot be seen is refused below.
        let seen = self.ledger.seen(request.options(), self.ledger.now()).unwrap_or(Seen::ALL);
        // The lock is given back before anything else is asked.
        let is_long = Q::is_long(&self.ledger.view_at(seen), &request, seen);
        if is_long {
            return look_up::<Q>(&self.ledger, sight, &noting, request).await;
        }
        to_response(own::ask::<Q>(&self.ledger, &sight, request), &noting)
    }
}

#[tonic::async_trait]
impl PartnershipService for Partnership {
    async fn get_partner(&self, request: Request<proto::GetPartnerRequest>) -> Result<Response<proto::GetPartnerResponse>, Status> {
        self.get::<GetPartner>(request).await
    }

    async fn list_partners(&self, request: Request<proto::ListPartnersRequest>) -> Result<Response<proto::ListPartnersResponse>, Status> {
        read::<ListPartners>(&self.ledger, request).await
    }

    async fn get_agreement(&self, request: Request<proto::GetAgreementRequest>) -> Result<Response<proto::GetAgreementResponse>, Status> {
        self.get::<GetAgreement>(request).await
    }

    async fn list_agreements(
        &self,
        request: Request<proto::ListAgreementsRequest>,
    ) -> Result<Response<proto::ListAgreementsResponse>, Status> {
        read::<ListAgreements>(&self.ledger, request).await
    }

    async fn get_programme(&self, request: Request<proto::GetProgrammeRequest>) -> Result<Response<proto::GetProgrammeResponse>, Status> {
        self.get::<GetProgramme>(request).await
    }

    async fn list_programmes(
        &self,
        request: Request<proto::ListProgrammesRequest>,
    ) -> Result<Response<proto::ListProgrammesResponse>, Status> {
        read::<ListProgrammes>(&self.ledger, request).await
    }

    async fn get_lead(&self, request: Request<proto::GetLeadRequest>) -> Result<Response<proto::GetLeadResponse>, Status> {
        self.get::<GetLead>(request).await
    }

    async fn list_leads(&self, request: Request<proto::ListLeadsRequest>) -> Result<Response<proto::ListLeadsResponse>, Status> {
        read::<ListLeads>(&self.ledger, request).await
    }

    async fn get_campaign(&self, request: Request<proto::GetCampaignRequest>) -> Result<Response<proto::GetCampaignResponse>, Status> {
        read::<GetCampaign>(&self.ledger, request).await
    }

    async fn list_campaigns(
        &self,
        request: Request<proto::ListCampaignsRequest>,
    ) -> Result<Response<proto::ListCampaignsResponse>, Status> {
        read::<ListCampaigns>(&self.ledger, request).await
    }

    async fn get_balance(&self, request: Request<proto::GetBalanceRequest>) -> Result<Response<proto::GetBalanceResponse>, Status> {
        self.get::<GetBalance>(request).await
    }

    async fn list_balances(&self, request: Request<proto::ListBalancesRequest>) -> Result<Response<proto::ListBalancesResponse>, Status> {
        read::<ListBalances>(&self.ledger, request).await
    }

    async fn list_entries(&self, request: Request<proto::ListEntriesRequest>) -> Result<Response<proto::ListEntriesResponse>, Status> {
        read::<ListEntries>(&self.ledger, request).await
    }

    async fn explain_sale(&self, request: Request<proto::ExplainSaleRequest>) -> Result<Response<proto::ExplainSaleResponse>, Status> {
        read::<ExplainSale>(&self.ledger, request).await
    }

    async fn list_payables(&self, request: Request<proto::ListPayablesRequest>) -> Result<Response<proto::ListPayablesResponse>, Status> {
        read::<ListPayables>(&self.ledger, request).await
    }

    async fn list_payouts(&self, request: Request<proto::ListPayoutsRequest>) -> Result<Response<proto::ListPayoutsResponse>, Status> {
        read::<ListPayouts>(&self.ledger, request).await
    }

    async fn get_payout_summary(
        &self,
        request: Request<proto::GetPayoutSummaryRequest>,
    ) -> Result<Response<proto::GetPayoutSummaryResponse>, Status> {
        read::<GetPayoutSummary>(&self.ledger, request).await
    }

    async fn list_disputes(&self, request: Request<proto::ListDisputesRequest>) -> Result<Response<proto::ListDisputesResponse>, Status> {
        read::<ListDisputes>(&self.ledger, request).await
    }

    async fn get_metrics(&self, request: Request<proto::GetMetricsRequest>) -> Result<Response<proto::GetMetricsResponse>, Status> {
        read::<GetMetrics>(&self.ledger, request).await
    }

    async fn list_alerts(&self, request: Request<proto::ListAlertsRequest>) -> Result<Response<proto::ListAlertsResponse>, Status> {
        read::<ListAlerts>(&self.ledger, request).await
    }
}
