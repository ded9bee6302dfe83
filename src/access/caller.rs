//! A caller that was let in: who it is, for one call. It is in the extensions of the call's request.

use super::credential::Credential;
use super::gate::Gate;
use super::limits::{Exceeded, Place};
use super::principal::{Ids, Principal, Scope};
use super::refusal::Refusal;
use super::rpc::Rpc;
use crate::domain::calendar::Time;
use crate::ledger::Permit;
use crate::proto;
use std::borrow::Cow;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// A caller that was let in.
#[derive(Clone, Debug)]
pub struct Caller {
    gate: Arc<Gate>,
    /// Who it is.
    pub principal: Arc<Principal>,
    /// How it was recognised.
    pub credential: Credential,
    /// The call that it makes.
    pub rpc: Rpc,
    generation: u64,
}

impl Caller {
    pub(super) fn new(gate: &Arc<Gate>, principal: Arc<Principal>, credential: Credential, generation: u64, rpc: Rpc) -> Self {
        Self { gate: Arc::clone(gate), principal, credential, rpc, generation }
    }

    /// Somebody where nobody is authenticated.
    #[cfg(test)]
    pub fn anonymous() -> Self {
        let gate = Gate::open(Arc::new(crate::clock::SystemClock));
        match gate.admit(Rpc::WhoAmI, super::Presented::default()) {
            super::Admission::Now(Ok(caller)) => caller,
            _ => unreachable!("an open gate lets everybody in"),
        }
    }

    /// Who its records are recorded by.
    pub fn name(&self) -> Arc<str> {
        Arc::clone(&self.principal.name)
    }

    /// What its events are checked for; `None` if it may append everything.
    pub fn permit(&self) -> Option<Arc<dyn Permit>> {
        self.principal.permit.clone()
    }

    /// Takes events out of what its principal may append.
    ///
    /// # Errors
    /// Which of its limits is reached.
    pub fn spend(&self, events: usize, bytes: usize) -> Result<(), Exceeded> {
        self.principal.limiter.spend(events, bytes)
    }

    /// Takes a place among the streams of its principal, or among its subscriptions, if the call is one.
    ///
    /// # Errors
    /// If there are as many as it may have.
    pub fn stream(&self) -> Result<Option<Place>, Exceeded> {
        match self.rpc {
            Rpc::Subscribe => self.principal.limiter.subscription().map(Some),
            rpc if rpc.is_stream() => self.principal.limiter.stream().map(Some),
            _ => Ok(None),
        }
    }

    /// Looks again whether the call may go on: under the policy of now, and at the time of now.
    ///
    /// # Errors
    /// If it may not.
    pub fn check(&mut self) -> Result<(), Refusal> {
        *self = self.gate.again(self)?;
        Ok(())
    }

    /// Looks again whether the call may go on, if the policy was read anew since the last look.
    ///
    /// # Errors
    /// If it may not.
    pub fn refresh(&mut self) -> Result<(), Refusal> {
        if self.gate.is_at(self.generation) { Ok(()) } else { self.check() }
    }

    /// The caller under the policy of now: itself, or looked at again if that was read anew since the last look.
    ///
    /// # Errors
    /// If the call may not go on.
    pub fn at_present(&self) -> Result<Cow<'_, Self>, Refusal> {
        if self.gate.is_at(self.generation) { Ok(Cow::Borrowed(self)) } else { self.gate.again(self).map(Cow::Owned) }
    }

    /// Waits until the call may go on no longer, because the policy was read anew or the credential expired.
    pub async fn revoked(mut self) -> Refusal {
        let mut generations = self.gate.generation();
        loop {
            let left = self.expires_at().map(|expires_at| (expires_at - self.gate.now()).to_std().unwrap_or_default());
            let seen = self.generation;
            tokio::select! {
                // The gate that this caller holds has the sending end.
                _ = generations.wait_for(|generation| *generation != seen) => {}
                () = expiry(left) => {}
            }
            let before = Arc::clone(&self.principal);
            if let Err(refusal) = self.check() {
                return refusal;
            }
            // What it has asked for was decided by what it saw then.
            let now = &self.principal;
            if before.partner != now.partner || before.sees_only_own_records() != now.sees_only_own_records() {
                return Refusal::Role { rpc: self.rpc, principal: self.name(), credential: Box::new(self.credential.clone()) };
            }
        }
    }

    /// When its credential expires.
    pub fn expires_at(&self) -> Option<Time> {
        self.credential.expires_at(&*self.gate.policy()?)
    }

    /// Who it is and what it may do, as the contract has it.
    pub fn describe(&self) -> proto::WhoAmIResponse {
        let Principal { name, roles, event_types, scope, partner, limits, .. } = &*self.principal;
        let number = |number: Option<NonZeroU32>| number.map_or(0, NonZeroU32::get);
        let ids = |ids: &Ids| ids.iter().map(ToString::to_string).collect();
        let scope = scope
            .as_deref()
            .map(|Scope { partners, agreements }| proto::CallerScope { partner_ids: ids(partners), agreement_ids: ids(agreements) });
        let has_limits = *limits != super::Limits::default();
        proto::WhoAmIResponse {
            principal: name.to_string(),
            authentication: self.credential.kind().into(),
            key_id: self.credential.key_id().unwrap_or_default().to_owned(),
            roles: roles.to_contract().into_iter().map(Into::into).collect(),
            event_types: event_types.names().map(str::to_owned).collect(),
            scope,
            partner_id: partner.as_ref().map(ToString::to_string).unwrap_or_default(),
            limits: has_limits.then(|| proto::CallerLimits {
                events_per_second: number(limits.events_per_second),
                bytes_per_second: number(limits.bytes_per_second).into(),
                burst_events: number(limits.burst_events),
                streams: number(limits.streams),
                subscriptions: number(limits.subscriptions),
            }),
            expires_at: self.expires_at().map(|time| prost_types::Timestamp {
                seconds: time.timestamp(),
                nanos: time.timestamp_subsec_nanos().try_into().unwrap_or_default(),
            }),
        }
    }
}

/// Waits so long; for ever, if there is no end.
async fn expiry(left: Option<Duration>) {
    match left {
        Some(left) => tokio::time::sleep(left).await,
        None => std::future::pending().await,
    }
}
