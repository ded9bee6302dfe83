//! The questions that partners may ask: which ids each of them names, how it is narrowed to its partner, and what its answer
//! leaves out. A question without a line here does not compile as a call.

use super::answers::{
    check_record, of_lead, of_programme, of_programmes, without_leads_keys, without_others_held, without_others_steps, without_the_whole,
};
use super::belongings::Own;
use crate::domain::ids::{EventId, Id, IdKind};
use crate::ledger::Error;
use crate::proto::{self, get_metrics_request, get_record_request, party};
use crate::queries::Request;
use prost::Message;

/// A question as a partner may ask it.
pub trait PartnersQuestion: Request {
    /// The message of its answer.
    type Answer;

    /// The ids that it names, with their kinds, in the order of its fields; those that are not set are left out.
    fn names(&self) -> Vec<(IdKind, &str)>;

    /// Narrows it to a partner.
    ///
    /// # Errors
    /// `Internal` if it is for no partner: roles have refused it before.
    fn narrow(&mut self, whose: &Id) -> Result<(), Error>;

    /// Takes out of its answer what is not about the partner.
    ///
    /// # Errors
    /// If nothing would be left of it.
    fn finish(&self, _: &mut Self::Answer, _: &Own<'_>) -> Result<(), Error> {
        Ok(())
    }

    /// Returns what a partner is told of an error.
    fn refused(&self, error: Error) -> Error {
        error
    }

    /// Whether it may be asked by who reads back its own records alone.
    fn is_for_recorders(&self) -> bool {
        false
    }

    /// Checks that what is answered was recorded by somebody.
    ///
    /// # Errors
    /// As if there was nothing, if it was not.
    fn check_recorder(&self, _: &Self::Answer, _: &str) -> Result<(), Error> {
        Err(Error::Internal("a question for recorders without a check".to_owned()))
    }
}

/// An answer that partners get, by its name in the contract.
pub trait PartnersAnswer: Message + Default {
    /// Its name in `partnership.ledger.v1`.
    const NAME: &'static str;
}

/// A field that may name something.
trait Naming {
    /// The id, if it is set.
    fn named(&self) -> Option<&str>;
}

impl Naming for String {
    fn named(&self) -> Option<&str> {
        Some(self)
    }
}

impl Naming for Option<String> {
    fn named(&self) -> Option<&str> {
        self.as_deref()
    }
}

impl Naming for Option<proto::Party> {
    fn named(&self) -> Option<&str> {
        match self.as_ref()?.party.as_ref()? {
            party::Party::PartnerId(id) => Some(id),
            party::Party::House(_) => None,
        }
    }
}

/// The table of questions: the ids that each names; whether its `partner_id` is forced; what finishes its answer.
macro_rules! questions {
    ($($request:ident => $answer:ident { $($field:ident: $kind:ident),* } $(forces $forced:ident)? $(finished by $finish:path)?;)*) => {
        $(
            impl PartnersQuestion for proto::$request {
                type Answer = proto::$answer;

                fn names(&self) -> Vec<(IdKind, &str)> {
                    let names: &[(IdKind, Option<&str>)] = &[$((IdKind::$kind, self.$field.named())),*];
                    names.iter().filter_map(|(kind, id)| Some((*kind, (*id)?))).collect()
                }

                fn narrow(&mut self, whose: &Id) -> Result<(), Error> {
                    let forced: Vec<&mut Option<String>> = vec![$(&mut self.$forced)?];
                    forced.into_iter().for_each(|field| *field = Some(whose.to_string()));
                    Ok(())
                }

                $(fn finish(&self, answer: &mut Self::Answer, own: &Own<'_>) -> Result<(), Error> {
                    $finish(answer, own);
                    Ok(())
                })?
            }
        )*
    };
}

macro_rules! answers {
    ($($answer:ident,)*) => {
        $(impl PartnersAnswer for proto::$answer {
            const NAME: &'static str = stringify!($answer);
        })*

        /// The answers that partners get.
        #[cfg(test)]
        pub const ANSWERS: &[&str] = &[$(stringify!($answer)),*];
    };
}

questions! {
    GetPartnerRequest => GetPartnerResponse { partner_id: Partner };
    ListPartnersRequest => ListPartnersResponse {};
    GetAgreementRequest => GetAgreementResponse { agreement_id: Agreement };
    ListAgreementsRequest => ListAgreementsResponse {
        partner_id: Partner, programme_id: Programme, recruited_by_agreement_id: Agreement
    } forces partner_id;
    GetProgrammeRequest => GetProgrammeResponse { programme_id: Programme } finished by of_programme;
    ListProgrammesRequest => ListProgrammesResponse {} finished by of_programmes;
    GetLeadRequest => GetLeadResponse { lead_id: Lead } finished by of_lead;
    ListLeadsRequest => ListLeadsResponse { agreement_id: Agreement, owner: Partner } finished by without_leads_keys;
    GetCampaignRequest => GetCampaignResponse { campaign_id: Campaign };
    ListCampaignsRequest => ListCampaignsResponse { agreement_id: Agreement };
    GetBalanceRequest => GetBalanceResponse { partner_id: Partner };
    ListBalancesRequest => ListBalancesResponse {};
    ListEntriesRequest => ListEntriesResponse { partner_id: Partner, agreement_id: Agreement, lead_id: Lead, sale_id: Sale };
    ExplainSaleRequest => ExplainSaleResponse { sale_id: Sale } finished by without_others_steps;
    ListPayablesRequest => ListPayablesResponse { partner_id: Partner } forces partner_id;
    ListPayoutsRequest => ListPayoutsResponse { partner_id: Partner, payout_id: Payout } forces partner_id;
    GetPayoutSummaryRequest => GetPayoutSummaryResponse { partner_id: Partner } forces partner_id;
    ListDisputesRequest => ListDisputesResponse { partner_id: Partner } forces partner_id finished by without_others_held;
    ListAlertsRequest => ListAlertsResponse { partner_id: Partner, agreement_id: Agreement } forces partner_id;
}

