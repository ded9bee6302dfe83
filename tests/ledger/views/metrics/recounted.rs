//! Figures counted anew from the records as stored, one by one, without any state: what the rules say and no more.

use partnership_ledger::domain::Seen;
use partnership_ledger::domain::calendar::Time;
use partnership_ledger::proto::effect::Effect;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::get_metrics_request::Scope;
use partnership_ledger::proto::{AcquiredBy, EntryKind, LeadOwnerSet, Posting, Record};
use std::collections::{BTreeMap, BTreeSet};

/// Whose a fact is: by agreement and campaign.
type Origin<'a> = (Option<&'a str>, Option<&'a str>);

/// Money of one currency.
#[derive(Clone, Copy, Default)]
pub struct Money {
    pub revenue: i64,
    pub credited: i64,
    pub commission: i64,
    pub cost: i64,
    pub deals: i64,
}

/// The records that are seen, and what of them is asked for.
pub struct Recount<'a> {
    all: &'a [Record],
    seen: Vec<&'a Record>,
    time: Time,
    from: Option<Time>,
    to: Option<Time>,
    scope: Scope,
}

impl<'a> Recount<'a> {
    pub fn new(all: &'a [Record], seen: Seen, (from, to): (Option<Time>, Option<Time>), scope: Scope) -> Self {
        let is_seen = |record: &&Record| record.position <= seen.position && occurred(record) <= seen.time;
        Self { all, seen: all.iter().filter(is_seen).collect(), time: seen.time, from, to, scope }
    }

    /// Leads, qualified leads and deals.
    pub fn counts(&self) -> (i64, i64, i64) {
        let leads: BTreeSet<&str> = self.within().filter_map(|record| self.referred(record)).collect();
        let qualified: BTreeSet<&str> = self.within().filter_map(|record| self.qualified(record)).collect();
        let count = |number: usize| i64::try_from(number).expect("few");
        (count(leads.len()), count(qualified.len()), count(self.deals().len()))
    }

    /// The money by currency code.
    pub fn money(&self) -> BTreeMap<String, Money> {
        let mut money: BTreeMap<String, Money> = BTreeMap::new();
        for record in self.within() {
            self.add_revenue(record, &mut money);
            for posting in postings(record).filter(|posting| time(posting.effective_at.as_ref()) <= self.time) {
                self.add_posting(record, posting, &mut money);
            }
        }
        for sale in self.deals() {
            let Some(Body::SaleRecorded(body)) = body(sale) else { unreachable!("a deal is a sale") };
            let code = &body.amount.as_ref().expect("an amount").currency_code;
            money.entry(code.clone()).or_default().deals += 1;
        }
        money
    }

