//! What access costs a call and an event: the line of the access log, and the scope of a principal in the writer.

use crate::workload::{Workload, parse_all, record_all, so_many};
use criterion::{BenchmarkId, Criterion, Throughput};
use partnership_ledger::access::{AccessFile, Gate, NewKey, Policy};
use partnership_ledger::clock::SystemClock;
use partnership_ledger::domain::effect::Effect;
use partnership_ledger::domain::{Event, State};
use partnership_ledger::grpc::{Bounds, EdgeLayer, partnership_service};
use partnership_ledger::journal::MemoryJournal;
use partnership_ledger::ledger::{Append, Ledger, Limits, Permit};
use partnership_ledger::proto;
use partnership_ledger::proto::partnership_service_client::PartnershipServiceClient;
use partnership_ledger::server::{AccessLog, AccessLogSettings, Assembly, Observers, ServeConfig};
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tower::Layer as _;

/// Partners of the workload, all of them in the scope.
const PARTNERS: u32 = 2_000;
/// Calls from one log to the next: fewer than it has room for, so that none is dropped, which would cost less, and over before its
/// thread wakes, which works beside them and not for them.
const CALLS: u64 = 1_000;

/// The access log and scopes.
pub fn access(criterion: &mut Criterion) {
    access_log(criterion);
    scope(criterion);
}

/// A question with an API key by way of the edge, without HTTP/2, and with and without the log. The difference is what the log
/// costs the thread that serves the call; until the lines are written, what it costs its own thread as well.
fn access_log(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("access log");
    group.throughput(Throughput::Elements(1)).sample_size(20);
    let asked = Asked::new();
    for logged in [Logged::No, Logged::Taken, Logged::Written] {
        group.bench_function(BenchmarkId::new("GetPartner", logged.name()), |bencher| {
            bencher.iter_custom(|calls| asked.took(calls, logged));
        });
    }
    group.finish();
}

/// How far a call's line has come when the clock stops.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Logged {
    /// There is none.
    No,
    /// The log has taken it.
    Taken,
    /// It is in the file.
    Written,
}

impl Logged {
    fn name(self) -> &'static str {
        match self {
            Self::No => "without a line",
            Self::Taken => "with a line",
            Self::Written => "with a line, written",
        }
    }
}

/// A ledger with a partner, and who asks for it.
struct Asked {
    runtime: Runtime,
    ledger: Ledger,
    gate: Arc<Gate>,
    key: String,
    dir: tempfile::TempDir,
}

impl Asked {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a thread");
        let (ledger, _) = Ledger::open(Arc::new(MemoryJournal::default()), Arc::new(SystemClock), Limits::default()).expect("a ledger");
        let mut workload = Workload::new(1, 1);
        let append = Append {
            events: vec![workload.next_event()].into(),
            expected_last_position: None,
            recorded_by: Arc::from("bench"),
            permit: None,
            deadline: None,
            account: None,
        };
        runtime.block_on(ledger.append(append)).expect("recorded");
        let NewKey { id, key, hash } = NewKey::make().expect("random numbers");
        let text =
            format!("[[principal]]\nname = \"reader\"\nroles = [\"auditor\"]\n[[principal.key]]\nid = \"{id}\"\nsha256 = \"{hash}\"\n");
        let gate = Gate::of(&AccessFile::read(&text).expect("an access file"), Arc::new(SystemClock)).expect("a gate");
        Self { runtime, ledger, gate, key, dir: tempfile::tempdir().expect("a directory") }
    }

    /// How long so many calls take, one after the other.
    fn took(&self, calls: u64, logged: Logged) -> Duration {
        let mut took = Duration::ZERO;
        for begun in (0..calls).step_by(usize::try_from(CALLS).expect("a few")) {
            let log = (logged != Logged::No).then(|| Arc::new(opened(&self.dir.path().join("access.log"))));
            let observers = Arc::new(Observers::new(log.clone(), None, false));
            took += self.calls(CALLS.min(calls - begun), &observers);
            let closing = Instant::now();
            observers.close();
            if logged == Logged::Written {
                took += closing.elapsed();
            }
            assert_eq!(log.map_or(0, |log| log.dropped()), 0, "each has its line");
        }
        took
    }

    fn calls(&self, count: u64, observers: &Arc<Observers>) -> Duration {
        let config = ServeConfig::default();
        let memory = Assembly::new(&self.ledger, &config).memory().clone();
        let (gate, observer) = (Arc::clone(&self.gate), observers.observer());
        let bounds =
            Bounds { gate, memory, arrival_timeout: config.partial_message_timeout, observer: observers.log.is_some().then_some(observer) };
        let mut client = PartnershipServiceClient::new(EdgeLayer(bounds).layer(partnership_service(&self.ledger)));
        let bearer: tonic::metadata::MetadataValue<_> = format!("Bearer {}", self.key).parse().expect("a header");
        self.runtime.block_on(async {
            let started = Instant::now();
            for _ in 0..count {
                let question = proto::GetPartnerRequest { partner_id: "partner-0".to_owned(), options: None };
                let mut request = tonic::Request::new(question);
                request.metadata_mut().insert("authorization", bearer.clone());
                client.get_partner(request).await.expect("it is known");
            }
            started.elapsed()
        })
    }
}

