//! Who may do what: principals by API keys, tokens and certificates, their roles, scopes and limits.
//!
//! The way of a call: `gate` recognises the caller (`key`, `tokens`, `credential`) under the `policy` that `file` was read as,
//! compares its roles with the table in `rpc`, and makes a `caller` of it, which goes with the call. The writer asks its
//! `scope`. Nothing here knows gRPC.

mod caller;
mod credential;
mod event_types;
mod failures;
mod file;
mod gate;
mod key;
mod limits;
mod policy;
mod principal;
mod published;
mod refusal;
mod role;
mod rpc;
mod scope;
mod tokens;

pub use caller::Caller;
pub use credential::{CertificateNames, Credential, Trust};
pub use event_types::EventTypes;
pub use file::{AccessFile, Fault, IssuerEntry, KeyEntry, PrincipalEntry};
pub use gate::{Admission, Gate, Presented};
pub use key::{KeyHash, NewKey};
pub use limits::{Exceeded, LEAST_BURST_EVENTS, Limits, Place};
pub use policy::Policy;
pub use principal::{ANONYMOUS, Principal, Scope};
pub use published::agent as https_agent;
pub use refusal::{Failure, FailureKind, Refusal};
pub use role::Roles;
pub use rpc::Rpc;
