//! The service as clients see it: against a naive model of the rules, the scenarios, and what holds of any story.

mod against_model;
mod amounts;
mod cases;
#[path = "../common/mod.rs"]
mod common;
mod lists;
mod malformed;
mod outside;
mod partner_view;
mod replay;
mod scenarios;
mod scopes;
mod simulation;
mod snapshots;
