//! How values are written down and read back: in order, in as few bytes as they need, and without trust in the bytes.

use crate::domain::calendar::Time;
use crate::domain::packed::{folded, put_number, unfolded};
use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

/// A value that a snapshot holds. What is loaded equals what was saved.
pub trait Saved: Sized {
    /// Writes it down.
    fn save(&self, out: &mut Output);

    /// Reads it back.
    ///
    /// # Errors
    /// If the bytes are not what `save` writes.
    fn load(input: &mut Input<'_>) -> Result<Self, Damaged>;
}

/// Bytes are not what was saved; says in what respect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Damaged(pub &'static str);

/// What the next one differs from: most things follow soon upon each other.
#[derive(Clone, Copy, Debug, Default)]
struct Before {
    seconds: i64,
    nanoseconds: u32,
    position: u64,
}

/// Bytes being written: of one chunk, which is read on its own.
#[derive(Default)]
pub struct Output {
    bytes: Vec<u8>,
    before: Before,
    shared: HashMap<Vec<u8>, u64>,
}

impl Output {
    /// What was written and not yet taken.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Forgets the bytes written so far, which somebody has taken; the chunk goes on.
    pub fn clear_bytes(&mut self) {
        self.bytes.clear();
    }

    /// Begins another chunk.
    pub fn restart(&mut self) {
        self.bytes.clear();
        self.before = Before::default();
        self.shared.clear();
    }

    /// Writes a byte.
    pub fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Writes bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes bytes with their number.
    pub fn sized(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.raw(bytes);
    }

    /// Writes a number: seven bits a byte, least first.
    pub fn number(&mut self, number: u64) {
        put_number(&mut self.bytes, number);
    }

    /// Writes a number that may be below zero.
    pub fn signed(&mut self, number: i64) {
        self.number(folded(number));
    }

    /// Writes a time, as its difference to the one before; the lowest bit says whether the nanoseconds follow.
    pub fn time(&mut self, time: Time) {
        let (seconds, nanoseconds) = (time.timestamp(), time.timestamp_subsec_nanos());
        let differs = nanoseconds != self.before.nanoseconds;
        self.signed((seconds - self.before.seconds) << 1 | i64::from(differs));
        if differs {
            self.number(u64::from(nanoseconds));
        }
        (self.before.seconds, self.before.nanoseconds) = (seconds, nanoseconds);
    }

    /// Writes a position, as its difference to the one before.
    pub fn position(&mut self, position: u64) {
        self.signed(position.wrapping_sub(self.before.position).cast_signed());
        self.before.position = position;
    }

    /// Writes what many hold together: in full once in a chunk, after that its number.
    pub fn shared(&mut self, value: &impl Saved) {
        let mut own = Self::default();
        value.save(&mut own);
        if let Some(number) = self.shared.get(&own.bytes) {
            return self.number(*number);
        }
        let number = self.shared.len() as u64;
        self.number(number);
        self.raw(&own.bytes);
        self.shared.insert(own.bytes, number);
    }
}

/// Bytes being read.
pub struct Input<'a> {
    bytes: &'a [u8],
    before: Before,
    shared: Vec<Arc<dyn Any + Send + Sync>>,
}

impl<'a> Input<'a> {
    /// Reads a chunk from its start.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, before: Before::default(), shared: Vec::new() }
    }

    /// Whether nothing is left.
    pub fn is_done(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.bytes.len()
    }

    /// Reads a byte.
    pub fn byte(&mut self) -> Result<u8, Damaged> {
        let (first, rest) = self.bytes.split_first().ok_or(Damaged("it ends too early"))?;
        self.bytes = rest;
        Ok(*first)
    }

    /// Reads bytes as they are.
    pub fn raw(&mut self, count: usize) -> Result<&'a [u8], Damaged> {
        let (bytes, rest) = self.bytes.split_at_checked(count).ok_or(Damaged("it ends too early"))?;
        self.bytes = rest;
        Ok(bytes)
    }

    /// Reads bytes with their number.
    pub fn sized(&mut self) -> Result<&'a [u8], Damaged> {
        let count = self.count()?;
        self.raw(count)
    }

    /// Reads a number.
    pub fn number(&mut self) -> Result<u64, Damaged> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        let mut number = u64::from(first & 0x7f);
        for shift in (7..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Damaged("a number does not end"))
    }

    /// Reads a number that may be below zero.
    pub fn signed(&mut self) -> Result<i64, Damaged> {
        let number = self.number()?;
        Ok(unfolded(number))
    }

    /// Reads how many things follow. Each takes a byte at least, so that there cannot be more than bytes are left.
    pub fn count(&mut self) -> Result<usize, Damaged> {
        let count = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        if count > self.bytes.len() { Err(Damaged("a length is too large")) } else { Ok(count) }
    }

    /// Reads a time.
    pub fn time(&mut self) -> Result<Time, Damaged> {
        let difference = self.signed()?;
        let seconds = self.before.seconds.wrapping_add(difference >> 1);
        if difference & 1 == 1 {
            self.before.nanoseconds = u32::try_from(self.number()?).map_err(|_| Damaged("a time is none"))?;
        }
        self.before.seconds = seconds;
        Time::from_timestamp(seconds, self.before.nanoseconds).ok_or(Damaged("a time is none"))
    }

    /// Reads a position.
    pub fn position(&mut self) -> Result<u64, Damaged> {
        self.before.position = self.before.position.wrapping_add(self.signed()?.cast_unsigned());
        Ok(self.before.position)
    }

    /// Reads what many hold together.
    pub fn shared<T: Saved + Send + Sync + 'static>(&mut self) -> Result<Arc<T>, Damaged> {
        let number = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        if let Some(known) = self.shared.get(number) {
            return Arc::clone(known).downcast().map_err(|_| Damaged("it refers to something else"));
        }
        if number != self.shared.len() {
            return Err(Damaged("it refers to what is not there"));
        }
        // Written on its own, as it must not depend on what is before it.
        let before = std::mem::take(&mut self.before);
        let value = Arc::new(T::load(self)?);
        self.before = before;
        self.shared.push(Arc::clone(&value) as Arc<dyn Any + Send + Sync>);
        Ok(value)
    }
}
