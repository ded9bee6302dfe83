//! What is copied: a running ledger over gRPC, or the journal of a directory. Both give a header and pages.

use crate::cli::client::{AuditClient, Session};
use crate::cli::failure::Failure;
use crate::cli::language::{Language, say};
use partnership_ledger::backup::{BackupError, FORMAT_VERSION, PageCursor, RecordPage, page_of};
use partnership_ledger::journal::{Hash, Journal, TreeHead, leaf_hash};
use partnership_ledger::proto::stream_backup_response::Part;
use partnership_ledger::proto::{BackupHeader, StreamBackupRequest, StreamBackupResponse};
use partnership_ledger::server::{OpenStore, Store, StoreOptions};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt as _;

/// How long a ledger may take to answer before it counts as away.
const SILENCE: Duration = Duration::from_mins(1);

/// What is copied.
pub enum Source {
    /// A running ledger.
    Served(Box<AuditClient>),
    /// The ledger of a directory that nobody serves.
    AtRest(Arc<dyn Journal>),
}

/// A copy under way.
pub struct Copying<'a> {
    /// Its last position, and the Merkle root there.
    pub head: TreeHead,
    /// The leaf hash of the record before its first, as the ledger has it; `None` if it begins at the first record.
    pub after_leaf: Option<Hash>,
    flow: Flow<'a>,
}

enum Flow<'a> {
    Served { parts: Box<Streaming<StreamBackupResponse>>, is_over: bool },
    AtRest { journal: &'a dyn Journal, pages: PageCursor },
}

impl Source {
    /// A running ledger.
    pub async fn served(session: &Session) -> Result<Self, Failure> {
        Ok(Self::Served(Box::new(session.audit().await?)))
    }

    /// The ledger of a directory.
    pub fn at_rest(dir: &Path, language: Language) -> Result<Self, Failure> {
        let store = Store::of(dir);
        if !store.has_ledger()? {
            return Err(Failure::usage(say!(language, "verify-no-ledger", directory = dir.display().to_string())));
        }
        Self::of_store(&store, language)
    }

    /// The ledger of a store; one in a database may be served meanwhile.
    pub fn of_store(store: &Store, language: Language) -> Result<Self, Failure> {
        let OpenStore { journal, notes, .. } = store.open(StoreOptions::default()).map_err(BackupError::from)?;
        for note in notes {
            eprintln!("{}", say!(language, "verify-note", note = note));
        }
        Ok(Self::AtRest(journal))
    }

    /// Begins to copy the records after a position.
    pub async fn begin(&mut self, after: u64, language: Language) -> Result<Copying<'_>, Failure> {
        match self {
            Self::Served(client) => begin_served(client, after, language).await,
            Self::AtRest(journal) => begin_at_rest(&**journal, after),
        }
    }

    /// Closes it.
    pub fn close(self) -> Result<(), Failure> {
        match self {
            Self::Served(_) => Ok(()),
            Self::AtRest(journal) => Ok(journal.close().map_err(BackupError::from)?),
        }
    }
}

async fn begin_served<'a>(client: &mut AuditClient, after: u64, language: Language) -> Result<Copying<'a>, Failure> {
    let call = client.stream_backup(StreamBackupRequest { after_position: after });
    let answer = in_time(call, language).await?.map_err(|status| refused(status, after, language))?;
    let mut parts = answer.into_inner();
    let header = match next_part(&mut parts, language).await? {
        Some(Part::Header(header)) if header.after_position == after => header,
        _ => return Err(broken(after, "its first part is no header of what was asked").into()),
    };
    let (head, after_leaf) = parse_header(&header)?;
    Ok(Copying { head, after_leaf, flow: Flow::Served { parts: Box::new(parts), is_over: false } })
}

fn parse_header(header: &BackupHeader) -> Result<(TreeHead, Option<Hash>), BackupError> {
    let version = header.format_version;
    if version != FORMAT_VERSION {
        return Err(BackupError::Later { file: "StreamBackup".to_owned(), version });
    }
    let hash = |bytes: &[u8]| Hash::try_from(bytes).map_err(|_| broken(header.position, "a hash does not have 32 bytes"));
    let after_leaf = if header.after_leaf_hash.is_empty() { None } else { Some(hash(&header.after_leaf_hash)?) };
    Ok((TreeHead { size: header.position, root: hash(&header.tree_root)? }, after_leaf))
}

fn begin_at_rest(journal: &dyn Journal, after: u64) -> Result<Copying<'_>, Failure> {
    let head = journal.tree_head();
    let before =
        if after == 0 || after > head.size { Vec::new() } else { journal.read(after, 1, usize::MAX).map_err(BackupError::from)? };
    let after_leaf = before.first().map(|record| leaf_hash(&record.bytes));
    Ok(Copying { head, after_leaf, flow: Flow::AtRest { journal, pages: PageCursor::new(after, head) } })
}

impl Copying<'_> {
    /// Returns the next page; `None` at the end.
    pub async fn next(&mut self, language: Language) -> Result<Option<RecordPage>, Failure> {
        match &mut self.flow {
            Flow::AtRest { journal, pages } => {
                let stored = pages.next_page(|from, records, bytes| journal.read(from, records, bytes)).map_err(BackupError::from)?;
                Ok(stored.and_then(|stored| RecordPage::of(&stored)))
            }
            Flow::Served { is_over: true, .. } => Ok(None),
            Flow::Served { parts, is_over } => match next_part(parts, language).await? {
                Some(Part::Page(page)) => Ok(Some(page_of(&page)?)),
                Some(Part::Trailer(trailer)) if trailer.position == self.head.size && trailer.tree_root == self.head.root => {
                    *is_over = true;
                    Ok(None)
                }
                _ => Err(broken(self.head.size, "it ended without its trailer").into()),
            },
        }
    }
}

async fn next_part(parts: &mut Streaming<StreamBackupResponse>, language: Language) -> Result<Option<Part>, Failure> {
    let answer = in_time(parts.message(), language).await?;
    Ok(answer.map_err(|status| lost(status, language))?.and_then(|answer| answer.part))
}

async fn in_time<T>(call: impl Future<Output = T>, language: Language) -> Result<T, Failure> {
    tokio::time::timeout(SILENCE, call).await.map_err(|_| Failure::unavailable(say!(language, "backup-silent")))
}

/// Returns the failure of a ledger that refuses to begin, such as one with fewer records than the copy.
fn refused(status: Status, after: u64, language: Language) -> Failure {
    let details = status.get_error_details();
    match details.error_info().filter(|info| info.reason == "POSITION_NOT_REACHED") {
        Some(info) => {
            let ledger = info.metadata.get("last").and_then(|last| last.parse().ok()).unwrap_or_default();
            BackupError::Shorter { copy: after, ledger }.into()
        }
        None => lost(status, language),
    }
}

/// Returns the failure for a status: one with error details is the ledger's own, any other is a broken connection.
fn lost(status: Status, language: Language) -> Failure {
    match status.get_error_details().error_info() {
        Some(_) => status.into(),
        // An older release, or another program: waiting does not help.
        None if status.code() == Code::Unimplemented => status.into(),
        None => Failure::unavailable(say!(language, "backup-lost", error = status.message())),
    }
}

fn broken(position: u64, what: &str) -> BackupError {
    BackupError::Broken { position, what: what.to_owned() }
}
