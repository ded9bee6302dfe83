//! What somebody should look at. Rules 10.2. An alert's `since` is when it began to hold without a break.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use partnership_ledger::proto::{self as pb, AlertKind, EndCause, ReviewKind, Side, dispute_opened::Subject, event::Body};

use super::agreements::End;
use super::calendar::{self, Instant};
use super::campaigns::who;
use super::record::{Known, Party, Record};
use crate::outside::ledger::{instant, stamp};

/// What an alert is about.
#[derive(Clone, Default)]
struct About {
    partner: Option<String>,
    agreement: Option<String>,
    campaign: Option<String>,
    lead: Option<String>,
}

fn alert(kind: AlertKind, about: About, since: Instant) -> pb::Alert {
    pb::Alert {
        kind: kind.into(),
        partner_id: about.partner,
        agreement_id: about.agreement,
        campaign_id: about.campaign,
        lead_id: about.lead,
        since: Some(stamp(since)),
        message: String::new(),
        facts: None,
    }
}

impl<'a> Known<'a> {
    /// Those that hold at `at`; `recorded` is the same without regard to time, for what is said of a fact's subject.
    pub fn alerts(&self, recorded: &Known<'a>, at: Instant) -> Vec<pb::Alert> {
        let mut alerts = Vec::new();
        for agreement in self.signed_agreements() {
            // Of an agreement whose programme is defined only later nothing is told.
            if self.is_active(agreement, at) && self.terms_at(agreement, at).is_some() {
                alerts.extend(self.cadence_alerts(agreement, at));
                alerts.extend(self.ending_alerts(agreement, at));
            }
        }
        for plan in self.campaigns().into_iter().filter(|plan| self.is_open(plan, at)) {
            alerts.extend(self.campaign_alerts(plan, at));
        }
        alerts.extend(self.records.iter().flat_map(|record| self.record_alerts(recorded, record, at)));
        alerts.extend(self.money_alerts(at));
        alerts.extend(self.hold_alerts(at));
        alerts.extend(self.left_behind_alerts(at));
        let leads = self.leads().into_iter().filter(|lead| self.lead(lead).is_some());
        alerts.extend(leads.filter_map(|lead| self.lapsing_alert(lead, at)));
        alerts
    }

    fn about_agreement(&self, agreement: &str) -> About {
        let partner = self.partner_of(agreement).map(str::to_owned);
        About { partner, agreement: Some(agreement.to_owned()), ..About::default() }
    }

    fn cadence_alerts(&self, agreement: &str, at: Instant) -> Vec<pb::Alert> {
        let start = self.effective_at(agreement).expect("active");
        let terms = self.terms_at(agreement, at).expect("asked for").terms;
        let cadence = terms.cadence.unwrap_or_default();
        let or_usual = |days: u32, usual: u32| u64::from(if days == 0 { usual } else { days });
        let reviews = self.reviews(agreement);
        let due = |kind: ReviewKind, days: u64| {
            let held = reviews.iter().filter(|review| review.kind() == kind).filter_map(|review| review.held_at.as_ref().map(instant));
            calendar::plus_days(held.chain([start]).max().expect("the start"), days, calendar::zone(&terms.time_zone))
        };
        let missing = [Side::House, Side::Partner].into_iter().any(|side| self.manager(agreement, side).is_none());
        let check_in = due(ReviewKind::CheckIn, or_usual(cadence.check_in_days, 31));
        let review = due(ReviewKind::QuarterlyReview, or_usual(cadence.review_days, 92));
        let all = [
            (AlertKind::MissingManager, missing, start),
            (AlertKind::CheckInOverdue, at > check_in, check_in),
            (AlertKind::ReviewOverdue, at > review, review),
        ];
        let holding = all.into_iter().filter(|(_, holds, _)| *holds);
        holding.map(|(kind, _, since)| alert(kind, self.about_agreement(agreement), since)).collect()
    }

