//! Partners: who they are, by time and position.

mod encoding;
mod hold;
pub mod hold_lifted;
pub mod hold_placed;
pub mod registered;
pub mod updated;

use super::table::{Row, undo_by_copy};
use super::{Seen, Stamp};
use crate::proto::PartnerKind;
use ecow::EcoVec;
pub use hold::Hold;

/// What is known of a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name, as sent.
    pub display_name: String,
    /// What kind of partner it is.
    pub kind: PartnerKind,
    /// Its categories, for exclusivity (rules 4.6).
    pub categories: Vec<Box<str>>,
    /// Its country, as sent.
    pub country_code: Option<String>,
}

/// A change of a profile: what is `None` stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileChange {
    /// A new name.
    pub display_name: Option<String>,
    /// A new kind.
    pub kind: Option<PartnerKind>,
    /// New categories instead of the old ones.
    pub categories: Option<Vec<Box<str>>>,
}

/// A partner.
#[derive(Clone)]
pub struct Partner {
    registered: Stamp,
    first: Profile,
    changes: Vec<(Stamp, ProfileChange)>,
    /// Its accounts, one per currency in which something was posted.
    pub accounts: Vec<Row>,
    /// Its agreements, in the order of their introduction.
    pub agreements: Vec<Row>,
    /// The holds on its payouts, in the order they were placed.
    pub holds: EcoVec<Row>,
}

undo_by_copy!(Partner);

impl Partner {
    fn new(registered: Stamp, profile: Profile) -> Self {
        Self { registered, first: profile, changes: Vec::new(), accounts: Vec::new(), agreements: Vec::new(), holds: EcoVec::new() }
    }

    /// The record that introduced it.
    pub fn position(&self) -> u64 {
        self.registered.position
    }

    /// When and where it was registered.
    pub fn registered(&self) -> Stamp {
        self.registered
    }

    /// How many items its lists have.
    pub fn items(&self) -> usize {
        self.changes.len() + self.accounts.len() + self.agreements.len() + self.holds.len()
    }

    /// What is seen of it: changes apply in the order of recording. `None` before it is registered.
    pub fn profile(&self, seen: Seen) -> Option<Profile> {
        if !seen.sees(self.registered) {
            return None;
        }
        let mut profile = self.first.clone();
        for (_, change) in self.changes.iter().filter(|(stamp, _)| seen.sees(*stamp)) {
            if let Some(name) = &change.display_name {
                profile.display_name.clone_from(name);
            }
            profile.kind = change.kind.unwrap_or(profile.kind);
            if let Some(categories) = &change.categories {
                profile.categories.clone_from(categories);
            }
        }
        Some(profile)
    }

    /// Its categories as known now (rules 4.6).
    pub fn categories(&self) -> &[Box<str>] {
        let latest = self.changes.iter().rev().find_map(|(_, change)| change.categories.as_deref());
        latest.unwrap_or(&self.first.categories)
    }

    /// Whether it has a category as known now, or had it before.
    fn ever_had(&self, category: &str) -> bool {
        let later = self.changes.iter().filter_map(|(_, change)| change.categories.as_ref());
        std::iter::once(&self.first.categories).chain(later).flatten().any(|known| **known == *category)
    }
}
