//! Every kind of alert: it fires at its instant and not before, and goes when what was wrong is mended.

use crate::common::facts::{
    adjusted, day, held, lifted, paid, referred, registered, rule, signed, sold, terminated, terms, terms_with, usd,
};
use crate::common::story::Story;
use crate::views::answers::ask;
use crate::views::relationship::{brand_use, breach, cured, decided, manager, review};
use partnership_ledger::domain::Seen;
use partnership_ledger::domain::calendar::Time;
use partnership_ledger::domain::parse::timestamp;
use partnership_ledger::proto::commission_rule::Reward;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::{self, Alert, AlertKind, Bound, BrandChannel, CampaignGoal, ListAlertsRequest, ReviewKind, Side};
use partnership_ledger::queries::alerts::ListAlerts;

/// An active agreement that two people look after: nothing is the matter with it for a while.
fn quiet(terms: proto::Terms) -> Story {
    watched(Story::default().on("2025-01-01", registered("acme")), signed("a", "acme", terms))
}

fn watched(story: Story, signature: Body) -> Story {
    let Body::AgreementSigned(signed) = &signature else { unreachable!("a signature") };
    let agreement = signed.agreement_id.clone();
    let story = story.on("2025-01-01", signature);
    story.on("2025-01-01", manager(&agreement, Side::House, "Ann")).on("2025-01-01", manager(&agreement, Side::Partner, "Bo"))
}

/// Terms under which nobody need talk for a long time.
fn silent(terms: proto::Terms) -> proto::Terms {
    proto::Terms { cadence: Some(proto::Cadence { check_in_days: 36_500, review_days: 36_500 }), ..terms }
}

fn alerts(story: &Story, seen: Seen, request: ListAlertsRequest) -> Vec<Alert> {
    ask::<ListAlerts>(story, seen, &ListAlertsRequest { page_size: 1_000, ..request }).expect("an answer").alerts
}

fn of_kind(story: &Story, at: Time, kind: AlertKind) -> Vec<Alert> {
    let request = ListAlertsRequest { kinds: vec![kind as i32], ..ListAlertsRequest::default() };
    alerts(story, Seen { time: at, position: story.state.position }, request)
}

/// There is one alert of a kind from an instant on, until just before another, since the instant given.
#[track_caller]
fn fires(story: &Story, kind: AlertKind, since: &str, from: Time, until: Option<&str>) -> Alert {
    let moment = chrono::TimeDelta::nanoseconds(1);
    assert_eq!(of_kind(story, from - moment, kind), [], "not before {from}");
    let found = of_kind(story, from, kind);
    assert_eq!(found.len(), 1, "at {from}: {found:?}");
    assert_eq!(found[0].since, Some(timestamp(day(since))));
    if let Some(until) = until.map(day) {
        assert_eq!(of_kind(story, until - moment, kind).len(), 1, "just before {until}");
        assert_eq!(of_kind(story, until, kind), [], "mended at {until}");
    }
    found[0].clone()
}

/// What holds from its instant on.
#[track_caller]
fn fires_at(story: &Story, kind: AlertKind, since: &str, until: Option<&str>) -> Alert {
    fires(story, kind, since, day(since), until)
}

/// What is overdue is so after the due instant, not at it.
#[track_caller]
fn fires_after(story: &Story, kind: AlertKind, since: &str, until: Option<&str>) -> Alert {
    fires(story, kind, since, day(since) + chrono::TimeDelta::nanoseconds(1), until)
}

fn subject(alert: &Alert) -> [Option<&str>; 4] {
    [&alert.partner_id, &alert.agreement_id, &alert.campaign_id, &alert.lead_id].map(|id| id.as_deref())
}

fn expiring(agreement: &str, terms: proto::Terms, expires_at: &str) -> Body {
    let Body::AgreementSigned(signed) = signed(agreement, "acme", terms) else { unreachable!("a signature") };
    Body::AgreementSigned(proto::AgreementSigned { expires_at: Some(timestamp(day(expires_at))), ..signed })
}

#[test]
fn an_active_agreement_needs_a_manager_on_both_sides() {
    let story = Story::default().on("2025-01-01", registered("acme")).on("2025-01-02", signed("a", "acme", silent(terms())));
    let story = story.on("2025-01-10", manager("a", Side::House, "Ann")).on("2025-01-20", manager("a", Side::Partner, "Bo"));
    let alert = fires_at(&story, AlertKind::MissingManager, "2025-01-02", Some("2025-01-20"));
    assert_eq!(subject(&alert), [Some("acme"), Some("a"), None, None]);
    assert_eq!(alert.message, "In agreement a with acme neither side has named a manager: assign one on each");
    let later = of_kind(&story, day("2025-01-10"), AlertKind::MissingManager).remove(0);
    assert_eq!(later.message, "In agreement a with acme the partner has named no manager: have one assigned");
    let ended = Story::default().on("2025-01-01", registered("acme")).on("2025-01-02", expiring("a", terms(), "2025-03-01"));
    fires_at(&ended, AlertKind::MissingManager, "2025-01-02", Some("2025-03-01"));
}

