//! Tokens of an issuer: what gets in, and what is kept out with which words.

use crate::common::events::partner;
use crate::common::service::{Service, metadata, told};
use crate::kit::{gate, principal, text};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use partnership_ledger::access::AccessFile;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::{AppendStreamRequest, Authentication, WhoAmIRequest, WhoAmIResponse};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};

const ISSUER: &str = "https://id.example";

/// A key that an issuer signs with.
struct SigningKey {
    id: &'static str,
    algorithm: Algorithm,
    key: EncodingKey,
    /// As a JSON Web Key.
    published: Value,
}

impl SigningKey {
    fn ed25519(id: &'static str) -> Self {
        let pair = KeyPair::generate_for(&PKCS_ED25519).expect("a key");
        let published = json!({"kty": "OKP", "crv": "Ed25519", "kid": id, "x": part(pair.public_key_raw())});
        Self { id, algorithm: Algorithm::EdDSA, key: EncodingKey::from_ed_der(&pair.serialize_der()), published }
    }

    fn p256(id: &'static str) -> Self {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key");
        // A byte that says that both coordinates follow.
        let (x, y) = pair.public_key_raw()[1..].split_at(32);
        let published = json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": id, "x": part(x), "y": part(y)});
        Self { id, algorithm: Algorithm::ES256, key: EncodingKey::from_ec_der(&pair.serialize_der()), published }
    }

    fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.id.to_owned()), ..Header::new(self.algorithm) };
        encode(&header, claims, &self.key).expect("a token")
    }
}

fn set(keys: &[&SigningKey]) -> String {
    json!({ "keys": keys.iter().map(|key| key.published.clone()).collect::<Vec<_>>() }).to_string()
}

