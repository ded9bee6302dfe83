//! Figures for everything, a partner, an agreement or a campaign, each fact by its own time (rules 11).
//!
//! A question asks the projection first: whole blocks of facts that count are added up there. What is left at the edges is
//! looked up in the state, and so are the scope's campaigns. For the present that is next to nothing.

pub mod effort;
mod ratio;
pub mod reach;

use super::{Query, Reading, Source, agreement_seen, asked, campaign_seen, partner_seen};
use crate::domain::ids::Id;
use crate::domain::money::{Currency, saturating_i64};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::ledger::Error;
use crate::projections::metrics::{Amounts, Gathered, Metrics, Scope, Sums, Window};
use crate::proto::{self, get_metrics_request};
use ratio::{Fitting, mean, ratio};

/// Facts that are looked at before it is asked whether anybody still waits.
const FACTS_AT_A_TIME: usize = 1_024;

/// `GetMetrics`.
pub struct GetMetrics {
    asked: Asked,
    from: Option<crate::domain::calendar::Time>,
    to: Option<crate::domain::calendar::Time>,
}

/// For what figures are asked.
enum Asked {
    All,
    Partner(Id),
    Agreement(Id),
    Campaign(Id),
}

impl Query for GetMetrics {
    type Request = proto::GetMetricsRequest;
    type Answer = proto::GetMetricsResponse;

    fn ask(source: &impl Source, request: &Self::Request) -> Result<Self::Answer, Error> {
        let (question, seen) = asked(source, request, Self::parse, |_| None)?;
        let selection = question.select(&source.view(seen), seen)?;
        let gathered = source.metrics(|metrics| selection.gather(metrics));
        selection.answer(&Reading::new(&source.view(seen), source.cancellation()), gathered)
    }
}

impl GetMetrics {
    /// The question of a request; bad fields go to `fields`.
    pub fn parse(request: &proto::GetMetricsRequest, fields: &mut Fields) -> Self {
        let (from, to) = fields.optional_period(request.from.as_ref(), request.to.as_ref());
        Self { asked: parse_scope(request.scope.as_ref(), fields), from, to }
    }

    /// Returns which facts the question selects.
    ///
    /// # Errors
    /// `UnknownId` for what no record seen has introduced.
    pub fn select(&self, state: &State, seen: Seen) -> Result<Selection, Rejection> {
        let scope = match &self.asked {
            Asked::All => Scope::All,
            Asked::Partner(id) => Scope::Partner(partner_seen(state, id, seen)?),
            Asked::Agreement(id) => Scope::Agreement(agreement_seen(state, id, seen)?),
            Asked::Campaign(id) => Scope::Campaign(campaign_seen(state, id, seen)?),
        };
        Ok(Selection { scope, window: Window { from: self.from, to: self.to, seen } })
    }
}

fn parse_scope(scope: Option<&get_metrics_request::Scope>, fields: &mut Fields) -> Asked {
    use get_metrics_request::Scope;
    match scope {
        Some(Scope::All(true)) => Asked::All,
        Some(Scope::All(false)) => {
            fields.bad("all", "must be true, or name a partner_id, an agreement_id or a campaign_id instead");
            Asked::All
        }
        Some(Scope::PartnerId(id)) => Asked::Partner(fields.id("partner_id", id)),
        Some(Scope::AgreementId(id)) => Asked::Agreement(fields.id("agreement_id", id)),
        Some(Scope::CampaignId(id)) => Asked::Campaign(fields.id("campaign_id", id)),
        None => {
            fields.bad("scope", "is required: all, partner_id, agreement_id or campaign_id");
            Asked::All
        }
    }
}

/// Whose facts, and which of them.
#[derive(Clone, Copy)]
pub struct Selection {
    scope: Scope,
    window: Window,
}

impl Selection {
    /// Returns what the facts come to: those of the scope, and those of everything for comparison.
    pub fn gather(&self, metrics: &Metrics) -> [Gathered; 2] {
        [self.scope, Scope::All].map(|scope| metrics.gather(scope, self.window))
    }