#[test]
fn a_check_in_is_overdue_after_thirty_one_days_and_a_review_after_ninety_two() {
    let story = quiet(terms()).on("2025-02-05", review("c1", "a", ReviewKind::CheckIn));
    fires_after(&story, AlertKind::CheckInOverdue, "2025-02-01", Some("2025-02-05"));
    let again = of_kind(&story, day("2025-03-09"), AlertKind::CheckInOverdue).remove(0);
    assert_eq!(again.since, Some(timestamp(day("2025-03-08"))));
    assert!(again.message.contains("2025-03-08") && again.message.contains("2025-02-05"), "{}", again.message);
    let story = story.on("2025-04-10", review("q1", "a", ReviewKind::QuarterlyReview));
    fires_after(&story, AlertKind::ReviewOverdue, "2025-04-03", Some("2025-04-10"));
    assert_eq!(of_kind(&story, day("2025-04-11"), AlertKind::CheckInOverdue).len(), 1, "a quarterly review is no check-in");
}

#[test]
fn the_cadence_of_the_terms_counts_in_their_days() {
    let cadence = Some(proto::Cadence { check_in_days: 7, review_days: 0 });
    let story = quiet(proto::Terms { cadence, time_zone: "Europe/Berlin".into(), ..terms() });
    let story = story.on("2025-03-28T10:00:00Z", review("c", "a", ReviewKind::CheckIn));
    // The clocks go forward on 30 March: seven local days are an hour short.
    let due = day("2025-04-04T09:00:00Z");
    assert_eq!(of_kind(&story, due, AlertKind::CheckInOverdue), []);
    assert_eq!(of_kind(&story, due + chrono::TimeDelta::nanoseconds(1), AlertKind::CheckInOverdue).len(), 1);
    assert_eq!(of_kind(&story, day("2025-04-02"), AlertKind::ReviewOverdue), [], "0 days are the usual 92");
    assert_eq!(of_kind(&story, day("2025-04-05"), AlertKind::ReviewOverdue).len(), 1);
}

#[test]
fn an_end_is_told_thirty_days_before() {
    let story = watched(Story::default().on("2025-01-01", registered("acme")), expiring("a", silent(terms()), "2025-06-30"));
    let alert = fires_at(&story, AlertKind::ExpiryNear, "2025-05-31", Some("2025-06-30"));
    assert!(alert.message.starts_with("Agreement a with acme expires on 2025-06-30: renew it"), "{}", alert.message);
    let renewed = proto::AgreementRenewed { agreement_id: "a".into(), expires_at: Some(timestamp(day("2026-06-30"))) };
    let story = story.on("2025-06-10", Body::AgreementRenewed(renewed));
    fires_at(&story, AlertKind::ExpiryNear, "2025-05-31", Some("2025-06-10"));
    fires_at(&story, AlertKind::ExpiryNear, "2026-05-31", Some("2026-06-30"));
    // It is shorter than thirty days altogether.
    let short = watched(Story::default().on("2025-01-01", registered("acme")), expiring("a", silent(terms()), "2025-01-15"));
    fires_at(&short, AlertKind::ExpiryNear, "2025-01-01", Some("2025-01-15"));
}

#[test]
fn a_notice_is_told_thirty_days_before_it_ends_the_agreement() {
    let notice = |date: &str, ends_at: Option<&str>| {
        let notice = proto::TerminationNoticeGiven {
            agreement_id: "a".into(),
            given_by: Side::Partner as i32,
            ends_at: ends_at.map(|date| timestamp(day(date))),
            reason: String::new(),
        };
        (date.to_owned(), Body::TerminationNoticeGiven(notice))
    };
    let (date, long) = notice("2025-02-01", Some("2025-06-30"));
    let withdrawn = proto::TerminationNoticeWithdrawn { agreement_id: "a".into(), given_by: Side::Partner as i32 };
    let story = quiet(silent(terms())).on(&date, long).on("2025-06-20", Body::TerminationNoticeWithdrawn(withdrawn));
    fires_at(&story, AlertKind::NoticeEnding, "2025-05-31", Some("2025-06-20"));
    assert_eq!(of_kind(&story, day("2025-06-10"), AlertKind::ExpiryNear), []);
    let period = Some(proto::Notice { period: Some(proto::notice::Period::Days(10)) });
    let (date, short) = notice("2025-02-01", None);
    let story = quiet(silent(proto::Terms { notice: period, ..terms() })).on(&date, short);
    fires_at(&story, AlertKind::NoticeEnding, "2025-02-01", Some("2025-02-11"));
    // Ends by both sides together raise no alert.
    let mutual = proto::AgreementTerminated {
        agreement_id: "a".into(),
        cause: proto::TerminationCause::Mutual as i32,
        effective_at: Some(timestamp(day("2025-02-20"))),
        reason: String::new(),
    };
    let story = quiet(silent(terms())).on("2025-02-01", Body::AgreementTerminated(mutual));
    assert_eq!(alerts(&story, story.seen("2025-02-10"), ListAlertsRequest::default()), []);
}

