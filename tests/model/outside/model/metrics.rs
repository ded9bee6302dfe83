//! Figures. Rules 11.

use std::collections::{BTreeMap, BTreeSet};

use partnership_ledger::proto::{self as pb, EntryKind as Kind, event::Body, get_metrics_request::Scope};

use super::answers_campaigns::latest_of;
use super::calendar::Instant;
use super::campaigns::{Who, campaign_party, who};
use super::record::{Known, Posting, Record};
use super::sales::{own_parts, price, sold};
use super::tiers::rounded;
use crate::outside::ledger::{Answer, instant};

/// What is asked for: whose figures, over which facts, as of when.
struct Figures<'k, 'a> {
    known: &'k Known<'a>,
    /// The same without regard to time: a fact that counts may be about one that occurred later.
    recorded: &'k Known<'a>,
    scope: &'k Scope,
    from: Option<Instant>,
    to: Option<Instant>,
    at: Instant,
}

/// The money of one currency.
#[derive(Clone, Copy, Default)]
struct Money {
    revenue: i128,
    all_revenue: i128,
    commission: i128,
    cost: i128,
    deals: i128,
}

impl<'a> Known<'a> {
    pub fn metrics_answer(&self, recorded: &Known<'a>, request: &pb::GetMetricsRequest, at: Instant) -> Answer<pb::Metrics> {
        let scope = request.scope.as_ref().expect("required");
        match scope {
            Scope::All(_) => {}
            Scope::PartnerId(partner) => self.known_partner(partner)?,
            Scope::AgreementId(agreement) => self.known_agreement(agreement)?,
            Scope::CampaignId(campaign) => self.known_campaign(campaign).map(|_| ())?,
        }
        let (from, to) = (request.from.as_ref().map(instant), request.to.as_ref().map(instant));
        Ok(Figures { known: self, recorded, scope, from, to, at }.all())
    }
}

