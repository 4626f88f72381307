//! What this process remembers of a tenant between two beats.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::super::backoff::Backoff;
use crate::api::{Reason, SailPointTenant};
use crate::sailpoint::Client;

/// What is remembered of one `SailPointTenant`.
#[derive(Default)]
pub struct TenantMemory {
    pub(super) client: Option<HeldClient>,
    /// The version of the credentials' Secret that the client has, and when it was last looked at.
    pub(super) secret: Option<(String, Instant)>,
    /// Whether SailPoint rejected the credentials while they were used.
    pub(super) suspect: bool,
    /// Whether the tenant says that this version of the API is deprecated.
    pub(super) deprecated: bool,
    backoff: Backoff,
    /// No call before this time, unless the tenant is changed or somebody asks.
    wait_until: Option<Instant>,
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

    pub(super) fn failed(&mut self, least: Duration, most: Duration, now: Instant) -> Duration {
        let wait = self.backoff.failed(least, most);
        self.wait_until = Some(now + wait);
        wait
    }

    pub(super) fn wait_until(&mut self, until: Instant) {
        self.wait_until = Some(until);
    }

    pub(super) fn succeeded(&mut self) {
        self.backoff = Backoff::default();
        self.wait_until = None;
        self.suspect = false;
    }

    pub(super) fn waiting_for(&mut self, reason: Reason, now: Instant) -> Duration {
        self.backoff.waiting_for(reason, now)
    }
}
