//! The services of the contract: they translate between it, the ledger and the queries, and hold no rules.

mod arrival;
mod audit;
mod departure;
mod edge;
mod followed;
mod framing;
mod notes;
mod observer;
mod pages;
mod proofs;
mod read;
mod services;
mod status;
mod subjects;
mod told;
mod trace_context;
mod webhooks;
mod write;

pub use edge::{Bounds, Edge, EdgeLayer, Peer};
pub use notes::{Known, Noted, Notes, Refused};
pub use observer::{Appended, CODES, Call, Method, Observer, Receipt, code_name};
pub use status::{DOMAIN, proof_status, to_status};
pub use subjects::type_name;
pub use trace_context::TraceContext;
pub use write::Protection;

use crate::access::Refusal;
use crate::feed::Feed;
use crate::feed::webhooks::Webhooks;
use crate::ledger::{Cancellation, Error, Ledger};
use crate::proofs::Proofs;
use crate::proto::partnership_service_server::PartnershipServiceServer;
use crate::proto::webhook_service_server::WebhookServiceServer;
use crate::queries::own::{self, Answered, NotForCaller, PartnersAnswer, PartnersQuestion, Sight};
use crate::queries::{self, Frozen, Query};
use audit::Audit;
use edge::sight_of;
use notes::Noting;
use read::Partnership;
use services::{AuditServiceServer, LedgerServiceServer};
use std::pin::Pin;
use std::sync::Arc;
use subjects::ReadAt;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};
use webhooks::Endpoints;
use write::Writing;

/// What a streaming call answers.
pub type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The largest message that is taken in, in bytes: 4 MiB, the usual limit of gRPC.
pub const MAX_REQUEST_BYTES: usize = 4 << 20;
/// The largest message that is sent out, in bytes: whatever may be recorded can be answered.
pub const MAX_RESPONSE_BYTES: usize = 48 << 20;

/// The service that records. Appends of one stream are answered by way of the present runtime; it is not read on while
/// `stream_in_flight` of its requests are unanswered.
pub fn ledger_service(ledger: &Ledger, stream_in_flight: usize, protection: Protection) -> LedgerServiceServer<Writing> {
    LedgerServiceServer::new(Writing::new(ledger.in_this_runtime(), stream_in_flight, protection))
        .max_decoding_message_size(MAX_REQUEST_BYTES)
        .max_encoding_message_size(MAX_RESPONSE_BYTES)
}

/// The service that answers questions.
pub fn partnership_service(ledger: &Ledger) -> PartnershipServiceServer<Partnership> {
    PartnershipServiceServer::new(Partnership::new(ledger.clone()))
        .max_decoding_message_size(MAX_REQUEST_BYTES)
        .max_encoding_message_size(MAX_RESPONSE_BYTES)
}

/// The service for audits, proofs and backups, and of the feed.
pub fn audit_service(ledger: &Ledger, feed: &Feed, proofs: &Arc<Proofs>) -> AuditServiceServer<Audit> {
    AuditServiceServer::new(Audit::new(ledger.clone(), feed.clone(), Arc::clone(proofs)))
        .max_decoding_message_size(MAX_REQUEST_BYTES)
        .max_encoding_message_size(MAX_RESPONSE_BYTES)
}

/// The service that sets the endpoints which records are delivered to; without a data directory there are none.
pub fn webhook_service(webhooks: Option<Webhooks>) -> WebhookServiceServer<Endpoints> {
    WebhookServiceServer::new(Endpoints::new(webhooks)).max_decoding_message_size(MAX_REQUEST_BYTES)
}

/// Answers a question that may look at many rows from a frozen view, on a thread for long reads, as its caller sees it.
pub(crate) async fn read<Q: Query>(ledger: &Ledger, request: Request<Q::Request>) -> Result<Response<Q::Answer>, Status>
where
    Q::Request: queries::Request + PartnersQuestion<Answer = Q::Answer> + Send + 'static,
    Q::Answer: PartnersAnswer + ReadAt + Send + 'static,
{
    let noting = Noting::of(&request);
    noting.asked(request.get_ref());
    let (sight, request) = (sight_of(&request)?, request.into_inner());
    ledger.reach(least_position(&request)).await;
    let answer = ledger.read(move |ledger, cancellation| own::ask::<Q>(&Frozen::new(ledger, cancellation), &sight, request)).await;
    to_response(answer, &noting)
}

/// The least position that a question is to be answered at, if it names one.
fn least_position(request: &impl queries::Request) -> Option<u64> {
    request.options().and_then(|options| options.min_position)
}

/// Looks up the answer to a question beside long reads, as its caller sees it.
pub(crate) async fn look_up<Q: Query>(
    ledger: &Ledger,
    sight: Sight,
    noting: &Noting,
    request: Q::Request,
) -> Result<Response<Q::Answer>, Status>
where
    Q::Request: PartnersQuestion<Answer = Q::Answer> + Send + 'static,
    Q::Answer: PartnersAnswer + ReadAt + Send + 'static,
{
    let answer = ledger.look_up(move |ledger| own::ask::<Q>(&Frozen::new(ledger, &Cancellation::NEVER), &sight, request)).await;
    to_response(answer, noting)
}

/// The response to a question, or the status of why there is none.
fn to_response<T: ReadAt>(answer: Result<Answered<T>, Error>, noting: &Noting) -> Result<Response<T>, Status> {
    let answer = answered(answer, noting)?;
    noting.read_at(answer.position());
    Ok(Response::new(answer))
}

/// What a caller gets, or the status of why it does not.
fn answered<T>(answer: Result<Answered<T>, Error>, noting: &Noting) -> Result<T, Status> {
    answer.map_err(to_status)?.map_err(|not_for_caller| {
        noting.refused(match not_for_caller {
            NotForCaller::UnknownPartner(partner) => Refusal::UnknownPartner { partner },
            NotForCaller::OwnRecordsAlone => Refusal::OwnRecordsAlone,
        })
    })
}
