//! The services of the contract, called within the process as any client calls them: through the same edge, with the same
//! credential. Nothing that a page shows has come another way.

use super::Inside;
use crate::grpc::Peer;
use crate::proto::audit_service_client::AuditServiceClient;
use crate::proto::ledger_service_client::LedgerServiceClient;
use crate::proto::partnership_service_client::PartnershipServiceClient;
use hyper::header::{AUTHORIZATION, HeaderValue};
use hyper::{Request, Response};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use tonic::body::Body;
use tower::Service;

/// The largest answer taken in, in bytes: as clients of the command line have it.
const MAX_ANSWER_BYTES: usize = 64 << 20;
/// How long a question may take, as gRPC writes it.
const TIMEOUT: HeaderValue = HeaderValue::from_static("10S");
/// The header that says so.
const GRPC_TIMEOUT: &str = "grpc-timeout";

/// The client of a page that asks.
pub type PartnershipClient = PartnershipServiceClient<Through>;
/// The client of a page that shows records.
pub type AuditClient = AuditServiceClient<Through>;
/// The client of a page that records.
pub type LedgerClient = LedgerServiceClient<Through>;

/// The way to the services for one person.
#[derive(Clone)]
pub struct Through {
    inside: Inside,
    peer: Peer,
    authorization: Option<HeaderValue>,
}

impl Through {
    /// Calls on behalf of whoever presents a credential, from where the browser is; without one as nobody.
    pub fn new(inside: Inside, peer: Peer, credential: Option<&str>) -> Self {
        let authorization = credential.and_then(|credential| HeaderValue::try_from(format!("Bearer {credential}")).ok());
        let authorization = authorization.map(|mut value| {
            value.set_sensitive(true);
            value
        });
        Self { inside, peer, authorization }
    }

    /// The service that answers questions.
    pub fn partnership(&self) -> PartnershipClient {
        PartnershipServiceClient::new(self.clone()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    /// The service that shows the records.
    pub fn audit(&self) -> AuditClient {
        AuditServiceClient::new(self.clone()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    /// The service that records.
    pub fn ledger(&self) -> LedgerClient {
        LedgerServiceClient::new(self.clone()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }
}

impl Service<Request<Body>> for Through {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inside.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        request.headers_mut().entry(GRPC_TIMEOUT).or_insert(TIMEOUT);
        request.extensions_mut().insert(self.peer.clone());
        self.inside.call(request)
    }
}
