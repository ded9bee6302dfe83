//! A history in a snapshot.

use super::{Fact, History, RUN, Run};
use crate::snapshot::{Damaged, Input, Output, Saved, saved};
use std::sync::Arc;

saved!(Run { sums, earliest, latest, effective_by, first, last });
saved!(History { full, open, open_run, levels });

impl Saved for Arc<[Fact]> {
    fn save(&self, out: &mut Output) {
        self.iter().for_each(|fact| fact.save(out));
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let facts: Result<Vec<Fact>, Damaged> = (0..RUN).map(|_| Fact::load(input)).collect();
        Ok(facts?.into())
    }
}
