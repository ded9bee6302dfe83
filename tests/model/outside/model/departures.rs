//! Where the ledger is known to do something else than the model reads in the rules. The model follows the ledger there,
//! so that everything else is still compared, unless `MODEL_STRICT` names the departure or says `all`. A departure that is
//! mended or agreed on leaves this list.

use std::sync::LazyLock;

/// What the ledger does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    /// A flat reward is paid for sales in any currency. Rules 6.2 lets only those match whose currency fits.
    FlatInAnyCurrency,
}

static STRICT: LazyLock<String> = LazyLock::new(|| std::env::var("MODEL_STRICT").unwrap_or_default());

/// Whether the model follows the ledger here.
pub fn follows(departure: Departure) -> bool {
    *STRICT != "all" && !STRICT.split(',').any(|name| name == format!("{departure:?}"))
}