impl<'a> Figures<'_, 'a> {
    fn all(&self) -> pb::Metrics {
        let leads = count(self.leads().len());
        let qualified = count(self.qualified().len());
        let deals = self.deals();
        let all_deals = count(deals.len());
        let measured = self.measured();
        let registrations = match self.scope {
            Scope::CampaignId(campaign) => measured.get(campaign.as_str()).and_then(|reach| reach.registrations).map(i128::from),
            _ => None,
        };
        let by_currency = self.money(&deals).into_iter().map(|(currency, money)| {
            currency_metrics(currency, money, registrations.unwrap_or(0), qualified, all_deals, matches!(self.scope, Scope::All(_)))
        });
        let by_currency: Vec<_> = by_currency.collect();
        let reach = reach(&measured);
        let is_out_of_range = by_currency.iter().any(|money| money.is_out_of_range)
            || reach.as_ref().is_some_and(|reach| reach.is_out_of_range)
            || registrations.is_some_and(|count| i64::try_from(count).is_err());
        pb::Metrics {
            leads: cut(leads),
            qualified: cut(qualified),
            registrations: registrations.and_then(|count| i64::try_from(count).ok()),
            conversion: ratio(qualified, registrations.unwrap_or(leads)),
            deals: cut(all_deals),
            close_rate: ratio(all_deals, qualified),
            by_currency,
            reach,
            effort: self.effort(),
            is_out_of_range,
        }
    }

    fn is_in(&self, at: Instant) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }

    /// The records that occurred in the time asked about.
    fn records(&self) -> impl Iterator<Item = &'a Record> {
        self.known.records.iter().copied().filter(|record| self.is_in(record.occurred))
    }

    /// Whether what an agreement and a campaign brought belongs to the scope.
    fn covers(&self, agreement: Option<&str>, campaign: Option<&str>) -> bool {
        match self.scope {
            Scope::All(_) => true,
            Scope::PartnerId(partner) => agreement.and_then(|agreement| self.recorded.partner_of(agreement)) == Some(partner.as_str()),
            Scope::AgreementId(id) => agreement == Some(id.as_str()),
            Scope::CampaignId(id) => campaign == Some(id.as_str()),
        }
    }

    fn leads(&self) -> BTreeSet<&'a str> {
        let referred = |record: &'a Record| match record.body() {
            Body::LeadReferred(body) => {
                let decision = record.effects.decision.as_ref()?;
                let agreement = self.recorded.agreement_behind(decision);
                self.covers(agreement.as_deref(), body.campaign_id.as_deref()).then_some(decision.lead.as_str())
            }
            _ => None,
        };
        self.records().filter_map(referred).collect()
    }

    fn qualified(&self) -> BTreeSet<&'a str> {
        let qualified = |record: &'a Record| {
            let lead = record.effects.lead.as_deref().filter(|_| matches!(record.body(), Body::LeadQualified(_)))?;
            // By the credit at its time, so by a successor's; a house lead's by the agreement it was referred under.
            let named = || self.recorded.decision_behind(record).and_then(|decision| self.recorded.agreement_behind(decision));
            let agreement = record.effects.assessed.first().and_then(|assessed| assessed.agreement.clone()).or_else(named);
            self.covers(agreement.as_deref(), self.recorded.campaign_behind(record)).then_some(lead)
        };
        self.records().filter_map(qualified).collect()
    }

    /// Whether a sale belongs to the scope: by one of its earners, or as its lead's campaign. Rules 14.7.
    fn covers_sale(&self, sale: &Record) -> bool {
        match self.scope {
            Scope::All(_) | Scope::CampaignId(_) => self.covers(None, self.recorded.campaign_behind(sale)),
            _ => own_parts(sale).iter().any(|part| self.covers(part.agreement.as_deref(), None)),
        }
    }

    /// What of the amounts of a sale's parts belongs to the scope; `whole` is all of it.
    fn of_scope(&self, sale: &Record, whole: i128, parts: &[i128]) -> i128 {
        let own = own_parts(sale);
        match self.scope {
            Scope::All(_) => {
                if own.is_empty() {
                    0
                } else {
                    whole
                }
            }
            Scope::CampaignId(_) => {
                if self.covers_sale(sale) {
                    whole
                } else {
                    0
                }
            }
            _ => own.iter().zip(parts).filter(|(part, _)| self.covers(part.agreement.as_deref(), None)).map(|(_, amount)| amount).sum(),
        }
    }

    /// The first sales of leads.
    fn deals(&self) -> Vec<&'a Record> {
        let first = |lead: &&'a str| self.known.sales_of_lead(lead).into_iter().min_by_key(|sale| (sale.occurred, sale.position));
        let firsts: Vec<u64> = self.recorded.leads().iter().filter_map(first).map(|sale| sale.position).collect();
        self.records().filter(|record| firsts.contains(&record.position) && self.covers_sale(record)).collect()
    }

    fn money(&self, deals: &[&Record]) -> BTreeMap<String, Money> {
        let mut money: BTreeMap<String, Money> = BTreeMap::new();
        for record in self.records() {
            if let Some((sale, currency, amount, parts)) = self.turnover(record) {
                let money = money.entry(currency).or_default();
                money.all_revenue += amount;
                money.revenue += self.of_scope(sale, amount, &parts);
            }
        }
        for deal in deals {
            let (currency, _) = price(sold(deal).expect("a deal is a sale"));
            money.entry(currency.to_owned()).or_default().deals += 1;
        }
        for (record, posting) in
            self.known.postings().filter(|(record, posting)| self.is_in(record.occurred) && posting.effective <= self.at)
        {
            if self.is_commission_of_scope(record, posting) {
                money.entry(posting.currency.clone()).or_default().commission -= posting.amount;
            }
            if posting.account == "house:campaigns" && self.has_campaign(posting.campaign.as_deref().expect("of a campaign")) {
                money.entry(posting.currency.clone()).or_default().cost += posting.amount;
            }
        }
        money
    }

    /// The sale behind a sale, refund, reinstatement or void, by how much that moved revenue, and that of each own part.
    fn turnover(&self, record: &'a Record) -> Option<(&'a Record, String, i128, Vec<i128>)> {
        let (sale, moved, parts) = if sold(record).is_some() {
            (record, price(sold(record)?).1, own_parts(record).iter().map(|part| part.part_amount).collect())
        } else if let Some(refund) = &record.effects.refund {
            (self.recorded.sale(&refund.sale)?, -refund.applied, refund.parts.iter().map(|amount| -amount).collect())
        } else if let Some(refund) = &record.effects.reinstates {
            let refund = self.recorded.refund(refund)?.effects.refund.as_ref()?;
            (self.recorded.sale(&refund.sale)?, refund.applied, refund.parts.clone())
        } else {
            let (sale, _, _) = record.effects.voided.as_ref()?;
            let sale = self.recorded.sale(sale)?;
            // What was left when the void was recorded.
            let before = Known {
                records: self.recorded.records.iter().copied().filter(|r| r.position < record.position).collect(),
                effective_by: None,
            };
            let parts = own_parts(sale).into_iter().map(|part| -before.left_of_part(sale, part)).collect();
            (sale, -before.left_of_sale(sale), parts)
        };
        let (currency, _) = price(sold(sale)?);
        Some((sale, currency.to_owned(), moved, parts))
    }

    fn is_commission_of_scope(&self, record: &'a Record, posting: &Posting) -> bool {
        let is_commission = matches!(posting.kind, Kind::Accrual | Kind::Reversal | Kind::Reinstatement | Kind::Transfer);
        if !is_commission || !posting.account.starts_with("partner:") {
            return false;
        }
        let source = posting.lot.as_ref().and_then(|lot| self.recorded.at_position(lot.source)).unwrap_or(record);
        let campaign = self.recorded.campaign_behind(source);
        match self.scope {
            Scope::PartnerId(partner) => posting.account == format!("partner:{partner}"),
            _ => self.covers(posting.agreement.as_deref(), campaign),
        }
    }

    /// Whether a campaign belongs to the scope: an agreement's are those it takes part in.
    fn has_campaign(&self, campaign: &str) -> bool {
        let Some((_, plan)) = self.recorded.campaign(campaign) else {
            return false;
        };
        match self.scope {
            Scope::All(_) => true,
            Scope::CampaignId(id) => id == campaign,
            Scope::AgreementId(id) => Known::takes_part(plan, Some(id.as_str())),
            Scope::PartnerId(id) => self.recorded.participants(plan).iter().any(|participant| participant.partner == Some(id.as_str())),
        }
    }

    /// What was measured of each campaign of the scope.
    fn measured(&self) -> BTreeMap<&'a str, pb::ReachMeasured> {
        let mut by_campaign: BTreeMap<&str, Vec<&pb::ReachMeasured>> = BTreeMap::new();
        for (record, body) in self.known.measurements() {
            // Of a campaign that is planned only later nothing is shown yet.
            let exists = self.known.campaign(&body.campaign_id).is_some();
            if exists && self.is_in(record.occurred) && self.has_campaign(&body.campaign_id) {
                by_campaign.entry(&body.campaign_id).or_default().push(body);
            }
        }
        by_campaign.into_iter().map(|(campaign, measured)| (campaign, latest_of(&measured))).collect()
    }

    fn effort(&self) -> Vec<pb::Effort> {
        let mut efforts: BTreeMap<Who, (i64, i64)> = BTreeMap::new();
        for plan in self.known.campaigns() {
            if !self.has_campaign(&plan.campaign_id) {
                continue;
            }
            for deliverable in &plan.deliverables {
                let is_due = Known::due_at(plan, deliverable).is_some_and(|due| due <= self.at && self.is_in(due));
                let delivered = self.known.completion(&plan.campaign_id, &deliverable.deliverable_id).is_some();
                let (due_weight, delivered_weight) = efforts.entry(who(deliverable.owed_by.as_ref())).or_default();
                *due_weight += if is_due { i64::from(deliverable.weight) } else { 0 };
                *delivered_weight += if is_due && delivered { i64::from(deliverable.weight) } else { 0 };
            }
        }
        let effort =
            |(who, (due_weight, delivered_weight))| pb::Effort { participant: Some(campaign_party(&who)), due_weight, delivered_weight };
        efforts.into_iter().map(effort).collect()
    }
}