#[test]
fn leads_whose_agreement_has_ended_are_told_while_their_partner_has_another_one() {
    let tail = |days| proto::Tail { mode: if days == 0 { proto::TailMode::RemainingWindow } else { proto::TailMode::Days } as i32, days };
    let tailed = |days| silent(proto::Terms { tail: Some(tail(days)), ..terms() });
    let kind = AlertKind::LeadsWithoutEarningAgreement;
    let ended = |days| {
        let story = quiet(tailed(days)).on("2025-01-10", referred("l1", "a")).on("2025-01-11", referred("l2", "a"));
        let story = story.on("2025-03-01", crate::common::facts::terminated("a"));
        watched(story, signed("b", "acme", silent(terms())))
    };
    let alert = fires_at(&ended(30), kind, "2025-03-31", None);
    assert_eq!(subject(&alert), [Some("acme"), Some("a"), None, None]);
    assert_eq!(alert.facts.expect("facts").lead_count, Some(2));
    assert!(alert.message.contains("agreement a with acme"), "{}", alert.message);
    assert_eq!(of_kind(&ended(0), day("2099-01-01"), kind), [], "the remaining window may last");
    let lost = |lead: &str| Body::LeadLost(proto::LeadLost { lead_id: lead.into(), reason: String::new() });
    let story = ended(30).on("2025-05-01", lost("l1"));
    assert_eq!(of_kind(&story, day("2025-05-01"), kind)[0].facts.as_ref().expect("facts").lead_count, Some(1));
    fires_at(&story.on("2025-06-01", lost("l2")), kind, "2025-03-31", Some("2025-06-01"));
    let reassigned = |lead| crate::common::facts::reassigned(lead, Some("b"));
    fires_at(&ended(30).on("2025-05-01", reassigned("l1")).on("2025-05-02", reassigned("l2")), kind, "2025-03-31", Some("2025-05-02"));
}

#[test]
fn a_successor_ends_it_and_it_waits_for_an_active_agreement() {
    let kind = AlertKind::LeadsWithoutEarningAgreement;
    let begins = |agreement: &str, from: &str, supersedes: Option<&str>| {
        let Body::AgreementSigned(signature) = signed(agreement, "acme", silent(terms())) else { unreachable!("a signature") };
        let supersedes_agreement_id = supersedes.map(str::to_owned);
        Body::AgreementSigned(proto::AgreementSigned { effective_at: Some(timestamp(day(from))), supersedes_agreement_id, ..signature })
    };
    let story = quiet(silent(terms())).on("2025-01-10", referred("l", "a")).on("2025-03-01", crate::common::facts::terminated("a"));
    assert_eq!(of_kind(&story, day("2025-12-01"), kind), [], "its partner has no other agreement");
    let story = story.on("2025-03-15", begins("b", "2025-04-01", None));
    let story = story.on("2025-05-01", begins("c", "2025-07-01", Some("a")));
    fires_at(&story, kind, "2025-04-01", Some("2025-07-01"));
}

fn exclusive(months: Option<u32>) -> proto::Terms {
    let (bound, partner_ids) = (Bound::House as i32, vec!["beta".to_owned()]);
    let exclusivity = Some(proto::Exclusivity { bound, partner_ids, categories: Vec::new(), months });
    silent(proto::Terms { exclusivity, ..terms() })
}

#[test]
fn an_exclusivity_is_told_thirty_days_before_its_own_end() {
    let story = quiet(exclusive(Some(6)));
    let alert = fires_at(&story, AlertKind::ExclusivityEnding, "2025-06-01", Some("2025-07-01"));
    assert_eq!(subject(&alert), [Some("acme"), Some("a"), None, None]);
    assert_eq!(of_kind(&quiet(exclusive(None)), day("2025-06-15"), AlertKind::ExclusivityEnding), [], "it ends with the agreement");
    let first = watched(Story::default().on("2025-01-01", registered("acme")), expiring("a", exclusive(Some(6)), "2025-06-20"));
    assert_eq!(of_kind(&first, day("2025-06-15"), AlertKind::ExclusivityEnding), [], "the agreement ends before it");
}

#[test]
fn a_broken_exclusivity_is_told_while_it_matters() {
    let acknowledged = |agreement: &str| {
        let Body::AgreementSigned(breaking) = signed(agreement, "beta", silent(terms())) else { unreachable!("a signature") };
        Body::AgreementSigned(proto::AgreementSigned {
            effective_at: Some(timestamp(day("2025-03-01"))),
            expires_at: Some(timestamp(day("2025-12-01"))),
            acknowledged_conflicts: vec!["a".into()],
            ..breaking
        })
    };
    let story = |months| quiet(exclusive(months)).on("2025-01-01", registered("beta")).on("2025-02-15", acknowledged("b"));
    let alert = fires_at(&story(Some(6)), AlertKind::ExclusivityBreached, "2025-03-01", Some("2025-07-01"));
    assert_eq!(subject(&alert), [Some("acme"), Some("a"), None, None]);
    assert!(alert.message.contains("agreement b with beta"), "{}", alert.message);
    fires_at(&story(None), AlertKind::ExclusivityBreached, "2025-03-01", Some("2025-12-01"));
    let amended = proto::AgreementAmended { agreement_id: "a".into(), terms: Some(Box::new(silent(terms()))), effective_at: None };
    let mended = story(None).on("2025-04-01", Body::AgreementAmended(amended));
    fires_at(&mended, AlertKind::ExclusivityBreached, "2025-03-01", Some("2025-04-01"));
    // An exclusivity that names somebody else now does not stand against beta any more.
    let mut other = exclusive(None);
    other.exclusivity.as_mut().expect("exclusive").partner_ids = vec!["crux".into()];
    let amended = proto::AgreementAmended { agreement_id: "a".into(), terms: Some(Box::new(other)), effective_at: None };
    let mended = story(None).on("2025-04-01", Body::AgreementAmended(amended));
    fires_at(&mended, AlertKind::ExclusivityBreached, "2025-03-01", Some("2025-04-01"));
}

