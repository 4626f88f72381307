//! All tenants: by their `SailPointTenant`, by org, and the budgets by client id.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Connection, Org};
use crate::api::Reason;
use crate::sailpoint::Budget;

/// Namespace and name of a `SailPointTenant`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantKey {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl fmt::Display for TenantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// How a tenant stands with us.
#[derive(Clone, Debug)]
pub enum Standing {
    /// It can be talked to.
    Connected(Arc<Connection>),
    /// It cannot, or must not.
    NotReady {
        /// Why.
        reason: Reason,
        /// What its own condition says.
        message: String,
        /// The connection that still holds a token, if there is one: enough to delete with.
        last: Option<Arc<Connection>>,
    },
}

/// All tenants that were judged since the process started.
#[derive(Debug, Default)]
pub struct Fleet {
    tenants: Mutex<HashMap<TenantKey, Standing>>,
    orgs: Mutex<HashMap<String, Arc<Org>>>,
    budgets: Mutex<HashMap<String, Budget>>,
    /// Those in mode Plan or Paused.
    looking: Mutex<HashSet<TenantKey>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Fleet {
    /// How this tenant stands; `None` before its first verdict.
    #[must_use]
    pub fn standing(&self, key: &TenantKey) -> Option<Standing> {
        locked(&self.tenants).get(key).cloned()
    }

    /// The connection of this tenant, if it ever had one, ready or not.
    #[must_use]
    pub fn connection(&self, key: &TenantKey) -> Option<Arc<Connection>> {
        match self.standing(key)? {
            Standing::Connected(connection) => Some(connection),
            Standing::NotReady { last, .. } => last,
        }
    }

    /// This tenant can be talked to.
    pub fn connected(&self, connection: Arc<Connection>) {
        locked(&self.tenants).insert(connection.key.clone(), Standing::Connected(connection));
    }

    /// This tenant cannot be talked to; what it had before is kept. Returns whether that is news, for this reason and in these
    /// words.
    pub fn not_ready(&self, key: &TenantKey, reason: Reason, message: &str) -> bool {
        let last = self.connection(key);
        let standing = Standing::NotReady { reason, message: message.to_owned(), last };
        let before = locked(&self.tenants).insert(key.clone(), standing);
        !matches!(before, Some(Standing::NotReady { reason: was, message: said, .. }) if was == reason && said == message)
    }

    /// This tenant is gone.
    pub fn forget(&self, key: &TenantKey) {
        locked(&self.tenants).remove(key);
        locked(&self.looking).remove(key);
    }

    /// Whether this tenant is in mode Plan or Paused, so that none of its resources takes anything.
    #[must_use]
    pub fn only_looks(&self, key: &TenantKey) -> bool {
        locked(&self.looking).contains(key)
    }

    /// This tenant is in mode Plan or Paused, or no more.
    pub fn set_only_looks(&self, key: &TenantKey, only_looks: bool) {
        let mut looking = locked(&self.looking);
        looking.remove(key);
        if only_looks {
            looking.insert(key.clone());
        }
    }

    /// The org of this name.
    #[must_use]
    pub fn org(&self, name: &str) -> Arc<Org> {
        let mut orgs = locked(&self.orgs);
        Arc::clone(orgs.entry(name.to_owned()).or_insert_with(|| Arc::new(Org::new(name))))
    }

    /// The tenants whose org is `org`.
    #[must_use]
    pub fn members(&self, org: &str) -> Vec<TenantKey> {
        let tenants = locked(&self.tenants);
        let of_org = |(key, standing): (&TenantKey, &Standing)| {
            let connection = match standing {
                Standing::Connected(connection) => Some(connection),
                Standing::NotReady { last, .. } => last.as_ref(),
            };
            connection.filter(|connection| connection.org.name == org).map(|_| key.clone())
        };
        tenants.iter().filter_map(of_org).collect()
    }

    /// The one budget of this client id, set to `per_10s`: the gateway counts by client id, however many tenants share it.
    #[must_use]
    pub fn budget(&self, client_id: &str, per_10s: usize) -> Budget {
        let mut budgets = locked(&self.budgets);
        let budget = budgets.entry(client_id.to_owned()).or_insert_with(|| Budget::new(per_10s)).clone();
        budget.set_limit(per_10s);
        budget
    }
}
