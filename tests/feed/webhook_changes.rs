//! Webhooks that are changed while an attempt is under way, and whose files cannot be written or read: what is said of an endpoint of before
//! counts for no other, and what is refused has not happened.

use crate::receiver::{Answer, Receiver, taken};
use crate::webhooks::{Delivering, PACE, all, allowed, open};
use partnership_ledger::feed::webhooks::{Pace, Refused};
use partnership_ledger::proto::{AddWebhookRequest, WebhookState};
use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

/// A receiver that thinks for a while about its first request, answers that with a status, and takes all later ones.
fn slow_at_first(first: u16) -> Receiver {
    Receiver::answering(move |number| {
        if number == 0 {
            std::thread::sleep(Duration::from_millis(600));
        }
        Answer::status(if number == 0 { first } else { 204 })
    })
}

/// Waits until a request has come to a receiver that is slow with its answer: it is counted when it is answered, so that time says it.
fn under_way() {
    std::thread::sleep(Duration::from_millis(250));
}

/// A removed endpoint whose attempt is taken late, or refused for good, says nothing of the one that has its name then.
#[test]
fn an_endpoint_that_was_removed_does_not_move_the_cursor_of_its_successor() {
    for status in [200, 410, 503] {
        let delivering = Delivering::start();
        let old = slow_at_first(status);
        delivering.append_partners("p", 4);
        delivering.add("crm", &old.url);
        under_way();
        delivering.webhooks.remove("crm").expect("it is there");
        let new = Receiver::answering(|_| Answer::status(503));
        delivering.add("crm", &new.url);
        old.until("the late answer", |got| got.len() == 1);
        new.until("attempts", |got| !got.is_empty());
        std::thread::sleep(Duration::from_millis(200));
        let webhook = delivering.one("crm");
        assert_eq!((webhook.position, webhook.state()), (0, WebhookState::Active), "{status}: {webhook:?}");
        assert_eq!(webhook.last_failure, "it answered 503", "{status}");
        new.answer(|_| Answer::status(204));
        delivering.webhooks.resume("crm").expect("it is there");
        assert_eq!(new.taken_until(4), all(4), "{status}");
        assert_eq!(old.got().len(), 1, "{status}: nothing more comes to the old one");
    }
}

/// What an attempt of before found out does not undo what somebody asked for since.
#[test]
fn an_attempt_from_before_a_change_does_not_stop_an_endpoint() {
    let delivering = Delivering::start();
    delivering.append_partners("p", 4);
    let replayed = slow_at_first(410);
    delivering.add("replayed", &replayed.url);
    let paused = slow_at_first(410);
    delivering.add("paused", &paused.url);
    under_way();
    delivering.webhooks.replay("replayed", 2).expect("it is there");
    delivering.webhooks.pause("paused").expect("it is there");
    assert_eq!(replayed.taken_until(4), [3, 4]);
    paused.until("the late answer", |got| got.len() == 1);
    std::thread::sleep(Duration::from_millis(200));
    let webhook = delivering.one("paused");
    assert_eq!((webhook.state(), webhook.last_failure.as_str()), (WebhookState::Paused, ""));
    assert_eq!(delivering.until("replayed", |webhook| webhook.position == 4).state(), WebhookState::Active);
}

