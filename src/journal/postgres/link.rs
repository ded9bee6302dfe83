//! One connection to the database, which remembers what it was warned of.

use super::address::{PostgresAddress, explain};
use crate::journal::error::JournalError;
use parking_lot::Mutex;
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::error::{DbError, Severity};
use tokio_postgres::{AsyncMessage, Client};

/// What every session is set to. No statement is cancelled by a timeout: a commit that is cancelled while it waits for the standby
/// *succeeds* with a warning, and is not replicated.
const SESSION: &str = "set statement_timeout = 0; set lock_timeout = 0; set idle_in_transaction_session_timeout = 0; \
                       set client_min_messages = warning; set default_transaction_isolation = 'read committed'; \
                       select set_config(name, '0', false) from pg_settings where name = 'idle_session_timeout'";
/// The class of SQLSTATE that warnings have.
const WARNINGS: &str = "01";
/// The SQLSTATEs of a database that starts, ends or has lost a connection.
const PASSING: [&str; 2] = ["57P", "08"];
/// How long a question that waits for nobody may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// A connection.
pub(super) struct Link {
    pub client: Client,
    warned: Arc<Mutex<Option<String>>>,
}

impl Link {
    /// Connects, and sets the session up.
    pub async fn open(address: &PostgresAddress) -> Result<Self, JournalError> {
        // All of it: a host that takes connections and says nothing is none.
        let (client, mut connection) = in_time(address, address.config.connect(address.tls.clone())).await?;
        let warned = Arc::<Mutex<Option<String>>>::default();
        let heard = Arc::clone(&warned);
        tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
                if let AsyncMessage::Notice(notice) = message
                    && is_warning(&notice)
                {
                    heard.lock().get_or_insert_with(|| format!("{} ({})", notice.message(), notice.code().code()));
                }
            }
        });
        let link = Self { client, warned };
        in_time(address, link.client.batch_execute(SESSION)).await?;
        // Of the session's own beginning, such as a collation that has another version: no commit is meant.
        if let Some(warning) = link.warned.lock().take() {
            tracing::warn!(warning, "the database warned when it was connected to");
        }
        Ok(link)
    }

    /// What the database has warned of on this connection, if it has. A warning comes before the statement's end.
    pub fn warning(&self) -> Option<String> {
        self.warned.lock().clone()
    }

    /// `Stopped` if the database has warned of anything on this connection: what it acknowledged may not be replicated.
    pub fn check(&self) -> Result<(), JournalError> {
        match self.warning() {
            None => Ok(()),
            Some(warning) => Err(JournalError::stopped(format!("the database warned that a commit may not be replicated: {warning}"))),
        }
    }
}

fn is_warning(notice: &DbError) -> bool {
    notice.code().code().starts_with(WARNINGS) || notice.parsed_severity() == Some(Severity::Warning)
}

/// `Unreachable`, with what went wrong.
pub(super) fn unreachable(address: &PostgresAddress, why: &str) -> JournalError {
    JournalError::Unreachable { place: address.to_string(), why: why.to_owned(), may_pass: true }
}

/// `Unreachable`, with what the client library says.
pub(super) fn unreachable_by(address: &PostgresAddress, error: &tokio_postgres::Error) -> JournalError {
    let may_pass = error.code().is_none_or(|code| PASSING.iter().any(|class| code.code().starts_with(class)));
    JournalError::Unreachable { place: address.to_string(), why: explain(error), may_pass }
}

/// Waits for an answer, no longer than a question may take that waits for nobody.
pub(super) async fn in_time<T>(
    address: &PostgresAddress,
    question: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, JournalError> {
    match tokio::time::timeout(PATIENCE, question).await {
        Ok(answer) => answer.map_err(|error| unreachable_by(address, &error)),
        Err(_) => Err(unreachable(address, &format!("no answer within {PATIENCE:?}"))),
    }
}
