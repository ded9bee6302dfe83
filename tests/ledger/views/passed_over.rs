//! What lists pass over is not wanted: lists by state, partner, agreement or kind are what a plain walk over all of them leaves,
//! at any time and position, after a rollback, and in a state that comes from a snapshot.

use crate::common::facts::{day, paid, planned, qualified, reassigned, referred, registered, sold, terminated, terms, usd};
use crate::common::story::Story;
use crate::views::answers::ask;
use crate::views::relationship::{manager, review};
use partnership_ledger::domain::calendar::{Time, Tz, add_days, days_before};
use partnership_ledger::domain::commissions::DisputeSubject;
use partnership_ledger::domain::ids::Id;
use partnership_ledger::domain::leads::Owner;
use partnership_ledger::domain::parse::timestamp;
use partnership_ledger::domain::{Seen, State, StateLoad};
use partnership_ledger::journal::{Frontier, TreeHead};
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::{self, Alert, AlertKind, LeadState, ReviewKind, Side, party};
use partnership_ledger::queries::agreements::ListAgreements;
use partnership_ledger::queries::alerts::ListAlerts;
use partnership_ledger::queries::campaigns::ListCampaigns;
use partnership_ledger::queries::disputes::ListDisputes;
use partnership_ledger::queries::leads::ListLeads;
use partnership_ledger::queries::payouts::ListPayouts;
use partnership_ledger::snapshot::{SnapshotFile, Snapshots};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// More than two blocks of each.
const AGREEMENTS: u16 = 150;
const LEADS: u16 = 200;
const PARTNERS: u16 = 3;
/// More than one block.
const DISPUTES: u16 = 70;

/// Something that may happen: what, to which, to which else, when in days.
type Turn = (u8, u16, u16, i64);

fn turns(most: usize) -> impl Strategy<Value = Vec<Turn>> {
    prop::collection::vec((0_u8..25, 0..LEADS, 0..AGREEMENTS, 0_i64..300), most / 2..most)
}

/// Terms whose leads are protected for some days, whose exclusivity lasts some months, and with a cadence.
fn terms_of(number: u16) -> proto::Terms {
    use proto::lead_protection::Period;
    let anchor = i32::from(number % 7 == 3) * proto::ProtectionAnchor::Approval as i32;
    let exclusivity = proto::Exclusivity {
        bound: proto::Bound::Partner as i32,
        categories: vec!["cars".into()],
        months: (!number.is_multiple_of(5)).then_some(u32::from(number % 5)),
        ..proto::Exclusivity::default()
    };
    let cadence = proto::Cadence { check_in_days: u32::from(number % 40) + 20, review_days: u32::from(number % 90) + 30 };
    proto::Terms {
        lead_protection: Some(proto::LeadProtection { period: Some(Period::Days(u32::from(number % 10) + 5)), anchor }),
        exclusivity: number.is_multiple_of(3).then_some(exclusivity),
        cadence: number.is_multiple_of(2).then_some(cadence),
        minimum_payout: number.is_multiple_of(4).then(|| usd(i64::from(number) * 20 + 1)),
        leads_at_end: i32::from(number % 3),
        ..terms()
    }
}

fn signed(number: u16) -> Body {
    let expires_at =
        (number % 3 == 1).then(|| timestamp(day("2025-06-10") + chrono::Duration::days(i64::from(number / 64 * 80 + number % 10))));
    Body::AgreementSigned(proto::AgreementSigned {
        agreement_id: format!("a{number}"),
        partner_id: format!("p{}", number % PARTNERS),
        r#type: proto::AgreementType::Channel as i32,
        terms: Some(Box::new(terms_of(number))),
        expires_at,
        ..proto::AgreementSigned::default()
    })
}

