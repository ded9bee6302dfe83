//! A sale was made: its parts are assessed and accrued and, where the partner collected it, it is owed by the partner (rules 6, 14).

use super::Sale;
use super::assess::{AssessmentInput, Decided, PartInput, assess, assessments_in};
use super::earning::{Earning, Pinned};
use super::part::{Line, Over, Part, PartShare, SaleDetails};
use super::posting::{accrue, collect, subject_of_agreement};
use crate::domain::calendar::Time;
use crate::domain::effect::{Assessment, Effect};
use crate::domain::ids::{Id, IdKind};
use crate::domain::money::{Money, WHOLE_BPS, apportion};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::table::Row;
use crate::domain::{Context, EventType, Seen, Stamp, State};
use crate::proto::{self, Side};
use smallvec::{SmallVec, smallvec};
use std::collections::BTreeSet;

/// The most lines of a sale (rules 14.3).
const MAX_LINES: usize = 100;
/// The fewest and the most agreements that a sale is split between (rules 14.2).
const SPLITS: std::ops::RangeInclusive<usize> = 2..=8;

/// A customer bought something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaleRecorded {
    sale: Id,
    lead: Option<Id>,
    agreement: Option<Id>,
    splits: Vec<Split>,
    amount: Money,
    /// Of a sale without lines.
    product: Box<str>,
    /// What commission is worked out on, in minor units; of a sale without lines.
    base: i64,
    lines: Vec<SoldLine>,
    coupon: Box<str>,
    collected: bool,
}

/// An agreement that earns beside others (rules 14.2).
#[derive(Clone, Debug, PartialEq, Eq)]
struct Split {
    agreement: Id,
    share_bps: u32,
}

/// A line as it was sold (rules 14.3).
#[derive(Clone, Debug, PartialEq, Eq)]
struct SoldLine {
    id: Id,
    product: Box<str>,
    amount: i64,
    base: i64,
}

impl EventType for SaleRecorded {
    type Message = proto::SaleRecorded;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        let amount = fields.amount_or_zero("amount", message.amount.as_ref());
        let base = parse_base(message.commissionable.as_ref(), amount, fields);
        if !message.lines.is_empty() {
            if !message.product.is_empty() {
                fields.bad("product", "must be empty: each of the lines says its own");
            }
            if message.commissionable.is_some() {
                fields.bad("commissionable", "must be left out: each of the lines says its own");
            }
        }
        Self {
            sale: fields.id("sale_id", &message.sale_id),
            lead: fields.optional_id("lead_id", message.lead_id.as_deref()),
            agreement: fields.optional_id("agreement_id", message.agreement_id.as_deref()),
            splits: parse_splits(message, fields),
            amount,
            product: fields.optional_key("product", &message.product),
            base,
            lines: parse_lines(message, amount, fields),
            coupon: fields.optional_key("coupon", &message.coupon),
            collected: fields.enum_or("collected_by", message.collected_by, Side::House) == Side::Partner,
        }
    }

    fn introduces(&self) -> Option<(IdKind, &Id)> {
        Some((IdKind::Sale, &self.sale))
    }

    fn refers_to(&self) -> Vec<(IdKind, &Id)> {
        let lead = self.lead.iter().map(|id| (IdKind::Lead, id));
        let earners = self.agreement.iter().chain(self.splits.iter().map(|split| &split.agreement));
        lead.chain(earners.map(|id| (IdKind::Agreement, id))).collect()
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let at = context.occurred_at;
        let lead = self.lead.as_ref().map(|id| state.leads.known(id));
        let earners = self.earners(at, state);
        if self.collected && earners.is_empty() {
            return Err(Rejection::NoCredit);
        }
        if self.lead.is_none() && self.agreement.is_none() && self.splits.is_empty() {
            return Ok(Vec::new());
        }
        let mut effects = Vec::with_capacity(3);
        if earners.is_empty() {
            let whole = PartInput { line: None, ..self.part(0, None, &self.whole(), &[]) };
            let (assessment, _) = assess(&AssessmentInput { part: Some(whole), lead, credit: None, at }, state);
            effects.push(Effect::CommissionAssessed(Box::new(assessment)));
            return Ok(effects);
        }
        let lead_row = lead.map(|(row, _)| row);
        let parts = self.own_parts();
        let mut decided: SmallVec<[Decided; 1]> = SmallVec::new();
        for (part, number) in parts.iter().zip(0..) {
            let earner = earners[number as usize % earners.len()];
            let input =
                AssessmentInput { part: Some(self.part(number, self.share_of(number), part, &decided)), lead, credit: Some(earner), at };
            let (assessment, rule) = assess(&input, state);
            let accrued = assessment.amount;
            accrue(assessment, subject_of_agreement(earner, lead_row, Some(&self.sale), state), at, state, &mut effects);
            if let Some((rule, accrued)) = rule.zip(accrued) {
                decided.push(Decided { credit: earner, rule, accrued, base: part.base, number });
            }
        }
        self.override_parts(&parts, &decided, lead_row, at, state, &mut effects);
        if self.collected {
            let subject = subject_of_agreement(earners[0], lead_row, Some(&self.sale), state);
            collect(-self.amount.minor_units, self.amount, subject, state.commissions.effective_at(at), &mut effects);
        }
        Ok(effects)
    }

    fn evolve(&self, stamp: Stamp, effects: &[Effect], state: &mut State) {
        let lead = self.lead.as_ref().map(|id| state.leads.known(id).0);
        let own = self.own_parts();
        let mut assessments = assessments_in(effects);
        // Of a sale that nobody earns on there is one assessment or none.
        let mut parts: SmallVec<[(PartShare, Option<&Assessment>); 1]> = own.iter().map(|share| (*share, assessments.next())).collect();
        for above in assessments {
            let below = parts.iter().take(own.len()).zip(0..).find(|((_, part), _)| part.is_some_and(|part| is_below(part, above)));
            let ((share, _), part) = below.expect("an override is one of an own part");
            let level = above.above.as_ref().map_or(0, |(level, _)| *level);
            parts.push((PartShare { amount: 0, base: 0, line: share.line, over: Some(Over { part, level }) }, Some(above)));
        }
        let count = u32::try_from(parts.len()).expect("a sale has few parts");
        let mut earnings = parts.into_iter().map(|(share, assessment)| {
            let credit = assessment.and_then(|assessment| state.agreements.by_id.find(assessment.agreement.as_ref()?));
            let (pinned, earned) = Pinned::of(stamp, Some(self.amount.currency), credit, self.collected, assessment, state);
            (share, earned, pinned)
        });
        let (first, earned, pinned) = earnings.next().expect("a sale has a part");
        let more: Vec<(PartShare, i64, Pinned)> = earnings.collect();
        let earning = Earning::new(stamp, earned, state.commissions.pinned.intern(pinned));
        let row = state.commissions.sales.insert(self.sale.clone(), Sale::new(self.amount.minor_units, lead, earning));
        let mut first_of_more = None;
        for ((share, earned, pinned), number) in more.into_iter().zip(1..) {
            let earning = Earning::new(stamp, earned, state.commissions.pinned.intern(pinned));
            let part = state.commissions.parts.insert((row, number), Part { sale: row, share, earning });
            first_of_more = first_of_more.or(Some(part));
        }
        if count > 1 || !self.lines.is_empty() || self.base != self.amount.minor_units {
            let own = u32::try_from(own.len()).expect("a sale has few parts");
            let lines = self.lines.iter().map(|line| Line { id: line.id.clone(), amount: line.amount }).collect();
            let usual = SaleDetails::of_one(self.amount.minor_units);
            *state.commissions.sales.get_mut(row).details_mut() = SaleDetails { lines, first, more: first_of_more, count, own, ..usual };
        }
        if let Some(lead) = lead {
            state.add_sale(lead, row);
        }
        let before = state.uncounted(row);
        state.count_again(row, &before);
    }
}

