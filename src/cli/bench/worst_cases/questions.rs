//! Questions about large subjects.

use super::figures::{Bound, Figure};
use super::taken::Taken;
use super::world::World;
use crate::cli::bench::clients::{Address, connect};
use crate::cli::bench::wire::{Ignored, Raw};
use crate::cli::client::Channel;
use crate::cli::failure::{Failure, Refusal};
use partnership_ledger::proto;
use prost::Message;
use prost::bytes::Bytes;
use prost_types::Timestamp;
use std::time::{Duration, Instant};
use tonic::Request;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;

/// How often a question is asked at most.
const TIMES: u64 = 100;
/// Days after the start at which the protection of most leads of the large account is about to end: it lasts 90 days.
const LAPSING_DAYS: i64 = 88;
const LIST_ALERTS: &str = "/partnership.ledger.v1.PartnershipService/ListAlerts";
/// The most that a page may take, in milliseconds.
const BOUND_MS: f64 = 50.0;

/// A question, and what it is about.
#[derive(Clone, Debug)]
pub struct Question {
    pub name: &'static str,
    pub path: &'static str,
    pub request: Bytes,
}

impl Question {
    fn of(name: &'static str, path: &'static str, request: &impl Message) -> Self {
        Self { name, path, request: request.encode_to_vec().into() }
    }

    /// Asks and reads the whole answer.
    pub async fn ask(&self, grpc: &mut Grpc<Channel>) -> Result<(), Refusal> {
        grpc.ready().await.map_err(|error| Refusal::from(tonic::Status::unavailable(error.to_string())))?;
        // An answer of one message is read like a stream of one.
        let request = Request::new(self.request.clone());
        let answers = grpc.server_streaming(request, PathAndQuery::from_static(self.path), Raw::<Ignored>::new()).await;
        let mut answers = answers.map_err(Refusal::from)?.into_inner();
        while answers.message().await.map_err(Refusal::from)?.is_some() {}
        Ok(())
    }
}

/// Alerts that look at all that an account has, at disputes and at leads.
pub fn alerts() -> Question {
    use proto::AlertKind::{DisputeOpen, NegativeBalance, PayableDue, ProtectionLapsing};
    let kinds = [NegativeBalance, PayableDue, DisputeOpen, ProtectionLapsing].map(|kind| kind as i32).to_vec();
    let request = proto::ListAlertsRequest { kinds, page_size: 1_000, ..proto::ListAlertsRequest::default() };
    Question::of("ListAlerts", LIST_ALERTS, &request)
}

pub fn trial_balance() -> Question {
    Question::of("GetTrialBalance", "/partnership.ledger.v1.AuditService/GetTrialBalance", &proto::GetTrialBalanceRequest::default())
}

/// Alerts of some kinds; of all if none is named.
fn alerts_of(name: &'static str, kinds: &[proto::AlertKind], as_of: Option<Timestamp>) -> Question {
    let options = Some(proto::ReadOptions { as_of, ..proto::ReadOptions::default() });
    let kinds = kinds.iter().map(|kind| *kind as i32).collect();
    let request = proto::ListAlertsRequest { kinds, page_size: 1_000, options, ..proto::ListAlertsRequest::default() };
    Question::of(name, LIST_ALERTS, &request)
}

/// Alerts of each group of kinds: what is owed and due, what ends or is overdue, and leads at the time when most lapse.
fn all_alerts(world: &World) -> Vec<Question> {
    use proto::AlertKind::{
        CheckInOverdue, ExclusivityEnding, ExpiryNear, MissingManager, NegativeBalance, NoticeEnding, PayableDue, ProtectionLapsing,
        ReviewOverdue,
    };
    let lapsing = Some(world.days_after_start(LAPSING_DAYS));
    vec![
        alerts(),
        alerts_of("ListAlerts of all kinds", &[], None),
        alerts_of("ListAlerts, payable due", &[PayableDue], None),
        alerts_of("ListAlerts, payable due a year ago", &[PayableDue], Some(world.days_ago(365))),
        alerts_of("ListAlerts, negative balance", &[NegativeBalance], None),
        alerts_of("ListAlerts, protection lapsing", &[ProtectionLapsing], None),
        alerts_of("ListAlerts, protection lapsing then", &[ProtectionLapsing], lapsing),
        alerts_of("ListAlerts, manager missing", &[MissingManager], None),
        alerts_of("ListAlerts, overdue", &[CheckInOverdue, ReviewOverdue], None),
        alerts_of("ListAlerts, ends near", &[ExpiryNear, NoticeEnding, ExclusivityEnding], None),
    ]
}

