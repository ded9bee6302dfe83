//! Questions: over the wire, as of a time and a position, in pages, and what is refused.

use crate::common::events::{adjustment, agreement, partner};
use crate::common::service::{Service, told};
use partnership_ledger::proto::{
    GetBalanceRequest, GetCampaignRequest, GetLeadRequest, GetMetricsRequest, GetPartnerRequest, ListCampaignsRequest, ListEntriesRequest,
    ListLeadsRequest, ListPartnersRequest, Metrics, Party, ReadOptions, get_metrics_request::Scope, party,
};
use prost_types::Timestamp;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

async fn filled() -> Service {
    let service = Service::start().await;
    let events =
        [partner("a"), partner("b"), agreement("aa", "a"), agreement("bb", "b"), adjustment("1", "aa", 100), adjustment("2", "aa", 250)];
    service.append(events).await.expect("recorded");
    service
}

fn at(position: u64) -> ReadOptions {
    ReadOptions { as_of_position: Some(position), ..ReadOptions::default() }
}

fn bad_fields(status: &Status) -> Vec<String> {
    assert_eq!(told(status), (Code::InvalidArgument, "MALFORMED".into()));
    let details = status.get_error_details();
    details.bad_request().expect("bad fields").field_violations.iter().map(|violation| violation.field.clone()).collect()
}

#[tokio::test]
async fn a_balance_is_answered_as_known_at_a_position() {
    let service = filled().await;
    let mut reader = service.reader().await;
    for (options, net) in [(None, Some(350)), (Some(at(5)), Some(100)), (Some(at(4)), None)] {
        let answer = reader.get_balance(GetBalanceRequest { partner_id: "a".into(), options }).await.expect("an answer").into_inner();
        assert_eq!(answer.balances.first().map(|balance| balance.net), net);
        assert_eq!(answer.position, options.map_or(6, |options| options.as_of_position()));
    }
    let refused = reader.get_partner(GetPartnerRequest { partner_id: "b".into(), options: Some(at(1)) }).await.expect_err("not yet");
    assert_eq!(told(&refused), (Code::NotFound, "UNKNOWN_ID".into()));
    let beyond = Some(ReadOptions { min_position: Some(7), ..ReadOptions::default() });
    let refused = reader.get_partner(GetPartnerRequest { partner_id: "b".into(), options: beyond }).await.expect_err("beyond");
    assert_eq!(told(&refused), (Code::FailedPrecondition, "POSITION_NOT_REACHED".into()));
}

#[tokio::test]
async fn a_statement_goes_on_where_it_stopped_whatever_was_recorded() {
    let service = filled().await;
    let mut reader = service.reader().await;
    let mut request = ListEntriesRequest { partner_id: "a".into(), page_size: 1, ..ListEntriesRequest::default() };
    let first = reader.list_entries(request.clone()).await.expect("a page").into_inner();
    service.append([adjustment("3", "aa", 5)]).await.expect("recorded");
    request.page_token.clone_from(&first.next_page_token);
    let second = reader.list_entries(request.clone()).await.expect("a page").into_inner();
    let lines: Vec<_> =
        first.entries.iter().chain(&second.entries).map(|line| (line.reference.as_str(), line.amount, line.net_after)).collect();
    assert_eq!(lines, [("1", 100, 100), ("2", 250, 350)]);
    assert_eq!((second.next_page_token.as_str(), second.position), ("", 6), "as of the first page");
    let record = service.records().swap_remove(4);
    assert_eq!((first.entries[0].recorded_at, first.entries[0].position), (record.recorded_at, 5));
    request.partner_id = "b".into();
    assert_eq!(bad_fields(&reader.list_entries(request).await.expect_err("another question")), ["page_token"]);
}

#[tokio::test]
async fn a_token_of_a_longer_ledger_is_refused() {
    let (longer, shorter) = (filled().await, Service::start().await);
    shorter.append([partner("a")]).await.expect("recorded");
    let mut request = ListPartnersRequest { page_size: 1, ..ListPartnersRequest::default() };
    request.page_token = longer.reader().await.list_partners(request.clone()).await.expect("a page").into_inner().next_page_token;
    assert_eq!(bad_fields(&shorter.reader().await.list_partners(request).await.expect_err("not of this ledger")), ["page_token"]);
}

#[tokio::test]
async fn all_bad_fields_of_a_question_are_named_at_once() {
    let service = filled().await;
    let mut reader = service.reader().await;
    let as_of = Some(Timestamp { seconds: i64::MAX, nanos: 0 });
    let options = Some(ReadOptions { as_of, ..ReadOptions::default() });
    let request = ListLeadsRequest {
        agreement_id: Some("no id!".into()),
        owner: Some(Party { party: Some(party::Party::House(false)) }),
        state: 99,
        page_size: 1_001,
        page_token: "x".into(),
        options,
        match_key: Some(String::new()),
    };
    let fields = bad_fields(&reader.list_leads(request).await.expect_err("malformed"));
    assert_eq!(fields, ["agreement_id", "owner.house", "state", "match_key", "page_size", "page_token", "options.as_of"]);
    let entries = ListEntriesRequest { kinds: vec![1, 0], currency_code: Some("usd".into()), ..ListEntriesRequest::default() };
    let fields = bad_fields(&reader.list_entries(entries).await.expect_err("malformed"));
    assert_eq!(fields, ["partner_id", "currency_code", "kinds[1]"]);
    let refused = reader.get_lead(GetLeadRequest { lead_id: "nobody".into(), options: None }).await.expect_err("unknown");
    assert_eq!(told(&refused), (Code::NotFound, "UNKNOWN_ID".into()));
}

#[tokio::test]
async fn figures_and_campaigns_are_asked_like_everything_else() {
    let service = filled().await;
    let mut reader = service.reader().await;
    let of = |scope| GetMetricsRequest { scope, ..GetMetricsRequest::default() };
    let answer = reader.get_metrics(of(Some(Scope::All(true)))).await.expect("answered").into_inner();
    assert_eq!(answer.position, service.ledger.last());
    assert_eq!(answer.metrics, Some(Metrics::default()), "adjustments are neither leads nor commission earned");
    assert_eq!(bad_fields(&reader.get_metrics(of(None)).await.expect_err("malformed")), ["scope"]);
    let unknown = Some(Scope::CampaignId("nothing".into()));
    assert_eq!(told(&reader.get_metrics(of(unknown)).await.expect_err("unknown")), (Code::NotFound, "UNKNOWN_ID".into()));
    let campaign = GetCampaignRequest { campaign_id: "nothing".into(), options: None };
    assert_eq!(told(&reader.get_campaign(campaign).await.expect_err("unknown")), (Code::NotFound, "UNKNOWN_ID".into()));
    let listed = reader.list_campaigns(ListCampaignsRequest::default()).await.expect("answered").into_inner();
    assert_eq!((listed.campaigns.len(), listed.position), (0, service.ledger.last()));
}
