//! Errors of the store.

use std::io::{self, ErrorKind};

use crate::journal::error::JournalError;

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// It is damaged: sled returned an error, panicked, or returned what is no frame.
    #[error("{0}")]
    Unusable(String),
    /// The operating system refused something, which is no sign of damage.
    #[error("{what}: {source}")]
    System { what: String, source: io::Error },
}

impl StoreError {
    pub fn system(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::System { what, source }
    }
}

impl From<::sled::Error> for StoreError {
    fn from(error: ::sled::Error) -> Self {
        match error {
            ::sled::Error::Io(source)
                if matches!(
                    source.kind(),
                    ErrorKind::PermissionDenied
                        | ErrorKind::ReadOnlyFilesystem
                        | ErrorKind::StorageFull
                        | ErrorKind::QuotaExceeded
                        | ErrorKind::OutOfMemory
                ) || is_lock_error(&source) =>
            {
                Self::System { what: "the store".into(), source }
            }
            other => Self::Unusable(other.to_string()),
        }
    }
}

/// Whether sled's data file is locked by another handle.
pub(crate) fn is_lock_error(error: &io::Error) -> bool {
    error.to_string().contains("could not acquire lock")
}

impl From<StoreError> for JournalError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::System { what, source } => Self::Storage { what, source },
            StoreError::Unusable(why) => Self::Stopped { why: format!("the store failed: {why}") },
        }
    }
}

/// What is wrong with a frame.
impl From<String> for StoreError {
    fn from(why: String) -> Self {
        Self::Unusable(format!("a frame of it: {why}"))
    }
}