/// A part of a token.
fn part(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn now() -> i64 {
    chrono::Utc::now().timestamp()
}

/// The claims of a good token of the billing service.
fn claims() -> Value {
    json!({"iss": ISSUER, "aud": "ledger", "sub": "billing", "exp": now() + 300, "nbf": now() - 5})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().expect("an object").remove(name);
    claims
}

/// A service that trusts the issuer, whose keys are at a place.
async fn trusting(keys: &str) -> Service {
    Service::behind(gate(&format!("{}{}", access(keys), text([&principal("by-key", "admin", "")])))).await
}

/// An access file that trusts the issuer, whose keys are at a place.
fn access(keys: &str) -> String {
    let claimed = |name: &str, role: &str, claim: &str, value: &str| {
        format!(
            "[[principal]]\nname = \"{name}\"\nroles = [\"{role}\"]\n[[principal.claim]]\nissuer = \"id\"\nclaim = \"{claim}\"\nvalue = \"{value}\"\n"
        )
    };
    let issuer = format!("[[issuer]]\nname = \"id\"\nissuer = \"{ISSUER}\"\naudience = [\"ledger\", \"ledger-2\"]\nkeys = \"{keys}\"\n");
    let principals = [claimed("billing", "auditor", "sub", "billing"), claimed("admins", "admin", "groups", "ledger-admins")].concat();
    format!("{issuer}{principals}")
}

async fn who(service: &Service, token: &str) -> Result<WhoAmIResponse, Status> {
    LedgerServiceClient::new(service.connect_as(token).await).who_am_i(WhoAmIRequest {}).await.map(tonic::Response::into_inner)
}

/// Keys in a file.
fn file(keys: &[&SigningKey]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("keys.json");
    std::fs::write(&path, set(keys)).expect("written");
    (dir, path)
}

fn shown(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_token_gets_in_as_the_principal_of_its_claims() {
    let (ed, ec) = (SigningKey::ed25519("ed"), SigningKey::p256("ec"));
    let (_dir, path) = file(&[&ed, &ec]);
    let service = trusting(shown(&path)).await;
    for key in [&ed, &ec] {
        let answer = who(&service, &key.sign(&claims())).await.expect("it is good");
        assert_eq!((answer.principal.as_str(), answer.authentication()), ("billing", Authentication::Token));
        let left = answer.expires_at.expect("an end").seconds - now();
        assert!((300..=361).contains(&left), "with a minute of leeway: {left}");
    }
    let mut groups = with("groups", json!(["all", "ledger-admins"]));
    groups["sub"] = json!("ann");
    groups["aud"] = json!(["other", "ledger-2"]);
    assert_eq!(who(&service, &ed.sign(&groups)).await.expect("a group").principal, "admins");
    // Clocks differ by up to a minute.
    for claims in [
        with("exp", json!(now() - 30)),
        with("nbf", json!(now() + 30)),
        with("exp", serde_json::from_str(&format!("{}.5", now() + 10)).expect("a number")),
    ] {
        who(&service, &ed.sign(&claims)).await.expect("within the leeway");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_token_is_kept_out_with_its_own_words() {
    let (key, other, unpublished) = (SigningKey::ed25519("key"), SigningKey::ed25519("key"), SigningKey::ed25519("unpublished"));
    let (_dir, path) = file(&[&key]);
    let service = trusting(shown(&path)).await;
    let unsigned = |algorithm: &str| {
        format!("{}.{}.", part(json!({"alg": algorithm, "typ": "JWT", "kid": "key"}).to_string()), part(claims().to_string()))
    };
    let public = key.published.to_string().into_bytes();
    let symmetric = encode(
        &Header { kid: Some("key".into()), ..Header::new(Algorithm::HS256) },
        &claims(),
        &EncodingKey::from_secret(&public).expect("a secret"),
    )
    .expect("a token");
    let mut tampered: Vec<String> = key.sign(&claims()).split('.').map(str::to_owned).collect();
    tampered[1] = part(with("sub", json!("admin")).to_string());
    let cases = [
        (unsigned("none"), "algorithm"),
        (unsigned("None"), "algorithm"),
        (symmetric, "algorithm"),
        (tampered.join("."), "signature"),
        (other.sign(&claims()), "signature"),
        (unpublished.sign(&claims()), "unknown_signing_key"),
        (key.sign(&with("iss", json!("https://evil.example"))), "issuer"),
        (key.sign(&without("iss")), "token_claims"),
        (key.sign(&with("aud", json!("another-service"))), "audience"),
        (key.sign(&with("aud", json!([]))), "audience"),
        (key.sign(&without("aud")), "token_claims"),
        (key.sign(&with("exp", json!(now() - 61))), "expired_token"),
        (key.sign(&without("exp")), "token_claims"),
        (key.sign(&with("exp", json!("soon"))), "token_claims"),
        (key.sign(&with("nbf", json!(now() + 90))), "not_yet_valid"),
        (key.sign(&with("sub", json!("nobody"))), "unknown_token"),
        // Two principals go by its claims.
        (key.sign(&with("groups", json!(["ledger-admins"]))), "unknown_token"),
        ("a.b.c".to_owned(), "malformed"),
        ("eyJhbGciOiJFZERTQSJ9".to_owned(), "malformed"),
    ];
    for (token, kind) in cases {
        let status = who(&service, &token).await.expect_err("it is bad");
        assert_eq!(told(&status), (Code::Unauthenticated, "UNAUTHENTICATED".to_owned()), "{kind}");
        assert_eq!(metadata(&status, "kind").as_deref(), Some(kind), "{token}");
        assert!(!status.message().contains(&token), "a refusal never says the token");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_issuer_has_begun_to_use_is_taken_at_its_first_token() {
    let (old, new) = (SigningKey::ed25519("2025"), SigningKey::ed25519("2026"));
    let (_dir, path) = file(&[&old]);
    let service = trusting(shown(&path)).await;
    who(&service, &old.sign(&claims())).await.expect("it is good");
    std::fs::write(&path, set(&[&old, &new])).expect("written");
    who(&service, &new.sign(&claims())).await.expect("its key is read at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_by_token_ends_when_its_issuer_becomes_another_and_those_by_key_go_on() {
    let key = SigningKey::ed25519("key");
    let ((_dir, path), (_other_dir, other_path)) = (file(&[&key]), file(&[&key]));
    let (by_key, trusted) = (principal("by-key", "admin", ""), access(shown(&path)));
    let file = |access: &str| format!("{access}{}", by_key.section);
    let gate = gate(&file(&trusted));
    let service = Service::behind(Arc::clone(&gate)).await;
    let take = |text: &str| gate.reload(&AccessFile::read(text).expect("a good file")).expect("taken");
    let mut by_group = with("groups", json!(["ledger-admins"]));
    by_group["sub"] = json!("ann");
    let token = key.sign(&by_group);
    for (before, now) in
        [(ISSUER, "https://id-2.example"), (r#"["ledger", "ledger-2"]"#, r#""ledger-2""#), (shown(&path), shown(&other_path))]
    {
        take(&file(&trusted));
        let mut streams = Vec::new();
        for credential in [&token, &by_key.key] {
            let (sender, requests) = tokio::sync::mpsc::channel::<AppendStreamRequest>(1);
            let mut client = LedgerServiceClient::new(service.connect_as(credential).await);
            let answers = client.append_stream(ReceiverStream::new(requests)).await.expect("a stream").into_inner();
            streams.push((sender, answers));
        }
        let request = || AppendStreamRequest { events: vec![partner("a")], ..AppendStreamRequest::default() };
        // Another file whose issuer is the same takes no right away.
        take(&file(&trusted));
        for (sender, answers) in &mut streams {
            sender.send(request()).await.expect("it is read");
            answers.message().await.expect("an answer").expect("one");
        }
        take(&file(&trusted.replace(before, now)));
        // Long before it would end with its token.
        let ended = tokio::time::timeout(Duration::from_secs(20), streams[0].1.message()).await.expect("it ends");
        let status = ended.expect_err("its issuer is another one");
        assert_eq!(told(&status), (Code::Unauthenticated, "UNAUTHENTICATED".to_owned()), "{now}");
        assert_eq!(metadata(&status, "kind").as_deref(), Some("issuer"), "{now}");
        streams[1].0.send(request()).await.expect("it is read");
        streams[1].1.message().await.expect("an answer").expect("one");
    }
}

/// An issuer that publishes keys over HTTP, on this machine, until it goes away.
struct Issuer {
    address: String,
    asked: Arc<AtomicUsize>,
    keys: Arc<std::sync::Mutex<Option<String>>>,
}

impl Issuer {
    fn start(keys: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}/jwks", listener.local_addr().expect("an address"));
        let (asked, keys) = (Arc::new(AtomicUsize::new(0)), Arc::new(std::sync::Mutex::new(Some(keys))));
        let (counted, published) = (Arc::clone(&asked), Arc::clone(&keys));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                counted.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 4096]);
                let answer = match published.lock().expect("keys").as_ref() {
                    Some(keys) => format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{keys}", keys.len()),
                    None => "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned(),
                };
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { address, asked, keys }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_is_asked_seldom_and_its_keys_are_kept_while_it_is_away() {
    let (known, unknown) = (SigningKey::ed25519("known"), SigningKey::ed25519("unknown"));
    let issuer = Issuer::start(set(&[&known]));
    let service = trusting(&issuer.address).await;
    // Those that come at once wait for one answer.
    let token = known.sign(&claims());
    let (first, second, third) = tokio::join!(who(&service, &token), who(&service, &token), who(&service, &token));
    for answer in [first, second, third] {
        answer.expect("it is good");
    }
    assert_eq!(issuer.asked.load(Ordering::SeqCst), 1);
    for _ in 0..20 {
        let status = who(&service, &unknown.sign(&claims())).await.expect_err("not published");
        assert_eq!(metadata(&status, "kind").as_deref(), Some("unknown_signing_key"));
    }
    assert_eq!(issuer.asked.load(Ordering::SeqCst), 1, "not for each token of somebody who makes up key ids");
    *issuer.keys.lock().expect("keys") = None;
    who(&service, &token).await.expect("its keys are kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_an_issuer_that_cannot_be_reached_are_told_so_and_keys_go_on() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/jwks", listener.local_addr().expect("an address"));
    drop(listener);
    let service = trusting(&address).await;
    let status = who(&service, &SigningKey::ed25519("key").sign(&claims())).await.expect_err("no keys");
    assert_eq!(metadata(&status, "kind").as_deref(), Some("no_keys"));
}
