//! Relationships in a snapshot.

use super::{Approach, BrandUse, Breach, Conduct, Decision, Fit, Manager, Review, Step};
use crate::encoding::codec;

codec!(Conduct { managers, steps, reviews, brand_uses, breaches });
codec!(Approach { assessments, steps });
codec!(Manager { stamp, side, name });
codec!(Step { stamp, step });
codec!(Review { id, stamp, kind, decision, summary });
codec!(Fit { complementarity, shared_audience, brand_alignment, competitor, notes });
codec!(BrandUse { requested, agreement, requested_by, channel, asset, decided });
codec!(Decision { stamp, approved, note });
codec!(Breach { reported, agreement, by, clause, cure_by, description, cured });
