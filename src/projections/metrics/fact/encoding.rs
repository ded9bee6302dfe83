//! Facts and their values in a snapshot.

use super::{Change, Fact, Value};
use crate::encoding::{codec, codec_enum};
use crate::projections::metrics::update::Repeat;

codec_enum!(Fact {
    0 => Introduced(row),
    1 => Qualified(row),
    2 => Sold(row),
    3 => FirstSold(row),
    4 => Refunded(row),
    5 => Reinstated(row),
    6 => Kept(place),
});
codec_enum!(Change {
    0 => Lead,
    1 => Qualified,
    2 => Deals(currency, deals),
    3 => Revenue(currency, minor_units),
    4 => Credited(currency, minor_units),
    5 => Commission(currency, minor_units),
    6 => Cost(currency, minor_units),
});
codec!(Value { stamp, effective_at, changes });
codec!(Repeat { what, lead, stamp, first_at });
