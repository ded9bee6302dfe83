//! How long the owner of a lead is protected. Rules 5.2.

use chrono::TimeDelta;
use partnership_ledger::proto::{self as pb, ProtectionAnchor, event::Body, lead_protection};

use super::agreements::Version;
use super::calendar::{self, Instant};
use super::record::{Decision, Known, Pinned, Protection, Record};

impl Pinned {
    /// A lead of the house's own, or one that was reassigned to the house.
    pub fn no_limit() -> Self {
        Self { days: None, from_approval: false, zone: chrono_tz::Tz::UTC }
    }

    /// What the terms in force say.
    pub fn by_terms(version: Option<&Version<'_>>) -> Self {
        let terms = version.map(|version| version.terms);
        let protection = terms.and_then(|terms| terms.lead_protection.as_ref());
        let days = match protection.and_then(|protection| protection.period) {
            Some(lead_protection::Period::Days(days)) => Some(u64::from(days)),
            Some(lead_protection::Period::Unlimited(true)) => None,
            Some(lead_protection::Period::Unlimited(false)) | None => Some(90),
        };
        Self {
            days,
            from_approval: protection.is_some_and(|p| p.anchor() == ProtectionAnchor::Approval),
            zone: calendar::zone(terms.map_or("", |terms| terms.time_zone.as_str())),
        }
    }
}

impl Protection {
    pub fn until(self) -> Option<Instant> {
        match self {
            Self::Until(until) => Some(until),
            Self::NoLimit | Self::AwaitsApproval => None,
        }
    }

    pub fn lasts_at(self, at: Instant) -> bool {
        self.until().is_none_or(|until| at < until)
    }
}

impl Known<'_> {
    /// The protection of a claim or reassignment as it stands at `at`, loss left aside.
    pub fn protection(&self, decision: &Decision, at: Instant) -> Protection {
        let qualified = self.qualified_while_protected(&decision.lead, at);
        let Some(days) = decision.pinned.days.filter(|_| !qualified) else {
            return Protection::NoLimit;
        };
        let days = days + self.extension(decision);
        self.protected_from(decision)
            .map_or(Protection::AwaitsApproval, |from| Protection::Until(calendar::plus_days(from, days, decision.pinned.zone)))
    }

    /// Whether the lead had qualified while it was protected, and was not lost since.
    fn qualified_while_protected(&self, lead: &str, at: Instant) -> bool {
        let records: Vec<&Record> = self.of_lead(lead).into_iter().filter(|record| record.occurred <= at).collect();
        let turn = |record: &Record| (record.occurred, record.position);
        let last_loss = records.iter().filter(|record| matches!(record.body(), Body::LeadLost(_))).map(|record| turn(record)).max();
        let reopened = self.reopened(lead, at);
        records.iter().filter(|record| record.position > reopened).any(|record| {
            let protected = record.effects.protection == Some(Protection::NoLimit);
            matches!(record.body(), Body::LeadQualified(_)) && protected && last_loss.is_none_or(|loss| loss < turn(record))
        })
    }

    /// The last recorded claim by `at` that reopened the lead from loss; 0 without one. What was qualified before it no
    /// longer counts. Rules 13.
    pub fn reopened(&self, lead: &str, at: Instant) -> u64 {
        let reopening = |decision: &Decision| decision.rule == pb::OwnershipRule::AfterLoss && decision.occurred <= at;
        self.decisions(lead).into_iter().filter(|decision| reopening(decision)).map(|decision| decision.position).max().unwrap_or(0)
    }

    /// The anchor of the protection; none while an approval is awaited. A reassigned claim needs none. Rules 13.
    pub fn protected_from(&self, decision: &Decision) -> Option<Instant> {
        if !decision.pinned.from_approval || !decision.is_claim {
            return Some(decision.occurred);
        }
        let records = self.about(decision);
        let approval = records.iter().find(|record| matches!(record.body(), Body::LeadApproved(_)));
        approval.map(|record| record.occurred)
    }

    /// The days by which it was extended.
    pub fn extension(&self, decision: &Decision) -> u64 {
        let days = |record: &Record| match record.body() {
            Body::LeadProtectionExtended(body) => u64::from(body.days),
            _ => 0,
        };
        self.about(decision).into_iter().map(days).sum()
    }

    /// The records that were about this claim when they were recorded.
    fn about(&self, decision: &Decision) -> Vec<&Record> {
        let about = |record: &&&Record| record.effects.claim == Some(decision.position);
        self.records.iter().filter(about).copied().collect()
    }

    /// Until when the owner is protected, as an answer at `at` shows it: a loss ends it. Rules 13, 5.2.
    pub fn shown_protection(&self, decision: &Decision, at: Instant) -> Option<Instant> {
        let Some(lost) = self.lost_since(&decision.lead, at) else {
            return self.protection(decision, at).until();
        };
        let until = self.protection(decision, lost - TimeDelta::nanoseconds(1)).until();
        Some(until.map_or(lost, |until| until.min(lost)))
    }

    /// Whether the lead has qualified and no claim has reopened it from loss since, in recording order. Rules 13.
    pub fn has_qualified(&self, lead: &str) -> bool {
        let mut qualified = false;
        for record in self.of_lead(lead) {
            let decision = record.effects.decision.as_ref();
            if decision.is_some_and(|d| d.rule == pb::OwnershipRule::AfterLoss) {
                qualified = false;
            }
            qualified |= matches!(record.body(), Body::LeadQualified(_));
        }
        qualified
    }

    /// Whether the claim in force at `at` has been approved; before the first claim there is none to be approved.
    pub fn has_been_approved(&self, lead: &str, at: Instant) -> bool {
        let Some(claim) = self.decision_at(lead, at).map(|decision| decision.position) else {
            return false;
        };
        self.of_lead(lead).iter().any(|record| matches!(record.body(), Body::LeadApproved(_)) && record.effects.claim == Some(claim))
    }
}
