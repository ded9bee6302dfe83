//! Middleware around all services: deadlines, and details for errors that the transport makes itself.
//!
//! tonic answers CANCELLED when a deadline passes, and its own errors carry no details; both are corrected here.

use super::arrival::Bounds;
use super::status::{explained, to_status};
use crate::ledger::Error;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tonic::{Code, Status};
use tower::{Layer, Service};

/// How much earlier than in tonic a deadline expires here, so that the status is ours.
const AHEAD: Duration = Duration::from_millis(1);

/// When the caller no longer waits: in the extensions of every request that says so.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(pub Instant);

/// When the caller of a request no longer waits.
pub fn deadline_of<T>(request: &tonic::Request<T>) -> Option<Instant> {
    request.extensions().get::<Deadline>().map(|deadline| deadline.0)
}

/// Wraps a service in an [`Edge`], whose requests arrive within bounds.
#[derive(Clone, Debug)]
pub struct EdgeLayer(pub Bounds);

impl<S> Layer<S> for EdgeLayer {
    type Service = Edge<S>;

    fn layer(&self, inner: S) -> Edge<S> {
        Edge(inner, self.0.clone())
    }
}

/// A service that keeps deadlines and explains the transport's errors.
#[derive(Clone, Debug)]
pub struct Edge<S>(S, Bounds);

impl<S> Service<Request<Body>> for Edge<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let deadline = timeout_of(request.headers()).and_then(|timeout| Instant::now().checked_add(timeout.saturating_sub(AHEAD)));
        if let Some(deadline) = deadline {
            request.extensions_mut().insert(Deadline(deadline));
        }
        let path = request.uri().path().to_owned();
        let bounds = &self.1;
        let answer = self.0.call(request.map(|body| bounds.arriving(body)));
        Box::pin(async move {
            let response = match deadline {
                None => answer.await?,
                Some(deadline) => match tokio::time::timeout_at(deadline.into(), answer).await {
                    Ok(response) => response?,
                    Err(_) => return Ok(to_status(Error::DeadlineExceeded).into_http()),
                },
            };
            Ok(with_details(response, &path))
        })
    }
}

/// A response that is an error without details gets them.
fn with_details(response: Response<Body>, path: &str) -> Response<Body> {
    let headers = response.headers();
    if !headers.contains_key("grpc-status") {
        return response;
    }
    match Status::from_header_map(headers) {
        Some(status) if status.code() != Code::Ok && status.details().is_empty() => explained(&status, path).into_http(),
        _ => response,
    }
}

/// The `grpc-timeout` of a request: up to eight digits and a unit.
fn timeout_of(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let value: u64 = digits.parse().ok().filter(|_| digits.len() <= 8)?;
    Some(match unit {
        "H" => Duration::from_secs(value * 3_600),
        "M" => Duration::from_secs(value * 60),
        "S" => Duration::from_secs(value),
        "m" => Duration::from_millis(value),
        "u" => Duration::from_micros(value),
        "n" => Duration::from_nanos(value),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_as_grpc_writes_them() {
        let read =
            |text: &str| timeout_of(&HeaderMap::from_iter([("grpc-timeout".parse().expect("a name"), text.parse().expect("a value"))]));
        assert_eq!(read("2H"), Some(Duration::from_hours(2)));
        assert_eq!(read("99999999n"), Some(Duration::from_nanos(99_999_999)));
        assert_eq!(read("250m"), Some(Duration::from_millis(250)));
        for bad in ["", "5", "m", "123456789S", "1x", "-1S"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
