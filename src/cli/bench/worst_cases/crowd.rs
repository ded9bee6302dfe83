//! Clients that ask much, go away, or do not read, while others append and read points.

use super::Case;
use super::figures::{Bound, Figure};
use super::questions::{self, Question, READ_RECORDS};
use super::taken::{End, PATIENCE, Probes, Taken, is_wanted};
use super::target::Target;
use super::world::World;
use crate::cli::bench::clients::{Address, Windows, connect, connect_with};
use crate::cli::bench::wire::{Ignored, Raw};
use crate::cli::client::Channel;
use crate::cli::failure::Failure;
use partnership_ledger::proto::ReadRecordsRequest;
use prost::Message as _;
use prost::bytes::Bytes;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tonic::Request;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;

/// The most that an append of one event may take, in milliseconds, whatever others do.
pub const APPEND_BOUND_MS: f64 = 20.0;
/// The same of a read of one balance or lead.
const POINT_BOUND_MS: f64 = 5.0;
/// The most that the server's memory may grow by, whatever clients do, in bytes.
const MEMORY_BOUND_BYTES: u64 = 512 << 20;
/// Appends and point reads come as often.
const PACE: Duration = Duration::from_millis(10);
/// Clients that ask without a pause.
const LOOPS: usize = 4;
/// Calls that are abandoned on one connection.
const ABANDONED_TOGETHER: usize = 10;
/// How long a caller waits before it goes away: the request is sent by then.
const ABANDONED_AFTER: Duration = Duration::from_millis(10);
/// The windows of clients that do not read.
const CLOSED: Windows = Windows { stream: 1_024, connection: 65_535 };

const APPEND_STREAM: &str = "/partnership.ledger.v1.LedgerService/AppendStream";

/// What the others do.
enum Crowd {
    /// Nothing.
    Nobody,
    /// They ask the same again and again.
    Loops(Question),
    /// They ask, and are gone before they are answered.
    Abandoned(Question),
    /// They read records, and take nothing of the answers.
    UnreadRecords,
    /// They append on streams, and take nothing of the answers.
    UnreadAppends,
}

impl Crowd {
    fn of(case: Case, world: &World) -> Self {
        match case {
            Case::Alerts => Self::Loops(questions::alerts()),
            Case::TrialBalances => Self::Loops(questions::trial_balance()),
            Case::PastBalances => Self::Loops(questions::past_balances(world)),
            Case::Explanations => Self::Loops(questions::explain_sale(world)),
            Case::RecordsWithoutMatch => Self::Loops(questions::no_records()),
            Case::Abandoned => Self::Abandoned(questions::alerts()),
            Case::UnreadRecords => Self::UnreadRecords,
            Case::UnreadAppends => Self::UnreadAppends,
            _ => Self::Nobody,
        }
    }

    /// Goes on until the end. Returns how long their own calls took, if they are answered.
    async fn run(self, address: Address, world: Arc<World>, end: End) -> Result<Taken, Failure> {
        match self {
            Self::Nobody => Ok(Taken::new()),
            Self::Loops(question) => loops(&address, question, &end).await,
            Self::Abandoned(question) => abandon(&address, question, world.sizes.hostile.abandoned, &end).await,
            Self::UnreadRecords => leave_records_unread(&address, &world, &end).await,
            Self::UnreadAppends => leave_appends_unread(&address, &world, &end).await,
        }
    }
}

/// Measures appends and point reads beside a crowd.
pub async fn measure(target: &Target, world: &Arc<World>, case: Case, time: Duration) -> Result<Vec<Figure>, Failure> {
    let memory = target.begin_peak();
    let probes = Probes::start(&target.address, world, PACE).await?;
    let end = End::default();
    let crowd = Crowd::of(case, world).run(target.address.clone(), Arc::clone(world), Arc::clone(&end));
    let crowd = tokio::spawn(crowd);
    tokio::time::sleep(time).await;
    let (appends, points) = probes.stop().await;
    end.get_or_init(Instant::now);
    let grown = memory.map(|memory| memory.grown());
    let abort = crowd.abort_handle();
    let taken = match tokio::time::timeout(PATIENCE / 2, crowd).await {
        Err(_) => {
            abort.abort();
            Taken::new()
        }
        // A panic in a task is a defect of this program: it is passed on.
        Ok(taken) => taken.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())).unwrap_or_else(|_| Taken::new()),
    };
    let bound = |milliseconds| if case == Case::UnreadAppends { Bound::None } else { Bound::P99Ms(milliseconds) };
    let mut figures = vec![
        Figure::latency(case.name(), "appends", &appends, bound(APPEND_BOUND_MS)),
        Figure::latency(case.name(), "point reads", &points, bound(POINT_BOUND_MS)),
    ];
    if taken.answered > 0 {
        figures.push(Figure::latency(case.name(), "their answers", &taken, Bound::None));
    }
    figures.extend(grown.map(|grown| Figure::memory(case.name(), grown, MEMORY_BOUND_BYTES)));
    Ok(figures)
}

