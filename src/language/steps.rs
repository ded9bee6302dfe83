//! The steps of an explanation, made of their facts in the language of the output.

use super::leads::because;
use super::text::{code, line, list, optional};
use super::{Language, say};
use crate::proto::explain_step::Fact;
use crate::proto::party::Party;
use crate::proto::{
    CommissionAssessed, CommissionOutcome, ExplainCustomerPayment, ExplainOwner, ExplainPart, ExplainRefund, ExplainSaleResponse,
    ExplainStep, Money, OwnershipRule, Sale, Side, TierMeasure, TierMode, TierWorking,
};

/// Returns what a step of an answer tells. Of a ledger that gives no facts, it is the ledger's own sentence, which is English.
pub fn sentence(language: Language, step: &ExplainStep, answer: &ExplainSaleResponse) -> String {
    step.fact.as_ref().map_or_else(|| line(&step.sentence), |fact| told(language, fact, answer))
}

fn told(language: Language, fact: &Fact, answer: &ExplainSaleResponse) -> String {
    match fact {
        Fact::PartnerRegistered(partner) => {
            say!(language, "steps-registered", partner = line(&partner.partner_id), name = line(&partner.display_name))
        }
        Fact::AgreementSigned(signed) => say!(
            language,
            "steps-signed",
            agreement = line(&signed.agreement_id),
            partner = line(&signed.partner_id),
            time = language.time(signed.effective_at.as_ref()),
            applies = yes(signed.applies)
        ),
        Fact::AgreementAmended(amended) => say!(
            language,
            "steps-amended",
            taken = yes(amended.programme_id.is_some()),
            programme = optional(amended.programme_id.as_ref()),
            agreement = line(&amended.agreement_id),
            time = language.time(amended.effective_at.as_ref()),
            applies = yes(amended.applies)
        ),
        Fact::LeadReferred(lead_id) => say!(language, "steps-referred", lead = line(lead_id)),
        Fact::LeadOwned(owned) => owner(language, owned),
        Fact::SaleRecorded(_) => sold(language, answer.sale.as_ref().unwrap_or(&Sale::default()), answer),
        Fact::SaleRefunded(refund) => refunded(language, refund),
        Fact::SaleReinstated(refund) => {
            let (id, amount) = (line(&refund.refund_id), language.money(refund.commission.as_ref()));
            say!(language, "steps-reinstated", refund = id, amount = amount, given = yes(!is_zero(refund.commission.as_ref())))
        }
        Fact::SaleVoided(void) => {
            let (amount, taken) = (language.money(void.amount.as_ref()), language.money(void.commission.as_ref()));
            say!(language, "steps-voided", amount = amount, taken = taken, some = yes(!is_zero(void.commission.as_ref())))
        }
        Fact::CustomerPaid(payment) => customer_paid(language, payment),
        Fact::CommissionMoved(moved) => {
            let house = say!(language, "the-house");
            let to = if moved.to_partner_ids.is_empty() { house } else { list(&moved.to_partner_ids) };
            let (amount, from) = (language.money(moved.amount.as_ref()), list(&moved.from_partner_ids));
            say!(language, "steps-moved", told = yes(moved.amount.is_some()), amount = amount, from = from, to = to)
        }
        Fact::CommissionPaid(paid) => {
            let (payout, partner) = (line(&paid.payout_id), line(&paid.partner_id));
            say!(language, "steps-paid", payout = payout, partner = partner, amount = language.money(paid.amount.as_ref()))
        }
    }
}

fn yes(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}

fn is_zero(money: Option<&Money>) -> bool {
    money.is_none_or(|money| money.minor_units == 0)
}

fn owner(language: Language, owned: &ExplainOwner) -> String {
    let partner = match owned.owner.as_ref().and_then(|owner| owner.party.as_ref()) {
        Some(Party::PartnerId(id)) => line(id),
        Some(Party::House(_)) | None => String::new(),
    };
    say!(
        language,
        "steps-owned",
        house = yes(partner.is_empty()),
        partner = partner,
        lead = line(&owned.lead_id),
        since = language.time(owned.since.as_ref()),
        why = because(language, &code::<OwnershipRule>(owned.rule), &owned.agreement_id),
        agreement = line(&owned.agreement_id),
        credit = yes(!owned.agreement_id.is_empty())
    )
}

