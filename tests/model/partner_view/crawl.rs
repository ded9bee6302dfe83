//! A partner asks everything that it may, by every id that there is, and follows every page.

use super::gated::{Gated, method};
use super::owned::{Owned, kind};
use crate::outside::json;
use partnership_ledger::access::{Roles, Rpc};
use partnership_ledger::proto as pb;
use prost::Message as _;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, Value};
use std::collections::{BTreeMap, BTreeSet};
use tonic::{Code, Status};

/// Items of a page.
const PAGE_SIZE: u32 = 3;
/// Of the ids of stories that the partner is not in, every so many are asked for.
const STEP: usize = 71;
/// What is asked by records, and not by ids; a ledger without a key signs no checkpoints.
const BY_RECORD: [&str; 4] = ["GetRecord", "GetInclusionProof", "GetProof", "GetCheckpoint"];
/// A story that nobody tells: ids of it are of the same length as others, and unknown.
const NO_STORY: &str = "Z999";

pub struct Crawl<'a> {
    ledger: &'a Gated,
    partner: &'a str,
    owned: &'a Owned,
    /// All ids that the records introduce or refer to.
    known: BTreeSet<String>,
    /// How many answers had something replaced.
    pub redacted: usize,
    /// How many records were shown.
    pub records: usize,
}

impl<'a> Crawl<'a> {
    pub fn new(ledger: &'a Gated, partner: &'a str, owned: &'a Owned, records: &[pb::Record]) -> Self {
        let mut known = BTreeSet::new();
        records.iter().for_each(|record| add_ids(&json::dynamic("Record", record), &mut known));
        Self { ledger, partner, owned, known, redacted: 0, records: 0 }
    }

    /// Asks everything about all that the records name.
    pub fn everything(&mut self, records: &[pb::Record]) {
        let ids = self.ids();
        for rpc in Rpc::ALL.iter().filter(|rpc| rpc.roles().intersects(Roles::PARTNER)) {
            let (service, name) = rpc.name().split_once('/').expect("a service and a method");
            let method = method(service, name);
            if service != "LedgerService" && name != "Subscribe" {
                self.ask(&method, &ids);
            }
        }
        self.ask_for_records(records);
        let (middle, last) = (&records[records.len() / 2], records.len() as u64);
        let occurred_at = middle.event.as_ref().and_then(|event| event.occurred_at);
        for options in [
            pb::ReadOptions { as_of: occurred_at, ..pb::ReadOptions::default() },
            pb::ReadOptions { as_of_position: Some(last / 3), ..pb::ReadOptions::default() },
            pb::ReadOptions { as_of: occurred_at, as_of_position: Some(last / 2), min_position: None },
        ] {
            self.ask_of_the_past(&ids, &options);
        }
    }

    /// Asks everything as of another time, by all ids: what is its own now need not have been then.
    fn ask_of_the_past(&mut self, ids: &BTreeMap<String, BTreeSet<String>>, options: &pb::ReadOptions) {
        for rpc in Rpc::ALL.iter().filter(|rpc| rpc.name().starts_with("PartnershipService/") && rpc.roles().intersects(Roles::PARTNER)) {
            let method = method("PartnershipService", &rpc.name()["PartnershipService/".len()..]);
            let mut plain = self.plain(&method.input());
            plain.set_field_by_name("options", Value::Message(json::dynamic("ReadOptions", options)));
            let mut paths = Vec::new();
            id_fields(&method.input(), &mut Vec::new(), &mut paths);
            for (path, id) in paths.iter().flat_map(|path| of_field(path, ids).map(move |id| (path, id))) {
                let mut request = plain.clone();
                set(&mut request, path, id);
                match self.ledger.pages(self.partner, &method, &request, PAGE_SIZE) {
                    Ok((_, answers)) => answers.iter().for_each(|answer| self.look_at(&method, answer)),
                    Err(status) => assert_eq!(status.code(), Code::NotFound, "{} by {id}: {status:?}", method.name()),
                }
            }
            let names_nothing = method.input().fields().all(|field| !is_required_id(&field));
            let listed = if names_nothing { self.ledger.pages(self.partner, &method, &plain, PAGE_SIZE).ok() } else { None };
            listed.into_iter().flat_map(|(_, answers)| answers).for_each(|answer| self.look_at(&method, &answer));
        }
    }

