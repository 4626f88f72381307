//! How long, from which seed, and the bounds within which the protocol promises anything.

use std::env;
use std::time::Duration;

/// For how long faults come where `SOAK_SECONDS` does not say.
const SECONDS: u64 = 35;

/// How long a write whose answer never came may still take effect, as the operator is told. A create leaves at most 5 s
/// after its intent is written, is held up by at most [`LATEST`], and is listed at most [`LIST_LAG`] later.
pub const SETTLE: Duration = Duration::from_secs(14);
/// The longest that the tenant takes over a write.
pub const LATEST: Duration = Duration::from_millis(3_500);
/// The longest that the operator waits for an answer.
pub const REQUEST_LIMIT: Duration = Duration::from_secs(2);
/// The longest that a list lags behind writes.
pub const LIST_LAG: Duration = Duration::from_millis(700);

/// Everything that takes minutes in a cluster takes seconds here.
pub const FLAGS: [&str; 10] = [
    "--resync=2s",
    "--settle=14s",
    "--list-lag=1s",
    "--backoff-min=100ms",
    "--backoff-max=2s",
    "--reference-grace=2s",
    "--refused-retry=1h",
    "--connect-limit=2s",
    "--request-limit=2s",
    "--log=sim_operator=debug,info",
];

/// Of operators that agree by a Lease which of them works.
pub const ELECTION: [&str; 4] =
    ["--leader-elect=true", "--lease-namespace=team-0", "--lease-duration=10s", "--lease-renew=500ms"];

/// What a run is told.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// All choices come from it.
    pub seed: u64,
    /// For how long faults come.
    pub faults: Duration,
}

impl Settings {
    /// As the environment says.
    pub fn read() -> Self {
        let number =
            |name| env::var(name).ok().filter(|text: &String| !text.is_empty()).map(|text| text.parse().unwrap());
        Self {
            seed: number("SOAK_SEED").unwrap_or_else(|| fastrand::u64(..1_000_000)),
            faults: Duration::from_secs(number("SOAK_SECONDS").unwrap_or(SECONDS)),
        }
    }
}
