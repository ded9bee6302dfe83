//! Why a caller does not get in, or not further: what it is told, and what the log says beside it.

use super::credential::Credential;
use super::limits::Exceeded;
use super::rpc::Rpc;
use crate::domain::ids::Id;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Why a caller is refused.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// It is not known who calls.
    Unauthenticated(Failure),
    /// It is known, and may not make this call.
    Role {
        /// The call.
        rpc: Rpc,
        /// Who it is.
        principal: Arc<str>,
        /// How it was recognised.
        credential: Box<Credential>,
    },
    /// It sees one partner's business alone, and the ledger does not know that partner.
    UnknownPartner {
        /// The partner.
        partner: Id,
    },
    /// It reads back what it has recorded, by event ids, and asked in another way.
    OwnRecordsAlone,
    /// It asks for more than it may.
    RateLimited(Exceeded),
    /// Too many attempts from its address failed.
    TooManyFailures {
        /// When to try again.
        retry_after: Duration,
    },
}

/// Why a credential does not say who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind, by which it is counted.
    pub kind: FailureKind,
    /// What only the log says: names of the policy, and what was found instead.
    pub why: String,
}

macro_rules! failure_kinds {
    ($($kind:ident $name:literal $told:literal;)*) => {
        /// The kinds of failed authentication.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs)]
        pub enum FailureKind { $($kind),* }

        impl FailureKind {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// Its name in metadata, logs and metrics.
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => $name),* }
            }

            /// What the caller is told.
            pub fn told(self) -> &'static str {
                match self { $(Self::$kind => $told),* }
            }
        }
    };
}

failure_kinds! {
    Missing "missing" "a credential is needed: an API key or a token as `authorization: Bearer …`, or a client certificate";
    Malformed "malformed" "the credential is neither an API key (plk_…) nor a token (JWT); send it as `authorization: Bearer …`";
    UnknownKey "unknown_key" "the API key is not known: it may have been removed; ask for another one";
    ExpiredKey "expired_key" "the API key has expired; ask for another one";
    Algorithm "algorithm" "the token must be signed with an asymmetric algorithm, such as RS256, ES256 or EdDSA";
    Issuer "issuer" "the token is of an issuer that is not trusted here";
    Audience "audience" "the token is for another audience; ask its issuer for one for this ledger";
    Signature "signature" "the token's signature is not that of its issuer";
    ExpiredToken "expired_token" "the token has expired; get a new one";
    NotYetValid "not_yet_valid" "the token is not valid yet; compare the clocks";
    TokenClaims "token_claims" "the token lacks what every token must say: iss, aud and exp";
    UnknownSigningKey "unknown_signing_key" "the token is signed with a key that its issuer does not publish";
    NoKeys "no_keys" "the issuer's keys cannot be had at the moment; try again later";
    UnknownToken "unknown_token" "the token is good, but nobody here goes by its claims; ask for access";
    RevokedCertificate "revoked_certificate" "the certificate was revoked or has expired, or its CA is trusted no longer";
    UnknownCertificate "unknown_certificate" "the certificate is good, but nobody here goes by its names; ask for access";
}

impl Failure {
    /// A failure of a kind, with what the log says beside it.
    pub fn new(kind: FailureKind, why: impl Into<String>) -> Self {
        Self { kind, why: why.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.why)
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Unauthenticated(failure)
    }
}
