//! The terms of an agreement in words.

use super::text::{line, list};
use super::{Language, say};
use crate::proto::commission_rule::Reward;
use crate::proto::{
    Bound, BrandChannel, CampaignsAtEnd, CommissionRule, CommissionTrigger, CustomerKind, Exclusivity, LeadProtection, LeadsAtEnd,
    OverrideBase, PayableOn, ProtectionAnchor, Side, TailMode, Terms, TierMeasure, TierMode, TierPeriod, Tiers, WindowAnchor,
    lead_protection, notice,
};

/// Names and what stands behind them.
#[derive(Default)]
struct Facts(Vec<(String, String)>);

impl Facts {
    /// Adds a name and its value, unless the value is empty.
    fn fact(&mut self, name: &str, value: String) {
        if !value.is_empty() {
            self.0.push((name.to_owned(), value));
        }
    }
}

/// What the terms say, a name and a value each; what they leave to the default is said too where it decides over money or leads.
pub fn facts(language: Language, terms: &Terms) -> Vec<(String, String)> {
    let mut table = Facts::default();
    for rule in terms.commission.iter().flat_map(|commission| &commission.rules) {
        table.fact(&say!(language, "terms-commission"), commission_rule(language, rule));
    }
    table.fact(&say!(language, "terms-protection"), lead_protection(language, terms.lead_protection.as_ref()));
    if terms.credit_house_leads {
        table.fact(&say!(language, "terms-house-leads"), say!(language, "terms-house-leads-credited"));
    }
    table.fact(&say!(language, "terms-leads-at-end"), leads_at_end(language, terms.leads_at_end()));
    table.fact(&say!(language, "terms-tail"), tail(language, terms));
    table.fact(&say!(language, "terms-notice"), notice(language, terms));
    table.fact(&say!(language, "terms-exclusivity"), terms.exclusivity.as_ref().map(|one| exclusivity(language, one)).unwrap_or_default());
    let minimums = terms.minimum_payout.iter().chain(&terms.minimum_payouts).map(|minimum| language.money(Some(minimum)));
    table.fact(&say!(language, "terms-minimum-payout"), minimums.collect::<Vec<_>>().join(", "));
    table.fact(&say!(language, "terms-brand"), brand(language, terms));
    if terms.campaigns_at_end() == CampaignsAtEnd::Stop {
        table.fact(&say!(language, "terms-campaigns-at-end"), say!(language, "terms-campaigns-stop"));
    }
    relationship(language, terms, &mut table);
    table.fact(&say!(language, "terms-time-zone"), line(&terms.time_zone));
    table.0
}

fn relationship(language: Language, terms: &Terms, table: &mut Facts) {
    if let Some(ownership) = terms.ownership {
        let (house, partner) = (language.percent(ownership.house_bps), language.percent(ownership.partner_bps));
        table.fact(&say!(language, "terms-ownership"), say!(language, "terms-ownership-of", house = house, partner = partner));
    }
    if let Some(cadence) = terms.cadence {
        let check_in = say!(language, "days", count = cadence.check_in_days);
        let review = say!(language, "days", count = cadence.review_days);
        table.fact(&say!(language, "terms-cadence"), say!(language, "terms-cadence-of", check_in = check_in, review = review));
    }
    if terms.reverse_on_house_fault {
        table.fact(&say!(language, "terms-refunds"), say!(language, "terms-refunds-always"));
    }
    for obligation in terms.scope.iter().flat_map(|scope| &scope.obligations) {
        let side = language.word::<Side>(obligation.side);
        table.fact(&say!(language, "terms-owes", side = side), line(&obligation.description));
    }
}

