//! What pages are put together of, beside tables and pictures.

use super::visit::Visit;
use crate::language::text::line;
use crate::language::{Language, say};
use crate::proto::{Balance, Terms};
use maud::{Markup, PreEscaped, html};

/// Names and values, without those whose value is empty.
#[derive(Default)]
pub struct Facts(Vec<(String, Markup)>);

impl Facts {
    /// Adds a name and a text of the ledger's, unless it is empty.
    #[must_use]
    pub fn text(self, name: String, value: impl AsRef<str>) -> Self {
        let value = line(value.as_ref());
        self.markup(name, html! { (value) })
    }

    /// Adds a name and what is shown, unless that is empty.
    #[must_use]
    pub fn markup(mut self, name: String, value: Markup) -> Self {
        if !value.0.is_empty() {
            self.0.push((name, value));
        }
        self
    }

    /// As HTML; nothing if there are none.
    pub fn show(&self) -> Markup {
        html! { @if !self.0.is_empty() { dl.facts { @for (name, value) in &self.0 { dt { (name) } dd { (value) } } } } }
    }
}

/// The terms of an agreement in words.
pub fn terms(language: Language, terms: &Terms) -> Markup {
    let facts = crate::language::terms::facts(language, terms);
    facts.into_iter().fold(Facts::default(), |facts, (name, value)| facts.text(name, value)).show()
}

/// Large figures, each with its name.
pub fn figures(figures: &[(String, Markup)]) -> Markup {
    html! { ul.figures { @for (name, value) in figures { li { strong { (value) } span { (name) } } } } }
}

/// Links with something between them.
pub fn links(links: impl IntoIterator<Item = (String, String)>) -> Markup {
    let links: Vec<Markup> = links.into_iter().map(|(href, text)| html! { a href=(href) { (text) } }).collect();
    joined(&links, ", ")
}

/// Parts with something between them.
pub fn joined(parts: &[Markup], between: &str) -> Markup {
    PreEscaped(parts.iter().map(|part| part.0.as_str()).collect::<Vec<_>>().join(between))
}

/// How a balance comes about: each part with its sign, and what that makes.
pub fn equation(language: Language, balance: &Balance) -> Vec<(&'static str, String, i64)> {
    vec![
        ("", say!(language, "balance-accrued"), balance.accrued),
        ("−", say!(language, "balance-reversed"), balance.reversed),
        ("+", say!(language, "balance-adjusted"), balance.adjusted),
        ("+", say!(language, "balance-cost-share"), balance.cost_share),
        ("+", say!(language, "balance-distributed"), balance.distributed),
        ("−", say!(language, "balance-collected"), balance.collected),
        ("−", say!(language, "balance-paid"), balance.paid),
        ("+", say!(language, "balance-returned"), balance.returned),
        ("+", say!(language, "balance-received"), balance.received),
        ("=", say!(language, "balance-net"), balance.net),
        ("−", say!(language, "balance-pending"), balance.pending),
        ("−", say!(language, "balance-disputed"), balance.disputed),
        ("=", say!(language, "column-payable"), balance.payable),
    ]
}

/// Says how many older entries are left out, if any are.
pub fn left_out(language: Language, count: u32) -> Markup {
    html! { @if count > 0 { p.hint { (say!(language, "console-left-out", count = count)) } } }
}

/// A field to filter a list by: its name in the address, what it is called, and its values with their words; none for a text.
pub struct Filter<'a> {
    /// The parameter.
    pub name: &'a str,
    /// What it is called.
    pub label: String,
    /// The values with their words; without any it is a field for a text.
    pub values: Vec<(String, String)>,
}

/// A form of filters, which shows the list anew.
pub fn filters(visit: &Visit, filters: &[Filter<'_>]) -> Markup {
    let language = visit.language;
    html! {
        form.filters action=(visit.path) {
            @for filter in filters {
                label {
                    span { (filter.label) }
                    @if filter.values.is_empty() {
                        input type="text" name=(filter.name) value=(visit.query.get(filter.name));
                    } @else {
                        select name=(filter.name) {
                            option value="" { (say!(language, "console-any")) }
                            @for (value, words) in &filter.values {
                                option value=(value) selected[visit.query.get(filter.name) == value] { (words) }
                            }
                        }
                    }
                }
            }
            (super::layout::kept(visit))
            button type="submit" { (say!(language, "console-filter")) }
        }
    }
}

/// The values of an enum with their words, named as the contract names them in small letters.
pub fn values<E: crate::language::text::Coded>(language: Language) -> Vec<(String, String)> {
    let known =
        |number| E::try_from(number).is_ok().then(|| (crate::language::text::code::<E>(number).to_lowercase(), language.word::<E>(number)));
    (1..).map_while(known).collect()
}

/// The value of an enum that an address names; 0, for any, if it names none.
pub fn chosen<E: crate::language::text::Coded>(name: &str) -> i32 {
    let is_named = |number: &i32| E::try_from(*number).is_ok() && crate::language::text::code::<E>(*number).eq_ignore_ascii_case(name);
    (1..200).find(is_named).unwrap_or_default()
}
