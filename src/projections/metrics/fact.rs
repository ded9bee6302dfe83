//! Facts that figures count: where the state has them, and what each changes in a scope's figures (rules 11).

mod encoding;

use crate::domain::calendar::{LATEST, Time};
use crate::domain::commissions::holdings::{CommissionPart, HOUSE};
use crate::domain::commissions::part::PartOf;
use crate::domain::commissions::{Refund, Sale};
use crate::domain::leads::{Lead, Origin, Qualification};
use crate::domain::money::Currency;
use crate::domain::table::Row;
use crate::domain::{Seen, Stamp, State};
use smallvec::{SmallVec, smallvec};

/// Whose figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    All,
    /// A partner, by all its agreements.
    Partner(Row),
    /// An agreement.
    Agreement(Row),
    /// A campaign.
    Campaign(Row),
}

impl Scope {
    /// Whether what came through an origin counts here.
    pub fn covers(self, origin: Origin, state: &State) -> bool {
        match self {
            Self::Campaign(campaign) => origin.campaign == Some(campaign),
            _ => self.covers_agreement(origin.agreement, state),
        }
    }

    /// Whether what an agreement brought counts here; a campaign has been told only of its own.
    fn covers_agreement(self, agreement: Option<Row>, state: &State) -> bool {
        match self {
            Self::All | Self::Campaign(_) => true,
            Self::Agreement(wanted) => agreement == Some(wanted),
            Self::Partner(wanted) => agreement.is_some_and(|row| state.agreements.by_id.get(row).partner == wanted),
        }
    }

    /// The scopes in which an origin counts.
    pub fn of(origin: Origin, state: &State) -> SmallVec<[Self; 4]> {
        let mut scopes = smallvec![Self::All];
        if let Some(row) = origin.agreement {
            scopes.extend([Self::Agreement(row), Self::Partner(state.agreements.by_id.get(row).partner)]);
        }
        scopes.extend(origin.campaign.map(Self::Campaign));
        scopes
    }
}

/// A fact of a scope, as small as can be: most are looked up in the state, where they never change once recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A lead's first referral.
    Introduced(Row),
    /// A lead's first qualification.
    Qualified(Row),
    /// A sale.
    Sold(Row),
    /// A sale that was its lead's first when it was recorded.
    FirstSold(Row),
    /// A refund.
    Refunded(Row),
    /// A refund that was undone.
    Reinstated(Row),
    /// A rare one, kept whole.
    Kept(u32),
}

/// What a fact changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A lead was referred that the scope did not have before.
    Lead,
    /// A lead qualified that had not before in the scope.
    Qualified,
    /// A lead's first sale, or that a sale is no longer the first.
    Deals(Currency, i8),
    /// Sold, less what was refunded.
    Revenue(Currency, i64),
    /// The part of that which is a partner's; of everything only.
    Credited(Currency, i64),
    /// Accrued, less what was reversed.
    Commission(Currency, i64),
    /// The house's share of a cost.
    Cost(Currency, i64),
}

/// When a fact happened and what it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// When, and by which record.
    pub stamp: Stamp,
    /// From when its commission and cost count (rules 7.7).
    pub effective_at: Time,
    /// What.
    pub changes: SmallVec<[Change; 4]>,
}

impl Value {
    /// Of a fact without commission or cost.
    pub fn new(stamp: Stamp, change: Change) -> Self {
        Self { stamp, effective_at: stamp.occurred_at, changes: smallvec![change] }
    }

