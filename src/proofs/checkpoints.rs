//! Signed checkpoints, by a thread of their own: on demand and every so often, at most one a second, with the cosignatures of witnesses.

use super::error::{ProofError, Refused};
use super::key::VerifierKey;
use super::note::{Note, Signature};
use super::policy::{Cosigned, Policy};
use super::signer::Signer;
use super::tiles::{Leaves, Tiles};
use super::witness::{AskError, Asked};
use crate::journal::TreeHead;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// The least time from one signature to the next.
pub const LEAST_PAUSE: Duration = Duration::from_secs(1);

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
        let verifier = signer.verifier();
        let asked = policy.iter().flat_map(Policy::witnesses).filter_map(Asked::of).collect();
        let work = Work {
            signer,
            policy,
            asked,
            witness_required,
            tiles,
            leaves,
            position: Arc::clone(&position),
            last: None,
            given_out: None,
            refused: None,
            said: String::new(),
        };
        let (sender, demands) = channel();
        std::thread::Builder::new().name("checkpoints".to_owned()).spawn(move || work.run(&demands, every))?;
        Ok(Self { demands: Mutex::new(Some(sender)), position, verifier })
    }

    /// What the signatures are checked by.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// How many records the last signed checkpoint is about.
    pub fn position(&self) -> u64 {
        self.position.load(Ordering::Relaxed)
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
    /// What was signed last by this process, and when.
    last: Option<(Instant, Arc<Published>)>,
    /// What was given out last.
    given_out: Option<Arc<Published>>,
    /// Why nothing more is signed.
    refused: Option<Refused>,
    /// What was said last of witnesses, to say it once.
    said: String,
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
            if let Err(error) = &outcome {
                self.say(error.to_string());
            }
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
        if let Some(refused) = &self.refused {
            return Err(refused.clone().into());
        }
        let head = self.leaves.tree_head();
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
        let published = Arc::new(self.cosigned(head, note));
        self.last = Some((Instant::now(), Arc::clone(&published)));
        if let Some(refused) = &self.refused {
            return Err(refused.clone().into());
        }
        if published.cosigned.is_quorum || !self.witness_required {
            self.given_out = Some(Arc::clone(&published));
        }
        self.given_out.clone().ok_or_else(|| ProofError::Witnesses { missing: published.missing.join("; ") })
    }

    /// Asks all witnesses at once. Without some of them the ledger goes on, and says so.
    fn cosigned(&mut self, head: TreeHead, note: Note) -> Published {
        let Some(policy) = &self.policy else {
            return Published { head, note, cosigned: Cosigned { by: Vec::new(), is_quorum: true }, missing: Vec::new() };
        };
        let tiles = &self.tiles;
        let prove = |old: u64| tiles.consistency(old, head.size);
        let answers: Vec<Result<Signature, AskError>> = std::thread::scope(|scope| {
            let asking: Vec<_> = self.asked.iter().map(|asked| scope.spawn(|| asked.ask(&note, head, &prove))).collect();
            let ended = asking.into_iter().map(std::thread::ScopedJoinHandle::join);
            ended.map(|ended| ended.unwrap_or_else(|_| Err(AskError::Away("asking it failed by a defect".to_owned())))).collect()
        });
        let (mut signatures, mut missing) = (note.signatures.clone(), Vec::new());
        for (asked, answer) in self.asked.iter().zip(answers) {
            match answer {
                Ok(signature) => signatures.push(signature),
                Err(AskError::Away(why)) => missing.push(format!("{}: {why}", asked.name())),
                Err(AskError::Unproved(error)) => missing.push(format!("{}: {error}", asked.name())),
                Err(AskError::Contradicts(what)) => {
                    self.refused.get_or_insert(Refused::Witnessed { witness: asked.name().to_owned(), what });
                }
            }
        }
        let without_url = policy.witnesses().iter().filter(|witness| witness.url.is_none());
        missing.extend(without_url.map(|witness| format!("{}: the policy does not say where it is", witness.name)));
        let note = Note { signatures, ..note };
        let cosigned = policy.cosigned(&note);
        let said = missing.join("; ");
        self.say(said);
        Published { head, note, cosigned, missing }
    }

    /// Says in the log what is wrong with checkpoints, each thing once.
    fn say(&mut self, what: String) {
        if what == self.said {
            return;
        }
        match what.as_str() {
            "" => tracing::info!("checkpoints are signed, and cosigned by all witnesses"),
            what => tracing::warn!("checkpoints: {what}"),
        }
        self.said = what;
    }
}
