//! The advice as one self-contained HTML page that prints well.

use super::advice::{Advice, COLUMNS};
use crate::cli::page;
use maud::{Markup, html};

/// The page.
pub fn page(advice: &Advice) -> String {
    let body = html! {
        dl { @for (name, value) in &advice.facts { dt { (name) } dd { (value) } } }
        p.standing { (advice.standing) }
        (figures(&advice.working, true))
        @if !advice.beside.is_empty() { (figures(&advice.beside, false)) }
        @if !advice.returns.is_empty() {
            h2 { (advice.returns_heading) }
            table {
                thead { tr { @for (index, name) in advice.columns.iter().enumerate() { th class=[figure(index)] scope="col" { (name) } } } }
                tbody {
                    @for row in &advice.returns {
                        tr { @for (index, cell) in row.iter().enumerate() { td class=[figure(index)] { (cell) } } }
                    }
                }
            }
            (figures(&advice.restored, false))
        }
        footer { (advice.read_at) }
    };
    page::page(advice.language, &advice.title, &body)
}

/// Names and figures; of a working the last one is the sum.
fn figures(lines: &[(String, String)], is_working: bool) -> Markup {
    let class = if is_working { "working" } else { "figures" };
    html! {
        table class=(class) { tbody { @for (name, amount) in lines { tr { td { (name) } td.figure { (amount) } } } } }
    }
}

/// The last column is a figure.
fn figure(column: usize) -> Option<&'static str> {
    (column + 1 == COLUMNS).then_some("figure")
}