#[test]
fn a_brand_use_waits_for_its_decision_and_a_breach_for_its_cure() {
    let story = quiet(silent(terms())).on("2025-02-01", brand_use("u", "a", BrandChannel::Social)).on("2025-02-10", decided("u", false));
    let alert = fires_at(&story, AlertKind::BrandUseUndecided, "2025-02-01", Some("2025-02-10"));
    assert!(alert.message.contains("(social)"), "{}", alert.message);
    let story = quiet(silent(terms())).on("2025-02-01", breach("b", "a", Some("2025-03-01"))).on("2025-03-15", cured("b"));
    fires_after(&story, AlertKind::BreachUncured, "2025-03-01", Some("2025-03-15"));
    let in_time = quiet(silent(terms())).on("2025-02-01", breach("b", "a", Some("2025-03-01"))).on("2025-02-15", cured("b"));
    assert_eq!(of_kind(&in_time, day("2025-04-01"), AlertKind::BreachUncured), []);
    let no_term = quiet(silent(terms())).on("2025-02-01", breach("b", "a", None));
    assert_eq!(of_kind(&no_term, day("2026-04-01"), AlertKind::BreachUncured), [], "no term is set");
}

#[test]
fn a_partner_that_owes_is_told_since_it_owes() {
    let story = quiet(silent(terms())).on("2025-02-01", adjusted("x", "a", -500)).on("2025-03-01", adjusted("y", "a", 700));
    let alert = fires_at(&story, AlertKind::NegativeBalance, "2025-02-01", Some("2025-03-01"));
    assert_eq!((subject(&alert), alert.message.contains("5.00 USD")), ([Some("acme"), None, None, None], true));
    // It was even in between: the run begins anew. What is told late counts by its time.
    let story = story.on("2025-04-01", adjusted("z", "a", -900)).on("2025-04-20", adjusted("w", "a", -100));
    fires_at(&story, AlertKind::NegativeBalance, "2025-02-01", Some("2025-03-01"));
    assert_eq!(of_kind(&story, day("2025-05-01"), AlertKind::NegativeBalance)[0].since, Some(timestamp(day("2025-04-01"))));
    let story = story.on("2025-04-10", adjusted("v", "a", 700));
    assert_eq!(of_kind(&story, day("2025-05-01"), AlertKind::NegativeBalance)[0].since, Some(timestamp(day("2025-04-20"))));
}

#[test]
fn a_payable_is_due_once_it_is_available_and_reaches_the_minimum() {
    let held = proto::CommissionRule { hold_days: 30, ..rule(Reward::RateBps(1_000)) };
    let terms = silent(proto::Terms { minimum_payout: Some(usd(3_000)), ..terms_with(held) });
    let story = quiet(terms).on("2025-02-01", referred("l", "a")).on("2025-02-01", sold("s1", "l", 20_000));
    let story = story.on("2025-03-01", sold("s2", "l", 10_000)).on("2025-05-01", paid("p", "acme", 3_000));
    // 20.00 USD are available on 3 March, the other 10.00 USD on 31 March.
    let alert = fires_at(&story, AlertKind::PayableDue, "2025-03-31", Some("2025-05-01"));
    assert_eq!((subject(&alert), alert.message.starts_with("30.00 USD is payable to acme")), ([Some("acme"), None, None, None], true));
}

#[test]
fn a_payable_is_due_since_the_minimum_known_at_the_time_asked_lets_it() {
    let minimum = |units| silent(proto::Terms { minimum_payout: Some(usd(units)), ..terms() });
    let lowered = proto::AgreementAmended {
        agreement_id: "a".into(),
        terms: Some(Box::new(minimum(1_000))),
        effective_at: Some(timestamp(day("2025-03-01"))),
    };
    let story = quiet(minimum(9_000)).on("2025-02-01", adjusted("x", "a", 2_000)).on("2025-04-01", Body::AgreementAmended(lowered));
    // Told on 1 April, it has let the payable out since March.
    fires(&story, AlertKind::PayableDue, "2025-03-01", day("2025-04-01"), None);
}

