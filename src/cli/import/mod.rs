//! `import`: rows of a spreadsheet into the ledger, each an event of its own, by a mapping of columns to fields.
//!
//! An event's id comes from what the row is about, so a row is recorded once, however often and in whatever order it is
//! imported. A row that is refused does not stop the others.
//!
//! Imports inside run one way: `target` → `dry_run`; `source`, `plan` → `body` → `row` → `mapping` → {`kinds`, `value`} → `problem`.

mod body;
mod dry_run;
mod era;
mod help;
mod kinds;
mod mapping;
mod plan;
mod problem;
mod row;
mod source;
mod target;
mod value;

use super::client::Session;
use super::failure::{Failure, Refusal};
use super::json;
use super::language::{Language, say};
use super::output::Output;
use kinds::Kind;
use mapping::Mapping;
use partnership_ledger::proto::AppendResponse;
use plan::{Outcome, Plan};
use problem::{Problem, problem};
use source::Rows;
use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::path::PathBuf;
use target::{Target, Verdict};

#[derive(clap::Args)]
#[command(after_long_help = help::mapping())]
pub struct Args {
    /// What the file is
    #[arg(long, value_name = "FORMAT", default_value = "csv")]
    format: Format,
    /// The file that says which column is which field; --help says how it is written
    #[arg(long, value_name = "FILE")]
    mapping: PathBuf,
    /// Record nothing; say of every row what would become of it
    #[arg(long)]
    dry_run: bool,
    /// What its rows are. Partners come before their leads, leads before their sales, sales before payments, payments before their settlements
    #[arg(value_name = "KIND")]
    kind: Kind,
    /// The file to read; - is the standard input
    file: PathBuf,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    /// Text in UTF-8, its first row the names of the columns
    Csv,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let Format::Csv = args.format;
    let mapping = Mapping::load(&args.mapping)?;
    let text = source::read(&args.file)?;
    let (rows, header) = Rows::new(&text, mapping.separator)?;
    let plan = Plan::new(&mapping, args.kind, &header)?;
    let target = if args.dry_run { Target::dry_run(session).await? } else { Target::recording(session).await? };
    let tally = Tally { dry_run: args.dry_run, has_reader: true, ..Tally::default() };
    let mut import = Import { plan, target, pending: VecDeque::new(), unanswered: 0, tally };
    let outcome = import.all(rows, &mut session.out).await;
    let Tally { refused, .. } = import.tally;
    let advice = "; run the same command again: what is recorded is not recorded twice";
    outcome
        .map_err(|failure| if args.dry_run { failure } else { failure.with_advice(advice) })
        .and(import.tally.summarize(&mut session.out))?;
    let language = session.out.language;
    match (refused, args.dry_run) {
        (0, _) => Ok(()),
        (_, true) => Err(Failure::check(say!(language, "import-would-be-refused", count = refused))),
        (_, false) => Err(Failure::check(say!(language, "import-were-refused", count = refused))),
    }
}

/// A row whose outcome is not reported yet: outcomes are reported in the order of the rows.
struct Pending {
    line: u64,
    id: String,
    progress: Progress,
}

/// How far a row has come.
enum Progress {
    /// Its event is sent, and not answered yet.
    Sent,
    /// It was left out.
    Skipped,
    /// It became no event.
    Problems(Vec<Problem>),
}

/// An import under way.
struct Import {
    plan: Plan,
    target: Target,
    pending: VecDeque<Pending>,
    unanswered: usize,
    tally: Tally,
}

impl Import {
    async fn all(&mut self, mut rows: Rows<'_>, out: &mut Output) -> Result<(), Failure> {
        while let Some((line, record)) = rows.next()? {
            let progress = match self.plan.outcome(&record) {
                Outcome::Event(event) => {
                    self.target.send(*event).await?;
                    self.unanswered += 1;
                    Progress::Sent
                }
                Outcome::Skipped => Progress::Skipped,
                Outcome::Problems(problems) => Progress::Problems(problems),
            };
            self.pending.push_back(Pending { line, id: self.plan.id_of(&record), progress });
            while self.unanswered >= self.target.most_unanswered() || self.is_first_known() {
                self.report_first(out).await?;
            }
        }
        while !self.pending.is_empty() {
            self.report_first(out).await?;
        }
        Ok(())
    }

    /// Whether the first pending row needs no answer.
    fn is_first_known(&self) -> bool {
        self.pending.front().is_some_and(|row| !matches!(row.progress, Progress::Sent))
    }

