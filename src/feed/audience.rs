//! Who follows: how many, and the position of each.

use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;

/// All subscribers.
#[derive(Debug, Default)]
pub struct Audience {
    places: Arc<Mutex<Vec<Arc<AtomicU64>>>>,
    count: Arc<watch::Sender<usize>>,
}

/// A subscriber's place, until it is dropped.
#[derive(Debug)]
pub struct Place {
    position: Arc<AtomicU64>,
    places: Arc<Mutex<Vec<Arc<AtomicU64>>>>,
    count: Arc<watch::Sender<usize>>,
}

impl Audience {
    /// Takes a place for a subscriber that has all up to a position.
    pub fn join(&self, position: u64) -> Place {
        let position = Arc::new(AtomicU64::new(position));
        self.places.lock().push(Arc::clone(&position));
        self.count.send_modify(|count| *count += 1);
        Place { position, places: Arc::clone(&self.places), count: Arc::clone(&self.count) }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        *self.count.borrow()
    }

    /// The position of the one furthest behind; `None` without any.
    pub fn slowest(&self) -> Option<u64> {
        self.places.lock().iter().map(|position| position.load(Ordering::Relaxed)).min()
    }

    /// Returns once there is nobody.
    pub async fn left(&self) {
        // The sending end is here.
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl Place {
    /// It has come to a position.
    pub fn reached(&self, position: u64) {
        self.position.store(position, Ordering::Relaxed);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.lock().retain(|position| !Arc::ptr_eq(position, &self.position));
        self.count.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_furthest_behind_is_known_until_it_leaves() {
        let audience = Audience::default();
        assert_eq!((audience.count(), audience.slowest()), (0, None));
        let (first, second) = (audience.join(7), audience.join(3));
        second.reached(5);
        assert_eq!((audience.count(), audience.slowest()), (2, Some(5)));
        drop(second);
        assert_eq!((audience.count(), audience.slowest()), (1, Some(7)));
        drop(first);
        assert_eq!((audience.count(), audience.slowest()), (0, None));
    }
}
