//! Times as their difference to the one before: most follow soon upon each other.

use super::varint::{unzigzag, zigzag};
use chrono::{DateTime, Utc};

/// The time that the next one is written as a difference to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PreviousTime {
    seconds: i64,
    nanoseconds: u32,
}

impl PreviousTime {
    /// Writes a time: its seconds as a ZigZag difference, whose lowest bit says whether the nanoseconds follow.
    pub fn write(&mut self, time: DateTime<Utc>, mut number: impl FnMut(u64)) {
        let (seconds, nanoseconds) = (time.timestamp(), time.timestamp_subsec_nanos());
        let differs = nanoseconds != self.nanoseconds;
        number(zigzag((seconds - self.seconds) << 1 | i64::from(differs)));
        if differs {
            number(u64::from(nanoseconds));
        }
        *self = Self { seconds, nanoseconds };
    }

    /// Reads a time. Returns `None` if the numbers are none.
    ///
    /// # Errors
    /// Those of `number`.
    pub fn read<E>(&mut self, number: impl FnMut() -> Result<u64, E>) -> Result<Option<DateTime<Utc>>, E> {
        let instant = self.read_instant(number)?;
        Ok(instant.and_then(|(seconds, nanoseconds)| DateTime::from_timestamp(seconds, nanoseconds)))
    }

    /// Reads a time as seconds of Unix time and nanoseconds, which costs less. Returns `None` if the numbers are none.
    ///
    /// # Errors
    /// Those of `number`.
    pub fn read_instant<E>(&mut self, mut number: impl FnMut() -> Result<u64, E>) -> Result<Option<(i64, u32)>, E> {
        let difference = unzigzag(number()?);
        self.seconds = self.seconds.wrapping_add(difference >> 1);
        if difference & 1 == 1 {
            let Ok(nanoseconds) = u32::try_from(number()?) else { return Ok(None) };
            self.nanoseconds = nanoseconds;
        }
        Ok(Some((self.seconds, self.nanoseconds)))
    }
}