    /// Reports the outcome of the first pending row, once it is answered.
    async fn report_first(&mut self, out: &mut Output) -> Result<(), Failure> {
        let Some(Pending { line, id, progress }) = self.pending.pop_front() else { return Ok(()) };
        match progress {
            Progress::Skipped => self.tally.skipped(line, &id, out),
            Progress::Problems(problems) => self.tally.refused(line, &id, &problems, out),
            Progress::Sent => {
                let verdict: Verdict = self.target.answer().await?;
                self.unanswered -= 1;
                match verdict {
                    Ok(response) => self.tally.recorded(line, &id, &response, out),
                    Err(refusal) => self.tally.refused(line, &id, &problems_of(&self.plan, &refusal), out),
                }
            }
        }
    }
}

/// Returns why the ledger refused a row, in terms of the row's columns.
fn problems_of(plan: &Plan, refusal: &Refusal) -> Vec<Problem> {
    match refusal.reason.as_str() {
        _ if !refusal.violations.is_empty() => {
            refusal.violations.iter().map(|(field, description)| plan.malformed(field, description)).collect()
        }
        "EVENT_ID_REUSED" => vec![problem!("EVENT_ID_REUSED", "import-changed")],
        reason => vec![Problem::of_ledger(reason, &refusal.message)],
    }
}

/// Counts and reports the outcomes of rows.
#[derive(Default)]
struct Tally {
    dry_run: bool,
    recorded: u64,
    duplicates: u64,
    refused: u64,
    skipped: u64,
    position: u64,
    /// Whether somebody still reads the output. Events are recorded all the same.
    has_reader: bool,
}

impl Tally {
    fn recorded(&mut self, line: u64, id: &str, response: &AppendResponse, out: &mut Output) -> Result<(), Failure> {
        self.position = response.position;
        let Some(result) = response.results.first() else { return Err(Failure::check("the ledger gave an answer without a result")) };
        let outcome = if result.duplicate { "recorded_before" } else { "recorded" };
        if result.duplicate {
            self.duplicates += 1;
        } else {
            self.recorded += 1;
        }
        if out.json {
            let mut report = self.report(line, id, outcome);
            report["event_id"] = result.event_id.clone().into();
            if !self.dry_run {
                report["position"] = result.position.to_string().into();
            }
            self.write(&json::text(&report), out)?;
        }
        Ok(())
    }

    fn skipped(&mut self, line: u64, id: &str, out: &mut Output) -> Result<(), Failure> {
        self.skipped += 1;
        if out.json { self.write(&json::text(&self.report(line, id, "skipped")), out) } else { Ok(()) }
    }

    fn refused(&mut self, line: u64, id: &str, problems: &[Problem], out: &mut Output) -> Result<(), Failure> {
        self.refused += 1;
        if !out.json {
            let problems: Vec<String> = problems.iter().map(|problem| problem.words(out.language)).collect();
            return self.write(&say!(out.language, "import-line", line = line.to_string(), what = problems.join("; ")), out);
        }
        let mut report = self.report(line, id, "refused");
        let reason = |problem: &Problem| serde_json::json!({"reason": problem.code, "column": problem.column, "message": problem.sentence(Language::English)});
        report["reasons"] = problems.iter().map(reason).collect();
        self.write(&json::text(&report), out)
    }

    fn report(&self, line: u64, id: &str, outcome: &str) -> serde_json::Value {
        serde_json::json!({"line": line, "id": id, "outcome": outcome, "dry_run": self.dry_run})
    }

    fn write(&mut self, line: &str, out: &mut Output) -> Result<(), Failure> {
        if !self.has_reader {
            return Ok(());
        }
        match out.line(line) {
            Err(failure) if failure.is_reader_gone() => self.has_reader = false,
            written => written?,
        }
        Ok(())
    }

    fn summarize(&self, out: &mut Output) -> Result<(), Failure> {
        let language = out.language;
        let [recorded, before, refused, skipped] =
            [self.recorded, self.duplicates, self.refused, self.skipped].map(|count| count.to_string());
        let mut summary = if self.dry_run {
            say!(language, "import-would", recorded = recorded, before = before, refused = refused)
        } else {
            say!(language, "import-done", recorded = recorded, before = before, refused = refused)
        };
        if self.skipped > 0 {
            summary = say!(language, "import-left-out", summary = summary, count = skipped);
        }
        if self.dry_run {
            summary = say!(language, "import-nothing", summary = summary);
        } else if self.recorded + self.duplicates > 0 {
            summary = say!(language, "import-at", summary = summary, position = self.position.to_string());
        }
        if out.json {
            // A closed standard error is no reason to fail.
            let _ = writeln!(io::stderr(), "{summary}");
            return out.flush();
        }
        if self.has_reader { out.line(&summary) } else { Ok(()) }
    }
}
