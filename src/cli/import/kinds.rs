//! The kinds of rows and their fields.

/// What the rows of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// A partner was registered
    Partners,
    /// A lead was referred, or claimed again
    Leads,
    /// A sale was made
    Sales,
    /// A partner was paid, is being paid, or paid the house
    Payments,
    /// A payout that was sent settled or failed
    Settlements,
}

/// A field that a mapping may name: its name, whether it is required, and what it holds.
type Field = (&'static str, bool, &'static str);

const PARTNERS: &[Field] = &[
    ("partner_id", true, "id"),
    ("display_name", true, "text"),
    ("occurred_at", true, "time of the registration"),
    ("kind", false, "RESELLER, AFFILIATE, TECHNOLOGY, AGENCY, MEDIA, JOINT_VENTURE or OTHER (the default)"),
    ("categories", false, "list"),
    ("country_code", false, "two capital letters"),
];
const LEADS: &[Field] = &[
    ("lead_id", true, "id"),
    ("occurred_at", true, "time of the referral"),
    ("agreement_id", false, "id of the agreement it is referred under"),
    ("acquired_by", false, "PARTNER (the default), HOUSE or JOINT"),
    ("campaign_id", false, "id"),
    ("match_keys", false, "list"),
    ("referral_link", false, "text, as coupon, utm_source, utm_medium, utm_campaign, utm_term and utm_content"),
    ("coupon", false, ""),
    ("utm_source", false, ""),
    ("utm_medium", false, ""),
    ("utm_campaign", false, ""),
    ("utm_term", false, ""),
    ("utm_content", false, ""),
];
const SALES: &[Field] = &[
    ("sale_id", true, "id"),
    ("amount", true, "amount"),
    ("currency", true, "ISO 4217 code"),
    ("occurred_at", true, "time of the sale"),
    ("lead_id", false, "id of the lead that bought"),
    ("agreement_id", false, "id of the agreement, where there is no lead"),
    ("product", false, "text"),
    ("collected_by", false, "HOUSE (the default) or PARTNER"),
];
const PAYMENTS: &[Field] = &[
    ("payment_id", true, "id of the payout, or of the payment received"),
    ("partner_id", true, "id"),
    ("amount", true, "amount, gross"),
    ("currency", true, "ISO 4217 code"),
    ("occurred_at", true, "time of the payment"),
    ("direction", false, "PAID to the partner (the default), SENT to it, or RECEIVED from it"),
    ("tax_withheld", false, "amount, the part of it withheld as tax"),
    ("tax_added", false, "amount, the tax paid on top of it"),
    ("document_number", false, "text, the number of its invoice"),
    ("settled_amount", false, "amount that left the bank, in settled_currency"),
    ("settled_currency", false, "ISO 4217 code"),
    ("method", false, "text"),
    ("reference", false, "text"),
    ("advance", false, "yes or no (the default): may go beyond what is payable"),
];

const SETTLEMENTS: &[Field] = &[
    ("payout_id", true, "id of the payout that was sent"),
    ("occurred_at", true, "time at which it settled or failed"),
    ("result", false, "SETTLED (the default) or FAILED"),
    ("reference", false, "text, what the bank calls it"),
    ("settled_amount", false, "amount that left the bank, in settled_currency"),
    ("settled_currency", false, "ISO 4217 code"),
    ("reason", false, "text, why it failed"),
];

impl Kind {
    /// All kinds, in the order in which they are to be imported.
    pub const ALL: [Self; 5] = [Self::Partners, Self::Leads, Self::Sales, Self::Payments, Self::Settlements];

    /// Its name on the command line and in the mapping.
    pub fn name(self) -> &'static str {
        match self {
            Self::Partners => "partners",
            Self::Leads => "leads",
            Self::Sales => "sales",
            Self::Payments => "payments",
            Self::Settlements => "settlements",
        }
    }

    /// The fields that a mapping may name for it.
    pub fn fields(self) -> &'static [Field] {
        match self {
            Self::Partners => PARTNERS,
            Self::Leads => LEADS,
            Self::Sales => SALES,
            Self::Payments => PAYMENTS,
            Self::Settlements => SETTLEMENTS,
        }
    }

    /// Whether a mapping may name a field for it.
    pub fn has_field(self, name: &str) -> bool {
        self.field_names().contains(&name) || name.strip_prefix("metadata.").is_some_and(|key| !key.is_empty())
    }

    /// The names of its fields.
    pub fn field_names(self) -> Vec<&'static str> {
        self.fields().iter().map(|(name, ..)| *name).collect()
    }

    /// The fields that a mapping must name.
    pub fn required(self) -> impl Iterator<Item = &'static str> {
        self.fields().iter().filter(|(_, required, _)| *required).map(|(name, ..)| *name)
    }

    /// The field that holds a row's own id.
    pub fn id_field(self) -> &'static str {
        self.fields()[0].0
    }

    /// Returns the word that, with a row's identity, makes the id of its event. It never changes: another word would make
    /// other ids, and all rows would be imported again. Payments of all directions share one, so that a row whose direction
    /// has changed is the same row with other content, which the ledger refuses, and not a second payment; likewise the results
    /// of a payout.
    pub fn event_name(self) -> &'static str {
        match self {
            Self::Partners => "partner_registered",
            Self::Leads => "lead_referred",
            Self::Sales => "sale_recorded",
            Self::Payments => "commission_paid",
            Self::Settlements => "payout_settled",
        }
    }

    /// Whether a field is an amount.
    pub fn is_amount(self, name: &str) -> bool {
        self.fields().iter().any(|(field, _, what)| *field == name && what.starts_with("amount"))
    }
}
