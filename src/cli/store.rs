//! Which database keeps a ledger, as the command line says it.

use super::failure::Failure;
use partnership_ledger::server::{PostgresAddress, Store};

/// A ledger in a database, for commands that need no running one.
#[derive(Clone, Debug, clap::Args)]
pub struct StoreArgs {
    /// The ledger in this PostgreSQL database: postgres://USER@HOST:PORT,HOST:PORT/DATABASE
    #[arg(long, value_name = "URL")]
    pub store: Option<String>,
    /// The ledger's name in the database
    #[arg(long, value_name = "NAME", requires = "store", default_value = DEFAULT_LEDGER)]
    pub ledger: String,
}

/// The ledger's name, unless another one is said.
pub const DEFAULT_LEDGER: &str = "main";

impl StoreArgs {
    /// The database, if one is named.
    pub fn address(&self) -> Result<Option<PostgresAddress>, Failure> {
        self.store.as_deref().map(|url| address(url, &self.ledger)).transpose()
    }

    /// The store of the database, to be looked at; `None` if none is named.
    pub fn to_read(&self) -> Result<Option<Store>, Failure> {
        Ok(self.address()?.map(|address| Store::of_database(address, false, true)))
    }
}

/// The ledger of a name in the database at an address.
pub fn address(url: &str, ledger: &str) -> Result<PostgresAddress, Failure> {
    PostgresAddress::parse(url, ledger).map_err(|error| Failure::usage(format!("--store: {error}")))
}
