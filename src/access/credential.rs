//! Credentials: how a caller was recognised, and whether that still holds under a policy that was read anew.

use super::file::{ClaimEntry, IssuerEntry};
use super::key::KeyHash;
use super::policy::Policy;
use super::principal::Principal;
use super::refusal::{Failure, FailureKind};
use crate::domain::calendar::Time;
use crate::proto::Authentication;
use std::fmt;
use std::sync::Arc;

/// A client certificate that was checked when its connection began: the names by which it may be known, and whether it is still
/// good.
#[derive(Clone, Debug, Default)]
pub struct CertificateNames {
    /// Its URIs, in its order.
    pub uris: Vec<String>,
    /// Its DNS names, in its order.
    pub dns_names: Vec<String>,
    /// What it is checked by again.
    pub trust: Option<Arc<dyn Trust>>,
}

/// Checks a client certificate again, as it may have been revoked, or have expired, since its connection began.
pub trait Trust: fmt::Debug + Send + Sync {
    /// Whether it is still good.
    ///
    /// # Errors
    /// Why it is not.
    fn check(&self, now: Time) -> Result<(), String>;

    /// When it expires.
    fn not_after(&self) -> Time;
}

impl CertificateNames {
    /// The names in the order in which they are looked up.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        // A DNS name that is written like a URI is none, and the other way round.
        let uris = self.uris.iter().filter(|name| name.contains(':'));
        uris.chain(self.dns_names.iter().filter(|name| !name.contains(':'))).map(String::as_str)
    }
}

/// How a caller was recognised.
#[derive(Clone, Debug)]
pub enum Credential {
    /// Not at all: nobody is authenticated.
    Open,
    /// By an API key.
    Key {
        /// The key's id.
        id: String,
        /// What it was checked by.
        hash: KeyHash,
    },
    /// By a token.
    Token {
        /// The claim that it is known by.
        claim: ClaimEntry,
        /// When it expires.
        expires_at: Time,
        /// Who issued it, as the access file had it then.
        issuer: Arc<IssuerEntry>,
    },
    /// By a client certificate.
    Certificate {
        /// The name that it is known by.
        name: String,
        /// What it is checked by again.
        trust: Option<Arc<dyn Trust>>,
    },
}

impl Credential {
    /// As the contract has it.
    pub fn kind(&self) -> Authentication {
        match self {
            Self::Open => Authentication::None,
            Self::Key { .. } => Authentication::ApiKey,
            Self::Token { .. } => Authentication::Token,
            Self::Certificate { .. } => Authentication::Certificate,
        }
    }

    /// The id of the key, if it is one.
    pub fn key_id(&self) -> Option<&str> {
        if let Self::Key { id, .. } = self { Some(id) } else { None }
    }

    /// When it expires, under a policy.
    pub fn expires_at(&self, policy: &Policy) -> Option<Time> {
        match self {
            Self::Open => None,
            Self::Certificate { trust, .. } => trust.as_ref().map(|trust| trust.not_after()),
            Self::Key { id, .. } => policy.key(id)?.not_after,
            Self::Token { expires_at, .. } => Some(*expires_at),
        }
    }

    /// Whose it is under a policy, at a time. What it was recognised by is not checked again.
    ///
    /// # Errors
    /// If the policy knows it no longer, or it has expired.
    pub fn principal<'a>(&self, policy: &'a Policy, now: Time) -> Result<&'a Arc<Principal>, Failure> {
        let gone = |kind, why: String| Failure::new(kind, why);
        match self {
            Self::Open => Err(gone(FailureKind::Missing, "callers are authenticated now".to_owned())),
            Self::Key { id, hash } => {
                let known = policy.key(id).filter(|known| known.hash == *hash);
                let known = known.ok_or_else(|| gone(FailureKind::UnknownKey, format!("no principal has the key {id}")))?;
                match known.not_after {
                    Some(not_after) if not_after <= now => {
                        Err(gone(FailureKind::ExpiredKey, format!("the key {id} of {} expired at {not_after}", known.principal.name)))
                    }
                    _ => Ok(&known.principal),
                }
            }
            Self::Token { claim, expires_at, .. } if *expires_at <= now => {
                Err(gone(FailureKind::ExpiredToken, format!("the token with {claim} expired at {expires_at}")))
            }
            Self::Token { claim, issuer, .. } if policy.issuer(&claim.issuer) != Some(issuer) => {
                Err(gone(FailureKind::Issuer, format!("the issuer {} is another one now", claim.issuer)))
            }
            Self::Token { claim, .. } => {
                policy.claim(claim).ok_or_else(|| gone(FailureKind::UnknownToken, format!("no principal has the claim {claim}")))
            }
            Self::Certificate { name, trust } => {
                if let Some(Err(why)) = trust.as_ref().map(|trust| trust.check(now)) {
                    return Err(gone(FailureKind::RevokedCertificate, format!("the certificate of {name}: {why}")));
                }
                let known = policy.certificate(std::iter::once(name.as_str()));
                let unknown = || gone(FailureKind::UnknownCertificate, format!("no principal has the certificate name {name}"));
                known.map(|(_, principal)| principal).ok_or_else(unknown)
            }
        }
    }
}
