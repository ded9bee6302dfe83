//! Questions, asked of a story.

use crate::common::story::Story;
use partnership_ledger::domain::Seen;
use partnership_ledger::domain::parse::Fields;
use partnership_ledger::domain::rejection::Rejection;
use partnership_ledger::ledger::{Cancellation, Error};
use partnership_ledger::proto;
use partnership_ledger::queries::explain::ExplainSale;
use partnership_ledger::queries::metrics::GetMetrics;
use partnership_ledger::queries::statement::ListEntries;
use partnership_ledger::queries::{Reading, StateQuery, Unreadable};

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub enum NoAnswer {
    Unknown(Rejection),
    Damaged(u64),
}

impl From<Unreadable> for NoAnswer {
    fn from(unreadable: Unreadable) -> Self {
        Self::Damaged(unreadable.position)
    }
}

/// The answer to a question, at the instant that its page began with.
pub fn ask<Q: StateQuery>(story: &Story, seen: Seen, request: &Q::Request) -> Result<Q::Answer, Rejection> {
    let mut fields = Fields::default();
    let question = Q::parse(request, &mut fields);
    assert!(fields.is_clean(), "{:?}", fields.into_violations());
    let seen = question.page().and_then(|page| page.start).map_or(seen, |start| start.seen);
    refusal(question.answer(&reading(story), seen))
}

/// A page of a statement.
pub fn entries(story: &Story, seen: Seen, request: &proto::ListEntriesRequest) -> Result<proto::ListEntriesResponse, NoAnswer> {
    let mut fields = Fields::default();
    let question = ListEntries::parse(request, &mut fields);
    assert!(fields.is_clean(), "{:?}", fields.into_violations());
    let seen = question.page.start.map_or(seen, |start| start.seen);
    let selection = question.select(&story.state, seen).map_err(NoAnswer::Unknown)?;
    question.answer(
        seen,
        &selection,
        |from, limit| {
            let among = selection.among(&story.index, seen, from);
            Ok(question.lines(&reading(story), seen, &selection, among.as_ref(), from, limit).expect("not cancelled"))
        },
        |positions| Ok(positions.iter().map(|position| (*position, record(story, *position))).collect()),
    )
}

/// How a sale's commission came about.
pub fn explain(story: &Story, seen: Seen, sale: &str) -> Result<proto::ExplainSaleResponse, Rejection> {
    let request = proto::ExplainSaleRequest { sale_id: sale.into(), options: None };
    let question = ExplainSale::parse(&request, &mut Fields::default());
    let position = question.position(&story.state, seen)?;
    question.answer(&story.state, seen, &record(story, position))
}

/// Figures.
pub fn metrics(story: &Story, seen: Seen, request: &proto::GetMetricsRequest) -> Result<proto::Metrics, Rejection> {
    let mut fields = Fields::default();
    let question = GetMetrics::parse(request, &mut fields);
    assert!(fields.is_clean(), "{:?}", fields.into_violations());
    let selection = question.select(&story.state, seen)?;
    let answer = selection.answer(&reading(story), selection.gather(&story.metrics)).expect("not cancelled");
    assert_eq!(answer.position, seen.position);
    Ok(answer.metrics.expect("figures"))
}

fn reading(story: &Story) -> Reading<'_> {
    static NEVER: Cancellation = Cancellation::NEVER;
    Reading::new(&story.state, &NEVER)
}

/// A state alone answers, or says why by the rules.
fn refusal<T>(answer: Result<T, Error>) -> Result<T, Rejection> {
    answer.map_err(|error| match error {
        Error::Rejected { rejection, .. } => *rejection,
        other => panic!("{other}"),
    })
}

fn record(story: &Story, position: u64) -> proto::Record {
    let place = usize::try_from(position - 1).expect("a place");
    story.records[place].clone()
}
