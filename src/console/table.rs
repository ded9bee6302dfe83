//! Tables: shown as HTML, and written as CSV by the same rows.

use super::visit::{CSV, PAGE, Visit};
use crate::language::text::{bare_amount, line, spreadsheet_text};
use crate::language::{Language, say};
use crate::proto::Money;
use maud::{Markup, html};
use prost_types::Timestamp;

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Figure,
    /// In a CSV file a column for the figure and one for the currency.
    Money,
}

/// A column.
pub struct Column {
    name: String,
    kind: Kind,
}

impl Column {
    /// A column of texts.
    pub fn text(name: String) -> Self {
        Self { name, kind: Kind::Text }
    }

    /// A column of figures.
    pub fn figure(name: String) -> Self {
        Self { name, kind: Kind::Figure }
    }

    /// A column of amounts of money.
    pub fn money(name: String) -> Self {
        Self { name, kind: Kind::Money }
    }
}

/// The columns of a table: `columns![language; "column-partner", # "column-position", = "column-payable"]`; `#` has figures and `=` amounts.
macro_rules! columns {
    ($language:expr; $($($text:literal)? $(# $figure:literal)? $(= $money:literal)?),* $(,)?) => {
        vec![$(
            $($crate::console::table::Column::text($crate::language::say!($language, $text)))?
            $($crate::console::table::Column::figure($crate::language::say!($language, $figure)))?
            $($crate::console::table::Column::money($crate::language::say!($language, $money)))?
        ),*]
    };
}
pub(super) use columns;

/// How a state looks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Somebody should look at it.
    Warning,
    /// Something is wrong.
    Bad,
    /// Neither.
    Plain,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
            Self::Plain => "plain",
        }
    }
}

/// What stands in a row under a column.
#[derive(Clone)]
pub struct Cell {
    shown: Markup,
    /// What a spreadsheet gets; of an amount also the currency.
    written: Vec<String>,
}

impl Cell {
    /// A text of the ledger's, on one line.
    pub fn text(text: impl AsRef<str>) -> Self {
        let text = line(text.as_ref());
        Self { shown: html! { (text) }, written: vec![spreadsheet_text(&text)] }
    }

    /// A name or code of the contract, which may break behind its underscores alone.
    pub fn code(name: &str) -> Self {
        let parts: Vec<String> = line(name).split_inclusive('_').map(str::to_owned).collect();
        Self { shown: html! { span.code { @for part in &parts { (part) wbr; } } }, written: vec![spreadsheet_text(name)] }
    }

    /// A text that leads to a page.
    pub fn link(href: &str, text: impl AsRef<str>) -> Self {
        let text = line(text.as_ref());
        Self { shown: html! { a href=(href) { (text) } }, written: vec![spreadsheet_text(&text)] }
    }

    /// A text that leads to a page and says more below.
    pub fn link_and(href: &str, text: &str, more: &str) -> Self {
        let (text, more) = (line(text), line(more));
        Self {
            shown: html! { a href=(href) { (text) } @if !more.is_empty() { br; small { (more) } } },
            written: vec![spreadsheet_text(&text)],
        }
    }

    /// A number that is no amount.
    pub fn figure(language: Language, number: impl Into<i64>) -> Self {
        let number = number.into();
        Self { shown: html! { (language.number(number)) }, written: vec![number.to_string()] }
    }

    /// Minor units of a currency.
    pub fn amount(language: Language, currency_code: &str, minor_units: i64) -> Self {
        let class = (minor_units < 0).then_some("negative");
        Self {
            shown: html! { span.amount.(class.unwrap_or("amount")) { (language.grouped_amount(currency_code, minor_units)) } },
            written: vec![bare_amount(currency_code, minor_units), line(currency_code)],
        }
    }

    /// Minor units under a heading that names their currency.
    pub fn bare(language: Language, currency_code: &str, minor_units: i64) -> Self {
        let class = if minor_units < 0 { "negative" } else { "amount" };
        Self {
            shown: html! { span.amount.(class) { (language.grouped(currency_code, minor_units)) } },
            written: vec![bare_amount(currency_code, minor_units)],
        }
    }

    /// An amount; nothing if it is absent.
    pub fn money(language: Language, money: Option<&Money>) -> Self {
        match money {
            Some(money) => Self::amount(language, &money.currency_code, money.minor_units),
            None => Self { shown: html! {}, written: vec![String::new(); 2] },
        }
    }

    /// An instant; nothing if it is absent.
    pub fn time(language: Language, time: Option<&Timestamp>) -> Self {
        let written = crate::language::text::time(time);
        let shown = html! { @if time.is_some() { time datetime=(written) { (time_of(language, time)) } } };
        Self { shown, written: vec![written] }
    }

