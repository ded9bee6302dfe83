//! What tests share.

pub mod ledger;
