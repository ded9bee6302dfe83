//! Sums of what facts change: counts, and money by currency, never mixed.

mod encoding;

use super::fact::{Change, Value};
use crate::domain::money::Currency;
use smallvec::SmallVec;

/// Money of one currency, in minor units; wider than any sum of a ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Sales less refunds.
    pub revenue: i128,
    /// The partners' part of that; of everything only.
    pub credited: i128,
    /// Accrued less reversed.
    pub commission: i128,
    /// The house's share of costs.
    pub cost: i128,
    /// Deals first sold in this currency.
    pub deals: i64,
}

/// Sums of changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Distinct leads.
    pub leads: u64,
    /// Distinct leads that qualified.
    pub qualified: u64,
    /// Money by currency, in the order of appearance. Most scopes have one.
    money: SmallVec<[(Currency, Amounts); 1]>,
}

impl Sums {
    /// Adds a fact; its commission and cost only if they count by then.
    pub fn add(&mut self, value: &Value, is_effective: bool) {
        for change in &value.changes {
            match *change {
                Change::Lead | Change::Qualified => self.add_lead(*change),
                Change::Deals(currency, deals) => self.of(currency).deals += i64::from(deals),
                Change::Revenue(currency, minor_units) => self.of(currency).revenue += i128::from(minor_units),
                Change::Credited(currency, minor_units) => self.of(currency).credited += i128::from(minor_units),
                Change::Commission(currency, minor_units) if is_effective => self.of(currency).commission += i128::from(minor_units),
                Change::Cost(currency, minor_units) if is_effective => self.of(currency).cost += i128::from(minor_units),
                Change::Commission(..) | Change::Cost(..) => {}
            }
        }
    }

    /// Counts a lead, referred or qualified.
    pub fn add_lead(&mut self, what: Change) {
        match what {
            Change::Qualified => self.qualified += 1,
            _ => self.leads += 1,
        }
    }

    /// Adds other sums.
    pub fn add_all(&mut self, other: &Self) {
        self.leads += other.leads;
        self.qualified += other.qualified;
        for (currency, more) in &other.money {
            let amounts = self.of(*currency);
            amounts.revenue += more.revenue;
            amounts.credited += more.credited;
            amounts.commission += more.commission;
            amounts.cost += more.cost;
            amounts.deals += more.deals;
        }
    }

    fn of(&mut self, currency: Currency) -> &mut Amounts {
        let place = self.money.iter().position(|(known, _)| *known == currency).unwrap_or_else(|| {
            self.money.push((currency, Amounts::default()));
            self.money.len() - 1
        });
        &mut self.money[place].1
    }

    /// The money by currency code.
    pub fn by_currency(&self) -> Vec<(Currency, Amounts)> {
        let mut money = self.money.to_vec();
        money.sort_unstable_by_key(|(currency, _)| currency.code());
        money
    }

    /// The money of a currency.
    pub fn amounts(&self, currency: Currency) -> Amounts {
        self.money.iter().find(|(known, _)| *known == currency).map_or_else(Amounts::default, |(_, amounts)| *amounts)
    }

    /// Deals in all currencies.
    pub fn deals(&self) -> i64 {
        self.money.iter().map(|(_, amounts)| amounts.deals).sum()
    }
}
