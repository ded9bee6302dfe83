//! A sale: how its commission came about, as a chain from the terms to the payment, each step with its record.

use super::tones;
use crate::console::charts;
use crate::console::components::{Facts, terms};
use crate::console::failed::Failed;
use crate::console::links::id_link;
use crate::console::page::{Page, Place, Section};
use crate::console::table::{Cell, Table, columns};
use crate::console::visit::Visit;
use crate::language::steps::{part_name, sentence, tiers_worked};
use crate::language::{Language, say};
use crate::proto::commission_rule::Reward;
use crate::proto::explain_step::Fact;
use crate::proto::{CommissionAssessed, ExplainPart, ExplainSaleRequest, ExplainSaleResponse, ExplainStep, Sale, Side, TierMeasure};
use maud::{Markup, html};

/// The page.
pub async fn page(visit: &Visit, sale_id: &str) -> Result<Page, Failed> {
    let language = visit.language;
    let request = ExplainSaleRequest { sale_id: sale_id.to_owned(), options: Some(visit.options()) };
    let answer = visit.services.partnership().explain_sale(request).await?.into_inner();
    let sale = answer.sale.clone().unwrap_or_default();
    let mut page = Page::new(Place::Sales, say!(language, "column-sale"), sale.sale_id.clone()).at(answer.position);
    page = page.lead(lead(language, &answer, &sale));
    page = page.section(Section::new(say!(language, "console-why")).markup(chain(visit, &answer)));
    page = page.section(Section::new(say!(language, "console-about")).markup(facts(visit, &answer, &sale)));
    if let Some(picture) = tiers(language, &answer) {
        page = page.section(Section::new(say!(language, "console-tiers")).markup(picture));
    }
    if answer.parts.len() > 1 {
        page = page.table(say!(language, "explain-parts"), parts(visit, &answer.parts));
    }
    page = page.table_if_any(say!(language, "console-lines"), lines(visit, &sale));
    if let Some(applied) = &answer.terms {
        page = page.section(Section::new(say!(language, "explain-terms")).markup(terms(language, applied)));
    }
    let may = visit.person.may("dispute_opened");
    let href = visit.to_with("/act/dispute", &[("sale_id", &sale.sale_id)]);
    Ok(if may { page.action(href, say!(language, "console-act-dispute")) } else { page })
}

/// The amounts that the answer is about.
fn lead(language: Language, answer: &ExplainSaleResponse, sale: &Sale) -> Markup {
    let money = |money: Option<&crate::proto::Money>| {
        money.map(|money| html! { (language.grouped_amount(&money.currency_code, money.minor_units)) })
    };
    let figures = [
        (say!(language, "column-amount"), money(sale.amount.as_ref())),
        (say!(language, "explain-commission-left"), money(answer.commission_left.as_ref())),
        (say!(language, "explain-paid"), money(answer.paid.as_ref())),
    ];
    let figures: Vec<(String, Markup)> = figures.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    crate::console::components::figures(&figures)
}

/// The chain of records.
fn chain(visit: &Visit, answer: &ExplainSaleResponse) -> Markup {
    let language = visit.language;
    html! {
        (crate::console::components::left_out(language, answer.steps_left_out))
        ol.chain {
            @for step in &answer.steps {
                li.key[is_key(step)] {
                    p { (sentence(language, step, answer)) }
                    p { small {
                        a href=(visit.record(step.position)) { (say!(language, "console-record-of", position = step.position.to_string())) }
                        @for (href, id) in named(visit, step) { " · " (id_link(&href, &id)) }
                    } }
                }
            }
        }
    }
}

/// Whether a step is one that money comes of.
fn is_key(step: &ExplainStep) -> bool {
    matches!(step.fact, Some(Fact::SaleRecorded(_) | Fact::CommissionPaid(_) | Fact::CommissionMoved(_)))
}

/// What a step names that has a page.
fn named(visit: &Visit, step: &ExplainStep) -> Vec<(String, String)> {
    let named = |href: String, id: &str| vec![(href, id.to_owned())];
    match &step.fact {
        Some(Fact::PartnerRegistered(partner)) => named(visit.partner(&partner.partner_id), &partner.partner_id),
        Some(Fact::AgreementSigned(agreement) | Fact::AgreementAmended(agreement)) => {
            named(visit.agreement(&agreement.agreement_id), &agreement.agreement_id)
        }
        Some(Fact::LeadReferred(id)) => named(visit.lead(id), id),
        Some(Fact::LeadOwned(owned)) => named(visit.lead(&owned.lead_id), &owned.lead_id),
        Some(Fact::CommissionPaid(paid)) => named(visit.to_with("/payouts", &[("payout", &paid.payout_id)]), &paid.payout_id),
        _ => Vec::new(),
    }
}