/// A directory in the way of what is written first: it stops also those who may write everything.
#[test]
fn what_cannot_be_kept_has_not_happened() {
    let delivering = Delivering::start();
    let receiver = Receiver::start();
    delivering.append_partners("p", 2);
    let secret = delivering.add("crm", &receiver.url);
    receiver.taken_until(2);
    let before = delivering.until("crm", |webhook| webhook.position == 2);
    let in_the_way = delivering.dir.path().join("webhooks/crm.json.new");
    fs::create_dir(&in_the_way).expect("made");
    let kept = "the webhooks of the data directory cannot be kept: ";
    let refusals = [
        delivering.webhooks.rotate("crm", None).map(drop),
        delivering.webhooks.pause("crm").map(drop),
        delivering.webhooks.replay("crm", 0).map(drop),
    ];
    for refused in refusals {
        let refused = refused.expect_err("it cannot be written");
        assert!(matches!(&refused, Refused::NotKept(_)) && refused.to_string().starts_with(kept), "{refused:?}");
        assert_eq!(delivering.one("crm"), before);
    }
    // The cursor alone cannot be written: the endpoint is as it was, too.
    fs::remove_dir(&in_the_way).expect("removed");
    let file = delivering.dir.path().join("webhooks/crm.json");
    let text = fs::read_to_string(&file).expect("it is kept");
    let in_the_way = delivering.dir.path().join("webhooks/crm.cursor.new");
    fs::create_dir(&in_the_way).expect("made");
    assert!(matches!(delivering.webhooks.replay("crm", 0), Err(Refused::NotKept(_))));
    assert_eq!(fs::read_to_string(&file).expect("it is kept"), text);
    let other = Receiver::start();
    let request = AddWebhookRequest { name: "more".into(), url: other.url.clone(), ..AddWebhookRequest::default() };
    fs::create_dir(delivering.dir.path().join("webhooks/more.json.new")).expect("made");
    assert!(matches!(delivering.webhooks.add(request.clone()), Err(Refused::NotKept(_))));
    assert_eq!(delivering.webhooks.list().expect("it leads").1.len(), 1);
    fs::remove_dir(delivering.dir.path().join("webhooks/more.json.new")).expect("removed");
    delivering.webhooks.add(request).expect("nothing is left of the first attempt");
    fs::remove_dir(&in_the_way).expect("removed");
    delivering.append_partners("q", 1);
    let got = receiver.until("a delivery", |got| taken(got).contains(&3));
    assert!(got.iter().all(|got| got.is_signed_with(&secret)), "by the secret of before");
    other.taken_until(3);
}

#[test]
fn an_endpoint_whose_files_are_damaged_is_told_and_can_be_removed() {
    let delivering = Delivering::start();
    let receiver = Receiver::start();
    delivering.append_partners("p", 3);
    for name in ["a", "b", "c", "d"] {
        delivering.add(name, &receiver.url);
        delivering.until(name, |webhook| webhook.position == 3);
    }
    let dir = delivering.dir.path().join("webhooks");
    fs::remove_file(dir.join("a.cursor")).expect("removed");
    fs::write(dir.join("b.json"), "{\"url\": \"http").expect("written");
    let again = open(delivering.dir.path(), &delivering.ledger, allowed(), PACE);
    let listed = again.list().expect("it leads").1;
    let states: Vec<_> = listed.iter().map(|webhook| (webhook.name.as_str(), webhook.state())).collect();
    let (damaged, active) = (WebhookState::Damaged, WebhookState::Active);
    assert_eq!(states, [("a", damaged), ("b", damaged), ("c", active), ("d", active)]);
    assert!(listed[0].last_failure.contains("a.cursor") && listed[1].last_failure.contains("b.json"), "{listed:?}");
    let lags: Vec<_> = again.lags().into_iter().filter(|(_, _, is_delivered)| !is_delivered).collect();
    assert_eq!(lags, [("a".to_owned(), 3, false), ("b".to_owned(), 3, false)]);
    let request = AddWebhookRequest { name: "a".into(), url: receiver.url.clone(), ..AddWebhookRequest::default() };
    assert!(matches!(again.add(request.clone()), Err(Refused::Exists(_))));
    for refused in [again.pause("a").map(drop), again.test("b").map(drop), again.replay("a", 0).map(drop)] {
        assert!(matches!(refused, Err(Refused::Damaged { .. })), "{refused:?}");
    }
    again.remove("a").expect("removed");
    again.remove("b").expect("removed");
    again.add(request).expect("the name is free");
    // While the server runs.
    fs::remove_file(dir.join("c.cursor")).expect("removed");
    again.remove("c").expect("without its cursor");
    fs::remove_file(dir.join("d.json")).expect("removed");
    again.remove("d").expect("without its endpoint");
    let names: Vec<_> = again.list().expect("it leads").1.into_iter().map(|webhook| webhook.name).collect();
    assert_eq!(names, ["a"]);
    assert!(matches!(again.remove("d"), Err(Refused::Unknown(_))));
}

