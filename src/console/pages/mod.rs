//! The pages, a file for each: it asks the questions of the contract and says what stands where. No figure is worked out here.

pub mod agreement;
pub mod agreements;
pub mod alerts;
pub mod campaign;
pub mod campaigns;
pub mod disputes;
pub mod lead;
pub mod leads;
pub mod metrics;
pub mod overview;
pub mod partner;
pub mod partners;
pub mod payables;
pub mod payouts;
pub mod record;
pub mod records;
pub mod sale;
pub mod sales;
pub mod search;
pub mod statement;
pub mod tones;
