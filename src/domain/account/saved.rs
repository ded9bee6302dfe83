//! Accounts in a snapshot.

use super::{About, Account, AccountName, Entry, Sums};
use crate::snapshot::{saved, saved_enum};

saved_enum!(AccountName {
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
});
saved_enum!(About { 0 => Sale(row), 1 => Lead(row), 2 => Nothing });
saved!(Entry { position, effect, kind, amount, effective_at, available_at, about });
saved!(Sums { by_kind, transferred_in, pending });
saved!(Account { runs, open, totals, disputes });
