//! What partners are owed. Rules 7.1, 7.3, 7.5, 7.6.

use std::collections::{BTreeMap, BTreeSet};

use partnership_ledger::proto::{self as pb, EntryKind as Kind, dispute_opened::Subject, event::Body};

use super::calendar::Instant;
use super::record::{Known, Posting, Record};

/// A dispute that was opened.
pub struct Dispute<'a> {
    pub record: &'a Record,
    pub opening: &'a pb::DisputeOpened,
    pub resolution: Option<(&'a Record, &'a pb::DisputeResolved)>,
}

impl<'a> Known<'a> {
    /// The postings on a partner's account that are effective by `at`.
    pub fn account_of(&self, partner: &str, at: Instant) -> Vec<(&'a Record, &'a Posting)> {
        let account = format!("partner:{partner}");
        self.postings().filter(|(_, posting)| posting.account == account && posting.effective <= at).collect()
    }

    /// One balance per currency that moved.
    pub fn balances(&self, partner: &str, at: Instant) -> Vec<pb::Balance> {
        let postings = self.account_of(partner, at);
        let currencies: BTreeSet<&str> = postings.iter().map(|(_, p)| p.currency.as_str()).collect();
        let disputed_of = self.disputed_subjects(at);
        let balance = |currency: &&str| {
            let in_currency = postings.iter().map(|(_, p)| *p).filter(|p| p.currency == *currency);
            let in_transit = self.in_transit(partner, currency, at);
            pb::Balance {
                in_transit: i64::try_from(in_transit).expect("within 64 bits"),
                ..balance(currency, &in_currency.collect::<Vec<_>>(), &disputed_of, at)
            }
        };
        currencies.iter().map(balance).collect()
    }

    /// The payable in one currency at a time.
    pub fn payable(&self, partner: &str, currency: &str, at: Instant) -> i128 {
        let balances = self.balances(partner, at);
        let balance = balances.into_iter().find(|balance| balance.currency_code == currency);
        balance.map_or(0, |balance| i128::from(balance.payable))
    }

    pub fn disputes(&self) -> Vec<Dispute<'a>> {
        let opening = |record: &&'a Record| match record.body() {
            Body::DisputeOpened(opening) => Some(Dispute { record, opening, resolution: self.resolution(&opening.dispute_id) }),
            _ => None,
        };
        self.records.iter().filter_map(opening).collect()
    }

    pub fn resolution(&self, dispute: &str) -> Option<(&'a Record, &'a pb::DisputeResolved)> {
        self.records.iter().find_map(|record| match record.body() {
            Body::DisputeResolved(body) if body.dispute_id == dispute => Some((*record, body)),
            _ => None,
        })
    }

    /// Leads (by first id) and sales that are named in disputes open at `at`.
    pub fn disputed_subjects(&self, at: Instant) -> BTreeSet<(bool, String)> {
        let open = |dispute: &Dispute<'_>| {
            let resolved = dispute.resolution.is_some_and(|(record, _)| record.occurred <= at);
            dispute.record.occurred <= at && !resolved
        };
        let disputes = self.disputes().into_iter().filter(open);
        disputes.filter_map(|dispute| Self::held_subject(&dispute)).collect()
    }

    /// What a dispute holds the commission of: a lead by its first id (true) or a sale.
    pub fn held_subject(dispute: &Dispute<'_>) -> Option<(bool, String)> {
        match dispute.opening.subject.as_ref()? {
            Subject::LeadId(_) => Some((true, dispute.record.effects.lead.clone()?)),
            Subject::SaleId(id) => Some((false, id.clone())),
            Subject::PayoutId(_) => None,
        }
    }

    /// The least that is paid out to a partner in a currency. Rules 7.3, 19.5.
    pub fn minimum_payout(&self, partner: &str, currency: &str, at: Instant) -> i64 {
        let of_partner = |agreement: &&str| self.partner_of(agreement) == Some(partner);
        let minimum = |agreement: &str| {
            let version = self.terms_then(agreement, at)?;
            let minimums = version.terms.minimum_payout.iter().chain(&version.terms.minimum_payouts);
            minimums.filter(|minimum| minimum.currency_code == currency).map(|minimum| minimum.minor_units).max()
        };
        let agreements: Vec<&str> = self.signed_agreements().into_iter().filter(of_partner).collect();
        let balances = self.balances(partner, at);
        let pending = balances.iter().any(|balance| balance.currency_code == currency && balance.pending != 0);
        // What is signed only later had not begun by then: the same question asked then does not know it.
        let is_signed = |agreement: &str| self.signature(agreement).is_some_and(|(record, _)| record.occurred <= at);
        if !pending && agreements.iter().filter(|agreement| is_signed(agreement)).all(|agreement| self.is_over(agreement, at)) {
            return 0;
        }
        agreements.into_iter().filter_map(minimum).max().unwrap_or(0)
    }

    /// Whether an agreement has ended and its tail too. Rules 6.4, 19.5.
    pub fn is_over(&self, agreement: &str, at: Instant) -> bool {
        let Some(end) = self.end(agreement).filter(|end| end.at <= at) else {
            return false;
        };
        self.terms_at_end(agreement).is_none_or(|version| super::commission::is_out_of_tail(version.terms, end.at, at))
    }

    /// Every account over everything that is effective by `at`.
    pub fn accounts(&self, at: Instant) -> BTreeMap<(String, String), i128> {
        let mut accounts = BTreeMap::new();
        for (_, posting) in self.postings().filter(|(_, posting)| posting.effective <= at && !posting.account.is_empty()) {
            let key = (posting.account.clone(), posting.currency.clone());
            *accounts.entry(key).or_default() += posting.amount;
        }
        accounts
    }
}

