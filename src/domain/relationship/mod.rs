//! The relationship: managers, launch steps, reviews, brand uses, breaches and partner fit (rules 10.1).

/// What is known of all relationships.
#[derive(Default)]
pub struct Relationship {}

impl Relationship {
    pub(super) fn savepoint(&mut self) {}

    pub(super) fn release(&mut self) {}

    pub(super) fn rollback(&mut self) {}
}
