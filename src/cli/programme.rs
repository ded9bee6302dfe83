//! `programme`: what a programme offers, in words, and its versions.

use super::client::Session;
use super::failure::Failure;
use super::language::{Language, columns, say};
use super::moment::Moment;
use super::output::Output;
use super::table::Table;
use super::text::line;
use partnership_ledger::language::terms;
use partnership_ledger::proto::{GetProgrammeRequest, Programme};

#[derive(clap::Args)]
pub struct Args {
    /// The programme
    programme: String,
    #[command(flatten)]
    moment: Moment,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let request = GetProgrammeRequest { programme_id: args.programme, options: Some(args.moment.options(session).await?) };
    let answer = session.partnership().await?.get_programme(request).await?.into_inner();
    if session.out.json {
        return session.out.message(&answer);
    }
    show(&answer.programme.unwrap_or_default(), &mut session.out)?;
    session.out.read_at(answer.position)
}

fn show(programme: &Programme, out: &mut Output) -> Result<(), Failure> {
    let language = out.language;
    let mut facts = Table::facts();
    facts.fact(&say!(language, "programme-programme"), line(&programme.programme_id));
    facts.fact(&say!(language, "programme-defined"), language.time(programme.defined_at.as_ref()));
    facts.fact(&say!(language, "programme-agreements"), programme.agreement_count.to_string());
    out.table(facts)?;
    if let Some(in_force) = &programme.terms {
        let heading = say!(language, "agreement-terms", position = programme.terms_position.to_string());
        out.section(&heading, Table::of_facts(&terms::facts(language, in_force)))?;
    }
    out.section(&say!(language, "agreement-versions"), versions(language, programme))?;
    out.left_out(programme.entries_left_out)
}

fn versions(language: Language, programme: &Programme) -> Table {
    let mut table = Table::new(columns![language; "agreement-in-force-from", "programme-binds", > "column-position"]);
    for version in &programme.versions {
        let (from, binds) = match &version.effective_at {
            None => (say!(language, "programme-from-the-beginning"), say!(language, "programme-binds-new")),
            Some(_) if version.existing => (language.time(version.effective_at.as_ref()), say!(language, "programme-binds-existing")),
            Some(_) => (language.time(version.effective_at.as_ref()), say!(language, "programme-binds-new")),
        };
        table.row([from, binds, version.position.to_string()]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::tests::{left_out_line, written};

    #[test]
    fn it_says_how_many_older_versions_are_left_out() {
        let of = |entries_left_out| written(|out| show(&Programme { entries_left_out, ..Programme::default() }, out));
        assert!(left_out_line(&of(7)).is_some_and(|line| line.starts_with("7 ")));
        assert_eq!(left_out_line(&of(0)), None);
    }
}
