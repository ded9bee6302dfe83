//! The model's answers to the questions of the contract.

use partnership_ledger::proto::{self as pb, Side, event::Body, launch_step_completed::Subject};

use super::calendar::Instant;
use super::record::Known;
use super::{Model, wire};
use crate::outside::ledger::{Answer, Ledger, Refusal, instant, stamp};

/// A question's time, position and records.
struct Asked<'a> {
    at: Instant,
    position: u64,
    known: Known<'a>,
}

impl Model {
    fn asked(&self, options: Option<&pb::ReadOptions>) -> Answer<Asked<'_>> {
        let options = options.copied().unwrap_or_default();
        let last = self.last_position();
        let position = options.as_of_position.unwrap_or(last);
        if position.max(options.min_position.unwrap_or(0)) > last {
            return Err(Refusal::rule("POSITION_NOT_REACHED"));
        }
        let at = options.as_of.as_ref().map_or_else(|| self.now(), instant);
        Ok(Asked { at, position, known: Known::by(&self.records, at, position) })
    }
}

impl Ledger for Model {
    fn append(&mut self, request: &pb::AppendRequest) -> Answer<pb::AppendResponse> {
        self.record_all(request)
    }

    fn partner(&mut self, request: &pb::GetPartnerRequest) -> Answer<pb::GetPartnerResponse> {
        let asked = self.asked(request.options.as_ref())?;
        Ok(pb::GetPartnerResponse { partner: Some(asked.known.partner_answer(&request.partner_id, asked.at)?), position: asked.position })
    }

    fn agreement(&mut self, request: &pb::GetAgreementRequest) -> Answer<pb::GetAgreementResponse> {
        let asked = self.asked(request.options.as_ref())?;
        let agreement = asked.known.agreement_answer(&request.agreement_id, asked.at)?;
        Ok(pb::GetAgreementResponse { agreement: Some(agreement), position: asked.position })
    }

    fn lead(&mut self, request: &pb::GetLeadRequest) -> Answer<pb::GetLeadResponse> {
        let asked = self.asked(request.options.as_ref())?;
        let lead = asked.known.known_lead(&request.lead_id)?;
        Ok(pb::GetLeadResponse { lead: Some(asked.known.lead_answer(&lead, asked.at)), position: asked.position })
    }

    fn balance(&mut self, request: &pb::GetBalanceRequest) -> Answer<pb::GetBalanceResponse> {
        let asked = self.asked(request.options.as_ref())?;
        asked.known.known_partner(&request.partner_id)?;
        let balances = asked.known.balances(&request.partner_id, asked.at);
        let mut closed = self.records.iter().filter(|record| record.position <= asked.position).filter_map(|record| match record.body() {
            Body::PeriodClosed(close) => Some(pb::Close { through: close.through, position: record.position }),
            _ => None,
        });
        Ok(pb::GetBalanceResponse { balances, position: asked.position, closed: closed.next_back() })
    }

    fn entries(&mut self, request: &pb::ListEntriesRequest) -> Answer<pb::ListEntriesResponse> {
        let asked = self.asked(request.options.as_ref())?;
        asked.known.known_partner(&request.partner_id)?;
        Ok(pb::ListEntriesResponse {
            entries: asked.known.entries_answer(&request.partner_id, asked.at),
            next_page_token: String::new(),
            position: asked.position,
        })
    }

    fn payables(&mut self, request: &pb::ListPayablesRequest) -> Answer<pb::ListPayablesResponse> {
        let asked = self.asked(request.options.as_ref())?;
        let mut payables = asked.known.payables_answer(asked.at);
        payables.retain(|payable| request.include_below_minimum || !payable.below_minimum);
        payables.retain(|payable| request.include_on_hold || !payable.on_hold);
        payables.retain(|payable| request.partner_id.as_ref().is_none_or(|partner| *partner == payable.partner_id));
        Ok(pb::ListPayablesResponse { payables, next_page_token: String::new(), position: asked.position })
    }

    fn disputes(&mut self, request: &pb::ListDisputesRequest) -> Answer<pb::ListDisputesResponse> {
        let asked = self.asked(request.options.as_ref())?;
        Ok(pb::ListDisputesResponse {
            disputes: asked.known.disputes_answer(asked.at),
            next_page_token: String::new(),
            position: asked.position,
        })
    }

