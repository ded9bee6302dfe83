//! The server of a witness: HTTP/1 as c2sp.org/tlog-witness has it, for the ledgers of its policy.

use super::error::ServeError;
use super::http::{Answer, BODY_TIMEOUT, TEXT, accept, answer};
use super::signals::Signals;
use crate::proofs::Policy;
use crate::proofs::VerifierKey;
use crate::proofs::witness::{self, Cosigner, MAX_REQUEST_BYTES};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::runtime::Builder;

/// How a witness is set up.
#[derive(Clone, Debug)]
pub struct WitnessConfig {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The directory in which it keeps what it has cosigned.
    pub state: PathBuf,
    /// The file with its key.
    pub key: PathBuf,
    /// The logs whose checkpoints it cosigns.
    pub policy: Policy,
}

/// Serves a witness until SIGTERM or SIGINT. `on_ready` is called with its address and its key once it listens.
///
/// # Errors
/// Why it could not start.
pub fn serve_witness(config: WitnessConfig, on_ready: impl FnOnce(SocketAddr, &VerifierKey)) -> Result<(), ServeError> {
    let WitnessConfig { listen: address, state, key, policy } = config;
    let system = |what| move |source| ServeError::System { what, source };
    let refused = |source| ServeError::Listen { address, source };
    let listener = TcpListener::bind(address).map_err(refused)?;
    listener.set_nonblocking(true).map_err(refused)?;
    let cosigner = Arc::new(Cosigner::open(&state, &key, policy)?);
    let runtime = Builder::new_current_thread().enable_all().build().map_err(system("threads"))?;
    runtime.block_on(async {
        let mut signals = Signals::new().map_err(system("signals"))?;
        on_ready(listener.local_addr().map_err(refused)?, &cosigner.verifier());
        let serving = accept(listener, "a witness", move |request| handle(Arc::clone(&cosigner), request));
        tokio::select! {
            () = serving => {}
            name = signals.next(|| {}) => tracing::info!(signal = name, "ending"),
        }
        Ok(())
    })
}

async fn handle(cosigner: Arc<Cosigner>, request: Request<Incoming>) -> Answer {
    let path = request.uri().path().to_owned();
    match (request.method(), path.as_str()) {
        (&Method::POST, "/add-checkpoint") => {
            let body = tokio::time::timeout(BODY_TIMEOUT, Limited::new(request.into_body(), MAX_REQUEST_BYTES).collect()).await;
            let Ok(Ok(body)) = body else {
                return answer(StatusCode::BAD_REQUEST, "the request is too large, or did not come whole\n", TEXT);
            };
            let body = String::from_utf8(body.to_bytes().to_vec()).unwrap_or_default();
            // What it keeps is synced before it answers, which takes a while.
            let done = tokio::task::spawn_blocking(move || cosigner.add_checkpoint(&body, seconds_now())).await;
            done.map_or_else(|_| answer(StatusCode::INTERNAL_SERVER_ERROR, "a defect\n", TEXT), answered)
        }
        (&Method::GET | &Method::HEAD, path) => {
            let of = path.strip_prefix('/').and_then(|path| path.strip_suffix("/checkpoint")).unwrap_or_default();
            answered(cosigner.checkpoint(of))
        }
        _ => answer(StatusCode::NOT_FOUND, "there are POST /add-checkpoint and GET /<origin hash>/checkpoint\n", TEXT),
    }
}

fn answered(witness::Answer { status, content_type, body }: witness::Answer) -> Answer {
    answer(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), body, content_type)
}

fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