/// Partners, agreements and leads of the first months, of which most of the first ones are lost or qualified, and disputes about
/// one of them that were all resolved; then the turns that the rules allow.
fn play(turns: &[Turn]) -> Story {
    let mut story = (0..PARTNERS).fold(Story::default(), |story, number| story.on("2025-01-01", registered(&format!("p{number}"))));
    for number in 0..AGREEMENTS {
        let at = day("2025-01-01") + chrono::Duration::days(i64::from(number));
        story.tell(at, signed(number)).expect("nothing is against it");
    }
    for number in 0..LEADS {
        let at = day("2025-01-02") + chrono::Duration::days(i64::from(number));
        story.tell(at, referred(&format!("l{number}"), &format!("a{}", number * 3 / 4))).expect("it is in effect");
    }
    for number in (0..LEADS).filter(|number| (2..130).contains(number)) {
        let at = day("2025-01-04") + chrono::Duration::days(i64::from(number));
        let _ = story.tell(at, if number % 3 == 0 { lost(&format!("l{number}")) } else { qualified(&format!("l{number}")) });
    }
    for number in 0..DISPUTES {
        let (dispute, opened) = (format!("old{number}"), day("2025-08-01") + chrono::Duration::hours(i64::from(number)));
        story.tell(opened, disputed(&dispute, proto::dispute_opened::Subject::LeadId("l199".into()))).expect("it is known");
        story.tell(opened + chrono::Duration::days(i64::from(number) + 1), resolved(&dispute)).expect("it is open");
    }
    go_on(&mut story, turns);
    story
}

fn disputed(dispute: &str, subject: proto::dispute_opened::Subject) -> Body {
    let (dispute_id, opened_by) = (dispute.to_owned(), Side::House as i32);
    Body::DisputeOpened(proto::DisputeOpened { dispute_id, opened_by, claim: String::new(), subject: Some(subject) })
}

fn resolved(dispute: &str) -> Body {
    Body::DisputeResolved(proto::DisputeResolved { dispute_id: dispute.to_owned(), outcome: 1, resolution: String::new() })
}

/// What the rules refuse does not happen.
fn go_on(story: &mut Story, turns: &[Turn]) {
    for turn in turns {
        let (at, number) = (day("2025-01-02") + chrono::Duration::days(turn.3), story.state.position);
        let _ = story.tell(at, body(number, *turn));
    }
}

fn lost(lead: &str) -> Body {
    Body::LeadLost(proto::LeadLost { lead_id: lead.into(), ..proto::LeadLost::default() })
}

/// Leads of the first blocks are claimed once; a few of the others have the sales and the disputes.
fn body(number: u64, (kind, one, other, days): Turn) -> Body {
    use proto::dispute_opened::Subject;
    let (new, lead, agreement, partner) = (format!("n{number}"), format!("l{one}"), format!("a{other}"), format!("p{}", other % PARTNERS));
    let (busy, late) = (format!("l{}", LEADS - 1 - one % 8), format!("l{}", LEADS - 1 - one % 60));
    let (lead_id, agreement_id) = (lead.clone(), agreement.clone());
    let later = Some(timestamp(day("2025-02-01") + chrono::Duration::days(days + i64::from(one))));
    let (sale, payout, dispute) = (format!("s{}", one % 20), format!("o{}", one % 10), format!("d{}", other % 100));
    match kind {
        0 => referred(&late, &agreement),
        1 => lost(&lead),
        2 => qualified(&lead),
        3 => reassigned(&busy, Some(&agreement)),
        4 => reassigned(&late, None),
        5 => Body::LeadApproved(proto::LeadApproved { lead_id }),
        6 => Body::LeadProtectionExtended(proto::LeadProtectionExtended { lead_id, days: u32::from(other % 90) + 1 }),
        7 | 23 => sold(&sale, &busy, 10_000),
        8 => paid(&payout, &partner, 700),
        9 => disputed(&dispute, Subject::LeadId(busy)),
        10 => disputed(&dispute, Subject::SaleId(sale)),
        11 => disputed(&dispute, Subject::PayoutId(payout)),
        12 | 13 => resolved(&dispute),
        14 => planned(&new, &[&agreement, &format!("a{}", (other + 1 + one % 100) % AGREEMENTS)]),
        15 => manager(&agreement, Side::House, "ann"),
        16 => manager(&agreement, Side::Partner, "ben"),
        17 => review(&new, &agreement, ReviewKind::CheckIn),
        18 => review(&new, &agreement, ReviewKind::QuarterlyReview),
        19 => terminated(&agreement),
        20 => Body::AgreementRenewed(proto::AgreementRenewed { agreement_id, expires_at: later }),
        21 => Body::TerminationNoticeGiven(proto::TerminationNoticeGiven {
            agreement_id,
            given_by: Side::House as i32,
            ends_at: later,
            ..proto::TerminationNoticeGiven::default()
        }),
        22 => Body::TerminationNoticeWithdrawn(proto::TerminationNoticeWithdrawn { agreement_id, given_by: Side::House as i32 }),
        _ => {
            let terms = Some(Box::new(terms_of(one)));
            Body::AgreementAmended(proto::AgreementAmended { agreement_id, terms, effective_at: later })
        }
    }
}

