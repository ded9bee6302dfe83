//! Alerts: what somebody should look at, the most urgent first (rules 10.2).
//!
//! Each kind looks at one row of the state after the other – an agreement, an account, a lead – and finds one alert in it
//! at most. A page keeps no more alerts than it shows, so an answer costs a look at every row of the kinds asked for that
//! concerns whom is asked for, and the memory of a page. Where the state keeps of each few rows between which times an alert
//! about them can have begun, those come first that can have begun first, and the others are passed over once the page is full
//! of earlier ones. A look is cheap where nothing is the matter: which protections end soon is worked out in calendar days only
//! for leads that are near by plain ones. What counts as near or overdue is a rule: `domain::relationship::alerts`.

mod agreements;
mod campaigns;
mod disputes;
mod earning;
mod exclusivity;
mod facts;
mod holds;
mod last_balance;
mod leads;
mod money;
mod promises;

use super::page::PageRequest;
use super::requests::ListRequest as _;
use super::{Reading, StateQuery, agreement_seen, partner_seen};
use crate::domain::calendar::Time;
use crate::domain::ids::Id;
use crate::domain::parse::{Fields, timestamp};
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::ledger::Error;
use crate::proto::{self, AlertKind};
use std::collections::BinaryHeap;
use std::ops::{Range, RangeInclusive};

/// The most kinds that a request may name: all of them, and some twice.
const MAX_KINDS: usize = 100;

/// `ListAlerts`.
pub struct ListAlerts {
    partner: Option<Id>,
    agreement: Option<Id>,
    kinds: Vec<AlertKind>,
    page: PageRequest,
}

/// Where a kind of alert looks: rows of the state, one after the other.
trait Walk {
    /// How many rows there are to look at.
    fn rows(state: &State) -> usize;

    /// The rows that can concern whom is asked for, where the state has a list of them.
    fn rows_of<'a>(_: &'a State, _: &'a Wanted) -> Option<&'a [Row]> {
        None
    }

    /// Whether a row can be about a partner or an agreement that is asked for. It is asked before the look, of the row alone.
    fn concerns(state: &State, row: Row, wanted: &Wanted) -> bool;
}

/// A kind of alert: where it looks, what it finds, and what it tells a person to do.
trait Watch {
    /// The rows that it looks at.
    type Over: Walk;

    /// The rows to look at, if the state keeps between which times alerts about them can have begun.
    fn stretches(_: &Reading<'_>, _: &Wanted, _: Seen) -> Option<Vec<Stretch>> {
        None
    }

    /// A time before which an alert of a row cannot have begun, in seconds of Unix time, for less than a look costs: what begins
    /// after the last alert of a full page is not looked at.
    fn earliest(_: &State, _: Row, _: Seen) -> i64 {
        i64::MIN
    }

    /// The alert of a row as seen, if there is one. It is asked of every row that concerns: what is cheap comes first.
    fn look(state: &State, row: Row, seen: Seen) -> Option<Found>;

    /// What is the matter with a row in which an alert was found, and what to do, for a person to read.
    fn tell(state: &State, row: Row, seen: Seen) -> String;

    /// Whether an alert is about whom is asked for, where the row alone does not say so.
    fn is_about(_: &State, _: &Found, _: Seen, _: &Wanted) -> bool {
        true
    }
}

/// Rows, and between which times an alert about one of them can have begun, in seconds of Unix time.
#[derive(Debug)]
struct Stretch {
    since: RangeInclusive<i64>,
    rows: Rows,
}

/// Rows that lie together, or are listed.
#[derive(Debug)]
enum Rows {
    Together(Range<Row>),
    Listed(Vec<Row>),
}

impl Rows {
    fn at(&self, place: usize) -> Option<Row> {
        match self {
            Self::Together(rows) => Row::try_from(place).ok().and_then(|place| rows.clone().nth(place as usize)),
            Self::Listed(rows) => rows.get(place).copied(),
        }
    }
}

/// An alert. The order is that of a list: since when, then about what, then by row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    since: Time,
    subject: AlertSubject,
    row: Row,
}

/// What an alert is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct AlertSubject {
    partner: Option<Id>,
    agreement: Option<Id>,
    campaign: Option<Id>,
    lead: Option<Id>,
}

impl AlertSubject {
    /// An agreement and its partner.
    fn agreement(state: &State, row: Row) -> Self {
        let partner = state.agreements.by_id.get(row).partner;
        Self {
            partner: Some(state.partners.key(partner).clone()),
            agreement: Some(state.agreements.by_id.key(row).clone()),
            ..Self::default()
        }
    }