#[test]
fn a_dispute_holds_a_payable_back_and_is_itself_told_after_fourteen_days() {
    let opened = |dispute: &str, subject| {
        let opened_by = Side::Partner as i32;
        Body::DisputeOpened(proto::DisputeOpened { dispute_id: dispute.into(), opened_by, claim: String::new(), subject: Some(subject) })
    };
    let resolved = |dispute: &str| {
        let outcome = proto::DisputeOutcome::Settled as i32;
        Body::DisputeResolved(proto::DisputeResolved { dispute_id: dispute.into(), outcome, resolution: String::new() })
    };
    let sale = || proto::dispute_opened::Subject::SaleId("s".into());
    let story = quiet(silent(terms())).on("2025-02-01", referred("l", "a")).on("2025-02-01", sold("s", "l", 10_000));
    let story = story.on("2025-03-01", opened("d", sale())).on("2025-03-20", resolved("d"));
    let alert = fires_after(&story, AlertKind::DisputeOpen, "2025-03-15", Some("2025-03-20"));
    assert_eq!(subject(&alert), [Some("acme"), Some("a"), None, Some("l")]);
    fires_at(&story, AlertKind::PayableDue, "2025-02-01", Some("2025-03-01"));
    assert_eq!(of_kind(&story, day("2025-04-01"), AlertKind::PayableDue)[0].since, Some(timestamp(day("2025-03-20"))), "a new run");
    let story = story.on("2025-05-01", opened("e", proto::dispute_opened::Subject::LeadId("l".into())));
    let of_lead = of_kind(&story, day("2025-06-01"), AlertKind::DisputeOpen).remove(0);
    assert_eq!(subject(&of_lead), [None, None, None, Some("l")]);
    let asked = |partner: &str| {
        let request = ListAlertsRequest { partner_id: Some(partner.into()), ..ListAlertsRequest::default() };
        alerts(&story, story.seen("2025-06-01"), request)
    };
    assert_eq!(asked("acme").first(), Some(&of_lead), "its lead");
}

#[test]
fn a_hold_keeps_a_payable_back_and_is_itself_told_after_thirty_days() {
    let story = quiet(silent(terms())).on("2025-02-01", adjusted("x", "a", 2_000)).on("2025-02-10", held("h", "acme"));
    let story = story.on("2025-02-12", held("other", "acme")).on("2025-02-13", lifted("other")).on("2025-04-01", lifted("h"));
    let alert = fires_after(&story, AlertKind::HoldLong, "2025-03-12", Some("2025-04-01"));
    assert_eq!(subject(&alert), [Some("acme"), None, None, None]);
    let facts = alert.facts.expect("facts");
    assert_eq!((facts.hold_id.as_deref(), facts.opened_at), (Some("h"), Some(timestamp(day("2025-02-10")))));
    fires_at(&story, AlertKind::PayableDue, "2025-02-01", Some("2025-02-10"));
    assert_eq!(of_kind(&story, day("2025-05-01"), AlertKind::PayableDue)[0].since, Some(timestamp(day("2025-04-01"))), "a new run");
    let asked = |agreement_id: Option<&str>, partner_id: Option<&str>| {
        let (agreement_id, partner_id) = (agreement_id.map(str::to_owned), partner_id.map(str::to_owned));
        let request =
            ListAlertsRequest { agreement_id, partner_id, kinds: vec![AlertKind::HoldLong as i32], ..ListAlertsRequest::default() };
        alerts(&story, story.seen("2025-03-20"), request).len()
    };
    assert_eq!([asked(None, Some("acme")), asked(Some("a"), None)], [1, 0], "a hold is under no agreement");
}

#[test]
fn the_last_balance_is_due_once_nothing_can_be_earned_and_nothing_is_pending() {
    let terms = terms_with(proto::CommissionRule { hold_days: 60, ..rule(Reward::RateBps(2_000)) });
    let tail = Some(proto::Tail { mode: proto::TailMode::Days as i32, days: 30 });
    let terms = silent(proto::Terms { minimum_payouts: vec![usd(9_000)], tail, ..terms });
    let story = quiet(terms).on("2025-02-01", referred("l", "a")).on("2025-02-01", adjusted("x", "a", 2_000));
    let story = story.on("2025-03-01", terminated("a"));
    fires_at(&story, AlertKind::PayableDue, "2025-03-31", None);
    // What is earned in the tail is pending until 19 May.
    let story = story.on("2025-03-20", sold("s", "l", 10_000));
    fires_at(&story, AlertKind::PayableDue, "2025-05-19", None);
}

#[test]
fn what_waits_for_the_customer_is_pending_and_due_once_it_is_paid() {
    let waiting = proto::CommissionRule { payable_on: proto::PayableOn::CustomerPayment as i32, ..rule(Reward::RateBps(2_000)) };
    let story = |minimum| {
        let terms = proto::Terms { minimum_payouts: vec![usd(minimum)], ..terms_with(waiting.clone()) };
        quiet(silent(terms))
            .on("2025-02-01", referred("l", "a"))
            .on("2025-02-01", adjusted("x", "a", 500))
            .on("2025-02-10", sold("s", "l", 10_000))
    };
    let received = || {
        let amount = Some(usd(10_000));
        Body::CustomerPaymentReceived(proto::CustomerPaymentReceived { receipt_id: "r".into(), sale_id: "s".into(), amount })
    };
    let alert = fires_at(&story(400), AlertKind::PayableDue, "2025-02-01", None);
    assert!(alert.message.starts_with("5.00 USD"), "{}", alert.message);
    assert_eq!(of_kind(&story(400), day("2025-04-01"), AlertKind::PayableDue)[0].since, Some(timestamp(day("2025-02-01"))));
    fires_at(&story(2_400).on("2025-05-01", received()), AlertKind::PayableDue, "2025-05-01", None);
    // The agreement has ended, yet the last balance is not there before the customer has paid.
    let ended = story(9_000).on("2025-03-01", terminated("a"));
    assert_eq!(of_kind(&ended, day("2025-04-01"), AlertKind::PayableDue), []);
    fires_at(&ended.on("2025-05-01", received()), AlertKind::PayableDue, "2025-05-01", None);
}