/// Reads all pages of a list: `$list` by `$request`, of which the field `$items` are the items.
macro_rules! all {
    ($story:expr, $seen:expr, $list:ident, $request:expr, $items:ident) => {{
        let (mut request, mut all) = ($request, Vec::new());
        request.page_size = 7;
        loop {
            let page = ask::<$list>($story, $seen, &request).expect("a page");
            all.extend(page.$items);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break all;
            }
        }
    }};
}

fn leads_are_right(story: &Story, seen: Seen) -> Vec<proto::Lead> {
    let listed = |request: proto::ListLeadsRequest| all!(story, seen, ListLeads, request, leads);
    let all = listed(proto::ListLeadsRequest::default());
    let owner = |party| proto::Party { party: Some(party) };
    let owners = [owner(party::Party::House(true)), owner(party::Party::PartnerId("p1".into()))];
    for state in [LeadState::Open, LeadState::Qualified, LeadState::Lost] {
        let of_state: Vec<_> = all.iter().filter(|lead| lead.state() == state).collect();
        let request = proto::ListLeadsRequest { state: state as i32, ..proto::ListLeadsRequest::default() };
        assert!(listed(request.clone()).iter().eq(of_state.iter().copied()), "{state:?} {seen:?}");
        for owner in &owners {
            let expected = of_state.iter().filter(|lead| lead.owner.as_ref() == Some(owner)).copied();
            let request = proto::ListLeadsRequest { owner: Some(owner.clone()), ..request.clone() };
            assert!(listed(request).iter().eq(expected), "{state:?} {owner:?} {seen:?}");
        }
    }
    all
}

fn time(time: Option<&prost_types::Timestamp>) -> Option<Time> {
    let time = time?;
    Time::from_timestamp(time.seconds, u32::try_from(time.nanos).ok()?)
}

fn alerts(story: &Story, seen: Seen, request: proto::ListAlertsRequest) -> Vec<Alert> {
    all!(story, seen, ListAlerts, request, alerts)
}

