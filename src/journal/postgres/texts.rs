//! What is noted beside the records, where all processes see it: small texts, and what was signed.

use super::frames::as_sql;
use super::journal::PostgresJournal;
use super::link::{Link, in_time};
use super::shared::Shared;
use super::tables::{NOTE_SIGNED, REMOVE_TEXT, SET_TEXT, TEXT, TEXT_NAMES};
use crate::journal::error::JournalError;
use crate::journal::merkle::TreeHead;
use crate::journal::port::SharedTexts;
use std::sync::Arc;

impl Shared {
    /// The epoch of this process, if it leads.
    fn epoch(&self) -> Result<i64, JournalError> {
        let epoch = self.leading.lock().as_ref().map(|leading| leading.epoch);
        epoch.ok_or_else(|| JournalError::stopped("this process does not lead"))
    }

    /// Writes by a statement on the connection for questions; what the database warns of is not taken for done.
    async fn noted(&self, write: impl AsyncFnOnce(&Link) -> Result<u64, tokio_postgres::Error>) -> Result<u64, JournalError> {
        let link = self.reader().await?;
        let noted = in_time(&self.address, write(&link)).await;
        let checked = link.check();
        if checked.is_err() || noted.is_err() {
            self.forget_reader().await;
        }
        checked.and(noted)
    }

    /// Implements `Journal::note_signed`.
    pub fn note_signed(self: &Arc<Self>, head: TreeHead) -> Result<(), JournalError> {
        let (shared, epoch) = (Arc::clone(self), self.epoch()?);
        let noted = self.driver.wait(async move {
            let (ledger, size) = (&shared.address.ledger, as_sql(head.size));
            shared.noted(async |link| link.client.execute(NOTE_SIGNED, &[ledger, &size, &&head.root[..], &epoch]).await).await
        })?;
        let refused = || JournalError::stopped(format!("more than {} records were signed before, or others, or another leads", head.size));
        if noted == 1 { Ok(()) } else { Err(refused()) }
    }

    /// Writes or removes a text.
    fn write_text(self: &Arc<Self>, name: &str, text: Option<&str>) -> Result<(), JournalError> {
        let (shared, epoch) = (Arc::clone(self), self.epoch()?);
        let (name, text) = (name.to_owned(), text.map(str::to_owned));
        let written = self.driver.wait(async move {
            let ledger = &shared.address.ledger;
            let write = async |link: &Link| match &text {
                Some(text) => link.client.execute(SET_TEXT, &[ledger, &name, &epoch, text]).await,
                None => link.client.execute(REMOVE_TEXT, &[ledger, &name, &epoch]).await,
            };
            shared.noted(write).await
        })?;
        if written == 1 { Ok(()) } else { Err(JournalError::stopped("another process leads now")) }
    }
}

impl SharedTexts for PostgresJournal {
    fn names(&self) -> Result<Vec<String>, JournalError> {
        let shared = Arc::clone(&self.shared);
        self.shared.driver.wait(async move {
            let link = shared.reader().await?;
            let rows = in_time(&shared.address, link.client.query(TEXT_NAMES, &[&shared.address.ledger])).await?;
            Ok(rows.iter().map(|row| row.get(0)).collect())
        })
    }

    fn text(&self, name: &str) -> Result<Option<String>, JournalError> {
        let (shared, name) = (Arc::clone(&self.shared), name.to_owned());
        self.shared.driver.wait(async move {
            let link = shared.reader().await?;
            let row = in_time(&shared.address, link.client.query_opt(TEXT, &[&shared.address.ledger, &name])).await?;
            Ok(row.map(|row| row.get(0)))
        })
    }

    fn set_text(&self, name: &str, text: &str) -> Result<(), JournalError> {
        self.shared.write_text(name, Some(text))
    }

    fn remove_text(&self, name: &str) -> Result<(), JournalError> {
        self.shared.write_text(name, None)
    }
}