    /// The figures, of what was gathered and what the state has beside it.
    ///
    /// # Errors
    /// When it is cancelled.
    pub fn answer(&self, view: &Reading<'_>, gathered: [Gathered; 2]) -> Result<proto::GetMetricsResponse, Error> {
        let [mut own, mut all] = gathered;
        for part in [&mut own, &mut all] {
            while part.look_at(FACTS_AT_A_TIME, view) {
                view.check()?;
            }
        }
        let campaigns = match self.scope {
            Scope::All => (0..view.campaigns.by_id.len()).filter_map(|row| Row::try_from(row).ok()).collect(),
            Scope::Campaign(row) => vec![row],
            Scope::Partner(_) | Scope::Agreement(_) => std::mem::take(&mut own.takes_part_in),
        };
        let mut figures =
            Figures { selection: *self, own: own.sums(), all: all.sums(), reach: reach::Total::default(), effort: Vec::new() };
        figures.look_at_campaigns(&campaigns, view)?;
        Ok(proto::GetMetricsResponse { metrics: Some(figures.metrics()), position: self.window.seen.position })
    }
}

/// All that figures are made of.
struct Figures<'a> {
    selection: Selection,
    own: &'a Sums,
    all: &'a Sums,
    reach: reach::Total,
    effort: Vec<proto::Effort>,
}

impl Figures<'_> {
    fn look_at_campaigns(&mut self, rows: &[Row], view: &Reading<'_>) -> Result<(), Error> {
        let window = self.selection.window;
        let mut efforts = effort::Efforts::default();
        for &row in rows {
            view.check()?;
            let campaign = view.campaigns.by_id.at(row);
            if let Some(campaign) = campaign.filter(|campaign| window.seen.sees(campaign.planned)) {
                self.reach.add(campaign, &window);
                efforts.add(campaign, &window);
            }
        }
        self.effort = efforts.figures(view);
        Ok(())
    }

    fn metrics(&self) -> proto::Metrics {
        let (leads, qualified, deals) = (i128::from(self.own.leads), i128::from(self.own.qualified), i128::from(self.own.deals()));
        let is_campaign = matches!(self.selection.scope, Scope::Campaign(_));
        let registrations = self.reach.registrations().filter(|_| is_campaign);
        let counts = Counts { registrations: registrations.unwrap_or(0), qualified, deals };
        let own = self.own.by_currency();
        let by_currency: Vec<_> = own.iter().map(|(currency, amounts)| self.money(*currency, amounts, &counts)).collect();
        let reach = self.reach.figures();
        let mut fitting = Fitting::default();
        let registrations_fitted = registrations.and_then(|count| fitting.optional(count));
        let is_beneath = by_currency.iter().any(|money| money.is_out_of_range) || reach.as_ref().is_some_and(|reach| reach.is_out_of_range);
        proto::Metrics {
            leads: saturating_i64(leads),
            qualified: saturating_i64(qualified),
            registrations: registrations_fitted,
            conversion: ratio(qualified, registrations.unwrap_or(leads)),
            deals: saturating_i64(deals),
            close_rate: ratio(deals, qualified),
            by_currency,
            reach,
            effort: self.effort.clone(),
            is_out_of_range: fitting.is_out_of_range || is_beneath,
        }
    }

    fn money(&self, currency: Currency, amounts: &Amounts, counts: &Counts) -> proto::CurrencyMetrics {
        let Amounts { revenue, credited, commission, cost, deals } = *amounts;
        let net_revenue = revenue - commission;
        let part_of_all = if self.selection.scope == Scope::All { credited } else { revenue };
        let mut fitting = Fitting::default();
        let mut money = proto::CurrencyMetrics {
            currency_code: currency.code().to_owned(),
            revenue: fitting.fit(revenue),
            average_deal: mean(revenue, i128::from(deals)).and_then(|amount| fitting.optional(amount)),
            commission: fitting.fit(commission),
            net_revenue: fitting.fit(net_revenue),
            cost: fitting.fit(cost),
            net_result: fitting.fit(net_revenue - cost),
            return_on_cost: ratio(revenue - cost, cost),
            cost_per_registration: mean(cost, counts.registrations).and_then(|amount| fitting.optional(amount)),
            cost_per_qualified: mean(cost, counts.qualified).and_then(|amount| fitting.optional(amount)),
            cost_per_deal: mean(cost, counts.deals).and_then(|amount| fitting.optional(amount)),
            share_of_all_revenue: ratio(part_of_all, self.all.amounts(currency).revenue),
            is_out_of_range: false,
        };
        money.is_out_of_range = fitting.is_out_of_range;
        money
    }
}

/// What costs are shared out to.
struct Counts {
    registrations: i128,
    qualified: i128,
    deals: i128,
}
