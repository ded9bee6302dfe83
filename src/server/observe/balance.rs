//! Whether the trial balance is zero: worked out seldom, from a frozen view, on a thread of low priority.

use super::watched::Watched;
use crate::ledger::{Cancellation, Ledger};
use crate::priority::{Niceness, lower_priority};
use crate::proto::GetTrialBalanceRequest;
use crate::queries::trial_balance::GetTrialBalance;
use crate::queries::{Frozen, Query as _};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// How often it is worked out, at most.
const PAUSE: Duration = Duration::from_mins(1);
/// How often it is looked whether the ledger is open, at first.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// It may take so small a part of the time: what takes a second is not done again for a minute and a half.
const PARTS: u32 = 100;
/// How urgent it is.
const NICENESS: Niceness = Niceness(10);

/// Whether the trial balance is zero, as last worked out.
#[derive(Debug, Default)]
pub struct TrialBalance(AtomicU8);

impl TrialBalance {
    /// Whether it is zero; `None` before it was worked out.
    pub fn is_balanced(&self) -> Option<bool> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            known => Some(known == 2),
        }
    }

    fn set(&self, is_balanced: bool) {
        self.0.store(1 + u8::from(is_balanced), Ordering::Relaxed);
    }
}

/// Works it out again and again, until the channel is closed.
pub fn follow(watched: &Weak<Watched>, ended: &Receiver<()>) {
    lower_priority(NICENESS);
    let (mut pause, mut last) = (FIRST_PAUSE, None);
    while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(pause) {
        let Some(watched) = watched.upgrade() else { return };
        let Some(ledger) = watched.ledger() else { continue };
        pause = PAUSE;
        if last == Some(ledger.last()) {
            continue;
        }
        let began = Instant::now();
        last = Some(ledger.last());
        match worked_out(ledger) {
            Ok(is_balanced) => watched.balance.set(is_balanced),
            Err(error) => tracing::warn!(%error, "the trial balance could not be worked out"),
        }
        pause = PAUSE.max(began.elapsed() * PARTS);
    }
}

/// Starts the thread.
///
/// # Errors
/// If the system refuses.
pub fn start(watched: &Arc<Watched>, ended: Receiver<()>) -> std::io::Result<()> {
    let watched = Arc::downgrade(watched);
    std::thread::Builder::new().name("trial-balance".to_owned()).spawn(move || follow(&watched, &ended)).map(drop)
}

fn worked_out(ledger: &Ledger) -> Result<bool, crate::ledger::Error> {
    let answer = GetTrialBalance::ask(&Frozen::new(ledger, &Cancellation::NEVER), &GetTrialBalanceRequest::default())?;
    Ok(answer.is_balanced)
}