    /// A state in words.
    pub fn state(tone: Tone, words: &str) -> Self {
        Self { shown: state(tone, words), written: vec![spreadsheet_text(words)] }
    }

    /// Anything else, with what a spreadsheet gets.
    pub fn rich(shown: Markup, written: &str) -> Self {
        Self { shown, written: vec![spreadsheet_text(&line(written))] }
    }

    /// What is shown.
    pub fn shown(&self) -> &Markup {
        &self.shown
    }
}

/// An instant as tables of pages show it: with a space between day and time in both languages.
fn time_of(language: Language, time: Option<&Timestamp>) -> String {
    match language {
        Language::English => language.time(time).replace('T', " ").replace('Z', " UTC"),
        Language::Thai => language.time(time),
    }
}

/// A name with a capital letter.
fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A state in words, as a badge.
pub fn state(tone: Tone, words: &str) -> Markup {
    html! { span.state.(tone.class()) { (words) } }
}

/// A table.
pub struct Table {
    /// What it is called in addresses.
    pub name: String,
    caption: String,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    /// What is said if there are no rows.
    empty: String,
    /// Where the next page begins; empty if there is none.
    next: String,
    is_paged: bool,
    is_working: bool,
}

impl Table {
    /// A table without rows yet. `caption` is what it shows, `empty` what is said if it stays without rows.
    pub fn new(name: &str, caption: String, empty: String, columns: Vec<Column>) -> Self {
        Self { name: name.to_owned(), caption, columns, rows: Vec::new(), empty, next: String::new(), is_paged: false, is_working: false }
    }

    /// The same, as one page of a list; `next` is where the next page begins, empty if there is none.
    #[must_use]
    pub fn paged(self, next: &str) -> Self {
        Self { next: next.to_owned(), is_paged: true, ..self }
    }

    /// The same, whose last row is the result of those above.
    #[must_use]
    pub fn working(self) -> Self {
        Self { is_working: true, ..self }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<Cell>) {
        debug_assert_eq!(cells.len(), self.columns.len(), "{}", self.name);
        self.rows.push(cells);
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// As HTML. On a narrow screen each row is a block, whose cells say the names of their columns; roles keep it a table then.
    pub fn show(&self, visit: &Visit) -> Markup {
        if self.rows.is_empty() {
            return html! { p.empty { (self.empty) } (self.pager(visit)) };
        }
        let class = |column: usize| (self.columns[column].kind != Kind::Text).then_some("figure");
        html! {
            table.working[self.is_working] role="table" {
                caption { (self.caption) }
                thead role="rowgroup" {
                    tr role="row" {
                        @for (at, column) in self.columns.iter().enumerate() { th role="columnheader" scope="col" class=[class(at)] { (column.name) } }
                    }
                }
                tbody role="rowgroup" {
                    @for row in &self.rows {
                        tr role="row" {
                            @for (at, cell) in row.iter().enumerate() {
                                td role="cell" class=[class(at)] data-label=(capitalized(&self.columns[at].name)) { div { (cell.shown) } }
                            }
                        }
                    }
                }
            }
            (self.pager(visit))
        }
    }

    /// The ways to other pages of the list, and to the table as a file.
    fn pager(&self, visit: &Visit) -> Markup {
        let language = visit.language;
        let is_first = visit.query.get(PAGE).is_empty();
        html! {
            p.pager {
                @if self.is_paged && !is_first { a href=(visit.here_with(&[(PAGE, "")])) { (say!(language, "console-first-page")) } }
                @if !self.next.is_empty() { a rel="next" href=(visit.here_with(&[(PAGE, &self.next)])) { (say!(language, "console-next-page")) } }
                @if !self.rows.is_empty() {
                    a.file href=(visit.here_with(&[(CSV, &self.name), (PAGE, "")])) download {
                        "CSV" span.hidden { " – " (self.caption) }
                    }
                }
            }
        }
    }

    /// As CSV for spreadsheets: figures and times are plain, and no text is a formula.
    ///
    /// # Errors
    /// If the rows cannot be written, which memory always can.
    pub fn to_csv(&self, language: Language) -> Result<Vec<u8>, csv::Error> {
        // Without the mark some spreadsheets assume another encoding and garble Thai.
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer("\u{feff}".as_bytes().to_vec());
        let currency = say!(language, "column-currency");
        let header = self.columns.iter().flat_map(|column| {
            let currency = (column.kind == Kind::Money).then(|| format!("{}: {currency}", column.name));
            std::iter::once(column.name.clone()).chain(currency)
        });
        writer.write_record(header.map(|name| spreadsheet_text(&name)))?;
        for row in &self.rows {
            writer.write_record(row.iter().flat_map(|cell| &cell.written))?;
        }
        writer.into_inner().map_err(|error| error.into_error().into())
    }
}