    /// A partner alone.
    fn partner(state: &State, row: Row) -> Self {
        Self { partner: Some(state.partners.key(row).clone()), ..Self::default() }
    }
}

/// Whose alerts are asked for.
struct Wanted {
    partner: Option<Row>,
    agreement: Option<Row>,
}

impl Wanted {
    /// Whether what is under an agreement, if any, and of a partner, if any, is asked for.
    fn is_of(&self, state: &State, agreement: Option<Row>, partner: Option<Row>) -> bool {
        self.takes(state, agreement) || self.agreement.is_none() && self.partner.is_none_or(|wanted| partner == Some(wanted))
    }

    /// Whether a subject is the partner and the agreement asked for, or under an agreement of the partner.
    fn names(&self, state: &State, subject: &AlertSubject) -> bool {
        let agreement = subject.agreement.as_ref().and_then(|id| state.agreements.by_id.find(id));
        let partner = subject.partner.as_ref().and_then(|id| state.partners.find(id));
        self.is_of(state, agreement, partner)
    }

    /// The agreements that are asked for, all of the partner if none is named; `None` if all are.
    fn agreements<'a>(&'a self, state: &'a State) -> Option<&'a [Row]> {
        match self {
            Self { agreement: Some(agreement), .. } => Some(std::slice::from_ref(agreement)),
            Self { partner, agreement: None } => partner.map(|partner| state.partners.get(partner).agreements.as_slice()),
        }
    }

    /// Whether an agreement is the one asked for, and of the partner asked for.
    fn takes(&self, state: &State, agreement: Option<Row>) -> bool {
        let of_partner = |wanted: Row| agreement.is_some_and(|row| state.agreements.by_id.get(row).partner == wanted);
        self.agreement.is_none_or(|wanted| agreement == Some(wanted)) && self.partner.is_none_or(of_partner)
    }
}

/// The table of kinds, in the order of a list: by what costs most if nobody looks. A kind without a row does not compile.
macro_rules! alert_table {
    ($($kind:ident in $file:ident;)*) => {
        /// All kinds, the most urgent first.
        const ORDER: [AlertKind; [$(AlertKind::$kind),*].len()] = [$(AlertKind::$kind),*];

        /// The alerts of a kind from one on, of which the first ones are kept.
        fn watch(kind: AlertKind, view: &Reading<'_>, search: &Search) -> Result<Vec<Found>, Error> {
            match kind {
                AlertKind::Unspecified => Ok(Vec::new()),
                $(AlertKind::$kind => search.run::<$file::$kind>(view),)*
            }
        }

        fn tell(kind: AlertKind, state: &State, row: Row, seen: Seen) -> String {
            match kind {
                AlertKind::Unspecified => String::new(),
                $(AlertKind::$kind => $file::$kind::tell(state, row, seen),)*
            }
        }
    };
}

alert_table! {
    // Rights that are broken.
    ExclusivityBreached in exclusivity;
    BreachUncured in promises;
    // Money that is held, owed or due.
    DisputeOpen in disputes;
    HoldLong in holds;
    NegativeBalance in money;
    PayableDue in money;
    // What is lost at a date.
    ProtectionLapsing in leads;
    NoticeEnding in agreements;
    ExpiryNear in agreements;
    ExclusivityEnding in exclusivity;
    LeadsWithoutEarningAgreement in earning;
    // What goes wrong slowly.
    MissingManager in agreements;
    UnequalEffort in campaigns;
    BrandUseUndecided in promises;
    GoalsDiffer in campaigns;
    ReviewOverdue in agreements;
    CheckInOverdue in agreements;
}

/// What a page still needs of a kind.
struct Search<'a> {
    seen: Seen,
    wanted: &'a Wanted,
    /// The row of the alert to begin with.
    from: Option<Row>,
    /// How many at most.
    limit: usize,
}

