//! The kinds of rows, their fields, and the events that rows become.

use super::row::Row;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::{self, AcquiredBy, PartnerKind, Side};

/// What the rows of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// A partner was registered
    Partners,
    /// A lead was referred, or claimed again
    Leads,
    /// A sale was made
    Sales,
    /// A partner was paid, or paid the house
    Payments,
}

/// A field that a mapping may name: whether it must, and what it is.
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
    ("direction", false, "PAID to the partner (the default) or RECEIVED from it"),
    ("tax_withheld", false, "amount, the part of it withheld as tax"),
    ("method", false, "text"),
    ("reference", false, "text"),
    ("advance", false, "yes or no (the default): may go beyond what is payable"),
];

impl Kind {
    /// All kinds, in the order in which they are to be imported.
    pub const ALL: [Self; 4] = [Self::Partners, Self::Leads, Self::Sales, Self::Payments];

    /// Its name on the command line and in the mapping.
    pub fn name(self) -> &'static str {
        match self {
            Self::Partners => "partners",
            Self::Leads => "leads",
            Self::Sales => "sales",
            Self::Payments => "payments",
        }
    }

    /// The fields that a mapping may name for it.
    pub fn fields(self) -> &'static [Field] {
        match self {
            Self::Partners => PARTNERS,
            Self::Leads => LEADS,
            Self::Sales => SALES,
            Self::Payments => PAYMENTS,
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

    /// What the ids of its events are made of, besides the row's identity. For good: another word would make other ids,
    /// and import all rows again. Payments of either direction share one, so that a row whose direction has changed is
    /// the same row with other content, which the ledger refuses, and not a second payment.
    pub fn event_name(self) -> &'static str {
        match self {
            Self::Partners => "partner_registered",
            Self::Leads => "lead_referred",
            Self::Sales => "sale_recorded",
            Self::Payments => "commission_paid",
        }
    }

    /// Whether a field is an amount.
    pub fn is_amount(self, name: &str) -> bool {
        self.fields().iter().any(|(field, _, what)| *field == name && what.starts_with("amount"))
    }

    /// What happened, as the row tells it; what is wrong with the row is noted there.
    pub fn body(self, row: &mut Row<'_>) -> Body {
        match self {
            Self::Partners => Body::PartnerRegistered(partner(row)),
            Self::Leads => Body::LeadReferred(lead(row)),
            Self::Sales => Body::SaleRecorded(sale(row)),
            Self::Payments => payment(row),
        }
    }
}

fn partner(row: &mut Row<'_>) -> proto::PartnerRegistered {
    let kinds = ["RESELLER", "AFFILIATE", "TECHNOLOGY", "AGENCY", "MEDIA", "JOINT_VENTURE", "OTHER"];
    let kind = row.word("kind", &kinds).unwrap_or_else(|| "OTHER".to_owned());
    proto::PartnerRegistered {
        partner_id: row.required("partner_id"),
        display_name: row.required("display_name"),
        kind: PartnerKind::from_str_name(&format!("PARTNER_KIND_{kind}")).unwrap_or_default().into(),
        categories: row.list("categories"),
        country_code: row.optional("country_code"),
    }
}

fn lead(row: &mut Row<'_>) -> proto::LeadReferred {
    let acquired_by = row.word("acquired_by", &["PARTNER", "HOUSE", "JOINT"]).unwrap_or_else(|| "PARTNER".to_owned());
    let attribution = proto::Attribution {
        referral_link: row.text("referral_link"),
        coupon: row.text("coupon"),
        utm_source: row.text("utm_source"),
        utm_medium: row.text("utm_medium"),
        utm_campaign: row.text("utm_campaign"),
        utm_term: row.text("utm_term"),
        utm_content: row.text("utm_content"),
    };
    proto::LeadReferred {
        lead_id: row.required("lead_id"),
        agreement_id: row.optional("agreement_id"),
        acquired_by: AcquiredBy::from_str_name(&format!("ACQUIRED_BY_{acquired_by}")).unwrap_or_default().into(),
        campaign_id: row.optional("campaign_id"),
        match_keys: row.list("match_keys"),
        attribution: (attribution != proto::Attribution::default()).then(|| Box::new(attribution)),
    }
}

fn sale(row: &mut Row<'_>) -> proto::SaleRecorded {
    let collected_by = match row.word("collected_by", &["HOUSE", "PARTNER"]).as_deref() {
        Some("PARTNER") => Side::Partner,
        _ => Side::House,
    };
    proto::SaleRecorded {
        sale_id: row.required("sale_id"),
        lead_id: row.optional("lead_id"),
        agreement_id: row.optional("agreement_id"),
        amount: row.money("amount", true),
        product: row.text("product"),
        collected_by: collected_by.into(),
    }
}

fn payment(row: &mut Row<'_>) -> Body {
    let is_received = row.word("direction", &["PAID", "RECEIVED"]).as_deref() == Some("RECEIVED");
    let (payment_id, partner_id) = (row.required("payment_id"), row.required("partner_id"));
    let (amount, reference) = (row.money("amount", true), row.text("reference"));
    if is_received {
        return Body::PaymentReceived(proto::PaymentReceived { payment_id, partner_id, amount, reference });
    }
    Body::CommissionPaid(proto::CommissionPaid {
        payout_id: payment_id,
        partner_id,
        amount,
        tax_withheld: row.money("tax_withheld", false).filter(|tax| tax.minor_units != 0),
        method: row.text("method"),
        reference,
        advance: row.flag("advance"),
    })
}
