//! What a lead accrued under the rules of an agreement, for caps (rules 6.6): added up anew as long as it has few sales, kept
//! from then on. A lead has few as long as fewer than `MANY + SELDOM` have to be looked at.

use super::Lead;
use crate::domain::State;
use crate::domain::commissions::PinnedAssessment;
use crate::domain::money::{Currency, Money};
use crate::domain::table::Row;
use crate::encoding::codec;
use smallvec::SmallVec;

/// From how many sales on the sums are kept.
const MANY: usize = 16;
/// Whether there are so many is looked at once in so many sales that count, for it costs a look at each of them.
const SELDOM: u32 = 8;

/// The sum of a rule: of an agreement, by its name, in a currency.
#[derive(Clone)]
pub(super) struct Accrued {
    agreement: Row,
    rule: Box<str>,
    currency: Currency,
    minor_units: i128,
}

codec!(Accrued { agreement, rule, currency, minor_units });

impl Accrued {
    fn is_of(&self, agreement: Row, rule: &str, currency: Currency) -> bool {
        self.agreement == agreement && self.currency == currency && *self.rule == *rule
    }

    fn add(sums: &mut Vec<Self>, agreement: Row, rule: &str, amount: Money) {
        let minor_units = i128::from(amount.minor_units);
        match sums.iter_mut().find(|known| known.is_of(agreement, rule, amount.currency)) {
            Some(known) => known.minor_units += minor_units,
            None => sums.push(Self { agreement, rule: rule.into(), currency: amount.currency, minor_units }),
        }
    }
}

impl Lead {
    /// Returns what it accrued under the rule of a name, in minor units, by sales and qualifications; reversals are not
    /// subtracted (rules 6.6).
    pub fn accrued_under(&self, agreement: Row, rule: &str, currency: Currency, state: &State) -> i128 {
        let of = |sums: &[Accrued]| sums.iter().find(|known| known.is_of(agreement, rule, currency)).map_or(0, |known| known.minor_units);
        self.kept_accrued().map_or_else(|| of(&self.add_up_accrued(state)), of)
    }

    fn add_up_accrued(&self, state: &State) -> Vec<Accrued> {
        let sales = self.sales(state).filter(|row| !state.commissions.sales.get(*row).counts_as_voided());
        let parts = sales.flat_map(|row| state.own_parts(row));
        let of_sales = parts.filter_map(|part| Some((part.earning.credit(), part.earning.assessment()?)));
        let mut sums = Vec::new();
        for (agreement, rule, amount) in of_sales.chain(self.rewards()).filter_map(|(credit, earned)| accrual(credit, earned, state)) {
            Accrued::add(&mut sums, agreement, rule, amount);
        }
        sums
    }
}

/// What was accrued: through which agreement, under the rule of which name, how much.
fn accrual(credit: Option<Row>, earned: PinnedAssessment, state: &State) -> Option<(Row, &str, Money)> {
    Some((credit?, &earned.rule(credit?, state)?.name, earned.amount?))
}

impl State {
    /// Keeps what a lead accrued up to date, once a sale was added to it (`sign` is 1), or has begun to count as voided (−1).
    pub(super) fn note_accrued_by_sale(&mut self, row: Row, sale: Row, sign: i64) {
        let known = self.leads.by_id.get(row);
        if known.kept_accrued().is_none() {
            let counts = sign > 0 && self.commissions.sales.get(sale).counts();
            if counts && !known.sales_count().is_multiple_of(SELDOM) {
                return;
            }
            // Adding them up has this sale as it counts now.
            return self.note_accrued(row, None, None);
        }
        let accrued = self.own_parts(sale).filter_map(|part| accrual(part.earning.credit(), part.earning.assessment()?, self));
        let accrued: SmallVec<[(Row, Box<str>, Money); 1]> =
            accrued.map(|(agreement, rule, amount)| (agreement, rule.into(), amount)).collect();
        if let Some(sums) = self.leads.by_id.get_mut(row).accrued_mut() {
            for (agreement, rule, amount) in accrued {
                Accrued::add(sums, agreement, &rule, Money::new(amount.currency, sign * amount.minor_units));
            }
        }
    }

    /// Keeps what a lead accrued up to date, once a qualification was added to it.
    pub(in crate::domain) fn note_accrued(&mut self, row: Row, credit: Option<Row>, earned: Option<PinnedAssessment>) {
        let lead = self.leads.by_id.get(row);
        if lead.kept_accrued().is_none() {
            // Also sales that do not count for the lead are walked when it is added up.
            if lead.sales(self).nth(MANY - 1).is_none() {
                return;
            }
            let sums = lead.add_up_accrued(self);
            *self.leads.by_id.get_mut(row).accrued_mut() = Some(sums);
            return;
        }
        let accrued =
            earned.and_then(|earned| accrual(credit, earned, self)).map(|(agreement, rule, amount)| (agreement, Box::from(rule), amount));
        let Some((agreement, rule, amount)): Option<(Row, Box<str>, Money)> = accrued else { return };
        if let Some(sums) = self.leads.by_id.get_mut(row).accrued_mut() {
            Accrued::add(sums, agreement, &rule, amount);
        }
    }
}
