//! Self-contained HTML pages that print well: a browser makes the PDF.

use super::language::Language;
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

/// The page of a title, with what is below it.
pub fn page(language: Language, title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                (body)
            }
        }
    };
    page.into_string()
}
