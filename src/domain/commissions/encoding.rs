//! Refunds, payouts, disputes and closes in a snapshot.

use super::{Close, Dispute, DisputeSubject, Payout, PayoutReturn, PinnedAssessment, Refund, RefundOfPart};
use crate::encoding::{codec, codec_enum};

codec!(PinnedAssessment { outcome, terms_position, rule, rate_bps, amount });
codec!(Close { stamp, through });
codec!(Refund { stamp, sale, applied, exempt, is_error, parts, taken, reinstated });
codec!(RefundOfPart { number, applied, exempt });
codec!(Payout { stamp, partner, amount, tax_withheld, method, reference, advance, returns });
codec!(PayoutReturn { stamp, effective_at, minor_units });
codec_enum!(DisputeSubject { 0 => Lead(row), 1 => Sale(row), 2 => Payout(row) });
codec!(Dispute { opened, opened_by, subject, claim, resolved });
