//! Until when this process may write to tenants.
//!
//! Who moves it, and why, is not known here: it is what the client asks just before each write.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

/// A time after which no write is sent, by this process's monotonic clock. A clone is the same deadline.
///
/// That clock runs on while the process is suspended (`CLOCK_MONOTONIC`), and stands still while the machine sleeps.
#[derive(Clone, Debug, Default)]
pub struct WriteDeadline(Arc<Mutex<Option<Instant>>>);

impl WriteDeadline {
    /// No end: writes may be sent for as long as the process lives.
    #[must_use]
    pub fn unlimited() -> Self {
        Self::default()
    }

    /// Writes may be sent before `end`, and no longer.
    pub fn move_to(&self, end: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
    }

    /// From now on no write is sent.
    pub fn close(&self) {
        self.move_to(Instant::now());
    }

    /// Whether no write may be sent any more.
    #[must_use]
    pub fn has_passed(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|end| end <= Instant::now())
    }
}
