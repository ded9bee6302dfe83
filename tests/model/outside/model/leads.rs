//! Leads: which id means which lead, who owns it when, and where it stands. Rules 5.

use partnership_ledger::proto::{self as pb, LeadsAtEnd, OwnershipRule, event::Body};

use super::calendar::Instant;
use super::record::{Decision, Known, Party, Record};

/// Who owns a lead at some time.
#[derive(Clone, Debug)]
pub struct Ownership<'a> {
    pub decision: &'a Decision,
    /// The agreement that has the credit then.
    pub credit: Option<String>,
    pub owner: Party,
    pub since: Instant,
    pub rule: OwnershipRule,
    /// Position of the record that decided it.
    pub decided_at: u64,
}

impl<'a> Known<'a> {
    /// The first id of the lead that an id or alias means, once a claim that used it counts, and one that succeeded.
    pub fn lead(&self, id: &str) -> Option<&'a str> {
        let uses = |record: &Record| matches!(record.body(), Body::LeadReferred(body) if body.lead_id == id);
        let (_, lead) = self.referrals().into_iter().find(|(record, lead)| *lead == id || uses(record))?;
        let succeeded = |(record, claimed): &(&Record, &str)| *claimed == lead && record.effects.decision.is_some();
        self.referrals().iter().any(succeeded).then_some(lead)
    }

    /// The first ids of all leads, in the order they were first recorded.
    pub fn leads(&self) -> Vec<&'a str> {
        let mut leads = Vec::new();
        for (_, lead) in self.referrals() {
            if !leads.contains(&lead) {
                leads.push(lead);
            }
        }
        leads
    }

    /// Every referral, successful or not, with its lead.
    pub fn referrals(&self) -> Vec<(&'a Record, &'a str)> {
        let referral = |record: &&'a Record| match record.body() {
            Body::LeadReferred(_) => Some((*record, record.effects.lead.as_deref()?)),
            _ => None,
        };
        self.records.iter().filter_map(referral).collect()
    }

    /// What was decided about a lead's owner, in the order of position.
    pub fn decisions(&self, lead: &str) -> Vec<&'a Decision> {
        let decision = |record: &&'a Record| record.effects.decision.as_ref();
        let all = self.records.iter().filter_map(decision);
        all.filter(|decision| decision.lead == lead).collect()
    }

    /// The decision in force at `at`: the last recorded one that occurred by then. Rules 5.3.
    pub fn decision_at(&self, lead: &str, at: Instant) -> Option<&'a Decision> {
        let decisions = self.decisions(lead);
        decisions.into_iter().rfind(|decision| decision.occurred <= at)
    }

    /// Since when the lead is lost at `at`; absent if it is not. A later claim that succeeded opens it again.
    pub fn lost_since(&self, lead: &str, at: Instant) -> Option<Instant> {
        let mut turns: Vec<(Instant, u64, bool)> = Vec::new();
        for record in self.of_lead(lead) {
            let reopens = record.effects.decision.as_ref().is_some_and(|d| d.is_claim);
            let loses = matches!(record.body(), Body::LeadLost(_));
            if (reopens || loses) && record.occurred <= at {
                turns.push((record.occurred, record.position, loses));
            }
        }
        turns.sort_unstable();
        let mut lost = None;
        for (occurred, _, loses) in turns {
            lost = loses.then(|| lost.unwrap_or(occurred));
        }
        lost
    }

    /// Where a lead stands at `at`: qualified if it was not lost since. Rules 5.2.
    pub fn lead_state(&self, lead: &str, at: Instant) -> pb::LeadState {
        if self.lost_since(lead, at).is_some() {
            return pb::LeadState::Lost;
        }
        let by_then = self.of_lead(lead).into_iter().filter(|record| record.occurred <= at);
        let reopened = self.reopened(lead, at);
        let turns = by_then.filter_map(|record| match record.body() {
            Body::LeadQualified(_) if record.position > reopened => Some((record.occurred, record.position, pb::LeadState::Qualified)),
            Body::LeadLost(_) => Some((record.occurred, record.position, pb::LeadState::Open)),
            _ => None,
        });
        turns.max().map_or(pb::LeadState::Open, |(_, _, state)| state)
    }

    /// The agreement whose rules a lead's sales run through at `at`, successions considered. Rules 5.1, 18.1.
    pub fn credit_at(&self, lead: &str, at: Instant) -> Option<String> {
        let credit = self.decision_at(lead, at)?.credit.as_deref()?;
        Some(self.in_place_of(credit, at))
    }

    /// Who owns a lead at `at`, the agreement's end and its successors considered. Rules 5.3, 5.4, 18.1.
    pub fn owner_at(&self, lead: &str, at: Instant) -> Option<Ownership<'a>> {
        let decision = self.decision_at(lead, at)?;
        let mut owned = Ownership {
            decision,
            credit: decision.credit.clone(),
            owner: decision.owner.clone(),
            since: decision.occurred,
            rule: decision.rule,
            decided_at: decision.position,
        };
        let Some(credit) = &decision.credit else {
            return Some(owned);
        };
        if let Some(last) = self.successors(credit, at).last() {
            owned.credit = Some(last.agreement.to_owned());
            owned.since = last.from.max(decision.occurred);
            owned.rule = OwnershipRule::Succession;
            owned.decided_at = last.position;
        }
        let credit = owned.credit.clone().expect("there is a credit");
        let passes_at = match self.end(&credit) {
            Some(end) => end.at.max(owned.since),
            None => return Some(owned),
        };
        if at < passes_at || self.lost_since(lead, passes_at).is_some() {
            return Some(owned);
        }
        let wish = self.terms_at_end(&credit).map_or(LeadsAtEnd::AcquirerKeeps, |version| version.terms.leads_at_end());
        (owned.owner, owned.rule) = match wish {
            LeadsAtEnd::House => (Party::House, OwnershipRule::EndToHouse),
            LeadsAtEnd::Partner => {
                let partner = self.partner_of(&credit).expect("credit is an agreement");
                (Party::Partner(partner.to_owned()), OwnershipRule::EndToPartner)
            }
            LeadsAtEnd::AcquirerKeeps | LeadsAtEnd::Unspecified => (decision.owner.clone(), OwnershipRule::EndAcquirerKeeps),
        };
        owned.since = if owned.rule == OwnershipRule::EndAcquirerKeeps { owned.since } else { passes_at };
        Some(owned)
    }

    /// The records about a lead.
    pub fn of_lead(&self, lead: &str) -> Vec<&'a Record> {
        let about = |record: &&&'a Record| record.effects.lead.as_deref() == Some(lead);
        self.records.iter().filter(about).copied().collect()
    }

    /// What identifies the customer, by the records that made it known.
    pub fn match_keys(&self, lead: &str) -> Vec<&'a str> {
        self.of_lead(lead).into_iter().flat_map(|record| record.effects.new_keys.iter().map(String::as_str)).collect()
    }

    /// The lead that a referral is a claim on: by id, or by a key of a live lead, of several the first recorded.
    pub fn claimed_lead(&self, referral: &pb::LeadReferred, at: Instant) -> Option<&'a str> {
        if let Some(lead) = self.lead(&referral.lead_id) {
            return Some(lead);
        }
        self.leads().into_iter().find(|lead| {
            let keys = self.match_keys(lead);
            let shares = referral.match_keys.iter().any(|key| keys.contains(&key.as_str()));
            shares && self.lost_since(lead, at).is_none()
        })
    }
}