fn commission_rule(language: Language, rule: &CommissionRule) -> String {
    let mut parts = vec![reward(language, rule)];
    if !rule.coupons.is_empty() {
        parts.push(say!(language, "terms-coupons", coupons = list(&rule.coupons)));
    }
    match rule.customer() {
        CustomerKind::New => parts.push(say!(language, "terms-customer", customer = "new")),
        CustomerKind::Returning => parts.push(say!(language, "terms-customer", customer = "returning")),
        CustomerKind::Unspecified => {}
    }
    if let Some(minimum) = &rule.minimum_sale {
        parts.push(say!(language, "terms-minimum-sale", amount = language.money(Some(minimum))));
    }
    if !rule.products.is_empty() {
        parts.push(say!(language, "terms-products", products = list(&rule.products)));
    }
    if rule.max_sales_per_lead > 0 {
        parts.push(say!(language, "terms-first-sales", sales = say!(language, "sales", count = rule.max_sales_per_lead)));
    }
    if let Some(window) = rule.window {
        let months = say!(language, "months", count = window.months);
        parts.push(match window.anchor() {
            WindowAnchor::FirstSale => say!(language, "terms-window-first-sale", months = months),
            WindowAnchor::AgreementEffective => say!(language, "terms-window-agreement", months = months),
            WindowAnchor::LeadReferred | WindowAnchor::Unspecified => say!(language, "terms-window-referral", months = months),
        });
    }
    if let Some(cap) = &rule.cap_per_lead {
        parts.push(say!(language, "terms-cap", amount = language.money(Some(cap))));
    }
    if let Some(most) = &rule.max_per_sale {
        parts.push(say!(language, "terms-max-per-sale", amount = language.money(Some(most))));
    }
    if rule.payable_on() == PayableOn::CustomerPayment {
        parts.push(say!(language, "terms-payable-on-customer"));
    }
    if rule.hold_days > 0 {
        parts.push(say!(language, "terms-hold", days = say!(language, "days", count = rule.hold_days)));
    }
    say!(language, "terms-rule", name = line(&rule.name), what = parts.join(", "))
}

fn reward(language: Language, rule: &CommissionRule) -> String {
    let of_leads = rule.trigger() == CommissionTrigger::LeadQualified;
    match &rule.reward {
        Some(Reward::RateBps(bps)) if rule.trigger() == CommissionTrigger::RecruitedSale => {
            let of = if rule.of() == OverrideBase::Commission { "commission" } else { "sale" };
            say!(language, "terms-rate-above", rate = language.percent(*bps), of = of, level = rule.level.max(1))
        }
        Some(Reward::RateBps(bps)) if of_leads => say!(language, "terms-rate-lead", rate = language.percent(*bps)),
        Some(Reward::RateBps(bps)) => say!(language, "terms-rate-sale", rate = language.percent(*bps)),
        Some(Reward::Flat(flat)) if of_leads => say!(language, "terms-flat-lead", amount = language.money(Some(flat))),
        Some(Reward::Flat(flat)) => say!(language, "terms-flat-sale", amount = language.money(Some(flat))),
        Some(Reward::Tiers(tiers)) => tiers_in_words(language, tiers),
        None => say!(language, "terms-nothing"),
    }
}

fn tiers_in_words(language: Language, tiers: &Tiers) -> String {
    let bands = tiers.bands.iter().map(|band| {
        let rate = language.percent(band.rate_bps);
        let amount = match tiers.measure() {
            TierMeasure::Sales => say!(language, "sales", count = band.from_minor_units),
            TierMeasure::NetSales | TierMeasure::Unspecified => language.amount(&tiers.currency_code, band.from_minor_units),
        };
        match band.bonus_minor_units {
            0 => say!(language, "terms-band", rate = rate, amount = amount),
            bonus => {
                let bonus = language.amount(&tiers.currency_code, bonus);
                say!(language, "terms-band-bonus", rate = rate, bonus = bonus, amount = amount)
            }
        }
    });
    let how = match tiers.mode() {
        TierMode::Retroactive => say!(language, "terms-tiers-retroactive"),
        TierMode::BySale => say!(language, "terms-tiers-by-sale"),
        TierMode::Marginal | TierMode::Unspecified => say!(language, "terms-tiers-marginal"),
    };
    let period = match tiers.period() {
        TierPeriod::Lifetime => say!(language, "terms-tiers-lifetime"),
        period => say!(language, "terms-tiers-per", period = language.word::<TierPeriod>(period.into())),
    };
    if tiers.measure() == TierMeasure::Sales {
        return say!(language, "terms-tiers-count", bands = bands.collect::<Vec<_>>().join(", "), period = period);
    }
    say!(language, "terms-tiers", bands = bands.collect::<Vec<_>>().join(", "), period = period, how = how)
}

