//! Refunds, payouts, disputes and closes in a snapshot.

use super::{Close, Dispute, DisputeSubject, Other, Payout, PayoutReturn, PinnedAssessment, Refund};
use crate::domain::ids::IdKind;
use crate::snapshot::{saved, saved_enum};

saved!(PinnedAssessment { outcome, terms_position, rule, rate_bps, amount });
saved!(Other { position, about });
saved!(Close { stamp, through });
saved!(Refund { stamp, sale, applied, exempt, taken, reinstated });
saved!(Payout { stamp, partner, amount, tax_withheld, method, reference, advance, returns });
saved!(PayoutReturn { stamp, effective_at, minor_units });
saved_enum!(DisputeSubject { 0 => Lead(row), 1 => Sale(row), 2 => Payout(row) });
saved!(Dispute { opened, opened_by, subject, claim, resolved });
saved_enum!(IdKind {
    0 => Partner,
    1 => Agreement,
    2 => Lead,
    3 => Sale,
    4 => Refund,
    5 => Reinstatement,
    6 => Adjustment,
    7 => Payout,
    8 => PayoutReturn,
    9 => Payment,
    10 => Dispute,
    11 => Campaign,
    12 => Deliverable,
    13 => Cost,
    14 => Contribution,
    15 => Distribution,
    16 => Review,
    17 => BrandUse,
    18 => Breach,
});
