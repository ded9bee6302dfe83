//! The gate: recognises who calls and whether it may make the call, under the policy of the moment.

use super::caller::Caller;
use super::credential::{CertificateNames, Credential};
use super::failures::Failures;
use super::file::{AccessFile, Fault};
use super::key::PresentedKey;
use super::policy::Policy;
use super::principal::Principal;
use super::refusal::{Failure, FailureKind, Refusal};
use super::rpc::Rpc;
use super::tokens::{Tokens, Verdict};
use crate::clock::Clock;
use crate::domain::calendar::Time;
use arc_swap::ArcSwap;
use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// What a caller presents of itself. No `Debug`: it has secrets.
#[derive(Clone, Copy, Default)]
pub struct Presented<'a> {
    /// The value of the header `authorization`.
    pub authorization: Option<&'a str>,
    /// The names of the client certificate of its connection.
    pub certificate: Option<&'a CertificateNames>,
    /// Where it calls from.
    pub address: Option<IpAddr>,
}

/// Whether a caller gets in.
pub enum Admission {
    /// It is decided.
    Now(Result<Caller, Refusal>),
    /// The caller has failed too often: it is refused after so long, and has to wait.
    Held(Duration, Refusal),
    /// An issuer has to be asked first.
    Later(Pin<Box<dyn Future<Output = Result<Caller, Refusal>> + Send>>),
}

/// Recognises callers. All threads share it.
pub struct Gate {
    policy: ArcSwap<State>,
    generation: watch::Sender<u64>,
    failures: Failures,
    clock: Arc<dyn Clock>,
}

/// The policy of the moment; `None` where nobody is authenticated.
#[derive(Clone)]
pub(super) struct State {
    pub(super) policy: Option<Arc<Policy>>,
    tokens: Arc<Tokens>,
    anonymous: Arc<Principal>,
    pub(super) generation: u64,
}

