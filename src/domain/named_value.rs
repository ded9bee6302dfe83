//! The names of the values of the contract's enums, for the refusal of a value that has none.

use crate::proto;

/// Numbers of values are below this.
const MAX_NUMBER: i32 = 100;

/// An enum of the contract that events and questions have. Its default, number 0, stands for what was not said.
pub trait NamedValue: TryFrom<i32> + Default + PartialEq {
    /// The value's name in the contract.
    fn name(&self) -> &'static str;
}

macro_rules! named_values {
    ($($name:ident),* $(,)?) => {
        $(impl NamedValue for proto::$name {
            fn name(&self) -> &'static str {
                self.as_str_name()
            }
        })*
    };
}

named_values! {
    AcquiredBy, AgreementState, AgreementType, AlertKind, Bound, BrandChannel, BreachClause, CampaignGoal, CampaignState,
    CampaignType, CampaignsAtEnd, CommissionTrigger, CustomerKind, DisputeOutcome, DistributionMethod, EntryKind, LaunchStep,
    LeadState, LeadsAtEnd, OverrideBase, PartnerKind, PayableOn, PayoutState, ProtectionAnchor, RefundReason, ReviewDecision,
    ReviewKind, Side, TailMode, TerminationCause, TierMeasure, TierMode, TierPeriod, WindowAnchor,
}

/// Returns the names of all values that may be said, in the order of their numbers.
pub fn names<E: NamedValue>() -> String {
    let values = (1..MAX_NUMBER).filter_map(|number| E::try_from(number).ok());
    values.map(|value| value.name()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_values_but_the_one_not_said_are_named() {
        assert_eq!(names::<proto::Side>(), "SIDE_HOUSE, SIDE_PARTNER");
    }
}