#[test]
fn a_replay_goes_on_with_what_failures_or_the_endpoint_have_stopped() {
    for (status, state) in [(410, WebhookState::Gone), (500, WebhookState::Failed)] {
        let delivering = Delivering::with(allowed(), Pace { give_up_after: Duration::ZERO, ..PACE });
        let receiver = Receiver::answering(move |_| Answer::status(status));
        delivering.append_partners("p", 3);
        delivering.add("crm", &receiver.url);
        delivering.until("crm", |webhook| webhook.state() == state);
        receiver.answer(|_| Answer::status(204));
        let webhook = delivering.webhooks.replay("crm", 1).expect("it is there");
        assert_eq!((webhook.state(), webhook.failures), (WebhookState::Active, 0));
        assert_eq!(receiver.taken_until(3), [2, 3], "{state:?}");
    }
}

/// Receivers that put aside the ids that they know lose nothing: an id is of one content, and of one replay.
#[test]
fn an_id_of_a_delivery_is_not_used_for_something_else() {
    let delivering = Delivering::start();
    let receiver = Receiver::start();
    delivering.append_partners("p", 3);
    delivering.add("crm", &receiver.url);
    receiver.taken_until(3);
    delivering.until("crm", |webhook| webhook.position == 3);
    delivering.webhooks.replay("crm", 0).expect("it is there");
    receiver.until("a replay", |got| got.len() == 2);
    delivering.until("crm", |webhook| webhook.position == 3);
    delivering.webhooks.remove("crm").expect("it is there");
    delivering.add("crm", &receiver.url);
    let got = receiver.until("the new one", |got| got.len() == 3);
    let ids: BTreeSet<_> = got.iter().map(|got| got.headers["webhook-id"].clone()).collect();
    assert_eq!(ids.len(), 3, "{ids:?}");
    assert_eq!(taken(&got), [1, 2, 3, 1, 2, 3, 1, 2, 3]);
}

#[test]
fn every_secret_signs_until_its_own_time_is_over() {
    let delivering = Delivering::start();
    let receiver = Receiver::start();
    let mut secrets = vec![delivering.add("crm", &receiver.url)];
    for _ in 0..8 {
        secrets.push(delivering.webhooks.rotate("crm", None).expect("rotated").1);
    }
    delivering.append_partners("p", 1);
    receiver.taken_until(1);
    let got = receiver.got().pop().expect("a request");
    assert!(secrets.iter().all(|secret| got.is_signed_with(secret)), "{:?}", got.headers);
    let before = delivering.one("crm");
    assert!(matches!(delivering.webhooks.rotate("crm", None), Err(Refused::TooManySecrets)));
    assert_eq!(delivering.one("crm").public_key, before.public_key, "refused, it has not happened");
    let (webhook, secret) = delivering.webhooks.rotate("crm", Some(prost_types::Duration::default())).expect("rotated");
    assert_eq!(webhook.rotating_until, None);
    delivering.append_partners("q", 1);
    receiver.taken_until(2);
    let got = receiver.got().pop().expect("a request");
    assert!(got.is_signed_with(&secret) && !secrets.iter().any(|secret| got.is_signed_with(secret)), "by the new one alone");
}

/// The time that an endpoint asks for, and how often it has failed, are kept.
#[test]
fn a_start_does_not_shorten_what_an_endpoint_asks_for() {
    let delivering = Delivering::start();
    let receiver = Receiver::answering(|_| Answer::With(429, "retry-after: 3\r\n".into(), String::new()));
    delivering.append_partners("p", 2);
    delivering.add("crm", &receiver.url);
    let before = delivering.until("crm", |webhook| webhook.failures == 1);
    let again = open(delivering.dir.path(), &delivering.ledger, allowed(), PACE);
    let webhook = again.list().expect("it leads").1.pop().expect("it is there");
    assert_eq!((webhook.failures, webhook.failing_since), (1, before.failing_since));
    assert!(webhook.next_attempt_at.is_some(), "{webhook:?}");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(receiver.got().len(), 1, "nothing comes before that");
    receiver.answer(|_| Answer::status(204));
    let got = receiver.until("the next attempt", |got| got.len() > 1);
    assert!(got[1].at - got[0].at >= Duration::from_millis(2_900), "{:?}", got[1].at - got[0].at);
}
