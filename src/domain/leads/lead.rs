//! The stored row of a lead. Most leads are claimed once and bring a sale or two, so what others have besides is boxed: warm
//! fields behind one pointer, cold ones behind two.

mod encoding;

use super::accrued::Accrued;
use super::{Decision, DeclinedClaim, Qualification};
use crate::domain::calendar::Time;
use crate::domain::commissions::PinnedAssessment;
use crate::domain::commissions::earning::{Earning, Standing};
use crate::domain::commissions::holdings::Holdings;
use crate::domain::ids::Id;
use crate::domain::table::{OptionalRow, Row};
use crate::domain::{Stamp, State};
use smallvec::SmallVec;

/// A lead.
#[derive(Clone)]
pub struct Lead {
    /// Its first referral.
    first: Decision,
    /// Its first match key, if its first referral gave it.
    match_key: OptionalRow,
    /// The first and the last recorded of the sales that name it: a linked list, each sale holds the next.
    sales: (OptionalRow, OptionalRow),
    /// How many of them count (rules 14.5, 16.2).
    sales_count: u32,
    warm: Option<Box<WarmFields>>,
}

/// Fields of leads that qualified, or that have cold fields.
#[derive(Clone, Default)]
struct WarmFields {
    /// What its first qualification earned; holdings of later ones are added to it.
    earning: Option<Earning>,
    /// Whether it was protected when it first qualified.
    protected: bool,
    cold: Option<Box<ColdFields>>,
}

/// Fields that few leads use.
#[derive(Clone, Default)]
struct ColdFields {
    /// Decisions after the first.
    decisions: Vec<Decision>,
    declined: Vec<DeclinedClaim>,
    losses: Vec<Stamp>,
    aliases: Vec<(Id, Stamp)>,
    /// Match keys after the first.
    match_keys: Vec<(Row, Stamp)>,
    /// Of each agreement that earned, when its first sale occurred; empty as long as the sale recorded first is also the
    /// earliest of the only earner.
    first_sales: Vec<(Row, Time)>,
    disputes: Vec<Row>,
    /// Qualifications after the first, each with its credit and its assessment.
    qualifications: Vec<(Qualification, Option<Row>, Option<PinnedAssessment>)>,
    /// The record since which one of its sales counts as voided, if only as of some time.
    voids_since: Option<u64>,
    /// What it accrued under each rule, once it has many sales.
    accrued: Option<Vec<Accrued>>,
}

impl Lead {
    pub(super) fn new(first: Decision) -> Self {
        Self { first, match_key: OptionalRow::NONE, sales: (OptionalRow::NONE, OptionalRow::NONE), sales_count: 0, warm: None }
    }

    /// When it was first referred, and by which record.
    pub fn introduced(&self) -> Stamp {
        self.first.stamp()
    }

    /// How many items its lists have; of the decisions, which are looked through for each of them, the square of that.
    pub fn items(&self) -> usize {
        let cold = self.cold().map_or(0, |cold| {
            let decisions = cold.decisions.len();
            let others = [cold.declined.len(), cold.losses.len(), cold.aliases.len(), cold.match_keys.len(), cold.qualifications.len()];
            decisions.saturating_mul(decisions) + others.iter().sum::<usize>()
        });
        cold + 1
    }

    /// All decisions, in the order of recording.
    pub(super) fn all_decisions(&self) -> impl DoubleEndedIterator<Item = &Decision> {
        std::iter::once(&self.first).chain(self.cold().into_iter().flat_map(|cold| &cold.decisions))
    }

    pub(super) fn all_decisions_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut Decision> {
        let cold = self.warm.as_mut().and_then(|warm| warm.cold.as_mut());
        std::iter::once(&mut self.first).chain(cold.into_iter().flat_map(|cold| &mut cold.decisions))
    }

    pub(super) fn add_decision(&mut self, decision: Decision) {
        self.cold_mut().decisions.push(decision);
    }

    pub(super) fn all_declined(&self) -> &[DeclinedClaim] {
        self.cold().map_or(&[], |cold| &cold.declined)
    }

    pub(super) fn add_declined(&mut self, claim: DeclinedClaim) {
        self.cold_mut().declined.push(claim);
    }

    pub(super) fn losses(&self) -> &[Stamp] {
        self.cold().map_or(&[], |cold| &cold.losses)
    }

    pub(super) fn add_loss(&mut self, loss: Stamp) {
        self.cold_mut().losses.push(loss);
    }

    pub(super) fn all_qualifications(&self) -> impl DoubleEndedIterator<Item = Qualification> {
        let first = self.warm.as_ref().and_then(|warm| Some((warm.earning.as_ref()?, warm.protected)));
        let first = first.map(|(earning, protected)| Qualification { stamp: earning.stamp(), protected });
        first.into_iter().chain(self.cold().into_iter().flat_map(|cold| &cold.qualifications).map(|(qualification, ..)| *qualification))
    }

