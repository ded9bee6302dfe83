//! Which database keeps a ledger, as the command line says it.

use super::failure::Failure;
use partnership_ledger::server::{DatabaseConfig, PostgresAddress, Store};
use std::net::SocketAddr;

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

/// A database that several servers share.
#[derive(clap::Args)]
pub struct SharedArgs {
    /// Keep the records in this PostgreSQL database, which several servers share: one leads and records, the others follow and answer.
    /// postgres://USER@HOST:PORT,HOST:PORT/DATABASE?sslmode=require&sslrootcert=FILE. The data directory keeps what can be made again
    #[arg(long, value_name = "URL", env = "PARTNERSHIP_LEDGER_STORE", hide_env_values = true)]
    store: Option<String>,
    /// The ledger's name in the database
    #[arg(long, value_name = "NAME", env = "PARTNERSHIP_LEDGER_NAME", default_value = DEFAULT_LEDGER)]
    ledger: String,
    /// Only follow: never lead, whoever is away
    #[arg(long, requires = "store")]
    follow: bool,
    /// Where clients reach this server, as the others tell them [default: where it listens]
    #[arg(long, value_name = "URL", env = "PARTNERSHIP_LEDGER_ADVERTISE")]
    advertise: Option<String>,
    /// Lead although the database could lose what it has acknowledged: to try with, or where a standby is no question
    #[arg(long, requires = "store")]
    accept_unreplicated: bool,
    /// Go on from this position, the last one of the database, although this server has published more: those records are given up
    #[arg(long, value_name = "POSITION", requires = "store")]
    accept_shorter: Option<u64>,
}

impl SharedArgs {
    /// The database, if one is named, of a server that listens at an address.
    pub fn config(self, listen: SocketAddr) -> Result<Option<DatabaseConfig>, Failure> {
        let Self { store, ledger, follow, advertise: advertised, accept_unreplicated, accept_shorter } = self;
        let Some(url) = store else { return Ok(None) };
        if listen.ip().is_unspecified() && advertised.is_none() {
            return Err(Failure::usage("a server that listens on every address says by --advertise where clients reach it"));
        }
        Ok(Some(DatabaseConfig {
            address: address(&url, &ledger)?,
            only_follows: follow,
            advertised,
            accepts_unreplicated: accept_unreplicated,
            accepts_shorter: accept_shorter,
        }))
    }
}