    /// The ids of one field of all items of a list.
    pub fn listed(&self, name: &str, list: &str, id: &str) -> BTreeSet<String> {
        let method = method("PartnershipService", name);
        assert!(method.output().get_field_by_name(list).is_some());
        let (items, _) = self.ledger.pages(self.partner, &method, &DynamicMessage::new(method.input()), PAGE_SIZE).expect("a list");
        items.iter().filter_map(|item| item.get_field_by_name(id)?.as_str().map(str::to_owned)).collect()
    }

    /// All ids by kind: of the partner's story all, of others some.
    fn ids(&self) -> BTreeMap<String, BTreeSet<String>> {
        let story = &self.partner[..4];
        let asked = self.known.iter().enumerate().filter(|(place, id)| id.starts_with(story) || place % STEP == 0);
        let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (_, id) in asked {
            ids.entry(id.split('-').nth(1).expect("a kind").to_owned()).or_default().insert(id.clone());
        }
        ids
    }

    /// Asks one question without any id, then by each id in each field that takes one.
    fn ask(&mut self, method: &MethodDescriptor, ids: &BTreeMap<String, BTreeSet<String>>) {
        let plain = self.plain(&method.input());
        if !BY_RECORD.contains(&method.name())
            && method.input().fields().all(|field| !is_required_id(&field) || field.name() == "partner_id")
        {
            let (_, answers) =
                self.ledger.pages(self.partner, method, &plain, PAGE_SIZE).unwrap_or_else(|status| panic!("{}: {status:?}", method.name()));
            answers.iter().for_each(|answer| self.look_at(method, answer));
        }
        let mut paths = Vec::new();
        id_fields(&method.input(), &mut Vec::new(), &mut paths);
        for path in paths {
            for id in of_field(&path, ids) {
                self.ask_by(method, &plain, &path, id);
            }
        }
    }

    fn ask_by(&mut self, method: &MethodDescriptor, plain: &DynamicMessage, path: &[FieldDescriptor], id: &str) {
        let asked = |id: &str| {
            let mut request = plain.clone();
            set(&mut request, path, id);
            self.ledger.pages(self.partner, method, &request, PAGE_SIZE)
        };
        let names: Vec<_> = path.iter().map(|field| field.name().to_owned()).collect();
        let place = format!("{} of {} by {} {id}", method.name(), self.partner, names.join("."));
        match asked(id) {
            Ok((_, answers)) => {
                assert!(self.owned.has(id), "{place}: it is another's, and answered: {answers:?}");
                answers.iter().for_each(|answer| self.look_at(method, answer));
            }
            Err(status) => {
                assert!(!self.owned.has(id), "{place}: it is its own: {status:?}");
                let nobodys = id.replace(&id[..4], NO_STORY);
                let unknown = asked(&nobodys).expect_err("nobody has introduced it");
                assert_eq!(status.code(), Code::NotFound, "{place}: {status:?}");
                assert_same(&place, &status, &unknown, id, &nobodys);
                let ids = ids_in(status.message().as_bytes()).into_iter().chain(ids_in(status.details()));
                assert!(ids.into_iter().all(|known| known == id), "{place}: {status:?}");
            }
        }
    }

    /// Asks for every record, by its position and by its event.
    fn ask_for_records(&mut self, records: &[pb::Record]) {
        use pb::get_record_request::Key;
        let nobodys = "01890a5d-ac96-774b-bcce-b302099a8057";
        let unknown = self.ledger.record(self.partner, Key::EventId(nobodys.to_owned())).expect_err("nobody's");
        let no_position = self.ledger.record(self.partner, Key::Position(999_999)).expect_err("there is none");
        for record in records {
            let event_id = record.event.as_ref().expect("an event").event_id.to_lowercase();
            let by_event = self.ledger.record(self.partner, Key::EventId(event_id.clone()));
            let by_position = self.ledger.record(self.partner, Key::Position(record.position));
            if record.position % 4 == 1 {
                self.look_at_proofs(record, by_position.as_ref().err());
            }
            match (by_event, by_position) {
                (Ok(answer), Ok(other)) => {
                    assert_eq!((answer.record.as_ref(), other.record.as_ref()), (Some(record), Some(record)));
                    self.records += 1;
                    let text = record.encode_to_vec();
                    assert!(ids_in(&text).iter().any(|id| self.owned.has(id)), "it does not concern {}: {record:?}", self.partner);
                    self.look_at_bytes("GetRecord", &text);
                }
                (Err(by_event), Err(by_position)) => {
                    assert_same("GetRecord", &by_event, &unknown, &event_id, nobodys);
                    let position = record.position.to_string();
                    assert_eq!(by_position.message().replace(&position, "999999"), no_position.message());
                    assert_eq!(by_position.code(), Code::NotFound);
                }
                (by_event, by_position) => panic!("{by_event:?} but {by_position:?}"),
            }
        }
    }

