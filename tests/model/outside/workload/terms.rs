//! Random terms: every reward, window, tail, hold, cap and protection.

use partnership_ledger::proto::{
    self as pb, Bound, CampaignsAtEnd, CommissionTrigger, CustomerKind, LeadsAtEnd, OverrideBase, PayableOn, ProtectionAnchor, TailMode,
    TierMeasure, TierMode, TierPeriod, WindowAnchor, commission_rule::Reward, lead_protection, notice,
};

use super::World;
use super::relations::CHANNELS;

const CATEGORIES: [&str; 3] = ["email", "payroll", "ads"];

impl World {
    pub fn categories(&mut self) -> Vec<String> {
        let categories = CATEGORIES.map(str::to_owned);
        categories.into_iter().filter(|_| self.one_in(3)).collect()
    }

    pub fn terms(&mut self) -> pb::Terms {
        let own_zone = self.any(&["", "UTC", "Asia/Bangkok", "Europe/Berlin", "America/New_York"]);
        let time_zone = if self.one_in(4) { own_zone } else { self.zone };
        let mut minimums = self.minimums();
        let own_field = self.one_in(2);
        pb::Terms {
            time_zone: time_zone.to_owned(),
            commission: Some(pb::Commission { rules: self.rules() }),
            lead_protection: (!self.one_in(4)).then(|| self.protection()),
            credit_house_leads: self.one_in(2),
            leads_at_end: self.leads_at_end().into(),
            tail: (!self.one_in(4)).then(|| self.tail()),
            notice: (!self.one_in(3)).then(|| self.notice()),
            exclusivity: self.one_in(3).then(|| self.exclusivity()),
            minimum_payout: minimums.pop_if(|_| own_field),
            minimum_payouts: minimums,
            reverse_on_house_fault: self.one_in(3),
            brand_use: self.one_in(2).then(|| self.brand_use()),
            campaigns_at_end: self.any(&[CampaignsAtEnd::Unspecified, CampaignsAtEnd::Continue, CampaignsAtEnd::Stop]).into(),
            ownership: self.one_in(2).then(|| self.ownership()),
            cadence: self.one_in(3).then(|| pb::Cadence { check_in_days: self.days(60), review_days: self.days(120) }),
            scope: None,
        }
    }

    /// Of some currencies, each once.
    fn minimums(&mut self) -> Vec<pb::Money> {
        let currencies = self.currencies.clone();
        let some = currencies.into_iter().filter(|_| self.one_in(3)).collect::<Vec<_>>();
        some.into_iter().map(|currency| pb::Money { currency_code: currency.to_owned(), ..self.money(5_000) }).collect()
    }

    fn brand_use(&mut self) -> pb::BrandUseTerms {
        let mut channels = || CHANNELS.into_iter().filter(|_| self.one_in(2)).map(i32::from).collect();
        pb::BrandUseTerms { allowed_channels: channels(), approval_channels: channels() }
    }

    fn ownership(&mut self) -> pb::Ownership {
        let house_bps = self.any(&[5_000, 5_000, 3_333, 6_001, 0, 10_000]);
        pb::Ownership { house_bps, partner_bps: 10_000 - house_bps }
    }

    fn leads_at_end(&mut self) -> LeadsAtEnd {
        self.any(&[LeadsAtEnd::Unspecified, LeadsAtEnd::AcquirerKeeps, LeadsAtEnd::House, LeadsAtEnd::Partner])
    }

    fn protection(&mut self) -> pb::LeadProtection {
        let period = match self.below(10) {
            0 => None,
            1 => Some(lead_protection::Period::Unlimited(!self.one_in(3))),
            _ => Some(lead_protection::Period::Days(self.days(60))),
        };
        let anchor = self.any(&[ProtectionAnchor::Unspecified, ProtectionAnchor::Referral, ProtectionAnchor::Approval]);
        pb::LeadProtection { anchor: anchor.into(), period }
    }

    fn tail(&mut self) -> pb::Tail {
        let mode = self.any(&[TailMode::None, TailMode::Days, TailMode::RemainingWindow, TailMode::RemainingWindow]);
        let days = if mode == TailMode::Days { self.days(60) } else { 0 };
        pb::Tail { mode: mode.into(), days }
    }

    fn notice(&mut self) -> pb::Notice {
        let period = match self.below(5) {
            0 => None,
            1 | 2 => Some(notice::Period::Months(self.days(2))),
            _ => Some(notice::Period::Days(self.days(30))),
        };
        pb::Notice { period }
    }

    fn exclusivity(&mut self) -> pb::Exclusivity {
        let bound = self.any(&[Bound::House, Bound::House, Bound::Both, Bound::Partner]);
        let by_id = self.one_in(2);
        let partner = format!("p{}", self.below(4) + 1);
        let category = self.any(&CATEGORIES).to_owned();
        let months = self.one_in(2).then(|| self.days(11) + 1);
        pb::Exclusivity {
            bound: bound.into(),
            partner_ids: if by_id { vec![partner] } else { Vec::new() },
            categories: if by_id { Vec::new() } else { vec![category] },
            months,
        }
    }

    fn rules(&mut self) -> Vec<pb::CommissionRule> {
        let mut rules = Vec::new();
        for name in ["standard", "bounty", "special"] {
            if !self.one_in(3) {
                rules.push(self.rule(name));
            }
        }
        for (name, levels) in [("above", [0, 1, 1, 1]), ("above that", [2, 2, 3, 1]), ("far above", [3, 4, 4, 5])] {
            if self.is_family || self.one_in(3) {
                rules.push(self.override_rule(name, &levels));
            }
        }
        if self.one_in(2) {
            rules.reverse();
        }
        rules
    }

