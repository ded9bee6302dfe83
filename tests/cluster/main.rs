//! A ledger that several servers share, on real databases: whatever happens to a server, the network or a database, nothing that was
//! acknowledged is lost, and no position has two records. Left out where PostgreSQL is not installed, unless
//! `PARTNERSHIP_LEDGER_POSTGRES=required`.

#[path = "../common/mod.rs"]
mod common;
mod failover;
mod fencing;
mod following;
mod moving;
mod nodes;
mod proxy;
#[path = "../feed/receiver.rs"]
#[allow(dead_code, reason = "the program of webhooks uses all of it")]
mod receiver;
mod schedules;
mod webhooks;

/// How long something is waited for.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);
