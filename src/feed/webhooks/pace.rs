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

/// How long `Retry-After` asks to wait: seconds, or a date in one of the three forms that HTTP has. `None` if it is neither, or a date
/// that has passed.
pub fn retry_after(value: &str, now: chrono::DateTime<chrono::Utc>) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More seconds than a number holds are as long as it gets.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    (chrono::DateTime::<chrono::Utc>::from(until) - now).to_std().ok()
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
        for date in ["Mon, 30 Nov 2026 12:01:00 GMT", "Monday, 30-Nov-26 12:01:00 GMT", "Mon Nov 30 12:01:00 2026"] {
            assert_eq!(retry_after(date, now), Some(Duration::from_mins(1)), "{date}");
        }
        let pause = |value| retry_after(value, now).map(|asked| Pace::default().pause(1, Some(asked), 0.5));
        assert_eq!(pause("99999999999999999999"), Some(Duration::from_hours(24)), "cut to a day");
        for none in ["Mon, 30 Nov 2026 11:01:00 GMT", "soon", "-5", "", "+5", "1.5"] {
            assert_eq!(retry_after(none, now), None, "{none}");
        }
    }
}
