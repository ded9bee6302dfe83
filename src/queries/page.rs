//! Pages of lists: how many items, and tokens that say where to go on, at the instant the list began with.

use super::Reading;
use crate::domain::calendar::{EARLIEST, LATEST, Time};
use crate::domain::ids::IdKind;
use crate::domain::parse::Fields;
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::ledger::Error;
use prost::Message;
use std::fmt::Write as _;

/// Items of a page if the request does not say.
pub const DEFAULT_PAGE_SIZE: u32 = 100;
/// The most items of a page.
pub const MAX_PAGE_SIZE: u32 = 1_000;
/// Bytes of items after which a page is full, so that it stays below the 4 MiB that clients take in; at least one item is in
/// each.
pub const PAGE_BYTES: usize = 7 << 19;
/// Bytes of an item beside its message: its tag and its length.
const ITEM_OVERHEAD: usize = 6;
/// Bytes of a token: question, time, position, place, checksum.
const TOKEN_BYTES: usize = 4 + 8 + 4 + 8 + 8 + 8 + 4;

/// Where a list goes on: a row and a place in it, or a position and an effect.
pub type Place = (u64, u64);

/// Which page of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// How many items at most.
    pub size: usize,
    /// Where to go on, and at which instant; `None` for the first page.
    pub start: Option<Token>,
    question: u32,
}

/// Where a list goes on, at the instant it began with. Opaque to clients; it outlives appends and restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What the first page saw.
    pub seen: Seen,
    /// The first place to look at.
    pub place: Place,
    question: u32,
}

impl PageRequest {
    /// The page that a request asks for. `question` is the request without page size and token: a token is good for
    /// the question that it answers only.
    pub fn parse(size: u32, token: &str, name: &str, question: &impl Message, fields: &mut Fields) -> Self {
        if size > MAX_PAGE_SIZE {
            fields.bad("page_size", format!("is {size}; at most {MAX_PAGE_SIZE} are allowed, 0 means {DEFAULT_PAGE_SIZE}"));
        }
        let size = if size == 0 { DEFAULT_PAGE_SIZE } else { size.min(MAX_PAGE_SIZE) };
        let question = crc32c::crc32c_append(crc32c::crc32c(name.as_bytes()), &question.encode_to_vec());
        let start = (!token.is_empty()).then(|| Token::decode(token).filter(|start| start.question == question));
        if start == Some(None) {
            fields.bad("page_token", "must be the next_page_token of an answer to the same question, with the same filters and options");
        }
        Self { size: size as usize, start: start.flatten(), question }
    }

    /// The token of a place; empty for none.
    pub fn token(&self, next: Option<Place>, seen: Seen) -> String {
        next.map(|place| Token { seen, place, question: self.question }.encode()).unwrap_or_default()
    }

    /// Where the page begins.
    pub fn place(&self) -> Place {
        self.start.map_or((0, 0), |start| start.place)
    }

    /// The row that the page begins with.
    pub fn first_row(&self) -> Row {
        Row::try_from(self.place().0).unwrap_or(Row::MAX)
    }

    /// Fills the page with the items of the first so many rows, in their order; with where to go on. The rows are those of a
    /// kind, of which a partner is shown its own; `None` if the question itself says whose they are.
    ///
    /// # Errors
    /// When it is cancelled.
    pub fn fill<T: Message>(
        &self,
        view: &Reading<'_>,
        seen: Seen,
        of: Option<IdKind>,
        rows: impl Fn(&State) -> usize,
        items: impl Fn(&State, Row) -> Vec<T>,
    ) -> Result<(Vec<T>, String), Error> {
        let end = Row::try_from(rows(view)).unwrap_or(Row::MAX);
        self.fill_from(view, seen, of, self.first_row()..end, items)
    }

    /// Fills the page with the items of rows that rise from the one that the page begins with; with where to go on.
    ///
    /// # Errors
    /// When it is cancelled.
    pub fn fill_from<T: Message>(
        &self,
        view: &Reading<'_>,
        seen: Seen,
        of: Option<IdKind>,
        rows: impl Iterator<Item = Row>,
        items: impl Fn(&State, Row) -> Vec<T>,
    ) -> Result<(Vec<T>, String), Error> {
        let first = self.place();
        let mut found = Vec::new();
        let mut room = PAGE_BYTES;
        for row in rows {
            view.check()?;
            // Of the row that the page before ended in some items are told.
            let told = if u64::from(row) == first.0 { first.1 } else { 0 };
            let items = if of.is_none_or(|kind| view.shows(kind, row, seen)) { items(view, row) } else { Vec::new() };
            for (index, item) in (0..).zip(items).filter(|(index, _)| *index >= told) {
                let bytes = item.encoded_len() + ITEM_OVERHEAD;
                if found.len() == self.size || (bytes > room && !found.is_empty()) {
                    return Ok((found, self.token(Some((u64::from(row), index)), seen)));
                }
                room = room.saturating_sub(bytes);
                found.push(item);
            }
        }
        Ok((found, String::new()))
    }
}

