//! The room for reads that may take long: so many at a time, so many waiting, and an end when nobody waits for the answer.

use super::error::Error;
use crate::priority::{Niceness, lower_priority};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Whether nobody waits for an answer any more (a cancellation token): the caller is gone, or its deadline has passed.
#[derive(Clone, Debug, Default)]
pub struct Cancellation(Option<Arc<AtomicBool>>);

impl Cancellation {
    /// One that is never cancelled.
    pub const NEVER: Self = Self(None);

    /// Ends what is read, if nobody waits for it. It costs next to nothing: loops ask between any two rows.
    ///
    /// # Errors
    /// `DeadlineExceeded`, which nobody sees.
    pub fn check(&self) -> Result<(), Error> {
        let is_cancelled = self.0.as_ref().is_some_and(|is_cancelled| is_cancelled.load(Ordering::Relaxed));
        if is_cancelled { Err(Error::DeadlineExceeded) } else { Ok(()) }
    }
}

/// Cancels when it is dropped, as it is with the future of a call.
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The priority of threads for work that gives way to all else. A page that is frozen for it is copied when it changes: it must
/// not take forever.
const LOW: Niceness = Niceness(10);
/// The most places that have a thread each.
const MOST_THREADS: usize = 256;

/// A room: its places, and how many may wait for one.
#[derive(Debug)]
pub struct Room {
    places: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    retry_after: Duration,
    /// Threads of a low priority; without them work is done on those of the caller's runtime.
    threads: Option<Threads>,
}

/// Threads for blocking work, as many as there is work for.
#[derive(Debug)]
struct Threads(Option<Runtime>);

impl Threads {
    fn handle(&self) -> Handle {
        self.0.as_ref().map_or_else(Handle::current, |runtime| runtime.handle().clone())
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // Work under way ends by itself: the last handle may be dropped where nothing may be waited for.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Room {
    /// A room with so many places, at least one, and room for so many that wait for one.
    pub fn new(places: usize, waiting: usize, retry_after: Duration) -> Self {
        let semaphore = |permits: usize| Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS)));
        Self { places: semaphore(places.max(1)), waiting: semaphore(waiting), retry_after, threads: None }
    }

    /// The same room, whose work is done at a low priority. What is done in it must hold no lock that others wait for, but for
    /// moments.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn with_low_priority(self) -> std::io::Result<Self> {
        let mut builder = Builder::new_current_thread();
        builder.thread_name("long-read").on_thread_start(|| lower_priority(LOW));
        let runtime = builder.max_blocking_threads(self.places.available_permits().min(MOST_THREADS)).build()?;
        Ok(Self { threads: Some(Threads(Some(runtime))), ..self })
    }

    /// Does work on a thread for blocking work once there is a place, first come, first served. Work whose caller goes away
    /// meanwhile, which drops the future, never begins, or is cancelled.
    ///
    /// # Errors
    /// `Overloaded` if too many wait already; else those of the work.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce(&Cancellation) -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
        let place = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => {
                let full = |_| Error::Overloaded { retry_after: self.retry_after };
                let _waiting = self.waiting.try_acquire().map_err(full)?;
                self.place().await?
            }
        };
        self.run_at(place, work).await
    }

    /// Like `run`, for a further part of a stream that has begun: it is not refused for overload.
    ///
    /// # Errors
    /// Those of the work.
    pub async fn run_on<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Cancellation) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.run_at(self.place().await?, work).await
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit, Error> {
        let closed = |_| Error::Internal("the room's semaphores are never closed".to_owned());
        Arc::clone(&self.places).acquire_owned().await.map_err(closed)
    }

    async fn run_at<T: Send + 'static>(
        &self,
        place: OwnedSemaphorePermit,
        work: impl FnOnce(&Cancellation) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let is_cancelled = Arc::new(AtomicBool::new(false));
        let _cancel = CancelOnDrop(Arc::clone(&is_cancelled));
        let threads = self.threads.as_ref().map_or_else(Handle::current, Threads::handle);
        let outcome = threads.spawn_blocking(move || {
            let _place = place;
            let cancellation = Cancellation(Some(is_cancelled));
            cancellation.check()?;
            work(&cancellation)
        });
        outcome.await.unwrap_or_else(|panic| Err(Error::Internal(format!("a defect in answering: {panic}"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;
    use std::sync::mpsc::{Sender, channel};

    const RETRY_AFTER: Duration = Duration::from_millis(100);

    fn room(waiting: usize) -> Arc<Room> {
        Arc::new(Room::new(1, waiting, RETRY_AFTER))
    }

    /// Takes the only place until the sender is dropped; returns once it has it.
    async fn hold(room: &Arc<Room>) -> Sender<()> {
        let (until, dropped) = channel::<()>();
        let (began, begun) = tokio::sync::oneshot::channel();
        let room = Arc::clone(room);
        tokio::spawn(async move {
            room.run(move |_| {
                let _ = began.send(());
                let _ = dropped.recv();
                Ok(())
            })
            .await
        });
        begun.await.expect("it began");
        until
    }

    #[tokio::test]
    async fn what_is_abandoned_while_it_waits_never_begins() {
        let (room, begun) = (room(400), Arc::new(AtomicUsize::new(0)));
        let held = hold(&room).await;
        let calls: Vec<_> = (0..400)
            .map(|_| {
                let (room, begun) = (Arc::clone(&room), Arc::clone(&begun));
                tokio::spawn(async move { room.run(move |_| Ok(begun.fetch_add(1, Ordering::Relaxed))).await })
            })
            .collect();
        while room.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        for call in calls {
            call.abort();
            let _ = call.await;
        }
        assert_eq!(room.waiting.available_permits(), 400, "they wait no longer");
        drop(held);
        assert_eq!(room.run(|_| Ok(7)).await, Ok(7));
        assert_eq!(begun.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn more_than_may_wait_are_refused_and_parts_of_a_stream_are_not() {
        let room = room(1);
        let held = hold(&room).await;
        let waits = tokio::spawn({
            let room = Arc::clone(&room);
            async move { room.run(|_| Ok(1)).await }
        });
        while room.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(room.run(|_| Ok(2)).await, Err(Error::Overloaded { retry_after: RETRY_AFTER }));
        let streams = tokio::spawn({
            let room = Arc::clone(&room);
            async move { room.run_on(|_| Ok(3)).await }
        });
        drop(held);
        assert_eq!((waits.await.expect("no panic"), streams.await.expect("no panic")), (Ok(1), Ok(3)));
    }

    #[tokio::test]
    async fn work_under_way_ends_when_its_deadline_passes() {
        let room = room(0);
        let (sender, ended) = tokio::sync::oneshot::channel();
        let endless = room.run(move |cancellation| {
            let end = loop {
                if let Err(error) = cancellation.check() {
                    break error;
                }
                std::thread::yield_now();
            };
            let _ = sender.send(end.clone());
            Err::<(), _>(end)
        });
        tokio::time::timeout(Duration::from_millis(20), endless).await.expect_err("it does not end by itself");
        assert_eq!(ended.await, Ok(Error::DeadlineExceeded));
        // Its place is free again, a moment later.
        assert_eq!(room.run_on(|_| Ok(4)).await, Ok(4));
    }
}
