//! Webhooks: what is recorded comes to an endpoint in order, signed, at least once and never skipped, whatever the endpoint does; and to
//! nowhere that it should not.

use crate::PATIENCE;
use crate::common::events::{adjustment, agreement, event, partner};
use crate::common::facts::referred;
use crate::receiver::{Answer, Receiver, taken};
use partnership_ledger::clock::SystemClock;
use partnership_ledger::feed::webhooks::{Allowed, Outcome, Pace, Refused, Webhooks};
use partnership_ledger::journal::MemoryJournal;
use partnership_ledger::ledger::{Append, Events, Ledger, Limits};
use partnership_ledger::proto::{AddWebhookRequest, Event, RecordFilter, Webhook, WebhookState};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Attempts follow each other quickly, and an attempt does not last long.
pub const PACE: Pace = Pace {
    first: Duration::from_millis(40),
    longest: Duration::from_secs(3),
    give_up_after: Duration::from_hours(1),
    attempt: Duration::from_millis(1_500),
};

/// Where events come from.
const SOURCE: &str = "ledger.example/partners";

/// A ledger that delivers to endpoints on this machine.
pub struct Delivering {
    pub ledger: Ledger,
    pub webhooks: Webhooks,
    runtime: tokio::runtime::Runtime,
    pub dir: TempDir,
}

impl Delivering {
    pub fn start() -> Self {
        Self::with(allowed(), PACE)
    }

