//! Relationships in a snapshot.

use super::{AgreementActivity, BrandUse, BrandUseDecision, Breach, CompletedStep, Fit, Manager, PartnerActivity, Review};
use crate::encoding::codec;

codec!(AgreementActivity { managers, steps, reviews, brand_uses, breaches });
codec!(PartnerActivity { assessments, steps });
codec!(Manager { stamp, side, name });
codec!(CompletedStep { stamp, step });
codec!(Review { id, stamp, kind, decision, summary });
codec!(Fit { complementarity, shared_audience, brand_alignment, competitor, notes });
codec!(BrandUse { requested, agreement, requested_by, channel, asset, decided });
codec!(BrandUseDecision { stamp, approved, note });
codec!(Breach { reported, agreement, by, clause, cure_by, description, cured });
