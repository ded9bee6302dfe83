//! Every principal makes every call of the contract: who gets in is compared with a table that is written here once more, by hand.

use crate::common::events::{append_request, partner};
use crate::common::service::{Known, Service, metadata, told};
use crate::kit::{ROLES, gate, one_of_each, text};
use partnership_ledger::proto::DESCRIPTOR;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::{Authentication, Role, WhoAmIRequest};
use prost::Message as _;
use prost_types::FileDescriptorSet;
use std::collections::BTreeMap;
use tonic::client::{Grpc, GrpcService};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::{Body, Bytes, StdError};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;

/// Which roles may make which calls, by a letter each: emitter e, partner p, manager m, finance f, auditor a, admin A.
const ORACLE: &[(&str, &str)] = &[
    ("LedgerService/Append", "emfA"),
    ("LedgerService/AppendStream", "emfA"),
    ("LedgerService/Preview", "emfA"),
    ("LedgerService/WhoAmI", "epmfaA"),
    ("LedgerService/GetServerInfo", "epmfaA"),
    ("PartnershipService/GetPartner", "pmfaA"),
    ("PartnershipService/ListPartners", "pmfaA"),
    ("PartnershipService/GetAgreement", "pmfaA"),
    ("PartnershipService/ListAgreements", "pmfaA"),
    ("PartnershipService/GetProgramme", "pmfaA"),
    ("PartnershipService/ListProgrammes", "pmfaA"),
    ("PartnershipService/GetLead", "pmfaA"),
    ("PartnershipService/ListLeads", "pmfaA"),
    ("PartnershipService/GetCampaign", "pmfaA"),
    ("PartnershipService/ListCampaigns", "pmfaA"),
    ("PartnershipService/GetBalance", "pmfaA"),
    ("PartnershipService/ListBalances", "pmfaA"),
    ("PartnershipService/ListEntries", "pmfaA"),
    ("PartnershipService/ExplainSale", "pmfaA"),
    ("PartnershipService/ListPayables", "pmfaA"),
    ("PartnershipService/ListPayouts", "pmfaA"),
    ("PartnershipService/GetPayoutSummary", "pmfaA"),
    ("PartnershipService/ListDisputes", "pmfaA"),
    ("PartnershipService/GetMetrics", "pmfaA"),
    ("PartnershipService/ListAlerts", "pmfaA"),
    ("AuditService/GetRecord", "epmfaA"),
    ("AuditService/ReadRecords", "pmfaA"),
    ("AuditService/Subscribe", "pmfaA"),
    ("AuditService/GetTrialBalance", "faA"),
    ("AuditService/GetTreeHead", "faA"),
    ("AuditService/GetCheckpoint", "pmfaA"),
    ("AuditService/GetInclusionProof", "epmfaA"),
    ("AuditService/GetConsistencyProof", "pmfaA"),
    ("AuditService/GetProof", "epmfaA"),
    ("AuditService/StreamBackup", "aA"),
    ("WebhookService/AddWebhook", "A"),
    ("WebhookService/ListWebhooks", "A"),
    ("WebhookService/PauseWebhook", "A"),
    ("WebhookService/ResumeWebhook", "A"),
    ("WebhookService/ReplayWebhook", "A"),
    ("WebhookService/TestWebhook", "A"),
    ("WebhookService/RotateWebhookSecret", "A"),
    ("WebhookService/RemoveWebhook", "A"),
];
const LETTERS: [char; 6] = ['e', 'p', 'm', 'f', 'a', 'A'];

/// All calls of the contract, as its descriptor has them.
fn calls() -> Vec<String> {
    let files = FileDescriptorSet::decode(DESCRIPTOR).expect("the contract");
    let services = files.file.iter().filter(|file| file.package() == "partnership.ledger.v1").flat_map(|file| &file.service);
    services.flat_map(|service| service.method.iter().map(move |method| format!("{}/{}", service.name(), method.name()))).collect()
}

