//! The gateway's rate limit: so many requests per client and API version in a sliding window \[D\].

use crate::access::Version;
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// The arrivals that still count, by client id and version.
#[derive(Debug, Default)]
pub(crate) struct Limits(HashMap<(String, Version), VecDeque<Instant>>);

impl Limits {
    /// Lets a request through, or says for how many seconds to wait. One that is refused does not count.
    pub(crate) fn admit(&mut self, client: &str, version: Version, limit: u32, window: Duration) -> Result<(), u64> {
        if limit == 0 {
            return Ok(());
        }
        let now = Instant::now();
        let arrivals = self.0.entry((client.to_owned(), version)).or_default();
        while arrivals.front().is_some_and(|arrival| now.duration_since(*arrival) >= window) {
            arrivals.pop_front();
        }
        match arrivals.front() {
            Some(oldest) if arrivals.len() >= usize::try_from(limit).unwrap_or(usize::MAX) => {
                let wait = window.saturating_sub(now.duration_since(*oldest));
                // Whole seconds, rounded up: a client that waits as told is let in.
                Err(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).div_ceil(1000).max(1))
            }
            _ => {
                arrivals.push_back(now);
                Ok(())
            }
        }
    }
}
