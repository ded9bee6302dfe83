//! Roles: what a principal is there for.

use crate::proto;

/// A set of roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles(u8);

macro_rules! roles {
    ($($constant:ident $name:literal $role:ident: $bit:literal, $meaning:literal;)*) => {
        impl Roles {
            $(#[doc = $meaning] pub const $constant: Self = Self(1 << $bit);)*

            /// All roles.
            pub const ALL: Self = Self($(1 << $bit)|*);

            /// Returns the role of a name, as the access file has it.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$constant),)*
                    _ => None,
                }
            }

            /// The names of all roles, in the order of the contract.
            pub const NAMES: &[&str] = &[$($name),*];

            /// The roles of the set as the contract has them, in its order.
            pub fn to_contract(self) -> Vec<proto::Role> {
                let all = [$((Self::$constant, proto::Role::$role)),*];
                all.into_iter().filter(|(role, _)| self.intersects(*role)).map(|(_, role)| role).collect()
            }

            /// The names of the set's roles, in the order of the contract.
            pub fn names(self) -> Vec<&'static str> {
                let all = [$((Self::$constant, $name)),*];
                all.into_iter().filter(|(role, _)| self.intersects(*role)).map(|(_, name)| name).collect()
            }
        }
    };
}

roles! {
    EMITTER "emitter" Emitter: 0, "Appends events of the types and within the scope given; reads back its own records by their event ids.";
    PARTNER "partner" Partner: 1, "Sees all that is its own partner's, and nothing of others.";
    MANAGER "manager" Manager: 2, "Reads all of the programme; appends what relationship, leads and campaigns need.";
    FINANCE "finance" Finance: 3, "Reads all; appends payouts, adjustments, closes and disputes.";
    AUDITOR "auditor" Auditor: 4, "Reads all, with records and backups; appends nothing.";
    ADMIN "admin" Admin: 5, "All of it.";
}

impl Roles {
    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the sets have a role in common.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there is no role in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}