impl Gate {
    /// A gate that lets everybody in and do everything.
    pub fn open(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self::with(None, Arc::default(), clock))
    }

    /// The gate of an access file.
    ///
    /// # Errors
    /// Everything that is wrong with the file, or the keys of an issuer that are a file.
    pub fn of(file: &AccessFile, clock: Arc<dyn Clock>) -> Result<Arc<Self>, Vec<Fault>> {
        let tokens = Tokens::new(&file.issuers, None)?;
        Ok(Arc::new(Self::with(Some(Arc::new(Policy::new(file, None))), Arc::new(tokens), clock)))
    }

    fn with(policy: Option<Arc<Policy>>, tokens: Arc<Tokens>, clock: Arc<dyn Clock>) -> Self {
        let state = State { policy, tokens, anonymous: Arc::new(Principal::anonymous()), generation: 1 };
        Self { policy: ArcSwap::from_pointee(state), generation: watch::Sender::new(1), failures: Failures::default(), clock }
    }

    /// Takes a policy that was read anew. Callers whose streams last are looked at again.
    ///
    /// # Errors
    /// As for `of`; the policy of before stays.
    pub fn reload(&self, file: &AccessFile) -> Result<(), Vec<Fault>> {
        let before = self.policy.load_full();
        let tokens = Arc::new(Tokens::new(&file.issuers, Some(&before.tokens))?);
        let policy = Policy::new(file, before.policy.as_deref());
        let generation = before.generation + 1;
        self.policy.store(Arc::new(State { policy: Some(Arc::new(policy)), tokens, anonymous: Arc::clone(&before.anonymous), generation }));
        self.generation.send_replace(generation);
        Ok(())
    }

    /// Whether callers are authenticated.
    pub fn authenticates(&self) -> bool {
        self.policy.load().policy.is_some()
    }

    /// The policy of the moment; `None` where nobody is authenticated.
    pub fn policy(&self) -> Option<Arc<Policy>> {
        self.policy.load().policy.clone()
    }

    /// Has callers whose calls last looked at again: something that they are recognised by has changed.
    pub fn look_again(&self) {
        let mut state = State::clone(&self.policy.load());
        state.generation += 1;
        let generation = state.generation;
        self.policy.store(Arc::new(state));
        self.generation.send_replace(generation);
    }

    /// Reads issuers' keys anew, where they are due. Blocks.
    pub fn refresh_keys(&self) {
        self.policy.load_full().tokens.refresh();
        self.failures.forget_old();
    }

    /// Decides whether a caller may make a call.
    pub fn admit(self: &Arc<Self>, rpc: Rpc, presented: Presented<'_>) -> Admission {
        let state = self.policy.load();
        let Some(policy) = &state.policy else {
            return Admission::Now(Ok(Caller::new(self, Arc::clone(&state.anonymous), Credential::Open, state.generation, rpc)));
        };
        match self.recognise(policy, &state.tokens, presented) {
            Recognised::As(credential) => self.decide(self.enter(&state, policy, credential, rpc), presented.address),
            Recognised::Not(failure) => self.decide(Err(failure.into()), presented.address),
            Recognised::AfterAsking(token) => {
                let (gate, state, address) = (Arc::clone(self), Arc::clone(&state), presented.address);
                Admission::Later(Box::pin(async move {
                    let credential = state.tokens.ask_and_verify(&token, gate.clock.now(), state.policy.as_deref()).await;
                    // The policy may have been read anew meanwhile.
                    let state = gate.policy.load_full();
                    let policy = state.policy.as_deref();
                    let entered = credential.map_err(Refusal::from).and_then(|credential| {
                        let policy = policy.ok_or_else(|| Failure::new(FailureKind::Missing, "there is no policy"))?;
                        gate.enter(&state, policy, credential, rpc)
                    });
                    match gate.decide(entered, address) {
                        Admission::Now(outcome) => outcome,
                        Admission::Held(after, refusal) => {
                            tokio::time::sleep(after).await;
                            Err(refusal)
                        }
                        Admission::Later(outcome) => outcome.await,
                    }
                }))
            }
        }
    }

    /// Whether the policy is still that of a generation.
    pub(super) fn is_at(&self, generation: u64) -> bool {
        self.policy.load().generation == generation
    }

    /// The present time.
    pub(super) fn now(&self) -> Time {
        self.clock.now()
    }

    /// How many attempts to be recognised failed, by kind.
    pub fn failures(&self) -> impl Iterator<Item = (FailureKind, u64)> {
        self.failures.counts()
    }

    /// Looks again at a caller whose call lasts: under a policy that was read anew, or later.
    ///
    /// # Errors
    /// If it may make the call no longer.
    pub(super) fn again(self: &Arc<Self>, caller: &Caller) -> Result<Caller, Refusal> {
        let state = self.policy.load();
        match &state.policy {
            None => Ok(Caller::new(self, Arc::clone(&state.anonymous), Credential::Open, state.generation, caller.rpc)),
            Some(policy) => self.enter(&state, policy, caller.credential.clone(), caller.rpc),
        }
    }

    /// The generation of the policy: it rises with each one that is read anew.
    pub(super) fn generation(&self) -> watch::Receiver<u64> {
        self.generation.subscribe()
    }

    /// Returns what a caller that cannot be recognised presents, or its credential.
    fn recognise(&self, policy: &Policy, tokens: &Tokens, presented: Presented<'_>) -> Recognised {
        let Some(authorization) = presented.authorization else {
            let Some(names) = presented.certificate else {
                return Recognised::Not(Failure::new(FailureKind::Missing, "neither a header authorization nor a client certificate"));
            };
            return match policy.certificate(names.iter()) {
                Some((name, _)) => Recognised::As(Credential::Certificate { name: name.to_owned(), trust: names.trust.clone() }),
                None => Recognised::Not(Failure::new(
                    FailureKind::UnknownCertificate,
                    format!("no principal has a name of {:?}", names.iter().collect::<Vec<_>>()),
                )),
            };
        };
        let scheme_and_credential = authorization.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let Some((_, credential)) = scheme_and_credential else {
            return Recognised::Not(Failure::new(FailureKind::Malformed, "the header authorization is not of the scheme Bearer"));
        };
        let credential = credential.trim();
        if let Some(key) = PresentedKey::of(credential) {
            return key_of(policy, key);
        }
        match tokens.verify(credential, self.clock.now(), policy) {
            Verdict::Good(credential) => Recognised::As(credential),
            Verdict::Bad(failure) => Recognised::Not(failure),
            Verdict::NeedsKeys => Recognised::AfterAsking(credential.to_owned()),
        }
    }

    fn enter(self: &Arc<Self>, state: &State, policy: &Policy, credential: Credential, rpc: Rpc) -> Result<Caller, Refusal> {
        let principal = credential.principal(policy, self.clock.now())?;
        if !principal.roles.intersects(rpc.roles()) {
            tracing::debug!(principal = %principal.name, rpc = rpc.name(), "refused: its roles do not make this call");
            let principal = Arc::clone(&principal.name);
            return Err(Refusal::Role { rpc, principal, credential: Box::new(credential) });
        }
        Ok(Caller::new(self, Arc::clone(principal), credential, state.generation, rpc))
    }

    /// Counts a failed attempt; whoever fails too often waits for the answer.
    fn decide(&self, outcome: Result<Caller, Refusal>, address: Option<IpAddr>) -> Admission {
        match outcome {
            Err(Refusal::Unauthenticated(failure)) => match self.failures.count(&failure, address) {
                None => Admission::Now(Err(failure.into())),
                Some(retry_after) => Admission::Held(retry_after, Refusal::TooManyFailures { retry_after }),
            },
            outcome => Admission::Now(outcome),
        }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("authenticates", &self.authenticates()).finish_non_exhaustive()
    }
}

