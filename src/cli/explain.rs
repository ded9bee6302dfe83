//! `explain`: how a sale's commission came about, as a chain of records with sentences.

use super::client::Session;
use super::failure::Failure;
use super::language::{Language, columns, say};
use super::moment::Moment;
use super::output::Output;
use super::steps;
use super::table::Table;
use super::text::{code, line, optional};
use partnership_ledger::language::terms;
use partnership_ledger::proto::{CommissionAssessed, CommissionOutcome, ExplainPart, ExplainSaleRequest, ExplainSaleResponse, Side};

#[derive(clap::Args)]
pub struct Args {
    /// The sale
    sale: String,
    #[command(flatten)]
    moment: Moment,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let request = ExplainSaleRequest { sale_id: args.sale, options: Some(args.moment.options(session).await?) };
    let answer = session.partnership().await?.explain_sale(request).await?.into_inner();
    if session.out.json {
        return session.out.message(&answer);
    }
    show(&answer, &mut session.out)?;
    session.out.read_at(answer.position)
}

fn show(answer: &ExplainSaleResponse, out: &mut Output) -> Result<(), Failure> {
    let language = out.language;
    out.table(facts(language, answer))?;
    let mut table = Table::new(columns![language; > "column-position", "explain-what-happened"]);
    for step in &answer.steps {
        table.row([step.position.to_string(), steps::sentence(language, step, answer)]);
    }
    if answer.parts.len() > 1 {
        out.section(&say!(language, "explain-parts"), parts(language, &answer.parts))?;
    }
    out.section(&say!(language, "explain-steps"), table)?;
    out.left_out(answer.steps_left_out)?;
    match &answer.terms {
        Some(in_force) => out.section(&say!(language, "explain-terms"), Table::of_facts(&terms::facts(language, in_force))),
        None => Ok(()),
    }
}

fn facts(language: Language, answer: &ExplainSaleResponse) -> Table {
    let mut facts = Table::facts();
    if let Some(sale) = &answer.sale {
        facts.fact(&say!(language, "column-sale"), line(&sale.sale_id));
        facts.fact(&say!(language, "column-amount"), language.money(sale.amount.as_ref()));
        facts
            .fact(&say!(language, "explain-refunded"), language.money(sale.refunded.as_ref().filter(|refunded| refunded.minor_units != 0)));
        facts.fact(&say!(language, "explain-product"), line(&sale.product));
        facts.fact(&say!(language, "column-lead"), optional(sale.lead_id.as_ref()));
        facts.fact(&say!(language, "column-agreement"), optional(sale.agreement_id.as_ref()));
        facts.fact(&say!(language, "column-occurred"), language.time(sale.occurred_at.as_ref()));
        facts.fact(&say!(language, "explain-coupon"), line(&sale.coupon));
        facts.fact(&say!(language, "explain-paid-by-customer"), language.money(sale.paid_by_customer.as_ref()));
        if let Some(voided) = &sale.voided_at {
            facts.fact(&say!(language, "explain-voided"), language.time(Some(voided)));
        }
        if sale.collected_by() == Side::Partner {
            facts.fact(&say!(language, "explain-collected-by"), say!(language, "explain-the-partner"));
        }
    }
    // Of several parts each has a row of its own.
    if let Some(assessment) = answer.assessment.as_ref().filter(|_| answer.parts.len() < 2) {
        assessed(language, assessment, &mut facts);
    }
    facts.fact(&say!(language, "explain-commission-left"), language.money(answer.commission_left.as_ref()));
    facts.fact(&say!(language, "explain-paid"), language.money(answer.paid.as_ref()));
    facts
}

/// A line for each part; the overrides of a part stand below it.
fn parts(language: Language, parts: &[ExplainPart]) -> Table {
    let mut table = Table::new(columns![
        language;
        "explain-part", > "column-amount", > "explain-base", "column-outcome", "column-rule", > "explain-commission",
        > "explain-commission-left", > "explain-awaiting", > "explain-paid"
    ]);
    let is_above = |above: &&ExplainPart, below: &ExplainPart| {
        above.downline_agreement_id.as_ref() == Some(&below.agreement_id) && above.line_id == below.line_id
    };
    for own in parts.iter().filter(|part| part.level.is_none()) {
        for part in std::iter::once(own).chain(parts.iter().filter(|part| is_above(part, own))) {
            let assessment = part.assessment.clone().unwrap_or_default();
            let indent = if part.level.is_some() { "  " } else { "" };
            table.row([
                format!("{indent}{}", steps::part_name(language, &assessment)),
                language.money(part.amount.as_ref().filter(|_| part.level.is_none())),
                language.money(part.base.as_ref()),
                code::<CommissionOutcome>(assessment.outcome),
                line(&assessment.rule_name),
                language.money(assessment.amount.as_ref()),
                language.money(part.commission_left.as_ref()),
                language.money(part.awaiting.as_ref().filter(|awaiting| awaiting.minor_units != 0)),
                language.money(part.paid.as_ref()),
            ]);
        }
    }
    table
}

fn assessed(language: Language, assessment: &CommissionAssessed, facts: &mut Table) {
    facts.fact(&say!(language, "column-outcome"), code::<CommissionOutcome>(assessment.outcome));
    facts.fact(&say!(language, "column-rule"), line(&assessment.rule_name));
    facts.fact(&say!(language, "explain-rate"), assessment.rate_bps.map(|rate| language.percent(rate)).unwrap_or_default());
    if let Some(window) = &assessment.window {
        let (start, end) = (language.time(window.start.as_ref()), language.time(window.end.as_ref()));
        facts.fact(&say!(language, "explain-window"), say!(language, "explain-window-of", start = start, end = end));
    }
    if let Some(working) = &assessment.tier_working {
        let currency_code = assessment.amount.as_ref().map_or("", |amount| amount.currency_code.as_str());
        facts.fact(&say!(language, "explain-tiers"), steps::tiers_worked(language, working, currency_code));
    }
    facts.fact(&say!(language, "explain-cut-off"), language.money(assessment.cut_off.as_ref()));
    facts.fact(&say!(language, "explain-commission"), language.money(assessment.amount.as_ref()));
    facts.fact(&say!(language, "explain-available-from"), language.time(assessment.available_at.as_ref()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::tests::{left_out_line, written};

    #[test]
    fn it_says_how_many_older_entries_are_left_out() {
        let of = |steps_left_out| written(|out| show(&ExplainSaleResponse { steps_left_out, ..ExplainSaleResponse::default() }, out));
        assert!(left_out_line(&of(7)).is_some_and(|line| line.starts_with("7 ")));
        assert_eq!(left_out_line(&of(0)), None);
    }
}
