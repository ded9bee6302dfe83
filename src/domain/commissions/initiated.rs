//! A payout was sent: it is taken from the payable at once, and settles or fails later (rules 19.1).

use super::disbursed::disbursement;

disbursement! {
    /// A partner is being paid.
    PayoutInitiated, true
}
