//! A lead's timeline as a picture: who owned it from when to when, what was protected, which claims were declined.

use super::moment::timestamp;
use super::visit::Visit;
use crate::language::say;
use crate::proto::{Lead, Party, party};
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use maud::{Markup, html};
use prost_types::Timestamp;

/// The classes of owners, in the order in which they came; the house has its own.
const OWNERS: [&str; 5] = ["one", "two", "three", "four", "five"];
/// Places in the picture, in pixels from above.
const CLAIMS: f64 = 12.0;
const LANE: f64 = 30.0;
const LANE_HEIGHT: f64 = 30.0;
const SHIELD: f64 = 70.0;
const AXIS: f64 = 84.0;
const TOTAL: f64 = 106.0;

/// The stretch of time that a picture shows.
struct Span {
    from: i64,
    to: i64,
}

impl Span {
    /// Where an instant is, in percent of the width.
    #[expect(clippy::cast_precision_loss, reason = "places in a picture")]
    fn place(&self, seconds: i64) -> f64 {
        let whole = (self.to - self.from).max(1) as f64;
        (100.0 * (seconds - self.from) as f64 / whole).clamp(0.0, 100.0)
    }

    fn percent(&self, seconds: i64) -> String {
        format!("{:.2}%", self.place(seconds))
    }

    fn width(&self, from: i64, to: i64) -> String {
        format!("{:.2}%", (self.place(to) - self.place(from)).max(0.4))
    }
}

fn seconds(time: Option<&Timestamp>) -> Option<i64> {
    time.map(|time| time.seconds)
}

/// The picture of a lead's timeline; nothing of one that nobody owned.
pub fn picture(visit: &Visit, lead: &Lead) -> Markup {
    let language = visit.language;
    let Some(first) = lead.timeline.first().and_then(|held| seconds(held.from.as_ref())) else { return html! {} };
    let now = visit.moment.time().timestamp();
    let protected = seconds(lead.protected_until.as_ref());
    let declined = lead.declined_claims.iter().filter_map(|claim| seconds(claim.occurred_at.as_ref()));
    let last = declined.clone().chain(protected).chain([now]).max().unwrap_or(now);
    let first = declined.min().map_or(first, |declined| declined.min(first));
    let span = Span { from: first, to: last.max(first + 86_400) };
    let owners = owners(lead);
    let class = |owner: Option<&Party>| owners.iter().find(|(known, _)| Some(known) == owner).map_or("house", |(_, class)| *class);
    let ends = lead.timeline.iter().skip(1).map(|held| seconds(held.from.as_ref()).unwrap_or(now)).chain([now.max(first)]);
    html! {
        figure {
            svg role="img" aria-label=(say!(language, "console-timeline-of", lead = lead.lead_id.as_str())) width="100%" height=(TOTAL) {
                rect.rest x="0" y=(LANE) width="100%" height=(LANE_HEIGHT) rx="6" {}
                @for (held, end) in lead.timeline.iter().zip(ends) {
                    @let from = seconds(held.from.as_ref()).unwrap_or(first);
                    rect.(class(held.owner.as_ref())) x=(span.percent(from)) y=(LANE) width=(span.width(from, end)) height=(LANE_HEIGHT) {
                        title { (language.party(held.owner.as_ref())) ", " (language.time(held.from.as_ref())) }
                    }
                }
                @if let (Some(until), Some(since)) = (protected, shielded_since(lead).filter(|since| protected.is_some_and(|until| until > *since))) {
                    line.shield x1=(span.percent(since)) x2=(span.percent(until)) y1=(SHIELD) y2=(SHIELD) {
                        title { (say!(language, "lead-protected-until")) " " (language.time(lead.protected_until.as_ref())) }
                    }
                    circle.one cx=(span.percent(until)) cy=(SHIELD) r="4" {}
                }
                @for claim in &lead.declined_claims {
                    @if let Some(at) = seconds(claim.occurred_at.as_ref()) {
                        circle.mark-declined cx=(span.percent(at)) cy=(CLAIMS) r="5" { title { (say!(language, "console-declined")) " " (language.time(claim.occurred_at.as_ref())) } }
                    }
                }
                line.axis x1="0" x2="100%" y1=(AXIS) y2=(AXIS) {}
                @for (at, label, is_sparse) in ticks(visit, &span) {
                    line.axis x1=(span.percent(at)) x2=(span.percent(at)) y1=(AXIS) y2=(AXIS + 5.0) {}
                    text.sparse[is_sparse] x=(span.percent(at)) y=(AXIS + 19.0) text-anchor="middle" { (label) }
                }
                line.now x1=(span.percent(now)) x2=(span.percent(now)) y1="22" y2=(AXIS) {}
            }
            ul.legend {
                @for (owner, class) in &owners {
                    li { svg viewBox="0 0 10 10" aria-hidden="true" { rect.(class) width="10" height="10" rx="3" {} } (visit.party(Some(owner))) }
                }
                @if protected.is_some() { li { svg viewBox="0 0 10 10" aria-hidden="true" { line.shield x1="0" x2="10" y1="5" y2="5" {} } (say!(language, "lead-protected-until")) " " (language.time(lead.protected_until.as_ref())) } }
                @if !lead.declined_claims.is_empty() { li { svg viewBox="0 0 10 10" aria-hidden="true" { circle.mark-declined cx="5" cy="5" r="3.5" {} } (say!(language, "console-declined")) } }
                li { svg viewBox="0 0 10 10" aria-hidden="true" { line.now x1="5" x2="5" y1="0" y2="10" {} } (if visit.moment.is_now() { say!(language, "console-now") } else { language.time(Some(&timestamp(visit.moment.time()))) }) }
            }
        }
    }
}

