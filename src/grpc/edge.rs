//! Middleware around all services: who calls, deadlines, what a call takes of its connection's memory, and details for errors
//! that the transport makes itself.
//!
//! tonic answers CANCELLED when a deadline passes, and its own errors carry no details; both are corrected here.

use super::arrival::Arrival;
use super::departure::Departure;
use super::notes::Noting;
use super::observer::{Observer, Report, told};
use super::status::{explained, to_status, unlogged};
use crate::access::{Admission, Caller, CertificateNames, Gate, Presented, Rpc};
use crate::ledger::{Account, Error, Held, Memory};
use crate::queries::own::Sight;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tonic::{Code, Status};
use tower::{Layer, Service};

/// How much earlier than in tonic a deadline expires here, so that the status is ours.
const AHEAD: Duration = Duration::from_millis(1);
/// Bytes of memory that a call takes, whatever it asks: its task, its stream of HTTP/2, its headers.
const CALL_BYTES: usize = 16 << 10;
/// The calls whose requests are streams.
const REQUEST_STREAMS: [&str; 3] = [
    "/partnership.ledger.v1.LedgerService/AppendStream",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];
/// The service that says whether the server is up: it answers everybody, so that what watches over it needs no key.
const HEALTH: &str = "/grpc.health.v1.Health/Check";
/// The services that say how the server is and what it can do: nobody is told of their calls.
const UNOBSERVED: [&str; 2] = ["/grpc.health.", "/grpc.reflection."];
/// The calls that only ask, and can be made again: their answers are refused if there is no room for them.
const QUESTIONS: [&str; 3] = [
    "/partnership.ledger.v1.PartnershipService/",
    "/partnership.ledger.v1.AuditService/Get",
    "/partnership.ledger.v1.LedgerService/Preview",
];

/// When the caller no longer waits: in the extensions of every request that says so.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(pub Instant);

/// When the caller of a request no longer waits.
pub fn deadline_of<T>(request: &tonic::Request<T>) -> Option<Instant> {
    request.extensions().get::<Deadline>().map(|deadline| deadline.0)
}

/// The account of a request's connection.
pub fn account_of<T>(request: &tonic::Request<T>) -> Option<Account> {
    request.extensions().get::<Account>().cloned()
}

/// Returns who makes a call, as the edge has let it in.
///
/// # Errors
/// If nothing let it in, which is a defect: nobody gets in by default.
pub fn caller_of<T>(request: &tonic::Request<T>) -> Result<Caller, Status> {
    let caller = request.extensions().get::<Caller>().cloned();
    caller.ok_or_else(past_the_edge)
}

/// Returns whose business the caller of a request sees, now that all of the request has come, which may have taken its time.
///
/// # Errors
/// If its right has ended since; else as `caller_of`.
pub fn sight_of<T>(request: &tonic::Request<T>) -> Result<Sight, Status> {
    let caller = request.extensions().get::<Caller>().ok_or_else(past_the_edge)?;
    let caller = caller.at_present().map_err(|refusal| Noting::of(request).refused(refusal))?;
    let principal = &caller.principal;
    Ok(match principal.sees_only_partner() {
        Some(partner) => Sight::Partner(partner.clone()),
        None if principal.sees_only_own_records() => Sight::Recorder(caller.name()),
        None => Sight::All,
    })
}

/// Checks that who calls sees everybody's business: for what cannot be shown in part.
///
/// # Errors
/// If it does not, which is a defect: its role was let in for a call that is about all.
pub fn check_sees_all<T>(request: &tonic::Request<T>) -> Result<(), Status> {
    match sight_of(request)? {
        Sight::All => Ok(()),
        Sight::Partner(_) | Sight::Recorder(_) => Err(to_status(Error::Internal("a call about all came from who sees a part".to_owned()))),
    }
}

fn past_the_edge() -> Status {
    to_status(Error::Internal("a call came in past the edge".to_owned()))
}

/// The other side of a connection: in the extensions of its requests.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Whose memory its calls take.
    pub account: Account,
    /// Where it is; `None` if it did not come over TCP.
    pub address: Option<IpAddr>,
    /// The names of its client certificate, which was checked; `None` if it has none.
    pub certificate: Option<Arc<CertificateNames>>,
}

/// What the calls of all connections are held to.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Who gets in.
    pub gate: Arc<Gate>,
    /// What is on its way in and out. A connection has its account in the extensions of its requests; without one a call
    /// has an account of its own.
    pub memory: Memory,
    /// How long the rest of a message may take once it has begun to arrive; of a call with one message, all of it.
    pub arrival_timeout: Duration,
    /// Who is told of calls.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Bounds {
    /// The report of a call, if anybody is told of it.
    fn report(&self, path: &str, headers: &HeaderMap, peer: Option<&Peer>) -> Option<Report> {
        let observer = self.observer.as_ref().filter(|_| !UNOBSERVED.iter().any(|unobserved| path.starts_with(unobserved)))?;
        Some(Report::of(observer, path, headers, peer.and_then(|peer| peer.address)))
    }
}

