//! Metrics and health over HTTP/1, by a thread of its own: it answers however busy the service is.

use super::balance;
use super::registry::{registry, written};
use super::watched::Watched;
use hyper::body::Incoming;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::registry::Registry;
use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::sync::{Semaphore, oneshot};

/// Connections at a time; others wait.
const CONNECTIONS: usize = 32;
/// How long a client may take to send a request, and be silent between two.
const SILENCE: Duration = Duration::from_secs(30);
/// How long nothing is accepted after the system has refused a connection.
const PAUSE: Duration = Duration::from_millis(200);

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

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
                    () = accept(listener, shown) => {}
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

async fn accept(listener: TcpListener, shown: Arc<Shown>) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "metrics cannot be served"),
    };
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        // Never closed.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::debug!(%error, "no connection to the metrics can be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let shown = Arc::clone(&shown);
        tokio::spawn(async move {
            let answer = service_fn(|request: Request<Incoming>| std::future::ready(Ok::<_, Infallible>(shown.answer(&request))));
            let mut server = hyper::server::conn::http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(SILENCE);
            // What goes wrong with a connection is its client's affair.
            let _ = server.serve_connection(TokioIo::new(stream), answer).await;
            drop(place);
        });
    }
}

impl Shown {
    fn answer(&self, request: &Request<Incoming>) -> Response<String> {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            return text(StatusCode::METHOD_NOT_ALLOWED, "GET is all there is\n".to_owned(), TEXT);
        }
        match request.uri().path() {
            "/metrics" => self.metrics(request.headers().get(ACCEPT)),
            "/healthz" => text(StatusCode::OK, "it lives\n".to_owned(), TEXT),
            "/readyz" => match self.watched.ready() {
                Ok(()) => text(StatusCode::OK, "it takes calls and records\n".to_owned(), TEXT),
                Err(why) => text(StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n"), TEXT),
            },
            _ => text(StatusCode::NOT_FOUND, "there are /metrics, /healthz and /readyz\n".to_owned(), TEXT),
        }
    }

    fn metrics(&self, accept: Option<&HeaderValue>) -> Response<String> {
        let is_open_metrics =
            accept.and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("application/openmetrics-text"));
        match written(&self.registry, is_open_metrics) {
            Ok(metrics) => text(StatusCode::OK, metrics, if is_open_metrics { OPEN_METRICS } else { PROMETHEUS }),
            Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n"), TEXT),
        }
    }
}

fn text(status: StatusCode, body: String, kind: &'static str) -> Response<String> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
