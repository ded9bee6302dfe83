//! The frame of all pages: head, navigation, search, moment, footer.

use super::moment::{AS_OF, POSITION};
use super::page::{Page, Part, Place, Section};
use super::visit::{CSV, LANGUAGE, PAGE, Visit};
use crate::language::{Language, say};
use crate::proto::Role;
use chrono::{Datelike as _, NaiveDate};
use maud::{DOCTYPE, Markup, html};

/// The entries of the navigation for who sees the programme: where they lead, and their names.
const ENTRIES: [(Place, &str); 12] = [
    (Place::Overview, "/"),
    (Place::Partners, "/partners"),
    (Place::Agreements, "/agreements"),
    (Place::Leads, "/leads"),
    (Place::Sales, "/sales"),
    (Place::Campaigns, "/campaigns"),
    (Place::Payables, "/payables"),
    (Place::Payouts, "/payouts"),
    (Place::Disputes, "/disputes"),
    (Place::Metrics, "/metrics"),
    (Place::Alerts, "/alerts"),
    (Place::Records, "/records"),
];

/// The name of an entry.
fn name(language: Language, place: Place) -> String {
    match place {
        Place::Overview => say!(language, "console-overview"),
        Place::Partners => say!(language, "console-partners"),
        Place::Agreements => say!(language, "console-agreements"),
        Place::Leads => say!(language, "console-leads"),
        Place::Sales => say!(language, "console-sales"),
        Place::Payables => say!(language, "console-payables"),
        Place::Payouts => say!(language, "console-payouts"),
        Place::Disputes => say!(language, "console-disputes"),
        Place::Campaigns => say!(language, "console-campaigns"),
        Place::Metrics => say!(language, "console-metrics"),
        Place::Alerts => say!(language, "console-alerts"),
        Place::Records => say!(language, "console-records"),
        Place::Nowhere => String::new(),
    }
}

/// A page as HTML.
pub fn page(visit: &Visit, page: &Page) -> Markup {
    let language = visit.language;
    let body = html! {
        a.skip href="#main" { (say!(language, "console-skip")) }
        header.top {
            (brand(language, &visit.to("/")))
            (search(visit))
            (who(visit))
        }
        div.frame {
            nav aria-label=(say!(language, "console-navigation")) { (navigation(visit, page.place)) }
            main id="main" tabindex="-1" {
                (banner(visit))
                div.title {
                    @if !page.kind.is_empty() { p.kind { (page.kind) } }
                    h1 { (page.title) }
                    @for lead in &page.lead { (lead) }
                    @if !page.actions.is_empty() && visit.moment.is_now() {
                        ul.actions { @for (href, words) in &page.actions { li { a.button href=(href) { (words) } } } }
                    }
                }
                div.sections { @for section in &page.sections { (shown(visit, section)) } }
            }
        }
        (footer(visit, page.position))
    };
    document(language, &page.title, &body)
}

/// A document with the styles of the console.
pub fn document(language: Language, title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " – " (say!(language, "console-name")) }
                link rel="stylesheet" href=(super::assets::STYLE_PATH);
                link rel="icon" type="image/svg+xml" href=(super::assets::ICON_PATH);
                script src=(super::assets::SCRIPT_PATH) defer {}
            }
            body { (body) }
        }
    }
}

/// The name of the product, which leads to the overview.
pub fn brand(language: Language, href: &str) -> Markup {
    html! { a.brand href=(href) { (mark()) span { (say!(language, "console-name")) } } }
}

/// The mark of the product: a ledger's page with a line through three owners.
fn mark() -> Markup {
    html! {
        svg.mark viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false" {
            rect x="2.5" y="2.5" width="19" height="19" rx="5" {}
            path d="M7 16.5 L11 9 L14 13.5 L17 7.5" {}
        }
    }
}

fn shown(visit: &Visit, section: &Section) -> Markup {
    html! {
        section.half[section.is_half] {
            @if !section.heading.is_empty() { h2 { (section.heading) } }
            @for part in &section.parts {
                @match part {
                    Part::Table(table) => (table.show(visit)),
                    Part::Picture(picture, table) => {
                        figure { (picture) }
                        details.behind { summary { (say!(visit.language, "console-figures")) } (table.show(visit)) }
                    }
                    Part::Markup(markup) => (markup),
                }
            }
        }
    }
}

fn search(visit: &Visit) -> Markup {
    let language = visit.language;
    html! {
        form.search role="search" action="/search" {
            label.hidden for="search" { (say!(language, "console-search")) }
            input id="search" name="q" type="search" placeholder=(say!(language, "console-search-hint")) value=(visit.query.get("q")) autocomplete="off";
            (kept(visit))
            button type="submit" { (say!(language, "console-search-go")) }
        }
    }
}

