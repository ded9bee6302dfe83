//! `agreement`: where an agreement stands, its terms in words, and what the sides did under it.

use super::client::Session;
use super::failure::Failure;
use super::language::{Language, columns, say};
use super::moment::Moment;
use super::output::Output;
use super::table::Table;
use super::text::{line, list, optional};
use partnership_ledger::language::terms;
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
    let request = GetAgreementRequest { agreement_id: args.agreement, options: Some(args.moment.options(session).await?) };
    let answer = session.partnership().await?.get_agreement(request).await?.into_inner();
    if session.out.json {
        return session.out.message(&answer);
    }
    show(&answer.agreement.unwrap_or_default(), &mut session.out)?;
    session.out.read_at(answer.position)
}

fn show(agreement: &Agreement, out: &mut Output) -> Result<(), Failure> {
    let language = out.language;
    let mut facts = Table::facts();
    facts.fact(&say!(language, "column-agreement"), line(&agreement.agreement_id));
    facts.fact(&say!(language, "column-partner"), line(&agreement.partner_id));
    facts.fact(&say!(language, "agreement-type"), language.word::<AgreementType>(agreement.r#type));
    facts.fact(&say!(language, "column-state"), language.word::<AgreementState>(agreement.state));
    facts.fact(&say!(language, "agreement-effective"), language.time(agreement.effective_at.as_ref()));
    if let Some(cause) = agreement.end_cause {
        let (time, cause) = (language.time(agreement.ends_at.as_ref()), language.word::<EndCause>(cause));
        facts.fact(&say!(language, "agreement-ends"), say!(language, "agreement-ends-by", time = time, cause = cause));
    }
    family(language, agreement, &mut facts);
    for manager in &agreement.managers {
        let (name, side) = (line(&manager.manager), language.word::<Side>(manager.side));
        facts.fact(&say!(language, "agreement-manager"), say!(language, "agreement-manager-of", manager = name, side = side));
    }
    out.table(facts)?;
    if let Some(in_force) = &agreement.terms {
        let heading = say!(language, "agreement-terms", position = agreement.terms_position.to_string());
        out.section(&heading, Table::of_facts(&terms::facts(language, in_force)))?;
    }
    out.section(&say!(language, "agreement-versions"), versions(language, agreement))?;
    out.section(&say!(language, "agreement-launch"), launch(language, agreement))?;
    out.section(&say!(language, "agreement-reviews"), reviews(language, agreement))?;
    out.section(&say!(language, "agreement-brand-uses"), brand_uses(language, agreement))?;
    out.section(&say!(language, "agreement-breaches"), breaches(language, agreement))?;
    out.left_out(agreement.entries_left_out)
}

/// The programme whose terms it takes, the agreements whose place it took or that take its own, and those that earn with it.
fn family(language: Language, agreement: &Agreement, facts: &mut Table) {
    facts.fact(&say!(language, "programme-programme"), optional(agreement.programme_id.as_ref()));
    facts.fact(&say!(language, "agreement-supersedes"), optional(agreement.supersedes_agreement_id.as_ref()));
    facts.fact(&say!(language, "agreement-superseded-by"), optional(agreement.superseded_by_agreement_id.as_ref()));
    facts.fact(&say!(language, "agreement-recruited-by"), optional(agreement.recruited_by_agreement_id.as_ref()));
    facts.fact(&say!(language, "agreement-uplines"), list(&agreement.upline_agreement_ids));
}

fn versions(language: Language, agreement: &Agreement) -> Table {
    let is_of_programme = agreement.programme_id.is_some();
    let mut table = if is_of_programme {
        Table::new(columns![language; "agreement-in-force-from", "programme-programme", > "column-position"])
    } else {
        Table::new(columns![language; "agreement-in-force-from", > "column-position"])
    };
    if agreement.versions.len() > 1 {
        for version in &agreement.versions {
            let programme = is_of_programme.then(|| optional(version.programme_id.as_ref()));
            let (from, position) = (language.time(version.effective_at.as_ref()), version.position.to_string());
            table.row(std::iter::once(from).chain(programme).chain([position]));
        }
    }
    table
}

fn launch(language: Language, agreement: &Agreement) -> Table {
    let mut table = Table::new(columns![language; "agreement-step", "agreement-done", > "column-position"]);
    for done in &agreement.launch_steps {
        table.row([language.word::<LaunchStep>(done.step), language.time(done.completed_at.as_ref()), done.position.to_string()]);
    }
    table
}

fn reviews(language: Language, agreement: &Agreement) -> Table {
    let mut table =
        Table::new(columns![language; "agreement-review", "column-kind", "agreement-held", "column-decision", "agreement-summary"]);
    for review in &agreement.reviews {
        let decision = review.decision.map(|decision| language.word::<ReviewDecision>(decision)).unwrap_or_default();
        table.row([
            line(&review.review_id),
            language.word::<ReviewKind>(review.kind),
            language.time(review.held_at.as_ref()),
            decision,
            line(&review.summary),
        ]);
    }
    table
}

fn brand_uses(language: Language, agreement: &Agreement) -> Table {
    let mut table = Table::new(columns![
        language;
        "agreement-brand-use", "agreement-asked-by", "agreement-channel", "agreement-asset", "agreement-requested", "column-decision"
    ]);
    for brand_use in &agreement.brand_uses {
        let decision = match brand_use.approved {
            None => say!(language, "agreement-awaited"),
            Some(true) => say!(language, "agreement-approved", time = language.time(brand_use.decided_at.as_ref())),
            Some(false) => say!(language, "agreement-declined", time = language.time(brand_use.decided_at.as_ref())),
        };
        table.row([
            line(&brand_use.brand_use_id),
            language.word::<Side>(brand_use.requested_by),
            language.word::<BrandChannel>(brand_use.channel),
            line(&brand_use.asset),
            language.time(brand_use.requested_at.as_ref()),
            decision,
        ]);
    }
    table
}

fn breaches(language: Language, agreement: &Agreement) -> Table {
    let mut table = Table::new(columns![
        language;
        "agreement-breach", "agreement-by", "agreement-clause", "agreement-reported", "agreement-cure-by", "agreement-cured",
        "agreement-description"
    ]);
    for breach in &agreement.breaches {
        table.row([
            line(&breach.breach_id),
            language.word::<Side>(breach.by),
            language.word::<BreachClause>(breach.clause),
            language.time(breach.reported_at.as_ref()),
            language.time(breach.cure_by.as_ref()),
            language.time(breach.cured_at.as_ref()),
            line(&breach.description),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::tests::{left_out_line, written};

    #[test]
    fn it_says_how_many_older_entries_are_left_out() {
        let of = |entries_left_out| written(|out| show(&Agreement { entries_left_out, ..Agreement::default() }, out));
        assert!(left_out_line(&of(7)).is_some_and(|line| line.starts_with("7 ")));
        assert_eq!(left_out_line(&of(0)), None);
    }
}
