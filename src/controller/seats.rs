//! So many reconciles think at once. Thousands may be due together, as after each list: each would hold all that it looks at,
//! though there are only so many cores to look with. Whoever writes to a tenant leaves its seat, as that may take long.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Enough that those who wait for Kubernetes leave none of its answers unused.
const SEATS: usize = 64;

/// All seats. There are none before they are [opened](Self::open).
#[derive(Debug)]
pub struct Seats(Arc<Semaphore>);

impl Default for Seats {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

impl Seats {
    /// This process leads, and every resource is known: the work begins.
    pub fn open(&self) {
        self.0.add_permits(SEATS);
    }

    /// A seat, as soon as one is free, in the order they came.
    pub async fn take(&self) -> Seat {
        Seat(Mutex::new(Arc::clone(&self.0).acquire_owned().await.ok()))
    }

    /// Waits until one is free.
    pub async fn free(&self) {
        drop(self.0.acquire().await);
    }
}

/// The seat of one reconcile. The default is none.
#[derive(Debug, Default)]
pub struct Seat(Mutex<Option<OwnedSemaphorePermit>>);

impl Seat {
    /// Lets another have it.
    pub fn leave(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn who_leaves_a_seat_makes_room_for_another() {
        let seats = Seats::default();
        assert!(seats.take().now_or_never().is_none());
        seats.open();
        let mut taken = Vec::new();
        while let Some(seat) = seats.take().now_or_never() {
            taken.push(seat);
        }
        assert_eq!(taken.len(), SEATS);
        taken[0].leave();
        taken[0].leave();
        assert!(seats.take().now_or_never().is_some());
        assert_eq!(seats.0.available_permits(), 1, "it was given back, once");
    }
}