#[test]
fn the_protection_of_an_open_lead_is_told_seven_days_before_it_lapses() {
    let story = || quiet(silent(terms())).on("2025-02-01", referred("l", "a"));
    // Ninety days from the first of February.
    let alert = fires_at(&story(), AlertKind::ProtectionLapsing, "2025-04-25", Some("2025-05-02"));
    assert_eq!(subject(&alert), [Some("acme"), Some("a"), None, Some("l")]);
    assert!(alert.message.starts_with("Lead l of acme is protected until 2025-05-02"), "{}", alert.message);
    let qualified = story().on("2025-04-28", Body::LeadQualified(proto::LeadQualified { lead_id: "l".into() }));
    fires_at(&qualified, AlertKind::ProtectionLapsing, "2025-04-25", Some("2025-04-28"));
    let lost = story().on("2025-04-27", Body::LeadLost(proto::LeadLost { lead_id: "l".into(), reason: String::new() }));
    fires_at(&lost, AlertKind::ProtectionLapsing, "2025-04-25", Some("2025-04-27"));
    let extended = proto::LeadProtectionExtended { lead_id: "l".into(), days: 30 };
    let extended = story().on("2025-04-29", Body::LeadProtectionExtended(extended));
    fires_at(&extended, AlertKind::ProtectionLapsing, "2025-04-25", Some("2025-04-29"));
    fires_at(&extended, AlertKind::ProtectionLapsing, "2025-05-25", Some("2025-06-01"));
    let short = proto::LeadProtection { period: Some(proto::lead_protection::Period::Days(3)), anchor: 0 };
    let short = quiet(silent(proto::Terms { lead_protection: Some(short), ..terms() })).on("2025-02-01", referred("l", "a"));
    fires_at(&short, AlertKind::ProtectionLapsing, "2025-02-01", Some("2025-02-04"));
    let unlimited = proto::LeadProtection { period: Some(proto::lead_protection::Period::Unlimited(true)), anchor: 0 };
    let unlimited = quiet(silent(proto::Terms { lead_protection: Some(unlimited), ..terms() })).on("2025-02-01", referred("l", "a"));
    assert_eq!(of_kind(&unlimited, day("2025-04-28"), AlertKind::ProtectionLapsing), []);
}

#[test]
fn protection_that_counts_from_its_approval_lapses_by_it() {
    let anchor = proto::ProtectionAnchor::Approval as i32;
    let protection = proto::LeadProtection { period: Some(proto::lead_protection::Period::Days(20)), anchor };
    let terms = silent(proto::Terms { lead_protection: Some(protection), time_zone: "Pacific/Apia".into(), ..terms() });
    let story = quiet(terms).on("2025-02-01", referred("l", "a"));
    assert_eq!(of_kind(&story, day("2025-02-18"), AlertKind::ProtectionLapsing), [], "the approval is awaited");
    let story = story.on("2025-03-01", Body::LeadApproved(proto::LeadApproved { lead_id: "l".into() }));
    fires_at(&story, AlertKind::ProtectionLapsing, "2025-03-14", Some("2025-03-21"));
}

#[test]
fn nothing_is_told_of_what_a_later_record_introduces() {
    let received = proto::PaymentReceived {
        payment_id: "early".into(),
        partner_id: "acme".into(),
        amount: Some(usd(500)),
        ..proto::PaymentReceived::default()
    };
    let story = Story::default().on("2025-06-01", registered("acme")).on("2025-06-02", signed("a", "acme", silent(terms())));
    let story = story.on("2025-01-01", Body::PaymentReceived(received)).on("2025-01-02", brand_use("u", "a", BrandChannel::Other));
    let story = story.on("2025-01-02", breach("b", "a", Some("2025-02-01")));
    assert_eq!(alerts(&story, story.seen("2025-05-31"), ListAlertsRequest::default()), [], "neither partner nor agreement is known yet");
    let kinds = |date: &str| alerts(&story, story.seen(date), ListAlertsRequest::default()).iter().map(Alert::kind).collect::<Vec<_>>();
    assert_eq!(kinds("2025-06-01"), [AlertKind::PayableDue]);
    assert_eq!(
        kinds("2025-06-02"),
        [AlertKind::BreachUncured, AlertKind::PayableDue, AlertKind::MissingManager, AlertKind::BrandUseUndecided]
    );
}

/// Two partners with something the matter of many kinds.
fn troubled() -> Story {
    let story = Story::default().on("2025-01-01", registered("acme")).on("2025-01-01", signed("a", "acme", terms()));
    let story = story.on("2025-01-02", registered("beta")).on("2025-01-02", signed("b", "beta", terms()));
    let story = story.on("2025-02-01", adjusted("x", "a", -500)).on("2025-02-02", adjusted("y", "b", 700));
    let story = story.on("2025-02-03", referred("l", "b")).on("2025-02-04", brand_use("u", "a", BrandChannel::Other));
    story.on("2025-02-05", breach("c", "b", Some("2025-03-01")))
}

