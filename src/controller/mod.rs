//! The reconcilers: of a `SimIntegration` and of the `SailPointTenant` that it belongs to.
//!
//! One reconcile reads like a table of contents, each step one file: `desired` (what the resource asks for), `observe` (what
//! the org's snapshot says), `plan` (pure), `act` (the only place that writes to SailPoint), `status` (pure), `report`.

pub mod act;
mod desired;
mod disposition;
mod events;
mod farewell;
mod holders;
mod kubernetes;
mod memory;
pub mod observe;
pub mod plan;
mod reconcile;
pub mod recorded;
mod report;
pub mod status;
mod tenant;

use std::sync::Arc;

use kube::runtime::reflector::{ObjectRef, Store};
use kube::{Client, ResourceExt as _};
use tokio::sync::mpsc::UnboundedSender;

pub use events::Events;
pub use holders::Holders;
pub use kubernetes::SecretVersions;
pub use memory::{Memories, Memory};
pub use reconcile::reconcile;
pub use tenant::{TenantMemory, reconcile as reconcile_tenant};

use crate::api::{SailPointTenant, SimIntegration};
use crate::config::Config;
use crate::metrics::Metrics;
use crate::sailpoint::Observer;
use crate::tenants::{Fleet, TenantKey};

/// What every reconcile shares.
pub struct Context {
    /// For Kubernetes.
    pub client: Client,
    /// The flags.
    pub config: Config,
    /// What tells this cluster from others.
    pub cluster: String,
    /// The tenants at run time.
    pub fleet: Fleet,
    /// Who holds what.
    pub holders: Holders,
    /// All integrations, as the watch shows them.
    pub integrations: Store<SimIntegration>,
    /// All tenants, as the watch shows them.
    pub tenants: Store<SailPointTenant>,
    /// What is remembered of integrations, by uid.
    pub memories: Memories<String, Memory>,
    /// What is remembered of tenants, by uid.
    pub tenant_memories: Memories<String, TenantMemory>,
    /// Versions of Secrets.
    pub secret_versions: SecretVersions,
    /// Events.
    pub events: Events,
    /// Metrics.
    pub metrics: Metrics,
    /// Sees the requests to tenants.
    pub observer: Arc<dyn Observer>,
    /// Wakes reconciles.
    pub wake: Wake,
}

/// Wakes reconciles that wait for something that is not in Kubernetes.
#[derive(Clone)]
pub struct Wake {
    /// Reconcile this integration.
    pub integration: UnboundedSender<ObjectRef<SimIntegration>>,
    /// Reconcile this tenant.
    pub tenant: UnboundedSender<ObjectRef<SailPointTenant>>,
}

impl Wake {
    /// Reconciles this tenant soon.
    pub fn tenant(&self, key: &TenantKey) {
        // Nobody listens only while the process ends.
        let _ = self.tenant.send(ObjectRef::new(&key.name).within(&key.namespace));
    }

    /// Reconciles this integration soon.
    pub fn integration(&self, resource: &SimIntegration) {
        let _ = self.integration.send(ObjectRef::from_obj(resource));
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
