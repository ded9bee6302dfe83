//! The proofs of a ledger that runs: its tiles, which follow it on a thread of their own, and its signed checkpoints.

use super::checkpoints::{CheckpointSettings, Checkpoints, Published};
use super::error::ProofError;
use super::files::read_text;
use super::key::{KeyKind, VerifierKey};
use super::origin::{Origin, OriginError};
use super::policy::{BadPolicy, Policy};
use super::proof_file::ProofFile;
use super::signer::{KeyError, Signer, read_key};
use super::tiles::{Directory, InMemory, Tiles};
use crate::journal::{Hash, TreeHead};
use crate::ledger::{Error, Ledger, Texts};
use crate::priority::{Niceness, lower_priority};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Builder;

/// How long new records are gathered before they are taken into the tiles.
const GATHERED: Duration = Duration::from_millis(100);
/// How long the tiles' thread waits after an error.
const AFTER_ERROR: Duration = Duration::from_secs(10);
/// How urgent it is: a third of the usual share while the processor is busy.
const NICENESS: Niceness = Niceness(5);
/// The folder of the tiles in the data directory.
const TILES_DIR: &str = "tiles";

/// How a ledger proves what it has.
#[derive(Clone, Debug)]
pub struct ProofSettings {
    /// The origin of a ledger that has none yet; that of the key, or a random one, without.
    pub origin: Option<String>,
    /// The file of the key that checkpoints are signed with; without one none are.
    pub key: Option<PathBuf>,
    /// The policy whose witnesses are asked for cosignatures.
    pub witnesses: Option<PathBuf>,
    /// Whether only checkpoints that a quorum of the policy has cosigned are given out.
    pub witness_required: bool,
    /// How often a checkpoint is signed though nobody asks for one.
    pub every: Duration,
}

impl Default for ProofSettings {
    fn default() -> Self {
        Self { origin: None, key: None, witnesses: None, witness_required: false, every: Duration::from_secs(10) }
    }
}

/// Why proofs cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The origin is not known.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The policy of witnesses is not good.
    #[error("the policy {} is not good: {what}", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// What is set up before the ledger is opened: files that are wrong are found at once.
pub struct OpenProofs {
    data_dir: PathBuf,
    origin: Origin,
    signer: Option<Signer>,
    policy: Option<Policy>,
    settings: ProofSettings,
}