    /// Adds a qualification: whether the lead was protected then, and what it earned.
    pub(super) fn add_qualification(&mut self, protected: bool, earning: Earning) {
        let warm = self.warm_mut();
        let Some(first) = &mut warm.earning else {
            (warm.earning, warm.protected) = (Some(earning), protected);
            return;
        };
        earning.holdings().into_all().for_each(|holding| first.acquire(holding));
        let qualification = Qualification { stamp: earning.stamp(), protected };
        self.cold_mut().qualifications.push((qualification, earning.credit(), earning.assessment()));
    }

    pub(super) fn all_aliases(&self) -> &[(Id, Stamp)] {
        self.cold().map_or(&[], |cold| &cold.aliases)
    }

    pub(super) fn add_alias(&mut self, alias: Id, stamp: Stamp) {
        self.cold_mut().aliases.push((alias, stamp));
    }

    /// Its match keys, by their rows, and since when.
    pub(super) fn all_match_keys(&self) -> impl Iterator<Item = (Row, Stamp)> {
        let first = self.match_key.get().map(|row| (row, self.introduced()));
        first.into_iter().chain(self.cold().into_iter().flat_map(|cold| cold.match_keys.iter().copied()))
    }

    pub(super) fn add_match_key(&mut self, key: Row, stamp: Stamp) {
        let is_first = stamp == self.introduced() && self.all_match_keys().next().is_none();
        if is_first {
            self.match_key = Some(key).into();
        } else {
            self.cold_mut().match_keys.push((key, stamp));
        }
    }

    /// What it accrued under each rule, if that is kept.
    pub(super) fn kept_accrued(&self) -> Option<&[Accrued]> {
        self.cold()?.accrued.as_deref()
    }

    pub(super) fn accrued_mut(&mut self) -> &mut Option<Vec<Accrued>> {
        &mut self.cold_mut().accrued
    }

    /// What its qualifications earned, and through which agreements.
    pub(super) fn rewards(&self) -> impl Iterator<Item = (Option<Row>, PinnedAssessment)> {
        let first = self.earning().map(|earning| (earning.credit(), earning.assessment()));
        let later = self.cold().into_iter().flat_map(|cold| &cold.qualifications).map(|(_, credit, earned)| (*credit, *earned));
        first.into_iter().chain(later).filter_map(|(credit, earned)| Some((credit, earned?)))
    }

    /// What its first qualification earned, with all that stands of its qualifications' commission.
    fn earning(&self) -> Option<&Earning> {
        self.warm.as_ref()?.earning.as_ref()
    }

    pub(in crate::domain) fn earning_mut(&mut self) -> &mut Earning {
        self.warm_mut().earning.as_mut().expect("a lead's own commission comes from a qualification")
    }

    /// What stands of its qualifications' commission.
    pub fn holdings(&self) -> Holdings {
        self.earning().map(Earning::holdings).unwrap_or_default()
    }

    /// What stands of its qualifications' commission, see `Earning::standing`.
    pub(in crate::domain) fn standing(&self) -> Standing {
        self.earning().map(Earning::standing).unwrap_or_default()
    }

    /// The commission entries of its qualifications: account and place.
    pub fn entries(&self) -> impl Iterator<Item = (Row, Row)> {
        self.earning().into_iter().flat_map(Earning::entries)
    }

    /// Disputes that name it.
    pub fn disputes(&self) -> &[Row] {
        self.cold().map_or(&[], |cold| &cold.disputes)
    }

    pub(in crate::domain) fn add_dispute(&mut self, dispute: Row) {
        self.cold_mut().disputes.push(dispute);
    }

    /// How many of the sales that name it count: those above zero that do not count as voided (rules 14.5, 16.2).
    pub fn sales_count(&self) -> u32 {
        self.sales_count
    }

    /// The sales that name it, in the order of recording.
    pub fn sales(&self, state: &State) -> impl Iterator<Item = Row> {
        std::iter::successors(self.sales.0.get(), |row| state.commissions.sales.get(*row).next_of_lead())
    }

    /// The record since which one of its sales counts as voided, if only as of some time (rules 16.2, 16.3).
    pub fn voids_since(&self) -> Option<u64> {
        self.cold()?.voids_since
    }

    /// When the first sale that an agreement earned on occurred, of those recorded that do not count as voided (rules 6.3, 16.2).
    pub fn first_sale(&self, credit: Row, state: &State) -> Option<Time> {
        let known_first = self.cold().map_or(&[][..], |cold| &cold.first_sales);
        if known_first.is_empty() {
            return self.first_recorded(state).filter(|(known, _)| *known == credit).map(|(_, at)| at);
        }
        known_first.iter().find(|(known, _)| *known == credit).map(|(_, first)| *first)
    }

    /// The earner of the sale that was recorded first, and when it occurred; `None` if that counts as voided.
    fn first_recorded(&self, state: &State) -> Option<(Row, Time)> {
        let sale = state.commissions.sales.get(self.sales.0.get()?);
        Some((sale.credit()?, sale.stamp().occurred_at)).filter(|_| !sale.counts_as_voided())
    }

    fn add_sale(&mut self, sale: Row) {
        let is_first = self.sales.0.get().is_none();
        self.sales = (if is_first { Some(sale).into() } else { self.sales.0 }, Some(sale).into());
    }