impl Search<'_> {
    /// The first alerts of a kind, in order. It keeps no more than the limit, whatever it finds.
    fn run<W: Watch>(&self, view: &Reading<'_>) -> Result<Vec<Found>, Error> {
        let first = self.from.filter(|row| (*row as usize) < W::Over::rows(view)).and_then(|row| self.find::<W>(view, row));
        let mut kept: BinaryHeap<Found> = BinaryHeap::with_capacity(self.limit + 1);
        // When the last alert of a page that is full began.
        let mut last = i64::MAX;
        for stretch in self.stretches::<W>(view) {
            if last < *stretch.since.start() {
                break;
            }
            if first.as_ref().is_some_and(|first| *stretch.since.end() < first.since.timestamp()) {
                continue;
            }
            let mut places = 0..;
            while let Some(row) = places.next().and_then(|place| stretch.rows.at(place)) {
                view.check()?;
                if last < W::earliest(view, row, self.seen) {
                    continue;
                }
                let found = self.find::<W>(view, row).filter(|found| first.as_ref().is_none_or(|first| found >= first));
                if let Some(found) = found {
                    kept.push(found);
                    if kept.len() > self.limit {
                        kept.pop();
                    }
                    if kept.len() == self.limit {
                        last = kept.peek().map_or(i64::MAX, |last| last.since.timestamp());
                    }
                }
            }
        }
        Ok(kept.into_sorted_vec())
    }

    /// The rows of the walk, first those of which alerts can have begun first.
    fn stretches<W: Watch>(&self, view: &Reading<'_>) -> Vec<Stretch> {
        if let Some(mut stretches) = W::stretches(view, self.wanted, self.seen) {
            stretches.sort_by_key(|stretch| *stretch.since.start());
            return stretches;
        }
        let rows = match W::Over::rows_of(view, self.wanted) {
            Some(rows) => Rows::Listed(rows.to_vec()),
            None => Rows::Together(0..Row::try_from(W::Over::rows(view)).unwrap_or(Row::MAX)),
        };
        vec![Stretch { since: i64::MIN..=i64::MAX, rows }]
    }

    /// The alert of a row, if it is asked for. What the row alone rules out is not looked at.
    fn find<W: Watch>(&self, state: &State, row: Row) -> Option<Found> {
        if !W::Over::concerns(state, row, self.wanted) {
            return None;
        }
        W::look(state, row, self.seen).filter(|found| W::is_about(state, found, self.seen, self.wanted))
    }
}

impl StateQuery for ListAlerts {
    type Request = proto::ListAlertsRequest;
    type Answer = proto::ListAlertsResponse;

    fn parse(request: &Self::Request, fields: &mut Fields) -> Self {
        let any = AlertKind::Unspecified;
        Self {
            partner: fields.optional_id("partner_id", request.partner_id.as_deref()),
            agreement: fields.optional_id("agreement_id", request.agreement_id.as_deref()),
            kinds: fields.each("kinds", &request.kinds, MAX_KINDS, |fields, kind| fields.enum_or("", *kind, any)),
            page: request.page(fields),
        }
    }

    fn page(&self) -> Option<&PageRequest> {
        Some(&self.page)
    }

    fn answer(&self, view: &Reading<'_>, seen: Seen) -> Result<Self::Answer, Error> {
        let wanted = Wanted {
            partner: self.partner.as_ref().map(|id| partner_seen(view, id, seen)).transpose()?,
            agreement: self.agreement.as_ref().map(|id| agreement_seen(view, id, seen)).transpose()?,
        };
        let any = self.kinds.is_empty() || self.kinds.contains(&AlertKind::Unspecified);
        // A token says the kind and the row of the alert that it goes on with: both mean the same at its instant.
        let (start, row) = self.page.place();
        let start = usize::try_from(start).unwrap_or(ORDER.len());
        let mut from = self.page.start.and(Row::try_from(row).ok());
        let mut alerts = Vec::new();
        for (place, kind) in ORDER.into_iter().enumerate().skip(start).filter(|(_, kind)| any || self.kinds.contains(kind)) {
            let left = self.page.size - alerts.len();
            let search = Search { seen, wanted: &wanted, from: from.take(), limit: left + 1 };
            let mut found = watch(kind, view, &search)?;
            let next = if found.len() > left { found.pop() } else { None };
            alerts.extend(found.into_iter().map(|found| alert(kind, view, found, seen)));
            if let Some(next) = next {
                let next_page_token = self.page.token(Some((place as u64, u64::from(next.row))), seen);
                return Ok(proto::ListAlertsResponse { alerts, next_page_token, position: seen.position });
            }
        }
        Ok(proto::ListAlertsResponse { alerts, next_page_token: String::new(), position: seen.position })
    }
}

fn alert(kind: AlertKind, state: &State, found: Found, seen: Seen) -> proto::Alert {
    let text = |id: Option<Id>| id.map(|id| id.to_string());
    proto::Alert {
        kind: kind as i32,
        message: tell(kind, state, found.row, seen),
        facts: Some(facts::of(kind, state, found.row, seen)),
        partner_id: text(found.subject.partner),
        agreement_id: text(found.subject.agreement),
        campaign_id: text(found.subject.campaign),
        lead_id: text(found.subject.lead),
        since: Some(timestamp(found.since)),
    }
}

