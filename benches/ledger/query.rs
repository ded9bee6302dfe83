//! Questions over gRPC, one at a time, of a ledger with some history.

use crate::serving::Bench;
use crate::workload::so_many;
use criterion::Criterion;
use partnership_ledger::proto::get_metrics_request::Scope;
use partnership_ledger::proto::partnership_service_client::PartnershipServiceClient;
use partnership_ledger::proto::{
    ExplainSaleRequest, GetBalanceRequest, GetLeadRequest, GetMetricsRequest, ListEntriesRequest, ListPayablesRequest, ReadOptions,
};
use prost_types::Timestamp;

const EVENTS: usize = 100_000;
/// A day in the midst of them: 5 January 2024.
const FIFTH_DAY_SECONDS: i64 = 1_704_412_800;

/// Questions of the present and of the past.
pub fn query(criterion: &mut Criterion) {
    let events = so_many(EVENTS);
    let bench = Bench::with(events);
    let client = PartnershipServiceClient::new(bench.connect());
    let past = Some(ReadOptions { as_of_position: Some(events as u64 / 2), ..ReadOptions::default() });
    let partner_id = "partner-7".to_owned();
    let mut group = criterion.benchmark_group("query");
    group.sample_size(20);
    macro_rules! ask {
        ($name:literal, $method:ident, $request:expr) => {
            group.bench_function($name, |bencher| {
                bencher.iter(|| bench.runtime.block_on(client.clone().$method($request)).expect("answered"));
            });
        };
    }
    ask!("balance", get_balance, GetBalanceRequest { partner_id: partner_id.clone(), options: None });
    ask!("balance in the past", get_balance, GetBalanceRequest { partner_id: partner_id.clone(), options: past });
    ask!("lead", get_lead, GetLeadRequest { lead_id: "lead-7".to_owned(), options: None });
    ask!("statement page", list_entries, ListEntriesRequest { partner_id: partner_id.clone(), ..ListEntriesRequest::default() });
    ask!("explain", explain_sale, ExplainSaleRequest { sale_id: "sale-7".to_owned(), options: None });
    let of = |scope: Scope| GetMetricsRequest { scope: Some(scope), ..GetMetricsRequest::default() };
    let of_partner = of(Scope::PartnerId(partner_id.clone()));
    let one_day = |seconds| Some(Timestamp { seconds: FIFTH_DAY_SECONDS + seconds, nanos: 0 });
    let of_a_day = GetMetricsRequest { from: one_day(0), to: one_day(86_400), ..of_partner.clone() };
    ask!("metrics of a partner", get_metrics, of_partner.clone());
    ask!("metrics of a partner and a day", get_metrics, of_a_day.clone());
    ask!("metrics of a partner in the past", get_metrics, GetMetricsRequest { options: past, ..of_partner.clone() });
    ask!("metrics of everything", get_metrics, of(Scope::All(true)));
    ask!("payables", list_payables, ListPayablesRequest::default());
    group.finish();
}
