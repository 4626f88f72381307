//! Removes what a create has made that no resource can hold any more: another id was written meanwhile, or the resource is gone.

use std::time::Duration;

use kube::ResourceExt as _;
use tokio::time::{Instant, sleep};

use super::act::{self, Scene};
use super::events::Severity;
use super::kubernetes::{crd_is_terminating, received};
use super::pass::{Pass, remember};
use super::status::{Bound, Findings};
use super::{Context, resource_name};
use crate::api::SimIntegration;
use crate::failpoint::{self, Point};
use crate::metrics::{Change, Outcome};
use crate::tenants::Target;

/// How one try ended.
enum Try {
    /// It is removed, or it is not ours to remove: say this.
    Over(Severity, &'static str, String),
    /// Not yet.
    Again,
}

/// Removes it, trying again and again, as its id is known nowhere else; after `--settle` that is left to people.
pub(super) async fn remove(context: &Context, scene: &Scene<'_>, findings: &Findings) -> Pass {
    let Some(bound) = &findings.bound else { return Pass::quiet(Outcome::Error, None) };
    let until = Instant::now() + context.config.settle;
    failpoint::at(Point::DuplicateFound).await;
    loop {
        if let Try::Over(severity, reason, note) = one_try(context, scene, bound, until).await {
            tracing::info!(resource = resource_name(scene.resource), reason, note, "made in vain");
            context.events.publish(scene.resource, severity, reason, "Delete", &note).await;
            return Pass::quiet(Outcome::Deleted, Some(Duration::ZERO));
        }
        let (least, most) = (context.config.backoff_min, context.config.backoff_max);
        sleep(remember(context, scene.resource, |memory| memory.failed(least, most, Instant::now()))).await;
    }
}

async fn one_try(context: &Context, scene: &Scene<'_>, bound: &Bound, until: Instant) -> Try {
    let Bound { id, tenant, .. } = bound;
    let uid = scene.resource.uid().unwrap_or_default();
    // Whoever takes it, or is about to, keeps it.
    let target = Target::Id(id.clone());
    let reservation = scene.connection.org.reserve(target, &resource_name(scene.resource));
    let holder = match &reservation {
        Ok(_) => context.holders.other_holder_of_id(&tenant.org, id, &uid).map(|holder| holder.resource.into()),
        Err(other) => Some(other.clone()),
    };
    if let Some(holder) = holder {
        let note = format!("{id} was created while another id was written; {holder} holds it now");
        return Try::Over(Severity::Normal, "DuplicateTaken", note);
    }
    match act::delete(scene, id, is_nobodys(context, scene, id)).await {
        Ok(Some(_)) => {
            failpoint::at(Point::DuplicateRemoved).await;
            context.metrics.changed(Change::Deleted, None);
            let note = format!("{id} was created while another id was written; it is removed again");
            Try::Over(Severity::Normal, "DuplicateRemoved", note)
        }
        Ok(None) => {
            let note = format!("{id} was created in vain and stays: a resource holds it, or the CRD is being deleted");
            Try::Over(Severity::Warning, "DuplicateLeft", note)
        }
        Err(error) if Instant::now() >= until => {
            let note = format!("{id} was created in vain and cannot be removed; delete it in the tenant: {error}");
            Try::Over(Severity::Warning, "DuplicateLeft", note)
        }
        Err(error) => {
            tracing::warn!(resource = resource_name(scene.resource), id, %error, "what was created in vain is still there");
            Try::Again
        }
    }
}

/// Whether the resource of this name, which may be another by now, does not hold the id, and there still is such a kind: the
/// resources of a CRD that is deleted go with it, and nothing in a tenant may follow.
async fn is_nobodys(context: &Context, scene: &Scene<'_>, id: &str) -> Result<bool, kube::Error> {
    if crd_is_terminating::<SimIntegration>(&context.client).await? {
        return Ok(false);
    }
    let now = received(&context.client, scene.resource).get_opt(&scene.resource.name_any()).await?;
    Ok(now.and_then(|now| now.resource.status).is_none_or(|status| status.id.as_deref() != Some(id)))
}
