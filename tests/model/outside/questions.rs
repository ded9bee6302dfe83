//! What is asked after a workload, as of when and as known at which position, and the answers as lines of text.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{TimeDelta, Utc};
use partnership_ledger::proto::{self as pb, AlertKind, event::Body, get_metrics_request::Scope};
use prost::Message;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use super::compare::{assessment, lines};
use super::json;
use super::ledger::{Answer, Ledger, When, instant, stamp};
use super::model::{Model, calendar::Instant};
use super::workload::turns;

/// The kinds of alerts, the most urgent first, as the contract has them.
pub const URGENCY: [AlertKind; 17] = [
    AlertKind::ExclusivityBreached,
    AlertKind::BreachUncured,
    AlertKind::DisputeOpen,
    AlertKind::HoldLong,
    AlertKind::NegativeBalance,
    AlertKind::PayableDue,
    AlertKind::ProtectionLapsing,
    AlertKind::NoticeEnding,
    AlertKind::ExpiryNear,
    AlertKind::ExclusivityEnding,
    AlertKind::LeadsWithoutEarningAgreement,
    AlertKind::MissingManager,
    AlertKind::UnequalEffort,
    AlertKind::BrandUseUndecided,
    AlertKind::GoalsDiffer,
    AlertKind::ReviewOverdue,
    AlertKind::CheckInOverdue,
];

/// Times and positions that are asked about.
const MOMENTS: usize = 8;

/// One question.
#[derive(Clone, Debug)]
pub enum Question {
    Partner(String),
    Balance(String),
    Entries(String),
    Agreement(String),
    Lead(String),
    Sale(String),
    Payables,
    Payouts,
    PayoutSummary(Option<String>, Option<Instant>, Option<Instant>),
    Programme(String),
    Programmes,
    Disputes,
    TrialBalance,
    Campaign(String),
    Metrics(Scope, Option<Instant>, Option<Instant>),
    Alerts,
}

impl Question {
    /// About everybody that the records introduced, and about nobody.
    pub fn all(model: &Model) -> Vec<Self> {
        let nobody = "nobody".to_owned();
        let mut all = vec![Self::Payables, Self::Payouts, Self::Disputes, Self::TrialBalance, Self::Sale(nobody.clone())];
        all.extend([Self::Programme(nobody.clone()), Self::Programmes, Self::PayoutSummary(None, None, None)]);
        all.extend([Self::Partner(nobody.clone()), Self::Balance(nobody.clone()), Self::Entries(nobody.clone())]);
        all.extend([Self::Agreement(nobody.clone()), Self::Lead(nobody.clone()), Self::Campaign(nobody), Self::Alerts]);
        all.extend(Self::figures(model));
        let (mut agreements, mut leads) = (BTreeSet::new(), BTreeSet::new());
        for record in &model.records {
            match record.body() {
                Body::PartnerRegistered(body) => {
                    let id = &body.partner_id;
                    all.extend([Self::Partner(id.clone()), Self::Balance(id.clone()), Self::Entries(id.clone())]);
                }
                Body::AgreementProposed(body) => {
                    agreements.insert(body.agreement_id.clone());
                }
                Body::AgreementSigned(body) => {
                    agreements.insert(body.agreement_id.clone());
                }
                Body::LeadReferred(body) => {
                    leads.insert(body.lead_id.clone());
                }
                Body::SaleRecorded(body) => all.push(Self::Sale(body.sale_id.clone())),
                Body::ProgrammeDefined(body) => all.push(Self::Programme(body.programme_id.clone())),
                Body::PayoutSettled(_) | Body::PayoutReturned(_) => {
                    all.push(Self::PayoutSummary(None, Some(record.occurred), None));
                    all.push(Self::PayoutSummary(Some("p1".to_owned()), None, Some(record.occurred)));
                }
                Body::CampaignPlanned(body) => all.push(Self::Campaign(body.campaign_id.clone())),
                _ => {}
            }
        }
        all.extend(agreements.into_iter().map(Self::Agreement));
        all.extend(leads.into_iter().map(Self::Lead));
        all
    }

