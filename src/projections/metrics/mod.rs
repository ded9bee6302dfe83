//! The facts that figures count (rules 11), by scope: fed with what is durable and never taken back.
//!
//! Facts are kept in blocks with sums per block, so that a question about any time adds up few of them one by one.

mod encoding;
mod fact;
mod history;
mod sums;
mod update;

pub use encoding::MetricsLoad;
pub use fact::Scope;
pub use history::Window;
pub use sums::{Amounts, Sums};
pub use update::{Update, updates};

use crate::domain::State;
use crate::domain::pages::Pages;
use crate::domain::table::Row;
use fact::{Change, Fact, Value};
use history::History;
use std::sync::Arc;
use update::Repeat;

/// The figures of all scopes.
#[derive(Clone, Default)]
pub struct Metrics {
    all: Scoped,
    partners: Scopes,
    agreements: Scopes,
    campaigns: Scopes,
}

/// Scopes by row. A page of them is copied when one changes that is shared, and a scope has its last facts in it.
type Scopes = Pages<Scoped, 4>;

/// The facts of one scope.
#[derive(Clone, Default)]
struct Scoped {
    history: History,
    extra: Option<Box<Extra>>,
}

/// Items in a page of the lists of `Extra`.
const PAGE: usize = 16;

/// What most scopes have nothing of.
#[derive(Clone, Default)]
struct Extra {
    /// Facts that the state does not have.
    kept: Pages<Arc<Value>, PAGE>,
    repeats: Pages<Arc<Repeat>, PAGE>,
    takes_part_in: Vec<Row>,
    /// Leads whose deal is looked up, in order, each with the position from which on: one of its sales was voided.
    deals: Vec<(Row, u64)>,
}

impl Metrics {
    /// Applies the updates of a record. Records come in the order of their positions.
    pub fn add(&mut self, updates: &[Update]) {
        for update in updates {
            match update {
                Update::Fact(scope, fact, value) => self.scoped_mut(*scope).add(*fact, value),
                Update::Repeat(scope, repeat) => self.scoped_mut(*scope).extra_mut().repeats.push(Arc::new(*repeat)),
                Update::TakesPart(scope, campaign) => self.scoped_mut(*scope).extra_mut().takes_part_in.push(*campaign),
                Update::LookUpDeal(scope, lead, position) => {
                    let deals = &mut self.scoped_mut(*scope).extra_mut().deals;
                    if let Err(place) = deals.binary_search_by_key(lead, |(known, _)| *known) {
                        deals.insert(place, (*lead, *position));
                    }
                }
            }
        }
    }

    /// Returns what a scope's facts come to in a window: sums as far as whole blocks of them count, and the facts left to be
    /// looked at.
    pub fn gather(&self, scope: Scope, window: Window) -> Gathered {
        let mut gathered =
            Gathered { scope, window, sums: Sums::default(), left: Vec::new(), deals: Vec::new(), takes_part_in: Vec::new() };
        let Some(scoped) = self.scoped(scope) else { return gathered };
        gathered.left = scoped.history.gather(&window, &mut gathered.sums);
        let Some(extra) = &scoped.extra else { return gathered };
        gathered.takes_part_in.clone_from(&extra.takes_part_in);
        let deals = extra.deals.iter().filter(|(_, since)| *since <= window.seen.position);
        gathered.deals = deals.map(|(lead, _)| *lead).collect();
        let sums = &mut gathered.sums;
        gathered.left.retain(|fact| match fact {
            Fact::Kept(place) => {
                window.add(extra.kept.get(*place as usize).expect("it was kept"), sums);
                false
            }
            _ => true,
        });
        add_repeats(&extra.repeats, &window, sums);
        gathered
    }

    /// How many facts all scopes hold together.
    pub fn len(&self) -> usize {
        let scopes = [&self.partners, &self.agreements, &self.campaigns].into_iter().flat_map(Pages::iter);
        scopes.chain([&self.all]).map(|scoped| scoped.history.len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn scoped(&self, scope: Scope) -> Option<&Scoped> {
        match scope {
            Scope::All => Some(&self.all),
            Scope::Partner(row) => self.partners.get(row as usize),
            Scope::Agreement(row) => self.agreements.get(row as usize),
            Scope::Campaign(row) => self.campaigns.get(row as usize),
        }
    }

    fn scoped_mut(&mut self, scope: Scope) -> &mut Scoped {
        let (scopes, row) = match scope {
            Scope::All => return &mut self.all,
            Scope::Partner(row) => (&mut self.partners, row as usize),
            Scope::Agreement(row) => (&mut self.agreements, row as usize),
            Scope::Campaign(row) => (&mut self.campaigns, row as usize),
        };
        while scopes.len() <= row {
            scopes.push(Scoped::default());
        }
        scopes.get_mut(row).expect("the scope is there")
    }
}

impl Scoped {
    fn add(&mut self, fact: Option<Fact>, value: &Value) {
        let fact = fact.unwrap_or_else(|| {
            let kept = &mut self.extra_mut().kept;
            kept.push(Arc::new(value.clone()));
            Fact::Kept(u32::try_from(kept.len() - 1).expect("a scope keeps fewer than 2^32 facts"))
        });
        self.history.push(fact, value);
    }

    fn extra_mut(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }
}

/// Counts leads that the window holds, but not where they were first: each once.
fn add_repeats(repeats: &Pages<Arc<Repeat>, PAGE>, window: &Window, sums: &mut Sums) {
    for what in [Change::Lead, Change::Qualified] {
        let counted = repeats.iter().filter(|repeat| repeat.what == what && !window.holds(repeat.first_at) && window.counts(repeat.stamp));
        let mut leads: Vec<Row> = counted.map(|repeat| repeat.lead).collect();
        leads.sort_unstable();
        leads.dedup();
        leads.iter().for_each(|_| sums.add_lead(what));
    }
}

/// What a scope's facts come to, as far as it is added up.
pub struct Gathered {
    scope: Scope,
    window: Window,
    sums: Sums,
    left: Vec<Fact>,
    /// Leads whose deal is left to be looked up.
    deals: Vec<Row>,
    /// The campaigns that the scope takes part in, in the order of planning.
    pub takes_part_in: Vec<Row>,
}

impl Gathered {
    /// How many facts are left to be looked at, one by one.
    pub fn left(&self) -> usize {
        self.left.len() + self.deals.len()
    }

    /// Looks at some of the facts that are left; whether there are more.
    pub fn look_at(&mut self, count: usize, state: &State) -> bool {
        let keep = self.left.len().saturating_sub(count);
        for fact in self.left.drain(keep..) {
            if let Some(value) = Value::of(fact, self.scope, state) {
                self.window.add(&value, &mut self.sums);
            }
        }
        for lead in self.deals.drain(self.deals.len().saturating_sub(count)..) {
            if let Some(value) = Value::of_deal(lead, self.scope, self.window.seen, state) {
                self.window.add(&value, &mut self.sums);
            }
        }
        !self.left.is_empty() || !self.deals.is_empty()
    }

    /// The sums, once nothing is left.
    pub fn sums(&self) -> &Sums {
        assert!(self.left.is_empty() && self.deals.is_empty(), "all facts were looked at");
        &self.sums
    }
}
