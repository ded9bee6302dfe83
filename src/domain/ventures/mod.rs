//! Joint ventures: capital and distributions, by the ownership of the terms (rules 9).
//!
//! Capital is what stands in the accounts `capital:house:<agreement>` and `capital:partner:<agreement>`; nothing else is kept.

pub mod capital_contributed;
pub mod profit_distributed;

use super::account::AccountName;
use super::agreements::terms::VentureOwnership;
use super::calendar::Time;
use super::ids::Id;
use super::money::{Currency, saturating_i64};
use super::rejection::Rejection;
use super::{Seen, State};
use crate::proto::AgreementType;

impl State {
    /// The ownership of a joint venture by the terms that apply at a time, or why it is refused (rules 9).
    fn require_venture(&self, id: &Id, at: Time) -> Result<VentureOwnership, Rejection> {
        let agreement = self.agreements.known(id);
        let refused = |why| Rejection::NotAVenture { agreement: id.clone(), at, why };
        if agreement.agreement_type != AgreementType::JointVenture {
            return Err(refused("its type is another; use an agreement of type JOINT_VENTURE"));
        }
        let version = agreement.terms_applying(at, Seen::ALL, self).ok_or_else(|| refused("no terms are in force then; sign it first"))?;
        version.terms.ownership.ok_or_else(|| refused("its terms name no ownership; amend them"))
    }

    /// Returns a side's capital that was not returned, in minor units, by all that is recorded.
    fn capital(&self, account: AccountName, currency: Currency) -> i64 {
        let balance = self.accounts.by_key(&(account, currency)).map_or(0, |account| account.totals().balance());
        // Debit is above zero; capital is credited. It fits: the range was checked when it was posted.
        saturating_i64(-balance)
    }
}