fn lead_protection(language: Language, protection: Option<&LeadProtection>) -> String {
    let days = match protection.and_then(|protection| protection.period) {
        Some(lead_protection::Period::Unlimited(_)) => return say!(language, "terms-protected-always"),
        Some(lead_protection::Period::Days(days)) => say!(language, "days", count = days),
        None => say!(language, "days", count = 90),
    };
    match protection.map(LeadProtection::anchor) {
        Some(ProtectionAnchor::Approval) => say!(language, "terms-protected-approval", days = days),
        _ => say!(language, "terms-protected-referral", days = days),
    }
}

fn leads_at_end(language: Language, leads_at_end: LeadsAtEnd) -> String {
    match leads_at_end {
        LeadsAtEnd::House => say!(language, "terms-leads-to-house"),
        LeadsAtEnd::Partner => say!(language, "terms-leads-to-partner"),
        LeadsAtEnd::AcquirerKeeps | LeadsAtEnd::Unspecified => say!(language, "terms-leads-stay"),
    }
}

fn tail(language: Language, terms: &Terms) -> String {
    let tail = terms.tail.unwrap_or_default();
    match tail.mode() {
        TailMode::Days => say!(language, "terms-tail-days", days = say!(language, "days", count = tail.days)),
        TailMode::RemainingWindow => say!(language, "terms-tail-window"),
        TailMode::None | TailMode::Unspecified => say!(language, "none"),
    }
}

fn notice(language: Language, terms: &Terms) -> String {
    match terms.notice.and_then(|notice| notice.period) {
        Some(notice::Period::Days(days)) => say!(language, "days", count = days),
        Some(notice::Period::Months(months)) => say!(language, "months", count = months),
        None => say!(language, "terms-notice-none"),
    }
}

fn exclusivity(language: Language, exclusivity: &Exclusivity) -> String {
    let bound = match exclusivity.bound() {
        Bound::Both => say!(language, "terms-bound-both"),
        bound => say!(language, "terms-bound", side = language.word::<Bound>(bound.into())),
    };
    let partners = list(&exclusivity.partner_ids);
    let categories = say!(language, "terms-category", categories = list(&exclusivity.categories));
    let others = match (exclusivity.partner_ids.is_empty(), exclusivity.categories.is_empty()) {
        (_, true) => partners,
        (true, false) => categories,
        (false, false) => say!(language, "terms-nor-with", others = partners, more = categories),
    };
    match exclusivity.months {
        Some(months) => {
            let months = say!(language, "months", count = months);
            say!(language, "terms-exclusive-months", bound = bound, others = others, months = months)
        }
        None => say!(language, "terms-exclusive-end", bound = bound, others = others),
    }
}

