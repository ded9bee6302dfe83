//! A lead was referred: a first claim, or another one on a lead that is known (rules 5.1–5.3).

use super::claim::claim_of;
use super::{Claim, Decision, DeclinedClaim, Lead, Origin, Owner, ProtectionEnd};
use crate::domain::calendar::Time;
use crate::domain::campaigns::{Campaign, CampaignParty, Referral};
use crate::domain::effect::{Effect, Party};
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::table::Row;
use crate::domain::{Context, EventType, Seen, Stamp, State};
use crate::proto::{self, AcquiredBy, OwnershipRule};

/// The most match keys of a referral.
const MAX_MATCH_KEYS: usize = 8;

/// A claim on a lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadReferred {
    /// The lead, by any of its ids.
    pub lead: Id,
    agreement: Option<Id>,
    acquired_by: AcquiredBy,
    campaign: Option<Id>,
    match_keys: Vec<Box<str>>,
}

impl EventType for LeadReferred {
    type Message = proto::LeadReferred;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        let acquired_by = fields.enum_value("acquired_by", message.acquired_by);
        if acquired_by == AcquiredBy::Partner && message.agreement_id.is_none() {
            fields.bad("agreement_id", "is required for a lead that a partner acquired");
        }
        if acquired_by == AcquiredBy::Joint && message.campaign_id.is_none() {
            fields.bad("campaign_id", "is required for a lead that was acquired jointly");
        }
        if let Some(attribution) = &message.attribution {
            fields.within("attribution", |fields| check_attribution(attribution, fields));
        }
        Self {
            lead: fields.id("lead_id", &message.lead_id),
            agreement: fields.optional_id("agreement_id", message.agreement_id.as_deref()),
            acquired_by,
            campaign: fields.optional_id("campaign_id", message.campaign_id.as_deref()),
            match_keys: fields.each("match_keys", &message.match_keys, MAX_MATCH_KEYS, |fields, key| fields.key("", key)),
        }
    }

    fn refers_to(&self) -> Vec<(IdKind, &Id)> {
        let agreement = self.agreement.iter().map(|id| (IdKind::Agreement, id));
        agreement.chain(self.campaign.iter().map(|id| (IdKind::Campaign, id))).collect()
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let at = context.occurred_at;
        self.require_may_claim(at, state)?;
        let known = state.leads.find(&self.lead).or_else(|| state.leads.live_match(&self.match_keys, at));
        Ok(vec![match known {
            None => self.claim(&self.lead, self.first_rule(), at, state),
            Some(row) => self.claim_again(state.leads.by_id.key(row), state.leads.by_id.get(row), at, state),
        }])
    }

    fn evolve(&self, stamp: Stamp, effects: &[Effect], state: &mut State) {
        for effect in effects {
            match effect {
                Effect::LeadOwnerSet { lead, owner, credit, terms_position, .. } => {
                    let pinned = if *owner == Party::House { self.agreement.as_ref() } else { credit.as_ref() };
                    let claim = Claim {
                        acquired_by: Some(self.acquired_by),
                        origin: self.origin(pinned, state),
                        ..claim_of(effect, *terms_position, pinned, state)
                    };
                    let row = state.leads.decide(lead, Decision::new(stamp, claim));
                    self.add_to_campaign(row, credit.as_ref().filter(|_| *owner != Party::House), stamp, state);
                    self.add_alias(row, stamp, state);
                    for key in &self.match_keys {
                        state.leads.add_match_key(key, row, stamp);
                    }
                }
                Effect::LeadClaimDeclined { lead, held_by, protected_until, earlier_than_owner, .. } => {
                    let row = state.leads.find(lead).expect("a declined claim names a known lead");
                    let claim = DeclinedClaim {
                        stamp,
                        agreement: self.agreement.as_ref().and_then(|id| state.agreements.by_id.find(id)),
                        held_by: Owner::from_party(held_by, state),
                        protected_until: *protected_until,
                        earlier_than_owner: *earlier_than_owner,
                    };
                    state.leads.by_id.get_mut(row).add_declined(claim);
                    self.add_alias(row, stamp, state);
                }
                _ => {}
            }
        }
    }
}

impl LeadReferred {
    /// Refuses a claim through an agreement that is not active, unless it is joint, and one that does not belong to its
    /// campaign (rules 4.5, 5.1, 8.1, 8.3).
    fn require_may_claim(&self, at: Time, state: &State) -> Result<(), Rejection> {
        if let Some(id) = self.agreement.as_ref().filter(|_| self.acquired_by != AcquiredBy::Joint) {
            state.agreements.known(id).require_active(id, at)?;
        }
        let Some(id) = &self.campaign else { return Ok(()) };
        let campaign = state.campaigns.known(id).1;
        if let Some(agreement) = &self.agreement {
            campaign.require_participant(id, &CampaignParty::Agreement(agreement.clone()), state)?;
        }
        campaign.require_not_stopped(id, at, state)
    }

    fn first_rule(&self) -> OwnershipRule {
        match self.acquired_by {
            AcquiredBy::House => OwnershipRule::HouseLead,
            AcquiredBy::Joint => OwnershipRule::JointAllocation,
            AcquiredBy::Partner | AcquiredBy::Unspecified => OwnershipRule::FirstClaim,
        }
    }

