//! `metrics`: figures for everything, a partner, an agreement or a campaign; each rate with its exact fraction.

use super::campaign::party;
use super::client::Session;
use super::failure::Failure;
use super::language::{Language, columns, say};
use super::moment::{GivenTime, Moment};
use super::output::Output;
use super::table::Table;
use super::text::line;
use partnership_ledger::proto::get_metrics_request::Scope;
use partnership_ledger::proto::{CurrencyMetrics, GetMetricsRequest, Metrics, Ratio, Reach};
use prost_types::Timestamp;

#[derive(clap::Args)]
pub struct Args {
    /// Of this partner; of everything if nothing is named
    #[arg(long, value_name = "ID", conflicts_with_all = ["agreement", "campaign"])]
    partner: Option<String>,
    /// Of this agreement
    #[arg(long, value_name = "ID", conflicts_with = "campaign")]
    agreement: Option<String>,
    /// Of this campaign
    #[arg(long, value_name = "ID")]
    campaign: Option<String>,
    /// Only what happened at or after this time; a day counts whole
    #[arg(long, value_name = "TIME", value_parser = GivenTime::parse)]
    from: Option<GivenTime>,
    /// Only what happened before this time; a day counts whole
    #[arg(long, value_name = "TIME", value_parser = GivenTime::parse)]
    to: Option<GivenTime>,
    #[command(flatten)]
    moment: Moment,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let from = args.from.map(|given| given.from(&mut session.out)).transpose()?;
    let to = args.to.map(|given| given.to(&mut session.out)).transpose()?;
    let of_agreement = args.agreement.map(Scope::AgreementId).or(args.campaign.map(Scope::CampaignId));
    let scope = args.partner.map(Scope::PartnerId).or(of_agreement).unwrap_or(Scope::All(true));
    let request = GetMetricsRequest { scope: Some(scope.clone()), from, to, options: Some(args.moment.options(session).await?) };
    let answer = session.partnership().await?.get_metrics(request).await?.into_inner();
    if session.out.json {
        return session.out.message(&answer);
    }
    let heading = heading(session.out.language, &scope, from.as_ref(), to.as_ref());
    session.out.line(&heading)?;
    show(&answer.metrics.unwrap_or_default(), scope == Scope::All(true), &mut session.out)?;
    session.out.read_at(answer.position)
}

