//! Metrics, health, the signed checkpoint and tiles of the tree over HTTP/1, by a thread of its own: it answers however busy the service is.

use super::balance;
use super::registry::{registry, written};
use super::watched::Watched;
use crate::grpc::proof_status;
use crate::proofs::ProofError;
use crate::proofs::tiles::TilePath;
use crate::server::http::{Answer, TEXT, accept, answer};
use hyper::body::Incoming;
use hyper::header::{ACCEPT, CACHE_CONTROL, HeaderValue};
use hyper::{Method, Request, StatusCode};
use prometheus_client::registry::Registry;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use tokio::runtime::Builder;
use tokio::sync::oneshot;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Tiles never change.
const FOR_GOOD: &str = "max-age=31536000, immutable";

/// A listener that answers until it is dropped.
pub struct Listening {
    /// Where it listens.
    pub address: SocketAddr,
    _end: oneshot::Sender<()>,
    _balance_end: Sender<()>,
}

impl Listening {
    /// Shows what there is to see of a server.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn start(listener: TcpListener, watched: &Arc<Watched>) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (end, ended) = oneshot::channel();
        let shown = Arc::new(Shown { watched: Arc::clone(watched), registry: registry(watched) });
        std::thread::Builder::new().name("observe".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = ended => {}
                    () = accept(listener, "metrics", move |request| Arc::clone(&shown).answer(request)) => {}
                }
            });
        })?;
        let (balance_end, balance_ended) = channel();
        balance::start(watched, balance_ended)?;
        Ok(Self { address, _end: end, _balance_end: balance_end })
    }
}

struct Shown {
    watched: Arc<Watched>,
    registry: Registry,
}

impl Shown {
    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Answer {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            return answer(StatusCode::METHOD_NOT_ALLOWED, "GET is all there is\n", TEXT);
        }
        match request.uri().path() {
            "/metrics" => self.metrics(request.headers().get(ACCEPT)),
            "/healthz" => answer(StatusCode::OK, "it lives\n", TEXT),
            "/readyz" => match self.watched.ready() {
                Ok(()) => answer(StatusCode::OK, "it takes calls and records\n", TEXT),
                Err(why) => answer(StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n"), TEXT),
            },
            "/checkpoint" => self.checkpoint().await,
            path => match path.strip_prefix("/tile/") {
                Some(path) => self.tile(path).await,
                None => answer(StatusCode::NOT_FOUND, "there are /metrics, /healthz, /readyz, /checkpoint and /tile/\n", TEXT),
            },
        }
    }

    /// The signed checkpoint, as c2sp.org/tlog-tiles has it.
    async fn checkpoint(&self) -> Answer {
        let Some(proofs) = self.watched.proofs() else { return opening() };
        match proofs.checkpoint(0).await {
            Ok(published) => with_caching(answer(StatusCode::OK, published.note.to_string(), TEXT), "no-cache"),
            Err(error) => refused(&error),
        }
    }

    /// Hashes of the tree, as c2sp.org/tlog-tiles has them.
    async fn tile(&self, path: &str) -> Answer {
        let Some(path) = TilePath::parse(path) else {
            return answer(StatusCode::NOT_FOUND, "there are tiles of hashes at /tile/<level>/<number>[.p/<width>]\n", TEXT);
        };
        let Some(proofs) = self.watched.proofs().cloned() else { return opening() };
        let read = tokio::task::spawn_blocking(move || proofs.tiles().hashes(path)).await;
        match read {
            Ok(Ok(Some(hashes))) => with_caching(answer(StatusCode::OK, hashes.into_flattened(), "application/octet-stream"), FOR_GOOD),
            Ok(Ok(None)) => answer(StatusCode::NOT_FOUND, "the tree has no such tile yet\n", TEXT),
            Ok(Err(error)) => refused(&error),
            Err(_) => answer(StatusCode::INTERNAL_SERVER_ERROR, "a defect\n", TEXT),
        }
    }

    fn metrics(&self, accept: Option<&HeaderValue>) -> Answer {
        let is_open_metrics =
            accept.and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("application/openmetrics-text"));
        match written(&self.registry, is_open_metrics) {
            Ok(metrics) => answer(StatusCode::OK, metrics, if is_open_metrics { OPEN_METRICS } else { PROMETHEUS }),
            Err(error) => answer(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n"), TEXT),
        }
    }
}

fn with_caching(mut answer: Answer, how: &'static str) -> Answer {
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(how));
    answer
}

fn opening() -> Answer {
    answer(StatusCode::SERVICE_UNAVAILABLE, "the ledger is being opened: its records are replayed\n", TEXT)
}

/// What is told of a proof that there is not: where files are is for operators, and in the log. That nothing is signed here is no fault;
/// that signing is refused is one.
fn refused(error: &ProofError) -> Answer {
    let code = if matches!(error, ProofError::NoKey) { StatusCode::NOT_FOUND } else { StatusCode::SERVICE_UNAVAILABLE };
    answer(code, format!("{}\n", proof_status(error).message()), TEXT)
}
