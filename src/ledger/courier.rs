//! The way of answers back to a runtime: those of a commit go together, so that its thread is woken once, and answers to
//! the same connection are written together. Woken for each, it would write each of them by itself.

use super::encoded::EncodedResponse;
use super::error::Error;
use super::queue::Answer;
use tokio::sync::{mpsc, oneshot};

/// What a request comes to.
pub type Outcome = Result<EncodedResponse, Error>;
/// Where a request's outcome is waited for.
pub type Reply = oneshot::Sender<Outcome>;

/// Brings answers to those who wait in a runtime. There are never more under way than wait.
#[derive(Clone)]
pub struct Courier(mpsc::UnboundedSender<Vec<(Reply, Outcome)>>);

impl Courier {
    /// One for the present runtime, for as long as there are handles of it.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn start() -> Self {
        let (sender, mut bundles) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(bundle) = bundles.recv().await {
                hand_out(bundle);
            }
        });
        Self(sender)
    }

    fn take(&self, bundle: Vec<(Reply, Outcome)>) {
        // When the runtime is gone, somebody may still wait elsewhere.
        if let Err(mpsc::error::SendError(bundle)) = self.0.send(bundle) {
            hand_out(bundle);
        }
    }
}

/// Answers requests, in order, having given their room free: whoever has an answer may ask again.
pub fn answer_all(answers: impl Iterator<Item = (Answer, Outcome)>) {
    let mut bundles: Vec<(Courier, Vec<(Reply, Outcome)>)> = Vec::new();
    for (answer, outcome) in answers {
        let (reply, courier) = answer.give_room_free();
        match courier.map(|courier| (bundles.iter_mut().find(|(of, _)| of.0.same_channel(&courier.0)), courier)) {
            None => hand_out(vec![(reply, outcome)]),
            Some((Some((_, bundle)), _)) => bundle.push((reply, outcome)),
            Some((None, courier)) => bundles.push((courier, vec![(reply, outcome)])),
        }
    }
    bundles.into_iter().for_each(|(courier, bundle)| courier.take(bundle));
}

fn hand_out(bundle: Vec<(Reply, Outcome)>) {
    for (reply, outcome) in bundle {
        // A caller that has gone away needs no answer.
        let _ = reply.send(outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Limits;
    use crate::ledger::queue::{Queue, Request};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll, Wake, Waker};
    use tokio::runtime::{Builder, Runtime};

    fn runtime() -> Runtime {
        Builder::new_current_thread().build().expect("a runtime")
    }

    fn outcome() -> Outcome {
        Err(Error::DeadlineExceeded)
    }

    fn waiting(count: usize) -> (Vec<(Reply, Outcome)>, Vec<oneshot::Receiver<Outcome>>) {
        (0..count).map(|_| oneshot::channel()).map(|(reply, waits)| ((reply, outcome()), waits)).unzip()
    }

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_bundle_wakes_its_runtime_once() {
        let (sender, mut bundles) = mpsc::unbounded_channel();
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        assert!(bundles.poll_recv(&mut Context::from_waker(&waker)).is_pending());
        let (bundle, _waits) = waiting(100);
        Courier(sender).take(bundle);
        assert_eq!(wakes.0.load(Ordering::SeqCst), 1);
        assert!(matches!(bundles.poll_recv(&mut Context::from_waker(&waker)), Poll::Ready(Some(bundle)) if bundle.len() == 100));
    }

    #[test]
    fn the_answers_of_a_commit_go_in_one_bundle_to_each_runtime_and_their_room_is_free_before() {
        let (queue, requests) = Queue::new(&Limits { queue_requests: 4, ..Limits::default() });
        let ((first, mut to_first), (second, mut to_second)) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        let (first, second) = (Courier(first), Courier(second));
        let ask = |courier: Option<&Courier>| {
            let request = |answer| Request {
                events: Vec::new(),
                encoded: Vec::new(),
                expected_last: None,
                recorded_by: "somebody".into(),
                deadline: None,
                answer,
            };
            queue.send(request, queue.try_room(&[]).expect("room"), courier.cloned()).expect("queued")
        };
        let _waits = [ask(Some(&first)), ask(Some(&second)), ask(Some(&first))];
        let waits_alone = ask(None);
        assert!(queue.try_room(&[]).is_err(), "all room is taken");
        answer_all(requests.try_iter().map(|request| (request.answer, outcome())));
        assert!(queue.try_room(&[]).is_ok(), "room before answers");
        assert!(matches!(waits_alone.wait(), Err(Error::DeadlineExceeded)));
        for (runtime, answers) in [(&mut to_first, 2), (&mut to_second, 1)] {
            assert_eq!(runtime.try_recv().expect("a bundle").len(), answers);
            assert!(runtime.try_recv().is_err(), "one bundle only");
        }
    }

    #[test]
    fn answers_come_to_their_runtime_and_without_it_to_those_who_wait_elsewhere() {
        let runtime = runtime();
        let courier = {
            let _inside = runtime.enter();
            Courier::start()
        };
        let (bundle, waits) = waiting(3);
        courier.take(bundle);
        runtime.block_on(async {
            for wait in waits {
                assert!(matches!(wait.await, Ok(Err(Error::DeadlineExceeded))));
            }
        });
        drop(runtime);
        let (bundle, waits) = waiting(3);
        courier.take(bundle);
        for wait in waits {
            assert!(matches!(wait.blocking_recv(), Ok(Err(Error::DeadlineExceeded))));
        }
    }
}
