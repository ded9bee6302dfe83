//! A participant paid a cost of a campaign: it is shared by the cost shares, with the house in the middle (rules 8.2).

use super::{Campaign, CampaignParty, Cost};
use crate::domain::account::AccountName;
use crate::domain::calendar::Time;
use crate::domain::effect::{Effect, Posting, PostingSubject};
use crate::domain::ids::{Id, IdKind};
use crate::domain::money::{Money, apportion};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, Stamp, State};
use crate::proto::{self, EntryKind};

/// A participant paid for the campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostIncurred {
    cost: Id,
    campaign: Id,
    amount: Money,
    paid_by: CampaignParty,
    description: String,
}

impl EventType for CostIncurred {
    type Message = proto::CostIncurred;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        use proto::cost_incurred::PaidBy;
        fields.text("description", &message.description);
        Self {
            cost: fields.id("cost_id", &message.cost_id),
            campaign: fields.id("campaign_id", &message.campaign_id),
            amount: fields.amount("amount", message.amount.as_ref()),
            paid_by: match &message.paid_by {
                Some(PaidBy::House(house)) => CampaignParty::parse(Some(*house), None, fields),
                Some(PaidBy::AgreementId(id)) => CampaignParty::parse(None, Some(id), fields),
                None => fields.within("paid_by", |fields| CampaignParty::parse(None, None, fields)),
            },
            description: message.description.clone(),
        }
    }

    fn introduces(&self) -> Option<(IdKind, &Id)> {
        Some((IdKind::Cost, &self.cost))
    }

    fn refers_to(&self) -> Vec<(IdKind, &Id)> {
        let agreement = self.paid_by.agreement().map(|id| (IdKind::Agreement, id));
        std::iter::once((IdKind::Campaign, &self.campaign)).chain(agreement).collect()
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let campaign = state.campaigns.known(&self.campaign).1;
        let payer = campaign.require_participant(&self.campaign, &self.paid_by, state)?;
        campaign.require_not_stopped(&self.campaign, context.occurred_at, state)?;
        Ok(self.postings(campaign, payer, state.commissions.effective_at(context.occurred_at), state))
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let campaign = state.campaigns.known(&self.campaign).1;
        let paid_by = campaign.place_of(&self.paid_by, state).expect("decide found who paid");
        let cost = Cost { id: self.cost.clone(), stamp, amount: self.amount, paid_by, description: self.description.as_str().into() };
        state.campaigns.known_mut(&self.campaign).costs.push(cost);
        let about = (IdKind::Campaign, self.campaign.clone());
        state.introduce(IdKind::Cost, &self.cost, stamp, Some(about));
    }
}

impl CostIncurred {
    /// A partner that paid is credited with all but its own share, the others are debited with theirs; the house's share is
    /// its expense.
    fn postings(&self, campaign: &Campaign, payer: usize, effective_at: Time, state: &State) -> Vec<Effect> {
        let mut effects = Vec::with_capacity(campaign.participants.len() + 1);
        let mut post = |account: AccountName, partner: Option<&Id>, agreement: Option<&Id>, minor_units: i64| {
            if minor_units != 0 {
                effects.push(Effect::Posting(Posting {
                    account,
                    amount: Money::new(self.amount.currency, minor_units),
                    effective_at,
                    available_at: None,
                    kind: EntryKind::CostShare,
                    subject: PostingSubject {
                        partner: partner.cloned(),
                        agreement: agreement.cloned(),
                        campaign: Some(self.campaign.clone()),
                        ..PostingSubject::default()
                    },
                    awaits_customer_payment: false,
                    part: 0,
                }));
            }
        };
        let mut house_share = 0;
        for (place, share) in shares(campaign, self.amount).into_iter().enumerate() {
            let Some(row) = campaign.participants[place].agreement else {
                house_share = share;
                continue;
            };
            let partner = state.partners.key(state.agreements.by_id.get(row).partner);
            let paid = if place == payer { self.amount.minor_units } else { 0 };
            post(AccountName::Partner(partner.clone()), Some(partner), Some(state.agreements.by_id.key(row)), share - paid);
        }
        post(AccountName::HouseCampaigns, None, None, house_share);
        if self.paid_by == CampaignParty::House {
            post(AccountName::HouseCash, None, None, -self.amount.minor_units);
        }
        effects
    }
}

/// The participants' shares of a cost, by their places.
fn shares(campaign: &Campaign, amount: Money) -> Vec<i64> {
    let weights: Vec<i64> = campaign.order().iter().map(|place| i64::from(campaign.participants[*place].cost_share_bps)).collect();
    let mut shares = vec![0; weights.len()];
    for (place, part) in campaign.order().iter().zip(apportion(amount.minor_units, &weights)) {
        shares[*place] = part;
    }
    shares
}