    /// Figures of every scope, over all time and over some of it.
    fn figures(model: &Model) -> Vec<Self> {
        let mut rng = StdRng::seed_from_u64(model.last_position() + 1);
        let turns: Vec<_> = turns(&model.known()).into_iter().collect();
        let mut scopes: BTreeSet<(u8, String)> = BTreeSet::from([(0, String::new()), (1, "nobody".to_owned())]);
        for record in &model.records {
            scopes.extend(match record.body() {
                Body::PartnerRegistered(body) => Some((1, body.partner_id.clone())),
                Body::AgreementSigned(body) => Some((2, body.agreement_id.clone())),
                Body::CampaignPlanned(body) => Some((3, body.campaign_id.clone())),
                _ => None,
            });
        }
        let mut figures = Vec::new();
        for (kind, id) in scopes {
            let scope = match kind {
                0 => Scope::All(true),
                1 => Scope::PartnerId(id),
                2 => Scope::AgreementId(id),
                _ => Scope::CampaignId(id),
            };
            let mut limit = || turns.choose(&mut rng).copied().filter(|_| rng.random_bool(0.5));
            figures.push(Self::Metrics(scope.clone(), None, None));
            let (from, to) = (limit(), limit());
            figures.push(Self::Metrics(scope, from, to.filter(|to| from.is_none_or(|from| from < *to))));
        }
        figures
    }

    /// The whole answer of a ledger for a moment, to the byte.
    pub fn exactly(&self, ledger: &mut impl Ledger, when: When) -> Vec<u8> {
        let options = Some(when.options());
        match self.clone() {
            Self::Partner(partner_id) => bytes(ledger.partner(&pb::GetPartnerRequest { partner_id, options })),
            Self::Balance(partner_id) => bytes(ledger.balance(&pb::GetBalanceRequest { partner_id, options })),
            Self::Entries(partner_id) => bytes(ledger.entries(&pb::ListEntriesRequest {
                partner_id,
                page_size: 1_000,
                options,
                ..pb::ListEntriesRequest::default()
            })),
            Self::Agreement(agreement_id) => bytes(ledger.agreement(&pb::GetAgreementRequest { agreement_id, options })),
            Self::Lead(lead_id) => bytes(ledger.lead(&pb::GetLeadRequest { lead_id, options })),
            Self::Sale(sale_id) => bytes(ledger.explain(&pb::ExplainSaleRequest { sale_id, options })),
            Self::PayoutSummary(..) => bytes(ledger.payout_summary(&self.summary_request(options))),
            Self::Programme(programme_id) => bytes(ledger.programme(&pb::GetProgrammeRequest { programme_id, options })),
            Self::Programmes => bytes(ledger.programmes(&pb::ListProgrammesRequest { options, ..pb::ListProgrammesRequest::default() })),
            Self::Payouts => bytes(ledger.payouts(&pb::ListPayoutsRequest { options, ..pb::ListPayoutsRequest::default() })),
            Self::Payables => bytes(ledger.payables(&pb::ListPayablesRequest { options, ..pb::ListPayablesRequest::default() })),
            Self::Disputes => bytes(ledger.disputes(&pb::ListDisputesRequest { options, ..pb::ListDisputesRequest::default() })),
            Self::TrialBalance => bytes(ledger.trial_balance(&pb::GetTrialBalanceRequest { options })),
            Self::Campaign(campaign_id) => bytes(ledger.campaign(&pb::GetCampaignRequest { campaign_id, options })),
            Self::Metrics(scope, from, to) => bytes(ledger.metrics(&metrics_request(&scope, from, to, options))),
            Self::Alerts => bytes(ledger.alerts(&pb::ListAlertsRequest { page_size: 1_000, options, ..pb::ListAlertsRequest::default() })),
        }
    }