/// What is commission, for what is pending and disputed.
fn is_commission(kind: Kind) -> bool {
    matches!(kind, Kind::Accrual | Kind::Reversal | Kind::Reinstatement | Kind::Transfer | Kind::Release)
}

/// Commission that is available by then and belongs to a subject of disputes; below zero if more was reversed.
pub fn available_of(postings: &[&Posting], subjects: &BTreeSet<(bool, String)>, at: Instant) -> i128 {
    let disputed = |posting: &&&Posting| {
        let named = |is_lead: bool, id: &Option<String>| id.as_ref().is_some_and(|id| subjects.contains(&(is_lead, id.clone())));
        is_commission(posting.kind)
            && !posting.awaits
            && posting.available.is_none_or(|available| available <= at)
            && (named(true, &posting.lead) || named(false, &posting.sale))
    };
    postings.iter().filter(disputed).map(|posting| -posting.amount).sum()
}

fn balance(currency: &str, postings: &[&Posting], disputed_of: &BTreeSet<(bool, String)>, at: Instant) -> pb::Balance {
    let mut sums: BTreeMap<Kind, i128> = BTreeMap::new();
    let (mut moved_in, mut moved_out) = (0, 0);
    for posting in postings {
        *sums.entry(posting.kind).or_default() -= posting.amount;
        if posting.kind == Kind::Transfer {
            moved_in += (-posting.amount).max(0);
            moved_out += posting.amount.max(0);
        }
    }
    let sum = |kind: Kind| sums.get(&kind).copied().unwrap_or(0);
    let net: i128 = sums.values().sum();
    let not_yet = |posting: &&&Posting| posting.awaits || posting.available.is_some_and(|available| available > at);
    let commission = || postings.iter().filter(|posting| is_commission(posting.kind));
    let pending: i128 = commission().filter(not_yet).map(|posting| -posting.amount).sum();
    let awaiting: i128 = commission().filter(|posting| posting.awaits).map(|posting| -posting.amount).sum();
    let disputed = available_of(postings, disputed_of, at).max(0);
    let field = |amount: i128| i64::try_from(amount).expect("within 64 bits");
    pb::Balance {
        currency_code: currency.to_owned(),
        accrued: field(sum(Kind::Accrual) + moved_in),
        reversed: field(-sum(Kind::Reversal) - sum(Kind::Reinstatement) + moved_out),
        adjusted: field(sum(Kind::Adjustment)),
        cost_share: field(sum(Kind::CostShare)),
        distributed: field(sum(Kind::Distribution)),
        collected: field(-sum(Kind::Collection)),
        paid: field(-sum(Kind::Payment)),
        returned: field(sum(Kind::PaymentReturn)),
        received: field(sum(Kind::Receipt)),
        net: field(net),
        pending: field(pending),
        disputed: field(disputed),
        payable: field(net - pending - disputed),
        in_transit: 0,
        awaiting_customer: field(awaiting),
    }
}
