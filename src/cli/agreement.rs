//! `agreement`: where an agreement stands, its terms in words, and what the sides did under it.

use super::client::Session;
use super::failure::Failure;
use super::moment::Moment;
use super::output::Output;
use super::table::Table;
use super::terms;
use super::text::{line, time, word};
use partnership_ledger::proto::{
    Agreement, AgreementState, AgreementType, BrandChannel, BreachClause, EndCause, GetAgreementRequest, LaunchStep, ReviewDecision,
    ReviewKind, Side,
};

#[derive(clap::Args)]
pub struct Args {
    /// The agreement
    agreement: String,
    #[command(flatten)]
    moment: Moment,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let request = GetAgreementRequest { agreement_id: args.agreement, options: Some(args.moment.options()) };
    let answer = session.partnership().await?.get_agreement(request).await?.into_inner();
    if session.out.json {
        return session.out.message(&answer);
    }
    show(&answer.agreement.unwrap_or_default(), &mut session.out)?;
    session.out.read_at(answer.position)
}

fn show(agreement: &Agreement, out: &mut Output) -> Result<(), Failure> {
    let mut facts = Table::facts();
    facts.fact("agreement", line(&agreement.agreement_id));
    facts.fact("partner", line(&agreement.partner_id));
    facts.fact("type", word::<AgreementType>(agreement.r#type));
    facts.fact("state", word::<AgreementState>(agreement.state));
    facts.fact("effective", time(agreement.effective_at.as_ref()));
    if let Some(cause) = agreement.end_cause {
        facts.fact("ends", format!("{}, by {}", time(agreement.ends_at.as_ref()), word::<EndCause>(cause)));
    }
    for manager in &agreement.managers {
        facts.fact("manager", format!("{} (of the {})", line(&manager.manager), word::<Side>(manager.side)));
    }
    out.table(facts)?;
    if let Some(in_force) = &agreement.terms {
        out.section(&format!("Terms (position {})", agreement.terms_position), terms::table(in_force))?;
    }
    out.section("Versions of the terms", versions(agreement))?;
    out.section("Launch", launch(agreement))?;
    out.section("Reviews", reviews(agreement))?;
    out.section("Brand uses", brand_uses(agreement))?;
    out.section("Breaches", breaches(agreement))
}

fn versions(agreement: &Agreement) -> Table {
    let mut table = Table::new(["in force from", ">position"]);
    if agreement.versions.len() > 1 {
        for version in &agreement.versions {
            table.row([time(version.effective_at.as_ref()), version.position.to_string()]);
        }
    }
    table
}

fn launch(agreement: &Agreement) -> Table {
    let mut table = Table::new(["step", "done", ">position"]);
    for done in &agreement.launch_steps {
        table.row([word::<LaunchStep>(done.step), time(done.completed_at.as_ref()), done.position.to_string()]);
    }
    table
}

fn reviews(agreement: &Agreement) -> Table {
    let mut table = Table::new(["review", "kind", "held", "decision", "summary"]);
    for review in &agreement.reviews {
        let decision = review.decision.map(word::<ReviewDecision>).unwrap_or_default();
        table.row([
            line(&review.review_id),
            word::<ReviewKind>(review.kind),
            time(review.held_at.as_ref()),
            decision,
            line(&review.summary),
        ]);
    }
    table
}

fn brand_uses(agreement: &Agreement) -> Table {
    let mut table = Table::new(["brand use", "asked by", "channel", "asset", "requested", "decision"]);
    for brand_use in &agreement.brand_uses {
        let decision = match brand_use.approved {
            None => "awaited".to_owned(),
            Some(approved) => {
                let word = if approved { "approved" } else { "declined" };
                format!("{word} {}", time(brand_use.decided_at.as_ref()))
            }
        };
        table.row([
            line(&brand_use.brand_use_id),
            word::<Side>(brand_use.requested_by),
            word::<BrandChannel>(brand_use.channel),
            line(&brand_use.asset),
            time(brand_use.requested_at.as_ref()),
            decision,
        ]);
    }
    table
}

fn breaches(agreement: &Agreement) -> Table {
    let mut table = Table::new(["breach", "by", "clause", "reported", "cure by", "cured", "description"]);
    for breach in &agreement.breaches {
        table.row([
            line(&breach.breach_id),
            word::<Side>(breach.by),
            word::<BreachClause>(breach.clause),
            time(breach.reported_at.as_ref()),
            time(breach.cure_by.as_ref()),
            time(breach.cured_at.as_ref()),
            line(&breach.description),
        ]);
    }
    table
}
