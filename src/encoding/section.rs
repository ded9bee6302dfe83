//! What a snapshot is made of, and where its chunks go.

use super::{Codec, Output};

/// How many things a chunk has at most, and for how many room is made before they are read.
pub const MOST_AT_ONCE: usize = 1 << 14;

/// The table of sections: a part of a snapshot is one line.
macro_rules! section_table {
    ($($section:ident = $number:literal,)*) => {
        /// What a snapshot is made of. The numbers are written into it: a change of them is a change of the format.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        #[expect(missing_docs, reason = "each is named as the part of the state, of the ids, of the index or of the figures that it holds")]
        pub enum Section { $($section = $number),* }

        impl Section {
            /// All of them, each in the place of its number.
            pub const ALL: [Self; [$(Self::$section),*].len()] = [$(Self::$section),*];
        }
    };
}

section_table! {
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
    IndexTypes = 28,
    IndexTimes = 29,
    ExclusiveNames = 30,
    PartnerCategories = 31,
    Programmes = 32,
    ExclusiveProgrammes = 33,
    Parts = 34,
    Documents = 35,
    Holds = 36,
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
    fn one(&mut self, section: Section, value: &impl Codec) -> Result<(), Self::Error> {
        value.encode(self.begin());
        self.end(section, 0, 1)
    }
}

/// Writes a list in chunks.
///
/// # Errors
/// If writing is to end.
pub fn save_many<'a, T: Codec + 'a, S: Sink>(sink: &mut S, section: Section, items: impl Iterator<Item = &'a T>) -> Result<(), S::Error> {
    let (mut first, mut count) = (0, 0);
    sink.begin();
    for item in items {
        item.encode(sink.out());
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
