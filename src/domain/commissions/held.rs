//! What open disputes hold of commission, kept in order of time in each account: an entry is held while it is available and
//! a dispute about its sale or its lead is open (rules 7.1, 7.5).

use super::{Dispute, DisputeSubject};
use crate::domain::State;
use crate::domain::account::{About, Entry};
use crate::domain::calendar::{LATEST, Time};
use crate::domain::leads::Lead;
use crate::domain::table::Row;
use crate::domain::timeline::Point;
use std::collections::BTreeMap;

/// [start, end); an end at the latest time there is means that there is none.
type Span = (Time, Time);
/// Entries: account and place.
type Places = Vec<(Row, Row)>;

/// When entries settle that a record posted under disputes, and with how much: by the disputed sale and lead, and by account. They
/// are gathered so that each account's order of time is changed once, however many there are.
#[derive(Default)]
pub(in crate::domain) struct DisputedEntries(BTreeMap<(Vec<About>, Row), Settling>);

/// When entries settle, and with how much, in minor units.
type Settling = Vec<(Time, i128)>;

impl State {
    /// Holds what a dispute that was opened by a record concerns, where no other dispute holds it.
    pub(super) fn hold_for(&mut self, dispute: Row, position: u64) {
        let known = self.commissions.disputes.get(dispute);
        let (subject, opened) = (known.subject, (known.opened.occurred_at, LATEST));
        if let Some(about) = about_of(subject) {
            self.change_held(about, opened, dispute, 1, position);
        }
    }

    /// Releases what a dispute that was resolved by a record held, where no other dispute holds it.
    pub(super) fn release_from(&mut self, dispute: Row, position: u64) {
        let known = self.commissions.disputes.get(dispute);
        let Some((resolved, _, _)) = &known.resolved else { return };
        let released = (resolved.occurred_at.max(known.opened.occurred_at), LATEST);
        if let Some(about) = about_of(known.subject) {
            self.change_held(about, released, dispute, -1, position);
        }
    }

    /// Notes an entry that was posted to an account, if there are disputes about its sale or lead.
    pub(super) fn note_disputed(&self, account: Row, entry: &Entry, posted: &mut DisputedEntries) {
        // A dispute about a sale is one about all of its parts.
        let sale = self.sale_of(entry.about).map(|(sale, _)| sale);
        let lead = sale.and_then(|sale| self.commissions.sales.get(sale).lead()).map(About::Lead);
        let subjects =
            std::iter::once(sale.map_or(entry.about, About::Sale)).chain(lead).filter(|about| !self.disputes_of(*about).is_empty());
        let subjects: Vec<About> = subjects.collect();
        if !subjects.is_empty() {
            posted.0.entry((subjects, account)).or_default().push((entry.settles_at(), -i128::from(entry.amount)));
        }
    }

    /// Holds entries that a record posted, as the disputes about their sales and leads say.
    pub(in crate::domain) fn hold_entries(&mut self, posted: DisputedEntries, position: u64) {
        let mut points: BTreeMap<Row, Vec<Point>> = BTreeMap::new();
        // Those of the same subjects follow each other.
        let mut open: (Vec<About>, Vec<Span>) = (Vec::new(), Vec::new());
        for ((subjects, row), amounts) in posted.0 {
            if open.0 != subjects {
                let spans = self.open_spans(subjects.iter().flat_map(|about| self.disputes_of(*about)).copied());
                open = (subjects, spans);
            }
            points.entry(row).or_default().extend(held_points(amounts, &open.1, 1));
            open.0.iter().for_each(|about| self.accounts.get_mut(row).add_disputed(*about));
        }
        for (row, points) in points {
            self.accounts.get_mut(row).hold(points, position);
        }
    }

    /// The disputes about a sale or a lead itself.
    pub(super) fn disputes_of(&self, about: About) -> &[Row] {
        match about {
            About::Sale(row) => self.commissions.sales.get(row).disputes(),
            About::Lead(row) => self.leads.by_id.get(row).disputes(),
            About::Part(_) | About::Nothing => &[],
        }
    }

