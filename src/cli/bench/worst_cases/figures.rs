//! What was measured, beside its bound.

use super::taken::{PATIENCE, Taken};
use crate::cli::bench::measure::Percentiles;
use crate::cli::bench::report::mebibytes;
use crate::cli::table::Table;
use serde::Serialize;

/// What a figure must not go beyond.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Milliseconds at the 99th percentile.
    P99Ms(f64),
    /// Bytes of the server's memory, beyond what it had before.
    GrownBytes(u64),
    /// Nothing is promised.
    None,
}

/// A figure.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    pub case: &'static str,
    /// What took so long, or grew.
    pub of: &'static str,
    /// How many calls were answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<u64>,
    /// Of all calls, also of those that were refused or given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Percentiles>,
    /// By how much the server's memory grew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grown_bytes: Option<u64>,
    pub bound: Bound,
    pub is_within: bool,
    /// What became of calls that were not answered, and of the server.
    pub notes: Vec<String>,
}

impl Figure {
    /// How long calls took. It is beyond its bound if one was refused or given up.
    pub fn latency(case: &'static str, of: &'static str, taken: &Taken, bound: Bound) -> Self {
        let latency = taken.summary();
        let is_fast = match bound {
            Bound::P99Ms(bound) => latency.p99_ms <= bound,
            Bound::GrownBytes(_) | Bound::None => true,
        };
        let mut notes: Vec<String> = taken.refused.iter().map(|(code, count)| format!("{count} refused: {code}")).collect();
        if taken.given_up > 0 {
            notes.push(format!("{} given up after {} s", taken.given_up, PATIENCE.as_secs()));
        }
        let is_answered = taken.answered > 0 && notes.is_empty();
        let is_within = matches!(bound, Bound::None) || (is_fast && is_answered);
        Self { case, of, answered: Some(taken.answered), latency: Some(latency), grown_bytes: None, bound, is_within, notes }
    }

    /// By how much the server's memory grew.
    pub fn memory(case: &'static str, grown_bytes: u64, bound_bytes: u64) -> Self {
        let is_within = grown_bytes <= bound_bytes;
        let bound = Bound::GrownBytes(bound_bytes);
        Self { case, of: "memory", answered: None, latency: None, grown_bytes: Some(grown_bytes), bound, is_within, notes: Vec::new() }
    }

    /// Returns it in a few words.
    pub fn line(&self) -> String {
        let took = self.latency.as_ref().map(|Percentiles { p50_ms, p99_ms, max_ms, .. }| {
            format!("p50 {} ms, p99 {} ms, max {} ms", milliseconds(*p50_ms), milliseconds(*p99_ms), milliseconds(*max_ms))
        });
        let grown = self.grown_bytes.map(|bytes| format!("+{}", mebibytes(bytes)));
        let beyond = if self.is_within { None } else { Some("BEYOND".to_owned()) };
        let parts: Vec<String> = took.into_iter().chain(grown).chain(beyond).chain(self.notes.iter().cloned()).collect();
        format!("{}: {}", self.of, parts.join(", "))
    }

    /// Takes refusals as answers: it is within its bound if it is fast and nothing was given up.
    pub fn excuse_refusals(&mut self) {
        let is_given_up = self.notes.iter().any(|note| note.contains("given up"));
        if let (Some(latency), Bound::P99Ms(bound)) = (&self.latency, self.bound) {
            self.is_within = !is_given_up && latency.p99_ms <= bound;
        }
    }
}

/// Returns the figures as a table.
pub fn table(figures: &[Figure]) -> Table {
    let mut table = Table::new(["case", "of", ">answered", ">p50 ms", ">p99 ms", ">max ms", ">bound", "", "notes"]);
    for figure in figures {
        let of = |part: fn(&Percentiles) -> f64| figure.latency.as_ref().map(|latency| milliseconds(part(latency))).unwrap_or_default();
        let bound = match figure.bound {
            Bound::P99Ms(bound) => format!("{bound:.0} ms"),
            Bound::GrownBytes(bytes) => format!("+{}", mebibytes(bytes)),
            Bound::None => String::new(),
        };
        let grown = figure.grown_bytes.map(|bytes| format!("+{}", mebibytes(bytes)));
        let mark = match (figure.bound, figure.is_within) {
            (Bound::None, _) => "",
            (_, true) => "ok",
            (_, false) => "BEYOND",
        };
        table.row([
            figure.case.to_owned(),
            figure.of.to_owned(),
            figure.answered.map(|answered| answered.to_string()).unwrap_or_default(),
            of(|latency| latency.p50_ms),
            of(|latency| latency.p99_ms),
            grown.unwrap_or_else(|| of(|latency| latency.max_ms)),
            bound,
            mark.to_owned(),
            figure.notes.join(", "),
        ]);
    }
    table
}

/// Returns milliseconds as text; a call that was given up would have taken longer.
fn milliseconds(milliseconds: f64) -> String {
    let patience = PATIENCE.as_secs_f64() * 1_000.0;
    if milliseconds >= patience { format!("> {patience:.0}") } else { format!("{milliseconds:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    async fn taken(milliseconds: u64, outcome: Result<(), tonic::Status>) -> Taken {
        let mut taken = Taken::new();
        let due = Instant::now().checked_sub(Duration::from_millis(milliseconds)).expect("the clock runs");
        taken.wait_for(due, async { outcome.map_err(Into::into) }).await;
        taken
    }

    #[tokio::test]
    async fn a_figure_is_within_its_bound_or_is_marked() {
        let of = |taken: &Taken, bound| Figure::latency("case", "append", taken, bound).is_within;
        let fast = taken(1, Ok(())).await;
        let slow = taken(100, Ok(())).await;
        let refused = taken(1, Err(tonic::Status::unavailable("gone"))).await;
        assert!(of(&fast, Bound::P99Ms(50.0)) && !of(&slow, Bound::P99Ms(50.0)) && !of(&refused, Bound::P99Ms(50.0)));
        assert!(of(&slow, Bound::None) && !of(&Taken::new(), Bound::P99Ms(50.0)), "nothing answered is nothing promised");
        let mut excused = Figure::latency("case", "event", &refused, Bound::P99Ms(50.0));
        excused.excuse_refusals();
        assert!(excused.is_within);
        assert!(Figure::memory("case", 5, 5).is_within && !Figure::memory("case", 6, 5).is_within);
    }
}
