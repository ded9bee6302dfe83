//! Pictures of figures as SVG, each with a table of its figures behind it. Places along the width are percents, so that a
//! picture fits every screen while its letters keep their size.

use super::table::{Cell, Column, Table};
use super::visit::Visit;
use crate::language::{Language, say};
use crate::proto::{TierMeasure, Tiers};
use maud::{Markup, html};

/// The height of a picture of columns or a line, in pixels, without its labels.
const HEIGHT: f64 = 150.0;
/// Room above for figures, in pixels.
const ABOVE: f64 = 22.0;
/// Room below for labels, in pixels.
const BELOW: f64 = 24.0;

/// Amounts of a currency over time, one for each stretch of it.
pub struct Series {
    /// What the picture shows.
    pub title: String,
    /// The currency.
    pub currency_code: String,
    /// The stretches of time, and the amount of each in minor units.
    pub points: Vec<(String, i64)>,
    /// The name of the first column of the table behind it.
    pub over: String,
    /// What the table is called in addresses.
    pub name: String,
}

#[expect(clippy::cast_precision_loss, reason = "places in a picture")]
fn real(number: i64) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "places in a picture")]
fn place(index: usize, count: usize) -> f64 {
    100.0 * index as f64 / count.max(1) as f64
}

fn percent(place: f64) -> String {
    format!("{place:.2}%")
}

fn pixels(place: f64) -> String {
    format!("{place:.1}")
}

impl Series {
    /// The highest and the lowest place: zero is always seen.
    fn bounds(&self) -> (f64, f64) {
        let amounts = || self.points.iter().map(|(_, amount)| *amount);
        (real(amounts().max().unwrap_or(0).max(0)), real(amounts().min().unwrap_or(0).min(0)))
    }

    /// From an amount to its place from above.
    fn height(&self) -> impl Fn(i64) -> f64 {
        let (top, bottom) = self.bounds();
        let span = (top - bottom).max(1.0);
        move |amount| ABOVE + HEIGHT * (top - real(amount)) / span
    }

    /// As columns: an amount that was made in each stretch.
    pub fn columns(&self, visit: &Visit) -> (Markup, Table) {
        let (count, height) = (self.points.len(), self.height());
        let zero = height(0);
        let width = 100.0 / real(i64::try_from(count.max(1)).unwrap_or(1));
        let picture = html! {
            line.zero x1="0" x2="100%" y1=(pixels(zero)) y2=(pixels(zero)) {}
            @for (index, (label, amount)) in self.points.iter().enumerate() {
                @let (above, below) = (height(*amount).min(zero), height(*amount).max(zero));
                rect.one.minus[*amount < 0] x=(percent(place(index, count) + width * 0.18)) width=(percent(width * 0.64)) y=(pixels(above)) height=(pixels((below - above).max(0.0))) rx="3" {
                    title { (label) ": " (visit.language.grouped_amount(&self.currency_code, *amount)) }
                }
                (self.label(index, count, label, *amount, above, visit.language))
            }
        };
        self.figure(visit, &picture)
    }

    /// As a line that steps: an amount that stood at each time.
    pub fn steps(&self, visit: &Visit) -> (Markup, Table) {
        let (count, height) = (self.points.len(), self.height());
        let zero = height(0);
        let width = 100.0 / real(i64::try_from(count.max(1)).unwrap_or(1));
        let picture = html! {
            line.zero x1="0" x2="100%" y1=(pixels(zero)) y2=(pixels(zero)) {}
            @for (index, (label, amount)) in self.points.iter().enumerate() {
                @let (left, y) = (place(index, count), height(*amount));
                line.one x1=(percent(left)) x2=(percent(left + width)) y1=(pixels(y)) y2=(pixels(y)) {
                    title { (label) ": " (visit.language.grouped_amount(&self.currency_code, *amount)) }
                }
                @if let Some((_, next)) = self.points.get(index + 1) {
                    line.one x1=(percent(left + width)) x2=(percent(left + width)) y1=(pixels(y)) y2=(pixels(height(*next))) {}
                }
                (self.label(index, count, label, *amount, y, visit.language))
            }
        };
        self.figure(visit, &picture)
    }

    /// The name of a stretch below it, and its amount above where it is the largest or the last.
    fn label(&self, index: usize, count: usize, label: &str, amount: i64, above: f64, language: Language) -> Markup {
        let middle = percent(place(index, count) + 50.0 / real(i64::try_from(count.max(1)).unwrap_or(1)));
        let is_largest =
            self.points.iter().position(|(_, other)| Some(*other) == self.points.iter().map(|(_, amount)| *amount).max()) == Some(index);
        let anchor = if index * 4 < count {
            "start"
        } else if (count - index) * 4 <= count {
            "end"
        } else {
            "middle"
        };
        let at = match anchor {
            "start" => percent(place(index, count)),
            "end" => percent(place(index + 1, count)),
            _ => middle.clone(),
        };
        html! {
            text.sparse[!index.is_multiple_of(3)] x=(middle) y=(pixels(ABOVE + HEIGHT + 17.0)) text-anchor="middle" { (label) }
            @if amount != 0 && is_largest {
                text.strong x=(at) y=(pixels(above - 7.0)) text-anchor=(anchor) { (language.grouped_amount(&self.currency_code, amount)) }
            }
        }
    }