fn facts(visit: &Visit, answer: &ExplainSaleResponse, sale: &Sale) -> Markup {
    let language = visit.language;
    let optional = |id: &Option<String>| id.clone().unwrap_or_default();
    let (lead, agreement) = (optional(&sale.lead_id), optional(&sale.agreement_id));
    let mut facts = Facts::default()
        .text(say!(language, "column-occurred"), language.time(sale.occurred_at.as_ref()))
        .text(say!(language, "explain-product"), &sale.product)
        .markup(say!(language, "column-lead"), id_link(&visit.lead(&lead), &lead))
        .markup(say!(language, "column-agreement"), id_link(&visit.agreement(&agreement), &agreement))
        .text(say!(language, "explain-coupon"), &sale.coupon)
        .text(say!(language, "explain-refunded"), language.money(sale.refunded.as_ref().filter(|refunded| refunded.minor_units != 0)))
        .text(say!(language, "explain-paid-by-customer"), language.money(sale.paid_by_customer.as_ref()))
        .text(say!(language, "explain-voided"), language.time(sale.voided_at.as_ref()));
    if sale.collected_by() == Side::Partner {
        facts = facts.text(say!(language, "explain-collected-by"), say!(language, "explain-the-partner"));
    }
    if let Some(assessed) = answer.assessment.as_ref().filter(|_| answer.parts.len() < 2) {
        facts = assessment(language, assessed, facts);
    }
    facts.show()
}

fn assessment(language: Language, assessed: &CommissionAssessed, facts: Facts) -> Facts {
    let window = assessed.window.as_ref().map(|window| {
        let (start, end) = (language.time(window.start.as_ref()), language.time(window.end.as_ref()));
        say!(language, "explain-window-of", start = start, end = end)
    });
    let currency_code = assessed.base.as_ref().map(|base| base.currency_code.as_str()).unwrap_or_default();
    let tiers = assessed.tier_working.as_ref().map(|tiers| tiers_worked(language, tiers, currency_code));
    facts
        .markup(say!(language, "column-outcome"), tones::outcome(language, assessed.outcome).shown().clone())
        .text(say!(language, "column-rule"), &assessed.rule_name)
        .text(say!(language, "explain-rate"), assessed.rate_bps.map(|rate| language.percent(rate)).unwrap_or_default())
        .text(say!(language, "explain-base"), language.money(assessed.base.as_ref()))
        .text(say!(language, "explain-window"), window.unwrap_or_default())
        .text(say!(language, "explain-tiers"), tiers.unwrap_or_default())
        .text(say!(language, "explain-cut-off"), language.money(assessed.cut_off.as_ref()))
        .text(say!(language, "explain-commission"), language.money(assessed.amount.as_ref()))
        .text(say!(language, "explain-available-from"), language.time(assessed.available_at.as_ref()))
}

/// The tiers of the rule that paid, and how far the sale has come in them; nothing of a rule without tiers.
fn tiers(language: Language, answer: &ExplainSaleResponse) -> Option<Markup> {
    let assessed = answer.assessment.as_ref()?;
    let worked = assessed.tier_working.as_ref()?;
    let rules = answer.terms.iter().flat_map(|terms| &terms.commission).flat_map(|commission| &commission.rules);
    let tiers = rules.filter(|rule| rule.name == assessed.rule_name).find_map(|rule| match &rule.reward {
        Some(Reward::Tiers(tiers)) => Some(tiers),
        _ => None,
    })?;
    let reached = if tiers.measure() == TierMeasure::Sales { worked.sales_before } else { worked.net_sales_after };
    Some(charts::tiers(language, &tiers_worked(language, worked, &tiers.currency_code), tiers, reached))
}

fn parts(visit: &Visit, parts: &[ExplainPart]) -> Table {
    let language = visit.language;
    let columns = columns![
        language; "explain-part", = "column-amount", = "explain-base", "column-outcome", "column-rule", = "explain-commission",
        = "explain-commission-left", = "explain-awaiting", = "explain-paid"
    ];
    let mut table = Table::new("parts", say!(language, "explain-parts"), String::new(), columns);
    for part in parts {
        let assessed = part.assessment.clone().unwrap_or_default();
        table.row(vec![
            Cell::link(&visit.agreement(&part.agreement_id), part_name(language, &assessed)),
            Cell::money(language, part.amount.as_ref()),
            Cell::money(language, part.base.as_ref()),
            tones::outcome(language, assessed.outcome),
            Cell::text(&assessed.rule_name),
            Cell::money(language, assessed.amount.as_ref()),
            Cell::money(language, part.commission_left.as_ref()),
            Cell::money(language, part.awaiting.as_ref()),
            Cell::money(language, part.paid.as_ref()),
        ]);
    }
    table
}

fn lines(visit: &Visit, sale: &Sale) -> Table {
    let language = visit.language;
    let columns = columns![
        language; "statement-line", "explain-product", = "column-amount", = "explain-base", = "explain-refunded"
    ];
    let mut table = Table::new("lines", say!(language, "console-lines"), String::new(), columns);
    for line in &sale.lines {
        table.row(vec![
            Cell::text(&line.line_id),
            Cell::text(&line.product),
            Cell::money(language, line.amount.as_ref()),
            Cell::money(language, line.commissionable.as_ref()),
            Cell::money(language, line.refunded.as_ref()),
        ]);
    }
    table
}
