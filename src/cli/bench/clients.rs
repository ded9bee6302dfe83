//! The load: connections, lanes of calls on them, and what comes back.

use super::calls::{Call, Calls};
use super::measure::{Latencies, Progress};
use super::wire::{Acknowledges, Appended, Raw, Streamed};
use crate::cli::client::{Bearer, Channel};
use crate::cli::failure::{Failure, Refusal};
use prost::bytes::Bytes;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};
use tonic::{Code, Request};

/// HTTP/2's window of one call.
const STREAM_WINDOW_BYTES: u32 = 4 << 20;
/// HTTP/2's window of one connection.
const CONNECTION_WINDOW_BYTES: u32 = 16 << 20;
/// The largest answer accepted.
const MAX_ANSWER_BYTES: usize = 64 << 20;
/// How long to wait before retrying a call refused for overload, unless the refusal says.
const RETRY_AFTER: Duration = Duration::from_millis(100);

/// The method that appends events.
pub const APPEND: &str = "/partnership.ledger.v1.LedgerService/Append";
const APPEND_STREAM: &str = "/partnership.ledger.v1.LedgerService/AppendStream";

/// How much of answers a client takes before it has read them, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Windows {
    pub stream: u32,
    pub connection: u32,
}

/// Where a ledger listens, and what is needed to get in.
#[derive(Clone, Debug, Default)]
pub struct Address {
    url: String,
    secured: Option<Arc<Secured>>,
}

/// What is needed to get in behind TLS and an access file.
#[derive(Debug)]
pub struct Secured {
    /// The CA of the ledger's certificate, PEM.
    pub ca: String,
    /// An API key.
    pub key: String,
}

impl Address {
    /// The address of a ledger that lets everybody in.
    pub fn open(address: &str) -> Self {
        let url = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
        Self { url, secured: None }
    }

    /// The address of a ledger on this machine behind TLS.
    pub fn secured(port: &str, secured: Secured) -> Self {
        Self { url: format!("https://localhost:{port}"), secured: Some(Arc::new(secured)) }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

/// Opens a connection to the ledger.
pub async fn connect(address: &Address) -> Result<Grpc<Channel>, Failure> {
    connect_with(address, Windows { stream: STREAM_WINDOW_BYTES, connection: CONNECTION_WINDOW_BYTES }).await
}

/// Opens a connection to the ledger with windows of its own.
pub async fn connect_with(address: &Address, windows: Windows) -> Result<Grpc<Channel>, Failure> {
    let endpoint = Endpoint::from_shared(address.url.clone())
        .map_err(|error| Failure::usage(format!("{address} is not an address such as http://127.0.0.1:50051: {error}")))?
        .tcp_nodelay(true)
        .initial_stream_window_size(windows.stream)
        .initial_connection_window_size(windows.connection)
        .connect_timeout(Duration::from_secs(5));
    let cannot = |error: tonic::transport::Error| Failure::unavailable(format!("{address} cannot be reached: {error}"));
    let (endpoint, bearer) = match &address.secured {
        None => (endpoint, Bearer::default()),
        Some(secured) => {
            let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&secured.ca));
            (endpoint.tls_config(tls).map_err(cannot)?, Bearer::of(&secured.key).unwrap_or_default())
        }
    };
    let channel = InterceptedService::new(endpoint.connect().await.map_err(cannot)?, bearer);
    Ok(Grpc::new(channel).max_decoding_message_size(MAX_ANSWER_BYTES))
}

/// Opens `clients` connections, at least one.
pub async fn connect_all(address: &Address, clients: u32) -> Result<Vec<Grpc<Channel>>, Failure> {
    let mut connections = Vec::new();
    for _ in 0..clients.max(1) {
        connections.push(connect(address).await?);
    }
    Ok(connections)
}

/// Sends a unary call and reads its answer as `A`.
pub async fn call<A: super::wire::Answer>(grpc: &mut Grpc<Channel>, path: &'static str, request: Bytes) -> Result<A, Refusal> {
    grpc.ready().await.map_err(|error| Refusal::from(tonic::Status::unavailable(error.to_string())))?;
    let answer = grpc.unary(Request::new(request), PathAndQuery::from_static(path), Raw::<A>::new()).await;
    answer.map(tonic::Response::into_inner).map_err(Refusal::from)
}

/// When calls are sent.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// The start of the measured time.
    pub started: Instant,
    /// The end, after which no call is sent.
    pub end: Option<Instant>,
    /// The time from one call to the next over all lanes; `None`: a lane sends as soon as its call before is answered.
    pub pace: Option<Duration>,
}

