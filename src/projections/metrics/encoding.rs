//! The figures in a snapshot.

use super::{Extra, Metrics, Scoped, Scopes};
use crate::domain::pages::Pages;
use crate::encoding::{Damaged, LoadMany, LoadOne, Loader, Section, Sink, codec, save_many};

codec!(Scoped { history, extra });
codec!(Extra { kept, repeats, takes_part_in, deals });

impl Metrics {
    /// Writes it.
    ///
    /// # Errors
    /// If writing is to end.
    pub fn save<S: Sink>(&self, sink: &mut S) -> Result<(), S::Error> {
        let Self { all, partners, agreements, campaigns } = self;
        sink.one(Section::MetricsAll, all)?;
        save_many(sink, Section::MetricsPartners, partners.iter())?;
        save_many(sink, Section::MetricsAgreements, agreements.iter())?;
        save_many(sink, Section::MetricsCampaigns, campaigns.iter())
    }
}

/// A projection that is being loaded.
#[derive(Default)]
pub struct MetricsLoad {
    all: LoadOne<Scoped>,
    partners: LoadMany<Scoped>,
    agreements: LoadMany<Scoped>,
    campaigns: LoadMany<Scoped>,
}

impl MetricsLoad {
    /// The part of the projection that a section holds.
    pub fn part(&self, section: Section) -> Option<&dyn Loader> {
        Some(match section {
            Section::MetricsAll => &self.all,
            Section::MetricsPartners => &self.partners,
            Section::MetricsAgreements => &self.agreements,
            Section::MetricsCampaigns => &self.campaigns,
            _ => return None,
        })
    }

    /// The projection, once all parts are finished.
    ///
    /// # Errors
    /// If a part is missing.
    pub fn finish(&self) -> Result<Metrics, Damaged> {
        let scopes = |loaded: &LoadMany<Scoped>| -> Result<Scopes, Damaged> {
            let scopes = loaded.take()?;
            Pages::filled(scopes.len(), {
                let mut scopes = scopes.into_iter();
                move || scopes.next().ok_or(Damaged("a scope is missing"))
            })
        };
        let (partners, agreements, campaigns) = (scopes(&self.partners)?, scopes(&self.agreements)?, scopes(&self.campaigns)?);
        Ok(Metrics { all: self.all.take()?, partners, agreements, campaigns })
    }
}