    /// The answer of a ledger for a moment.
    pub fn ask(&self, ledger: &mut impl Ledger, when: When) -> Vec<String> {
        let options = Some(when.options());
        match self {
            Self::Partner(id) => partner(ledger, id, options),
            Self::Balance(id) => balance(ledger, id, options),
            Self::Entries(id) => entries(ledger, id, options),
            Self::Agreement(id) => agreement(ledger, id, options),
            Self::Lead(id) => lead(ledger, id, options),
            Self::Sale(id) => sale(ledger, id, options),
            Self::Payables => payables(ledger, options),
            Self::Payouts => payouts(ledger, options),
            Self::PayoutSummary(..) => payout_summary(ledger, &self.summary_request(options)),
            Self::Programme(id) => programme(ledger, id, options),
            Self::Programmes => programmes(ledger, options),
            Self::Disputes => disputes(ledger, options),
            Self::TrialBalance => trial_balance(ledger, options),
            Self::Campaign(id) => campaign(ledger, id, options),
            Self::Metrics(scope, from, to) => metrics(ledger, &metrics_request(scope, *from, *to, options)),
            Self::Alerts => alerts(ledger, options),
        }
    }

    fn summary_request(&self, options: Option<pb::ReadOptions>) -> pb::GetPayoutSummaryRequest {
        let Self::PayoutSummary(partner_id, from, to) = self else { unreachable!("asked for the figures of payouts") };
        pb::GetPayoutSummaryRequest {
            partner_id: partner_id.clone(),
            from: from.map(stamp),
            to: to.map(stamp),
            by_method: partner_id.is_none(),
            page_size: 1_000,
            page_token: String::new(),
            options,
        }
    }
}

/// Random moments, the edges of the records' times and of alerts among them; few if little happened.
pub fn moments(model: &Model) -> Vec<When> {
    let mut rng = StdRng::seed_from_u64(model.last_position());
    let known = model.known();
    let turns: Vec<_> = turns(&known).into_iter().collect();
    let last = model.last_position();
    let mut moments = vec![When::default(), When { as_of: None, position: Some(0) }, When { as_of: None, position: Some(last + 1) }];
    for number in 0..MOMENTS {
        let Some(turn) = turns.choose(&mut rng) else {
            break;
        };
        let beside = TimeDelta::nanoseconds(rng.random_range(-1..=1));
        let position = rng.random_bool(0.5).then(|| rng.random_range(0..=last));
        let alerts = if number % 4 == 0 { known.alerts(&known, *turn) } else { Vec::new() };
        let edge = alerts.choose(&mut rng).and_then(|alert| alert.since.as_ref()).map_or(*turn, instant);
        moments.push(When { as_of: Some(edge + beside), position });
    }
    let far = "2040-01-01T00:00:00Z".parse::<chrono::DateTime<Utc>>().expect("a time");
    moments.push(When { as_of: Some(far), position: None });
    moments
}

fn partner(ledger: &mut impl Ledger, id: &str, options: Option<pb::ReadOptions>) -> Vec<String> {
    let answer = ledger.partner(&pb::GetPartnerRequest { partner_id: id.to_owned(), options });
    lines(&answer, |answer| {
        let mut partner = answer.partner.clone().unwrap_or_default();
        // Of an agreement that is known without its proposal, which record introduced it is left open.
        partner.agreement_ids.sort_unstable();
        vec![at(answer.position), line("Partner", [&partner])]
    })
}

fn balance(ledger: &mut impl Ledger, id: &str, options: Option<pb::ReadOptions>) -> Vec<String> {
    let answer = ledger.balance(&pb::GetBalanceRequest { partner_id: id.to_owned(), options });
    lines(&answer, |answer| vec![at(answer.position), line("Balance", &answer.balances)])
}

