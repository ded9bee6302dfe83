//! The entries of a partner's accounts, merged in order. Blocks of an account in which nothing is wanted are left out; what they
//! add to the net is counted once a later entry is wanted.

use crate::domain::account::{Account, Entry, Wanted};
use crate::domain::money::Currency;
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::queries::page::Place;
use std::collections::VecDeque;

/// What is asked of the entries, whatever they are about.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub currency: Option<Currency>,
    pub wanted: &'a Wanted,
    pub seen: Seen,
}

impl Asked<'_> {
    /// Whether an entry is wanted and seen.
    pub fn has(&self, entry: &Entry) -> bool {
        entry.effective_at <= self.seen.time && self.wanted.has(entry)
    }
}

/// The entries that may be wanted.
pub struct Merge<'a> {
    heads: Vec<Head<'a>>,
    asked: Asked<'a>,
}

impl<'a> Merge<'a> {
    /// The entries of a partner, from a place on.
    pub fn from(state: &'a State, partner: Row, asked: Asked<'a>, from: Place) -> Self {
        let accounts = state.partners.get(partner).accounts.iter().map(|row| (state.accounts.key(*row).1, state.accounts.get(*row)));
        let wanted = accounts.filter(|(currency, _)| asked.currency.is_none_or(|wanted| wanted == *currency));
        let heads = wanted.map(|(currency, account)| Head::from(account, currency, asked, from)).collect();
        Self { heads, asked }
    }

    /// What is asked of them.
    pub fn asked(&self) -> Asked<'a> {
        self.asked
    }

    /// The next entry that stands before a place, and the account that it stands in.
    pub fn next(&mut self, end: Place) -> Option<(Entry, &mut Head<'a>)> {
        let heads = self.heads.iter_mut().filter_map(|head| Some((head.entry()?, head)));
        heads.filter(|(entry, _)| place_of(entry) < end).min_by_key(|(entry, _)| place_of(entry))
    }

    /// The place of the next entry; `None` if none is left.
    pub fn place(&self) -> Option<Place> {
        self.heads.iter().filter_map(Head::entry).map(|entry| place_of(&entry)).min()
    }

    /// Leaves out what stands before a place.
    pub fn skip_to(&mut self, place: Place) {
        let behind = self.heads.iter_mut().filter(|head| head.entry().is_some_and(|entry| place_of(&entry) < place));
        behind.for_each(|head| head.skip_to(place, self.asked));
    }
}

/// How far the merge has come in one account.
pub struct Head<'a> {
    account: &'a Account,
    /// The account's currency.
    pub currency: Currency,
    at: usize,
    end: usize,
    /// The entry it stands at, and those that follow in its block: they are read together.
    ahead: VecDeque<Entry>,
    /// The net of what is seen of the first so many entries.
    net: i128,
    counted: usize,
}

impl<'a> Head<'a> {
    fn from(account: &'a Account, currency: Currency, asked: Asked<'_>, from: Place) -> Self {
        let end = account.entries_until(asked.seen.position);
        let mut head = Self { account, currency, at: 0, end, ahead: VecDeque::new(), net: 0, counted: 0 };
        head.skip_to(from, asked);
        head
    }

    /// The net with the entry it stands at.
    pub fn net(&mut self, seen: Seen) -> i128 {
        let with = self.at + 1;
        if self.counted < with {
            self.net -= self.account.sums_between(self.counted..with, seen).balance();
            self.counted = with;
        }
        self.net
    }

    /// Goes on to the next entry.
    pub fn advance(&mut self, asked: Asked<'_>) {
        self.pass(asked.seen);
        self.read(asked);
    }

    /// Passes the entry it stands at. It is counted if all before it are: that costs less than to look at it again.
    fn pass(&mut self, seen: Seen) {
        if let Some(entry) = self.ahead.pop_front().filter(|_| self.counted == self.at) {
            self.counted += 1;
            if entry.effective_at <= seen.time {
                self.net -= i128::from(entry.amount);
            }
        }
        self.at += 1;
    }

    fn skip_to(&mut self, place: Place, asked: Asked<'_>) {
        let is_ahead = self.ahead.back().is_some_and(|last| place <= place_of(last));
        if is_ahead {
            while self.entry().is_some_and(|entry| place_of(&entry) < place) {
                self.pass(asked.seen);
            }
        } else {
            self.at = self.account.partition_point(|entry| place_of(entry) < place).min(self.end);
            self.ahead.clear();
            self.read(asked);
        }
    }

    fn read(&mut self, asked: Asked<'_>) {
        if self.ahead.is_empty() {
            self.at = self.account.next_wanted(self.at, self.end, asked.wanted, asked.seen);
            self.ahead.extend(self.account.rest_of_block(self.at).take(self.end - self.at));
        }
    }

    fn entry(&self) -> Option<Entry> {
        self.ahead.front().copied()
    }
}

/// Where an entry stands: its record, and its place among the record's effects.
pub fn place_of(entry: &Entry) -> Place {
    (entry.position, u64::from(entry.effect))
}