answers! {
    GetPartnerResponse,
    ListPartnersResponse,
    GetAgreementResponse,
    ListAgreementsResponse,
    GetProgrammeResponse,
    ListProgrammesResponse,
    GetLeadResponse,
    ListLeadsResponse,
    GetCampaignResponse,
    ListCampaignsResponse,
    GetBalanceResponse,
    ListBalancesResponse,
    ListEntriesResponse,
    ExplainSaleResponse,
    ListPayablesResponse,
    ListPayoutsResponse,
    GetPayoutSummaryResponse,
    ListDisputesResponse,
    GetMetricsResponse,
    ListAlertsResponse,
    GetRecordResponse,
    GetTrialBalanceResponse,
}

/// Figures for everything are those for all that is the partner's.
impl PartnersQuestion for proto::GetMetricsRequest {
    type Answer = proto::GetMetricsResponse;

    fn names(&self) -> Vec<(IdKind, &str)> {
        use get_metrics_request::Scope;
        match &self.scope {
            Some(Scope::PartnerId(id)) => vec![(IdKind::Partner, id)],
            Some(Scope::AgreementId(id)) => vec![(IdKind::Agreement, id)],
            Some(Scope::CampaignId(id)) => vec![(IdKind::Campaign, id)],
            Some(Scope::All(_)) | None => Vec::new(),
        }
    }

    fn narrow(&mut self, whose: &Id) -> Result<(), Error> {
        if matches!(self.scope, None | Some(get_metrics_request::Scope::All(true))) {
            self.scope = Some(get_metrics_request::Scope::PartnerId(whose.to_string()));
        }
        Ok(())
    }

    fn finish(&self, answer: &mut Self::Answer, _: &Own<'_>) -> Result<(), Error> {
        without_the_whole(answer, matches!(self.scope, Some(get_metrics_request::Scope::CampaignId(_))));
        Ok(())
    }
}

/// What is not shown is as unknown as what there is not, and so is every position.
impl PartnersQuestion for proto::GetRecordRequest {
    type Answer = proto::GetRecordResponse;

    fn names(&self) -> Vec<(IdKind, &str)> {
        Vec::new()
    }

    fn narrow(&mut self, _: &Id) -> Result<(), Error> {
        Ok(())
    }

    fn finish(&self, answer: &mut Self::Answer, own: &Own<'_>) -> Result<(), Error> {
        if check_record(answer, own) { Ok(()) } else { Err(unknown_record(self)) }
    }

    fn refused(&self, error: Error) -> Error {
        if matches!(error, Error::Rejected { .. }) { unknown_record(self) } else { error }
    }

    fn is_for_recorders(&self) -> bool {
        !matches!(self.key, Some(get_record_request::Key::Position(_)))
    }

    fn check_recorder(&self, answer: &Self::Answer, name: &str) -> Result<(), Error> {
        let is_own = answer.record.as_ref().is_some_and(|record| record.recorded_by == name);
        if is_own { Ok(()) } else { Err(unknown_record(self)) }
    }
}

fn unknown_record(request: &proto::GetRecordRequest) -> Error {
    match &request.key {
        Some(get_record_request::Key::EventId(text)) => match EventId::parse(text) {
            Some(id) => Error::UnknownEvent(id),
            None => Error::Internal("a record was found by what is no event id".to_owned()),
        },
        Some(get_record_request::Key::Position(position)) => Error::UnknownRecord(*position),
        None => Error::Internal("a record was found by nothing".to_owned()),
    }
}

impl PartnersQuestion for proto::ReadRecordsRequest {
    /// Its pages are made of stored bytes: `records` says which.
    type Answer = ();

    fn names(&self) -> Vec<(IdKind, &str)> {
        named_by(self.filter.as_ref())
    }

    fn narrow(&mut self, whose: &Id) -> Result<(), Error> {
        narrow_to(&mut self.filter, whose);
        Ok(())
    }
}

impl PartnersQuestion for proto::SubscribeRequest {
    /// As of `ReadRecords`.
    type Answer = ();

    fn names(&self) -> Vec<(IdKind, &str)> {
        named_by(self.filter.as_ref())
    }

    fn narrow(&mut self, whose: &Id) -> Result<(), Error> {
        narrow_to(&mut self.filter, whose);
        Ok(())
    }
}

/// Narrows a filter to one partner.
fn narrow_to(filter: &mut Option<proto::RecordFilter>, whose: &Id) {
    filter.get_or_insert_default().partner_ids = vec![whose.to_string()];
}

/// The ids that a filter names.
fn named_by(filter: Option<&proto::RecordFilter>) -> Vec<(IdKind, &str)> {
    let Some(filter) = filter else { return Vec::new() };
    let lists = [(IdKind::Partner, &filter.partner_ids), (IdKind::Agreement, &filter.agreement_ids), (IdKind::Lead, &filter.lead_ids)];
    lists.into_iter().flat_map(|(kind, ids)| ids.iter().map(move |id| (kind, id.as_str()))).collect()
}

/// Every account is nobody's own: it is for no partner.
impl PartnersQuestion for proto::GetTrialBalanceRequest {
    type Answer = proto::GetTrialBalanceResponse;

    fn names(&self) -> Vec<(IdKind, &str)> {
        Vec::new()
    }

    fn narrow(&mut self, _: &Id) -> Result<(), Error> {
        Err(Error::Internal("a trial balance was asked for by a partner".to_owned()))
    }
}
