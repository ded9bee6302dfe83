//! The filter of `ReadRecords` and `Subscribe`: by whom a record is about, by its event's type and by when it occurred.

use crate::domain::calendar::{LATEST, Time};
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::{Fields, MAX_ITEMS};
use crate::domain::rejection::Rejection;
use crate::domain::table::Row;
use crate::domain::{Seen, State, event_types};
use crate::ledger::Error;
use crate::projections::index::{List, Matching};
use crate::proto;

/// A checked filter: what matches every part that is set.
#[derive(Clone)]
pub struct Filter {
    partners: Vec<Id>,
    agreements: Vec<Id>,
    leads: Vec<Id>,
    body_types: Vec<String>,
    occurred_from: Option<Time>,
    occurred_to: Option<Time>,
}

impl Filter {
    /// The filter of a message.
    ///
    /// # Errors
    /// `Malformed`, with all bad fields at once.
    pub fn parse(message: &proto::RecordFilter) -> Result<Self, Error> {
        let mut fields = Fields::default();
        let filter = fields.within("filter", |fields| Self {
            partners: ids(fields, "partner_ids", &message.partner_ids),
            agreements: ids(fields, "agreement_ids", &message.agreement_ids),
            leads: ids(fields, "lead_ids", &message.lead_ids),
            body_types: once(fields.each("body_types", &message.body_types, MAX_ITEMS, body_type)),
            occurred_from: fields.optional_time("occurred_from", message.occurred_from.as_ref()),
            occurred_to: fields.optional_time("occurred_to", message.occurred_to.as_ref()),
        });
        if fields.is_clean() { Ok(filter) } else { Err(Error::Malformed(fields.into_violations())) }
    }

    /// The rows of the ids that it names.
    ///
    /// # Errors
    /// `UNKNOWN_ID` for one that no record seen has introduced.
    pub fn select(&self, state: &State, seen: Seen) -> Result<Selected, Error> {
        Ok(Selected {
            partners: rows(state, seen, IdKind::Partner, &self.partners, |id| state.partners.find(id))?,
            agreements: rows(state, seen, IdKind::Agreement, &self.agreements, |id| state.agreements.by_id.find(id))?,
            leads: rows(state, seen, IdKind::Lead, &self.leads, |id| state.leads.find(id))?,
        })
    }

    /// Where the index has what it may match; `None` if that is everything.
    pub fn matching<'a>(&'a self, selected: &'a Selected, seen: Seen, backwards: bool) -> Option<Matching<'a>> {
        let part = |rows: &'a [Row], list: fn(Row) -> List<'a>| rows.iter().map(|row| list(*row)).collect::<Vec<_>>();
        let mut parts = vec![
            part(&selected.partners, List::Partner),
            part(&selected.agreements, List::Agreement),
            part(&selected.leads, List::Lead),
            self.body_types.iter().map(|name| List::Type(name)).collect(),
        ];
        parts.retain(|part| !part.is_empty());
        let occurred_by = self.occurred_to.map_or(seen.time, |to| to.min(seen.time));
        let occurred_by = Some(occurred_by).filter(|by| *by < LATEST);
        let is_all = parts.is_empty() && self.occurred_from.is_none() && occurred_by.is_none();
        (!is_all).then_some(Matching { parts, occurred_from: self.occurred_from, occurred_by, backwards })
    }

    /// Whether it matches all that the index has: it says nothing of when events occurred, nor do the options.
    pub fn takes_all(&self, seen: Seen) -> bool {
        self.occurred_from.is_none() && self.occurred_to.is_none() && seen.time == LATEST
    }

    /// Whether a record that the index has occurred when it says, and by the time seen.
    pub fn matches(&self, record: &proto::Record, seen: Seen) -> bool {
        let Some(event) = &record.event else { return false };
        let occurred_at = event.occurred_at.as_ref().and_then(|time| Time::from_timestamp(time.seconds, u32::try_from(time.nanos).ok()?));
        let Some(occurred_at) = occurred_at else { return false };
        occurred_at <= seen.time
            && self.occurred_from.is_none_or(|from| occurred_at >= from)
            && self.occurred_to.is_none_or(|to| occurred_at < to)
    }
}

/// The rows of the ids that a filter names.
#[derive(Clone)]
pub struct Selected {
    partners: Vec<Row>,
    agreements: Vec<Row>,
    leads: Vec<Row>,
}

fn ids(fields: &mut Fields, name: &str, texts: &[String]) -> Vec<Id> {
    fields.each(name, texts, MAX_ITEMS, |fields, text| fields.id("", text))
}

fn body_type(fields: &mut Fields, name: &String) -> String {
    if !event_types().any(|known| known == name) {
        fields.bad("", "must be the name of a body of Event, such as sale_recorded");
    }
    name.clone()
}

fn rows(state: &State, seen: Seen, kind: IdKind, ids: &[Id], find: impl Fn(&Id) -> Option<Row>) -> Result<Vec<Row>, Error> {
    let row_of = |id: &Id| {
        let introduced = state.introduced_at(kind, id).filter(|position| *position <= seen.position);
        introduced.and_then(|_| find(id)).ok_or_else(|| Rejection::UnknownId { kind, id: id.clone() }.into())
    };
    Ok(once(ids.iter().map(row_of).collect::<Result<_, Error>>()?))
}

/// Each item once: what is named again adds nothing, and would be looked for again.
fn once<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort_unstable();
    items.dedup();
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_again_is_looked_for_once() {
        let body_types = ["sale_recorded", "lead_referred"].repeat(500).into_iter().map(str::to_owned).collect();
        let filter = Filter::parse(&proto::RecordFilter { body_types, ..Default::default() }).expect("a filter");
        let selected = Selected { partners: once(vec![2, 1, 2]), agreements: Vec::new(), leads: Vec::new() };
        let matching = filter.matching(&selected, Seen::ALL, false).expect("not everything");
        let types = vec![List::Type("lead_referred"), List::Type("sale_recorded")];
        assert_eq!(matching.parts, [vec![List::Partner(1), List::Partner(2)], types]);
    }
}
