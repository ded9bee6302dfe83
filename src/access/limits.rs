//! How much a principal may ask for: events and bytes a second by a token bucket, streams and subscriptions by counting.

use governor::clock::{Clock as _, DefaultClock};
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Events of the largest request: a burst must have room for it.
pub const LEAST_BURST_EVENTS: u32 = 8_189;
/// Bytes are counted by the KiB, so that a bucket's 32 bits suffice.
const BYTES_PER_UNIT: usize = 1 << 10;
/// KiB of the largest request: a burst must have room for it.
const LEAST_BURST_UNITS: u32 = 4 << 10;
/// How long a stream is told to wait for another to end.
const STREAM_RETRY: Duration = Duration::from_secs(1);

/// How much a principal may ask for. `None`: no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Events a second, on average.
    pub events_per_second: Option<NonZeroU32>,
    /// Bytes of events a second, on average.
    pub bytes_per_second: Option<NonZeroU32>,
    /// Events at once, at least `LEAST_BURST_EVENTS`; that many if it is not said.
    pub burst_events: Option<NonZeroU32>,
    /// Streams at a time: of appends, records and backups.
    pub streams: Option<NonZeroU32>,
    /// Subscriptions at a time.
    pub subscriptions: Option<NonZeroU32>,
}

/// A limit is reached: which, and when to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// The limit, as the access file has it.
    pub limit: &'static str,
    /// What it is set to.
    pub most: u64,
    /// After how long as much as was asked for is within it.
    pub retry_after: Duration,
}

type Bucket = RateLimiter<NotKeyed, InMemoryState, DefaultClock>;

/// What a principal has used of its limits. All its calls share it.
#[derive(Debug, Default)]
pub struct Limiter {
    events: Option<(Bucket, u64)>,
    units: Option<(Bucket, u64)>,
    streams: Slots,
    subscriptions: Slots,
}

impl Limiter {
    /// The limiter of limits, with nothing used.
    pub fn new(limits: Limits) -> Self {
        let most = |most: Option<NonZeroU32>| Slots { most: most.map_or(u32::MAX, NonZeroU32::get), taken: Arc::default() };
        Self {
            events: limits.events_per_second.map(|rate| {
                let burst = limits.burst_events.map_or(LEAST_BURST_EVENTS, NonZeroU32::get).max(LEAST_BURST_EVENTS).max(rate.get());
                (bucket(rate, burst), rate.get().into())
            }),
            units: limits.bytes_per_second.map(|rate| {
                let units = rate.get().div_ceil(1 << 10);
                (bucket(NonZeroU32::new(units).unwrap_or(NonZeroU32::MIN), units.max(LEAST_BURST_UNITS)), rate.get().into())
            }),
            streams: most(limits.streams),
            subscriptions: most(limits.subscriptions),
        }
    }

    /// Takes so many events of so many bytes out of the buckets, if they have them.
    ///
    /// # Errors
    /// Which limit is reached. What one bucket gave is not given back: the caller has to wait for the other anyway.
    pub fn spend(&self, events: usize, bytes: usize) -> Result<(), Exceeded> {
        if let Some((bucket, most)) = &self.events {
            take(bucket, events, "events_per_second", *most)?;
        }
        if let Some((bucket, most)) = &self.units {
            take(bucket, bytes.div_ceil(BYTES_PER_UNIT), "bytes_per_second", *most)?;
        }
        Ok(())
    }

    /// Takes a place among the principal's streams.
    ///
    /// # Errors
    /// If it has as many as it may.
    pub fn stream(&self) -> Result<Place, Exceeded> {
        self.streams.take("streams")
    }

    /// Takes a place among the principal's subscriptions.
    ///
    /// # Errors
    /// If it has as many as it may.
    pub fn subscription(&self) -> Result<Place, Exceeded> {
        self.subscriptions.take("subscriptions")
    }
}

fn bucket(rate: NonZeroU32, burst: u32) -> Bucket {
    RateLimiter::direct(Quota::per_second(rate).allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN)))
}

fn take(bucket: &Bucket, count: usize, limit: &'static str, most: u64) -> Result<(), Exceeded> {
    let Some(count) = u32::try_from(count).ok().and_then(NonZeroU32::new) else { return Ok(()) };
    match bucket.check_n(count) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(not_until)) => Err(Exceeded {
            limit,
            most,
            retry_after: not_until.wait_time_from(DefaultClock::default().now()).max(Duration::from_millis(1)),
        }),
        // More than the bucket ever holds, which a request never is.
        Err(_) => Err(Exceeded { limit, most, retry_after: Duration::from_secs(1) }),
    }
}

/// Places of which there are so many.
#[derive(Debug)]
struct Slots {
    most: u32,
    taken: Arc<AtomicU32>,
}

impl Default for Slots {
    fn default() -> Self {
        Self { most: u32::MAX, taken: Arc::default() }
    }
}

impl Slots {
    fn take(&self, limit: &'static str) -> Result<Place, Exceeded> {
        let place = Place(Arc::clone(&self.taken));
        // Counted before it is looked at, so that two at once cannot both get the last one.
        if self.taken.fetch_add(1, Ordering::Relaxed) >= self.most {
            return Err(Exceeded { limit, most: self.most.into(), retry_after: STREAM_RETRY });
        }
        Ok(place)
    }
}

/// A place that is taken until this is dropped.
#[derive(Debug)]
pub struct Place(Arc<AtomicU32>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_request_fits_into_a_full_bucket_and_the_next_has_to_wait() {
        let limits = Limits { events_per_second: NonZeroU32::new(10), ..Limits::default() };
        let limiter = Limiter::new(limits);
        limiter.spend(LEAST_BURST_EVENTS as usize, 4 << 20).expect("the burst");
        let exceeded = limiter.spend(20, 1).expect_err("it is empty");
        assert_eq!((exceeded.limit, exceeded.most), ("events_per_second", 10));
        assert!((Duration::from_millis(1_800)..=Duration::from_secs(2)).contains(&exceeded.retry_after), "{exceeded:?}");
    }

    #[test]
    fn bytes_have_a_bucket_of_their_own() {
        let limiter = Limiter::new(Limits { bytes_per_second: NonZeroU32::new(1 << 20), ..Limits::default() });
        limiter.spend(1, 4 << 20).expect("the burst");
        assert_eq!(limiter.spend(1, 1 << 20).expect_err("it is empty").limit, "bytes_per_second");
    }

    #[test]
    fn a_stream_that_ends_makes_room_for_another() {
        let limiter = Limiter::new(Limits { streams: NonZeroU32::new(2), subscriptions: NonZeroU32::new(1), ..Limits::default() });
        let _followed = limiter.subscription().expect("a place");
        assert_eq!(limiter.subscription().expect_err("there is one").limit, "subscriptions");
        let first = limiter.stream().expect("a place");
        let _second = limiter.stream().expect("a place");
        assert_eq!(limiter.stream().expect_err("there are two").most, 2);
        drop(first);
        limiter.stream().expect("room again");
        Limiter::default().stream().expect("without a limit there always is");
    }
}
