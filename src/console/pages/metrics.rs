//! Figures for everything, a partner, an agreement or a campaign, each rate with its exact fraction.

use crate::console::charts::funnel;
use crate::console::components::{Filter, filters};
use crate::console::failed::Failed;
use crate::console::moment::{first_instant, timestamp};
use crate::console::page::{Page, Place, Section};
use crate::console::table::{Cell, Column, Table, columns};
use crate::console::visit::Visit;
use crate::language::{Language, say};
use crate::proto::get_metrics_request::Scope;
use crate::proto::{CurrencyMetrics, GetMetricsRequest, Metrics, Ratio};
use chrono::{Days, NaiveDate};
use prost_types::Timestamp;

/// The page.
pub async fn page(visit: &Visit) -> Result<Page, Failed> {
    let language = visit.language;
    let (scope, title) = scope(visit);
    let is_all = scope == Scope::All(true);
    let request =
        GetMetricsRequest { scope: Some(scope), from: day(visit, "from", 0)?, to: day(visit, "to", 1)?, options: Some(visit.options()) };
    let answer = visit.services.partnership().get_metrics(request).await?.into_inner();
    let metrics = answer.metrics.unwrap_or_default();
    let filter = |name, label| Filter { name, label, values: Vec::new() };
    let filters = filters(
        visit,
        &[
            filter("partner", say!(language, "column-partner")),
            filter("agreement", say!(language, "column-agreement")),
            filter("campaign", say!(language, "campaign-campaign")),
            filter("from", say!(language, "console-from-day")),
            filter("to", say!(language, "console-to-day")),
        ],
    );
    let page = Page::new(Place::Metrics, String::new(), title).at(answer.position).section(Section::new(String::new()).markup(filters));
    Ok(sections(visit, &metrics, is_all).into_iter().fold(page, Page::section))
}

/// For what figures are asked, and what the page is called. A partner sees its own.
fn scope(visit: &Visit) -> (Scope, String) {
    let language = visit.language;
    let [partner, agreement, campaign] = ["partner", "agreement", "campaign"].map(|name| visit.query.some(name));
    match (campaign, agreement, partner.or_else(|| visit.person.partner().map(str::to_owned))) {
        (Some(id), _, _) => (Scope::CampaignId(id.clone()), say!(language, "metrics-of-campaign", id = id)),
        (None, Some(id), _) => (Scope::AgreementId(id.clone()), say!(language, "metrics-of-agreement", id = id)),
        (None, None, Some(id)) => (Scope::PartnerId(id.clone()), say!(language, "metrics-of-partner", id = id)),
        (None, None, None) => (Scope::All(true), say!(language, "metrics-of-all")),
    }
}

/// A day in the address, so many days later.
fn day(visit: &Visit, name: &str, later: u64) -> Result<Option<Timestamp>, Failed> {
    let Some(text) = visit.query.some(name) else { return Ok(None) };
    let day = text.parse::<NaiveDate>().ok().and_then(|day| day.checked_add_days(Days::new(later)));
    let bad = || Failed::Bad(say!(visit.language, "date-no-day", date = crate::language::text::line(&text)));
    Ok(Some(timestamp(first_instant(day.ok_or_else(bad)?))))
}

/// The sections of figures: leads and deals, money, reach, effort.
pub fn sections(visit: &Visit, metrics: &Metrics, is_all: bool) -> Vec<Section> {
    let language = visit.language;
    let mut sections = vec![leads_and_deals(visit, metrics)];
    if !metrics.by_currency.is_empty() {
        sections.push(Section::new(say!(language, "metrics-money")).table(money(visit, &metrics.by_currency, is_all)));
    }
    if metrics.reach.is_some() {
        sections.push(Section::new(say!(language, "metrics-reach")).table(reach(visit, metrics)));
    }
    if !metrics.effort.is_empty() {
        sections.push(Section::new(say!(language, "metrics-effort")).table(effort(visit, metrics)));
    }
    sections
}

