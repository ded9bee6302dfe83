//! The state in a snapshot: frozen at a position, written table by table, and put together again.

use super::{State, Time};
use crate::domain::account::{Account, AccountKey};
use crate::domain::agreements::{Agreement, Agreements, ExclusivityBreach};
use crate::domain::campaigns::{Campaign, Campaigns};
use crate::domain::commissions::net_sales::{NetSales, NetSalesKey};
use crate::domain::commissions::{Close, Commissions, Dispute, Other, Payout, Refund, Sale};
use crate::domain::ids::{Id, IdKind};
use crate::domain::interner::Interner;
use crate::domain::leads::match_keys::encoding::{FrozenMatchKeys, MatchKeysLoad};
use crate::domain::leads::{Alias, Lead, Leads};
use crate::domain::partners::Partner;
use crate::domain::relationship::{AgreementActivity, BrandUse, Breach, PartnerActivity, Relationship};
use crate::domain::table::encoding::TableLoad;
use crate::domain::table::{Frozen, Row};
use crate::encoding::{Damaged, LoadOne, Loader, Section, Sink, codec};

/// What of the state is in no table.
struct Rest {
    position: u64,
    recorded_at: Time,
    exclusive: Vec<Row>,
    exclusivity_breaches: Vec<ExclusivityBreach>,
    closes: Vec<Close>,
}

codec!(Rest { position, recorded_at, exclusive, exclusivity_breaches, closes });

/// The state as it was when it was frozen.
pub struct FrozenState {
    rest: Rest,
    partners: Frozen<Id, Partner>,
    agreements: Frozen<Id, Agreement>,
    leads: Frozen<Id, Lead>,
    aliases: Frozen<Id, Alias>,
    match_keys: FrozenMatchKeys,
    sales: Frozen<Id, Sale>,
    refunds: Frozen<Id, Refund>,
    payouts: Frozen<Id, Payout>,
    disputes: Frozen<Id, Dispute>,
    others: Frozen<(IdKind, Id), Other>,
    net_sales: Frozen<NetSalesKey, NetSales>,
    campaigns: Frozen<Id, Campaign>,
    conduct: Frozen<Row, AgreementActivity>,
    approaches: Frozen<Row, PartnerActivity>,
    brand_uses: Frozen<Id, BrandUse>,
    breaches: Frozen<Id, Breach>,
    accounts: Frozen<AccountKey, Account>,
}

impl State {
    /// The state as it is now, to be written while this one goes on: it costs a pointer for some hundred rows. There must
    /// be no open savepoint.
    pub fn freeze(&self) -> FrozenState {
        let Self { position, recorded_at, partners, agreements, leads, commissions, campaigns, relationship, accounts, before_batch } =
            self;
        assert!(before_batch.is_none(), "only what cannot be taken back is frozen");
        let Agreements { by_id: agreements, exclusive, exclusive_before: _, breaches: exclusivity_breaches, breaches_before: _ } =
            agreements;
        // What is alike, of claims here and of sales below, is only to save room.
        let Leads { by_id: leads, aliases, match_keys, claims: _ } = leads;
        let Commissions { sales, refunds, payouts, disputes, others, net_sales, pinned: _, closes, closes_before: _ } = commissions;
        let Campaigns { by_id: campaigns } = campaigns;
        let Relationship { agreements: conduct, partners: approaches, brand_uses, breaches } = relationship;
        let rest = Rest {
            position: *position,
            recorded_at: *recorded_at,
            exclusive: exclusive.clone(),
            exclusivity_breaches: exclusivity_breaches.clone(),
            closes: closes.clone(),
        };
        FrozenState {
            rest,
            partners: partners.freeze(),
            agreements: agreements.freeze(),
            leads: leads.freeze(),
            aliases: aliases.freeze(),
            match_keys: match_keys.freeze(),
            sales: sales.freeze(),
            refunds: refunds.freeze(),
            payouts: payouts.freeze(),
            disputes: disputes.freeze(),
            others: others.freeze(),
            net_sales: net_sales.freeze(),
            campaigns: campaigns.freeze(),
            conduct: conduct.freeze(),
            approaches: approaches.freeze(),
            brand_uses: brand_uses.freeze(),
            breaches: breaches.freeze(),
            accounts: accounts.freeze(),
        }
    }
}

impl FrozenState {
    /// The last record that is in it.
    pub fn position(&self) -> u64 {
        self.rest.position
    }