/// The alerts of each kind come in order, and are those that are found without passing over anything.
fn alerts_are_right(story: &Story, seen: Seen, leads: &[proto::Lead], disputes: &[proto::Dispute], agreements: &[proto::Agreement]) {
    let of_kinds = |kinds: &[AlertKind]| proto::ListAlertsRequest {
        kinds: kinds.iter().map(|kind| *kind as i32).collect(),
        ..proto::ListAlertsRequest::default()
    };
    for kind in [
        AlertKind::MissingManager,
        AlertKind::CheckInOverdue,
        AlertKind::ReviewOverdue,
        AlertKind::ExpiryNear,
        AlertKind::NoticeEnding,
        AlertKind::ExclusivityEnding,
    ] {
        let found = alerts(story, seen, of_kinds(&[kind]));
        assert!(found.is_sorted_by_key(|alert| time(alert.since.as_ref())), "{kind:?} {seen:?}");
        // About one agreement nothing is passed over.
        let of_one = |agreement: &proto::Agreement| {
            alerts(story, seen, proto::ListAlertsRequest { agreement_id: Some(agreement.agreement_id.clone()), ..of_kinds(&[kind]) })
        };
        let mut expected: Vec<Alert> = agreements.iter().flat_map(of_one).collect();
        let by_id = |alert: &Alert| alert.agreement_id.clone();
        expected.sort_by_key(by_id);
        let mut found = found;
        found.sort_by_key(by_id);
        assert_eq!(found, expected, "{kind:?} {seen:?}");
    }
    let found = alerts(story, seen, of_kinds(&[AlertKind::ProtectionLapsing]));
    assert!(found.is_sorted_by_key(|alert| time(alert.since.as_ref())), "{seen:?}");
    let lapses = |lead: &&proto::Lead| {
        let until = time(lead.protected_until.as_ref()).filter(|_| lead.state() == LeadState::Open);
        until.is_some_and(|until| seen.time < until && days_before(until, 7, Tz::UTC) <= seen.time)
    };
    let ids = |alerts: &[Alert]| alerts.iter().filter_map(|alert| alert.lead_id.clone()).collect::<BTreeSet<_>>();
    assert_eq!(ids(&found), leads.iter().filter(lapses).map(|lead| lead.lead_id.clone()).collect(), "{seen:?}");
    for partner in ["p0", "p2"] {
        let request = proto::ListAlertsRequest { partner_id: Some(partner.into()), ..of_kinds(&[AlertKind::ProtectionLapsing]) };
        let agreement = |id: &String| agreements.iter().find(|agreement| agreement.agreement_id == *id);
        let of_agreement = |id: &String| agreement(id).is_some_and(|agreement| agreement.partner_id == partner);
        let expected = found.iter().filter(|alert| alert.agreement_id.as_ref().is_some_and(of_agreement));
        assert!(alerts(story, seen, request).iter().eq(expected), "{partner} {seen:?}");
    }
    let open = alerts(story, seen, of_kinds(&[AlertKind::DisputeOpen]));
    assert!(open.is_sorted_by_key(|alert| time(alert.since.as_ref())), "{seen:?}");
    let is_old = |dispute: &&proto::Dispute| {
        let opened = time(dispute.opened_at.as_ref()).filter(|_| dispute.resolved_at.is_none());
        opened.is_some_and(|opened| add_days(opened, 14, Tz::UTC) < seen.time)
    };
    let of_alert = |alert: &Alert| alert.facts.as_ref().and_then(|facts| facts.dispute_id.clone());
    let ids: BTreeSet<_> = open.iter().filter_map(of_alert).collect();
    assert_eq!(ids, disputes.iter().filter(is_old).map(|dispute| dispute.dispute_id.clone()).collect(), "{seen:?}");
}

/// Whether a dispute's subject is a partner's, or it holds commission of the partner.
fn concerns(story: &Story, seen: Seen, dispute: &proto::Dispute, partner: &str) -> bool {
    let state = &story.state;
    let id = |id: &str| Id::new(id).expect("an id");
    let partner_row = state.partners.find(&id(partner)).expect("a partner");
    let of_agreement = |row| state.agreements.by_id.get(row).partner == partner_row;
    let row = state.commissions.disputes.find(&id(&dispute.dispute_id)).expect("it is listed");
    let is_about = match state.commissions.disputes.get(row).subject {
        DisputeSubject::Lead(row) => {
            let ownership = state.leads.by_id.get(row).ownership(seen.time, seen, state);
            ownership.is_some_and(|held| held.owner == Owner::Partner(partner_row) || held.credit.is_some_and(of_agreement))
        }
        DisputeSubject::Sale(row) => state.commissions.sales.get(row).credit().is_some_and(of_agreement),
        DisputeSubject::Payout(row) => state.commissions.payouts.get(row).partner == partner_row,
    };
    is_about || dispute.held.iter().any(|held| held.partner_id == partner)
}

