//! Business ids, their kinds, and event ids (rules 2).

use ecow::EcoString;
use std::fmt;

/// The longest business id, in characters (rules 2.3).
pub const MAX_ID_LENGTH: usize = 64;

/// A business id: 1–64 characters of `A–Z a–z 0–9 . _ : -`, compared byte by byte (rules 2.3).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Id(EcoString);

impl Id {
    /// Returns the id of a text; `None` if it is not a valid id.
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=MAX_ID_LENGTH).contains(&text.len());
        // Without a branch for each byte: replay reads a dozen ids of every record.
        let is_id = |text: &str| text.bytes().fold(true, |is_id, byte| is_id & IS_ID_BYTE[usize::from(byte)]);
        (fits && is_id(text)).then(|| Self(EcoString::from(text)))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether each byte may be in an id.
static IS_ID_BYTE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < table.len() {
        #[expect(clippy::cast_possible_truncation, reason = "there are 256 of them")]
        let known = byte as u8;
        table[byte] = known.is_ascii_alphanumeric() || matches!(known, b'.' | b'_' | b':' | b'-');
        byte += 1;
    }
    table
};

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a business id names. Ids are unique in their kind (rules 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdKind {
    /// A partner.
    Partner,
    /// An agreement.
    Agreement,
    /// A lead, by its own id or by an alias.
    Lead,
    /// A sale.
    Sale,
    /// A refund.
    Refund,
    /// A reinstatement of a refund.
    Reinstatement,
    /// A line of a sale, unique in it.
    Line,
    /// A payment of a customer.
    Receipt,
    /// An adjustment of commission.
    Adjustment,
    /// A payout to a partner.
    Payout,
    /// A payout's return.
    PayoutReturn,
    /// A payment from a partner.
    Payment,
    /// A dispute.
    Dispute,
    /// A campaign.
    Campaign,
    /// A deliverable of a campaign, unique in it.
    Deliverable,
    /// A cost of a campaign.
    Cost,
    /// A contribution to a joint venture's capital.
    Contribution,
    /// A distribution of a joint venture's profit.
    Distribution,
    /// A review of the relationship.
    Review,
    /// A use of a brand.
    BrandUse,
    /// A breach of an agreement.
    Breach,
    /// A programme, whose terms agreements take.
    Programme,
    /// A hold on the payouts to a partner.
    Hold,
}

impl IdKind {
    /// Returns the name of the contract's field that holds such an id.
    pub fn field(self) -> &'static str {
        match self {
            Self::Partner => "partner_id",
            Self::Agreement => "agreement_id",
            Self::Lead => "lead_id",
            Self::Sale => "sale_id",
            Self::Refund => "refund_id",
            Self::Reinstatement => "reinstatement_id",
            Self::Line => "line_id",
            Self::Receipt => "receipt_id",
            Self::Adjustment => "adjustment_id",
            Self::Payout => "payout_id",
            Self::PayoutReturn => "return_id",
            Self::Payment => "payment_id",
            Self::Dispute => "dispute_id",
            Self::Campaign => "campaign_id",
            Self::Deliverable => "deliverable_id",
            Self::Cost => "cost_id",
            Self::Contribution => "contribution_id",
            Self::Distribution => "distribution_id",
            Self::Review => "review_id",
            Self::BrandUse => "brand_use_id",
            Self::Breach => "breach_id",
            Self::Programme => "programme_id",
            Self::Hold => "hold_id",
        }
    }
}

/// An event's id: a UUID of the emitter's choice, compared without case (rules 2.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub u128);

impl EventId {
    /// Returns the id of a UUID in hyphenated form (36 characters); `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        // Other spellings (braces, urn:, no hyphens) would make one id two texts.
        let uuid = (text.len() == 36).then(|| uuid::Uuid::try_parse(text).ok()).flatten()?;
        Some(Self(uuid.as_u128()))
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        uuid::Uuid::from_u128(self.0).hyphenated().fmt(f)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_hold_only_what_the_rules_allow() {
        for good in ["a", "A.b_c:d-9", &"x".repeat(64)] {
            assert_eq!(Id::new(good).expect("an id").as_str(), good);
        }
        for bad in ["", "bad id!", "é", "a/b", &"x".repeat(65)] {
            assert_eq!(Id::new(bad), None, "{bad}");
        }
    }

    #[test]
    fn event_ids_are_compared_without_case() {
        let lower = EventId::parse("3c855a96-7b30-5d68-afc1-d31a68cbaf4a").expect("a UUID");
        assert_eq!(Some(lower), EventId::parse("3C855A96-7B30-5D68-AFC1-D31A68CBAF4A"));
        for bad in ["", "not-a-uuid", "3c855a967b305d68afc1d31a68cbaf4a", "{3c855a96-7b30-5d68-afc1-d31a68cbaf4a}"] {
            assert_eq!(EventId::parse(bad), None, "{bad}");
        }
    }
}
