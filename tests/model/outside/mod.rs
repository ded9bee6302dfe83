//! What the tests from outside share: a ledger as clients see it, a model of it, scenarios, workloads.

#![allow(
    clippy::cast_possible_truncation,
    clippy::format_push_string,
    clippy::needless_pass_by_value,
    clippy::unnecessary_debug_formatting,
    clippy::unused_self,
    reason = "a model is to be read beside the rules, not to be fast"
)]
#![allow(dead_code, reason = "each test uses its own part")]

pub mod compare;
pub mod contest;
pub mod json;
pub mod ledger;
pub mod model;
pub mod questions;
pub mod scenario;
pub mod served;
pub mod shrink;
pub mod typed;
pub mod workload;
