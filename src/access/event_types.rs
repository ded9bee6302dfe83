//! Sets of event types: which events a principal may append.

use super::role::Roles;
use crate::domain::{Body, event_types};

/// The groups of event types that an access file can name, each with its types.
const GROUPS: &[(&str, &[&str])] = &[
    ("partners", &["partner_registered", "partner_updated"]),
    (
        "agreements",
        &[
            "agreement_proposed",
            "agreement_signed",
            "agreement_amended",
            "agreement_renewed",
            "termination_notice_given",
            "termination_notice_withdrawn",
            "agreement_terminated",
            "programme_defined",
            "programme_amended",
        ],
    ),
    (
        "relationship",
        &[
            "partner_assessed",
            "manager_assigned",
            "launch_step_completed",
            "review_held",
            "brand_use_requested",
            "brand_use_decided",
            "breach_reported",
            "breach_cured",
        ],
    ),
    ("leads", &["lead_referred", "lead_approved", "lead_qualified", "lead_lost", "lead_protection_extended", "lead_reassigned"]),
    ("sales", &["sale_recorded", "sale_refunded", "sale_reinstated", "sale_voided", "customer_payment_received"]),
    ("adjustments", &["commission_adjusted"]),
    (
        "payouts",
        &[
            "commission_paid",
            "payout_initiated",
            "payout_settled",
            "payout_failed",
            "payout_returned",
            "payment_received",
            "partner_hold_placed",
            "partner_hold_lifted",
        ],
    ),
    ("closes", &["period_closed"]),
    ("disputes", &["dispute_opened", "dispute_resolved"]),
    ("campaigns", &["campaign_planned", "campaign_started", "campaign_ended", "deliverable_completed", "cost_incurred", "reach_measured"]),
    ("ventures", &["capital_contributed", "profit_distributed"]),
];

/// What a manager appends, by groups.
const OF_MANAGERS: &[&str] = &["partners", "agreements", "relationship", "leads", "campaigns"];
/// What finance appends, by groups.
const OF_FINANCE: &[&str] = &["adjustments", "payouts", "closes", "disputes"];

/// A set of event types.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventTypes(u128);

impl EventTypes {
    /// No type.
    pub const NONE: Self = Self(0);

    /// All types.
    pub fn all() -> Self {
        event_types().map(Self::of_type).fold(Self::NONE, Self::and)
    }

    /// Returns the set of a name, that of a type or of a group; `None` if there is neither.
    pub fn named(name: &str) -> Option<Self> {
        let group = GROUPS.iter().find(|(group, _)| *group == name);
        match group {
            Some((_, types)) => Some(types.iter().map(|name| Self::of_type(name)).fold(Self::NONE, Self::and)),
            None => Some(Self::of_type(name)).filter(|types| *types != Self::NONE),
        }
    }

    /// The names of all groups.
    pub fn groups() -> impl Iterator<Item = &'static str> {
        GROUPS.iter().map(|(name, _)| *name)
    }

    /// What roles append unless they are given less. An emitter is given its types by name.
    pub fn of_roles(roles: Roles) -> Self {
        let groups = |names: &[&str]| names.iter().filter_map(|name| Self::named(name)).fold(Self::NONE, Self::and);
        let all = [(Roles::MANAGER, groups(OF_MANAGERS)), (Roles::FINANCE, groups(OF_FINANCE)), (Roles::ADMIN, Self::all())];
        all.into_iter().filter(|(role, _)| roles.intersects(*role)).map(|(_, types)| types).fold(Self::NONE, Self::and)
    }

    /// Both sets together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of another set is in this one.
    pub fn contains(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Whether a type is in the set, by its field in the contract.
    pub fn has(self, name: &str) -> bool {
        self.0 & Self::of_type(name).0 != 0
    }

    /// Whether the type of an event is in the set.
    pub fn has_type_of(self, body: &Body) -> bool {
        self.0 & (1 << body.type_number()) != 0
    }

    /// The names of the types, in the order of the contract.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        event_types().filter(move |name| self.has(name))
    }

    /// The set of one type; empty if there is none of the name.
    fn of_type(name: &str) -> Self {
        event_types().position(|known| known == name).map_or(Self::NONE, |place| Self(1 << place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_in_one_group() {
        for name in event_types() {
            let groups = GROUPS.iter().filter(|(_, types)| types.contains(&name)).count();
            assert_eq!(groups, 1, "{name} must stand in one group of src/access/event_types.rs");
        }
        let named: usize = GROUPS.iter().map(|(_, types)| types.len()).sum();
        assert_eq!(named, event_types().count(), "a group names a type that there is not");
        assert!(event_types().count() <= 128);
    }

    #[test]
    fn roles_append_what_they_are_there_for() {
        let finance = EventTypes::of_roles(Roles::FINANCE);
        assert!(finance.has("commission_paid") && !finance.has("sale_recorded") && !finance.has("no_such_event"));
        assert_eq!(EventTypes::of_roles(Roles::AUDITOR.and(Roles::PARTNER).and(Roles::EMITTER)), EventTypes::NONE);
        assert_eq!(EventTypes::of_roles(Roles::ADMIN), EventTypes::all());
        assert_eq!(EventTypes::named("closes"), EventTypes::named("period_closed"));
        assert_eq!(EventTypes::named("everything"), None);
    }
}
