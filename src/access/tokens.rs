//! Tokens of OpenID Connect issuers: checked by the issuer's published keys, which are read from a file or a URL.
//!
//! Keys are read anew when a token names one that is not known, at most every ten seconds, and every few minutes. While the
//! issuer is away those of before are kept.

use super::credential::Credential;
use super::file::{ClaimEntry, Fault, IssuerEntry};
use super::policy::Policy;
use super::principal::Principal;
use super::published::{KeySet, fetch, read_file};
use super::refusal::{Failure, FailureKind};
use crate::domain::calendar::Time;
use arc_swap::ArcSwap;
use chrono::TimeDelta;
use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation, decode_header};
use parking_lot::Mutex;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How much the clocks of issuer and ledger may differ.
const LEEWAY: TimeDelta = TimeDelta::seconds(60);
/// How often keys are read anew at most, for tokens that name one that is not known.
const LEAST_PAUSE: Duration = Duration::from_secs(10);
/// How often keys are read anew in any case, so that those that were withdrawn go.
const REFRESH: Duration = Duration::from_mins(5);
/// The algorithms that are taken: asymmetric ones. With a symmetric one anybody who knows a public key could sign.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// What is found of a token.
pub enum Verdict {
    /// It is good, and a principal goes by it.
    Good(Credential),
    /// It is not.
    Bad(Failure),
    /// It names a key that is not known: its issuer has to be asked.
    NeedsKeys,
}

/// The issuers that are trusted.
#[derive(Debug, Default)]
pub struct Tokens {
    issuers: Vec<Arc<Issuer>>,
}

impl Tokens {
    /// The issuers of an access file; of those that stay as they are the keys of before are kept.
    ///
    /// # Errors
    /// Key files that cannot be read. A URL that cannot be reached is none: the issuer may come back.
    pub fn new(entries: &[IssuerEntry], before: Option<&Self>) -> Result<Self, Vec<Fault>> {
        let (mut issuers, mut faults) = (Vec::new(), Vec::new());
        for entry in entries {
            let same = before.and_then(|before| before.issuers.iter().find(|issuer| issuer.entry == *entry));
            match same.map_or_else(|| Issuer::new(entry).map(Arc::new), |same| Ok(Arc::clone(same))) {
                Ok(issuer) => issuers.push(issuer),
                Err(what) => faults.push(Fault { place: format!("issuer {:?}", entry.name), what }),
            }
        }
        if faults.is_empty() { Ok(Self { issuers }) } else { Err(faults) }
    }

    /// Checks a token by the keys that are known.
    pub fn verify(&self, token: &str, now: Time, policy: &Policy) -> Verdict {
        match self.issuer_of(token) {
            Ok((issuer, algorithm, key_id)) => issuer.verify(token, algorithm, key_id.as_deref(), now, policy),
            Err(failure) => Verdict::Bad(failure),
        }
    }

    /// Has the token's issuer asked for its keys, if it was not just now, and checks the token by what it says.
    pub async fn ask_and_verify(&self, token: &str, now: Time, policy: Option<&Policy>) -> Result<Credential, Failure> {
        let (issuer, algorithm, key_id) = self.issuer_of(token)?;
        let policy = policy.ok_or_else(|| Failure::new(FailureKind::Missing, "there is no policy"))?;
        let known = issuer.ask().await;
        match issuer.verify(token, algorithm, key_id.as_deref(), now, policy) {
            Verdict::Good(credential) => Ok(credential),
            Verdict::Bad(failure) => Err(failure),
            Verdict::NeedsKeys => {
                let kind = if known { FailureKind::UnknownSigningKey } else { FailureKind::NoKeys };
                Err(Failure::new(kind, format!("{} publishes no key {:?}", issuer.entry.name, key_id.as_deref().unwrap_or("for it"))))
            }
        }
    }

    /// Reads keys anew that are due. Blocks.
    pub fn refresh(&self) {
        for issuer in self.issuers.iter().filter(|issuer| issuer.is_older_than(REFRESH) || issuer.is_file()) {
            issuer.read();
        }
    }

