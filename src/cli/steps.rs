//! The steps of an explanation in other languages than English, in which the ledger writes them: made anew from the records.

use super::client::Session;
use super::failure::Failure;
use super::language::{Language, say};
use super::records::effects;
use super::statement::{cut_off, earned};
use super::text::line;
use partnership_ledger::proto::effect::Effect;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::get_record_request::Key;
use partnership_ledger::proto::{
    CommissionAssessed, CommissionOutcome, ExplainStep, GetRecordRequest, Record, SaleRecorded, Side, TierMode,
};
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
    let amount = language.money(sale.amount.as_ref());
    let sold = say!(language, "steps-sold", sale = line(&sale.sale_id), amount = amount.as_str(), time = time, outcome = outcome);
    match sale.collected_by() {
        Side::Partner => format!("{sold}; {}", say!(language, "steps-collected", amount = amount)),
        Side::House | Side::Unspecified => sold,
    }
}

/// Returns what was earned and how, or why nothing was.
fn outcome(language: Language, assessed: &CommissionAssessed) -> String {
    match assessed.outcome() {
        CommissionOutcome::Accrued | CommissionOutcome::Capped => {
            let amount = language.money(assessed.amount.as_ref());
            let mut told = vec![say!(language, "steps-earned", amount = amount, how = earned(language, assessed))];
            told.extend(tiers(language, assessed));
            told.push(cut_off(language, assessed));
            let available = assessed.available_at.as_ref();
            told.extend(available.map(|time| say!(language, "steps-available", time = language.time(Some(time)))));
            told.retain(|part| !part.is_empty());
            told.join("; ")
        }
        other => {
            let mut why = vec![language.word::<CommissionOutcome>(other.into())];
            if !assessed.agreement_id.is_empty() {
                why.push(say!(language, "steps-agreement", agreement = line(&assessed.agreement_id)));
            }
            if let Some(window) = &assessed.window {
                let (start, end) = (language.time(window.start.as_ref()), language.time(window.end.as_ref()));
                why.push(say!(language, "steps-window", rule = line(&assessed.rule_name), start = start, end = end));
            }
            say!(language, "steps-nothing-earned", why = why.join(", "))
        }
    }
}

/// What the net sales of the period earned before and with this sale, where that makes the amount.
fn tiers(language: Language, assessed: &CommissionAssessed) -> Option<String> {
    let working = assessed.tier_working.as_ref().filter(|working| working.mode() != TierMode::BySale)?;
    let currency = &assessed.base.as_ref()?.currency_code;
    let [before, after] = [working.earned_before, working.earned_after].map(|earned| language.amount(currency, earned));
    Some(say!(language, "steps-tiers", before = before, after = after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use partnership_ledger::proto::{Money, TierWorking, WindowInterval};
    use prost_types::Timestamp;

    #[test]
    fn an_outcome_tells_all_that_the_ledger_s_sentence_does() {
        let usd = |minor_units| Some(Money { currency_code: "USD".to_owned(), minor_units });
        let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
        let working = TierWorking { mode: TierMode::Marginal.into(), earned_before: 1_100, earned_after: 2_200, ..TierWorking::default() };
        let capped = CommissionAssessed {
            agreement_id: "a-1".to_owned(),
            rule_name: "base".to_owned(),
            base: usd(10_000),
            amount: usd(1_500),
            cut_off: usd(500),
            available_at: at(86_400),
            tier_working: Some(Box::new(working)),
            outcome: CommissionOutcome::Capped.into(),
            ..CommissionAssessed::default()
        };
        let window = Some(WindowInterval { start: at(0), end: at(2 * 86_400) });
        let outside = CommissionAssessed { window, outcome: CommissionOutcome::OutsideWindow.into(), ..capped.clone() };
        for (language, day, from, until) in
            [(Language::English, "1970-01-02", "1970-01-01", "1970-01-03"), (Language::Thai, "2 ม.ค. 2513", "1 ม.ค. 2513", "3 ม.ค. 2513")]
        {
            let earned = outcome(language, &capped);
            for fact in ["15.00 USD", "5.00 USD", "11.00 USD", "22.00 USD", "base", day] {
                assert!(earned.contains(fact), "{fact}: {earned}");
            }
            let nothing = outcome(language, &outside);
            for fact in ["a-1", "base", from, until] {
                assert!(nothing.contains(fact), "{fact}: {nothing}");
            }
        }
    }
}
