//! Principals: who calls, and what it may do.

use super::event_types::EventTypes;
use super::limits::{Limiter, Limits};
use super::role::Roles;
use crate::domain::ids::Id;
use crate::ledger::Permit;
use indexmap::IndexSet;
use std::sync::Arc;

/// The name of all callers where nobody is authenticated.
pub const ANONYMOUS: &str = "anonymous";

/// Who calls: a service, a person, a partner.
#[derive(Debug)]
pub struct Principal {
    /// Its name, which the records that it submits carry for good.
    pub name: Arc<str>,
    /// What it is there for.
    pub roles: Roles,
    /// Which events it may append.
    pub event_types: EventTypes,
    /// What its events must be about; `None` for anything.
    pub scope: Option<Arc<Scope>>,
    /// The same as the writer asks it; `None` if it may append everything. Made once: a scope may be large.
    pub permit: Option<Arc<dyn Permit>>,
    /// Of the role `partner`: whose business it sees.
    pub partner: Option<Id>,
    /// How much it may ask for.
    pub limits: Limits,
    /// What it has used of that.
    pub limiter: Arc<Limiter>,
}

impl Principal {
    /// Whoever calls where nobody is authenticated: it may do everything.
    pub fn anonymous() -> Self {
        Self {
            name: ANONYMOUS.into(),
            roles: Roles::ADMIN,
            event_types: EventTypes::all(),
            scope: None,
            permit: None,
            partner: None,
            limits: Limits::default(),
            limiter: Arc::default(),
        }
    }

    /// Whether it sees its own partner's business alone.
    pub fn sees_only_partner(&self) -> Option<&Id> {
        self.partner.as_ref()
    }

    /// Whether it sees no records but its own: an emitter that is nothing else.
    pub fn sees_only_own_records(&self) -> bool {
        self.roles == Roles::EMITTER
    }
}

/// Ids in the order of the access file, found by hash: the writer asks for each event.
pub type Ids = IndexSet<Id, foldhash::fast::RandomState>;

/// What a principal's events must be about: one of these at least, and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// All that is about these partners.
    pub partners: Ids,
    /// All that is about these agreements.
    pub agreements: Ids,
}
