//! How values are written down and read back: in order, in as few bytes as they need, and without trust in the bytes.

use crate::domain::calendar::Time;
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
    #[expect(clippy::cast_possible_truncation, reason = "seven bits are taken at a time")]
    pub fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    /// Writes a number that may be below zero.
    pub fn signed(&mut self, number: i64) {
        self.number((number << 1 ^ number >> 63).cast_unsigned());
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
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
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

/// What a snapshot is made of. The numbers are written into it: a change of them is a change of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[expect(missing_docs, reason = "each is named as the part of the state, of the ids, of the index or of the figures that it holds")]
pub enum Section {
    State = 0,
    Partners = 1,
    Agreements = 2,
    Leads = 3,
    Aliases = 4,
    MatchKeys = 5,
    Sales = 6,
    Refunds = 7,
    Payouts = 8,
    Disputes = 9,
    Others = 10,
    NetSales = 11,
    Campaigns = 12,
    Conduct = 13,
    Approaches = 14,
    BrandUses = 15,
    Breaches = 16,
    Accounts = 17,
    EventIdSeed = 18,
    EventIds = 19,
    IndexPartners = 20,
    IndexAgreements = 21,
    IndexLeads = 22,
    MetricsAll = 23,
    MetricsPartners = 24,
    MetricsAgreements = 25,
    MetricsCampaigns = 26,
    SharedMatchKeys = 27,
}

impl Section {
    /// All of them.
    pub const ALL: [Self; 28] = [
        Self::State,
        Self::Partners,
        Self::Agreements,
        Self::Leads,
        Self::Aliases,
        Self::MatchKeys,
        Self::Sales,
        Self::Refunds,
        Self::Payouts,
        Self::Disputes,
        Self::Others,
        Self::NetSales,
        Self::Campaigns,
        Self::Conduct,
        Self::Approaches,
        Self::BrandUses,
        Self::Breaches,
        Self::Accounts,
        Self::EventIdSeed,
        Self::EventIds,
        Self::IndexPartners,
        Self::IndexAgreements,
        Self::IndexLeads,
        Self::MetricsAll,
        Self::MetricsPartners,
        Self::MetricsAgreements,
        Self::MetricsCampaigns,
        Self::SharedMatchKeys,
    ];
}

/// Where chunks are written to.
pub trait Sink {
    /// Why writing ended.
    type Error;

    /// Begins a chunk.
    fn begin(&mut self) -> &mut Output;

    /// The chunk that was begun.
    fn out(&mut self) -> &mut Output;

    /// A place where writing may be interrupted, and what is written so far may be taken.
    ///
    /// # Errors
    /// If writing is to end.
    fn pause(&mut self) -> Result<(), Self::Error>;

    /// Ends a chunk: `count` things of a section, from its `first` one on.
    ///
    /// # Errors
    /// If writing is to end.
    fn end(&mut self, section: Section, first: usize, count: usize) -> Result<(), Self::Error>;

    /// Writes one value as a chunk.
    ///
    /// # Errors
    /// If writing is to end.
    fn one(&mut self, section: Section, value: &impl Saved) -> Result<(), Self::Error> {
        value.save(self.begin());
        self.end(section, 0, 1)
    }
}

/// A part that is being loaded, from several threads. What it comes to is taken from it in the end.
pub trait Part: Sync {
    /// Takes in a chunk: `count` things from the `first` one on.
    ///
    /// # Errors
    /// If it is not what was saved.
    fn decode(&self, first: usize, count: usize, input: &mut Input<'_>) -> Result<(), Damaged>;

    /// Puts the chunks together once all are there.
    ///
    /// # Errors
    /// If they are not all there, or do not belong together.
    fn finish(&self) -> Result<(), Damaged>;
}

/// A part that is one value.
pub struct One<T>(parking_lot::Mutex<Option<T>>);

impl<T> Default for One<T> {
    fn default() -> Self {
        Self(parking_lot::Mutex::new(None))
    }
}

impl<T> One<T> {
    /// The value that was loaded.
    pub fn take(&self) -> Result<T, Damaged> {
        self.0.lock().take().ok_or(Damaged("a part is missing"))
    }

    /// Puts the value there that other chunks came to.
    pub fn put(&self, value: T) {
        *self.0.lock() = Some(value);
    }
}

impl<T: Saved + Send> Part for One<T> {
    fn decode(&self, _first: usize, _count: usize, input: &mut Input<'_>) -> Result<(), Damaged> {
        let value = T::load(input)?;
        match self.0.lock().replace(value) {
            None => Ok(()),
            Some(_) => Err(Damaged("a part is there twice")),
        }
    }

    fn finish(&self) -> Result<(), Damaged> {
        if self.0.lock().is_some() { Ok(()) } else { Err(Damaged("a part is missing")) }
    }
}

/// A part that is a list, in chunks of a list each.
pub struct Many<T>(parking_lot::Mutex<std::collections::BTreeMap<usize, Vec<T>>>, One<Vec<T>>);

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self(parking_lot::Mutex::default(), One::default())
    }
}

impl<T> Many<T> {
    /// The list that was loaded.
    pub fn take(&self) -> Result<Vec<T>, Damaged> {
        self.1.take()
    }
}

impl<T: Saved + Send> Part for Many<T> {
    fn decode(&self, first: usize, count: usize, input: &mut Input<'_>) -> Result<(), Damaged> {
        let mut items = Vec::with_capacity(count.min(MOST_AT_ONCE));
        for _ in 0..count {
            items.push(T::load(input)?);
        }
        keep(&self.0, first, items)
    }

    fn finish(&self) -> Result<(), Damaged> {
        let mut all = Vec::new();
        for (first, items) in std::mem::take(&mut *self.0.lock()) {
            if first != all.len() {
                return Err(Damaged("a part of it is missing"));
            }
            all.extend(items);
        }
        self.1.put(all);
        Ok(())
    }
}

/// Keeps a chunk until all are there.
pub fn keep<T>(chunks: &parking_lot::Mutex<std::collections::BTreeMap<usize, T>>, first: usize, chunk: T) -> Result<(), Damaged> {
    match chunks.lock().insert(first, chunk) {
        None => Ok(()),
        Some(_) => Err(Damaged("a part is there twice")),
    }
}

/// Writes a list in chunks.
///
/// # Errors
/// If writing is to end.
pub fn save_many<'a, T: Saved + 'a, S: Sink>(sink: &mut S, section: Section, items: impl Iterator<Item = &'a T>) -> Result<(), S::Error> {
    let (mut first, mut count) = (0, 0);
    sink.begin();
    for item in items {
        item.save(sink.out());
        count += 1;
        sink.pause()?;
        if count == MOST_AT_ONCE {
            sink.end(section, first, count)?;
            (first, count) = (first + count, 0);
            sink.begin();
        }
    }
    if count > 0 { sink.end(section, first, count) } else { Ok(()) }
}

/// How many things a chunk has at most, and for how many room is made before they are read.
pub const MOST_AT_ONCE: usize = 1 << 14;
