//! Signed checkpoints, by a thread of their own: on demand and every so often, at most one a second, with the cosignatures of witnesses.

use super::error::{ProofError, Refused};
use super::key::VerifierKey;
use super::note::{Note, Signature};
use super::policy::{Cosigned, Policy};
use super::signer::Signer;
use super::tiles::{Leaves, Tiles};
use super::witness::{AskError, Asked, Asking};
use crate::journal::TreeHead;
use crate::ledger::Error;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// The least time from one signature to the next.
pub const LEAST_PAUSE: Duration = Duration::from_secs(1);
/// How many different things are said of checkpoints before the first may be said again.
const MOST_SAID: usize = 64;

/// A signed checkpoint, as it is given out.
#[derive(Clone, Debug)]
pub struct Published {
    /// How many records it is about, and their root.
    pub head: TreeHead,
    /// The checkpoint with its signatures.
    pub note: Note,
    /// Which witnesses of the ledger's policy have cosigned it.
    pub cosigned: Cosigned,
    /// Which have not, each with the reason.
    pub missing: Vec<String>,
}

type Outcome = Result<Arc<Published>, Arc<ProofError>>;

/// Somebody who waits for a checkpoint.
struct Demand {
    at_least: u64,
    answer: oneshot::Sender<Outcome>,
}

/// The checkpoints of a ledger.
pub struct Checkpoints {
    demands: Mutex<Option<Sender<Demand>>>,
    position: Arc<AtomicU64>,
    is_refused: Arc<AtomicBool>,
    verifier: VerifierKey,
}

/// How checkpoints are signed and cosigned.
pub struct CheckpointSettings {
    /// Who signs them.
    pub signer: Signer,
    /// Whose cosignatures are asked for; none without.
    pub policy: Option<Policy>,
    /// Whether only what a quorum has cosigned is given out.
    pub witness_required: bool,
    /// How often one is signed though nobody asks, if there are new records.
    pub every: Duration,
}

impl Checkpoints {
    /// Starts the thread, which signs what the tiles and the leaves have.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn start(settings: CheckpointSettings, tiles: Arc<Tiles>, leaves: Box<dyn Leaves>) -> std::io::Result<Self> {
        let CheckpointSettings { signer, policy, witness_required, every } = settings;
        let position = Arc::new(AtomicU64::new(signer.last().0.size));
        let (verifier, is_refused) = (signer.verifier(), Arc::new(AtomicBool::new(false)));
        let asked = policy.iter().flat_map(Policy::witnesses).filter_map(Asked::of).collect();
        let work = Work {
            signer,
            policy,
            asked,
            witness_required,
            tiles,
            leaves,
            position: Arc::clone(&position),
            is_refused: Arc::clone(&is_refused),
            last: None,
            given_out: None,
            refused: None,
            said: BTreeSet::new(),
        };
        let (sender, demands) = channel();
        std::thread::Builder::new().name("checkpoints".to_owned()).spawn(move || work.run(&demands, every))?;
        Ok(Self { demands: Mutex::new(Some(sender)), position, is_refused, verifier })
    }

    /// What the signatures are checked by.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// How many records the last signed checkpoint is about.
    pub fn position(&self) -> u64 {
        self.position.load(Ordering::Relaxed)
    }

    /// Whether nothing is signed, because it would contradict what was signed before, or cannot be kept. It is looked at every so often.
    pub fn is_refused(&self) -> bool {
        self.is_refused.load(Ordering::Relaxed)
    }

    /// A checkpoint of at least so many records, signed now if the last one is not of the last record; at most a second later.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn latest(&self, at_least: u64) -> Outcome {
        let (answer, answered) = oneshot::channel();
        let sent = self.demands.lock().as_ref().is_some_and(|demands| demands.send(Demand { at_least, answer }).is_ok());
        if !sent {
            return Err(Arc::new(ProofError::Ending));
        }
        answered.await.unwrap_or_else(|_| Err(Arc::new(ProofError::Ending)))
    }

    /// Ends the thread once it has answered.
    pub fn close(&self) {
        *self.demands.lock() = None;
    }
}

