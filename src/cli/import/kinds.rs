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
    /// A customer paid a sale, in whole or in part, or a payment of a customer bounced
    Receipts,
    /// A sale was refunded
    Refunds,
    /// A sale never was
    Voids,
    /// Commission was adjusted
    Adjustments,
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
    ("amount", true, "amount, zero for a trial"),
    ("currency", true, "ISO 4217 code"),
    ("occurred_at", true, "time of the sale"),
    ("lead_id", false, "id of the lead that bought"),
    ("agreement_id", false, "id of the agreement that earns, in place of the lead's credit if there is a lead"),
    ("product", false, "text"),
    ("commissionable", false, "amount, the part of it that commission is worked out on; all of it if left out"),
    ("coupon", false, "text, the coupon that was used"),
    ("collected_by", false, "HOUSE (the default) or PARTNER"),
];
const RECEIPTS: &[Field] = &[
    ("receipt_id", true, "id of the customer's payment"),
    ("sale_id", true, "id of the sale that it pays"),
    ("amount", true, "amount, below zero for a payment that bounced"),
    ("currency", true, "ISO 4217 code"),
    ("occurred_at", true, "time of the payment"),
];

const REFUNDS: &[Field] = &[
    ("refund_id", true, "id"),
    ("sale_id", true, "id of the sale"),
    ("amount", true, "amount"),
    ("currency", true, "ISO 4217 code"),
    ("occurred_at", true, "time of the refund"),
    ("reason", false, "CUSTOMER_REQUEST (the default), CHARGEBACK, FRAUD, ERROR or HOUSE_FAULT"),
    ("line_id", false, "id of the sale's line that it refunds; spread over all lines if left out"),
    ("clamp", false, "yes or no (the default): what is more than is left of the sale is cut off"),
];

const VOIDS: &[Field] = &[
    ("sale_id", true, "id of the sale"),
    ("occurred_at", true, "time at which it was voided"),
    ("reason", true, "text, why it never was a sale"),
];

const ADJUSTMENTS: &[Field] = &[
    ("adjustment_id", true, "id"),
    ("agreement_id", true, "id"),
    ("amount", true, "amount, below zero if it takes away"),
    ("currency", true, "ISO 4217 code"),
    ("occurred_at", true, "time of the adjustment"),
    ("reason", true, "text"),
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
    pub const ALL: [Self; 9] = [
        Self::Partners,
        Self::Leads,
        Self::Sales,
        Self::Receipts,
        Self::Refunds,
        Self::Voids,
        Self::Adjustments,
        Self::Payments,
        Self::Settlements,
    ];

    /// Its name on the command line and in the mapping.
    pub fn name(self) -> &'static str {
        match self {
            Self::Partners => "partners",
            Self::Leads => "leads",
            Self::Sales => "sales",
            Self::Receipts => "receipts",
            Self::Refunds => "refunds",
            Self::Voids => "voids",
            Self::Adjustments => "adjustments",
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
            Self::Receipts => RECEIPTS,
            Self::Refunds => REFUNDS,
            Self::Voids => VOIDS,
            Self::Adjustments => ADJUSTMENTS,
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
            Self::Receipts => "customer_payment_received",
            Self::Refunds => "sale_refunded",
            Self::Voids => "sale_voided",
            Self::Adjustments => "commission_adjusted",
            Self::Payments => "commission_paid",
            Self::Settlements => "payout_settled",
        }
    }

    /// Whether a field is an amount.
    pub fn is_amount(self, name: &str) -> bool {
        self.fields().iter().any(|(field, _, what)| *field == name && what.starts_with("amount"))
    }
}
