//! The events of campaigns and joint ventures. Rules 8, 9.

use partnership_ledger::proto::{
    self as pb, AgreementType, DistributionMethod, EntryKind as Kind, Side, cost_incurred::PaidBy, event::Body,
};

use super::campaigns::{Who, who, who_participates};
use super::decide::{At, refuse_if};
use super::lots::against;
use super::payments::plain;
use super::record::{Effects, Known, Posting};
use super::shares::split;
use crate::outside::ledger::{Answer, Refusal};

impl<'a> Known<'a> {
    pub fn campaign_planned(&self, body: &pb::CampaignPlanned) -> Answer<Effects> {
        refuse_if(self.campaign(&body.campaign_id).is_some(), "DUPLICATE_ID")?;
        let owing: Vec<Who> = body.deliverables.iter().map(|deliverable| who(deliverable.owed_by.as_ref())).collect();
        for named in body.participants.iter().map(who_participates).chain(owing.clone()).flatten() {
            self.known_agreement(&named)?;
        }
        let all = owing.iter().all(|owing| Self::takes_part(body, owing.as_deref()));
        refuse_if(!all, "NOT_A_PARTICIPANT")?;
        Ok(Effects::default())
    }

    pub fn known_campaign(&self, campaign: &str) -> Answer<&'a pb::CampaignPlanned> {
        self.campaign(campaign).map(|(_, plan)| plan).ok_or_else(|| Refusal::rule("UNKNOWN_ID"))
    }

    pub fn campaign_started(&self, body: &pb::CampaignStarted) -> Answer<Effects> {
        self.known_campaign(&body.campaign_id)?;
        refuse_if(self.start_of(&body.campaign_id).is_some(), "ALREADY_DONE")?;
        Ok(Effects::default())
    }

    pub fn campaign_ended(&self, body: &pb::CampaignEnded) -> Answer<Effects> {
        self.known_campaign(&body.campaign_id)?;
        refuse_if(self.end_of(&body.campaign_id).is_some(), "ALREADY_DONE")?;
        Ok(Effects::default())
    }

    pub fn deliverable_completed(&self, body: &pb::DeliverableCompleted) -> Answer<Effects> {
        let plan = self.known_campaign(&body.campaign_id)?;
        let known = plan.deliverables.iter().any(|deliverable| deliverable.deliverable_id == body.deliverable_id);
        refuse_if(!known, "UNKNOWN_ID")?;
        refuse_if(self.completion(&body.campaign_id, &body.deliverable_id).is_some(), "ALREADY_DONE")?;
        Ok(Effects::default())
    }

    pub fn reach_measured(&self, body: &pb::ReachMeasured) -> Answer<Effects> {
        let plan = self.known_campaign(&body.campaign_id)?;
        let by = who(body.measured_by.as_ref());
        by.as_ref().map_or(Ok(()), |agreement| self.known_agreement(agreement))?;
        refuse_if(!Self::takes_part(plan, by.as_deref()), "NOT_A_PARTICIPANT")?;
        Ok(Effects::default())
    }

    pub fn cost_incurred(&self, body: &pb::CostIncurred, at: At) -> Answer<Effects> {
        let id = &body.cost_id;
        refuse_if(self.has(|b| matches!(b, Body::CostIncurred(c) if c.cost_id == *id)), "DUPLICATE_ID")?;
        let plan = self.known_campaign(&body.campaign_id)?;
        let payer: Who = match body.paid_by.as_ref().expect("required") {
            PaidBy::House(_) => None,
            PaidBy::AgreementId(agreement) => Some(agreement.clone()),
        };
        payer.as_ref().map_or(Ok(()), |agreement| self.known_agreement(agreement))?;
        refuse_if(!Self::takes_part(plan, payer.as_deref()), "NOT_A_PARTICIPANT")?;
        refuse_if(self.is_stopped(plan, at.occurred), "CAMPAIGN_STOPPED")?;
        Ok(Effects { postings: self.shared_cost(body, plan, &payer, at), ..Effects::default() })
    }

    /// The house in the middle: a partner that paid gets all but its own share, the others owe theirs. Rules 8.2, 12.
    fn shared_cost(&self, body: &pb::CostIncurred, plan: &'a pb::CampaignPlanned, payer: &Who, at: At) -> Vec<Posting> {
        let money = body.amount.as_ref().expect("required");
        let (amount, effective) = (i128::from(money.minor_units), self.effective(at.occurred));
        let participants = self.participants(plan);
        let weights: Vec<i128> = participants.iter().map(|participant| i128::from(participant.plan.cost_share_bps)).collect();
        let mut postings = Vec::new();
        for (participant, share) in participants.iter().zip(split(amount, &weights)) {
            let paid = if participant.who == *payer { amount } else { 0 };
            let of_campaign =
                |posting: Posting| Posting { campaign: Some(body.campaign_id.clone()), agreement: participant.who.clone(), ..posting };
            let leg = |partner: &str, amount| {
                of_campaign(plain(partner, &money.currency_code, amount, Kind::CostShare, effective, &body.cost_id))
            };
            match participant.partner {
                Some(partner) => postings.push(leg(partner, paid - share)),
                None => {
                    let of_house = leg("", 0);
                    postings.push(against(&of_house, "house:campaigns", share));
                    postings.push(against(&of_house, "house:cash", -paid));
                }
            }
        }
        postings.retain(|posting| posting.amount != 0);
        postings
    }

    /// The ownership of a venture by the terms in force, or those at the end. Rules 9.
    fn ownership(&self, agreement: &str, at: At) -> Answer<pb::Ownership> {
        let is_venture = self.signature(agreement).is_some_and(|(_, body)| body.r#type() == AgreementType::JointVenture);
        let version = self.terms_then(agreement, at.occurred).filter(|_| is_venture);
        version.and_then(|version| version.terms.ownership).ok_or_else(|| Refusal::rule("NOT_A_VENTURE"))
    }

    pub fn capital_contributed(&self, body: &pb::CapitalContributed, at: At) -> Answer<Effects> {
        let id = &body.contribution_id;
        refuse_if(self.has(|b| matches!(b, Body::CapitalContributed(c) if c.contribution_id == *id)), "DUPLICATE_ID")?;
        self.known_agreement(&body.agreement_id)?;
        self.ownership(&body.agreement_id, at)?;
        let money = body.amount.as_ref().expect("required");
        let leg = self.venture_leg(&body.agreement_id, &money.currency_code, Kind::Contribution, at, id);
        let amount = i128::from(money.minor_units);
        let capital = against(&leg, &capital_account(body.side(), &body.agreement_id), -amount);
        Ok(Effects { postings: vec![capital, against(&leg, "house:cash", amount)], ..Effects::default() })
    }

    fn venture_leg(&self, agreement: &str, currency: &str, kind: Kind, at: At, reference: &str) -> Posting {
        let partner = self.partner_of(agreement).expect("known");
        let leg = plain(partner, currency, 0, kind, self.effective(at.occurred), reference);
        Posting { agreement: Some(agreement.to_owned()), ..leg }
    }

    pub fn profit_distributed(&self, body: &pb::ProfitDistributed, at: At) -> Answer<Effects> {
        let id = &body.distribution_id;
        refuse_if(self.has(|b| matches!(b, Body::ProfitDistributed(d) if d.distribution_id == *id)), "DUPLICATE_ID")?;
        self.known_agreement(&body.agreement_id)?;
        let ownership = self.ownership(&body.agreement_id, at)?;
        let money = body.amount.as_ref().expect("required");
        let amount = i128::from(money.minor_units);
        let sides = [Side::House, Side::Partner];
        let capital = sides.map(|side| self.capital(&capital_account(side, &body.agreement_id), &money.currency_code));
        let returned = match body.method() {
            DistributionMethod::CapitalFirst if capital != [0, 0] => split(amount.min(capital.iter().sum()), &capital),
            _ => vec![0, 0],
        };
        let rest = amount - returned.iter().sum::<i128>();
        let profit = split(rest, &[i128::from(ownership.house_bps), i128::from(ownership.partner_bps)]);
        let leg = self.venture_leg(&body.agreement_id, &money.currency_code, Kind::Distribution, at, id);
        let mut postings = vec![
            against(&leg, &capital_account(Side::House, &body.agreement_id), returned[0]),
            against(&leg, &capital_account(Side::Partner, &body.agreement_id), returned[1]),
            against(&leg, &format!("venture:{}", body.agreement_id), rest),
            against(&leg, "house:cash", -(returned[0] + profit[0])),
            Posting { amount: -(returned[1] + profit[1]), ..leg },
        ];
        postings.retain(|posting| posting.amount != 0);
        Ok(Effects { postings, ..Effects::default() })
    }

    /// What a side has put in and not got back, by all that is recorded. Rules 1.3, 9.
    fn capital(&self, account: &str, currency: &str) -> i128 {
        let own = self.postings().filter(|(_, posting)| posting.account == account && posting.currency == currency);
        -own.map(|(_, posting)| posting.amount).sum::<i128>()
    }
}

fn capital_account(side: Side, agreement: &str) -> String {
    let side = if side == Side::House { "house" } else { "partner" };
    format!("capital:{side}:{agreement}")
}