    /// Ends within 30 days, of an active agreement.
    fn ending_alerts(&self, agreement: &str, at: Instant) -> Vec<pb::Alert> {
        let start = self.effective_at(agreement).expect("active");
        let terms = self.terms_at(agreement, at).expect("asked for").terms;
        let zone = calendar::zone(&terms.time_zone);
        let end = self.end(agreement);
        let mut near: Vec<(AlertKind, Instant, Instant)> = Vec::new();
        match end {
            Some(End { at: ends, cause: EndCause::Expiry, .. }) => near.push((AlertKind::ExpiryNear, ends, start)),
            Some(End { at: ends, cause: EndCause::Notice, position }) => {
                let given = self.at_position(position).map_or(start, |record| record.occurred);
                near.push((AlertKind::NoticeEnding, ends, start.max(given)));
            }
            _ => {}
        }
        if let Some(months) = terms.exclusivity.as_ref().and_then(|exclusivity| exclusivity.months) {
            let ends = calendar::plus_months(start, months, zone);
            if end.is_none_or(|end| ends <= end.at) {
                near.push((AlertKind::ExclusivityEnding, ends, start));
            }
        }
        let mut alerts = Vec::new();
        for (kind, ends, from) in near {
            let since = calendar::minus_days(ends, 30, zone).max(from);
            if since <= at && at < ends {
                alerts.push(alert(kind, self.about_agreement(agreement), since));
            }
        }
        alerts
    }

    fn campaign_alerts(&self, plan: &pb::CampaignPlanned, at: Instant) -> Vec<pb::Alert> {
        let planned = self.campaign(&plan.campaign_id).expect("known").0.occurred;
        let about = || About { campaign: Some(plan.campaign_id.clone()), ..About::default() };
        let mut alerts = Vec::new();
        if plan.participants.iter().any(|participant| participant.goal != plan.participants[0].goal) {
            alerts.push(alert(AlertKind::GoalsDiffer, about(), planned));
        }
        let mut turns: Vec<Instant> = Vec::new();
        for deliverable in &plan.deliverables {
            turns.extend(Self::due_at(plan, deliverable));
            turns.extend(self.completion(&plan.campaign_id, &deliverable.deliverable_id).map(|record| record.occurred));
        }
        let since = holds_since(turns, at, |turn| self.is_unequal(plan, turn));
        alerts.extend(since.map(|since| alert(AlertKind::UnequalEffort, about(), since)));
        alerts
    }

    /// Whether of the weight due at `at` somebody delivered over 20 points less than somebody else.
    fn is_unequal(&self, plan: &pb::CampaignPlanned, at: Instant) -> bool {
        let mut efforts: BTreeMap<_, (i128, i128)> = BTreeMap::new();
        for deliverable in &plan.deliverables {
            if Self::due_at(plan, deliverable).is_some_and(|due| due <= at) {
                let completion = self.completion(&plan.campaign_id, &deliverable.deliverable_id);
                let delivered = completion.is_some_and(|record| record.occurred <= at);
                let (due, done) = efforts.entry(who(deliverable.owed_by.as_ref())).or_default();
                *due += i128::from(deliverable.weight);
                *done += if delivered { i128::from(deliverable.weight) } else { 0 };
            }
        }
        let due: Vec<_> = efforts.into_values().filter(|(due, _)| *due > 0).collect();
        // Exactly: done / due is over a fifth more than another's.
        let exceeds = |(due, done): &(i128, i128), (other_due, other_done): &(i128, i128)| {
            5 * (done * other_due - other_done * due) > due * other_due
        };
        due.iter().any(|one| due.iter().any(|other| exceeds(one, other)))
    }

