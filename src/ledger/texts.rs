//! Small texts that belong to a ledger which several processes share, and are no records: endpoints, their cursors, the origin.

use super::Ledger;
use crate::journal::{JournalError, SharedTexts};
use std::io;
use std::sync::Arc;

/// The texts of a ledger that several processes share. Clones are handles of the same ones.
#[derive(Clone)]
pub struct Texts(Arc<dyn SharedTexts>);

impl std::fmt::Debug for Texts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Texts")
    }
}

impl Texts {
    /// The names of all of them, in order.
    ///
    /// # Errors
    /// If they cannot be asked for.
    pub fn names(&self) -> io::Result<Vec<String>> {
        self.0.names().map_err(failed)
    }

    /// A text; `None` if there is none of this name.
    ///
    /// # Errors
    /// If it cannot be asked for.
    pub fn read(&self, name: &str) -> io::Result<Option<String>> {
        self.0.text(name).map_err(failed)
    }

    /// Keeps a text, durably, in place of one of the same name.
    ///
    /// # Errors
    /// If it cannot be kept, or this process does not lead.
    pub fn write(&self, name: &str, text: &str) -> io::Result<()> {
        self.0.set_text(name, text).map_err(failed)
    }

    /// Removes a text, if it is there.
    ///
    /// # Errors
    /// As for `write`.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove_text(name).map_err(failed)
    }
}

fn failed(error: JournalError) -> io::Error {
    io::Error::other(error)
}

impl Ledger {
    /// The texts of a ledger that several processes share; `None` if this one has it alone.
    pub fn texts(&self) -> Option<Texts> {
        self.core.texts.clone().map(Texts)
    }
}
