//! The walk through what a partner gets: every id that is not its own reads "another partner", and so does what mentions it.
//!
//! It goes by the contract's descriptor, so it comes to every field there is; what it does not know it leaves empty. It walks
//! twice: first the fields that hold ids, then the words, in which it looks for the ids and names that it has met and for
//! every other id that the ledger knows as another's.

use super::belongings::Own;
use super::fields::{Content, content};
use super::questions::PartnersAnswer;
use crate::domain::account::AccountName;
use crate::domain::ids::{Id, IdKind};
use crate::ledger::{Cancellation, Error};
use crate::proto;
use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, MapKey, MessageDescriptor, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

/// What stands in place of what is another's. It is no id.
pub const ANOTHER: &str = "another partner";

static POOL: LazyLock<Option<DescriptorPool>> = LazyLock::new(|| DescriptorPool::decode(proto::DESCRIPTOR).ok());

/// The message of the contract with a name.
pub fn message(name: &str) -> Option<MessageDescriptor> {
    POOL.as_ref()?.get_message_by_name(&format!("partnership.ledger.v1.{name}"))
}

/// What is done to a field's text; the partner that its message is of, if it says so, stands beside it.
type Change<'a> = fn(&mut Redaction<'a>, &FieldDescriptor, &mut String, Option<&str>);

/// A walk through one message.
pub struct Redaction<'a> {
    own: &'a Own<'a>,
    cancellation: &'a Cancellation,
    /// The ids that were replaced.
    hidden: BTreeSet<String>,
    /// The names of partners whose ids, or whose agreements' ids, were replaced.
    names: BTreeSet<String>,
    /// Of ids that were met in words, whether they are another's.
    mentioned: BTreeMap<String, bool>,
    has_changed: bool,
}

impl<'a> Redaction<'a> {
    /// A walk through what the owner of these belongings gets.
    pub fn new(own: &'a Own<'a>, cancellation: &'a Cancellation) -> Self {
        let (hidden, names, mentioned) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
        Self { own, cancellation, hidden, names, mentioned, has_changed: false }
    }

    /// Returns an answer in which nothing names what is another's.
    ///
    /// # Errors
    /// When it is cancelled.
    pub fn of_answer<A: PartnersAnswer>(mut self, answer: &A) -> Result<A, Error> {
        let defect = |why: String| Error::Internal(format!("{}: {why}", A::NAME));
        let descriptor = message(A::NAME).ok_or_else(|| defect("the contract has no such answer".to_owned()))?;
        let mut dynamic = DynamicMessage::new(descriptor);
        dynamic.transcode_from(answer).map_err(|error| defect(error.to_string()))?;
        self.walk(&mut dynamic)?;
        dynamic.transcode_to().map_err(|error| defect(error.to_string()))
    }

    /// Whether the walk through a message, as encoded, changes nothing and meets nothing that it does not know.
    pub fn leaves_as_it_is(mut self, name: &str, bytes: &[u8]) -> bool {
        let Some(Ok(mut dynamic)) = message(name).map(|descriptor| DynamicMessage::decode(descriptor, bytes)) else { return false };
        !has_unknown(&dynamic) && self.walk(&mut dynamic).is_ok() && !self.has_changed
    }

    fn walk(&mut self, message: &mut DynamicMessage) -> Result<(), Error> {
        self.visit(message, Self::hide_id)?;
        self.visit(message, Self::hide_in_words)
    }

    /// Changes all texts of a message.
    fn visit(&mut self, message: &mut DynamicMessage, change: Change<'a>) -> Result<(), Error> {
        self.cancellation.check()?;
        let partner = message.get_field_by_name("partner_id").and_then(|id| id.as_str().map(str::to_owned));
        for (field, value) in message.fields_mut() {
            self.visit_value(&field, value, change, partner.as_deref())?;
        }
        Ok(())
    }

    fn visit_value(&mut self, field: &FieldDescriptor, value: &mut Value, change: Change<'a>, partner: Option<&str>) -> Result<(), Error> {
        match value {
            Value::Message(inner) => self.visit(inner, change)?,
            Value::List(items) => {
                for item in items {
                    self.visit_value(field, item, change, partner)?;
                }
            }
            Value::Map(entries) => self.visit_map(field, entries, change, partner)?,
            Value::String(text) => {
                let before = text.clone();
                change(self, field, text, partner);
                self.has_changed |= *text != before;
            }
            // No answer has any; what is in bytes is not known.
            Value::Bytes(bytes) => {
                self.has_changed |= !bytes.is_empty();
                bytes.clear();
            }
            Value::Bool(_)
            | Value::I32(_)
            | Value::I64(_)
            | Value::U32(_)
            | Value::U64(_)
            | Value::F32(_)
            | Value::F64(_)
            | Value::EnumNumber(_) => {}
        }
        Ok(())
    }

    /// Keys are words as values are.
    fn visit_map(
        &mut self,
        field: &FieldDescriptor,
        entries: &mut HashMap<MapKey, Value>,
        change: Change<'a>,
        partner: Option<&str>,
    ) -> Result<(), Error> {
        let mut kept = HashMap::with_capacity(entries.len());
        for (key, mut value) in entries.drain() {
            self.visit_value(field, &mut value, change, partner)?;
            let key = match key {
                MapKey::String(text) => {
                    let mut text = Value::String(text);
                    self.visit_value(field, &mut text, change, partner)?;
                    MapKey::String(text.as_str().unwrap_or_default().to_owned())
                }
                key => key,
            };
            kept.insert(key, value);
        }
        *entries = kept;
        Ok(())
    }