impl Schedule {
    /// Returns when the `number`-th call of all lanes is due: now, without a pace.
    #[expect(clippy::cast_precision_loss, reason = "calls are far fewer than 2^52")]
    fn due(&self, number: u64) -> Instant {
        self.pace.map_or_else(Instant::now, |pace| self.started + pace.mul_f64(number as f64))
    }

    fn is_over(&self) -> bool {
        self.end.is_some_and(|end| Instant::now() >= end)
    }
}

/// The outcome of a load.
#[derive(Debug)]
pub struct Load {
    /// Calls that were acknowledged.
    pub calls: u64,
    /// Events that were acknowledged.
    pub events: u64,
    /// From the first call to the last answer.
    pub seconds: f64,
    /// The latency of each acknowledged call, from when it was due or first sent.
    pub latencies: Latencies,
    /// Acknowledged events over time.
    pub progress: Progress,
    /// Refused calls by code.
    pub refused: BTreeMap<String, u64>,
    /// How often a call was sent again because the ledger was overloaded.
    pub retried: u64,
    /// Why the figures do not count: refusals and wrong answers.
    pub problems: Vec<String>,
}

impl Load {
    /// An empty outcome.
    pub fn new() -> Self {
        let (latencies, progress) = (Latencies::new(), Progress::default());
        Self { calls: 0, events: 0, seconds: 0.0, latencies, progress, refused: BTreeMap::new(), retried: 0, problems: Vec::new() }
    }

    fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.events += other.events;
        self.latencies.add(&other.latencies);
        self.progress.add(&other.progress);
        self.retried += other.retried;
        other.refused.iter().for_each(|(code, count)| *self.refused.entry(code.clone()).or_default() += count);
        self.problems.extend_from_slice(&other.problems);
    }

    fn acknowledged(&mut self, sent: &Call, answer: Appended, due: Instant, schedule: &Schedule) {
        self.calls += 1;
        self.events += answer.results;
        self.latencies.record(due.elapsed());
        self.progress.record(schedule.started.elapsed(), answer.results);
        if answer.results != sent.events {
            self.problems.push(format!("a call of {} events was acknowledged with {} results", sent.events, answer.results));
        }
        self.problems.extend(answer.problem.map(str::to_owned));
    }

    fn refused(&mut self, refusal: &Refusal) {
        if !self.refused.contains_key(&refusal.reason) {
            self.problems.push(format!("refused: {}: {}", refusal.reason, refusal.message));
        }
        *self.refused.entry(refusal.reason.clone()).or_default() += 1;
    }
}

/// The kind of calls that lanes send.
#[derive(Clone, Copy, Debug)]
pub enum CallKind {
    /// Unary calls, one after the other in each lane.
    Unary,
    /// A stream in each lane, with so many unanswered requests.
    Stream(usize),
}

/// Sends the calls of all lanes, which share the connections, and waits for all answers. Returns the lanes as well, so that
/// more can be sent.
pub async fn send<A: Acknowledges>(
    connections: &[Grpc<Channel>],
    lanes: Vec<Calls>,
    kind: CallKind,
    schedule: Schedule,
) -> (Load, Vec<Calls>) {
    let mut tasks = JoinSet::new();
    let count = lanes.len() as u64;
    for (number, lane) in lanes.into_iter().enumerate() {
        let grpc = connections[number % connections.len()].clone();
        let schedule = LaneSchedule { number: number as u64, lanes: count, schedule };
        tasks.spawn(async move {
            let (load, lane) = match kind {
                CallKind::Unary => unary::<A>(grpc, lane, schedule).await,
                CallKind::Stream(window) => stream::<A>(grpc, lane, schedule, window).await,
            };
            (number, load, lane)
        });
    }
    let mut whole = Load::new();
    let mut lanes = BTreeMap::new();
    while let Some(done) = tasks.join_next().await {
        // A panic in a lane is a defect of this program: it is passed on.
        let (number, load, lane) = done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        whole.add(&load);
        lanes.insert(number, lane);
    }
    whole.seconds = schedule.started.elapsed().as_secs_f64();
    (whole, lanes.into_values().collect())
}

/// A lane's part of a schedule: every `lanes`-th call from `number` on.
#[derive(Clone, Copy, Debug)]
struct LaneSchedule {
    number: u64,
    lanes: u64,
    schedule: Schedule,
}