    fn rule(&mut self, name: &str) -> pb::CommissionRule {
        let is_bounty = if name == "bounty" { !self.one_in(8) } else { self.one_in(20) };
        let trigger = if is_bounty { CommissionTrigger::LeadQualified } else { CommissionTrigger::Sale };
        let reward = if is_bounty { Reward::Flat(self.money(10_000)) } else { self.reward() };
        let total_only = match &reward {
            Reward::Tiers(tiers) => tiers.mode() != TierMode::BySale,
            _ => false,
        };
        let cap = if total_only || !self.one_in(3) { None } else { Some(self.money(12_000)) };
        let limited = self.one_in(5);
        let customer = if self.one_in(6) { self.any(&[CustomerKind::New, CustomerKind::Returning]) } else { CustomerKind::Unspecified };
        let rule = pb::CommissionRule {
            trigger: trigger.into(),
            max_sales_per_lead: if limited { self.days(3) } else { 0 },
            window: self.one_in(2).then(|| self.window()),
            cap_per_lead: cap,
            reward: Some(reward),
            customer: customer.into(),
            ..self.conditions(name)
        };
        if total_only || is_bounty {
            return pb::CommissionRule { max_per_sale: None, payable_on: PayableOn::Unspecified.into(), ..rule };
        }
        rule
    }

    /// What a rule of any sale may ask for, and what it pays when.
    fn conditions(&mut self, name: &str) -> pb::CommissionRule {
        let payable_on = if self.one_in(3) { PayableOn::CustomerPayment } else { self.any(&[PayableOn::Unspecified, PayableOn::Sale]) };
        pb::CommissionRule {
            name: name.to_owned(),
            products: if self.one_in(4) { vec!["pro".to_owned()] } else { Vec::new() },
            hold_days: if self.one_in(2) { 0 } else { self.days(40) },
            coupons: if self.one_in(8) { vec![self.any(&["C1", "C2"]).to_owned(), "C9".to_owned()] } else { Vec::new() },
            minimum_sale: self.one_in(8).then(|| self.money(20_000)),
            max_per_sale: self.one_in(5).then(|| self.money(3_000)),
            payable_on: payable_on.into(),
            ..pb::CommissionRule::default()
        }
    }

    /// What an agreement earns on the sales of those that it recruited. Rules 15.
    fn override_rule(&mut self, name: &str, levels: &[u32]) -> pb::CommissionRule {
        let of = self.any(&[OverrideBase::Unspecified, OverrideBase::Sale, OverrideBase::Commission, OverrideBase::Commission]);
        let months = self.days(12) + 1;
        let window = self.one_in(4).then(|| pb::CommissionWindow { months, anchor: WindowAnchor::AgreementEffective.into() });
        pb::CommissionRule {
            trigger: CommissionTrigger::RecruitedSale.into(),
            reward: Some(Reward::RateBps(self.any(&[0, 1, 250, 500, 1_111, 3_000]))),
            level: self.any(levels),
            of: of.into(),
            window,
            ..self.conditions(name)
        }
    }

    fn reward(&mut self) -> Reward {
        match self.below(10) {
            0..4 => {
                let bps = self.any(&[0, 1, 333, 1_250, 2_000, 2_000, 5_000, 10_000]);
                Reward::RateBps(bps)
            }
            4 | 5 => Reward::Flat(self.money(3_000)),
            _ => Reward::Tiers(self.tiers()),
        }
    }

    fn tiers(&mut self) -> pb::Tiers {
        let mode = self.any(&[TierMode::Marginal, TierMode::Retroactive, TierMode::BySale]);
        let period = self.any(&[TierPeriod::Month, TierPeriod::Quarter, TierPeriod::Year, TierPeriod::Lifetime]);
        let by_count = mode == TierMode::BySale && self.one_in(3);
        let step = if by_count { 4 } else { 40_000 };
        let mut from = if self.one_in(4) { self.below(step / 4) } else { 0 };
        let mut rate = self.below(1_000);
        let mut bands = Vec::new();
        for _ in 0..=self.below(4) {
            let has_bonus = mode != TierMode::BySale && from > 0 && self.one_in(3);
            bands.push(pb::TierBand {
                from_minor_units: i64::try_from(from).expect("small"),
                rate_bps: u32::try_from(rate).expect("small"),
                bonus_minor_units: if has_bonus { i64::try_from(self.below(3_000)).expect("small") } else { 0 },
            });
            from += self.below(step) + 1;
            // Mostly more for more; sometimes a total that grows earns less.
            rate = if self.one_in(3) { self.below(4_000) } else { rate + self.below(1_500) };
        }
        let measure = if by_count { TierMeasure::Sales } else { self.any(&[TierMeasure::Unspecified, TierMeasure::NetSales]) };
        pb::Tiers {
            mode: mode.into(),
            period: period.into(),
            currency_code: if by_count { String::new() } else { self.currency() },
            bands,
            measure: measure.into(),
        }
    }

    fn window(&mut self) -> pb::CommissionWindow {
        let anchor = self.any(&[WindowAnchor::LeadReferred, WindowAnchor::FirstSale, WindowAnchor::AgreementEffective]);
        pb::CommissionWindow { months: self.days(6) + 1, anchor: anchor.into() }
    }

    /// An amount up to about so much.
    pub fn money(&mut self, most: u64) -> pb::Money {
        let minor_units = i64::try_from(self.below(most) + 1).expect("small");
        pb::Money { currency_code: self.currency(), minor_units }
    }
}
