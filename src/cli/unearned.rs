//! The sales that earned nothing, and why: a sale that is recorded before its lead's referral earns nothing for good.

use super::language::{Language, say};
use super::text::code;
use partnership_ledger::proto::effect::Effect as Kind;
use partnership_ledger::proto::{CommissionOutcome, Effect};
use std::collections::{BTreeMap, BTreeSet};

/// How many sales earned nothing, and how many of them for which reason.
#[derive(Default)]
pub struct Unearned {
    sales: u64,
    /// By the code of the outcome; a sale of several parts may have several.
    reasons: BTreeMap<String, u64>,
}

impl Unearned {
    /// Counts the record of a sale, by its effects; others have none that count. Overrides earn from what a sale earns.
    pub fn count(&mut self, effects: &[Effect]) {
        let assessed = effects.iter().filter_map(|effect| match &effect.effect {
            Some(Kind::CommissionAssessed(assessed)) if assessed.sale_id.is_some() => Some(assessed),
            _ => None,
        });
        let mut reasons = BTreeSet::new();
        for assessed in assessed {
            if assessed.amount.as_ref().is_some_and(|amount| amount.minor_units != 0) {
                return;
            }
            reasons.insert(code::<CommissionOutcome>(assessed.outcome));
        }
        self.sales += u64::from(!reasons.is_empty());
        for reason in reasons {
            *self.reasons.entry(reason).or_default() += 1;
        }
    }

    /// Says how many there are and why; `None` if there are none.
    pub fn text(&self, language: Language) -> Option<String> {
        let reasons: Vec<String> = self.reasons.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
        (self.sales > 0).then(|| say!(language, "append-earned-nothing", count = self.sales, reasons = reasons.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use partnership_ledger::proto::{CommissionAssessed, Money};

    fn assessed(outcome: CommissionOutcome, minor_units: Option<i64>) -> Effect {
        let amount = minor_units.map(|minor_units| Money { currency_code: "USD".into(), minor_units });
        let assessed =
            CommissionAssessed { sale_id: Some("sale-1".into()), outcome: outcome.into(), amount, ..CommissionAssessed::default() };
        Effect { effect: Some(Kind::CommissionAssessed(assessed)) }
    }

    #[test]
    fn a_sale_earned_nothing_if_none_of_its_parts_did() {
        let mut unearned = Unearned::default();
        unearned.count(&[]);
        unearned.count(&[assessed(CommissionOutcome::NoRule, None), assessed(CommissionOutcome::Accrued, Some(1))]);
        assert_eq!(unearned.text(Language::English), None);
        unearned.count(&[assessed(CommissionOutcome::NoCredit, None)]);
        assert_eq!(unearned.text(Language::English).as_deref(), Some("1 sale earned nothing: NO_CREDIT 1"));
        unearned.count(&[assessed(CommissionOutcome::NoRule, None), assessed(CommissionOutcome::NoRule, None)]);
        unearned.count(&[assessed(CommissionOutcome::Capped, Some(0)), assessed(CommissionOutcome::NoRule, None)]);
        let says = "3 sales earned nothing: CAPPED 1, NO_CREDIT 1, NO_RULE 2";
        assert_eq!(unearned.text(Language::English).as_deref(), Some(says));
    }
}
