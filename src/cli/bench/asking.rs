//! Reads: all records in pages, and queries of present balances and lead owners.

use super::calls::Calls;
use super::clients::{Address, call, connect};
use super::measure::{Latencies, Percentiles, per_second};
use super::wire::{Ignored, PageSize, Raw};
use crate::cli::client::Channel;
use crate::cli::failure::{Failure, Refusal};
use partnership_ledger::proto::{GetBalanceRequest, GetLeadRequest, ReadRecordsRequest};
use partnership_ledger::workload::Story;
use prost::Message as _;
use prost::bytes::Bytes;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tonic::Request;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;

const READ_RECORDS: &str = "/partnership.ledger.v1.AuditService/ReadRecords";
const GET_BALANCE: &str = "/partnership.ledger.v1.PartnershipService/GetBalance";
const GET_LEAD: &str = "/partnership.ledger.v1.PartnershipService/GetLead";
/// How many different questions are asked.
const QUESTIONS: u32 = 8_192;

/// Records read back.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Read {
    /// Records asked for in a page.
    pub page_size: u32,
    pub records: u64,
    pub pages: u64,
    /// Bytes of the records as the contract encodes them.
    pub record_bytes: u64,
    pub seconds: f64,
    pub records_per_second: f64,
}

/// Reads all records from a position on, in pages on one stream.
pub async fn read(address: &Address, from: u64, page_size: u32) -> Result<Read, Failure> {
    let mut grpc = connect(address).await?;
    let request: Bytes = ReadRecordsRequest { from, page_size, ..ReadRecordsRequest::default() }.encode_to_vec().into();
    let started = Instant::now();
    grpc.ready().await.map_err(|error| Failure::unavailable(error.to_string()))?;
    let path = PathAndQuery::from_static(READ_RECORDS);
    let mut answers = grpc.server_streaming(Request::new(request), path, Raw::<PageSize>::new()).await?.into_inner();
    let mut read = Read { page_size, records: 0, pages: 0, record_bytes: 0, seconds: 0.0, records_per_second: 0.0 };
    while let Some(page) = answers.message().await? {
        read.records += page.records;
        read.record_bytes += page.bytes;
        read.pages += 1;
    }
    read.seconds = started.elapsed().as_secs_f64();
    read.records_per_second = per_second(read.records, read.seconds);
    Ok(read)
}

/// Questions that have an answer: balances of recorded partners and owners of recorded leads, alternating.
pub struct Questions(Vec<(&'static str, Bytes)>);

impl Questions {
    /// Makes questions about the workload's partners and the leads that the lanes know to be recorded.
    pub fn new(story: &Story, partners: u32, lanes: &[Calls], seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let with_leads: Vec<&Calls> = lanes.iter().filter(|lane| lane.leads > 0).collect();
        let mut question = |number| {
            let lane = if number % 2 == 0 { None } else { random.choice(&with_leads) };
            match lane {
                None => {
                    let partner_id = story.partner_id(random.u32(0..partners.max(1)));
                    (GET_BALANCE, GetBalanceRequest { partner_id, options: None }.encode_to_vec().into())
                }
                Some(lane) => {
                    let lead_id = story.lead_id(lane.lead_number(random.u64(0..lane.leads)));
                    (GET_LEAD, GetLeadRequest { lead_id, options: None }.encode_to_vec().into())
                }
            }
        };
        Self((0..QUESTIONS).map(&mut question).collect())
    }
}

/// The outcome of the questions.
#[derive(Clone, Debug, Serialize)]
pub struct Asked {
    pub in_flight: u32,
    pub answers: u64,
    pub seconds: f64,
    pub answers_per_second: f64,
    pub latency: Percentiles,
    /// Refused questions by code.
    pub refused: BTreeMap<String, u64>,
}

/// Asks questions for `time`, with `in_flight` of them unanswered over the connections.
pub async fn ask(connections: &[Grpc<Channel>], questions: Arc<Questions>, in_flight: u32, time: Duration) -> Asked {
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for lane in 0..in_flight.max(1) as usize {
        let (mut grpc, questions) = (connections[lane % connections.len()].clone(), Arc::clone(&questions));
        tasks.spawn(async move {
            let (mut latencies, mut refused) = (Latencies::new(), BTreeMap::<String, u64>::new());
            let (mut answers, mut next) = (0_u64, lane * 61);
            while started.elapsed() < time {
                let (path, request) = &questions.0[next % questions.0.len()];
                next += 1;
                let sent = Instant::now();
                match call::<Ignored>(&mut grpc, path, request.clone()).await {
                    Ok(Ignored) => {
                        answers += 1;
                        latencies.record(sent.elapsed());
                    }
                    Err(Refusal { reason, .. }) => *refused.entry(reason).or_default() += 1,
                }
            }
            (answers, latencies, refused)
        });
    }
    let (mut answers, mut latencies, mut refused) = (0, Latencies::new(), BTreeMap::<String, u64>::new());
    while let Some(done) = tasks.join_next().await {
        // A panic in a lane is a defect of this program: it is passed on.
        let (more, theirs, codes) = done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        answers += more;
        latencies.add(&theirs);
        codes.into_iter().for_each(|(code, count)| *refused.entry(code).or_default() += count);
    }
    let seconds = started.elapsed().as_secs_f64();
    Asked { in_flight, answers, seconds, answers_per_second: per_second(answers, seconds), latency: latencies.summary(), refused }
}