    fn explain(&mut self, request: &pb::ExplainSaleRequest) -> Answer<pb::ExplainSaleResponse> {
        let asked = self.asked(request.options.as_ref())?;
        let answer = asked.known.sale_answer(&request.sale_id)?;
        Ok(pb::ExplainSaleResponse { position: asked.position, ..answer })
    }

    fn payouts(&mut self, request: &pb::ListPayoutsRequest) -> Answer<pb::ListPayoutsResponse> {
        let asked = self.asked(request.options.as_ref())?;
        let mut payouts = asked.known.payouts_answer();
        payouts.retain(|payout| request.partner_id.as_ref().is_none_or(|partner| *partner == payout.partner_id));
        payouts.retain(|payout| request.state() == pb::PayoutState::Unspecified || payout.state == request.state);
        let occurred = |payout: &pb::Payout| payout.occurred_at.as_ref().map(instant).expect("it occurred");
        payouts.retain(|payout| request.from.as_ref().is_none_or(|from| instant(from) <= occurred(payout)));
        payouts.retain(|payout| request.to.as_ref().is_none_or(|to| occurred(payout) < instant(to)));
        Ok(pb::ListPayoutsResponse { payouts, next_page_token: String::new(), position: asked.position })
    }

    fn campaign(&mut self, request: &pb::GetCampaignRequest) -> Answer<pb::GetCampaignResponse> {
        let asked = self.asked(request.options.as_ref())?;
        let (record, plan) = asked.known.campaign(&request.campaign_id).ok_or_else(|| Refusal::rule("UNKNOWN_ID"))?;
        Ok(pb::GetCampaignResponse { campaign: Some(asked.known.campaign_answer(record, plan, asked.at)), position: asked.position })
    }

    fn metrics(&mut self, request: &pb::GetMetricsRequest) -> Answer<pb::GetMetricsResponse> {
        let asked = self.asked(request.options.as_ref())?;
        let recorded = Known::recorded(&self.records, asked.position);
        let metrics = asked.known.metrics_answer(&recorded, request, asked.at)?;
        Ok(pb::GetMetricsResponse { metrics: Some(metrics), position: asked.position })
    }

    fn alerts(&mut self, request: &pb::ListAlertsRequest) -> Answer<pb::ListAlertsResponse> {
        let asked = self.asked(request.options.as_ref())?;
        let recorded = Known::recorded(&self.records, asked.position);
        let mut alerts = asked.known.alerts(&recorded, asked.at);
        alerts.retain(|alert| request.kinds.is_empty() || request.kinds.contains(&alert.kind));
        alerts.retain(|alert| request.partner_id.is_none() || alert.partner_id == request.partner_id);
        let urgency = |kind: pb::AlertKind| crate::outside::questions::URGENCY.iter().position(|other| *other == kind);
        alerts.sort_by_key(|alert| (urgency(alert.kind()), alert.since.as_ref().map(|since| (since.seconds, since.nanos))));
        Ok(pb::ListAlertsResponse { alerts, next_page_token: String::new(), position: asked.position })
    }

    fn programme(&mut self, request: &pb::GetProgrammeRequest) -> Answer<pb::GetProgrammeResponse> {
        let asked = self.asked(request.options.as_ref())?;
        let programme = asked.known.programme_answer(&request.programme_id, asked.at);
        let programme = programme.ok_or_else(|| Refusal::rule("UNKNOWN_ID"))?;
        Ok(pb::GetProgrammeResponse { programme: Some(programme), position: asked.position })
    }

    fn programmes(&mut self, request: &pb::ListProgrammesRequest) -> Answer<pb::ListProgrammesResponse> {
        let asked = self.asked(request.options.as_ref())?;
        let known = &asked.known;
        let programmes = known.programmes().into_iter().filter_map(|programme| known.programme_answer(programme, asked.at)).collect();
        Ok(pb::ListProgrammesResponse { programmes, next_page_token: String::new(), position: asked.position })
    }