impl Token {
    fn encode(self) -> String {
        let mut bytes = Vec::with_capacity(TOKEN_BYTES);
        bytes.extend(self.question.to_be_bytes());
        bytes.extend(self.seen.time.timestamp().to_be_bytes());
        bytes.extend(self.seen.time.timestamp_subsec_nanos().to_be_bytes());
        bytes.extend(self.seen.position.to_be_bytes());
        bytes.extend(self.place.0.to_be_bytes());
        bytes.extend(self.place.1.to_be_bytes());
        bytes.extend(crc32c::crc32c(&bytes).to_be_bytes());
        bytes.iter().fold(String::with_capacity(2 * TOKEN_BYTES), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    fn decode(text: &str) -> Option<Self> {
        if text.len() != 2 * TOKEN_BYTES || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let bytes: Vec<u8> =
            (0..TOKEN_BYTES).map(|index| u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()).collect::<Option<_>>()?;
        let (content, checksum) = bytes.split_at(TOKEN_BYTES - 4);
        if crc32c::crc32c(content).to_be_bytes() != *checksum {
            return None;
        }
        let long = |at: usize| content[at..at + 8].try_into().ok().map(u64::from_be_bytes);
        let short = |at: usize| content[at..at + 4].try_into().ok().map(u32::from_be_bytes);
        // Beyond what the ledger's times can be no answer has a token.
        let time = Time::from_timestamp(long(4)?.cast_signed(), short(12)?).filter(|time| (EARLIEST..=LATEST).contains(time))?;
        Some(Self { question: short(0)?, seen: Seen { time, position: long(16)? }, place: (long(24)?, long(32)?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::ListPartnersRequest;
    use proptest::prelude::*;

    fn page(size: u32, token: &str, category: Option<&str>) -> Result<PageRequest, String> {
        let mut fields = Fields::default();
        let question = ListPartnersRequest { category: category.map(str::to_owned), ..ListPartnersRequest::default() };
        let page = PageRequest::parse(size, token, "ListPartners", &question, &mut fields);
        if fields.is_clean() { Ok(page) } else { Err(fields.into_violations().remove(0).field) }
    }

    proptest! {
        #[test]
        fn tokens_say_where_to_go_on(seconds in -62_135_596_800_i64..253_402_300_800, nanos in 0_u32..1_000_000_000, position: u64, place: (u64, u64)) {
            let seen = Seen { time: Time::from_timestamp(seconds, nanos).expect("a time"), position };
            let token = page(0, "", None).expect("good").token(Some(place), seen);
            let start = page(7, &token, None).expect("good").start.expect("a start");
            prop_assert_eq!((start.seen, start.place), (seen, place));
            prop_assert_eq!(page(0, &token, Some("other")), Err("page_token".to_owned()), "it belongs to another question");
        }

        #[test]
        fn what_is_no_token_is_malformed(text in "[0-9a-f]{0,90}", cut in 0_usize..80) {
            prop_assume!(!text.is_empty());
            prop_assert_eq!(page(0, &text, None), Err("page_token".to_owned()));
            let token = page(0, "", None).expect("good").token(Some((1, 2)), Seen { time: Time::default(), position: 3 });
            prop_assert_eq!(page(0, &token[..=cut], None), Err("page_token".to_owned()));
        }
    }

    #[test]
    fn a_token_of_a_time_that_no_answer_has_is_malformed() {
        let question = page(0, "", None).expect("good").question;
        let token = |time| Token { seen: Seen { time, position: 3 }, place: (0, 0), question }.encode();
        assert!(page(0, &token(LATEST), None).is_ok() && page(0, &token(EARLIEST), None).is_ok());
        let beyond =
            [LATEST + chrono::TimeDelta::nanoseconds(1), EARLIEST - chrono::TimeDelta::nanoseconds(1), Time::MAX_UTC, Time::MIN_UTC];
        for time in beyond {
            assert_eq!(page(0, &token(time), None), Err("page_token".to_owned()), "{time}");
        }
    }

    #[test]
    fn a_page_has_up_to_a_thousand_items() {
        assert_eq!(page(0, "", None).map(|page| page.size), Ok(100));
        assert_eq!(page(1_000, "", None).map(|page| page.size), Ok(1_000));
        assert_eq!(page(1_001, "", None), Err("page_size".to_owned()));
    }
}