async fn loops(address: &Address, question: Question, end: &End) -> Result<Taken, Failure> {
    let mut tasks = JoinSet::new();
    for _ in 0..LOOPS {
        let (mut grpc, question, end) = (connect(address).await?, question.clone(), Arc::clone(end));
        tasks.spawn(async move {
            let mut taken = Taken::new();
            while is_wanted(&end, Instant::now()) && taken.wait_for(Instant::now(), question.ask(&mut grpc)).await {}
            taken
        });
    }
    let mut taken = Taken::new();
    while let Some(Ok(theirs)) = tasks.join_next().await {
        taken.add(&theirs);
    }
    Ok(taken)
}

/// Half of the callers close their connection, the others only take their calls back.
async fn abandon(address: &Address, question: Question, calls: usize, end: &End) -> Result<Taken, Failure> {
    let mut open = Vec::new();
    for number in 0..calls.div_ceil(ABANDONED_TOGETHER) {
        let grpc = connect(address).await?;
        let mut tasks = JoinSet::new();
        for _ in 0..ABANDONED_TOGETHER.min(calls) {
            let (mut grpc, question) = (grpc.clone(), question.clone());
            tasks.spawn(async move { question.ask(&mut grpc).await });
        }
        tokio::time::sleep(ABANDONED_AFTER).await;
        tasks.abort_all();
        if number % 2 == 0 {
            open.push(grpc);
        }
    }
    hold(end).await;
    Ok(Taken::new())
}

async fn leave_records_unread(address: &Address, world: &World, end: &End) -> Result<Taken, Failure> {
    let request: Bytes = ReadRecordsRequest { from: 1, page_size: 1_000, ..ReadRecordsRequest::default() }.encode_to_vec().into();
    let mut tasks = JoinSet::new();
    for _ in 0..world.sizes.hostile.connections {
        let grpc = connect_with(address, CLOSED).await?;
        for _ in 0..world.sizes.hostile.calls {
            let (mut grpc, request) = (grpc.clone(), request.clone());
            tasks.spawn(async move {
                let path = PathAndQuery::from_static(READ_RECORDS);
                let answers = match grpc.ready().await {
                    Ok(()) => grpc.server_streaming(Request::new(request), path, Raw::<Ignored>::new()).await.ok(),
                    Err(_) => None,
                };
                // Held, and never read.
                std::future::pending::<()>().await;
                drop(answers);
            });
        }
    }
    hold(end).await;
    Ok(Taken::new())
}

/// Every request is the same: recorded once, and known afterwards, so that the ledger does not grow by them.
async fn leave_appends_unread(address: &Address, world: &World, end: &End) -> Result<Taken, Failure> {
    let hostile = world.sizes.hostile;
    let request = world.large_request(hostile.request_bytes);
    let mut tasks = JoinSet::new();
    for _ in 0..hostile.streams {
        let mut grpc: Grpc<Channel> = connect_with(address, CLOSED).await?;
        let requests = tokio_stream::iter(vec![request.clone(); hostile.requests]);
        tasks.spawn(async move {
            let path = PathAndQuery::from_static(APPEND_STREAM);
            let answers = match grpc.ready().await {
                Ok(()) => grpc.streaming(Request::new(requests), path, Raw::<Ignored>::new()).await.ok(),
                Err(_) => None,
            };
            std::future::pending::<()>().await;
            drop(answers);
        });
    }
    hold(end).await;
    Ok(Taken::new())
}

/// Waits for the end.
async fn hold(end: &End) {
    while is_wanted(end, Instant::now()) {
        tokio::time::sleep(PACE).await;
    }
}