fn entries(ledger: &mut impl Ledger, id: &str, options: Option<pb::ReadOptions>) -> Vec<String> {
    let request = pb::ListEntriesRequest { partner_id: id.to_owned(), page_size: 1_000, options, ..pb::ListEntriesRequest::default() };
    lines(&ledger.entries(&request), |answer| {
        let mut lines = vec![at(answer.position)];
        // How a record cuts its postings, and their order, are left open: only sums and the net after all are compared.
        let (mut nets, mut sums) = (BTreeMap::new(), BTreeMap::new());
        for entry in &answer.entries {
            nets.insert((entry.position, &entry.currency_code), entry.net_after);
            let plain = pb::Entry { recorded_at: None, net_after: 0, amount: 0, ..entry.clone() };
            let is_in = entry.amount > 0;
            *sums.entry((entry.position, is_in, json::line("Entry", &plain))).or_insert(0) += entry.amount;
        }
        lines.extend(sums.into_iter().map(|((position, _, entry), sum)| format!("{position:08} {entry} by {sum}")));
        lines.extend(nets.into_iter().map(|((position, currency), net)| format!("{position:08} then {currency} {net}")));
        lines.sort_unstable();
        lines
    })
}

fn agreement(ledger: &mut impl Ledger, id: &str, options: Option<pb::ReadOptions>) -> Vec<String> {
    let answer = ledger.agreement(&pb::GetAgreementRequest { agreement_id: id.to_owned(), options });
    lines(&answer, |answer| {
        let agreement = answer.agreement.clone().unwrap_or_default();
        let terms = |version: &pb::TermsVersion| line("TermsVersion", [version]);
        let mut lines = vec![at(answer.position), format!("terms {}", line("Terms", agreement.terms.iter()))];
        lines.extend(agreement.versions.iter().map(terms));
        // The order of facts of one time, or of late ones, is left open.
        let mut done: Vec<String> = agreement.reviews.iter().map(|review| json::line("Review", review)).collect();
        done.extend(agreement.brand_uses.iter().map(|brand_use| json::line("BrandUse", brand_use)));
        done.extend(agreement.breaches.iter().map(|breach| json::line("Breach", breach)));
        done.sort_unstable();
        lines.extend(done);
        let plain = pb::Agreement {
            terms: None,
            versions: Vec::new(),
            reviews: Vec::new(),
            brand_uses: Vec::new(),
            breaches: Vec::new(),
            ..agreement
        };
        lines.push(json::line("Agreement", &plain));
        lines
    })
}

fn campaign(ledger: &mut impl Ledger, id: &str, options: Option<pb::ReadOptions>) -> Vec<String> {
    let answer = ledger.campaign(&pb::GetCampaignRequest { campaign_id: id.to_owned(), options });
    lines(&answer, |answer| {
        let campaign = answer.campaign.clone().unwrap_or_default();
        let mut lines = vec![at(answer.position)];
        lines.extend(campaign.deliverables.iter().map(|deliverable| json::line("CampaignDeliverable", deliverable)));
        lines.extend(campaign.costs.iter().map(|cost| json::line("CampaignCost", cost)));
        lines.extend(campaign.joint_leads.iter().map(|leads| json::line("CampaignLeads", leads)));
        // In which order those who measured come is left open.
        let mut reach: Vec<String> = campaign.reach.iter().map(|reach| json::line("ReachMeasured", reach)).collect();
        reach.sort_unstable();
        lines.extend(reach);
        let plain = pb::Campaign { deliverables: Vec::new(), costs: Vec::new(), joint_leads: Vec::new(), reach: Vec::new(), ..campaign };
        lines.push(json::line("Campaign", &plain));
        lines
    })
}

fn metrics_request(scope: &Scope, from: Option<Instant>, to: Option<Instant>, options: Option<pb::ReadOptions>) -> pb::GetMetricsRequest {
    pb::GetMetricsRequest { scope: Some(scope.clone()), from: from.map(stamp), to: to.map(stamp), options }
}

