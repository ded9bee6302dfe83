//! A sale was refunded: what of its commission is reversed, and from whom (rules 6.8, 6.10, 14.9).

use super::holdings::{CommissionPart, HOUSE};
use super::part::PartOf;
use super::posting::{Change, collect, parts_posted, subject_of_agreement};
use super::releases::Paid;
use super::{Refund, RefundOfPart};
use crate::domain::calendar::Time;
use crate::domain::effect::{Effect, RefundApplied, RefundedPart};
use crate::domain::ids::{Id, IdKind};
use crate::domain::money::{Currency, Money, apportion};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::table::Row;
use crate::domain::{Context, EventType, References, Stamp, State};
use crate::proto::{self, EntryKind, RefundReason};
use smallvec::smallvec;
use std::collections::BTreeSet;

/// The most lines of a refund: those of a sale (rules 14.3).
const MAX_LINES: usize = 100;

/// A customer got money back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaleRefunded {
    refund: Id,
    sale: Id,
    amount: Money,
    reason: RefundReason,
    clamp: bool,
    /// What of which line, in minor units; empty if it is spread over what is left of all.
    lines: Vec<(Id, i64)>,
}

impl EventType for SaleRefunded {
    type Message = proto::SaleRefunded;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        let amount = fields.amount("amount", message.amount.as_ref());
        Self {
            refund: fields.id("refund_id", &message.refund_id),
            sale: fields.id("sale_id", &message.sale_id),
            amount,
            reason: fields.enum_value("reason", message.reason),
            clamp: message.clamp,
            lines: parse_lines(message, amount, fields),
        }
    }

    fn introduces(&self) -> Option<(IdKind, &Id)> {
        Some((IdKind::Refund, &self.refund))
    }

    fn refers_to(&self) -> References<'_> {
        smallvec![(IdKind::Sale, &self.sale)]
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let (row, sale) = state.commissions.known_sale(&self.sale);
        let currency = sale.amount().currency;
        let of_lines = self.of_lines(row, state)?;
        let own: Vec<PartOf> = state.own_parts(row).collect();
        let refunded = self.of_parts(&own, &of_lines, state);
        let applied: i64 = of_lines.iter().sum();
        let lines = sale.details().map_or(&[][..], |details| &details.lines);
        let as_part = |(part, of_part): (&PartOf, &RefundOfPart)| RefundedPart {
            part: part.number,
            line: lines.get(part.share.line as usize).map(|line| line.id.clone()),
            agreement: part.earning.credit().map(|credit| state.agreements.by_id.key(credit).clone()),
            amount: Money::new(currency, of_part.applied),
            taken_from_house: None,
            keeps_commission: of_part.exempt,
        };
        // Of a sale that nobody earns on, the lines say it all.
        let has_parts = own.len() > 1 && sale.credit().is_some();
        let taken_lines = lines.iter().zip(&of_lines).filter(|(_, taken)| **taken != 0);
        let mut effects = vec![Effect::RefundApplied(Box::new(RefundApplied {
            refund: self.refund.clone(),
            sale: self.sale.clone(),
            amount: Money::new(currency, applied),
            cut_off: Some(Money::new(currency, self.amount.minor_units - applied)).filter(|cut_off| cut_off.minor_units != 0),
            taken_from_house: None,
            keeps_commission: refunded.iter().all(|of_part| of_part.exempt),
            parts: own.iter().zip(&refunded).filter(|(_, of_part)| has_parts && of_part.applied != 0).map(as_part).collect(),
            lines: taken_lines.filter(|_| lines.len() > 1).map(|(line, taken)| (line.id.clone(), Money::new(currency, *taken))).collect(),
        }))];
        let at = context.occurred_at;
        let change = Change { kind: EntryKind::Reversal, sale: (row, &self.sale), at };
        let reversed = state.reverse_refund(&change, &refunded, self.reason == RefundReason::HouseFault, &mut effects);
        note_from_house(&reversed.from_house, &mut effects, |number| {
            let at = own.iter().position(|part| has_parts && part.number == number)?;
            Some(as_part((&own[at], &RefundOfPart { applied: 0, exempt: false, ..refunded[at] })))
        });
        if let (true, Some(credit)) = (sale.collected(), sale.credit()) {
            let subject = subject_of_agreement(credit, sale.lead(), Some(&self.sale), state);
            collect(applied, sale.amount(), subject, state.effective_after_sale(sale.stamp(), at), &mut effects);
        }
        let Paid { paid, left } = state.paid_of_sale(row);
        state.post_releases(row, &reversed.parts, Paid { paid, left: left - applied }, at, &mut effects);
        Ok(effects)
    }

    fn evolve(&self, stamp: Stamp, effects: &[Effect], state: &mut State) {
        let row = state.commissions.known_sale(&self.sale).0;
        let before = state.counted(row);
        let applied = effects.iter().find_map(|effect| if let Effect::RefundApplied(applied) = effect { Some(&**applied) } else { None });
        let applied = applied.expect("a refund says what of it counts");
        let parts = if applied.parts.is_empty() {
            of_unearned(applied, row, state)
        } else {
            applied.parts.iter().map(RefundOfPart::from).collect()
        };
        let mut taken = parts_posted(effects, EntryKind::Reversal, state);
        let house_parts = applied.parts.iter().filter_map(|part| Some((part.part, part.taken_from_house?)));
        let of_one = applied.taken_from_house.filter(|_| parts.is_empty()).map(|amount| (0, amount));
        taken.extend(house_parts.chain(of_one).flat_map(|(number, amount)| state.taken_of_house(row, number, amount)));
        state.take_commission(row, &mut taken);
        let refund = Refund {
            stamp: stamp.into(),
            sale: row,
            applied: applied.amount.minor_units,
            exempt: applied.keeps_commission,
            reason: self.reason,
            parts,
            taken: taken.into(),
            reinstated: None,
        };
        state.add_refund(&refund, 1);
        let refund = state.commissions.refunds.insert(self.refund.clone(), refund);
        state.commissions.sales.get_mut(row).add_refund(refund);
        state.release_commission(row, stamp.occurred_at);
        state.count_again(row, &before);
        if self.reason == RefundReason::Error {
            state.note_seen_as_voided(row);
        }
    }
}

