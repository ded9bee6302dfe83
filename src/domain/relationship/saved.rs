//! Relationships in a snapshot.

use super::{AgreementActivity, BrandUse, BrandUseDecision, Breach, CompletedStep, Fit, Manager, PartnerActivity, Review};
use crate::snapshot::saved;

saved!(AgreementActivity { managers, steps, reviews, brand_uses, breaches });
saved!(PartnerActivity { assessments, steps });
saved!(Manager { stamp, side, name });
saved!(CompletedStep { stamp, step });
saved!(Review { id, stamp, kind, decision, summary });
saved!(Fit { complementarity, shared_audience, brand_alignment, competitor, notes });
saved!(BrandUse { requested, agreement, requested_by, channel, asset, decided });
saved!(BrandUseDecision { stamp, approved, note });
saved!(Breach { reported, agreement, by, clause, cure_by, description, cured });
