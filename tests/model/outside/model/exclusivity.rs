//! Exclusivity, tested when an agreement is signed. Rules 4.6.

use partnership_ledger::proto::{self as pb, Bound, event::Body};

use super::calendar::{self, Instant};
use super::record::{Breach, Known};

impl Known<'_> {
    /// The categories that a partner has now.
    pub fn categories(&self, partner: &str) -> Vec<String> {
        let mut categories = Vec::new();
        for record in &self.records {
            match record.body() {
                Body::PartnerRegistered(body) if body.partner_id == partner => {
                    categories.clone_from(&body.categories);
                }
                Body::PartnerUpdated(body) if body.partner_id == partner && body.replace_categories => {
                    categories.clone_from(&body.categories);
                }
                _ => {}
            }
        }
        categories
    }

    /// The conflicts of a new agreement that starts at `start`, both ways.
    pub fn conflicts(&self, new: &pb::AgreementSigned, start: Instant) -> Vec<Breach> {
        let of_programme = new.programme_id.as_ref().and_then(|programme| self.programme_at(programme, start));
        let terms = new.terms.as_deref().or(of_programme.map(|(_, version)| &version.terms));
        let own = terms.and_then(|terms| terms.exclusivity.as_ref());
        let mut breaches = Vec::new();
        for other in self.signed_agreements() {
            let partner = self.partner_of(other).expect("a signed agreement has a partner");
            if partner == new.partner_id || !self.is_active(other, start) {
                continue;
            }
            if self.binds_against(other, &new.partner_id, start) {
                breaches.push(Breach { broken: other.to_owned(), by: new.agreement_id.clone() });
            }
            if own.is_some_and(|own| binds_house(own) && self.names(own, partner)) {
                breaches.push(Breach { broken: new.agreement_id.clone(), by: other.to_owned() });
            }
        }
        breaches
    }

    /// Whether an agreement binds the house not to work with a partner.
    pub fn binds_against(&self, agreement: &str, partner: &str, at: Instant) -> bool {
        let Some(version) = self.terms_at(agreement, at) else {
            return false;
        };
        let Some(exclusivity) = &version.terms.exclusivity else {
            return false;
        };
        let start = self.effective_at(agreement).expect("in force, so signed");
        let zone = calendar::zone(&version.terms.time_zone);
        let over = exclusivity.months.is_some_and(|months| calendar::plus_months(start, months, zone) <= at);
        binds_house(exclusivity) && !over && self.names(exclusivity, partner)
    }

    fn names(&self, exclusivity: &pb::Exclusivity, partner: &str) -> bool {
        let categories = self.categories(partner);
        exclusivity.partner_ids.iter().any(|id| id == partner)
            || exclusivity.categories.iter().any(|category| categories.contains(category))
    }
}

fn binds_house(exclusivity: &pb::Exclusivity) -> bool {
    matches!(exclusivity.bound(), Bound::House | Bound::Both)
}
