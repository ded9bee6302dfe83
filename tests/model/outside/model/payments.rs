//! Payments, their way to the bank and back, holds, and money from partners. Rules 7.2, 19.

use partnership_ledger::proto::{self as pb, EntryKind as Kind, event::Body};

use super::calendar::Instant;
use super::record::{Arrival, Known, PaidOut, Posting, Record};
use super::tiers::rounded;

/// A payout and what became of it.
#[derive(Clone)]
pub struct Payout<'a> {
    pub record: &'a Record,
    pub paid: &'a PaidOut,
    /// How it came out, if it was on its way.
    pub arrival: Option<(&'a Record, &'a Arrival)>,
}

/// What of a payout's money goes where: gross, withheld, on top.
struct Sums {
    gross: i128,
    withheld: i128,
    added: i128,
}

impl<'a> Payout<'a> {
    pub fn terms(&self) -> &'a pb::CommissionPaid {
        &self.paid.terms
    }

    pub fn currency(&self) -> &'a str {
        &self.terms().amount.as_ref().expect("required").currency_code
    }

    pub fn failed(&self) -> bool {
        self.arrival.is_some_and(|(_, arrival)| arrival.failed)
    }

    /// The record with which it arrived, if it did.
    pub fn settlement(&self) -> Option<&'a Record> {
        match self.arrival {
            _ if !self.paid.on_its_way => Some(self.record),
            Some((record, arrival)) if !arrival.failed => Some(record),
            _ => None,
        }
    }

    /// What left the bank in another currency: that of the settlement counts before that of the initiation. Rules 19.4.
    pub fn settled_amount(&self) -> Option<&'a pb::Money> {
        let of_arrival = self.arrival.and_then(|(_, arrival)| arrival.settled_amount.as_ref());
        of_arrival.or(self.terms().settled_amount.as_ref())
    }

    fn sums(&self) -> Sums {
        let minor = |money: &Option<pb::Money>| money.as_ref().map_or(0, |money| i128::from(money.minor_units));
        Sums { gross: minor(&self.terms().amount), withheld: minor(&self.terms().tax_withheld), added: minor(&self.terms().tax_added) }
    }

    pub fn gross(&self) -> i128 {
        self.sums().gross
    }

    pub fn withheld(&self) -> i128 {
        self.sums().withheld
    }

    pub fn added(&self) -> i128 {
        self.sums().added
    }

    /// What of `whole` is restored once so much of the gross has come back. Rules 13, 19.3, 19.4.
    pub fn restored(&self, whole: i128, returned: i128) -> i128 {
        rounded(whole * returned, self.gross())
    }

    /// When it was taken from the partner's account. Rules 20.1.
    fn effective(&self) -> Instant {
        self.record.effects.postings[0].effective
    }

    /// The partner's leg; `amount` is from its point of view.
    fn leg(&self, amount: i128, kind: Kind, effective: Instant, reference: &str) -> Posting {
        plain(&self.terms().partner_id, self.currency(), amount, kind, effective, reference)
    }

    /// The house's legs of money that leaves the bank, or comes back where the sums are below zero.
    fn through_the_bank(&self, leg: &Posting, sums: &Sums, settled: Option<(&str, i128)>) -> Vec<Posting> {
        let left = sums.gross - sums.withheld + sums.added;
        let mut legs = vec![(self.currency(), "house:tax-withheld", -sums.withheld), (self.currency(), "house:input-tax", sums.added)];
        match settled {
            None => legs.push((self.currency(), "house:cash", -left)),
            Some((other, amount)) => {
                legs.extend([
                    (self.currency(), "house:exchange", -left),
                    (other, "house:exchange", amount),
                    (other, "house:cash", -amount),
                ]);
            }
        }
        legs.retain(|(_, _, amount)| *amount != 0);
        let leg = |(currency, account, amount): (&str, &str, i128)| Posting {
            currency: currency.to_owned(),
            ..super::lots::against(leg, account, amount)
        };
        legs.into_iter().map(leg).collect()
    }

    fn settled(&self) -> Option<(&'a str, i128)> {
        self.settled_amount().map(|money| (money.currency_code.as_str(), i128::from(money.minor_units)))
    }
}

