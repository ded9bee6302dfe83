//! Commission was paid out, within what is payable unless it is an advance: sent and settled at once (rules 7.2, 19.1).

use super::disbursed::disbursement;

disbursement! {
    /// A partner was paid.
    CommissionPaid, false
}
