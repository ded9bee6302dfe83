//! Refunds and reinstatements. Rules 6.8, 6.10.

use partnership_ledger::proto::{
    CommissionOutcome as Outcome, EntryKind as Kind, RefundReason, TierMode, commission_rule::Reward, event::Body,
};

use super::calendar::Instant;
use super::lots::{self, Lot};
use super::record::{Assessed, Known, LotId, Party, Posting, Record};
use super::tiers;

impl<'a> Known<'a> {
    pub fn sale(&self, sale: &str) -> Option<&'a Record> {
        let wanted = |body: &Body| matches!(body, Body::SaleRecorded(b) if b.sale_id == sale);
        self.records.iter().find(|record| wanted(record.body())).copied()
    }

    pub fn refund(&self, refund: &str) -> Option<&'a Record> {
        let wanted = |body: &Body| matches!(body, Body::SaleRefunded(b) if b.refund_id == refund);
        self.records.iter().find(|record| wanted(record.body())).copied()
    }

    pub fn is_reinstated(&self, refund: &str) -> bool {
        let wanted = |body: &Body| matches!(body, Body::SaleReinstated(b) if b.refund_id == refund);
        self.records.iter().any(|record| wanted(record.body()))
    }

    /// The refunds of a sale that were not reinstated.
    pub fn standing_refunds(&self, sale: &str) -> Vec<&'a Record> {
        let stands = |record: &&&'a Record| match record.body() {
            Body::SaleRefunded(b) => b.sale_id == sale && !self.is_reinstated(&b.refund_id),
            _ => false,
        };
        self.records.iter().filter(stands).copied().collect()
    }

    /// What a refund of `applied` reverses of the sale's commission.
    pub fn reversal(&self, sale: &Record, applied: i128, reason: RefundReason) -> i128 {
        let Some(assessed) = &sale.effects.assessed else {
            return 0;
        };
        let earned = matches!(assessed.outcome, Outcome::Accrued | Outcome::Capped);
        let spared = |reason| reason == RefundReason::HouseFault && !assessed.reverse_on_house_fault;
        let Some(rule) = assessed.rule.as_ref().filter(|_| earned && !spared(reason)) else {
            return 0;
        };
        if let Some(Reward::Tiers(tiers)) = &rule.reward
            && tiers.mode() != TierMode::BySale
        {
            let period = tiers::period(tiers, sale.occurred, assessed.zone);
            let before = self.net_sales(assessed, period);
            return tiers::earned(tiers, before) - tiers::earned(tiers, before - applied);
        }
        let Body::SaleRecorded(body) = sale.body() else {
            unreachable!("asked for a sale");
        };
        let earlier: i128 = self
            .standing_refunds(&body.sale_id)
            .iter()
            .filter(|refund| !matches!(refund.body(), Body::SaleRefunded(b) if spared(b.reason())))
            .map(|refund| refund.effects.refund.expect("a refund has amounts").0)
            .sum();
        let (_, amount) = assessed.base.as_ref().expect("a sale has a base");
        let left = commission_on(assessed, amount - earlier - applied);
        let standing: i128 = self.lots_of(sale).iter().map(|lot| lot.standing).sum();
        // Rounding after a reinstatement may leave one unit less than the terms say; a refund never adds.
        (standing - left).max(0)
    }

    /// The lots that a sale's commission is in; the first is its first holder's, even if nothing accrued.
    fn lots_of(&self, sale: &Record) -> Vec<Lot> {
        let mut lots = self.lots();
        lots.retain(|lot| lot.id.source == sale.position);
        let assessed = sale.effects.assessed.as_ref().expect("asked for an assessed sale");
        if lots.is_empty() {
            lots.extend(self.first_lot(assessed, sale.position));
        }
        lots
    }

    /// The lot of a new accrual.
    pub fn first_lot(&self, assessed: &Assessed, position: u64) -> Option<Lot> {
        let holder = Party::Partner(self.partner_of(assessed.agreement.as_deref()?)?.to_owned());
        Some(Lot {
            id: LotId { source: position, since: position, holder },
            currency: assessed.currency.clone()?,
            standing: 0,
            available: assessed.available,
            agreement: assessed.agreement.clone(),
            lead: assessed.lead.clone(),
            sale: assessed.sale.clone(),
            reference: assessed.sale.clone().or_else(|| assessed.lead.clone())?,
        })
    }

    /// The postings that reverse so much of a sale's commission, from the latest holder first.
    pub fn reverse(&self, sale: &Record, reversal: i128, effective: Instant, refund: &str) -> Vec<Posting> {
        let mut parts: Vec<(Lot, i128)> = Vec::new();
        let mut rest = reversal;
        let lots = if reversal == 0 { Vec::new() } else { self.lots_of(sale) };
        for (index, lot) in lots.into_iter().enumerate().rev() {
            // What nobody holds is the first holder's; what falling rates give back is the latest's.
            let takes_all = index == 0 || rest < 0;
            let part = if takes_all { rest } else { rest.clamp(0, lot.standing.max(0)) };
            rest -= part;
            parts.push((lot, part));
        }
        let mut postings = Vec::new();
        for (mut lot, part) in parts {
            refund.clone_into(&mut lot.reference);
            if part != 0 {
                postings.extend(lots::with_house(lots::leg(&lot, Kind::Reversal, -part, effective)));
            }
        }
        postings
    }

    /// The postings that undo a refund's, whatever has moved since. Rules 6.8, 13.
    pub fn reinstate(refund: &Record, effective: Instant, reinstatement: &str) -> Vec<Posting> {
        let undo = |posting: &Posting| Posting {
            amount: -posting.amount,
            effective,
            kind: match posting.kind {
                Kind::Reversal => Kind::Reinstatement,
                other => other,
            },
            reference: reinstatement.to_owned(),
            ..posting.clone()
        };
        refund.effects.postings.iter().map(undo).collect()
    }
}

/// The pinned terms' commission on what is left of a sale, at most what was accrued.
fn commission_on(assessed: &Assessed, left_of_sale: i128) -> i128 {
    match assessed.rate {
        Some(rate) => tiers::share(left_of_sale, rate).min(assessed.amount),
        None if left_of_sale > 0 => assessed.amount,
        None => 0,
    }
}
