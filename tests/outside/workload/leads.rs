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
        let acquired_by = if self.one_in(3) { AcquiredBy::House } else { AcquiredBy::Partner };
        let named = acquired_by == AcquiredBy::Partner || !self.one_in(3);
        let keys = ["domain:a.example", "domain:b.example", "tel:1"];
        pb::LeadReferred {
            lead_id: format!("l{}", self.below(5) + 1),
            agreement_id: named.then(|| self.agreement_id()),
            acquired_by: acquired_by.into(),
            campaign_id: None,
            match_keys: keys.into_iter().filter(|_| self.one_in(5)).map(str::to_owned).collect(),
            attribution: None,
        }
    }

    pub fn lead_reassigned(&mut self, lead_id: String) -> pb::LeadReassigned {
        let disputes = self.dispute_ids();
        let lots = self.known().lots().into_iter().filter(|lot| lot.standing > 0);
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
