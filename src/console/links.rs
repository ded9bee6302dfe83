//! Where the pages of things are. Ids may stand in paths as they are.

use super::table::Cell;
use super::visit::Visit;
use crate::domain::ids::Id;
use crate::language::say;
use crate::proto::Party;
use crate::proto::party;
use maud::Markup;

impl Visit {
    /// The address of a partner's page.
    pub fn partner(&self, id: &str) -> String {
        self.to(&format!("/partners/{id}"))
    }

    /// The address of an agreement's page.
    pub fn agreement(&self, id: &str) -> String {
        self.to(&format!("/agreements/{id}"))
    }

    /// The address of a lead's page.
    pub fn lead(&self, id: &str) -> String {
        self.to(&format!("/leads/{id}"))
    }

    /// The address of a sale's page.
    pub fn sale(&self, id: &str) -> String {
        self.to(&format!("/sales/{id}"))
    }

    /// The address of a campaign's page.
    pub fn campaign(&self, id: &str) -> String {
        self.to(&format!("/campaigns/{id}"))
    }

    /// The address of a record's page.
    pub fn record(&self, position: u64) -> String {
        self.to(&format!("/records/{position}"))
    }

    /// A partner in a table.
    pub fn partner_cell(&self, id: &str) -> Cell {
        linked(&self.partner(id), id)
    }

    /// An agreement in a table; nothing if there is none.
    pub fn agreement_cell(&self, id: &str) -> Cell {
        linked(&self.agreement(id), id)
    }

    /// A campaign in a table.
    pub fn campaign_cell(&self, id: &str) -> Cell {
        linked(&self.campaign(id), id)
    }

    /// A lead in a table; nothing if there is none.
    pub fn lead_cell(&self, id: &str) -> Cell {
        linked(&self.lead(id), id)
    }

    /// A sale in a table; nothing if there is none.
    pub fn sale_cell(&self, id: &str) -> Cell {
        linked(&self.sale(id), id)
    }

    /// The record of a position in a table.
    pub fn record_cell(&self, position: u64) -> Cell {
        let position_text = position.to_string();
        Cell::link(&self.record(position), position_text)
    }

    /// The house, or a partner with its page, in a table.
    pub fn party_cell(&self, owner: Option<&Party>) -> Cell {
        match owner.and_then(|owner| owner.party.as_ref()) {
            Some(party::Party::PartnerId(id)) => self.partner_cell(id),
            Some(party::Party::House(_)) => Cell::text(say!(self.language, "the-house")),
            None => Cell::text(say!(self.language, "nobody-yet")),
        }
    }

    /// The house, or a partner with its page.
    pub fn party(&self, owner: Option<&Party>) -> Markup {
        self.party_cell(owner).shown().clone()
    }

    /// The page of what an event's field names; `None` if ids of that field have no page.
    pub fn href_of_id(&self, field: &str, id: &str) -> Option<String> {
        Some(match field {
            "partner_id" => self.partner(id),
            "agreement_id" | "supersedes_agreement_id" | "recruited_by_agreement_id" => self.agreement(id),
            "lead_id" => self.lead(id),
            "sale_id" => self.sale(id),
            "campaign_id" => self.campaign(id),
            "payout_id" => self.to_with("/payouts", &[("payout", id)]),
            "dispute_id" => self.to("/disputes"),
            _ => return None,
        })
    }
}

/// An id that leads to its page; nothing if it is empty.
pub fn id_link(href: &str, id: &str) -> Markup {
    linked(href, id).shown().clone()
}

/// An id that leads to its page. What stands in place of one – nothing, or "another partner" – is a text.
fn linked(href: &str, id: &str) -> Cell {
    if Id::new(id).is_some() { Cell::link(href, id) } else { Cell::text(id) }
}