    /// What single records leave open.
    fn record_alerts(&self, recorded: &Known<'a>, record: &Record, at: Instant) -> Vec<pb::Alert> {
        match record.body() {
            // Of an agreement that does not exist yet nothing is told. Rules 1.4.
            Body::BrandUseRequested(body) if !self.is_agreement(&body.agreement_id) => Vec::new(),
            Body::BreachReported(body) if !self.is_agreement(&body.agreement_id) => Vec::new(),
            Body::AgreementSigned(_) => self.exclusivities_broken(record, at),
            Body::BrandUseRequested(body) => {
                let decided = record.effects.brand_use_approved || self.brand_use_decision(&body.brand_use_id).is_some();
                let open =
                    (!decided).then(|| alert(AlertKind::BrandUseUndecided, self.about_agreement(&body.agreement_id), record.occurred));
                open.into_iter().collect()
            }
            Body::BreachReported(body) => {
                let term = body.cure_by.as_ref().map(instant).filter(|cure_by| *cure_by < at && self.cure(&body.breach_id).is_none());
                let overdue = term.map(|cure_by| alert(AlertKind::BreachUncured, self.about_agreement(&body.agreement_id), cure_by));
                overdue.into_iter().collect()
            }
            Body::DisputeOpened(body) => {
                let since = record.occurred + TimeDelta::days(14);
                let is_old = since < at && self.resolution(&body.dispute_id).is_none();
                let old = is_old.then(|| alert(AlertKind::DisputeOpen, recorded.about_dispute(record, body), since));
                old.into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    fn exclusivities_broken(&self, record: &Record, at: Instant) -> Vec<pb::Alert> {
        let Body::AgreementSigned(signed) = record.body() else { unreachable!("asked for a signature") };
        let since = self.effective_at(&signed.agreement_id).expect("signed");
        let mut alerts = Vec::new();
        for breach in &record.effects.breaches {
            let both = [&breach.broken, &breach.by].into_iter().all(|agreement| self.is_active(agreement, at));
            // The other agreement may be one of after the time asked.
            let partner = self.partner_of(&breach.by).filter(|_| both);
            if partner.is_some_and(|partner| self.binds_against(&breach.broken, partner, at)) {
                alerts.push(alert(AlertKind::ExclusivityBreached, self.about_agreement(&breach.broken), since));
            }
        }
        alerts
    }

    fn about_dispute(&self, record: &Record, body: &pb::DisputeOpened) -> About {
        match body.subject.as_ref().expect("required") {
            Subject::LeadId(_) => About { lead: record.effects.lead.clone(), ..About::default() },
            Subject::SaleId(sale) => {
                let sale = self.sale(sale).map(|record| &record.effects);
                let credit = sale.and_then(|effects| effects.assessed.first()?.agreement.clone());
                let about = credit.map_or(About::default(), |credit| self.about_agreement(&credit));
                About { lead: sale.and_then(|effects| effects.lead.clone()), ..about }
            }
            Subject::PayoutId(payout) => {
                About { partner: self.payout(payout).map(|payout| payout.terms().partner_id.clone()), ..About::default() }
            }
        }
    }

    /// Who owes the house, and whom the house should pay.
    fn money_alerts(&self, at: Instant) -> Vec<pb::Alert> {
        let mut alerts = Vec::new();
        for partner in self.partners() {
            for balance in self.balances(partner, at) {
                let currency = &balance.currency_code;
                let is_due = |turn: Instant| {
                    let payable = self.payable(partner, currency, turn);
                    !self.is_on_hold(partner, turn) && payable > 0 && payable >= i128::from(self.minimum_payout(partner, currency, turn))
                };
                let about = About { partner: Some(partner.to_owned()), ..About::default() };
                if balance.net < 0 {
                    let since = holds_since(self.money_turns(partner), at, |turn| self.net(partner, currency, turn) < 0);
                    alerts.extend(since.map(|since| alert(AlertKind::NegativeBalance, about.clone(), since)));
                }
                if is_due(at) {
                    let since = holds_since(self.money_turns(partner), at, is_due);
                    alerts.extend(since.map(|since| alert(AlertKind::PayableDue, about, since)));
                }
            }
        }
        alerts
    }

    /// Holds of more than 30 days. Rules 19.2.
    fn hold_alerts(&self, at: Instant) -> Vec<pb::Alert> {
        let mut alerts = Vec::new();
        for partner in self.partners() {
            for (placed, _, lifted) in self.holds(partner) {
                let since = placed.occurred + TimeDelta::days(30);
                if since < at && lifted.is_none_or(|lifted| at < lifted) {
                    let about = About { partner: Some(partner.to_owned()), ..About::default() };
                    alerts.push(alert(AlertKind::HoldLong, about, since));
                }
            }
        }
        alerts
    }

    /// Agreements that are over and still have the credit of leads, while their partner has another one. Rules 18.3.
    fn left_behind_alerts(&self, at: Instant) -> Vec<pb::Alert> {
        let mut alerts = Vec::new();
        for agreement in self.signed_agreements() {
            if self.leaves_leads_behind(agreement, at) {
                let mut turns: Vec<Instant> = self.records.iter().map(|record| record.occurred).collect();
                for other in self.signed_agreements() {
                    turns.extend(self.effective_at(other));
                    turns.extend(self.end(other).map(|end| end.at));
                    turns.extend(self.tail_end(other));
                }
                let since = holds_since(turns, at, |turn| self.leaves_leads_behind(agreement, turn));
                let about = self.about_agreement(agreement);
                alerts.extend(since.map(|since| alert(AlertKind::LeadsWithoutEarningAgreement, about, since)));
            }
        }
        alerts
    }

    fn leaves_leads_behind(&self, agreement: &str, at: Instant) -> bool {
        let partner = self.partner_of(agreement);
        let works_on = || self.signed_agreements().into_iter().any(|other| self.partner_of(other) == partner && self.is_active(other, at));
        let has_lead = || {
            let open = self.leads().into_iter().filter(|lead| self.lost_since(lead, at).is_none());
            open.filter_map(|lead| self.credit_at(lead, at)).any(|credit| credit == agreement)
        };
        self.is_over(agreement, at) && works_on() && has_lead()
    }

    /// When the tail of an agreement ends, if it has one of so many days. Rules 6.4.
    fn tail_end(&self, agreement: &str) -> Option<Instant> {
        let end = self.end(agreement)?.at;
        let terms = self.terms_at_end(agreement)?.terms;
        let days = terms.tail.as_ref().filter(|tail| tail.mode() == pb::TailMode::Days)?.days;
        Some(calendar::plus_days(end, u64::from(days), calendar::zone(&terms.time_zone)))
    }

    fn net(&self, partner: &str, currency: &str, at: Instant) -> i128 {
        self.balances(partner, at).iter().filter(|balance| balance.currency_code == currency).map(|balance| i128::from(balance.net)).sum()
    }

    /// Every time at which what a partner is owed, or the least that is paid out to it, may change.
    fn money_turns(&self, partner: &str) -> Vec<Instant> {
        let account = format!("partner:{partner}");
        let mut turns = Vec::new();
        for (_, posting) in self.postings().filter(|(_, posting)| posting.account == account) {
            turns.push(posting.effective);
            turns.extend(posting.available);
        }
        for record in &self.records {
            if matches!(record.body(), Body::DisputeOpened(_) | Body::DisputeResolved(_)) {
                turns.push(record.occurred);
            }
        }
        for agreement in self.signed_agreements().into_iter().filter(|agreement| self.partner_of(agreement) == Some(partner)) {
            let versions = self.versions(agreement);
            turns.extend(versions.iter().map(|version| version.effective));
            turns.extend(versions.iter().filter_map(|version| Some(self.at_position(version.position)?.occurred)));
            turns.extend(self.effective_at(agreement));
            turns.extend(self.end(agreement).map(|end| end.at));
            turns.extend(self.tail_end(agreement));
        }
        for (placed, _, lifted) in self.holds(partner) {
            turns.push(placed.occurred);
            turns.extend(lifted);
        }
        turns
    }

    fn lapsing_alert(&self, lead: &str, at: Instant) -> Option<pb::Alert> {
        let owner = self.owner_at(lead, at).filter(|_| self.lead_state(lead, at) == pb::LeadState::Open)?;
        let until = self.protection(owner.decision, at).until()?;
        let since = calendar::minus_days(until, 7, owner.decision.pinned.zone).max(owner.decision.occurred);
        let about = About {
            partner: match owner.owner {
                Party::House => None,
                Party::Partner(partner) => Some(partner),
            },
            agreement: owner.credit.clone(),
            lead: Some(lead.to_owned()),
            campaign: None,
        };
        (since <= at && at < until).then(|| alert(AlertKind::ProtectionLapsing, about, since))
    }
}

/// The first of the turns up to `at` since when something holds without a break, if it does at `at`.
fn holds_since(mut turns: Vec<Instant>, at: Instant, holds: impl Fn(Instant) -> bool) -> Option<Instant> {
    turns.retain(|turn| *turn <= at);
    turns.sort_unstable();
    turns.dedup();
    turns.into_iter().rev().take_while(|turn| holds(*turn)).last()
}
