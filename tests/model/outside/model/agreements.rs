//! Agreements: versions of terms, notices, ends, states. Rules 4.

use partnership_ledger::proto::{self as pb, EndCause, Side, event::Body};

use super::calendar::Instant;
use super::record::{Known, Record};
use crate::outside::ledger::instant;

/// A version of an agreement's terms.
#[derive(Clone, Debug)]
pub struct Version<'a> {
    pub effective: Instant,
    pub position: u64,
    pub terms: &'a pb::Terms,
    /// The programme whose version it is. Rules 18.2.
    pub programme: Option<&'a str>,
}

/// A notice that was given.
#[derive(Clone, Copy, Debug)]
pub struct Notice {
    pub position: u64,
    pub given: Instant,
    pub by: Side,
    pub ends: Instant,
    pub withdrawn: bool,
}

/// An end that an agreement may come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    pub at: Instant,
    pub cause: EndCause,
    pub position: u64,
}

impl<'a> Known<'a> {
    pub fn registration(&self, partner: &str) -> Option<&'a Record> {
        self.find(|body| matches!(body, Body::PartnerRegistered(b) if b.partner_id == partner))
    }

    pub fn proposal(&self, agreement: &str) -> Option<(&'a Record, &'a pb::AgreementProposed)> {
        self.records.iter().find_map(|record| match record.body() {
            Body::AgreementProposed(body) if body.agreement_id == agreement => Some((*record, body)),
            _ => None,
        })
    }

    pub fn signature(&self, agreement: &str) -> Option<(&'a Record, &'a pb::AgreementSigned)> {
        self.records.iter().find_map(|record| match record.body() {
            Body::AgreementSigned(body) if body.agreement_id == agreement => Some((*record, body)),
            _ => None,
        })
    }

    pub fn is_agreement(&self, agreement: &str) -> bool {
        self.proposal(agreement).is_some() || self.signature(agreement).is_some()
    }

    pub fn partner_of(&self, agreement: &str) -> Option<&'a str> {
        let signed = self.signature(agreement).map(|(_, body)| &body.partner_id);
        let proposed = || self.proposal(agreement).map(|(_, body)| &body.partner_id);
        signed.or_else(proposed).map(String::as_str)
    }

    /// All signed agreements, in the order of their signatures.
    pub fn signed_agreements(&self) -> Vec<&'a str> {
        let id = |record: &&'a Record| match record.body() {
            Body::AgreementSigned(body) => Some(body.agreement_id.as_str()),
            _ => None,
        };
        self.records.iter().filter_map(id).collect()
    }

    pub fn effective_at(&self, agreement: &str) -> Option<Instant> {
        let (record, body) = self.signature(agreement)?;
        Some(body.effective_at.as_ref().map_or(record.occurred, instant))
    }

    /// By `effective_at`, then position; none as long as it is only proposed. Rules 4.3, 18.2.
    pub fn versions(&self, agreement: &str) -> Vec<Version<'a>> {
        let Some((_, signed)) = self.signature(agreement) else {
            return Vec::new();
        };
        let version = |record: &&'a Record| {
            let (effective, terms) = match record.body() {
                Body::AgreementSigned(b) if b.agreement_id == agreement => (&b.effective_at, &b.terms),
                Body::AgreementAmended(b) if b.agreement_id == agreement => (&b.effective_at, &b.terms),
                _ => return None,
            };
            Some(Version {
                effective: effective.as_ref().map_or(record.occurred, instant),
                position: record.position,
                terms: terms.as_deref()?,
                programme: None,
            })
        };
        let mut versions: Vec<_> = self.records.iter().filter_map(version).collect();
        if let (Some(programme), Some(start)) = (&signed.programme_id, self.effective_at(agreement)) {
            versions.extend(self.versions_of_programme(programme, start, &versions));
        }
        versions.sort_by_key(|version| (version.effective, version.position));
        versions
    }

    /// The terms in force at `at`; none before the agreement's `effective_at`. Rules 4.3.
    pub fn terms_at(&self, agreement: &str, at: Instant) -> Option<Version<'a>> {
        if at < self.effective_at(agreement)? {
            return None;
        }
        let versions = self.versions(agreement);
        versions.into_iter().rfind(|version| version.effective <= at)
    }

    /// The terms at the agreement's end. Rules 4.3.
    pub fn terms_at_end(&self, agreement: &str) -> Option<Version<'a>> {
        let end = self.end(agreement)?.at;
        if end <= self.effective_at(agreement)? {
            return None;
        }
        let versions = self.versions(agreement);
        versions.into_iter().rfind(|version| version.effective < end)
    }

    /// The terms in force or, after the end, those at the end.
    pub fn terms_then(&self, agreement: &str, at: Instant) -> Option<Version<'a>> {
        if self.has_ended(agreement, at) { self.terms_at_end(agreement) } else { self.terms_at(agreement, at) }
    }

    pub fn notices(&self, agreement: &str) -> Vec<Notice> {
        let mut notices = Vec::new();
        for record in &self.records {
            match record.body() {
                Body::TerminationNoticeGiven(body) if body.agreement_id == agreement => {
                    notices.push(Notice {
                        position: record.position,
                        given: record.occurred,
                        by: body.given_by(),
                        ends: record.effects.end.expect("a notice has an end").0,
                        withdrawn: false,
                    });
                }
                Body::TerminationNoticeWithdrawn(body) if body.agreement_id == agreement => {
                    for notice in &mut notices {
                        notice.withdrawn |= notice.by == body.given_by() && runs_at(notice, record.occurred);
                    }
                }
                _ => {}
            }
        }
        notices
    }

    /// All ends that stand: the expiry as last renewed, notices not withdrawn, terminations. Rules 4.2.
    pub fn ends(&self, agreement: &str) -> Vec<End> {
        let mut expiry: Option<End> = None;
        let mut ends = Vec::new();
        for record in &self.records {
            let Some((at, cause)) = record.effects.end else {
                continue;
            };
            let position = record.position;
            let end = End { at, cause, position };
            match record.body() {
                Body::AgreementSigned(body) if body.agreement_id == agreement => {
                    expiry = Some(end);
                }
                Body::AgreementRenewed(body) if body.agreement_id == agreement => {
                    expiry = expiry.max_by_at(end);
                }
                Body::AgreementTerminated(body) if body.agreement_id == agreement => {
                    ends.push(end);
                }
                _ => {}
            }
        }
        ends.extend(expiry);
        let standing = self.notices(agreement).into_iter().filter(|notice| !notice.withdrawn);
        ends.extend(standing.map(|notice| End { at: notice.ends, cause: EndCause::Notice, position: notice.position }));
        ends
    }

    /// The end as known. Rules 4.2.
    pub fn end(&self, agreement: &str) -> Option<End> {
        let rank = |end: &End| (end.at, end.cause == EndCause::Expiry, end.position);
        self.ends(agreement).into_iter().min_by_key(rank)
    }

    pub fn has_ended(&self, agreement: &str, at: Instant) -> bool {
        self.end(agreement).is_some_and(|end| end.at <= at)
    }

    pub fn is_active(&self, agreement: &str, at: Instant) -> bool {
        self.effective_at(agreement).is_some_and(|start| start <= at) && !self.has_ended(agreement, at)
    }

    pub fn agreement_state(&self, agreement: &str, at: Instant) -> pb::AgreementState {
        use pb::AgreementState as State;
        if self.effective_at(agreement).is_none_or(|start| at < start) {
            return State::Proposed;
        }
        if let Some(end) = self.end(agreement).filter(|end| end.at <= at) {
            return if end.cause == EndCause::Expiry { State::Expired } else { State::Terminated };
        }
        let runs = |notice: &Notice| !notice.withdrawn && runs_at(notice, at);
        if self.notices(agreement).iter().any(runs) { State::UnderNotice } else { State::Active }
    }

    fn find(&self, wanted: impl Fn(&Body) -> bool) -> Option<&'a Record> {
        self.records.iter().find(|record| wanted(record.body())).copied()
    }
}

/// Whether a notice runs at a time, if it is not withdrawn.
pub fn runs_at(notice: &Notice, at: Instant) -> bool {
    notice.given <= at && at < notice.ends
}

trait MaxByAt {
    fn max_by_at(self, other: End) -> Self;
}

impl MaxByAt for Option<End> {
    fn max_by_at(self, other: End) -> Self {
        Some(self.filter(|end| end.at > other.at).unwrap_or(other))
    }
}