#[test]
fn the_most_urgent_comes_first_then_what_has_lasted_longest() {
    let story = troubled();
    let seen = story.seen("2025-04-30");
    let told: Vec<_> = alerts(&story, seen, ListAlertsRequest::default())
        .into_iter()
        .map(|alert| (alert.kind(), alert.partner_id.unwrap_or_default()))
        .collect();
    let told: Vec<(AlertKind, &str)> = told.iter().map(|(kind, partner)| (*kind, partner.as_str())).collect();
    assert_eq!(
        told,
        [
            (AlertKind::BreachUncured, "beta"),
            (AlertKind::NegativeBalance, "acme"),
            (AlertKind::PayableDue, "beta"),
            (AlertKind::ProtectionLapsing, "beta"),
            (AlertKind::MissingManager, "acme"),
            (AlertKind::MissingManager, "beta"),
            (AlertKind::BrandUseUndecided, "acme"),
            (AlertKind::ReviewOverdue, "acme"),
            (AlertKind::ReviewOverdue, "beta"),
            (AlertKind::CheckInOverdue, "acme"),
            (AlertKind::CheckInOverdue, "beta"),
        ]
    );
}

#[test]
fn alerts_are_filtered_by_partner_agreement_and_kind() {
    let story = troubled();
    let asked = |request: ListAlertsRequest| {
        let told = alerts(&story, story.seen("2025-04-30"), request).into_iter();
        told.map(|alert| alert.partner_id.unwrap_or_default()).collect::<Vec<_>>()
    };
    let (acme, a) = (Some("acme".to_owned()), Some("a".to_owned()));
    let of_acme = asked(ListAlertsRequest { partner_id: acme.clone(), ..ListAlertsRequest::default() });
    assert_eq!((of_acme.len(), of_acme.iter().all(|partner| partner == "acme")), (5, true));
    assert_eq!(asked(ListAlertsRequest { agreement_id: a, ..ListAlertsRequest::default() }).len(), 4, "a balance has no agreement");
    let kinds = vec![AlertKind::NegativeBalance as i32, AlertKind::CheckInOverdue as i32];
    assert_eq!(asked(ListAlertsRequest { kinds: kinds.clone(), ..ListAlertsRequest::default() }), ["acme", "acme", "beta"]);
    assert_eq!(asked(ListAlertsRequest { kinds, partner_id: acme.clone(), ..ListAlertsRequest::default() }), ["acme", "acme"]);
    let other = ListAlertsRequest { partner_id: acme, agreement_id: Some("b".into()), ..ListAlertsRequest::default() };
    assert_eq!(asked(other), [""; 0]);
    let unknown = ListAlertsRequest { partner_id: Some("nobody".into()), ..ListAlertsRequest::default() };
    assert_eq!(ask::<ListAlerts>(&story, story.seen("2025-04-30"), &unknown).expect_err("unknown").code(), "UNKNOWN_ID");
}