    fn within(&self) -> impl Iterator<Item = &'a Record> {
        let (from, to) = (self.from, self.to);
        let holds = move |at: Time| from.is_none_or(|from| from <= at) && to.is_none_or(|to| at < to);
        self.seen.iter().copied().filter(move |record| holds(occurred(record)))
    }

    fn covers(&self, (agreement, campaign): Origin) -> bool {
        match &self.scope {
            Scope::All(_) => true,
            Scope::PartnerId(id) => agreement.is_some_and(|agreement| self.partner_of(agreement) == id),
            Scope::AgreementId(id) => agreement == Some(id),
            Scope::CampaignId(id) => campaign == Some(id),
        }
    }

    fn partner_of(&self, agreement: &str) -> &'a str {
        let signed = self.all.iter().find_map(|record| match body(record) {
            Some(Body::AgreementSigned(signed)) if signed.agreement_id == agreement => Some(signed.partner_id.as_str()),
            _ => None,
        });
        signed.expect("every agreement of the stories is signed")
    }

    fn referred(&self, record: &'a Record) -> Option<&'a str> {
        let set = decision(record).filter(|_| matches!(body(record), Some(Body::LeadReferred(_))))?;
        self.covers(origin_of(record)).then_some(set.lead_id.as_str())
    }

    fn qualified(&self, record: &'a Record) -> Option<&'a str> {
        let Some(Body::LeadQualified(qualified)) = body(record) else { return None };
        let lead = self.first_id(&qualified.lead_id);
        self.covers(self.origin_at(lead, record)).then_some(lead)
    }

    /// The id that a lead was first referred under.
    fn first_id(&self, id: &str) -> &'a str {
        let found = self.all.iter().find_map(|record| match body(record) {
            Some(Body::LeadReferred(referred)) if referred.lead_id == id => record.effects.iter().find_map(|effect| match &effect.effect {
                Some(Effect::LeadOwnerSet(set)) => Some(set.lead_id.as_str()),
                Some(Effect::LeadClaimDeclined(declined)) => Some(declined.lead_id.as_str()),
                _ => None,
            }),
            _ => None,
        });
        found.expect("a lead that is named was referred")
    }

    /// Through what a lead's fact counts: by the decision in force when it happened, as known when it was recorded.
    fn origin_at(&self, lead: &str, fact: &Record) -> Origin<'a> {
        let known = || self.all.iter().filter(|record| record.position <= fact.position).rev();
        let of_lead = |record: &&Record| decision(record).is_some_and(|set| set.lead_id == lead);
        let Some(in_force) = known().filter(of_lead).find(|record| occurred(record) <= occurred(fact)) else { return (None, None) };
        let is_referral = |record: &&Record| matches!(body(record), Some(Body::LeadReferred(_)));
        let referral = known().filter(of_lead).filter(is_referral).find(|record| record.position <= in_force.position);
        (origin_of(in_force).0, referral.and_then(|referral| origin_of(referral).1))
    }

    fn origin_of_sale(&self, sale: &'a Record) -> Origin<'a> {
        let Some(Body::SaleRecorded(sold)) = body(sale) else { unreachable!("called with a sale") };
        let credit = sale.effects.iter().find_map(|effect| match &effect.effect {
            Some(Effect::CommissionAssessed(assessed)) => Some(assessed.agreement_id.as_str()).filter(|id| !id.is_empty()),
            _ => None,
        });
        (credit, sold.lead_id.as_ref().and_then(|lead| self.origin_at(self.first_id(lead), sale).1))
    }

    fn sale(&self, id: &str) -> &'a Record {
        let is_it = |record: &&Record| matches!(body(record), Some(Body::SaleRecorded(sale)) if sale.sale_id == id);
        self.all.iter().find(is_it).expect("a sale that is named was recorded")
    }

    /// The first sale of every lead, of those seen, if it belongs to what is asked for.
    fn deals(&self) -> Vec<&'a Record> {
        let mut firsts: BTreeMap<&str, &Record> = BTreeMap::new();
        for &record in &self.seen {
            if let Some(Body::SaleRecorded(sale)) = body(record)
                && let Some(lead) = &sale.lead_id
            {
                let first = firsts.entry(self.first_id(lead)).or_insert(record);
                if (occurred(record), record.position) < (occurred(first), first.position) {
                    *first = record;
                }
            }
        }
        let within: BTreeSet<u64> = self.within().map(|record| record.position).collect();
        firsts.into_values().filter(|sale| within.contains(&sale.position) && self.covers(self.origin_of_sale(sale))).collect()
    }

    fn add_revenue(&self, record: &'a Record, money: &mut BTreeMap<String, Money>) {
        let applied = |refund: &Record| {
            let amount = refund.effects.iter().find_map(|effect| match &effect.effect {
                Some(Effect::RefundApplied(applied)) => applied.amount.as_ref().map(|amount| amount.minor_units),
                _ => None,
            });
            amount.expect("a refund says what counts")
        };
        let (sale, amount) = match body(record) {
            Some(Body::SaleRecorded(sold)) => (record, sold.amount.as_ref().expect("an amount").minor_units),
            Some(Body::SaleRefunded(refund)) => (self.sale(&refund.sale_id), -applied(record)),
            Some(Body::SaleReinstated(reinstated)) => {
                let is_it =
                    |record: &&Record| matches!(body(record), Some(Body::SaleRefunded(refund)) if refund.refund_id == reinstated.refund_id);
                let refund = self.all.iter().find(is_it).expect("a refund that is named was recorded");
                let Some(Body::SaleRefunded(refunded)) = body(refund) else { unreachable!("found as a refund") };
                (self.sale(&refunded.sale_id), applied(refund))
            }
            _ => return,
        };
        let origin = self.origin_of_sale(sale);
        if amount == 0 || !self.covers(origin) {
            return;
        }
        let Some(Body::SaleRecorded(sold)) = body(sale) else { unreachable!("found as a sale") };
        let code = &sold.amount.as_ref().expect("an amount").currency_code;
        let money = money.entry(code.clone()).or_default();
        money.revenue += amount;
        money.credited += if origin.0.is_some() { amount } else { 0 };
    }

    fn add_posting(&self, record: &'a Record, posting: &'a Posting, money: &mut BTreeMap<String, Money>) {
        let amount = posting.amount.as_ref().expect("an amount");
        if posting.account == "house:campaigns" {
            if self.takes_part(posting.campaign_id.as_deref().expect("a cost names its campaign")) {
                money.entry(amount.currency_code.clone()).or_default().cost += amount.minor_units;
            }
            return;
        }
        let kinds = [EntryKind::Accrual, EntryKind::Reversal, EntryKind::Reinstatement, EntryKind::Transfer];
        if !posting.account.starts_with("partner:") || !kinds.contains(&EntryKind::try_from(posting.kind).expect("a kind")) {
            return;
        }
        let campaign = match (&posting.sale_id, &posting.lead_id) {
            (Some(sale), _) => self.origin_of_sale(self.sale(sale)).1,
            (None, Some(lead)) => {
                let is_of_lead = |known: &&Record| {
                    known.position <= record.position
                        && has_earned(known)
                        && matches!(body(known), Some(Body::LeadQualified(qualified)) if self.first_id(&qualified.lead_id) == lead)
                };
                self.all.iter().rev().find(is_of_lead).and_then(|qualified| self.origin_at(lead, qualified).1)
            }
            (None, None) => None,
        };
        if self.covers((posting.agreement_id.as_deref(), campaign)) {
            money.entry(amount.currency_code.clone()).or_default().commission -= amount.minor_units;
        }
    }

    fn takes_part(&self, campaign: &str) -> bool {
        use partnership_ledger::proto::campaign_participant::Party;
        let plan = self.all.iter().find_map(|record| match body(record) {
            Some(Body::CampaignPlanned(plan)) if plan.campaign_id == campaign => Some(plan),
            _ => None,
        });
        let participants = plan.expect("a campaign that is named was planned").participants.iter();
        let mut agreements = participants.filter_map(|participant| match &participant.party {
            Some(Party::AgreementId(id)) => Some(id.as_str()),
            _ => None,
        });
        match &self.scope {
            Scope::All(_) => true,
            Scope::CampaignId(id) => id == campaign,
            Scope::AgreementId(id) => agreements.any(|agreement| agreement == id),
            Scope::PartnerId(id) => agreements.any(|agreement| self.partner_of(agreement) == id),
        }
    }
}