fn currency_metrics(
    currency_code: String,
    money: Money,
    registrations: i128,
    qualified: i128,
    deals: i128,
    is_all: bool,
) -> pb::CurrencyMetrics {
    let revenue = if is_all { money.all_revenue } else { money.revenue };
    let net_revenue = revenue - money.commission;
    let each = |dividend: i128, divisor: i128| (divisor != 0).then(|| rounded(dividend, divisor));
    let means = [each(revenue, money.deals), each(money.cost, registrations), each(money.cost, qualified), each(money.cost, deals)];
    let sums = [revenue, money.commission, net_revenue, money.cost, net_revenue - money.cost];
    let is_out_of_range = sums.into_iter().chain(means.into_iter().flatten()).any(|figure| i64::try_from(figure).is_err());
    let [average_deal, cost_per_registration, cost_per_qualified, cost_per_deal] =
        means.map(|mean| mean.and_then(|mean| i64::try_from(mean).ok()));
    pb::CurrencyMetrics {
        currency_code,
        revenue: cut(revenue),
        average_deal,
        commission: cut(money.commission),
        net_revenue: cut(net_revenue),
        cost: cut(money.cost),
        net_result: cut(net_revenue - money.cost),
        return_on_cost: ratio(revenue - money.cost, money.cost),
        cost_per_registration,
        cost_per_qualified,
        cost_per_deal,
        share_of_all_revenue: ratio(money.revenue, money.all_revenue),
        is_out_of_range,
    }
}