    /// The issuer that a token says it is of, and what it is signed with. Nothing of it is checked yet.
    fn issuer_of(&self, token: &str) -> Result<(&Arc<Issuer>, Algorithm, Option<String>), Failure> {
        let header = decode_header(token).map_err(|error| match error.kind() {
            // An algorithm that the library does not know, such as "none".
            ErrorKind::Json(error) if error.is_data() => Failure::new(FailureKind::Algorithm, error.to_string()),
            _ => Failure::new(FailureKind::Malformed, error.to_string()),
        })?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(Failure::new(FailureKind::Algorithm, format!("the token is signed by {:?}", header.alg)));
        }
        let claims: Map<String, Value> =
            insecure_decode_claims(token).map_err(|error| Failure::new(FailureKind::Malformed, error.to_string()))?;
        let said = claims.get("iss").and_then(Value::as_str);
        let said = said.ok_or_else(|| Failure::new(FailureKind::TokenClaims, "the token says no iss"))?;
        let issuer = self.issuers.iter().find(|issuer| issuer.entry.issuer == said);
        let issuer = issuer.ok_or_else(|| Failure::new(FailureKind::Issuer, format!("no [[issuer]] has the address {said:?}")))?;
        Ok((issuer, header.alg, header.kid))
    }
}

/// An issuer with the keys that it publishes.
#[derive(Debug)]
struct Issuer {
    entry: IssuerEntry,
    keys: ArcSwap<KeySet>,
    /// When its keys were asked for last, with or without success.
    asked: Mutex<Option<Instant>>,
    /// Why that failed, if it did.
    error: Mutex<Option<String>>,
    /// Held while somebody asks, so that others wait for the same answer.
    asking: tokio::sync::Mutex<()>,
}

impl Issuer {
    /// Reads the keys of a file; those of a URL are asked for when the first token comes, or by `Tokens::refresh`.
    fn new(entry: &IssuerEntry) -> Result<Self, String> {
        let keys = if entry.keys.contains("://") { KeySet::default() } else { read_file(&entry.keys)? };
        Ok(Self {
            entry: entry.clone(),
            keys: ArcSwap::from_pointee(keys),
            asked: Mutex::new(None),
            error: Mutex::default(),
            asking: tokio::sync::Mutex::new(()),
        })
    }

    fn is_file(&self) -> bool {
        !self.entry.keys.contains("://")
    }

    fn is_older_than(&self, age: Duration) -> bool {
        self.asked.lock().is_none_or(|asked| asked.elapsed() >= age)
    }

    /// Reads the keys anew; those of before are kept if that fails. Blocks. Returns whether it succeeded.
    fn read(&self) -> bool {
        let read = if self.is_file() { read_file(&self.entry.keys) } else { fetch(&self.entry.keys, self.entry.ca.as_deref()) };
        *self.asked.lock() = Some(Instant::now());
        match read {
            Ok(keys) => {
                self.keys.store(Arc::new(keys));
                *self.error.lock() = None;
                true
            }
            Err(error) => {
                // Said once for as long as it stays so.
                if self.error.lock().replace(error.clone()).as_ref() != Some(&error) {
                    tracing::warn!(issuer = self.entry.name, error, "the keys of an issuer cannot be read; those of before are kept");
                }
                false
            }
        }
    }

    /// Reads the keys anew, if that was not done just now. Returns whether there are any.
    async fn ask(self: &Arc<Self>) -> bool {
        let _asking = self.asking.lock().await;
        if self.is_older_than(LEAST_PAUSE) {
            let issuer = Arc::clone(self);
            // If the runtime ends meanwhile, so does the call.
            let _ = tokio::task::spawn_blocking(move || issuer.read()).await;
        }
        !self.keys.load().is_empty()
    }

    fn verify(&self, token: &str, algorithm: Algorithm, key_id: Option<&str>, now: Time, policy: &Policy) -> Verdict {
        let keys = self.keys.load();
        let mut candidates = keys.of(key_id, algorithm).peekable();
        if candidates.peek().is_none() {
            return Verdict::NeedsKeys;
        }
        let mut failure = None;
        for key in candidates {
            match jsonwebtoken::decode::<Map<String, Value>>(token, key, &self.validation(algorithm)) {
                Ok(data) => {
                    return match self.credential(&data.claims, now, policy) {
                        Ok(credential) => Verdict::Good(credential),
                        Err(failure) => Verdict::Bad(failure),
                    };
                }
                Err(error) => failure = Some(self.failure(&error)),
            }
        }
        Verdict::Bad(failure.unwrap_or_else(|| Failure::new(FailureKind::Signature, "no key fits")))
    }