fn disputes_are_right(story: &Story, seen: Seen) -> Vec<proto::Dispute> {
    let listed = |request: proto::ListDisputesRequest| all!(story, seen, ListDisputes, request, disputes);
    let all = listed(proto::ListDisputesRequest::default());
    for open_only in [false, true] {
        let of_state: Vec<_> = all.iter().filter(|dispute| !open_only || dispute.resolved_at.is_none()).collect();
        let request = proto::ListDisputesRequest { open_only, ..proto::ListDisputesRequest::default() };
        assert!(listed(request.clone()).iter().eq(of_state.iter().copied()), "{seen:?}");
        for partner in ["p0", "p1", "p2"] {
            let request = proto::ListDisputesRequest { partner_id: Some(partner.into()), ..request.clone() };
            let expected = of_state.iter().filter(|dispute| concerns(story, seen, dispute, partner)).copied();
            assert!(listed(request).iter().eq(expected), "{partner} {open_only} {seen:?}");
        }
    }
    all
}

/// Lists by partner and by agreement.
fn others_are_right(story: &Story, seen: Seen, agreements: &[proto::Agreement]) {
    let payouts = |request: proto::ListPayoutsRequest| all!(story, seen, ListPayouts, request, payouts);
    let all_payouts = payouts(proto::ListPayoutsRequest::default());
    for partner in ["p0", "p1", "p2"] {
        let request = proto::ListPayoutsRequest { partner_id: Some(partner.into()), ..proto::ListPayoutsRequest::default() };
        assert!(payouts(request).iter().eq(all_payouts.iter().filter(|payout| payout.partner_id == partner)), "{partner} {seen:?}");
        let request = proto::ListAgreementsRequest { partner_id: Some(partner.into()), ..proto::ListAgreementsRequest::default() };
        let listed = all!(story, seen, ListAgreements, request, agreements);
        assert!(listed.iter().eq(agreements.iter().filter(|agreement| agreement.partner_id == partner)), "{partner} {seen:?}");
    }
    let campaigns = |request: proto::ListCampaignsRequest| all!(story, seen, ListCampaigns, request, campaigns);
    let all_campaigns = campaigns(proto::ListCampaignsRequest::default());
    for agreement in agreements {
        let party = proto::campaign_participant::Party::AgreementId(agreement.agreement_id.clone());
        let takes_part = |campaign: &&proto::Campaign| campaign.participants.iter().any(|known| known.party.as_ref() == Some(&party));
        let agreement_id = Some(agreement.agreement_id.clone());
        let request = proto::ListCampaignsRequest { agreement_id, ..proto::ListCampaignsRequest::default() };
        assert!(campaigns(request).iter().eq(all_campaigns.iter().filter(takes_part)), "{} {seen:?}", agreement.agreement_id);
    }
}

fn lists_are_right(story: &Story, seen: Seen) {
    let agreements = all!(story, seen, ListAgreements, proto::ListAgreementsRequest::default(), agreements);
    let leads = leads_are_right(story, seen);
    let disputes = disputes_are_right(story, seen);
    alerts_are_right(story, seen, &leads, &disputes, &agreements);
    others_are_right(story, seen, &agreements);
}

/// The same state, by way of a snapshot.
fn loaded(state: &State) -> State {
    let dir = tempfile::tempdir().expect("a directory");
    let head = TreeHead { size: state.position, root: Frontier::new().head().root };
    let frozen = state.share();
    Snapshots::of(dir.path()).save(head, &|| false, |writer| frozen.save(writer)).expect("a disk");
    let parts = StateLoad::default();
    let path = dir.path().join(format!("snapshots/{}.snapshot", state.position));
    SnapshotFile::open(&path).and_then(|file| file.load(&|section| parts.part(section))).expect("whole");
    parts.finish().expect("all parts")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn what_is_passed_over_is_not_wanted(
        first in turns(500), undone in turns(100), later in turns(100), days in prop::collection::vec(100_i64..400, 8), part in 80_u64..=100,
    ) {
        let seen = |story: &Story, days: i64, part: u64| {
            Seen { time: day("2025-01-01") + chrono::Duration::days(days), position: story.state.position * part / 100 }
        };
        let mut story = play(&first);
        // What is taken back was not.
        story.state.savepoint();
        for turn in &undone {
            let at = day("2025-01-02") + chrono::Duration::days(turn.3);
            if let Ok(record) = story.decided(at, body(story.state.position, *turn)) {
                story.state.evolve(&record);
            }
        }
        story.state.rollback();
        for days in &days[..3] {
            lists_are_right(&story, seen(&story, *days, 100));
        }
        lists_are_right(&story, seen(&story, days[3], part));
        let mut story = Story { state: loaded(&story.state), ..story };
        lists_are_right(&story, seen(&story, days[4], 100));
        go_on(&mut story, &later);
        for days in &days[5..] {
            lists_are_right(&story, seen(&story, *days, 100));
        }
    }
}

