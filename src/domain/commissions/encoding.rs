//! Refunds, payouts, disputes and closes in a snapshot.

use super::payout::{DocumentPayout, Further, PayoutReturn, Settlement, Transit};
use super::{Close, Dispute, DisputeSubject, Payout, PinnedAssessment, Refund, RefundOfPart};
use crate::encoding::{codec, codec_enum};

codec!(PinnedAssessment { outcome, terms_position, rule, rate_bps, amount });
codec!(Close { stamp, through });
codec!(Refund { stamp, sale, applied, exempt, is_error, parts, taken, reinstated });
codec!(RefundOfPart { number, applied, exempt });
codec!(Payout { stamp, partner, amount, tax_withheld, method, advance, reference, returns, further });
codec!(Further { tax_added, document_number, settled_amount, transit });
codec_enum!(Transit { 0 => Underway, 1 => Settled(settlement), 2 => Failed(stamp, effective_at) });
codec!(Settlement { stamp, effective_at, reference, settled_amount });
codec!(PayoutReturn { id, stamp, effective_at, minor_units });
codec!(DocumentPayout(payout));
codec_enum!(DisputeSubject { 0 => Lead(row), 1 => Sale(row), 2 => Payout(row) });
codec!(Dispute { opened, opened_by, subject, claim, resolved });
