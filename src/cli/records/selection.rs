//! Which records are wanted, as options of a command.

use partnership_ledger::proto::RecordFilter;

/// The options; without any, all records are.
#[derive(clap::Args, Clone)]
pub struct Selection {
    /// Only of this partner; may be repeated
    #[arg(long, value_name = "ID")]
    partner: Vec<String>,
    /// Only of this agreement; may be repeated
    #[arg(long, value_name = "ID")]
    agreement: Vec<String>,
    /// Only of this lead; may be repeated
    #[arg(long, value_name = "ID")]
    lead: Vec<String>,
    /// Only events of this type, such as sale_recorded; may be repeated
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
}

impl From<Selection> for RecordFilter {
    fn from(Selection { partner, agreement, lead, types }: Selection) -> Self {
        Self { partner_ids: partner, agreement_ids: agreement, lead_ids: lead, body_types: types, ..Self::default() }
    }
}
