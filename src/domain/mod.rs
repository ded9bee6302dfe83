//! The pure core: what the rules of the ledger say, without clock, I/O or floats.
//!
//! `parse` makes checked events of messages, `decide` works out the effects of one and never writes,
//! `evolve` writes what was decided and cannot fail. Replay calls `evolve` alone.
//!
//! `event` and `state` import each other on purpose: an event type is a pair of functions over the state, and the state is
//! what applies them. For the same reason each concept imports `State`, which is made of the concepts' slices.

pub mod account;
pub mod agreements;
pub mod blocks;
pub mod calendar;
pub mod campaigns;
pub mod commissions;
pub mod effect;
mod encoding;
mod event;
mod few;
pub mod ids;
mod interner;
pub mod leads;
pub mod money;
mod named_value;
pub mod pages;
pub mod parse;
pub mod partners;
pub mod rejection;
pub mod relationship;
mod row_index;
pub mod row_lists;
pub mod rules;
mod slice;
pub mod stamp;
mod state;
pub mod table;
mod timeline;
pub mod ventures;

pub use event::{Body, Event, EventType, MAX_EVENTS, References, event_types, parse};
pub use state::encoding::StateLoad;
pub use state::{Context, Moved, Record, Rows, State, Subjects, push_once};

use calendar::{LATEST, Time};

/// The last position that a record may have: the state keeps positions in 32 bits. The ledger takes nothing beyond it.
pub const LAST_POSITION: u64 = u32::MAX as u64 - 1;

/// When a fact happened, and the position of the record that brought it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// When it happened.
    pub occurred_at: Time,
    /// The record that brought it.
    pub position: u64,
}

/// The two times a question is asked at: it sees facts that occurred by `time` and were recorded by `position` (rules 1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Facts with `occurred_at` at or before it; postings effective by it.
    pub time: Time,
    /// Facts recorded at or before it.
    pub position: u64,
}

impl Seen {
    /// Everything recorded, whatever its time: what `decide` reads (rules 1.3).
    pub const ALL: Self = Self { time: LATEST, position: u64::MAX };

    /// Returns whether a fact is seen.
    pub fn sees(self, stamp: Stamp) -> bool {
        stamp.occurred_at <= self.time && stamp.position <= self.position
    }
}
