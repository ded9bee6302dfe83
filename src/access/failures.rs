//! Failed attempts: counted by kind, and limited for each address they come from.

use super::refusal::{Failure, FailureKind};
use governor::clock::DefaultClock;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Failed attempts a second from one address that are answered at once, on average.
const PER_SECOND: NonZeroU32 = NonZeroU32::new(5).expect("not zero");
/// Failed attempts from one address that are answered at once, however fast they come.
const BURST: NonZeroU32 = NonZeroU32::new(50).expect("not zero");
/// How long the answer to a failed attempt beyond that is held back.
const DELAY: Duration = Duration::from_secs(1);

/// The most characters of a reason in the log.
const MAX_WHY: usize = 300;

/// Failed attempts. What succeeds is never held back: it costs an attacker nothing to share an address with somebody else.
pub struct Failures {
    by_address: RateLimiter<IpAddr, HashMapStateStore<IpAddr>, DefaultClock>,
    counts: [AtomicU64; FailureKind::ALL.len()],
}

impl Default for Failures {
    fn default() -> Self {
        let quota = Quota::per_second(PER_SECOND).allow_burst(BURST);
        Self { by_address: RateLimiter::hashmap(quota), counts: [const { AtomicU64::new(0) }; FailureKind::ALL.len()] }
    }
}

impl Failures {
    /// Counts a failed attempt and logs it. Returns how long its answer is to be held back, if its address fails too often.
    pub fn count(&self, failure: &Failure, address: Option<IpAddr>) -> Option<Duration> {
        self.counts[failure.kind as usize].fetch_add(1, Ordering::Relaxed);
        let is_too_often = address.is_some_and(|address| self.by_address.check_key(&network_of(address)).is_err());
        if is_too_often {
            return Some(DELAY);
        }
        let address = address.map(tracing::field::display);
        // Quoted and cut: much of it comes from the caller.
        let why: String = failure.why.chars().take(MAX_WHY).collect();
        tracing::warn!(kind = failure.kind.name(), ?why, address, "a caller was not authenticated");
        None
    }

    /// How many attempts failed, by kind.
    pub fn counts(&self) -> impl Iterator<Item = (FailureKind, u64)> {
        FailureKind::ALL.iter().map(|kind| (*kind, self.counts[*kind as usize].load(Ordering::Relaxed)))
    }

    /// Forgets addresses that have not failed for a while.
    pub fn forget_old(&self) {
        self.by_address.retain_recent();
    }
}

/// Whom an address stands for: of IPv6 its network of 64 bits, which one client has whole.
fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_fails_too_often_waits_and_others_do_not() {
        let failures = Failures::default();
        let failure = Failure::new(FailureKind::UnknownKey, "no such key");
        let [one, neighbour, other]: [IpAddr; 3] =
            ["2001:db8::1", "2001:db8::2", "2001:db9::1"].map(|text| text.parse().expect("an address"));
        let answered = (0..200).filter(|_| failures.count(&failure, Some(one)).is_none()).count();
        assert!((50..60).contains(&answered), "{answered}");
        assert!(failures.count(&failure, Some(neighbour)).is_some(), "it is of the same network");
        assert!(failures.count(&failure, Some(other)).is_none() && failures.count(&failure, None).is_none());
        assert_eq!(failures.counts().find(|(kind, _)| *kind == FailureKind::UnknownKey).map(|(_, count)| count), Some(203));
    }
}
