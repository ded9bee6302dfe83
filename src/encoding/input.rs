//! Bytes being read, without trust in them.

use super::time_delta::PreviousTime;
use super::varint::{self, unzigzag};
use super::{Codec, Damaged};
use chrono::{DateTime, Utc};
use std::any::Any;
use std::sync::Arc;

/// Bytes being read.
pub struct Input<'a> {
    bytes: &'a [u8],
    time: PreviousTime,
    position: u64,
    shared: Vec<Arc<dyn Any + Send + Sync>>,
}

impl<'a> Input<'a> {
    /// Reads a chunk from its start.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, time: PreviousTime::default(), position: 0, shared: Vec::new() }
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

    /// Reads bytes after their length.
    pub fn sized(&mut self) -> Result<&'a [u8], Damaged> {
        let count = self.count()?;
        self.raw(count)
    }

    /// Reads a varint.
    pub fn number(&mut self) -> Result<u64, Damaged> {
        varint::read(|| self.byte())?.ok_or(Damaged("a number does not end"))
    }

    /// Reads a signed number: ZigZag, as a varint.
    pub fn signed(&mut self) -> Result<i64, Damaged> {
        self.number().map(unzigzag)
    }

    /// Reads how many things follow. Each takes a byte at least, so that there cannot be more than bytes are left.
    pub fn count(&mut self) -> Result<usize, Damaged> {
        let count = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        if count > self.bytes.len() { Err(Damaged("a length is too large")) } else { Ok(count) }
    }

    /// Reads a time.
    pub fn time(&mut self) -> Result<DateTime<Utc>, Damaged> {
        let mut previous = self.time;
        let time = previous.read(|| self.number())?;
        self.time = previous;
        time.ok_or(Damaged("a time is none"))
    }

    /// Reads a position.
    pub fn position(&mut self) -> Result<u64, Damaged> {
        self.position = self.position.wrapping_add(self.signed()?.cast_unsigned());
        Ok(self.position)
    }

    /// Reads a value that many refer to. Returns the same one for the same number.
    pub fn shared<T: Codec + Send + Sync + 'static>(&mut self) -> Result<Arc<T>, Damaged> {
        let number = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        if let Some(known) = self.shared.get(number) {
            return Arc::clone(known).downcast().map_err(|_| Damaged("it refers to something else"));
        }
        if number != self.shared.len() {
            return Err(Damaged("it refers to what is not there"));
        }
        // Written on its own, as it must not depend on what is before it.
        let previous = (std::mem::take(&mut self.time), std::mem::take(&mut self.position));
        let value = Arc::new(T::decode(self)?);
        (self.time, self.position) = previous;
        self.shared.push(Arc::clone(&value) as Arc<dyn Any + Send + Sync>);
        Ok(value)
    }
}
