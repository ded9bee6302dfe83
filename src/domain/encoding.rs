//! The codec of ids, of rows in pages, and of the contract's enums and messages.

use super::ids::{Id, IdKind};
use super::pages::Pages;
use crate::encoding::{Codec, Damaged, Input, Output, codec_by_number, codec_enum, codec_message};
use crate::proto::{
    AcquiredBy, AgreementType, BrandChannel, BreachClause, CampaignGoal, CampaignType, CommissionOutcome, DisputeOutcome, EndCause,
    EntryKind, LaunchStep, OwnershipRule, PartnerKind, ReachMeasured, ReviewDecision, ReviewKind, Side, Terms,
};

codec_by_number!(
    AcquiredBy,
    AgreementType,
    BrandChannel,
    BreachClause,
    CampaignGoal,
    CampaignType,
    CommissionOutcome,
    DisputeOutcome,
    EndCause,
    EntryKind,
    LaunchStep,
    OwnershipRule,
    PartnerKind,
    ReviewDecision,
    ReviewKind,
    Side,
);

codec_message!(ReachMeasured, Terms);

impl Codec for Id {
    fn encode(&self, out: &mut Output) {
        out.sized(self.as_str().as_bytes());
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let text = std::str::from_utf8(input.sized()?).map_err(|_| Damaged("it is no text"))?;
        Self::new(text).ok_or(Damaged("it is no id"))
    }
}

codec_enum!(IdKind {
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
    19 => Hold,
    20 => Programme,
    21 => Line,
    22 => Receipt,
});

impl<T: Codec + Clone, const N: usize> Codec for Pages<T, N> {
    fn encode(&self, out: &mut Output) {
        out.number(self.len() as u64);
        self.iter().for_each(|row| row.encode(out));
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let count = input.count()?;
        Self::filled(count, || T::decode(input))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::Time;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Vec::<(Time, Id)>::decode(&mut Input::new(&bytes));
            let _ = Pages::<Box<str>, 8>::decode(&mut Input::new(&bytes));
        }
    }
}
