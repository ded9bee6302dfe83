//! The model's answers about leads and disputes.

use std::collections::BTreeSet;

use partnership_ledger::proto::{self as pb, dispute, dispute_opened::Subject, event::Body};

use super::balances::{Dispute, available_of};
use super::calendar::Instant;
use super::leads::Ownership;
use super::record::{Known, Posting};
use super::wire;
use crate::outside::ledger::stamp;

impl<'a> Known<'a> {
    /// A lead that is known by its first id. Rules 5.6.
    pub fn lead_answer(&self, lead: &str, at: Instant) -> pb::Lead {
        let owner = self.owner_at(lead, at);
        let credit = owner.as_ref().and_then(|owner| owner.credit.clone());
        let shown = owner.as_ref().and_then(|owner| self.shown_protection(owner.decision, at));
        pb::Lead {
            lead_id: lead.to_owned(),
            state: self.lead_state(lead, at).into(),
            acquired_by: self.acquired_by(lead, at).into(),
            owner: owner.as_ref().map(|owner| wire::party(&owner.owner)),
            agreement_id: credit.unwrap_or_default(),
            since: owner.as_ref().map(|owner| stamp(owner.since)),
            decided_at: owner.as_ref().map_or(0, |owner| owner.decided_at),
            rule: owner.as_ref().map_or(0, |owner| owner.rule.into()),
            explanation: String::new(),
            protected_until: shown.map(stamp),
            aliases: self.aliases(lead),
            timeline: self.timeline(lead, at),
            declined_claims: self.declined_claims(lead),
            match_keys: self.match_keys(lead).into_iter().map(str::to_owned).collect(),
            entries_left_out: 0,
            facts: None,
        }
    }

    /// By the last claim that succeeded by then.
    fn acquired_by(&self, lead: &str, at: Instant) -> pb::AcquiredBy {
        let mut acquired_by = pb::AcquiredBy::Unspecified;
        for record in self.of_lead(lead) {
            if let Body::LeadReferred(body) = record.body()
                && record.effects.decision.is_some()
                && record.occurred <= at
            {
                acquired_by = body.acquired_by();
            }
        }
        acquired_by
    }

    fn aliases(&self, lead: &str) -> Vec<String> {
        let alias = |record: &super::Record| match record.body() {
            Body::LeadReferred(body) if body.lead_id != lead => Some(body.lead_id.clone()),
            _ => None,
        };
        let mut aliases: Vec<String> = Vec::new();
        for alias in self.of_lead(lead).into_iter().filter_map(alias) {
            if !aliases.contains(&alias) {
                aliases.push(alias);
            }
        }
        aliases
    }

    /// Who owned the lead at each time at which that may have changed, without repetitions.
    fn timeline(&self, lead: &str, at: Instant) -> Vec<pb::LeadOwnership> {
        let mut turns: BTreeSet<Instant> = BTreeSet::new();
        for decision in self.decisions(lead) {
            turns.insert(decision.occurred);
            let Some(credit) = &decision.credit else {
                continue;
            };
            let successors = self.successors(credit, at);
            for agreement in std::iter::once(credit.as_str()).chain(successors.iter().map(|successor| successor.agreement)) {
                let turn = [self.effective_at(agreement), self.end(agreement).map(|end| end.at)];
                turns.extend(turn.into_iter().flatten().map(|turn| turn.max(decision.occurred)));
            }
        }
        let mut timeline: Vec<pb::LeadOwnership> = Vec::new();
        for turn in turns.into_iter().filter(|turn| *turn <= at) {
            let Some(owner) = self.owner_at(lead, turn) else {
                continue;
            };
            let entry = ownership(&owner);
            let says_the_same = |last: &pb::LeadOwnership| *last == pb::LeadOwnership { from: last.from, ..entry.clone() };
            let repeats = timeline.last().is_some_and(says_the_same);
            if !repeats {
                timeline.push(pb::LeadOwnership { from: Some(stamp(turn)), ..entry });
            }
        }
        timeline
    }

    fn declined_claims(&self, lead: &str) -> Vec<pb::DeclinedClaim> {
        let mut claims = Vec::new();
        for record in self.of_lead(lead) {
            if let Some(declined) = &record.effects.declined {
                claims.push(pb::DeclinedClaim {
                    position: record.position,
                    agreement_id: declined.agreement.clone().unwrap_or_default(),
                    occurred_at: Some(stamp(record.occurred)),
                    held_by: Some(wire::party(&declined.held_by)),
                    protected_until: declined.protected_until.map(stamp),
                    earlier_than_owner: declined.earlier_than_owner,
                });
            }
        }
        claims
    }

    /// The disputes, in the order they were opened. Rules 7.5.
    pub fn disputes_answer(&self, at: Instant) -> Vec<pb::Dispute> {
        let answer = |dispute: Dispute<'a>| pb::Dispute {
            dispute_id: dispute.opening.dispute_id.clone(),
            opened_by: dispute.opening.opened_by,
            subject: Self::subject(&dispute),
            claim: dispute.opening.claim.clone(),
            opened_at: Some(stamp(dispute.record.occurred)),
            resolved_at: dispute.resolution.map(|(record, _)| stamp(record.occurred)),
            outcome: dispute.resolution.map(|(_, body)| body.outcome),
            resolution: dispute.resolution.map_or(String::new(), |(_, b)| b.resolution.clone()),
            held: self.held(&dispute, at),
            position: dispute.record.position,
        };
        self.disputes().into_iter().map(answer).collect()
    }

    fn subject(dispute: &Dispute<'_>) -> Option<dispute::Subject> {
        let subject = match dispute.opening.subject.as_ref()? {
            Subject::LeadId(_) => dispute::Subject::LeadId(dispute.record.effects.lead.clone()?),
            Subject::SaleId(id) => dispute::Subject::SaleId(id.clone()),
            Subject::PayoutId(id) => dispute::Subject::PayoutId(id.clone()),
        };
        Some(subject)
    }

    /// What a dispute holds by itself.
    fn held(&self, dispute: &Dispute<'_>, at: Instant) -> Vec<pb::HeldCommission> {
        let subject = Self::held_subject(dispute).filter(|_| dispute.resolution.is_none());
        let subjects: BTreeSet<_> = subject.into_iter().collect();
        let on_accounts = self.postings().filter(|(_, posting)| posting.effective <= at);
        let mut accounts: BTreeSet<(String, String)> = BTreeSet::new();
        let mut postings: Vec<&Posting> = Vec::new();
        for (_, posting) in on_accounts {
            if let Some(partner) = posting.account.strip_prefix("partner:") {
                accounts.insert((partner.to_owned(), posting.currency.clone()));
                postings.push(posting);
            }
        }
        let mut held = Vec::new();
        for (partner_id, currency_code) in accounts {
            let account = format!("partner:{partner_id}");
            let own = |posting: &&&Posting| posting.account == account && posting.currency == currency_code;
            let own: Vec<&Posting> = postings.iter().filter(own).copied().collect();
            let amount = wire::minor(available_of(&own, &subjects, at));
            if amount > 0 {
                held.push(pb::HeldCommission { partner_id, currency_code, amount });
            }
        }
        held
    }
}

fn ownership(owner: &Ownership<'_>) -> pb::LeadOwnership {
    pb::LeadOwnership {
        from: Some(stamp(owner.since)),
        owner: Some(wire::party(&owner.owner)),
        agreement_id: owner.credit.clone().unwrap_or_default(),
        decided_at: owner.decided_at,
        rule: owner.rule.into(),
    }
}
