//! One subscriber: what it is told next.

use super::audience::Place;
use super::ring::{After, Page};
use super::{MAX_PAGE_BYTES, Shared, Tip, reader};
use crate::ledger::{Cancellation, Error, Ledger};
use crate::proto;
use crate::queries::records::{Following, Progress, Scan};
use crate::wire::subscribe_response::Item;
use crate::wire::{EncodedPage, SubscribeResponse};
use std::ops::Range;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::Instant;

/// Bytes of a first page that is read for this subscriber alone. Each is twice as large as the one before, up to a limit: who takes
/// in nothing has cost little.
const FIRST_PAGE_BYTES: usize = 32 << 10;

/// What a subscriber is told next.
pub enum Next {
    /// This.
    Told(SubscribeResponse),
    /// What is to be read first, and takes so many bytes of memory.
    Read(usize),
}

/// One subscriber. It is at a position: all up to it was told, or did not match.
pub struct Subscription {
    shared: Arc<Shared>,
    place: Place,
    tip: watch::Receiver<Tip>,
    following: Following,
    /// Whether every record is wanted.
    takes_all: bool,
    position: u64,
    /// What is to be read for it alone.
    ahead: Option<Ahead>,
    page_bytes: usize,
    /// The last position when it began.
    began_at: u64,
    is_caught_up: bool,
    /// When it was told something last.
    told: Instant,
}

/// What is read for a subscriber alone.
enum Ahead {
    /// Records up to a position, whether they match or not.
    All(u64),
    /// What matches, by the index.
    Matching(Box<Scan<Ledger>>),
    /// What matches of a page, from a position on.
    Of(Arc<Page>, u64),
}

impl Subscription {
    pub(super) fn new(shared: Arc<Shared>, place: Place, after: u64, following: Following) -> Self {
        let (tip, began_at) = (shared.tip.subscribe(), shared.ledger.last());
        Self {
            shared,
            place,
            tip,
            takes_all: following.takes_all(),
            following,
            position: after,
            ahead: None,
            page_bytes: FIRST_PAGE_BYTES,
            began_at,
            is_caught_up: false,
            told: Instant::now(),
        }
    }

    /// Its position.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Waits for what it is told next. Nothing is lost if this is dropped while it waits.
    ///
    /// # Errors
    /// If records cannot be read.
    pub async fn next(&mut self) -> Result<Next, Error> {
        loop {
            if self.is_silent() {
                return Ok(Next::Told(self.tell(Item::Heartbeat(proto::Heartbeat {}))));
            }
            if self.ahead.is_some() {
                return Ok(Next::Read(self.page_bytes));
            }
            let tip = self.tip.borrow_and_update().clone();
            let found = self.shared.ring.lock().find(self.position);
            match found {
                After::Page(page) if self.takes_all && page.first == self.position + 1 => {
                    return Ok(Next::Told(self.records(page.encoded.bytes().clone(), page.last)));
                }
                // Up to the end of the page: from there on it has the pages of all.
                After::Page(page) if self.takes_all => self.ahead = Some(Ahead::All(page.last)),
                After::Page(page) => self.ahead = Some(Ahead::Of(page, self.position + 1)),
                After::Behind(start) if self.takes_all => self.ahead = Some(Ahead::All(start)),
                After::Behind(start) => {
                    let scan = self.following.scan(self.shared.ledger.clone(), self.position, start);
                    self.ahead = Some(Ahead::Matching(Box::new(scan)));
                }
                After::Nothing => {
                    if let Some(error) = tip.failed {
                        return Err(error);
                    }
                    if !self.is_caught_up && self.position >= self.began_at {
                        self.is_caught_up = true;
                        return Ok(Next::Told(self.tell(Item::CaughtUp(proto::CaughtUp {}))));
                    }
                    // The sending end is in what is shared here; whether it is time for a heartbeat is asked above.
                    let _ = tokio::time::timeout_at(self.told + self.shared.heartbeat, self.tip.changed()).await;
                }
            }
        }
    }

    /// Reads what `next` has said is to be read; `None` if nothing of it matches.
    ///
    /// # Errors
    /// If records cannot be read.
    pub async fn read(&mut self) -> Result<Option<SubscribeResponse>, Error> {
        let (ledger, max_bytes) = (self.shared.ledger.clone(), self.page_bytes);
        let (page, passed) = match self.ahead.take() {
            None => return Ok(None),
            Some(Ahead::All(until)) => {
                let (after, reading) = (self.position, ledger.clone());
                let page = ledger.read_on(move |_| reader::page(&reading, after, until, max_bytes)).await?;
                (page.encoded, page.last)
            }
            Some(Ahead::Matching(mut scan)) => {
                let read = ledger.read_on(move |cancellation| {
                    let (page, is_over) = scan_on(&mut scan, max_bytes, cancellation)?;
                    Ok((page, is_over, scan))
                });
                let (page, is_over, scan) = read.await?;
                let passed = scan.passed();
                self.ahead = (!is_over).then_some(Ahead::Matching(scan));
                (page, passed)
            }
            Some(Ahead::Of(page, from)) => {
                let (following, last) = (self.following.clone(), page.last);
                let found = ledger.look_up_on(move |ledger| among(&following, ledger, &page, from..page.last + 1)).await?;
                (found, last)
            }
        };
        if page.count() == 0 {
            self.reached(passed);
            return Ok(None);
        }
        self.page_bytes = (2 * self.page_bytes).min(MAX_PAGE_BYTES);
        Ok(Some(self.records(page.bytes().clone(), passed)))
    }

    /// Whether it was told nothing for so long that it is told that the stream lives.
    fn is_silent(&self) -> bool {
        self.told.elapsed() >= self.shared.heartbeat
    }

    fn records(&mut self, page: bytes::Bytes, passed: u64) -> SubscribeResponse {
        self.reached(passed);
        self.tell(Item::Records(page))
    }

    fn reached(&mut self, position: u64) {
        self.position = self.position.max(position);
        self.place.reached(self.position);
    }

    fn tell(&mut self, item: Item) -> SubscribeResponse {
        self.told = Instant::now();
        SubscribeResponse { item: Some(item), position: self.position }
    }
}

/// The next part of a scan: its records, and whether it is over.
fn scan_on(scan: &mut Scan<Ledger>, max_bytes: usize, cancellation: &Cancellation) -> Result<(EncodedPage, bool), Error> {
    Ok(match scan.next(max_bytes, cancellation)? {
        Progress::Page(page) => {
            let records: Vec<_> = page.records.into_iter().map(|record| record.bytes).collect();
            (EncodedPage::of(&records), false)
        }
        Progress::Searching => (EncodedPage::of::<Vec<u8>>(&[]), false),
        Progress::End => (EncodedPage::of::<Vec<u8>>(&[]), true),
    })
}

/// What matches of some records of a page.
fn among(following: &Following, ledger: &Ledger, page: &Page, range: Range<u64>) -> Result<EncodedPage, Error> {
    let record = |position: u64| {
        let number = usize::try_from(position - page.first).ok()?;
        page.encoded.record(number).map(<[u8]>::to_vec)
    };
    let records: Vec<_> = following.among(ledger, range, record)?.into_iter().map(|record| record.bytes).collect();
    Ok(EncodedPage::of(&records))
}
