//! What happens when a `SailPointTenant` is deleted: it serves on until no integration holds it, or is let go of.

use kube::ResourceExt as _;

use super::trouble::Trouble;
use crate::api::{Annotations, FINALIZER, SailPointTenant};
use crate::controller::kubernetes::remove_finalizer;
use crate::controller::{Context, key_of, resource_name, tenant_key};

/// Lets go of a tenant that nobody holds or that somebody forces out; returns where it serves on.
pub(super) async fn farewell(context: &Context, tenant: &SailPointTenant) -> Result<(), Trouble> {
    let is_forced = Annotations::of(tenant).force_orphan();
    if !is_forced && !holders(context, tenant).is_empty() {
        return Ok(());
    }
    tracing::info!(tenant = %key_of(tenant), is_forced, "let go");
    remove_finalizer(&context.client, tenant).await?;
    context.fleet.forget(&key_of(tenant));
    context.tenant_memories.forget(&tenant.uid().unwrap_or_default());
    Err(Trouble::Gone)
}

/// The integrations that still need this tenant.
pub(super) fn holders(context: &Context, tenant: &SailPointTenant) -> Vec<String> {
    let key = key_of(tenant);
    let needs = |resource: &crate::api::SimIntegration| {
        tenant_key(resource, &context.config).as_ref() == Some(&key)
            && resource.finalizers().iter().any(|finalizer| finalizer == FINALIZER)
    };
    let mut holders: Vec<String> = context
        .integrations
        .state()
        .iter()
        .filter(|resource| needs(resource))
        .map(|resource| resource_name(resource))
        .collect();
    holders.sort();
    holders
}