/// Makes a call with an empty message, whatever its messages are, and returns how it ends; `Ok` once it answers or ends well.
async fn call<T>(connection: T, path: &str) -> Result<(), Status>
where
    T: GrpcService<tonic::body::Body>,
    T::Error: Into<StdError>,
    T::ResponseBody: Body<Data = Bytes> + Send + 'static,
    <T::ResponseBody as Body>::Error: Into<StdError> + Send,
{
    let mut grpc = Grpc::new(connection);
    grpc.ready().await.map_err(|error| Status::unavailable(error.into().to_string()))?;
    let path = PathAndQuery::try_from(path).expect("a path");
    let answers = grpc.server_streaming(Request::new(()), path, ProstCodec::<(), ()>::default()).await?;
    answers.into_inner().message().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_principal_makes_the_calls_of_its_role_and_no_others() {
    let known = one_of_each();
    let service = Service::behind(gate(&text(&known))).await;
    let oracle: BTreeMap<_, _> = ORACLE.iter().copied().collect();
    LedgerServiceClient::new(service.connect_as(&known[5].key).await).append(append_request([partner("a")])).await.expect("recorded");
    for rpc in calls() {
        let roles = oracle.get(rpc.as_str()).unwrap_or_else(|| panic!("say who may make {rpc}"));
        for ((role, letter), known) in ROLES.iter().zip(LETTERS).zip(&known) {
            let outcome = call(service.connect_as(&known.key).await, &format!("/partnership.ledger.v1.{rpc}")).await;
            let is_refused = outcome.as_ref().err().is_some_and(|status| metadata(status, "missing").as_deref() == Some("role"));
            assert_eq!(!is_refused, roles.contains(letter), "{role} {rpc}: {outcome:?}");
            if let Err(status) = outcome {
                assert_ne!(status.code(), Code::Unauthenticated, "{role} {rpc}");
                assert_eq!(is_refused, told(&status) == (Code::PermissionDenied, "PERMISSION_DENIED".to_owned()), "{status:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_credential_or_with_a_bad_one_no_call_gets_in() {
    let known = one_of_each();
    let service = Service::behind(gate(&text(&known))).await;
    let admin = &known[5].key;
    let reflection = ["/grpc.reflection.v1.ServerReflection/ServerReflectionInfo".to_owned(), "/no.Such/Call".to_owned()];
    let paths: Vec<String> = calls().iter().map(|rpc| format!("/partnership.ledger.v1.{rpc}")).chain(reflection).collect();
    for path in &paths {
        let status = call(service.connect().await, path).await.expect_err("nobody");
        assert_eq!(told(&status), (Code::Unauthenticated, "UNAUTHENTICATED".to_owned()), "{path}");
        assert_eq!(metadata(&status, "kind").as_deref(), Some("missing"));
    }
    let mut wrong = admin.clone();
    wrong.replace_range(wrong.len() - 1.., if wrong.ends_with('0') { "1" } else { "0" });
    for (credential, kind) in
        [(wrong.as_str(), "unknown_key"), ("plk_nobody_0000", "unknown_key"), ("secret", "malformed"), ("", "malformed")]
    {
        let status = call(service.connect_as(credential).await, &paths[0]).await.expect_err("bad");
        assert_eq!((status.code(), metadata(&status, "kind").as_deref()), (Code::Unauthenticated, Some(kind)), "{credential}");
        assert!(!status.message().contains(admin.as_str()), "a refusal never says a secret");
    }
    call(service.connect().await, "/grpc.health.v1.Health/Check").await.expect("health is for everybody");
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_who_is_known_is_told_who_it_is() {
    let known = one_of_each();
    let service = Service::behind(gate(&text(&known))).await;
    let mut said = Vec::new();
    for known in &known {
        let mut client: LedgerServiceClient<Known> = LedgerServiceClient::new(service.connect_as(&known.key).await);
        said.push(client.who_am_i(WhoAmIRequest {}).await.expect("an answer").into_inner());
    }
    assert_eq!(said.iter().map(|answer| answer.principal.as_str()).collect::<Vec<_>>(), ROLES);
    assert!(said.iter().all(|answer| answer.authentication() == Authentication::ApiKey && !answer.key_id.is_empty()));
    assert_eq!(said[0].event_types.len(), 11, "leads and sales: {:?}", said[0].event_types);
    assert_eq!((said[1].partner_id.as_str(), said[1].event_types.len()), ("a", 0));
    assert_eq!(said[5].roles().collect::<Vec<_>>(), [Role::Admin]);
    let open = Service::start().await;
    let answer = open.writer().await.who_am_i(WhoAmIRequest {}).await.expect("an answer").into_inner();
    assert_eq!((answer.principal.as_str(), answer.authentication()), ("anonymous", Authentication::None));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scheme_of_the_header_is_read_without_case_and_others_are_refused() {
    let known = one_of_each();
    let service = Service::behind(gate(&text(&known))).await;
    for (header, is_good) in [
        (format!("bearer {}", known[5].key), true),
        (format!("BEARER  {} ", known[5].key), true),
        (format!("Basic {}", known[5].key), false),
        (known[5].key.clone(), false),
    ] {
        let value = header.parse::<tonic::metadata::MetadataValue<_>>().expect("a header");
        let put = move |mut request: Request<()>| {
            request.metadata_mut().insert("authorization", value.clone());
            Ok::<_, Status>(request)
        };
        let connection: InterceptedService<Channel, _> = InterceptedService::new(service.connect().await, put);
        let outcome = LedgerServiceClient::new(connection).who_am_i(WhoAmIRequest {}).await;
        assert_eq!(outcome.is_ok(), is_good, "{header}");
    }
}