fn alerts_of(story: &Story, date: &str, kind: AlertKind) -> Vec<Alert> {
    let request = proto::ListAlertsRequest { kinds: vec![kind as i32], ..proto::ListAlertsRequest::default() };
    alerts(story, story.seen(date), request)
}

/// Far from when those of all others beside it do.
#[test]
fn a_protection_that_was_extended_or_approved_lapses_when_it_says() {
    use proto::lead_protection::Period;
    let anchor = proto::ProtectionAnchor::Approval as i32;
    let protected =
        |anchor| proto::Terms { lead_protection: Some(proto::LeadProtection { period: Some(Period::Days(10)), anchor }), ..terms() };
    let mut story = Story::default().on("2025-01-01", registered("acme"));
    for (agreement, anchor) in [("a", 0), ("b", anchor)] {
        let terms = Some(Box::new(protected(anchor)));
        let Body::AgreementSigned(signed) = signed(1) else { unreachable!("a signature") };
        let (agreement_id, partner_id) = (agreement.into(), "acme".into());
        story = story.on(
            "2025-01-01",
            Body::AgreementSigned(proto::AgreementSigned { agreement_id, partner_id, terms, expires_at: None, ..signed }),
        );
    }
    for number in 0..LEADS {
        let agreement = if number < LEADS / 2 { "a" } else { "b" };
        story = story.on("2025-01-02", referred(&format!("l{number}"), agreement));
    }
    let extended = proto::LeadProtectionExtended { lead_id: "l3".into(), days: 90 };
    let story = story.on("2025-01-03", Body::LeadProtectionExtended(extended));
    let story = story.on("2025-06-01", Body::LeadApproved(proto::LeadApproved { lead_id: "l150".into() }));
    let leads =
        |date| alerts_of(&story, date, AlertKind::ProtectionLapsing).into_iter().filter_map(|alert| alert.lead_id).collect::<Vec<_>>();
    assert_eq!(leads("2025-01-10").len(), usize::from(LEADS / 2) - 1);
    assert_eq!((leads("2025-04-10"), leads("2025-06-10"), leads("2025-07-01")), (vec!["l3".to_owned()], vec!["l150".to_owned()], vec![]));
}

#[test]
fn an_agreement_that_was_renewed_ends_when_it_says() {
    let mut story = Story::default();
    for partner in 0..PARTNERS {
        story = story.on("2025-01-01", registered(&format!("p{partner}")));
    }
    for number in 0..64 {
        story = story.on("2025-01-01", signed(number));
    }
    let renewed =
        |date| Body::AgreementRenewed(proto::AgreementRenewed { agreement_id: "a4".into(), expires_at: Some(timestamp(day(date))) });
    let story = story.on("2025-06-01", renewed("2026-02-01"));
    let near = |date| alerts_of(&story, date, AlertKind::ExpiryNear).into_iter().filter_map(|alert| alert.agreement_id).collect::<Vec<_>>();
    assert!(near("2025-05-20").contains(&"a4".to_owned()), "it was not renewed yet");
    assert!(!near("2025-06-05").contains(&"a4".to_owned()));
    assert_eq!((near("2025-12-20"), near("2026-01-10")), (vec![], vec!["a4".to_owned()]));
}