    /// What the library checks: signature, issuer and audience. Times are compared with the ledger's clock here.
    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.set_audience(&self.entry.audiences);
        validation.set_issuer(&[&self.entry.issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation
    }

    fn failure(&self, error: &jsonwebtoken::errors::Error) -> Failure {
        let kind = match error.kind() {
            ErrorKind::InvalidAudience => FailureKind::Audience,
            ErrorKind::InvalidIssuer => FailureKind::Issuer,
            ErrorKind::MissingRequiredClaim(_) | ErrorKind::InvalidClaimFormat(_) => FailureKind::TokenClaims,
            ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName | ErrorKind::MissingAlgorithm => FailureKind::Algorithm,
            ErrorKind::Base64(_) | ErrorKind::Json(_) | ErrorKind::Utf8(_) | ErrorKind::InvalidToken => FailureKind::Malformed,
            _ => FailureKind::Signature,
        };
        Failure::new(kind, format!("a token of {}: {error}", self.entry.name))
    }

    /// The credential of claims whose signature was checked.
    fn credential(&self, claims: &Map<String, Value>, now: Time, policy: &Policy) -> Result<Credential, Failure> {
        let time = |name: &str| claims.get(name).and_then(seconds).and_then(|seconds| Time::from_timestamp(seconds, 0));
        let bad = |kind, why: String| Failure::new(kind, format!("a token of {}: {why}", self.entry.name));
        let expires_at = time("exp").ok_or_else(|| bad(FailureKind::TokenClaims, "exp is no time".to_owned()))?;
        let expires_at = expires_at.checked_add_signed(LEEWAY).unwrap_or(expires_at);
        if expires_at <= now {
            return Err(bad(FailureKind::ExpiredToken, format!("expired, with leeway, at {expires_at}")));
        }
        if claims.contains_key("nbf") {
            let from = time("nbf").ok_or_else(|| bad(FailureKind::TokenClaims, "nbf is no time".to_owned()))?;
            if from.checked_sub_signed(LEEWAY).is_none_or(|from| from > now) {
                return Err(bad(FailureKind::NotYetValid, format!("valid from {from} on")));
            }
        }
        let known: Vec<(&ClaimEntry, &Arc<Principal>)> = policy
            .claims_of(&self.entry.name)
            .filter(|(claim, _)| claims.get(&claim.claim).is_some_and(|value| says(value, &claim.value)))
            .collect();
        match &known[..] {
            [] => Err(bad(FailureKind::UnknownToken, format!("no principal has one of its claims {}", self.shown(claims, policy)))),
            [(claim, first), rest @ ..] => match rest.iter().find(|(_, other)| other.name != first.name) {
                None => {
                    let issuer = policy.issuer(&self.entry.name).cloned().unwrap_or_else(|| Arc::new(self.entry.clone()));
                    Ok(Credential::Token { claim: (*claim).clone(), expires_at, issuer })
                }
                Some((_, other)) => Err(bad(
                    FailureKind::UnknownToken,
                    format!("both {} and {} go by its claims; make them differ", first.name, other.name),
                )),
            },
        }
    }
}

impl Issuer {
    /// The claims that principals go by, for the log. Others may say more of a person than a log should have.
    fn shown(&self, claims: &Map<String, Value>, policy: &Policy) -> String {
        let names: BTreeSet<&str> = policy.claims_of(&self.entry.name).map(|(claim, _)| claim.claim.as_str()).collect();
        let said = names.into_iter().filter_map(|name| Some(format!("{name} = {}", claims.get(name)?)));
        said.collect::<Vec<_>>().join(", ")
    }
}

/// Whether a claim has a value, or is a list that has it.
fn says(claim: &Value, wanted: &str) -> bool {
    match claim {
        Value::String(value) => value == wanted,
        Value::Array(values) => values.iter().any(|value| value == wanted),
        _ => false,
    }
}

/// Seconds since 1970, of which issuers may write fractions.
fn seconds(value: &Value) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "a fraction of a second is no matter, and a float that is too large saturates")]
    value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))
}
