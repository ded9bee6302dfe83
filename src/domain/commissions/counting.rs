//! Which sales count, and for how much: net sales and numbers of sales of a rule (rules 6.5, 14.12), the limits, windows and caps of
//! a lead (rules 14.5, 16.2). What changes a sale – a refund, its reinstatement, a void – notes how it counted before, and then
//! moves what follows from that.

use super::PinnedAssessment;
use super::net_sales::{RuleKey, Sold};
use super::part::PartOf;
use crate::domain::agreements::terms::CommissionRule;
use crate::domain::money::base_left;
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::proto::RefundReason;
use smallvec::SmallVec;

/// How a sale counts at a moment.
pub(super) struct Counted {
    /// The base that is left of each own part, in minor units.
    bases: SmallVec<[i64; 1]>,
    /// Whether it counts among the sales that a rule decided.
    as_sale: bool,
    /// Whether it counts as voided.
    as_voided: bool,
}

impl PartOf<'_> {
    /// The base that is left, in minor units, less every refund (rules 14.9).
    fn net_base(&self) -> i64 {
        base_left(self.share.base, self.left(), self.share.amount)
    }
}

impl State {
    /// How a sale counts now.
    pub(super) fn counted(&self, row: Row) -> Counted {
        let sale = self.commissions.sales.get(row);
        let is_void = sale.voided().is_some();
        let bases = self.own_parts(row).map(|part| if is_void { 0 } else { part.net_base() }).collect();
        let as_sale = sale.amount().minor_units > 0 && !is_void && self.left_of_sale(row) > 0;
        Counted { bases, as_sale, as_voided: sale.counts_as_voided() }
    }

    /// Whether a sale counts as voided as seen: it was, or refunds for an error that are seen have taken all of it (rules 16.2, 16.3).
    pub fn counts_as_voided_seen(&self, row: Row, seen: Seen) -> bool {
        let sale = self.commissions.sales.get(row);
        let refunds = sale.refunds().iter().map(|row| self.commissions.refunds.get(*row));
        let stand = refunds.filter(|refund| refund.reason == RefundReason::Error && seen.sees(refund.stamp()));
        let stand = stand.filter(|refund| !refund.reinstated().is_some_and(|stamp| seen.sees(stamp)));
        let minor_units = i128::from(sale.amount().minor_units);
        sale.voided().is_some_and(|voided| seen.sees(voided))
            || minor_units > 0 && stand.map(|refund| i128::from(refund.applied)).sum::<i128>() >= minor_units
    }

    /// Notes for a sale's lead that refunds for an error, with those that were reinstated since, come to all of the sale: as of a
    /// time before the reinstatement it counts as voided (rules 16.3).
    pub(super) fn note_seen_as_voided(&mut self, row: Row) {
        let sale = self.commissions.sales.get(row);
        let refunds = sale.refunds().iter().map(|row| self.commissions.refunds.get(*row));
        let errors: i128 = refunds.filter(|refund| refund.reason == RefundReason::Error).map(|refund| i128::from(refund.applied)).sum();
        let minor_units = i128::from(sale.amount().minor_units);
        if minor_units > 0
            && errors >= minor_units
            && let Some(lead) = sale.lead()
        {
            self.note_void_of_lead(lead);
        }
    }

    /// How a sale that is being recorded counted before: not at all.
    pub(super) fn uncounted(&self, row: Row) -> Counted {
        Counted { bases: self.own_parts(row).map(|_| 0).collect(), as_sale: false, as_voided: false }
    }

    /// Moves what follows from how a sale counts, once it has changed.
    pub(super) fn count_again(&mut self, row: Row, before: &Counted) {
        let now = self.counted(row);
        self.move_net_sales(row, before, &now);
        if before.as_voided != now.as_voided
            && let Some(lead) = self.commissions.sales.get(row).lead()
        {
            self.count_for_lead(lead, row);
        }
    }

    fn move_net_sales(&mut self, row: Row, before: &Counted, now: &Counted) {
        let sale = self.commissions.sales.get(row);
        let (at, currency) = (sale.stamp().occurred_at, sale.amount().currency);
        let more = i8::from(now.as_sale) - i8::from(before.as_sale);
        let mut moved: SmallVec<[(Row, &CommissionRule, Sold); 1]> = SmallVec::new();
        for (part, (base_before, base_now)) in self.own_parts(row).zip(before.bases.iter().zip(&now.bases)) {
            let Some((credit, earned)) = part.earning.credit().zip(part.earning.assessment().filter(PinnedAssessment::counts)) else {
                continue;
            };
            let Some(rule) = earned.rule(credit, self) else { continue };
            let minor_units = base_now - base_before;
            // A sale counts once for a rule, whatever parts it decided.
            let is_counted = more == 0
                || moved.iter().any(|(agreement, known, sold)| (*agreement, &known.name) == (credit, &rule.name) && sold.count != 0);
            let count = if earned.counts_as_sale() && !is_counted { more } else { 0 };
            if minor_units != 0 || count != 0 {
                moved.push((credit, rule, Sold { at, minor_units, count }));
            }
        }
        // Mostly the rule has decided before, and its name needs no copy.
        let rows = moved.into_iter().map(|(credit, rule, sold)| (self.commissions.row_of_rule(credit, &rule.name), sold));
        let rows: SmallVec<[(Result<Row, RuleKey>, Sold); 1]> = rows.collect();
        for (row, sold) in rows {
            self.commissions.add_net_sale(row, currency, sold);
        }
    }
}