impl SaleRefunded {
    /// Returns what of the refund counts of each line, in minor units: at most what is left of it. A sale without lines is one.
    fn of_lines(&self, row: Row, state: &State) -> Result<Vec<i64>, Rejection> {
        let sale = state.commissions.sales.get(row);
        let currency = sale.amount().currency;
        let lines = sale.details().map_or(&[][..], |details| &details.lines);
        for (id, _) in &self.lines {
            if !lines.iter().any(|line| line.id == *id) {
                return Err(Rejection::UnknownId { kind: IdKind::Line, id: id.clone() });
            }
        }
        state.require_not_voided(row)?;
        if self.amount.currency != currency {
            return Err(Rejection::CurrencyMismatch { given: self.amount.currency, expected: currency });
        }
        let mut left = vec![0; lines.len().max(1)];
        state.own_parts(row).for_each(|part| left[part.share.line as usize] += part.left());
        if self.lines.is_empty() {
            let all: i64 = left.iter().sum();
            if self.amount.minor_units > all && !self.clamp {
                return Err(Rejection::RefundExceedsSale { sale: self.sale.clone(), left: Money::new(currency, all) });
            }
            return Ok(if all == 0 { vec![0; left.len()] } else { apportion(self.amount.minor_units.min(all), &left) });
        }
        let of_line = |(line, left): (&super::part::Line, i64)| {
            let wanted = self.lines.iter().find(|(id, _)| *id == line.id).map_or(0, |(_, wanted)| *wanted);
            if wanted > left && !self.clamp {
                let left = Money::new(currency, left);
                return Err(Rejection::RefundExceedsLine { sale: self.sale.clone(), line: line.id.clone(), left });
            }
            Ok(wanted.min(left))
        };
        lines.iter().zip(left).map(of_line).collect()
    }

    /// Returns what it takes of each own part: of a line by what is left of its parts (rules 14.9).
    fn of_parts(&self, own: &[PartOf], of_lines: &[i64], state: &State) -> Vec<RefundOfPart> {
        let mut refunded = Vec::with_capacity(own.len());
        for of_line in own.chunk_by(|one, next| one.share.line == next.share.line) {
            let taken = of_lines[of_line[0].share.line as usize];
            let left: Vec<i64> = of_line.iter().map(PartOf::left).collect();
            let taken = if taken == 0 { vec![0; left.len()] } else { apportion(taken, &left) };
            refunded.extend(of_line.iter().zip(taken).map(|(part, applied)| {
                let exempt = self.reason == RefundReason::HouseFault && state.keeps_on_house_fault(part);
                RefundOfPart { number: part.number, applied, exempt }
            }));
        }
        refunded
    }
}

/// What a refund took of the parts of a sale that nobody earns on: there is one for each line.
fn of_unearned(applied: &RefundApplied, row: Row, state: &State) -> Vec<RefundOfPart> {
    let lines = state.commissions.sales.get(row).details().map_or(&[][..], |details| &details.lines);
    let of_line = |(line, taken): &(Id, Money)| {
        let number = lines.iter().zip(0..).find(|(known, _)| known.id == *line).map(|(_, number)| number)?;
        Some(RefundOfPart { number, applied: taken.minor_units, exempt: applied.keeps_commission })
    };
    applied.lines.iter().filter_map(of_line).collect()
}

