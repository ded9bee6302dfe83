//! Sends the replies of a commit to each runtime in one batch: its thread is woken once, and replies on one connection are
//! written together. Woken for each reply, it would write each by itself.

use super::error::Error;
use super::memory::Held;
use super::queue::Answer;
use crate::wire::AppendResponse;
use tokio::sync::{mpsc, oneshot};

/// A response, and the room that it takes in the memory of whoever asked.
#[derive(Debug)]
pub struct Answered {
    /// The response.
    pub response: AppendResponse,
    /// Its room, given back when this is dropped; `None` if nobody counts it.
    pub held: Option<Held>,
    /// The position before what it recorded.
    pub after: u64,
    /// How many records it added: the others were there before.
    pub recorded: u64,
}

/// The outcome of a request.
pub type Outcome = Result<Answered, Error>;
/// The sending end of a request's outcome.
pub type Reply = oneshot::Sender<Outcome>;

/// Sends replies in batches to the tasks of one runtime. The channel is unbounded, but holds at most one reply per waiting
/// request.
#[derive(Clone)]
pub struct ReplyBatcher(mpsc::UnboundedSender<Vec<(Reply, Outcome)>>);

impl ReplyBatcher {
    /// Starts one for the present runtime; it ends with its last clone.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn start() -> Self {
        let (sender, mut batches) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(batch) = batches.recv().await {
                hand_out(batch);
            }
        });
        Self(sender)
    }

    fn take(&self, batch: Vec<(Reply, Outcome)>) {
        // When the runtime is gone, callers on other threads may still wait.
        if let Err(mpsc::error::SendError(batch)) = self.0.send(batch) {
            hand_out(batch);
        }
    }
}

/// Sends the replies in order. The queue's room is freed first, so that a caller with a reply may send the next request.
pub fn answer_all(answers: impl Iterator<Item = (Answer, Outcome)>) {
    let mut batches: Vec<(ReplyBatcher, Vec<(Reply, Outcome)>)> = Vec::new();
    for (answer, outcome) in answers {
        let (reply, batcher) = answer.give_room_free();
        match batcher.map(|batcher| (batches.iter_mut().find(|(of, _)| of.0.same_channel(&batcher.0)), batcher)) {
            None => hand_out(vec![(reply, outcome)]),
            Some((Some((_, batch)), _)) => batch.push((reply, outcome)),
            Some((None, batcher)) => batches.push((batcher, vec![(reply, outcome)])),
        }
    }
    batches.into_iter().for_each(|(batcher, batch)| batcher.take(batch));
}

fn hand_out(batch: Vec<(Reply, Outcome)>) {
    for (reply, outcome) in batch {
        // The caller may have gone away.
        let _ = reply.send(outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Limits;
    use crate::ledger::queue::{Job, Queue, Request};
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
    fn a_batch_wakes_its_runtime_once() {
        let (sender, mut batches) = mpsc::unbounded_channel();
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        assert!(batches.poll_recv(&mut Context::from_waker(&waker)).is_pending());
        let (batch, _waits) = waiting(100);
        ReplyBatcher(sender).take(batch);
        assert_eq!(wakes.0.load(Ordering::SeqCst), 1);
        assert!(matches!(batches.poll_recv(&mut Context::from_waker(&waker)), Poll::Ready(Some(batch)) if batch.len() == 100));
    }

    #[test]
    fn the_answers_of_a_commit_go_in_one_batch_to_each_runtime_and_their_room_is_free_before() {
        let (queue, requests) = Queue::new(&Limits { queue_requests: 4, ..Limits::default() });
        let ((first, mut to_first), (second, mut to_second)) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        let (first, second) = (ReplyBatcher(first), ReplyBatcher(second));
        let ask = |batcher: Option<&ReplyBatcher>| {
            let request = |answer| Request {
                events: Vec::new(),
                encoded: Vec::new(),
                expected_last: None,
                recorded_by: "somebody".into(),
                permit: None,
                deadline: None,
                account: None,
                answer,
            };
            queue.send(request, queue.try_room(&[]).expect("room"), batcher.cloned()).expect("queued")
        };
        let _waits = [ask(Some(&first)), ask(Some(&second)), ask(Some(&first))];
        let waits_alone = ask(None);
        assert!(queue.try_room(&[]).is_err(), "all room is taken");
        let answers = requests.try_iter().map(|job| match job {
            Job::Record(request) => (request.answer, outcome()),
            Job::Preview(_) => unreachable!("none was queued"),
        });
        answer_all(answers);
        assert!(queue.try_room(&[]).is_ok(), "room before answers");
        assert!(matches!(waits_alone.wait(), Err(Error::DeadlineExceeded)));
        for (runtime, answers) in [(&mut to_first, 2), (&mut to_second, 1)] {
            assert_eq!(runtime.try_recv().expect("a batch").len(), answers);
            assert!(runtime.try_recv().is_err(), "one batch only");
        }
    }

    #[test]
    fn answers_come_to_their_runtime_and_without_it_to_those_who_wait_elsewhere() {
        let runtime = runtime();
        let batcher = {
            let _inside = runtime.enter();
            ReplyBatcher::start()
        };
        let (batch, waits) = waiting(3);
        batcher.take(batch);
        runtime.block_on(async {
            for wait in waits {
                assert!(matches!(wait.await, Ok(Err(Error::DeadlineExceeded))));
            }
        });
        drop(runtime);
        let (batch, waits) = waiting(3);
        batcher.take(batch);
        for wait in waits {
            assert!(matches!(wait.blocking_recv(), Ok(Err(Error::DeadlineExceeded))));
        }
    }
}
