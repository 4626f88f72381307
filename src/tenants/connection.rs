//! One tenant that can be talked to: its client, its org, and what was learnt of it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{Org, TenantKey, Writers};
use crate::model::Path;
use crate::sailpoint::Client;

/// A tenant whose credentials were accepted and whose org is known.
pub struct Connection {
    /// The `SailPointTenant`.
    pub key: TenantKey,
    /// The client of its API.
    pub client: Client,
    /// The org that its token names.
    pub org: Arc<Org>,
    /// How often it is listed.
    pub resync: Duration,
    /// Who may write to it.
    pub writers: Writers,
    refuses_patch_of: Mutex<BTreeSet<(&'static str, bool)>>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connection({} in org {})", self.key, self.org.name)
    }
}

impl Connection {
    /// A tenant at which at most `writers` reconciles write at once, so that a slow one does not hold them all.
    #[must_use]
    pub fn new(key: TenantKey, client: Client, org: Arc<Org>, resync: Duration, writers: usize) -> Self {
        Self { key, client, org, resync, writers: Writers::new(writers), refuses_patch_of: Mutex::default() }
    }

    /// Remembers that this tenant refuses a PATCH of such a path, `shown` when read or not, so that it is not asked again.
    pub fn refuses_patch(&self, path: &Path, shown: bool) {
        self.refused().insert((kind(path), shown));
    }

    /// The PUT in the place of a PATCH was refused as well: the kind of call was not what was wrong.
    pub fn takes_patch_again(&self, path: &Path) {
        self.refused().retain(|(refused, _)| *refused != kind(path));
    }

    /// Whether a PATCH of such a path is worth trying.
    #[must_use]
    pub fn takes_patch(&self, path: &Path, shown: bool) -> bool {
        !self.refused().contains(&(kind(path), shown))
    }

    fn refused(&self) -> std::sync::MutexGuard<'_, BTreeSet<(&'static str, bool)>> {
        self.refuses_patch_of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Attributes are one kind, whatever their key.
fn kind(path: &Path) -> &'static str {
    match path {
        Path::Name => "name",
        Path::Description => "description",
        Path::Type => "type",
        Path::Cluster => "cluster",
        Path::Sources => "sources",
        Path::StatusMap => "statusMap",
        Path::Request => "request",
        Path::Rule => "beforeProvisioningRule",
        Path::Attribute(_) => "attributes",
    }
}
