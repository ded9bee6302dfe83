//! Whom campaigns reached: of each number the latest measurement counts (rules 8.4, 11).

use super::ratio::{Fitting, ratio};
use crate::domain::campaigns::Campaign;
use crate::domain::{Seen, Stamp};
use crate::projections::metrics::Window;
use crate::proto;

/// A number that is measured, with where a measurement has it.
type Field = fn(&mut proto::ReachMeasured) -> &mut Option<i64>;

const FIELDS: [Field; 7] = [
    |measured| &mut measured.house_audience,
    |measured| &mut measured.partner_audience,
    |measured| &mut measured.overlap,
    |measured| &mut measured.impressions,
    |measured| &mut measured.visits,
    |measured| &mut measured.registrations,
    |measured| &mut measured.mentions,
];

/// Returns of each number the latest measurement, by when it was measured, then by position; `None` without measurements.
pub fn latest<'a>(measurements: impl Iterator<Item = (Stamp, &'a proto::ReachMeasured)>) -> Option<proto::ReachMeasured> {
    let mut found: Option<(proto::ReachMeasured, [Option<Stamp>; FIELDS.len()])> = None;
    for (stamp, measured) in measurements {
        let (latest, stamps) = found.get_or_insert_with(|| (proto::ReachMeasured::default(), [None; FIELDS.len()]));
        let mut measured = measured.clone();
        for (field, known) in FIELDS.iter().zip(stamps) {
            let value = *field(&mut measured);
            if value.is_some() && known.is_none_or(|known| known < stamp) {
                *field(latest) = value;
                *known = Some(stamp);
            }
        }
    }
    found.map(|(latest, _)| latest)
}

/// The reach of campaigns together.
#[derive(Default)]
pub struct Total {
    is_measured: bool,
    house_audience: i128,
    combined_audience: i128,
    impressions: i128,
    visits: i128,
    mentions: i128,
    registrations: Option<i128>,
}

impl Total {
    /// Adds what was measured of a campaign in a window, by anybody.
    pub fn add(&mut self, campaign: &Campaign, window: &Window) {
        let measured = campaign.reach.iter().filter(|(stamp, _)| window.counts(*stamp));
        let Some(latest) = latest(measured.map(|(stamp, measured)| (*stamp, &**measured))) else { return };
        let count = |value: Option<i64>| i128::from(value.unwrap_or(0));
        let house_audience = count(latest.house_audience);
        self.is_measured = true;
        self.house_audience += house_audience;
        self.combined_audience += house_audience + count(latest.partner_audience) - count(latest.overlap);
        self.impressions += count(latest.impressions);
        self.visits += count(latest.visits);
        self.mentions += count(latest.mentions);
        if let Some(registrations) = latest.registrations {
            self.registrations = Some(self.registrations.unwrap_or(0) + i128::from(registrations));
        }
    }

    /// How many registered, if that was measured.
    pub fn registrations(&self) -> Option<i128> {
        self.registrations
    }

    /// The figures, if anything was measured.
    pub fn figures(&self) -> Option<proto::Reach> {
        let mut fitting = Fitting::default();
        let reach = proto::Reach {
            combined_audience: fitting.fit(self.combined_audience),
            uplift: ratio(self.combined_audience, self.house_audience),
            impressions: fitting.fit(self.impressions),
            visits: fitting.fit(self.visits),
            mentions: fitting.fit(self.mentions),
            visit_rate: ratio(self.visits, self.combined_audience),
            is_out_of_range: false,
        };
        self.is_measured.then_some(proto::Reach { is_out_of_range: fitting.is_out_of_range, ..reach })
    }
}

/// What each participant measured last of a campaign, as seen, in the order of the participants.
pub fn by_measurer(campaign: &Campaign, campaign_id: &str, parties: &[proto::CampaignParty], seen: Seen) -> Vec<proto::ReachMeasured> {
    let of = |party: &proto::CampaignParty| {
        let own = campaign.reach.iter().filter(|(stamp, measured)| seen.sees(*stamp) && measured.measured_by.as_ref() == Some(party));
        let latest = latest(own.map(|(stamp, measured)| (*stamp, &**measured)))?;
        Some(proto::ReachMeasured { campaign_id: campaign_id.to_owned(), measured_by: Some(party.clone()), ..latest })
    };
    parties.iter().filter_map(of).collect()
}