/// The thread's work.
struct Work {
    signer: Signer,
    policy: Option<Policy>,
    asked: Vec<Asked>,
    witness_required: bool,
    tiles: Arc<Tiles>,
    leaves: Box<dyn Leaves>,
    position: Arc<AtomicU64>,
    is_refused: Arc<AtomicBool>,
    /// What was asked last to be cosigned by this process, and when.
    last: Option<(Instant, Arc<Published>)>,
    /// What was given out last.
    given_out: Option<Arc<Published>>,
    /// Which witness has shown another history, the last time that it was asked: nothing more is signed meanwhile.
    refused: Option<Refused>,
    /// What was said in the log since all was well, to say each thing once.
    said: BTreeSet<String>,
}

impl Work {
    fn run(mut self, demands: &Receiver<Demand>, every: Duration) {
        loop {
            let mut waiting = match demands.recv_timeout(every) {
                Ok(demand) => vec![demand],
                Err(RecvTimeoutError::Timeout) => Vec::new(),
                Err(RecvTimeoutError::Disconnected) => return,
            };
            waiting.extend(demands.try_iter());
            if let Some(published) = self.fresh_for(&waiting) {
                waiting.into_iter().for_each(|demand| drop(demand.answer.send(Ok(Arc::clone(&published)))));
                continue;
            }
            if let Some((when, _)) = &self.last {
                std::thread::sleep(LEAST_PAUSE.saturating_sub(when.elapsed()));
                waiting.extend(demands.try_iter());
            }
            let outcome = self.round().map_err(Arc::new);
            self.tell(&outcome);
            for demand in waiting {
                let answer = match &outcome {
                    Ok(published) if published.head.size < demand.at_least => {
                        Err(Arc::new(ProofError::Witnesses { missing: published.missing.join("; ") }))
                    }
                    outcome => outcome.clone(),
                };
                drop(demand.answer.send(answer));
            }
        }
    }

    /// What was given out less than a second ago, if that is enough for all who wait.
    fn fresh_for(&self, waiting: &[Demand]) -> Option<Arc<Published>> {
        let (when, _) = self.last.as_ref()?;
        let published = self.given_out.as_ref()?;
        let is_enough = waiting.iter().all(|demand| demand.at_least <= published.head.size);
        (when.elapsed() < LEAST_PAUSE && is_enough && self.refused.is_none()).then(|| Arc::clone(published))
    }

    /// Signs the present head and has it cosigned; returns what is given out.
    fn round(&mut self) -> Result<Arc<Published>, ProofError> {
        let head = self.leaves.tree_head();
        self.leaves.may_sign(head)?;
        if self.refused.is_some() {
            // Asked about what is signed already: whether the witness still says so.
            let (head, note) = self.signer.last();
            let note = note.clone();
            self.have_cosigned(head, note)?;
        }
        if let Some((_, last)) = &self.last
            && last.head == head
            && last.missing.is_empty()
        {
            return Ok(Arc::clone(last));
        }
        if self.tiles.root(head.size)? != head.root {
            return Err(ProofError::Records { size: head.size });
        }
        let tiles = Arc::clone(&self.tiles);
        let note = self.signer.sign(head, |size| tiles.root(size))?.clone();
        self.position.store(head.size, Ordering::Relaxed);
        let published = self.have_cosigned(head, note)?;
        self.given_out.clone().ok_or_else(|| ProofError::Witnesses { missing: published.missing.join("; ") })
    }

