//! A budget for the memory of all that is on its way in and out: requests that arrive, answers that clients have not taken.
//!
//! All connections share it, and each may hold a quarter of what is free at most (a dynamic threshold, as in switches whose
//! ports share one buffer). Of `n` connections that never give anything back each comes to `1 / (4 + n)` of the budget, and
//! the next one still finds nearly as much. What waits for a client that takes nothing is given up after a while, if others
//! are short of room.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// A connection may hold one part in so many of what is free.
const SHARE: usize = 4;
/// How often at most it is looked for what can be given up.
const LOOKS: Duration = Duration::from_millis(100);

/// The budget. Clones are handles of the same one.
#[derive(Clone, Debug)]
pub struct Memory(Arc<Shared>);

struct Shared {
    most: usize,
    held: AtomicUsize,
    stall_timeout: Duration,
    retry_after: Duration,
    stalling: Mutex<HashMap<u64, Weak<dyn Stalling>>>,
    next_number: AtomicU64,
    looked: Mutex<Instant>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Memory").field("most", &self.most).field("held", &self.held).finish_non_exhaustive()
    }
}

/// What holds memory until a client takes it.
pub trait Stalling: Send + Sync {
    /// Gives up what it holds if the client has taken nothing of it since a time.
    fn give_up_unless_taken_since(&self, time: Instant);
}

/// Takes what stalls off the list when it is dropped.
#[derive(Debug)]
pub struct Registration {
    memory: Memory,
    number: u64,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.memory.0.stalling.lock().remove(&self.number);
    }
}

impl Memory {
    /// A budget of so many bytes. What a client takes nothing of for `stall_timeout` may be given up; those who are refused
    /// are told to wait for `retry_after`.
    pub fn new(bytes: usize, stall_timeout: Duration, retry_after: Duration) -> Self {
        Self(Arc::new(Shared {
            most: bytes,
            held: AtomicUsize::new(0),
            stall_timeout,
            retry_after,
            stalling: Mutex::default(),
            next_number: AtomicU64::new(0),
            looked: Mutex::new(Instant::now()),
        }))
    }

    /// Bytes that are held now, by all connections.
    pub fn held(&self) -> usize {
        self.0.held.load(Ordering::Relaxed)
    }

    /// How long nothing need be taken of an answer until it may be given up.
    pub fn stall_timeout(&self) -> Duration {
        self.0.stall_timeout
    }

    /// How long a caller refused for lack of room is told to wait.
    pub fn retry_after(&self) -> Duration {
        self.0.retry_after
    }

    /// An account for a connection, which holds nothing yet.
    pub fn account(&self) -> Account {
        Account(Arc::new(Inner { memory: self.clone(), held: AtomicUsize::new(0) }))
    }

    /// Puts something on the list of what may be given up.
    pub fn register(&self, stalling: Weak<dyn Stalling>) -> Registration {
        let number = self.0.next_number.fetch_add(1, Ordering::Relaxed);
        self.0.stalling.lock().insert(number, stalling);
        Registration { memory: self.clone(), number }
    }

    /// Gives up what clients have taken nothing of for too long.
    fn make_room(&self) {
        let now = Instant::now();
        {
            let Some(mut looked) = self.0.looked.try_lock() else { return };
            if now.duration_since(*looked) < LOOKS {
                return;
            }
            *looked = now;
        }
        let Some(time) = now.checked_sub(self.0.stall_timeout) else { return };
        // Given up without the list's lock, which registrations that end then need.
        let stalling: Vec<_> = self.0.stalling.lock().values().filter_map(Weak::upgrade).collect();
        stalling.iter().for_each(|stalling| stalling.give_up_unless_taken_since(time));
    }
}

/// What a connection holds of the budget. Clones are handles of the same one.
#[derive(Clone, Debug)]
pub struct Account(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    memory: Memory,
    held: AtomicUsize,
}

impl Account {
    /// The budget that it is of.
    pub fn memory(&self) -> &Memory {
        &self.0.memory
    }

    /// Bytes that the connection holds now.
    pub fn held(&self) -> usize {
        self.0.held.load(Ordering::Relaxed)
    }

    /// Takes room for so many bytes; `None` if the connection holds too much already.
    pub fn try_take(&self, bytes: usize) -> Option<Held> {
        let mut held = Held { account: self.clone(), bytes: 0 };
        held.try_grow(bytes).then_some(held)
    }

    /// Takes room for so many bytes, whatever the connection holds: for what is there already.
    pub fn take(&self, bytes: usize) -> Held {
        let mut held = Held { account: self.clone(), bytes: 0 };
        held.grow(bytes);
        held
    }