/// Since when the claim in force, or the one that an agreement's end acts on, is protected.
fn shielded_since(lead: &Lead) -> Option<i64> {
    let claim = lead.timeline.iter().find(|held| held.decided_at == lead.decided_at)?;
    seconds(claim.from.as_ref())
}

/// The owners that a lead has had, each once, with their classes.
fn owners(lead: &Lead) -> Vec<(Party, &'static str)> {
    let mut owners: Vec<(Party, &'static str)> = Vec::new();
    let mut next = OWNERS.iter().cycle();
    for held in &lead.timeline {
        if let Some(owner) = held.owner.as_ref().filter(|owner| !owners.iter().any(|(known, _)| known == *owner)) {
            let is_house = matches!(owner.party, Some(party::Party::House(_)));
            let class = if is_house { "house" } else { next.next().copied().unwrap_or("one") };
            owners.push((owner.clone(), class));
        }
    }
    owners
}

/// Up to about eight places on the axis with their names: months or years, and whether a narrow screen leaves them out.
fn ticks(visit: &Visit, span: &Span) -> Vec<(i64, String, bool)> {
    let date = |seconds| DateTime::<Utc>::from_timestamp(seconds, 0).map(|time| time.date_naive());
    let (Some(first), Some(last)) = (date(span.from), date(span.to)) else { return Vec::new() };
    let months = i64::from(last.year() - first.year()) * 12 + i64::from(last.month()) - i64::from(first.month());
    let step = [1, 3, 6, 12, 24, 60, 120].into_iter().find(|step| months / step <= 8).unwrap_or(240);
    let mut found = Vec::new();
    let mut month = i64::from(first.year()) * 12 + i64::from(first.month0()) + 1;
    month += (step - month % step) % step;
    loop {
        let start = i32::try_from(month / 12).ok().zip(u32::try_from(month % 12 + 1).ok());
        let Some(start) = start.and_then(|(year, month)| NaiveDate::from_ymd_opt(year, month, 1)) else { return found };
        let at = super::moment::first_instant(start).timestamp();
        if start > last {
            return found;
        }
        // Labels at the very edges would stand out.
        if (4.0..=96.0).contains(&span.place(at)) {
            let is_sparse = !found.len().is_multiple_of(3);
            found.push((at, visit.language.short_month(start), is_sparse));
        }
        month += step;
    }
}