    fn payout_summary(&mut self, request: &pb::GetPayoutSummaryRequest) -> Answer<pb::GetPayoutSummaryResponse> {
        let asked = self.asked(request.options.as_ref())?;
        request.partner_id.as_ref().map_or(Ok(()), |partner| asked.known.known_partner(partner))?;
        let limits = (request.from.as_ref().map(instant), request.to.as_ref().map(instant));
        let mut rows = asked.known.payout_summary(request.partner_id.as_deref(), limits, request.by_method);
        // Those who would be told of if asked for alone.
        rows.retain(|row| asked.known.known_partner(&row.partner_id).is_ok());
        Ok(pb::GetPayoutSummaryResponse { rows, next_page_token: String::new(), position: asked.position })
    }

    fn trial_balance(&mut self, request: &pb::GetTrialBalanceRequest) -> Answer<pb::GetTrialBalanceResponse> {
        let asked = self.asked(request.options.as_ref())?;
        let accounts = asked.known.accounts(asked.at);
        let balance = |((account, currency_code), balance): ((String, String), i128)| pb::AccountBalance {
            account,
            currency_code,
            balance: wire::minor(balance),
        };
        Ok(pb::GetTrialBalanceResponse {
            accounts: accounts.into_iter().map(balance).collect(),
            is_balanced: true,
            position: asked.position,
        })
    }
}

/// A hold as it is shown.
fn hold((record, hold, lifted): (&super::Record, &pb::PartnerHoldPlaced, Option<Instant>)) -> pb::PartnerHold {
    pb::PartnerHold {
        hold_id: hold.hold_id.clone(),
        reason: hold.reason.clone(),
        placed_at: Some(stamp(record.occurred)),
        lifted_at: lifted.map(stamp),
        position: record.position,
    }
}

impl<'a> Known<'a> {
    fn partner_answer(&self, partner: &str, at: Instant) -> Answer<pb::Partner> {
        let registration = self.registration(partner);
        let Some(record) = registration else {
            return Err(Refusal::rule("UNKNOWN_ID"));
        };
        let Body::PartnerRegistered(body) = record.body() else {
            unreachable!("found as a registration");
        };
        let mut answer = pb::Partner {
            partner_id: partner.to_owned(),
            display_name: body.display_name.clone(),
            kind: body.kind,
            categories: self.categories(partner),
            country_code: body.country_code.clone(),
            registered_at: Some(stamp(record.occurred)),
            position: record.position,
            agreement_ids: self.agreements_of(partner),
            fit: self.fit(partner),
            launch_steps: self.launch_steps(&Subject::PartnerId(partner.to_owned())),
            on_hold: self.is_on_hold(partner, at),
            holds: self.holds(partner).into_iter().map(hold).collect(),
            entries_left_out: 0,
        };
        for record in &self.records {
            if let Body::PartnerUpdated(update) = record.body()
                && update.partner_id == partner
            {
                answer.kind = update.kind.unwrap_or(answer.kind);
                let name = update.display_name.clone();
                answer.display_name = name.unwrap_or(answer.display_name);
            }
        }
        Ok(answer)
    }

