//! Waiting for something that another process does in its own time.

use std::fmt::Debug;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

/// Generous, as a busy machine is slow: a test that passes never waits this long, one that fails may.
pub const DEADLINE: Duration = Duration::from_mins(1);

const INTERVAL: Duration = Duration::from_millis(100);

/// Looks every 100 ms until `look` gives `Ok`, and returns that. `Err` is what was seen instead.
///
/// # Panics
/// After 60 s, with the description and what was seen last.
pub async fn eventually<T, S: Debug>(description: &str, mut look: impl AsyncFnMut() -> Result<T, S>) -> T {
    let deadline = Instant::now() + DEADLINE;
    let mut last = None;
    while let Ok(seen) = timeout_at(deadline, look()).await {
        match seen {
            Ok(value) => return value,
            Err(instead) => last = Some(instead),
        }
        // A look that never awaits, such as one by kubectl, is over before the time limit is asked.
        if Instant::now() >= deadline {
            break;
        }
        sleep(INTERVAL).await;
    }
    match last {
        Some(seen) => panic!("not within {DEADLINE:?}: {description}; last seen: {seen:#?}"),
        None => panic!("not within {DEADLINE:?}: {description}; not even the first look came to an end"),
    }
}
