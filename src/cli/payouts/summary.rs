//! `payouts --summary`: what settled and what came back over a time, per partner and currency.

use super::Args;
use crate::cli::client::Session;
use crate::cli::failure::Failure;
use crate::cli::language::{Language, columns, say};
use crate::cli::listing::{Listing, PAGE_SIZE};
use crate::cli::moment::{timestamp, year_of};
use crate::cli::output::Output;
use crate::cli::table::{Column, Table};
use crate::cli::text::line;
use chrono::{NaiveDate, TimeDelta};
use partnership_ledger::domain::calendar::{Period, Tz, period_around};
use partnership_ledger::proto::{GetPayoutSummaryRequest, PayoutSummaryRow};
use prost_types::Timestamp;

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let (from, to) = match args.year {
        Some(year) => {
            let (from, to) = of_year(year, args.time_zone, &mut session.out)?;
            (Some(from), Some(to))
        }
        None => {
            let from = args.from.as_ref().map(|given| given.from(&mut session.out)).transpose()?;
            (from, args.to.as_ref().map(|given| given.to(&mut session.out)).transpose()?)
        }
    };
    let request = GetPayoutSummaryRequest {
        partner_id: args.partner,
        from,
        to,
        by_method: args.by_method,
        page_size: PAGE_SIZE,
        page_token: String::new(),
        options: Some(args.moment.options(session).await?),
    };
    let mut client = session.partnership().await?;
    let language = session.out.language;
    let by_method = args.by_method;
    let ask = async |page_token| client.get_payout_summary(GetPayoutSummaryRequest { page_token, ..request.clone() }).await;
    let none = say!(language, "payouts-summary-none");
    let header: [Column; 9] = columns![
        language;
        "column-partner", > "payouts-summary-count", > "payouts-summary-gross", > "payouts-tax-withheld", > "payouts-tax-added",
        > "payouts-returned", > "payouts-summary-tax-withheld-returned", > "payouts-summary-tax-added-returned", "column-currency"
    ];
    if by_method {
        let [method] = columns![language; "payouts-method"];
        let [partner, count, gross, withheld, added, returned, withheld_returned, added_returned, currency] = header;
        let header = [partner, method, count, gross, withheld, added, returned, withheld_returned, added_returned, currency];
        let listing = Listing::of(&mut session.out, "rows", header);
        return listing.all(&none, ask, |table, summed| row(language, table, summed, true)).await;
    }
    let listing = Listing::of(&mut session.out, "rows", header);
    listing.all(&none, ask, |table, summed| row(language, table, summed, false)).await
}

/// The first instant of a year of a zone, and that of the next; `out` will say how it was read.
fn of_year(written: i32, zone: Tz, out: &mut Output) -> Result<(Timestamp, Timestamp), Failure> {
    let year = year_of(written, out.language, |year| year.to_string())?;
    // Zones lie within 16 hours of UTC: the second of July is within the year everywhere.
    let within =
        NaiveDate::from_ymd_opt(year, 7, 2).and_then(|day| day.and_hms_opt(0, 0, 0)).map(|noon| noon.and_utc() + TimeDelta::hours(12));
    let (start, end) =
        within.and_then(|within| period_around(within, Period::Year, zone)).expect("years are plausible, and every year is limited");
    out.says_date(say!(out.language, "payouts-year", year = written.to_string(), zone = zone.name()));
    Ok((timestamp(start), timestamp(end)))
}

fn row(language: Language, table: &mut Table, summed: &PayoutSummaryRow, by_method: bool) {
    let amount = |minor_units| language.bare_amount(&summed.currency_code, minor_units);
    let method = by_method.then(|| line(&summed.method));
    let figures = [
        summed.count.to_string(),
        amount(summed.gross),
        amount(summed.tax_withheld),
        amount(summed.tax_added),
        amount(summed.returned),
        amount(summed.tax_withheld_returned),
        amount(summed.tax_added_returned),
        line(&summed.currency_code),
    ];
    table.row(std::iter::once(line(&summed.partner_id)).chain(method).chain(figures));
}
