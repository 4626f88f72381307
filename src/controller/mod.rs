//! The reconcilers: of a `SimIntegration` and of the `SailPointTenant` that it belongs to.
//!
//! One reconcile reads like a table of contents, each step one file: `desired` (what the resource asks for), `observe` (what
//! the org's snapshot says), `plan` (pure), `act` (the only place that writes to SailPoint), `status` (pure), `report`.

pub mod act;
mod backoff;
mod departures;
mod desired;
mod disposition;
mod duplicate;
mod events;
mod farewell;
mod guard;
mod holders;
mod keeping;
mod kubernetes;
mod landing;
mod memories;
mod memory;
mod names;
pub mod observe;
mod pass;
pub mod plan;
mod reconcile;
pub mod recorded;
mod report;
mod requests;
mod seats;
mod secrets;
pub mod status;
mod tenant;
mod unreadable;
mod wakes;
mod watched;

use std::sync::Arc;

use kube::{Client, ResourceExt as _};

pub use departures::{Census, Departure};
pub use events::Events;
pub use holders::{Holder, Holders};
pub use memories::Memories;
pub use memory::Memory;
pub use reconcile::reconcile;
pub use seats::{Seat, Seats};
pub use secrets::SecretVersions;
pub use tenant::{TenantMemory, reconcile as reconcile_tenant};
pub use unreadable::Unreadable;
pub use wakes::Wakes;
pub use watched::{Watch, Watched};

use crate::api::{SailPointTenant, SimIntegration};
use crate::config::Config;
use crate::leader::Leadership;
use crate::metrics::Metrics;
use crate::sailpoint::Observer;
use crate::tenants::{Fleet, Standing, TenantKey};

/// What every reconcile shares.
pub struct Context {
    /// For Kubernetes.
    pub client: Client,
    /// The flags.
    pub config: Config,
    /// What tells this cluster from others.
    pub cluster: String,
    /// Whether this process works, or stands by.
    pub leadership: Leadership,
    /// The tenants at run time.
    pub fleet: Arc<Fleet>,
    /// Who holds what.
    pub holders: Arc<Holders>,
    /// Which resources cannot be read, and why.
    pub unreadable: Arc<Unreadable>,
    /// All integrations, as the watch shows them.
    pub integrations: Watched<SimIntegration>,
    /// All tenants, as the watch shows them.
    pub tenants: Watched<SailPointTenant>,
    /// What is remembered of integrations, by uid.
    pub memories: Memories<String, Memory>,
    /// What is remembered of tenants, by uid.
    pub tenant_memories: Memories<String, TenantMemory>,
    /// For reconciles of integrations that think.
    pub seats: Arc<Seats>,
    /// Versions of Secrets.
    pub secret_versions: SecretVersions,
    /// Events.
    pub events: Events,
    /// Metrics.
    pub metrics: Metrics,
    /// Sees the requests to tenants.
    pub observer: Arc<dyn Observer>,
}

impl Context {
    /// Waits until the watches have shown every resource that there is.
    pub async fn known(&self) {
        self.integrations.ready().await;
        self.tenants.ready().await;
    }

    /// Whether the tenant of a resource has yet to be listed for the first time. The resource is reconciled when it was, or
    /// could not be: there is nothing to look at before, and there may be tens of thousands.
    fn awaits_first_list(&self, uid: &str) -> bool {
        let Some(key) = self.holders.staying_with(uid) else { return false };
        let is_listed = match self.fleet.standing(&key) {
            None => false,
            Some(Standing::Connected(connection)) => connection.org.peek(None).is_some(),
            Some(Standing::NotReady { .. }) => true,
        };
        !is_listed && self.tenant(&key).is_some()
    }

    /// The tenant of this key, as the watch shows it. One that was let go of and that only somebody else keeps is gone.
    #[must_use]
    pub fn tenant(&self, key: &TenantKey) -> Option<Arc<SailPointTenant>> {
        self.tenants.get(&key.namespace, &key.name).filter(|tenant| !departures::has_left(tenant.as_ref()))
    }

    /// SailPoint rejected the credentials of this tenant: its next reconcile reads them again.
    pub fn doubt(&self, key: &TenantKey) {
        if let Some(uid) = self.tenant(key).and_then(|tenant| tenant.uid()) {
            self.tenant_memories.with(uid, TenantMemory::doubt);
        }
    }

    /// The resource of this uid was looked at, or is gone: should it have been its turn to write, it is another's.
    fn writes_no_more(&self, tenant: Option<&TenantKey>, uid: &str) {
        if let Some(connection) = tenant.and_then(|key| self.fleet.connection(key)) {
            connection.writers.passed(uid);
        }
    }

    /// Reconciles this tenant soon.
    pub fn wake_tenant(&self, key: &TenantKey) {
        self.tenants.wake(&key.namespace, &key.name);
    }

    /// Reconciles soon the integrations that name one of these tenants, or none where it is the default.
    pub fn wake_integrations_of(&self, tenants: &[TenantKey]) {
        self.wake_where(|holder| holder.tenant.as_deref().is_some_and(|key| tenants.contains(key)));
    }

    /// Reconciles soon the integrations of which this is so.
    pub fn wake_where(&self, is_concerned: impl Fn(&Holder) -> bool) {
        for resource in self.holders.pick(|holder| is_concerned(holder).then(|| holder.resource.clone())) {
            let (namespace, name) = resource.split_once('/').unwrap_or_default();
            self.integrations.wake(namespace, name);
        }
    }
}

/// `namespace/name` of a resource, as messages and annotations have it.
#[must_use]
pub fn resource_name(resource: &SimIntegration) -> String {
    format!("{}/{}", resource.namespace().unwrap_or_default(), resource.name_any())
}

/// The name that an integration has in the tenant.
#[must_use]
pub fn integration_name(resource: &SimIntegration) -> &str {
    resource.spec.name.as_deref().or(resource.metadata.name.as_deref()).unwrap_or_default()
}

/// The tenant that a resource names, or the default.
#[must_use]
pub fn tenant_key(resource: &SimIntegration, config: &Config) -> Option<TenantKey> {
    match &resource.spec.tenant_ref {
        Some(named) => {
            let namespace = named.namespace.clone().or_else(|| resource.namespace()).unwrap_or_default();
            Some(TenantKey { namespace, name: named.name.clone() })
        }
        None => config.default_tenant.clone().map(|(namespace, name)| TenantKey { namespace, name }),
    }
}

/// The key of a tenant's resource.
#[must_use]
pub fn key_of(tenant: &SailPointTenant) -> TenantKey {
    TenantKey { namespace: tenant.namespace().unwrap_or_default(), name: tenant.name_any() }
}
