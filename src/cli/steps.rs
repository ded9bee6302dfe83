//! The steps of an explanation in other languages than English, in which the ledger writes them: made anew from the records.

use super::client::Session;
use super::failure::Failure;
use super::language::{Language, say};
use super::records::effects;
use super::statement::earned;
use super::text::line;
use partnership_ledger::proto::effect::Effect;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::get_record_request::Key;
use partnership_ledger::proto::{CommissionAssessed, CommissionOutcome, ExplainStep, GetRecordRequest, Record, SaleRecorded};
use std::collections::BTreeMap;

/// Returns the steps in the language of the output.
pub async fn sentences(steps: &[ExplainStep], session: &Session) -> Result<Vec<(u64, String)>, Failure> {
    let language = session.out.language;
    let mut records: BTreeMap<u64, Record> = BTreeMap::new();
    if language != Language::English {
        let mut audit = session.audit().await?;
        for position in steps.iter().map(|step| step.position) {
            let request = GetRecordRequest { key: Some(Key::Position(position)) };
            let record = audit.get_record(request).await?.into_inner().record;
            records.extend(record.map(|record| (position, record)));
        }
    }
    let tell = |step: &ExplainStep| {
        let retold = records.get(&step.position).and_then(|record| retell(language, record));
        (step.position, retold.unwrap_or_else(|| line(&step.sentence)))
    };
    let mut sentences: Vec<(u64, String)> = steps.iter().map(tell).collect();
    // One sentence covers both steps of one record.
    sentences.dedup();
    Ok(sentences)
}

/// Returns what happened by a record; `None` for an event that no step is about.
fn retell(language: Language, record: &Record) -> Option<String> {
    let event = record.event.as_ref()?;
    Some(match event.body.as_ref()? {
        Body::PartnerRegistered(partner) => {
            say!(language, "steps-registered", partner = line(&partner.partner_id), name = line(&partner.display_name))
        }
        Body::AgreementSigned(signed) => {
            let time = language.time(signed.effective_at.as_ref().or(event.occurred_at.as_ref()));
            say!(language, "steps-signed", agreement = line(&signed.agreement_id), partner = line(&signed.partner_id), time = time)
        }
        Body::AgreementAmended(amended) => {
            let time = language.time(amended.effective_at.as_ref().or(event.occurred_at.as_ref()));
            say!(language, "steps-amended", agreement = line(&amended.agreement_id), time = time)
        }
        Body::LeadReferred(referred) => {
            say!(language, "steps-referred", lead = line(&referred.lead_id), effects = effects(language, record))
        }
        Body::LeadReassigned(moved) => {
            say!(language, "steps-reassigned", lead = line(&moved.lead_id), effects = effects(language, record))
        }
        Body::SaleRecorded(sale) => sold(language, sale, record),
        Body::SaleRefunded(refund) => {
            say!(language, "steps-refunded", refund = line(&refund.refund_id), effects = effects(language, record))
        }
        Body::SaleReinstated(reinstated) => {
            say!(language, "steps-reinstated", refund = line(&reinstated.refund_id), effects = effects(language, record))
        }
        Body::CommissionPaid(paid) => {
            let (payout, partner) = (line(&paid.payout_id), line(&paid.partner_id));
            say!(language, "steps-paid", payout = payout, partner = partner, amount = language.money(paid.amount.as_ref()))
        }
        _ => return None,
    })
}

fn sold(language: Language, sale: &SaleRecorded, record: &Record) -> String {
    let assessed = record.effects.iter().find_map(|effect| match &effect.effect {
        Some(Effect::CommissionAssessed(assessed)) => Some(assessed),
        _ => None,
    });
    let time = language.time(record.event.as_ref().and_then(|event| event.occurred_at.as_ref()));
    let outcome = assessed.map_or_else(|| say!(language, "steps-no-commission"), |assessed| outcome(language, assessed));
    say!(language, "steps-sold", sale = line(&sale.sale_id), amount = language.money(sale.amount.as_ref()), time = time, outcome = outcome)
}

/// Returns what was earned and how, or why nothing was.
fn outcome(language: Language, assessed: &CommissionAssessed) -> String {
    match assessed.outcome() {
        CommissionOutcome::Accrued | CommissionOutcome::Capped => {
            say!(language, "steps-earned", amount = language.money(assessed.amount.as_ref()), how = earned(language, assessed))
        }
        other => say!(language, "steps-nothing-earned", why = language.word::<CommissionOutcome>(other.into())),
    }
}