    /// A second claim: declined if it is late or the owner is protected; else owner and credit move (rules 5.3).
    fn claim_again(&self, id: &Id, lead: &Lead, at: Time, state: &State) -> Effect {
        let last = lead.last_decision();
        let declined = |held_by: Owner, until: Option<ProtectionEnd>, earlier_than_owner| Effect::LeadClaimDeclined {
            lead: id.clone(),
            agreement: self.agreement.clone(),
            held_by: held_by.to_party(state),
            protected_until: until.and_then(ProtectionEnd::time),
            earlier_than_owner,
        };
        if at < last.stamp().occurred_at {
            return declined(last.owner, lead.protection_at(last.stamp().occurred_at, Seen::ALL), true);
        }
        if lead.is_protected(at, Seen::ALL) {
            let owner = lead.ownership(at, Seen::ALL, state).map_or(last.owner, |ownership| ownership.owner);
            return declined(owner, lead.protection_at(at, Seen::ALL), false);
        }
        let lost = lead.lost_at(at, Seen::ALL).is_some();
        let rule = if lost { OwnershipRule::AfterLoss } else { OwnershipRule::ProtectionLapsed };
        self.claim(id, rule, at, state)
    }

    /// A claim that succeeds: who owns the lead, and whose rules its sales run through (rules 5.1).
    fn claim(&self, lead: &Id, rule: OwnershipRule, at: Time, state: &State) -> Effect {
        let acquirer = self.acquirer(state);
        let claiming = acquirer.or(self.agreement.as_ref());
        let agreement = claiming.map(|id| state.agreements.known(id));
        let version = agreement.and_then(|agreement| agreement.terms_in_force(at, Seen::ALL, state));
        let owner = agreement.filter(|_| acquirer.is_some()).map_or(Owner::House, |agreement| Owner::Partner(agreement.partner));
        let credited = acquirer.is_some() || version.is_some_and(|version| version.terms.credit_house_leads);
        let terms_position = version.map_or(0, |version| version.stamp.position);
        let credit = claiming.filter(|_| credited).cloned();
        let mut effect =
            Effect::LeadOwnerSet { lead: lead.clone(), owner: owner.to_party(state), credit, rule, protected_until: None, terms_position };
        let stamp = Stamp { occurred_at: at, position: u64::MAX };
        let until = Decision::new(stamp, claim_of(&effect, terms_position, claiming, state)).protected_until(Seen::ALL).time();
        if let Effect::LeadOwnerSet { protected_until, .. } = &mut effect {
            *protected_until = until;
        }
        effect
    }

    /// What the claim came through: the owner's agreement, of the house's lead the one it names (rules 11).
    fn origin(&self, agreement: Option<&Id>, state: &State) -> Origin {
        Origin {
            agreement: agreement.and_then(|id| state.agreements.by_id.find(id)),
            campaign: self.campaign.as_ref().and_then(|id| state.campaigns.by_id.find(id)),
        }
    }

    /// The agreement whose partner acquires the lead, of a joint one as the campaign allocates it; none for the house
    /// (rules 5.1).
    fn acquirer<'a>(&'a self, state: &'a State) -> Option<&'a Id> {
        match self.acquired_by {
            AcquiredBy::Partner => self.agreement.as_ref(),
            AcquiredBy::Joint => {
                let campaign = self.campaign.as_ref().map(|id| state.campaigns.known(id).1).expect("a joint lead names its campaign");
                campaign.participants[campaign.next_joint_lead()].agreement.map(|row| state.agreements.by_id.key(row))
            }
            AcquiredBy::House | AcquiredBy::Unspecified => None,
        }
    }

    /// Adds the referral to its campaign, with the participant that a joint lead went to.
    fn add_to_campaign(&self, lead: Row, acquirer: Option<&Id>, stamp: Stamp, state: &mut State) {
        let Some(id) = &self.campaign else { return };
        let (row, campaign) = state.campaigns.known(id);
        let party = acquirer.map_or(CampaignParty::House, |id| CampaignParty::Agreement(id.clone()));
        let place = |campaign: &Campaign| campaign.place_of(&party, state).expect("a joint lead goes to a participant");
        let allocated_to = (self.acquired_by == AcquiredBy::Joint).then(|| place(campaign));
        state.campaigns.by_id.get_mut(row).add_referral(Referral { stamp, lead, allocated_to });
    }

    /// Records the id as an alias, unless it is the lead's own (rules 5.3).
    fn add_alias(&self, row: Row, stamp: Stamp, state: &mut State) {
        if *state.leads.by_id.key(row) != self.lead {
            state.leads.note_alias(&self.lead, row, stamp);
        }
    }
}

fn check_attribution(attribution: &proto::Attribution, fields: &mut Fields) {
    fields.text("referral_link", &attribution.referral_link);
    fields.text("coupon", &attribution.coupon);
    fields.text("utm_source", &attribution.utm_source);
    fields.text("utm_medium", &attribution.utm_medium);
    fields.text("utm_campaign", &attribution.utm_campaign);
    fields.text("utm_term", &attribution.utm_term);
    fields.text("utm_content", &attribution.utm_content);
}