    /// Adds to what is held, or takes from it, the commission of a subject during a span, but while other disputes hold it.
    fn change_held(&mut self, about: About, span: Span, dispute: Row, sign: i128, position: u64) {
        let others = |state: &Self, subjects: &[About]| {
            let others = subjects.iter().flat_map(|about| state.disputes_of(*about)).copied().filter(|other| *other != dispute);
            without(span, &state.open_spans(others))
        };
        let mut groups: Vec<(Vec<Span>, Places)> = Vec::new();
        match about {
            About::Sale(row) => {
                let lead = self.commissions.sales.get(row).lead().map(About::Lead);
                let subjects: Vec<About> = std::iter::once(about).chain(lead).collect();
                groups.push((others(self, &subjects), self.entries_of_sale(row).collect()));
            }
            About::Lead(row) => {
                let lead = self.leads.by_id.get(row);
                let spans = others(self, &[about]);
                if spans.is_empty() {
                    return;
                }
                let mut common: Vec<(Row, Row)> = lead.entries().collect();
                for row in lead.sales(self) {
                    let sale = self.commissions.sales.get(row);
                    if sale.disputes().is_empty() {
                        common.extend(self.entries_of_sale(row));
                    } else {
                        groups.push((others(self, &[about, About::Sale(row)]), self.entries_of_sale(row).collect()));
                    }
                }
                groups.push((spans, common));
            }
            About::Part(_) | About::Nothing => {}
        }
        let mut points: BTreeMap<Row, Vec<Point>> = BTreeMap::new();
        for (spans, entries) in groups {
            for (account, amounts) in self.settling(entries) {
                points.entry(account).or_default().extend(held_points(amounts, &spans, sign));
            }
        }
        for (account, points) in points {
            let account = self.accounts.get_mut(account);
            account.add_disputed(about);
            account.hold(points, position);
        }
    }

    /// When entries settle, and with how much, by account.
    fn settling(&self, mut entries: Vec<(Row, Row)>) -> BTreeMap<Row, Vec<(Time, i128)>> {
        entries.sort_unstable();
        let mut settling: BTreeMap<Row, Vec<(Time, i128)>> = BTreeMap::new();
        for of_account in entries.chunk_by(|one, next| one.0 == next.0) {
            let account = of_account[0].0;
            let places = of_account.iter().map(|(_, place)| *place);
            let amounts = self.accounts.get(account).entries_at(places).map(|entry| (entry.settles_at(), -i128::from(entry.amount)));
            settling.insert(account, amounts.collect());
        }
        settling
    }

    /// When any of some disputes is open, as recorded: disjoint spans in order.
    fn open_spans(&self, disputes: impl Iterator<Item = Row>) -> Vec<Span> {
        let spans = disputes.map(|row| self.commissions.disputes.get(row)).map(Dispute::span);
        let mut spans: Vec<Span> = spans.filter(|(start, end)| start < end).collect();
        spans.sort_unstable();
        let mut open: Vec<Span> = Vec::new();
        for (start, end) in spans {
            match open.last_mut().filter(|last| start <= last.1) {
                Some(last) => last.1 = last.1.max(end),
                None => open.push((start, end)),
            }
        }
        open
    }

    /// The commission entries of a dispute's subject: account and place.
    pub fn commission_entries(&self, subject: DisputeSubject) -> impl Iterator<Item = (Row, Row)> {
        let (lead, sale) = match subject {
            DisputeSubject::Lead(row) => (Some(self.leads.by_id.get(row)), None),
            DisputeSubject::Sale(row) => (None, Some(row)),
            DisputeSubject::Payout(_) => (None, None),
        };
        let own = lead.into_iter().flat_map(Lead::entries);
        let sales = sale.into_iter().chain(lead.into_iter().flat_map(|lead| lead.sales(self)));
        own.chain(sales.flat_map(|sale| self.entries_of_sale(sale)))
    }