impl<'a> Known<'a> {
    /// All payouts, in the order of position.
    pub fn payouts(&self) -> Vec<Payout<'a>> {
        let payout = |record: &&'a Record| {
            let paid = record.effects.payout.as_ref()?;
            let of_this = |other: &&'a Record| {
                let arrival = other.effects.arrival.as_ref().filter(|arrival| arrival.payout == paid.terms.payout_id)?;
                Some((*other, arrival))
            };
            Some(Payout { record, paid, arrival: self.records.iter().find_map(of_this) })
        };
        self.records.iter().filter_map(payout).collect()
    }

    pub fn payout(&self, payout: &str) -> Option<Payout<'a>> {
        self.payouts().into_iter().find(|paid| paid.terms().payout_id == payout)
    }

    /// The returns of a payout with how much of the gross each brought back.
    pub fn returns(&self, payout: &str) -> Vec<(&'a Record, &'a pb::PayoutReturned, i128)> {
        let of_payout = |record: &&'a Record| match record.body() {
            Body::PayoutReturned(body) if body.payout_id == payout => {
                let legs = record.effects.postings.iter();
                let partner = legs.filter(|posting| posting.account.starts_with("partner:"));
                Some((*record, body, -partner.map(|posting| posting.amount).sum::<i128>()))
            }
            _ => None,
        };
        self.records.iter().filter_map(of_payout).collect()
    }

    /// What of the gross of a payout has come back.
    pub fn returned(&self, payout: &str) -> i128 {
        self.returns(payout).iter().map(|(_, _, amount)| amount).sum()
    }

    /// Whether a number is that of another document of the partner's payouts that did not fail. Rules 19.3.
    pub fn is_document(&self, partner: &str, number: &str) -> bool {
        let same = |payout: &Payout<'_>| {
            let terms = payout.terms();
            terms.partner_id == partner && terms.document_number == number && !payout.failed()
        };
        !number.is_empty() && self.payouts().iter().any(same)
    }

    /// The holds of a partner with when they were lifted, in the order they were placed. Rules 19.2.
    pub fn holds(&self, partner: &str) -> Vec<(&'a Record, &'a pb::PartnerHoldPlaced, Option<Instant>)> {
        let hold = |record: &&'a Record| {
            let hold = record.effects.hold.as_ref().filter(|hold| hold.partner_id == partner)?;
            Some((*record, hold, self.lifting(&hold.hold_id).map(|record| record.occurred)))
        };
        self.records.iter().filter_map(hold).collect()
    }

    pub fn lifting(&self, hold: &str) -> Option<&'a Record> {
        self.records.iter().find(|record| record.effects.lifted.as_deref() == Some(hold)).copied()
    }

    pub fn is_on_hold(&self, partner: &str, at: Instant) -> bool {
        self.holds(partner).iter().any(|(placed, _, lifted)| placed.occurred <= at && lifted.is_none_or(|lifted| at < lifted))
    }

    /// What of a partner's payouts in a currency is on its way at `at`. Rules 19.1.
    pub fn in_transit(&self, partner: &str, currency: &str, at: Instant) -> i128 {
        let mut sum = 0;
        for payout in self.payouts() {
            let came_out = payout.arrival.is_some_and(|(record, _)| record.effects.postings[0].effective <= at);
            let is_of = payout.terms().partner_id == partner && payout.currency() == currency;
            if payout.paid.on_its_way && is_of && payout.effective() <= at && !came_out {
                sum += payout.gross();
            }
        }
        sum
    }

    /// The least payable at `from` or at any later time known.
    pub fn least_payable(&self, partner: &str, currency: &str, from: Instant) -> i128 {
        let account = format!("partner:{partner}");
        let mut turns = vec![from];
        for record in &self.records {
            if matches!(record.body(), Body::DisputeOpened(_) | Body::DisputeResolved(_)) {
                turns.push(record.occurred);
            }
        }
        for (_, posting) in self.postings() {
            if posting.account == account && posting.currency == currency {
                turns.push(posting.effective);
                turns.extend(posting.available);
            }
        }
        turns.retain(|turn| *turn >= from);
        turns.sort_unstable();
        turns.dedup();
        let payables = turns.into_iter().map(|turn| self.payable(partner, currency, turn));
        payables.min().expect("one turn at least")
    }

    /// The legs of a payout that leaves: at once, or as far as the bank.
    pub fn paid(&self, paid: &PaidOut, occurred: Instant) -> Vec<Posting> {
        let nothing = Record::of_nothing();
        let payout = Payout { record: &nothing, paid, arrival: None };
        let leg = payout.leg(-payout.gross(), Kind::Payment, self.effective(occurred), &paid.terms.payout_id);
        let rest = if paid.on_its_way {
            vec![super::lots::against(&leg, "house:payouts-in-transit", -payout.gross())]
        } else {
            payout.through_the_bank(&leg, &payout.sums(), payout.settled())
        };
        std::iter::once(leg).chain(rest).collect()
    }

    /// The legs of a payout's arrival, or of its failure. Rules 19.1, 20.1.
    pub fn arrived(&self, payout: &Payout<'_>, arrival: &Arrival, occurred: Instant) -> Vec<Posting> {
        let effective = self.effective(occurred).max(payout.effective());
        let gross = payout.gross();
        if arrival.failed {
            let leg = payout.leg(gross, Kind::PaymentReturn, effective, &arrival.payout);
            let transit = super::lots::against(&leg, "house:payouts-in-transit", gross);
            return vec![leg, transit];
        }
        let leg = payout.leg(-gross, Kind::Payment, effective, &arrival.payout);
        let transit = super::lots::against(&leg, "house:payouts-in-transit", gross);
        let settled = arrival.settled_amount.as_ref().or(payout.terms().settled_amount.as_ref());
        let settled = settled.map(|money| (money.currency_code.as_str(), i128::from(money.minor_units)));
        let rest = payout.through_the_bank(&leg, &payout.sums(), settled);
        std::iter::once(transit).chain(rest).collect()
    }

    /// The legs of a return of `amount` after `before` had come back. Rules 13, 19.3, 19.4, 20.1.
    pub fn brought_back(&self, payout: &Payout<'_>, before: i128, amount: i128, occurred: Instant, reference: &str) -> Vec<Posting> {
        let effective = self.effective(occurred).max(payout.effective());
        let part = |whole: i128| payout.restored(whole, before + amount) - payout.restored(whole, before);
        let sums = Sums { gross: -amount, withheld: -part(payout.withheld()), added: -part(payout.added()) };
        let settled = payout.settled().map(|(currency, whole)| (currency, -part(whole)));
        let leg = payout.leg(amount, Kind::PaymentReturn, effective, reference);
        let rest = payout.through_the_bank(&leg, &sums, settled);
        std::iter::once(leg).chain(rest).collect()
    }
}

/// A partner's leg that is not commission; `amount` is from the partner's point of view.
pub fn plain(partner: &str, currency: &str, amount: i128, kind: Kind, effective: Instant, reference: &str) -> Posting {
    Posting {
        account: format!("partner:{partner}"),
        currency: currency.to_owned(),
        amount: -amount,
        effective,
        available: None,
        kind,
        agreement: None,
        lead: None,
        sale: None,
        campaign: None,
        part: 0,
        line_id: None,
        level: None,
        awaits: false,
        lot: None,
        reference: reference.to_owned(),
    }
}
