//! A sale in a snapshot.

use super::{Rare, Rest, Sale};
use crate::snapshot::saved;

saved!(Sale {
    stamp,
    minor_units,
    lead,
    credit,
    next_of_lead,
    terms_position,
    earned_minor_units,
    rate_bps,
    rule,
    currency,
    earned_currency,
    outcome,
    flags,
    holder,
    wait,
    entry,
    rest,
});
saved!(Rest { refunded, exempt, taken, refunds, entries, rare });
saved!(Rare { disputes, holdings });