impl LaneSchedule {
    /// Waits until the lane's next call is due, and returns since when it is; `None` if the time is over.
    async fn next_due(&self, sent: u64) -> Option<Instant> {
        let due = self.schedule.due(self.number + sent * self.lanes);
        if self.schedule.is_over() || self.schedule.end.is_some_and(|end| due >= end) {
            return None;
        }
        if self.schedule.pace.is_some() {
            tokio::time::sleep_until(due.into()).await;
        }
        Some(due)
    }
}

async fn unary<A: Acknowledges>(mut grpc: Grpc<Channel>, mut calls: Calls, schedule: LaneSchedule) -> (Load, Calls) {
    let mut load = Load::new();
    let mut sent = 0;
    while let Some(due) = schedule.next_due(sent).await {
        let Some(next) = calls.next() else { break };
        sent += 1;
        loop {
            match call::<A>(&mut grpc, APPEND, next.request.clone()).await {
                Ok(answer) => {
                    load.acknowledged(&next, answer.appended(), due, &schedule.schedule);
                    calls.leads = next.leads;
                }
                Err(refusal) if refusal.code == Code::ResourceExhausted => {
                    load.retried += 1;
                    tokio::time::sleep(refusal.retry_delay.unwrap_or(RETRY_AFTER)).await;
                    continue;
                }
                Err(refusal) => {
                    load.refused(&refusal);
                    if refusal.code == Code::Unavailable {
                        return (load, calls);
                    }
                }
            }
            break;
        }
    }
    (load, calls)
}

async fn stream<A: Acknowledges>(mut grpc: Grpc<Channel>, mut calls: Calls, schedule: LaneSchedule, window: usize) -> (Load, Calls) {
    let mut load = Load::new();
    if let Err(refusal) = stream_to_its_end::<A>(&mut grpc, &mut calls, schedule, window.max(1), &mut load).await {
        load.refused(&refusal);
    }
    (load, calls)
}

async fn stream_to_its_end<A: Acknowledges>(
    grpc: &mut Grpc<Channel>,
    calls: &mut Calls,
    schedule: LaneSchedule,
    window: usize,
    load: &mut Load,
) -> Result<(), Refusal> {
    let (requests, stream) = mpsc::channel(window);
    let (sent, mut unanswered) = mpsc::channel::<(Call, Instant)>(window);
    let room = Semaphore::new(window);
    grpc.ready().await.map_err(|error| tonic::Status::unavailable(error.to_string()))?;
    let path = PathAndQuery::from_static(APPEND_STREAM);
    let mut answers = grpc.streaming(Request::new(ReceiverStream::new(stream)), path, Raw::<Streamed<A>>::new()).await?.into_inner();
    let mut leads = calls.leads;
    let receive = async {
        while let Some(Streamed(outcome)) = answers.message().await? {
            let Some((call, due)) = unanswered.recv().await else { break };
            room.add_permits(1);
            match outcome {
                Ok(answer) => {
                    load.acknowledged(&call, answer.appended(), due, &schedule.schedule);
                    leads = call.leads;
                }
                Err(error) => load.refused(&Refusal::from(*error)),
            }
        }
        Ok::<_, tonic::Status>(())
    };
    let receive = async {
        let received = receive.await;
        // Nothing more is sent on a stream that has ended.
        room.close();
        received
    };
    let ((), received) = tokio::join!(feed(calls, schedule, &room, requests, sent), receive);
    calls.leads = leads;
    received?;
    match unanswered.try_recv() {
        Err(_) => Ok(()),
        Ok(_) => Err(tonic::Status::unavailable("the stream ended with requests unanswered").into()),
    }
}

/// Sends a lane's calls on a stream, each once `room` has a permit for one more unanswered request; on `sent` it tells which
/// calls were sent and since when they were due.
async fn feed(
    calls: &mut Calls,
    schedule: LaneSchedule,
    room: &Semaphore,
    requests: mpsc::Sender<Bytes>,
    sent: mpsc::Sender<(Call, Instant)>,
) {
    let mut count = 0;
    while let Ok(permit) = room.acquire().await {
        permit.forget();
        let Some(due) = schedule.next_due(count).await else { return };
        let Some(call) = calls.next() else { return };
        count += 1;
        let request = call.request.clone();
        // The receivers are dropped once the stream has ended.
        if sent.send((call, due)).await.is_err() || requests.send(request).await.is_err() {
            return;
        }
    }
}