/// Lists by a filter that little or nothing matches.
fn filtered(world: &World) -> Vec<Question> {
    let (lost, partner) = (proto::LeadState::Lost as i32, || Some(world.id("partner-1")));
    let house = Some(proto::Party { party: Some(proto::party::Party::House(true)) });
    let leads =
        |name, request: &proto::ListLeadsRequest| Question::of(name, "/partnership.ledger.v1.PartnershipService/ListLeads", request);
    let disputes = proto::ListDisputesRequest { open_only: true, partner_id: partner(), ..proto::ListDisputesRequest::default() };
    let payouts = proto::ListPayoutsRequest { partner_id: Some(world.id("half")), ..proto::ListPayoutsRequest::default() };
    let agreements = proto::ListAgreementsRequest { partner_id: partner(), ..proto::ListAgreementsRequest::default() };
    let agreement_id = Some(world.id("agreement-1"));
    let campaigns = proto::ListCampaignsRequest { agreement_id, ..proto::ListCampaignsRequest::default() };
    vec![
        leads("ListLeads, lost", &proto::ListLeadsRequest { state: lost, ..proto::ListLeadsRequest::default() }),
        leads("ListLeads of the house", &proto::ListLeadsRequest { owner: house, ..proto::ListLeadsRequest::default() }),
        Question::of("ListDisputes of a partner", "/partnership.ledger.v1.PartnershipService/ListDisputes", &disputes),
        Question::of("ListPayouts of a partner", "/partnership.ledger.v1.PartnershipService/ListPayouts", &payouts),
        Question::of("ListAgreements of a partner", "/partnership.ledger.v1.PartnershipService/ListAgreements", &agreements),
        Question::of("ListCampaigns of an agreement", "/partnership.ledger.v1.PartnershipService/ListCampaigns", &campaigns),
    ]
}

/// All balances as of a year ago.
pub fn past_balances(world: &World) -> Question {
    let options = Some(proto::ReadOptions { as_of: Some(world.days_ago(365)), ..proto::ReadOptions::default() });
    let request = proto::ListBalancesRequest { options, ..proto::ListBalancesRequest::default() };
    Question::of("ListBalances of a year ago", "/partnership.ledger.v1.PartnershipService/ListBalances", &request)
}

/// A sale of the large account.
pub fn explain_sale(world: &World) -> Question {
    let request = proto::ExplainSaleRequest { sale_id: world.last_large_sale(), options: None };
    Question::of("ExplainSale, large account", "/partnership.ledger.v1.PartnershipService/ExplainSale", &request)
}

fn records(name: &'static str, filter: proto::RecordFilter) -> Question {
    let request = proto::ReadRecordsRequest { from: 1, filter: Some(filter), ..proto::ReadRecordsRequest::default() };
    Question::of(name, READ_RECORDS, &request)
}

/// The method that reads records.
pub const READ_RECORDS: &str = "/partnership.ledger.v1.AuditService/ReadRecords";

/// Records of a type of which there is none.
pub fn no_records() -> Question {
    let filter = proto::RecordFilter { body_types: vec!["capital_contributed".to_owned()], ..proto::RecordFilter::default() };
    records("ReadRecords without a match", filter)
}

/// Lines of a statement.
fn entries(name: &'static str, request: &proto::ListEntriesRequest) -> Question {
    Question::of(name, "/partnership.ledger.v1.PartnershipService/ListEntries", request)
}

/// The questions that are measured one after the other.
fn all(world: &World) -> Vec<Question> {
    let of = |partner: &str| proto::ListEntriesRequest { partner_id: world.id(partner), ..proto::ListEntriesRequest::default() };
    let balance = proto::GetBalanceRequest { partner_id: world.id("disputed"), options: None };
    let disputes = proto::ListDisputesRequest { page_size: 1_000, ..proto::ListDisputesRequest::default() };
    let leads = proto::ListLeadsRequest { agreement_id: Some(world.id("large-2")), ..proto::ListLeadsRequest::default() };
    let of_large = proto::RecordFilter {
        partner_ids: vec![world.id("large")],
        body_types: vec!["sale_refunded".to_owned()],
        ..proto::RecordFilter::default()
    };
    let mut all = vec![
        Question::of("GetBalance, disputed lead", "/partnership.ledger.v1.PartnershipService/GetBalance", &balance),
        Question::of("ListDisputes", "/partnership.ledger.v1.PartnershipService/ListDisputes", &disputes),
        entries("ListEntries, large account", &of("large")),
        entries("ListEntries of a small agreement", &proto::ListEntriesRequest { agreement_id: Some(world.id("large-2")), ..of("large") }),
        entries(
            "ListEntries of a kind without a match",
            &proto::ListEntriesRequest { kinds: vec![proto::EntryKind::Distribution as i32], ..of("large") },
        ),
        entries("ListEntries of a small partner", &of("partner-1")),
        no_records(),
        records("ReadRecords of a partner without a match", of_large),
        explain_sale(world),
        Question::of("ListLeads of a small agreement", "/partnership.ledger.v1.PartnershipService/ListLeads", &leads),
        past_balances(world),
    ];
    all.extend(all_alerts(world));
    all.extend(filtered(world));
    all
}

/// Measures each question by itself, again and again for some time.
pub async fn measure(address: &Address, world: &World, time: Duration) -> Result<Vec<Figure>, Failure> {
    let mut figures = Vec::new();
    for question in all(world) {
        let mut grpc = connect(address).await?;
        let (mut taken, started) = (Taken::new(), Instant::now());
        for _ in 0..TIMES {
            if !taken.wait_for(Instant::now(), question.ask(&mut grpc)).await || started.elapsed() > time {
                break;
            }
        }
        figures.push(Figure::latency("questions", question.name, &taken, Bound::P99Ms(BOUND_MS)));
    }
    Ok(figures)
}