fn metrics(ledger: &mut impl Ledger, request: &pb::GetMetricsRequest) -> Vec<String> {
    lines(&ledger.metrics(request), |answer| {
        let metrics = answer.metrics.clone().unwrap_or_default();
        let mut lines = vec![at(answer.position)];
        // Whether nothing is said or left out is left open.
        let moved = metrics.by_currency.iter().filter(|money| money.revenue != 0 || money.commission != 0 || money.cost != 0);
        lines.extend(moved.map(|money| json::line("CurrencyMetrics", money)));
        lines.extend(metrics.reach.iter().map(|reach| json::line("Reach", reach)));
        let due = metrics.effort.iter().filter(|effort| effort.due_weight != 0);
        lines.extend(due.map(|effort| json::line("Effort", effort)));
        let plain = pb::Metrics { by_currency: Vec::new(), reach: None, effort: Vec::new(), ..metrics };
        lines.push(json::line("Metrics", &plain));
        lines
    })
}

fn alerts(ledger: &mut impl Ledger, options: Option<pb::ReadOptions>) -> Vec<String> {
    let request = pb::ListAlertsRequest { page_size: 1_000, options, ..pb::ListAlertsRequest::default() };
    lines(&ledger.alerts(&request), |answer| {
        let plain = |alert: &pb::Alert| json::line("Alert", &pb::Alert { message: String::new(), facts: None, ..alert.clone() });
        // Of one kind and time in any order, and once or twice where both sides are concerned.
        let alerts: BTreeSet<String> = answer.alerts.iter().map(plain).collect();
        let urgency = |alert: &pb::Alert| {
            let since = alert.since.as_ref().map(|since| (since.seconds, since.nanos));
            (URGENCY.iter().position(|kind| *kind == alert.kind()), since)
        };
        let is_sorted = answer.alerts.is_sorted_by_key(urgency);
        let mut lines = vec![at(answer.position), format!("by urgency {is_sorted}")];
        lines.extend(alerts);
        lines
    })
}

fn lead(ledger: &mut impl Ledger, id: &str, options: Option<pb::ReadOptions>) -> Vec<String> {
    let answer = ledger.lead(&pb::GetLeadRequest { lead_id: id.to_owned(), options });
    lines(&answer, |answer| {
        let lead = answer.lead.clone().unwrap_or_default();
        let mut lines = vec![at(answer.position)];
        lines.extend(lead.timeline.iter().map(|owner| json::line("LeadOwnership", owner)));
        lines.extend(lead.declined_claims.iter().map(|claim| json::line("DeclinedClaim", claim)));
        let plain = pb::Lead { explanation: String::new(), facts: None, timeline: Vec::new(), declined_claims: Vec::new(), ..lead };
        lines.push(json::line("Lead", &plain));
        lines
    })
}

fn payables(ledger: &mut impl Ledger, options: Option<pb::ReadOptions>) -> Vec<String> {
    let mut all = Vec::new();
    for (include_below_minimum, include_on_hold) in [(false, false), (true, false), (true, true)] {
        let request = pb::ListPayablesRequest {
            include_below_minimum,
            include_on_hold,
            page_size: 1_000,
            options,
            ..pb::ListPayablesRequest::default()
        };
        all.extend(lines(&ledger.payables(&request), |answer| vec![at(answer.position), line("Payable", &answer.payables)]));
    }
    all
}

fn sale(ledger: &mut impl Ledger, id: &str, options: Option<pb::ReadOptions>) -> Vec<String> {
    let answer = ledger.explain(&pb::ExplainSaleRequest { sale_id: id.to_owned(), options });
    lines(&answer, |answer| {
        let amounts = [("left", &answer.commission_left), ("paid", &answer.paid)];
        let mut lines =
            vec![at(answer.position), line("Sale", answer.sale.iter()), format!("terms {}", line("Terms", answer.terms.iter()))];
        let shown = amounts.into_iter().filter_map(|(name, money)| Some((name, money.as_ref()?)));
        lines.extend(
            shown.filter(|(_, money)| money.minor_units != 0).map(|(name, money)| format!("{name} {}", json::line("Money", money))),
        );
        let occurred = answer.sale.as_ref().and_then(|sale| sale.occurred_at.as_ref());
        lines.extend(answer.assessment.iter().map(|assessed| assessment(assessed, occurred)));
        lines.extend(answer.parts.iter().map(|part| sale_part(part, occurred)));
        lines
    })
}

