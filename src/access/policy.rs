//! The policy of an access file: who is known by what.

use super::file::{AccessFile, ClaimEntry, IssuerEntry};
use super::key::KeyHash;
use super::limits::Limiter;
use super::principal::Principal;
use super::scope::EventScope;
use crate::domain::calendar::Time;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Who is known by what. It never changes: an access file that is read anew makes another.
#[derive(Debug, Default)]
pub struct Policy {
    principals: BTreeMap<Arc<str>, Arc<Principal>>,
    keys: BTreeMap<String, KnownKey>,
    claims: BTreeMap<ClaimEntry, Arc<Principal>>,
    certificates: BTreeMap<String, Arc<Principal>>,
    issuers: BTreeMap<String, Arc<IssuerEntry>>,
}

/// An API key of the policy.
#[derive(Clone, Debug)]
pub struct KnownKey {
    /// What it is checked by.
    pub hash: KeyHash,
    /// When it expires.
    pub not_after: Option<Time>,
    /// Whose it is.
    pub principal: Arc<Principal>,
}

impl Policy {
    /// The policy of a file. A principal whose limits stay as they are keeps what it has used of them.
    pub fn new(file: &AccessFile, before: Option<&Self>) -> Self {
        let issuers = file.issuers.iter().map(|issuer| (issuer.name.clone(), Arc::new(issuer.clone()))).collect();
        let mut policy = Self { issuers, ..Self::default() };
        for entry in &file.principals {
            let name: Arc<str> = entry.name.as_str().into();
            let same = before.and_then(|before| before.principals.get(&name)).filter(|before| before.limits == entry.limits);
            let scope = entry.scope.clone().map(Arc::new);
            let principal = Arc::new(Principal {
                name: Arc::clone(&name),
                roles: entry.roles,
                event_types: entry.event_types,
                permit: EventScope::permit(entry.event_types, scope.as_ref()),
                scope,
                partner: entry.partner.clone(),
                limits: entry.limits,
                limiter: same.map_or_else(|| Arc::new(Limiter::new(entry.limits)), |before| Arc::clone(&before.limiter)),
            });
            for key in &entry.keys {
                let known = KnownKey { hash: key.hash, not_after: key.not_after, principal: Arc::clone(&principal) };
                policy.keys.insert(key.id.clone(), known);
            }
            policy.claims.extend(entry.claims.iter().map(|claim| (claim.clone(), Arc::clone(&principal))));
            policy.certificates.extend(entry.certificates.iter().map(|san| (san.clone(), Arc::clone(&principal))));
            policy.principals.insert(name, principal);
        }
        policy
    }

    /// The key of an id.
    pub fn key(&self, id: &str) -> Option<&KnownKey> {
        self.keys.get(id)
    }

    /// The issuer of a name.
    pub fn issuer(&self, name: &str) -> Option<&Arc<IssuerEntry>> {
        self.issuers.get(name)
    }

    /// The principal of a name.
    pub fn principal(&self, name: &str) -> Option<&Arc<Principal>> {
        self.principals.get(name)
    }

    /// All principals, by name.
    pub fn principals(&self) -> impl Iterator<Item = &Arc<Principal>> {
        self.principals.values()
    }

    /// The principal of a claim.
    pub fn claim(&self, claim: &ClaimEntry) -> Option<&Arc<Principal>> {
        self.claims.get(claim)
    }

    /// The claims of an issuer's tokens that principals are known by.
    pub fn claims_of<'a>(&'a self, issuer: &'a str) -> impl Iterator<Item = (&'a ClaimEntry, &'a Arc<Principal>)> {
        self.claims.iter().filter(move |(claim, _)| claim.issuer == issuer)
    }

    /// The principal that a certificate's names are of: the first that is known. URIs come first, then DNS names.
    pub fn certificate<'a>(&self, names: impl Iterator<Item = &'a str>) -> Option<(&'a str, &Arc<Principal>)> {
        let mut names = names;
        names.find_map(|name| self.certificates.get(name).map(|principal| (name, principal)))
    }
}
