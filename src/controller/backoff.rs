//! How long whatever fails waits, and for how long it has been waiting: for integrations and tenants alike.

use std::time::Duration;

use tokio::time::Instant;

use crate::api::Reason;

/// The failures in a row of one resource, and what it waits for.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    waiting: Option<(Reason, Instant)>,
}

impl Backoff {
    /// Whether nothing has failed.
    pub(super) fn is_blank(&self) -> bool {
        self.failures == 0 && self.waiting.is_none()
    }

    /// One more failure: how long to wait, doubling from `least` to `most`, with jitter.
    pub(super) fn failed(&mut self, least: Duration, most: Duration) -> Duration {
        let doubled = least.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX)).min(most);
        self.failures = (self.failures + 1).min(31);
        jittered(doubled)
    }

    /// How long it has been waiting for this reason; a new reason starts now.
    pub(super) fn waiting_for(&mut self, reason: Reason, now: Instant) -> Duration {
        match self.waiting {
            Some((waiting, since)) if waiting == reason => now - since,
            _ => {
                self.waiting = Some((reason, now));
                Duration::ZERO
            }
        }
    }
}

/// Between three quarters of `duration` and all of it.
#[must_use]
pub(super) fn jittered(duration: Duration) -> Duration {
    use std::hash::{BuildHasher, RandomState};
    let random = RandomState::new().hash_one(0_u8) % 1024;
    duration.mul_f64(1.0 - f64::from(u32::try_from(random).unwrap_or(0)) / 4096.0)
}
