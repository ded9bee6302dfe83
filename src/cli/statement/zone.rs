//! The time zone whose month a statement is of: the one that is named, else the one that the partner's agreements share.

use super::period::{Month, Period};
use crate::cli::client::Session;
use crate::cli::failure::Failure;
use crate::cli::listing::{PAGE_SIZE, each_page};
use crate::cli::text;
use partnership_ledger::domain::calendar::Tz;
use partnership_ledger::proto::{Agreement, ListAgreementsRequest, ReadOptions};
use std::collections::BTreeSet;
use tonic::Code;

/// A time zone, and why it is this one (rules 20.3).
pub struct Zone {
    /// The zone.
    pub zone: Tz,
    /// Why.
    pub why: Why,
}

/// Why a statement is of a month of a time zone.
pub enum Why {
    /// It was named.
    Named,
    /// The terms of all signed agreements share it.
    Shared,
    /// UTC, as the terms of the agreements name these.
    Differ(Vec<String>),
    /// UTC, as no terms are in force.
    NoTerms,
}

impl Why {
    /// What programs call it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Named => "NAMED",
            Self::Shared => "SHARED",
            Self::Differ(_) => "DIFFER",
            Self::NoTerms => "NO_TERMS",
        }
    }
}

/// The zone that the terms in force at a month's end, or at the end, of all the partner's signed agreements share; UTC if they
/// differ or there are none. With the position that it was read at. A partner that is not known then has none.
pub async fn shared(
    partner_id: &str,
    month: Month,
    as_of_position: Option<u64>,
    session: &Session,
) -> Result<(Zone, Option<u64>), Failure> {
    let at_end = Period::of(month, Tz::UTC).at_end(as_of_position);
    let mut client = session.partnership().await?;
    let mut zones: BTreeSet<String> = BTreeSet::new();
    let mut position = None;
    each_page(async |page_token| {
        let request = ListAgreementsRequest {
            partner_id: Some(partner_id.to_owned()),
            page_size: PAGE_SIZE,
            page_token,
            options: Some(at_end),
            ..ListAgreementsRequest::default()
        };
        let page = match client.list_agreements(request).await {
            Err(status) if status.code() == Code::NotFound => return Ok(String::new()),
            answer => answer?.into_inner(),
        };
        zones.extend(page.agreements.iter().filter(|agreement| is_in_effect(agreement, &at_end)).map(zone_of));
        position = Some(page.position);
        Ok(page.next_page_token)
    })
    .await?;
    let mut zones: Vec<String> = zones.into_iter().collect();
    let zone = match zones.len() {
        0 => Zone { zone: Tz::UTC, why: Why::NoTerms },
        1 => match zones.swap_remove(0).parse() {
            Ok(zone) => Zone { zone, why: Why::Shared },
            Err(_) => return Err(Failure::check("the terms name a time zone that this release does not know")),
        },
        _ => Zone { zone: Tz::UTC, why: Why::Differ(zones) },
    };
    Ok((zone, position.or(as_of_position)))
}

/// Whether an agreement is signed and has taken effect by the time asked: then its terms are in force, or were at its end.
fn is_in_effect(agreement: &Agreement, asked: &ReadOptions) -> bool {
    let instant = |time: Option<&prost_types::Timestamp>| time.and_then(text::utc);
    instant(agreement.effective_at.as_ref()).zip(instant(asked.as_of.as_ref())).is_some_and(|(from, asked)| from <= asked)
}

fn zone_of(agreement: &Agreement) -> String {
    let zone = agreement.terms.as_ref().map(|terms| terms.time_zone.clone()).unwrap_or_default();
    if zone.is_empty() { Tz::UTC.name().to_owned() } else { zone }
}
