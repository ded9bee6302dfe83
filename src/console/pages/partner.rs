//! A partner: what it is owed and how that comes about, its agreements, leads, payouts and disputes.

use super::{leads, payouts, tones};
use crate::console::charts::Series;
use crate::console::components::{Facts, equation, left_out, links};
use crate::console::failed::Failed;
use crate::console::moment::last_instant;
use crate::console::page::{Page, Place, Section};
use crate::console::table::{Cell, Column, Table, Tone, columns, state};
use crate::console::visit::Visit;
use crate::language::say;
use crate::proto::party::Party as Who;
use crate::proto::{
    Agreement, AgreementType, Balance, Close, GetBalanceRequest, GetPartnerRequest, ListAgreementsRequest, ListLeadsRequest,
    ListPayoutsRequest, Partner, PartnerKind, Party,
};
use chrono::{Datelike as _, Days, Months, NaiveDate};
use maud::html;

/// Months of the picture of what was payable.
const MONTHS: u32 = 12;
/// Rows of lists that have a page of their own.
const FEW: u32 = 8;

/// The page.
pub async fn page(visit: &Visit, partner_id: &str) -> Result<Page, Failed> {
    let language = visit.language;
    let mut client = visit.services.partnership();
    let id = partner_id.to_owned();
    let answer = client.get_partner(GetPartnerRequest { partner_id: id.clone(), options: Some(visit.options()) }).await?.into_inner();
    let (partner, position) = (answer.partner.unwrap_or_default(), answer.position);
    let answer = client.get_balance(GetBalanceRequest { partner_id: id.clone(), options: Some(visit.options()) }).await?.into_inner();
    let (balances, closed) = (answer.balances, answer.closed);
    let request = ListAgreementsRequest {
        partner_id: Some(id.clone()),
        page_size: FEW,
        options: Some(visit.options()),
        ..ListAgreementsRequest::default()
    };
    let agreements = client.list_agreements(request).await?.into_inner().agreements;
    let owner = Some(Party { party: Some(Who::PartnerId(id.clone())) });
    let request = ListLeadsRequest { owner, page_size: FEW, options: Some(visit.options()), ..ListLeadsRequest::default() };
    let leads = client.list_leads(request).await?.into_inner();
    let request = ListPayoutsRequest {
        partner_id: Some(id.clone()),
        page_size: FEW,
        options: Some(visit.options()),
        ..ListPayoutsRequest::default()
    };
    let payouts = client.list_payouts(request).await?.into_inner();
    let over_time = over_time(visit, &id, &balances).await?;
    let mut page = Page::new(Place::Partners, say!(language, "column-partner"), partner.display_name.clone()).at(position);
    page = page.lead(badges(visit, &partner)).section(balance(visit, partner_id, &balances, closed.as_ref()));
    if let Some(series) = over_time {
        page = page.section(Section::new(say!(language, "console-payable-over-time")).picture(series.steps(visit)).half());
    }
    page = page.table(say!(language, "console-agreements"), agreements_table(visit, &agreements));
    page = page.section(Section::new(say!(language, "console-leads-owned")).table(leads::table(visit, "leads", &leads.leads, "")).markup(
        html! { @if !leads.next_page_token.is_empty() { p { a href=(visit.to_with("/leads", &[("partner", &id)])) { (say!(language, "console-all")) } } } },
    ));
    page = page.section(Section::new(say!(language, "console-payouts")).table(payouts::table(visit, "payouts", &payouts.payouts, "")).markup(
        html! { @if !payouts.next_page_token.is_empty() { p { a href=(visit.to_with("/payouts", &[("partner", &id)])) { (say!(language, "console-all")) } } } },
    ));
    page = page.section(about(visit, &partner));
    Ok(actions(visit, partner_id, &partner, page))
}

/// What may be done about a partner.
fn actions(visit: &Visit, partner_id: &str, partner: &Partner, page: Page) -> Page {
    let language = visit.language;
    let page = page.action(visit.to(&format!("/partners/{partner_id}/statement")), say!(language, "console-statement"));
    let page = page.action(visit.to_with("/alerts", &[("partner", partner_id)]), say!(language, "console-alerts"));
    let page = page.action(visit.to_with("/metrics", &[("partner", partner_id)]), say!(language, "console-metrics"));
    let act = |action: &str| visit.to_with(&format!("/act/{action}"), &[("partner_id", partner_id)]);
    let page = if visit.person.may("commission_paid") { page.action(act("payout"), say!(language, "console-act-payout")) } else { page };
    let hold = partner.holds.iter().find(|hold| hold.lifted_at.is_none());
    match hold {
        Some(hold) if visit.person.may("partner_hold_lifted") => {
            page.action(visit.to_with("/act/lift", &[("hold_id", &hold.hold_id)]), say!(language, "console-act-lift"))
        }
        None if visit.person.may("partner_hold_placed") => page.action(act("hold"), say!(language, "console-act-hold")),
        _ => page,
    }
}

fn badges(visit: &Visit, partner: &Partner) -> maud::Markup {
    let language = visit.language;
    html! {
        p.badges {
            (state(Tone::Plain, &language.word::<PartnerKind>(partner.kind)))
            (super::partners::standing(visit, partner).shown())
        }
    }
}

