//! `backup --status`: how far a copy has come, and how far it is behind the ledger.

use super::follow::seconds_since;
use crate::cli::client::Session;
use crate::cli::failure::Failure;
use crate::cli::language::{Language, say};
use crate::cli::table::Table;
use crate::cli::text::line;
use partnership_ledger::backup::{Index, hex};
use partnership_ledger::proto::{GetRecordRequest, GetTreeHeadRequest, get_record_request::Key};
use std::path::Path;

/// How far a copy is behind the ledger.
struct Ahead {
    /// The ledger's last position.
    position: u64,
    /// The number of records that the copy does not have.
    records: u64,
    /// How long ago the oldest of them was recorded.
    seconds: f64,
}

pub async fn run(dir: &Path, session: &mut Session) -> Result<(), Failure> {
    let language = session.out.language;
    let index = Index::of(dir)?;
    let ahead = ahead_of(&index, session).await;
    let known = ahead.as_ref().ok();
    if session.out.json {
        let answer = serde_json::json!({
            "position": index.position.to_string(),
            "tree_root": hex(&index.head().root),
            "files": index.files.len(),
            "bytes": index.bytes().to_string(),
            "copied_at": index.copied_at,
            "ledger_position": known.map(|ahead| ahead.position.to_string()),
            "records_behind": known.map(|ahead| ahead.records.to_string()),
            "seconds_behind": known.map(|ahead| (ahead.seconds * 1_000.0).round() / 1_000.0),
        });
        session.out.line(&answer.to_string())?;
    } else {
        session.out.table(table(language, &index, known))?;
    }
    session.out.flush()?;
    ahead.map(drop)
}

fn table(language: Language, index: &Index, ahead: Option<&Ahead>) -> Table {
    let mut facts = Table::facts();
    facts.fact(&say!(language, "column-position"), index.position.to_string());
    facts.fact(&say!(language, "verify-root"), hex(&index.head().root));
    let files = say!(language, "backup-files-of", count = index.files.len(), bytes = index.bytes().to_string());
    facts.fact(&say!(language, "backup-files"), files);
    facts.fact(&say!(language, "backup-copied-at"), line(&index.copied_at));
    if let Some(ahead) = ahead {
        facts.fact(&say!(language, "backup-ledger-at"), ahead.position.to_string());
        let (records, seconds) = (ahead.records.to_string(), format!("{:.1}", ahead.seconds));
        let behind = match ahead.records {
            0 => say!(language, "backup-up-to-date"),
            count => say!(language, "backup-behind-by", count = count, records = records, seconds = seconds),
        };
        facts.fact(&say!(language, "backup-behind"), behind);
    }
    facts
}

/// Asks the ledger; fails if the copy has more records, as it is of another ledger then.
async fn ahead_of(index: &Index, session: &Session) -> Result<Ahead, Failure> {
    let mut ledger = session.audit().await?;
    let position = ledger.get_tree_head(GetTreeHeadRequest {}).await?.into_inner().position;
    if position < index.position {
        return Err(partnership_ledger::backup::BackupError::Shorter { copy: index.position, ledger: position }.into());
    }
    let records = position - index.position;
    let mut seconds = 0.0;
    if records > 0 {
        let request = GetRecordRequest { key: Some(Key::Position(index.position + 1)) };
        let first = ledger.get_record(request).await?.into_inner().record.and_then(|record| record.recorded_at);
        seconds = first.as_ref().and_then(seconds_since).unwrap_or_default();
    }
    Ok(Ahead { position, records, seconds })
}
