//! `backup --follow`: a copy that is kept up to date while the ledger runs.

use super::copy;
use super::source::Source;
use crate::cli::client::Session;
use crate::cli::failure::Failure;
use crate::cli::language::say;
use crate::cli::text::utc;
use partnership_ledger::backup::{Added, Folder, Growth, hex};
use partnership_ledger::server::Signals;
use prost_types::Timestamp;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// The first and the longest delay between attempts to reach a ledger that is away (exponential back-off).
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How long copying may go on after a signal to end.
const LAST_COPY: Duration = Duration::from_secs(5);

pub async fn run(dir: &Path, every: Duration, session: &mut Session) -> Result<(), Failure> {
    let cannot = |error: io::Error| Failure::check(format!("cannot wait for signals: {error}"));
    let mut signals = Signals::new().map_err(cannot)?;
    let mut follower = Follower { folder: Folder::open(dir)?, source: None, pause: None, session };
    loop {
        let (copied, is_over) = tokio::select! {
            copied = follower.copy() => (Some(copied), false),
            _ = signals.next(|| ()) => (None, true),
        };
        if is_over {
            break;
        }
        let wait = follower.report(copied, every)?;
        tokio::select! {
            () = sleep(wait) => {}
            _ = signals.next(|| ()) => break,
        }
    }
    // An interrupted copy left nothing, so a last one copies what is there. A ledger that is away was reported before.
    let last = timeout(LAST_COPY, follower.copy()).await.ok();
    let outcome = follower.report(last, every).map(drop);
    follower.stopped()?;
    outcome
}

struct Follower<'a> {
    folder: Folder,
    source: Option<Source>,
    /// The present delay between attempts to reach a ledger that is away; `None` while it answers.
    pause: Option<Duration>,
    session: &'a mut Session,
}

impl Follower<'_> {
    /// Copies what is new.
    async fn copy(&mut self) -> Result<(Added, Option<Timestamp>), Failure> {
        let mut source = match self.source.take() {
            Some(source) => source,
            None => Source::served(self.session).await?,
        };
        let copied = copy(&mut source, &mut self.folder, Growth::LastFile, self.session.out.language).await?;
        // Connects again after a failure.
        self.source = Some(source);
        Ok(copied)
    }

    /// Reports the outcome of a copy and returns how long to wait before the next. A failure that waiting does not cure is
    /// an error.
    fn report(&mut self, copied: Option<Result<(Added, Option<Timestamp>), Failure>>, every: Duration) -> Result<Duration, Failure> {
        let language = self.session.out.language;
        match copied {
            None => Ok(every),
            Some(Ok((kept, oldest))) => {
                if self.pause.take().is_some() {
                    aside(&say!(language, "backup-back"));
                }
                if kept.records > 0 {
                    self.report_copied(kept, oldest)?;
                }
                Ok(every)
            }
            Some(Err(failure)) if failure.is_unavailable() => {
                let pause = match self.pause {
                    Some(pause) => (pause * 2).min(LONGEST_PAUSE),
                    None => {
                        let position = self.folder.head().size.to_string();
                        aside(&say!(language, "backup-away", error = failure.text(language), position = position));
                        FIRST_PAUSE
                    }
                };
                self.pause = Some(pause);
                Ok(pause)
            }
            Some(Err(failure)) => Err(failure),
        }
    }

    /// Reports how far the copy is, and how long ago the oldest new record had been recorded.
    fn report_copied(&mut self, kept: Added, oldest: Option<Timestamp>) -> Result<(), Failure> {
        let behind = oldest.as_ref().and_then(seconds_since).unwrap_or_default();
        let (position, records) = (self.folder.head().size.to_string(), kept.records.to_string());
        let out = &mut self.session.out;
        let line = if out.json {
            let root = hex(&self.folder.head().root);
            serde_json::json!({
                "position": position,
                "tree_root": root,
                "records": records,
                "bytes": kept.bytes.to_string(),
                "seconds_behind": (behind * 1_000.0).round() / 1_000.0,
            })
            .to_string()
        } else {
            let behind = format!("{behind:.1}");
            say!(out.language, "backup-followed", position = position, count = kept.records, records = records, behind = behind)
        };
        out.line(&line)?;
        out.flush()
    }

    fn stopped(&mut self) -> Result<(), Failure> {
        let head = self.folder.head();
        let out = &mut self.session.out;
        if !out.json {
            let text = say!(out.language, "backup-stopped", position = head.size.to_string(), root = hex(&head.root));
            out.line(&text)?;
        }
        out.flush()
    }
}

/// Returns how long ago something was recorded, by this machine's clock, in seconds; at least 0.
pub fn seconds_since(time: &Timestamp) -> Option<f64> {
    let since = chrono::Utc::now().signed_duration_since(utc(time)?);
    Some(since.to_std().unwrap_or_default().as_secs_f64())
}

/// Writes a notice to standard error.
fn aside(text: &str) {
    // If standard error is closed, copying goes on.
    let _ = writeln!(io::stderr(), "{text}");
}