/// What a caller presents.
enum Recognised {
    As(Credential),
    Not(Failure),
    /// A token whose issuer has to be asked for its keys.
    AfterAsking(String),
}

fn key_of(policy: &Policy, key: PresentedKey<'_>) -> Recognised {
    match policy.key(key.id) {
        Some(known) if key.is(known.hash) => Recognised::As(Credential::Key { id: key.id.to_owned(), hash: known.hash }),
        // The caller is told the same of both.
        Some(known) => Recognised::Not(Failure::new(
            FailureKind::UnknownKey,
            format!("a wrong secret for the key {} of {}", key.id, known.principal.name),
        )),
        None => Recognised::Not(Failure::new(FailureKind::UnknownKey, format!("no principal has the key {}", key.id))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::NewKey;
    use super::*;
    use crate::clock::ManualClock;
    use proptest::prelude::*;

    fn gate(key: &NewKey, not_after: &str, clock: Arc<dyn Clock>) -> Arc<Gate> {
        let text = format!(
            "[[issuer]]\nname = \"id\"\nissuer = \"https://id\"\naudience = \"ledger\"\nkeys = \"https://id/jwks\"\n\
             [[principal]]\nname = \"one\"\nroles = [\"auditor\"]\n\
             [[principal.key]]\nid = \"{}\"\nsha256 = \"{}\"\nnot_after = {not_after}\n",
            key.id, key.hash
        );
        Gate::of(&AccessFile::read(&text).expect("a good file"), clock).expect("a gate")
    }

    fn admitted(gate: &Arc<Gate>, authorization: &str) -> Result<Caller, Refusal> {
        match gate.admit(Rpc::WhoAmI, Presented { authorization: Some(authorization), ..Presented::default() }) {
            Admission::Now(outcome) => outcome,
            _ => panic!("nobody has to be asked, or to wait"),
        }
    }

    #[test]
    fn a_key_is_good_until_it_expires() {
        let (key, clock) = (NewKey::make().expect("random numbers"), Arc::new(ManualClock::new(time("2026-12-31T23:59:59Z"))));
        let gate = gate(&key, "2027-01-01T00:00:00Z", Arc::clone(&clock) as Arc<dyn Clock>);
        let authorization = format!("Bearer {}", key.key);
        let mut caller = admitted(&gate, &authorization).expect("it is good");
        caller.check().expect("it still is");
        clock.set(time("2027-01-01T00:00:00Z"));
        let expired = |refusal| matches!(refusal, Refusal::Unauthenticated(Failure { kind: FailureKind::ExpiredKey, .. }));
        assert!(expired(admitted(&gate, &authorization).expect_err("it has expired")));
        assert!(expired(caller.check().expect_err("its call may not go on")));
    }

    fn time(text: &str) -> Time {
        chrono::DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
    }

    proptest! {
        /// Nothing but the key gets in, however near it comes, and nothing is too strange to be refused.
        #[test]
        fn nothing_but_the_key_gets_in(text in "\\PC{0,120}", near in "plk_[a-f0-9]{0,13}_?[a-f0-9]{0,70}", token in "[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){0,4}", place in 0_usize..80) {
            let key = NewKey::make().expect("random numbers");
            let gate = gate(&key, "2999-01-01T00:00:00Z", Arc::new(crate::clock::SystemClock));
            let mut changed = key.key.clone().into_bytes();
            let place = place.min(changed.len() - 1);
            changed[place] = if changed[place] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).expect("ASCII");
            for credential in [&text, &near, &token, &changed] {
                let authorization = format!("Bearer {credential}");
                prop_assert!(admitted(&gate, &authorization).is_err(), "{}", credential);
                prop_assert!(admitted(&gate, credential).is_err());
            }
            let good = format!("Bearer {}", key.key);
            prop_assert!(admitted(&gate, &good).is_ok());
        }
    }
}