/// Returns the earliest of the instants, which are in order, from which on `holds` is true without a break; `None` if it is not
/// at the last. Nothing changes between instants.
fn holds_since(instants: &[Time], mut holds: impl FnMut(Time) -> bool) -> Option<Time> {
    instants.iter().rev().copied().take_while(|instant| holds(*instant)).last()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Cancellation;
    use std::cell::Cell;

    #[test]
    fn every_kind_has_its_place() {
        let kinds = (1..100).filter_map(|number| AlertKind::try_from(number).ok());
        let mut ordered = ORDER.to_vec();
        ordered.sort_unstable();
        assert_eq!(ordered, kinds.collect::<Vec<_>>());
    }

    /// A hundred rows, of which those that end in 0 are about the partner asked for.
    struct Counted;

    thread_local! {
        static LOOKS: Cell<usize> = const { Cell::new(0) };
    }

    impl Walk for Counted {
        fn rows(_: &State) -> usize {
            100
        }

        fn rows_of<'a>(_: &'a State, wanted: &'a Wanted) -> Option<&'a [Row]> {
            wanted.agreement.is_some().then_some(&[20, 35, 50])
        }

        fn concerns(_: &State, row: Row, wanted: &Wanted) -> bool {
            wanted.partner.is_none() || row.is_multiple_of(10)
        }
    }

    impl Watch for Counted {
        type Over = Self;

        fn look(_: &State, row: Row, seen: Seen) -> Option<Found> {
            LOOKS.set(LOOKS.get() + 1);
            Some(Found { since: seen.time, subject: AlertSubject::default(), row })
        }

        fn tell(_: &State, _: Row, _: Seen) -> String {
            String::new()
        }
    }

    /// The same, of which the state keeps when alerts can have begun: each at the second of its row.
    struct Kept;

    impl Watch for Kept {
        type Over = Counted;

        fn stretches(_: &Reading<'_>, _: &Wanted, _: Seen) -> Option<Vec<Stretch>> {
            let stretch = |first: Row| Stretch { since: i64::from(first)..=i64::from(first) + 9, rows: Rows::Together(first..first + 10) };
            Some((0..10).rev().map(|tens| stretch(10 * tens)).collect())
        }

        fn look(_: &State, row: Row, _: Seen) -> Option<Found> {
            LOOKS.set(LOOKS.get() + 1);
            let since = Time::from_timestamp(row.into(), 0).expect("a time");
            row.is_multiple_of(3).then(|| Found { since, subject: AlertSubject::default(), row })
        }

        fn tell(_: &State, _: Row, _: Seen) -> String {
            String::new()
        }
    }

    #[test]
    fn what_cannot_be_on_the_page_is_not_looked_at() {
        let wanted = Wanted { partner: None, agreement: None };
        let looked = |from: Option<Row>, limit| {
            LOOKS.set(0);
            let search = Search { seen: Seen::ALL, wanted: &wanted, from, limit };
            let found = search.run::<Kept>(&Reading::new(&State::default(), &Cancellation::NEVER)).expect("not cancelled");
            (LOOKS.get(), found.into_iter().map(|found| found.row).collect::<Vec<_>>())
        };
        assert_eq!(looked(None, 2), (10, vec![0, 3]));
        assert_eq!(looked(None, 5), (20, vec![0, 3, 6, 9, 12]));
        // The first one is looked at by itself.
        assert_eq!(looked(Some(48), 4), (21, vec![48, 51, 54, 57]));
        assert_eq!(looked(Some(93), 9), (11, vec![93, 96, 99]));
    }

    #[test]
    fn only_what_is_asked_for_is_looked_at() {
        let looked = |partner: Option<Row>, agreement: Option<Row>, limit| {
            LOOKS.set(0);
            let search = Search { seen: Seen::ALL, wanted: &Wanted { partner, agreement }, from: None, limit };
            let rows: Vec<Row> = search
                .run::<Counted>(&Reading::new(&State::default(), &Cancellation::NEVER))
                .expect("not cancelled")
                .into_iter()
                .map(|found| found.row)
                .collect();
            (LOOKS.get(), rows)
        };
        assert_eq!(looked(None, None, 2), (100, vec![0, 1]));
        assert_eq!(looked(Some(7), None, 3), (10, vec![0, 10, 20]));
        assert_eq!(looked(None, Some(7), 9), (3, vec![20, 35, 50]));
        assert_eq!(looked(Some(7), Some(7), 9), (2, vec![20, 50]));
    }
}