    /// Whether there is room for so many bytes now.
    pub fn has_room(&self, bytes: usize) -> bool {
        self.try_take(bytes).is_some()
    }
}

/// Room for so many bytes, given back when it is dropped.
#[derive(Debug)]
pub struct Held {
    account: Account,
    bytes: usize,
}

impl Held {
    /// For how many bytes it is.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes room for more bytes; false, and nothing is taken, if the connection holds too much already.
    pub fn try_grow(&mut self, bytes: usize) -> bool {
        let Inner { memory, held } = &*self.account.0;
        let own = held.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let others_and_own = memory.0.held.fetch_add(bytes, Ordering::Relaxed);
        let free = memory.0.most.saturating_sub(others_and_own);
        if own <= free / SHARE {
            self.bytes += bytes;
            return true;
        }
        held.fetch_sub(bytes, Ordering::Relaxed);
        memory.0.held.fetch_sub(bytes, Ordering::Relaxed);
        memory.make_room();
        false
    }

    /// Takes room for more bytes, whatever the connection holds.
    pub fn grow(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.account.0.held.fetch_add(bytes, Ordering::Relaxed);
        self.account.0.memory.0.held.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Gives back so many of its bytes, at most all.
    pub fn give_back(&mut self, bytes: usize) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        self.account.0.held.fetch_sub(bytes, Ordering::Relaxed);
        self.account.0.memory.0.held.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Splits off so many of its bytes, at most all.
    #[must_use]
    pub fn split_off(&mut self, bytes: usize) -> Self {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Self { account: self.account.clone(), bytes }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    const BUDGET: usize = 100_000;

    fn memory(stall_timeout: Duration) -> Memory {
        Memory::new(BUDGET, stall_timeout, Duration::from_millis(7))
    }

    /// Takes as much as there is room for, in small pieces.
    fn greedy(account: &Account) -> Vec<Held> {
        std::iter::from_fn(|| account.try_take(100)).collect()
    }

    #[test]
    fn whoever_takes_all_that_there_is_leaves_as_much_to_the_next() {
        let memory = memory(Duration::from_secs(30));
        let accounts: Vec<_> = (0..16).map(|_| memory.account()).collect();
        // They take turns until none gets any more.
        let mut held = Vec::new();
        loop {
            let before = held.len();
            accounts.iter().for_each(|account| held.extend(account.try_take(100)));
            if held.len() == before {
                break;
            }
        }
        for account in &accounts {
            assert!((4_500..=5_100).contains(&account.held()), "{} of {BUDGET}, a twentieth is 5 000", account.held());
        }
        let newcomer = memory.account();
        let theirs = greedy(&newcomer);
        assert!(newcomer.held() >= 4_000, "a newcomer gets {}", newcomer.held());
        drop((held, theirs));
        assert_eq!((memory.held(), newcomer.held()), (0, 0));
    }

    #[test]
    fn room_is_split_grown_and_given_back_to_the_byte() {
        let memory = memory(Duration::from_secs(30));
        let account = memory.account();
        let mut held = account.try_take(1_000).expect("room");
        assert!(held.try_grow(500) && !held.try_grow(BUDGET));
        let part = held.split_off(600);
        assert_eq!((held.bytes(), part.bytes(), account.held()), (900, 600, 1_500));
        held.give_back(5_000);
        assert_eq!((held.bytes(), memory.held()), (0, 600));
        drop(part);
        // What is there already counts, however much it is.
        let forced = account.take(2 * BUDGET);
        assert!(!account.has_room(1) && memory.account().try_take(1).is_none());
        drop(forced);
        assert!(account.has_room(1));
    }

    struct Stuck(AtomicBool);

    impl Stalling for Stuck {
        fn give_up_unless_taken_since(&self, _: Instant) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_stalls_is_given_up_only_when_others_are_short_of_room() {
        let memory = memory(Duration::ZERO);
        let stuck = Arc::new(Stuck(AtomicBool::new(false)));
        let as_stalling: Arc<dyn Stalling> = Arc::<Stuck>::clone(&stuck);
        let registration = memory.register(Arc::downgrade(&as_stalling));
        let account = memory.account();
        std::thread::sleep(2 * LOOKS);
        assert!(account.has_room(1) && !stuck.0.load(Ordering::Relaxed));
        assert!(!account.has_room(BUDGET) && stuck.0.load(Ordering::Relaxed));
        drop(registration);
        assert!(memory.0.stalling.lock().is_empty());
    }
}
