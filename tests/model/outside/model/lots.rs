//! In whose hands commission is: one lot per sale or qualification, holder and record that brought it there. Rules 5.5,
//! 6.8.

use partnership_ledger::proto::{EntryKind as Kind, event::Body};

use super::calendar::Instant;
use super::record::{Known, LotId, Party, Posting};

/// A lot and what stands of it.
#[derive(Clone, Debug)]
pub struct Lot {
    pub id: LotId,
    pub currency: String,
    pub standing: i128,
    pub available: Option<Instant>,
    pub agreement: Option<String>,
    pub lead: Option<String>,
    pub sale: Option<String>,
    pub reference: String,
}

impl Known<'_> {
    /// All lots, in the order in which they came about.
    pub fn lots(&self) -> Vec<Lot> {
        let mut lots: Vec<Lot> = Vec::new();
        for (_, posting) in self.postings() {
            let Some(id) = &posting.lot else {
                continue;
            };
            let known = lots.iter_mut().find(|lot| lot.id == *id && lot.available == posting.available);
            if let Some(lot) = known {
                lot.standing -= posting.amount;
            } else {
                lots.push(Lot {
                    id: id.clone(),
                    currency: posting.currency.clone(),
                    standing: -posting.amount,
                    available: posting.available,
                    agreement: posting.agreement.clone(),
                    lead: posting.lead.clone(),
                    sale: posting.sale.clone(),
                    reference: posting.reference.clone(),
                });
            }
        }
        lots
    }

    /// What of each lot does not count as paid: payments count in the order of position, per partner and currency. Rules
    /// 5.5.
    pub fn unpaid_lots(&self) -> Vec<(Lot, i128)> {
        let mut unpaid: Vec<(Lot, i128)> = Vec::new();
        for lot in self.lots() {
            let paid = self.paid_net(&lot.id.holder, &lot.currency);
            let same_account = |other: &&(Lot, i128)| other.0.id.holder == lot.id.holder && other.0.currency == lot.currency;
            let used: i128 = unpaid.iter().filter(same_account).map(|(other, unpaid)| other.standing.max(0) - unpaid).sum();
            let standing = lot.standing.max(0);
            let covered = (paid - used).clamp(0, standing);
            unpaid.push((lot, standing - covered));
        }
        unpaid
    }

    /// Payments less returns.
    fn paid_net(&self, holder: &Party, currency: &str) -> i128 {
        let account = holder.account();
        let payments = self.postings().filter(|(_, posting)| {
            posting.account == account && posting.currency == currency && matches!(posting.kind, Kind::Payment | Kind::PaymentReturn)
        });
        payments.map(|(_, posting)| posting.amount).sum()
    }

    /// The postings that move unpaid commission of a lead from others to a new holder, or only out. Rules 5.5.
    pub fn transfer(&self, lead: &str, to: Option<(&str, &str)>, position: u64, effective: Instant) -> Vec<Posting> {
        let receiver = to.map_or(Party::House, |(partner, _)| Party::Partner(partner.to_owned()));
        // The rules leave open in which order one record moves what another one brought: as the ledger does it.
        let mut lots = self.unpaid_lots();
        lots.sort_by_key(|(lot, _)| (lot.id.since, lot.sale.is_some(), lot.id.source));
        let mut postings = Vec::new();
        for (lot, unpaid) in lots {
            let moves = lot.id.holder != receiver && lot.id.holder != Party::House;
            if lot.lead.as_deref() != Some(lead) || !moves || unpaid == 0 {
                continue;
            }
            let mut moved = lot.clone();
            moved.id.holder = receiver.clone();
            moved.id.since = position;
            moved.agreement = to.map(|(_, agreement)| agreement.to_owned());
            postings.extend(with_house(leg(&lot, Kind::Transfer, -unpaid, effective)));
            postings.extend(with_house(leg(&moved, Kind::Transfer, unpaid, effective)));
        }
        postings
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
pub fn leg(lot: &Lot, kind: Kind, amount: i128, effective: Instant) -> Posting {
    Posting {
        account: lot.id.holder.account(),
        currency: lot.currency.clone(),
        amount: -amount,
        effective,
        available: lot.available,
        kind,
        agreement: lot.agreement.clone(),
        lead: lot.lead.clone(),
        sale: lot.sale.clone(),
        campaign: None,
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