fn opened(path: &Path) -> AccessLog {
    let settings = AccessLogSettings { path: path.to_owned(), is_required: false, sample: 1.0, max_bytes: None, kept_files: 0 };
    AccessLog::open(&settings).expect("a log")
}

/// What the writer asks of an event whose emitter has a scope, beside deciding it.
fn scope(criterion: &mut Criterion) {
    let mut workload = Workload::new(1, PARTNERS);
    let messages: Vec<_> = (0..so_many(20_000).max(6_000)).map(|_| workload.next_event()).collect();
    let (state, _) = record_all(parse_all(&messages));
    let decided = decided(&state, &mut workload);
    let partners: Vec<_> = (0..PARTNERS).map(|number| format!("\"partner-{number}\"")).collect();
    let text = format!(
        "[[principal]]\nname = \"emitter\"\nroles = [\"emitter\"]\nevents = [\"leads\", \"sales\", \"payouts\"]\n\
         scope = {{ partners = [{}] }}\n[[principal.key]]\nid = \"k\"\nsha256 = \"{}\"\n",
        partners.join(", "),
        "0".repeat(64)
    );
    let policy = Policy::new(&AccessFile::read(&text).expect("an access file"), None);
    let permit = policy.principal("emitter").and_then(|emitter| emitter.permit.clone()).expect("it has a scope");
    assert_eq!(asked_of(&*permit, &decided, &state), decided.len(), "all are within it");
    let mut group = criterion.benchmark_group("scope");
    group.throughput(Throughput::Elements(decided.len() as u64));
    group.bench_function("decide", |bencher| {
        bencher.iter(|| decided.iter().filter(|(event, _)| effects_of(&state, event).is_some()).count());
    });
    group.bench_function("ask whether it is within 2000 partners", |bencher| bencher.iter(|| asked_of(&*permit, &decided, &state)));
    group.finish();
}

/// The next events of a workload with their effects, of those that do not need one another.
fn decided(state: &State, workload: &mut Workload) -> Vec<(Event, Vec<Effect>)> {
    let messages: Vec<_> = (0..2_000).map(|_| workload.next_event()).collect();
    let events = parse_all(&messages).into_iter();
    events.filter_map(|event| effects_of(state, &event).map(|effects| (event, effects))).collect()
}

fn effects_of(state: &State, event: &Event) -> Option<Vec<Effect>> {
    state.decide(event, "2026-11-22T00:00:00Z".parse().expect("a time"), 300).ok()
}

/// How many events are permitted. Not inlined, so that its instructions can be counted by themselves.
#[inline(never)]
fn asked_of(permit: &dyn Permit, decided: &[(Event, Vec<Effect>)], state: &State) -> usize {
    let is_permitted = |(event, effects): &&(Event, Vec<Effect>)| {
        permit.check_named(black_box(event), state).is_ok_and(|named| permit.check_moved(event, &named, effects, state).is_ok())
    };
    decided.iter().filter(is_permitted).count()
}
