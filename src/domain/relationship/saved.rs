//! Relationships in a snapshot.

use super::{Approach, BrandUse, Breach, Conduct, Decision, Fit, Manager, Review, Step};
use crate::snapshot::saved;

saved!(Conduct { managers, steps, reviews, brand_uses, breaches });
saved!(Approach { assessments, steps });
saved!(Manager { stamp, side, name });
saved!(Step { stamp, step });
saved!(Review { id, stamp, kind, decision, summary });
saved!(Fit { complementarity, shared_audience, brand_alignment, competitor, notes });
saved!(BrandUse { requested, agreement, requested_by, channel, asset, decided });
saved!(Decision { stamp, approved, note });
saved!(Breach { reported, agreement, by, clause, cure_by, description, cured });