impl From<&RefundedPart> for RefundOfPart {
    fn from(part: &RefundedPart) -> Self {
        Self { number: part.part, applied: part.amount.minor_units, exempt: part.keeps_commission }
    }
}

impl State {
    /// Refuses what does not happen to a voided sale (rules 16.1).
    pub(super) fn require_not_voided(&self, row: Row) -> Result<(), Rejection> {
        match self.commissions.sales.get(row).voided() {
            Some(voided) => Err(Rejection::SaleVoided { sale: self.commissions.sales.key(row).clone(), position: voided.position }),
            None => Ok(()),
        }
    }

    /// Takes commission of a sale from whom postings say, below zero, and notes where it was taken from.
    pub(super) fn take_commission(&mut self, row: Row, taken: &mut [CommissionPart]) {
        for part in taken {
            let about = self.about_part(row, part.number);
            let from = self.change_earning(about, |earning| earning.take(&CommissionPart { amount: -part.amount, ..*part }));
            if let Some(from) = from {
                (part.position, part.entry) = (from.position, from.entry);
            }
        }
    }

    /// What is taken of the commission of a part that the house had taken over: what of it waits, and what does not.
    pub(super) fn taken_of_house(&self, row: Row, number: u32, amount: Money) -> Vec<CommissionPart> {
        let Some(part) = self.parts(row).find(|part| part.number == number) else { return Vec::new() };
        let of_house = part.earning.holdings().of_house(amount.currency, amount.minor_units).into_iter();
        let taken = of_house.map(|(minor_units, awaits)| CommissionPart {
            partner: HOUSE,
            agreement: Row::MAX,
            position: 0,
            currency: amount.currency,
            amount: -minor_units,
            available_at: None,
            awaits,
            number,
            entry: None,
        });
        taken.collect()
    }

    /// Adds a refund to its sale's parts (`sign` is 1), or takes it off again once it is reinstated (−1).
    pub(super) fn add_refund(&mut self, refund: &Refund, sign: i64) {
        for part in refund.of_parts() {
            let about = self.about_part(refund.sale, part.number);
            self.change_earning(about, |earning| earning.add_refunded(sign * part.applied, part.exempt));
        }
        if refund.reason == RefundReason::Error {
            self.commissions.sales.get_mut(refund.sale).details_mut().errors += sign * refund.applied;
        }
    }
}

/// Adds what the refund takes of commission that the house took over; it is said in the effect, not posted. A part of which the
/// refund takes nothing may lose commission all the same, with others that its rule decided (rules 14.9): it is `untouched` then.
/// The sum over the parts is of the first one's currency.
fn note_from_house(taken: &[(u32, Currency, i64)], effects: &mut [Effect], untouched: impl Fn(u32) -> Option<RefundedPart>) {
    let Some(Effect::RefundApplied(applied)) = effects.first_mut() else { return };
    for (number, currency, minor_units) in taken {
        let taken = Money::new(*currency, *minor_units);
        let sum = applied.taken_from_house.get_or_insert(Money::new(*currency, 0));
        if sum.currency == *currency {
            sum.minor_units += minor_units;
        }
        let place = applied.parts.iter().position(|part| part.part >= *number).unwrap_or(applied.parts.len());
        if applied.parts.get(place).is_none_or(|part| part.part != *number) {
            let Some(part) = untouched(*number) else { continue };
            applied.parts.insert(place, part);
        }
        applied.parts[place].taken_from_house = Some(taken);
    }
}

fn parse_lines(message: &proto::SaleRefunded, whole: Money, fields: &mut Fields) -> Vec<(Id, i64)> {
    let mut ids = BTreeSet::new();
    let lines = fields.each("lines", &message.lines, MAX_LINES, |fields, line| {
        if !ids.insert(line.line_id.clone()) {
            fields.bad("line_id", "is named by an earlier line; name each line once");
        }
        let amount = fields.amount("amount", line.amount.as_ref());
        if amount.currency != whole.currency {
            fields.bad("amount.currency_code", "must be the currency of the refund's amount");
        }
        (fields.id("line_id", &line.line_id), amount.minor_units)
    });
    let sum = lines.iter().map(|(_, minor_units)| i128::from(*minor_units)).sum::<i128>();
    if !lines.is_empty() && sum != i128::from(whole.minor_units) {
        fields.bad("lines", format!("the amounts must add up to the refund's, {}; they come to {sum}", whole.minor_units));
    }
    lines
}