impl SaleRecorded {
    /// The agreements that earn, in their order (rules 14.2).
    fn earners(&self, at: Time, state: &State) -> SmallVec<[Row; 2]> {
        let known = |id: &Id| state.agreements.by_id.find(id).expect("the agreement is known");
        if !self.splits.is_empty() {
            return self.splits.iter().map(|split| known(&split.agreement)).collect();
        }
        let of_lead = || self.lead.as_ref().and_then(|lead| state.leads.known(lead).1.credit_at(at, Seen::ALL, state));
        self.agreement.as_ref().map(known).or_else(of_lead).into_iter().collect()
    }

    /// What each own part is of the sale, line by line, earners in their order (rules 14.6).
    fn own_parts(&self) -> SmallVec<[PartShare; 1]> {
        let shares: SmallVec<[i64; 8]> = self.splits.iter().map(|split| i64::from(split.share_bps)).collect();
        let of_line = |line: u32, amount: i64, base: i64| -> SmallVec<[PartShare; 1]> {
            if shares.is_empty() {
                return smallvec![PartShare { amount, base, line, over: None }];
            }
            let parts = apportion(amount, &shares).into_iter().zip(apportion(base, &shares));
            parts.map(|(amount, base)| PartShare { amount, base, line, over: None }).collect()
        };
        if self.lines.is_empty() {
            return of_line(0, self.amount.minor_units, self.base);
        }
        self.lines.iter().zip(0..).flat_map(|(line, place)| of_line(place, line.amount, line.base)).collect()
    }

    /// The sale as if it were one part; its base is that of all lines.
    fn whole(&self) -> PartShare {
        let base = if self.lines.is_empty() { self.base } else { self.lines.iter().map(|line| line.base).sum() };
        PartShare { amount: self.amount.minor_units, base, line: 0, over: None }
    }

    /// The share of an own part's earner in basis points, if it earns with others.
    fn share_of(&self, number: u32) -> Option<u32> {
        (!self.splits.is_empty()).then(|| self.splits[number as usize % self.splits.len()].share_bps)
    }