    /// Writes it. The tables that change most come first, as what is written need not be kept apart any longer.
    ///
    /// # Errors
    /// If writing is to end.
    pub fn save<S: Sink>(self, sink: &mut S) -> Result<(), S::Error> {
        self.accounts.save(Section::Accounts, sink)?;
        self.leads.save(Section::Leads, sink)?;
        self.sales.save(Section::Sales, sink)?;
        sink.one(Section::State, &self.rest)?;
        self.partners.save(Section::Partners, sink)?;
        self.agreements.save(Section::Agreements, sink)?;
        self.aliases.save(Section::Aliases, sink)?;
        self.match_keys.save(sink)?;
        self.refunds.save(Section::Refunds, sink)?;
        self.payouts.save(Section::Payouts, sink)?;
        self.disputes.save(Section::Disputes, sink)?;
        self.others.save(Section::Others, sink)?;
        self.net_sales.save(Section::NetSales, sink)?;
        self.campaigns.save(Section::Campaigns, sink)?;
        self.conduct.save(Section::Conduct, sink)?;
        self.approaches.save(Section::Approaches, sink)?;
        self.brand_uses.save(Section::BrandUses, sink)?;
        self.breaches.save(Section::Breaches, sink)
    }
}

/// A state that is being loaded.
#[derive(Default)]
pub struct StateLoad {
    rest: LoadOne<Rest>,
    partners: TableLoad<Id, Partner>,
    agreements: TableLoad<Id, Agreement>,
    leads: TableLoad<Id, Lead>,
    aliases: TableLoad<Id, Alias>,
    match_keys: MatchKeysLoad,
    sales: TableLoad<Id, Sale>,
    refunds: TableLoad<Id, Refund>,
    payouts: TableLoad<Id, Payout>,
    disputes: TableLoad<Id, Dispute>,
    others: TableLoad<(IdKind, Id), Other>,
    net_sales: TableLoad<NetSalesKey, NetSales>,
    campaigns: TableLoad<Id, Campaign>,
    conduct: TableLoad<Row, AgreementActivity>,
    approaches: TableLoad<Row, PartnerActivity>,
    brand_uses: TableLoad<Id, BrandUse>,
    breaches: TableLoad<Id, Breach>,
    accounts: TableLoad<AccountKey, Account>,
}

impl StateLoad {
    /// The part of the state that a section holds.
    pub fn part(&self, section: Section) -> Option<&dyn Loader> {
        Some(match section {
            Section::State => &self.rest,
            Section::Partners => &self.partners,
            Section::Agreements => &self.agreements,
            Section::Leads => &self.leads,
            Section::Aliases => &self.aliases,
            Section::MatchKeys => &self.match_keys,
            Section::SharedMatchKeys => self.match_keys.shared(),
            Section::Sales => &self.sales,
            Section::Refunds => &self.refunds,
            Section::Payouts => &self.payouts,
            Section::Disputes => &self.disputes,
            Section::Others => &self.others,
            Section::NetSales => &self.net_sales,
            Section::Campaigns => &self.campaigns,
            Section::Conduct => &self.conduct,
            Section::Approaches => &self.approaches,
            Section::BrandUses => &self.brand_uses,
            Section::Breaches => &self.breaches,
            Section::Accounts => &self.accounts,
            _ => return None,
        })
    }

    /// The state, once all parts are finished.
    ///
    /// # Errors
    /// If a part is missing.
    pub fn finish(&self) -> Result<State, Damaged> {
        let Rest { position, recorded_at, exclusive, exclusivity_breaches, closes } = self.rest.take()?;
        let agreements = Agreements {
            by_id: self.agreements.take()?,
            exclusive,
            exclusive_before: 0,
            breaches: exclusivity_breaches,
            breaches_before: 0,
        };
        let leads =
            Leads { by_id: self.leads.take()?, aliases: self.aliases.take()?, match_keys: self.match_keys.take()?, ..Leads::default() };
        let commissions = Commissions {
            sales: self.sales.take()?,
            refunds: self.refunds.take()?,
            payouts: self.payouts.take()?,
            disputes: self.disputes.take()?,
            others: self.others.take()?,
            net_sales: self.net_sales.take()?,
            pinned: Interner::default(),
            closes,
            closes_before: 0,
        };
        let relationship = Relationship {
            agreements: self.conduct.take()?,
            partners: self.approaches.take()?,
            brand_uses: self.brand_uses.take()?,
            breaches: self.breaches.take()?,
        };
        Ok(State {
            position,
            recorded_at,
            partners: self.partners.take()?,
            agreements,
            leads,
            commissions,
            campaigns: Campaigns { by_id: self.campaigns.take()? },
            relationship,
            accounts: self.accounts.take()?,
            before_batch: None,
        })
    }
}