fn body(record: &Record) -> Option<&Body> {
    record.event.as_ref()?.body.as_ref()
}

fn time(time: Option<&prost_types::Timestamp>) -> Time {
    let time = time.expect("a time");
    Time::from_timestamp(time.seconds, u32::try_from(time.nanos).expect("nanoseconds")).expect("a time")
}

fn occurred(record: &Record) -> Time {
    time(record.event.as_ref().expect("an event").occurred_at.as_ref())
}

fn postings(record: &Record) -> impl Iterator<Item = &Posting> {
    record.effects.iter().filter_map(|effect| match &effect.effect {
        Some(Effect::Posting(posting)) => Some(posting),
        _ => None,
    })
}

fn decision(record: &Record) -> Option<&LeadOwnerSet> {
    record.effects.iter().find_map(|effect| match &effect.effect {
        Some(Effect::LeadOwnerSet(set)) => Some(set),
        _ => None,
    })
}

/// Through what a decision counts: its credit; of a referral of the house's without credit the agreement that it names.
fn origin_of(record: &Record) -> Origin<'_> {
    let credit = decision(record).map(|set| set.agreement_id.as_str()).filter(|id| !id.is_empty());
    let (named, campaign) = match body(record) {
        Some(Body::LeadReferred(referred)) => (referred.agreement_id.as_deref(), referred.campaign_id.as_deref()),
        _ => (None, None),
    };
    debug_assert!(credit.is_none() || named.is_none() || credit == named || is_joint(record), "a claim is through its agreement");
    (credit.or(named), campaign)
}

fn is_joint(record: &Record) -> bool {
    matches!(body(record), Some(Body::LeadReferred(referred)) if referred.acquired_by == AcquiredBy::Joint as i32)
}

/// Whether an assessment of the record says an amount.
fn has_earned(record: &Record) -> bool {
    let assessed = record.effects.iter().filter_map(|effect| match &effect.effect {
        Some(Effect::CommissionAssessed(assessed)) => Some(assessed),
        _ => None,
    });
    assessed.into_iter().any(|assessed| assessed.amount.is_some())
}