fn brand(language: Language, terms: &Terms) -> String {
    let Some(brand) = &terms.brand_use else { return String::new() };
    let channels = |channels: &[i32]| channels.iter().map(|channel| language.word::<BrandChannel>(*channel)).collect::<Vec<_>>().join(", ");
    let mut parts = Vec::new();
    if !brand.allowed_channels.is_empty() {
        parts.push(say!(language, "terms-allowed", channels = channels(&brand.allowed_channels)));
    }
    if !brand.approval_channels.is_empty() {
        parts.push(say!(language, "terms-to-be-approved", channels = channels(&brand.approval_channels)));
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{Money, TierBand};

    const LANGUAGES: [Language; 2] = [Language::English, Language::Thai];

    #[expect(clippy::unnecessary_wraps, reason = "as the fields of messages are")]
    fn usd(minor_units: i64) -> Option<Money> {
        Some(Money { currency_code: "USD".to_owned(), minor_units })
    }

    fn rule(reward: Reward) -> CommissionRule {
        CommissionRule { name: "r".to_owned(), trigger: CommissionTrigger::Sale.into(), reward: Some(reward), ..CommissionRule::default() }
    }

    #[test]
    fn a_rule_says_what_it_asks_for_and_when_it_pays() {
        let rule = CommissionRule {
            coupons: vec!["SPRING".to_owned(), "ฤดูร้อน".to_owned()],
            customer: CustomerKind::Returning.into(),
            minimum_sale: usd(5_000),
            max_per_sale: usd(7_500),
            payable_on: PayableOn::CustomerPayment.into(),
            ..rule(Reward::RateBps(1_250))
        };
        assert_eq!(
            commission_rule(Language::English, &rule),
            "r: 12.5 % of each sale, only with SPRING, ฤดูร้อน, only what a lead buys after the first purchase, only sales of 50.00 USD or more, \
             at most 75.00 USD per sale, payable as the customer pays"
        );
        let thai = commission_rule(Language::Thai, &rule);
        for told in ["12.5 %", "SPRING, ฤดูร้อน", "50.00 USD", "75.00 USD", "จ่ายได้ตามที่ลูกค้าชำระ"]
        {
            assert!(thai.contains(told), "{told}: {thai}");
        }
        let first = CommissionRule { customer: CustomerKind::New.into(), ..rule.clone() };
        for language in LANGUAGES {
            assert_ne!(commission_rule(language, &first), commission_rule(language, &rule));
        }
    }

    #[test]
    fn an_override_says_of_what_and_of_whom() {
        let above = |level, of: OverrideBase| CommissionRule {
            trigger: CommissionTrigger::RecruitedSale.into(),
            level,
            of: of.into(),
            ..rule(Reward::RateBps(500))
        };
        let rules = [above(0, OverrideBase::Unspecified), above(1, OverrideBase::Commission), above(3, OverrideBase::Sale)];
        assert_eq!(
            rules.clone().map(|rule| commission_rule(Language::English, &rule)),
            [
                "r: 5 % of each sale of agreements that this one recruited",
                "r: 5 % of what is earned by agreements that this one recruited",
                "r: 5 % of each sale of agreements 3 levels below this one",
            ]
        );
        let [first, second, third] = rules.map(|rule| commission_rule(Language::Thai, &rule));
        assert!(first != second && third.contains("3 ระดับ") && !first.contains("ระดับ"), "{first}, {second}, {third}");
    }

    #[test]
    fn tiers_say_what_they_count_and_their_bonuses() {
        let band = |from_minor_units, rate_bps, bonus_minor_units| TierBand { from_minor_units, rate_bps, bonus_minor_units };
        let counted = Tiers {
            mode: TierMode::BySale.into(),
            period: TierPeriod::Month.into(),
            measure: TierMeasure::Sales.into(),
            bands: vec![band(0, 1_000, 0), band(1, 1_500, 0), band(10, 2_000, 0)],
            ..Tiers::default()
        };
        let words = "10 % from 0 sales, 15 % from 1 sale, 20 % from 10 sales of each sale, by the number of sales per month before it";
        assert_eq!(tiers_in_words(Language::English, &counted), words);
        let with_bonus = Tiers {
            mode: TierMode::Marginal.into(),
            period: TierPeriod::Lifetime.into(),
            currency_code: "USD".to_owned(),
            bands: vec![band(0, 1_000, 0), band(100_000, 0, 5_000)],
            ..Tiers::default()
        };
        let words =
            "10 % from 0.00 USD, 0 % and 50.00 USD of bonus from 1000.00 USD of net sales over the whole time, on each part of the total";
        assert_eq!(tiers_in_words(Language::English, &with_bonus), words);
        let thai = tiers_in_words(Language::Thai, &with_bonus);
        assert!(thai.contains("50.00 USD") && thai.contains("1,000.00 USD"), "{thai}");
    }
}