    /// Has a signed checkpoint cosigned, and gives it out unless a witness has shown another history or too few have cosigned it.
    fn have_cosigned(&mut self, head: TreeHead, note: Note) -> Result<Arc<Published>, Refused> {
        let (published, refused) = self.cosigned(head, note);
        let published = Arc::new(published);
        self.last = Some((Instant::now(), Arc::clone(&published)));
        self.refused.clone_from(&refused);
        if let Some(refused) = refused {
            return Err(refused);
        }
        if published.cosigned.is_quorum || !self.witness_required {
            self.given_out = Some(Arc::clone(&published));
        }
        Ok(published)
    }

    /// Asks all witnesses at once. Without some of them the ledger goes on, and says so; one that shows another history is returned.
    fn cosigned(&self, head: TreeHead, note: Note) -> (Published, Option<Refused>) {
        let Some(policy) = &self.policy else {
            let cosigned = Cosigned { by: Vec::new(), is_quorum: true };
            return (Published { head, note, cosigned, missing: Vec::new() }, None);
        };
        let (tiles, log) = (&self.tiles, &self.signer.verifier());
        let (prove, root_at) = (|old: u64| tiles.consistency(old, head.size), |size: u64| tiles.root(size));
        let asking = Asking { note: &note, head, log, prove: &prove, root_at: &root_at };
        let answers: Vec<Result<Signature, AskError>> = std::thread::scope(|scope| {
            let asked: Vec<_> = self.asked.iter().map(|asked| scope.spawn(|| asked.ask(&asking))).collect();
            let ended = asked.into_iter().map(std::thread::ScopedJoinHandle::join);
            ended.map(|ended| ended.unwrap_or_else(|_| Err(AskError::Away("asking it failed by a defect".to_owned())))).collect()
        });
        let (mut signatures, mut missing, mut refused) = (note.signatures.clone(), Vec::new(), None);
        for (asked, answer) in self.asked.iter().zip(answers) {
            match answer {
                Ok(signature) => signatures.push(signature),
                Err(AskError::Away(why)) => missing.push(format!("{}: {why}", asked.name())),
                Err(AskError::Unproved(error)) => missing.push(format!("{}: {error}", asked.name())),
                Err(AskError::Contradicts(what)) => {
                    missing.push(format!("{}: it has cosigned {what}", asked.name()));
                    refused.get_or_insert(Refused::Witnessed { witness: asked.name().to_owned(), what });
                }
            }
        }
        let without_url = policy.witnesses().iter().filter(|witness| witness.url.is_none());
        missing.extend(without_url.map(|witness| format!("{}: the policy does not say where it is", witness.name)));
        let note = Note { signatures, ..note };
        let cosigned = policy.cosigned(&note);
        (Published { head, note, cosigned, missing }, refused)
    }

    /// Says in the log what came of a round, each thing once until all is well again, and shows whether signing is refused.
    fn tell(&mut self, outcome: &Outcome) {
        let error = outcome.as_ref().err();
        // Where another process leads, that one signs.
        if error.is_some_and(|error| matches!(**error, ProofError::Ledger(Error::NotLeader { .. }))) {
            return;
        }
        let is_refused =
            error.is_some_and(|error| matches!(**error, ProofError::Refused(_) | ProofError::Records { .. } | ProofError::Range { .. }));
        self.is_refused.store(is_refused, Ordering::Relaxed);
        let missing = self.last.as_ref().map(|(_, last)| last.missing.clone()).unwrap_or_default();
        if error.is_none() && missing.is_empty() {
            if !self.said.is_empty() {
                self.said.clear();
                tracing::info!("checkpoints are signed, and cosigned by all witnesses");
            }
            return;
        }
        missing.iter().for_each(|what| self.say(format!("not cosigned by {what}")));
        // Which witnesses are missing was said of each.
        if let Some(error) = error.filter(|error| !matches!(***error, ProofError::Witnesses { .. })) {
            self.say(error.to_string());
        }
    }

    fn say(&mut self, what: String) {
        if self.said.len() >= MOST_SAID {
            self.said.clear();
        }
        if !self.said.contains(&what) {
            tracing::warn!("checkpoints: {what}");
            self.said.insert(what);
        }
    }
}
