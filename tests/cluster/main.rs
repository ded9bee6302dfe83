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
mod schedules;
