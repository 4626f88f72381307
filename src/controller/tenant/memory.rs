//! What this process remembers of a tenant between two beats.

use std::collections::BTreeMap;
use std::mem;
use std::time::Duration;

use tokio::time::Instant;

use super::super::backoff::Backoff;
use crate::api::{Reason, SailPointTenant};
use crate::controller::requests::Requests;
use crate::sailpoint::Client;

/// Where nothing else changes, counts are brought up to date so often: while many are created they change all the time.
const COUNTS: Duration = Duration::from_secs(5);

/// What is remembered of one `SailPointTenant`.
#[derive(Default)]
pub struct TenantMemory {
    pub(super) client: Option<HeldClient>,
    /// The version of the credentials' Secret that the client has, and when it was last looked at.
    pub(super) secret: Option<(String, Instant)>,
    /// Whether SailPoint rejected the credentials while they were used.
    pub(super) suspect: bool,
    /// Whether the tenant, or its connection, is another than when its integrations were last told of it.
    pub(super) is_new: bool,
    /// Whether the tenant says that this version of the API is deprecated.
    pub(super) deprecated: bool,
    /// When the LIST ended of which the status tells. Another tenant of the same org may have asked for it.
    pub(super) told: Option<Instant>,
    /// When the status was written, and when it is to be written again for its counts alone.
    written: Option<Instant>,
    count_at: Option<Instant>,
    backoff: Backoff,
    /// No call before this time, unless the tenant is changed or somebody asks.
    wait_until: Option<Instant>,
    /// A look was asked for, and the list was too soon after our own writes to show all: when the next one counts.
    look_again: Option<Instant>,
    seen: Option<(i64, BTreeMap<String, String>, bool)>,
}

/// A client and what it was made from.
#[derive(Clone)]
pub(super) struct HeldClient {
    pub(super) generation: i64,
    pub(super) client_id: String,
    pub(super) client: Client,
}

impl TenantMemory {
    /// SailPoint rejected the credentials while they were used.
    pub fn doubt(&mut self) {
        self.suspect = true;
    }

    /// Whether the resource is another than at the last beat: its spec, annotations or deletion.
    pub(super) fn notice(&mut self, tenant: &SailPointTenant) -> bool {
        let state = (
            tenant.metadata.generation.unwrap_or_default(),
            tenant.metadata.annotations.clone().unwrap_or_default(),
            tenant.metadata.deletion_timestamp.is_some(),
        );
        self.seen.replace(state.clone()) != Some(state)
    }

    /// Whether a call may be made now; else how long to wait. A failing tenant is not asked sooner because many wait.
    pub(super) fn gate(&self, is_asked: bool, now: Instant) -> Result<(), Duration> {
        match self.wait_until {
            Some(until) if until > now && !is_asked => Err(until - now),
            _ => Ok(()),
        }
    }

    /// What was asked for, less the look that waits for its time.
    pub(super) fn due(&self, requests: Requests, now: Instant) -> Requests {
        let waits = self.look_again.is_some_and(|at| at > now);
        Requests { anew: requests.anew && !waits, ..requests }
    }

    /// A look that was asked for was made, `until` when our own writes outweigh what it showed. Returns whether it counts: a
    /// second look does, however much was written since.
    pub(super) fn looked(&mut self, until: Option<Instant>) -> bool {
        self.look_again = if self.look_again.is_some() { None } else { until };
        self.look_again.is_none()
    }

    /// How long until the look that waits for its time, or the counts that do.
    pub(super) fn next_look(&self, now: Instant) -> Option<Duration> {
        self.look_again.into_iter().chain(self.count_at).min().map(|at| at.saturating_duration_since(now))
    }

    /// Whether the status may be written though only its counts are other than before; else they wait for their time.
    pub(super) fn may_count(&mut self, now: Instant) -> bool {
        self.count_at = self.written.map(|written| written + COUNTS).filter(|at| *at > now);
        self.count_at.is_none()
    }

    /// The status tells all.
    pub(super) fn up_to_date(&mut self) {
        self.count_at = None;
    }

    /// The status was written.
    pub(super) fn wrote(&mut self, now: Instant) {
        (self.written, self.count_at) = (Some(now), None);
    }

    pub(super) fn failed(&mut self, least: Duration, most: Duration, now: Instant) -> Duration {
        let wait = self.backoff.failed(least, most);
        self.wait_until = Some(now + wait);
        wait
    }

    pub(super) fn wait_until(&mut self, until: Instant) {
        self.wait_until = Some(until);
    }

    /// The tenant is in order. Returns whether it is new to its integrations.
    pub(super) fn succeeded(&mut self) -> bool {
        self.backoff = Backoff::default();
        self.wait_until = None;
        self.suspect = false;
        mem::take(&mut self.is_new)
    }

    pub(super) fn waiting_for(&mut self, reason: Reason, now: Instant) -> Duration {
        self.backoff.waiting_for(reason, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_alone_are_written_now_and_then() {
        let (mut memory, start) = (TenantMemory::default(), Instant::now());
        assert!(memory.may_count(start));
        memory.wrote(start);
        assert_eq!(memory.next_look(start), None);
        assert!(!memory.may_count(start + COUNTS / 5));
        assert_eq!(memory.next_look(start + COUNTS / 5), Some(COUNTS * 4 / 5));
        assert!(memory.may_count(start + COUNTS));
        assert!(!memory.may_count(start + COUNTS / 5));
        memory.up_to_date();
        assert_eq!(memory.next_look(start + COUNTS), None);
    }
}