/// Returns the scope of the figures, and their period.
fn heading(language: Language, scope: &Scope, from: Option<&Timestamp>, to: Option<&Timestamp>) -> String {
    let whose = match scope {
        Scope::All(_) => say!(language, "metrics-of-all"),
        Scope::PartnerId(id) => say!(language, "metrics-of-partner", id = line(id)),
        Scope::AgreementId(id) => say!(language, "metrics-of-agreement", id = line(id)),
        Scope::CampaignId(id) => say!(language, "metrics-of-campaign", id = line(id)),
    };
    let from = from.map(|time| say!(language, "metrics-from", time = language.time(Some(time))));
    let to = to.map(|time| say!(language, "metrics-to", time = language.time(Some(time))));
    [Some(whose), from, to].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn show(metrics: &Metrics, is_all: bool, out: &mut Output) -> Result<(), Failure> {
    let language = out.language;
    out.section(&say!(language, "metrics-leads-and-deals"), counts(language, metrics))?;
    if !metrics.by_currency.is_empty() {
        out.section(&say!(language, "metrics-money"), money(language, &metrics.by_currency, is_all))?;
    }
    if let Some(figures) = &metrics.reach {
        out.section(&say!(language, "metrics-reach"), reach(language, figures))?;
    }
    out.section(&say!(language, "metrics-effort"), effort(language, metrics))
}

fn counts(language: Language, metrics: &Metrics) -> Table {
    let mut table = Table::facts();
    let mut fact = |name: String, value: String| table.fact(&name, value);
    fact(say!(language, "metrics-leads"), number(language, metrics.leads));
    fact(say!(language, "metrics-registrations"), metrics.registrations.map(|count| number(language, count)).unwrap_or_default());
    fact(say!(language, "metrics-qualified"), number(language, metrics.qualified));
    fact(say!(language, "metrics-conversion"), rate(language, metrics.conversion.as_ref()));
    fact(say!(language, "metrics-deals"), number(language, metrics.deals));
    fact(say!(language, "metrics-close-rate"), rate(language, metrics.close_rate.as_ref()));
    table
}

/// A table with a column per currency; a cell is empty where a currency has no figure.
fn money(language: Language, by_currency: &[CurrencyMetrics], is_all: bool) -> Table {
    let header = std::iter::once(String::new()).chain(by_currency.iter().map(|money| line(&money.currency_code)));
    let mut table = Table::amounts(header.collect());
    let mut row = |name: String, value: &dyn Fn(&CurrencyMetrics) -> String| {
        let values: Vec<String> = by_currency.iter().map(value).collect();
        if values.iter().any(|value| !value.is_empty()) {
            table.row(std::iter::once(name).chain(values));
        }
    };
    let amount = |money: &CurrencyMetrics, minor_units| language.bare_amount(&money.currency_code, minor_units);
    let mean = |money: &CurrencyMetrics, minor_units: Option<i64>| minor_units.map(|units| amount(money, units)).unwrap_or_default();
    let part = |money: &CurrencyMetrics, ratio: Option<&Ratio>| {
        ratio.map(|ratio| fraction(language, ratio, |minor_units| amount(money, minor_units))).unwrap_or_default()
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
    let left_out = |is_out_of_range| if is_out_of_range { say!(language, "metrics-left-out") } else { String::new() };
    row(say!(language, "metrics-out-of-range"), &|money| left_out(money.is_out_of_range));
    table
}

fn reach(language: Language, reach: &Reach) -> Table {
    let mut table = Table::facts();
    let mut fact = |name: String, value: String| table.fact(&name, value);
    fact(say!(language, "metrics-combined-audience"), number(language, reach.combined_audience));
    fact(say!(language, "metrics-uplift"), rate(language, reach.uplift.as_ref()));
    fact(say!(language, "metrics-impressions"), number(language, reach.impressions));
    fact(say!(language, "metrics-visits"), number(language, reach.visits));
    fact(say!(language, "metrics-visit-rate"), rate(language, reach.visit_rate.as_ref()));
    fact(say!(language, "metrics-mentions"), number(language, reach.mentions));
    table
}

fn effort(language: Language, metrics: &Metrics) -> Table {
    let mut table = Table::new(columns![language; "metrics-participant", > "metrics-due", > "metrics-delivered"]);
    for effort in &metrics.effort {
        let (due, delivered) = (number(language, effort.due_weight), number(language, effort.delivered_weight));
        table.row([party(language, effort.participant.as_ref()), due, delivered]);
    }
    table
}

/// Returns a rate of counts, `10 % (50 of 500)`; empty if there is none.
fn rate(language: Language, ratio: Option<&Ratio>) -> String {
    ratio.map(|ratio| fraction(language, ratio, |count| number(language, count))).unwrap_or_default()
}

/// Returns percent with the exact fraction.
fn fraction(language: Language, ratio: &Ratio, written: impl Fn(i64) -> String) -> String {
    let (part, whole) = (written(ratio.numerator), written(ratio.denominator));
    say!(language, "metrics-fraction", percent = percent(language, ratio.basis_points), part = part, whole = whole)
}

/// Returns basis points as percent, of any size and sign: `-12.5 %`, `1150 %`.
fn percent(language: Language, basis_points: i64) -> String {
    let sign = if basis_points < 0 { "-" } else { "" };
    let (whole, part) = (basis_points.unsigned_abs() / 100, basis_points.unsigned_abs() % 100);
    let decimals = format!(".{part:02}");
    let decimals = if part == 0 { "" } else { decimals.trim_end_matches('0') };
    format!("{sign}{}{decimals} %", number(language, i64::try_from(whole).unwrap_or(i64::MAX)))
}

/// Returns a count as tables show it.
fn number(language: Language, count: i64) -> String {
    match language {
        Language::English => count.to_string(),
        // Of no currency: a whole number with groups of digits.
        Language::Thai => language.grouped("", count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_percent_with_their_exact_fraction() {
        let ratio = |numerator, denominator, basis_points| Ratio { numerator, denominator, basis_points };
        assert_eq!(rate(Language::English, Some(&ratio(50, 500, 1_000))), "10 % (50 of 500)");
        assert_eq!(rate(Language::Thai, Some(&ratio(5_000, 150_000, 333))), "3.33 % (5,000 จาก 150,000)");
        assert_eq!(rate(Language::English, None), "");
    }

    #[test]
    fn percents_go_below_zero_and_beyond_the_whole() {
        assert_eq!([percent(Language::English, -1_250), percent(Language::English, 115_000)], ["-12.5 %", "1150 %"]);
        assert_eq!([percent(Language::Thai, 115_000), percent(Language::English, -5)], ["1,150 %", "-0.05 %"]);
    }
}