    fn figure(&self, visit: &Visit, picture: &Markup) -> (Markup, Table) {
        let language = visit.language;
        let total = pixels(ABOVE + HEIGHT + BELOW);
        let columns = vec![Column::text(self.over.clone()), Column::money(say!(language, "column-amount"))];
        let mut table = Table::new(&self.name, self.title.clone(), String::new(), columns);
        for (label, amount) in &self.points {
            table.row(vec![Cell::text(label), Cell::amount(language, &self.currency_code, *amount)]);
        }
        let picture = html! {
            figcaption { (self.title) }
            svg role="img" aria-label=(self.title) width="100%" height=(total) { (picture) }
        };
        (picture, table)
    }
}

/// Counts of which each is a part of the one before: how many leads became deals.
pub fn funnel(language: Language, title: &str, stages: &[(String, i64)]) -> Markup {
    let most = stages.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    let row = 34.0;
    let height = row * real(i64::try_from(stages.len()).unwrap_or(0));
    html! {
        figure {
            figcaption { (title) }
            svg role="img" aria-label=(told(language, title, stages)) width="100%" height=(pixels(height)) {
                @for (index, (name, count)) in stages.iter().enumerate() {
                    @let above = row * real(i64::try_from(index).unwrap_or(0));
                    rect.rest x="0" y=(pixels(above + 17.0)) width="100%" height="10" rx="5" {}
                    rect.one x="0" y=(pixels(above + 17.0)) width=(percent(100.0 * real(*count) / real(most))) height="10" rx="5" {}
                    text x="0" y=(pixels(above + 11.0)) { (name) }
                    text.strong x="100%" y=(pixels(above + 11.0)) text-anchor="end" { (language.number(*count)) }
                }
            }
        }
    }
}

/// The tiers of a rule, and how far a sale has come in them: each tier's bar is full once the next one is reached.
pub fn tiers(language: Language, caption: &str, tiers: &Tiers, reached: i64) -> Markup {
    let row = 34.0;
    let height = row * real(i64::try_from(tiers.bands.len()).unwrap_or(0));
    let next = |index: usize| tiers.bands.get(index + 1).map(|band| band.from_minor_units);
    html! {
        figure {
            figcaption { (caption) }
            svg role="img" aria-label=(caption) width="100%" height=(pixels(height)) {
                @for (index, band) in tiers.bands.iter().enumerate() {
                    @let above = row * real(i64::try_from(index).unwrap_or(0));
                    rect.rest x="0" y=(pixels(above + 17.0)) width="100%" height="10" rx="5" {}
                    rect.one x="0" y=(pixels(above + 17.0)) width=(percent(100.0 * filled(band.from_minor_units, next(index), reached))) height="10" rx="5" {}
                    text x="0" y=(pixels(above + 11.0)) { (from(language, tiers, band.from_minor_units)) }
                    text.strong x="100%" y=(pixels(above + 11.0)) text-anchor="end" { (language.percent(band.rate_bps)) }
                }
            }
        }
    }
}

/// Where a tier begins: an amount of net sales, or a number of sales.
fn from(language: Language, tiers: &Tiers, from: i64) -> String {
    match tiers.measure() {
        TierMeasure::Sales => say!(language, "sales", count = from),
        TierMeasure::NetSales | TierMeasure::Unspecified => language.grouped_amount(&tiers.currency_code, from),
    }
}

/// Which part of a tier is filled, from 0 to 1; the last one has no end, and is full once it is reached.
fn filled(from: i64, next: Option<i64>, reached: i64) -> f64 {
    match next {
        Some(next) if next > from => (real(reached.saturating_sub(from)) / real(next - from)).clamp(0.0, 1.0),
        _ if reached >= from => 1.0,
        _ => 0.0,
    }
}

/// What a picture shows, for those who do not see it.
fn told(language: Language, title: &str, stages: &[(String, i64)]) -> String {
    let stages: Vec<String> = stages.iter().map(|(name, count)| format!("{name}: {}", language.number(*count))).collect();
    format!("{title}: {}", stages.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::TierBand;

    #[test]
    #[expect(clippy::float_cmp, reason = "the ends are exact")]
    fn a_tier_is_full_once_the_next_one_is_reached() {
        assert_eq!(
            [filled(0, Some(100), 0), filled(0, Some(100), 50), filled(0, Some(100), 100), filled(0, Some(100), 900)],
            [0.0, 0.5, 1.0, 1.0]
        );
        assert_eq!([filled(100, None, 99), filled(100, None, 100), filled(100, Some(200), 20)], [0.0, 1.0, 0.0]);
        let band = |from_minor_units, rate_bps| TierBand { from_minor_units, rate_bps, ..TierBand::default() };
        let all = Tiers { currency_code: "USD".to_owned(), bands: vec![band(0, 1_000), band(100_000, 1_250)], ..Tiers::default() };
        let shown = tiers(Language::English, "so far", &all, 50_000).0;
        assert!(shown.contains("width=\"50.00%\"") && shown.contains("1,000.00 USD") && shown.contains("12.5 %"), "{shown}");
    }
}