    /// Notes when agreements earned, on a sale that may be the first one that is recorded.
    fn note_earners(&mut self, is_first: bool, first_recorded: Option<(Row, Time)>, earners: &[Row], at: Time) {
        let is_implied = self.cold().is_none_or(|cold| cold.first_sales.is_empty())
            && match earners {
                [] => true,
                [earner] => is_first || first_recorded.is_some_and(|(known, first)| known == *earner && first <= at),
                _ => false,
            };
        if is_implied {
            return;
        }
        let known_first = &mut self.cold_mut().first_sales;
        if known_first.is_empty() && !is_first {
            known_first.extend(first_recorded);
        }
        for earner in earners {
            match known_first.iter_mut().find(|(known, _)| known == earner) {
                Some((_, first)) => *first = at.min(*first),
                None => known_first.push((*earner, at)),
            }
        }
    }

    fn cold(&self) -> Option<&ColdFields> {
        self.warm.as_ref()?.cold.as_deref()
    }

    fn warm_mut(&mut self) -> &mut WarmFields {
        self.warm.get_or_insert_default()
    }

    fn cold_mut(&mut self) -> &mut ColdFields {
        self.warm_mut().cold.get_or_insert_default()
    }
}

impl State {
    /// Adds a sale to the lead that it names.
    pub(in crate::domain) fn add_sale(&mut self, lead: Row, sale: Row) {
        let known = self.leads.by_id.get(lead);
        let (first_recorded, last) = (known.first_recorded(self), known.sales.1.get());
        if let Some(last) = last {
            self.commissions.sales.get_mut(last).set_next_of_lead(sale);
        }
        let added = self.commissions.sales.get(sale);
        let (at, counts) = (added.stamp().occurred_at, added.counts());
        let (earners, is_first) = (self.earners(sale), last.is_none());
        let known = self.leads.by_id.get_mut(lead);
        known.add_sale(sale);
        known.note_earners(is_first, first_recorded, &earners, at);
        known.sales_count += u32::from(counts);
        self.note_accrued_by_sale(lead, sale, 1);
    }

    /// The agreements that earn on a sale, each once.
    fn earners(&self, sale: Row) -> SmallVec<[Row; 2]> {
        let mut earners = SmallVec::new();
        for earner in self.own_parts(sale).filter_map(|part| part.earning.credit()) {
            if !earners.contains(&earner) {
                earners.push(earner);
            }
        }
        earners
    }

    /// Moves a lead's limits, first sales and caps, once one of its sales has begun to count as voided, or does so no longer
    /// (rules 16.2, 16.3). That a first sale does not count any more costs a look at all sales of the lead.
    pub(in crate::domain) fn count_for_lead(&mut self, lead: Row, sale: Row) {
        let changed = self.commissions.sales.get(sale);
        let (at, is_void, is_above_zero) = (changed.stamp().occurred_at, changed.counts_as_voided(), changed.amount().minor_units > 0);
        let earners = self.earners(sale);
        let known = self.leads.by_id.get(lead);
        let is_a_first = |earner: &Row| known.first_sale(*earner, self).is_none_or(|first| first >= at);
        let first_sales =
            (is_void && (known.sales.0.get() == Some(sale) || earners.iter().any(is_a_first))).then(|| self.first_sales(lead));
        let (is_first, first_recorded) = (known.sales.0.get() == Some(sale), known.first_recorded(self));
        if is_void {
            self.note_void_of_lead(lead);
        }
        let known = self.leads.by_id.get_mut(lead);
        let one = u32::from(is_above_zero);
        known.sales_count = if is_void { known.sales_count - one } else { known.sales_count + one };
        match first_sales {
            Some(first_sales) => known.cold_mut().first_sales = first_sales,
            None if !is_void => known.note_earners(is_first, first_recorded, &earners, at),
            None => {}
        }
        self.note_accrued_by_sale(lead, sale, if is_void { -1 } else { 1 });
    }

    /// Notes the first record since which a sale of a lead counts as voided, if only as of some time.
    pub(in crate::domain) fn note_void_of_lead(&mut self, lead: Row) {
        let position = self.position;
        if self.leads.by_id.get(lead).voids_since().is_none() {
            self.leads.by_id.get_mut(lead).cold_mut().voids_since = Some(position);
        }
    }

    /// When each agreement's first sale to a lead occurred, of those that do not count as voided.
    fn first_sales(&self, lead: Row) -> Vec<(Row, Time)> {
        let mut first_sales: Vec<(Row, Time)> = Vec::new();
        for row in self.leads.by_id.get(lead).sales(self) {
            let sale = self.commissions.sales.get(row);
            if sale.counts_as_voided() {
                continue;
            }
            for earner in self.earners(row) {
                let at = sale.stamp().occurred_at;
                match first_sales.iter_mut().find(|(known, _)| *known == earner) {
                    Some((_, first)) => *first = at.min(*first),
                    None => first_sales.push((earner, at)),
                }
            }
        }
        first_sales
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lead_is_small() {
        assert_eq!(size_of::<Lead>(), 56);
    }
}
