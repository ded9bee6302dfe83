//! What the requests of the contract have in common: read options, and of lists the page.

use super::page::PageRequest;
use crate::domain::parse::Fields;
use crate::proto;

/// A request whose answer is as of a time and as known at a position.
pub trait Request {
    /// As of when, and as known at which position.
    fn options(&self) -> Option<&proto::ReadOptions>;
}

/// A request for a page of a list.
pub trait ListRequest: Request {
    /// The page that is asked for; bad fields go to `fields`.
    fn page(&self, fields: &mut Fields) -> PageRequest;
}

/// Implements `Request` for the requests of gets and lists, and `ListRequest` for those of lists, by the names of their calls.
macro_rules! requests {
    (gets { $($get:ident),* $(,)? } lists { $($name:literal: $list:ident),* $(,)? }) => {
        $(impl Request for proto::$get {
            fn options(&self) -> Option<&proto::ReadOptions> {
                self.options.as_ref()
            }
        })*
        $(
            impl Request for proto::$list {
                fn options(&self) -> Option<&proto::ReadOptions> {
                    self.options.as_ref()
                }
            }

            impl ListRequest for proto::$list {
                fn page(&self, fields: &mut Fields) -> PageRequest {
                    // A token is bound to the whole question, with its filters and options.
                    let question = proto::$list { page_size: 0, page_token: String::new(), ..self.clone() };
                    PageRequest::parse(self.page_size, &self.page_token, $name, &question, fields)
                }
            }
        )*
    };
}

impl Request for proto::GetRecordRequest {
    /// A record is what it is at any time.
    fn options(&self) -> Option<&proto::ReadOptions> {
        None
    }
}

impl Request for proto::SubscribeRequest {
    /// What is recorded is told, whenever it occurred.
    fn options(&self) -> Option<&proto::ReadOptions> {
        None
    }
}

impl Request for proto::ReadRecordsRequest {
    fn options(&self) -> Option<&proto::ReadOptions> {
        self.options.as_ref()
    }
}

requests! {
    gets {
        GetPartnerRequest,
        GetAgreementRequest,
        GetProgrammeRequest,
        GetLeadRequest,
        GetCampaignRequest,
        GetBalanceRequest,
        GetTrialBalanceRequest,
        ExplainSaleRequest,
        GetMetricsRequest,
    }
    lists {
        "ListPartners": ListPartnersRequest,
        "ListAgreements": ListAgreementsRequest,
        "ListProgrammes": ListProgrammesRequest,
        "ListLeads": ListLeadsRequest,
        "ListCampaigns": ListCampaignsRequest,
        "ListBalances": ListBalancesRequest,
        "ListEntries": ListEntriesRequest,
        "ListPayables": ListPayablesRequest,
        "ListPayouts": ListPayoutsRequest,
        "GetPayoutSummary": GetPayoutSummaryRequest,
        "ListDisputes": ListDisputesRequest,
        "ListAlerts": ListAlertsRequest,
    }
}