    /// A record is proved to whom it is shown, and refused in the same words.
    fn look_at_proofs(&self, record: &pb::Record, refused: Option<&Status>) {
        use pb::get_inclusion_proof_request::Key;
        let event_id = record.event.as_ref().expect("an event").event_id.clone();
        let by_event = self.ledger.proved(self.partner, Key::EventId(event_id));
        match (self.ledger.proved(self.partner, Key::Position(record.position)), refused) {
            (Ok(leaf), None) => assert_eq!((leaf, by_event.expect("the same")), (record.position - 1, record.position - 1)),
            (Err(status), Some(refused)) => {
                assert_eq!((status.code(), status.message()), (refused.code(), refused.message()));
                assert_eq!(by_event.expect_err("the same").code(), Code::NotFound);
            }
            (proved, refused) => panic!("{proved:?} but {refused:?}"),
        }
    }

    fn look_at(&mut self, method: &MethodDescriptor, answer: &DynamicMessage) {
        let bytes = answer.encode_to_vec();
        let (own, place) = ("another partner", format!("{} of {}", method.name(), self.partner));
        self.redacted += usize::from(bytes.windows(own.len()).any(|part| part == own.as_bytes()));
        self.look_at_bytes(&place, &bytes);
        match method.name() {
            "ExplainSale" => self.look_at_explanation(&answer.transcode_to().expect("an explanation")),
            "ListDisputes" => {
                let answer: pb::ListDisputesResponse = answer.transcode_to().expect("disputes");
                assert!(answer.disputes.iter().flat_map(|dispute| &dispute.held).all(|held| held.partner_id == self.partner), "{place}");
            }
            "GetMetrics" => {
                let answer: pb::GetMetricsResponse = answer.transcode_to().expect("figures");
                let money = answer.metrics.iter().flat_map(|metrics| &metrics.by_currency);
                assert!(money.into_iter().all(|money| money.share_of_all_revenue.is_none()), "{place}");
            }
            _ => {}
        }
    }

    /// Of a sale that ran through another's agreement nothing is told of its terms, of what they gave, and who was paid.
    fn look_at_explanation(&self, answer: &pb::ExplainSaleResponse) {
        use pb::explain_step::Fact;
        for fact in answer.steps.iter().filter_map(|step| step.fact.as_ref()) {
            match fact {
                Fact::PartnerRegistered(partner) => assert_eq!(partner.partner_id, self.partner),
                Fact::CommissionPaid(payout) => assert_eq!(payout.partner_id, self.partner),
                _ => {}
            }
        }
        assert!(answer.parts.iter().all(|part| self.owned.has(&part.agreement_id)), "parts of others: {answer:?}");
        let credit = answer.sale.as_ref().and_then(|sale| sale.agreement_id.as_deref());
        // Of its own parts all is told.
        if !answer.parts.is_empty() || credit.is_some_and(|agreement| self.owned.has(agreement)) {
            return;
        }
        let told = (&answer.assessment, &answer.terms, &answer.commission_left, &answer.paid);
        assert_eq!(told, (&None, &None, &None, &None), "{answer:?}");
        assert!(!answer.steps.iter().any(|step| step.sentence.contains("rule") || step.sentence.contains("taken back")), "{answer:?}");
    }

    fn look_at_bytes(&self, place: &str, bytes: &[u8]) {
        for id in ids_in(bytes) {
            // A deliverable's id means something in its campaign alone, and of what nobody introduced nothing is known.
            let is_plain = id.split('-').nth(1) == Some("deliverable") || !self.known.contains(&id);
            assert!(is_plain || self.owned.has(&id), "{place}: {id} is another's: {}", String::from_utf8_lossy(bytes));
        }
        let text = String::from_utf8_lossy(bytes);
        for (at, _) in text.match_indices("Sociedad ") {
            assert!(text[at..].starts_with(&self.owned.name), "{place}: another's name: {text}");
        }
    }