    /// What a fact that the state has is worth in a scope. Kept ones have their value beside them.
    pub fn of(fact: Fact, scope: Scope, state: &State) -> Option<Self> {
        let commissions = &state.commissions;
        Some(match fact {
            Fact::Introduced(row) => Self::new(state.leads.by_id.get(row).introduced(), Change::Lead),
            Fact::Qualified(row) => {
                let lead = state.leads.by_id.get(row);
                let qualification = lead.qualifications(Seen::ALL).next().expect("noted when the lead qualified");
                Self::of_qualification(lead, &qualification, true, state)
            }
            Fact::Sold(row) => Self::of_sale(row, false, scope, state),
            Fact::FirstSold(row) => Self::of_sale(row, true, scope, state),
            Fact::Refunded(row) => {
                let refund = commissions.refunds.get(row);
                Self::of_refund(refund, refund.stamp(), -1, scope, state)
            }
            Fact::Reinstated(row) => {
                let refund = commissions.refunds.get(row);
                Self::of_refund(refund, refund.reinstated().expect("noted when it was reinstated"), 1, scope, state)
            }
            Fact::Kept(_) => return None,
        })
    }

    /// A qualification with its commission; it counts unless the scope had one of the lead before.
    pub fn of_qualification(lead: &Lead, qualification: &Qualification, counts: bool, state: &State) -> Self {
        let stamp = qualification.stamp;
        let mut value = Self { stamp, effective_at: stamp.occurred_at, changes: SmallVec::new() };
        if counts {
            value.changes.push(Change::Qualified);
        }
        for (account, place) in lead.entries() {
            let entry = state.accounts.get(account).entry(place);
            if entry.position == stamp.position {
                value.effective_at = entry.effective_at;
                value.changes.push(Change::Commission(state.accounts.key(account).1, -entry.amount));
            }
        }
        value
    }

    fn of_sale(row: Row, is_first: bool, scope: Scope, state: &State) -> Self {
        let sale = state.commissions.sales.get(row);
        let currency = sale.amount().currency;
        let mut value = Self { stamp: sale.stamp(), effective_at: effective_at(sale.stamp(), state), changes: SmallVec::new() };
        if is_first && earns_in(row, scope, state) {
            value.changes.push(Change::Deals(currency, 1));
        }
        value.add_revenue(row, state.own_parts(row).map(|part| (part, part.share.amount)), scope, state);
        for part in state.parts(row).filter(|part| scope.covers_agreement(part.earning.credit(), state)) {
            let earned = part.earning.credit().and(part.earning.assessment()).and_then(|earned| earned.amount);
            if let Some(amount) = earned.filter(|amount| amount.minor_units != 0) {
                value.changes.push(Change::Commission(amount.currency, amount.minor_units));
            }
        }
        value
    }

    /// A refund (`sign` is −1), or its reinstatement: revenue by the earners of the parts, commission by whom it was taken from. What
    /// counts later than the record does is not among it, see `counts_later`.
    fn of_refund(refund: &Refund, stamp: Stamp, sign: i64, scope: Scope, state: &State) -> Self {
        let mut value = Self { stamp, effective_at: effective_at(stamp, state), changes: SmallVec::new() };
        let parts: SmallVec<[PartOf; 1]> = state.own_parts(refund.sale).collect();
        let refunded = refund.of_parts().map(|of_part| (parts[of_part.number as usize], sign * of_part.applied));
        value.add_revenue(refund.sale, refunded, scope, state);
        for part in refund.taken.iter().filter(|part| part.partner != HOUSE && scope.covers_agreement(Some(part.agreement), state)) {
            // What is taken is below zero.
            if counts_later(part, refund.sale, stamp, state).is_none() {
                value.changes.push(Change::Commission(part.currency, -sign * part.amount));
            }
        }
        value
    }