    pub fn with(allowed: Allowed, pace: Pace) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let (ledger, _) = Ledger::open(Arc::new(MemoryJournal::new()), Arc::new(SystemClock), Limits::default()).expect("a ledger");
        let webhooks = open(dir.path(), &ledger, allowed, pace);
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        Self { ledger, webhooks, runtime, dir }
    }

    pub fn append(&self, events: Vec<Event>) {
        let append = Append {
            events: Events::from(events),
            expected_last_position: None,
            recorded_by: "test".into(),
            permit: None,
            deadline: None,
            account: None,
        };
        self.runtime.block_on(self.ledger.append(append)).expect("recorded");
    }

    pub fn append_partners(&self, name: &str, count: usize) {
        self.append((0..count).map(|number| partner(&format!("{name}-{number}"))).collect());
    }

    /// Adds an endpoint that gets everything from the first record on; returns its secret.
    pub fn add(&self, name: &str, url: &str) -> String {
        self.add_with(name, url, |_| ())
    }

    pub fn add_with(&self, name: &str, url: &str, change: impl FnOnce(&mut AddWebhookRequest)) -> String {
        let mut request = AddWebhookRequest { name: name.into(), url: url.into(), after_position: Some(0), ..AddWebhookRequest::default() };
        change(&mut request);
        self.webhooks.add(request).expect("added").1
    }

    pub fn one(&self, name: &str) -> Webhook {
        self.webhooks.list().expect("it leads").1.into_iter().find(|webhook| webhook.name == name).expect("it is there")
    }

    /// Waits until an endpoint is so.
    pub fn until(&self, name: &str, is_so: impl Fn(&Webhook) -> bool) -> Webhook {
        let begun = Instant::now();
        loop {
            let webhook = self.one(name);
            if is_so(&webhook) {
                return webhook;
            }
            assert!(begun.elapsed() < PATIENCE, "{webhook:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Delivering {
    fn drop(&mut self) {
        self.ledger.close().expect("closed");
    }
}

pub fn open(dir: &Path, ledger: &Ledger, allowed: Allowed, pace: Pace) -> Webhooks {
    Webhooks::open(dir, ledger, SOURCE, allowed, pace).expect("the folder can be read")
}

pub fn allowed() -> Allowed {
    Allowed(vec!["127.0.0.0/8".parse().expect("a net")])
}

pub fn all(last: u64) -> Vec<u64> {
    (1..=last).collect()
}

#[test]
fn records_come_in_order_as_cloudevents_in_signed_batches() {
    let delivering = Delivering::start();
    let receiver = Receiver::start();
    delivering.append(vec![partner("a"), agreement("aa", "a"), event("lead", referred("lead-1", "aa"))]);
    let secret = delivering.add("crm", &receiver.url);
    delivering.append_partners("p", 250);
    assert_eq!(receiver.taken_until(253), all(253));
    let webhook = delivering.until("crm", |webhook| webhook.position == 253);
    assert_eq!((webhook.state(), webhook.lag_records, webhook.failures), (WebhookState::Active, 0, 0));
    let got = receiver.got();
    for got in &got {
        assert!(got.positions().len() <= 100, "{} events in a batch", got.positions().len());
        assert_eq!(got.headers["content-type"], "application/cloudevents-batch+json; charset=utf-8");
        assert!(got.is_signed_with(&secret) && got.is_signed_by(&webhook.public_key), "{:?}", got.headers);
        let sent: i64 = got.headers["webhook-timestamp"].parse().expect("a time");
        assert!((chrono::Utc::now().timestamp() - sent).abs() < 60);
        assert!(!got.is_signed_with("whsec_AAAA"), "by no other secret");
    }
    let record = delivering.ledger.record(3).expect("a record");
    let event = got[0].events().into_iter().find(|event| event["position"] == "3").expect("the lead");
    assert_eq!(event["specversion"], "1.0");
    assert_eq!(event["type"], "partnership.ledger.v1.lead_referred");
    assert_eq!(event["id"], record.event.as_ref().expect("an event").event_id);
    assert_eq!((event["subject"].as_str(), event["datacontenttype"].as_str()), (Some("a"), Some("application/json")));
    assert_eq!(event["source"], SOURCE);
    assert!(event["time"].as_str().is_some_and(|time| time.parse::<chrono::DateTime<chrono::Utc>>().is_ok()), "{event}");
    assert_eq!(event["data"]["event"]["lead_referred"]["lead_id"], "lead-1");
    assert_eq!(event["data"]["position"], "3");
}

#[test]
fn what_is_not_taken_is_sent_again_and_nothing_is_skipped() {
    let delivering = Delivering::start();
    let receiver = Receiver::answering(|number| match number % 3 {
        0 => Answer::With(503, String::new(), "not now".into()),
        1 => Answer::status(404),
        _ => Answer::status(200),
    });
    delivering.append_partners("p", 230);
    delivering.add("crm", &receiver.url);
    assert_eq!(receiver.taken_until(230), all(230));
    let got = receiver.got();
    for attempts in got.chunks(3).filter(|attempts| attempts.len() == 3) {
        let same = |of: fn(&crate::receiver::Got) -> String| attempts.iter().map(of).collect::<std::collections::BTreeSet<_>>().len() == 1;
        assert!(same(|got| got.headers["webhook-id"].clone()) && same(|got| format!("{:?}", got.positions())), "the same batch");
    }
    let webhook = delivering.until("crm", |webhook| webhook.position == 230);
    assert_eq!((webhook.failures, webhook.last_failure.as_str(), webhook.failing_since), (0, "", None));
}

#[test]
fn an_endpoint_that_asks_for_time_gets_it_and_what_it_said_is_told() {
    let delivering = Delivering::start();
    let receiver = Receiver::answering(|number| match number {
        0 => Answer::With(429, "retry-after: 1\r\n".into(), "slow down,\n please".into()),
        _ => Answer::status(200),
    });
    delivering.append_partners("p", 3);
    delivering.add("crm", &receiver.url);
    let webhook = delivering.until("crm", |webhook| webhook.failures == 1);
    assert_eq!(webhook.last_failure, "it answered 429: slow down, please");
    assert!(webhook.next_attempt_at.is_some() && webhook.failing_since.is_some() && webhook.position == 0);
    receiver.taken_until(3);
    let got = receiver.got();
    assert!(got[1].at - got[0].at >= Duration::from_millis(990), "{:?}", got[1].at - got[0].at);
}

#[test]
fn who_is_gone_gets_nothing_more_until_it_is_resumed() {
    let delivering = Delivering::start();
    let receiver = Receiver::answering(|_| Answer::status(410));
    delivering.append_partners("p", 5);
    delivering.add("crm", &receiver.url);
    delivering.until("crm", |webhook| webhook.state() == WebhookState::Gone);
    delivering.append_partners("q", 5);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(receiver.got().len(), 1);
    receiver.answer(|_| Answer::status(200));
    delivering.webhooks.resume("crm").expect("it is there");
    assert_eq!(receiver.taken_until(10), all(10));
}

/// What has failed for too long is paused: with its position, so that it goes on there.
#[test]
fn who_fails_for_days_is_paused_and_never_skipped() {
    let pace = Pace { give_up_after: Duration::from_secs(1), ..PACE };
    let delivering = Delivering::with(allowed(), pace);
    let receiver = Receiver::answering(|_| Answer::status(500));
    delivering.append_partners("p", 120);
    delivering.add("crm", &receiver.url);
    let webhook = delivering.until("crm", |webhook| webhook.state() == WebhookState::Failed);
    assert_eq!((webhook.position, webhook.lag_records), (0, 120));
    assert_eq!(delivering.webhooks.lags(), [("crm".to_owned(), 120, false)]);
    receiver.answer(|_| Answer::status(200));
    std::thread::sleep(Duration::from_millis(200));
    assert!(taken(&receiver.got()).is_empty(), "nothing comes by itself");
    delivering.webhooks.resume("crm").expect("it is there");
    assert_eq!(receiver.taken_until(120), all(120));
}

#[test]
fn no_redirect_is_followed() {
    let delivering = Delivering::start();
    let elsewhere = Receiver::start();
    let location = format!("location: {}\r\n", elsewhere.url);
    let receiver = Receiver::answering(move |_| Answer::With(307, location.clone(), String::new()));
    delivering.append_partners("p", 2);
    delivering.add("crm", &receiver.url);
    let webhook = delivering.until("crm", |webhook| webhook.failures >= 2);
    assert_eq!((webhook.last_failure.as_str(), webhook.position), ("it answered 307", 0));
    assert!(elsewhere.got().is_empty());
}

#[test]
fn what_is_not_of_the_global_internet_is_not_connected_to() {
    let delivering = Delivering::with(Allowed::default(), PACE);
    let receiver = Receiver::start();
    delivering.append_partners("p", 2);
    let port = receiver.url.rsplit(':').next().expect("a port");
    for (name, host) in [("by-address", "127.0.0.1"), ("by-name", "localhost"), ("in-clothes", "[::ffff:127.0.0.1]"), ("any", "0.0.0.0")] {
        delivering.add(name, &format!("http://{host}:{port}"));
        let webhook = delivering.until(name, |webhook| webhook.failures >= 1);
        assert!(webhook.last_failure.contains("no address of the global internet"), "{host}: {}", webhook.last_failure);
        let Ok(Outcome::Failed { status: None, why, .. }) = delivering.webhooks.test(name) else { panic!("{host} was tried") };
        assert!(why.contains("no address of the global internet"), "{host}: {why}");
    }
    assert!(receiver.got().is_empty());
}

/// Slow and endless answers take no longer than an attempt may, and as little of them is read as there is to learn.
#[test]
fn an_attempt_ends_in_time_whatever_the_endpoint_does() {
    let delivering = Delivering::start();
    let receiver = Receiver::answering(|number| match number {
        0 => Answer::EndlessHead,
        1 => Answer::Silence,
        2 => Answer::EndlessBody(500),
        3 => Answer::With(500, String::new(), "x".repeat(3 << 20)),
        _ => Answer::EndlessBody(200),
    });
    delivering.append_partners("p", 2);
    delivering.add("crm", &receiver.url);
    let begun = Instant::now();
    let webhook = delivering.until("crm", |webhook| webhook.failures == 4);
    assert!(begun.elapsed() < 3 * PACE.attempt + 4 * PACE.longest, "{:?}", begun.elapsed());
    assert!(webhook.last_failure.len() < 300, "{}", webhook.last_failure);
    // What was taken was taken, however long the rest is.
    delivering.until("crm", |webhook| webhook.position == 2);
}

#[test]
fn while_a_secret_is_exchanged_both_sign() {
    let delivering = Delivering::start();
    let receiver = Receiver::start();
    delivering.append_partners("p", 1);
    let old = delivering.add("crm", &receiver.url);
    let old_key = delivering.one("crm").public_key;
    receiver.taken_until(1);
    let overlap = Some(prost_types::Duration { seconds: 2, nanos: 0 });
    let (webhook, new) = delivering.webhooks.rotate("crm", overlap).expect("rotated");
    assert!(new != old && webhook.public_key != old_key && webhook.rotating_until.is_some());
    delivering.append_partners("q", 1);
    receiver.taken_until(2);
    let both = receiver.got().pop().expect("a request");
    assert!(both.is_signed_with(&old) && both.is_signed_with(&new));
    assert!(both.is_signed_by(&old_key) && both.is_signed_by(&webhook.public_key));
    std::thread::sleep(Duration::from_millis(2_100));
    delivering.append_partners("r", 1);
    receiver.taken_until(3);
    let one = receiver.got().pop().expect("a request");
    assert!(one.is_signed_with(&new) && !one.is_signed_with(&old) && !one.is_signed_by(&old_key));
}

#[test]
fn a_partner_s_endpoint_gets_its_own_records_and_filters_hold() {
    let delivering = Delivering::start();
    let (own, some) = (Receiver::start(), Receiver::start());
    delivering.append(vec![partner("a"), partner("b"), agreement("aa", "a"), agreement("bb", "b")]);
    delivering.add_with("own", &own.url, |request| request.partner_id = "a".into());
    let filter = RecordFilter { body_types: vec!["commission_adjusted".into()], ..RecordFilter::default() };
    delivering.add_with("some", &some.url, |request| request.filter = Some(filter));
    delivering.append(vec![adjustment("1", "aa", 100), adjustment("2", "bb", 200), event("lead", referred("lead-a", "aa"))]);
    delivering.append(vec![event("claim", referred("lead-a", "bb")), adjustment("3", "aa", 300)]);
    // The claim of another on its lead is about both: it is not shown.
    assert_eq!(own.taken_until(9), [1, 3, 5, 7, 9]);
    assert!(own.got().iter().all(|got| !String::from_utf8_lossy(&got.body).contains("\"bb\"")), "nothing of others");
    assert_eq!(some.taken_until(9), [5, 6, 9]);
    let refused = |change: fn(&mut AddWebhookRequest)| {
        let mut request = AddWebhookRequest { name: "more".into(), url: "https://a.example".into(), ..AddWebhookRequest::default() };
        change(&mut request);
        delivering.webhooks.add(request).expect_err("refused").to_string()
    };
    assert!(refused(|request| request.partner_id = "nobody".into()).contains("nobody"));
    assert!(refused(|request| request.url = "http://127.0.0.1:99999/ok".into()).contains("url"));
    assert!(refused(|request| request.name = "A/B".into()).contains("name"));
    assert!(refused(|request| request.url = "ftp://a.example".into()).contains("url"));
    assert!(matches!(refused(|request| request.name = "own".into()), why if why.contains("already")));
}

/// A ledger that closes while it delivers leaves no failure behind: else the next one, days later, would count from then.
#[test]
fn closing_is_no_failure_of_an_endpoint() {
    let receiver = Receiver::answering(|_| {
        std::thread::sleep(Duration::from_millis(20));
        Answer::status(200)
    });
    let delivering = Delivering::start();
    delivering.append_partners("p", 2_000);
    delivering.add("crm", &receiver.url);
    receiver.until("a delivery", |got| got.len() > 2);
    delivering.ledger.close().expect("closed");
    std::thread::sleep(Duration::from_millis(300));
    let webhook = delivering.one("crm");
    assert_eq!((webhook.failures, webhook.failing_since, webhook.state()), (0, None, WebhookState::Active), "{webhook:?}");
    let kept = std::fs::read_to_string(delivering.dir.path().join("webhooks/crm.json")).expect("it is kept");
    assert!(!kept.contains("failing_since"), "{kept}");
}

#[test]
fn replay_moves_the_cursor_and_a_pause_keeps_it() {
    let delivering = Delivering::start();
    let receiver = Receiver::start();
    delivering.append_partners("p", 4);
    delivering.add("crm", &receiver.url);
    receiver.taken_until(4);
    delivering.until("crm", |webhook| webhook.position == 4);
    delivering.webhooks.pause("crm").expect("it is there");
    delivering.append_partners("q", 2);
    delivering.webhooks.replay("crm", 2).expect("it is there");
    std::thread::sleep(Duration::from_millis(150));
    assert_eq!(taken(&receiver.got()), all(4), "paused, it gets nothing");
    delivering.webhooks.resume("crm").expect("it is there");
    assert_eq!(receiver.taken_until(6), [1, 2, 3, 4, 3, 4, 5, 6]);
    delivering.until("crm", |webhook| webhook.position == 6);
    assert!(delivering.webhooks.replay("crm", 7).is_err_and(|refused| refused.to_string().contains('7')), "beyond the last");
    assert!(matches!(delivering.webhooks.pause("nobody"), Err(Refused::Unknown(_))));
    assert!(matches!(delivering.webhooks.test("crm"), Ok(Outcome::Taken(204))));
    let test = receiver.got().pop().expect("the test");
    assert_eq!(test.events()[0]["type"], "partnership.ledger.v1.webhook_test");
    assert_eq!(delivering.one("crm").position, 6, "the cursor stays");
    delivering.webhooks.remove("crm").expect("it is there");
    delivering.append_partners("r", 2);
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(taken(&receiver.got()[..receiver.got().len() - 1]).len(), 8, "forgotten, it gets nothing");
    assert!(delivering.webhooks.list().expect("it leads").1.is_empty());
}

/// What is kept is found again, with its secret; and an endpoint whose cursor is beyond the ledger waits for somebody.
#[test]
fn endpoints_go_on_after_a_start_where_they_were() {
    let delivering = Delivering::start();
    let receiver = Receiver::start();
    delivering.append_partners("p", 3);
    let secret = delivering.add("crm", &receiver.url);
    receiver.taken_until(3);
    delivering.until("crm", |webhook| webhook.position == 3);
    let again = |records: usize| {
        let (ledger, _) = Ledger::open(Arc::new(MemoryJournal::new()), Arc::new(SystemClock), Limits::default()).expect("a ledger");
        let other = tempfile::tempdir().expect("a directory");
        let webhooks = open(other.path(), &ledger, allowed(), PACE);
        let mut other = Delivering { ledger, webhooks, runtime: tokio::runtime::Runtime::new().expect("a runtime"), dir: other };
        other.append_partners("p", records);
        other.webhooks = open(delivering.dir.path(), &other.ledger, allowed(), PACE);
        other
    };
    let shorter = again(1);
    let webhook = shorter.until("crm", |webhook| webhook.state() == WebhookState::Failed);
    assert!(webhook.last_failure.contains("restored"), "{}", webhook.last_failure);
    shorter.webhooks.replay("crm", 0).expect("it is there");
    shorter.webhooks.resume("crm").expect("it is there");
    receiver.until("the record of the shorter one", |got| taken(got).len() == 4);
    shorter.until("crm", |webhook| webhook.position == 1);
    drop(shorter);
    let longer = again(5);
    receiver.until("what follows", |got| taken(got) == [1, 2, 3, 1, 2, 3, 4, 5]);
    assert!(receiver.got().iter().all(|got| got.is_signed_with(&secret)));
    drop(longer);
}