    /// A request with what it must have, and as wide as it can be.
    fn plain(&self, request: &MessageDescriptor) -> DynamicMessage {
        let mut message = DynamicMessage::new(request.clone());
        for field in request.fields() {
            match field.name() {
                "partner_id" if is_required_id(&field) => message.set_field(&field, Value::String(self.partner.to_owned())),
                "include_below_minimum" => message.set_field(&field, Value::Bool(true)),
                _ => {}
            }
        }
        message
    }
}

/// Adds the ids that stand in fields for one.
fn add_ids(message: &DynamicMessage, known: &mut BTreeSet<String>) {
    for (field, value) in message.fields() {
        match value {
            Value::String(id) if kind(field.name()).is_some() && id.starts_with('Z') => {
                known.insert(id.clone());
            }
            Value::Message(inner) => add_ids(inner, known),
            Value::List(items) => items.iter().filter_map(Value::as_message).for_each(|inner| add_ids(inner, known)),
            _ => {}
        }
    }
}

fn is_required_id(field: &FieldDescriptor) -> bool {
    kind(field.name()).is_some() && !field.supports_presence() && !field.is_list()
}

/// The ways to all fields of a request that take ids.
fn id_fields(message: &MessageDescriptor, way: &mut Vec<FieldDescriptor>, found: &mut Vec<Vec<FieldDescriptor>>) {
    for field in message.fields() {
        way.push(field.clone());
        match field.kind() {
            Kind::String if kind(field.name()).is_some() => found.push(way.clone()),
            Kind::Message(inner) if inner.full_name().starts_with("partnership.") => id_fields(&inner, way, found),
            _ => {}
        }
        way.pop();
    }
}

/// The ids that a field may name.
fn of_field<'a>(path: &[FieldDescriptor], ids: &'a BTreeMap<String, BTreeSet<String>>) -> impl Iterator<Item = &'a String> {
    let kind = path.last().and_then(|field| kind(field.name())).expect("the field of an id");
    ids.get(kind).into_iter().flatten()
}

fn set(message: &mut DynamicMessage, path: &[FieldDescriptor], id: &str) {
    match path {
        [] => {}
        [field] if field.is_list() => message.set_field(field, Value::List(vec![Value::String(id.to_owned())])),
        [field] => message.set_field(field, Value::String(id.to_owned())),
        [field, rest @ ..] => {
            let inner = message.get_field_mut(field);
            if let Value::Message(inner) = inner {
                set(inner, rest, id);
            }
        }
    }
}

/// Statuses are the same up to the id that they repeat.
pub fn assert_same(place: &str, status: &Status, unknown: &Status, id: &str, nobodys: &str) {
    assert_eq!((status.code(), status.message().replace(id, nobodys)), (unknown.code(), unknown.message().to_owned()), "{place}");
    // Metadata is a map, which has no order.
    let sorted = |bytes: Vec<u8>| {
        let mut bytes = bytes;
        bytes.sort_unstable();
        bytes
    };
    let details = replaced(status.details(), id.as_bytes(), nobodys.as_bytes());
    assert_eq!(sorted(details), sorted(unknown.details().to_vec()), "{place}");
}

/// Bytes with one part in place of another of the same length.
fn replaced(bytes: &[u8], part: &[u8], by: &[u8]) -> Vec<u8> {
    assert_eq!(part.len(), by.len());
    let mut bytes = bytes.to_vec();
    for at in 0..bytes.len().saturating_sub(part.len() - 1) {
        if bytes[at..].starts_with(part) {
            bytes[at..at + part.len()].copy_from_slice(by);
        }
    }
    bytes
}

/// The ids that stand anywhere in bytes.
fn ids_in(bytes: &[u8]) -> BTreeSet<String> {
    let is_start = |at: &usize| {
        bytes[*at] == b'Z' && bytes[at + 1..].len() > 4 && bytes[at + 1..at + 4].iter().all(u8::is_ascii_digit) && bytes[at + 4] == b'-'
    };
    let ids = (0..bytes.len()).filter(is_start).filter_map(|at| {
        let end = bytes[at + 1..].iter().position(|byte| *byte == b'Z')?;
        std::str::from_utf8(&bytes[at..at + end + 2]).ok().map(str::to_owned)
    });
    ids.collect()
}