fn refunded(language: Language, refund: &ExplainRefund) -> String {
    let taken = match (refund.commission.as_ref().map(|taken| taken.minor_units), refund.exempt) {
        // A partner is not told what others lost.
        (None, _) => "untold",
        (Some(0), true) => "exempt",
        (Some(0), false) => "none",
        (Some(_), _) => "some",
    };
    say!(
        language,
        "steps-refunded",
        refund = line(&refund.refund_id),
        applied = language.money(refund.applied.as_ref()),
        taken = taken,
        amount = language.money(refund.commission.as_ref())
    )
}

fn customer_paid(language: Language, payment: &ExplainCustomerPayment) -> String {
    let sign = |money: Option<&Money>| money.map_or(0, |money| money.minor_units.signum());
    let released = match sign(payment.released.as_ref()) {
        0 => "none",
        1 => "some",
        _ => "back",
    };
    let positive = |money: Option<&Money>| {
        let money = money.map(|money| Money { minor_units: money.minor_units.saturating_abs(), ..money.clone() });
        language.money(money.as_ref())
    };
    say!(
        language,
        "steps-customer-paid",
        receipt = line(&payment.receipt_id),
        bounced = yes(sign(payment.amount.as_ref()) < 0),
        amount = positive(payment.amount.as_ref()),
        released = released,
        commission = positive(payment.released.as_ref())
    )
}

/// What each part of a sale is called: by its line, its agreement and its share, or as an override of another's.
pub fn part_name(language: Language, assessed: &CommissionAssessed) -> String {
    say!(
        language,
        "steps-part",
        line = assessed.line_id.as_deref().map(line).unwrap_or_default(),
        lined = yes(assessed.line_id.is_some()),
        agreement = line(&assessed.agreement_id),
        share = assessed.share_bps.map(|share| language.percent(share)).unwrap_or_default(),
        shared = yes(assessed.share_bps.is_some() && assessed.level.is_none()),
        level = assessed.level.unwrap_or(0),
        downline = assessed.downline_agreement_id.as_deref().map(line).unwrap_or_default(),
        above = yes(assessed.level.is_some())
    )
}

fn sold(language: Language, sale: &Sale, answer: &ExplainSaleResponse) -> String {
    let assessed = answer.assessment.as_ref();
    let of_parts = |part: &ExplainPart| {
        let assessed = part.assessment.as_ref()?;
        Some(format!("{}: {}", part_name(language, assessed), outcome(language, assessed)))
    };
    let outcome = match &answer.parts[..] {
        [] | [_] => assessed.map_or_else(|| say!(language, "steps-no-commission"), |assessed| outcome(language, assessed)),
        parts => parts.iter().filter_map(of_parts).collect::<Vec<_>>().join("; "),
    };
    say!(
        language,
        "steps-sold",
        sale = line(&sale.sale_id),
        amount = language.money(sale.amount.as_ref()),
        time = language.time(sale.occurred_at.as_ref()),
        outcome = outcome,
        collected = yes(sale.collected_by() == Side::Partner)
    )
}

/// Returns what was earned and how, or why nothing was.
fn outcome(language: Language, assessed: &CommissionAssessed) -> String {
    let (agreement, rule) = (line(&assessed.agreement_id), line(&assessed.rule_name));
    match assessed.outcome() {
        CommissionOutcome::Accrued | CommissionOutcome::Capped => {
            let amount = language.money(assessed.amount.as_ref());
            let mut told = vec![say!(language, "steps-earned", amount = amount, rule = rule, how = working(language, assessed))];
            let cut_off = assessed.cut_off.as_ref();
            told.extend(cut_off.map(|cut| say!(language, "steps-cut-off", amount = language.money(Some(cut)))));
            let available = assessed.available_at.as_ref();
            told.extend(available.map(|time| say!(language, "steps-available", time = language.time(Some(time)))));
            told.extend(assessed.awaits_customer_payment.then(|| say!(language, "steps-awaits")));
            told.join("; ")
        }
        CommissionOutcome::Included => say!(language, "steps-included", rule = rule),
        CommissionOutcome::NoCredit => say!(language, "steps-no-credit"),
        CommissionOutcome::AgreementEnded => say!(language, "steps-agreement-ended", agreement = agreement),
        CommissionOutcome::NoRule if assessed.terms_position == 0 => say!(language, "steps-no-terms", agreement = agreement),
        CommissionOutcome::NoRule => say!(language, "steps-no-rule"),
        CommissionOutcome::OutsideWindow => {
            let window = assessed.window.unwrap_or_default();
            let (start, end) = (language.time(window.start.as_ref()), language.time(window.end.as_ref()));
            say!(language, "steps-window", rule = rule, start = start, end = end)
        }
        CommissionOutcome::Unspecified => say!(language, "steps-unspecified"),
    }
}