impl OpenProofs {
    /// Reads the files of the settings, and writes none.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn open(data_dir: PathBuf, settings: ProofSettings) -> Result<Self, OpenError> {
        let policy = settings.witnesses.as_deref().map(|path| Ok::<_, OpenError>((path, read_policy(path)?))).transpose()?;
        if let Some((path, policy)) = policy.as_ref().filter(|_| settings.witness_required) {
            let bad = |error: BadPolicy| OpenError::Policy { path: path.to_path_buf(), what: error.to_string() };
            policy.can_be_required().map_err(bad)?;
        }
        let key = settings.key.as_ref().map(|path| read_key(path, KeyKind::Log)).transpose()?;
        let is_new = !data_dir.join(super::ORIGIN_FILE).exists();
        // A ledger that was restored, or is new, is the one that its key is of.
        let of_key = key.map(|key| key.verifier().name).filter(|_| is_new);
        let origin = Origin::look(&data_dir, settings.origin.as_deref().or(of_key.as_deref()))?;
        let signer = settings.key.as_ref().zip(origin.name()).map(|(path, origin)| Signer::open(path, origin)).transpose()?;
        if let Some(((path, policy), signer)) = policy.as_ref().zip(signer.as_ref())
            && !policy.logs().iter().any(|log| log.key == signer.verifier())
        {
            tracing::warn!(
                "the policy {} has no line `log {}`, of this ledger's own key: who goes by it does not believe this ledger",
                path.display(),
                signer.verifier()
            );
        }
        let policy = policy.map(|(_, policy)| policy);
        Ok(Self { data_dir, origin, signer, policy, settings })
    }

    /// Writes down the origin of a ledger that had none, once nothing else can refuse its start.
    ///
    /// # Errors
    /// `Origin` if it cannot be kept.
    pub fn with_origin(mut self, ledger: &Ledger) -> Result<Self, OpenError> {
        if let Some(texts) = ledger.texts() {
            return self.with_shared_origin(&texts, ledger.leads());
        }
        let failed = |error: Error| OriginError::Io { path: self.data_dir.clone(), source: io::Error::other(error.to_string()) };
        let first = if ledger.tree_head().size == 0 { None } else { ledger.leaf_hashes(1, 1).map_err(failed)?.first().copied() };
        self.origin = Origin::Fixed(self.origin.fix(&self.data_dir, first)?);
        Ok(self)
    }

    /// The origin of a ledger that several processes share: it is kept beside its records, by the first of them that leads.
    fn with_shared_origin(mut self, texts: &Texts, leads: bool) -> Result<Self, OpenError> {
        let failed = |source| OriginError::Io { path: self.data_dir.clone(), source };
        let known = texts.read(super::ORIGIN_FILE).map_err(failed)?.map(|text| text.trim_end().to_owned());
        let origin = match (known, self.origin.name().map(str::to_owned)) {
            (Some(has), Some(asked)) if has != asked => return Err(OriginError::Another { has, asked }.into()),
            (Some(has), _) => has,
            (None, asked) => {
                let origin = asked.map_or_else(super::origin::random, Ok).map_err(failed)?;
                if leads {
                    texts.write(super::ORIGIN_FILE, &format!("{origin}\n")).map_err(failed)?;
                }
                origin
            }
        };
        self.origin = Origin::Fixed(origin);
        Ok(self)
    }

    /// Starts the threads.
    ///
    /// # Errors
    /// If the system refuses them.
    pub fn start(self, ledger: &Ledger) -> io::Result<Proofs> {
        let files = Directory::of(self.data_dir.join(TILES_DIR));
        let tiles = Arc::new(Tiles::new(Box::new(ledger.clone()), Box::new(files)));
        let checkpoints = self.signer.map(|signer| {
            let ProofSettings { witness_required, every, .. } = self.settings;
            let settings = CheckpointSettings { signer, policy: self.policy, witness_required, every };
            Checkpoints::start(settings, Arc::clone(&tiles), Box::new(ledger.clone()))
        });
        follow(Arc::clone(&tiles), ledger.clone())?;
        Ok(Proofs { ledger: ledger.clone(), tiles, checkpoints: checkpoints.transpose()?, origin: self.origin.name().map(str::to_owned) })
    }
}

fn read_policy(path: &Path) -> Result<Policy, OpenError> {
    let bad = |what: String| OpenError::Policy { path: path.to_owned(), what };
    let text = read_text(path).map_err(|error| bad(error.to_string()))?.ok_or_else(|| bad("there is no such file".to_owned()))?;
    Policy::parse(&text).map_err(|error| bad(error.to_string()))
}

/// Takes records into the tiles, behind their commits, until the ledger closes.
fn follow(tiles: Arc<Tiles>, ledger: Ledger) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_time().build()?;
    let run = move || {
        lower_priority(NICENESS);
        let (mut positions, mut closing) = (ledger.positions(), ledger.closing());
        runtime.block_on(async {
            loop {
                positions.borrow_and_update();
                let pause = match tiles.catch_up_until(|| *ledger.closing().borrow()) {
                    Ok(()) => GATHERED,
                    // The journal may have been closed meanwhile.
                    Err(_) if *closing.borrow() => return,
                    Err(error) => {
                        tracing::error!(%error, "the tiles of the tree do not follow the records");
                        AFTER_ERROR
                    }
                };
                let next = async {
                    tokio::time::sleep(pause).await;
                    positions.changed().await
                };
                tokio::select! {
                    changed = next => if changed.is_err() { return },
                    _ = closing.wait_for(|is_closing| *is_closing) => return,
                }
            }
        });
    };
    std::thread::Builder::new().name("tiles".to_owned()).spawn(run).map(drop)
}

/// That a record is in the tree of a size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Included {
    /// The tree's size and root.
    pub head: TreeHead,
    /// The hash of the record's leaf.
    pub leaf_hash: Hash,
    /// The inclusion proof, the leaf's sibling first.
    pub hashes: Vec<Hash>,
}

/// The proofs of a ledger that runs.
pub struct Proofs {
    ledger: Ledger,
    tiles: Arc<Tiles>,
    checkpoints: Option<Checkpoints>,
    origin: Option<String>,
}

