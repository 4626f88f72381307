//! The gateway's rate limit: so many requests per client and API version in a sliding window \[D\].

use crate::Switches;
use crate::access::Version;
use crate::errors::ApiError;
use std::collections::{HashMap, VecDeque};
use std::time::Instant;

/// The arrivals that still count, by client id and version; none is for token calls, which count for themselves \[U\].
#[derive(Debug, Default)]
pub(crate) struct Limits(HashMap<(String, Option<Version>), VecDeque<Instant>>);

impl Limits {
    /// Lets a request through, or says for how many seconds to wait. One that is refused does not count.
    pub(crate) fn admit(
        &mut self,
        client: &str,
        version: Option<Version>,
        now: Instant,
        switches: &Switches,
    ) -> Result<(), ApiError> {
        let (limit, window) = (switches.rate_limit, switches.rate_limit_window());
        if limit == 0 {
            return Ok(());
        }
        let arrivals = self.0.entry((client.to_owned(), version)).or_default();
        while arrivals.front().is_some_and(|arrival| now.duration_since(*arrival) >= window) {
            arrivals.pop_front();
        }
        match arrivals.front() {
            Some(oldest) if arrivals.len() >= usize::try_from(limit).unwrap_or(usize::MAX) => {
                let wait = window.saturating_sub(now.duration_since(*oldest));
                // Whole seconds, rounded up: a client that waits as told is let in.
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                Err(ApiError::RateLimited { seconds })
            }
            _ => {
                arrivals.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_window_slides_with_each_arrival() {
        let switches = Switches { rate_limit: 2, ..Switches::default() };
        let (mut limits, start) = (Limits::default(), Instant::now());
        let mut wait = |ms| match limits.admit("c", None, start + Duration::from_millis(ms), &switches) {
            Err(ApiError::RateLimited { seconds }) => seconds,
            _ => 0,
        };
        assert_eq!([wait(0), wait(4_000)], [0, 0]);
        assert_eq!([wait(4_001), wait(9_999)], [6, 1]);
        // The first arrival has left the window, the second has not; those refused never counted.
        assert_eq!([wait(10_000), wait(10_001)], [0, 4]);
        assert_eq!([wait(14_000), wait(14_001)], [0, 6]);
    }
}