/// Returns how the reward was worked out.
fn working(language: Language, assessed: &CommissionAssessed) -> String {
    let Some(base) = &assessed.base else { return say!(language, "steps-flat") };
    let amount = |minor_units| language.amount(&base.currency_code, minor_units);
    let rate = language.percent(assessed.rate_bps.unwrap_or(0));
    match &assessed.tier_working {
        Some(tiers) if tiers.measure() == TierMeasure::Sales => {
            let sales = say!(language, "sales", count = tiers.sales_before);
            say!(language, "steps-rate-by-count", rate = rate, base = amount(base.minor_units), sales = sales)
        }
        Some(tiers) if tiers.mode() == TierMode::BySale => {
            say!(language, "steps-rate-by-sale", rate = rate, base = amount(base.minor_units), before = amount(tiers.net_sales_before))
        }
        Some(tiers) => tiers_worked(language, tiers, &base.currency_code),
        None if assessed.rate_bps.is_some() => say!(language, "steps-rate", rate = rate, base = amount(base.minor_units)),
        None => say!(language, "steps-flat"),
    }
}

/// Returns what tiers earned of the net sales with a sale and without it, and what of that is bonus; or how many sales came
/// before it, if they are counted.
pub fn tiers_worked(language: Language, tiers: &TierWorking, currency_code: &str) -> String {
    let amount = |minor_units| language.amount(currency_code, minor_units);
    if tiers.measure() == TierMeasure::Sales {
        return say!(language, "steps-tiers-count", sales = say!(language, "sales", count = tiers.sales_before));
    }
    let worked = say!(
        language,
        "steps-tiers",
        before = amount(tiers.net_sales_before),
        after = amount(tiers.net_sales_after),
        earned_before = amount(tiers.earned_before),
        earned_after = amount(tiers.earned_after)
    );
    match tiers.bonus {
        0 => worked,
        bonus => say!(language, "steps-bonus", worked = worked, amount = amount(bonus)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto;
    use crate::proto::{ExplainAgreement, ExplainPartner, ExplainPayout, ExplainTransfer, WindowInterval};
    use prost_types::Timestamp;
    use std::collections::BTreeSet;

    fn usd(minor_units: i64) -> Money {
        Money { currency_code: "USD".to_owned(), minor_units }
    }

    fn at(day: i64) -> Timestamp {
        Timestamp { seconds: day * 86_400, nanos: 0 }
    }

    /// The facts of a text: its ids, figures and dates, which each language writes its own way.
    fn facts(text: &str) -> BTreeSet<String> {
        let mut text = text.to_owned();
        for day in (1..=9).rev() {
            for date in [format!("1970-01-0{day}"), format!("{day} ม.ค. 2513")] {
                text = text.replace(&date, &format!("day-{day}"));
            }
        }
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && !"-.".contains(letter));
        let words = words.map(|word| word.trim_matches(['-', '.']));
        words.filter(|word| word.contains(|letter: char| letter.is_ascii_digit())).map(str::to_owned).collect()
    }

    #[track_caller]
    fn same_in_both(fact: &Fact, answer: &ExplainSaleResponse, expected: &[&str]) -> [String; 2] {
        let both = [Language::English, Language::Thai].map(|language| told(language, fact, answer));
        let expected: BTreeSet<String> = expected.iter().map(|&fact| fact.to_owned()).collect();
        for text in &both {
            assert_eq!(facts(text), expected, "{text}");
        }
        both
    }

    #[test]
    fn every_kind_of_step_tells_the_same_facts_in_both_languages() {
        let answer = ExplainSaleResponse::default();
        let [partner_id, agreement_id] = ["p-1", "a-1"].map(str::to_owned);
        let agreement = |applies| ExplainAgreement {
            agreement_id: agreement_id.clone(),
            partner_id: partner_id.clone(),
            effective_at: Some(at(2)),
            applies,
            programme_id: None,
        };
        let partner = ExplainPartner { partner_id: partner_id.clone(), display_name: "n-1".to_owned() };
        same_in_both(&Fact::PartnerRegistered(partner), &answer, &["p-1", "n-1"]);
        let mut told = BTreeSet::new();
        for applies in [true, false] {
            told.extend(same_in_both(&Fact::AgreementSigned(agreement(applies)), &answer, &["a-1", "p-1", "day-3"]));
            told.extend(same_in_both(&Fact::AgreementAmended(agreement(applies)), &answer, &["a-1", "day-3"]));
            let of_programme = ExplainAgreement { programme_id: Some("g-1".to_owned()), ..agreement(applies) };
            told.extend(same_in_both(&Fact::AgreementAmended(of_programme), &answer, &["a-1", "g-1", "day-3"]));
        }
        assert_eq!(told.len(), 12, "whether the terms apply is told: {told:?}");
        same_in_both(&Fact::LeadReferred("l-1".to_owned()), &answer, &["l-1"]);
        for rule in (0..).map_while(|number| OwnershipRule::try_from(number).ok()) {
            let owner = Some(proto::Party { party: Some(Party::PartnerId(partner_id.clone())) });
            let owned =
                ExplainOwner { lead_id: "l-1".to_owned(), owner, since: Some(at(3)), rule: rule.into(), agreement_id: "a-1".to_owned() };
            same_in_both(&Fact::LeadOwned(owned.clone()), &answer, &["p-1", "l-1", "day-4", "a-1"]);
            if i32::from(rule) < i32::from(OwnershipRule::EndAcquirerKeeps) {
                same_in_both(&Fact::LeadOwned(ExplainOwner { agreement_id: String::new(), ..owned }), &answer, &["p-1", "l-1", "day-4"]);
            }
        }
        let refund = |commission, exempt| ExplainRefund { refund_id: "r-1".to_owned(), applied: Some(usd(2_500)), commission, exempt };
        same_in_both(&Fact::SaleRefunded(refund(Some(usd(500)), false)), &answer, &["r-1", "25.00", "5.00"]);
        same_in_both(&Fact::SaleRefunded(refund(Some(usd(0)), true)), &answer, &["r-1", "25.00"]);
        same_in_both(&Fact::SaleRefunded(refund(Some(usd(0)), false)), &answer, &["r-1", "25.00"]);
        same_in_both(&Fact::SaleRefunded(refund(None, false)), &answer, &["r-1", "25.00"]);
        same_in_both(&Fact::SaleReinstated(refund(Some(usd(500)), false)), &answer, &["r-1", "5.00"]);
        same_in_both(&Fact::SaleReinstated(refund(Some(usd(0)), true)), &answer, &["r-1"]);
        let moved =
            ExplainTransfer { amount: Some(usd(700)), from_partner_ids: vec![partner_id.clone()], to_partner_ids: vec!["p-2".to_owned()] };
        same_in_both(&Fact::CommissionMoved(moved.clone()), &answer, &["7.00", "p-1", "p-2"]);
        same_in_both(&Fact::CommissionMoved(ExplainTransfer { amount: None, ..moved }), &answer, &["p-1", "p-2"]);
        let paid = ExplainPayout { payout_id: "o-1".to_owned(), partner_id, amount: Some(usd(300)) };
        same_in_both(&Fact::CommissionPaid(paid), &answer, &["o-1", "p-1", "3.00"]);
    }

    #[test]
    fn every_outcome_of_a_sale_tells_the_same_facts_in_both_languages() {
        let window = Some(WindowInterval { start: Some(at(4)), end: Some(at(5)) });
        let tiers = |mode: TierMode| {
            let (net_sales_before, net_sales_after, earned_before, earned_after) = (11_100, 21_100, 1_110, 2_110);
            Some(Box::new(TierWorking {
                mode: mode.into(),
                net_sales_before,
                net_sales_after,
                earned_before,
                earned_after,
                ..TierWorking::default()
            }))
        };
        let outcome = |outcome: CommissionOutcome, tier_working, rate_bps, terms_position| CommissionAssessed {
            agreement_id: "a-1".to_owned(),
            rule_name: "rule-1".to_owned(),
            base: Some(usd(10_000)),
            amount: Some(usd(1_500)),
            cut_off: Some(usd(500)),
            available_at: Some(at(6)),
            outcome: outcome.into(),
            window,
            tier_working,
            rate_bps,
            terms_position,
            ..CommissionAssessed::default()
        };
        let earned = ["15.00", "5.00", "rule-1", "day-7"];
        let by_rate = [&earned[..], &["20", "100.00"]].concat();
        let by_sale = [&by_rate[..], &["111.00"]].concat();
        let by_tiers = [&earned[..], &["111.00", "211.00", "11.10", "21.10"]].concat();
        let by_count = [&by_rate[..], &["12"]].concat();
        let with_bonus = [&by_tiers[..], &["7.50"]].concat();
        let counted =
            TierWorking { mode: TierMode::BySale.into(), measure: TierMeasure::Sales.into(), sales_before: 12, ..TierWorking::default() };
        let bonus = tiers(TierMode::Marginal).map(|tiers| Box::new(TierWorking { bonus: 750, ..*tiers }));
        let awaiting = CommissionAssessed {
            available_at: None,
            awaits_customer_payment: true,
            ..outcome(CommissionOutcome::Accrued, None, Some(2_000), 2)
        };
        let by_rate_awaiting: Vec<&str> = by_rate.iter().copied().filter(|fact| *fact != "day-7").collect();
        let cases = [
            (outcome(CommissionOutcome::Capped, None, Some(2_000), 2), &by_rate[..]),
            (outcome(CommissionOutcome::Accrued, tiers(TierMode::BySale), Some(2_000), 2), &by_sale),
            (outcome(CommissionOutcome::Accrued, tiers(TierMode::Marginal), None, 2), &by_tiers),
            (outcome(CommissionOutcome::Accrued, tiers(TierMode::Retroactive), Some(2_000), 2), &by_tiers),
            (outcome(CommissionOutcome::Accrued, None, None, 2), &earned),
            (outcome(CommissionOutcome::Accrued, Some(Box::new(counted)), Some(2_000), 2), &by_count),
            (outcome(CommissionOutcome::Accrued, bonus, None, 2), &with_bonus),
            (awaiting, &by_rate_awaiting),
            (outcome(CommissionOutcome::Included, None, None, 2), &["rule-1"]),
            (outcome(CommissionOutcome::NoCredit, None, None, 2), &[]),
            (outcome(CommissionOutcome::AgreementEnded, None, None, 2), &["a-1"]),
            (outcome(CommissionOutcome::NoRule, None, None, 0), &["a-1"]),
            (outcome(CommissionOutcome::NoRule, None, None, 2), &[]),
            (outcome(CommissionOutcome::OutsideWindow, None, None, 2), &["rule-1", "day-5", "day-6"]),
        ];
        for collected_by in [Side::House, Side::Partner] {
            let amount = Some(usd(40_000));
            let sale =
                Sale { sale_id: "s-1".to_owned(), amount, occurred_at: Some(at(7)), collected_by: collected_by.into(), ..Sale::default() };
            for (assessment, expected) in &cases {
                let answer = ExplainSaleResponse {
                    sale: Some(sale.clone()),
                    assessment: Some(assessment.clone()),
                    ..ExplainSaleResponse::default()
                };
                let expected = [&["s-1", "400.00", "day-8"], *expected].concat();
                same_in_both(&Fact::SaleRecorded("s-1".to_owned()), &answer, &expected);
            }
        }
    }

    #[test]
    fn a_ledger_that_gives_no_facts_is_quoted() {
        let step = ExplainStep { position: 1, sentence: "it was so".to_owned(), fact: None };
        assert_eq!(sentence(Language::Thai, &step, &ExplainSaleResponse::default()), "it was so");
    }
}
