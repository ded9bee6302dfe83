//! The statement as one self-contained HTML page that prints well: a browser makes the PDF.

use super::sheet::{COLUMNS, Sheet, SheetPart};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// Styles for screen and paper. Fonts are the reader's own, Thai ones first.
const STYLE: &str = "
@page { size: A4; margin: 18mm 16mm; @bottom-right { content: counter(page) ' / ' counter(pages); } }
body { font: 10pt/1.5 'Noto Sans', 'Noto Sans Thai', 'Sarabun', 'Leelawadee UI', 'Segoe UI', sans-serif; color: #111; max-width: 180mm;
  margin: 2em auto; padding: 0 1em; }
h1 { font-size: 16pt; margin: 0 0 .5em; } h2 { font-size: 12pt; margin: 1.5em 0 .3em; } h3 { font-size: 10pt; margin: 1.2em 0 .3em; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1em; margin: 0; } dd { margin: 0; }
.standing { border-left: 3px solid #888; padding-left: .8em; }
table { border-collapse: collapse; width: 100%; } thead { display: table-header-group; }
th { text-align: left; font-weight: 600; border-bottom: 1px solid #111; } th, td { padding: .2em .5em .2em 0; vertical-align: top; }
td { overflow-wrap: anywhere; } tbody tr { break-inside: avoid; border-bottom: 1px solid #ddd; }
tbody tr.edge { font-weight: 600; border-bottom: 1px solid #111; }
.figure { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; padding-right: 0; padding-left: .8em; }
table.working { width: auto; } .working tr:last-child { font-weight: 600; border-top: 1px solid #111; }
footer { margin-top: 2em; color: #555; font-size: 8pt; }
@media print { body { max-width: none; margin: 0; padding: 0; } h2, h3 { break-after: avoid; } }
";

/// The page.
pub fn page(sheet: &Sheet) -> String {
    let page = html! {
        (DOCTYPE)
        html lang=(sheet.language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (sheet.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (sheet.title) }
                dl { @for (name, value) in &sheet.facts { dt { (name) } dd { (value) } } }
                p.standing { (sheet.standing) }
                @for part in &sheet.parts { (section(part)) }
                @if sheet.parts.is_empty() { p { (sheet.nothing) } }
                footer { (sheet.read_at) }
            }
        }
    };
    page.into_string()
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
