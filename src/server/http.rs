//! What the listeners of HTTP/1 have in common: they answer few clients at a time, each within a bound.

use super::tls::Tls;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

/// Connections at a time; others wait.
const CONNECTIONS: usize = 64;
/// How long a client may take to send the head of a request, and be silent between two: who says nothing holds a place no longer.
const SILENCE: Duration = Duration::from_secs(3);
/// How long the body of a request may take to come.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection lasts; one whose client does not take its answer is closed then too.
const LIFE: Duration = Duration::from_mins(1);
/// How long nothing is accepted after the system has refused a connection.
const PAUSE: Duration = Duration::from_millis(200);

/// Plain text.
pub const TEXT: &str = "text/plain; charset=utf-8";

/// An answer.
pub type Answer = Response<Full<Bytes>>;

/// An answer with a body of a kind.
pub fn answer(status: StatusCode, body: impl Into<Bytes>, kind: &'static str) -> Answer {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// Where a request came from: in its extensions.
#[derive(Clone, Copy, Debug)]
pub struct Remote(pub SocketAddr);

/// Accepts connections for ever, and answers their requests. `what` says in the log what is served.
pub async fn accept<H, F>(listener: TcpListener, what: &'static str, handle: H)
where
    H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    accept_with(listener, what, None, handle).await;
}

/// The same over TLS, if there is any.
pub async fn accept_with<H, F>(listener: TcpListener, what: &'static str, tls: Option<Arc<Tls>>, handle: H)
where
    H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, what, "cannot be served"),
    };
    let (places, handle) = (Arc::new(Semaphore::new(CONNECTIONS)), Arc::new(handle));
    loop {
        // Never closed.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let (stream, remote) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!(%error, what, "no connection can be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let (handle, tls) = (Arc::clone(&handle), tls.clone());
        tokio::spawn(async move {
            match tls {
                None => serve(stream, Remote(remote), handle).await,
                Some(tls) => match tokio::time::timeout(SILENCE, TlsAcceptor::from(tls.config_of_http()).accept(stream)).await {
                    Ok(Ok(stream)) => serve(stream, Remote(remote), handle).await,
                    // Anybody who reaches the port can cause it.
                    _ => tracing::debug!(what, "a connection did not come about"),
                },
            }
            drop(place);
        });
    }
}

/// Answers the requests of a connection, within its life.
async fn serve<S, H, F>(stream: S, remote: Remote, handle: Arc<H>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Fn(Request<Incoming>) -> F,
    F: Future<Output = Answer>,
{
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(remote);
        let answer = handle(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let mut server = hyper::server::conn::http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(SILENCE);
    let mut connection = pin!(server.serve_connection(TokioIo::new(stream), service));
    // What goes wrong with a connection is its client's affair.
    if tokio::time::timeout(LIFE, connection.as_mut()).await.is_err() {
        connection.as_mut().graceful_shutdown();
        let _ = tokio::time::timeout(SILENCE, connection).await;
    }
}
