//! The overview: what should be looked at, what is payable, how the programme goes, and that the books are whole.

use super::{alerts, partner, payables};
use crate::console::charts::Series;
use crate::console::components::Facts;
use crate::console::failed::Failed;
use crate::console::moment::{first_instant, timestamp};
use crate::console::page::{Page, Place, Section};
use crate::console::table::{Tone, state};
use crate::console::visit::Visit;
use crate::language::say;
use crate::proto::get_metrics_request::Scope;
use crate::proto::{
    GetBalanceRequest, GetCheckpointRequest, GetMetricsRequest, GetServerInfoRequest, GetTreeHeadRequest, GetTrialBalanceRequest,
    ListAlertsRequest, ListPayablesRequest,
};
use chrono::Months;
use maud::{Markup, html};
use tonic::{Code, Status};

/// Rows of lists that have a page of their own.
const FEW: u32 = 8;

/// The page.
pub async fn page(visit: &Visit) -> Result<Page, Failed> {
    let language = visit.language;
    let mut client = visit.services.partnership();
    let position = visit.services.ledger().get_server_info(GetServerInfoRequest {}).await?.into_inner().position;
    let position = visit.moment.options().as_of_position.unwrap_or(position);
    let request = ListAlertsRequest { page_size: FEW, options: Some(visit.options()), ..ListAlertsRequest::default() };
    let alerts = client.list_alerts(request).await?.into_inner();
    let request = ListPayablesRequest { page_size: FEW, options: Some(visit.options()), ..ListPayablesRequest::default() };
    let payables = client.list_payables(request).await?.into_inner();
    let more =
        |token: &str, path: &str| html! { @if !token.is_empty() { p { a href=(visit.to(path)) { (say!(language, "console-all")) } } } };
    let mut page = Page::new(Place::Overview, String::new(), say!(language, "console-overview")).at(position);
    if let Some(partner_id) = visit.person.partner() {
        page = page.section(own_balance(visit, partner_id).await?);
    }
    let section = Section::new(say!(language, "console-alerts")).table(alerts::table(visit, &alerts.alerts));
    page = page.section(section.markup(more(&alerts.next_page_token, "/alerts")));
    let section = Section::new(say!(language, "console-payables")).table(payables::table(visit, &payables.payables));
    page = page.section(section.markup(more(&payables.next_page_token, "/payables")));
    if let Some(series) = revenue(visit).await? {
        let mut section = Section::new(say!(language, "console-revenue"));
        for series in &series {
            section = section.picture(series.columns(visit));
        }
        page = page.section(section);
    }
    Ok(page.section(integrity(visit).await?))
}

/// What the partner who looks is owed.
async fn own_balance(visit: &Visit, partner_id: &str) -> Result<Section, Failed> {
    let language = visit.language;
    let request = GetBalanceRequest { partner_id: partner_id.to_owned(), options: Some(visit.options()) };
    let balances = visit.services.partnership().get_balance(request).await?.into_inner().balances;
    let amount = |code: &str, minor_units| html! { (language.grouped_amount(code, minor_units)) };
    let figures: Vec<(String, Markup)> = balances
        .iter()
        .flat_map(|balance| {
            let code = balance.currency_code.as_str();
            [
                (say!(language, "column-payable"), amount(code, balance.payable)),
                (say!(language, "balance-pending"), amount(code, balance.pending)),
            ]
        })
        .collect();
    let way = html! { p { a href=(visit.partner(partner_id)) { (say!(language, "console-how-so")) } } };
    let told = html! { @if figures.is_empty() { p.empty { (say!(language, "console-nothing-moved")) } } @else { (crate::console::components::figures(&figures)) } (way) };
    Ok(Section::new(say!(language, "console-owed-to-you")).markup(told))
}

/// The revenue of each of the last twelve months, in every currency that had any.
async fn revenue(visit: &Visit) -> Result<Option<Vec<Series>>, Failed> {
    let language = visit.language;
    let mut client = visit.services.partnership();
    let scope = visit.person.partner().map_or(Scope::All(true), |id| Scope::PartnerId(id.to_owned()));
    let months = partner::last_months(visit.moment.time().date_naive());
    let mut all: Vec<Series> = Vec::new();
    for (at, month) in months.iter().enumerate() {
        let next = month.checked_add_months(Months::new(1)).unwrap_or(*month);
        let (from, to) = (timestamp(first_instant(*month)), timestamp(first_instant(next)));
        let request = GetMetricsRequest { scope: Some(scope.clone()), from: Some(from), to: Some(to), options: Some(visit.options()) };
        let metrics = client.get_metrics(request).await?.into_inner().metrics.unwrap_or_default();
        for money in metrics.by_currency.iter().filter(|money| money.revenue != 0) {
            if !all.iter().any(|series| series.currency_code == money.currency_code) {
                all.push(Series {
                    title: say!(language, "console-revenue-by-month", currency = money.currency_code.as_str()),
                    currency_code: money.currency_code.clone(),
                    points: months.iter().map(|month| (language.short_month(*month), 0)).collect(),
                    over: say!(language, "console-month"),
                    name: format!("revenue-{}", money.currency_code),
                });
            }
            if let Some(series) = all.iter_mut().find(|series| series.currency_code == money.currency_code) {
                series.points[at].1 = money.revenue;
            }
        }
    }
    Ok(Some(all).filter(|all| !all.is_empty()))
}

/// Whether what is not for everybody, or not set up, is left out.
fn is_left_out(status: &Status) -> bool {
    matches!(status.code(), Code::PermissionDenied | Code::FailedPrecondition | Code::Unavailable)
}

/// What can be left out, if it is.
fn optional<T>(answer: Result<tonic::Response<T>, Status>) -> Result<Option<T>, Status> {
    match answer {
        Err(status) if is_left_out(&status) => Ok(None),
        answer => answer.map(|answer| Some(answer.into_inner())),
    }
}

/// That the books come to zero, and what proves the records.
async fn integrity(visit: &Visit) -> Result<Section, Failed> {
    let language = visit.language;
    let mut facts = Facts::default();
    if visit.person.reads_books() {
        let request = GetTrialBalanceRequest { options: Some(visit.options()) };
        if let Some(trial) = optional(visit.services.audit().get_trial_balance(request).await)? {
            let (tone, words) = if trial.is_balanced {
                (Tone::Good, say!(language, "console-balanced"))
            } else {
                (Tone::Bad, say!(language, "console-not-balanced"))
            };
            facts = facts.markup(say!(language, "console-trial-balance"), state(tone, &words));
        }
        if let Some(head) = optional(visit.services.audit().get_tree_head(GetTreeHeadRequest {}).await)? {
            let root = hex(&head.root);
            let told = html! { code { (root) } " " (say!(language, "console-over-records", count = head.size.to_string())) };
            facts = facts.markup(say!(language, "console-root"), told);
        }
    }
    let checkpoint = optional(visit.services.audit().get_checkpoint(GetCheckpointRequest::default()).await)?;
    facts = match checkpoint {
        Some(checkpoint) => {
            let told =
                say!(language, "console-checkpoint-at", position = checkpoint.position.to_string(), origin = checkpoint.origin.as_str());
            let facts = facts.text(say!(language, "console-checkpoint"), told);
            let cosigned = if checkpoint.cosigned_by.is_empty() { String::new() } else { checkpoint.cosigned_by.join(", ") };
            facts.text(say!(language, "console-witnesses"), cosigned)
        }
        None => facts.text(say!(language, "console-checkpoint"), say!(language, "console-no-checkpoint")),
    };
    Ok(Section::new(say!(language, "console-integrity")).markup(facts.show()))
}

/// Bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
