//! What refunds and voids take back of commission. Rules 6.8, 14.9, 15.3, 16.1.

use partnership_ledger::proto::{CommissionOutcome as Outcome, EntryKind as Kind, OverrideBase, TierMode, Tiers, commission_rule::Reward};

use super::calendar::Instant;
use super::commission::same_rule;
use super::record::{Assessed, Known, Posting, Record, Refunded};
use super::sales::{base_left, override_parts, own_parts, sale_id, spares};
use super::tiers;

/// Whether a part came out such that its rule rewards it.
pub fn earned(part: &Assessed) -> bool {
    matches!(part.outcome, Outcome::Accrued | Outcome::Capped | Outcome::Included)
}

/// The tiers of a part that rate totals, not sales.
fn total_tiers(part: &Assessed) -> Option<&Tiers> {
    match part.rule.as_ref()?.reward.as_ref()? {
        Reward::Tiers(tiers) if tiers.mode() != TierMode::BySale => Some(tiers),
        _ => None,
    }
}

impl Known<'_> {
    /// What a refund that is being decided reverses: part by part, own parts first, then override parts. `after` is what is
    /// known with the refund.
    pub fn refund_postings(&self, after: &Known<'_>, sale: &Record, refund: &Refunded, occurred: Instant, id: &str) -> Vec<Posting> {
        let own = own_parts(sale);
        let mut reversals: Vec<i128> = vec![0; sale.effects.assessed.len()];
        for group in groups(&own) {
            if total_tiers(group[0]).is_some() {
                self.of_totals(&mut reversals, sale, &group, |part| refund.parts[part.part as usize], |part| spares(part, refund.reason));
            } else if !spares(group[0], refund.reason) {
                let own = |part: &Assessed| after.own_commission(sale, &group, part);
                self.together(&mut reversals, sale, &group, own);
            }
        }
        for group in groups(&override_parts(sale)) {
            let spared = |part: &&Assessed| spares(below(sale, part), refund.reason);
            if !group.iter().all(spared) {
                let standing = |part: &Assessed| self.standing(sale, part) - reversals[part.part as usize];
                let own: Vec<i128> = group.iter().map(|part| after.override_commission(sale, part, standing(below(sale, part)))).collect();
                let own = |part: &Assessed| own[group.iter().position(|other| other.part == part.part).expect("of the group")];
                self.together(&mut reversals, sale, &group, own);
            }
        }
        self.all_reversed(sale, &reversals, occurred, id)
    }

    /// What a void reverses. Rules 16.1.
    pub fn void_postings(&self, sale: &Record, occurred: Instant) -> Vec<Posting> {
        let mut reversals: Vec<i128> = vec![0; sale.effects.assessed.len()];
        for group in groups(&own_parts(sale)) {
            if total_tiers(group[0]).is_some() {
                self.of_totals(&mut reversals, sale, &group, |part| self.left_of_part(sale, part), |_| false);
            } else {
                for part in group {
                    reversals[part.part as usize] = self.standing(sale, part);
                }
            }
        }
        for part in override_parts(sale).into_iter().filter(|part| earned(part)) {
            reversals[part.part as usize] = self.standing(sale, part);
        }
        self.all_reversed(sale, &reversals, occurred, sale_id(sale).expect("a sale"))
    }

    fn all_reversed(&self, sale: &Record, reversals: &[i128], occurred: Instant, reference: &str) -> Vec<Posting> {
        let reverse = |part: &Assessed| self.reverse(sale, part, reversals[part.part as usize], occurred, reference);
        sale.effects.assessed.iter().flat_map(reverse).collect()
    }

    /// MARGINAL and RETROACTIVE: what E loses, part by part, by what is taken of each part's amount.
    fn of_totals(
        &self,
        reversals: &mut [i128],
        sale: &Record,
        group: &[&Assessed],
        taken: impl Fn(&Assessed) -> i128,
        spared: impl Fn(&Assessed) -> bool,
    ) {
        let tiers = total_tiers(group[0]).expect("asked for such tiers");
        let mut total = self.net_sales(group[0], tiers::period(tiers, sale.occurred, group[0].zone));
        for part in group {
            let left = self.left_of_part(sale, part);
            let less = base_left(part, left) - base_left(part, left - taken(part));
            if !spared(part) {
                reversals[part.part as usize] = tiers::earned(tiers, total) - tiers::earned(tiers, total - less);
            }
            total -= less;
        }
    }

    /// The difference between what stands of the parts of one rule and what is left of their commission, worked out together.
    fn together(&self, reversals: &mut [i128], sale: &Record, group: &[&Assessed], own: impl Fn(&Assessed) -> i128) {
        let accrued: i128 = group.iter().map(|part| part.amount).sum();
        let left = group.iter().map(|part| own(part)).sum::<i128>().min(accrued);
        let standing: i128 = group.iter().map(|part| self.standing(sale, part)).sum();
        // Rounding after a reinstatement may leave one unit less than the terms say; a refund never adds.
        let mut rest = (standing - left).max(0);
        for part in group {
            let taken = (self.standing(sale, part) - own(part)).clamp(0, rest);
            reversals[part.part as usize] = taken;
            rest -= taken;
        }
    }

    /// The pinned terms' commission on what counts as left of an own part.
    fn own_commission(&self, sale: &Record, group: &[&Assessed], part: &Assessed) -> i128 {
        match part.rate {
            Some(rate) => tiers::share(base_left(part, self.counting_of_part(sale, part).0), rate),
            None if group.iter().any(|part| self.counting_of_part(sale, part).1 > 0) => part.amount,
            None => 0,
        }
    }

    /// The pinned terms' commission of an override, after so much stands of the part below. Rules 15.3.
    fn override_commission(&self, sale: &Record, part: &Assessed, standing_below: i128) -> i128 {
        let rate = part.rate.unwrap_or(0);
        let of_commission = part.rule.as_ref().is_some_and(|rule| rule.of() == OverrideBase::Commission);
        if of_commission {
            return tiers::share(standing_below.max(0), rate);
        }
        let own = below(sale, part);
        tiers::share(base_left(own, self.counting_of_part(sale, own).0), rate)
    }

    /// The collection that a refund or void gives back. Rules 6.10, 16.1.
    pub fn collected_back(&self, sale: &Record, applied: i128, occurred: Instant, reference: &str) -> Vec<Posting> {
        let collection = sale.effects.postings.iter().filter(|p| p.kind == Kind::Collection);
        let back = collection.filter(|_| applied != 0).map(|posting| Posting {
            amount: -applied * posting.amount.signum(),
            effective: self.effective(occurred).max(posting.effective),
            reference: reference.to_owned(),
            ..posting.clone()
        });
        back.collect()
    }

    /// The postings that undo a refund's, whatever has moved since. Rules 6.8, 13, 17.4.
    pub fn reinstate(&self, sale: &Record, refund: &Record, occurred: Instant, reinstatement: &str) -> Vec<Posting> {
        let lots = self.lots();
        // No earlier than the entry that brought what is given back. Rules 20.1.
        let brought = |posting: &Posting| {
            let lot = lots.iter().find(|lot| Some(&lot.id) == posting.lot.as_ref());
            lot.map_or_else(|| sale.effects.effective.expect("a sale has its time"), |lot| lot.effective)
        };
        let mut postings = Vec::new();
        let mut effective = self.effective(occurred);
        for posting in &refund.effects.postings {
            let kind = match posting.kind {
                Kind::Reversal => Kind::Reinstatement,
                Kind::Collection => Kind::Collection,
                _ => continue,
            };
            // The house's leg follows the partner's.
            if posting.lot.is_some() || kind == Kind::Collection {
                effective = self.effective(occurred).max(brought(posting));
            }
            postings.push(Posting { amount: -posting.amount, effective, kind, reference: reinstatement.to_owned(), ..posting.clone() });
        }
        postings
    }

    /// What a refund takes of each line and part. Rules 14.9.
    pub fn spread(&self, sale: &Record, of_lines: Vec<i128>) -> (Vec<i128>, Vec<i128>) {
        let own = own_parts(sale);
        let mut of_parts = vec![0; own.len()];
        for (line, amount) in of_lines.iter().enumerate() {
            let parts: Vec<&&Assessed> = own.iter().filter(|part| part.line == line).collect();
            let left: Vec<i128> = parts.iter().map(|part| self.left_of_part(sale, part)).collect();
            if *amount > 0 && !parts.is_empty() {
                for (part, amount) in parts.iter().zip(super::shares::split(*amount, &left)) {
                    of_parts[part.part as usize] = amount;
                }
            }
        }
        (of_lines, of_parts)
    }
}

/// The parts that the same rule of an agreement decided, in order. Those that earned nothing have no group.
fn groups<'p>(parts: &[&'p Assessed]) -> Vec<Vec<&'p Assessed>> {
    let mut groups: Vec<Vec<&Assessed>> = Vec::new();
    for part in parts.iter().copied().filter(|part| earned(part)) {
        match groups.iter_mut().find(|group| same_rule(group[0], part)) {
            Some(group) => group.push(part),
            None => groups.push(vec![part]),
        }
    }
    groups
}

/// The own part that an override part is an override of.
fn below<'r>(sale: &'r Record, part: &Assessed) -> &'r Assessed {
    &sale.effects.assessed[part.of_part.expect("an override part") as usize]
}
