//! In whose hands commission is: one lot per part of a sale or qualification, holder and record that brought it there.
//! Rules 5.5, 6.8, 17.

use partnership_ledger::proto::{EntryKind as Kind, event::Body};

use super::calendar::{self, Instant};
use super::record::{Assessed, Known, LotId, Party, Posting, Record};
use super::sales::sale_id;
use super::tiers::rounded;

/// A lot and what stands of it.
#[derive(Clone, Debug)]
pub struct Lot {
    pub id: LotId,
    pub currency: String,
    /// What waits for the customer to pay. Rules 17.1.
    pub awaiting: i128,
    /// What does not: what was released, or never waited.
    pub free: i128,
    /// From when the latter is available; of several times the latest.
    pub available: Option<Instant>,
    /// When the entry took effect that brought it there. Rules 20.1.
    pub effective: Instant,
    pub agreement: Option<String>,
    pub lead: Option<String>,
    pub sale: Option<String>,
    pub line_id: Option<String>,
    pub level: Option<u32>,
    pub reference: String,
}

impl Lot {
    pub fn standing(&self) -> i128 {
        self.awaiting + self.free
    }
}

/// Of a lot, what does not count as paid.
#[derive(Clone, Debug)]
pub struct Unpaid {
    pub lot: Lot,
    pub awaiting: i128,
    pub free: i128,
}

