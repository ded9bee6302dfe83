//! Accounts in a snapshot.

use super::{About, Account, AccountName, Entry, Sums};
use crate::encoding::{codec, codec_enum};

codec_enum!(AccountName {
    0 => Partner(id),
    1 => HouseCommission,
    2 => HouseAdjustments,
    3 => HouseSalesClearing,
    4 => HouseCash,
    5 => HouseTaxWithheld,
    6 => HouseCampaigns,
    7 => CapitalHouse(id),
    8 => CapitalPartner(id),
    9 => Venture(id),
    10 => HousePayoutsInTransit,
    11 => HouseInputTax,
    12 => HouseExchange,
});
codec_enum!(About { 0 => Sale(row), 1 => Lead(row), 2 => Nothing, 3 => Part(row) });
codec!(Entry { position, effect, kind, amount, effective_at, available_at, about, awaits });
codec!(Sums { by_kind, transferred_in, pending, awaiting });
codec!(Account { blocks, open, totals, disputed, partner });
