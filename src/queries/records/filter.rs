//! The filter of `ReadRecords`: by whom a record is about, by its event's type and by when it occurred.

use crate::domain::calendar::{LATEST, Time};
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::{Fields, MAX_ITEMS};
use crate::domain::rejection::Rejection;
use crate::domain::table::Row;
use crate::domain::{Seen, State, event_type_name};
use crate::ledger::Error;
use crate::projections::index::Index;
use crate::proto;
use crate::queries::source::Source;
use std::collections::HashSet;
use std::sync::LazyLock;

/// The names of all event types, as their fields in the contract.
static BODY_TYPES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let pool = prost_reflect::DescriptorPool::decode(proto::DESCRIPTOR).ok();
    let event = pool.and_then(|pool| pool.get_message_by_name("partnership.ledger.v1.Event"));
    let body = event.and_then(|event| event.oneofs().find(|oneof| oneof.name() == "body"));
    body.map(|body| body.fields().map(|field| field.name().to_owned()).collect()).unwrap_or_default()
});

/// A checked filter: what matches every part that is set.
pub struct Filter {
    partners: Vec<Id>,
    agreements: Vec<Id>,
    leads: Vec<Id>,
    body_types: HashSet<String>,
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
            body_types: fields.each("body_types", &message.body_types, MAX_ITEMS, body_type).into_iter().collect(),
            occurred_from: fields.optional_time("occurred_from", message.occurred_from.as_ref()),
            occurred_to: fields.optional_time("occurred_to", message.occurred_to.as_ref()),
        });
        if fields.is_clean() { Ok(filter) } else { Err(Error::Malformed(fields.into_violations())) }
    }

    /// The positions of the records about the partners, agreements and leads that it names, rising; `None` if it names
    /// none of them.
    ///
    /// # Errors
    /// `UNKNOWN_ID` for one that no record seen has introduced.
    pub fn positions(&self, source: &impl Source, seen: Seen) -> Result<Option<Vec<u64>>, Error> {
        let view = source.view(seen);
        let partners = rows(&view, seen, IdKind::Partner, &self.partners, |id| view.partners.find(id))?;
        let agreements = rows(&view, seen, IdKind::Agreement, &self.agreements, |id| view.agreements.by_id.find(id))?;
        let leads = rows(&view, seen, IdKind::Lead, &self.leads, |id| view.leads.find(id))?;
        drop(view);
        let parts = source.index(|index| {
            [
                union(&partners, index, seen, Index::of_partner),
                union(&agreements, index, seen, Index::of_agreement),
                union(&leads, index, seen, Index::of_lead),
            ]
        });
        Ok(parts.into_iter().flatten().reduce(|mut left, right| {
            left.retain(|position| right.binary_search(position).is_ok());
            left
        }))
    }

    /// Whether it says nothing of the event itself, and nothing that is recorded occurred too late to be seen.
    pub fn takes_all(&self, seen: Seen) -> bool {
        self.body_types.is_empty() && self.occurred_from.is_none() && self.occurred_to.is_none() && seen.time == LATEST
    }

    /// Whether a record matches what it says of the event itself, and occurred by the time seen.
    pub fn matches(&self, record: &proto::Record, seen: Seen) -> bool {
        let Some(event) = &record.event else { return false };
        let occurred_at = event.occurred_at.as_ref().and_then(|time| Time::from_timestamp(time.seconds, u32::try_from(time.nanos).ok()?));
        let Some(occurred_at) = occurred_at else { return false };
        occurred_at <= seen.time
            && self.occurred_from.is_none_or(|from| occurred_at >= from)
            && self.occurred_to.is_none_or(|to| occurred_at < to)
            && (self.body_types.is_empty() || event.body.as_ref().is_some_and(|body| self.body_types.contains(event_type_name(body))))
    }
}

fn ids(fields: &mut Fields, name: &str, texts: &[String]) -> Vec<Id> {
    fields.each(name, texts, MAX_ITEMS, |fields, text| fields.id("", text))
}

fn body_type(fields: &mut Fields, name: &String) -> String {
    if !BODY_TYPES.contains(name) {
        fields.bad("", "must be the name of a body of Event, such as sale_recorded");
    }
    name.clone()
}

fn rows(state: &State, seen: Seen, kind: IdKind, ids: &[Id], find: impl Fn(&Id) -> Option<Row>) -> Result<Vec<Row>, Error> {
    let row_of = |id: &Id| {
        let introduced = state.introduced_at(kind, id).filter(|position| *position <= seen.position);
        introduced.and_then(|_| find(id)).ok_or_else(|| Rejection::UnknownId { kind, id: id.clone() }.into())
    };
    ids.iter().map(row_of).collect()
}

fn union(rows: &[Row], index: &Index, seen: Seen, of: impl Fn(&Index, Row, u64) -> Vec<u64>) -> Option<Vec<u64>> {
    if rows.is_empty() {
        return None;
    }
    let mut positions: Vec<u64> = rows.iter().flat_map(|row| of(index, *row, seen.position)).collect();
    positions.sort_unstable();
    positions.dedup();
    Some(positions)
}