    /// Adds what parts of a sale were sold for, less what was refunded: one sum for the scope.
    fn add_revenue<'a>(&mut self, row: Row, parts: impl Iterator<Item = (PartOf<'a>, i64)>, scope: Scope, state: &State) {
        let currency = state.commissions.sales.get(row).amount().currency;
        let (mut revenue, mut credited) = (0, 0);
        for (part, minor_units) in parts.filter(|(part, _)| scope.covers_agreement(part.earning.credit(), state)) {
            revenue += minor_units;
            credited += if part.earning.credit().is_some() { minor_units } else { 0 };
        }
        if revenue != 0 {
            self.changes.push(Change::Revenue(currency, revenue));
        }
        if scope == Scope::All && credited != 0 {
            self.changes.push(Change::Credited(currency, credited));
        }
    }

    /// The deal of a lead that has, or had, a voided sale: the first of its sales that are seen and are not voided as seen, if that
    /// is earned in the scope (rules 16.2).
    pub fn of_deal(lead: Row, scope: Scope, seen: Seen, state: &State) -> Option<Self> {
        let sales = state.leads.by_id.get(lead).sales(state);
        let counts = |row: &Row| seen.sees(state.commissions.sales.get(*row).stamp()) && !state.counts_as_voided_seen(*row, seen);
        let first = sales.filter(counts).min_by_key(|row| state.commissions.sales.get(*row).stamp())?;
        let sale = state.commissions.sales.get(first);
        earns_in(first, scope, state).then(|| Self::new(sale.stamp(), Change::Deals(sale.amount().currency, 1)))
    }

    /// What a void takes back of a sale's revenue; its commission is by its postings (rules 16.2).
    pub fn of_void(row: Row, stamp: Stamp, scope: Scope, state: &State) -> Self {
        let mut value = Self { stamp, effective_at: stamp.occurred_at, changes: SmallVec::new() };
        value.add_revenue(row, state.own_parts(row).map(|part| (part, -part.left())), scope, state);
        value
    }
}

/// Whether a sale's own parts are earned, or by campaign brought, in a scope.
pub fn earns_in(row: Row, scope: Scope, state: &State) -> bool {
    match scope {
        Scope::All => true,
        Scope::Campaign(campaign) => campaign_of_sale(state.commissions.sales.get(row), state) == Some(campaign),
        _ => state.own_parts(row).any(|part| scope.covers_agreement(part.earning.credit(), state)),
    }
}

/// When commission counts that a refund, or its reinstatement, takes or gives back, if that is later than its record does: it does
/// not count before the entry that brought it (rules 20.1).
pub fn counts_later(part: &CommissionPart, sale: Row, stamp: Stamp, state: &State) -> Option<Time> {
    let of_sale = || effective_at(state.commissions.sales.get(sale).stamp(), state);
    let brought = part.entry.map_or_else(of_sale, |(account, place)| state.accounts.get(account).entry(place).effective_at);
    (brought > effective_at(stamp, state)).then_some(brought)
}

/// From when what a record posted counts: not before the last close recorded before it (rules 7.7).
fn effective_at(stamp: Stamp, state: &State) -> Time {
    let before = Seen { time: LATEST, position: stamp.position - 1 };
    state.commissions.closes(before).next_back().map_or(stamp.occurred_at, |close| stamp.occurred_at.max(close.through))
}

/// Through what a fact about a lead counts: by the decision in force when it happened, as known when it was recorded.
/// What is recorded later moves nothing that is recorded (rules 1.3).
pub fn origin_at(lead: &Lead, stamp: Stamp, state: &State) -> Origin {
    let known = Seen { time: LATEST, position: stamp.position };
    let Some(decision) = lead.decision_at(stamp.occurred_at, known) else { return Origin::default() };
    Origin {
        agreement: lead.credit_at(stamp.occurred_at, known, state).or(decision.origin.agreement),
        campaign: lead.referral_behind(decision).and_then(|referral| referral.origin.campaign),
    }
}

/// The campaign that brought a sale's lead.
pub fn campaign_of_sale(sale: &Sale, state: &State) -> Option<Row> {
    sale.lead().and_then(|row| origin_at(state.leads.by_id.get(row), sale.stamp(), state).campaign)
}

/// The scopes in which a sale counts: those of all who earn on it, and of the campaign that brought its lead.
pub fn scopes_of_sale(row: Row, state: &State) -> SmallVec<[Scope; 4]> {
    let campaign = campaign_of_sale(state.commissions.sales.get(row), state);
    let mut scopes: SmallVec<[Scope; 4]> = SmallVec::new();
    for part in state.parts(row) {
        for scope in Scope::of(Origin { agreement: part.earning.credit(), campaign }, state) {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
    }
    scopes
}