fn leads_and_deals(visit: &Visit, metrics: &Metrics) -> Section {
    let language = visit.language;
    let title = say!(language, "metrics-leads-and-deals");
    let registrations = metrics.registrations.map(|count| (say!(language, "metrics-registrations"), count));
    let stages = [
        (say!(language, "metrics-leads"), metrics.leads),
        (say!(language, "metrics-qualified"), metrics.qualified),
        (say!(language, "metrics-deals"), metrics.deals),
    ];
    let stages: Vec<(String, i64)> = registrations.into_iter().chain(stages).collect();
    let picture = funnel(language, &say!(language, "console-funnel"), &stages);
    let mut table = Table::new("counts", title.clone(), String::new(), columns![language; "console-figure", # "console-value"]);
    for (name, count) in &stages {
        table.row(vec![Cell::text(name), Cell::figure(language, *count)]);
    }
    let rates = [(say!(language, "metrics-conversion"), &metrics.conversion), (say!(language, "metrics-close-rate"), &metrics.close_rate)];
    for (name, ratio) in rates {
        if let Some(ratio) = ratio {
            table.row(vec![Cell::text(name), fraction(language, ratio, |count| language.number(count))]);
        }
    }
    Section::new(title).markup(picture).table(table)
}

/// A table with a column per currency; a cell is empty where a currency has no figure.
fn money(visit: &Visit, by_currency: &[CurrencyMetrics], is_all: bool) -> Table {
    let language = visit.language;
    let columns = std::iter::once(Column::text(say!(language, "console-figure")));
    let columns = columns.chain(by_currency.iter().map(|money| Column::figure(money.currency_code.clone())));
    let mut table = Table::new("money", say!(language, "metrics-money"), String::new(), columns.collect());
    let mut row = |name: String, value: &dyn Fn(&CurrencyMetrics) -> Option<Cell>| {
        let values: Vec<Option<Cell>> = by_currency.iter().map(value).collect();
        if values.iter().any(Option::is_some) {
            let values = values.into_iter().map(|value| value.unwrap_or_else(|| Cell::text("")));
            table.row(std::iter::once(Cell::text(name)).chain(values).collect());
        }
    };
    let amount = |money: &CurrencyMetrics, minor_units: i64| Some(Cell::bare(language, &money.currency_code, minor_units));
    let mean = |money: &CurrencyMetrics, minor_units: Option<i64>| minor_units.and_then(|units| amount(money, units));
    let part = |money: &CurrencyMetrics, ratio: Option<&Ratio>| {
        ratio.map(|ratio| fraction(language, ratio, |minor_units| language.grouped(&money.currency_code, minor_units)))
    };
    row(say!(language, "metrics-revenue"), &|money| amount(money, money.revenue));
    row(say!(language, "metrics-commission"), &|money| amount(money, money.commission));
    row(say!(language, "metrics-net-revenue"), &|money| amount(money, money.net_revenue));
    row(say!(language, "metrics-cost"), &|money| amount(money, money.cost));
    row(say!(language, "metrics-net-result"), &|money| amount(money, money.net_result));
    row(say!(language, "metrics-average-deal"), &|money| mean(money, money.average_deal));
    row(say!(language, "metrics-cost-per-registration"), &|money| mean(money, money.cost_per_registration));
    row(say!(language, "metrics-cost-per-qualified"), &|money| mean(money, money.cost_per_qualified));
    row(say!(language, "metrics-cost-per-deal"), &|money| mean(money, money.cost_per_deal));
    row(say!(language, "metrics-return-on-cost"), &|money| part(money, money.return_on_cost.as_ref()));
    let share = if is_all { say!(language, "metrics-share-of-partners") } else { say!(language, "metrics-share-of-all-revenue") };
    row(share, &|money| part(money, money.share_of_all_revenue.as_ref()));
    let out_of_range = |money: &CurrencyMetrics| money.is_out_of_range.then(|| Cell::text(say!(language, "metrics-left-out")));
    row(say!(language, "metrics-out-of-range"), &out_of_range);
    table
}

fn reach(visit: &Visit, metrics: &Metrics) -> Table {
    let language = visit.language;
    let reach = metrics.reach.unwrap_or_default();
    let mut table =
        Table::new("reached", say!(language, "metrics-reach"), String::new(), columns![language; "console-figure", # "console-value"]);
    let counts = [
        (say!(language, "metrics-combined-audience"), reach.combined_audience),
        (say!(language, "metrics-impressions"), reach.impressions),
        (say!(language, "metrics-visits"), reach.visits),
        (say!(language, "metrics-mentions"), reach.mentions),
    ];
    for (name, count) in counts {
        table.row(vec![Cell::text(name), Cell::figure(language, count)]);
    }
    for (name, ratio) in [(say!(language, "metrics-uplift"), reach.uplift), (say!(language, "metrics-visit-rate"), reach.visit_rate)] {
        if let Some(ratio) = ratio {
            table.row(vec![Cell::text(name), fraction(language, &ratio, |count| language.number(count))]);
        }
    }
    table
}

fn effort(visit: &Visit, metrics: &Metrics) -> Table {
    let language = visit.language;
    let columns = columns![language; "metrics-participant", # "metrics-due", # "metrics-delivered"];
    let mut table = Table::new("effort", say!(language, "metrics-effort"), String::new(), columns);
    for effort in &metrics.effort {
        table.row(vec![
            super::campaign::party(visit, effort.participant.as_ref()),
            Cell::figure(language, effort.due_weight),
            Cell::figure(language, effort.delivered_weight),
        ]);
    }
    table
}

/// Percent with the exact fraction.
fn fraction(language: Language, ratio: &Ratio, written: impl Fn(i64) -> String) -> Cell {
    let percent = language.basis_points(ratio.basis_points);
    let told = say!(language, "metrics-fraction", percent = percent, part = written(ratio.numerator), whole = written(ratio.denominator));
    Cell::text(told)
}
