//! `PartnershipService`: answers questions; what is asked and answered is worked out in `views`.

use super::off_thread;
use super::read_journal::{explain_sale, get_metrics, list_entries};
use super::status::to_status;
use crate::domain::Seen;
use crate::domain::parse::Fields;
use crate::ledger::{Error, Ledger, View};
use crate::proto::{self, partnership_service_server::PartnershipService};
use crate::queries::agreements::{GetAgreement, ListAgreements};
use crate::queries::alerts::ListAlerts;
use crate::queries::balances::{GetBalance, ListBalances};
use crate::queries::campaigns::{GetCampaign, ListCampaigns};
use crate::queries::disputes::ListDisputes;
use crate::queries::leads::{GetLead, ListLeads};
use crate::queries::page::Page;
use crate::queries::partners::{GetPartner, ListPartners};
use crate::queries::payables::ListPayables;
use crate::queries::payouts::ListPayouts;
use crate::queries::{Question, Reading, Unreadable, check_options};
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

    /// Answers what costs little at once.
    fn get<Q: Question>(&self, request: &Request<Q::Request>) -> Result<Response<Q::Answer>, Status> {
        ask::<Q>(&self.ledger, request.get_ref()).map(Response::new).map_err(to_status)
    }

    /// Answers what may look at many rows, where that holds nobody up.
    async fn list<Q: Question>(&self, request: Request<Q::Request>) -> Result<Response<Q::Answer>, Status>
    where
        Q::Request: Send + 'static,
        Q::Answer: Send + 'static,
    {
        let ledger = self.ledger.clone();
        off_thread(move || ask::<Q>(&ledger, request.get_ref())).await
    }
}

impl Reading for View<'_> {
    fn yield_to_writer(&mut self) {
        View::yield_to_writer(self);
    }
}

impl From<Unreadable> for Error {
    fn from(Unreadable { position }: Unreadable) -> Self {
        Self::Damaged(format!("record {position} does not say what the state has from it"))
    }
}

/// The answer to a question, as of its time and position.
///
/// # Errors
/// `Malformed` with all bad fields, `POSITION_NOT_REACHED`, `UNKNOWN_ID`.
pub fn ask<Q: Question>(ledger: &Ledger, request: &Q::Request) -> Result<Q::Answer, Error> {
    let options = Q::options(request);
    let question = parsed(options, |fields| Q::parse(request, fields))?;
    let seen = seen_by(ledger, options, question.page())?;
    Ok(question.answer(&mut ledger.view_at(seen), seen)?)
}

/// What is parsed of a request and its options, or all bad fields.
pub(super) fn parsed<Q>(options: Option<&proto::ReadOptions>, parse: impl FnOnce(&mut Fields) -> Q) -> Result<Q, Error> {
    let mut fields = Fields::default();
    let question = parse(&mut fields);
    check_options(options, &mut fields);
    if fields.is_clean() { Ok(question) } else { Err(Error::Malformed(fields.into_violations())) }
}

/// What is seen: what the options say; on later pages what the first one saw.
pub(super) fn seen_by(ledger: &Ledger, options: Option<&proto::ReadOptions>, page: Option<&Page>) -> Result<Seen, Error> {
    let seen = ledger.seen(options, ledger.now())?;
    match page.and_then(|page| page.start) {
        Some(start) if start.seen.position > ledger.last() => {
            Err(Error::malformed("page_token", "is of a ledger that has more records than this one"))
        }
        Some(start) => Ok(start.seen),
        None => Ok(seen),
    }
}

#[tonic::async_trait]
impl PartnershipService for Partnership {
    async fn get_partner(&self, request: Request<proto::GetPartnerRequest>) -> Result<Response<proto::GetPartnerResponse>, Status> {
        self.get::<GetPartner>(&request)
    }

    async fn list_partners(&self, request: Request<proto::ListPartnersRequest>) -> Result<Response<proto::ListPartnersResponse>, Status> {
        self.list::<ListPartners>(request).await
    }

    async fn get_agreement(&self, request: Request<proto::GetAgreementRequest>) -> Result<Response<proto::GetAgreementResponse>, Status> {
        self.get::<GetAgreement>(&request)
    }

    async fn list_agreements(
        &self,
        request: Request<proto::ListAgreementsRequest>,
    ) -> Result<Response<proto::ListAgreementsResponse>, Status> {
        self.list::<ListAgreements>(request).await
    }

    async fn get_lead(&self, request: Request<proto::GetLeadRequest>) -> Result<Response<proto::GetLeadResponse>, Status> {
        self.get::<GetLead>(&request)
    }

    async fn list_leads(&self, request: Request<proto::ListLeadsRequest>) -> Result<Response<proto::ListLeadsResponse>, Status> {
        self.list::<ListLeads>(request).await
    }

    async fn get_campaign(&self, request: Request<proto::GetCampaignRequest>) -> Result<Response<proto::GetCampaignResponse>, Status> {
        self.list::<GetCampaign>(request).await
    }

    async fn list_campaigns(
        &self,
        request: Request<proto::ListCampaignsRequest>,
    ) -> Result<Response<proto::ListCampaignsResponse>, Status> {
        self.list::<ListCampaigns>(request).await
    }

    async fn get_balance(&self, request: Request<proto::GetBalanceRequest>) -> Result<Response<proto::GetBalanceResponse>, Status> {
        self.get::<GetBalance>(&request)
    }

    async fn list_balances(&self, request: Request<proto::ListBalancesRequest>) -> Result<Response<proto::ListBalancesResponse>, Status> {
        self.list::<ListBalances>(request).await
    }

    async fn list_entries(&self, request: Request<proto::ListEntriesRequest>) -> Result<Response<proto::ListEntriesResponse>, Status> {
        let ledger = self.ledger.clone();
        off_thread(move || list_entries(&ledger, request.get_ref())).await
    }

    async fn explain_sale(&self, request: Request<proto::ExplainSaleRequest>) -> Result<Response<proto::ExplainSaleResponse>, Status> {
        let ledger = self.ledger.clone();
        off_thread(move || explain_sale(&ledger, request.get_ref())).await
    }

    async fn list_payables(&self, request: Request<proto::ListPayablesRequest>) -> Result<Response<proto::ListPayablesResponse>, Status> {
        self.list::<ListPayables>(request).await
    }

    async fn list_payouts(&self, request: Request<proto::ListPayoutsRequest>) -> Result<Response<proto::ListPayoutsResponse>, Status> {
        self.list::<ListPayouts>(request).await
    }

    async fn list_disputes(&self, request: Request<proto::ListDisputesRequest>) -> Result<Response<proto::ListDisputesResponse>, Status> {
        self.list::<ListDisputes>(request).await
    }

    async fn get_metrics(&self, request: Request<proto::GetMetricsRequest>) -> Result<Response<proto::GetMetricsResponse>, Status> {
        let ledger = self.ledger.clone();
        off_thread(move || get_metrics(&ledger, request.get_ref())).await
    }

    async fn list_alerts(&self, request: Request<proto::ListAlertsRequest>) -> Result<Response<proto::ListAlertsResponse>, Status> {
        self.list::<ListAlerts>(request).await
    }
}