/// How each currency's balance comes about.
fn balance(visit: &Visit, partner_id: &str, balances: &[Balance], closed: Option<&Close>) -> Section {
    let language = visit.language;
    let columns = std::iter::once(Column::text(say!(language, "console-balance-part")));
    let columns = columns.chain(balances.iter().map(|balance| Column::figure(balance.currency_code.clone())));
    let title = say!(language, "console-balance");
    let mut table = Table::new("balance", title.clone(), say!(language, "console-nothing-moved"), columns.collect()).working();
    if let Some(first) = balances.first() {
        for (at, (sign, name, _)) in equation(language, first).into_iter().enumerate() {
            let of = |balance: &Balance| Cell::bare(language, &balance.currency_code, equation(language, balance)[at].2);
            let name = Cell::rich(html! { span { (sign) " " (name) } }, &name);
            table.row(std::iter::once(name).chain(balances.iter().map(of)).collect());
        }
    }
    let notes = html! {
        @for balance in balances.iter().filter(|balance| balance.in_transit != 0) {
            p.hint { (say!(language, "balance-in-transit")) ": " (language.grouped_amount(&balance.currency_code, balance.in_transit)) }
        }
        @for balance in balances.iter().filter(|balance| balance.awaiting_customer != 0) {
            p.hint { (say!(language, "balance-awaiting")) ": " (language.grouped_amount(&balance.currency_code, balance.awaiting_customer)) }
        }
        @if let Some(closed) = closed {
            p.hint { (say!(language, "console-closed", time = language.time(closed.through.as_ref()))) " "
                a href=(visit.record(closed.position)) { (say!(language, "console-record-of", position = closed.position.to_string())) } }
        }
        p { a href=(visit.to(&format!("/partners/{partner_id}/statement"))) { (say!(language, "console-every-entry")) } }
    };
    Section::new(title).table(table).markup(notes).half()
}

/// What was payable at the end of each month in the currency that has moved most, if anything has.
async fn over_time(visit: &Visit, partner_id: &str, balances: &[Balance]) -> Result<Option<Series>, Failed> {
    let Some(currency_code) =
        balances.iter().max_by_key(|balance| balance.accrued.max(balance.net)).map(|balance| balance.currency_code.clone())
    else {
        return Ok(None);
    };
    let language = visit.language;
    let mut client = visit.services.partnership();
    let mut points = Vec::new();
    for month in last_months(visit.moment.time().date_naive()) {
        let end = month.checked_add_months(Months::new(1)).and_then(|next| next.checked_sub_days(Days::new(1))).map(last_instant);
        let time = end.map_or_else(|| visit.moment.time(), |end| end.min(visit.moment.time()));
        let request = GetBalanceRequest { partner_id: partner_id.to_owned(), options: Some(visit.moment.options_at(time)) };
        let payable = match client.get_balance(request).await {
            // It was not registered yet.
            Err(status) if status.code() == tonic::Code::NotFound => 0,
            answer => {
                let balances = answer?.into_inner().balances;
                balances.iter().find(|balance| balance.currency_code == currency_code).map_or(0, |balance| balance.payable)
            }
        };
        points.push((language.short_month(month), payable));
    }
    let title = say!(language, "console-payable-at-month-end", currency = currency_code.as_str());
    Ok(Some(Series { title, currency_code, points, over: say!(language, "console-month"), name: "payable".to_owned() }))
}

/// The first days of the last twelve months up to a day, that of the day included.
pub fn last_months(day: NaiveDate) -> Vec<NaiveDate> {
    let first = day.with_day(1).unwrap_or(day);
    (0..MONTHS).rev().filter_map(|back| first.checked_sub_months(Months::new(back))).collect()
}

fn agreements_table(visit: &Visit, agreements: &[Agreement]) -> Table {
    let language = visit.language;
    let columns = columns![language; "column-agreement", "agreement-type", "column-state", "agreement-effective", "agreement-ends"];
    let mut table = Table::new("agreements", say!(language, "console-agreements"), say!(language, "console-no-agreements"), columns);
    for agreement in agreements {
        table.row(vec![
            visit.agreement_cell(&agreement.agreement_id),
            Cell::text(language.word::<AgreementType>(agreement.r#type)),
            tones::agreement(language, agreement.state),
            Cell::time(language, agreement.effective_at.as_ref()),
            Cell::time(language, agreement.ends_at.as_ref()),
        ]);
    }
    table
}

/// What is known of the partner itself.
fn about(visit: &Visit, partner: &Partner) -> Section {
    let language = visit.language;
    let mut facts = Facts::default()
        .text(say!(language, "console-id"), &partner.partner_id)
        .text(say!(language, "console-categories"), partner.categories.join(", "))
        .text(say!(language, "console-country"), partner.country_code.as_deref().unwrap_or_default())
        .markup(
            say!(language, "console-registered"),
            html! {
                (language.time(partner.registered_at.as_ref())) " · "
                a href=(visit.record(partner.position)) { (say!(language, "console-record-of", position = partner.position.to_string())) }
            },
        );
    if let Some(fit) = &partner.fit {
        let verdict = if fit.fits {
            say!(language, "launch-fits")
        } else if fit.competitor {
            say!(language, "launch-competitor")
        } else {
            say!(language, "launch-does-not-fit")
        };
        let told = say!(
            language,
            "launch-fit-marks",
            verdict = verdict,
            complementarity = fit.complementarity,
            audience = fit.shared_audience,
            brand = fit.brand_alignment
        );
        facts = facts.text(say!(language, "launch-fit"), told).text(say!(language, "console-notes"), &fit.notes);
    }
    for hold in &partner.holds {
        let told = html! {
            (hold.hold_id) ": " (hold.reason) " (" (language.time(hold.placed_at.as_ref())) "–" (language.time(hold.lifted_at.as_ref())) ")"
        };
        facts = facts.markup(say!(language, "console-hold"), told);
    }
    let records = links([(visit.to_with("/records", &[("partner", &partner.partner_id)]), say!(language, "console-records-about"))]);
    facts = facts.markup(say!(language, "console-records"), records);
    Section::new(say!(language, "console-about")).markup(facts.show()).markup(left_out(language, partner.entries_left_out))
}
