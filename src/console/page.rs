//! What a page is made of before it is laid out: a title, sections, tables by name.

use super::table::Table;
use maud::Markup;

/// A page.
pub struct Page {
    /// What it shows.
    pub title: String,
    /// What kind of thing it shows, in small letters above the title.
    pub kind: String,
    /// The entry of the navigation that it belongs to.
    pub place: Place,
    /// What stands below the title: badges and the most important sentence.
    pub lead: Vec<Markup>,
    /// Its sections.
    pub sections: Vec<Section>,
    /// What may be done about it: addresses and words.
    pub actions: Vec<(String, String)>,
    /// The position that it was read at; 0 if it was not read from the ledger.
    pub position: u64,
}

/// The entries of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The overview.
    Overview,
    /// Partners, and what belongs to one.
    Partners,
    /// Agreements.
    Agreements,
    /// Leads.
    Leads,
    /// Sales.
    Sales,
    /// Payables.
    Payables,
    /// Payouts.
    Payouts,
    /// Disputes.
    Disputes,
    /// Campaigns.
    Campaigns,
    /// Metrics.
    Metrics,
    /// Alerts.
    Alerts,
    /// Records.
    Records,
    /// None of them.
    Nowhere,
}

/// A part of a page with a heading.
pub struct Section {
    /// Its heading.
    pub heading: String,
    /// What stands in it.
    pub parts: Vec<Part>,
    /// Whether it stands beside the next one where there is room.
    pub is_half: bool,
}

/// What stands in a section.
pub enum Part {
    /// A table, which is a CSV file as well.
    Table(Table),
    /// A picture, with the table of its figures.
    Picture(Markup, Table),
    /// Anything else.
    Markup(Markup),
}

impl Page {
    /// A page of a title.
    pub fn new(place: Place, kind: String, title: impl Into<String>) -> Self {
        Self { title: title.into(), kind, place, lead: Vec::new(), sections: Vec::new(), actions: Vec::new(), position: 0 }
    }

    /// The same, read at a position.
    #[must_use]
    pub fn at(self, position: u64) -> Self {
        Self { position, ..self }
    }

    /// The same with something below the title.
    #[must_use]
    pub fn lead(mut self, lead: Markup) -> Self {
        self.lead.push(lead);
        self
    }

    /// The same with one more section.
    #[must_use]
    pub fn section(mut self, section: Section) -> Self {
        self.sections.push(section);
        self
    }

    /// The same with one more table under a heading.
    #[must_use]
    pub fn table(self, heading: String, table: Table) -> Self {
        self.section(Section::new(heading).table(table))
    }

    /// The same with a table under a heading, unless it has no rows.
    #[must_use]
    pub fn table_if_any(self, heading: String, table: Table) -> Self {
        if table.is_empty() { self } else { self.table(heading, table) }
    }

    /// The same with something that may be done.
    #[must_use]
    pub fn action(mut self, href: String, words: String) -> Self {
        self.actions.push((href, words));
        self
    }

    /// Finds a table by its name.
    pub fn find(&self, name: &str) -> Option<&Table> {
        self.sections.iter().flat_map(|section| &section.parts).find_map(|part| match part {
            Part::Table(table) | Part::Picture(_, table) if table.name == name => Some(table),
            _ => None,
        })
    }
}

impl Section {
    /// An empty section of a heading.
    pub fn new(heading: String) -> Self {
        Self { heading, parts: Vec::new(), is_half: false }
    }

    /// The same with one more table.
    #[must_use]
    pub fn table(mut self, table: Table) -> Self {
        self.parts.push(Part::Table(table));
        self
    }

    /// The same, beside another one where there is room.
    #[must_use]
    pub fn half(self) -> Self {
        Self { is_half: true, ..self }
    }

    /// The same with a picture, whose figures are a table.
    #[must_use]
    pub fn picture(mut self, (picture, table): (Markup, Table)) -> Self {
        self.parts.push(Part::Picture(picture, table));
        self
    }

    /// The same with something else.
    #[must_use]
    pub fn markup(mut self, markup: Markup) -> Self {
        self.parts.push(Part::Markup(markup));
        self
    }
}
