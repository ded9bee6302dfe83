//! The statement as one self-contained HTML page that prints well: a browser makes the PDF.

use super::sheet::{COLUMNS, Sheet, SheetPart};
use crate::cli::page;
use maud::{Markup, html};

/// The page.
pub fn page(sheet: &Sheet) -> String {
    let body = html! {
        dl { @for (name, value) in &sheet.facts { dt { (name) } dd { (value) } } }
        p.standing { (sheet.standing) }
        @for part in &sheet.parts { (section(part)) }
        @if sheet.parts.is_empty() { p { (sheet.nothing) } }
        footer { (sheet.read_at) }
    };
    page::page(sheet.language, &sheet.title, &body)
}

fn section(part: &SheetPart) -> Markup {
    html! {
        section {
            h2 { (part.heading) }
            table {
                thead { tr { @for (index, name) in part.columns.iter().enumerate() { th class=[figure(index)] scope="col" { (name) } } } }
                tbody {
                    @for (index, row) in part.rows.iter().enumerate() {
                        tr class=[edge(index, part)] {
                            @for (index, cell) in row.iter().enumerate() { td class=[figure(index)] { (cell) } }
                        }
                    }
                }
            }
            h3 { (part.payable_heading) }
            table.working { tbody { @for (name, amount) in &part.working { tr { td { (name) } td.figure { (amount) } } } } }
            @for sentence in &part.sentences { p { (sentence) } }
        }
    }
}

/// The last two columns are figures.
fn figure(column: usize) -> Option<&'static str> {
    (column + 2 >= COLUMNS).then_some("figure")
}

/// The opening and the closing balance.
fn edge(row: usize, part: &SheetPart) -> Option<&'static str> {
    (row == 0 || row + 1 == part.rows.len()).then_some("edge")
}