impl Proofs {
    /// The proofs of a ledger, from tiles in memory, and without signed checkpoints.
    #[must_use]
    pub fn in_memory(ledger: &Ledger) -> Self {
        let tiles = Arc::new(Tiles::new(Box::new(ledger.clone()), Box::new(InMemory::default())));
        Self { ledger: ledger.clone(), tiles, checkpoints: None, origin: None }
    }

    /// The ledger's origin; `None` if it has no directory.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// What checkpoints are checked by; `None` if none are signed.
    #[must_use]
    pub fn verifier(&self) -> Option<&VerifierKey> {
        self.checkpoints.as_ref().map(Checkpoints::verifier)
    }

    /// How many records the last signed checkpoint is about; `None` if none are signed.
    #[must_use]
    pub fn signed_position(&self) -> Option<u64> {
        self.checkpoints.as_ref().map(Checkpoints::position)
    }

    /// Whether nothing is signed, because it would contradict what was signed before, or cannot be kept; `None` without a key.
    #[must_use]
    pub fn is_signing_refused(&self) -> Option<bool> {
        self.checkpoints.as_ref().map(Checkpoints::is_refused)
    }

    /// The tiles of the tree.
    #[must_use]
    pub fn tiles(&self) -> &Arc<Tiles> {
        &self.tiles
    }

    /// A signed checkpoint of at least so many records; of all that there are, or were less than a second ago.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn checkpoint(&self, at_least: u64) -> Result<Arc<Published>, Arc<ProofError>> {
        let checkpoints = self.checkpoints.as_ref().ok_or_else(|| Arc::new(ProofError::NoKey))?;
        checkpoints.latest(at_least).await
    }

    /// The size that a request names, or the present one.
    fn size(&self, field: &'static str, asked: Option<u64>) -> Result<u64, ProofError> {
        let last = self.ledger.tree_head().size;
        match asked {
            None => Ok(last),
            Some(asked) if asked <= last => Ok(asked),
            Some(asked) => Err(ProofError::Beyond { field, asked, last }),
        }
    }

    /// That the record at a position is in the tree of a size, or of the present one.
    ///
    /// # Errors
    /// `Malformed` if the position is 0 or not within the tree; `Beyond`; if the proof cannot be made.
    pub fn inclusion(&self, position: u64, tree_size: Option<u64>) -> Result<Included, ProofError> {
        let size = self.size("tree_size", tree_size)?;
        if position == 0 || position > size {
            let what = format!("must be 1 or more and within the tree, which has {size} records");
            return Err(ProofError::Malformed { field: "position", what });
        }
        let (leaf_hash, hashes, root) = self.tiles.inclusion(position, size)?;
        Ok(Included { head: TreeHead { size, root }, leaf_hash, hashes })
    }

    /// The consistency proof between the trees of two sizes, with both heads; the second one is the present one if it is not said.
    ///
    /// # Errors
    /// `Malformed` if the first is larger; `Beyond`; if the proof cannot be made.
    pub fn consistency(&self, first: u64, second: Option<u64>) -> Result<(TreeHead, TreeHead, Vec<Hash>), ProofError> {
        let second = self.size("second", second)?;
        if first > second {
            return Err(match self.size("first", Some(first)) {
                Err(error) => error,
                Ok(_) => ProofError::Malformed { field: "first", what: format!("must not be more than second, which is {second}") },
            });
        }
        let head = |size: u64| Ok::<_, ProofError>(TreeHead { size, root: self.tiles.root(size)? });
        Ok((head(first)?, head(second)?, self.tiles.consistency(first, second)?))
    }

    /// The proof that the record at a position is in a signed checkpoint, as a file that stands for itself.
    ///
    /// # Errors
    /// Why there is none.
    ///
    /// # Panics
    /// If the position is not within the checkpoint.
    pub fn proof_file(&self, position: u64, published: &Published) -> Result<ProofFile, ProofError> {
        let (_, hashes, _) = self.tiles.inclusion(position, published.head.size)?;
        Ok(ProofFile { index: position - 1, hashes, checkpoint: published.note.clone() })
    }

    /// Lets the threads end.
    pub fn close(&self) {
        self.checkpoints.iter().for_each(Checkpoints::close);
    }
}
