//! When the next attempt is made: later each time, at random around that, and not before the endpoint asks for it.

use std::time::Duration;

/// How often attempts are made, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// About how long after a first failure the next attempt is made; three times as long each time after that.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// For how long attempts may fail before no more are made.
    pub give_up_after: Duration,
    /// How long an attempt may take.
    pub attempt: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(5),
            longest: Duration::from_hours(24),
            give_up_after: Duration::from_hours(4 * 24),
            attempt: Duration::from_secs(15),
        }
    }
}

impl Pace {
    /// The pause after so many failures in a row, by a random number from 0 to 1; at least as long as the endpoint asks for.
    pub fn pause(&self, failures: u32, asked: Option<Duration>, random: f64) -> Duration {
        let times = 3_u32.saturating_pow(failures.saturating_sub(1));
        let pause = self.first.saturating_mul(times).min(self.longest);
        // Half of it for certain, so that endpoints that come back are not all called at once.
        let pause = pause.mul_f64(0.5 + 0.5 * random);
        pause.max(asked.unwrap_or_default()).min(self.longest)
    }
}

/// How long `Retry-After` asks to wait: seconds, or a date as HTTP writes it.
pub fn retry_after(value: &str, now: chrono::DateTime<chrono::Utc>) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = chrono::DateTime::parse_from_rfc2822(value.trim()).ok()?;
    (until.to_utc() - now).to_std().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_day_and_are_not_shorter_than_asked() {
        let pace = Pace::default();
        let seconds = |failures, asked: Option<u64>, random| pace.pause(failures, asked.map(Duration::from_secs), random).as_secs();
        assert_eq!([1, 2, 3, 4].map(|failures| seconds(failures, None, 1.0)), [5, 15, 45, 135]);
        assert_eq!((seconds(1, None, 0.0), seconds(3, None, 0.0)), (2, 22));
        assert_eq!((seconds(30, None, 1.0), seconds(u32::MAX, None, 0.0)), (86_400, 43_200));
        assert_eq!((seconds(1, Some(60), 0.3), seconds(1, Some(10_000_000), 0.3)), (60, 86_400));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = chrono::DateTime::parse_from_rfc3339("2026-11-30T12:00:00Z").expect("a time").to_utc();
        assert_eq!(retry_after("120", now), Some(Duration::from_mins(2)));
        assert_eq!(retry_after("Mon, 30 Nov 2026 12:01:00 GMT", now), Some(Duration::from_mins(1)));
        assert_eq!([retry_after("Mon, 30 Nov 2026 11:01:00 GMT", now), retry_after("soon", now), retry_after("-5", now)], [None; 3]);
    }
}
