//! Events of leads.

use partnership_ledger::proto::{self as pb, AcquiredBy, event::Body, lead_reassigned::To};

use super::World;

impl World {
    /// A lead by an id or alias.
    pub fn lead_id(&mut self) -> String {
        let known = self.ids(|body| match body {
            Body::LeadReferred(body) => Some(&body.lead_id),
            _ => None,
        });
        self.known_id(&known)
    }

    pub fn lead_referred(&mut self) -> pb::LeadReferred {
        let campaigns = self.campaign_ids();
        let campaign_id = (!campaigns.is_empty() && self.one_in(2)).then(|| self.known_id(&campaigns));
        let acquired_by = match self.below(6) {
            0..3 if campaign_id.is_some() => AcquiredBy::Joint,
            3 | 4 => AcquiredBy::House,
            _ => AcquiredBy::Partner,
        };
        let named = acquired_by == AcquiredBy::Partner || !self.one_in(3);
        let participant = campaign_id.as_ref().and_then(|campaign| self.participating_agreement(campaign));
        let agreement_id = named.then(|| participant.unwrap_or_else(|| self.agreement_id()));
        let keys = ["domain:a.example", "domain:b.example", "tel:1"];
        // Shares show over more leads than the others need.
        let leads = if acquired_by == AcquiredBy::Joint { 14 } else { 5 };
        pb::LeadReferred {
            lead_id: format!("l{}", self.below(leads) + 1),
            agreement_id,
            acquired_by: acquired_by.into(),
            campaign_id,
            match_keys: keys.into_iter().filter(|_| self.one_in(5)).map(str::to_owned).collect(),
            attribution: None,
        }
    }

    pub fn lead_reassigned(&mut self, lead_id: String) -> pb::LeadReassigned {
        let disputes = self.dispute_ids();
        let lots = self.known().lots().into_iter().filter(|lot| lot.standing() > 0);
        let sold: Vec<String> = lots.filter_map(|lot| lot.lead).collect();
        let lead_id = if sold.is_empty() || self.one_in(3) { lead_id } else { self.any(&sold) };
        let to = if self.one_in(5) { To::House(true) } else { To::AgreementId(self.agreement_id()) };
        pb::LeadReassigned {
            lead_id,
            reason: "decided".to_owned(),
            dispute_id: self.one_in(4).then(|| self.known_id(&disputes)),
            transfer_unpaid_commission: !self.one_in(3),
            to: Some(to),
        }
    }
}
