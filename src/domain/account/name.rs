//! Which accounts there are.

use crate::domain::ids::Id;
use crate::domain::money::Currency;
use std::fmt;

/// The name of an account (rules 12, 21).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountName {
    /// What the house owes a partner.
    Partner(Id),
    /// The house's expense for commission.
    HouseCommission,
    /// The house's expense for adjustments.
    HouseAdjustments,
    /// Sales that partners collected.
    HouseSalesClearing,
    /// The house's cash.
    HouseCash,
    /// Tax withheld from payments.
    HouseTaxWithheld,
    /// Payouts that were sent and have neither settled nor failed.
    HousePayoutsInTransit,
    /// Tax that went out with payouts on top of commission.
    HouseInputTax,
    /// What went from a payout's currency into another, in both.
    HouseExchange,
    /// The house's share of campaign costs.
    HouseCampaigns,
    /// The house's capital in a joint venture, by agreement.
    CapitalHouse(Id),
    /// The partner's capital in a joint venture, by agreement.
    CapitalPartner(Id),
    /// What a joint venture has distributed as profit, by agreement.
    Venture(Id),
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Partner(id) => write!(f, "partner:{id}"),
            Self::HouseCommission => f.write_str("house:commission"),
            Self::HouseAdjustments => f.write_str("house:adjustments"),
            Self::HouseSalesClearing => f.write_str("house:sales-clearing"),
            Self::HouseCash => f.write_str("house:cash"),
            Self::HouseTaxWithheld => f.write_str("house:tax-withheld"),
            Self::HousePayoutsInTransit => f.write_str("house:payouts-in-transit"),
            Self::HouseInputTax => f.write_str("house:input-tax"),
            Self::HouseExchange => f.write_str("house:exchange"),
            Self::HouseCampaigns => f.write_str("house:campaigns"),
            Self::CapitalHouse(agreement) => write!(f, "capital:house:{agreement}"),
            Self::CapitalPartner(agreement) => write!(f, "capital:partner:{agreement}"),
            Self::Venture(agreement) => write!(f, "venture:{agreement}"),
        }
    }
}

impl AccountName {
    /// Whether it is what the house owes a partner.
    pub fn is_partner(&self) -> bool {
        matches!(self, Self::Partner(_))
    }

    /// The account of a name as it is stored.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "house:commission" => Self::HouseCommission,
            "house:adjustments" => Self::HouseAdjustments,
            "house:sales-clearing" => Self::HouseSalesClearing,
            "house:cash" => Self::HouseCash,
            "house:tax-withheld" => Self::HouseTaxWithheld,
            "house:payouts-in-transit" => Self::HousePayoutsInTransit,
            "house:input-tax" => Self::HouseInputTax,
            "house:exchange" => Self::HouseExchange,
            "house:campaigns" => Self::HouseCampaigns,
            _ => match text.split_once(':')? {
                ("partner", partner) => Self::Partner(Id::new(partner)?),
                ("venture", agreement) => Self::Venture(Id::new(agreement)?),
                ("capital", side) => match side.split_once(':')? {
                    ("house", agreement) => Self::CapitalHouse(Id::new(agreement)?),
                    ("partner", agreement) => Self::CapitalPartner(Id::new(agreement)?),
                    _ => return None,
                },
                _ => return None,
            },
        })
    }
}

/// The key of an account: its name and its one currency.
pub type AccountKey = (AccountName, Currency);