    /// The commission entries of a sale, of all of its parts: account and place.
    fn entries_of_sale(&self, row: Row) -> impl Iterator<Item = (Row, Row)> {
        self.parts(row).flat_map(|part| part.earning.entries())
    }
}

impl Dispute {
    /// When it is open, as recorded.
    fn span(&self) -> Span {
        (self.opened.occurred_at, self.resolved.as_ref().map_or(LATEST, |(stamp, _, _)| stamp.occurred_at))
    }
}

/// The lead or sale of a subject; none for a payout, which holds no commission.
fn about_of(subject: DisputeSubject) -> Option<About> {
    match subject {
        DisputeSubject::Lead(row) => Some(About::Lead(row)),
        DisputeSubject::Sale(row) => Some(About::Sale(row)),
        DisputeSubject::Payout(_) => None,
    }
}

/// What of a span lies in none of others, which are disjoint and in order.
fn without((start, end): Span, others: &[Span]) -> Vec<Span> {
    let (mut left, mut reached) = (Vec::new(), start);
    for other in others.iter().filter(|other| other.1 > start && other.0 < end) {
        if reached < other.0 {
            left.push((reached, other.0));
        }
        reached = reached.max(other.1);
    }
    if reached < end {
        left.push((reached, end));
    }
    left
}

/// By how much amounts, each of which is available from a time on, change what is held during spans, which are disjoint and in
/// order.
fn held_points(mut amounts: Vec<(Time, i128)>, spans: &[Span], sign: i128) -> Vec<Point> {
    amounts.sort_unstable_by_key(|(time, _)| *time);
    let mut amounts = amounts.into_iter().peekable();
    let (mut available, mut points) = (0, Vec::new());
    let mut change = |at: Time, held: i128| {
        if held != 0 && at < LATEST {
            points.push(Point { at, amount: 0, held: sign * held });
        }
    };
    for (start, end) in spans {
        while let Some((_, amount)) = amounts.next_if(|(time, _)| time <= start) {
            available += amount;
        }
        change(*start, available);
        while let Some((time, amount)) = amounts.next_if(|(time, _)| time < end) {
            available += amount;
            change(time, amount);
        }
        change(*end, -available);
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Time {
        Time::from_timestamp(seconds, 0).expect("a time")
    }

    fn spans(steps: &[(i64, i64)]) -> Vec<Span> {
        let mut end = 0;
        let spans = steps.iter().map(|(gap, length)| {
            let start = end + gap;
            end = start + length;
            (at(start), at(end))
        });
        spans.collect()
    }

    fn is_in(time: Time, spans: &[Span]) -> bool {
        spans.iter().any(|(start, end)| (*start..*end).contains(&time))
    }

    proptest! {
        #[test]
        fn what_is_held_is_what_is_available_during_the_spans(
            amounts in prop::collection::vec((0_i64..60, -9_i64..20), 0..20), steps in prop::collection::vec((1_i64..9, 1_i64..9), 0..6), time in 0_i64..70,
        ) {
            let (amounts, spans): (Vec<_>, _) = (amounts.into_iter().map(|(time, amount)| (at(time), i128::from(amount))).collect(), spans(&steps));
            let points = held_points(amounts.clone(), &spans, 1);
            let held: i128 = points.iter().filter(|point| point.at <= at(time)).map(|point| point.held).sum();
            let available: i128 = amounts.iter().filter(|(settles, _)| *settles <= at(time)).map(|(_, amount)| amount).sum();
            prop_assert_eq!(held, if is_in(at(time), &spans) { available } else { 0 });
        }

        #[test]
        fn what_is_left_of_a_span_is_what_others_do_not_cover(
            steps in prop::collection::vec((1_i64..9, 1_i64..9), 0..6), start in 0_i64..60, length in 0_i64..60, time in 0_i64..130,
        ) {
            let (others, span) = (spans(&steps), (at(start), at(start + length)));
            let left = without(span, &others);
            prop_assert_eq!(is_in(at(time), &left), is_in(at(time), &[span]) && !is_in(at(time), &others));
        }
    }
}