    /// Replaces ids that are not the partner's own, and empties what is not known.
    fn hide_id(&mut self, field: &FieldDescriptor, text: &mut String, _: Option<&str>) {
        match content(field.name()) {
            Some(Content::Id(kind)) => {
                let is_own = text.is_empty() || Id::new(text).is_some_and(|id| self.own.has(kind, &id));
                if !is_own {
                    self.note(kind, text);
                    ANOTHER.clone_into(text);
                }
            }
            Some(Content::Account) if !self.is_own_account(text) => ANOTHER.clone_into(text),
            Some(Content::Account | Content::PartnersName | Content::Words | Content::Plain) => {}
            None => text.clear(),
        }
    }

    fn is_own_account(&self, name: &str) -> bool {
        match AccountName::parse(name) {
            Some(AccountName::Partner(id)) => self.own.has(IdKind::Partner, &id),
            Some(AccountName::CapitalHouse(id) | AccountName::CapitalPartner(id) | AccountName::Venture(id)) => {
                self.own.has(IdKind::Agreement, &id)
            }
            Some(_) => true,
            None => name.is_empty(),
        }
    }

    /// Remembers an id that is replaced, and whom it betrays.
    fn note(&mut self, kind: IdKind, text: &str) {
        self.hidden.insert(text.to_owned());
        let state = self.own.state;
        let partner = Id::new(text).and_then(|id| match kind {
            IdKind::Partner => state.partners.find(&id),
            IdKind::Agreement => state.agreements.by_id.find(&id).map(|row| state.agreements.by_id.get(row).partner),
            _ => None,
        });
        let Some(partner) = partner else { return };
        self.hidden.insert(state.partners.key(partner).to_string());
        let name_of = |row| state.partners.get(row).profile(self.own.seen).map(|profile| profile.display_name).unwrap_or_default();
        let name = name_of(partner);
        // What is a part of the partner's own name is no mention of another.
        if !name.is_empty() && !name_of(self.own.partner).contains(&name) {
            self.names.insert(name);
        }
    }

    /// Replaces what is mentioned in words.
    fn hide_in_words(&mut self, field: &FieldDescriptor, text: &mut String, partner: Option<&str>) {
        match content(field.name()) {
            Some(Content::PartnersName) if partner == Some(ANOTHER) => ANOTHER.clone_into(text),
            Some(Content::PartnersName | Content::Words) => *text = self.without_mentions(text),
            _ => {}
        }
    }

    fn without_mentions(&mut self, text: &str) -> String {
        let mut rest = text.to_owned();
        for name in &self.names {
            rest = rest.replace(name.as_str(), ANOTHER);
        }
        let mut told = String::with_capacity(rest.len());
        let mut rest = rest.as_str();
        while !rest.is_empty() {
            let between = rest.find(is_of_id).unwrap_or(rest.len());
            let (before, token) = rest.split_at(between);
            let (token, after) = token.split_at(token.find(|letter| !is_of_id(letter)).unwrap_or(token.len()));
            told.push_str(before);
            // A sentence may end at an id, and a colon may follow one.
            let bare = token.trim_end_matches(['.', ':', '-']);
            if self.is_of_others(token) {
                told.push_str(ANOTHER);
            } else if self.is_of_others(bare) {
                told.push_str(ANOTHER);
                told.push_str(&token[bare.len()..]);
            } else if self.names_others(bare) {
                told.push_str(ANOTHER);
            } else {
                told.push_str(token);
            }
            rest = after;
        }
        told
    }

    /// Whether a word has the id of what is another's behind a colon, as accounts are written, or between marks: `partner:acme`,
    /// `_acme_`.
    fn names_others(&mut self, word: &str) -> bool {
        word.split(':').any(|part| {
            let inner = part.trim_matches(['.', '_', '-']);
            (part != word && self.is_of_others(part)) || (inner != word && self.is_of_others(inner))
        })
    }

    /// Whether a word is the id of what is another's. A number is taken for an amount or a date, unless it was replaced here.
    fn is_of_others(&mut self, word: &str) -> bool {
        if self.hidden.contains(word) {
            return true;
        }
        let Some(id) = Id::new(word).filter(|_| word.bytes().any(|byte| byte.is_ascii_alphabetic())) else { return false };
        if let Some(known) = self.mentioned.get(word) {
            return *known;
        }
        let is_of_others = self.own.is_of_others(&id);
        self.mentioned.insert(word.to_owned(), is_of_others);
        is_of_others
    }
}

/// Whether a letter can stand in an id.
fn is_of_id(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | ':' | '-')
}

/// Whether a message has fields that the contract of this release does not.
fn has_unknown(message: &DynamicMessage) -> bool {
    fn in_value(value: &Value) -> bool {
        match value {
            Value::Message(inner) => has_unknown(inner),
            Value::List(items) => items.iter().any(in_value),
            Value::Map(entries) => entries.values().any(in_value),
            _ => false,
        }
    }
    message.unknown_fields().next().is_some() || message.fields().any(|(_, value)| in_value(value))
}

#[cfg(test)]
mod tests;
