//! Lists: all pages of an answer, as a table for each page, so that output begins at once, or as one JSON answer.

use super::failure::Failure;
use super::json::{self, Named};
use super::output::Output;
use super::table::{Column, Table};
use partnership_ledger::proto;
use std::future::{Future, poll_fn};
use std::io::Write as _;
use std::pin::{Pin, pin};
use std::task::Poll;
use tonic::{Response, Status};

/// Items per page: the most that the contract allows.
pub const PAGE_SIZE: u32 = 1_000;

/// A list that is being written.
pub struct Listing<'a, const N: usize> {
    out: &'a mut Output,
    field: &'static str,
    header: [Column; N],
    is_begun: bool,
    items: usize,
    left_out: u32,
    position: u64,
}

impl<'a, const N: usize> Listing<'a, N> {
    /// A list whose items are in the field `field` of the contract's message, and under `header` for people.
    pub fn of(out: &'a mut Output, field: &'static str, header: [impl Into<Column>; N]) -> Self {
        Self { out, field, header: header.map(Into::into), is_begun: false, items: 0, left_out: 0, position: 0 }
    }

    /// Writes what comes before the items, once there is an answer, so that a refusal leaves no partial document.
    fn begin(&mut self) -> Result<(), Failure> {
        if self.out.json && !self.is_begun {
            write!(self.out, "{{\"{}\":[", self.field)?;
        }
        self.is_begun = true;
        Ok(())
    }

    /// Writes a page that was read at `position`; `add` adds an item's rows to the table.
    pub fn page<M: Named>(&mut self, items: &[M], position: u64, add: impl Fn(&mut Table, &M)) -> Result<(), Failure> {
        self.position = position;
        self.begin()?;
        if self.out.json {
            for item in items {
                if self.items > 0 {
                    self.out.write_all(b",")?;
                }
                json::write(self.out, item)?;
                self.items += 1;
            }
        } else if !items.is_empty() {
            let mut table = Table::new(self.header.clone());
            for item in items {
                add(&mut table, item);
            }
            self.out.table(table)?;
            self.items += items.len();
        }
        Ok(())
    }

    /// Remembers that entries of an item were left out of what is shown: the end of the list says how many.
    pub fn leaves_out(&mut self, count: u32) {
        self.left_out = self.left_out.saturating_add(count);
    }

    /// Writes all pages that `ask` gives for their tokens, and ends the list.
    pub async fn all<P: Page>(
        mut self,
        empty: &str,
        mut ask: impl AsyncFnMut(String) -> Result<Response<P>, Status>,
        add: impl Fn(&mut Table, &P::Item),
    ) -> Result<(), Failure> {
        let mut page = ask(String::new()).await?.into_inner().into_parts();
        loop {
            let (items, position, next_page_token) = page;
            if next_page_token.is_empty() {
                self.page(&items, position, &add)?;
                return self.end(empty);
            }
            // The next page is asked for while this one is written.
            let mut next = pin!(ask(next_page_token));
            let answer = poll_once(next.as_mut()).await;
            self.page(&items, position, &add)?;
            let answer = match answer {
                Some(answer) => answer,
                None => next.await,
            };
            page = answer?.into_inner().into_parts();
        }
    }

    /// Ends the list; `empty` is the sentence for people if it has no items.
    pub fn end(mut self, empty: &str) -> Result<(), Failure> {
        self.begin()?;
        if self.out.json {
            return self.out.line(&format!("],\"next_page_token\":\"\",\"position\":\"{}\"}}", self.position));
        }
        if self.items == 0 {
            self.out.line(empty)?;
        }
        self.out.left_out(self.left_out)?;
        self.out.read_at(self.position)
    }
}

/// A page of a list, as the contract answers it.
pub trait Page {
    /// What the list is of.
    type Item: Named;
    /// Returns the items, the position that they were read at, and the token of the next page, empty after the last.
    fn into_parts(self) -> (Vec<Self::Item>, u64, String);
}

macro_rules! pages {
    ($($page:ident: $items:ident of $item:ident),* $(,)?) => {
        $(impl Page for proto::$page {
            type Item = proto::$item;
            fn into_parts(self) -> (Vec<proto::$item>, u64, String) {
                (self.$items, self.position, self.next_page_token)
            }
        })*
    };
}

pages! {
    ListAgreementsResponse: agreements of Agreement, ListAlertsResponse: alerts of Alert, ListCampaignsResponse: campaigns of Campaign,
    ListDisputesResponse: disputes of Dispute, ListEntriesResponse: entries of Entry, ListLeadsResponse: leads of Lead,
    ListPayablesResponse: payables of Payable, ListPayoutsResponse: payouts of Payout, GetPayoutSummaryResponse: rows of PayoutSummaryRow,
    ListProgrammesResponse: programmes of Programme,
}

/// Begins a future; returns its outcome if it has one at once.
async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Calls `page` with the token of each page, the first being empty; it returns the token of the next.
pub async fn each_page(mut page: impl AsyncFnMut(String) -> Result<String, Failure>) -> Result<(), Failure> {
    let mut token = page(String::new()).await?;
    while !token.is_empty() {
        token = page(token).await?;
    }
    Ok(())
}
