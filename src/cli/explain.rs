//! `explain`: how a sale's commission came about, as a chain of records with sentences.

use super::client::Session;
use super::failure::Failure;
use super::moment::Moment;
use super::output::Output;
use super::table::Table;
use super::terms;
use super::text::{code, line, money, optional, percent, time};
use partnership_ledger::proto::{CommissionAssessed, CommissionOutcome, ExplainSaleRequest, ExplainSaleResponse, Side, TierWorking};

#[derive(clap::Args)]
pub struct Args {
    /// The sale
    sale: String,
    #[command(flatten)]
    moment: Moment,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let request = ExplainSaleRequest { sale_id: args.sale, options: Some(args.moment.options()) };
    let answer = session.partnership().await?.explain_sale(request).await?.into_inner();
    if session.out.json {
        return session.out.message(&answer);
    }
    show(&answer, &mut session.out)?;
    session.out.read_at(answer.position)
}

/// Writes an explanation for people.
pub fn show(answer: &ExplainSaleResponse, out: &mut Output) -> Result<(), Failure> {
    out.table(facts(answer))?;
    let mut steps = Table::new([">position", "what happened"]);
    for step in &answer.steps {
        steps.row([step.position.to_string(), line(&step.sentence)]);
    }
    out.section("Step by step", steps)?;
    match &answer.terms {
        Some(in_force) => out.section("Terms applied", terms::table(in_force)),
        None => Ok(()),
    }
}

fn facts(answer: &ExplainSaleResponse) -> Table {
    let mut facts = Table::facts();
    if let Some(sale) = &answer.sale {
        facts.fact("sale", line(&sale.sale_id));
        facts.fact("amount", money(sale.amount.as_ref()));
        facts.fact("refunded", money(sale.refunded.as_ref().filter(|refunded| refunded.minor_units != 0)));
        facts.fact("product", line(&sale.product));
        facts.fact("lead", optional(sale.lead_id.as_ref()));
        facts.fact("agreement", optional(sale.agreement_id.as_ref()));
        facts.fact("occurred", time(sale.occurred_at.as_ref()));
        if sale.collected_by() == Side::Partner {
            facts.fact("collected by", "the partner");
        }
    }
    if let Some(assessment) = &answer.assessment {
        assessed(assessment, &mut facts);
    }
    facts.fact("commission left", money(answer.commission_left.as_ref()));
    facts.fact("of it paid", money(answer.paid.as_ref()));
    facts
}

fn assessed(assessment: &CommissionAssessed, facts: &mut Table) {
    facts.fact("outcome", code::<CommissionOutcome>(assessment.outcome));
    facts.fact("rule", line(&assessment.rule_name));
    facts.fact("rate", assessment.rate_bps.map(percent).unwrap_or_default());
    if let Some(window) = &assessment.window {
        facts.fact("window", format!("from {} to before {}", time(window.start.as_ref()), time(window.end.as_ref())));
    }
    if let Some(working) = &assessment.tier_working {
        facts.fact("tiers", tiers(working, assessment));
    }
    facts.fact("cut off by the cap", money(assessment.cut_off.as_ref()));
    facts.fact("commission", money(assessment.amount.as_ref()));
    facts.fact("available from", time(assessment.available_at.as_ref()));
}

fn tiers(working: &TierWorking, assessment: &CommissionAssessed) -> String {
    let currency_code = assessment.amount.as_ref().map_or("", |amount| amount.currency_code.as_str());
    let amount = |minor_units| super::text::amount(currency_code, minor_units);
    format!(
        "net sales {} earn {}, before this sale {} earned {}",
        amount(working.net_sales_after),
        amount(working.earned_after),
        amount(working.net_sales_before),
        amount(working.earned_before)
    )
}