/// The reach of campaigns together; none if nothing was measured.
fn reach(measured: &BTreeMap<&str, pb::ReachMeasured>) -> Option<pb::Reach> {
    let sum = |of: fn(&pb::ReachMeasured) -> Option<i64>| -> i128 { measured.values().filter_map(of).map(i128::from).sum() };
    let house = sum(|reach| reach.house_audience);
    let combined = house + sum(|reach| reach.partner_audience) - sum(|reach| reach.overlap);
    let visits = sum(|reach| reach.visits);
    let (impressions, mentions) = (sum(|reach| reach.impressions), sum(|reach| reach.mentions));
    (!measured.is_empty()).then(|| pb::Reach {
        combined_audience: cut(combined),
        uplift: ratio(combined, house),
        impressions: cut(impressions),
        visits: cut(visits),
        mentions: cut(mentions),
        visit_rate: ratio(visits, combined),
        is_out_of_range: [combined, impressions, visits, mentions].into_iter().any(|figure| i64::try_from(figure).is_err()),
    })
}

/// An exact fraction; none if it would divide by zero.
fn ratio(numerator: i128, denominator: i128) -> Option<pb::Ratio> {
    let basis_points = || rounded(numerator * 10_000 * denominator.signum(), denominator.abs());
    (denominator != 0).then(|| pb::Ratio {
        numerator: clamped(numerator),
        denominator: clamped(denominator),
        basis_points: clamped(basis_points()),
    })
}

/// What a fraction is made of, at the limit where it leaves 64 bits.
fn clamped(figure: i128) -> i64 {
    i64::try_from(figure.clamp(i64::MIN.into(), i64::MAX.into())).expect("within 64 bits")
}

/// A figure on the wire; absent where it leaves 64 bits. Rules 13.
fn cut(figure: i128) -> i64 {
    i64::try_from(figure).unwrap_or_default()
}

fn count(number: usize) -> i128 {
    number as i128
}
