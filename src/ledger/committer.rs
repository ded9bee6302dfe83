//! Stage 2: makes group commits durable, publishes them and sends the replies.

use super::common::Core;
use super::error::Error;
use super::panic_text;
use super::pipeline::Group;
use super::replies::answer_all;
use super::snapshots;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// Commits until the writer has ended and nothing is left.
pub fn run(core: &Core) {
    while let Some(group) = core.pipeline.take() {
        step(core, group);
    }
    core.snapshots.iter().for_each(snapshots::Schedule::begin_closing);
}

/// Commits one group and sends its replies.
pub fn step(core: &Core, mut group: Group) {
    let snapshot = group.snapshot.take();
    let outcome = catch_unwind(AssertUnwindSafe(|| commit(core, &group))).unwrap_or_else(|panic| {
        let why = format!("a defect while committing: {}", panic_text(&*panic));
        core.stop(&why);
        Err(Error::Stopped(why))
    });
    core.pipeline.done();
    let began = Instant::now();
    answer_all(group.answers.into_iter().map(|(answer, result)| (answer, outcome.clone().and(result))));
    core.measures.answering.since(began);
    if let Some(state) = snapshot {
        snapshots::take(core, state);
    }
}

/// Makes a commit durable and publishes it. After a failure nothing is ever appended again: nobody knows what of it
/// reached the disk.
fn commit(core: &Core, group: &Group) -> Result<(), Error> {
    // A reply without records, to a duplicate, may rest on an earlier commit that failed.
    core.check_running()?;
    if group.batch.is_empty() {
        return Ok(());
    }
    let measures = &core.measures;
    measures.commit_records.count(group.batch.len() as u64);
    let began = Instant::now();
    if let Err(error) = core.journal.append(group.after, &group.batch) {
        let why = error.to_string();
        core.stop(&why);
        return Err(Error::Stopped(why));
    }
    let durable = Instant::now();
    measures.storing.took(durable - began);
    core.projections.apply(group.after, &group.updates);
    core.published.send_replace(group.after + group.batch.len() as u64);
    measures.publishing.since(durable);
    Ok(())
}
