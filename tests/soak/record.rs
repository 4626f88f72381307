//! What the tenants wrote down: every change of every integration, and every call.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;

use crate::support::simulator::{Call, Change, Tenant};
use crate::world::World;

/// A call that has no answer by then gets none.
const LONGEST: Duration = Duration::from_secs(20);
const INTERVAL: Duration = Duration::from_millis(500);

/// The record of one site.
#[derive(Clone, Default)]
pub struct Pages {
    pub changes: Vec<Change>,
    pub calls: BTreeMap<u64, Call>,
}

/// The record of each site.
pub struct Record(Vec<Mutex<Pages>>);

impl Record {
    pub fn new(sites: usize) -> Self {
        Self((0..sites).map(|_| Mutex::default()).collect())
    }

    /// What is known of this site.
    pub fn of(&self, site: usize) -> MutexGuard<'_, Pages> {
        self.0[site].lock().unwrap()
    }

    /// Reads on from where it stopped.
    pub async fn read(&self, site: usize, tenant: &Tenant) {
        let (change, call) = {
            let pages = self.of(site);
            (pages.changes.last().map_or(0, |change| change.number), pages.read_from())
        };
        let (changes, calls) = (tenant.changes_after(change).await, tenant.calls_after(call).await);
        let mut pages = self.of(site);
        pages.changes.extend(changes);
        pages.calls.extend(calls.into_iter().map(|call| (call.number, call)));
    }
}

impl Pages {
    /// The last call before any that may yet be answered.
    fn read_from(&self) -> u64 {
        let since = Timestamp::now() - jiff::SignedDuration::try_from(LONGEST).unwrap();
        let late = self.calls.values().rev().take_while(|call| call.time > since);
        let open = late.filter(|call| call.status.is_none()).last().map(|call| call.number - 1);
        open.or_else(|| self.calls.keys().last().copied()).unwrap_or_default()
    }
}

/// Reads all sites for as long as it is let.
pub async fn keep<T>(world: &World) -> T {
    loop {
        for (number, site) in world.sites.iter().enumerate() {
            world.record.read(number, &*site.tenant.read().await).await;
        }
        sleep(INTERVAL).await;
    }
}