/// The fields of a form that keep language and moment.
pub fn kept(visit: &Visit) -> Markup {
    html! { @for (name, value) in visit.kept().filter(|(_, value)| !value.is_empty()) { input type="hidden" name=(name) value=(value); } }
}

fn who(visit: &Visit) -> Markup {
    let language = visit.language;
    let other = match language {
        Language::English => Language::Thai,
        Language::Thai => Language::English,
    };
    let roles: Vec<String> = visit.person.roles().map(|role| language.word::<Role>(role.into())).collect();
    html! {
        div.who {
            @if visit.person.is_anonymous() {
                span.person title=(say!(language, "console-open-hint")) { (say!(language, "console-open")) }
            } @else {
                span.person { (visit.person.name()) " " small { (roles.join(", ")) } }
                form method="post" action="/logout" {
                    input type="hidden" name="token" value=(visit.token);
                    button.quiet type="submit" { (say!(language, "console-log-out")) }
                }
            }
            a.language href=(visit.here_with(&[(LANGUAGE, other.tag()), (CSV, "")])) hreflang=(other.tag()) lang=(other.tag()) { (other.name()) }
        }
    }
}

fn navigation(visit: &Visit, place: Place) -> Markup {
    let is_partner = visit.person.partner().is_some();
    let entries = ENTRIES.iter().filter(|(place, _)| !is_partner || !matches!(place, Place::Partners | Place::Payables));
    html! {
        ul {
            @for (entry, href) in entries {
                li { a href=(visit.to(href)) aria-current=[(*entry == place).then_some("page")] { (name(visit.language, *entry)) } }
            }
        }
        (moment(visit))
    }
}

/// The two fields that say as of when and as known at which position.
fn moment(visit: &Visit) -> Markup {
    let language = visit.language;
    let moment = &visit.moment;
    // A field of dates shows nothing for an instant.
    let kind = if moment.as_of.is_empty() || moment.as_of.len() == 10 { "date" } else { "text" };
    let others = visit.query.iter().filter(|(name, _)| ![AS_OF, POSITION, PAGE, CSV].contains(name));
    html! {
        details.moment open[!moment.is_now()] {
            summary { (if moment.is_now() { say!(language, "console-moment-now") } else { moment.told(language) }) }
            form action=(visit.path) {
                label for="as-of" { (say!(language, "console-as-of")) }
                input id="as-of" name=(AS_OF) type=(kind) value=(moment.as_of);
                label for="position" { (say!(language, "console-position")) }
                input id="position" name=(POSITION) type="text" inputmode="numeric" pattern="[0-9]*" value=(moment.position) placeholder=(say!(language, "console-position-latest"));
                @for (name, value) in others { input type="hidden" name=(name) value=(value); }
                button type="submit" { (say!(language, "console-moment-go")) }
            }
            ul {
                @for (words, day) in ends(language, visit.moment.time().date_naive()) {
                    li { a href=(visit.here_with(&[(AS_OF, &day.to_string()), (PAGE, ""), (CSV, "")])) { (words) } }
                }
            }
        }
    }
}

/// The days on which the month, the quarter and the year before a day ended.
fn ends(language: Language, day: NaiveDate) -> Vec<(String, NaiveDate)> {
    let before = |month: u32| NaiveDate::from_ymd_opt(day.year(), month, 1).and_then(|first| first.pred_opt());
    let ends = [
        (say!(language, "console-last-month"), before(day.month())),
        (say!(language, "console-last-quarter"), before(day.month0() / 3 * 3 + 1)),
        (say!(language, "console-last-year"), before(1)),
    ];
    ends.into_iter().filter_map(|(words, day)| Some((words, day?))).collect()
}

/// Says that what is shown is not the present.
fn banner(visit: &Visit) -> Markup {
    let language = visit.language;
    html! {
        @if !visit.moment.is_now() {
            p.banner role="status" {
                span { (say!(language, "console-not-now", moment = visit.moment.told(language))) }
                " "
                a href=(visit.here_with(&[(AS_OF, ""), (POSITION, ""), (PAGE, ""), (CSV, "")])) { (say!(language, "console-back-to-now")) }
            }
        }
    }
}

fn footer(visit: &Visit, position: u64) -> Markup {
    let language = visit.language;
    html! {
        footer {
            @if position > 0 {
                @let read_at = position.to_string();
                @let as_of = if visit.moment.as_of.is_empty() { visit.moment.time().to_rfc3339_opts(chrono::SecondsFormat::Secs, true) } else { visit.moment.as_of.clone() };
                p { (say!(language, "read-at", position = read_at.clone())) " · "
                    a href=(visit.here_with(&[(AS_OF, &as_of), (POSITION, &read_at), (PAGE, ""), (CSV, "")])) { (say!(language, "console-cite")) } }
            }
            @if visit.person.is_anonymous() { p { (say!(language, "console-open-hint")) } }
            p { "partnership-ledger " (env!("CARGO_PKG_VERSION")) }
        }
    }
}