/// A part of a sale; of its commission, what is nothing may be said or not.
fn sale_part(part: &pb::ExplainPart, occurred: Option<&prost_types::Timestamp>) -> String {
    let something = |money: &Option<pb::Money>| money.clone().filter(|money| money.minor_units != 0);
    let plain = pb::ExplainPart {
        assessment: None,
        commission_left: something(&part.commission_left),
        paid: something(&part.paid),
        awaiting: something(&part.awaiting),
        ..part.clone()
    };
    let assessed = part.assessment.as_ref().map(|assessed| assessment(assessed, occurred)).unwrap_or_default();
    format!("part {} {assessed}", json::line("ExplainPart", &plain))
}

fn payout_summary(ledger: &mut impl Ledger, request: &pb::GetPayoutSummaryRequest) -> Vec<String> {
    lines(&ledger.payout_summary(request), |answer| {
        let mut lines = vec![at(answer.position)];
        lines.extend(answer.rows.iter().map(|row| json::line("PayoutSummaryRow", row)));
        lines
    })
}

fn programme(ledger: &mut impl Ledger, id: &str, options: Option<pb::ReadOptions>) -> Vec<String> {
    let answer = ledger.programme(&pb::GetProgrammeRequest { programme_id: id.to_owned(), options });
    lines(&answer, |answer| vec![at(answer.position), line("Programme", &answer.programme)])
}

fn programmes(ledger: &mut impl Ledger, options: Option<pb::ReadOptions>) -> Vec<String> {
    let request = pb::ListProgrammesRequest { page_size: 1_000, options, ..pb::ListProgrammesRequest::default() };
    lines(&ledger.programmes(&request), |answer| vec![at(answer.position), line("Programme", &answer.programmes)])
}

fn payouts(ledger: &mut impl Ledger, options: Option<pb::ReadOptions>) -> Vec<String> {
    let mut all = Vec::new();
    for state in [pb::PayoutState::Unspecified, pb::PayoutState::InTransit] {
        let request = pb::ListPayoutsRequest { state: state.into(), page_size: 1_000, options, ..pb::ListPayoutsRequest::default() };
        all.extend(lines(&ledger.payouts(&request), |answer| {
            let mut lines = vec![at(answer.position)];
            lines.extend(answer.payouts.iter().map(|payout| json::line("Payout", payout)));
            lines
        }));
    }
    all
}

fn disputes(ledger: &mut impl Ledger, options: Option<pb::ReadOptions>) -> Vec<String> {
    let request = pb::ListDisputesRequest { page_size: 1_000, options, ..pb::ListDisputesRequest::default() };
    lines(&ledger.disputes(&request), |answer| {
        let mut lines = vec![at(answer.position)];
        lines.extend(answer.disputes.iter().map(|dispute| json::line("Dispute", dispute)));
        lines
    })
}

fn trial_balance(ledger: &mut impl Ledger, options: Option<pb::ReadOptions>) -> Vec<String> {
    let answer = ledger.trial_balance(&pb::GetTrialBalanceRequest { options });
    lines(&answer, |answer| {
        let mut lines = vec![at(answer.position), format!("balanced {}", answer.is_balanced)];
        lines.extend(answer.accounts.iter().map(|account| json::line("AccountBalance", account)));
        lines
    })
}

fn bytes(answer: Answer<impl Message>) -> Vec<u8> {
    answer.map_or_else(|refusal| format!("{refusal:?}").into_bytes(), |answer| answer.encode_to_vec())
}

fn at(position: u64) -> String {
    format!("position {position}")
}

fn line<'a, M: Message + 'a>(name: &str, all: impl IntoIterator<Item = &'a M>) -> String {
    all.into_iter().map(|one| json::line(name, one)).collect::<Vec<_>>().join(" ")
}
