//! What happens when a `SailPointTenant` is deleted: it serves on until no integration holds it, or is let go of.

use super::trouble::Trouble;
use kube::Api;
use kube::api::ListParams;

use crate::api::{Annotations, Received, SailPointTenant, SimIntegration};
use crate::controller::departures::is_ours;
use crate::controller::kubernetes::{crd_is_terminating, remove_finalizer};
use crate::controller::{Context, Holder, key_of, tenant_key};
use crate::tenants::TenantKey;

/// Lets go of a tenant that nobody holds, that somebody forces out or whose CRD is being deleted; returns where it serves on.
pub(super) async fn farewell(context: &Context, tenant: &SailPointTenant) -> Result<(), Trouble> {
    let why = if Annotations::of(tenant).force_orphan() {
        "force-orphan"
    } else if crd_is_terminating::<SailPointTenant>(&context.client).await? {
        "the CRD is being deleted"
    } else if holders(context, tenant).is_empty() && !is_held_by_what_is_not_seen_yet(context, tenant).await? {
        "nobody holds it"
    } else {
        return Ok(());
    };
    tracing::info!(tenant = %key_of(tenant), why, "letting go");
    remove_finalizer(&context.client, tenant).await?;
    Err(Trouble::Gone)
}

/// Whether an integration holds it that the watch does not show yet: a watch may lag, and what was let go of cannot be deleted.
async fn is_held_by_what_is_not_seen_yet(context: &Context, tenant: &SailPointTenant) -> Result<bool, kube::Error> {
    let key = key_of(tenant);
    for namespace in context.integrations.namespaces() {
        let api: Api<Received<SimIntegration>> = match namespace {
            Some(namespace) => Api::namespaced(context.client.clone(), namespace),
            None => Api::all(context.client.clone()),
        };
        let mut page = ListParams::default().limit(500);
        loop {
            let found = api.list(&page).await?;
            if found.items.iter().any(|found| needs(context, &found.resource, &key)) {
                return Ok(true);
            }
            match found.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => page = page.continue_token(&token),
                None => break,
            }
        }
    }
    Ok(false)
}

fn needs(context: &Context, resource: &SimIntegration, tenant: &TenantKey) -> bool {
    tenant_key(resource, &context.config).as_ref() == Some(tenant) && is_ours(resource)
}

/// The integrations that still need this tenant.
pub(super) fn holders(context: &Context, tenant: &SailPointTenant) -> Vec<String> {
    let key = key_of(tenant);
    let needs = |holder: &Holder| holder.is_ours && holder.tenant.as_deref() == Some(&key);
    let mut holders: Vec<String> = context.holders.pick(|holder| needs(holder).then(|| holder.resource.to_string()));
    holders.sort();
    holders
}