/// Wraps a service in an [`Edge`].
#[derive(Clone, Debug)]
pub struct EdgeLayer(pub Bounds);

impl<S> Layer<S> for EdgeLayer {
    type Service = Edge<S>;

    fn layer(&self, inner: S) -> Edge<S> {
        Edge(inner, self.0.clone())
    }
}

/// A service that keeps deadlines and bounds, and explains the transport's errors.
#[derive(Clone, Debug)]
pub struct Edge<S>(S, Bounds);

impl<S> Service<Request<Body>> for Edge<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
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
        let Bounds { gate, memory, arrival_timeout, .. } = &self.1;
        let peer = request.extensions().get::<Peer>().cloned();
        let mut report = self.1.report(&path, request.headers(), peer.as_ref());
        let account = peer.as_ref().map_or_else(|| memory.account(), |peer| peer.account.clone());
        let Some(call) = account.try_take(CALL_BYTES) else {
            return early(report, to_status(Error::Overloaded { retry_after: memory.retry_after() }));
        };
        let noting = Noting(report.as_ref().map(Report::notes));
        if report.as_ref().is_some_and(|report| !report.is_admitted()) {
            return early(report, unlogged());
        }
        request.extensions_mut().insert(account.clone());
        noting.0.iter().for_each(|notes| drop(request.extensions_mut().insert(Arc::clone(notes))));
        let admission = admit(gate, &path, request.headers(), peer.as_ref());
        let arrival = if REQUEST_STREAMS.contains(&path.as_str()) { Arrival::Stream } else { Arrival::One };
        let request = request.map(|body| arrival.body(body, &account, *arrival_timeout));
        let answer = self.answer(request, admission, noting);
        Box::pin(async move {
            let mut response = match deadline {
                None => answer.await?,
                Some(deadline) => match tokio::time::timeout_at(deadline.into(), answer).await {
                    Ok(response) => response?,
                    Err(_) => to_status(Error::DeadlineExceeded).into_http(),
                },
            };
            let unencoded = response.extensions_mut().remove::<Arc<Held>>();
            let is_refusable = QUESTIONS.iter().any(|question| path.starts_with(question));
            let response = told(report.as_mut(), with_details(response, &path)).await;
            Ok(response.map(|body| Departure { account, call, unencoded, is_refusable, path, report }.body(body)))
        })
    }
}

impl<S> Edge<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    /// The answer to a request, once it is known whether its caller gets in.
    fn answer(&mut self, request: Request<Body>, admission: Option<Admission>, noting: Noting) -> <Self as Service<Request<Body>>>::Future {
        match admission {
            None => Box::pin(self.0.call(request)),
            Some(Admission::Now(Ok(caller))) => Box::pin(self.0.call(with_caller(request, caller, &noting))),
            Some(Admission::Now(Err(refusal))) => Box::pin(std::future::ready(Ok(noting.refused(refusal).into_http()))),
            Some(Admission::Held(after, refusal)) => {
                // What it has sent is not kept meanwhile.
                drop(request);
                Box::pin(async move {
                    tokio::time::sleep(after).await;
                    Ok(noting.refused(refusal).into_http())
                })
            }
            Some(Admission::Later(admission)) => {
                // The clone takes the place of what is ready.
                let clone = self.0.clone();
                let mut ready = std::mem::replace(&mut self.0, clone);
                Box::pin(async move {
                    match admission.await {
                        Ok(caller) => ready.call(with_caller(request, caller, &noting)).await,
                        Err(refusal) => Ok(noting.refused(refusal).into_http()),
                    }
                })
            }
        }
    }
}

/// The answer to a call that does not begin.
fn early<E: Send + 'static>(mut report: Option<Report>, status: Status) -> Pin<Box<dyn Future<Output = Result<Response<Body>, E>> + Send>> {
    Box::pin(async move { Ok(told(report.as_mut(), status.into_http()).await) })
}

/// Whether a call may be made; `None` for one that everybody may make. What is no call of the contract is for everybody who is
/// recognised: reflection, and paths where there is nothing.
fn admit(gate: &Arc<Gate>, path: &str, headers: &HeaderMap, peer: Option<&Peer>) -> Option<Admission> {
    if path == HEALTH {
        return None;
    }
    // What cannot be read as text is no credential, and neither are two of them.
    let mut said = headers.get_all("authorization").iter().map(|value| value.to_str().unwrap_or_default());
    let authorization = match (said.next(), said.next()) {
        (first, None) => first,
        (_, Some(_)) => Some(""),
    };
    let certificate = peer.and_then(|peer| peer.certificate.as_deref());
    let presented = Presented { authorization, certificate, address: peer.and_then(|peer| peer.address) };
    Some(gate.admit(Rpc::of(path).unwrap_or(Rpc::WhoAmI), presented))
}

fn with_caller(mut request: Request<Body>, caller: Caller, noting: &Noting) -> Request<Body> {
    noting.caller(&caller);
    request.extensions_mut().insert(caller);
    request
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