    /// A part as it is assessed. `share_bps` is `None` of a sale without splits; without an earner nobody's part has a line.
    fn part<'a>(&'a self, number: u32, share_bps: Option<u32>, part: &PartShare, earlier: &'a [Decided<'a>]) -> PartInput<'a> {
        let line = self.lines.get(part.line as usize);
        PartInput {
            sale: &self.sale,
            whole: self.amount,
            coupon: &self.coupon,
            line: line.map(|line| &line.id),
            product: line.map_or(&self.product, |line| &line.product),
            line_amount: line.map_or(self.amount.minor_units, |line| line.amount),
            base: part.base,
            share_bps,
            number,
            earlier,
        }
    }

    /// Assesses the overrides of the parts that a rule decided, level by level (rules 15.2).
    fn override_parts(
        &self,
        parts: &[PartShare],
        decided: &[Decided],
        lead: Option<Row>,
        at: Time,
        state: &State,
        effects: &mut Vec<Effect>,
    ) {
        let mut number = u32::try_from(parts.len()).expect("a sale has few parts");
        let mut above: Vec<Decided> = Vec::new();
        for below in decided {
            let share = &parts[below.number as usize];
            for (upline, level) in state.uplines(below.credit, at, Seen::ALL).zip(1..) {
                let part = self.part(number, self.share_of(below.number), share, &above);
                let Some((assessment, rule)) = state.assess_override(&part, below, (upline, level), at) else { continue };
                let accrued = assessment.amount;
                accrue(assessment, subject_of_agreement(upline, lead, Some(&self.sale), state), at, state, effects);
                if let Some(accrued) = accrued {
                    above.push(Decided { credit: upline, rule, accrued, base: 0, number });
                }
                number += 1;
            }
        }
    }
}

/// Whether an override's assessment is one of a part's.
fn is_below(part: &Assessment, above: &Assessment) -> bool {
    part.line == above.line && above.above.as_ref().is_some_and(|(_, downline)| Some(downline) == part.agreement.as_ref())
}

/// Reads what commission is worked out on, in minor units; the amount if nothing is said (rules 14.4).
fn parse_base(commissionable: Option<&proto::Money>, amount: Money, fields: &mut Fields) -> i64 {
    if commissionable.is_none() {
        return amount.minor_units;
    }
    let base = fields.amount_or_zero("commissionable", commissionable);
    fields.within("commissionable", |fields| {
        if base.currency != amount.currency {
            fields.bad("currency_code", "must be the currency of amount, of which this is a part");
        }
        if base.minor_units > amount.minor_units {
            fields.bad("minor_units", "must not be more than amount, of which this is a part");
        }
    });
    base.minor_units
}

fn parse_splits(message: &proto::SaleRecorded, fields: &mut Fields) -> Vec<Split> {
    if message.splits.is_empty() {
        return Vec::new();
    }
    if message.agreement_id.is_some() {
        fields.bad("agreement_id", "does not go with splits, which name all agreements that earn");
    }
    if !SPLITS.contains(&message.splits.len()) {
        fields.bad("splits", format!("has {} items; {} to {} are allowed", message.splits.len(), SPLITS.start(), SPLITS.end()));
        return Vec::new();
    }
    let mut named = BTreeSet::new();
    let splits = fields.each("splits", &message.splits, *SPLITS.end(), |fields, split| {
        if !named.insert(split.agreement_id.clone()) {
            fields.bad("agreement_id", "is named by an earlier split; name each agreement once");
        }
        if split.share_bps == 0 {
            fields.bad("share_bps", "must be at least 1");
        }
        Split { agreement: fields.id("agreement_id", &split.agreement_id), share_bps: fields.bps("share_bps", split.share_bps) }
    });
    if message.splits.iter().map(|split| u64::from(split.share_bps)).sum::<u64>() != u64::from(WHOLE_BPS) {
        fields.bad("splits", format!("the shares must add up to {WHOLE_BPS}"));
    }
    splits
}

fn parse_lines(message: &proto::SaleRecorded, whole: Money, fields: &mut Fields) -> Vec<SoldLine> {
    let mut ids = BTreeSet::new();
    let lines = fields.each("lines", &message.lines, MAX_LINES, |fields, line| {
        if !ids.insert(line.line_id.clone()) {
            fields.bad("line_id", "is the id of an earlier line; ids are unique in a sale");
        }
        let amount = fields.amount_or_zero("amount", line.amount.as_ref());
        if amount.currency != whole.currency {
            fields.bad("amount.currency_code", "must be the currency of the sale's amount");
        }
        SoldLine {
            id: fields.id("line_id", &line.line_id),
            product: fields.optional_key("product", &line.product),
            amount: amount.minor_units,
            base: parse_base(line.commissionable.as_ref(), amount, fields),
        }
    });
    let sum = lines.iter().map(|line| i128::from(line.amount)).sum::<i128>();
    if !lines.is_empty() && sum != i128::from(whole.minor_units) {
        fields.bad("lines", format!("the amounts must add up to the sale's, {}; they come to {sum}", whole.minor_units));
    }
    lines
}
