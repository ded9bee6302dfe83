//! Who looks at a page, and what it may do.

use crate::proto::{Authentication, Role, WhoAmIResponse};

/// Who looks at a page.
#[derive(Clone, Debug, Default)]
pub struct Person(WhoAmIResponse);

impl Person {
    /// Who the ledger says it is.
    pub fn new(answer: WhoAmIResponse) -> Self {
        Self(answer)
    }

    /// The name that its records carry.
    pub fn name(&self) -> &str {
        &self.0.principal
    }

    /// Whether nobody is authenticated: whoever reaches the address may do everything.
    pub fn is_anonymous(&self) -> bool {
        self.0.authentication() == Authentication::None
    }

    /// The partner whose business is all that it sees; `None` if it sees the programme.
    pub fn partner(&self) -> Option<&str> {
        Some(self.0.partner_id.as_str()).filter(|id| !id.is_empty())
    }

    /// Whether it may read the books: trial balance and tree head.
    pub fn reads_books(&self) -> bool {
        self.0.roles().any(|role| matches!(role, Role::Finance | Role::Auditor | Role::Admin))
    }

    /// Whether it may record events of a type, by the type's field in the contract.
    pub fn may(&self, event_type: &str) -> bool {
        self.0.event_types.iter().any(|known| known == event_type)
    }

    /// Its roles.
    pub fn roles(&self) -> impl Iterator<Item = Role> {
        self.0.roles()
    }
}
