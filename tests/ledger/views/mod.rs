//! The views: what they say in the domain's language, and that an answer as known at a position is what a ledger that
//! ends there would say.

mod agreements;
mod alert_runs;
mod alerts;
mod answers;
mod as_known_at;
mod campaigns;
mod families;
mod kept_sums;
mod leads;
mod metrics;
mod money;
mod pages;
mod relationship;