    fn agreements_of(&self, partner: &str) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        for record in &self.records {
            let (id, of) = match record.body() {
                Body::AgreementProposed(body) => (&body.agreement_id, &body.partner_id),
                Body::AgreementSigned(body) => (&body.agreement_id, &body.partner_id),
                _ => continue,
            };
            if of == partner && !ids.contains(id) {
                ids.push(id.clone());
            }
        }
        ids
    }

    fn agreement_answer(&self, agreement: &str, at: Instant) -> Answer<pb::Agreement> {
        self.known_agreement(agreement)?;
        let (partner_id, kind) = match (self.signature(agreement), self.proposal(agreement)) {
            (Some((_, body)), _) => (&body.partner_id, body.r#type),
            (None, Some((_, body))) => (&body.partner_id, body.r#type),
            (None, None) => unreachable!("known"),
        };
        let end = self.end(agreement);
        let shown = self.shown_terms(agreement, at);
        let version = |version: super::agreements::Version<'_>| pb::TermsVersion {
            effective_at: Some(stamp(version.effective)),
            position: version.position,
            terms: Some(version.terms.clone()),
            programme_id: version.programme.map(str::to_owned),
        };
        Ok(pb::Agreement {
            agreement_id: agreement.to_owned(),
            partner_id: partner_id.clone(),
            r#type: kind,
            state: self.agreement_state(agreement, at).into(),
            effective_at: self.effective_at(agreement).map(stamp),
            ends_at: end.map(|end| stamp(end.at)),
            end_cause: end.map(|end| end.cause.into()),
            terms_position: shown.as_ref().map_or(0, |(position, _)| *position),
            terms: shown.map(|(_, terms)| terms),
            versions: self.versions(agreement).into_iter().map(version).collect(),
            managers: [Side::House, Side::Partner].into_iter().filter_map(|side| self.manager(agreement, side)).collect(),
            launch_steps: self.launch_steps(&Subject::AgreementId(agreement.to_owned())),
            reviews: self.reviews(agreement),
            brand_uses: self.brand_uses(agreement),
            breaches: self.reported_breaches(agreement),
            programme_id: self.signature(agreement).and_then(|(_, body)| body.programme_id.clone()),
            recruited_by_agreement_id: self.recruiter(agreement),
            supersedes_agreement_id: self.predecessor(agreement),
            superseded_by_agreement_id: self.successor(agreement).map(|successor| successor.agreement.to_owned()),
            upline_agreement_ids: self.uplines(agreement, at),
            entries_left_out: 0,
        })
    }

    /// Those in force; before, the first; after the end, those at the end; proposed ones until signed.
    fn shown_terms(&self, agreement: &str, at: Instant) -> Option<(u64, pb::Terms)> {
        let versions = self.versions(agreement);
        if let Some((record, _)) = self.signature(agreement) {
            let start = self.effective_at(agreement);
            let signed = |version: &&super::agreements::Version<'_>| {
                version.position == record.position || (version.programme.is_some() && Some(version.effective) == start)
            };
            let first = versions.iter().find(signed);
            let shown = self.terms_then(agreement, at).or_else(|| first.cloned());
            return shown.map(|shown| (shown.position, shown.terms.clone()));
        }
        let (record, proposal) = self.proposal(agreement).expect("introduced one way or the other");
        Some((record.position, proposal.terms.as_deref().expect("required").clone()))
    }

    fn entries_answer(&self, partner: &str, at: Instant) -> Vec<pb::Entry> {
        let mut nets: std::collections::BTreeMap<&str, i128> = std::collections::BTreeMap::new();
        let mut entries = Vec::new();
        for (record, posting) in self.account_of(partner, at) {
            let net = nets.entry(&posting.currency).or_default();
            *net -= posting.amount;
            entries.push(pb::Entry {
                position: record.position,
                occurred_at: Some(stamp(record.occurred)),
                recorded_at: None,
                kind: posting.kind.into(),
                currency_code: posting.currency.clone(),
                amount: wire::minor(-posting.amount),
                net_after: wire::minor(*net),
                effective_at: Some(stamp(posting.effective)),
                available_at: posting.available.map(stamp),
                agreement_id: posting.agreement.clone(),
                lead_id: posting.lead.clone(),
                sale_id: posting.sale.clone(),
                campaign_id: posting.campaign.clone(),
                reference: posting.reference.clone(),
                awaits_customer_payment: posting.awaits,
                line_id: posting.line_id.clone(),
                level: posting.level,
            });
        }
        entries
    }

    /// All partners, by id.
    pub fn partners(&self) -> Vec<&'a str> {
        let registered = |body: &'a Body| match body {
            Body::PartnerRegistered(body) => Some(body.partner_id.as_str()),
            _ => None,
        };
        let bodies = self.records.iter().map(|record| record.body());
        let mut partners: Vec<&str> = bodies.filter_map(registered).collect();
        partners.sort_unstable();
        partners
    }

    pub fn payables_answer(&self, at: Instant) -> Vec<pb::Payable> {
        let mut payables = Vec::new();
        for partner in self.partners() {
            for balance in self.balances(partner, at) {
                let minimum = self.minimum_payout(partner, &balance.currency_code, at);
                payables.push(pb::Payable {
                    partner_id: partner.to_owned(),
                    below_minimum: balance.payable < minimum,
                    currency_code: balance.currency_code,
                    payable: balance.payable,
                    minimum_payout: minimum,
                    on_hold: self.is_on_hold(partner, at),
                });
            }
        }
        payables.retain(|payable| payable.payable > 0);
        payables
    }
}
