//! Bytes being written.

use super::Codec;
use super::time_delta::PreviousTime;
use super::varint::{self, zigzag};
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// Bytes being written: of one chunk, which is read on its own.
#[derive(Default)]
pub struct Output {
    bytes: Vec<u8>,
    time: PreviousTime,
    position: u64,
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
        self.time = PreviousTime::default();
        self.position = 0;
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

    /// Writes bytes after their length.
    pub fn sized(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.raw(bytes);
    }

    /// Writes a varint.
    pub fn number(&mut self, number: u64) {
        varint::write(number, |byte| self.bytes.push(byte));
    }

    /// Writes a signed number: ZigZag, as a varint.
    pub fn signed(&mut self, number: i64) {
        self.number(zigzag(number));
    }

    /// Writes a time, as its difference to the one before.
    pub fn time(&mut self, time: DateTime<Utc>) {
        let Self { bytes, time: previous, .. } = self;
        previous.write(time, |number| varint::write(number, |byte| bytes.push(byte)));
    }

    /// Writes a position, as its difference to the one before.
    pub fn position(&mut self, position: u64) {
        self.signed(position.wrapping_sub(self.position).cast_signed());
        self.position = position;
    }

    /// Writes a value that many refer to: in full once in a chunk, after that as its number.
    pub fn shared(&mut self, value: &impl Codec) {
        let mut own = Self::default();
        value.encode(&mut own);
        if let Some(number) = self.shared.get(&own.bytes) {
            return self.number(*number);
        }
        let number = self.shared.len() as u64;
        self.number(number);
        self.raw(&own.bytes);
        self.shared.insert(own.bytes, number);
    }
}