#[test]
fn pages_go_on_where_they_stopped_whatever_is_recorded_meanwhile() {
    let mut story = troubled();
    let seen = story.seen("2025-04-30");
    let whole = alerts(&story, seen, ListAlertsRequest::default());
    for page_size in [1, 2, 3, 7, 11] {
        let (mut told, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListAlertsRequest { page_size, page_token, ..ListAlertsRequest::default() };
            let page = ask::<ListAlerts>(&story, seen, &request).expect("a page");
            assert!(page.alerts.len() <= page_size as usize);
            told.extend(page.alerts);
            page_token = page.next_page_token;
            // More goes wrong, and something is mended.
            let number = story.records.len();
            story = story.on("2025-04-01", adjusted(&format!("late-{number}"), "b", -9_000));
            story = story.on("2025-04-02", manager("a", Side::House, "Ann"));
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(told, whole, "pages of {page_size}");
    }
}

/// A campaign of the house and acme, in which each owes two things of weight 10, due in March and at the end in May.
fn campaign(goals: [CampaignGoal; 2]) -> Story {
    use proto::campaign_participant::Party;
    let participant = |party, goal: CampaignGoal| proto::CampaignParticipant {
        party: Some(party),
        cost_share_bps: 5_000,
        lead_share_bps: 5_000,
        goal: goal as i32,
    };
    let owed = |id: &str, by: proto::campaign_party::Party, due_at: Option<&str>| proto::Deliverable {
        deliverable_id: id.into(),
        owed_by: Some(proto::CampaignParty { party: Some(by) }),
        description: String::new(),
        weight: 10,
        due_at: due_at.map(|date| timestamp(day(date))),
    };
    let (house, acme) = (proto::campaign_party::Party::House(true), proto::campaign_party::Party::AgreementId("a".into()));
    let planned = proto::CampaignPlanned {
        campaign_id: "c".into(),
        r#type: proto::CampaignType::JointWebinar as i32,
        title: "Webinar".into(),
        participants: vec![participant(Party::House(true), goals[0]), participant(Party::AgreementId("a".into()), goals[1])],
        deliverables: vec![
            owed("h1", house.clone(), Some("2025-03-01")),
            owed("h2", house, None),
            owed("a1", acme.clone(), Some("2025-03-01")),
            owed("a2", acme, None),
        ],
        starts_at: Some(timestamp(day("2025-02-01"))),
        ends_at: Some(timestamp(day("2025-05-01"))),
    };
    let terms = silent(proto::Terms { campaigns_at_end: proto::CampaignsAtEnd::Stop as i32, ..terms() });
    quiet(terms).on("2025-01-10", Body::CampaignPlanned(planned))
}

fn delivered(deliverable: &str) -> Body {
    Body::DeliverableCompleted(proto::DeliverableCompleted { campaign_id: "c".into(), deliverable_id: deliverable.into() })
}

#[test]
fn effort_is_unequal_while_one_delivers_over_twenty_points_less_of_what_is_due() {
    let story = || campaign([CampaignGoal::Leads; 2]).on("2025-02-20", delivered("h1"));
    let alert = fires_at(&story().on("2025-04-01", delivered("a1")), AlertKind::UnequalEffort, "2025-03-01", Some("2025-04-01"));
    assert_eq!(subject(&alert), [None, None, Some("c"), None]);
    assert_eq!(
        alert.message,
        "In campaign c acme delivered 0 of 10 due, the house delivered 10 of 10 due: agree who delivers what until when"
    );
    // Even again in April, and apart since the end in May, when the rest is due.
    let again = story().on("2025-04-01", delivered("a1")).on("2025-04-10", delivered("h2"));
    assert_eq!(of_kind(&again, day("2025-05-02"), AlertKind::UnequalEffort)[0].since, Some(timestamp(day("2025-05-01"))));
    let ended = Body::CampaignEnded(proto::CampaignEnded { campaign_id: "c".into(), summary: String::new() });
    fires_at(&story().on("2025-04-15", ended), AlertKind::UnequalEffort, "2025-03-01", Some("2025-04-15"));
    let mutual = proto::AgreementTerminated { cause: proto::TerminationCause::Mutual as i32, ..Default::default() };
    let mutual = Body::AgreementTerminated(proto::AgreementTerminated { agreement_id: "a".into(), ..mutual });
    fires_at(&story().on("2025-04-20", mutual), AlertKind::UnequalEffort, "2025-03-01", Some("2025-04-20"));
}

#[test]
fn goals_that_differ_are_told_from_the_plan_on_to_whoever_takes_part() {
    assert_eq!(of_kind(&campaign([CampaignGoal::Leads; 2]), day("2025-02-01"), AlertKind::GoalsDiffer), []);
    let story = campaign([CampaignGoal::Awareness, CampaignGoal::Sales]);
    let alert = fires_at(&story, AlertKind::GoalsDiffer, "2025-01-10", None);
    assert!(alert.message.contains("(the house awareness, acme sales)"), "{}", alert.message);
    let story = story.on("2025-01-01", registered("beta")).on("2025-01-01", signed("b", "beta", silent(terms())));
    let told = |partner: Option<&str>, agreement: Option<&str>| {
        let (partner_id, agreement_id) = (partner.map(str::to_owned), agreement.map(str::to_owned));
        let kinds = vec![AlertKind::GoalsDiffer as i32];
        let request = ListAlertsRequest { partner_id, agreement_id, kinds, ..ListAlertsRequest::default() };
        alerts(&story, story.seen("2025-02-01"), request).len()
    };
    assert_eq!([told(Some("acme"), None), told(None, Some("a")), told(Some("beta"), None), told(None, Some("b"))], [1, 1, 0, 0]);
}

#[test]
fn twenty_points_apart_are_not_yet_unequal() {
    // A half less three tenths are twenty points: only more is unequal.
    for (delivered_by_acme, unequal) in [(3, false), (2, true)] {
        let story = weighted(delivered_by_acme);
        assert_eq!(!of_kind(&story, day("2025-03-02"), AlertKind::UnequalEffort).is_empty(), unequal, "{delivered_by_acme} of 10");
    }
}

/// The house delivered 5 of 10, acme so much of 10.
fn weighted(delivered_by_acme: u32) -> Story {
    use proto::{campaign_participant, campaign_party};
    let participant = |party| proto::CampaignParticipant { party: Some(party), cost_share_bps: 5_000, lead_share_bps: 5_000, goal: 1 };
    let owed = |id: &str, by: campaign_party::Party, weight| proto::Deliverable {
        deliverable_id: id.into(),
        owed_by: Some(proto::CampaignParty { party: Some(by) }),
        weight,
        due_at: Some(timestamp(day("2025-03-01"))),
        ..proto::Deliverable::default()
    };
    let (house, acme) = (campaign_party::Party::House(true), campaign_party::Party::AgreementId("a".into()));
    let planned = proto::CampaignPlanned {
        campaign_id: "c".into(),
        r#type: proto::CampaignType::BundleOffer as i32,
        title: "Bundle".into(),
        participants: vec![
            participant(campaign_participant::Party::House(true)),
            participant(campaign_participant::Party::AgreementId("a".into())),
        ],
        deliverables: vec![
            owed("h1", house.clone(), 5),
            owed("h2", house, 5),
            owed("a1", acme.clone(), delivered_by_acme),
            owed("a2", acme, 10 - delivered_by_acme),
        ],
        ..proto::CampaignPlanned::default()
    };
    let story = quiet(silent(terms())).on("2025-01-10", Body::CampaignPlanned(planned));
    story.on("2025-02-01", delivered("h1")).on("2025-02-01", delivered("a1"))
}