impl Known<'_> {
    /// All lots, in the order in which they came about.
    pub fn lots(&self) -> Vec<Lot> {
        let mut lots: Vec<Lot> = Vec::new();
        for (_, posting) in self.postings() {
            let Some(id) = &posting.lot else {
                continue;
            };
            // Where nothing was accrued, a total's tiers may still take something: that is commission since the sale.
            let sale = posting.sale.as_ref().filter(|_| posting.kind == Kind::Reversal).and_then(|sale| self.sale(sale));
            let brought = sale.and_then(|sale| sale.effects.effective);
            let index = lots.iter().position(|lot| lot.id == *id).unwrap_or_else(|| {
                lots.push(Lot {
                    id: id.clone(),
                    currency: posting.currency.clone(),
                    awaiting: 0,
                    free: 0,
                    available: None,
                    effective: brought.unwrap_or(posting.effective),
                    agreement: posting.agreement.clone(),
                    lead: posting.lead.clone(),
                    sale: posting.sale.clone(),
                    line_id: posting.line_id.clone(),
                    level: posting.level,
                    reference: posting.reference.clone(),
                });
                lots.len() - 1
            });
            let lot = &mut lots[index];
            if posting.awaits {
                lot.awaiting -= posting.amount;
            } else {
                lot.free -= posting.amount;
                lot.available = lot.available.max(posting.available);
            }
        }
        lots
    }

    /// What of each lot does not count as paid: payments count in the order of position, per partner and currency, and
    /// against what awaits after all else. Rules 5.5, 17.4.
    pub fn unpaid_lots(&self) -> Vec<Unpaid> {
        let plain = |lot: Lot| Unpaid { awaiting: lot.awaiting.max(0), free: lot.free.max(0), lot };
        let mut all: Vec<Unpaid> = self.lots().into_iter().map(plain).collect();
        let mut accounts: Vec<(Party, String)> = Vec::new();
        for unpaid in &all {
            let account = (unpaid.lot.id.holder.clone(), unpaid.lot.currency.clone());
            if !accounts.contains(&account) {
                accounts.push(account);
            }
        }
        for (holder, currency) in accounts {
            let mut paid = self.paid_net(&holder, &currency);
            for awaiting in [false, true] {
                for unpaid in all.iter_mut().filter(|unpaid| unpaid.lot.id.holder == holder && unpaid.lot.currency == currency) {
                    let portion = if awaiting { &mut unpaid.awaiting } else { &mut unpaid.free };
                    let covered = paid.clamp(0, *portion);
                    *portion -= covered;
                    paid -= covered;
                }
            }
        }
        all
    }

    /// Payments less returns.
    fn paid_net(&self, holder: &Party, currency: &str) -> i128 {
        let account = holder.account();
        let payments = self.postings().filter(|(_, posting)| {
            posting.account == account && posting.currency == currency && matches!(posting.kind, Kind::Payment | Kind::PaymentReturn)
        });
        payments.map(|(_, posting)| posting.amount).sum()
    }

    /// The postings that move unpaid commission of a lead from others to a new holder, or only out. Rules 5.5, 14.7.
    pub fn transfer(&self, lead: &str, to: Option<(&str, &str)>, position: u64, occurred: Instant) -> Vec<Posting> {
        let receiver = to.map_or(Party::House, |(partner, _)| Party::Partner(partner.to_owned()));
        // The rules leave open in which order one record moves what another one brought: as the ledger does it.
        let mut lots = self.unpaid_lots();
        lots.sort_by_key(|unpaid| (unpaid.lot.id.since, unpaid.lot.sale.is_some(), unpaid.lot.id.source, unpaid.lot.id.part));
        let mut postings = Vec::new();
        for Unpaid { lot, awaiting, free } in lots {
            let moves = lot.id.holder != receiver && lot.id.holder != Party::House;
            if lot.lead.as_deref() != Some(lead) || !moves || !self.goes_with_the_lead(&lot) {
                continue;
            }
            let mut moved = lot.clone();
            moved.id.holder = receiver.clone();
            moved.id.since = position;
            moved.agreement = to.map(|(_, agreement)| agreement.to_owned());
            let effective = self.effective(occurred).max(lot.effective);
            for (amount, awaits) in [(awaiting, true), (free, false)] {
                if amount != 0 {
                    postings.extend(with_house(leg(&lot, Kind::Transfer, -amount, awaits, effective)));
                    postings.extend(with_house(leg(&moved, Kind::Transfer, amount, awaits, effective)));
                }
            }
        }
        postings
    }

    /// Whether a lot is of a qualification, or of a part whose agreement had the lead's credit. Rules 14.7, 15.3.
    fn goes_with_the_lead(&self, lot: &Lot) -> bool {
        if lot.sale.is_none() {
            return true;
        }
        let Some(sale) = self.at_position(lot.id.source) else {
            return false;
        };
        let part = &sale.effects.assessed[lot.id.part as usize];
        part.level.is_none() && part.agreement.is_some() && part.agreement == sale.effects.credit
    }

    /// The lots that the commission of a part is in; the first is its first holder's, even if nothing accrued.
    pub fn lots_of(&self, sale: &Record, part: &Assessed) -> Vec<Lot> {
        let mut lots = self.lots();
        lots.retain(|lot| lot.id.source == sale.position && lot.id.part == part.part);
        if lots.is_empty() {
            let effective = sale.effects.effective.expect("a sale has its time");
            lots.extend(self.first_lot(part, sale.position, effective));
        }
        lots
    }

    /// What stands of a part's commission, with whomever.
    pub fn standing(&self, sale: &Record, part: &Assessed) -> i128 {
        self.lots_of(sale, part).iter().map(Lot::standing).sum()
    }

    /// The lot of a new accrual.
    pub fn first_lot(&self, assessed: &Assessed, position: u64, effective: Instant) -> Option<Lot> {
        let holder = Party::Partner(self.partner_of(assessed.agreement.as_deref()?)?.to_owned());
        Some(Lot {
            id: LotId { source: position, part: assessed.part, since: position, holder },
            currency: assessed.currency.clone()?,
            awaiting: 0,
            free: 0,
            available: assessed.available,
            effective,
            agreement: assessed.agreement.clone(),
            lead: assessed.lead.clone(),
            sale: assessed.sale.clone(),
            line_id: assessed.line_id.clone(),
            level: assessed.level,
            reference: assessed.sale.clone().or_else(|| assessed.lead.clone())?,
        })
    }

    /// What an assessment posts.
    pub fn accrual(&self, assessed: &Assessed, position: u64, occurred: Instant) -> Vec<Posting> {
        let effective = self.effective(occurred);
        let Some(lot) = self.first_lot(assessed, position, effective).filter(|_| assessed.amount != 0) else {
            return Vec::new();
        };
        with_house(leg(&lot, Kind::Accrual, assessed.amount, assessed.awaits, effective))
    }

    /// The postings that reverse so much of a part's commission: from the latest entry first, of each first what awaits.
    /// Rules 6.8, 17.4, 20.4.
    pub fn reverse(&self, sale: &Record, part: &Assessed, reversal: i128, occurred: Instant, reference: &str) -> Vec<Posting> {
        let mut postings = Vec::new();
        let mut rest = reversal;
        let lots = if reversal == 0 { Vec::new() } else { self.lots_of(sale, part) };
        for (index, mut lot) in lots.into_iter().enumerate().rev() {
            // What nobody holds is the first holder's; what falling rates give back is the latest's.
            let takes_all = index == 0 || rest < 0;
            let taken = if takes_all { rest } else { rest.clamp(0, lot.standing().max(0)) };
            rest -= taken;
            let awaiting = taken.clamp(0, lot.awaiting.max(0));
            let effective = self.effective(occurred).max(lot.effective);
            reference.clone_into(&mut lot.reference);
            for (amount, awaits) in [(awaiting, true), (taken - awaiting, false)] {
                if amount != 0 {
                    postings.extend(with_house(leg(&lot, Kind::Reversal, -amount, awaits, effective)));
                }
            }
        }
        postings
    }

    /// What becomes payable, or waits again, after something about a sale was recorded; asked with that included. Rules
    /// 17.3.
    pub fn releases(&self, sale: &Record, occurred: Instant, reference: &str) -> Vec<Posting> {
        let (paid, left) = (self.paid_by_customer(sale), self.left_of_sale(sale));
        let mut postings = Vec::new();
        for part in sale.effects.assessed.iter().filter(|part| part.awaits) {
            let lots = self.lots_of(sale, part);
            let standing: i128 = lots.iter().map(Lot::standing).sum();
            let free: i128 = lots.iter().map(|lot| lot.free).sum();
            let target = if left == 0 { standing } else { rounded(standing * paid.min(left), left) };
            let held = part.rule.as_ref().map_or(0, |rule| rule.hold_days);
            let available = occurred.max(calendar::plus_days(sale.occurred, u64::from(held), part.zone));
            let mut rest = target - free;
            let order: Vec<Lot> = if rest < 0 { lots.into_iter().rev().collect() } else { lots };
            for mut lot in order {
                let amount = if rest < 0 { -(-rest).min(lot.free.max(0)) } else { rest.min(lot.awaiting.max(0)) };
                rest -= amount;
                if amount == 0 {
                    continue;
                }
                reference.clone_into(&mut lot.reference);
                lot.available = Some(available);
                let effective = self.effective(occurred).max(lot.effective);
                postings.push(leg(&lot, Kind::Release, -amount, true, effective));
                postings.push(leg(&lot, Kind::Release, amount, false, effective));
            }
        }
        postings
    }

    /// What the customer paid for a sale. Rules 17.2.
    pub fn paid_by_customer(&self, sale: &Record) -> i128 {
        let payments = self.records.iter().filter_map(|record| record.effects.customer_paid.as_ref());
        payments.filter(|(paid, _)| Some(paid) == sale_id(sale)).map(|(_, amount)| amount).sum()
    }

    /// When a posting counts: at the close at the earliest. Rules 7.7.
    pub fn effective(&self, occurred: Instant) -> Instant {
        self.last_close().map_or(occurred, |close| close.max(occurred))
    }

    /// Up to where the books are closed.
    pub fn last_close(&self) -> Option<Instant> {
        let through = |body: &Body| match body {
            Body::PeriodClosed(close) => close.through.as_ref().map(crate::outside::ledger::instant),
            _ => None,
        };
        self.records.iter().filter_map(|record| through(record.body())).max()
    }
}

/// The partner's leg of a booking on a lot; `amount` is from the partner's point of view.
pub fn leg(lot: &Lot, kind: Kind, amount: i128, awaits: bool, effective: Instant) -> Posting {
    Posting {
        account: lot.id.holder.account(),
        currency: lot.currency.clone(),
        amount: -amount,
        effective,
        available: lot.available.filter(|_| !awaits),
        kind,
        agreement: lot.agreement.clone(),
        lead: lot.lead.clone(),
        sale: lot.sale.clone(),
        campaign: None,
        part: lot.id.part,
        line_id: lot.line_id.clone(),
        level: lot.level,
        awaits,
        lot: Some(lot.id.clone()),
        reference: lot.reference.clone(),
    }
}

/// A commission leg with its counterpart. Rules 12.
pub fn with_house(leg: Posting) -> Vec<Posting> {
    let house = against(&leg, "house:commission", -leg.amount);
    if leg.account.is_empty() { vec![leg] } else { vec![leg, house] }
}

/// A leg on another account for the same booking.
pub fn against(leg: &Posting, account: &str, amount: i128) -> Posting {
    Posting { account: account.to_owned(), amount, lot: None, ..leg.clone() }
}
